package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime/quotedprintable"
	"strings"
	"time"

	"golang.org/x/text/encoding/htmlindex"
)

// A mail is one message to be written. raw, if set, is the whole of it.
type mail struct {
	id      string // left side of the Message-ID
	date    time.Time
	from    string
	to      string
	subject string
	reply   string   // left side of the Message-ID that it answers
	extra   []string // header fields before the others, without line ends
	charset string   // of the text and of encoded words
	enc     string   // Content-Transfer-Encoding of the text
	html    bool     // the text is HTML
	text    string
	alt     string // HTML beside the text
	files   []file
	raw     string
}

// A file is an attachment.
type file struct {
	name, typ string
	data      []byte
	plain     bool // written as it is, not base64
}

const boundary = "=_orchard_4711"

// bytes renders the message with LF line ends.
func (m mail) bytes() []byte {
	if m.raw != "" {
		return []byte(m.raw)
	}
	var b bytes.Buffer
	for _, f := range m.extra {
		b.WriteString(f + "\n")
	}
	fmt.Fprintf(&b, "Message-ID: <%s@apfelhof.example>\nDate: %s\n", m.id, m.date.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	fmt.Fprintf(&b, "From: %s\nTo: %s\nSubject: %s\n", m.address(m.from), m.address(m.to), m.words(m.subject))
	if m.reply != "" {
		fmt.Fprintf(&b, "In-Reply-To: <%s@apfelhof.example>\nReferences: <%[1]s@apfelhof.example>\n", m.reply)
	}
	b.WriteString("MIME-Version: 1.0\n")
	typ := "text/plain"
	if m.html {
		typ = "text/html"
	}
	switch {
	case len(m.files) > 0:
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=%q\n\nThis message has several parts.\n--%[1]s\n", boundary)
		m.part(&b, typ, m.text)
		for _, f := range m.files {
			fmt.Fprintf(&b, "--%s\nContent-Type: %s; name=%q\nContent-Disposition: attachment; filename=%q\n", boundary, f.typ, f.name, f.name)
			if f.plain {
				b.WriteString("\n")
				b.Write(f.data)
				continue
			}
			b.WriteString("Content-Transfer-Encoding: base64\n\n" + wrap64(f.data))
		}
		fmt.Fprintf(&b, "--%s--\n", boundary)
	case m.alt != "":
		fmt.Fprintf(&b, "Content-Type: multipart/alternative; boundary=%q\n\n--%[1]s\n", boundary)
		m.part(&b, typ, m.text)
		fmt.Fprintf(&b, "--%s\n", boundary)
		m.part(&b, "text/html", m.alt)
		fmt.Fprintf(&b, "--%s--\n", boundary)
	default:
		m.part(&b, typ, m.text)
	}
	return b.Bytes()
}

// part writes the last fields and the text of one part.
func (m mail) part(b *bytes.Buffer, typ, text string) {
	raw := encode(m.charset, text)
	fmt.Fprintf(b, "Content-Type: %s; charset=%s\nContent-Transfer-Encoding: %s\n\n", typ, m.charset, m.enc)
	switch m.enc {
	case "base64":
		b.WriteString(wrap64(raw))
	case "quoted-printable":
		var q bytes.Buffer
		w := quotedprintable.NewWriter(&q)
		must(w.Write(raw))
		check(w.Close())
		b.Write(bytes.ReplaceAll(q.Bytes(), []byte("\r\n"), []byte("\n")))
	default:
		b.Write(raw)
	}
}

// address encodes the name of "Name <address>".
func (m mail) address(s string) string {
	name, addr, ok := strings.Cut(s, " <")
	if !ok {
		return s
	}
	return m.words(name) + " <" + addr
}

// words writes s as encoded words if it is not ASCII: eight characters each, so
// that none is split. What the charset of the text lacks is written in UTF-8.
func (m mail) words(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r > 126 }) < 0 {
		return s
	}
	charset := m.charset
	if _, err := tryEncode(charset, s); err != nil {
		charset = "utf-8"
	}
	var out []string
	for r := []rune(s); len(r) > 0; {
		n := min(8, len(r))
		out = append(out, "=?"+charset+"?B?"+base64.StdEncoding.EncodeToString(encode(charset, string(r[:n])))+"?=")
		r = r[n:]
	}
	return strings.Join(out, "\n ")
}

// encode writes s in a charset. A character that it lacks is a mistake here.
func encode(charset, s string) []byte {
	raw, err := tryEncode(charset, s)
	if err != nil {
		check(fmt.Errorf("%q in %s: %w", s, charset, err))
	}
	return raw
}

func tryEncode(charset, s string) ([]byte, error) {
	if charset == "us-ascii" || charset == "utf-8" {
		return []byte(s), nil
	}
	e, err := htmlindex.Get(charset)
	if err != nil {
		return nil, err
	}
	return e.NewEncoder().Bytes([]byte(s))
}

func wrap64(raw []byte) string {
	s := base64.StdEncoding.EncodeToString(raw)
	var b strings.Builder
	for len(s) > 76 {
		b.WriteString(s[:76] + "\n")
		s = s[76:]
	}
	return b.String() + s + "\n"
}

func crlf(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")) }
