package indextest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"lostpost/archive"
	"lostpost/index"
	"lostpost/index/query"
)

// day0 is the date of the first letter of a test.
var day0 = time.Date(2020, time.January, 1, 12, 0, 0, 0, time.UTC)

// letters makes n messages, one a day, all with the word "common", each with
// the word "only" and its number.
func letters(t testing.TB, n int) []index.Document {
	t.Helper()
	docs := make([]index.Document, n)
	for i := range docs {
		docs[i] = letter(t, i, day0.AddDate(0, 0, i), fmt.Sprintf("A common letter, only%d in the world.", i))
	}
	return docs
}

func testEmpty(t *testing.T, s *suite) {
	for _, text := range []string{"*", "word", "-word", "from:anna date:2024", "subject:\"a b\""} {
		r := s.search(t, index.Request{Query: parse(t, text), Count: true})
		if len(r.Hits) != 0 || r.Total != 0 || !r.Exact || r.Next != "" {
			t.Errorf("%s in an empty index: got %+v", text, r)
		}
	}
	if seq := s.cursor(t, identity); seq != 0 {
		t.Errorf("cursor of an empty index: got %d, want 0", seq)
	}
	if list := s.indexed(t, identity); len(list) != 0 {
		t.Errorf("ids in an empty index: got %v", list)
	}
	s.put(t, 7)
	if seq := s.cursor(t, identity); seq != 7 {
		t.Errorf("cursor after a batch without messages: got %d, want 7", seq)
	}
}

func testCursor(t *testing.T, s *suite) {
	docs := letters(t, 2)
	s.put(t, 100, docs[0])
	b := index.Batch{Archive: second, Cursor: 55, Put: slices.Values(docs[1:])}
	if err := s.ix.Apply(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	s.put(t, 200)
	check := func() {
		t.Helper()
		if a, b := s.cursor(t, identity), s.cursor(t, second); a != 200 || b != 55 {
			t.Errorf("got cursors %d and %d, want 200 and 55", a, b)
		}
		if seq := s.cursor(t, "00000000000000000000000000000000"); seq != 0 {
			t.Errorf("cursor of an archive that is not in the index: got %d, want 0", seq)
		}
		if a, b := s.indexed(t, identity), s.indexed(t, second); !slices.Equal(a, []archive.ID{docs[0].Entry.ID}) || !slices.Equal(b, []archive.ID{docs[1].Entry.ID}) {
			t.Errorf("got ids %v and %v, want one each", a, b)
		}
	}
	check()
	s.reopen(t)
	check()
}

// testCursorNeverAhead looks at the cursor from outside while a batch is read.
func testCursorNeverAhead(t *testing.T, s *suite) {
	docs := letters(t, 300)
	s.put(t, 10, docs[:50]...)
	put := func(yield func(index.Document) bool) {
		for i, d := range docs[50:] {
			if i%60 == 0 {
				seen := make(chan error, 1)
				go func() { seen <- s.behind(t.Context(), 10, docs[:50]) }()
				if err := <-seen; err != nil {
					t.Error(err)
				}
			}
			if !yield(d) {
				return
			}
		}
	}
	if err := s.ix.Apply(t.Context(), index.Batch{Archive: identity, Cursor: 20, Put: put}); err != nil {
		t.Fatal(err)
	}
	if err := s.behind(t.Context(), 20, docs); err != nil {
		t.Error(err)
	}
}

// behind sees that the cursor is seq and that the documents up to it are found.
func (s *suite) behind(ctx context.Context, seq int64, docs []index.Document) error {
	got, err := s.ix.Cursor(ctx, identity)
	if err != nil {
		return err
	}
	if got != seq {
		return fmt.Errorf("cursor %d, want %d", got, seq)
	}
	var have []archive.ID
	for h, err := range s.ix.Held(ctx, identity) {
		if err != nil {
			return err
		}
		have = append(have, h.ID)
	}
	for _, d := range docs {
		if !slices.Contains(have, d.Entry.ID) {
			return fmt.Errorf("cursor %d, but message %s is missing", seq, d.Entry.ID)
		}
	}
	return nil
}

// testStoppedApply ends the context in the middle of a batch.
func testStoppedApply(t *testing.T, s *suite) {
	docs := letters(t, 200)
	s.put(t, 10, docs[:20]...)
	ctx, cancel := context.WithCancel(t.Context())
	put := func(yield func(index.Document) bool) {
		for i, d := range docs[20:] {
			if i == 90 {
				cancel()
			}
			if !yield(d) {
				return
			}
		}
	}
	if err := s.ix.Apply(ctx, index.Batch{Archive: identity, Cursor: 20, Put: put}); !errors.Is(err, context.Canceled) {
		t.Errorf("a stopped Apply gave %v, want context.Canceled", err)
	}
	for range 2 {
		if err := s.behind(t.Context(), 10, docs[:20]); err != nil {
			t.Error(err)
		}
		s.reopen(t)
	}
	s.put(t, 20, docs...)
	if got := len(s.find(t, "common")); got != 200 {
		t.Errorf("after the batch was applied again: got %d messages, want 200", got)
	}
	if err := s.ix.Apply(cancelled(t), index.Batch{Archive: identity, Cursor: 30}); !errors.Is(err, context.Canceled) {
		t.Errorf("an Apply that must not begin gave %v, want context.Canceled", err)
	}
}

func testReplace(t *testing.T, s *suite) {
	docs := letters(t, 30)
	s.put(t, 10, docs...)
	d := docs[7]
	d.Entry.Seq = 500
	d.Entry.Places = []archive.Meta{d.Entry.Places[0]}
	d.Entry.Places[0].Mailbox, d.Entry.Places[0].Flags = "Moved/Here", "F"
	other := letter(t, 1000, day0, "quite another text")
	d.Message = other.Message
	s.put(t, 20, d)
	for text, want := range map[string]int{
		"*": 30, "is:unread": 1, "is:flagged": 1, "in:moved/here": 1, "in:inbox": 29, "only7": 0, "common": 29, "quite": 1,
	} {
		if got := len(s.find(t, text)); got != want {
			t.Errorf("%s: got %d messages, want %d", text, got, want)
		}
	}
	if got := len(s.indexed(t, identity)); got != 30 {
		t.Errorf("got %d ids, want 30", got)
	}
	// The same message several times in one batch is one message, the last.
	s.put(t, 30, d, docs[7], d, docs[7])
	if all, old := len(s.find(t, "*")), len(s.find(t, "only7")); all != 30 || old != 1 {
		t.Errorf("got %d messages, %d with its text, want 30 and 1", all, old)
	}
}

// testPlaced gives messages other flags, labels and mailboxes, without the
// messages.
func testPlaced(t *testing.T, s *suite) {
	docs := letters(t, 30)
	for i := range 3 {
		s.put(t, int64(10+i), docs[10*i:10*i+10]...)
	}
	placed := func(i int, places ...archive.Meta) archive.Entry {
		e := docs[i].Entry
		e.Places = places
		return e
	}
	here := docs[7].Entry.Places[0]
	work := archive.Meta{Origin: "imap://m@kvist.example/Work;1", Mailbox: "Work/Old", Flags: "FS", Traits: []string{"label:Blue", "role:sent"}}
	b := index.Batch{Archive: identity, Cursor: 20, Placed: []archive.Entry{
		placed(7, here, work), placed(18, work),
		{ID: archive.ID{1}, Places: []archive.Meta{work}}, // not indexed: passed over
	}}
	if err := s.ix.Apply(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	hits := func(text string, want int) {
		t.Helper()
		if got := len(s.find(t, text)); got != want {
			t.Errorf("%s: got %d messages, want %d", text, got, want)
		}
	}
	look := func() {
		t.Helper()
		for text, want := range map[string]int{
			"*": 30, "is:flagged": 2, "is:duplicate": 1, "in:work/old": 2, "in:work": 2, "in:old": 2,
			"in:inbox": 29, "label:blue": 2, "in:sent": 2, "common": 30, "only7 is:flagged": 1, "-is:flagged in:inbox": 28,
			"source:kvist.example": 1,
		} {
			hits(text, want)
		}
		counts := s.search(t, index.Request{Facets: []query.Field{"in", "label"}}).Facets
		if got := counts["label"]; !slices.Equal(got, []index.Count{{Value: "Blue", N: 2}}) {
			t.Errorf("labels: got %v, want Blue 2", got)
		}
		if got := counts["in"]; !slices.Equal(got, []index.Count{{Value: "INBOX", N: 29}, {Value: "Work/Old", N: 2}}) {
			t.Errorf("mailboxes: got %v, want INBOX 29 and Work/Old 2", got)
		}
	}
	look()
	s.reopen(t)
	look()

	stamps := map[archive.ID]index.Stamp{}
	for h, err := range s.ix.Held(t.Context(), identity) {
		if err != nil {
			t.Fatal(err)
		}
		stamps[h.ID] = h.Places
	}
	for i, d := range docs {
		e := d.Entry
		switch i {
		case 7:
			e = placed(7, here, work)
		case 18:
			e = placed(18, work)
		}
		if got, want := stamps[e.ID], index.StampOf(e); got != want || len(stamps) != len(docs) {
			t.Errorf("message %d: stamp %08x, want %08x (%d stamps)", i, got, want, len(stamps))
		}
	}

	// Put and placed in one batch: the places of Placed count. Put again: its own.
	fresh := letter(t, 500, day0, "common only500")
	e := fresh.Entry
	e.Places = []archive.Meta{work}
	b = index.Batch{Archive: identity, Cursor: 30, Put: slices.Values([]index.Document{fresh}), Placed: []archive.Entry{e}}
	if err := s.ix.Apply(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	hits("is:flagged only500", 1)
	s.put(t, 40, fresh, docs[7])
	hits("is:flagged", 1)
	hits("is:duplicate", 0)

	has, err := s.ix.Has(t.Context(), identity, []archive.ID{docs[3].Entry.ID, {1}, docs[18].Entry.ID})
	if err != nil || !slices.Equal(has, []bool{true, false, true}) {
		t.Errorf("Has: got %v, %v; want true, false, true", has, err)
	}
	has, err = s.ix.Has(t.Context(), second, []archive.ID{docs[3].Entry.ID})
	if err != nil || !slices.Equal(has, []bool{false}) {
		t.Errorf("Has of another archive: got %v, %v; want false", has, err)
	}
}

func testRemove(t *testing.T, s *suite) {
	docs := letters(t, 30)
	s.put(t, 10, docs...)
	unknown := letter(t, 77, day0, "never put").Entry.ID
	b := index.Batch{Archive: identity, Cursor: 20, Remove: []archive.ID{docs[3].Entry.ID, unknown, docs[4].Entry.ID}}
	if err := s.ix.Apply(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	count, err := s.ix.Count(t.Context())
	if got := len(s.indexed(t, identity)); got != 28 || count != 28 || err != nil {
		t.Errorf("got %d ids, count %d, %v; want 28", got, count, err)
	}
	for text, want := range map[string]int{"common": 28, "only3": 0, "only4": 0, "only5": 1, "-only5": 27} {
		if got := len(s.find(t, text)); got != want {
			t.Errorf("%s: got %d messages, want %d", text, got, want)
		}
	}
	// Remove comes after Put.
	b = index.Batch{Archive: identity, Cursor: 30, Put: slices.Values(docs[3:5]), Remove: []archive.ID{docs[4].Entry.ID}}
	if err := s.ix.Apply(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if a, b := len(s.find(t, "only3")), len(s.find(t, "only4")); a != 1 || b != 0 {
		t.Errorf("put back and removed: got %d and %d messages, want 1 and 0", a, b)
	}
	var all []archive.ID
	for _, d := range docs {
		all = append(all, d.Entry.ID)
	}
	if err := s.ix.Apply(t.Context(), index.Batch{Archive: identity, Cursor: 40, Remove: all}); err != nil {
		t.Fatal(err)
	}
	if got := len(s.find(t, "*")); got != 0 {
		t.Errorf("got %d messages after all were removed", got)
	}
	if seq := s.cursor(t, identity); seq != 40 {
		t.Errorf("got cursor %d, want 40", seq)
	}
}

func testIDs(t *testing.T, s *suite) {
	docs := letters(t, 120)
	for i := 0; i < len(docs); i += 40 {
		s.put(t, int64(i+1), docs[i:i+40]...)
	}
	got := s.indexed(t, identity)
	if !slices.IsSortedFunc(got, compareIDs) || len(slices.Compact(slices.Clone(got))) != len(docs) {
		t.Errorf("ids are not ascending or not %d different ones", len(docs))
	}
	n := 0
	for _, err := range s.ix.Held(t.Context(), identity) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 5 {
			break // a caller may stop
		}
	}
	failed := false
	for _, err := range s.ix.Held(cancelled(t), identity) {
		failed = failed || errors.Is(err, context.Canceled)
	}
	if !failed {
		t.Error("an ended context did not end Held with its error")
	}
}

func testReopen(t *testing.T, s *suite) {
	c := mail(t)
	s.put(t, 300, c.list()...)
	before := s.answers(t, c)
	s.reopen(t)
	if seq := s.cursor(t, identity); seq != 300 {
		t.Errorf("got cursor %d, want 300", seq)
	}
	compareAnswers(t, c, before, s.answers(t, c))
	s.put(t, 400, letters(t, 3)...)
	s.reopen(t)
	if got := len(s.find(t, "+common")); got != 3 {
		t.Errorf("got %d messages of those put after reopening, want 3", got)
	}
}

func testCloseTwice(t *testing.T, s *suite) {
	s.put(t, 1, letters(t, 1)...)
	for range 2 {
		if err := s.ix.Close(); err != nil {
			t.Error(err)
		}
	}
}
