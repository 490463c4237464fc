package html

import (
	"bytes"
	"errors"
	"html"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// errFull ends the walk when Max octets are written.
var errFull = errors.New("limit of text reached")

const (
	flushAt   = 32 << 10 // octets of finished text that are written at once
	maxGap    = 3        // line ends in a row outside pre: at most two empty lines
	maxIndent = 24       // levels of lists and quotes that are shown
)

// A frame is a list or a quote around the text: what stands before its lines.
type frame struct {
	quote   bool
	ordered bool
	plain   bool // no bullets
	due     bool // an item has begun and its mark is not written yet
	n       int  // number of the item
}

// A page lays text out in lines. White space and line ends are remembered and
// only written when text follows, so none stands at the end of a line or of
// the whole.
type page struct {
	w     io.Writer
	buf   []byte
	room  int // octets that may still be written
	sent  int // octets that left buf
	err   error
	words int // pieces of text written, to see whether there was any
	lines int // lines begun
	line  int // where the text of the last line begins: octets of the page

	gap   int    // line ends due before the next text
	space bool   // a blank is due
	cell  bool   // the blanks between two cells are due
	join  string // a zero-width joiner is due, if the word goes on
	white []byte // blanks of preformatted text that are due

	hollow bool // the line holds only blanks that do not collapse

	frames []frame
	low    int // fewest frames since the last line: what empty lines show
}

// word writes visible text that has no white space to collapse at its ends.
func (p *page) word(s string) {
	p.words++
	if p.gap > 0 || p.lines == 0 || len(p.white) > 0 || p.cell || p.space || p.join != "" {
		p.lead()
	}
	p.buf = append(p.buf, s...)
	if len(p.buf) >= flushAt {
		p.flush()
	}
}

// lead writes what is due before text.
func (p *page) lead() {
	switch {
	case p.gap > 0 || p.lines == 0:
		p.begin()
		p.buf = append(p.buf, p.white...)
	case len(p.white) > 0:
		p.buf = append(p.buf, p.white...)
	case p.cell:
		p.buf = append(p.buf, cellGap...)
	case p.space:
		p.buf = append(p.buf, ' ')
	default:
		p.buf = append(p.buf, p.join...)
	}
	p.gap, p.space, p.cell, p.join, p.white = 0, false, false, "", p.white[:0]
	p.hollow = false
}

// begin ends the line and begins the next with its marks.
func (p *page) begin() {
	if p.lines > 0 {
		p.buf = append(p.buf, '\n')
		for range p.gap - 1 {
			p.indent(p.frames[:min(p.low, len(p.frames))], false)
			p.buf = append(bytes.TrimRight(p.buf, " "), '\n')
			if len(p.buf) >= flushAt {
				p.flush()
			}
		}
	}
	p.lines++
	p.indent(p.frames, true)
	p.low = len(p.frames)
	p.line = p.end()
}

// indent writes the marks of lists and quotes; item marks only if marks is set.
func (p *page) indent(frames []frame, marks bool) {
	for i := range frames[:min(len(frames), maxIndent)] {
		f := &frames[i]
		switch {
		case f.quote:
			p.buf = append(p.buf, "> "...)
		case !marks || !f.due || f.plain:
			p.buf = append(p.buf, "  "...)
		case f.ordered:
			p.buf = append(strconv.AppendInt(p.buf, int64(f.n), 10), ". "...)
		default:
			p.buf = append(p.buf, "* "...)
		}
		if marks {
			f.due = false
		}
	}
}

// push puts a list or quote around what follows; pop ends it.
func (p *page) push(f frame) { p.frames = append(p.frames, f) }

func (p *page) pop() {
	if n := len(p.frames); n > 0 {
		p.frames = p.frames[:n-1]
		p.low = min(p.low, n-1)
	}
}

// brk asks for n line ends before the next text: 1 a new line, 2 an empty line.
func (p *page) brk(n int) {
	p.gap = max(p.gap, n)
	p.space, p.cell, p.join, p.white = false, false, "", p.white[:0]
}

// newline is a line end that the document has: each one counts.
func (p *page) newline(limit int) {
	p.brk(min(p.gap+1, max(p.gap, limit)))
}

// inWord reports whether text written now would continue a word.
func (p *page) inWord() bool {
	return p.lines > 0 && p.gap == 0 && !p.space && !p.cell && len(p.white) == 0
}

func (p *page) blank() {
	if p.lines > 0 && p.gap == 0 {
		p.space = true
	}
}

// end is the number of octets of the page so far.
func (p *page) end() int { return p.sent + len(p.buf) }

// tail writes at the end of the last line, before line ends that are due.
func (p *page) tail(parts ...string) {
	for _, s := range parts {
		p.buf = append(p.buf, s...)
	}
}

// flush writes what is laid out, as far as there is room.
func (p *page) flush() {
	b := p.buf
	p.sent, p.buf = p.sent+len(b), b[:0]
	if p.err != nil {
		return
	}
	if len(b) > p.room {
		n := p.room
		for n > 0 && !utf8.RuneStart(b[n]) {
			n--
		}
		b, p.err = b[:n], errFull
	}
	if _, err := p.w.Write(b); err != nil {
		p.err = err
	}
	p.room -= len(b)
}

// Classes of octets in text.
const (
	plainOctet = iota
	whiteOctet // white space of HTML
	ampOctet   // "&"
	leadOctet  // first octet of characters that need a look
	nulOctet
)

var classes = func() (c [256]uint8) {
	for _, b := range []byte(" \t\n\f\r") {
		c[b] = whiteOctet
	}
	c['&'] = ampOctet
	c[0] = nulOctet
	for _, b := range []byte{0xc2, 0xcd, 0xe1, 0xe2, 0xef} {
		c[b] = leadOctet
	}
	return c
}()

// text writes text of the document: white space collapsed, entities resolved
// unless plain, invisible characters left out.
func (p *page) text(s string, plain bool) {
	for i := 0; i < len(s); {
		start := i
		for i < len(s) && (classes[s[i]] == plainOctet || s[i] == ' ' && i > start && i+1 < len(s) && classes[s[i+1]] == plainOctet) {
			i++
		}
		if i > start {
			p.word(s[start:i])
			continue
		}
		switch classes[s[i]] {
		case whiteOctet:
			p.blank()
			i++
		case ampOctet:
			n := 1
			if !plain {
				n = entity(s[i:])
			}
			if n == 1 {
				p.word("&")
			} else if r := html.UnescapeString(s[i : i+n]); r[0] == '&' {
				p.word(r)
			} else {
				p.text(r, true)
			}
			i += n
		case leadOctet:
			i += p.special(s[i:])
		default:
			i++
		}
	}
}

// pre writes preformatted text.
func (p *page) pre(s string, plain bool) {
	if !plain {
		s = html.UnescapeString(s)
	}
	for len(s) > 0 {
		n := 0
		for n < len(s) && classes[s[n]] == plainOctet {
			n++
		}
		if n > 0 {
			p.word(s[:n])
			s = s[n:]
			continue
		}
		switch n = 1; s[0] {
		case '\n', '\r':
			if strings.HasPrefix(s, "\r\n") {
				n = 2
			}
			p.newline(1 << 30)
		case ' ', '\t':
			p.white = append(p.white, s[0])
		case '&':
			p.word("&")
		case 0, '\f':
		default:
			var r rune
			if r, n = utf8.DecodeRuneInString(s); isBlank(r) {
				p.white = append(p.white, ' ')
			} else {
				p.special(s)
			}
		}
		s = s[n:]
	}
}

// special handles the character at the start of s, which may be one that is
// not seen, and gives its length.
func (p *page) special(s string) int {
	r, n := utf8.DecodeRuneInString(s)
	switch {
	case isBlank(r):
		p.blank()
		p.hollow = p.gap > 0
	case r == 0x200c || r == 0x200d: // joiners matter inside a word only
		if p.inWord() {
			p.join = s[:n]
		}
	case r == 0x2028 || r == 0x2029:
		p.newline(maxGap)
	case r >= 0x80 && r < 0xa0 || r == 0xad || r == 0x34f || r == 0x180e || r == 0x200b || r >= 0x2060 && r <= 0x2064 || r == 0xfeff:
	default:
		p.word(s[:n])
	}
	return n
}

// isBlank reports whether r is a blank that HTML does not collapse, such as the
// no-break space. The ideographic space is not one: CJK text sets it as a
// character.
func isBlank(r rune) bool {
	return r == 0xa0 || r >= 0x2000 && r <= 0x200a || r == 0x202f || r == 0x205f
}
