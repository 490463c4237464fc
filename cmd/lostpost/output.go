package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"lostpost/archive"
	"lostpost/decode/header"
	"lostpost/internal/term"
)

// mailboxName is the name for people; the root of the Maildir is the INBOX.
func mailboxName(s string) string {
	if s == "" {
		return "INBOX"
	}
	return s
}

func labels(p archive.Meta) []string {
	var out []string
	for _, t := range p.Traits {
		if l, ok := strings.CutPrefix(t, "label:"); ok {
			out = append(out, l)
		}
	}
	return out
}

func flagWords(f archive.Flags) []string {
	var out []string
	for _, w := range []struct{ letter, word string }{
		{"D", "draft"}, {"F", "flagged"}, {"P", "passed"}, {"R", "replied"}, {"S", "seen"}, {"T", "trashed"},
	} {
		if strings.Contains(string(f), w.letter) {
			out = append(out, w.word)
		}
	}
	return out
}

// people is a list of addresses for a line of text.
func people(h header.Header, name string) string {
	list, _ := h.Addresses(name, "")
	out := make([]string, 0, len(list))
	for _, x := range list {
		switch {
		case x.Name == "":
			out = append(out, x.Addr)
		case x.Addr == "":
			out = append(out, x.Name)
		default:
			out = append(out, x.Name+" <"+x.Addr+">")
		}
	}
	return strings.Join(out, ", ")
}

// clock shows a time as lists have it.
func (a *app) clock(t time.Time) string {
	if t.IsZero() {
		return "----------------"
	}
	if a.utc {
		return t.UTC().Format("2006-01-02 15:04")
	}
	return t.Local().Format("2006-01-02 15:04")
}

// A row is one message in a list.
type row struct {
	n                       int
	id, date, from, subject string
	marks                   string
	snippet                 []span
	where                   string // part that matched, for people
}

// list prints rows: aligned and cut to the width on a terminal, tab-separated
// and whole on a pipe.
func (a *app) list(rows []row) {
	if !a.outTerminal() {
		for _, r := range rows {
			f := []string{strconv.Itoa(r.n), r.id, r.date, r.from, r.subject, r.marks}
			for i := range f {
				f[i] = oneLine(f[i])
			}
			a.printf("%s\n", strings.Join(f, "\t"))
		}
		return
	}
	width := a.width()
	num := len(strconv.Itoa(len(rows))) + 1
	sender := 12 // columns of the longest one, at most 44
	for _, r := range rows {
		sender = min(max(sender, term.Columns(oneLine(r.from))), 44)
	}
	for _, r := range rows {
		id, date := r.id+"  ", r.date
		if width < narrow {
			id, date = "", clip(date, len("2006-01-02")) // the row's number names it too
		}
		rest := width - num - 2 - len(id) - len(date) - 2
		from := min(sender, rest/3)
		subject := max(rest-from-4-len(r.marks), 4)
		line := fmt.Sprintf("%*d  %s%s  %s  %s  %s", num, r.n, a.paint(yellow, id), date,
			term.Pad(oneLine(r.from), from), a.paint(bold, term.Pad(oneLine(r.subject), subject)), r.marks)
		a.printf("%s\n", strings.TrimRight(line, " "))
		if len(r.snippet) > 0 {
			where := r.where
			if where != "" {
				where = "  " + term.Truncate(where, max(width/3, 12))
			}
			indent := num + 5
			a.printf("%*s%s%s\n", indent, "", a.marked(r.snippet, width-indent-term.Columns(where)), where)
		}
	}
}

// narrow is the width below which a list leaves out ids and times of day.
const narrow = 64

// width is how many columns the screen has.
func (a *app) width() int {
	if w := term.Width(a.out); w > 0 {
		return w
	}
	return 80 // a terminal that does not say
}

// marked shows a snippet with its matches, at most width columns wide.
func (a *app) marked(spans []span, width int) string {
	var b strings.Builder
	color := a.colored()
	for i, s := range spans {
		text := oneLine(s.Text)
		if i == len(spans)-1 {
			text = strings.TrimRight(text, " ")
		}
		if s.Mark && !color {
			width -= 2
		}
		t := term.Truncate(text, width)
		width -= term.Columns(t)
		switch {
		case t == "":
		case s.Mark && color:
			b.WriteString(a.paint(green, t))
		case s.Mark:
			b.WriteString("›" + t + "‹")
		default:
			b.WriteString(t)
		}
		if t != text {
			break
		}
	}
	return b.String()
}

// oneLine makes a value fit for a list: no controls, no tab, no line end.
func oneLine(s string) string { return term.SanitizeLine(s) }

const (
	yellow = "33"
	bold   = "1"
	green  = "32"
)

// paint colours s if colour is wanted. Colour never carries meaning alone.
func (a *app) paint(code, s string) string {
	if s == "" || !a.colored() {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (a *app) colored() bool {
	switch a.color {
	case "always":
		return true
	case "never":
		return false
	}
	return a.outTerminal() && a.env("NO_COLOR") == "" && a.env("TERM") != "dumb"
}

func ptr[T any](v T) *T { return &v }
