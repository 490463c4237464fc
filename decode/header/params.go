package header

import (
	"bytes"
	"strings"

	"lostpost/decode/charset"
)

// params is the tokenizer of one value.
type params struct {
	raw  []byte
	at   int
	hint string
	m    Media
	f    faults
	seen int
	segs map[string][]segment
	open bool // no quotation mark that closes a value is ahead
	semi int  // the next semicolon from at on, len(raw) if none, -1 if not looked for
}

// all reads the value.
func (p *params) all() {
	p.mediaType()
	for p.next() && p.seen < maxParameters {
		p.param()
	}
	if p.at < len(p.raw) {
		p.f.add("limit-parameters", p.at, true, "")
	}
	p.assemble()
}

// next passes over separators, white space and comments; false at the end.
func (p *params) next() bool {
	for p.at < len(p.raw) {
		switch c := p.raw[p.at]; {
		case blank(c) || c == ';' || c == ',' || c < ' ':
			p.at++
		case c == '(':
			p.at = skipComment(p.raw, p.at)
		default:
			return true
		}
	}
	return false
}

// space passes over white space and comments.
func (p *params) space() {
	for p.at < len(p.raw) && (blank(p.raw[p.at]) || p.raw[p.at] == '(') {
		if p.raw[p.at] == '(' {
			p.at = skipComment(p.raw, p.at)
		} else {
			p.at++
		}
	}
}

// skipComment gives the offset after the comment at b[at]. Comments nest
// (RFC 5322 section 3.2.2); they are counted, not entered. A comment that is
// never closed ends with the value.
func skipComment(b []byte, at int) int {
	depth := 0
	for i := at; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(b)
}

// tokenByte reports whether c can stand in a token of RFC 2045 section 5.1, or
// above ASCII.
func tokenByte(c byte) bool {
	return c > ' ' && c != 0x7f && strings.IndexByte("()<>@,;:\\\"/[]?=", c) < 0
}

// token reads one word.
func (p *params) token() []byte {
	start := p.at
	for p.at < len(p.raw) && tokenByte(p.raw[p.at]) {
		p.at++
	}
	return p.raw[start:p.at]
}

// mediaType reads the first word, or type/subtype.
//
// QUIRK: RFC 2045 section 5.1 wants type/subtype. Old mailers wrote "text" or
// "plain/text", scripts blanks around the stroke, some nothing before the first
// parameter. media-type-repaired.
// Test: testdata/quirks/media-type-word.eml, testdata/quirks/media-type-swapped.eml
func (p *params) mediaType() {
	if !p.next() {
		return
	}
	quoted := p.raw[p.at] == '"'
	if quoted {
		p.at++
	}
	start := p.at
	first := bytes.ToLower(p.token())
	end := p.at
	p.space()
	if p.at < len(p.raw) && (p.raw[p.at] == '=' || p.raw[p.at] == ':') { // a parameter comes first
		p.at = start
		return
	}
	if len(first) == 0 && p.at == start {
		p.at++ // a sign that begins nothing
		return
	}
	t := string(first)
	if p.at < len(p.raw) && p.raw[p.at] == '/' {
		spaced := p.at > end
		p.at++
		end = p.at
		p.space()
		spaced = spaced || p.at > end
		sub := bytes.ToLower(p.token())
		t += "/" + string(sub)
		if spaced {
			p.f.add("media-type-repaired", start, false, "white space around the stroke")
		}
	} else {
		p.at = end
	}
	if quoted && p.at < len(p.raw) && p.raw[p.at] == '"' {
		p.at++
	}
	p.m.Type = p.repaired(validUTF8(t), start)
	p.space()
	if p.at < len(p.raw) && p.raw[p.at] != ';' {
		p.f.add("parameter-separator", p.at, false, "")
	}
}

// repaired gives the type that was meant.
func (p *params) repaired(t string, at int) string {
	to := map[string]string{
		"text": "text/plain", "plain": "text/plain", "html": "text/html", "multipart": "multipart/mixed",
		"plain/text": "text/plain", "html/text": "text/html", "text/": "text/plain", "multipart/": "multipart/mixed",
		"rfc822": "message/rfc822", "message": "message/rfc822", "message/": "message/rfc822",
	}[t]
	if to == "" {
		return t
	}
	p.f.add("media-type-repaired", at, false, "")
	return to
}

// param reads one parameter.
func (p *params) param() {
	start := p.at
	name := strings.ToLower(string(p.token()))
	p.space()
	if p.at >= len(p.raw) || p.raw[p.at] != '=' && p.raw[p.at] != ':' || name == "" {
		p.f.add("parameter-without-value", start, false, "")
		if p.at == start {
			p.at++
		}
		return
	}
	if p.raw[p.at] == ':' {
		// QUIRK: RFC 2045 section 5.1 has an equals sign. "charset:x" is in mail
		// of web scripts. parameter-separator.
		// Test: testdata/quirks/parameter-colon.eml
		p.f.add("parameter-separator", p.at, false, "")
	}
	p.at++
	p.space()
	base, seg := splitName(name)
	if p.at < len(p.raw) && p.raw[p.at] == '"' {
		seg.value, seg.quoted = p.quoted(base), true
	} else {
		seg.value = p.bare(base)
	}
	p.seen++
	if seg.num >= 0 || seg.extended {
		if p.segs == nil {
			p.segs = make(map[string][]segment)
		}
		p.segs[base] = append(p.segs[base], seg)
		return
	}
	p.keep(base, start, seg.value)
}

// keep stores a simple parameter.
//
// QUIRK: RFC 2045 section 5.1: each parameter once. Relays append a second
// charset. The first stays, unless it is empty, or an unknown charset or
// us-ascii before a known one. parameter-twice.
// Test: testdata/quirks/parameter-charset-twice.eml
func (p *params) keep(name string, at int, value []byte) {
	text := p.text(name, value)
	old, twice := p.m.Params[name]
	if twice {
		p.f.add("parameter-twice", at, false, name)
		better := name == "charset" && charset.Canonical(text) != ""
		was := charset.Canonical(old)
		if old != "" && !(better && (was == "" || was == "us-ascii")) {
			return
		}
	}
	p.m.Params[name] = text
}

// text decodes a value. A boundary must match octets and stays as it is.
func (p *params) text(name string, value []byte) string {
	if name == "boundary" {
		return unfoldBoundary(value)
	}
	if name == "charset" {
		value = bytes.Trim(value, "'` \t\r\n")
	}
	text, list := DecodeText(value, p.hint)
	for _, f := range list {
		p.f.add(f.Code, p.at, f.Lost, f.Detail)
	}
	return text
}

// unfoldBoundary takes line ends out of a boundary but leaves white space.
func unfoldBoundary(b []byte) string {
	if bytes.IndexByte(b, '\n') < 0 && bytes.IndexByte(b, '\r') < 0 {
		return string(b)
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '\r' || b[i] == '\n' {
			continue
		}
		out = append(out, b[i])
	}
	return string(out)
}

// isName reports whether a parameter holds a file name, in which blanks,
// commas and brackets are text.
func isName(base string) bool { return base == "name" || base == "filename" }

// quoted reads a value in quotation marks; p.at is at the first.
//
// QUIRK: RFC 2045 section 5.1 (quoted-string of RFC 5322): inner marks and
// backslashes are escaped, and the string is closed. Windows mailers write
// paths and names as they are, others forget the end. A mark closes the value
// if a semicolon, a comment or the end follows, or no other mark comes before
// the next semicolon; a backslash escapes only a mark or a backslash.
// Test: testdata/quirks/parameter-inner-quote.eml, testdata/quirks/parameter-open-quote.eml
func (p *params) quoted(base string) []byte {
	p.at++
	start, inner := p.at, false
	if p.open {
		return p.unclosed(base, start)
	}
	var out []byte // only if something was unescaped
	from := start
	for i := start; i < len(p.raw); i++ {
		switch p.raw[i] {
		case '\\':
			if i+1 < len(p.raw) && (p.raw[i+1] == '"' || p.raw[i+1] == '\\') {
				out = append(out, p.raw[from:i]...)
				from = i + 1
				i++
			}
		case '"':
			if p.closes(i) {
				p.at = i + 1
				if inner {
					p.f.add("parameter-inner-quote", start, false, base)
				}
				return append(out, p.raw[from:i]...)
			}
			inner = true
		}
	}
	p.open = true
	return p.unclosed(base, start)
}

// unclosed reads a value whose closing mark is missing: up to a semicolon.
func (p *params) unclosed(base string, start int) []byte {
	p.f.add("parameter-open-quote", start-1, false, base)
	end := start
	for end < len(p.raw) && p.raw[end] != ';' {
		end++
	}
	p.at = end
	return bytes.TrimFunc(p.raw[start:end], isSpace)
}

// closes reports whether the quotation mark at i ends its value.
func (p *params) closes(i int) bool {
	j := i + 1
	for j < len(p.raw) && blank(p.raw[j]) {
		j++
	}
	if j == len(p.raw) || p.raw[j] == ';' || p.raw[j] == '(' || p.raw[j] == ',' || j > i+1 && p.startsParam(j) {
		return true
	}
	if p.semi < j {
		p.semi = len(p.raw)
		if k := bytes.IndexByte(p.raw[j:], ';'); k >= 0 {
			p.semi = j + k
		}
	}
	return bytes.IndexByte(p.raw[j:p.semi], '"') < 0
}

// startsParam reports whether "name=" stands at i.
func (p *params) startsParam(i int) bool {
	j := i
	for j < len(p.raw) && j < i+64 && tokenByte(p.raw[j]) {
		j++
	}
	if j == i {
		return false
	}
	for j < len(p.raw) && j < i+64 && blank(p.raw[j]) {
		j++
	}
	return j < len(p.raw) && p.raw[j] == '=' && (j+1 >= len(p.raw) || p.raw[j+1] != '?')
}

// bare reads a value without quotation marks.
//
// QUIRK: RFC 2045 section 5.1: a token, so no blanks, semicolons or specials.
// File names are written with all of them, boundaries with = ? / and :. A name
// ends at a semicolon before the next parameter, other values at white space,
// a comma or a semicolon. Test: testdata/quirks/parameter-bare-name.eml
func (p *params) bare(base string) []byte {
	start := p.at
	name := isName(base)
	for p.at < len(p.raw) {
		c := p.raw[p.at]
		if name && c == '=' && startsWord(p.raw, p.at) {
			if w, ok := wordAt(p.raw, p.at); ok {
				p.at = w.end
				continue
			}
		}
		if c == ';' && (!name || p.endsName()) {
			break
		}
		if !name && (blank(c) || c == ',' && p.commaEnds(base)) {
			break
		}
		p.at++
	}
	v := bytes.TrimFunc(p.raw[start:p.at], isSpace)
	if !name && p.at < len(p.raw) && p.raw[p.at] != ';' {
		p.space()
		if p.at < len(p.raw) && p.raw[p.at] != ';' {
			p.f.add("parameter-separator", p.at, false, "")
			p.rest()
		}
	}
	return v
}

// endsName reports whether the semicolon at p.at ends an unquoted file name:
// the end of the value or a parameter follows.
func (p *params) endsName() bool {
	j := p.at + 1
	for j < len(p.raw) && (blank(p.raw[j]) || p.raw[j] == ';') {
		j++
	}
	return j == len(p.raw) || p.startsParam(j)
}

// commaEnds reports whether a comma ends a value: a boundary may hold one.
func (p *params) commaEnds(base string) bool {
	return base != "boundary" || p.at+1 == len(p.raw) || blank(p.raw[p.at+1])
}

// rest passes over what follows a bare value if it is no parameter: the
// second type of two values joined by a comma.
func (p *params) rest() {
	j := p.at
	for j < len(p.raw) && (blank(p.raw[j]) || p.raw[j] == ',') {
		j++
	}
	if p.startsParam(j) {
		return
	}
	for p.at < len(p.raw) && p.raw[p.at] != ';' {
		p.at++
	}
}
