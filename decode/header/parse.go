package header

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// sniffLines is how far Parse looks for the kind of line ends.
const sniffLines = 64 << 10

// maxName is the longest field name: longer than a line may be is none.
const maxName = 998

// maxReceived is how much of a Received field is looked through for its date
// when a line may belong to it. Real ones have some hundred octets.
const maxReceived = 4 << 10

// Parse reads a header section. It stops at the empty line that ends it, at
// the first line from which on nothing is header, or at the end of b. n is the
// number of octets that belong to the section, its ending empty line included:
// the body begins at b[n:]. Line ends may be LF, CRLF, CR or CRCRLF.
// RFC 5322 section 2.2; leniencies in docs/QUIRKS.md. max bounds the fields
// that are kept (0: no bound); memory for junk lines is constant.
//
// Parse is for the beginning of a message: it passes over empty lines, a byte
// order mark and mailbox lines that stand before the first field. A part of a
// multipart, whose header may be empty, is read by ParsePart.
func Parse(b []byte, max int) (h Header, n int, faults []Fault) {
	p := parser{b: b, max: max, usual: 24, looked: -1}
	p.sniff()
	p.lead()
	return p.section()
}

// ParsePart is Parse for the header of a part inside a multipart: an empty
// line at the start means that the part has no fields.
func ParsePart(b []byte, max int) (h Header, n int, faults []Fault) {
	p := parser{b: b, max: max, usual: 4, looked: -1}
	p.sniff()
	return p.section()
}

// A parser is the state of one section.
type parser struct {
	b         []byte
	max       int
	usual     int  // fields that a section like this one has
	cr        bool // lines end in CR alone
	pos       int
	h         Header
	value     int // where the value of the last field begins
	over      int // fields beyond max
	looked    int // where the look ahead ended, -1 before it
	lastKnown int // where the last known field before that begins
	f         faults
}

// sniff finds out whether lines end in CR alone.
func (p *parser) sniff() {
	head := cut(p.b, sniffLines)
	p.cr = bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(head, '\r') >= 0
}

// line gives the end of the text of the line at pos and the start of the next.
func (p *parser) line(pos int) (end, next int) {
	if p.cr {
		if i := bytes.IndexByte(p.b[pos:], '\r'); i >= 0 {
			return pos + i, pos + i + 1
		}
		return len(p.b), len(p.b)
	}
	i := bytes.IndexByte(p.b[pos:], '\n')
	if i < 0 {
		end, next = len(p.b), len(p.b)
	} else {
		end, next = pos+i, pos+i+1
	}
	for end > pos && p.b[end-1] == '\r' {
		end--
	}
	return end, next
}

// lead passes over what stands before the first field of a message.
func (p *parser) lead() {
	if bytes.HasPrefix(p.b, []byte("\xef\xbb\xbf")) {
		// QUIRK: RFC 5322 section 2.2 begins with a field name. Windows editors
		// put a byte order mark before it. Skipped, header-bom.
		// Test: testdata/quirks/header-bom.eml
		p.f.add("header-bom", 0, false, "")
		p.pos = 3
	}
	blanks := -1
	pos := p.pos
	for pos < len(p.b) {
		end, next := p.line(pos)
		line := p.b[pos:end]
		switch {
		case end == pos:
			if blanks < 0 {
				blanks = pos
			}
		case bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From ")):
			if _, _, ok := fieldName(line); ok {
				return // "From : ada@example.org"
			}
			// QUIRK: the line belongs to the mailbox file (RFC 4155), not to the
			// message. Programs that cut a message out of one leave it. Kept as
			// Envelope, header-mbox-line. Test: testdata/quirks/header-mbox-line.eml
			p.f.add("header-mbox-line", pos, false, "")
			if p.h.envelope == nil {
				p.h.envelope = bytes.TrimPrefix(line, []byte(">"))
			}
			p.pos = next
		default:
			if name, _, ok := fieldName(line); ok && blanks >= 0 && knownField(line[:name]) {
				// QUIRK: RFC 5322 section 3.5 puts the fields first. Filters that
				// take off a line leave an empty one. Skipped when a known field
				// follows, header-blank-first.
				// Test: testdata/quirks/header-blank-first.eml
				p.f.add("header-blank-first", blanks, false, "")
				p.pos = pos
			}
			return
		}
		pos = next
	}
}

// section reads the fields.
func (p *parser) section() (Header, int, []Fault) {
	open := false // the last line was a field or belongs to one
	for p.pos < len(p.b) {
		start := p.pos
		end, next := p.line(start)
		line := p.b[start:end]
		switch {
		case len(line) == 0:
			p.pos = next
			return p.done()
		case line[0] == ' ' || line[0] == '\t':
			if !p.continuation(line, start, next, open) {
				return p.done()
			}
			if open {
				p.extend(end)
			}
			p.pos = next
			continue
		case line[0] == '-' && len(line) > 1 && line[1] == '-':
			// A boundary line. "--x" would be a field name by RFC 5322, but
			// nobody has such a field, and parts without a header are many.
			return p.done()
		}
		name, value, ok := fieldName(line)
		if ok && name > 0 {
			p.field(start, start+name, start+value, end)
			open = true
		} else if open && p.parameterLine(line) {
			p.f.add("header-parameter-unindented", start, false, "")
			p.extend(end)
		} else if open && p.valueLine(line) {
			p.f.add("header-value-unindented", start, false, "")
			p.extend(end)
		} else if !p.junk(line, start) {
			p.noBlankLine(start)
			return p.done()
		} else {
			open = false
		}
		p.pos = next
	}
	return p.done()
}

// continuation decides on a line that begins with white space.
func (p *parser) continuation(line []byte, start, next int, open bool) bool {
	if len(bytes.TrimLeft(line, " \t")) == 0 && next < len(p.b) {
		// QUIRK: RFC 5322 section 3.2.2 forbids a continuation of white space
		// only (obs-FWS had it), and section 2.1 an end of the header that is not
		// empty. Both are written. It ends the header unless a field or another
		// continuation follows. Test: testdata/quirks/header-blank-continuation.eml
		end, _ := p.line(next)
		if following := p.b[next:end]; len(following) > 0 && following[0] != ' ' && following[0] != '\t' {
			if _, _, ok := fieldName(following); !ok && (p.looked >= 0 || !p.moreFields(next)) {
				p.pos = next
				return false
			}
		}
	}
	if open || len(p.h.fields) > 0 {
		return true
	}
	if !p.moreFields(start) {
		return false
	}
	// QUIRK: RFC 5322 section 2.2.3: a continuation continues something. The
	// line is what a broken relay left of a field. Left out.
	// Test: testdata/quirks/header-continuation-first.eml
	p.f.add("header-continuation-first", start, false, "")
	return true
}

// junk notes a line that is no field; false means that the header ended
// before it.
//
// QUIRK: RFC 5322 section 2.2 has only fields. Virus scanners, brokers and
// broken scripts put lines of prose among them. Left out while a known field,
// or a line that was meant as one, follows before the next empty line.
// Test: testdata/quirks/header-line-without-colon.eml
func (p *parser) junk(line []byte, start int) bool {
	if !p.moreFields(start) {
		return false
	}
	if line[0] == ':' {
		p.f.add("header-name-empty", start, false, "")
	} else {
		p.f.add("header-line-without-colon", start, false, "")
	}
	return true
}

// noBlankLine notes that the text begins at once.
//
// QUIRK: RFC 5322 section 2.1 wants an empty line before the body. Scripts
// forget it. The first line that is no field begins the body when no known
// field follows it. Test: testdata/quirks/header-no-blank-line.eml
func (p *parser) noBlankLine(start int) {
	if len(p.h.fields) > 0 {
		p.f.add("header-no-blank-line", start, false, "")
	}
}

// moreFields reports whether a known field begins after pos and before the
// next empty line or boundary. It looks ahead once for the whole section.
func (p *parser) moreFields(pos int) bool {
	if p.looked < 0 {
		p.lastKnown = -1
		at := pos
		for at < len(p.b) {
			end, next := p.line(at)
			line := p.b[at:end]
			if len(line) == 0 || len(line) > 1 && line[0] == '-' && line[1] == '-' {
				break
			}
			if name, _, ok := fieldName(line); ok && knownField(line[:name]) || !ok && brokenField(line) {
				p.lastKnown = at
			}
			at = next
		}
		p.looked = at
	}
	return p.lastKnown >= pos
}

// brokenField reports whether a line that is no field was meant as one: it
// begins with a known name, and blanks or other text stand before its colon.
func brokenField(line []byte) bool {
	i := 0
	for i < len(line) && i < maxName && line[i] > ' ' && line[i] != ':' {
		i++
	}
	return i < len(line) && line[i] != ':' && line[0] != ' ' && line[0] != '\t' && i >= 4 &&
		knownField(line[:i]) && bytes.IndexByte(line[i:], ':') > 0
}

// parameterLine reports whether a line is the next parameter of a field that
// ended in a semicolon.
//
// QUIRK: RFC 5322 section 2.2.3 folds before white space. Some web scripts
// write the parameters of Content-Type on lines of their own.
// Test: testdata/quirks/header-parameter-unindented.eml
func (p *parser) parameterLine(line []byte) bool {
	raw := bytes.TrimRight(p.h.fields[len(p.h.fields)-1].Raw, " \t\r\n")
	if len(raw) == 0 || raw[len(raw)-1] != ';' {
		return false
	}
	i := bytes.IndexByte(cut(line, 80), '=')
	if i <= 0 {
		return false
	}
	for _, c := range bytes.TrimRight(line[:i], " \t") {
		if !tokenByte(c) {
			return false
		}
	}
	return true
}

// valueLine reports whether a line without a colon goes on with the field
// before it.
//
// QUIRK: RFC 5322 section 2.2.3 folds before white space. Gateways that fold
// at a fixed column take the blank away: the field is empty, and its value, one
// long word, is the next line (corpus sisimai office365-08). Programs that
// quote a header in a bounce strip all indentation: the clauses of Received and
// its date begin lines. Test: testdata/quirks/header-value-unindented.eml
func (p *parser) valueLine(line []byte) bool {
	last := p.h.fields[len(p.h.fields)-1]
	raw := bytes.TrimRight(last.Raw, " \t\r\n")
	if len(raw) == 0 {
		return len(line) > 40 && bytes.IndexByte(line, ' ') < 0
	}
	if !strings.EqualFold(last.Name, "Received") || len(raw) > maxReceived {
		return false
	}
	word, rest, _ := bytes.Cut(line, []byte(" "))
	switch string(word) {
	case "from", "by", "via", "with", "id", "for": // RFC 5321 section 4.4
		return len(rest) > 0 && bytes.IndexByte(raw, ';') < 0 // the date is last
	case "Mon,", "Tue,", "Wed,", "Thu,", "Fri,", "Sat,", "Sun,":
		return raw[len(raw)-1] == ';'
	}
	return false
}

// field keeps one field.
func (p *parser) field(start, nameEnd, value, end int) {
	if p.max > 0 && len(p.h.fields) >= p.max {
		p.over++
		return
	}
	name := p.b[start:nameEnd]
	if p.h.fields == nil {
		p.h.fields = make([]Field, 0, p.usual)
	}
	if value > nameEnd+1 {
		// QUIRK: RFC 5322 section 2.2 has the colon right after the name
		// (obsolete syntax had not). Read as usual, header-space-before-colon.
		// Test: testdata/quirks/header-space-before-colon.eml
		p.f.add("header-space-before-colon", start, false, "")
	}
	p.value = value
	p.h.fields = append(p.h.fields, Field{p.name(name, start), p.b[value:end:end], int64(start)})
}

// extend makes the last field reach to end.
func (p *parser) extend(end int) {
	if p.over > 0 {
		return // the last field was not kept
	}
	p.h.fields[len(p.h.fields)-1].Raw = p.b[p.value:end:end]
}

// name makes a name a string; those that nearly all mail has cost no memory.
func (p *parser) name(name []byte, start int) string {
	if s, ok := commonNames()[string(name)]; ok {
		return s
	}
	for _, c := range name {
		if c >= utf8.RuneSelf {
			// QUIRK: RFC 5322 section 2.2: names are ASCII. Newsletter programs put
			// umlauts into them. Kept, escaped where they are no UTF-8.
			// Test: testdata/quirks/header-name-8bit.eml
			p.f.add("header-name-8bit", start, false, "")
			if utf8.Valid(name) {
				break
			}
			return strings.Trim(strconv.QuoteToASCII(string(name)), `"`)
		}
	}
	return string(name)
}

// done gives the header, its length and the faults.
func (p *parser) done() (Header, int, []Fault) {
	if bytes.IndexByte(p.b[:p.pos], 0) >= 0 {
		for _, f := range p.h.fields {
			if bytes.IndexByte(f.Raw, 0) >= 0 {
				p.f.add("header-nul", int(f.Offset), false, f.Name)
			}
		}
	}
	if p.over > 0 {
		p.f.add("limit-header-fields", -1, true, fmt.Sprintf("%d fields, %d were kept", p.over+len(p.h.fields), len(p.h.fields)))
	}
	return p.h, p.pos, p.f.done()
}

// fieldName finds the colon of a field: the name is line[:name], the value
// begins at line[value]. White space may stand before the colon only.
func fieldName(line []byte) (name, value int, ok bool) {
	i := 0
	for i < len(line) && i < maxName && line[i] > ' ' && line[i] != ':' && line[i] != 0x7f {
		i++
	}
	name = i
	for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
		i++
	}
	if i < len(line) && line[i] == ':' && name > 0 {
		return name, i + 1, true
	}
	return 0, 0, false
}

// knownField reports whether a field of this name is evidence that a line
// belongs to a header and not to a letter ("Note: ...").
func knownField(name []byte) bool {
	if len(name) < 2 || len(name) > 40 {
		return false
	}
	var buf [40]byte
	low := buf[:len(name)]
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		low[i] = c
	}
	switch string(low) {
	case "from", "to", "cc", "bcc", "subject", "date", "sender", "reply-to", "message-id", "in-reply-to", "references",
		"received", "return-path", "delivered-to", "mime-version", "comments", "keywords", "priority", "importance",
		"sensitivity", "precedence", "organization", "organisation", "user-agent", "mailing-list", "errors-to",
		"authentication-results", "received-spf", "dkim-signature", "domainkey-signature", "auto-submitted",
		"disposition-notification-to", "envelope-to", "status", "lines", "newsgroups", "path", "thread-topic",
		"thread-index", "apparently-to", "autocrypt", "feedback-id", "followup-to", "xref", "nntp-posting-host":
		return true
	}
	for _, prefix := range [...]string{"content-", "x-", "resent-", "list-", "arc-"} {
		if len(low) > len(prefix) && string(low[:len(prefix)]) == prefix {
			return true
		}
	}
	return false
}

// commonNames are the spellings of names that need no string of their own.
var commonNames = sync.OnceValue(func() map[string]string {
	m := make(map[string]string, 128)
	for _, s := range strings.Fields(`
		From To Cc CC Bcc Subject Date Sender Reply-To Message-ID Message-Id In-Reply-To References Received Return-Path
		Delivered-To MIME-Version Mime-Version Content-Type Content-Transfer-Encoding Content-Disposition Content-ID
		Content-Id Content-Description Content-Language Content-Length Content-Location Content-Class Comments Keywords
		Priority Importance Sensitivity Precedence Organization User-Agent Authentication-Results Received-SPF
		DKIM-Signature ARC-Seal ARC-Message-Signature ARC-Authentication-Results Auto-Submitted Status Lines Errors-To
		List-Id List-ID List-Unsubscribe List-Unsubscribe-Post List-Post List-Help List-Subscribe List-Archive
		Mailing-List Thread-Topic Thread-Index Accept-Language Envelope-To Feedback-ID
		X-Mailer X-MimeOLE X-Priority X-MSMail-Priority X-Originating-IP X-Received X-Google-Smtp-Source X-Gm-Message-State
		X-Google-DKIM-Signature X-Status X-Keywords X-UID X-Spam-Status X-Spam-Level X-Spam-Score X-Spam-Flag
		X-Spam-Checker-Version X-Virus-Scanned X-Mozilla-Status X-Mozilla-Status2 X-Mozilla-Keys X-Account-Key X-UIDL
		X-GM-THRID X-Gmail-Labels X-BeenThere X-Mailman-Version X-Loop X-Original-To X-Authentication-Warning
		X-MS-Exchange-Organization-SCL X-MS-Has-Attach X-MS-TNEF-Correlator X-Report-Abuse X-Complaints-To`) {
		m[s] = s
	}
	return m
})
