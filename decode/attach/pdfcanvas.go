package attach

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ledongthuc/pdf"
)

// A matrix maps (x, y) to (a*x + c*y + e, b*x + d*y + f), ISO 32000-1 section
// 8.3.3.
type matrix struct{ a, b, c, d, e, f float64 }

var identity = matrix{a: 1, d: 1}

// times is the matrix that does m first and then n.
func (m matrix) times(n matrix) matrix {
	return matrix{
		m.a*n.a + m.b*n.c, m.a*n.b + m.b*n.d,
		m.c*n.a + m.d*n.c, m.c*n.b + m.d*n.d,
		m.e*n.a + m.f*n.c + n.e, m.e*n.b + m.f*n.d + n.f,
	}
}

func shift(x, y float64) matrix { return matrix{1, 0, 0, 1, x, y} }

// A state is what q saves and Q brings back (section 8.4 and 9.3).
type state struct {
	ctm          matrix
	font         *pdfFont
	size         float64
	scale        float64 // horizontal
	chars, words float64 // spacing
	leading      float64
}

// A canvas follows where text is drawn: whether two strings are one word shows
// only in their places.
type canvas struct {
	*pdfReader
	resources pdf.Value
	depth     int                 // forms around
	names     map[string]*pdfFont // of fonts in the resources, as they are used
	now       state
	saved     []state
	text      matrix
	line      matrix

	drawn        bool    // something was
	endX, endY   float64 // where the last string ended
	sureOfWidths bool    // its font says how wide its characters are
}

// do obeys an operator (annex A). One with too few operands does nothing.
func (k *canvas) do(op string, args []operand) {
	num := func(i int) float64 {
		if i >= len(args) {
			return 0
		}
		return args[i].num
	}
	switch op {
	case "q":
		if len(k.saved) < maxStates {
			k.saved = append(k.saved, k.now)
		}
	case "Q":
		if n := len(k.saved); n > 0 {
			k.now, k.saved = k.saved[n-1], k.saved[:n-1]
		}
	case "cm":
		if len(args) == 6 {
			k.now.ctm = matrix{num(0), num(1), num(2), num(3), num(4), num(5)}.times(k.now.ctm)
		}
	case "BT":
		k.text, k.line = identity, identity
	case "Tf":
		if len(args) == 2 {
			k.now.font, k.now.size = k.fontNamed(args[0].str), num(1)
		}
	case "Tc":
		k.now.chars = num(0)
	case "Tw":
		k.now.words = num(0)
	case "Tz":
		k.now.scale = num(0) / 100
	case "TL":
		k.now.leading = num(0)
	case "Td":
		k.move(num(0), num(1))
	case "TD":
		k.now.leading = -num(1)
		k.move(num(0), num(1))
	case "Tm":
		if len(args) == 6 {
			k.line = matrix{num(0), num(1), num(2), num(3), num(4), num(5)}
			k.text = k.line
		}
	case "T*":
		k.move(0, -k.now.leading)
	case "Tj":
		if len(args) > 0 {
			k.show(args[0].str)
		}
	case "'":
		k.move(0, -k.now.leading)
		if len(args) > 0 {
			k.show(args[0].str)
		}
	case "\"":
		if len(args) == 3 {
			k.now.words, k.now.chars = num(0), num(1)
			k.move(0, -k.now.leading)
			k.show(args[2].str)
		}
	case "TJ":
		if len(args) > 0 {
			k.showAll(args[0].list)
		}
	case "Do":
		if len(args) > 0 {
			k.form(k.resources.Key("XObject").Key(args[0].str))
		}
	}
}

// fontNamed gives a font of the resources. Looking one up reads its dictionary.
func (k *canvas) fontNamed(name string) *pdfFont {
	f, ok := k.names[name]
	if !ok {
		k.fail(guard(func() { f = k.fontOf(k.resources.Key("Font").Key(name)) }))
		k.names[name] = f
	}
	return f
}

func (k *canvas) move(x, y float64) {
	k.line = shift(x, y).times(k.line)
	k.text = k.line
}

// showAll shows strings with distances between them.
func (k *canvas) showAll(list []operand) {
	for _, o := range list {
		if o.kind == stringOperand {
			k.show(o.str)
			continue
		}
		k.text = shift(-o.num/1000*k.now.size*k.now.scale, 0).times(k.text)
	}
}

// form draws a form XObject (section 8.10).
func (k *canvas) form(x pdf.Value) {
	if x.Kind() != pdf.Stream || x.Key("Subtype").Name() != "Form" || k.depth >= maxForms {
		return
	}
	ctm := k.now.ctm
	if m := x.Key("Matrix"); m.Len() == 6 {
		n := func(i int) float64 { return m.Index(i).Float64() }
		ctm = matrix{n(0), n(1), n(2), n(3), n(4), n(5)}.times(ctm)
	}
	resources := x.Key("Resources")
	if resources.Kind() != pdf.Dict {
		resources = k.resources
	}
	k.fail(guard(func() { k.draw(x, resources, ctm, k.depth+1) }))
	k.drawn = false
	k.newLine()
}

// show writes a string, with what divides it from the one before.
func (k *canvas) show(raw string) {
	if raw == "" {
		return
	}
	if k.out.Len() >= k.most {
		panic(ErrLimit) // ends the page; guard takes it
	}
	font := k.now.font
	if font == nil {
		font = k.fallback // damaged or not there: most are in this
	}
	text, width, n := font.decode(raw)
	blanks := strings.Count(raw, " ")
	if font.wide {
		blanks = 0 // section 9.3.3: only single-octet codes are spaced
	}
	advance := (width/1000*k.now.size + k.now.chars*float64(n) + k.now.words*float64(blanks)) * k.now.scale
	at := k.text.times(k.now.ctm)
	k.divide(at, text)
	k.out.WriteString(text)
	k.text = shift(advance, 0).times(k.text)
	end := k.text.times(k.now.ctm)
	k.endX, k.endY, k.drawn, k.sureOfWidths = end.e, end.f, true, font.measured
}

// divide writes a line end or a blank if the string at a place does not go on
// where the last one ended. Shares of the font size: half of it up or down is
// another line, a sixth to the right a blank; a blank is a quarter wide, and
// what brings letters together less than a tenth.
func (k *canvas) divide(at matrix, text string) {
	if !k.drawn {
		k.newLine()
		return
	}
	size := math.Hypot(at.c, at.d) * math.Abs(k.now.size)
	along := math.Hypot(at.a, at.b)
	if size == 0 || along == 0 {
		return
	}
	dx, dy := at.e-k.endX, at.f-k.endY
	forward := (dx*at.a + dy*at.b) / along / size
	across := (dy*at.a - dx*at.b) / along / size
	switch {
	case math.Abs(across) > 0.5:
		if !k.divided(text) {
			k.newLine()
		}
	case forward > 1.0/6 || forward < -0.5 || !k.sureOfWidths && forward != 0:
		if b := k.out.Bytes(); len(b) > 0 && b[len(b)-1] != ' ' && b[len(b)-1] != '\n' && !strings.HasPrefix(text, " ") {
			k.out.WriteByte(' ')
		}
	}
}

// divided reports whether a line ends within a word and text goes on with it:
// "manip-" and "ulation". A soft hyphen then stands between, so that the word
// is found. A hyphen of its own is taken for one too if it ends a line before a
// lower-case letter; those are few.
func (k *canvas) divided(text string) bool {
	b := k.out.Bytes()
	if n := len(b); n == 0 || b[n-1] != '-' {
		return false
	}
	before, _ := utf8.DecodeLastRune(b[:len(b)-1])
	after, _ := utf8.DecodeRuneInString(text)
	if !unicode.IsLower(before) || !unicode.IsLower(after) {
		return false
	}
	k.out.Truncate(len(b) - 1)
	k.out.WriteString("\u00ad")
	return true
}
