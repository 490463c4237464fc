package drafts

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"lostpost/archive"
)

// letter has sentences that are added one by one.
var letter = []string{
	"Dear Ivo, the roof over the boat shed has begun to leak again.",
	"Last night I counted nine buckets, and the paper is loose along the north edge.",
	"The carpenter asks for fourteen thousand with new battens.",
	"My view is that we pay for the battens now and are done with it for twenty years.",
}

// saved makes a message of the owner; at counts minutes.
func saved(id, subject, text string, at int, fields ...string) string {
	day := time.Date(2024, 3, 6, 15, 0, 0, 0, time.UTC).Add(time.Duration(at) * time.Minute)
	return fmt.Sprintf("%sMessage-ID: <%s@fjord.example>\nDate: %s\nFrom: mara@fjord.example\nTo: ivo@vik.example\nSubject: %s\n\n%s\n",
		strings.Join(append(fields, ""), "\n"), id, day.Format(time.RFC1123Z), subject, text)
}

func candidate(t testing.TB, meta archive.Meta, raw string) *Candidate {
	return NewCandidate(sha256.Sum256([]byte(raw)), meta, read(t, raw))
}

func group(t testing.TB, list ...*Candidate) []Family {
	t.Helper()
	return Group(slices.Values(list), owner(t))
}

// states are the states of a family's versions, oldest first.
func states(f Family) string {
	var out []string
	for _, v := range f.Versions {
		out = append(out, string(v.Verdict.State))
	}
	return strings.Join(out, " ")
}

func TestGroupGathersVersions(t *testing.T) {
	inDrafts := archive.Meta{Mailbox: "imap.vik.example/Drafts"}
	gone := archive.Meta{Mailbox: "imap.vik.example/Drafts", Traits: []string{"deleted"}}
	elsewhere := archive.Meta{Mailbox: "Local Folders/Drafts"}
	inSent := archive.Meta{Mailbox: "imap.vik.example/Sent"}
	text := func(n int) string { return strings.Join(letter[:n], "\n\n") }
	for _, tt := range []struct {
		name string
		list []*Candidate
		want []string // the states of each family
	}{
		{"same Message-ID", []*Candidate{
			candidate(t, gone, saved("a", "roof", text(1), 0)),
			candidate(t, gone, saved("a", "roof", text(3), 5)),
			candidate(t, inDrafts, saved("a", "roof", text(2), 10)),
		}, []string{"superseded superseded draft"}},
		{"Apple's identifier, new Message-IDs", []*Candidate{
			candidate(t, inDrafts, saved("a", "roof", "One.", 0, "X-Universally-Unique-Identifier: 7F")),
			candidate(t, inDrafts, saved("b", "other", "Two.", 5, "X-Universally-Unique-Identifier: 7f")),
		}, []string{"superseded draft"}},
		{"same subject, text that grows", []*Candidate{
			candidate(t, inDrafts, saved("a", "roof", text(1), 0)),
			candidate(t, inDrafts, saved("b", "Re: Roof", text(2), 5)),
			candidate(t, inDrafts, saved("c", "roof", text(4), 9)),
		}, []string{"superseded superseded draft"}},
		{"given in another order", []*Candidate{
			candidate(t, inDrafts, saved("c", "roof", text(4), 9)),
			candidate(t, inDrafts, saved("a", "roof", text(1), 0)),
		}, []string{"superseded draft"}},
		{"no subject yet", []*Candidate{
			candidate(t, inDrafts, saved("a", "", text(3), 0)),
			candidate(t, inDrafts, saved("b", "roof", text(4), 5)),
		}, []string{"superseded draft"}},
		{"another account", []*Candidate{
			candidate(t, inDrafts, saved("a", "roof", text(3), 0)),
			candidate(t, elsewhere, saved("b", "roof", text(4), 5)),
		}, []string{"draft", "draft"}},
		{"half a year later", []*Candidate{
			candidate(t, inDrafts, saved("a", "roof", text(3), 0)),
			candidate(t, inDrafts, saved("b", "roof", text(4), 180*24*60)),
		}, []string{"draft", "draft"}},
		{"same subject, another text", []*Candidate{
			candidate(t, inDrafts, saved("a", "roof", letter[0], 0)),
			candidate(t, inDrafts, saved("b", "roof", letter[3], 5)),
		}, []string{"draft", "draft"}},
		{"same opening, another subject", []*Candidate{
			candidate(t, inDrafts, saved("a", "roof", text(1), 0)),
			candidate(t, inDrafts, saved("b", "to the carpenter", text(4), 5)),
		}, []string{"draft", "draft"}},
		{"empty texts", []*Candidate{
			candidate(t, inDrafts, saved("a", "x", "", 0)),
			candidate(t, inDrafts, saved("b", "y", "", 5)),
		}, []string{"draft", "draft"}},
		{"the last one thrown away, an older one still there", []*Candidate{
			candidate(t, gone, saved("a", "roof", text(1), 0)),
			candidate(t, inDrafts, saved("a", "roof", text(2), 5)),
			candidate(t, gone, saved("a", "roof", text(3), 9)),
		}, []string{"superseded draft deleted"}},
		{"all thrown away", []*Candidate{
			candidate(t, gone, saved("a", "roof", text(1), 0)),
			candidate(t, gone, saved("a", "roof", text(2), 5)),
		}, []string{"superseded deleted"}},
		{"revised in another mailbox of the account", []*Candidate{
			candidate(t, inDrafts, saved("a", "roof", text(1), 0)),
			candidate(t, archive.Meta{Mailbox: "imap.vik.example/Brouillons"}, saved("b", "roof", text(2), 5)),
		}, []string{"draft draft"}},
		{"the same octets in two places", []*Candidate{
			candidate(t, inDrafts, saved("a", "roof", text(2), 0)),
			candidate(t, elsewhere, saved("a", "roof", text(2), 0)),
		}, []string{"draft draft"}},
		{"a copy was sent, by Message-ID", []*Candidate{
			candidate(t, inDrafts, saved("a", "roof", text(2), 0)),
			candidate(t, inSent, saved("a", "roof", text(4), 9)),
		}, []string{"draft sent"}},
		{"a copy was sent, by text", []*Candidate{
			candidate(t, inDrafts, saved("a", "roof", text(2), 0)),
			candidate(t, inSent, saved("b", "roof", text(2), 9)),
		}, []string{"draft sent"}},
		{"a longer text was sent", []*Candidate{
			candidate(t, inDrafts, saved("a", "roof", text(2), 0)),
			candidate(t, inSent, saved("b", "roof", text(3), 9)),
		}, []string{"draft", "sent"}},
		{"a short text was sent", []*Candidate{
			candidate(t, inDrafts, saved("a", "roof", "Thank you.", 0)),
			candidate(t, inSent, saved("b", "boat", "Thank you.", 9)),
		}, []string{"draft", "sent"}},
		{"received mail is no family", []*Candidate{candidate(t, inDrafts, received)}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, f := range group(t, tt.list...) {
				got = append(got, states(f))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLatestAndLongest(t *testing.T) {
	meta := archive.Meta{Mailbox: "Drafts"}
	var list []*Candidate
	for i, n := range []int{1, 4, 3} {
		list = append(list, candidate(t, meta, saved("a", "roof", strings.Join(letter[:n], " "), i)))
	}
	list = append(list, candidate(t, archive.Meta{Mailbox: "Sent"}, saved("a", "roof", strings.Join(letter, " ")+" More words than before.", 60)))
	f := group(t, list...)[0]
	if f.Latest != 2 || f.Longest != 1 || f.State != Draft || f.Best() != list[1] {
		t.Errorf("latest %d, longest %d, %s", f.Latest, f.Longest, f.State)
	}
	last := f.Versions[f.Latest].Verdict.Evidence
	if e := last[len(last)-1]; e.Reason != "a copy of it was sent on 2024-03-06" || e.Where != `mailbox "Sent"` {
		t.Errorf("got %+v", e)
	}
}

// TestGroupIsLinear counts how many pairs of texts are compared. Drafts with one
// subject and a text of their own are the worst case: each is compared with all
// that it may belong to, and joins none.
func TestGroupIsLinear(t *testing.T) {
	compared := func(n int) int {
		g := grouping{byKey: make(map[string]int)}
		for i := range n {
			raw := saved(fmt.Sprint(i), "hello", strings.Repeat(fmt.Sprintf("word%d ", i), 12), i)
			c := candidate(t, archive.Meta{Mailbox: "Drafts"}, raw)
			c.Verdict = c.facts.verdict(nil)
			g.list = append(g.list, c)
		}
		g.gather()
		return g.compared
	}
	one, two := compared(1000), compared(2000)
	if one < 1000 || two > 2*one+near*near {
		t.Errorf("%d pairs of 1,000 drafts, %d of 2,000", one, two)
	}
}

// TestCandidateIsSmall: a candidate holds nothing of its message, neither text
// nor header, so that a mailbox of any size can be looked through.
func TestCandidateIsSmall(t *testing.T) {
	long := strings.Repeat("X-Long: "+strings.Repeat("x", 900)+"\n", 50)
	var text strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&text, "word%d\n", i)
	}
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC() // what pools hold goes with the second
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	var list []*Candidate
	add := func(n int) {
		for i := range n {
			list = append(list, candidate(t, archive.Meta{Mailbox: "Drafts"}, long+saved(fmt.Sprint(i), "roof", fmt.Sprint(i, text.String()), i, "In-Reply-To: <x@vik.example>")))
		}
	}
	add(50) // what is made once, and kept
	before := heap()
	add(400)
	if each := (heap() - before) / 400; each > 5<<10 {
		t.Errorf("%d octets a candidate", each)
	}
	runtime.KeepAlive(list)
}

func BenchmarkJudge(b *testing.B) {
	own := owner(b)
	meta := archive.Meta{Mailbox: "imap.vik.example/Drafts", Flags: "DS", Traits: []string{"label:Drafts"}}
	for name, raw := range map[string]string{"draft": "X-Unsent: 1\n" + whole, "received": received} {
		m := read(b, raw)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Judge(meta, m, own)
			}
		})
	}
}

func BenchmarkGroup(b *testing.B) {
	meta := archive.Meta{Mailbox: "Drafts"}
	for b.Loop() {
		b.StopTimer()
		list := make([]*Candidate, 1000)
		for i := range list {
			list[i] = candidate(b, meta, saved(fmt.Sprint(i), fmt.Sprint("letter ", i%100), strings.Join(letter[:1+i%4], " ")+fmt.Sprint(i%100), i))
		}
		b.StartTimer()
		Group(slices.Values(list), nil)
	}
}

func TestText(t *testing.T) {
	mbox := archive.Meta{Origin: "file:/mail/Drafts@812"}
	for _, tt := range []struct {
		name string
		meta archive.Meta
		body string
		want string
	}{
		{"line ends and blanks", archive.Meta{}, "\n\none  \ntwo\n\n\n", "one\ntwo"},
		{"leading spaces stay", archive.Meta{}, "  one\n", "  one"},
		{"quoted in an mbox", mbox, "a\n>From here\n>>From there\n> From a quote\n", "a\nFrom here\n>From there\n> From a quote"},
		{"not from an mbox", archive.Meta{Origin: "file:/mail/a.eml"}, "a\n>From here\n", "a\n>From here"},
		{"from Outlook Express", archive.Meta{Origin: "file:/mail/Drafts.dbx@9404"}, "a\n>From here\n", "a\n>From here"},
		{"no offset", archive.Meta{Origin: "imaps://me@fjord.example"}, ">From here\n", ">From here"},
		{"nmh's dashes", archive.Meta{}, "--------\nWritten with comp.\n", "Written with comp."},
		{"dashes further down", archive.Meta{}, "one\n--------\ntwo\n", "one\n--------\ntwo"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := read(t, "Subject: x\nFrom: mara@fjord.example\n\n"+tt.body)
			if got := Text(tt.meta, m); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			sum := sha1.Sum([]byte(tt.want))
			if got := NewCandidate(archive.ID{}, tt.meta, m).TextSHA1; got != sum {
				t.Errorf("sha1 %s, want %s", hex.EncodeToString(got[:]), hex.EncodeToString(sum[:]))
			}
		})
	}
}

func TestCandidateBegins(t *testing.T) {
	long := strings.Repeat("ä", 300)
	for body, want := range map[string]string{"": "", "\n\nDear  Zoë,\n\nI have\n": "Dear Zoë, I have", long: strings.Repeat("ä", 100)} {
		m := read(t, "Subject: x\nContent-Type: text/plain; charset=utf-8\n\n"+body)
		if got := NewCandidate(archive.ID{}, archive.Meta{}, m).Begins; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestWords(t *testing.T) {
	got := words("Dear Zoë, it's 5 o'clock: 鳥が a-b.")
	want := []string{"dear", "zoë", "it", "s", "5", "o", "clock", "鳥", "が", "a", "b"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestLikeness(t *testing.T) {
	long := strings.Fields(strings.Repeat("every word of this text stands in another place than before and ", 1))
	var many []string
	for i := range 4000 {
		many = append(many, fmt.Sprintf("w%d", i))
	}
	for _, tt := range []struct {
		name             string
		a, b             []string
		jacLow, jacHigh  float64
		contLow, contMax float64
	}{
		{"equal", long, long, 1, 1, 1, 1},
		{"nothing in common", long, many, 0, 0, 0, 0},
		{"empty", nil, long, 0, 0, 0, 0},
		{"half of a long one", many[:2000], many, 0.4, 0.6, 0.8, 1},
		{"one of a thousand words", many, append(slices.Clone(many[:3999]), "new"), 0.98, 1, 0.98, 1},
	} {
		j, c := likeness(sketchOf(tt.a), sketchOf(tt.b))
		if j < tt.jacLow || j > tt.jacHigh || c < tt.contLow || c > tt.contMax {
			t.Errorf("%s: jaccard %.3f, contained %.3f", tt.name, j, c)
		}
	}
}
