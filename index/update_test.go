package index_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lostpost/archive"
	"lostpost/decode"
	"lostpost/index"
	"lostpost/index/query"
)

// A record is an Index that only remembers what was applied.
type record struct {
	mu      sync.Mutex
	cursor  int64
	docs    map[archive.ID]index.Document
	applied int
	after   func() // called when documents of a batch have been taken
}

func (r *record) Apply(ctx context.Context, b index.Batch) error {
	put := map[archive.ID]index.Document{}
	if b.Put != nil {
		for d := range b.Put {
			put[d.Entry.ID] = d
		}
	}
	if r.after != nil {
		r.after()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.docs == nil {
		r.docs = map[archive.ID]index.Document{}
	}
	maps.Copy(r.docs, put)
	for _, e := range b.Placed {
		if d, ok := r.docs[e.ID]; ok {
			d.Entry = e
			r.docs[e.ID] = d
		}
	}
	for _, id := range b.Remove {
		delete(r.docs, id)
	}
	r.cursor = b.Cursor
	r.applied++
	return nil
}

func (r *record) Cursor(context.Context, string) (int64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cursor, nil
}

func (r *record) Held(context.Context, string) iter.Seq2[index.Held, error] {
	return func(yield func(index.Held, error) bool) {
		ids := slices.SortedFunc(maps.Keys(r.docs), func(a, b archive.ID) int { return slices.Compare(a[:], b[:]) })
		for _, id := range ids {
			if !yield(index.Held{ID: id, Places: index.StampOf(r.docs[id].Entry)}, nil) {
				return
			}
		}
	}
}

func (r *record) Count(context.Context) (int64, error) { return int64(r.len()), nil }

func (r *record) Has(_ context.Context, _ string, ids []archive.ID) ([]bool, error) {
	var has []bool
	for _, id := range ids {
		_, ok := r.docs[id]
		has = append(has, ok)
	}
	return has, nil
}

func (r *record) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.docs)
}

func (r *record) Explain(context.Context, query.Expr, index.Document) ([]index.Clause, error) {
	return nil, errors.ErrUnsupported
}

func (r *record) Search(context.Context, index.Request) (index.Result, error) {
	return index.Result{}, errors.ErrUnsupported
}

func (r *record) Close() error { return nil }

func newArchive(t *testing.T) (w *archive.Writer, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "archive")
	w, err := archive.OpenWriter(t.Context(), dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w, dir
}

func add(t *testing.T, w *archive.Writer, mailbox string, n int) archive.ID {
	t.Helper()
	raw := fmt.Sprintf("From: anna@kvist.example\r\nSubject: note %d\r\n\r\nword%d\r\n", n, n)
	m := archive.Meta{Origin: fmt.Sprint("test:", mailbox, n), Mailbox: mailbox}
	r, err := w.Add(t.Context(), m, strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return r.ID
}

func commit(t *testing.T, w *archive.Writer) {
	t.Helper()
	if err := w.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func update(t *testing.T, ix index.Index, a *archive.Archive) index.Report {
	t.Helper()
	r, err := index.Update(t.Context(), ix, a, index.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestUpdateFollowsTheLedger(t *testing.T) {
	w, _ := newArchive(t)
	ix := &record{}
	a := add(t, w, "", 1)
	add(t, w, "", 2)
	commit(t, w)
	if r := update(t, ix, w.Archive); r.Added != 2 || r.Removed != 0 || r.Problems != 0 {
		t.Errorf("first run: got %+v, want 2 added", r)
	}
	if got := strings.TrimSpace(ix.docs[a].Message.Text); got != "word1" {
		t.Errorf("text: got %q, want word1", got)
	}
	if r := update(t, ix, w.Archive); r.Added != 0 || ix.applied != 1 {
		t.Errorf("nothing new: got %+v after %d steps", r, ix.applied)
	}

	add(t, w, "Sent", 1) // the same octets in one more mailbox
	commit(t, w)
	update(t, ix, w.Archive)
	if got := len(ix.docs[a].Entry.Places); got != 2 {
		t.Errorf("placed again: got %d places, want 2", got)
	}
	if err := w.Remove(t.Context(), a, "test"); err != nil {
		t.Fatal(err)
	}
	commit(t, w)
	if r := update(t, ix, w.Archive); r.Removed != 1 || len(ix.docs) != 1 {
		t.Errorf("removed: got %+v, %d documents; want 1 and 1", r, len(ix.docs))
	}
}

// Other flags, labels and mailboxes are handed over without the message; a
// message that the index should have and has not is read again.
func TestUpdateHandsOverPlaces(t *testing.T) {
	w, dir := newArchive(t)
	a, b := add(t, w, "", 1), add(t, w, "", 2)
	commit(t, w)
	ix := &record{}
	update(t, ix, w.Archive)
	if err := os.RemoveAll(filepath.Join(dir, "mail", "cur")); err != nil {
		t.Fatal(err)
	}
	delete(ix.docs, b)
	for _, id := range []archive.ID{a, b} {
		if changed, err := w.SetFlags(t.Context(), id, "", "S", nil); err != nil || !changed {
			t.Fatal(changed, err)
		}
	}
	commit(t, w)
	if r := update(t, ix, w.Archive); r.Placed != 1 || r.Added != 0 || r.Problems != 1 {
		t.Errorf("got %+v, want 1 placed and 1 that cannot be read", r)
	}
	if got := ix.docs[a].Entry.Places[0].Flags; got != "S" {
		t.Errorf("flags: got %q, want S", got)
	}
}

func TestUpdateCountsWhatCannotBeRead(t *testing.T) {
	w, _ := newArchive(t)
	a, b := add(t, w, "", 1), add(t, w, "", 2)
	add(t, w, "", 3)
	commit(t, w)
	for id, harm := range map[archive.ID]func(string) error{
		a: os.Remove,
		b: func(path string) error { return os.Truncate(path, 3) },
	} {
		path, err := w.Path(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if err := harm(path); err != nil {
			t.Fatal(err)
		}
	}
	ix := &record{}
	if r := update(t, ix, w.Archive); r.Added != 1 || r.Problems != 2 {
		t.Errorf("got %+v, want 1 added and 2 problems", r)
	}
	if r := update(t, ix, w.Archive); r.Problems != 0 {
		t.Errorf("the second time: got %+v, want nothing to do", r)
	}
}

func TestUpdateHandsOverFacts(t *testing.T) {
	w, _ := newArchive(t)
	a := add(t, w, "", 1)
	commit(t, w)
	ix := &record{}
	_, err := index.Update(t.Context(), ix, w.Archive, index.Options{
		Facts: func(e archive.Entry, m *decode.Message) []string { return []string{"about " + m.Subject} },
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := ix.docs[a].Facts; !slices.Equal(got, []string{"about note 1"}) {
		t.Errorf("got %q", got)
	}
}

func TestUpdateEndedHalfway(t *testing.T) {
	w, _ := newArchive(t)
	for i := range 20 {
		add(t, w, "", i)
	}
	commit(t, w)
	ctx, cancel := context.WithCancel(t.Context())
	ix := &record{after: cancel}
	if _, err := index.Update(ctx, ix, w.Archive, index.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if ix.cursor != 0 || len(ix.docs) != 0 {
		t.Errorf("cursor %d, %d documents after a stopped step, want none", ix.cursor, len(ix.docs))
	}
	ix.after = nil
	if r := update(t, ix, w.Archive); r.Added != 20 {
		t.Errorf("the next time: got %+v, want 20 added", r)
	}
}

// A first run becomes searchable step by step, and one that is stopped goes on
// behind the last step: no message is read twice.
func TestFirstRunInSteps(t *testing.T) {
	w, _ := newArchive(t)
	for i := range 25 {
		add(t, w, "", i)
	}
	commit(t, w)
	ix := &record{}
	ctx, cancel := context.WithCancel(t.Context())
	var seen []int64
	opt := index.Options{Progress: func(r index.Report) {
		n, _ := ix.Count(ctx)
		if seen = append(seen, n); r.Added != n {
			t.Errorf("%d added, %d searchable", r.Added, n)
		}
		if n == 20 {
			cancel()
		}
	}}.WithStep(10)
	if _, err := index.Update(ctx, ix, w.Archive, opt); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if !slices.Equal(seen, []int64{10, 20}) || ix.len() != 20 {
		t.Errorf("searchable after each step: %v, at the end %d; want 10 and 20", seen, ix.len())
	}
	if r := update(t, ix, w.Archive); r.Added != 5 || ix.len() != 25 {
		t.Errorf("the next run: %+v and %d documents, want 5 added and 25", r, ix.len())
	}
}

// The ledger was made anew and is shorter than the cursor.
func TestUpdateAfterAnotherLedger(t *testing.T) {
	w, _ := newArchive(t)
	a := add(t, w, "", 1)
	commit(t, w)
	stray := archive.ID{9}
	ix := &record{cursor: 1 << 40, docs: map[archive.ID]index.Document{stray: {}}}
	if r := update(t, ix, w.Archive); r.Added != 1 || r.Removed != 1 {
		t.Errorf("got %+v, want 1 added and 1 removed", r)
	}
	if _, ok := ix.docs[a]; !ok || len(ix.docs) != 1 || ix.cursor >= 1<<40 {
		t.Errorf("got %d documents, cursor %d", len(ix.docs), ix.cursor)
	}
}

func TestFollow(t *testing.T) {
	w, dir := newArchive(t)
	commit(t, w)
	a, err := archive.Open(dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	ix := &record{}
	until := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		_, err := index.Update(context.Background(), ix, a, index.Options{Follow: true, Until: until})
		done <- err
	}()
	for i := range 3 {
		add(t, w, "", i)
		commit(t, w)
		for end := time.Now().Add(10 * time.Second); ix.len() != i+1; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("message %d is not taken", i)
			}
		}
	}
	add(t, w, "", 99)
	commit(t, w)
	close(until)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := ix.len(); got != 4 {
		t.Errorf("got %d documents, want 4: what was there when Until was closed is taken", got)
	}
}

func TestFollowEndsWithContext(t *testing.T) {
	w, _ := newArchive(t)
	add(t, w, "", 1)
	commit(t, w)
	ctx, cancel := context.WithCancel(t.Context())
	ix := &record{}
	done := make(chan error, 1)
	go func() {
		_, err := index.Update(ctx, ix, w.Archive, index.Options{Follow: true})
		done <- err
	}()
	for ix.len() == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("got %v, want nil: nothing was left undone", err)
	}
}
