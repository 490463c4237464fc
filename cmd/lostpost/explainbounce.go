package main

import (
	"cmp"
	"fmt"
	"strings"

	"lostpost/decode"
	"lostpost/explain"
)

// bounceShort is the first line of a bounce, a delay or a report of success.
func bounceShort(rep *explain.Report) string {
	b := rep.Bounce
	if len(b.Recipients) == 0 {
		if rep.Kind == explain.KindDelay {
			return "A mail of yours is delayed. The notice names no recipient that can be read."
		}
		return "A mail of yours was not delivered. The notice names no recipient that can be read."
	}
	r := &b.Recipients[0]
	s := outcome(r) + reasonWords(r)
	if n := len(b.Recipients) - 1; n > 0 {
		s += fmt.Sprintf(" And %s more.", count(int64(n), "recipient"))
	}
	return s
}

// outcome says what became of a recipient.
func outcome(r *explain.Recipient) string {
	to := cmp.Or(r.Original, r.Address, "a recipient that is not named")
	switch r.Action {
	case "delayed":
		return "Not delivered yet to " + to
	case "delivered":
		return "Delivered to " + to
	case "relayed", "expanded":
		return "Handed on for " + to + ", with no word of what follows"
	}
	return "Not delivered to " + to
}

// reasonWords says why, or quotes who said no.
func reasonWords(r *explain.Recipient) string {
	switch {
	case r.Action == "delivered" || r.Action == "relayed" || r.Action == "expanded":
		return "."
	case r.Means != "" && r.Final:
		return ": " + r.Means + ". Nobody will try again."
	case r.Means != "":
		return ": " + r.Means + ". It is tried again."
	case r.Said != "":
		return ". No reason is given but: " + r.Said
	}
	return ". No reason is given."
}

// bounce prints what is known of every recipient.
func (e *explained) bounce() {
	b := e.rep.Bounce
	for i := range b.Recipients {
		r := &b.Recipients[i]
		if i > 0 {
			e.line("  ", outcome(r)+reasonWords(r))
		}
		if i == 0 || r.Reason != b.Recipients[0].Reason {
			for _, s := range r.Advice {
				e.line("Do: ", s)
			}
		}
		code := strings.TrimSpace(r.Reply + " " + r.Status)
		if r.StatusFrom == "inferred" && r.Status != "" {
			code += " (inferred)"
		}
		if said := strings.TrimSpace(r.Said); said != "" || code != "" {
			if r.Status != "" && strings.Contains(said, r.Status) || r.Reply != "" && strings.HasPrefix(said, r.Reply) {
				code = ""
			}
			e.line("  said by ", cmp.Or(r.RemoteHost, b.By, "a server that is not named")+": "+strings.TrimSpace(code+" "+said))
		}
	}
	if b.Language != "" || b.Form != "" {
		e.line("  written ", strings.TrimSpace(strings.Join([]string{b.Form, b.Language}, " ")))
	}
	if o := b.Original; o != nil {
		s := fmt.Sprintf("%q", o.Subject)
		if !o.Date.IsZero() {
			s += ", " + e.app.clock(o.Date)
		}
		if o.ID != "" {
			s += ", in the archive as " + o.ID[:min(len(o.ID), 12)]
		}
		e.line("  your mail ", s)
	}
}

// An explainSum counts the answers of one run.
type explainSum struct {
	messages, told, notMail int
	groups                  explain.Groups
}

// noMail names a file that is no mail.
func (s *explainSum) noMail(a *app, it *item) {
	s.notMail++
	a.note("%s is no mail: it has no header.", oneLine(it.name()))
}

func (s *explainSum) add(rep *explain.Report, m *decode.Message) {
	s.messages++
	if rep.Kind != explain.KindNone || rep.Verdict.Kind != explain.CannotTell {
		s.told++
	}
	if rep.Bounce != nil {
		s.groups.Add(rep.Bounce, m.Date)
	}
}

// code is the exit code of the run.
func (s *explainSum) code() int {
	switch {
	case s.notMail > 0 && s.messages == 0:
		return exitFailed
	case s.notMail > 0:
		return exitSome
	case s.told == 0:
		return exitNone
	}
	return exitOK
}

// print sums bounces up by reason and by the recipients' domains.
func (s *explainSum) print(a *app) {
	a.printf("\n%s", count(int64(s.messages), "message"))
	if s.notMail > 0 {
		a.printf(", %s", count(int64(s.notMail), "file")+" no mail")
	}
	a.printf("\n")
	for _, g := range s.groups.List() {
		a.printf("  %s\n", oneLine(g.String()))
	}
}
