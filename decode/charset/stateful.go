package charset

import (
	"bytes"
	"encoding/base64"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
)

const (
	escape   = 0x1b
	shiftOut = 0x0e
	shiftIn  = 0x0f
)

// A set is what ISO/IEC 2022 puts into G0, G1 or G2.
type set uint8

const (
	setASCII   set = iota // also JIS X 0201 Roman, which mail reads as ASCII
	setKana               // JIS X 0201 katakana
	setJIS                // JIS X 0208
	setJIS0212            // JIS X 0212
	setGB                 // GB 2312
	setKS                 // KS X 1001
	setLatin1             // upper half of ISO 8859-1
	setGreek              // upper half of ISO 8859-7
	setUnknown            // two octets a character, no table
)

// iso2022 reads the 7-bit charsets of RFC 1468, 1554, 1557, 1922, 2237 and
// what Microsoft made of them, by the escape sequences that are there and not
// by the label: senders mix them.
type iso2022 struct {
	g0, g1, g2 set
	out        bool // shifted out: G1 is in use
	pending    []byte
	pset       set
	dst        []byte
}

func readISO2022(b []byte) []byte {
	d := iso2022{dst: make([]byte, 0, len(b)+len(b)/2+8)}
	for i := 0; i < len(b); {
		i += d.step(b[i:])
	}
	d.flush()
	return d.dst
}

// step reads one escape sequence, control or character and gives its length.
func (d *iso2022) step(b []byte) int {
	c := b[0]
	switch {
	case c == escape:
		return d.escape(b)
	case c == shiftOut:
		d.out = true
		return 1
	case c == shiftIn:
		d.out = false
		return 1
	case c < 0x21 || c == 0x7f:
		d.flush()
		d.dst = append(d.dst, c)
		if c == '\n' { // RFC 1468: a line begins in ASCII
			d.g0, d.out = setASCII, false
		}
		return 1
	case c >= utf8.RuneSelf:
		return d.upper(b)
	}
	s := d.g0
	if d.out {
		s = d.g1
	}
	if s != d.pset {
		d.flush()
		d.pset = s
	}
	switch s {
	case setASCII:
		d.dst = append(d.dst, c)
		return 1
	case setKana, setLatin1, setGreek:
		d.pending = append(d.pending, c)
		return 1
	}
	if len(b) < 2 || b[1] < 0x21 || b[1] > 0x7e { // half a character before a line end, an escape, the end
		d.flush()
		d.dst = append(d.dst, replacement...)
		return 1
	}
	d.pending = append(d.pending, c, b[1])
	return 2
}

// escape reads one escape sequence; unknown ones are dropped.
func (d *iso2022) escape(b []byte) int {
	has := func(s string) bool { return len(b) > len(s) && string(b[1:1+len(s)]) == s }
	switch {
	case has("(B"), has("(J"), has("(H"):
		d.g0 = setASCII
	case has("(I"):
		d.g0 = setKana
	case has("$@"), has("$B"):
		d.g0 = setJIS
		return 3
	case has("$A"):
		d.g0 = setGB
		return 3
	case has("$(@"), has("$(B"), has("$(Q"), has("$(O"):
		d.g0 = setJIS
		return 4
	case has("$(D"):
		d.g0 = setJIS0212
		return 4
	case has("$(C"):
		d.g0 = setKS
		return 4
	case has("$(A"):
		d.g0 = setGB
		return 4
	case has("$)C"):
		d.g1 = setKS
		return 4
	case has("$)A"):
		d.g1 = setGB
		return 4
	case has("$)"), has("$("), has("$*"):
		d.g1 = setUnknown
		return min(4, len(b))
	case has(".A"):
		d.g2 = setLatin1
	case has(".F"):
		d.g2 = setGreek
	case has("N"): // single shift of G2: one character
		return d.shifted(b)
	default:
		return 1
	}
	return 3
}

// shifted reads ESC N and the character of G2 after it.
func (d *iso2022) shifted(b []byte) int {
	if len(b) < 3 {
		return len(b)
	}
	d.flush()
	d.pset = d.g2
	d.pending = append(d.pending, b[2]&0x7f)
	d.flush()
	return 3
}

// upper reads a run of octets above 0x7f, which no 7-bit charset has: UTF-8,
// or half-width kana and Shift_JIS that were put in unescaped.
//
// QUIRK: RFC 1468 is 7-bit only. Japanese webmail wrote UTF-8 and kana into
// texts labelled iso-2022-jp. We read the run for itself.
// Test: testdata/quirks/charset-8bit-in-iso-2022-jp.eml
func (d *iso2022) upper(b []byte) int {
	n := 1
	for n < len(b) && b[n] >= utf8.RuneSelf {
		n++
	}
	d.flush()
	if utf8.Valid(b[:n]) {
		d.dst = append(d.dst, b[:n]...)
		return n
	}
	text, err := japanese.ShiftJIS.NewDecoder().Bytes(b[:n])
	if err != nil {
		text = []byte(replacement)
	}
	d.dst = append(d.dst, text...)
	return n
}

// flush decodes what was gathered of one set.
func (d *iso2022) flush() {
	b := d.pending
	if len(b) == 0 {
		return
	}
	d.pending = b[:0]
	switch d.pset {
	case setKana:
		for _, c := range b {
			if c > 0x5f {
				d.dst = append(d.dst, replacement...)
				continue
			}
			d.dst = utf8.AppendRune(d.dst, rune(c)-0x21+0xff61)
		}
		return
	case setLatin1, setGreek:
		cm := charmap.ISO8859_1
		if d.pset == setGreek {
			cm = charmap.ISO8859_7
		}
		for _, c := range b {
			d.dst = utf8.AppendRune(d.dst, cm.DecodeByte(c|0x80))
		}
		return
	case setUnknown:
		for range len(b) / 2 {
			d.dst = append(d.dst, replacement...)
		}
		return
	}
	d.dst = append(d.dst, d.pairs(b)...)
}

// pairs reads two-octet characters through the 8-bit form of the same set.
func (d *iso2022) pairs(b []byte) []byte {
	euc := make([]byte, 0, len(b)*3/2)
	for i := 0; i+1 < len(b); i += 2 {
		if d.pset == setJIS0212 {
			euc = append(euc, 0x8f)
		}
		euc = append(euc, b[i]|0x80, b[i+1]|0x80)
	}
	enc := japanese.EUCJP
	switch d.pset {
	case setGB:
		enc = simplifiedchinese.GBK
	case setKS:
		enc = korean.EUCKR
	}
	out, err := enc.NewDecoder().Bytes(euc)
	if err != nil {
		return []byte(replacement)
	}
	if d.pset == setJIS {
		return jisSigns(out)
	}
	return out
}

// jisSigns changes the signs that x/text reads as Windows does into those of
// JIS X 0208 (JIS0208.TXT of the Unicode consortium): wave dash and the like.
// Under this charset the other mail readers have them so.
func jisSigns(text []byte) []byte {
	if !bytes.ContainsAny(text, windowsSigns) {
		return text
	}
	return bytes.Map(func(r rune) rune {
		switch r {
		case 0xff5e:
			return 0x301c
		case 0x2225:
			return 0x2016
		case 0xff0d:
			return 0x2212
		case 0xffe0:
			return 0xa2
		case 0xffe1:
			return 0xa3
		case 0xffe2:
			return 0xac
		}
		return r
	}, text)
}

const windowsSigns = "\uff5e\u2225\uff0d\uffe0\uffe1\uffe2"

// readHZ reads HZ (RFC 1843): "~{" begins two-octet GB 2312, "~}" ends it,
// "~~" is a tilde, a tilde before a line end joins the lines.
func readHZ(b []byte) []byte {
	out := make([]byte, 0, len(b)+len(b)/2+8)
	var gb []byte
	flush := func() {
		if len(gb) > 0 {
			text, err := simplifiedchinese.GBK.NewDecoder().Bytes(gb)
			if err != nil {
				text = []byte(replacement)
			}
			out, gb = append(out, text...), gb[:0]
		}
	}
	two := false
	for i := 0; i < len(b); {
		c := b[i]
		if c == '~' && i+1 < len(b) {
			n := 2
			switch next := b[i+1]; {
			case next == '{':
				two = true
			case next == '}':
				two = false
			case next == '~' && !two:
				flush()
				out = append(out, '~')
			case next == '\n' && !two:
			default:
				n = 0
			}
			if n > 0 {
				i += n
				continue
			}
		}
		switch {
		case c == '\n': // RFC 1843: a line begins in ASCII
			flush()
			two = false
			out = append(out, c)
			i++
		case two && c >= 0x21 && c < 0x7f && i+1 < len(b) && b[i+1] >= 0x21:
			gb = append(gb, c|0x80, b[i+1]|0x80)
			i += 2
		case c >= 0x81 && i+1 < len(b) && b[i+1] >= 0x40: // GBK put in unescaped
			gb = append(gb, c, b[i+1])
			i += 2
		default:
			flush()
			if c >= utf8.RuneSelf {
				out = append(out, replacement...)
			} else {
				out = append(out, c)
			}
			i++
		}
	}
	flush()
	return out
}

// readUTF7 reads RFC 2152. What is no UTF-7 stays as it is.
func readUTF7(b []byte) []byte {
	out := make([]byte, 0, len(b)+8)
	for len(b) > 0 {
		i := bytes.IndexByte(b, '+')
		if i < 0 {
			i = len(b)
		}
		out = append(out, bytes.ToValidUTF8(b[:i], []byte(replacement))...)
		if b = b[i:]; len(b) == 0 {
			break
		}
		n := 1
		for n < len(b) && isBase64(b[n]) {
			n++
		}
		run := b[1:n]
		closed := n < len(b) && b[n] == '-'
		switch {
		case len(run) == 0 && closed: // "+-"
			out = append(out, '+')
		case len(run) == 0:
			out = append(out, '+')
		default:
			out = appendShifted(out, run)
		}
		if closed {
			n++
		}
		b = b[n:]
	}
	return out
}

// appendShifted appends the characters of a base64 run of UTF-7.
func appendShifted(out, run []byte) []byte {
	raw := make([]byte, base64.RawStdEncoding.DecodedLen(len(run)))
	n, _ := base64.RawStdEncoding.Decode(raw, run) // only alphabet octets are in it: an error means odd bits at the end
	text := appendUTF16(raw[:n&^1], true)
	if len(text) == 0 { // fewer bits than a character: "1+1=2" was meant
		return append(append(out, '+'), run...)
	}
	return append(out, text...)
}

func isBase64(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '+' || c == '/'
}

// readUTF16 reads UTF-16 by its byte order mark, else in the order that puts
// more NUL octets and line ends in the right place. RFC 2781 section 4.3 says
// big endian; Windows programs write little endian under this label.
func readUTF16(b []byte) []byte {
	if len(b) >= 2 {
		switch {
		case b[0] == 0xfe && b[1] == 0xff:
			return appendUTF16(b[2:], true)
		case b[0] == 0xff && b[1] == 0xfe:
			return appendUTF16(b[2:], false)
		}
	}
	return appendUTF16(b, bigEndian(b))
}

// bigEndian guesses the byte order of UTF-16 without a mark.
func bigEndian(b []byte) bool {
	even, odd := 0, 0
	for i := 0; i+1 < len(b); i += 2 {
		if b[i] == 0 {
			even++
		}
		if b[i+1] == 0 {
			odd++
		}
	}
	if even != odd {
		return even > odd
	}
	b = b[:min(len(b), voteMax)]
	return score(appendUTF16(b, true)) >= score(appendUTF16(b, false))
}

// appendUTF16 decodes UTF-16; a lone surrogate or half unit is U+FFFD.
func appendUTF16(b []byte, big bool) []byte {
	out := make([]byte, 0, len(b)+8)
	unit := func(i int) rune {
		if big {
			return rune(b[i])<<8 | rune(b[i+1])
		}
		return rune(b[i+1])<<8 | rune(b[i])
	}
	i := 0
	for ; i+1 < len(b); i += 2 {
		r := unit(i)
		if utf16.IsSurrogate(r) {
			pair := rune(utf8.RuneError)
			if i+3 < len(b) {
				pair = utf16.DecodeRune(r, unit(i+2))
			}
			if pair != utf8.RuneError {
				i += 2
			}
			r = pair
		}
		out = utf8.AppendRune(out, r)
	}
	if i < len(b) && b[i] != 0 && b[i] != '\n' { // a line end that some gateway added in one octet is none of ours
		out = append(out, replacement...)
	}
	return out
}

// readUTF32 reads UTF-32 by its byte order mark, else by the place of the
// zero octet, which every character has at the big end.
func readUTF32(b []byte) []byte {
	if len(b) >= 4 {
		switch {
		case b[0] == 0 && b[1] == 0 && b[2] == 0xfe && b[3] == 0xff:
			return appendUTF32(b[4:], true)
		case b[0] == 0xff && b[1] == 0xfe && b[2] == 0 && b[3] == 0:
			return appendUTF32(b[4:], false)
		}
	}
	big := 0
	for i := 0; i+3 < len(b); i += 4 {
		if b[i] == 0 {
			big++
		}
	}
	return appendUTF32(b, big*8 >= len(b))
}

func appendUTF32(b []byte, big bool) []byte {
	out := make([]byte, 0, len(b)/2+8)
	i := 0
	for ; i+3 < len(b); i += 4 {
		u := uint32(b[i+3])<<24 | uint32(b[i+2])<<16 | uint32(b[i+1])<<8 | uint32(b[i])
		if big {
			u = uint32(b[i])<<24 | uint32(b[i+1])<<16 | uint32(b[i+2])<<8 | uint32(b[i+3])
		}
		if u > utf8.MaxRune {
			u = utf8.RuneError
		}
		out = utf8.AppendRune(out, rune(u))
	}
	if i < len(b) && len(bytes.Trim(b[i:], "\x00\r\n")) > 0 {
		out = append(out, replacement...)
	}
	return out
}
