// Package query holds the query language: text in, tree out. It knows no
// engine. The grammar is in docs/QUERY.md.
package query

import (
	"time"
)

// An Expr is a node. String gives canonical query text that parses to the
// same tree.
type Expr interface {
	String() string
	expr()
}

type (
	All  struct{}
	And  struct{ List []Expr }
	Or   struct{ List []Expr }
	Not  struct{ X Expr }
	Near struct {
		List   []Expr
		Within int
	}
	Term struct {
		Field Field
		Text  string
		Pos   int
	} // one word or address
	Phrase struct {
		Field Field
		Words []string
		Pos   int
	}
	Prefix struct {
		Field Field
		Text  string
		Pos   int
	}
	Regexp struct {
		Field Field
		Text  string
		Pos   int
	}
	Range struct {
		Field    Field
		From, To int64
	} // dates in Unix seconds, sizes in octets; From <= x < To
	Thread struct{ X Expr }
)

// Field is a name of the language: "from", "subject", "body", "header:x-ticket".
type Field string

// Parse reads s. Relative dates count from now, in now's time zone.
// The error is a *SyntaxError.
func Parse(s string, now time.Time) (Expr, error) { panic("face only") }

// A SyntaxError points at octet Pos of the query and may know better.
type SyntaxError struct {
	Pos          int
	Msg, Suggest string
}

func (e *SyntaxError) Error() string { panic("face only") }
