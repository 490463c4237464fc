package explain

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"

	"lostpost/decode"
	"lostpost/decode/header"
)

// Of a notice this much is read. What a server writes about one mail is short;
// a notice of more is a list of recipients.
const (
	maxNoticePart  = 256 << 10 // octets of one text part
	maxNoticeLines = 8 << 10
	maxReturned    = 64 << 10 // octets of a returned header
	maxFields      = 1000     // of it
)

// A notice is a message read as a notice about another one: what a server
// wrote, line by line, and the header of the mail that it sends back.
type notice struct {
	head     header.Header
	lines    []line
	returned header.Header // of the mail that came back
	back     bool          // something of it came back
	cut      []line        // what was cut out of the texts as returned mail, the first piece
	guessed  bool          // the recipient is not named by the notice
	whole    string        // see text, low
	wholeLow string
	report   string // report-type of it
	parts    map[string]bool
	subject  string // lower case
	from     header.Address
	to       []header.Address
}

// A line is one line of a notice.
type line struct {
	text   string // without white space at its end
	status bool   // of a delivery-status part, where fields may be continued
	html   bool   // of a page
	part   int    // which part it is of
	offset int64  // in the message, in octets; of encoded parts that of their body
}

// readNotice takes a message apart. Parts of the returned mail are not looked at: an
// older notice may lie in it.
func readNotice(ctx context.Context, parts []*decode.Part, head header.Header) *notice {
	n := &notice{parts: map[string]bool{}}
	n.headed(head)
	plain := hasPlain(parts)
	inside := map[*decode.Part]bool{} // of the returned mail
	for i, p := range parts {
		if up := p.Parent(); up != nil && inside[up] {
			inside[p] = true
			if strings.HasPrefix(up.MediaType, "message/") {
				n.giveBack(p.Header)
			}
			continue
		}
		n.parts[p.MediaType] = true
		if !p.Leaf() && strings.HasPrefix(p.MediaType, "message/") {
			inside[p] = true
			continue
		}
		n.part(ctx, i, p, plain)
	}
	n.cutReturned()
	return n
}

// headed takes over what the header of the notice says.
func (n *notice) headed(h header.Header) {
	n.head = h
	subject, _ := h.Text("Subject", "")
	n.subject = strings.ToLower(subject)
	if from, _ := h.Addresses("From", ""); len(from) > 0 {
		n.from = from[0]
	}
	n.to, _ = h.Addresses("To", "")
	n.report = strings.ToLower(h.Media("Content-Type", "").Params["report-type"])
}

// inner is the notice inside a notice, nil if there is none: a gateway put the
// message of a server into one of its own, or put lines before its header, so
// that the outer one does not say whom it is about.
func (n *notice) inner(ctx context.Context, kind string, parts []*decode.Part) *notice {
	if n.head.Len() == 0 && len(n.cut) > 0 {
		return n.fromLines(n.cut)
	}
	if kind != KindBounce && kind != KindDelay || !n.guessed || !n.back {
		return nil
	}
	if len(n.cut) > 0 {
		return n.fromLines(n.cut)
	}
	for i, p := range parts {
		if up := p.Parent(); up != nil && returnedType(up.MediaType) {
			return readNotice(ctx, parts[i:], p.Header)
		}
	}
	return nil
}

// fromLines reads lines as a message whose structure was lost.
func (n *notice) fromLines(lines []line) *notice {
	for len(lines) > 0 && fieldOf(lines[0].text) == "" {
		lines = lines[1:]
	}
	var b strings.Builder
	for len(lines) > 0 && lines[0].text != "" {
		b.WriteString(lines[0].text + "\n")
		lines = lines[1:]
	}
	h, _, _ := header.Parse([]byte(b.String()), maxFields)
	in := &notice{parts: map[string]bool{}, lines: slices.Clone(lines)}
	in.headed(h)
	in.cutReturned()
	return in
}

// hasPlain reports whether there is a plain text to be read, so that pages can
// be left alone.
func hasPlain(parts []*decode.Part) bool {
	for _, p := range parts {
		if p.MediaType == "text/plain" && p.Leaf() && p.Size() > 0 {
			return true
		}
		if p.MediaType == "message/rfc822" {
			return false
		}
	}
	return false
}

// part reads one leaf.
func (n *notice) part(ctx context.Context, i int, p *decode.Part, plain bool) {
	switch {
	case !p.Leaf():
	case returnedType(p.MediaType):
		src, _ := p.Source(ctx) // of a reader that fails, what it gave
		if src == "" {
			b, _ := io.ReadAll(io.LimitReader(p.Open(), maxReturned))
			src = string(b)
		}
		h, _, _ := header.Parse([]byte(cutString(src, maxReturned)), maxFields)
		n.giveBack(h)
	case p.MediaType == "text/html":
		if !plain {
			var b strings.Builder
			_ = p.Text(ctx, &b) // a Builder takes all
			n.add(i, p, cutString(b.String(), maxNoticePart), false)
		}
	case strings.HasPrefix(p.MediaType, "text/"), strings.HasPrefix(p.MediaType, "message/"), p.Parent() == nil:
		n.read(ctx, i, p)
	}
}

// returnedType reports whether a leaf is the returned mail or its header.
func returnedType(media string) bool {
	switch media {
	case "text/rfc822-headers", "message/rfc822-headers", "message/global-headers", "text/rfc822-header",
		"text/rfc822", "message/rfc822", "message/global", "message/partial":
		return true
	}
	return false
}

// read adds the lines of a text part. Where octets and text are the same, each
// line knows its place.
func (n *notice) read(ctx context.Context, i int, p *decode.Part) {
	switch p.Encoding {
	case "", "7bit", "8bit", "binary":
		raw, err := io.ReadAll(io.LimitReader(p.Open(), maxNoticePart))
		if err != nil && len(raw) == 0 {
			return
		}
		if !isASCII(raw) || bytes.IndexByte(raw, 0x1b) >= 0 {
			if src, _ := p.Source(ctx); src != "" {
				n.add(i, p, cutString(src, maxNoticePart), false)
				return
			}
			raw = bytes.ToValidUTF8(raw, []byte("\uFFFD"))
		}
		n.add(i, p, string(raw), true)
	default:
		src, _ := p.Source(ctx)
		n.add(i, p, cutString(src, maxNoticePart), false)
	}
}

// add splits a text into lines; exact says that it is the octets themselves.
func (n *notice) add(part int, p *decode.Part, text string, exact bool) {
	status := isStatusType(p.MediaType)
	offset := p.Body
	for text != "" && len(n.lines) < maxNoticeLines {
		l, rest, _ := strings.Cut(text, "\n")
		at := offset
		if !exact {
			at = p.Body
		}
		n.lines = append(n.lines, line{
			text: strings.TrimRight(l, " \t\r\u00a0"), status: status, html: p.MediaType == "text/html", part: part, offset: at,
		})
		offset += int64(len(l)) + 1
		text = rest
	}
}

// isStatusType reports whether a part is a delivery-status part.
//
// QUIRK: RFC 3464 section 2.1 names message/delivery-status. Some servers write
// text/delivery-status, others message/delivery-notification. All are read.
// Test: TestBounces, "fields of other names".
func isStatusType(media string) bool {
	switch media {
	case "message/delivery-status", "message/global-delivery-status", "text/delivery-status",
		"message/delivery-notification", "message/delivery-report":
		return true
	}
	return false
}

// giveBack notes the header of the returned mail, the first one that is given.
func (n *notice) giveBack(h header.Header) {
	if !n.back && h.Len() > 0 {
		n.returned, n.back = h, true
	}
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// cutString gives at most n octets of s, whole characters.
func cutString(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}
