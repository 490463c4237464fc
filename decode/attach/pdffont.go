package attach

import (
	"strings"
	"unicode/utf16"

	"github.com/ledongthuc/pdf"

	"lostpost/decode/charset"
)

const (
	maxFonts  = 1000
	maxWidths = 1 << 16
	meanWidth = 500.0 // thousandths of the size: where a font says nothing
)

// A pdfFont says what the codes of a font mean and how wide they are.
type pdfFont struct {
	wide     bool              // codes have two octets (section 9.7)
	unicode  map[uint16]string // ToUnicode; nil: none
	label    string            // charset of the codes, if that is what they are in
	simple   pdf.TextEncoding  // of a font with codes of one octet
	memo     [256]string       // of simple
	width    map[uint16]float64
	other    float64 // width of what width does not have
	measured bool    // widths are known
}

// winAnsi reads codes as the encoding of that name.
type winAnsi struct{}

func (winAnsi) Decode(raw string) string { return charset.Decode([]byte(raw), "windows-1252", "").Text }

// fontOf reads a font, each once, however many pages use it; nil if v is none.
func (p *pdfReader) fontOf(v pdf.Value) *pdfFont {
	if v.Kind() != pdf.Dict {
		return nil
	}
	key := v.String() // references are not followed in it, so it says which font it is
	f, ok := p.fonts[key]
	if !ok && len(p.fonts) < maxFonts {
		f = p.newFont(v)
		p.fonts[key] = f
	}
	return f
}

func (p *pdfReader) newFont(v pdf.Value) *pdfFont {
	f := &pdfFont{width: map[uint16]float64{}, other: meanWidth}
	if v.Key("Subtype").Name() == "Type0" {
		f.wide = true
		f.composite(v)
	} else {
		f.single(v)
	}
	if t := v.Key("ToUnicode"); t.Kind() == pdf.Stream {
		f.unicode = p.toUnicode(t)
	}
	return f
}

// single reads a font with codes of one octet (section 9.6).
func (f *pdfFont) single(v pdf.Value) {
	font := pdf.Font{V: v}
	f.simple = font.Encoder()
	first := int(v.Key("FirstChar").Int64())
	widths := v.Key("Widths")
	for i := range min(widths.Len(), 256) {
		f.width[uint16(first+i)] = widths.Index(i).Float64()
	}
	f.measured = len(f.width) > 0
	if f.measured {
		f.other = v.Key("FontDescriptor").Key("MissingWidth").Float64()
	}
	if v.Key("Subtype").Name() == "Type3" {
		// Their widths are in a space of their own (section 9.6.5).
		k := v.Key("FontMatrix").Index(0).Float64() * 1000
		for c := range f.width {
			f.width[c] *= k
		}
	}
}

// composite reads a font with codes of two octets (section 9.7).
func (f *pdfFont) composite(v pdf.Value) {
	f.label = cmapCharset(v.Key("Encoding").Name())
	descendant := v.Key("DescendantFonts").Index(0)
	f.other = 1000
	if dw := descendant.Key("DW"); dw.Kind() != pdf.Null {
		f.other = dw.Float64()
	}
	f.measured = true
	w := descendant.Key("W")
	for i := 0; i+1 < w.Len() && len(f.width) < maxWidths; {
		first := w.Index(i).Int64()
		if list := w.Index(i + 1); list.Kind() == pdf.Array {
			for j := range min(list.Len(), maxWidths) {
				f.width[uint16(first+int64(j))] = list.Index(j).Float64()
			}
			i += 2
			continue
		}
		last := min(w.Index(i+1).Int64(), first+maxWidths)
		for c := first; c <= last; c++ {
			f.width[uint16(c)] = w.Index(i + 2).Float64()
		}
		i += 3
	}
}

// cmapCharset gives the charset of the codes of a predefined CMap (section
// 9.7.5.2, table 118), "" if they are numbers of glyphs.
func cmapCharset(name string) string {
	for _, c := range [...]struct{ part, charset string }{
		{"UCS2", "utf-16be"}, {"UTF16", "utf-16be"}, {"UTF8", "utf-8"}, {"RKSJ", "shift_jis"}, {"GBK", "gbk"}, {"GB-EUC", "gbk"},
		{"B5", "big5"}, {"KSC", "euc-kr"}, {"EUC-", "euc-jp"},
	} {
		if strings.Contains(name, c.part) {
			return c.charset
		}
	}
	return ""
}

// decode gives the text of a string, its width in thousandths of the font
// size, and the number of its characters. Codes that mean nothing are U+FFFD.
func (f *pdfFont) decode(raw string) (text string, width float64, n int) {
	var b strings.Builder
	step := 1
	if f.wide {
		step = 2
	}
	for i := 0; i+step <= len(raw); i += step {
		code := uint16(raw[i])
		if f.wide {
			code = code<<8 | uint16(raw[i+1])
		}
		n++
		if w, ok := f.width[code]; ok {
			width += w
		} else {
			width += f.other
		}
		if f.wide && f.unicode == nil && f.label != "" {
			continue // read as a whole below
		}
		b.WriteString(f.char(code))
	}
	if f.wide && f.unicode == nil && f.label != "" {
		if f.label == "utf-16be" {
			return utf16BE(raw), width, n
		}
		return charset.Decode([]byte(raw), f.label, "").Text, width, n
	}
	return b.String(), width, n
}

// char is what a code means.
func (f *pdfFont) char(code uint16) string {
	if s, ok := f.unicode[code]; ok {
		return s
	}
	if f.simple == nil {
		return "\ufffd"
	}
	c := byte(code)
	if f.memo[c] == "" {
		f.memo[c] = strings.ToValidUTF8(f.simple.Decode(string([]byte{c})), "\ufffd")
	}
	return f.memo[c]
}

func utf16BE(raw string) string {
	units := make([]uint16, 0, len(raw)/2)
	for i := 0; i+1 < len(raw); i += 2 {
		units = append(units, uint16(raw[i])<<8|uint16(raw[i+1]))
	}
	return string(utf16.Decode(units))
}

// toUnicode reads the table of a font that says what its codes mean (section
// 9.10.3).
func (p *pdfReader) toUnicode(stream pdf.Value) map[uint16]string {
	m := map[uint16]string{}
	scan := pdfScanner{s: p.streamOctets(stream)}
	for {
		op, ok := scan.next()
		if !ok {
			return m
		}
		args := scan.args
		switch op {
		case "endbfchar":
			for ; len(args) >= 2; args = args[2:] {
				if code, ok := codeOf(args[0].str); ok {
					m[code] = utf16BE(args[1].str)
				}
			}
		case "endbfrange":
			for ; len(args) >= 3; args = args[3:] {
				first, ok1 := codeOf(args[0].str)
				last, ok2 := codeOf(args[1].str)
				if ok1 && ok2 && first <= last {
					mapRange(m, first, last, args[2])
				}
				if p.over() {
					return m
				}
			}
		}
	}
}

// mapRange gives a run of codes their meanings: a list, or a first one from
// which the last unit counts up.
func mapRange(m map[uint16]string, first, last uint16, to operand) {
	for i := range int(last-first) + 1 {
		code := first + uint16(i)
		if to.kind == arrayOperand {
			if i >= len(to.list) {
				return
			}
			m[code] = utf16BE(to.list[i].str)
			continue
		}
		n := len(to.str)
		if n < 2 || n > 64 { // one character, a ligature at most
			return
		}
		unit := uint16(to.str[n-2])<<8 | uint16(to.str[n-1])
		unit += uint16(i)
		m[code] = utf16BE(to.str[:n-2] + string([]byte{byte(unit >> 8), byte(unit)}))
	}
}

// codeOf reads a code of one or two octets.
func codeOf(raw string) (code uint16, ok bool) {
	switch len(raw) {
	case 1:
		return uint16(raw[0]), true
	case 2:
		return uint16(raw[0])<<8 | uint16(raw[1]), true
	}
	return 0, false
}
