package header

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"lostpost/decode/charset"
)

// maxCharset is the longest charset name, with its language, of an
// encoded-word. RFC 2047 section 2 bounds the whole word to 75; the longest
// registered name has 45.
const maxCharset = 80

// DecodeText decodes the encoded-words and raw octets of one unfolded value.
// Line ends of a folded value are taken out too. RFC 2047, RFC 6532.
func DecodeText(raw []byte, hint string) (string, []Fault) {
	raw = bytes.TrimFunc(raw, isSpace)
	if plainText(raw) {
		return string(raw), nil
	}
	d := decoder{hint: hint, out: make([]byte, 0, len(raw))}
	d.all(raw)
	return oneLine(d.out), d.f.done()
}

// plainText reports whether a value is printable ASCII without encoded-words,
// as nearly all are.
func plainText(raw []byte) bool {
	for i, c := range raw {
		if c < ' ' || c >= 0x7f || c == '=' && i+1 < len(raw) && raw[i+1] == '?' {
			return false
		}
	}
	return true
}

// A decoder is the state of one text.
type decoder struct {
	hint  string
	out   []byte
	label string // charset of the octets that are gathered
	run   []byte // octets of neighbouring words with one charset
	f     faults
}

// all reads a text of words and raw octets. White space alone between two
// words is no text (RFC 2047 section 6.2).
func (d *decoder) all(raw []byte) {
	for at := 0; at < len(raw); {
		if w, ok := wordAt(raw, at); ok {
			d.word(w, at)
			at = w.end
			continue
		}
		next := at + 1
		for next < len(raw) && !startsWord(raw, next) {
			next++
		}
		if b := raw[at:next]; d.label == "" || next == len(raw) || len(bytes.TrimFunc(b, isSpace)) > 0 {
			d.flush()
			d.out = append(d.out, d.text(b, "", at)...)
		}
		at = next
	}
	d.flush()
}

// word takes the octets of one word.
//
// QUIRK: RFC 2047 section 5 wants whole characters in each word. Many mailers
// cut the octets of a text at 75. Neighbouring words of one charset are put
// together before they are decoded. Test: testdata/quirks/word-split-character.eml
func (d *decoder) word(w word, at int) {
	if !sameCharset(d.label, w.charset) {
		d.flush()
		d.label = w.charset
	}
	if !w.closed {
		d.f.add("word-unclosed", at, false, "")
	}
	bad := false
	if w.encoding == 'b' {
		d.run, bad = appendBase64(d.run, w.text)
	} else {
		d.run, bad = appendQ(d.run, w.text)
	}
	if bad {
		d.f.add("word-bad-octets", at, false, "")
	}
}

// sameCharset compares two labels without case and language.
func sameCharset(a, b string) bool {
	if a == b {
		return true
	}
	a, _, _ = strings.Cut(a, "*")
	b, _, _ = strings.Cut(b, "*")
	return strings.EqualFold(a, b)
}

func (d *decoder) flush() {
	if len(d.run) > 0 {
		d.out = append(d.out, d.text(d.run, d.label, -1)...)
		d.run = d.run[:0]
	}
	d.label = ""
}

// text reads octets under a label and keeps the faults of the charset.
func (d *decoder) text(b []byte, label string, at int) string {
	r := charset.Decode(b, label, d.hint)
	for _, f := range r.Faults {
		if label == "" && r.Used == "utf-8" && f.Code == "charset-missing" {
			continue // RFC 6532: raw UTF-8 needs no label
		}
		d.f.add(f.Code, at, f.Lost, f.Detail)
	}
	return r.Text
}

// A word is an encoded-word.
type word struct {
	charset  string
	encoding byte // 'b' or 'q'
	text     []byte
	end      int // offset after the word
	closed   bool
}

// wordAt reads the encoded-word that begins at raw[at].
func wordAt(raw []byte, at int) (word, bool) {
	label, encoding, text, ok := wordStart(raw, at)
	if !ok {
		return word{}, false
	}
	w := word{charset: label, encoding: encoding}
	// QUIRK: RFC 2047 section 2 allows no blanks, folds, question marks or
	// octets above 0x7f in a word, and no word without "?=". All occur. A word
	// ends at "?=", before the next word, or at the end of the field; in base64
	// without "?=" at the first octet that is none.
	// Test: testdata/quirks/word-unclosed.eml, testdata/quirks/word-blank-inside.eml
	for i := text; i < len(raw); i++ {
		switch {
		case raw[i] == '?' && i+1 < len(raw) && raw[i+1] == '=':
			if encoding == 'q' && questionMark(raw[i:]) {
				continue
			}
			w.text, w.end, w.closed = raw[text:i], i+2, true
			return w, true
		case raw[i] == '=' && i+1 < len(raw) && raw[i+1] == '?':
			if startsWord(raw, i) {
				w.text, w.end = raw[text:i], i
				return w, true
			}
		}
	}
	w.text, w.end = raw[text:], len(raw)
	if encoding == 'b' {
		n := 0
		for n < len(w.text) && (sixBits[w.text[n]] < 64 || w.text[n] == '=') {
			n++
		}
		w.text, w.end = w.text[:n], text+n
	}
	return w, true
}

// questionMark reports whether the "?=" that b begins with is a question mark
// and an escape inside a Q word: two hexadecimal digits follow, and before a
// blank or another word the real end.
func questionMark(b []byte) bool {
	if len(b) < 4 || hexValue(b[2]) > 15 || hexValue(b[3]) > 15 {
		return false
	}
	for b = cut(b, 200)[2:]; len(b) > 1 && !blank(b[0]); b = b[1:] {
		if b[0] == '=' && b[1] == '?' {
			return false
		}
		if b[0] == '?' && b[1] == '=' {
			return true
		}
	}
	return false
}

func startsWord(raw []byte, at int) bool {
	if raw[at] != '=' {
		return false
	}
	_, _, _, ok := wordStart(raw, at)
	return ok
}

// wordStart reads "=?charset?e?" and gives the offset of what follows.
func wordStart(raw []byte, at int) (label string, encoding byte, text int, ok bool) {
	if at+6 > len(raw) || raw[at] != '=' || raw[at+1] != '?' {
		return "", 0, 0, false
	}
	i := at + 2
	for i < len(raw) && i < at+2+maxCharset && raw[i] != '?' {
		if c := raw[i]; c <= ' ' || c >= 0x7f || c == '=' && i > at+2 {
			return "", 0, 0, false
		}
		i++
	}
	if i+2 >= len(raw) || raw[i] != '?' || raw[i+2] != '?' {
		return "", 0, 0, false
	}
	encoding = raw[i+1] | 0x20
	if encoding != 'b' && encoding != 'q' {
		return "", 0, 0, false
	}
	return labelString(raw[at+2 : i]), encoding, i + 3, true
}

// labelString makes a charset label a string, the usual ones without memory.
func labelString(b []byte) string {
	switch string(b) {
	case "":
		return "unknown" // "=??Q?...?=": guessed
	case "utf-8":
		return "utf-8"
	case "UTF-8":
		return "UTF-8"
	case "iso-8859-1":
		return "iso-8859-1"
	case "ISO-8859-1":
		return "ISO-8859-1"
	}
	return string(b)
}

// sixBits is the base64 alphabet, with the URL-safe signs; 255 is none of it.
var sixBits = func() (t [256]byte) {
	for i := range t {
		t[i] = 255
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		t[c] = byte(i)
	}
	t['-'], t['_'] = 62, 63
	return t
}()

// appendBase64 decodes the B encoding. Padding may be missing, doubled or
// between two blocks; white space is passed over.
func appendBase64(dst, b []byte) (out []byte, bad bool) {
	acc, n := uint32(0), 0
	end := func() {
		switch n {
		case 2:
			dst = append(dst, byte(acc>>4))
		case 3:
			dst = append(dst, byte(acc>>10), byte(acc>>2))
		}
		acc, n = 0, 0
	}
	for _, c := range b {
		v := sixBits[c]
		if v < 64 {
			acc = acc<<6 | uint32(v)
			if n++; n == 4 {
				dst = append(dst, byte(acc>>16), byte(acc>>8), byte(acc))
				acc, n = 0, 0
			}
			continue
		}
		if c == '=' {
			end()
		} else if !blank(c) {
			bad = true
		}
	}
	end()
	return dst, bad
}

// appendQ decodes the Q encoding. An equals sign that begins no escape is text.
func appendQ(dst, b []byte) (out []byte, bad bool) {
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '_':
			dst = append(dst, ' ')
		case c == '=' && i+2 < len(b) && hexValue(b[i+1]) < 16 && hexValue(b[i+2]) < 16:
			dst = append(dst, hexValue(b[i+1])<<4|hexValue(b[i+2]))
			i += 2
		case c == '\n' || c == '\r':
		case c == '=' && i+1 < len(b) && (b[i+1] == '\n' || b[i+1] == '\r'): // a soft break, as in a body
		default:
			bad = bad || c == '='
			dst = append(dst, c)
		}
	}
	return dst, bad
}

// hexValue is the value of a hexadecimal digit of either case, 255 for others.
func hexValue(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

// oneLine makes text one line without control characters: a fold or a run of
// line ends and tabs is one space, NUL and other controls are taken out.
func oneLine(b []byte) string {
	b = bytes.TrimFunc(b, isSpace)
	clean := true
	for _, c := range b {
		if c < ' ' || c == 0x7f || c == 0xc2 { // 0xc2 begins the C1 controls
			clean = false
			break
		}
	}
	if clean {
		return string(b)
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); {
		c := b[i]
		switch {
		case c == '\n' || c == '\r' || c == '\t':
			fold := c != '\t'
			for i++; i < len(b) && (b[i] == '\n' || b[i] == '\r' || b[i] == '\t' || fold && b[i] == ' '); i++ {
				fold = fold || b[i] != '\t'
			}
			if len(out) > 0 && out[len(out)-1] != ' ' {
				out = append(out, ' ')
			}
			continue
		case c < ' ' || c == 0x7f:
		case c == 0xc2 && i+1 < len(b) && b[i+1] < 0xa0:
			i++
		default:
			out = append(out, c)
		}
		i++
	}
	return string(out)
}

// validUTF8 makes a value that is shown valid.
func validUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return charset.Decode([]byte(s), "", "").Text
}
