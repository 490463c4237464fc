package header

import (
	"bytes"
	"slices"
	"strings"

	"lostpost/decode/charset"

	"github.com/emersion/go-message"
)

// A Media is a Content-Type or Content-Disposition: the first word in lower
// case and the parameters, RFC 2231 put together and decoded. Names of
// parameters are in lower case. Values are valid UTF-8, but for "boundary",
// which holds the octets as they stand between its quotation marks.
type Media struct {
	Type   string // "text/plain", "attachment"; "" if nothing can be read
	Params map[string]string
	Faults []Fault
}

// Media reads the field of this name with every leniency of DECODING.md 2.3.
// Several such fields: the one with more that works.
//
// QUIRK: RFC 5322 section 3.6 allows each field once. Gateways add a second
// Content-Type and leave the first. The one with a known charset, a boundary
// or a name wins, the first of equals. media-field-twice.
// Test: testdata/quirks/media-field-twice.eml
func (h Header) Media(name, hint string) Media {
	var best Media
	rank, n := -1, 0
	for raw := range h.each(name) {
		n++
		m := ParseMedia(cut(raw, maxAddresses), hint)
		if len(raw) > maxAddresses {
			m.Faults = append(m.Faults, tooLong(name, raw, maxAddresses))
		}
		if r := m.rank(); r > rank {
			best, rank = m, r
		}
		if n == 100 { // more of them say nothing new
			break
		}
	}
	if n > 1 {
		best.Faults = append(best.Faults, Fault{Code: "media-field-twice", Offset: -1, Detail: name})
	}
	return best
}

// rank says how much of a value works.
func (m *Media) rank() int {
	r := 0
	if m.Type != "" {
		r = 2
	}
	for _, p := range [...]string{"boundary", "name", "filename"} {
		if m.Params[p] != "" {
			r += 2
		}
	}
	if charset.Canonical(m.Params["charset"]) != "" {
		r += 2
	}
	if len(m.Params) > 0 {
		r++
	}
	return r
}

// ParseMedia reads one value.
func ParseMedia(raw []byte, hint string) Media {
	raw = bytes.TrimFunc(raw, isSpace)
	p := params{raw: raw, hint: hint, semi: -1}
	if !p.regular() {
		p.m.Params = map[string]string{}
		p.all()
	}
	p.m.Faults = p.f.done()
	return p.m
}

// regular lets go-message read a value that is well formed.
func (p *params) regular() bool {
	if !wellFormed(p.raw) {
		return false
	}
	var h message.Header
	h.Set("Content-Type", string(p.raw))
	t, params, err := h.ContentType()
	if err != nil {
		return false
	}
	p.m.Type, p.m.Params = p.repaired(t, 0), params
	return true
}

// wellFormed reports whether a value is for go-message: short, ASCII, and
// without the signs that it and this package read differently.
func wellFormed(raw []byte) bool {
	if len(raw) > 1000 || bytes.IndexByte(raw, '/') < 0 {
		return false
	}
	for _, c := range raw {
		switch {
		case c < ' ' || c >= 0x7f:
			return false
		case c == '*' || c == '\\' || c == '(' || c == '?' || c == '%' || c == '\'':
			return false
		}
	}
	return true
}

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

// A segment is one piece of a parameter of RFC 2231.
type segment struct {
	num      int // -1: the whole value
	extended bool
	quoted   bool
	value    []byte
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
// never closed ends at the next semicolon, or with the value.
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
		return unfold2(value)
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

// unfold2 takes line ends out of a value but leaves the white space around it.
func unfold2(b []byte) string {
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

// splitName takes the numbers and stars of RFC 2231 off a name.
func splitName(name string) (base string, seg segment) {
	seg.num = -1
	if strings.HasSuffix(name, "*") {
		name, seg.extended = name[:len(name)-1], true
	}
	i := strings.LastIndexByte(name, '*')
	if i <= 0 || i+1 == len(name) || len(name)-i > 7 {
		return name, seg
	}
	n := 0
	for _, c := range name[i+1:] {
		if c < '0' || c > '9' {
			return name, seg
		}
		n = n*10 + int(c-'0')
	}
	seg.num = n
	return name[:i], seg
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

// assemble puts the segments of RFC 2231 together.
//
// QUIRK: RFC 2231 section 3 numbers from 0 without gaps, section 4 puts the
// charset into the first segment and marks each encoded one. Mailers number
// from 1, send them in any order, leave out the charset, the marks, or cut an
// encoded-word into segments. They are sorted and joined; the charset is that
// of the first marked one. Test: testdata/quirks/parameter-2231-from-one.eml,
// testdata/quirks/parameter-2231-no-charset.eml
func (p *params) assemble() {
	for base, segs := range p.segs {
		slices.SortStableFunc(segs, func(a, b segment) int { return a.num - b.num })
		if segs[0].num < 0 && len(segs) > 1 { // the whole value beside pieces of it
			segs = segs[:1]
		}
		p.m.Params[base] = p.join(base, segs)
	}
}

// join decodes sorted segments.
func (p *params) join(base string, segs []segment) string {
	label, marked := "", false
	var value []byte
	last := -2
	for i, s := range segs {
		if i > 0 && s.num == last {
			p.f.add("parameter-continuation", -1, false, base)
			continue
		}
		if s.num >= 0 && s.num != max(last+1, 0) {
			p.f.add("parameter-continuation", -1, false, base)
		}
		last = s.num
		switch {
		case s.extended && !marked:
			marked = true
			v := s.value
			if j := bytes.IndexByte(v, '\''); j >= 0 && j <= maxCharset {
				if k := bytes.IndexByte(v[j+1:], '\''); k >= 0 {
					label, v = string(v[:j]), v[j+1+k+1:]
				}
			}
			value = appendPercent(value, v)
		case s.extended || marked && !s.quoted && highEscape(s.value):
			value = appendPercent(value, s.value)
		default:
			value = append(value, s.value...)
		}
	}
	if base == "boundary" {
		return string(value)
	}
	if !marked || label == "" && bytes.Contains(value, []byte("=?")) {
		return p.text(base, value) // an encoded-word in the wrong place
	}
	r := charset.Decode(value, label, p.hint)
	for _, f := range r.Faults {
		if f.Code != "charset-missing" || label != "" {
			p.f.add(f.Code, -1, f.Lost, f.Detail)
		}
	}
	return oneLine([]byte(r.Text))
}

// highEscape reports whether a value has an escape of an octet above 0x7f,
// which a file name does not have by chance.
func highEscape(b []byte) bool {
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' && hexValue(b[i+1]) >= 8 && hexValue(b[i+1]) < 16 && hexValue(b[i+2]) < 16 {
			return true
		}
	}
	return false
}

// appendPercent undoes the escapes of RFC 2231; a percent sign that begins none
// is text.
func appendPercent(dst, b []byte) []byte {
	for i := 0; i < len(b); i++ {
		if b[i] == '%' && i+2 < len(b) && hexValue(b[i+1]) < 16 && hexValue(b[i+2]) < 16 {
			dst = append(dst, hexValue(b[i+1])<<4|hexValue(b[i+2]))
			i += 2
			continue
		}
		if b[i] != '\r' && b[i] != '\n' {
			dst = append(dst, b[i])
		}
	}
	return dst
}
