package html

import "strings"

// A tokenKind says what a token is. Comments, doctypes, processing
// instructions and conditional marks give no token: no reader sees them.
type tokenKind uint8

const (
	endToken   tokenKind = iota // the document is over
	textToken                   // text, with entities in it unless plain
	openToken                   // <p ...>
	closeToken                  // </p>
)

// A token is one step through a document. Its strings are parts of the
// document, so a scanner allocates nothing.
type token struct {
	kind  tokenKind
	el    element
	plain bool   // text in which "&" is only a character
	data  string // the text, or the name as it is written
	at    int    // where the name begins in the document
	attrs attrs  // of an openToken
}

// attrs are the attributes that decide what a reader sees, entities unresolved.
// Of two with one name the first counts (HTML standard, 13.2.5.33).
type attrs struct {
	has                         uint16 // one bit for each that was given
	style, class, id, href, alt string
	width, height, start, value string
	media, colspan, rowspan     string
}

// Bits of attrs.has.
const (
	hasStyle uint16 = 1 << iota
	hasClass
	hasID
	hasHref
	hasAlt
	hasWidth
	hasHeight
	hasStart
	hasValue
	hasMedia
	hasHidden
	hasOpen
	hasColspan
	hasRowspan
)

// A scanner splits HTML into tokens as the tokenizer of the HTML standard
// (13.2.5) does, with three differences, each for damaged mail: a quote, a
// comment or a title that never ends does not swallow the rest of the text.
//
// It is linear: a search that runs to the end of the document without success
// is remembered and not made again.
type scanner struct {
	src string
	pos int
	raw string // name of the element whose content comes next as bare text

	noQuote  [2]bool // from here on there is no '"', no '\''
	noDashes bool    // from here on there is no "-->"
	noTitle  bool    // from here on there is no "</title"
}

// next reads the next token into t.
func (s *scanner) next(t *token) {
	if s.raw != "" {
		name := s.raw
		s.raw = ""
		if s.rawText(t, name) {
			return
		}
	}
	start := s.pos
	for at := start; ; {
		n := strings.IndexByte(s.src[at:], '<')
		if n < 0 || at+n+1 >= len(s.src) {
			s.pos = len(s.src)
			s.text(t, start, len(s.src))
			return
		}
		at += n
		c := s.src[at+1]
		if !isLetter(c) && c != '/' && c != '!' && c != '?' {
			at++ // "<" is only a character, as in "a < b"
			continue
		}
		if at > start {
			s.pos = at
			s.text(t, start, at)
			return
		}
		if s.markup(t, at) {
			return
		}
		start, at = s.pos, s.pos
	}
}

// text makes src[from:to] the token, or the end if there is nothing.
func (s *scanner) text(t *token, from, to int) {
	if from == to {
		t.kind = endToken
		return
	}
	t.kind, t.plain, t.data = textToken, false, s.src[from:to]
}

// markup reads the tag or comment at src[at] and moves behind it. It reports
// whether that gave a token.
func (s *scanner) markup(t *token, at int) bool {
	switch c := s.src[at+1]; {
	case isLetter(c):
		return s.tag(t, at+1, openToken)
	case c == '/' && at+2 < len(s.src) && isLetter(s.src[at+2]):
		return s.tag(t, at+2, closeToken)
	case c == '/' && at+2 == len(s.src):
		s.pos = at + 2
		s.text(t, at, at+2)
		return true
	case strings.HasPrefix(s.src[at:], "<!--"):
		s.comment(at + 4)
	default:
		s.pos = after(s.src, at+2, '>')
	}
	return false
}

// after gives the position behind the first c at or after from, or the end.
func after(src string, from int, c byte) int {
	n := strings.IndexByte(src[from:], c)
	if n < 0 {
		return len(src)
	}
	return from + n + 1
}

// comment moves behind the comment whose text starts at from.
func (s *scanner) comment(from int) {
	rest := s.src[from:]
	if strings.HasPrefix(rest, ">") || strings.HasPrefix(rest, "->") {
		s.pos = after(s.src, from, '>')
		return
	}
	if !s.noDashes {
		for at := from; ; {
			n := strings.Index(s.src[at:], "--")
			if n < 0 {
				break
			}
			at += n + 2
			if strings.HasPrefix(s.src[at:], ">") || strings.HasPrefix(s.src[at:], "!>") {
				s.pos = after(s.src, at, '>')
				return
			}
			at-- // "--->": the last two dashes count
		}
		s.noDashes = true
	}
	// QUIRK: HTML standard 13.2.5.45 lets a comment without "-->" swallow the
	// rest of the document. Cut messages and old list software have such. We
	// end it at the first ">", as browsers did before HTML5.
	// Test: testdata/quirks/html-comment-open.eml
	s.pos = after(s.src, from, '>')
}

// tag reads a tag whose name starts at src[at]. A tag that the document cuts
// off gives no token, as in the standard.
func (s *scanner) tag(t *token, at int, kind tokenKind) bool {
	src, i := s.src, at
	for i < len(src) && !endsName[src[i]] {
		i++
	}
	t.kind, t.at, t.data = kind, at, src[at:i]
	t.el = lookup(t.data)
	t.attrs = attrs{}
	for {
		i = skipSpace(src, i)
		if i >= len(src) {
			s.pos = len(src)
			return false
		}
		if src[i] == '>' {
			break
		}
		var key, val string
		key, val, i = s.attr(i)
		if key != "" && kind == openToken {
			t.attrs.set(key, val)
		}
	}
	s.pos = i + 1
	if kind == openToken {
		if t.el == titleElement && !s.titleEnds() {
			t.el = otherElement
		}
		s.raw = elements[t.el].raw
	}
	return true
}

// titleEnds reports whether a title that begins here has an end.
//
// QUIRK: HTML standard 13.2.5.2 lets a title without "</title>" be the rest of
// the document. Programs that build mail from templates write such. We read
// the title as an element that changes nothing.
// Test: testdata/quirks/html-title-open.eml
func (s *scanner) titleEnds() bool {
	s.noTitle = s.noTitle || s.rawEnd(s.pos, "title") < 0
	return !s.noTitle
}

// attr reads one attribute at src[i], which is neither white space nor ">",
// and gives the position behind it.
func (s *scanner) attr(i int) (key, val string, next int) {
	src, start := s.src, i
	for i < len(src) && !endsKey[src[i]] || i == start && i < len(src) && src[i] == '=' {
		i++
	}
	key = src[start:i]
	i = skipSpace(src, i)
	if i >= len(src) {
		return key, "", i
	}
	if src[i] == '/' {
		return key, "", i + 1
	}
	if src[i] != '=' {
		return key, "", i
	}
	i = skipSpace(src, i+1)
	if i >= len(src) || src[i] == '>' {
		return key, "", i
	}
	if c := src[i]; c == '"' || c == '\'' {
		if end := s.quoteEnd(i+1, c); end >= 0 {
			return key, src[i+1 : end], end + 1
		}
		// QUIRK: HTML standard 13.2.5.36 lets a quote that never ends swallow
		// the rest of the document. Mail that was cut, or that a filter
		// rewrote, has such. We read the value as if it had no quotes.
		// Test: testdata/quirks/html-quote-open.eml
		i++
	}
	start = i
	for i < len(src) && src[i] != '>' && !isSpace[src[i]] {
		i++
	}
	return key, src[start:i], i
}

// quoteEnd finds the closing quote, or gives -1.
func (s *scanner) quoteEnd(from int, quote byte) int {
	none := &s.noQuote[0]
	if quote == '\'' {
		none = &s.noQuote[1]
	}
	if *none {
		return -1
	}
	n := strings.IndexByte(s.src[from:], quote)
	if n < 0 {
		*none = true
		return -1
	}
	return from + n
}

// rawText reads the content of an element such as style, in which tags are
// only characters. It reports false if there is none.
func (s *scanner) rawText(t *token, name string) bool {
	from := s.pos
	end := -1
	if name != "plaintext" {
		end = s.rawEnd(from, name)
	}
	if end < 0 {
		end = len(s.src)
	}
	if end == from {
		return false
	}
	s.pos = end
	t.kind, t.data = textToken, s.src[from:end]
	t.plain = name != "textarea" && name != "title"
	return true
}

// skipRaw leaves out the content of the element that has just begun.
func (s *scanner) skipRaw() {
	s.rawText(new(token), s.raw)
	s.raw = ""
}

// rawEnd finds the end tag of name, or gives -1.
func (s *scanner) rawEnd(from int, name string) int {
	for at := from; ; {
		n := strings.Index(s.src[at:], "</")
		if n < 0 {
			return -1
		}
		at += n
		end := at + 2 + len(name)
		if end < len(s.src) && endsName[s.src[end]] && strings.EqualFold(s.src[at+2:end], name) {
			return at
		}
		at += 2
	}
}

// set keeps an attribute if it is one of those that matter.
func (a *attrs) set(key, val string) {
	var to *string
	var bit uint16
	if len(key) < 2 || len(key) > 7 {
		return
	}
	var buf [7]byte
	for i := range len(key) {
		buf[i] = lower(key[i])
	}
	switch string(buf[:len(key)]) {
	case "style":
		to, bit = &a.style, hasStyle
	case "class":
		to, bit = &a.class, hasClass
	case "id":
		to, bit = &a.id, hasID
	case "href":
		to, bit = &a.href, hasHref
	case "alt":
		to, bit = &a.alt, hasAlt
	case "width":
		to, bit = &a.width, hasWidth
	case "height":
		to, bit = &a.height, hasHeight
	case "start":
		to, bit = &a.start, hasStart
	case "value":
		to, bit = &a.value, hasValue
	case "media":
		to, bit = &a.media, hasMedia
	case "colspan":
		to, bit = &a.colspan, hasColspan
	case "rowspan":
		to, bit = &a.rowspan, hasRowspan
	case "hidden":
		a.has |= hasHidden
		return
	case "open":
		a.has |= hasOpen
		return
	default:
		return
	}
	if a.has&bit == 0 {
		a.has |= bit
		*to = val
	}
}

// Byte classes of the tokenizer.
var (
	isSpace  = class(" \n\r\t\f")
	endsName = class(" \n\r\t\f/>")
	endsKey  = class(" \n\r\t\f/>=")
)

func class(members string) (c [256]bool) {
	for i := range len(members) {
		c[members[i]] = true
	}
	return c
}

func skipSpace(src string, i int) int {
	for i < len(src) && isSpace[src[i]] {
		i++
	}
	return i
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
