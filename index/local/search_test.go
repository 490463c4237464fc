package local

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"lostpost/archive"
	"lostpost/decode"
	"lostpost/index"
	"lostpost/index/query"
)

// library is a handful of messages with names, in one index.
func library(t testing.TB) (index.Index, map[string]index.Document) {
	docs := map[string]index.Document{
		"invoice": message(t, `From: Anna Groß <anna.gross@kvist.example>
To: Ben <ben@board.example>
Cc: office@kvist.example
Date: Fri, 1 Mar 2024 10:00:00 +0100
Message-ID: <inv-1@kvist.example>
Subject: Open invoice for the grüne folder
X-Ticket: QX-1
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8

The open invoice over 1.234,56 is attached. Call 0171/1234567.
--b
Content-Type: application/pdf; name="Rechnung_2024.pdf"
Content-Disposition: attachment; filename="Rechnung_2024.pdf"
Content-Transfer-Encoding: base64

JVBERi0=
--b--
`, archive.Meta{Mailbox: "Work/Invoices", Flags: "S", Traits: []string{"label:Money"}}),
		"answer": message(t, `From: Ben <ben@board.example>
To: Anna =?utf-8?q?Gro=C3=9F?= <anna.gross@kvist.example>
Date: Sat, 2 Mar 2024 10:00:00 +0100
Message-ID: <ans-1@board.example>
Subject: Re: Open invoice

This invoice is not open any more: it was paid.
`, archive.Meta{Flags: "FR"}),
		"newyear": message(t, `From: Mei <mei@kvist.example>
To: list@lists.example
List-Id: Garden talk <garden.lists.example>
Date: Wed, 1 Jan 2020 00:00:00 +0000
Subject: greetings
Content-Type: text/plain; charset=utf-8

新年快乐 to all gardeners
`, archive.Meta{Mailbox: "Lists/Garden", Traits: []string{"role:junk"}}),
		"undated": message(t, `From: nobody@kvist.example
Subject: no date here

an open question and an invoice of long ago
`, archive.Meta{Mailbox: "Drafts", Flags: "D"}),
	}
	ix := open(t, t.TempDir(), Options{})
	// Two segments, so that nothing depends on there being one.
	apply(t, ix, 1, docs["invoice"], docs["undated"])
	apply(t, ix, 2, docs["answer"], docs["newyear"])
	return ix, docs
}

func TestQueries(t *testing.T) {
	ix, docs := library(t)
	names := map[archive.ID]string{}
	for name, d := range docs {
		names[d.Entry.ID] = name
	}
	tests := []struct{ query, want string }{
		{"*", "answer invoice newyear undated"},
		{"invoice", "answer invoice undated"},
		{"INVOICE", "answer invoice undated"},
		{"invoic*", "answer invoice undated"},
		{"*voic*", "answer invoice undated"},
		{"invoise~1", "answer invoice undated"},
		{`"open invoice"`, "answer invoice"},
		{`body:"open invoice"`, "invoice"},
		{`"invoice open"`, ""},
		{"open NEAR/3 invoice", "answer invoice"},
		{"open NEAR/4 invoice", "answer invoice undated"},
		{"grune", "invoice"},
		{"gruene", "invoice"},
		{"grüne", "invoice"},
		{"invoice -paid", "invoice undated"},
		{"invoice not paid", "invoice undated"},
		{"paid or greetings", "answer newyear"},
		{"(paid or greetings) -from:mei", "answer"},
		{"-invoice", "newyear"},
		{"from:anna", "invoice"},
		{"from:gross", "invoice"},
		{"from:groß", "invoice"},
		{"from:anna.gross@kvist.example", "invoice"},
		{"from:@kvist.example", "invoice newyear undated"},
		{"to:anna.gross@kvist.example", "answer"},
		{"cc:office", "invoice"},
		{"recip:office", "invoice"},
		{"contact:anna", "answer invoice"},
		{"subject:invoice", "answer invoice"},
		{"subject:/inv.*e/", "answer invoice"},
		{"body:greetings", ""},
		{"date:2024-03-01", "invoice"},
		{"date:2024", "answer invoice"},
		{"after:2024-03-02", "answer"},
		{"before:2024-03-01", "newyear"},
		{"before:2024-03-02 after:2020-01-02", "invoice"},
		{"has:attachment", "invoice"},
		{"has:pdf", "invoice"},
		{"type:application/pdf", "invoice"},
		{"filename:rechnung", "invoice"},
		{"filename:Rechnung_2024.pdf", "invoice"},
		{"filename:2024", "invoice"},
		{"is:read", "invoice"},
		{"is:unread", "answer newyear undated"},
		{"is:flagged", "answer"},
		{"is:replied", "answer"},
		{"is:draft", "undated"},
		{"in:inbox", "answer"},
		{"in:Work/Invoices", "invoice"},
		{"in:work", "invoice"},
		{"in:invoices", "invoice"},
		{"label:money", "invoice"},
		{"in:junk", "newyear"},
		{"id:inv-1@kvist.example", "invoice"},
		{"<ans-1@board.example>", "answer"},
		{"list:garden", "newyear"},
		{"header:x-ticket", "invoice"},
		{"header:x-ticket=QX-1", "invoice"},
		{"header:x-ticket=QX-2", ""},
		{"larger:400", "invoice"},
		{"smaller:150", "undated"},
		{"1.234,56", "invoice"},
		{"01711234567", "invoice"},
		{"快乐", "newyear"},
		{"新年快乐", "newyear"},
		{"快", "newyear"},
		{"乐年", ""},
		{"nosuchword", ""},
		{"invoice nosuchword", ""},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			var got []string
			for _, id := range find(t, ix, tt.query) {
				got = append(got, names[id])
			}
			slices.Sort(got)
			if g := strings.Join(got, " "); g != tt.want {
				t.Errorf("got %q, want %q", g, tt.want)
			}
		})
	}
}

func TestOrders(t *testing.T) {
	ix, docs := library(t)
	for _, tt := range []struct {
		sort index.Sort
		want []string
	}{
		{index.Newest, []string{"answer", "invoice", "newyear", "undated"}},
		{index.Oldest, []string{"undated", "newyear", "invoice", "answer"}},
		{index.Largest, []string{"invoice", "answer", "newyear", "undated"}},
	} {
		r, err := ix.Search(t.Context(), index.Request{Sort: tt.sort})
		must(t, err)
		for i, want := range tt.want {
			if r.Hits[i].ID != docs[want].Entry.ID {
				t.Errorf("sort %d: row %d is not %s", tt.sort, i, want)
			}
		}
		if last := r.Hits[3]; tt.sort == index.Newest && !last.Date.IsZero() {
			t.Errorf("undated message has date %v", last.Date)
		}
	}
	r, err := ix.Search(t.Context(), index.Request{Query: parse(t, "invoice"), Sort: index.Relevance})
	must(t, err)
	if len(r.Hits) != 3 || r.Hits[2].ID != docs["undated"].Entry.ID || r.Hits[0].Score <= r.Hits[2].Score {
		t.Errorf("by relevance: %+v; want the message without the word in its subject last", r.Hits)
	}
}

// Pages follow one another without gap or repetition, in every order, also over
// segments and equal dates.
func TestPages(t *testing.T) {
	ix := open(t, t.TempDir(), Options{})
	var docs []index.Document
	for i := range 30 {
		docs = append(docs, note(t, i%3+1, fmt.Sprint("note ", i), "apples and "+strings.Repeat("pears ", i%4)))
	}
	for i := 0; i < 30; i += 10 {
		apply(t, ix, int64(i+1), docs[i:i+10]...)
	}
	for _, sort := range []index.Sort{index.Newest, index.Oldest, index.Relevance, index.Largest} {
		whole, err := ix.Search(t.Context(), index.Request{Query: parse(t, "apples"), Sort: sort, Limit: 100})
		must(t, err)
		var got []archive.ID
		after := ""
		for pages := 0; ; pages++ {
			r, err := ix.Search(t.Context(), index.Request{Query: parse(t, "apples"), Sort: sort, Limit: 7, After: after})
			must(t, err)
			for _, h := range r.Hits {
				got = append(got, h.ID)
			}
			if after = r.Next; after == "" {
				break
			}
			if pages > 10 {
				t.Fatal("no last page")
			}
		}
		var want []archive.ID
		for _, h := range whole.Hits {
			want = append(want, h.ID)
		}
		if len(want) != 30 || !slices.Equal(got, want) {
			t.Errorf("sort %d: pages have %d rows, the whole %d, or another order", sort, len(got), len(want))
		}
	}
	if _, err := ix.Search(t.Context(), index.Request{After: "nonsense"}); err == nil {
		t.Error("no error for a page token that is none")
	}
}

// Over checkAll hits the newest are found by walking the days, and a phrase is
// read only until the page is full. Both must give what reading all gives.
func TestManyHits(t *testing.T) {
	ix := open(t, t.TempDir(), Options{})
	const n = checkAll + 500
	rnd := rand.New(rand.NewPCG(1, 2))
	day := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	var docs []index.Document
	for i := range n {
		text := "of the garden"
		if rnd.IntN(3) == 0 {
			text = "the garden of"
		}
		d := day.Add(time.Duration(rnd.IntN(900*24)) * time.Hour)
		id := archive.ID{byte(i >> 8), byte(i)}
		docs = append(docs, index.Document{
			Entry:   archive.Entry{ID: id, Size: int64(i), Places: []archive.Meta{{}}},
			Message: &decode.Message{Date: d, Text: text},
		})
	}
	apply(t, ix, 1, docs...)
	for _, q := range []string{"garden", `"of the"`, "garden -paid", `-"the garden of"`, `garden "of the"`} {
		t.Run(q, func(t *testing.T) {
			var want []index.Document
			for _, d := range docs {
				if !strings.Contains(q, `"`) || strings.HasPrefix(d.Message.Text, "of the") {
					want = append(want, d)
				}
			}
			slices.SortFunc(want, func(a, b index.Document) int {
				if c := b.Message.Date.Compare(a.Message.Date); c != 0 {
					return c
				}
				return strings.Compare(string(a.Entry.ID[:]), string(b.Entry.ID[:]))
			})
			after := ""
			for page := range 3 {
				r, err := ix.Search(t.Context(), index.Request{Query: parse(t, q), Limit: 50, After: after})
				must(t, err)
				for i, h := range r.Hits {
					if w := want[page*50+i]; h.ID != w.Entry.ID || !h.Date.Equal(w.Message.Date) {
						t.Fatalf("page %d row %d: got %v of %v, want %v of %v", page, i, h.ID, h.Date, w.Entry.ID, w.Message.Date)
					}
				}
				if r.Total > int64(len(want)) || r.Exact && r.Total != int64(len(want)) || r.Next == "" {
					t.Errorf("Total %d, Exact %v, Next %q of %d hits", r.Total, r.Exact, r.Next, len(want))
				}
				after = r.Next
			}
			r, err := ix.Search(t.Context(), index.Request{Query: parse(t, q), Count: true})
			must(t, err)
			if r.Total != int64(len(want)) || !r.Exact {
				t.Errorf("Count: got %d, Exact %v, want %d", r.Total, r.Exact, len(want))
			}
		})
	}
}

func TestReplaceAndRemove(t *testing.T) {
	ix := open(t, t.TempDir(), Options{})
	d := note(t, 1, "first", "apples")
	other := note(t, 2, "second", "apples")
	apply(t, ix, 1, d, other)
	d.Entry.Places[0].Flags = "S"
	apply(t, ix, 2, d)
	if got := find(t, ix, "is:read"); !slices.Equal(got, []archive.ID{d.Entry.ID}) {
		t.Errorf("is:read: got %v", got)
	}
	if got := len(find(t, ix, "apples")); got != 2 {
		t.Errorf("apples: got %d hits, want 2: a message that comes again is replaced", got)
	}
	must(t, ix.Apply(t.Context(), index.Batch{Archive: home, Cursor: 3, Remove: []archive.ID{d.Entry.ID, {1}}}))
	if got := find(t, ix, "apples"); !slices.Equal(got, []archive.ID{other.Entry.ID}) {
		t.Errorf("after removal: got %v", got)
	}
	var ids []archive.ID
	for h, err := range ix.Held(t.Context(), home) {
		must(t, err)
		ids = append(ids, h.ID)
	}
	if !slices.Equal(ids, []archive.ID{other.Entry.ID}) {
		t.Errorf("Held: got %v", ids)
	}
}

func TestFacets(t *testing.T) {
	ix, _ := library(t)
	r, err := ix.Search(t.Context(), index.Request{Query: parse(t, "invoice"), Facets: []query.Field{"from", "in", "label"}})
	must(t, err)
	want := map[query.Field]string{
		"from":  "[{anna.gross@kvist.example 1} {ben@board.example 1} {nobody@kvist.example 1}]",
		"in":    "[{Drafts 1} {INBOX 1} {Work/Invoices 1}]",
		"label": "[{Money 1}]",
	}
	for f, w := range want {
		if got := fmt.Sprint(r.Facets[f]); got != w {
			t.Errorf("%s: got %s, want %s", f, got, w)
		}
	}
}

func TestFacetsOfTimeAndSize(t *testing.T) {
	large := message(t, "From: a@kvist.example\nDate: Mon, 1 Jul 2019 10:00:00 +0000\n\nplums "+strings.Repeat("x", 20<<10)+"\n")
	undated := message(t, "From: a@kvist.example\n\nplums\n")
	w := open(t, t.TempDir(), Options{})
	apply(t, w, 1, note(t, 1, "one", "plums"), note(t, 2, "two", "plums"), large, undated)
	r, err := w.Search(t.Context(), index.Request{Query: parse(t, "plums"), Facets: []query.Field{"date", "size"}})
	must(t, err)
	if got := fmt.Sprint(r.Facets["date"]); got != "[{2024 2} {2019 1} {none 1}]" {
		t.Errorf("date: got %s", got)
	}
	if got := fmt.Sprint(r.Facets["size"]); got != "[{..10k 3} {10k..100k 1}]" {
		t.Errorf("size: got %s", got)
	}
}

func TestSnippets(t *testing.T) {
	d := note(t, 1, "first", strings.Repeat("filler words without meaning ", 30)+"then the Grüne folder\nlies on the shelf. "+strings.Repeat("more filler ", 30))
	ix := open(t, t.TempDir(), Options{Message: func(_ context.Context, id archive.ID) (*decode.Message, error) {
		if id != d.Entry.ID {
			return nil, archive.ErrNotFound
		}
		return d.Message, nil
	}})
	apply(t, ix, 1, d)
	r, err := ix.Search(t.Context(), index.Request{Query: parse(t, "grune shelf -paid"), Marks: true})
	must(t, err)
	var marked []string
	whole := ""
	for _, s := range r.Hits[0].Snippet {
		whole += s.Text
		if s.Mark {
			marked = append(marked, s.Text)
		}
	}
	if got := strings.Join(marked, "|"); got != "Grüne|shelf" {
		t.Errorf("marked %q in %q", got, whole)
	}
	if !strings.Contains(whole, "folder lies on the") || len(whole) > snippetBytes+10 {
		t.Errorf("snippet %q", whole)
	}
}

func TestExplain(t *testing.T) {
	ix, docs := library(t)
	cs, err := ix.Explain(t.Context(), parse(t, "from:anna rechnungen has:attachment -paid"), docs["invoice"])
	must(t, err)
	holds := map[string]bool{}
	for _, c := range cs {
		holds[c.Query] = c.Holds
		if c.Query == "rechnungen" && !slices.Contains(c.Near, "rechnung") {
			t.Errorf("near rechnungen: %v, want rechnung among them", c.Near)
		}
	}
	want := map[string]bool{"from:anna": true, "rechnungen": false, "has:attachment": true, "-paid": true}
	if fmt.Sprint(holds) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", holds, want)
	}
}

func TestQueriesThatCannotBeRun(t *testing.T) {
	empty := open(t, t.TempDir(), Options{})
	full, _ := library(t)
	for _, ix := range []index.Index{empty, full} {
		for _, q := range []query.Expr{
			query.Regexp{Field: "subject", Text: "("},
			query.And{List: []query.Expr{query.Term{Text: "nosuchword"}, query.Regexp{Text: "("}}},
			query.Range{Field: "subject", From: 1, To: 2},
			query.Near{Within: 3, List: []query.Expr{query.Term{Field: "in", Text: "a"}, query.Term{Field: "in", Text: "b"}}},
			query.Near{Within: 3, List: []query.Expr{query.Term{Field: "from", Text: "a"}, query.Term{Text: "b"}}},
		} {
			_, err := ix.Search(t.Context(), index.Request{Query: q})
			var syntax *query.SyntaxError
			if !errors.As(err, &syntax) {
				t.Errorf("%#v: got %v, want *query.SyntaxError", q, err)
			}
		}
	}
}

func TestSearchEndsWithContext(t *testing.T) {
	ix, _ := library(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ix.Search(ctx, index.Request{Query: parse(t, "invoice")}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// Any tree that Parse makes can be run or is a SyntaxError.
func FuzzSearch(f *testing.F) {
	ix, _ := library(f)
	for _, s := range []string{"a b", `"a b" -c`, "a NEAR/2 b", "{a b*}", "*x*", "a~2", "/a.*/", "date:2024..", "larger:1k", "header:x=y", "from:@x in:a/b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := query.Parse(s, time.Unix(1710000000, 0))
		if err != nil {
			return
		}
		_, err = ix.Search(context.Background(), index.Request{Query: e})
		var syntax *query.SyntaxError
		if err != nil && !errors.As(err, &syntax) {
			t.Errorf("%s: %v", s, err)
		}
	})
}

func TestSourceOfAnOrigin(t *testing.T) {
	for _, c := range []struct {
		origin string
		want   []string
	}{
		{"file:/home/a/mail.zip!Takeout/All mail.mbox@1234567", []string{"source:file", "source:mail.zip", "source:all mail.mbox"}},
		{"imaps://anna@imap.kvist.example/INBOX;UIDVALIDITY=1;UID=2", []string{"source:imap", "source:anna@imap.kvist.example", "source:imap.kvist.example"}},
		{"adopted:mail/cur/abc", []string{"source:adopted", "source:abc"}},
		{"", nil},
	} {
		if got := sourceKinds(c.origin); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.origin, got, c.want)
		}
	}
}

// What the ledger and decode know of a message is found by its own names.
func TestMailsOwnFields(t *testing.T) {
	places := []archive.Meta{
		{Origin: "file:old.mbox@0", Traits: []string{"unsent"}},
		{Origin: "file:copy.mbox@0", Mailbox: "Copies"},
	}
	known := message(t, "From: a@kvist.example\nContent-Type: text/plain; charset=koi8-r\n\nplums\n", places...)
	known.Facts = []string{"draft:latest", "reason:mailboxfull"}
	piece := message(t, "From: a@kvist.example\nContent-Type: message/partial; id=a; number=1; total=3\n\nSubject: in\n\none\n")
	w := open(t, t.TempDir(), Options{})
	apply(t, w, 1, known, piece)
	for query, want := range map[string]archive.ID{
		"charset:KOI8-R":          known.Entry.ID,
		"source:old.mbox":         known.Entry.ID,
		"source:copy*":            known.Entry.ID,
		"state:unsent":            known.Entry.ID,
		"dup:yes":                 known.Entry.ID,
		"dup:no":                  piece.Entry.ID,
		"draft:latest":            known.Entry.ID,
		"reason:mailboxfull":      known.Entry.ID,
		"partial:yes":             piece.Entry.ID,
		"problem:message-partial": piece.Entry.ID,
	} {
		if got := find(t, w, query); len(got) != 1 || got[0] != want {
			t.Errorf("%s: got %d messages, or the other one", query, len(got))
		}
	}
}

// A part of a compound is found when the word itself is nowhere, and only then.
func TestWidenedQuery(t *testing.T) {
	w := open(t, t.TempDir(), Options{})
	apply(t, w, 1,
		note(t, 1, "one", "die Grundstücksverkehrsgenehmigung"),
		note(t, 2, "two", "Baugenehmigung und Antrag"),
		note(t, 3, "three", "Genehmigungen"),
		note(t, 4, "four", "Donau-\nWelle, Nr. 4711 0815 00, IBAN DE89 3704 0044 0532 0130 00"),
		message(t, "Subject: five\nX-Projekt: Holunder\n\nein Holunderbusch\n"))
	for _, c := range []struct {
		query, widened string
		hits           int
	}{
		{"verkehrsgenehmigung", "*verkehrsgenehmigung*", 1},
		{"genehmigung", "", 1}, // a form of it is there
		{"verkehr", "*verkehr*", 1},
		{"+verkehr", "", 0},
		{"antrag verkehr", "", 0},
		{"antrag nehmig", "antrag *nehmig*", 1},
		{"subject:verkehr", "", 0},
		{"-antrag -genehmigungen verkehr", "-antrag -genehmigungen *verkehr*", 1},
		{"bau", "", 0},
		{"donauwelle", `"donau welle"`, 1},
		{"4711081500", `"4711 0815 00"`, 1},
		{"DE89370400440532013000", `"DE89 3704 0044 0532 0130 00"`, 1},
		{"holunder", `*holunder* or header:*=holunder`, 1},
		{"subject:donauwelle", "", 0},
		{"wellex", "", 0},
	} {
		r, err := w.Search(t.Context(), index.Request{Query: parse(t, c.query), Widen: true})
		if err != nil {
			t.Fatal(err)
		}
		widened := ""
		if r.Widened != nil {
			widened = r.Widened.String()
		}
		if widened != c.widened || len(r.Hits) != c.hits {
			t.Errorf("%s: got %q with %d hits, want %q with %d", c.query, widened, len(r.Hits), c.widened, c.hits)
		}
	}
}

func TestClausesSayWhatEachFinds(t *testing.T) {
	w := open(t, t.TempDir(), Options{})
	apply(t, w, 1, note(t, 1, "one", "an invoice"), note(t, 2, "two", "two invoices"))
	apply(t, w, 2, note(t, 3, "three", "invoicing pears"))
	r, err := w.Search(t.Context(), index.Request{Query: parse(t, "*nvoici* peers~1 invoice -pears subject:nothing"), Explain: true})
	if err != nil {
		t.Fatal(err)
	}
	want := []index.Clause{
		{Query: "*nvoici*", Holds: true, Hits: 1, Forms: []string{"invoicing"}},
		{Query: "peers~1", Holds: true, Hits: 1, Forms: []string{"pears"}},
		{Query: "invoice", Holds: true, Hits: 3, Terms: []string{"invoice"}, Forms: []string{"invoices", "invoicing"}},
		{Query: "-pears", Holds: true, Hits: 2},
		{Query: "subject:nothing", Terms: []string{"nothing"}},
	}
	if !reflect.DeepEqual(r.Clauses, want) {
		t.Errorf("got  %+v\nwant %+v", r.Clauses, want)
	}
	if r.Indexed != 3 {
		t.Errorf("got %d indexed, want 3", r.Indexed)
	}
}
