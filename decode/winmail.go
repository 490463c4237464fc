package decode

import (
	"fmt"
	"strings"
	"time"

	"lostpost/decode/charset"
	"lostpost/decode/header"
	"lostpost/decode/mapi"
	"lostpost/decode/tnef"
)

// winmail reports whether the body can be TNEF.
//
// QUIRK: MS-OXTNEF 1.3.2 names application/ms-tnef. Gateways that do not know
// the type send application/octet-stream; the name winmail.dat is left of it.
// Test: testdata/quirks/tnef-octet-stream.eml
func (p *Part) winmail() bool {
	switch p.MediaType {
	case "application/ms-tnef", "application/vnd.ms-tnef":
		return true
	case "application/octet-stream":
		return strings.EqualFold(p.FileName, "winmail.dat") || strings.EqualFold(p.FileName, "win.dat")
	}
	return false
}

// openWinmail makes parts of what is in a TNEF stream: the body, then the
// attachments. The stream stays a leaf: its octets are a file that can be
// asked for. It is no attachment to the reader any more once it was opened.
func (st *session) openWinmail(p *Part, b []byte) []*Part {
	m, ok := tnef.Read(b)
	if !ok {
		return nil
	}
	for _, f := range m.Faults {
		p.problem(Problem{Code: Code(f.Code), Offset: f.Offset, Lost: f.Lost, Detail: f.Detail})
	}
	if p.unpacked {
		p.Header = itemHeader(m)
	}
	var parts []*Part
	if body := st.winmailBody(p, m); body != nil {
		parts = append(parts, body)
	}
	for _, a := range m.Attachments {
		if c := st.unpack(p, len(parts)+1, a.Data); c != nil {
			c.describeUnpacked(a)
			parts = append(parts, c)
		}
	}
	if len(parts) > 0 {
		p.Attachment = false
	}
	return parts
}

// unpack makes a part of octets that lie in a container, nil if there are
// enough parts.
func (st *session) unpack(p *Part, number int, b []byte) *Part {
	if st.parts >= st.lim.Parts {
		st.extra++
		return nil
	}
	st.parts++
	if b == nil {
		b = []byte{}
	}
	n := int64(len(b))
	return &Part{
		Encoding: "8bit", End: n, end: n, unpacked: true,
		st: st, parent: p, number: number,
		src: &source{mem: b, size: n, depth: p.src.depth + 1}, // line ends are those of a file: they stay
	}
}

// describeUnpacked says what an attachment of a TNEF stream is.
func (p *Part) describeUnpacked(a tnef.Attachment) {
	p.MediaType = strings.ToLower(strings.TrimSpace(a.MediaType))
	if !strings.Contains(p.MediaType, "/") {
		p.MediaType = "application/octet-stream"
	}
	p.Name, p.FileName = displayName(a.Name), baseName(a.Name)
	p.Attachment = !a.Hidden
	if a.Embedded {
		p.MediaType, p.Attachment = "application/ms-tnef", false
	}
	if strings.HasPrefix(p.MediaType, "multipart/") {
		p.MediaType = "application/octet-stream" // no message stands here
	}
	p.encoded = p.winmail() || p.nested()
}

// winmailBody makes a part of the best form of the body: HTML, also where it
// stands inside the RTF, else plain text, else the text of the RTF.
func (st *session) winmailBody(p *Part, m *tnef.Message) *Part {
	kind, label, b := "text/html", mapi.Charset(m.HTMLPage), m.HTML
	if len(b) == 0 {
		var doc mapi.Document
		if len(m.RTF) > 0 {
			doc = st.winmailRTF(p, m.RTF)
		}
		switch {
		case doc.HTML || len(m.Body) == 0:
			if !doc.HTML {
				kind = "text/plain"
			}
			label, b = "utf-8", []byte(doc.Text)
		case m.BodyWide:
			kind, label, b = "text/plain", "utf-8", []byte(mapi.UTF16(m.Body))
		default:
			kind, label, b = "text/plain", mapi.Charset(m.CodePage), m.Body
		}
	}
	if len(b) == 0 {
		return nil
	}
	c := st.unpack(p, 1, b)
	if c != nil {
		c.MediaType, c.Declared, c.Charset, c.itemBody = kind, label, charset.Canonical(label), true
	}
	return c
}

// winmailRTF reads the compressed RTF body.
func (st *session) winmailRTF(p *Part, b []byte) mapi.Document {
	limit := int(min(st.lim.TextBytes, st.expand))
	rtf, err := mapi.UncompressRTF(b, limit)
	st.expand -= int64(len(rtf))
	if err != nil {
		p.problem(Problem{Code: TNEFBody, Offset: p.Body, Lost: true, Detail: err.Error()})
	}
	doc := mapi.ReadRTF(rtf, limit)
	if doc.Cut {
		p.problem(Problem{Code: LimitText, Offset: p.Body, Lost: true})
	}
	return doc
}

// itemHeader makes a header of the properties of an embedded message, for
// those who look for its subject.
func itemHeader(m *tnef.Message) header.Header {
	var b strings.Builder
	field := func(name, value string) {
		if value = strings.Join(strings.Fields(value), " "); value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	from := m.Properties.Text(mapi.SenderName, m.CodePage)
	if address := m.Properties.Text(mapi.SenderEmailAddress, m.CodePage); strings.Contains(address, "@") {
		from = strings.TrimSpace(from + " <" + address + ">")
	}
	field("From", from)
	when := m.Properties.Get(mapi.ClientSubmitTime).Time()
	if when.IsZero() {
		when = m.Properties.Get(mapi.MessageDeliveryTime).Time()
	}
	if !when.IsZero() {
		field("Date", when.Format(time.RFC1123Z))
	}
	field("Subject", m.Subject)
	h, _, _ := header.Parse([]byte(b.String()), maxFields)
	return h
}

// hideRepeated hides the bodies of TNEF streams that say nothing new: Exchange
// sends the text of the message once more in winmail.dat.
func (d *reading) hideRepeated(c []choice) {
	var known map[string]bool
	least := 2 // words that make a body worth showing; one if there is no other text
	for i, p := range d.m.Parts {
		if !p.itemBody || c[i].hidden {
			continue
		}
		if known == nil {
			known = map[string]bool{}
			for j, text := range d.texts {
				if !d.m.Parts[j].itemBody {
					for w := range strings.FieldsSeq(text) {
						known[w] = true
					}
				}
			}
			if len(known) == 0 {
				least = 1
			}
		}
		fresh := 0
		for w := range strings.FieldsSeq(d.texts[i]) {
			if !known[w] && words(w, 1) > 0 {
				known[w] = true
				fresh++
			}
		}
		c[i].hidden = fresh < least
	}
}
