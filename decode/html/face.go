// Package html turns HTML into the text that a reader sees. It builds no tree,
// loads nothing and takes time linear in its input.
package html

import "io"

// Options; the zero value is useful.
type Options struct {
	Links bool // print the whole target of tracking links; else only their host
	Max   int  // octets of text to write, 0: 32 MiB
}

// Text writes the visible text of src (UTF-8) as UTF-8 with "\n" line ends,
// no line end at the end of the last line. cut is true if Max was reached.
// Rules: DECODING.md section 6.
func Text(w io.Writer, src string, opt Options) (cut bool, err error) { panic("face only") }

// Charset gives the charset that the first 64 KiB of the document declare
// (meta charset, meta http-equiv, XML declaration), or "".
func Charset(src []byte) string { panic("face only") }
