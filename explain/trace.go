package explain

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// slack is by how much clocks may differ without anybody being wrong.
const slack = time.Minute

// trace judges the hops that gather read: which are the reader's own, how long
// each took, whose clock is wrong.
func (q *inquiry) trace() {
	t := &q.rep.Trace
	t.Slowest = -1
	q.findEdge()
	q.delays()
	q.forgedDates()
	q.gaps()
	for i := range t.Hops {
		if h := &t.Hops[i]; h.HasDelay && h.Delay > 0 && (t.Slowest < 0 || h.Delay > t.Hops[t.Slowest].Delay) {
			t.Slowest = i
		}
	}
}

// How a hop came from the one below it.
type join int

const (
	apart   join = iota // from somewhere else
	claimed             // from a host that says it is one of the reader's
	joined              // from a host that is: by its address, or by the name that was found for it
	fetched             // from a mailbox of the reader, by a program
)

// findEdge marks the hops that the reader's own servers wrote. From the top, a
// hop is own while a host wrote it that belongs to the organisation of the
// topmost one or that Options.Trust names, or that has no public name, and
// while the hop above says that it took the mail from such a host. A name alone
// is not enough where the server looked the name of its peer up: anybody can
// write lines in another's name below his own. Where the server looks no names
// up, the hop is own, but what stands below it is not believed: see Trace.Sure.
func (q *inquiry) findEdge() {
	t := &q.rep.Trace
	t.Edge, t.Sure = -1, -1
	for _, s := range q.opt.Trust {
		q.own = append(q.own, asciiDomain(s))
	}
	for i := range t.Hops {
		t.Hops[i].Trust = TrustUnverified
	}
	above := joined
	for i := range t.Hops {
		h := &t.Hops[i]
		host := asciiDomain(h.By)
		public := organisation(host) != ""
		switch {
		case above == apart:
			return
		case public && (t.Own == "" || above == fetched && len(q.own) < maxOwn):
			t.Own = cmp.Or(t.Own, organisation(host))
			q.own = append(q.own, house(organisation(host))...)
		case public && !q.isOwn(host), !public && above == claimed:
			return
		}
		h.Trust = TrustOwn
		t.Edge = i
		if above != claimed && t.Sure == i-1 || q.trusts(host) {
			t.Sure = i
		}
		below := q.joinBelow(h)
		if above == fetched && !public && below == joined {
			below = fetched // the provider's servers come first that have no name
		}
		above = below
	}
}

// maxOwn bounds the names that are known to be the reader's.
const maxOwn = 100

// isOwn reports whether a host is one of the reader's.
func (q *inquiry) isOwn(host string) bool {
	for _, s := range q.own {
		if under(host, s) {
			return true
		}
	}
	return false
}

// trusts reports whether the reader named a host.
func (q *inquiry) trusts(host string) bool {
	for _, s := range q.opt.Trust {
		if under(host, asciiDomain(s)) {
			return true
		}
	}
	return false
}

// joinBelow says whether the peer of an own hop was the reader's too.
func (q *inquiry) joinBelow(h *Hop) join {
	switch p := strings.ToUpper(h.Protocol); {
	case h.writer == fetchmail, p == "IMAP", p == "IMAPS", p == "POP3", p == "POP3S":
		return fetched
	case h.IP == "" && (h.From == "" || strings.EqualFold(h.From, "localhost") || h.TLS == TLSLocal),
		h.IP != "" && (inner(h.IP) || microsofts(h.IP) && q.isOwn("outlook.com")),
		h.FromName != "" && h.writer.looksNamesUp() && q.isOwn(asciiDomain(h.FromName)):
		return joined
	case h.writer == qmail && h.FromName == "" && q.isOwn(asciiDomain(h.helo)),
		!h.writer.looksNamesUp() && q.isOwn(asciiDomain(h.From)) && !under(asciiDomain(h.From), "outlook.com"): // Microsoft's addresses are known
		return claimed
	}
	return apart
}

// A moment is a point of time on the way: that of a hop, or -1 for the Date
// field.
type moment struct {
	t   time.Time
	hop int
}

// delays gives each hop its delay after the one below it, and finds wrong
// clocks. Instants are compared, never local times. Dates must not fall from
// the bottom up; where they do, the clock is wrong without which its
// neighbours fit.
func (q *inquiry) delays() {
	t := &q.rep.Trace
	seq := make([]moment, 0, len(t.Hops)+1)
	if !q.m.Date.IsZero() {
		seq = append(seq, moment{q.m.Date, -1})
	}
	for i := len(t.Hops) - 1; i >= 0; i-- {
		if !t.Hops[i].Time.IsZero() {
			seq = append(seq, moment{t.Hops[i].Time, i})
		}
	}
	kept := make([]moment, 0, len(seq))
	for i, m := range seq {
		var next *moment
		if i+1 < len(seq) {
			next = &seq[i+1]
		}
		if !q.falls(kept, m) || q.dropsLater(&kept, m, next) {
			kept = append(kept, m)
		}
	}
	for i := 1; i < len(kept); i++ {
		h := &t.Hops[kept[i].hop]
		h.Delay, h.HasDelay = max(kept[i].t.Sub(kept[i-1].t), 0), true
	}
	if n := len(kept); n > 1 {
		t.Total = max(kept[n-1].t.Sub(kept[0].t), 0)
	}
}

// falls reports whether m is earlier than the last of kept, below which it
// should not be.
func (q *inquiry) falls(kept []moment, m moment) bool {
	return len(kept) > 0 && kept[len(kept)-1].t.Sub(m.t) > slack
}

// dropsLater decides between the clock of m and those below it that are later,
// and marks who is wrong. It reports whether m is to be kept; then the others
// are taken out of kept.
func (q *inquiry) dropsLater(kept *[]moment, m moment, next *moment) bool {
	k := *kept
	top := k[len(k)-1]
	fits := next == nil || next.t.Sub(top.t) >= -slack // the others do without m
	if !q.falls(k[:len(k)-1], m) {
		var below *moment
		if len(k) > 1 {
			below = &k[len(k)-2]
		}
		who := wrongLater
		if fits {
			who = q.compare(below, top, m, next)
		}
		switch who {
		case wrongEarlier:
			q.skewed(m, top)
			return false
		case wrongLater:
			q.skewed(top, m)
		default:
			q.unsure(top)
			q.unsure(m)
		}
		*kept = k[:len(k)-1]
		return true
	}
	if fits && next != nil && !q.ownMoment(m) {
		q.skewed(m, top)
		return false
	}
	for q.falls(k, m) {
		q.unsure(k[len(k)-1])
		k = k[:len(k)-1]
	}
	if !q.ownMoment(m) {
		q.unsure(m)
	}
	*kept = k
	return true
}

// Whose clock is wrong, of two moments.
const (
	wrongUnknown = iota
	wrongEarlier
	wrongLater
)

// compare decides between two clocks, either of which could be taken out: that
// of a server of the reader is believed, else the one that stands nearer to
// what is around them.
func (q *inquiry) compare(below *moment, later, earlier moment, above *moment) int {
	if a, b := q.ownMoment(later), q.ownMoment(earlier); a != b {
		if a {
			return wrongEarlier
		}
		return wrongLater
	}
	span := func(m moment) (d time.Duration) {
		if below != nil {
			d = m.t.Sub(below.t)
		}
		if above != nil {
			d = max(d, above.t.Sub(m.t))
		}
		return d
	}
	l, e := span(later), span(earlier)
	switch {
	case 2*l <= e && e > 0:
		return wrongEarlier
	case 2*e <= l && l > 0:
		return wrongLater
	}
	return wrongUnknown
}

// ownMoment reports whether a server of the reader wrote the time.
func (q *inquiry) ownMoment(m moment) bool {
	return m.hop >= 0 && q.rep.Trace.Hops[m.hop].Trust == TrustOwn
}

// skewed notes that the clock of m is wrong; right is a neighbour whose clock
// is not.
func (q *inquiry) skewed(m, right moment) {
	by := m.t.Sub(right.t)
	hours := by.Round(time.Hour)
	zone := ""
	if d := by - hours; hours != 0 && d.Abs() <= 10*time.Minute {
		by, zone = hours, ", whole hours: its time zone is set wrong"
	}
	t := &q.rep.Trace
	if m.hop >= 0 {
		t.Hops[m.hop].Skew, t.Hops[m.hop].Skewed = by, true
	}
	switch {
	case len(t.Problems) >= maxProblems:
	case m.hop < 0:
		t.Problems = append(t.Problems, q.named("Date", "The clock of the sender's computer is "+offBy(by)+zone+"."))
	default:
		t.Problems = append(t.Problems, q.hopFact(m.hop, "The clock of "+t.Hops[m.hop].name()+" is "+offBy(by)+zone+"."))
	}
}

// unsure notes that the clock of m or that of a neighbour is wrong.
func (q *inquiry) unsure(m moment) {
	t := &q.rep.Trace
	if m.hop < 0 || t.Hops[m.hop].Unsure {
		return
	}
	h := &t.Hops[m.hop]
	h.Unsure = true
	if len(t.Problems) < maxProblems {
		t.Problems = append(t.Problems, q.hopFact(m.hop, "The time at "+h.name()+" does not fit those around it; which clock is wrong cannot be told."))
	}
}

// maxProblems bounds the remarks on one trace.
const maxProblems = 50

// forgedDates marks claims that are dated long after the reader's own server
// took the mail. One wrong clock alone is no forgery.
func (q *inquiry) forgedDates() {
	t := &q.rep.Trace
	if t.Edge < 0 || t.Hops[t.Edge].Time.IsZero() {
		return
	}
	edge := t.Hops[t.Edge].Time
	for i := t.Edge + 1; i < len(t.Hops); i++ {
		h := &t.Hops[i]
		if h.Skewed || h.Time.Sub(edge) <= 24*time.Hour {
			continue
		}
		h.Trust = TrustForged
		h.Reason = "dated " + h.Time.Sub(edge).Round(time.Hour).String() + " after your own server took the mail"
		if len(t.Problems) < maxProblems {
			t.Problems = append(t.Problems, q.hopFact(i, fmt.Sprintf("This line is forged: it is dated %s after %s took the mail.", InWords(h.Time.Sub(edge)), t.Hops[t.Edge].name())))
		}
	}
}

// gaps notes where the name of a server does not come back in the hop above
// it. It is a hint and no proof: servers have several names.
func (q *inquiry) gaps() {
	t := &q.rep.Trace
	for i := max(t.Edge, 0) + 1; i < len(t.Hops) && len(t.Problems) < maxProblems; i++ {
		up, h := &t.Hops[i-1], &t.Hops[i]
		by := asciiDomain(h.By)
		if up.From == "" || organisation(by) == "" || up.IP != "" && inner(up.IP) {
			continue
		}
		from, name := asciiDomain(up.From), asciiDomain(up.FromName)
		if by == from || by == name || aligned(by, name) || name == "" && aligned(by, from) {
			continue
		}
		if name == "" && organisation(from) == "" {
			continue
		}
		t.Problems = append(t.Problems, q.hopFact(i, "No line says how the mail came from "+h.By+" to "+peerName(up)+"."))
	}
}

// peerName names the peer of a hop as the server saw it.
func peerName(h *Hop) string {
	if h.FromName != "" {
		return h.FromName
	}
	return strings.Trim(h.From, "[]")
}

// name names the server of a hop.
func (h *Hop) name() string {
	if h.By != "" {
		return h.By
	}
	return "a program on the server"
}

// origin finds the lowest address that can be believed. If the sender's own
// provider is vouched for, as domain says, the lines that it wrote count, down
// to the client that handed the mail in; else the peer of the edge does.
func (q *inquiry) origin(domain string) {
	t := &q.rep.Trace
	t.Origin = Origin{Hop: -1}
	if t.Edge < 0 {
		return
	}
	for i := t.Edge; i >= 0; i-- {
		if h := &t.Hops[i]; h.IP != "" && !inner(h.IP) {
			t.Origin = Origin{IP: h.IP, By: h.By, Sure: i <= t.Sure, Hop: i}
			break
		}
	}
	if domain == "" {
		return
	}
	for i := t.Edge + 1; i < len(t.Hops); i++ {
		h := &t.Hops[i]
		if h.Trust == TrustForged || !serves(h.By, domain) && h.writer != gmailInner && h.writer != qmailLocal {
			break
		}
		if h.IP != "" && !inner(h.IP) {
			t.Origin = Origin{IP: h.IP, By: h.By, Hop: i}
		}
	}
}
