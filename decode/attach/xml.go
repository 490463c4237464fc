package attach

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"lostpost/decode/charset"
)

// An xmlScanner cuts XML into tokens. It keeps no stack, expands no entities
// but those of XML itself, and goes on after any error, so time is linear and
// memory constant whatever the document: encoding/xml makes a list of the
// attributes of an element, of which there may be millions, and stops at the
// first damage.
type xmlScanner struct {
	s    string
	name string // of the tag: without its prefix
	attr string // of the tag: everything behind its name
	text string // of characters, as they stand
	raw  bool   // text is from a CDATA section: nothing in it is escaped
}

// The tokens of an xmlScanner.
const (
	xmlEnd   = iota // of the document
	xmlOpen         // <a>
	xmlClose        // </a>
	xmlEmpty        // <a/>
	xmlText
)

// newXML reads a document in the encoding that its first octets say.
func newXML(b []byte) *xmlScanner {
	if bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff")) || bytes.IndexByte(b[:min(len(b), 4)], 0) >= 0 {
		return &xmlScanner{s: charset.Decode(b, "utf-16", "").Text}
	}
	return &xmlScanner{s: string(b)}
}

// next gives the next token.
func (x *xmlScanner) next() int {
	for x.s != "" {
		if x.s[0] != '<' {
			i := strings.IndexByte(x.s, '<')
			if i < 0 {
				i = len(x.s)
			}
			x.text, x.raw = x.s[:i], false
			x.s = x.s[i:]
			return xmlText
		}
		switch {
		case strings.HasPrefix(x.s, "<!--"):
			x.skip("-->")
		case strings.HasPrefix(x.s, "<![CDATA["):
			rest := x.s[len("<![CDATA["):]
			text, after, found := strings.Cut(rest, "]]>")
			if !found {
				after = ""
			}
			x.text, x.raw, x.s = text, true, after
			return xmlText
		case strings.HasPrefix(x.s, "<?"):
			x.skip("?>")
		case strings.HasPrefix(x.s, "<!"):
			x.skip(">")
		default:
			if kind := x.tag(); kind != xmlEnd {
				return kind
			}
		}
	}
	return xmlEnd
}

// skip goes behind the next end.
func (x *xmlScanner) skip(end string) {
	_, after, found := strings.Cut(x.s, end)
	if !found {
		after = ""
	}
	x.s = after
}

// tag reads a tag; a cut one at the end of the document is xmlEnd.
func (x *xmlScanner) tag() int {
	end, next := tagEnd(x.s)
	in := x.s[1:end]
	x.s = x.s[next:]
	if next == end && x.s == "" {
		return xmlEnd
	}
	kind := xmlOpen
	if rest, ok := strings.CutPrefix(in, "/"); ok {
		kind, in = xmlClose, rest
	} else if rest, ok := strings.CutSuffix(in, "/"); ok {
		kind, in = xmlEmpty, rest
	}
	x.name, x.attr = in, ""
	if i := strings.IndexAny(in, " \t\r\n"); i >= 0 {
		x.name, x.attr = in[:i], in[i:]
	}
	if i := strings.IndexByte(x.name, ':'); i >= 0 {
		x.name = x.name[i+1:]
	}
	return kind
}

// tagEnd finds the end of the tag at the start of s: a ">" that is not inside
// quotes. A "<" before it means that the tag is damaged and ends there, the end
// of s that it is cut. next is where reading goes on.
func tagEnd(s string) (end, next int) {
	for i := 1; i < len(s); {
		j := strings.IndexAny(s[i:], `>"'<`)
		if j < 0 {
			break
		}
		i += j
		switch c := s[i]; c {
		case '>':
			return i, i + 1
		case '<':
			return i, i
		default:
			j := strings.IndexByte(s[i+1:], c)
			if j < 0 {
				return len(s), len(s)
			}
			i += j + 2
		}
	}
	return len(s), len(s)
}

// value gives an attribute of the tag, with or without a prefix; "" if it is
// not there.
func (x *xmlScanner) value(name string) string {
	s := x.attr
	for s != "" {
		key, rest, found := strings.Cut(s, "=")
		if !found {
			return ""
		}
		rest = strings.TrimLeft(rest, " \t\r\n")
		if rest == "" || rest[0] != '"' && rest[0] != '\'' {
			return ""
		}
		value, after, found := strings.Cut(rest[1:], rest[:1])
		if !found {
			return ""
		}
		key = strings.TrimSpace(key)
		if i := strings.IndexByte(key, ':'); i >= 0 {
			key = key[i+1:]
		}
		if key == name {
			return unescape(value)
		}
		s = after
	}
	return ""
}

// chars is the text of a text token.
func (x *xmlScanner) chars() string {
	if x.raw {
		return x.text
	}
	return unescape(x.text)
}

// unescape replaces the entities of XML and numeric references. Any other
// stays as it stands.
func unescape(s string) string {
	i := strings.IndexByte(s, '&')
	if i < 0 {
		return s
	}
	var b strings.Builder
	for i >= 0 {
		b.WriteString(s[:i])
		s = s[i:]
		end := strings.IndexByte(s[:min(len(s), 12)], ';')
		r := rune(-1)
		if end > 0 {
			r = entity(s[1:end])
		}
		if r >= 0 {
			b.WriteRune(r)
			s = s[end+1:]
		} else {
			b.WriteByte('&')
			s = s[1:]
		}
		i = strings.IndexByte(s, '&')
	}
	b.WriteString(s)
	return b.String()
}

// entity gives the character of a reference, -1 if there is none.
func entity(name string) rune {
	switch name {
	case "amp":
		return '&'
	case "lt":
		return '<'
	case "gt":
		return '>'
	case "quot":
		return '"'
	case "apos":
		return '\''
	}
	digits, ok := strings.CutPrefix(name, "#")
	if !ok {
		return -1
	}
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 31)
	if err != nil || !utf8.ValidRune(rune(n)) || n == 0 {
		return -1
	}
	return rune(n)
}
