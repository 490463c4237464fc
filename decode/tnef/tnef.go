// Package tnef reads winmail.dat: application/ms-tnef, the envelope in which
// Outlook and Exchange send what Internet mail has no place for.
//
// Promises. Read never fails on damaged octets, never panics, and copies no
// attachment: what it gives are slices of its input. Time and memory grow with
// the input; lengths and counts in the file are believed only as far as there
// are octets. What had to be repaired, or is lost, is a Fault.
//
// It gives the message with its properties, the body in each form that is
// there, and the attachments with their long names; an embedded message is
// again TNEF, which Read reads. It writes nothing and does not unpack the
// compressed RTF: decode/mapi does.
//
// MS-OXTNEF, with MS-OXCDATA for the properties.
//
// Fault codes, all stable:
//
//	tnef-checksum  an attribute's checksum is wrong; it is read nevertheless
//	tnef-cut       an attribute is longer than the file; lost
//	tnef-garbage   octets that are no attribute follow the last one
//	tnef-property  the list of properties is damaged from here on; lost
package tnef

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"

	"lostpost/decode/mapi"
)

// A Message is what one TNEF stream holds. All octets are parts of the input.
type Message struct {
	CodePage    int    // of texts in octets, 0 if it is not said
	Class       string // "IPM.Note"; Microsoft Mail classes as they are written
	Subject     string
	Body        []byte // plain text in CodePage, or UTF-16 if BodyWide; nil if there is none
	BodyWide    bool
	HTML        []byte // nil if there is none
	HTMLPage    int    // its code page, 0 if it is not said
	RTF         []byte // compressed, nil if there is none
	Properties  mapi.Properties
	Attachments []Attachment
	Faults      []Fault
}

// An Attachment is a file, an embedded message or an object.
type Attachment struct {
	Name       string // the long one if there is one; as it is written, a path perhaps
	MediaType  string // as it is written, "" if it is not said
	ContentID  string // of a picture inside the HTML
	Data       []byte // without the interface identifier of an object
	Stub       []byte // of an object: what programs that know no MAPI are to show
	Embedded   bool   // Data is the TNEF stream of a message
	Hidden     bool   // shown inside the body only
	Properties mapi.Properties
}

// A Fault is a repair or a loss; the package comment lists the codes.
type Fault struct {
	Code   string
	Offset int64 // octets in the stream
	Lost   bool
	Detail string
}

// signature begins every stream, little endian; a key of 16 bits follows.
const signature = 0x223e9f78

// The attributes that are read (MS-OXTNEF 2.1.1.3), without their type.
const (
	attSubject      = 0x8004
	attMessageClass = 0x8008
	attBody         = 0x800c
	attAttachData   = 0x800f
	attAttachTitle  = 0x8010
	attAttachRend   = 0x9002
	attMsgProps     = 0x9003
	attAttachment   = 0x9005
	attOemCodepage  = 0x9007
)

const (
	levelMessage    = 1
	levelAttachment = 2
	attributeHeader = 9 // octets: level, identifier, length
	methodEmbedded  = 5 // AttachMethod of a message (MS-OXCMSG 2.2.2.9)
	maxFaults       = 100
	maxAttachments  = 10_000
)

// The interface identifier of a message inside an attachment (IID_IMessage).
var messageInterface = []byte{7, 3, 2, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46}

// Is reports whether octets begin as a TNEF stream does.
func Is(b []byte) bool {
	return len(b) >= 6 && binary.LittleEndian.Uint32(b) == signature
}

// Read reads a stream. ok is false if it is none: then the result is nil.
func Read(b []byte) (m *Message, ok bool) {
	if !Is(b) {
		return nil, false
	}
	r := reader{b: b, m: &Message{}, room: maxValues}
	r.codePage()
	for pos := 6; pos < len(b); {
		a, next := r.attribute(pos)
		if next < 0 {
			break
		}
		r.take(a)
		pos = next
	}
	r.finish()
	return r.m, true
}

// An attribute is one piece of a stream.
type attribute struct {
	level byte
	id    uint16
	data  []byte
	at    int // of data in the stream
}

type reader struct {
	b    []byte
	m    *Message
	att  []pending
	room int // values of properties that may still be read
}

// pending is an attachment whose attributes are being read: its title and its
// properties may stand before or after the octets.
type pending struct {
	Attachment
	title []byte
}

func (r *reader) fault(code string, at int, lost bool, format string, args ...any) {
	if len(r.m.Faults) < maxFaults {
		r.m.Faults = append(r.m.Faults, Fault{code, int64(at), lost, fmt.Sprintf(format, args...)})
	}
}

// next reads the attribute at pos without a word; -1 if there is none.
func (r *reader) next(pos int) (a attribute, length, next int) {
	if len(r.b)-pos < attributeHeader {
		return a, 0, -1
	}
	h := r.b[pos : pos+attributeHeader]
	if h[0] != levelMessage && h[0] != levelAttachment {
		return a, 0, -1
	}
	a.level, a.id = h[0], binary.LittleEndian.Uint16(h[1:])
	a.at = pos + attributeHeader
	length = int(min(binary.LittleEndian.Uint32(h[5:]), math.MaxInt32))
	a.data = r.b[a.at:min(int64(len(r.b)), int64(a.at)+int64(length))]
	return a, length, min(len(r.b), a.at+len(a.data)+2)
}

// attribute reads the attribute at pos and says what is wrong with it.
//
// QUIRK: MS-OXTNEF 2.1.3.1: a stream is attributes, each of the length that it
// says with a checksum that is right. Exchange and gateways cut streams, count
// wrong, and add octets after the last attribute (corpus mimekit
// garbage-at-end, teamwork badchecksum). What is there is read, with
// tnef-cut, tnef-checksum or tnef-garbage. Test: testdata/quirks/tnef-cut.eml
func (r *reader) attribute(pos int) (attribute, int) {
	a, length, next := r.next(pos)
	switch {
	case next < 0:
		r.fault("tnef-garbage", pos, false, "%d octets after the last attribute", len(r.b)-pos)
		return a, -1
	case len(a.data) < length:
		r.fault("tnef-cut", a.at, true, "%d of %d octets are there", len(a.data), length)
		return a, next
	}
	sum := uint16(0)
	for _, c := range a.data {
		sum += uint16(c)
	}
	if end := a.at + length; end+2 > len(r.b) || binary.LittleEndian.Uint16(r.b[end:]) != sum {
		r.fault("tnef-checksum", a.at, false, "attribute 0x%04x", a.id)
	}
	return a, next
}

// codePage looks for the code page first: texts may stand before it.
func (r *reader) codePage() {
	for pos := 6; pos < len(r.b); {
		a, _, next := r.next(pos)
		if next < 0 {
			return
		}
		if a.id == attOemCodepage && len(a.data) >= 4 {
			r.m.CodePage = int(binary.LittleEndian.Uint32(a.data))
			return
		}
		pos = next
	}
}

func (r *reader) take(a attribute) {
	if a.level == levelAttachment {
		r.takeAttachment(a)
		return
	}
	switch a.id {
	case attSubject:
		r.m.Subject = mapi.Text(a.data, r.m.CodePage)
	case attMessageClass:
		r.m.Class = mapi.Text(a.data, r.m.CodePage)
	case attBody:
		r.m.Body = untilNUL(a.data)
	case attMsgProps:
		r.m.Properties = append(r.m.Properties, r.properties(a)...)
	}
}

// takeAttachment takes an attribute of an attachment. attAttachRend begins the
// next one.
//
// QUIRK: MS-OXTNEF 2.1.3.3: attAttachRend comes first of an attachment. Some
// writers leave it out; then the first attribute of that level begins one.
// Test: testdata/quirks/tnef-no-rendering.eml
func (r *reader) takeAttachment(a attribute) {
	if a.id == attAttachRend || len(r.att) == 0 {
		if len(r.att) >= maxAttachments {
			return
		}
		r.att = append(r.att, pending{})
	}
	p := &r.att[len(r.att)-1]
	switch a.id {
	case attAttachTitle:
		p.title = a.data
	case attAttachData:
		p.Data = a.data
	case attAttachment:
		p.Properties = append(p.Properties, r.properties(a)...)
	}
}

// finish draws what is asked for most often out of the properties.
func (r *reader) finish() {
	m := r.m
	page := m.CodePage
	if page == 0 {
		page = int(m.Properties.Get(mapi.MessageCodePage).Int())
		m.CodePage = page
	}
	if s := m.Properties.Text(mapi.Subject, page); s != "" {
		m.Subject = s
	}
	if s := m.Properties.Text(mapi.MessageClass, page); s != "" {
		m.Class = s
	}
	if p := m.Properties.Get(mapi.Body); m.Body == nil && p.Octets() != nil {
		m.Body, m.BodyWide = p.Octets(), p.Type&^mapi.Several == mapi.Unicode
		if !m.BodyWide {
			m.Body = untilNUL(m.Body)
		}
	}
	m.RTF = m.Properties.Get(mapi.RTFCompressed).Octets()
	html := m.Properties.Get(mapi.HTML)
	m.HTML, m.HTMLPage = html.Octets(), int(m.Properties.Get(mapi.InternetCodePage).Int())
	if html.Type&^mapi.Several == mapi.Unicode {
		m.HTMLPage = 1200
	}
	for i := range r.att {
		m.Attachments = append(m.Attachments, r.att[i].finish(page))
	}
}

func (p *pending) finish(page int) Attachment {
	a := &p.Attachment
	a.Name = a.Properties.Text(mapi.AttachLongFilename, page)
	if a.Name == "" {
		a.Name = a.Properties.Text(mapi.AttachFilename, page)
	}
	if a.Name == "" {
		a.Name = mapi.Text(p.title, page)
	}
	if a.Name == "" {
		a.Name = a.Properties.Text(mapi.DisplayName, page)
	}
	a.MediaType = a.Properties.Text(mapi.AttachMimeTag, page)
	a.ContentID = a.Properties.Text(mapi.AttachContentID, page)
	a.Hidden = a.Properties.Get(mapi.AttachmentHidden).Int() != 0
	// The octets of an object stand in a property; attAttachData is then a
	// sentence for programs that know none.
	if d := a.Properties.Get(mapi.AttachData); d.Octets() != nil {
		a.Data, a.Stub = d.Octets(), a.Data
		if d.Type&^mapi.Several == mapi.Object && len(a.Data) >= 16 {
			a.Embedded = bytes.Equal(a.Data[:16], messageInterface) ||
				a.Properties.Get(mapi.AttachMethod).Int() == methodEmbedded && Is(a.Data[16:])
			a.Data = a.Data[16:]
		}
	}
	return *a
}

// untilNUL cuts a text at its first NUL.
func untilNUL(b []byte) []byte {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return b[:i]
	}
	return b
}
