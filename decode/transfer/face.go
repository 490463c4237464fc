// Package transfer undoes transfer encodings: base64, quoted-printable,
// uuencode, yEnc, BinHex. Each repairs what it can and says what it did.
package transfer

import "io"

// A Fault is a repair or a loss. At most 20 of one code are kept.
type Fault struct {
	Code   string
	Offset int64 // in the encoded octets
	Lost   bool
	Detail string
}

// A Reader undoes one encoding. Read never fails but with the error of the
// reader below it. Faults is complete once Read gave io.EOF.
type Reader struct{}

func (r *Reader) Read(p []byte) (int, error) { panic("face only") }

// Faults says what was repaired or lost.
func (r *Reader) Faults() []Fault { panic("face only") }

// NewReader gives the octets of body with encoding (a name from Canonical)
// undone; identity names give them as they are.
func NewReader(encoding string, body io.Reader) *Reader { panic("face only") }

// Canonical maps what stands in Content-Transfer-Encoding to one of
// "7bit", "8bit", "binary", "base64", "quoted-printable", "uuencode", "yenc",
// "binhex"; ok is false for a label that nobody knows (then "8bit").
func Canonical(label string) (encoding string, ok bool) { panic("face only") }

// A Block is an attachment that stands inside a text: uuencode, yEnc, BinHex.
type Block struct {
	Start, End int    // range of the text that it takes up, whole lines
	Encoding   string // "uuencode", "yenc", "binhex"
	Name       string
	Data       []byte
	Faults     []Fault
}

// Blocks finds the encoded files in a text, at most max.
func Blocks(text []byte, max int) []Block { panic("face only") }
