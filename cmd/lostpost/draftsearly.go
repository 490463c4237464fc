package main

import (
	"cmp"
	"strings"
	"time"

	"lostpost/drafts"
	"lostpost/internal/term"
)

// An early answer is one that is given while the reading goes on. A large
// export takes a minute, and who has lost a text wants to know at once. The
// list at the end has the last word: versions are gathered there, and who the
// owner is may be known only then.
type early struct {
	since time.Time       // when the reading began
	lines []string        // not yet told
	known map[string]bool // by recipient and subject: versions are told once
}

// earlyAfter is how long nothing is said: the list of a small export is there
// before. maxEarly is how many texts are told.
const (
	earlyAfter = time.Second
	maxEarly   = 10
)

// add notes a draft.
func (e *early) add(c *drafts.Candidate) {
	if len(e.known) >= maxEarly {
		return
	}
	to := "(nobody)"
	if len(c.To) > 0 {
		to = "to " + cmp.Or(c.To[0].Name, c.To[0].Addr)
	}
	line := to + ": " + cmp.Or(strings.TrimSpace(c.Subject), "(no subject)")
	if e.known == nil {
		e.known = make(map[string]bool)
	}
	if !e.known[line] {
		e.known[line] = true
		e.lines = append(e.lines, line)
	}
}

// take gives the lines that are due at a time.
func (e *early) take(now time.Time) []string {
	if len(e.lines) == 0 || now.Sub(e.since) < earlyAfter {
		return nil
	}
	lines := e.lines
	e.lines = nil
	return lines
}

// tellEarly prints the answers that are due, above the progress.
func (h *hunt) tellEarly(progress term.Progress) {
	if h.early == nil {
		return
	}
	for _, line := range h.early.take(h.now()) {
		progress.Print("found so far: " + oneLine(line))
	}
}
