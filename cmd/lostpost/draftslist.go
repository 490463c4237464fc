package main

import (
	"cmp"
	"strconv"
	"strings"

	"lostpost/drafts"
	"lostpost/internal/term"
)

// said is how a state is called in text.
var said = map[drafts.State]string{
	drafts.Draft: "draft", drafts.Probable: "probably a draft", drafts.Queued: "unsent", drafts.Superseded: "older version",
	drafts.Deleted: "deleted draft", drafts.Sent: "sent copy", drafts.Template: "template", drafts.None: "not a draft",
}

// listDrafts prints the rows and keeps them, so that they can be named.
func (a *app) listDrafts(rows []*draft, h *hunt, paths []string) {
	wide := a.outTerminal()
	digits := idDigits(rows)
	state := 0 // columns that the longest state takes
	for _, r := range rows {
		state = max(state, len(said[r.State]))
	}
	for _, r := range rows {
		f := []string{strconv.Itoa(r.N), r.ID[:digits], a.clock(r.when), recipients(r.To), cmp.Or(r.Subject, "(no subject)"), said[r.State], r.remark()}
		for i := range f {
			f[i] = oneLine(f[i])
		}
		if wide {
			a.draftLine(f, state)
		} else {
			a.printf("%s\n", strings.Join(f, "\t"))
		}
	}
	if len(rows) == 0 {
		a.noDraft(h, paths)
		return
	}
	sum := count(int64(len(rows)), "text") + " in " + count(h.seen, "message") + ". Read one: lostpost drafts show 1"
	if wide {
		a.rememberDrafts(rows)
		a.printf("%s\n", sum)
		return
	}
	a.note("%s", strings.TrimSpace(sum+" "+quoted(paths)))
}

// idDigits is how many digits tell the ids of a list apart, at least 8.
func idDigits(rows []*draft) int {
	for n := 8; n < 64; n++ {
		seen := make(map[string]string)
		unique := true
		for _, r := range rows {
			if id, ok := seen[r.ID[:n]]; ok && id != r.ID {
				unique = false
			}
			seen[r.ID[:n]] = r.ID
		}
		if unique {
			return n
		}
	}
	return 64
}

// draftLine prints a row on a terminal; its state takes state columns. A remark
// that is too wide takes a line of its own.
func (a *app) draftLine(f []string, state int) {
	width := cmp.Or(term.Width(a.out), 80) // some terminals do not know theirs
	used := 3 + 2 + len(f[1]) + 2 + len(f[2]) + 2
	both := max(width-used-2-2-state, 24) // for the recipients and the subject
	to := min(24, max(10, both*2/5))
	subject := min(40, both-to)
	rest := max(width-used-to-2-subject-2, 8)
	end, below := f[5], ""
	if f[6] != "" {
		if term.Columns(end)+2+term.Columns(f[6]) <= rest {
			end += "  " + f[6]
		} else {
			below = f[6]
		}
	}
	a.printf("%3s  %s  %s  %s  %s  %s\n", f[0], a.paint(yellow, f[1]), f[2], term.Pad(f[3], to), a.paint(bold, term.Pad(f[4], subject)), term.Truncate(end, rest))
	if below != "" {
		a.printf("     %s\n", term.Truncate(below, max(width-5, 8)))
	}
}

// recipients is the short form of to whom a draft goes.
func recipients(to []address) string {
	if len(to) == 0 {
		return "(nobody)"
	}
	var names []string
	for _, x := range to {
		names = append(names, cmp.Or(x.Name, x.Addr))
	}
	return "to " + strings.Join(names, ", ")
}

// remark is what else there is to say of a row.
func (r *draft) remark() string {
	var out []string
	if r.Subject == "" && r.begins != "" {
		out = append(out, "begins: "+term.Truncate(r.begins, 60))
	}
	texts := make(map[string]bool)
	for _, v := range r.Versions {
		if v.State.Lost() {
			texts[v.TextSHA1] = true
		}
	}
	if len(texts) > 1 {
		out = append(out, count(int64(len(texts)), "version")+", longest "+count(int64(r.Words), "word"))
	}
	for _, v := range r.Versions {
		if v.State == drafts.Sent && r.State != drafts.Sent {
			day, _, _ := strings.Cut(v.Date, "T")
			out = append(out, strings.TrimSpace("a copy was sent "+day))
			break
		}
	}
	if r.State == drafts.Queued {
		out = append(out, "was in the Outbox")
	}
	return strings.Join(out, "; ")
}
