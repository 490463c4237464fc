// Package analyze turns text into terms, the same way when a message is
// indexed and when it is searched for.
package analyze

// A Token is one term at one position. Several tokens may stand at one
// position (variants). Start and End are octets in the source text.
type Token struct {
	Term       string
	Pos        int
	Start, End int
}

// Text appends the tokens of text to dst: words, numbers, bigrams where a
// script has no spaces. Rules: INDEXING.md sections 3 and 6 point 2.
func Text(dst []Token, text string) []Token { panic("face only") }

// Address appends the whole address as one term and its parts at adjacent
// positions.
func Address(dst []Token, name, addr string) []Token { panic("face only") }

// FileName appends the whole name as one term and its parts.
func FileName(dst []Token, name string) []Token { panic("face only") }

// Fingerprint is a hash of what Text, Address and FileName make of a fixed
// sample. An index with another fingerprint must be rebuilt.
func Fingerprint() string { panic("face only") }
