package local

import (
	"encoding/base64"
	"fmt"
	"slices"
	"testing"

	"lostpost/archive"
	"lostpost/index"
)

// letter is a message of a conversation.
func letter(t testing.TB, day int, name, refs, text string) index.Document {
	t.Helper()
	raw := fmt.Sprintf("From: anna@kvist.example\nSubject: %s\nDate: %d Mar 2020 10:00:00 +0000\nMessage-ID: <%s@kvist.example>\n", name, day, name)
	if refs != "" {
		raw += refs + "\n"
	}
	return message(t, raw+"\n"+text+"\n")
}

// conversations has three threads: a, a reply to it and a reply to that; two
// replies to a message that is missing; two of one Thread-Index.
func conversations(t testing.TB) (index.Index, map[string]index.Document) {
	t.Helper()
	root := base64.StdEncoding.EncodeToString([]byte("\x01\xd5head.0123456789abcdef"[:22]))
	below := base64.StdEncoding.EncodeToString([]byte("\x01\xd5HEAD.0123456789abcdef"[:22] + "child"))
	docs := map[string]index.Document{
		"a":     letter(t, 1, "a", "", "apples"),
		"b":     letter(t, 2, "b", "In-Reply-To: <a@kvist.example>", "pears"),
		"c":     letter(t, 9, "c", "References: <a@kvist.example> <b@kvist.example>", "plums"),
		"d":     letter(t, 3, "d", "References: <missing@kvist.example>", "cherries"),
		"e":     letter(t, 4, "e", "In-Reply-To: <MISSING@kvist.example>", "quinces"),
		"f":     letter(t, 5, "f", "Thread-Index: "+root, "figs"),
		"g":     letter(t, 6, "g", "Thread-Index: "+below, "grapes"),
		"alone": letter(t, 7, "alone", "", "medlars"),
	}
	w := open(t, t.TempDir(), Options{})
	// Two segments: threads go from one into the other.
	apply(t, w, 1, docs["c"], docs["d"], docs["f"], docs["alone"])
	apply(t, w, 2, docs["a"], docs["b"], docs["e"], docs["g"])
	return w, docs
}

func TestThreadFindsTheWholeConversation(t *testing.T) {
	ix, docs := conversations(t)
	for _, c := range []struct {
		query string
		want  []string
	}{
		{"thread:{apples}", []string{"a", "b", "c"}},
		{"thread:{plums}", []string{"a", "b", "c"}},
		{"thread:{cherries}", []string{"d", "e"}},
		{"thread:{grapes}", []string{"f", "g"}},
		{"thread:{medlars}", []string{"alone"}},
		{"thread:{apples figs}", nil},
		{"thread:{apples or figs} subject:c", []string{"c"}},
		{"-thread:{apples} -thread:{d or f}", []string{"alone"}},
		{"thread:{subject:b} -subject:b", []string{"a", "c"}},
		{"thread:b@kvist.example", []string{"a", "b", "c"}},
		{"thread:t" + docs["d"].Entry.ID.String()[:9], []string{"d", "e"}},
		{"thread:" + docs["c"].Entry.ID.String(), []string{"a", "b", "c"}},
		{"thread:nothing@kvist.example", nil},
	} {
		var want []archive.ID
		for _, name := range c.want {
			want = append(want, docs[name].Entry.ID)
		}
		got := find(t, ix, c.query)
		slices.SortFunc(got, compareIDs)
		slices.SortFunc(want, compareIDs)
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %d messages, want %v", c.query, len(got), c.want)
		}
	}
}

func compareIDs(a, b archive.ID) int { return slices.Compare(a[:], b[:]) }

// threadPages gives the subjects of the hits, page after page.
func threadPages(t *testing.T, ix index.Index, r index.Request) (subjects []string, hits []index.Hit) {
	t.Helper()
	for range 100 {
		res, err := ix.Search(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range res.Hits {
			subjects = append(subjects, h.Subject)
			hits = append(hits, h)
		}
		if r.After = res.Next; r.After == "" {
			return subjects, hits
		}
	}
	t.Fatal("the pages do not end")
	return nil, nil
}

func TestThreadsAreFolded(t *testing.T) {
	ix, docs := conversations(t)
	for limit := 1; limit < 6; limit++ {
		got, hits := threadPages(t, ix, index.Request{Threads: true, Limit: limit})
		if want := []string{"c", "alone", "g", "e"}; !slices.Equal(got, want) {
			t.Fatalf("%d a page: got %q, want %q", limit, got, want)
		}
		first := hits[0].Thread
		if first.ID != docs["a"].Entry.ID || first.Matched != 3 || len(first.Messages) != 3 {
			t.Errorf("thread of c: got %+v", first)
		}
		if first.Messages[1] != docs["b"].Entry.ID {
			t.Error("messages of a thread are not oldest first")
		}
	}
	got, hits := threadPages(t, ix, index.Request{Query: parse(t, "apples or pears or figs"), Threads: true, Sort: index.Oldest, Limit: 1})
	if want := []string{"a", "f"}; !slices.Equal(got, want) {
		t.Errorf("oldest first: got %q, want %q", got, want)
	}
	if th := hits[0].Thread; th.Matched != 2 || len(th.Messages) != 3 {
		t.Errorf("got %d of %d matched, want 2 of 3", th.Matched, len(th.Messages))
	}
	if _, err := ix.Search(t.Context(), index.Request{Threads: true, Sort: index.Relevance}); err == nil {
		t.Error("threads by relevance: got no error")
	}
}

func TestExplainOfAThreadLooksAtTheOthers(t *testing.T) {
	ix, docs := conversations(t)
	for query, want := range map[string]bool{"thread:{apples}": true, "thread:{cherries}": false} {
		got, err := ix.Explain(t.Context(), parse(t, query), docs["c"])
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 1 || got[0].Holds != want {
			t.Errorf("%s on c: got %+v, want %v", query, got, want)
		}
	}
}

// A thread is followed through 900 messages that each name the one before.
func TestLongThread(t *testing.T) {
	var docs []index.Document
	for i := range 900 {
		d := letter(t, 1+i%28, fmt.Sprint("m", i), fmt.Sprintf("In-Reply-To: <m%d@kvist.example>", i-1), "chain")
		docs = append(docs, d)
	}
	w := open(t, t.TempDir(), Options{})
	apply(t, w, 1, docs...)
	if got := len(find(t, w, "thread:{subject:m7}")); got != len(docs) {
		t.Errorf("got %d messages, want %d", got, len(docs))
	}
}

func TestRowReadsBack(t *testing.T) {
	want := row{attached: true, lossy: true, from: "Anna", subject: "Grüße", ties: []tie{tieOf("id", "a"), tieOf("id", "b")}}
	got, err := parseRow(want.bytes())
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}

func FuzzParseRow(f *testing.F) {
	f.Add((&row{from: "a", subject: "b", ties: []tie{{1}}}).bytes())
	f.Add([]byte{0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parseRow(b)
		if err != nil {
			return
		}
		if again, err := parseRow(r.bytes()); err != nil || fmt.Sprint(again) != fmt.Sprint(r) {
			t.Errorf("%x: %v, then %v, %v", b, r, again, err)
		}
	})
}
