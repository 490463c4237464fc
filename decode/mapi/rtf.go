package mapi

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"lostpost/decode/charset"
)

// A Document is the text of an RTF body.
type Document struct {
	Text string // valid UTF-8; line ends are "\n"
	HTML bool   // Text is HTML source: the RTF was made of it
	Cut  bool   // the limit was reached
}

// ReadRTF gives the text of an RTF document: the HTML that stands inside it if
// it was made of HTML (\fromhtml1, MS-OXRTFEX), else what a reader sees. Text
// is at most limit octets, and a few more of a last character. Pictures,
// objects and what programs keep for themselves are left out. Groups deeper
// than 10,000 are read as if they were at that depth.
func ReadRTF(rtf []byte, limit int) Document {
	r := rtfReader{in: rtf, limit: limit, fonts: map[int]int{}, tables: map[int]*[128]string{}, codePage: 1252}
	r.group.skip = 1
	r.read()
	r.flush()
	return Document{Text: r.out.String(), HTML: r.html, Cut: r.cut}
}

// maxGroups bounds the stack of open groups.
const maxGroups = 10_000

// An rtfGroup is what a closing brace gives back.
type rtfGroup struct {
	hidden  bool // a destination that is no text
	tag     bool // \*\htmltag: HTML source
	htmlrtf bool // RTF that stands for the tag before it
	table   bool // the font table
	skip    int  // \uc: characters that follow \u for old readers
	font    int  // code page of the font, 0: that of the document
	fontID  int  // in the font table
}

type rtfReader struct {
	in       []byte
	pos      int
	limit    int
	out      strings.Builder
	octets   []byte // text in octets, to be read in page
	page     int
	high     uint16 // first half of a surrogate pair, 0 if there is none
	group    rtfGroup
	stack    []rtfGroup
	deeper   int                  // open groups beyond maxGroups
	fonts    map[int]int          // number to code page
	tables   map[int]*[128]string // of code pages with one octet a character
	codePage int                  // \ansicpg
	ignore   int                  // characters of the \u before that are still to be left out
	html     bool
	cut      bool
	opened   bool // a brace was opened just now: a destination may follow
	optional bool // "\*" was read: an unknown destination is no text
}

func (r *rtfReader) read() {
	for r.pos < len(r.in) && !r.cut {
		c := r.in[r.pos]
		switch c {
		case '{':
			r.pos++
			r.open()
			continue
		case '}':
			r.pos++
			r.close()
		case '\\':
			r.control()
			continue
		case '\r', '\n', 0:
			r.pos++
			continue
		default:
			r.run()
		}
		r.opened, r.optional = false, false
	}
}

func (r *rtfReader) open() {
	r.ignore = 0
	if len(r.stack) >= maxGroups {
		r.deeper++
	} else {
		r.stack = append(r.stack, r.group)
	}
	r.opened, r.optional = true, false
}

func (r *rtfReader) close() {
	r.ignore = 0
	if r.deeper > 0 {
		r.deeper--
	} else if n := len(r.stack); n > 0 {
		r.group = r.stack[n-1]
		r.stack = r.stack[:n-1]
	}
}

// shown reports whether what is read now is text.
func (r *rtfReader) shown() bool {
	return !r.group.hidden && (r.group.tag || !r.group.htmlrtf)
}

// run takes the octets up to the next brace, backslash or line end.
func (r *rtfReader) run() {
	n := bytes.IndexAny(r.in[r.pos:], "{}\\\r\n\x00")
	if n < 0 {
		n = len(r.in) - r.pos
	}
	b := r.in[r.pos : r.pos+n]
	r.pos += n
	skip := min(r.ignore, len(b))
	r.ignore -= skip
	r.write(b[skip:])
}

// write takes octets in the code page of the font.
func (r *rtfReader) write(b []byte) {
	if !r.shown() || len(b) == 0 {
		return
	}
	page := r.codePage
	if r.group.font != 0 && !r.group.tag {
		page = r.group.font
	}
	if page != r.page {
		r.flush()
		r.page = page
	}
	r.high = 0
	r.octets = append(r.octets, b...)
	if r.out.Len()+len(r.octets) > r.limit {
		r.flush()
	}
}

// text takes characters.
func (r *rtfReader) text(s string) {
	if !r.shown() {
		return
	}
	r.flush()
	r.high = 0
	r.put(s)
}

func (r *rtfReader) put(s string) {
	if room := r.limit - r.out.Len(); len(s) > room {
		r.cut = true
		s = s[:max(room, 0)]
		for len(s) > 0 && !utf8.ValidString(s) {
			s = s[:len(s)-1] // of a character that was cut in two
		}
	}
	r.out.WriteString(s)
}

// flush reads the octets that were gathered: a character may have stood in
// several of them.
func (r *rtfReader) flush() {
	if len(r.octets) == 0 {
		return
	}
	b := r.octets
	r.octets = r.octets[:0]
	if severalOctets(r.page) {
		r.put(charset.Decode(b, Charset(r.page), "").Text)
		return
	}
	// The code page of a font is an order, not evidence: no guess is made.
	t := r.tables[r.page]
	if t == nil {
		t = octetTable(r.page)
		r.tables[r.page] = t
	}
	n := 0
	for i, c := range b {
		if c >= utf8.RuneSelf {
			r.put(string(b[n:i]))
			r.put(t[c-utf8.RuneSelf])
			n = i + 1
		}
	}
	r.put(string(b[n:]))
}

// control reads a backslash and what belongs to it.
func (r *rtfReader) control() {
	r.pos++
	if r.pos >= len(r.in) {
		return
	}
	c := r.in[r.pos]
	if !isLetter(c) {
		r.pos++
		r.symbol(c)
		return
	}
	start := r.pos
	for r.pos < len(r.in) && isLetter(r.in[r.pos]) {
		r.pos++
	}
	word := r.in[start:r.pos]
	start = r.pos
	if r.pos < len(r.in) && r.in[r.pos] == '-' {
		r.pos++
	}
	for r.pos < len(r.in) && '0' <= r.in[r.pos] && r.in[r.pos] <= '9' {
		r.pos++
	}
	number, err := strconv.Atoi(string(r.in[start:min(r.pos, start+11)]))
	given := err == nil
	if r.pos < len(r.in) && r.in[r.pos] == ' ' {
		r.pos++
	}
	if len(word) > 32 {
		word = word[:32] // longer than any there is
	}
	r.word(string(word), number, given)
	r.opened, r.optional = false, false
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// symbol is a control of one character that is no letter.
func (r *rtfReader) symbol(c byte) {
	switch c {
	case '*':
		r.optional = r.opened
		return // the destination follows
	case '\'':
		if r.pos+2 > len(r.in) {
			r.pos = len(r.in)
			return
		}
		n, err := strconv.ParseUint(string(r.in[r.pos:r.pos+2]), 16, 8)
		if err != nil {
			break
		}
		r.pos += 2
		if r.ignore > 0 {
			r.ignore--
		} else {
			r.write([]byte{byte(n)})
		}
	case '\\', '{', '}':
		if r.ignore > 0 {
			r.ignore--
		} else {
			r.write([]byte{c})
		}
	case '~':
		r.entity("\u00a0", "&nbsp;")
	case '_':
		r.entity("\u2011", "&#8209;")
	case '-':
		r.entity("\u00ad", "&shy;")
	case '\r', '\n':
		r.text("\n") // the same as \par
	}
	r.opened, r.optional = false, false
}

// entity writes a character as text, or as HTML in a document that was HTML.
func (r *rtfReader) entity(char, name string) {
	if r.html {
		char = name
	}
	r.text(char)
}

// word is a control word.
func (r *rtfReader) word(word string, n int, given bool) {
	g := &r.group
	switch word {
	case "fromhtml":
		r.html = !given || n == 1
	case "htmlrtf":
		g.htmlrtf = r.html && (!given || n != 0)
	case "htmltag":
		g.tag = r.html && r.optional && !g.htmlrtf
		g.hidden = g.hidden || !g.tag
	case "ansicpg":
		if Charset(n) != "" {
			r.codePage = n
		}
	case "mac":
		r.codePage = 10000
	case "fonttbl":
		g.hidden, g.table = true, true
	case "f":
		g.font, g.fontID = r.fonts[n], n
	case "fcharset":
		if page := fontCodePage(n); g.table && len(r.fonts) < 10_000 {
			r.fonts[g.fontID] = page
		}
	case "plain":
		g.font = 0
	case "uc":
		g.skip = min(max(n, 0), 16)
	case "u":
		r.unicode(uint16(n))
	case "bin":
		r.pos += min(max(n, 0), len(r.in)-r.pos)
	default:
		r.char(word)
	}
}

// char is a control word that stands for a character, or a destination.
func (r *rtfReader) char(word string) {
	switch word {
	case "par", "line", "sect", "page", "row":
		r.text("\n")
	case "tab", "cell":
		r.text("\t")
	case "emdash":
		r.entity("—", "&mdash;")
	case "endash":
		r.entity("–", "&ndash;")
	case "lquote":
		r.entity("‘", "&lsquo;")
	case "rquote":
		r.entity("’", "&rsquo;")
	case "ldblquote":
		r.entity("“", "&ldquo;")
	case "rdblquote":
		r.entity("”", "&rdquo;")
	case "bullet":
		r.entity("•", "&bull;")
	case "emspace", "enspace":
		r.text(" ")
	case "colortbl", "stylesheet", "info", "pict", "objdata", "themedata", "filetbl", "listtable", "revtbl",
		"header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf", "fldinst", "mhtmltag", "pntext":
		r.group.hidden = true
	default:
		if r.optional {
			r.group.hidden = true
		}
	}
}

// unicode is \u: a UTF-16 unit, and after it characters for readers that do
// not know it.
func (r *rtfReader) unicode(u uint16) {
	r.ignore = r.group.skip
	if !r.shown() {
		return
	}
	switch {
	case 0xd800 <= u && u < 0xdc00:
		r.flush()
		r.high = u
	case 0xdc00 <= u && u < 0xe000:
		if r.high != 0 {
			r.text(string(rune(r.high-0xd800)<<10 + rune(u-0xdc00) + 0x10000))
		} else {
			r.text("\ufffd")
		}
	case 0xf000 <= u && u < 0xf100: // Symbol fonts stand there
		r.text(string(rune(u - 0xf000)))
	default:
		r.text(string(rune(u)))
	}
}
