package drafts

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
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

// TestGroupIsLinear: many drafts with one subject and one text each must not
// take the square of their number.
func TestGroupIsLinear(t *testing.T) {
	var list []*Candidate
	for i := range 5000 {
		raw := saved(fmt.Sprint(i), "hello", fmt.Sprintf("Dear number %d, I write to you about the roof of the shed.", i), i)
		c := candidate(t, archive.Meta{Mailbox: "Drafts"}, raw)
		list = append(list, c)
	}
	start := time.Now()
	group(t, list...)
	if d := time.Since(start); d > 3*time.Second {
		t.Errorf("took %v", d)
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
