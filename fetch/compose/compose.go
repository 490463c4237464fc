// Package compose writes as mail what a store keeps in another form: Outlook's
// properties, the XML of Outlook for Mac. The sources that read such stores
// fill in a Message; what it reads as is mail (RFC 5322, MIME).
//
// Promises. The same Message gives the same octets, always: boundaries come
// from a hash of what is in it. Files are read while the mail is read, so
// memory does not grow with them. Whatever the values are, no header field is
// broken by them: control characters become spaces.
//
// It reads no format and decides nothing about the content. Texts are written
// as UTF-8.
//
// RFC 5322, RFC 2045 to 2047, RFC 2231, RFC 2387 (related), RFC 3462 (report),
// RFC 8551 (S/MIME entities are passed on as they are). The octets are put
// together by go-message.
package compose

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"mime"
	"net/mail"
	"slices"
	"strings"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/textproto"
)

// A Message is mail to be written. The zero Message is an empty text.
type Message struct {
	Header []Field // all but those that describe the content, in their order
	Text   string  // UTF-8, any line ends; "" for none
	HTML   string  // the same
	Files  []File
	Report *Report // nil: no report of a mail system
	Entity *Entity // not nil: the content is this, and Text, HTML and Files are not written
}

// A Field is one header field. With Raw, the field as it stood with its line
// end, the other two are not looked at.
type Field struct {
	Name, Value string // Value is as Text, Addresses or a program makes it
	Raw         []byte
}

// A File is an attachment, a picture inside the HTML, or an embedded message.
type File struct {
	Name      string // "" for none
	MediaType string // "" or no type/subtype: application/octet-stream
	ContentID string // with or without angle brackets; "" for none
	Inline    bool   // shown inside the HTML; taken to be so too if the HTML refers to ContentID
	Size      int64  // octets, -1 if it is not known; told apart by it, not promised
	Open      func() io.ReadCloser
	Message   *Message // not nil: this message is what is attached, and Open is not called
}

// A Report makes the mail a multipart/report (RFC 3462).
type Report struct {
	Kind   string // "delivery-status" or "disposition-notification"
	Fields string // the fields of the second part, each line ended by LF; an empty line between groups
}

// An Entity is content in MIME form, as S/MIME needs it to the octet.
type Entity struct {
	Fields []Field              // Content-Type and its kin
	Size   int64                // octets of the body
	Open   func() io.ReadCloser // its octets
	Base64 bool                 // they are binary and are to be encoded
}

// Stored makes a field of one that was kept with its mail: name as written, raw
// what followed the colon. Its line ends become CRLF, and every line after the
// first is a continuation; nothing else changes.
func Stored(name string, raw []byte) Field {
	raw = bytes.TrimRight(raw, "\r\n")
	b := append([]byte(name), ':')
	for i, c := range raw {
		switch {
		case c == '\r' && i+1 < len(raw) && raw[i+1] == '\n', c == 0:
		case c == '\r', c == '\n':
			b = append(b, "\r\n"...)
			if i+1 < len(raw) && raw[i+1] != ' ' && raw[i+1] != '\t' {
				b = append(b, '\t')
			}
		default:
			b = append(b, c)
		}
	}
	return Field{Name: name, Raw: append(b, "\r\n"...)}
}

// Text makes the value of a field of free text.
func Text(name, s string) Field {
	return Field{Name: name, Value: mime.QEncoding.Encode("utf-8", oneLine(s))}
}

// An Address is a mailbox. Without Addr only the name is written, as programs
// do for whom they know no address.
type Address struct{ Name, Addr string }

// Addresses makes the value of a field of addresses. An Addr that cannot stand
// in mail, such as a directory name of Exchange, is left out; if there is no
// name, it stands for the name.
func Addresses(name string, list []Address) Field {
	var parts []string
	for _, a := range list {
		if s := a.String(); s != "" {
			parts = append(parts, s)
		}
	}
	return Field{Name: name, Value: strings.Join(parts, ", ")}
}

// String writes one address for a header field; "" if nothing is in it.
func (a Address) String() string {
	name, addr := oneLine(a.Name), oneLine(a.Addr)
	if name == addr || name == "'"+addr+"'" {
		name = ""
	}
	if isAddress(addr) {
		return (&mail.Address{Name: name, Address: addr}).String()
	}
	if name == "" {
		name = addr
	}
	if name == "" {
		return ""
	}
	return strings.TrimSuffix((&mail.Address{Name: name, Address: "a@b"}).String(), " <a@b>")
}

// isAddress reports whether s can stand between angle brackets.
func isAddress(s string) bool {
	at := strings.LastIndexByte(s, '@')
	return at > 0 && at < len(s)-1 && !strings.ContainsAny(s, " <>,;\"()[]\\")
}

// oneLine takes out what would end a header line or hide text in it.
func oneLine(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }), " ")
}

// Hash tells one message from another: 32 hexadecimal digits from its header,
// its texts and the names and sizes of its files.
func (m *Message) Hash() string {
	h := sha256.New()
	m.hash(h)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func (m *Message) hash(h hash.Hash) {
	for _, f := range m.Header {
		fmt.Fprintf(h, "%q %q %q\n", f.Name, f.Value, f.Raw)
	}
	fmt.Fprintf(h, "%d %d\n", len(m.Text), len(m.HTML))
	io.WriteString(h, m.Text)
	io.WriteString(h, m.HTML)
	for _, f := range m.Files {
		fmt.Fprintf(h, "%q %q %q %t %d\n", f.Name, f.MediaType, f.ContentID, f.Inline, f.Size)
		if f.Message != nil {
			f.Message.hash(h)
		}
	}
	if m.Report != nil {
		fmt.Fprintf(h, "%q %q\n", m.Report.Kind, m.Report.Fields)
	}
	if m.Entity != nil {
		fmt.Fprintf(h, "%d\n", m.Entity.Size)
	}
}

// Open gives the octets of the mail. They are made while they are read; Close
// lets go of what that needs and must be called.
//
// Errors of Read: those of the files.
func (m *Message) Open() io.ReadCloser {
	next, stop := iter.Pull2(func(yield func([]byte, error) bool) {
		w := bufio.NewWriterSize(pieces(yield), 16<<10)
		err := m.write(w)
		if err == nil {
			err = w.Flush()
		}
		if err != nil && !errors.Is(err, errClosed) {
			yield(nil, err)
		}
	})
	return &reader{next: next, stop: stop}
}

// errClosed ends the writing when nobody reads on.
var errClosed = errors.New("closed")

// pieces makes a Writer of an iterator.
type pieces func([]byte, error) bool

func (yield pieces) Write(b []byte) (int, error) {
	if !yield(b, nil) {
		return 0, errClosed
	}
	return len(b), nil
}

// A reader gives out what the iterator writes. A piece is valid until the next.
type reader struct {
	next func() ([]byte, error, bool)
	stop func()
	rest []byte
	err  error
}

func (r *reader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 && r.err == nil {
		b, err, ok := r.next()
		switch {
		case !ok:
			r.err = io.EOF
		case err != nil:
			r.err = err
		}
		r.rest = b
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, r.err
}

func (r *reader) Close() error {
	r.stop()
	r.rest, r.err = nil, errClosed
	return nil
}

// write writes the whole mail.
func (m *Message) write(out io.Writer) error {
	n := m.tree()
	h := header(slices.Concat(m.Header, []Field{{Name: "MIME-Version", Value: "1.0"}}, n.fields))
	if m.Entity != nil && !m.Entity.Base64 {
		// go-message would encode once more what its fields say is encoded.
		if err := textproto.WriteHeader(out, h.Header); err != nil {
			return err
		}
		return n.content(out)
	}
	w, err := message.CreateWriter(out, h)
	if err != nil {
		return err
	}
	if err := n.write(w); err != nil {
		return err
	}
	return w.Close()
}

// header makes go-message's form of fields, which puts the last that was added
// on top.
func header(fields []Field) message.Header {
	var h message.Header
	for i := len(fields) - 1; i >= 0; i-- {
		if f := fields[i]; f.Raw != nil {
			h.AddRaw(f.Raw)
		} else {
			h.Add(f.Name, f.Value)
		}
	}
	return h
}
