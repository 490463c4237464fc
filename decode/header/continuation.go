package header

import (
	"bytes"
	"slices"
	"strings"

	"lostpost/decode/charset"
)

// A segment is one piece of a parameter of RFC 2231.
type segment struct {
	num      int // -1: the whole value
	extended bool
	quoted   bool
	value    []byte
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
