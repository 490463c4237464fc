package decode

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"lostpost/decode/charset"
	"lostpost/decode/header"
	"lostpost/decode/transfer"
)

// describe reads from the header of p what its body is.
func (k *walker) describe(p *Part) {
	h := p.Header
	m := h.Media("Content-Type", k.st.hint)
	if !strings.HasPrefix(m.Type, "multipart/") {
		if other, ok := k.otherType(p); ok {
			m = other
		}
	}
	for _, f := range m.Faults {
		p.problem(Problem{Code: Code(f.Code), Offset: p.start, Lost: f.Lost, Detail: f.Detail})
	}
	p.Params = m.Params
	p.MediaType = m.Type
	if !strings.Contains(p.MediaType, "/") && p.MediaType != "multipart" {
		if p.MediaType != "" {
			p.problem(Problem{Code: MediaTypeRepaired, Offset: p.start})
		}
		p.MediaType = k.defaultType(p)
	}
	if p.MediaType == "message/partial" {
		number, _ := strconv.Atoi(strings.TrimSpace(p.Params["number"]))
		total, _ := strconv.Atoi(strings.TrimSpace(p.Params["total"]))
		if total != 1 {
			p.problem(Problem{Code: MessagePartial, Offset: p.start, Detail: fmt.Sprintf("piece %d of %d", number, total)})
		}
	}
	k.encoding(p)
	if strings.HasPrefix(p.MediaType, "text/") {
		p.Declared = p.Params["charset"]
		p.Charset = charset.Canonical(p.Declared)
		if k.st.hint == "" && p.Charset != "us-ascii" && p.Charset != "utf-8" {
			k.st.hint = p.Charset
		}
	}
	if p.parent == nil && k.st.hint == "" {
		k.st.hint = subjectCharset(h)
	}
	k.disposition(p)
}

// subjectCharset is the charset of the first encoded word of the Subject: one
// sender, one charset. It is "" where that says nothing of the body.
func subjectCharset(h header.Header) string {
	_, word, ok := strings.Cut(h.Value("Subject"), "=?")
	label, _, found := strings.Cut(word, "?")
	if !ok || !found || len(label) > 40 {
		return ""
	}
	switch name := charset.Canonical(label); name {
	case "us-ascii", "utf-8", "iso-8859-1", "windows-1252":
		return ""
	default:
		return name
	}
}

// otherType looks for a second Content-Type that is the right one.
//
// QUIRK: RFC 5322 section 3.6: a field stands once. Gateways that add a part
// put a multipart field below the old one (corpus php-mmp/issue126). It is the
// one that works if its boundary stands in the body. Test: testdata/quirks/type-twice.eml
func (k *walker) otherType(p *Part) (header.Media, bool) {
	seen := 0
	for f := range p.Header.All() {
		if !strings.EqualFold(f.Name, "Content-Type") {
			continue
		}
		if seen++; seen > 8 || k.st.rescan < 0 {
			break
		}
		if !bytes.Contains(f.Raw, []byte("ultipart/")) {
			continue
		}
		m := header.ParseMedia(f.Raw, k.st.hint)
		b := m.Params["boundary"]
		if !strings.HasPrefix(m.Type, "multipart/") || b == "" {
			continue
		}
		head := k.w.s.bytes(p.body, p.body+1<<16)
		k.st.rescan -= int64(len(head))
		if bytes.Contains(head, []byte("--"+b)) {
			p.problem(Problem{Code: TypeRepeated, Offset: p.start + int64(f.Offset)})
			return m, true
		}
	}
	return header.Media{}, false
}

// defaultType is the type of a part that names none.
func (k *walker) defaultType(p *Part) string {
	if p.parent == nil || p.parent.MediaType != "multipart/digest" || p.Header.Has("Content-Type") {
		return "text/plain" // RFC 2045 section 5.2
	}
	if !p.Header.Has("From") && !p.Header.Has("Subject") {
		return "message/rfc822" // RFC 2046 section 5.1.5
	}
	// QUIRK: RFC 2046 section 5.1.5: an empty line stands before the header of
	// each message of a digest. Old list programs leave it out, so that the
	// header of the message is that of the part. Test: testdata/quirks/digest-header.eml
	p.problem(Problem{Code: DigestHeader, Offset: p.start})
	return "text/plain"
}

// encoding reads Content-Transfer-Encoding.
func (k *walker) encoding(p *Part) {
	labels := p.Header.Values("Content-Transfer-Encoding")
	if len(labels) == 0 {
		p.Encoding = "7bit"
		return
	}
	name, known := transfer.Canonical(labels[0])
	if len(labels) > 1 {
		// QUIRK: RFC 5322 section 3.6: a field stands once. Gateways add a
		// second Content-Transfer-Encoding. The first that the body fits is
		// taken. Test: testdata/quirks/encoding-twice.eml
		p.problem(Problem{Code: EncodingRepeated, Offset: p.start})
		for _, label := range labels {
			n, ok := transfer.Canonical(label)
			if ok && isEncoding(n) && k.fits(p, n) {
				name, known = n, true
				break
			}
			if ok && !isEncoding(n) {
				name, known = n, true
			}
		}
	}
	if !known && strings.TrimSpace(labels[0]) != "" {
		// QUIRK: RFC 2045 section 6.4: what is in an unknown encoding is
		// application/octet-stream. In mail such a label is noise
		// ("8-bit mime", "utf-8"). The octets are read as they are.
		// Test: testdata/quirks/encoding-unknown.eml
		p.problem(Problem{Code: EncodingUnknown, Offset: p.start})
	}
	p.Encoding = name
	if p.multipart() && isEncoding(name) {
		// QUIRK: RFC 2045 section 6.4 forbids base64 and quoted-printable on
		// multipart. Outlook Express and list gateways write it. The parts
		// are read as they are, unless there are none.
		// Test: testdata/quirks/encoding-on-multipart.eml
		p.problem(Problem{Code: EncodingOnMultipart, Offset: p.start})
	}
}

// fits reports whether the first octets of the body can be in an encoding.
func (k *walker) fits(p *Part, encoding string) bool {
	b := bytes.Clone(k.w.s.bytes(p.body, p.body+4096))
	switch encoding {
	case "base64":
		line, _, _ := bytes.Cut(bytes.TrimLeft(b, "\r\n"), []byte("\n"))
		return base64Line(bytes.TrimRight(line, " \t\r"))
	case "quoted-printable":
		for i := range b {
			if b[i] == '=' && i+2 < len(b) && (isHex(b[i+1]) && isHex(b[i+2]) || b[i+1] == '\r' || b[i+1] == '\n') {
				return true
			}
		}
		return false
	}
	return true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'F' || 'a' <= c && c <= 'f'
}

// base64Line reports whether a line can be base64 and hardly text.
func base64Line(line []byte) bool {
	if len(line) == 0 {
		return false
	}
	for _, c := range line {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '+', c == '/', c == '=':
		default:
			return false
		}
	}
	return true
}

// disposition reads the file name and whether the part is an attachment.
func (k *walker) disposition(p *Part) {
	var kind, name string
	if p.Header.Has("Content-Disposition") {
		d := p.Header.Media("Content-Disposition", k.st.hint)
		kind, name = d.Type, d.Params["filename"]
		if name == "" {
			name = d.Params["name"]
		}
		for _, f := range d.Faults {
			p.problem(Problem{Code: Code(f.Code), Offset: p.start, Lost: f.Lost, Detail: f.Detail})
		}
	}
	if name == "" {
		name = p.Params["name"]
	}
	if name == "" {
		name = p.Params["filename"]
	}
	p.Name, p.FileName = displayName(name), baseName(name)
	p.Attachment = p.attached(kind)
}

// attached decides whether a part is something that the sender attached,
// rather than a piece of the text.
func (p *Part) attached(disposition string) bool {
	switch {
	case p.multipart(), p.MediaType == "application/applefile":
		return false
	case disposition == "attachment":
		return true
	case strings.HasSuffix(p.MediaType, "-signature") && strings.HasPrefix(p.MediaType, "application/p"):
		return false
	case strings.HasPrefix(p.MediaType, "text/"), p.isRTF():
		return disposition != "inline" && p.FileName != "" && p.parent.multipart() && p.number > 1
	case strings.HasPrefix(p.MediaType, "message/"):
		return false
	}
	// What a page shows inside itself is not attached.
	return p.parent == nil || p.parent.MediaType != "multipart/related" || !p.Header.Has("Content-ID")
}

// baseName is the last element of a path of any system, on one line and
// without controls.
func baseName(name string) string {
	name = displayName(name)
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = strings.TrimSpace(name[i+1:])
	}
	if name == "." || name == ".." {
		return ""
	}
	return name
}

// displayName is a name on one line and without controls.
func displayName(name string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r':
			return ' '
		case r < ' ', r == 127:
			return -1
		}
		return r
	}, name))
}

// encodedMessage reports whether the body of a message part must be decoded
// before it can be read.
func (k *walker) encodedMessage(p *Part) bool {
	if !isEncoding(p.Encoding) {
		return false
	}
	if p.Encoding == "base64" {
		for at := p.body; at < k.w.s.size; {
			text, next := k.w.line(at)
			if len(text) > 0 {
				if fieldLike(text) || fromLine(text) {
					// QUIRK: RFC 2045 section 6: the label says what was done. Some
					// programs label an enclosed message base64 and write it as it
					// is. Test: testdata/quirks/message-not-encoded.eml
					p.problem(Problem{Code: EncodingPlain, Offset: p.body})
					p.Encoding = "8bit"
					return false
				}
				break
			}
			at = next
		}
	}
	// QUIRK: RFC 2046 section 5.2.1 allows 7bit, 8bit and binary only. Exchange
	// and many scripts encode attached messages. They are decoded and entered.
	// Test: testdata/quirks/message-base64.eml
	p.problem(Problem{Code: EncodingOnMessage, Offset: p.start})
	return true
}
