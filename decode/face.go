// Package decode turns a message into what a person would read. It never fails
// on malformed input, never panics, and takes time linear in its input.
package decode

import (
	"context"
	"io"
	"iter"
	"lostpost/decode/header"
	"time"
)

// Walk yields the parts of a message in order, containers first, each with its
// byte range. It reads no body it need not read. The error is r's own; there
// is no such thing as a syntax error.
//
// RFC 2045, 2046, 5322; every leniency is a QUIRK in walk.go with a message in
// testdata/quirks.
func Walk(r io.ReaderAt, size int64, lim Limits) iter.Seq2[*Part, error] { panic("face only") }

// A Part is a node of the MIME tree. Offsets are octets from the start of the
// outermost message, or of the decoded container if Path contains "/".
// A part without children is a leaf.
type Part struct {
	Header     header.Header
	Offset     int64  // of the first header octet
	Body       int64  // of the first body octet
	End        int64  // one past the last body octet
	MediaType  string // lower case, "text/plain" if none is given
	Params     map[string]string
	Encoding   string // as read after repair: "base64", "quoted-printable", ...
	Charset    string // used, IANA preferred name; "" if not text
	Declared   string // charset as the sender wrote it
	FileName   string // decoded, no path
	Attachment bool
	Problems   []Problem
}

// Path is the IMAP part number "1.2.1"; "/" steps into a decoded container. It
// is built when asked for: at 10,000 levels it is 20 kB long.
func (p *Part) Path() string { panic("face only") }

// Open gives the part's bytes with the transfer encoding undone.
func (p *Part) Open() io.Reader { panic("face only") }

// Text writes the part as UTF-8 text with "\n" line ends, at most Limits.TextBytes octets.
func (p *Part) Text(ctx context.Context, w io.Writer) error { panic("face only") }

// Decode reads the whole message. The result is never nil. The error is r's
// own or ctx's; then the result holds what was read so far.
func Decode(ctx context.Context, r io.ReaderAt, size int64, opt Options) (*Message, error) {
	panic("face only")
}

// Join puts the pieces of a message/partial together (RFC 2046 section 5.2.2),
// given in any order, also twice, and writes the whole message. Missing names
// the piece numbers that are not there; then nothing is written. The caller
// gathers the pieces (index: partial:ID; the archive knows nothing of it).
func Join(w io.Writer, pieces []Piece) (missing []int, err error) { panic("face only") }

// A Piece is one message of type message/partial.
type Piece struct {
	io.ReaderAt
	Size int64
}

// A Message is the outcome.
type Message struct {
	Header   header.Header
	Subject  string
	Date     time.Time // zero if there is none that can be read
	Text     string    // what a reader sees, all parts that are meant to be read
	Parts    []*Part
	Problems []Problem // of all parts
}

// A Problem is a repair or a loss. It is data: it is stored, indexed and shown.
type Problem struct {
	Code   Code
	Part   *Part
	Offset int64
	Lost   bool   // text or bytes could not be saved
	Detail string // for people, one line, no message text
}

// Code is stable: "charset-unknown", "boundary-missing", "base64-junk", ...
// At most 20 Problems of one code in a message are kept, then a count.
type Code string

// Limits bound work on hostile input. Reaching one is a Problem, not an error.
type Limits struct {
	Depth, Parts int           // 0: 100 encoded containers in each other (plain nesting has no limit), 100,000 parts (more are counted)
	FieldBytes   int64         // 0: 64 KiB of a field are decoded, 1 MiB of an address field; the section has no limit
	TextBytes    int64         // 0: 32 MiB a text leaf
	Time         time.Duration // 0: 10 s a message
}

// Options for Decode; the zero value is useful.
type Options struct {
	Limits
	Attachments bool // also the text of PDF, docx, ... (decode/attach)
}
