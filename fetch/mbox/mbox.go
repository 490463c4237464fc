// Package mbox reads and writes mbox files: many messages in one file, each
// after a line that begins with "From ".
//
// Dialects: mboxo, mboxrd (From_ lines of bodies quoted with ">"), mboxcl and
// mboxcl2 (Content-Length), and what Thunderbird, Eudora and Google Takeout
// make of them. There is no binding standard: RFC 4155 appendix A describes
// one of them for exchange, and the rules here are those of real files (see
// separator.go). Line ends may be LF or CRLF and may change within a file.
//
// Messages finds where messages are. Recover does too in a damaged file, and
// accounts for each octet of it. Open gives a fetch.Source, with the
// states that mail programs keep in header fields: Status, X-Status,
// X-Mozilla-Status, X-Mozilla-Status2, X-Mozilla-Keys, X-Evolution and
// X-Gmail-Labels. NewWriter writes mboxrd.
//
// Promises. The octets of a message are those of the file: nothing is
// unquoted, no line end is changed. Messages, separators and what belongs to
// neither cover every octet of the file, and what belongs to neither is a
// failure with its offset, with the octets put aside; a run of zero octets is
// named as such and what follows it is read on. Memory is constant and time is
// linear in the size of the file.
//
// Not supported: line ends of CR alone, the index files of mail programs
// (.msf, .toc), mbx of the University of Washington (a format of its own).
package mbox

import (
	"io"
	"iter"
)

// A Range is one message: the offset of its From_ line, its octets, and what
// is known of both. Unquoting is for reading only and goes by Dialect.
//
// From_ line: [From, Start); message: [Start, End). A message whose separator
// is lost has From == Start. One line end or blank line between End and the
// next From belongs to the separator.
type Range struct {
	From, Start, End int64
	Dialect          string // a guess: "mboxo", "mboxrd", "mboxcl2", "thunderbird", "eudora"
	Damage           string // "" or what is missing, from which octet on
	Junk             bool   // no message: octets that belong to none; Damage says which
	Zeros            bool   // of Junk: all octets are zero
}

// Messages yields the byte ranges of the messages in an mbox of any dialect.
// Ranges and gaps together cover every octet of r: between two ranges there is
// nothing but line ends, and before the first one perhaps a BOM, which is Junk
// without Damage.
//
// An error is one of r, and ends the sequence.
func Messages(r io.ReaderAt, size int64) iter.Seq2[Range, error] {
	return func(yield func(Range, error) bool) {
		s := &splitter{
			main: window{r: r, size: size}, side: window{r: r, size: size},
			size: size, yield: yield, credit: windowSize,
		}
		if err := s.split(); err != nil && !s.stopped {
			yield(Range{}, err)
		}
	}
}
