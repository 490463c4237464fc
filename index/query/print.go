package query

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// The levels of the grammar, loosest first.
const (
	levelOr = iota
	levelAnd
	levelNear
	levelNot
	levelLeaf
)

func level(e Expr) int {
	switch e := e.(type) {
	case And:
		if len(e.List) > 1 {
			return levelAnd
		}
	case Or:
		if len(e.List) > 1 {
			return levelOr
		}
		return levelNot // at worst "-*"
	case Near:
		return levelNear
	case Not:
		return levelNot
	}
	return levelLeaf
}

// within writes e as an operand of something that binds as tightly as outer.
func within(outer int, e Expr) string {
	if level(e) > outer {
		return e.String()
	}
	return "(" + e.String() + ")"
}

// list writes operands with sep between them.
func list(outer int, sep string, nodes []Expr) string {
	var b strings.Builder
	for i, e := range nodes {
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(within(outer, e))
	}
	return b.String()
}

// nesting counts the brackets in each other that String writes.
func nesting(e Expr) int {
	deepest := func(outer int, nodes ...Expr) int {
		most := 0
		for _, x := range nodes {
			n := nesting(x)
			if level(x) <= outer {
				n++
			}
			most = max(most, n)
		}
		return most
	}
	switch e := e.(type) {
	case And:
		return deepest(levelAnd, e.List...)
	case Or:
		return deepest(levelOr, e.List...)
	case Near:
		return deepest(levelNear, e.List...)
	case Not:
		return deepest(levelNot, e.X)
	case Thread:
		return nesting(e.X) + 1
	}
	return 0
}

// String is "*".
func (All) String() string { return "*" }

// String is the operands with blanks between them.
func (e And) String() string {
	switch len(e.List) {
	case 0:
		return "*"
	case 1:
		return e.List[0].String()
	}
	return list(levelAnd, " ", e.List)
}

// String is the operands with "or" between them.
func (e Or) String() string {
	switch len(e.List) {
	case 0:
		return "-*"
	case 1:
		return e.List[0].String()
	}
	return list(levelOr, " or ", e.List)
}

// String is the operand behind a minus.
func (e Not) String() string { return "-" + within(levelNot, e.X) }

// String is the operands with NEAR and the distance between them.
func (e Near) String() string {
	return list(levelNear, " NEAR/"+strconv.Itoa(e.Within)+" ", e.List)
}

// String is the word with its field.
func (e Term) String() string { return name(e.Field) + valueText(e.Field, e.Text) }

// String is the words in quotes.
func (e Phrase) String() string { return name(e.Field) + quote(strings.Join(e.Words, " ")) }

// String is the word with a star behind it.
func (e Prefix) String() string { return name(e.Field) + e.Text + "*" }

// String is the word with a star on both sides.
func (e Infix) String() string { return name(e.Field) + "*" + e.Text + "*" }

// String is the word with its distance.
func (e Fuzzy) String() string { return name(e.Field) + e.Text + "~" + strconv.Itoa(e.Edits) }

// String is the expression between slashes.
func (e Regexp) String() string {
	var b strings.Builder
	b.WriteString(name(e.Field) + "/")
	for i := 0; i < len(e.Text); i++ {
		if e.Text[i] == '\\' && i+1 < len(e.Text) {
			b.WriteByte('\\')
			i++
		} else if e.Text[i] == '/' {
			b.WriteByte('\\')
		}
		b.WriteByte(e.Text[i])
	}
	b.WriteByte('/')
	return b.String()
}

// String is the query in braces.
func (e Thread) String() string { return "thread:{" + e.X.String() + "}" }

// String is the range with both ends in it, dates in UTC.
func (e Range) String() string {
	point := func(n int64) string { return strconv.FormatInt(n, 10) }
	if e.Field != "size" {
		point = instant
	}
	s := name(e.Field)
	if e.From != math.MinInt64 {
		s += point(e.From)
	}
	s += ".."
	if e.To != math.MaxInt64 {
		s += point(e.To - 1)
	}
	return s
}

// instant writes Unix seconds as a date of RFC 3339, or as @seconds where that
// has no year for them.
func instant(sec int64) string {
	if sec < minSecond || sec > maxSecond {
		return "@" + strconv.FormatInt(sec, 10)
	}
	return time.Unix(sec, 0).UTC().Format(time.RFC3339)
}

// name is the field with what divides it from its value.
func name(f Field) string {
	switch {
	case f == "":
		return ""
	case isHeader(f):
		return string(f) + "="
	}
	return string(f) + ":"
}

func isHeader(f Field) bool { return strings.HasPrefix(string(f), "header:") }

// quote puts s in quotes.
func quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// valueText writes the text of a Term so that it reads back as one: bare if
// that does, else in quotes.
func valueText(f Field, text string) string {
	p := parser{lex: lexer{s: name(f) + text}}
	if p.advance() == nil && p.tok.kind == tokWord && p.tok.text != "" {
		if e, err := p.leaf(); err == nil && p.tok.kind == tokEnd && e == (Term{f, text, 0}) {
			return text
		}
	}
	return quote(text)
}
