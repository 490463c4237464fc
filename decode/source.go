package decode

import (
	"bytes"
	"errors"
	"io"
)

// A source is one run of octets in which parts lie: the message as it came, or
// a decoded container in memory.
type source struct {
	r     io.ReaderAt
	size  int64
	mem   []byte // all octets, when they are in memory
	eol   lineEnd
	depth int       // decoded containers around it
	wide  *wideText // where the octets came from, when they were UTF-16
	err   error     // of r; size is then where reading ended
}

// A lineEnd is how the lines of a source end.
type lineEnd int

const (
	lf     lineEnd = iota // LF or CRLF, also mixed
	cr                    // CR alone
	crcrlf                // CR CR LF, with some of the other two
)

// newSource looks at the first octets of r. A small message is read at once.
func newSource(r io.ReaderAt, size int64) *source {
	s := &source{r: r, size: max(size, 0)}
	if s.size <= inMemory {
		s.mem = s.bytes(0, s.size)
	}
	head := s.mem
	if head == nil {
		head = s.bytes(0, 1<<16)
	}
	if order := utf16Order(head); order != 0 && s.size <= maxContainer {
		s.mem, s.wide = fromUTF16(s.bytes(0, s.size), order)
		s.size = int64(len(s.mem))
		head = s.mem
	}
	s.eol = lineEnds(head[:min(len(head), 1<<16)])
	return s
}

// memSource holds a decoded container.
func memSource(b []byte, depth int) *source {
	s := &source{mem: b, size: int64(len(b)), depth: depth}
	if b == nil {
		s.mem = []byte{}
	}
	s.eol = lineEnds(b[:min(len(b), 1<<16)])
	return s
}

// lineEnds decides from the first octets.
//
// QUIRK: RFC 5322 section 2.3 wants CRLF. Mail of classic Mac OS has CR alone,
// files that went through two converters have CR CR LF (corpus sisimai-mac).
// Both are read as they are, with line-ends-cr or line-ends-crcrlf.
// Test: testdata/quirks/cr-only.eml, testdata/quirks/crcrlf.eml
func lineEnds(head []byte) lineEnd {
	if i := bytes.IndexByte(head, '\n'); i >= 0 {
		first := bytes.TrimSuffix(head[:i], []byte{'\r'})
		if bytes.IndexByte(first, '\r') < 0 {
			return lf
		}
	}
	lfs := bytes.Count(head, []byte{'\n'})
	pairs := bytes.Count(head, []byte("\r\n"))
	crs := bytes.Count(head, []byte{'\r'})
	switch double := bytes.Count(head, []byte("\r\r\n")); {
	case double > 0 && double*2 >= lfs:
		return crcrlf
	case crs-pairs > 20*lfs, lfs == 0 && crs > 0:
		return cr
	}
	return lf
}

// end is the octet that ends a line.
func (l lineEnd) end() byte {
	if l == cr {
		return '\r'
	}
	return '\n'
}

// bytes gives the octets of a range: a part of mem, or a copy. It is shorter
// than asked for if r ends or fails.
func (s *source) bytes(lo, hi int64) []byte {
	hi = min(hi, s.size)
	if lo >= hi {
		return []byte{}
	}
	if s.mem != nil {
		return s.mem[lo:hi:hi]
	}
	b := make([]byte, hi-lo)
	n := s.readAt(b, lo)
	return b[:n]
}

// readAt fills b as far as r goes. Where r ends early or fails the source ends
// from then on: a file may have been cut while it is read.
func (s *source) readAt(b []byte, off int64) int {
	n, err := s.r.ReadAt(b, off)
	if n < len(b) {
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		if !errors.Is(err, io.EOF) && s.err == nil {
			s.err = err
		}
		s.size = min(s.size, off+int64(n))
	}
	return n
}

// section reads a range, with line ends other than CRLF and LF made LF.
func (s *source) section(lo, hi int64) io.Reader {
	hi = min(hi, s.size)
	lo = min(lo, hi)
	var r io.Reader
	if s.mem != nil {
		r = bytes.NewReader(s.mem[lo:hi])
	} else {
		r = io.NewSectionReader(s.r, lo, hi-lo)
	}
	if s.eol != lf {
		return &lineReader{r: r, eol: s.eol}
	}
	return r
}

// plain gives a range with line ends other than CRLF and LF made LF.
func (s *source) plain(lo, hi int64) []byte {
	b := s.bytes(lo, hi)
	if s.eol == lf {
		return b
	}
	return s.eol.rewrite(bytes.Clone(b))
}

// rewrite makes LF of the line ends of b, in place.
func (l lineEnd) rewrite(b []byte) []byte {
	if l == cr {
		for i, c := range b {
			if c == '\r' {
				b[i] = '\n'
			}
		}
		return b
	}
	n := 0
	for _, c := range b {
		if c != '\r' {
			b[n] = c
			n++
		}
	}
	return b[:n]
}

// A lineReader rewrites line ends while it reads.
type lineReader struct {
	r   io.Reader
	eol lineEnd
}

func (l *lineReader) Read(p []byte) (int, error) {
	for {
		n, err := l.r.Read(p)
		k := len(l.eol.rewrite(p[:n]))
		if k > 0 || err != nil || n == 0 {
			return k, err
		}
	}
}

// origin is the octet of the message as it came at which off of s stands.
func (s *source) origin(off int64) int64 {
	if s.wide == nil {
		return off
	}
	return s.wide.origin(s.mem, off)
}

// A window is a view of a source that moves forward (and seldom back). A small
// source is one window.
type window struct {
	s    *source
	size int // octets that it holds, if the source is not in memory
	buf  []byte
	off  int64 // of buf[0]
	keep int   // a line is held whole up to this length: it may be a delimiter or a field
}

// from gives the octets from pos on that are at hand, at least n of them
// unless the source ends sooner. They are valid until the next call.
func (w *window) from(pos int64, n int) []byte {
	if w.s.mem != nil {
		return w.s.mem[min(pos, w.s.size):]
	}
	if pos < w.off || pos-w.off+int64(n) > int64(len(w.buf)) {
		w.fill(pos, n)
	}
	return w.buf[min(pos-w.off, int64(len(w.buf))):]
}

// fill moves the window. It keeps a few octets before pos, so that the line
// end before a delimiter is at hand.
func (w *window) fill(pos int64, n int) {
	const back = 8
	base := max(0, pos-back)
	end := min(w.s.size, base+int64(max(w.size, n+back)))
	if base > end {
		base = end
	}
	if int64(cap(w.buf)) < end-base {
		w.buf = make([]byte, end-base)
	}
	w.buf = w.buf[:end-base]
	w.off = base
	w.buf = w.buf[:w.s.readAt(w.buf, base)]
}

// before gives up to 2 octets before pos.
func (w *window) before(pos int64) []byte {
	lo := max(0, pos-2)
	if w.s.mem == nil && (lo < w.off || pos > w.off+int64(len(w.buf))) {
		return w.s.bytes(lo, pos)
	}
	return w.from(lo, int(pos-lo))[:pos-lo]
}

// line gives the line at pos without its line end, and where the next one
// begins. Of a line longer than the window only the beginning is given.
func (w *window) line(pos int64) (text []byte, next int64) {
	end := w.s.eol.end()
	b := w.from(pos, 1)
	i := bytes.IndexByte(b, end)
	if i < 0 && pos+int64(len(b)) < w.s.size {
		b = w.from(pos, w.size/2+w.keep)
		i = bytes.IndexByte(b, end)
	}
	switch {
	case i >= 0:
		return trimCR(b[:i]), pos + int64(i) + 1
	case pos+int64(len(b)) >= w.s.size:
		return trimCR(b), w.s.size
	}
	text = append(bytes.Clone(b[:min(len(b), 64)]), 0) // 0: it must not pass for a delimiter
	return text, w.skip(pos + int64(len(b)))
}

// skip gives the beginning of the next line after pos.
func (w *window) skip(pos int64) int64 {
	for pos < w.s.size {
		b := w.from(pos, 1)
		if i := bytes.IndexByte(b, w.s.eol.end()); i >= 0 {
			return pos + int64(i) + 1
		}
		pos += int64(len(b))
	}
	return w.s.size
}

func trimCR(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == '\r' {
		b = b[:len(b)-1]
	}
	return b
}
