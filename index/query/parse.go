package query

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	maxNodes = 4096 // nodes of a tree, words of phrases counted
	maxDepth = 100  // brackets in each other
)

// Parse reads s. Relative dates count from now, in now's time zone; weeks
// begin on Monday. The error is a *SyntaxError.
func Parse(s string, now time.Time) (Expr, error) {
	if !utf8.ValidString(s) {
		return nil, &SyntaxError{invalidAt(s), "the query is not valid UTF-8", ""}
	}
	p := &parser{lex: lexer{s: s}, now: now}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == tokEnd {
		return All{}, nil
	}
	e, err := p.or(false)
	if err != nil {
		return nil, err
	}
	if p.tok.kind == tokClose {
		return nil, &SyntaxError{p.tok.pos, `"` + p.tok.text + `" closes nothing`, ""}
	}
	if e == nil {
		return nil, &SyntaxError{0, "there is no word in it to search for", ""}
	}
	if nesting(e) > maxDepth {
		return nil, &SyntaxError{0, "more than 100 brackets in each other", ""}
	}
	return e, nil
}

// invalidAt is the octet of the first rune of s that is not UTF-8.
func invalidAt(s string) int {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return i
			}
		}
	}
	return len(s)
}

// A parser makes the tree by recursive descent, one method a level of the
// grammar. A method gives nil for a word that has no letter in it, such as the
// "&" of "salt & pepper"; what it stands in goes on without it.
type parser struct {
	lex   lexer
	tok   token
	now   time.Time
	op    *Operator // of the bracket around, for words without a name
	depth int
	nodes int
}

// advance reads the next token.
func (p *parser) advance() (err error) {
	p.tok, err = p.lex.next()
	return err
}

// count adds n nodes to the tree.
func (p *parser) count(n int) error {
	if p.nodes += n; p.nodes > maxNodes {
		return &SyntaxError{p.tok.pos, "the query has more than 4096 words", ""}
	}
	return nil
}

// begins reports whether the token can be the first of an operand.
func (t token) begins() bool {
	switch t.kind {
	case tokNot, tokOpen, tokWord, tokQuote, tokRegexp:
		return true
	}
	return false
}

// or reads operands divided by or, in braces also by blanks.
func (p *parser) or(braces bool) (Expr, error) {
	var list []Expr
	for {
		e, err := p.xor(braces)
		if err != nil {
			return nil, err
		}
		switch e := e.(type) {
		case nil:
		case Or:
			list = append(list, e.List...)
		default:
			list = append(list, e)
		}
		if p.tok.kind == tokOr {
			if err := p.operator("or"); err != nil {
				return nil, err
			}
		} else if !braces || !p.tok.begins() {
			break
		}
	}
	if len(list) < 2 {
		return first(list), nil
	}
	return Or{list}, p.count(1)
}

// xor reads operands divided by xor. The tree has no node for it: what it
// means is written out.
func (p *parser) xor(braces bool) (Expr, error) {
	a, err := p.and(braces)
	if err != nil {
		return nil, err
	}
	for p.tok.kind == tokXor {
		if err := p.operator("xor"); err != nil {
			return nil, err
		}
		b, err := p.and(braces)
		if err != nil {
			return nil, err
		}
		if a == nil || b == nil {
			a = first(join(nil, a, b))
			continue
		}
		// Written out, xor doubles its operands; the bound on nodes ends that.
		if err := p.count(size(a) + size(b) + 5); err != nil {
			return nil, err
		}
		a = Or{[]Expr{And{join(nil, a, not(b))}, And{join(nil, not(a), b)}}}
	}
	return a, nil
}

// and reads operands divided by and, outside braces also by blanks.
func (p *parser) and(braces bool) (Expr, error) {
	var list []Expr
	for {
		e, err := p.near()
		if err != nil {
			return nil, err
		}
		list = join(list, e)
		if p.tok.kind == tokAnd {
			if err := p.operator("and"); err != nil {
				return nil, err
			}
		} else if braces || !p.tok.begins() {
			break
		}
	}
	if len(list) < 2 {
		return first(list), nil
	}
	return And{list}, p.count(1)
}

// near reads operands divided by NEAR.
func (p *parser) near() (Expr, error) {
	pos := p.tok.pos
	e, err := p.not()
	if err != nil || p.tok.kind != tokNear {
		return e, err
	}
	if !keepsPositions(e) {
		return nil, &SyntaxError{pos, "NEAR stands between single words or phrases", ""}
	}
	n := Near{[]Expr{e}, p.tok.within}
	for p.tok.kind == tokNear {
		if p.tok.within != n.Within {
			return nil, &SyntaxError{p.tok.pos, "a row of NEAR has one distance", ""}
		}
		if err := p.operator("NEAR"); err != nil {
			return nil, err
		}
		pos := p.tok.pos
		e, err := p.not()
		if err != nil {
			return nil, err
		}
		if !keepsPositions(e) {
			return nil, &SyntaxError{pos, "NEAR stands between single words or phrases", ""}
		}
		if fieldOf(e) != fieldOf(n.List[0]) {
			return nil, &SyntaxError{pos, "the words around NEAR are in one field: subject:(a NEAR/5 b)", ""}
		}
		n.List = append(n.List, e)
	}
	return n, p.count(1)
}

// operator steps over an infix operator and sees that something follows it.
func (p *parser) operator(name string) error {
	pos := p.tok.pos
	if err := p.advance(); err != nil {
		return err
	}
	if !p.tok.begins() {
		return &SyntaxError{pos, `nothing to search for after "` + name + `" (quotes make it a word)`, ""}
	}
	return nil
}

// not reads any number of "not" and "-", and what they deny.
func (p *parser) not() (Expr, error) {
	odd := false
	for p.tok.kind == tokNot {
		odd = !odd
		if err := p.operator("not"); err != nil {
			return nil, err
		}
	}
	e, err := p.atom()
	if err != nil || e == nil || !odd {
		return e, err
	}
	return not(e), p.count(1)
}

// atom reads a bracket or a leaf.
func (p *parser) atom() (Expr, error) {
	t := p.tok
	switch t.kind {
	case tokOpen:
		return p.bracket()
	case tokWord, tokQuote, tokRegexp:
		return p.leaf()
	case tokEnd:
		return nil, &SyntaxError{t.pos, "something to search for is missing here", ""}
	case tokClose:
		return nil, &SyntaxError{t.pos, `nothing to search for before "` + t.text + `"`, ""}
	}
	return nil, &SyntaxError{t.pos, "an operator stands between two words (quotes make it a word)", ""}
}

// bracket reads from an opening bracket to its end.
func (p *parser) bracket() (Expr, error) {
	open := p.tok
	if p.depth++; p.depth > maxDepth {
		return nil, &SyntaxError{open.pos, "more than 100 brackets in each other", ""}
	}
	outer := p.op
	thread := open.op != nil && open.op.kind == threadOf
	if thread {
		p.op = nil
	} else if open.op != nil {
		p.op = open.op
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	e, err := p.or(open.text == "{" && !thread)
	if err != nil {
		return nil, err
	}
	end := ")"
	if open.text == "{" {
		end = "}"
	}
	if p.tok.kind != tokClose || p.tok.text != end {
		return nil, &SyntaxError{open.pos, `"` + open.text + `" is not closed by "` + end + `"`, ""}
	}
	p.depth--
	p.op = outer
	if err := p.advance(); err != nil {
		return nil, err
	}
	if thread && e != nil {
		return Thread{e}, p.count(1)
	}
	return e, nil
}

// join appends nodes to the operands of an And, the operands of an And one by
// one and nil not at all.
func join(list []Expr, nodes ...Expr) []Expr {
	for _, e := range nodes {
		switch e := e.(type) {
		case nil:
		case And:
			list = append(list, e.List...)
		default:
			list = append(list, e)
		}
	}
	return list
}

func first(list []Expr) Expr {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// not is e denied, without two nots in a row.
func not(e Expr) Expr {
	if n, ok := e.(Not); ok {
		return n.X
	}
	return Not{e}
}

// size counts the nodes of e.
func size(e Expr) int {
	n := 1
	switch e := e.(type) {
	case And:
		for _, x := range e.List {
			n += size(x)
		}
	case Or:
		for _, x := range e.List {
			n += size(x)
		}
	case Near:
		for _, x := range e.List {
			n += size(x)
		}
	case Not:
		n += size(e.X)
	case Thread:
		n += size(e.X)
	case Phrase:
		n += len(e.Words)
	}
	return n
}

// fieldOf is the field of a leaf.
func fieldOf(e Expr) Field {
	switch e := e.(type) {
	case Term:
		return e.Field
	case Phrase:
		return e.Field
	case Prefix:
		return e.Field
	case Infix:
		return e.Field
	case Fuzzy:
		return e.Field
	case Regexp:
		return e.Field
	}
	return ""
}

// keepsPositions reports whether e is a leaf that can stand beside NEAR.
func keepsPositions(e Expr) bool {
	switch e := e.(type) {
	case Prefix:
		return e.Text != "" && kindOf(e.Field) == words
	case Term, Phrase, Infix, Fuzzy, Regexp:
		return kindOf(fieldOf(e)) == words
	}
	return false
}

// everything is the range of all dates and sizes.
func everything(f Field) Range { return Range{f, math.MinInt64, math.MaxInt64} }

// leaf reads a value into a node.
func (p *parser) leaf() (Expr, error) {
	t := p.tok
	if t.op == nil {
		t.op = p.op
	}
	if t.op != nil {
		switch t.op.kind {
		case dateRange, dateFrom, dateBefore, dateUntil:
			if err := p.longDate(&t); err != nil {
				return nil, err
			}
		}
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if t.text == "" && t.op != nil && t.op.kind != headerName {
		return nil, &SyntaxError{t.pos, string(t.op.Name) + ": needs a value right behind the colon: " + t.op.Example, ""}
	}
	var e Expr
	var err error
	if t.op == nil {
		e, err = text(t, "")
	} else {
		e, err = p.named(t)
	}
	if err != nil {
		return nil, err
	}
	return e, p.count(size(e))
}

// longDate takes in what a date may have behind the token: the other end after
// a quotation ("last week"..today), the word after "last".
func (p *parser) longDate(t *token) error {
	if t.kind == tokRegexp {
		return nil
	}
	l := &p.lex
	if t.kind == tokQuote && strings.HasPrefix(l.s[l.pos:], "..") ||
		t.kind == tokWord && strings.HasSuffix(t.text, "..") && strings.HasPrefix(l.s[l.pos:], `"`) {
		for range 2 {
			var more token
			if r, _ := utf8.DecodeRuneInString(l.s[l.pos:]); l.pos < len(l.s) && !isBlank(r) && !strings.ContainsRune("(){}", r) {
				if err := l.value(&more); err != nil {
					return err
				}
				t.text += more.text
			}
		}
	}
	if low := strings.ToLower(t.text); low == "last" || low == "this" || low == "past" {
		from := l.pos
		l.skipBlanks()
		end := l.bare(l.pos)
		switch word := l.s[l.pos:end]; strings.ToLower(word) {
		case "week", "month", "year":
			t.text += " " + word
			l.pos = end
		default:
			l.pos = from
		}
	}
	return nil
}
