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
	for id, err := range s.ix.IDs(ctx, identity) {
		if err != nil {
			return err
		}
		have = append(have, id)
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

func testRemove(t *testing.T, s *suite) {
	docs := letters(t, 30)
	s.put(t, 10, docs...)
	unknown := letter(t, 77, day0, "never put").Entry.ID
	b := index.Batch{Archive: identity, Cursor: 20, Remove: []archive.ID{docs[3].Entry.ID, unknown, docs[4].Entry.ID}}
	if err := s.ix.Apply(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if got := len(s.indexed(t, identity)); got != 28 {
		t.Errorf("got %d ids, want 28", got)
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
	for _, err := range s.ix.IDs(t.Context(), identity) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 5 {
			break // a caller may stop
		}
	}
	failed := false
	for _, err := range s.ix.IDs(cancelled(t), identity) {
		failed = failed || errors.Is(err, context.Canceled)
	}
	if !failed {
		t.Error("an ended context did not end IDs with its error")
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
