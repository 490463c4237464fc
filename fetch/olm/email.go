package olm

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"lostpost/fetch/compose"
)

// An email is what the XML says of one message.
type email struct {
	offset      int64 // of the element, in octets
	text, html  string
	source      string // RFC 5322, as it came
	subject     string
	messageID   string
	inReplyTo   string
	references  string
	threadTopic string
	threadIndex string
	displayTo   string
	priority    string

	sent, received, changed time.Time

	read, outgoing, flagged bool

	from, sender, to, cc, bcc, replyTo []compose.Address

	categories  []string
	attachments []attachment
}

// An attachment is a file that the message refers to.
type attachment struct{ name, mediaType, contentID, url string }

// unsent reports whether the message was written here and never left.
func (e *email) unsent() bool { return e.outgoing && e.sent.IsZero() }

// date is when the message was sent, came, or was last changed.
func (e *email) date() time.Time {
	for _, t := range []time.Time{e.sent, e.received, e.changed} {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// maxLists bounds how many addresses, categories and attachments of a message
// are read.
const maxLists = 100_000

// emails yields the messages in a file of XML. What there is of a last one
// whose XML is damaged comes with the error; nil if it has not begun.
func emails(b []byte) iter.Seq2[*email, error] {
	return func(yield func(*email, error) bool) {
		d := xml.NewDecoder(bytes.NewReader(legal(b)))
		d.Strict = false
		d.Entity = xml.HTMLEntity
		d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // legal made it UTF-8
		for {
			at := d.InputOffset()
			t, err := d.RawToken()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					yield(nil, err)
				}
				return
			}
			start, ok := t.(xml.StartElement)
			if !ok || start.Name.Local != "email" {
				continue
			}
			p := parser{d: d, e: &email{offset: at}}
			err = p.read()
			if !yield(p.e, err) || err != nil {
				return
			}
		}
	}
}

// reference is a character by its number.
var reference = regexp.MustCompile(`&#(?:[xX][0-9A-Fa-f]{1,8}|[0-9]{1,10});`)

// legal replaces what XML does not allow.
//
// QUIRK: XML 1.0 section 2.2 has no control characters but tab, LF and CR. Mail
// has them, and what puts mail into XML unchecked leaves them in, as they are
// or as references. They become spaces. Test: TestForms.
func legal(b []byte) []byte {
	b = bytes.ToValidUTF8(b, []byte("\ufffd"))
	for i, c := range b {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			b[i] = ' '
		}
	}
	return reference.ReplaceAllFunc(b, func(r []byte) []byte {
		digits, base := string(r[2:len(r)-1]), 10
		if digits[0]|0x20 == 'x' {
			digits, base = digits[1:], 16
		}
		if n, err := strconv.ParseUint(digits, base, 32); err != nil || !allowed(n) {
			return []byte(" ")
		}
		return r
	})
}

// allowed reports whether XML can hold the character (XML 1.0, production 2).
func allowed(c uint64) bool {
	return c == '\t' || c == '\n' || c == '\r' || c >= ' ' && c < 0xd800 || c >= 0xe000 && c < 0xfffe || c > 0xffff && c <= 0x10ffff
}

// A parser reads one element "email".
type parser struct {
	d    *xml.Decoder
	e    *email
	path []string         // names of the open elements
	text *strings.Builder // of the innermost open element; nil: not wanted
}

// read goes to the end of the element. Names are compared without their
// prefixes: older versions have a namespace, newer ones none.
func (p *parser) read() error {
	for {
		t, err := p.d.RawToken()
		switch {
		case errors.Is(err, io.EOF):
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			p.start(t)
		case xml.CharData:
			if p.text != nil {
				p.text.Write(t)
			}
		case xml.EndElement:
			if t.Name.Local == "email" && !slices.Contains(p.path, "email") {
				return nil
			}
			p.end(t.Name.Local)
		}
	}
}

// maxOpen bounds the elements that are open at once.
const maxOpen = 100

func (p *parser) start(t xml.StartElement) {
	if len(p.path) >= maxOpen {
		return
	}
	p.path = append(p.path, t.Name.Local)
	p.text = new(strings.Builder)
	get := func(name string) string {
		for _, a := range t.Attr {
			if a.Name.Local == name {
				return a.Value
			}
		}
		return ""
	}
	e := p.e
	switch t.Name.Local {
	case "emailAddress":
		if list := p.addresses(); list != nil && len(*list) < maxLists {
			*list = append(*list, compose.Address{Name: get("OPFContactEmailAddressName"), Addr: get("OPFContactEmailAddressAddress")})
		}
	case "messageAttachment":
		if len(e.attachments) < maxLists {
			e.attachments = append(e.attachments, attachment{
				get("OPFAttachmentName"), get("OPFAttachmentContentType"), get("OPFAttachmentContentID"), get("OPFAttachmentURL"),
			})
		}
	case "category":
		p.category(get("OPFCategoryCopyName"))
	}
}

// addresses is the list that the element being read belongs to.
func (p *parser) addresses() *[]compose.Address {
	for i := len(p.path) - 1; i >= 0; i-- {
		switch p.path[i] {
		case "OPFMessageCopyFromAddresses":
			return &p.e.from
		case "OPFMessageCopySenderAddress":
			return &p.e.sender
		case "OPFMessageCopyToAddresses":
			return &p.e.to
		case "OPFMessageCopyCCAddresses":
			return &p.e.cc
		case "OPFMessageCopyBCCAddresses":
			return &p.e.bcc
		case "OPFMessageCopyReplyToAddresses":
			return &p.e.replyTo
		}
	}
	return nil
}

func (p *parser) category(name string) {
	if name = strings.TrimSpace(name); name != "" && len(p.e.categories) < maxLists {
		p.e.categories = append(p.e.categories, name)
	}
}

// end closes the element name, and those in it that were left open.
func (p *parser) end(name string) {
	for i := len(p.path) - 1; i >= 0; i-- {
		if p.path[i] != name {
			continue
		}
		if p.text != nil {
			p.value(name, p.text.String())
		}
		p.path, p.text = p.path[:i], nil
		return
	}
}

// value takes the text of an element.
func (p *parser) value(name, s string) {
	e := p.e
	switch name {
	case "OPFMessageCopyBody":
		e.text = s
	case "OPFMessageCopyHTMLBody":
		e.html = s
	case "OPFMessageCopySource":
		e.source = s
	case "OPFMessageCopySubject":
		e.subject = s
	case "OPFMessageCopyMessageID":
		e.messageID = s
	case "OPFMessageCopyInReplyTo":
		e.inReplyTo = s
	case "OPFMessageCopyReferences":
		e.references = s
	case "OPFMessageCopyThreadTopic":
		e.threadTopic = s
	case "OPFMessageCopyThreadIndex":
		e.threadIndex = s
	case "OPFMessageCopyDisplayTo":
		e.displayTo = s
	case "OPFMessageGetPriority":
		e.priority = strings.TrimSpace(s)
	case "OPFMessageCopySentTime":
		e.sent = parseTime(s)
	case "OPFMessageCopyReceivedTime":
		e.received = parseTime(s)
	case "OPFMessageCopyModDate":
		e.changed = parseTime(s)
	case "OPFMessageGetIsRead":
		e.read = parseBool(s)
	case "OPFMessageIsOutgoing":
		e.outgoing = parseBool(s)
	case "OPFMessageGetIsFlagged", "OPFMessageIsFlagged":
		e.flagged = parseBool(s)
	case "category":
		p.category(s)
	case "OPFContactEmailAddressAddress", "OPFContactEmailAddressName":
		p.address(name, s)
	}
}

// address takes a part of an address that is an element of its own.
func (p *parser) address(name, s string) {
	list := p.addresses()
	if list == nil || len(*list) == 0 {
		return
	}
	if a := &(*list)[len(*list)-1]; name == "OPFContactEmailAddressName" {
		a.Name = strings.TrimSpace(s)
	} else {
		a.Addr = strings.TrimSpace(s)
	}
}

// parseTime reads a time of ISO 8601, in UTC if it says nothing else.
func parseTime(s string) time.Time {
	s = strings.TrimSpace(s)
	for _, form := range []string{"2006-01-02T15:04:05", time.RFC3339} {
		if t, err := time.Parse(form, s); err == nil && t.Year() > 1970 {
			return t.UTC()
		}
	}
	return time.Time{}
}

// parseBool reads a number, "1E0" or "1"; newer versions write "true".
func parseBool(s string) bool {
	s = strings.TrimSpace(s)
	n, err := strconv.ParseFloat(s, 64)
	return err == nil && n != 0 || strings.EqualFold(s, "true")
}
