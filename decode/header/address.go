package header

import (
	"bytes"
	"slices"
	"strings"
)

// An Address is one mailbox. Addr may be empty if only a name stands there.
type Address struct{ Name, Addr string }

// Addresses reads all fields of this name; groups are flattened. At most 1 MiB
// and 100,000 addresses are read.
func (h Header) Addresses(name, hint string) ([]Address, []Fault) {
	var all []Address
	var f faults
	left := maxAddresses
	for raw := range h.each(name) {
		if len(raw) > left {
			f.list = append(f.list, tooLong(name, raw, left))
			raw = raw[:left]
			if i := bytes.LastIndexByte(raw, ','); i > 0 { // half an address would be a wrong one
				raw = raw[:i]
			}
		}
		left -= len(raw)
		all = appendAddresses(all, raw, hint, &f)
		if len(all) > maxMailboxes {
			all = all[:maxMailboxes]
			f.add("limit-addresses", -1, true, name)
		}
		if left <= 0 || len(all) == maxMailboxes {
			break
		}
	}
	return all, f.done()
}

// ParseAddresses reads one value.
func ParseAddresses(raw []byte, hint string) ([]Address, []Fault) {
	var f faults
	all := appendAddresses(nil, cut(raw, maxAddresses), hint, &f)
	return all, f.done()
}

func appendAddresses(all []Address, raw []byte, hint string, f *faults) []Address {
	raw = bytes.TrimFunc(raw, isSpace)
	if regular(raw) {
		if list, ok := goAddresses(string(raw)); ok {
			all = slices.Grow(all, len(list))
			for _, a := range list {
				all = append(all, Address{a.Name, a.Address})
			}
			return all
		}
	}
	p := addresses{raw: raw, hint: hint, f: f, all: all}
	p.read()
	return p.all
}

// regular reports whether a value is for go-message: printable ASCII without
// comments, encoded-words, groups and escapes.
func regular(raw []byte) bool {
	if len(raw) > maxField {
		return false
	}
	for i, c := range raw {
		switch {
		case c < ' ' && c != '\t' && c != '\r' && c != '\n' || c >= 0x7f:
			return false
		case c == '(' || c == '\\' || c == ':' || c == ';' || c == '[':
			return false
		case c == '=' && i+1 < len(raw) && raw[i+1] == '?':
			return false
		}
	}
	return len(raw) > 0
}

// addresses is the reader of one value: one pass, no recursion.
type addresses struct {
	raw  []byte
	at   int
	hint string
	f    *faults
	all  []Address

	phrase  []byte // what stands before the angle bracket, unquoted
	comment []byte
	addr    []byte // what stood in angle brackets
	angle   bool
	quoted  bool // the phrase holds quoted text
	noQuote bool // no quotation mark is ahead
	noParen bool // no closing parenthesis is ahead
}

// read takes the value apart.
//
// QUIRK: RFC 5322 section 3.4: mailboxes and groups, separated by commas.
// Outlook separates with semicolons, web forms leave out brackets, quotation
// marks and their ends, commas stand in encoded-words. What looks like an
// address is one; the rest is its name. address-incomplete where a part had to
// be guessed. Test: testdata/quirks/address-semicolons.eml
func (p *addresses) read() {
	for p.at < len(p.raw) && len(p.all) <= maxMailboxes {
		c := p.raw[p.at]
		switch {
		case c == ',' || c == ';':
			p.at++
			p.end()
		case c == '"':
			p.quote()
		case c == '(':
			p.paren()
		case c == '<':
			p.bracket()
		case c == ':' && !p.angle && bytes.IndexByte(p.phrase, '@') < 0 && !mailto(p.phrase):
			p.at++ // the name of a group ends; its members count
			p.phrase, p.comment, p.quoted = p.phrase[:0], p.comment[:0], false
		case c == '=' && startsWord(p.raw, p.at):
			w, _ := wordAt(p.raw, p.at)
			p.phrase = append(p.phrase, p.raw[p.at:w.end]...)
			p.at = w.end
		case c == '\\' && p.at+1 < len(p.raw):
			p.phrase = append(p.phrase, p.raw[p.at+1])
			p.at += 2
		case blank(c):
			if n := len(p.phrase); n > 0 && p.phrase[n-1] != ' ' {
				p.phrase = append(p.phrase, ' ')
			}
			p.at++
		default:
			p.phrase = append(p.phrase, c)
			p.at++
		}
	}
	p.end()
}

func mailto(b []byte) bool { return len(b) == 6 && strings.EqualFold(string(b), "mailto") }

// quote reads a quoted string into the phrase. A mark without an end is text.
func (p *addresses) quote() {
	if p.noQuote {
		p.phrase = append(p.phrase, '"')
		p.at++
		return
	}
	from := len(p.phrase)
	for i := p.at + 1; i < len(p.raw); i++ {
		switch c := p.raw[i]; c {
		case '\\':
			if i+1 < len(p.raw) {
				i++
			}
			p.phrase = append(p.phrase, p.raw[i])
		case '"':
			p.at, p.quoted = i+1, true
			return
		default:
			p.phrase = append(p.phrase, c)
		}
	}
	p.phrase = p.phrase[:from]
	p.noQuote = true
	p.at++
	p.f.add("address-incomplete", p.at, false, "a quotation mark is not closed")
}

// paren reads a comment; the first one of an address may be its name.
func (p *addresses) paren() {
	end := len(p.raw)
	if !p.noParen {
		end = skipComment(p.raw, p.at)
	}
	if p.noParen || p.raw[end-1] != ')' {
		p.noParen = true
		p.phrase = append(p.phrase, '(')
		p.at++
		return
	}
	if len(p.comment) == 0 {
		p.comment = append(p.comment, bytes.TrimFunc(p.raw[p.at+1:end-1], isSpace)...)
	}
	p.at = end
}

// bracket reads an address in angle brackets.
func (p *addresses) bracket() {
	if p.angle && len(p.addr) > 0 { // two addresses without a comma
		p.end()
	}
	i := p.at + 1
	for i < len(p.raw) && p.raw[i] == '<' {
		i++
	}
	start := i
	for i < len(p.raw) && p.raw[i] != '>' && p.raw[i] != '<' && !(p.raw[i] == ',' && !route(p.raw[start:i])) {
		if p.raw[i] == '"' && !p.noQuote { // a quoted local part may hold any sign
			j := bytes.IndexByte(cut(p.raw[i+1:], 1024), '"')
			if j >= 0 {
				i += j + 1
			}
		}
		i++
	}
	p.addr, p.angle = p.raw[start:i], true
	if i < len(p.raw) && p.raw[i] == '>' {
		for i < len(p.raw) && p.raw[i] == '>' {
			i++
		}
	} else {
		p.f.add("address-incomplete", p.at, false, "an angle bracket is not closed")
	}
	p.at = i
}

// route reports whether what stands in brackets so far is a source route
// ("@a.example,@b.example:"), RFC 5322 section 4.4.
func route(b []byte) bool { return len(b) > 0 && b[0] == '@' && len(b) < 1024 }

// end makes an address of what was gathered.
func (p *addresses) end() {
	phrase := bytes.TrimFunc(p.phrase, isSpace)
	var a Address
	switch {
	case p.angle && len(bytes.TrimFunc(p.addr, isSpace)) > 0:
		a.Addr = p.mailbox(p.addr)
		a.Name = p.text(phrase)
	case len(phrase) == 0:
	case bytes.IndexByte(phrase, '@') < 0:
		a.Name = p.text(phrase)
		if !bytes.ContainsAny(phrase, " ") && !p.quoted && len(p.comment) > 0 { // "ada (Ada Lovelace)", a local name
			a.Addr, a.Name = p.mailbox(phrase), ""
		} else if a.Name != "" {
			p.f.add("address-incomplete", p.at, false, "no address beside a name")
		}
	default:
		a = p.loose(phrase)
	}
	if a.Name == "" && len(p.comment) > 0 && a.Addr != "" {
		a.Name = p.text(p.comment)
	}
	if a != (Address{}) {
		p.all = append(p.all, a)
	}
	p.phrase, p.comment = p.phrase[:0], p.comment[:0]
	p.addr, p.angle, p.quoted = nil, false, false
}

// loose reads an address without brackets: the last word with an at sign, and
// what stands around it as the name. Blanks around the at sign do not count.
func (p *addresses) loose(phrase []byte) Address {
	if p.quoted || bytes.IndexByte(phrase, ' ') < 0 {
		return Address{Addr: p.mailbox(phrase)}
	}
	at := bytes.LastIndexByte(phrase, '@')
	from, to := at, at+1
	if from > 0 && phrase[from-1] == ' ' {
		from--
	}
	for from > 0 && phrase[from-1] != ' ' {
		from--
	}
	if to < len(phrase) && phrase[to] == ' ' {
		to++
	}
	for to < len(phrase) && phrase[to] != ' ' {
		to++
	}
	name := append(append([]byte(nil), phrase[:from]...), phrase[to:]...)
	if len(bytes.TrimFunc(name, isSpace)) > 0 {
		p.f.add("address-incomplete", p.at, false, "no angle brackets")
	}
	return Address{Name: p.text(bytes.TrimFunc(name, isSpace)), Addr: p.mailbox(phrase[from:to])}
}

// mailbox cleans an addr-spec: no route, no mailto:, no white space.
func (p *addresses) mailbox(b []byte) string {
	if len(b) > 0 && b[0] == '@' {
		if i := bytes.LastIndexByte(b, ':'); i >= 0 {
			b = b[i+1:]
		}
	}
	if len(b) > 7 && strings.EqualFold(string(b[:7]), "mailto:") {
		b = b[7:]
	}
	if i := bytes.IndexByte(b, '('); i >= 0 {
		b = withoutComments(b)
	}
	text, _ := DecodeText(b, p.hint)
	text = strings.Trim(text, "<>'")
	if strings.ContainsAny(text, " \"") {
		if i := strings.LastIndexByte(text, '@'); i < 0 || !strings.HasPrefix(text, `"`) {
			text = strings.Map(func(r rune) rune {
				if r == ' ' || r == '"' {
					return -1
				}
				return r
			}, text)
		}
	}
	return text
}

// withoutComments leaves out the comments of an addr-spec.
func withoutComments(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for at := 0; at < len(b); {
		if b[at] == '(' {
			at = skipComment(b, at)
			continue
		}
		out = append(out, b[at])
		at++
	}
	return out
}

// text decodes a name.
func (p *addresses) text(b []byte) string {
	s, list := DecodeText(b, p.hint)
	for _, f := range list {
		p.f.add(f.Code, p.at, f.Lost, f.Detail)
	}
	if len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' { // marks inside an encoded-word
		s = s[1 : len(s)-1]
	}
	return s
}

// MessageIDs reads the ids of all fields of this name (Message-ID, References,
// In-Reply-To) without their angle brackets. At most 1 MiB of a field and 4
// KiB of an id are read; longer ids are left out.
func (h Header) MessageIDs(name string) []string {
	var ids []string
	for raw := range h.each(name) {
		ids = appendIDs(ids, cut(raw, maxAddresses))
	}
	return ids
}

// maxID is the longest message id: it must fit into one line (998 octets);
// some programs fold them.
const maxID = 4 << 10

// appendIDs reads one value. RFC 5322 section 3.6.4.
//
// QUIRK: In-Reply-To held phrases in RFC 822, and some programs leave out the
// brackets or fold inside an id. In a value without any bracket, words with an
// at sign are ids. Test: testdata/quirks/message-id-without-brackets.eml
func appendIDs(ids []string, raw []byte) []string {
	found := len(ids)
	for rest := raw; ; {
		i := bytes.IndexByte(rest, '<')
		if i < 0 {
			break
		}
		rest = rest[i+1:]
		j := bytes.IndexAny(cut(rest, maxID+1), "<>")
		if j < 0 {
			k := bytes.IndexByte(rest, '>')
			if k < 0 {
				if len(rest) <= maxID && len(ids) == found {
					ids = appendID(ids, rest)
				}
				break
			}
			rest = rest[k+1:]
			continue
		}
		ids = appendID(ids, rest[:j])
		rest = rest[j:]
	}
	if len(ids) > found {
		return ids
	}
	for _, w := range bytes.FieldsFunc(cut(raw, maxField), func(r rune) bool { return isSpace(r) || strings.ContainsRune(",;<>", r) }) {
		if bytes.IndexByte(w, '@') > 0 && len(w) <= maxID {
			ids = appendID(ids, w)
		}
	}
	return ids
}

// appendID adds an id without the white space and controls in it.
func appendID(ids []string, b []byte) []string {
	for _, c := range b {
		if c <= ' ' || c >= 0x7f {
			b = bytes.Map(func(r rune) rune {
				if r <= ' ' || r == 0x7f {
					return -1
				}
				return r
			}, b)
			break
		}
	}
	if len(b) == 0 {
		return ids
	}
	return append(ids, validUTF8(string(b)))
}
