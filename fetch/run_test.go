package fetch

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"lostpost/archive"
)

// A script is a Source that yields what it is told.
type script struct {
	name   string
	items  []item
	ends   error // yielded with a nil message at the end
	listed int64
	flags  archive.Flags // of every message
	mark   string
	closed bool
}

type item struct {
	origin, body string
	err          error     // with the message
	bodyErr      error     // in the body, after its octets
	reader       io.Reader // in place of body
	mark         string
	do           func() // before it is yielded
}

func (s *script) Name() string      { return s.name }
func (s *script) Close() error      { s.closed = true; return nil }
func (s *script) Listed() int64     { return s.listed }
func (s *script) FinalMark() string { return s.mark }

func (s *script) Messages(ctx context.Context, st State) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		for _, it := range s.items {
			if it.do != nil {
				it.do()
			}
			if ctx.Err() != nil {
				yield(nil, ctx.Err())
				return
			}
			if _, known := st.Known(s.name + it.origin); known && it.err == nil && !strings.HasPrefix(s.name, "file:") {
				continue
			}
			m := &Message{Size: int64(len(it.body)), Mark: it.mark}
			m.Origin, m.Flags = s.name+it.origin, s.flags
			if it.body != "" || it.bodyErr != nil {
				m.Body = strings.NewReader(it.body)
			}
			if it.bodyErr != nil {
				m.Body = io.MultiReader(m.Body, iotest.ErrReader(it.bodyErr))
			}
			if it.reader != nil {
				m.Body = it.reader
			}
			if !yield(m, it.err) {
				return
			}
		}
		if s.ends != nil {
			yield(nil, s.ends)
		}
	}
}

// plain hides what a script can do beyond Source.
type plain struct{ Source }

// newWriter makes an archive for one test.
func newWriter(t *testing.T) *archive.Writer {
	t.Helper()
	return openWriter(t, t.TempDir())
}

func openWriter(t *testing.T, dir string) *archive.Writer {
	t.Helper()
	w, err := archive.OpenWriter(t.Context(), dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

func mail(n int) string { return fmt.Sprintf("Subject: message %d\n\nhi\n", n) }

// asides gives origin and reason of all that was put aside.
func asides(t *testing.T, w *archive.Writer) []string {
	t.Helper()
	var list []string
	for a, err := range w.Asides(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		s := a.Origin + ": " + a.Reason
		if a.Name != "" {
			s += " (kept)"
		}
		list = append(list, s)
	}
	return list
}

// accounts gives the books of all runs.
func accounts(t *testing.T, w *archive.Writer) []archive.Account {
	t.Helper()
	var list []archive.Account
	for a, err := range w.Accounts(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		a.Time = time.Time{}
		list = append(list, a)
	}
	return list
}

// TestRunFollowsKnownMessages has a source that tells what became of messages
// of an earlier run: they are not among those seen.
func TestRunFollowsKnownMessages(t *testing.T) {
	w := newWriter(t)
	src := &script{name: "imap://x/", listed: 3, items: []item{
		{origin: "1", body: mail(1)}, {origin: "2", body: mail(2)}, {origin: "3", body: mail(3)},
	}}
	if _, err := Run(t.Context(), src, w, Options{}); err != nil {
		t.Fatal(err)
	}
	src = &script{name: "imap://x/", listed: 2, flags: "RS", items: []item{
		{origin: "1", err: ErrFlags}, {origin: "1", err: ErrFlags}, {origin: "2", err: ErrGone}, {origin: "7", err: ErrFlags}, {origin: "8", err: ErrGone},
	}}
	rep, err := Run(t.Context(), src, w, Options{})
	if err != nil || rep.Changed != 1 || rep.Gone != 1 || rep.Listed != 2 || rep.Known != 2 || rep.Seen != 0 || rep.Failed != 0 {
		t.Errorf("%+v, %v", rep, err)
	}
	id, known := w.Source(src.name).Known("imap://x/1")
	if e, err := w.Lookup(t.Context(), id); err != nil || e.Places[0].Flags != "RS" {
		t.Errorf("%+v, %v, want flags RS", e, err)
	}
	if _, gone := w.Source(src.name).Known("imap://x/2"); gone || !known {
		t.Error("the copy that is gone is known, or the other is not")
	}
	if st, err := w.Stat(t.Context()); err != nil || st.Messages != 3 {
		t.Errorf("%+v, %v: what is gone there stays here", st, err)
	}
}

// TestRunAccountsForEach has one message for every way to end.
func TestRunAccountsForEach(t *testing.T) {
	w := newWriter(t)
	src := &script{name: "imap://x/", listed: 12, items: []item{
		{origin: "1", body: mail(1)},
		{origin: "2", body: mail(1)},
		{origin: "3", err: errors.New("the server sends half of it"), body: "half"},
		{origin: "4", err: errors.New("no octets")},
		{origin: "5", err: fmt.Errorf("uid 5: %w", ErrVanished)},
		{origin: "6", err: fmt.Errorf("uid 6: %w", ErrPending)},
		{origin: "7", body: "cut", bodyErr: io.ErrUnexpectedEOF},
		{origin: "8", body: "cut", bodyErr: &NetError{"imap://x/", errors.New("connection reset")}},
		{origin: "9", body: mail(9)},
	}}
	var items []string
	note := func(it Item) {
		s := fmt.Sprintf("%s %s", strings.TrimPrefix(it.Origin, src.name), it.Result)
		if it.ID == sha256.Sum256([]byte(mail(1))) {
			s += " message 1"
		}
		if it.Reason != "" {
			s += ": " + it.Reason
		}
		items = append(items, s)
	}
	rep, err := Run(t.Context(), src, w, Options{Item: note})
	if err != nil {
		t.Fatal(err)
	}
	wantItems := []string{
		"1 archived message 1", "2 duplicate message 1", "3 quarantined: the server sends half of it", "4 quarantined: no octets",
		"5 vanished: uid 5: gone at its place", "6 pending: uid 6: not had yet", "7 quarantined: unexpected EOF",
		"8 pending: imap://x/: connection reset", "9 archived",
	}
	if !slices.Equal(items, wantItems) {
		t.Errorf("items: %q, want %q", items, wantItems)
	}
	rep.Took = 0
	got := fmt.Sprintf("%+v", rep)
	want := "{Source:imap://x/ Listed:12 Known:3 Seen:9 Stored:2 Duplicate:1 Failed:6 Quarantined:3 Vanished:1 Pending:2 Changed:0 Gone:0 Bytes:69 Failures:[" +
		"{Origin:imap://x/3 Reason:the server sends half of it} {Origin:imap://x/4 Reason:no octets} " +
		"{Origin:imap://x/5 Reason:uid 5: gone at its place} {Origin:imap://x/6 Reason:uid 6: not had yet} " +
		"{Origin:imap://x/7 Reason:unexpected EOF} {Origin:imap://x/8 Reason:imap://x/: connection reset}] Took:0s}"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	wantAside := []string{"imap://x/3: the server sends half of it (kept)", "imap://x/4: no octets", "imap://x/7: unexpected EOF"}
	if got := asides(t, w); !slices.Equal(got, wantAside) {
		t.Errorf("put aside: %q, want %q", got, wantAside)
	}
	wantBooks := []archive.Account{{Source: "imap://x/", Listed: 12, Known: 3, Stored: 2, Duplicate: 1, PutAside: 3, Vanished: 1, Pending: 2}}
	if got := accounts(t, w); !slices.Equal(got, wantBooks) {
		t.Errorf("accounts: %+v, want %+v", got, wantBooks)
	}
	if src.closed {
		t.Error("Run closed the source")
	}
}

// TestRunOfAPlainSource has no list to compare with.
func TestRunOfAPlainSource(t *testing.T) {
	w := newWriter(t)
	rep, err := Run(t.Context(), plain{&script{name: "file:/a", items: []item{{origin: "@0", body: mail(1)}}}}, w, Options{})
	if err != nil || rep.Listed != -1 || rep.Known != 0 || rep.Seen != 1 || rep.Stored != 1 {
		t.Errorf("got %+v, %v", rep, err)
	}
}

// TestRunRefusesWrongBooks has a source that lists less than it yields.
func TestRunRefusesWrongBooks(t *testing.T) {
	w := newWriter(t)
	rep, err := Run(t.Context(), &script{name: "file:/a", listed: 0, items: []item{{origin: "@0", body: mail(1)}}}, w, Options{})
	if err == nil || rep.Listed != -1 || rep.Stored != 1 {
		t.Errorf("got %+v, %v, want an error", rep, err)
	}
}

// TestNoBodyIsAFailure has a source that breaks its contract.
func TestNoBodyIsAFailure(t *testing.T) {
	w := newWriter(t)
	rep, err := Run(t.Context(), &script{name: "file:/a", listed: 2, items: []item{{origin: "@0"}, {origin: "@1", body: mail(1)}}}, w, Options{})
	if err != nil || rep.Failed != 1 || rep.Stored != 1 {
		t.Errorf("got %+v, %v", rep, err)
	}
}

// TestDamagedFileIsNotedOnce imports the same damaged file three times, twice
// with one writer.
func TestDamagedFileIsNotedOnce(t *testing.T) {
	dir := t.TempDir()
	src := &script{name: "file:/a", listed: 2, items: []item{
		{origin: "@0", err: errors.New("zeros")},
		{origin: "@9", err: errors.New("tail"), body: "octets"},
	}}
	for range 2 {
		w := openWriter(t, dir)
		for range 2 {
			if rep, err := Run(t.Context(), src, w, Options{}); err != nil || rep.Quarantined != 2 || len(rep.Failures) != 2 {
				t.Fatalf("got %+v, %v", rep, err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"file:/a@0: zeros", "file:/a@9: tail (kept)"}
	if got := asides(t, openWriter(t, dir)); !slices.Equal(got, want) {
		t.Errorf("put aside: %q, want %q", got, want)
	}
}

// TestServerFailureIsNotedEachTime, because the time of the latest line tells
// when the server is asked again.
func TestServerFailureIsNotedEachTime(t *testing.T) {
	w := newWriter(t)
	src := &script{name: "imap://x/", listed: 1, items: []item{{origin: "1", err: errors.New("NO")}}}
	for range 2 {
		if _, err := Run(t.Context(), src, w, Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if got := asides(t, w); len(got) != 2 {
		t.Errorf("put aside: %q, want two lines", got)
	}
}

// TestFinalMark is recorded after a run without failures, and only then.
func TestFinalMark(t *testing.T) {
	good := item{origin: "@0", body: mail(1)}
	bad := item{origin: "@1", err: errors.New("zeros")}
	tests := []struct {
		name string
		src  *script
		want string
	}{
		{"all well", &script{listed: 1, items: []item{good}}, "state"},
		{"failure", &script{listed: 2, items: []item{good, bad}}, ""},
		{"stopped", &script{listed: 1, items: []item{good}, ends: errors.New("disk")}, ""},
		{"nothing there", &script{}, "state"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			w := openWriter(t, dir)
			test.src.name, test.src.mark = "file:/a", "state"
			Run(t.Context(), test.src, w, Options{})
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if got := openWriter(t, dir).Source("file:/a").Mark(); got != test.want {
				t.Errorf("got mark %q, want %q", got, test.want)
			}
		})
	}
}

// TestMarksOfMessages stop at the first message that is pending.
func TestMarksOfMessages(t *testing.T) {
	dir := t.TempDir()
	w := openWriter(t, dir)
	src := plain{&script{name: "imap://x/", items: []item{
		{origin: "1", body: mail(1), mark: "one"},
		{origin: "2", body: mail(2), mark: "two"},
		{origin: "3", err: ErrPending},
		{origin: "4", body: mail(4), mark: "four"},
	}}}
	if _, err := Run(t.Context(), src, w, Options{}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	st := openWriter(t, dir).Source("imap://x/")
	if st.Mark() != "two" {
		t.Errorf("got mark %q, want two", st.Mark())
	}
	if _, known := st.Known("imap://x/4"); !known {
		t.Error("message 4 is not known")
	}
}

// TestRunStopsWhenTheContextEnds and keeps what it has.
func TestRunStopsWhenTheContextEnds(t *testing.T) {
	dir := t.TempDir()
	w := openWriter(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	src := &script{name: "file:/a", listed: 9, items: []item{
		{origin: "@0", body: mail(1)},
		{origin: "@1", body: mail(2), do: cancel},
		{origin: "@2", body: mail(3)},
	}}
	rep, err := Run(ctx, src, w, Options{})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want context.Canceled", err)
	}
	if rep.Seen != 1 || rep.Stored != 1 || rep.Failed != 0 || rep.Listed != -1 {
		t.Errorf("got %+v", rep)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w = openWriter(t, dir)
	if st, err := w.Stat(t.Context()); err != nil || st.Messages != 1 {
		t.Errorf("%d messages in the archive, %v, want 1", st.Messages, err)
	}
	if got := accounts(t, w); len(got) != 1 || got[0].Listed != -1 || got[0].Stored != 1 {
		t.Errorf("accounts: %+v", got)
	}
}

// TestBodyThatEndsWithTheContextIsNoFailure: the message is left for next time.
func TestBodyThatEndsWithTheContextIsNoFailure(t *testing.T) {
	w := newWriter(t)
	ctx, cancel := context.WithCancel(t.Context())
	src := &script{name: "file:/a", items: []item{{origin: "@0", reader: readerFunc(func([]byte) (int, error) {
		cancel()
		return 0, ctx.Err()
	})}}}
	rep, err := Run(ctx, src, w, Options{})
	if !errors.Is(err, context.Canceled) || rep.Seen != 0 || len(asides(t, w)) != 0 {
		t.Errorf("got %+v, %v, put aside %q", rep, err, asides(t, w))
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestSourceErrorEndsTheRun comes back as it is.
func TestSourceErrorEndsTheRun(t *testing.T) {
	w := newWriter(t)
	src := &script{name: "imap://x/", listed: 9, ends: &AuthError{"imap://x/", "no"}, items: []item{{origin: "1", body: mail(1)}}}
	rep, err := Run(t.Context(), src, w, Options{})
	var auth *AuthError
	if !errors.As(err, &auth) || rep.Stored != 1 || rep.Listed != -1 {
		t.Errorf("got %+v, %v, want the AuthError", rep, err)
	}
	if _, known := w.Source("imap://x/").Known("imap://x/1"); !known {
		t.Error("what came before the error is not kept")
	}
}

// TestArchiveErrorEndsTheRun has an archive that takes no more.
func TestArchiveErrorEndsTheRun(t *testing.T) {
	w := newWriter(t)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	src := &script{name: "file:/a", listed: 2, items: []item{{origin: "@0", body: mail(1)}, {origin: "@1", body: mail(2)}}}
	rep, err := Run(t.Context(), src, w, Options{})
	if err == nil || rep.Seen != 0 {
		t.Errorf("got %+v, %v, want an error", rep, err)
	}
}

func TestProgress(t *testing.T) {
	w := newWriter(t)
	src := &script{name: "file:/a", listed: 500}
	for i := range 500 {
		src.items = append(src.items, item{origin: fmt.Sprintf("@%d", i), body: mail(i)})
	}
	var calls []Progress
	start := time.Now()
	rep, err := Run(t.Context(), src, w, Options{Progress: func(p Progress) { calls = append(calls, p) }})
	if err != nil {
		t.Fatal(err)
	}
	if most := int(time.Since(start)/progressEvery) + 2; len(calls) == 0 || len(calls) > most {
		t.Errorf("%d calls, want 1 to %d", len(calls), most)
	}
	last := calls[len(calls)-1]
	if want := (Progress{500, -1, rep.Bytes, -1}); last != want {
		t.Errorf("last call: %+v, want %+v", last, want)
	}
	if !slices.IsSortedFunc(calls, func(a, b Progress) int { return int(a.Done - b.Done) }) {
		t.Errorf("progress goes back: %+v", calls)
	}
}

// A letter is a script that can let go.
type letter struct {
	*script
	released []string
}

func (l *letter) Release(_ context.Context, origins []string) error {
	l.released = append(l.released, origins...)
	return nil
}

// TestRelease lets go of what is stored, also of copies with other line ends,
// and of nothing else.
func TestRelease(t *testing.T) {
	w := newWriter(t)
	crlf := strings.ReplaceAll(mail(1), "\n", "\r\n")
	src := &letter{script: &script{name: "pop3://x/", listed: 4, items: []item{
		{origin: "1", body: mail(1)},
		{origin: "2", body: crlf},
		{origin: "3", err: errors.New("NO")},
		{origin: "4", body: mail(4)},
	}}}
	if _, err := Run(t.Context(), src, w, Options{Release: true}); err != nil {
		t.Fatal(err)
	}
	want := []string{"pop3://x/1", "pop3://x/2", "pop3://x/4"}
	if !slices.Equal(src.released, want) {
		t.Errorf("released %q, want %q", src.released, want)
	}
}

// TestReleaseOnlyWhenAsked and never after an error.
func TestReleaseOnlyWhenAsked(t *testing.T) {
	for _, test := range []struct {
		release bool
		ends    error
	}{{false, nil}, {true, errors.New("connection lost")}} {
		src := &letter{script: &script{name: "pop3://x/", listed: 1, ends: test.ends, items: []item{{origin: "1", body: mail(1)}}}}
		Run(t.Context(), src, newWriter(t), Options{Release: test.release})
		if len(src.released) != 0 {
			t.Errorf("%+v: released %q", test, src.released)
		}
	}
}

// TestReleaseReadsBack damages a stored file before the release.
func TestReleaseReadsBack(t *testing.T) {
	w := newWriter(t)
	src := &script{name: "pop3://x/", listed: 2, items: []item{{origin: "1", body: mail(1)}, {origin: "2", body: mail(2)}}}
	if _, err := Run(t.Context(), src, w, Options{}); err != nil {
		t.Fatal(err)
	}
	var id archive.ID
	for e, err := range w.List(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		id = e.ID
	}
	path, err := w.Path(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("Subject: message 9\n\nhi\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	again := &letter{script: &script{name: "pop3://y/", listed: 2, items: src.items}}
	_, err = Run(t.Context(), again, w, Options{Release: true})
	if err == nil || !strings.Contains(err.Error(), "not released") {
		t.Errorf("got %v, want an error that says what was not released", err)
	}
	if want := []string{"pop3://y/1"}; !slices.Equal(again.released, want) {
		t.Errorf("released %q, want %q", again.released, want)
	}
}
