package drafts

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"time"

	"lostpost/archive"
)

// A Family is one draft in all its versions, oldest first, with the copies that
// were sent of it.
type Family struct {
	Versions        []*Candidate
	Latest, Longest int // index into Versions
	State           State
}

// Best is the version that a person most likely wants: the longest.
func (f *Family) Best() *Candidate { return f.Versions[f.Longest] }

// Verdict is that of the last version in the family's state: why it is called
// so.
func (f *Family) Verdict() Verdict {
	var v Verdict
	for _, c := range f.Versions {
		if c.Verdict.State == f.State {
			v = c.Verdict
		}
	}
	return v
}

const (
	// apart is how long versions of one draft may lie apart if nothing but
	// their text shows that they belong together.
	apart = 30 * 24 * time.Hour
	// near is how many candidates with the same subject, or a shingle in
	// common, one is compared with. It keeps the time linear.
	near = 50
	// enough is how many words a text needs to be known again without a
	// Message-ID: everybody sends "Thank you" more than once.
	enough = 5
)

// Group judges the candidates and gathers versions of the same draft. own are
// the addresses of the owner. Candidates that turn out to be None are left out.
//
// Versions are told by Apple's identifier of a draft, by Message-ID, and else by
// their text: alike, saved within 30 days, in mailboxes of one account. A sent
// copy joins the draft with its Message-ID or its very text. All versions but
// the last become Superseded; one that still lies in Drafts while the later ones
// were thrown away stays what it is, and so does one in another mailbox.
//
// The order of the families is that of their first candidates. It takes the
// candidates as its own.
func Group(candidates iter.Seq[*Candidate], own *Owners) []Family {
	g := grouping{byKey: make(map[string]int)}
	for c := range candidates {
		c.Verdict = c.facts.verdict(own)
		if c.Verdict.State != None {
			g.list = append(g.list, c)
		}
	}
	g.gather()
	return g.families()
}

// A grouping is a forest over the list: each tree is a family.
type grouping struct {
	list     []*Candidate
	parent   []int
	byKey    map[string]int
	compared int // pairs of texts, which is what takes the time
}

// gather makes the trees.
func (g *grouping) gather() {
	g.parent = make([]int, len(g.list))
	for i := range g.parent {
		g.parent[i] = i
	}
	g.byKeys()
	g.byText()
	g.attachSent()
}

func (g *grouping) root(i int) int {
	for g.parent[i] != i {
		g.parent[i] = g.parent[g.parent[i]]
		i = g.parent[i]
	}
	return i
}

// join makes one family of two. The first candidate stays the root.
func (g *grouping) join(i, j int) {
	i, j = g.root(i), g.root(j)
	if i != j {
		g.parent[max(i, j)] = min(i, j)
	}
}

// same joins i with the first candidate that has this key.
func (g *grouping) same(key string, i int) {
	if j, ok := g.byKey[key]; ok {
		g.join(i, j)
		return
	}
	g.byKey[key] = i
}

// byKeys joins the same octets in several places, and drafts that say that they
// belong together.
func (g *grouping) byKeys() {
	for i, c := range g.list {
		if !c.Verdict.State.Lost() {
			g.same(string(c.Verdict.State)+" "+string(c.ID[:]), i)
			continue
		}
		g.same("id "+string(c.ID[:]), i)
		for _, id := range c.ids {
			g.same("mid "+id, i)
		}
		if c.uuid != "" {
			g.same("uuid "+c.uuid, i)
		}
	}
}

// byText joins drafts by their text. Only those are compared that have a chance:
// the same subject, or one of the four smallest shingles.
func (g *grouping) byText() {
	order := make([]int, 0, len(g.list))
	for i, c := range g.list {
		if c.Verdict.State.Lost() && c.sketch.all > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return g.list[i].Date.Compare(g.list[j].Date) })
	topics := make(map[string][]int)
	shingles := make(map[uint64][]int)
	for _, i := range order {
		c := g.list[i]
		if c.topic != "" {
			topics[c.topic] = g.compare(i, topics[c.topic])
		}
		for _, h := range c.sketch.low[:min(4, len(c.sketch.low))] {
			shingles[h] = g.compare(i, shingles[h])
		}
	}
}

// compare joins i with those of the bucket that it is a version of, and gives
// the bucket with i in it.
func (g *grouping) compare(i int, bucket []int) []int {
	for _, j := range bucket {
		if g.root(i) == g.root(j) {
			continue
		}
		g.compared++
		if versions(g.list[i], g.list[j]) {
			g.join(i, j)
		}
	}
	if len(bucket) == near {
		bucket = slices.Delete(bucket, 0, 1)
	}
	return append(bucket, i)
}

// versions reports whether the texts show that two drafts are one.
func versions(a, b *Candidate) bool {
	if d := a.Date.Sub(b.Date); !a.Date.IsZero() && !b.Date.IsZero() && d.Abs() > apart {
		return false
	}
	if !sameAccount(a.Meta.Mailbox, b.Meta.Mailbox) {
		return false
	}
	jaccard, contained := likeness(a.sketch, b.sketch)
	switch {
	case a.topic != "" && a.topic == b.topic, a.reply != "" && a.reply == b.reply:
		return contained >= 0.5
	case a.topic == "" || b.topic == "":
		return jaccard >= 0.5 && min(a.Words, b.Words) >= enough
	}
	// Another subject is another letter, but for one that is nearly the same.
	return jaccard >= 0.8 && min(a.Words, b.Words) >= 4*enough
}

// sameAccount reports whether one of two mailboxes lies where the other one
// does, or further down: "imap.example.org/Drafts" and
// "imap.example.org/Work/Old", not "Local Folders/Drafts".
func sameAccount(a, b string) bool {
	a, b = parentOf(a), parentOf(b)
	if len(a) > len(b) {
		a, b = b, a
	}
	return a == "" || a == b || strings.HasPrefix(b, a+"/")
}

func parentOf(mailbox string) string {
	i := strings.LastIndexByte(mailbox, '/')
	return mailbox[:max(i, 0)]
}

// attachSent puts sent copies into the family of their draft and notes when it
// went out.
func (g *grouping) attachSent() {
	byText := make(map[string]int)
	for i, c := range g.list {
		if key := "text " + string(c.TextSHA1[:]); c.Verdict.State.Lost() && c.Words >= enough {
			if _, ok := byText[key]; !ok {
				byText[key] = i
			}
		}
	}
	sent := false
	for i, c := range g.list {
		if c.Verdict.State != Sent {
			continue
		}
		sent = true
		for _, id := range c.ids {
			if j, ok := g.byKey["mid "+id]; ok {
				g.join(i, j)
			}
		}
		if j, ok := byText["text "+string(c.TextSHA1[:])]; ok && g.root(i) == i {
			g.join(i, j)
		}
	}
	if !sent {
		return
	}
	out := make(map[int]*Candidate)
	for i, c := range g.list {
		if r := g.root(i); c.Verdict.State == Sent && out[r] == nil {
			out[r] = c
		}
	}
	for i, c := range g.list {
		if !c.Verdict.State.Lost() {
			continue
		}
		e := Evidence{0, "no message with this text or Message-ID in Sent", ""}
		if s := out[g.root(i)]; s != nil {
			e = Evidence{0, sentOn(s), "mailbox " + quote(s.Meta.Mailbox)}
		}
		c.Verdict.Evidence = append(c.Verdict.Evidence, e)
	}
}

func sentOn(c *Candidate) string {
	if c.Date.IsZero() {
		return "a copy of it was sent"
	}
	return "a copy of it was sent on " + c.Date.Format("2006-01-02")
}

// families gives the trees in the order of their first candidates.
func (g *grouping) families() []Family {
	at := make(map[int]int)
	var out []Family
	for i, c := range g.list {
		r := g.root(i)
		n, ok := at[r]
		if !ok {
			n = len(out)
			at[r] = n
			out = append(out, Family{})
		}
		out[n].Versions = append(out[n].Versions, c)
	}
	for i := range out {
		out[i].settle()
	}
	return out
}

// rank orders states by what a family is called after.
var rank = []State{Draft, Queued, Probable, Deleted, Superseded, Template, Sent}

// settle orders the versions, finds the latest and the longest, and says which
// are superseded.
func (f *Family) settle() {
	slices.SortStableFunc(f.Versions, func(a, b *Candidate) int { return a.Date.Compare(b.Date) })
	f.Latest, f.Longest = -1, -1
	lost := slices.ContainsFunc(f.Versions, func(c *Candidate) bool { return c.Verdict.State.Lost() })
	for i, v := range f.Versions {
		if lost && !v.Verdict.State.Lost() {
			continue
		}
		f.Latest = i
		if f.Longest < 0 || v.Words >= f.Versions[f.Longest].Words {
			f.Longest = i
		}
	}
	f.supersede()
	f.State = slices.MinFunc(f.Versions, func(a, b *Candidate) int {
		return cmp.Compare(slices.Index(rank, a.Verdict.State), slices.Index(rank, b.Verdict.State))
	}).Verdict.State
}

// supersede marks the older versions, from the latest backwards.
func (f *Family) supersede() {
	if !f.Versions[f.Latest].Verdict.State.Lost() {
		return
	}
	latest := f.Versions[f.Latest]
	live := latest.Verdict.State != Deleted
	for i := f.Latest - 1; i >= 0; i-- {
		v := f.Versions[i]
		thrown := v.Verdict.State == Deleted
		switch {
		case !v.Verdict.State.Lost(), v.Verdict.State == Queued:
		case !thrown && (!live || v.TextSHA1 == latest.TextSHA1 || v.Meta.Mailbox != latest.Meta.Mailbox):
			// the only one that still lies there, a copy of the latest, or
			// one in another mailbox, where no later save replaced it
			live = true
		case thrown && v.TextSHA1 == latest.TextSHA1 && !live:
		default:
			v.Verdict.State = Superseded
		}
	}
}

// IDs gives the ids of the latest and the longest version.
func (f *Family) IDs() (latest, longest archive.ID) {
	return f.Versions[f.Latest].ID, f.Versions[f.Longest].ID
}
