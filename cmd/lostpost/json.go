package main

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"lostpost/archive"
	"lostpost/decode"
	"lostpost/decode/header"
)

// writeJSON writes v as one line. C0, C1 and bidirectional controls in strings
// are written as \u00XX, so that no output of ours can steer a terminal.
func writeJSON(w io.Writer, v any) error {
	b, err := encodeJSON(v)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// encodeJSON gives v as a line.
func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return escapeControls(b.Bytes()), nil
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

// message is the JSON form of a message (`lostpost help json`). The text and
// the parts, which may be large, are written behind it by writeMessage.
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
	Alike       []string     `json:"alike,omitempty"`
	Problems    int          `json:"problems"`
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

// part is the JSON form of a leaf. If it is a text, that is written behind it.
type part struct {
	Part        string    `json:"part"`
	Type        string    `json:"type"`
	Charset     string    `json:"charset,omitempty"`
	CharsetUsed string    `json:"charset_used,omitempty"`
	Encoding    string    `json:"encoding,omitempty"`
	Name        string    `json:"name,omitempty"`
	Size        int64     `json:"size"`
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

// facet is one value of a field and how many of the hits have it.
type facet struct {
	Type  string `json:"type"`
	Field string `json:"field"`
	Value string `json:"value"`
	N     int64  `json:"n"`
}

// clause is one part of a query and whether it holds on one message.
type clause struct {
	Type   string `json:"type"`
	ID     string `json:"id"`
	Query  string `json:"query"`
	Holds  bool   `json:"holds"`
	Reason string `json:"reason,omitempty"`
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

// describe fills what a message says of itself. sums are those of its parts if
// they were read for another reason, else nil.
func (m *message) describe(d *decode.Message, sums []sum) {
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
	for i, p := range d.Parts {
		if !p.Attachment {
			continue
		}
		var size int64
		if sums != nil && p.Leaf() {
			size = sums[i].size
		} else {
			size = decodedSize(p)
		}
		m.Attachments = append(m.Attachments, attachment{p.Path(), p.FileName, p.MediaType, size})
	}
	m.Problems = len(d.Problems)
}

// keep fills what the archive knows of a message.
func (m *message) keep(e archive.Entry) {
	m.ID, m.Size = e.ID.String(), e.Size
	var flags archive.Flags
	for _, p := range e.Places {
		m.Mailboxes = append(m.Mailboxes, mailboxName(p.Mailbox))
		for _, l := range labels(p) {
			if !slices.Contains(m.Labels, l) {
				m.Labels = append(m.Labels, l)
			}
		}
		flags += p.Flags
	}
	m.Flags = flagWords(flags)
}

// A sum is the size and the hashes of a leaf with its encoding undone.
type sum struct {
	size   int64
	sha1   [sha1.Size]byte
	sha256 [sha256.Size]byte
}

// sumsOf reads every leaf. The result is as long as d.Parts; of a leaf that
// could not be read to its end it has the sums of what was read.
func sumsOf(d *decode.Message) (sums []sum, err error) {
	sums = make([]sum, len(d.Parts))
	h1, h256 := sha1.New(), sha256.New()
	both := io.MultiWriter(h1, h256)
	for i, p := range d.Parts {
		if !p.Leaf() {
			continue
		}
		h1.Reset()
		h256.Reset()
		n, rerr := io.Copy(both, p.Open())
		if err == nil {
			err = rerr
		}
		sums[i].size = n
		h1.Sum(sums[i].sha1[:0])
		h256.Sum(sums[i].sha256[:0])
	}
	return sums, err
}

// writeMessage writes m as one line with the text of d and, if parts is true,
// its leaves. The longest piece in memory is the text of one leaf: JSON of 9 MB
// of zero octets is 54 MB. The line is whole also where octets of d could not
// be read; that error comes after it.
func writeMessage(ctx context.Context, w io.Writer, m message, d *decode.Message, parts bool) error {
	var sums []sum
	var readErr error
	if parts {
		sums, readErr = sumsOf(d)
	}
	m.describe(d, sums)
	if err := openObject(w, m); err != nil {
		return err
	}
	if err := writeText(w, d.Text); err != nil {
		return err
	}
	if parts {
		err := writeParts(ctx, w, d, sums)
		var r *readError
		if errors.As(err, &r) {
			readErr = errors.Join(readErr, r.error)
		} else if err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "}\n")
	return errors.Join(err, readErr)
}

// A readError is trouble with the message and not with the output.
type readError struct{ error }

// writeParts writes the field "parts" of a message.
func writeParts(ctx context.Context, w io.Writer, d *decode.Message, sums []sum) error {
	var readErr error
	before := `,"parts":[`
	for i, p := range d.Parts {
		if !p.Leaf() {
			continue
		}
		if _, err := io.WriteString(w, before); err != nil {
			return err
		}
		before = ","
		text, err := p.Source(ctx)
		if err != nil {
			readErr = err
		}
		// A delivery report has text too, though its type is message/.
		isText := text != "" || strings.HasPrefix(p.MediaType, "text/")
		j := part{
			Part: p.Path(), Type: p.MediaType, Charset: p.Declared, CharsetUsed: p.Charset, Encoding: p.Encoding, Name: p.Name,
			Size: sums[i].size, SHA1: hex.EncodeToString(sums[i].sha1[:]), SHA256: hex.EncodeToString(sums[i].sha256[:]),
		}
		for _, x := range p.Problems {
			j.Problems = append(j.Problems, problem{string(x.Code), x.Offset, x.Lost, x.Detail})
		}
		if err := openObject(w, j); err != nil {
			return err
		}
		if isText {
			if err := writeText(w, text); err != nil {
				return err
			}
		}
		if _, err := io.WriteString(w, "}"); err != nil {
			return err
		}
	}
	if before == "," {
		if _, err := io.WriteString(w, "]"); err != nil {
			return err
		}
	}
	if readErr != nil {
		return &readError{readErr}
	}
	return nil
}

// openObject writes v, which must be a struct with at least one field that is
// written, without its closing brace.
func openObject(w io.Writer, v any) error {
	b, err := encodeJSON(v)
	if err != nil {
		return err
	}
	_, err = w.Write(bytes.TrimSuffix(b, []byte("}\n")))
	return err
}

// writeText writes the field "text" in steps.
func writeText(w io.Writer, s string) error {
	const step = 32 << 10
	if _, err := io.WriteString(w, `,"text":"`); err != nil {
		return err
	}
	for len(s) > 0 {
		piece := clip(s, step)
		s = s[len(piece):]
		b, err := encodeJSON(piece)
		if err != nil {
			return err
		}
		if _, err := w.Write(b[1 : len(b)-2]); err != nil { // without the quotes and the line end
			return err
		}
	}
	_, err := io.WriteString(w, `"`)
	return err
}

func addresses(h header.Header, name string) []address {
	list, _ := h.Addresses(name, "")
	var out []address
	for _, x := range list {
		out = append(out, address(x))
	}
	return out
}
