// Package query holds the query language: text in, tree out. It knows no
// engine, no index and no analysis of words.
//
// The grammar, loosest binding first:
//
//	query  = [ or ]                            nothing at all means everything
//	or     = xor { "or" xor }
//	xor    = and { "xor" and }
//	and    = near { [ "and" ] near }           a blank is and
//	near   = not { ("NEAR/5" | "AROUND 5") not }
//	not    = { "not" | "-" } atom
//	atom   = "(" or ")" | "{" or "}" | NAME ":" "(" or ")" | "thread:{" or "}" | leaf
//	leaf   = [ NAME ":" ] value
//	value  = word | word "*" | "*" word "*" | word "~1" | "+" word
//	       | '"' text '"' | "/" regexp "/" | "*" | "<" message-id ">"
//
// In braces a blank is or. Operators are lower case or upper case ("or", "OR");
// "Or" is a word. NEAR and AROUND are upper case only, "near/5" too. Names are
// in any case; [Operators] lists them with their aliases.
//
// Promises. A name that nobody knows is an error with the nearest known one and
// is never searched for as a word; quotes make anything literal. Parse takes
// time linear in its input, whatever it is, and the tree is bounded: 4,096
// nodes (the words of a phrase count), 100 levels, 1,024 octets a word.
package query

import "slices"

// An Expr is a node. String gives canonical query text that parses to the
// same tree (positions aside, see [Equal]) if the node came from [Parse].
// In a tree built by hand a text that cannot stand bare is put in quotes.
type Expr interface {
	String() string
	expr()
}

type (
	// All holds for every message.
	All struct{}
	// And holds where every node of List does. Parse never makes one with
	// fewer than two nodes or with an And among them.
	And struct{ List []Expr }
	// Or holds where one node of List does. Parse never makes one with fewer
	// than two nodes or with an Or among them.
	Or struct{ List []Expr }
	// Not holds where X does not.
	Not struct{ X Expr }
	// Near holds where all of List, in any order, lie with at most Within-1
	// other words between two neighbours. List has only leaves of one Field
	// that keeps positions.
	Near struct {
		List   []Expr
		Within int
	}
	// Term is one word or address as typed, or the value of a Field that is
	// not made of words (in:, id:, has:, header:). Pos is the octet of the query
	// where the leaf begins, here and below.
	Term struct {
		Field Field
		Text  string
		Pos   int
	}
	// Phrase is what stood in quotes: these words in this order, no other
	// forms of them. One word is a phrase too.
	Phrase struct {
		Field Field
		Words []string
		Pos   int
	}
	// Prefix is word*. With Text empty it holds where the field is present.
	Prefix struct {
		Field Field
		Text  string
		Pos   int
	}
	// Infix is *word*: Text stands somewhere in a word.
	Infix struct {
		Field Field
		Text  string
		Pos   int
	}
	// Fuzzy is word~1 or word~2: a word at most Edits insertions, deletions or
	// changes of a letter away.
	Fuzzy struct {
		Field Field
		Text  string
		Edits int
		Pos   int
	}
	// Regexp is /re/ in the syntax of package regexp; it holds where a whole
	// word of the field matches.
	Regexp struct {
		Field Field
		Text  string
		Pos   int
	}
	// Range is about "date" (Unix seconds) or "size" (octets): From <= x < To.
	// An open end is math.MinInt64 or math.MaxInt64.
	Range struct {
		Field    Field
		From, To int64
	}
	// Thread holds for every message of a thread that has one for which X holds.
	Thread struct{ X Expr }
)

func (All) expr()    {}
func (And) expr()    {}
func (Or) expr()     {}
func (Not) expr()    {}
func (Near) expr()   {}
func (Term) expr()   {}
func (Phrase) expr() {}
func (Prefix) expr() {}
func (Infix) expr()  {}
func (Fuzzy) expr()  {}
func (Regexp) expr() {}
func (Range) expr()  {}
func (Thread) expr() {}

// Field is a name of the language in its canonical form: "from", "subject",
// "body", "header:x-ticket". Empty means all text of a message.
type Field string

// A SyntaxError points at octet Pos of the query and may know better: Suggest
// is what to type instead of the word at Pos, or empty.
type SyntaxError struct {
	Pos          int
	Msg, Suggest string
}

// Error is Msg and the suggestion; the caller shows Pos.
func (e *SyntaxError) Error() string {
	if e.Suggest == "" {
		return e.Msg
	}
	return e.Msg + `; did you mean "` + e.Suggest + `"?`
}

// Equal reports whether a and b are the same tree, wherever its leaves stood.
func Equal(a, b Expr) bool {
	switch a := a.(type) {
	case And:
		b, ok := b.(And)
		return ok && slices.EqualFunc(a.List, b.List, Equal)
	case Or:
		b, ok := b.(Or)
		return ok && slices.EqualFunc(a.List, b.List, Equal)
	case Near:
		b, ok := b.(Near)
		return ok && a.Within == b.Within && slices.EqualFunc(a.List, b.List, Equal)
	case Not:
		b, ok := b.(Not)
		return ok && Equal(a.X, b.X)
	case Thread:
		b, ok := b.(Thread)
		return ok && Equal(a.X, b.X)
	case Phrase:
		b, ok := b.(Phrase)
		return ok && a.Field == b.Field && slices.Equal(a.Words, b.Words)
	}
	return unplaced(a) == unplaced(b)
}

// unplaced is a leaf that can be compared with ==, without its place.
func unplaced(e Expr) Expr {
	switch e := e.(type) {
	case Term:
		e.Pos = 0
		return e
	case Prefix:
		e.Pos = 0
		return e
	case Infix:
		e.Pos = 0
		return e
	case Fuzzy:
		e.Pos = 0
		return e
	case Regexp:
		e.Pos = 0
		return e
	case All, Range:
		return e
	}
	return nil // a list: Equal has looked at a, so b is another type
}
