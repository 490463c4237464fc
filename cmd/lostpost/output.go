package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"lostpost/archive"
	"lostpost/decode"
	"lostpost/decode/header"
	"lostpost/internal/term"
)

// writeJSON writes v as one line. C0, C1 and bidirectional controls in strings
// are written as \u00XX, so that no output of ours can steer a terminal.
func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(escapeControls(b.Bytes()))
	return err
}

// escapeControls escapes what encoding/json leaves: DEL, C1, bidi controls.
func escapeControls(b []byte) []byte {
	clean := true
	for _, c := range b {
		if c == 0x7f || c == 0xc2 || c == 0xe2 || c == 0xd8 {
			clean = false
			break
		}
	}
	if clean {
		return b
	}
	out := make([]byte, 0, len(b)+64)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == 0x7f || 0x80 <= r && r <= 0x9f || isBidi(r) {
			out = fmt.Appendf(out, `\u%04x`, r)
		} else {
			out = append(out, b[:n]...)
		}
		b = b[n:]
	}
	return out
}

// isBidi reports a control that reorders what is shown (Unicode UAX 9).
func isBidi(r rune) bool {
	return r == 0x061c || 0x200e <= r && r <= 0x200f || 0x202a <= r && r <= 0x202e || 0x2066 <= r && r <= 0x2069
}

// message is the JSON form of a message (`lostpost help json`).
type message struct {
	Type        string       `json:"type"`
	ID          string       `json:"id,omitempty"`
	MID         string       `json:"mid,omitempty"`
	Path        string       `json:"path,omitempty"`
	Index       *int         `json:"index,omitempty"`
	Offset      *int64       `json:"offset,omitempty"`
	Date        string       `json:"date,omitempty"`
	From        []address    `json:"from,omitempty"`
	To          []address    `json:"to,omitempty"`
	Cc          []address    `json:"cc,omitempty"`
	Bcc         []address    `json:"bcc,omitempty"`
	Subject     string       `json:"subject,omitempty"`
	Mailboxes   []string     `json:"mailboxes,omitempty"`
	Labels      []string     `json:"labels,omitempty"`
	Flags       []string     `json:"flags,omitempty"`
	Size        int64        `json:"size"`
	Attachments []attachment `json:"attachments,omitempty"`
	Snippet     []span       `json:"snippet,omitempty"`
	Problems    int          `json:"problems"`
	Text        *string      `json:"text,omitempty"`
	Parts       []part       `json:"parts,omitempty"`
}

type address struct {
	Name string `json:"name,omitempty"`
	Addr string `json:"addr,omitempty"`
}

type attachment struct {
	Part string `json:"part"`
	Name string `json:"name,omitempty"`
	Type string `json:"type"`
	Size int64  `json:"size"`
}

type span struct {
	Text string `json:"text"`
	Mark bool   `json:"mark,omitempty"`
}

type part struct {
	Part        string    `json:"part"`
	Type        string    `json:"type"`
	Charset     string    `json:"charset,omitempty"`
	CharsetUsed string    `json:"charset_used,omitempty"`
	Encoding    string    `json:"encoding,omitempty"`
	Name        string    `json:"name,omitempty"`
	Size        int64     `json:"size"`
	Text        *string   `json:"text,omitempty"`
	SHA1        string    `json:"sha1"`
	SHA256      string    `json:"sha256"`
	Problems    []problem `json:"problems,omitempty"`
}

type problem struct {
	Code   string `json:"code"`
	Offset int64  `json:"offset"`
	Lost   bool   `json:"lost"`
	Detail string `json:"detail,omitempty"`
}

// summary is the last line of a JSON list. A field is nil where the command
// has nothing to say of it.
type summary struct {
	Type      string  `json:"type"`
	Schema    int     `json:"schema"`
	Listed    *int64  `json:"listed,omitempty"`
	Known     *int64  `json:"known,omitempty"`
	Seen      *int64  `json:"seen,omitempty"`
	Stored    *int64  `json:"stored,omitempty"`
	Duplicate *int64  `json:"duplicate,omitempty"`
	Failed    *int64  `json:"failed,omitempty"`
	NotMail   *int64  `json:"not_mail,omitempty"`
	Bytes     *int64  `json:"bytes,omitempty"`
	Indexed   *int64  `json:"indexed,omitempty"`
	Total     *int64  `json:"total,omitempty"`
	Exact     *bool   `json:"exact,omitempty"`
	Next      string  `json:"next,omitempty"`
	Written   *int64  `json:"written,omitempty"`
	Took      float64 `json:"took_s"`
}

// describe fills what a message says of itself.
func (m *message) describe(d *decode.Message) {
	m.Type = "message"
	m.Subject = d.Subject
	if !d.Date.IsZero() {
		m.Date = d.Date.Format(time.RFC3339)
	}
	if ids := d.Header.MessageIDs("Message-ID"); len(ids) > 0 {
		m.MID = ids[0]
	}
	m.From = addresses(d.Header, "From")
	m.To = addresses(d.Header, "To")
	m.Cc = addresses(d.Header, "Cc")
	m.Bcc = addresses(d.Header, "Bcc")
	for _, p := range d.Parts {
		if p.Attachment {
			m.Attachments = append(m.Attachments, attachment{p.Path(), p.FileName, p.MediaType, decodedSize(p)})
		}
	}
	m.Problems = len(d.Problems)
}

// keep fills what the archive knows of a message.
func (m *message) keep(e archive.Entry) {
	m.ID, m.Size = e.ID.String(), e.Size
	var flags archive.Flags
	for _, p := range e.Places {
		m.Mailboxes = append(m.Mailboxes, mailboxName(p.Mailbox))
		m.Labels = append(m.Labels, labels(p)...)
		flags += p.Flags
	}
	m.Flags = flagWords(flags)
}

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

func addresses(h header.Header, name string) []address {
	list, _ := h.Addresses(name, "")
	var out []address
	for _, x := range list {
		out = append(out, address(x))
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

// sender is the short form of the first author.
func sender(h header.Header) string {
	list, _ := h.Addresses("From", "")
	if len(list) == 0 {
		return h.Value("From")
	}
	if list[0].Name != "" {
		return list[0].Name
	}
	return list[0].Addr
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
	wide := a.outTerminal()
	if !wide {
		for _, r := range rows {
			f := []string{strconv.Itoa(r.n), r.id, r.date, r.from, r.subject, r.marks}
			for i := range f {
				f[i] = oneLine(f[i])
			}
			a.printf("%s\n", strings.Join(f, "\t"))
		}
		return
	}
	width := term.Width(a.out)
	from := min(24, max(12, width/5))
	num := len(strconv.Itoa(len(rows)))
	for _, r := range rows {
		left := fmt.Sprintf("%*d  %s  %s  ", num+1, r.n, a.paint(yellow, r.id), r.date)
		used := num + 1 + 2 + len(r.id) + 2 + len(r.date) + 2
		rest := max(width-used-from-2-2-len(r.marks), 8)
		a.printf("%s%s  %s  %s\n", left, term.Pad(oneLine(r.from), from), a.paint(bold, term.Pad(oneLine(r.subject), rest)), r.marks)
		if len(r.snippet) > 0 {
			a.printf("       %s%s\n", a.marked(r.snippet, width-8-len(r.where)), r.where)
		}
	}
}

// marked shows a snippet with its matches, at most width columns wide.
func (a *app) marked(spans []span, width int) string {
	var b strings.Builder
	color := a.colored()
	for _, s := range spans {
		t := term.Truncate(oneLine(s.Text), max(width, 0))
		width -= term.Columns(t)
		switch {
		case s.Mark && color:
			b.WriteString(a.paint(green, t))
		case s.Mark:
			b.WriteString("›" + t + "‹")
			width -= 2
		default:
			b.WriteString(t)
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
	if !a.colored() {
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
