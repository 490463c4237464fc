package indextest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lostpost/archive"
	"lostpost/index"
	"lostpost/index/query"
)

// crowded makes n messages of which many have the same date.
func crowded(t testing.TB, n int) []index.Document {
	docs := make([]index.Document, n)
	for i := range docs {
		docs[i] = letter(t, 2000+i, day0.AddDate(0, 0, i/13), fmt.Sprintf("A crowded day, %d.", i))
	}
	return docs
}

// newestFirst is the order of a result: date, then id.
func newestFirst(a, b index.Document) int {
	if c := b.Message.Date.Compare(a.Message.Date); c != 0 {
		return c
	}
	return compareIDs(a.Entry.ID, b.Entry.ID)
}

func idsOf(docs []index.Document) []archive.ID {
	list := make([]archive.ID, len(docs))
	for i, d := range docs {
		list[i] = d.Entry.ID
	}
	return list
}

// testPages walks through all pages and sees that they join to the whole list,
// without a gap and without a message twice.
func testPages(t *testing.T, s *suite) {
	docs := crowded(t, 60)
	s.put(t, 1, docs[:25]...)
	s.put(t, 2, docs[25:]...)
	slices.SortFunc(docs, newestFirst)
	want := idsOf(docs)
	for _, text := range []string{"*", "crowded", `"crowded day"`, "-nowhere", "crowd*", "after:2020"} {
		for _, limit := range []int{1, 7, 20, 60, 61} {
			var got []archive.ID
			r := index.Request{Query: parse(t, text), Limit: limit}
			for range len(docs) + 1 {
				page := s.search(t, r)
				if len(page.Hits) > limit {
					t.Fatalf("%s: %d hits on a page of %d", text, len(page.Hits), limit)
				}
				got = append(got, ids(page)...)
				if r.After = page.Next; r.After == "" {
					break
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s in pages of %d: %d messages, not the %d of the index in order", text, limit, len(got), len(want))
			}
		}
	}
}

// testPagesBesideMail lets newer and older mail arrive between two pages.
func testPagesBesideMail(t *testing.T, s *suite) {
	docs := crowded(t, 40)
	s.put(t, 1, docs...)
	r := index.Request{Query: parse(t, "crowded"), Limit: 15}
	first := s.search(t, r)
	s.put(t, 2, letter(t, 5000, day0.AddDate(1, 0, 0), "crowded, newer"))
	s.put(t, 3, letter(t, 5001, day0.AddDate(-1, 0, 0), "crowded, older"))
	r.After, r.Limit = first.Next, 100
	rest := s.search(t, r)
	got := append(ids(first), ids(rest)...)
	slices.SortFunc(docs, newestFirst)
	want := append(idsOf(docs), letter(t, 5001, day0.AddDate(-1, 0, 0), "crowded, older").Entry.ID)
	if !slices.Equal(got, want) {
		t.Errorf("got %d messages, want the 40 there were and the older one", len(got))
	}
}

func testSorts(t *testing.T, s *suite) {
	var docs []index.Document
	for i := range 30 {
		text := "sorted" + strings.Repeat(" filler", i*7%30)
		docs = append(docs, letter(t, 3000+i, day0.AddDate(0, 0, i*11%30/2), text))
	}
	s.put(t, 1, docs...)
	e := parse(t, "sorted")
	for _, c := range []struct {
		name string
		sort index.Sort
		less func(a, b index.Document) int
	}{
		{"newest", index.Newest, newestFirst},
		{"oldest", index.Oldest, func(a, b index.Document) int { return a.Message.Date.Compare(b.Message.Date) }},
		{"largest", index.Largest, func(a, b index.Document) int { return cmp.Compare(b.Entry.Size, a.Entry.Size) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			byID := map[archive.ID]index.Document{}
			for _, d := range docs {
				byID[d.Entry.ID] = d
			}
			var got []index.Document
			r := index.Request{Query: e, Sort: c.sort, Limit: 8}
			for {
				page := s.search(t, r)
				for _, h := range page.Hits {
					if d := byID[h.ID]; !h.Date.Equal(d.Message.Date) {
						t.Errorf("a hit of %v has the date %v", d.Message.Date, h.Date)
					}
					got = append(got, byID[h.ID])
				}
				if r.After = page.Next; r.After == "" || len(got) > len(docs) {
					break
				}
			}
			if len(got) != len(docs) || !slices.IsSortedFunc(got, c.less) {
				t.Errorf("%d messages, not the %d in order", len(got), len(docs))
			}
		})
	}
	t.Run("relevance", func(t *testing.T) {
		page := s.search(t, index.Request{Query: e, Sort: index.Relevance, Limit: 100})
		if len(page.Hits) != len(docs) {
			t.Errorf("got %d messages, want %d", len(page.Hits), len(docs))
		}
		if !slices.IsSortedFunc(page.Hits, func(a, b index.Hit) int { return cmp.Compare(b.Score, a.Score) }) {
			t.Error("scores are not descending")
		}
	})
}

func testCount(t *testing.T, s *suite) {
	docs := letters(t, 70)
	s.put(t, 1, docs[:30]...)
	s.put(t, 2, docs[30:]...)
	for _, text := range []string{"*", "common", `"common letter"`, "common NEAR/3 letter", "common -only3"} {
		e := parse(t, text)
		whole := int64(70)
		if strings.Contains(text, "-") {
			whole = 69
		}
		r := s.search(t, index.Request{Query: e})
		if len(r.Hits) != 20 || r.Next == "" {
			t.Errorf("%s without a limit: %d hits, next %q; want 20 and a next page", text, len(r.Hits), r.Next)
		}
		if r.Total < 20 || r.Total > whole || r.Exact && r.Total != whole {
			t.Errorf("%s: total %d, exact %v; there are %d", text, r.Total, r.Exact, whole)
		}
		r = s.search(t, index.Request{Query: e, Limit: 3, Count: true})
		if len(r.Hits) != 3 || r.Total != whole || !r.Exact {
			t.Errorf("%s counted: %d hits, total %d, exact %v; want 3 of exactly %d", text, len(r.Hits), r.Total, r.Exact, whole)
		}
	}
}

// testSnippets sees that the words that were found are marked.
func testSnippets(t *testing.T, s *suite) {
	c := mail(t)
	s.put(t, 1, c.list()...)
	for _, q := range []struct{ query, message, marked string }{
		{"friday", "invoice", "Friday"},
		{"zanzibar", "protocol", "zanzibar"},
		{"hauptstrasse", "vertrag", "Hauptstraße"},
		{"договор", "dogovor", "ДОГОВОР"},
		{"图书 or 京都", "tokyo", "京都"},
		{"zanzi*", "protocol", "zanzibar"},
		{`"symbolic link"`, "compost", "symbolic"},
	} {
		t.Run(q.query, func(t *testing.T) {
			r := s.search(t, index.Request{Query: parse(t, q.query), Marks: true})
			for _, h := range r.Hits {
				if c.nameOf[h.ID] != q.message {
					continue
				}
				var marked []string
				length := 0
				for _, span := range h.Snippet {
					length += len(span.Text)
					if span.Mark {
						marked = append(marked, span.Text)
					}
				}
				if h.Snippet == nil {
					t.Fatal("no snippet; does the engine get its messages from indextest.Message?")
				}
				if !strings.Contains(strings.Join(marked, " "), q.marked) {
					t.Errorf("marked %q, want %q among it; snippet %v", marked, q.marked, h.Snippet)
				}
				if length > 2000 {
					t.Errorf("a snippet of %d octets", length)
				}
				return
			}
			t.Errorf("%s is not found", q.message)
		})
	}
	for _, h := range s.search(t, index.Request{Query: parse(t, "friday")}).Hits {
		if h.Snippet != nil {
			t.Errorf("a snippet that was not asked for: %v", h.Snippet)
		}
	}
}

// testExplain asks about a message that is not in the index.
func testExplain(t *testing.T, s *suite) {
	d := mail(t).docs["invoice"]
	for _, c := range []struct {
		query string
		want  map[string]bool // clause, whether it holds
	}{
		{"from:anna friday", map[string]bool{"from:anna": true, "friday": true}},
		{"from:ben friday", map[string]bool{"from:ben": false, "friday": true}},
		{"zanzibar or has:attachment", map[string]bool{"zanzibar": false, "has:attachment": true}},
		{`"open invoice" date:2017`, map[string]bool{`"open invoice"`: true, "date:2017-01-01T00:00:00Z..2017-12-31T23:59:59Z": false}},
	} {
		t.Run(c.query, func(t *testing.T) {
			clauses, err := s.ix.Explain(t.Context(), parse(t, c.query), d)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]bool{}
			for _, cl := range clauses {
				got[cl.Query] = cl.Holds
			}
			for clause, want := range c.want {
				if holds, ok := got[clause]; !ok || holds != want {
					t.Errorf("%s: got %v (there: %v), want %v; all: %v", clause, holds, ok, want, got)
				}
			}
		})
	}
	if got := s.indexed(t, identity); len(got) != 0 {
		t.Error("Explain put its message into the index")
	}
}

func testContext(t *testing.T, s *suite) {
	s.put(t, 1, letters(t, 50)...)
	for _, text := range []string{"common", `"common letter"`, "c*", "-common"} {
		if _, err := s.ix.Search(cancelled(t), index.Request{Query: parse(t, text)}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want context.Canceled", text, err)
		}
	}
	if _, err := s.ix.Explain(cancelled(t), parse(t, "common"), letters(t, 1)[0]); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("got %v from Explain", err)
	}
}

// testOddTrees asks what no one types: an engine runs it or gives a
// *query.SyntaxError.
func testOddTrees(t *testing.T, s *suite) {
	s.put(t, 1, letters(t, 10)...)
	word := query.Term{Text: "common"}
	deep := query.Expr(word)
	for range 100 {
		deep = query.Not{X: query.And{List: []query.Expr{deep, word}}}
	}
	for _, e := range []query.Expr{
		query.And{}, query.Or{}, query.Near{}, query.Near{List: []query.Expr{word}, Within: 1},
		query.Near{List: []query.Expr{word, query.All{}}, Within: -1},
		query.Term{}, query.Phrase{}, query.Prefix{}, query.Infix{}, query.Regexp{}, query.Regexp{Text: "("}, query.Fuzzy{Text: "common", Edits: 99},
		query.Term{Text: "&&"}, query.Phrase{Words: []string{"-", "-"}}, query.Prefix{Text: "."},
		query.Term{Field: "nonsense", Text: "common"}, query.Term{Field: "date", Text: "common"}, query.Range{Field: "nonsense"},
		query.Range{Field: "date", From: 5, To: 2}, query.Range{Field: "size", From: -1 << 63, To: 1<<63 - 1},
		query.Thread{X: word}, query.Term{Field: "thread", Text: "1"}, query.Term{Text: strings.Repeat("x", 100_000)}, deep,
	} {
		_, err := s.ix.Search(t.Context(), index.Request{Query: e})
		var refused *query.SyntaxError
		if err != nil && !errors.As(err, &refused) {
			t.Errorf("%T %.100s: got %v, want hits or a SyntaxError", e, e, err)
		}
	}
	if _, err := s.ix.Search(t.Context(), index.Request{After: "no token of ours"}); err == nil {
		t.Error("a page token that no search gave is taken")
	}
	if got := len(s.search(t, index.Request{Limit: 100}).Hits); got != 10 {
		t.Errorf("a request without a query: got %d messages, want all 10", got)
	}
}

// testOddDocuments puts mail that has nothing, too much, or bad octets.
func testOddDocuments(t *testing.T, s *suite) {
	var docs []index.Document
	for i, raw := range []string{
		"", "\n", "no header at all", "Subject: \xff\xfe\n\nraw \xff\x00 octets zebra",
		"Date: Mon, 1 Jan 0001 00:00:00 +0000\n\nfirst year", "Date: Fri, 31 Dec 9999 23:59:59 -2359\n\nlast year",
		"Subject: " + strings.Repeat("x", 70_000) + "\n\nlong subject",
		"To: " + strings.Repeat("a@b.example, ", 5000) + "c@d.example\n\nmany readers",
		"Subject: same\n\n" + strings.Repeat("same ", 50_000) + "endword",
	} {
		d, err := document([]byte(raw), int64(i+1))
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, d)
	}
	docs[0].Entry.Places = nil
	docs[1].Entry.Places[0].Received = time.Time{}
	docs[2].Entry.Places[0].Mailbox = strings.Repeat("/", 300) + "\x00\xff"
	docs[2].Entry.Places[0].Traits = []string{"", ":", "label:", strings.Repeat("t", 10_000)}
	docs[3].Facts = []string{"", ":", strings.Repeat("f", 10_000)}
	s.put(t, 1, docs...)
	if got := len(s.indexed(t, identity)); got != len(docs) {
		t.Errorf("got %d ids, want %d", got, len(docs))
	}
	for text, want := range map[string]int{"*": len(docs), "zebra": 1, `"first year"`: 1, "to:c@d.example": 1, `"same endword"`: 1, "header": 1} {
		if got := len(s.find(t, text)); got != want {
			t.Errorf("%s: got %d messages, want %d", text, got, want)
		}
	}
	s.reopen(t)
	if got := len(s.find(t, "*")); got != len(docs) {
		t.Errorf("got %d messages after reopening, want %d", got, len(docs))
	}
}
