package main

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"lostpost/decode"
	"lostpost/explain"
	"lostpost/internal/term"
)

// An explained is one report that is being printed.
type explained struct {
	*explainer
	it   *item
	m    *decode.Message
	rep  *explain.Report
	head []byte // the octets in which facts stand
}

// maxHead is how many octets are read to number the lines of facts: header
// sections of real mail have at most 200 kB.
const maxHead = 4 << 20

func (x *explainer) print(it *item, m *decode.Message, rep *explain.Report) error {
	e := &explained{explainer: x, it: it, m: m, rep: rep}
	if len(m.Parts) > 0 {
		e.head = make([]byte, min(m.Parts[0].Body, maxHead))
		n, _ := it.r.ReadAt(e.head, 0) // a file that was cut has fewer lines to number
		e.head = e.head[:n]
	}
	if x.sum.messages > 1 || it.path != "" && x.flags.query == "" && len(x.flags.only) == 0 && strings.Contains(it.path, "!") {
		x.app.printf("%s\n", oneLine(cmp.Or(it.path, it.id.String()[:12])+"  "+m.Subject))
	}
	short := rep.Verdict.Short
	if rep.Bounce != nil {
		short = bounceShort(rep)
	} else if s := kindShort[rep.Kind]; s != "" {
		short = s
	}
	e.line("In short: ", short)
	if rep.Bounce != nil && x.flags.wants("bounce") {
		e.bounce()
	}
	if x.flags.wants("forged") {
		e.verdict(short != rep.Verdict.Short)
	}
	if x.flags.wants("who") {
		e.who()
	}
	if x.flags.wants("way") {
		e.way()
	}
	if x.flags.show {
		e.show()
	}
	e.inside()
	return nil
}

// inside names a whole mail that this one carries: people who ask about a mail
// often forward it, and the answer about the outer one is not theirs.
func (e *explained) inside() {
	if e.rep.Kind != explain.KindNone {
		return
	}
	for _, p := range e.m.Parts {
		if p.MediaType == "message/rfc822" && p.Parent() != nil {
			name := cmp.Or(e.it.path, e.it.id.String()[:12])
			e.line("It carries another mail, with a way of its own: ", "lostpost show "+shellQuote(name)+" --part "+p.Path()+" > inner.eml && lostpost explain inner.eml")
			return
		}
	}
}

// kindShort says what a message is that is neither mail nor a bounce.
var kindShort = map[string]string{
	explain.KindFeedback:  "This is a complaint: a reader marked mail of yours as unwanted. Nothing came back.",
	explain.KindAutoReply: "This is an automatic answer. Your mail arrived.",
	explain.KindReceipt:   "This is a receipt of the recipient's program. Your mail arrived.",
}

// line prints a sentence, folded on a terminal, with an indent for the rest.
func (e *explained) line(lead, text string) {
	text = oneLine(text)
	if w := term.Width(e.app.out); w > 0 {
		text = strings.TrimSuffix(wrap(text, max(w-len(lead)-1, 30)), "\n")
		text = strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", len(lead)))
	}
	e.app.printf("%s%s\n", lead, text)
}

// at names the place of a fact: "(Received, line 5)".
func (e *explained) at(f explain.Fact) string {
	if f.Offset < 0 || f.Offset > int64(len(e.head)) {
		return ""
	}
	n := bytes.Count(e.head[:f.Offset], []byte("\n")) + 1
	return fmt.Sprintf(" (%s, line %d)", cmp.Or(f.Field, "text"), n)
}

// list prints the sentences of one heading.
func (e *explained) list(heading string, facts []explain.Fact) {
	if len(facts) == 0 {
		return
	}
	e.app.printf("%s\n", heading)
	for _, f := range facts {
		e.line("  ", f.Text+e.at(f))
	}
}

// verdict prints what to do and why. second says that the first line spoke of
// something else.
func (e *explained) verdict(second bool) {
	v := &e.rep.Verdict
	if second {
		e.line("Who sent the notice: ", v.Short)
		e.list("Why:", v.Evidence)
		return
	}
	for _, s := range v.Advice {
		e.line("Do: ", s)
	}
	e.list("Why:", v.Evidence)
	e.list("But know:", v.Against)
	if len(v.Missing) > 0 {
		e.line("Not known: ", strings.Join(v.Missing, " "))
	}
}

// who prints what the reader's own server and the signatures say.
func (e *explained) who() {
	a := &e.rep.Auth
	if a.StatedBy == "" && len(a.DKIM) == 0 {
		return
	}
	if a.StatedBy != "" {
		e.app.printf("Who vouches (says your server %s)\n", oneLine(a.StatedBy))
		for _, r := range []struct {
			name string
			explain.Result
		}{{"SPF", a.SPF}, {"DMARC", a.DMARC}, {"ARC", a.ARC}} {
			if r.Value != "" {
				e.app.printf("  %-6s %-9s %s\n", r.name, oneLine(r.Value), oneLine(r.Domain))
			}
		}
	} else {
		e.app.printf("Who vouches\n")
	}
	for _, s := range a.DKIM {
		e.line("  DKIM   ", signatureWords(s))
	}
}

// signatureWords says what came out of one signature.
func signatureWords(s explain.Signature) string {
	body := map[string]string{"match": "text unchanged since signing", "differs": "text changed after signing", "unknown": "text not checked"}[s.BodyHash]
	key := "the key was not asked for"
	switch {
	case s.Verified:
		key = "verified with its key"
	case s.Result != "none":
		key = s.Problem
	case s.Key == "none":
		key = "no key there today"
	case s.Key != "" && s.Key != "ok":
		key = "key " + s.Key
	case s.Problem != "":
		key = s.Problem
	}
	return s.Domain + ": " + body + "; " + key
}

// way prints the hops, oldest first.
func (e *explained) way() {
	t := &e.rep.Trace
	if len(t.Hops) == 0 {
		return
	}
	heading := "Way, oldest first"
	if t.Slowest >= 0 {
		h := &t.Hops[t.Slowest]
		heading = fmt.Sprintf("Way, oldest first: %s in all, slowest %s (%s)", explain.InWords(t.Total), cmp.Or(h.By, "a program"), explain.InWords(h.Delay))
	}
	e.app.printf("%s\n", oneLine(heading))
	for i := len(t.Hops) - 1; i >= 0; i-- {
		e.hop(i)
	}
	e.list("The trace itself:", t.Problems)
}

// hop prints one line of the way.
func (e *explained) hop(i int) {
	h := &e.rep.Trace.Hops[i]
	when := "---------- --:--:--"
	if !h.Time.IsZero() {
		t := h.Time.Local()
		if e.app.utc {
			t = h.Time.UTC()
		}
		when = t.Format(time.DateTime)
	}
	from := cmp.Or(h.FromName, h.From, "a program")
	if h.IP != "" && h.IP != strings.Trim(from, "[]") {
		from += " [" + h.IP + "]"
	}
	words := []string{from + " -> " + cmp.Or(h.By, "a program"), tlsWords(h)}
	if h.SignedIn {
		words = append(words, strings.TrimSpace("signed in "+strings.TrimSpace("as "+h.User)))
		if h.User == "" {
			words[len(words)-1] = "signed in"
		}
	}
	switch {
	case h.HasDelay:
		words = append(words, "+"+explain.InWords(h.Delay))
	case h.Skewed:
		words = append(words, "wrong clock")
	}
	switch {
	case h.Trust == explain.TrustForged:
		words = append(words, "FORGED: "+h.Reason)
	case h.Trust == explain.TrustUnverified:
		words = append(words, "not checked")
	case i > e.rep.Trace.Sure:
		words = append(words, "your server, if its name is not borrowed (--trust names it)")
	case i == e.rep.Trace.Sure:
		words = append(words, "your server: this line and later ones are certain")
	default:
		words = append(words, "your server")
	}
	e.line("  "+when+"  ", strings.Join(words, ", "))
}

func tlsWords(h *explain.Hop) string {
	switch h.TLS {
	case explain.TLSYes:
		return cmp.Or(h.Version, "encrypted")
	case explain.TLSNo:
		return "NOT ENCRYPTED"
	case explain.TLSLocal:
		return "local"
	}
	return "encryption not recorded"
}

// show prints the header lines that facts rest on, each with its sentences.
func (e *explained) show() {
	v, t := &e.rep.Verdict, &e.rep.Trace
	facts := slices.Concat(v.Evidence, v.Against, t.Problems)
	if b := e.rep.Bounce; b != nil {
		facts = append(facts, b.Evidence...)
		for _, r := range b.Recipients {
			facts = append(facts, r.Evidence...)
		}
	}
	facts = slices.DeleteFunc(facts, func(f explain.Fact) bool { return f.Offset < 0 })
	slices.SortStableFunc(facts, func(a, b explain.Fact) int { return cmp.Compare(a.Offset, b.Offset) })
	e.app.printf("The lines\n")
	for i, f := range facts {
		if i == 0 || facts[i-1].Offset != f.Offset {
			name := ""
			if f.Field != "" {
				name = f.Field + ": "
			}
			e.app.printf("%s\n", term.SanitizeLine(name+f.Value))
		}
		e.line("    ^ ", f.Text+e.at(f))
	}
}
