// Package eml reads a file that is one message: .eml and its kin under other
// names, as mail programs save them and Windows Live Mail stores them.
//
// The message is the file's octets as they are (RFC 5322), but for a byte
// order mark and one "From " line of an mbox before the header section, which
// belong to the file and not to the message. X-Unsent: 1 marks a draft of
// Outlook Express, Live Mail and Outlook; it gives the trait "unsent".
//
// Promises. A file that has no line like a header field is not taken for mail,
// whatever its name is. Nothing is read into memory but the head of the file,
// and what Apple Mail left in pieces (.partial.emlx), up to 64 MiB.
//
// Also here: .emlx of Apple Mail, an eml inside a frame. Not supported: .msg of
// Outlook.
package eml

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"lostpost/decode/header"
	"lostpost/fetch"
)

// Format is eml for the list of fetch/files.
var Format = fetch.Format{Name: "eml", Sniff: Sniff, Open: Open}

// maxHead is how much of a header section is looked at, in octets.
const maxHead = 256 << 10

// Sniff says Yes if head begins with a header section that no other kind of
// text has: three fields with names of mail, or two of which one is nowhere but
// in mail. It says Maybe for less, if a header section is all it can be: fields
// ended by an empty line, two of mail or one with an address or a media type.
// It also says Maybe if the file is named as mail and has any header field.
// Text taken for mail does no harm; mail passed over is lost.
func Sniff(head []byte, name string) fetch.Confidence {
	f := fields(head[prefix(head):])
	switch {
	case f.known >= 3, f.known >= 2 && f.only > 0:
		return fetch.Yes
	case f.only > 0, f.ended && (f.known == 2 || f.typed), f.count > 0 && named(name):
		return fetch.Maybe
	}
	return fetch.No
}

// named reports whether programs give this name to a message.
func named(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, ".eml") || strings.HasSuffix(name, ".nws")
}

// mailNames are the fields that count, in lower case; true for those that no
// text has that is not mail or news.
var mailNames = map[string]bool{
	"received": true, "message-id": true, "return-path": true, "mime-version": true, "delivered-to": true,
	"dkim-signature": true, "x-unsent": true, "in-reply-to": true, "x-mozilla-status": true, "newsgroups": true,
	"x-mailer": true, "bcc": true,
	"from": false, "to": false, "cc": false, "subject": false, "date": false, "sender": false, "reply-to": false, "references": false,
	"content-type": false, "content-transfer-encoding": false, "content-disposition": false,
}

// A section is what there is of a header section at the start of some text.
type section struct {
	count int  // fields
	known int  // of these in mailNames
	only  int  // of these nowhere but in mail
	typed bool // a From has an address, or a Content-Type a media type
	ended bool // by an empty line, or the line of dashes that MH puts in drafts
}

// fields looks at the header fields at the start of b, up to the first line
// that is none.
func fields(b []byte) (f section) {
	// QUIRK: RFC 5322 section 2.2 has nothing before the first field. Test
	// data and some scripts begin with blank lines. They are passed over
	// here and stay in the message. Test: TestSniff.
	b = bytes.TrimLeft(b, " \t\r\n")
	for len(b) > 0 && f.count < 200 {
		n := lineLen(b)
		line := bytes.TrimRight(b[:n], "\r\n")
		b = b[n:]
		if len(line) == 0 || string(line) == "--------" {
			f.ended = true
			break
		}
		if f.count > 0 && (line[0] == ' ' || line[0] == '\t') {
			continue
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		name = bytes.TrimRight(name, " \t")
		if !ok || len(name) == 0 || bytes.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			break
		}
		f.count++
		lower := strings.ToLower(string(name))
		f.typed = f.typed || lower == "from" && bytes.Contains(value, []byte("@")) || lower == "content-type" && bytes.Contains(value, []byte("/"))
		if only, known := mailNames[lower]; known {
			f.known++
			if only {
				f.only++
			}
		}
	}
	return f
}

// lineLen gives the length of the first line of b with its line end: LF, CRLF,
// or CR alone as old Macs wrote it.
func lineLen(b []byte) int {
	i := bytes.IndexAny(b, "\r\n")
	switch {
	case i < 0:
		return len(b)
	case bytes.HasPrefix(b[i:], []byte("\r\n")):
		return i + 2
	}
	return i + 1
}

// prefix gives the length of what stands before the header section in head.
func prefix(head []byte) int {
	// QUIRK: RFC 5322 has no byte order mark and no "From " line. Editors
	// on Windows write the one, exports of mbox programs the other. Both
	// are left out, so that the message is the same as its other copies.
	// Test: TestMessages.
	n := 0
	if bytes.HasPrefix(head, []byte("\xEF\xBB\xBF")) {
		n = 3
	}
	if b := head[n:]; bytes.HasPrefix(b, []byte("From ")) {
		if i := lineLen(b[:min(len(b), 1000)]); b[i-1] == '\n' || b[i-1] == '\r' {
			n += i
		}
	}
	return n
}

// Open gives the one message of f. Its origin is opt.Origin. The Source is a
// fetch.Counter, a fetch.Marker and a fetch.Sizer. It does not close f.
//
// Errors: none; what is wrong with f shows when it is read.
func Open(f fetch.File, opt fetch.Options) (fetch.Source, error) {
	return &source{OneFile: fetch.NewOneFile(f, opt, 1)}, nil
}

type source struct {
	*fetch.OneFile
}

func (s *source) Messages(ctx context.Context, st fetch.State) iter.Seq2[*fetch.Message, error] {
	return func(yield func(*fetch.Message, error) bool) {
		if ctx.Err() != nil {
			yield(nil, ctx.Err())
			return
		}
		if s.Skip(st) {
			return
		}
		s.Count()
		if !yield(s.message()) {
			return
		}
		s.End()
	}
}

// message reads the head of the file and makes the message.
func (s *source) message() (*fetch.Message, error) {
	m := &fetch.Message{Size: -1}
	m.Origin, m.Mailbox = s.Name(), s.Options.Mailbox
	m.Traits = append(m.Traits, s.Options.Traits...)
	head, err := s.head()
	if err != nil {
		return m, fmt.Errorf("read: %w", err)
	}
	n := prefix(head)
	m.Size = s.File.Size() - int64(n)
	m.Body = fetch.Section(s.File, int64(n), s.File.Size())
	if m.Size == 0 {
		m.Body = nil
		return m, errors.New("the file has no octets of a message")
	}
	h, _, _ := header.Parse(head[n:], 0)
	if strings.TrimSpace(h.Value("X-Unsent")) == "1" {
		m.Traits = append(m.Traits, "unsent")
	}
	m.Received = s.received(head[:n], h)
	return m, nil
}

// head reads up to the end of the header section.
func (s *source) head() ([]byte, error) {
	for n := int64(8 << 10); ; n *= 4 {
		head := make([]byte, min(n, maxHead, s.File.Size()))
		if _, err := io.ReadFull(fetch.Section(s.File, 0, int64(len(head))), head); err != nil && len(head) > 0 {
			return nil, err
		}
		if len(head) < int(n) || n >= maxHead || bytes.Contains(head, []byte("\n\n")) || bytes.Contains(head, []byte("\n\r\n")) {
			return head, nil
		}
	}
}

// received is the time of the From_ line, else the Date, else the time of the
// file.
func (s *source) received(before []byte, h header.Header) time.Time {
	if i := bytes.Index(before, []byte("From ")); i >= 0 {
		words := strings.Fields(string(before[i+5:]))
		if len(words) > 1 {
			if t, err := time.Parse("Mon Jan 2 15:04:05 2006", strings.Join(words[1:], " ")); err == nil {
				return t
			}
		}
	}
	if t, ok := h.Date(); ok {
		return t
	}
	if info := s.Info(); info != nil {
		return info.ModTime()
	}
	return time.Time{}
}
