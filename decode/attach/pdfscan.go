package attach

import (
	"bytes"
	"io"
	"strconv"

	"github.com/ledongthuc/pdf"
)

// maxOperands is how many operands wait for an operator; an array is one of
// them, its elements count until it ends.
const maxOperands = 1 << 16

// An operand is a number, a string, a name or an array of these.
type operand struct {
	kind byte // numberOperand, ...
	num  float64
	str  string
	list []operand
}

// The kinds of operands.
const (
	otherOperand  = iota // true, null, ...
	numberOperand        // num
	stringOperand        // str
	nameOperand          // str, without the slash
	arrayOperand         // list
)

// A pdfScanner cuts a content stream or a CMap into operators (ISO 32000-1
// sections 7.2, 7.3, 7.8.2). The library has one too; it stops at the first
// octet that does not fit, which the data of an inline image always has.
type pdfScanner struct {
	s     []byte
	args  []operand // of the operator that next gave
	array int       // where in args the open array begins, -1: none
}

// streamOctets gives the content of a stream, or of an array of streams, which
// are one; at most maxContent octets. What is damaged is read up to there.
func (p *pdfReader) streamOctets(v pdf.Value) []byte {
	const maxContent = 32 << 20
	var b bytes.Buffer
	add := func(v pdf.Value) {
		p.fail(guard(func() {
			_, err := io.Copy(&b, io.LimitReader(v.Reader(), int64(maxContent-b.Len())))
			p.fail(err)
		}))
	}
	switch v.Kind() {
	case pdf.Stream:
		add(v)
	case pdf.Array:
		for i := 0; i < v.Len() && b.Len() < maxContent; i++ {
			add(v.Index(i))
			b.WriteByte('\n') // no token goes from one to the next
		}
	}
	if b.Len() >= maxContent {
		p.fail(ErrLimit)
	}
	return b.Bytes()
}

// next gives the next operator; its operands are in args until the next call.
// ok is false at the end.
func (p *pdfScanner) next() (op string, ok bool) {
	p.args, p.array = p.args[:0], -1
	for len(p.s) > 0 {
		c := p.s[0]
		switch {
		case isBlank(c) || c == ')' || c == '{' || c == '}':
			p.s = p.s[1:]
		case c == '%':
			i := bytes.IndexAny(p.s, "\r\n")
			if i < 0 {
				i = len(p.s)
			}
			p.s = p.s[i:]
		case c == '(':
			p.push(operand{kind: stringOperand, str: p.literal()})
		case c == '<' && len(p.s) > 1 && p.s[1] == '<', c == '>':
			// Dictionaries have nothing that matters here.
			p.s = p.s[1:]
			if c == '<' {
				p.s = p.s[1:]
			}
		case c == '<':
			p.push(operand{kind: stringOperand, str: p.hex()})
		case c == '/':
			p.s = p.s[1:]
			p.push(operand{kind: nameOperand, str: p.word()})
		case c == '[':
			p.s = p.s[1:]
			p.array = len(p.args)
		case c == ']':
			p.s = p.s[1:]
			p.endArray()
		default:
			if op := p.word(); p.operator(op) {
				return op, true
			}
		}
	}
	return "", false
}

// operator reports whether a word is one, and takes it as an operand if not.
func (p *pdfScanner) operator(word string) bool {
	switch c := word[0]; {
	case '0' <= c && c <= '9', c == '-', c == '+', c == '.':
		n, _ := strconv.ParseFloat(word, 64) // "1.-2" of bad producers is 0
		p.push(operand{kind: numberOperand, num: n})
		return false
	case word == "true" || word == "false" || word == "null":
		p.push(operand{})
		return false
	case word == "ID":
		p.inlineImage()
	}
	return true
}

func (p *pdfScanner) push(o operand) {
	if len(p.args) >= maxOperands {
		p.args, p.array = p.args[:0], -1
	}
	p.args = append(p.args, o)
}

func (p *pdfScanner) endArray() {
	if p.array < 0 {
		return
	}
	list := append([]operand(nil), p.args[p.array:]...)
	p.args = append(p.args[:p.array], operand{kind: arrayOperand, list: list})
	p.array = -1
}

// inlineImage skips the data of one (section 8.9.7): up to EI between blanks.
func (p *pdfScanner) inlineImage() {
	for at := 0; ; {
		i := bytes.Index(p.s[at:], []byte("EI"))
		if i < 0 {
			p.s = nil
			return
		}
		i += at
		if i > 0 && isBlank(p.s[i-1]) && (i+2 == len(p.s) || isBlank(p.s[i+2])) {
			p.s = p.s[i+2:]
			return
		}
		at = i + 2
	}
}

// word reads a name, a number or an operator; at least one octet.
func (p *pdfScanner) word() string {
	i := 0
	for i < len(p.s) && !isBlank(p.s[i]) && bytes.IndexByte([]byte("()<>[]{}/%"), p.s[i]) < 0 {
		i++
	}
	w := string(p.s[:i])
	p.s = p.s[i:]
	return w
}

// literal reads a string in parentheses (section 7.3.4.2).
func (p *pdfScanner) literal() string {
	var b []byte
	depth := 0
	for i := 0; i < len(p.s); i++ {
		switch c := p.s[i]; c {
		case '(':
			if depth++; depth > 1 {
				b = append(b, c)
			}
		case ')':
			if depth--; depth == 0 {
				p.s = p.s[i+1:]
				return string(b)
			}
			b = append(b, c)
		case '\\':
			n, octet, shown := escape(p.s[i+1:])
			i += n
			if shown {
				b = append(b, octet)
			}
		default:
			b = append(b, c)
		}
	}
	p.s = nil
	return string(b)
}

// escape reads what follows a backslash: n octets that stand for one, or for
// none.
func escape(s []byte) (n int, octet byte, shown bool) {
	if len(s) == 0 {
		return 0, 0, false
	}
	switch c := s[0]; c {
	case 'n':
		return 1, '\n', true
	case 'r':
		return 1, '\r', true
	case 't':
		return 1, '\t', true
	case 'b':
		return 1, '\b', true
	case 'f':
		return 1, '\f', true
	case '\r':
		if len(s) > 1 && s[1] == '\n' {
			return 2, 0, false
		}
		return 1, 0, false
	case '\n':
		return 1, 0, false
	default:
		if c < '0' || '7' < c {
			return 1, c, true
		}
	}
	for n < 3 && n < len(s) && '0' <= s[n] && s[n] <= '7' {
		octet = octet<<3 | (s[n] - '0')
		n++
	}
	return n, octet, true
}

// hex reads a string in angle brackets (section 7.3.4.3).
func (p *pdfScanner) hex() string {
	var b []byte
	half, digits := byte(0), 0
	end := bytes.IndexByte(p.s, '>')
	if end < 0 {
		end = len(p.s) - 1
	}
	for _, c := range p.s[1:max(end, 1)] {
		var d byte
		switch {
		case '0' <= c && c <= '9':
			d = c - '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			d = c | 0x20 - 'a' + 10
		default:
			continue
		}
		if digits++; digits%2 == 0 {
			b = append(b, half<<4|d)
		}
		half = d
	}
	if digits%2 == 1 {
		b = append(b, half<<4)
	}
	p.s = p.s[end+1:]
	return string(b)
}

func isBlank(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}
