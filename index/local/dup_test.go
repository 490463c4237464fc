package local

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"lostpost/archive"
	"lostpost/decode"
	"lostpost/index"
	"lostpost/index/query"
)

// family has a message in three copies, one whose Message-ID another text has,
// and two that are alone.
func family(t testing.TB) (index.Index, map[string]index.Document) {
	t.Helper()
	text := "The hedge along the north side has to be cut before the first of March, since after that day the birds are nesting in it."
	mail := func(id, from, subject, day, text string) index.Document {
		return message(t, fmt.Sprintf("From: %s\nSubject: %s\nDate: %s Mar 2020 10:00:00 +0000\nMessage-ID: <%s@kvist.example>\n\n%s\n", from, subject, day, id, text))
	}
	docs := map[string]index.Document{
		"first":  mail("a", "anna@kvist.example", "hedge", "1", text),
		"list":   mail("a", "gardeners@lists.kvist.example", "[gardeners] hedge", "1", text+"\n\n____\nGardeners mailing list\nhttps://lists.kvist.example/gardeners\n"),
		"again":  mail("b", "anna@kvist.example", "hedge", "1", "CAUTION: from outside.\n\n"+text),
		"other":  mail("c", "anna@kvist.example", "fence", "5", strings.Repeat("The fence is to be painted green, and the gate with it, on Saturday. ", 1)),
		"forged": mail("c", "bob@kvist.example", "bill", "6", "Please pay the bill for the new lawn mower within ten days to the account that is named below."),
		"alone":  mail("d", "anna@kvist.example", "thanks", "7", "Thank you"),
		"too":    mail("e", "bob@kvist.example", "thanks", "8", "Thank you"),
	}
	w := open(t, t.TempDir(), Options{})
	apply(t, w, 1, docs["first"], docs["other"], docs["alone"], docs["too"])
	apply(t, w, 2, docs["list"], docs["again"], docs["forged"])
	return w, docs
}

func TestNearDuplicates(t *testing.T) {
	ix, docs := family(t)
	first := docs["first"].Entry.ID.String()
	for _, c := range []struct {
		query string
		want  []string
	}{
		{"dup:near", []string{"again", "first", "list"}},
		{"dup:differs", []string{"forged", "other"}},
		{"dup:" + first, []string{"again", "first", "list"}},
		{"dup:" + first[:8], []string{"again", "first", "list"}},
		{"dup:<a@kvist.example>", []string{"again", "first", "list"}},
		{"dup:" + docs["alone"].Entry.ID.String(), []string{"alone"}},
		{"dup:ffffffffffff", nil},
		{"dup:near from:anna", []string{"again", "first"}},
		{"thread:{dup:differs}", []string{"forged", "other"}},
		{"-dup:near -dup:differs", []string{"alone", "too"}},
	} {
		t.Run(c.query, func(t *testing.T) {
			var want []archive.ID
			for _, name := range c.want {
				want = append(want, docs[name].Entry.ID)
			}
			got := find(t, ix, c.query)
			slices.SortFunc(got, compareIDs)
			slices.SortFunc(want, compareIDs)
			if !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
			for name, d := range docs {
				clauses, err := ix.Explain(t.Context(), query.Not{X: parse(t, c.query)}, d)
				must(t, err)
				if holds := !clauses[0].Holds; holds != slices.Contains(c.want, name) {
					t.Errorf("explained: %s holds for %s: %v", c.query, name, holds)
				}
			}
		})
	}
}

func TestNearDuplicatesAreFolded(t *testing.T) {
	ix, _ := family(t)
	r, err := ix.Search(t.Context(), index.Request{Query: query.All{}, Fold: true})
	must(t, err)
	if len(r.Hits) != 5 || r.Total != 7 {
		t.Fatalf("%d hits of %d, want 5 of 7", len(r.Hits), r.Total)
	}
	for _, h := range r.Hits {
		want := 0
		if strings.HasSuffix(h.Subject, "hedge") {
			want = 2
		}
		if len(h.Alike) != want {
			t.Errorf("%s: %d alike, want %d", h.Subject, len(h.Alike), want)
		}
	}
}

func TestKinReadsBack(t *testing.T) {
	k := kin{mid: who("id", "a"), written: who("b", "c"), shingles: 1 << 20}
	for i := range k.bins {
		k.bins[i] = byte(i * 7)
	}
	if b := k.append(nil); len(b) != kinLen || parseKin(b) != k {
		t.Errorf("%d octets: got %v, want %v", len(b), parseKin(b), k)
	}
}

func TestFacetOfPeopleCountsAMessageOnce(t *testing.T) {
	w := open(t, t.TempDir(), Options{})
	one := message(t, "From: anna@kvist.example\nTo: Anna <anna@kvist.example>, bob@kvist.example\nSubject: one\n\nplums\n")
	two := message(t, "From: bob@kvist.example\nCc: anna@kvist.example\nSubject: two\n\nplums\n")
	apply(t, w, 1, one)
	apply(t, w, 2, two)
	r, err := w.Search(t.Context(), index.Request{Query: parse(t, "plums"), Facets: []query.Field{"contact", "lang"}})
	must(t, err)
	if got, want := fmt.Sprint(r.Facets["contact"]), "[{anna@kvist.example 2} {bob@kvist.example 2}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := r.Facets["lang"]; len(got) != 0 {
		t.Errorf("languages %v of messages that declare none", got)
	}
}

func TestFacetKeepsTheMostFrequent(t *testing.T) {
	var list []index.Count
	for i := range 3 * maxFacet {
		list = append(list, index.Count{Value: fmt.Sprint(i), N: int64(i % 7)})
	}
	list = mostFrequent(list)
	if len(list) != maxFacet || list[0].N != 6 || list[maxFacet-1].N < 4 {
		t.Errorf("%d values, first %v, last %v", len(list), list[0], list[len(list)-1])
	}
}

func TestWordsOutsideTheText(t *testing.T) {
	w := open(t, t.TempDir(), Options{})
	d := message(t, "From: a@kvist.example\nKeywords: =?utf-8?q?Ger=C3=A4teschuppen?=\nOrganization: Holmbergs Trädgård\nX-Other: sprinkler\nContent-Language: sv-FI\n\nplums\n")
	d.Message.Unshown = []decode.PartText{{Part: &decode.Part{}, Text: "plums or MEDLARS, then plums: quinces"}}
	apply(t, w, 1, d)
	for q, want := range map[string]int{
		"geräteschuppen": 1, "holmbergs tradgard": 1, `"holmbergs trädgård"`: 1, "body:holmbergs": 0,
		"sprinkler": 0, "header:x-other=sprinkler": 1,
		"medlars": 1, "body:quinces": 1, `"medlars then"`: 1, `"plums medlars"`: 0, `"then quinces"`: 0,
		"lang:sv": 1, "lang:sv-fi": 1, "lang:fi": 0, "lang:*": 1,
	} {
		if got := len(find(t, w, q)); got != want {
			t.Errorf("%s: %d hits, want %d", q, got, want)
		}
	}
}
