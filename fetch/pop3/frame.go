package pop3

import (
	"bufio"
	"bytes"
	"io"
)

// A frame reads one multi-line answer (RFC 1939 section 3): its octets without
// the dot that is put before a line that begins with one, and without the
// final line of a dot alone. Nothing else about them is changed.
//
// The answer ends at CRLF "." CRLF only, and only a dot after CRLF is taken
// away. A line end of LF alone is an octet like any other: a sender could put
// LF "." LF into a message to cut it there, and what follows would be taken
// for the server's next answers.
type frame struct {
	r    *bufio.Reader
	lf   bool // QUIRK: see guard.lf
	bol  bool // the next octet begins a line
	cr   bool // the last octet was a CR
	done bool // the final line was read
	err  error
}

// newFrame begins behind a status line.
func newFrame(r *bufio.Reader, lf bool) *frame { return &frame{r: r, lf: lf, bol: true} }

// Read gives io.EOF behind the final line, and io.ErrUnexpectedEOF if the
// connection ended before it.
func (f *frame) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n := 0
	for n < len(p) && f.err == nil && !f.done {
		if f.bol && !f.beginLine() {
			break
		}
		if f.r.Buffered() == 0 {
			if n > 0 {
				return n, nil
			}
			if _, err := f.r.Peek(1); err != nil {
				f.fail(err)
				break
			}
		}
		b, _ := f.r.Peek(min(f.r.Buffered(), len(p)-n))
		b = f.piece(b)
		copy(p[n:], b)
		n += len(b)
		f.r.Discard(len(b)) // it was just looked at, so it is there
	}
	switch {
	case n > 0:
		return n, nil
	case f.err != nil:
		return 0, f.err
	}
	return 0, io.EOF
}

// beginLine takes away a dot at the start of a line; false at the end of the
// answer, or of the connection.
func (f *frame) beginLine() bool {
	f.bol, f.cr = false, false
	b, err := f.r.Peek(1)
	if err != nil {
		return f.fail(err)
	}
	if b[0] != '.' {
		return true
	}
	b, err = f.r.Peek(2)
	if err != nil {
		return f.fail(err)
	}
	if f.lf && b[1] == '\n' {
		f.r.Discard(2)
		f.done = true
		return false
	}
	if b[1] == '\r' {
		b, err = f.r.Peek(3)
		if err != nil {
			return f.fail(err)
		}
		if b[2] == '\n' {
			f.r.Discard(3)
			f.done = true
			return false
		}
	}
	f.r.Discard(1)
	return true
}

// piece gives the part of b up to the next line that begins with a dot, or all
// of it.
func (f *frame) piece(b []byte) []byte {
	if f.lf {
		if i := bytes.Index(b, []byte("\n.")); i >= 0 {
			b = b[:i+1]
		}
		f.bol = b[len(b)-1] == '\n'
		return b
	}
	if f.cr && b[0] == '\n' {
		f.bol, f.cr = true, false
		return b[:1]
	}
	if i := bytes.Index(b, []byte("\r\n.")); i >= 0 {
		b = b[:i+2]
	}
	f.bol = bytes.HasSuffix(b, []byte("\r\n"))
	f.cr = b[len(b)-1] == '\r'
	return b
}

// fail ends the answer. It returns false.
func (f *frame) fail(err error) bool {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	f.err = err
	return false
}
