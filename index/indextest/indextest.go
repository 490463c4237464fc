// Package indextest holds every engine to the contract of index.Index: one
// function, [Run], for the test of an engine in this or another module.
//
// What it checks: a corpus of small messages in many languages with queries and
// the messages that each must find (testdata, all written by hand); that the
// cursor is never ahead of the documents; that what Apply returned is found,
// also after the index was opened again; that searches go on beside Apply and
// never lose a message; that an index grown by steps answers like one made at
// once; order, pages and counts; snippets, explanations, contexts.
//
// [RunQueries] and [RunHard] are parts for engines that are not whole, and
// [RunDiffer] asks two engines the same random queries.
//
// It knows no engine and looks at nothing but index.Index. Messages are read
// through decode.Decode, so a failure of the corpus may also be one of decode.
package indextest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"lostpost/archive"
	"lostpost/index"
	"lostpost/index/query"
)

// now is when the queries of the suite are asked.
var now = time.Date(2024, time.March, 13, 12, 0, 0, 0, time.UTC)

// identity and second name two archives.
const (
	identity = "0123456789abcdef0123456789abcdef"
	second   = "fedcba9876543210fedcba9876543210"
)

// Run holds an Index to its contract. open opens the index in dir for reading
// and writing; called again with the same dir after Close it opens the same
// index. An engine that reads messages again for snippets gets them from
// [Message].
func Run(t *testing.T, open func(t *testing.T, dir string) index.Index) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, s *suite)
	}{
		{"Corpus", testCorpus},
		{"Empty", testEmpty},
		{"CursorIsKeptForEachArchive", testCursor},
		{"CursorIsNeverAhead", testCursorNeverAhead},
		{"StoppedApplyMovesNothing", testStoppedApply},
		{"PutReplaces", testReplace},
		{"PlacedReplacesPlaces", testPlaced},
		{"RemoveRemoves", testRemove},
		{"IDsAscend", testIDs},
		{"ReopenedIsTheSame", testReopen},
		{"SearchBesideApply", testBeside},
		{"GrownEqualsMadeAtOnce", testGrown},
		{"PagesJoin", testPages},
		{"PagesStandStillWhileMailArrives", testPagesBesideMail},
		{"SortOrders", testSorts},
		{"LimitAndCount", testCount},
		{"Snippets", testSnippets},
		{"Explain", testExplain},
		{"ContextEndsSearch", testContext},
		{"OddTrees", testOddTrees},
		{"OddDocuments", testOddDocuments},
		{"CloseTwice", testCloseTwice},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &suite{dir: t.TempDir(), open: open}
			s.start(t)
			t.Cleanup(func() { s.ix.Close() })
			c.test(t, s)
		})
	}
}

// RunQueries asks an engine that is not a whole one, such as an oracle, every
// query of the corpus. It may refuse a query with a *query.SyntaxError, as long
// as it answers two thirds of them.
func RunQueries(t *testing.T, open func(t *testing.T, dir string) index.Index) {
	s := &suite{dir: t.TempDir(), open: open}
	s.start(t)
	t.Cleanup(func() { s.ix.Close() })
	c := mail(t)
	s.put(t, 10_000, c.list()...)
	answered := 0
	for _, q := range c.queries {
		q.optional = true
		t.Run(strings.ReplaceAll(q.query, "/", "|"), func(t *testing.T) {
			s.ask(t, c, q)
			answered++ // not if it was skipped
		})
	}
	if 3*answered < 2*len(c.queries) {
		t.Errorf("%d of %d queries are answered, want two thirds", answered, len(c.queries))
	}
}

// A suite is one index under test.
type suite struct {
	dir  string
	open func(t *testing.T, dir string) index.Index
	ix   index.Index
}

func (s *suite) start(t *testing.T) { s.ix = s.open(t, s.dir) }

// reopen closes the index and opens it again.
func (s *suite) reopen(t *testing.T) {
	t.Helper()
	if err := s.ix.Close(); err != nil {
		t.Fatal(err)
	}
	s.start(t)
}

// put applies documents of the first archive and moves its cursor.
func (s *suite) put(t *testing.T, cursor int64, docs ...index.Document) {
	t.Helper()
	b := index.Batch{Archive: identity, Cursor: cursor, Put: slices.Values(docs)}
	if err := s.ix.Apply(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

// parse reads a query of the suite.
func parse(t *testing.T, text string) query.Expr {
	t.Helper()
	e, err := query.Parse(text, now)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return e
}

// search asks for one page.
func (s *suite) search(t *testing.T, r index.Request) index.Result {
	t.Helper()
	result, err := s.ix.Search(t.Context(), r)
	if err != nil {
		t.Fatalf("%v: %v", r.Query, err)
	}
	return result
}

// find gives the ids of all hits of a query, in the order of the index.
func (s *suite) find(t *testing.T, text string) []archive.ID {
	t.Helper()
	return ids(s.search(t, index.Request{Query: parse(t, text), Limit: 10_000}))
}

func ids(r index.Result) []archive.ID {
	list := make([]archive.ID, 0, len(r.Hits))
	for _, h := range r.Hits {
		list = append(list, h.ID)
	}
	return list
}

// indexed gives all ids of an archive.
func (s *suite) indexed(t *testing.T, identity string) []archive.ID {
	t.Helper()
	var list []archive.ID
	for h, err := range s.ix.Held(t.Context(), identity) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, h.ID)
	}
	return list
}

// cursor gives the cursor of an archive.
func (s *suite) cursor(t *testing.T, identity string) int64 {
	t.Helper()
	seq, err := s.ix.Cursor(t.Context(), identity)
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

// compareIDs is the order of ids.
func compareIDs(a, b archive.ID) int { return slices.Compare(a[:], b[:]) }

// cancelled is a context that has ended.
func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
