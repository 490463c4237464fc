package transfer

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// Classes of octets in base64 beside the values 0 to 63. All have the top bit
// set, so that eight octets are tested at once.
const (
	b64Pad   = 0x80
	b64Blank = 0x81
	b64Dash  = 0x82 // - and _: 62 and 63 of the URL-safe alphabet
	b64Junk  = 0x83
)

var b64Table = func() (t [256]byte) {
	for i := range t {
		t[i] = b64Junk
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		t[c] = byte(i)
	}
	t['='] = b64Pad
	t['-'], t['_'] = b64Dash, b64Dash
	t[' '], t['\t'], t['\r'], t['\n'], t['\f'], t['\v'] = b64Blank, b64Blank, b64Blank, b64Blank, b64Blank, b64Blank
	return t
}()

// maxRest bounds the text after the data that is kept.
const maxRest = 64 << 10

// base64Decoder reads base64 in every form that mail has.
//
// QUIRK: RFC 2045 section 6.8 has lines of 76, an alphabet, padding once and at
// the end, and says nothing of text after it. Mail has lines of any length,
// junk, no or doubled padding, several padded pieces, the URL-safe alphabet of
// RFC 4648 section 5, list footers, and plain text under the label: that is
// given as it is, but for pictures, sounds and films, where no text can be
// meant and all that is not in the alphabet is passed over.
// Tests: testdata/quirks/base64-junk.eml, testdata/quirks/base64-no-padding.eml,
// testdata/quirks/base64-concatenated.eml, testdata/quirks/base64-urlsafe.eml,
// testdata/quirks/base64-footer.eml, testdata/quirks/base64-plain.eml,
// testdata/quirks/base64-plain-sound.eml
type base64Decoder struct {
	content  content
	strict   bool // what is not in the alphabet of RFC 2045 is passed over
	begun    bool // the first window was looked at
	identity bool // it is no base64
	footer   bool // text follows the data
	ended    bool // padding or a short line was seen: a footer may follow
	padded   bool // the last group had padding
	aside    bool // the rest of the line is no data
	standard bool // + or / occurs in the first window
	urlSafe  bool // - or _ occurred
	midLine  bool // the window begins inside a line that is decoded
	acc      uint32
	n        int // characters in acc
	width    int // of the first line
	length   int // of this line so far
	rest     []byte
}

// content is what base64 is said to hold.
type content uint8

const (
	textContent  content = iota
	fileContent          // octets that may be a text
	mediaContent         // octets that are no text
)

func (d *base64Decoder) decode(dst, src []byte, base int64, eof bool, f *faults) ([]byte, int) {
	if !d.begun {
		d.begun = true
		switch plain := plainText(src, d.content); {
		case plain && d.content == mediaContent:
			d.strict = true
		case plain:
			d.identity = true
			f.add("base64-plain", base, false, "")
		}
		d.standard = d.strict || bytes.IndexByte(src, '+') >= 0 || bytes.IndexByte(src, '/') >= 0
	}
	if d.identity {
		return append(dst, src...), len(src)
	}
	at := 0
	for at < len(src) {
		if d.footer {
			d.rest = append(d.rest, src[at:min(len(src), at+maxRest-len(d.rest))]...)
			return dst, len(src)
		}
		if d.ended && !d.midLine && !d.strict {
			text, _, ok := lineEnd(src[at:])
			if !ok && !eof && at > 0 {
				return dst, at // look at the line as a whole
			}
			if d.footerLine(src[at : at+text]) {
				d.footer = true
				f.add("base64-footer", base+int64(at), false, "")
				continue
			}
		}
		var n int
		dst, n = d.line(dst, src[at:], base+int64(at), f)
		at += n
	}
	if eof {
		dst = d.end(dst, base+int64(at), f, false)
	}
	return dst, at
}

// line decodes up to the end of a line or of src.
func (d *base64Decoder) line(dst, src []byte, base int64, f *faults) ([]byte, int) {
	at := 0
	for at < len(src) {
		if d.aside {
			n := bytes.IndexByte(src[at:], '\n')
			if n < 0 {
				return dst, len(src)
			}
			if len(bytes.TrimSpace(src[at:at+n])) > 0 {
				f.add("base64-junk", base+int64(at), false, "")
			}
			d.aside = false
			at += n
		}
		if d.n == 0 {
			var n int
			dst, n = d.cleanRun(dst, src[at:])
			if n > 0 {
				d.again(base+int64(at), f)
				d.midLine = d.length > 0
				at += n
				continue
			}
		}
		c := src[at]
		v := b64Table[c]
		switch {
		case v < 64:
			d.again(base+int64(at), f)
			dst = d.sextet(dst, v)
		case v == b64Blank:
			if c == '\n' {
				d.endLine()
				return dst, at + 1
			}
			d.aside = d.padded && (c == ' ' || c == '\t') // a remark after the end, in its line
		case v == b64Pad:
			dst = d.end(dst, base+int64(at), f, true)
			d.midLine = true
		case v == b64Dash && !d.standard:
			if !d.urlSafe {
				d.urlSafe = true
				f.add("base64-urlsafe", base+int64(at), false, "")
			}
			v = 62
			if c == '_' {
				v = 63
			}
			dst = d.sextet(dst, v)
		default:
			d.midLine = true
			at += d.junk(src[at:], base+int64(at), f)
			continue
		}
		at++
	}
	return dst, at
}

// junk passes over octets outside the alphabet; a run of them is one Fault.
func (d *base64Decoder) junk(src []byte, base int64, f *faults) int {
	n := 1
	for n < len(src) && b64Table[src[n]] == b64Junk {
		n++
	}
	f.add("base64-junk", base, false, "")
	return n
}

// again notes that data goes on after padding.
func (d *base64Decoder) again(base int64, f *faults) {
	if d.padded {
		d.padded = false
		f.add("base64-concatenated", base, false, "")
	}
}

// sextet takes one character.
func (d *base64Decoder) sextet(dst []byte, v byte) []byte {
	d.midLine = true
	d.length++
	d.acc = d.acc<<6 | uint32(v)
	if d.n++; d.n == 4 {
		dst = append(dst, byte(d.acc>>16), byte(d.acc>>8), byte(d.acc))
		d.acc, d.n = 0, 0
	}
	return dst
}

// end gives the octets of an unfinished group: at padding or at the end.
func (d *base64Decoder) end(dst []byte, base int64, f *faults, pad bool) []byte {
	switch d.n {
	case 1:
		f.add("base64-cut", base, true, "6 bits")
	case 2:
		dst = append(dst, byte(d.acc>>4))
	case 3:
		dst = append(dst, byte(d.acc>>10), byte(d.acc>>2))
	}
	d.acc, d.n = 0, 0
	if pad {
		d.ended, d.padded = true, true
	}
	return dst
}

// endLine notes the length of a line: one shorter than the first is the last.
func (d *base64Decoder) endLine() {
	if d.length > 0 {
		if d.width == 0 {
			d.width = d.length
		}
		if d.length < d.width {
			d.ended = true
		}
	} else if d.width > 0 && !d.midLine {
		d.ended = true // an empty line after data
	}
	d.length, d.midLine = 0, false
}

// footerLine reports whether a line after the end of the data is text: a line
// of prose, or a separator.
func (d *base64Decoder) footerLine(line []byte) bool {
	line = bytes.TrimRight(bytes.TrimLeft(line, " \t"), " \t\r")
	if len(line) < 3 {
		return false
	}
	letters, junk, inner, same := 0, 0, 0, 0
	for i, c := range line {
		switch v := b64Table[c]; {
		case v < 64:
			letters++
		case v == b64Blank:
			inner++
		case v == b64Dash && d.urlSafe && !d.padded:
			letters++
		case v == b64Pad:
		default:
			junk++
		}
		if i > 0 && c == line[i-1] {
			same++
		}
	}
	separator := same == len(line)-1 && (line[0] == '_' || line[0] == '-' || line[0] == '=' || line[0] == '*' || line[0] == '#')
	if !d.padded && inner == 0 && letters >= 20 && junk*8 <= letters {
		return false // a line of data with junk in it
	}
	return separator || letters >= 3 && (inner > 0 || junk > 0)
}

// cleanRun decodes whole groups from the start of src, eight characters at a
// time, and goes on over the ends of lines as long as the first one. It says
// how many octets of src it took. d.n is 0 before and after.
func (d *base64Decoder) cleanRun(dst, src []byte) ([]byte, int) {
	if need := len(src)/4*3 + 8; cap(dst)-len(dst) < need {
		dst = append(make([]byte, 0, len(dst)+need), dst...)
	}
	out := dst[len(dst):cap(dst)]
	at, n := 0, 0
	begin := -d.length // where this line begins, before src if it did
	for {
		for len(src)-at >= 8 {
			s := src[at : at+8 : at+8]
			v0, v1, v2, v3 := b64Table[s[0]], b64Table[s[1]], b64Table[s[2]], b64Table[s[3]]
			v4, v5, v6, v7 := b64Table[s[4]], b64Table[s[5]], b64Table[s[6]], b64Table[s[7]]
			if (v0|v1|v2|v3|v4|v5|v6|v7)&0x80 != 0 {
				break
			}
			w := uint64(v0)<<58 | uint64(v1)<<52 | uint64(v2)<<46 | uint64(v3)<<40 |
				uint64(v4)<<34 | uint64(v5)<<28 | uint64(v6)<<22 | uint64(v7)<<16
			binary.BigEndian.PutUint64(out[n:], w)
			at += 8
			n += 6
		}
		if len(src)-at < 8 {
			break
		}
		s := src[at : at+8 : at+8]
		v0, v1, v2, v3 := b64Table[s[0]], b64Table[s[1]], b64Table[s[2]], b64Table[s[3]]
		if (v0|v1|v2|v3)&0x80 == 0 {
			w := uint32(v0)<<18 | uint32(v1)<<12 | uint32(v2)<<6 | uint32(v3)
			out[n], out[n+1], out[n+2] = byte(w>>16), byte(w>>8), byte(w)
			at += 4
			n += 3
			s = s[4:]
		}
		// A line end, and the line is as long as the first: no end of the data.
		end := 0
		if s[0] == '\n' {
			end = 1
		} else if s[0] == '\r' && s[1] == '\n' {
			end = 2
		}
		if end == 0 || at-begin != d.width {
			break
		}
		at += end
		begin = at
	}
	d.length = at - begin
	return dst[:len(dst)+n], at
}

// plainText reports whether octets labelled base64 are text that was never
// encoded. It looks at the first window. Text of base64 has no blanks inside
// its lines, and decodes to text or to what its media type says; prose has
// both blanks and signs outside the alphabet. Of a short word what it is said
// to be decides.
func plainText(src []byte, c content) bool {
	var first []byte
	for rest := src; len(rest) > 0; {
		text, whole, _ := lineEnd(rest)
		if first = bytes.TrimRight(bytes.TrimLeft(rest[:text], " \t"), " \t\r"); len(first) > 0 {
			break
		}
		rest = rest[whole:]
	}
	if c != textContent && len(first)%4 == 0 && allBase64(first) && len(bytes.TrimSpace(src)) == len(first) {
		return false // whole groups: a file of 3, 6 or 9 octets
	}
	if len(first) == 0 || allBase64(first) && (len(first) >= 16 || first[len(first)-1] == '=' || readable(decodeAll(first))) {
		return false
	}
	for token := range bytes.FieldsSeq(cut(src, 1024)) {
		if (len(token) >= 20 && allBase64(token) || padded(token)) && readable(decodeAll(token)) {
			return false // text came out: there is junk around it
		}
	}
	words, letters, junk, length := 0, 0, 0, 0
	for _, c := range src {
		switch v := b64Table[c]; {
		case c == 0:
			return false
		case v == b64Blank:
			if length > 0 {
				words++
			}
			length = 0
			continue
		case v == b64Junk || v == b64Dash:
			junk++
		default:
			letters++
		}
		length++
	}
	if length > 0 {
		words++
	}
	if !readable(src) || words == 0 {
		return false
	}
	if (letters+junk)/words >= 24 { // lines of base64 with signs in between
		return false
	}
	return junk*50 > letters+junk || !readable(decodeAll(cut(src, 1024)))
}

// padded reports whether a word ends in padding that fits the characters
// before it: no prose does.
func padded(token []byte) bool {
	n := 0
	for _, c := range token {
		if v := b64Table[c]; v < 64 || v == b64Pad {
			n++
		}
	}
	return n%4 == 0 && n >= 8 && token[len(token)-1] == '='
}

func cut(b []byte, n int) []byte {
	if len(b) > n {
		return b[:n]
	}
	return b
}

func allBase64(line []byte) bool {
	for _, c := range bytes.TrimRight(line, "=") {
		if v := b64Table[c]; v >= 64 && v != b64Dash {
			return false
		}
	}
	return true
}

// decodeAll decodes a piece without looking at anything but the alphabet.
func decodeAll(b []byte) []byte {
	d := base64Decoder{begun: true}
	var f faults
	out, _ := d.line(nil, bytes.ReplaceAll(b, []byte("\n"), nil), 0, &f)
	return out
}

// readable reports whether octets look like text in some charset: hardly any
// control characters. A tenth of random octets are.
func readable(b []byte) bool {
	controls := 0
	for _, c := range b {
		if c < ' ' && !blank(c) && c != '\f' && c != 0x1b || c == 0x7f {
			controls++
		}
	}
	return len(b) > 0 && controls*33 <= len(b) && (utf8.Valid(b) || controls == 0)
}
