package ledger

import (
	"bytes"
	"hash/crc32"
	"io"
)

// A Line is one line of a ledger. It is valid until the next call of Next.
type Line struct {
	Offset int64 // of its first octet
	End    int64 // of the octet after its LF
	Bad    bool  // the sum does not fit: torn, a hole, or changed

	kind   []byte
	fields []byte // after the kind's TAB, without the sum
}

// Kind is the first field, "" for a bad line.
func (l *Line) Kind() string { return string(l.kind) }

// Fields cuts the line into out and returns how many fields there are after
// the kind; those beyond len(out) are counted and not stored.
func (l *Line) Fields(out []Field) int {
	if l.fields == nil {
		return 0
	}
	n, rest := 0, l.fields
	for {
		i := bytes.IndexByte(rest, '\t')
		f := rest
		if i >= 0 {
			f = rest[:i]
		}
		if n < len(out) {
			out[n] = f
		}
		n++
		if i < 0 {
			return n
		}
		rest = rest[i+1:]
	}
}

// A Field is one field as it stands in the line; it shares its memory.
type Field []byte

// Text is the field without escapes.
func (f Field) Text() string { return unescape(f) }

// Plain is the field as it stands, for fields that cannot hold escapes.
func (f Field) Plain() string { return string(f) }

// List is a field of several texts; nil if it is empty.
func (f Field) List() List {
	if len(f) == 0 {
		return nil
	}
	var l List
	for part := range bytes.SplitSeq(f, []byte{','}) {
		l = append(l, unescape(part))
	}
	return l
}

// Parse reads one line without its LF. A line that is not good is Bad and has
// no kind and no fields.
func Parse(b []byte) Line {
	i := len(b) - 9
	if i < 1 || b[i] != '\t' {
		return Line{Bad: true}
	}
	var sum uint32
	for _, c := range b[i+1:] {
		v := unhex(c)
		if v < 0 || 'A' <= c && c <= 'F' {
			return Line{Bad: true}
		}
		sum = sum<<4 | uint32(v)
	}
	if crc32.Checksum(b[:i], castagnoli) != sum {
		return Line{Bad: true}
	}
	kind, fields, more := bytes.Cut(b[:i], []byte{'\t'})
	if !more {
		fields = nil
	}
	return Line{kind: kind, fields: fields}
}

// A Reader reads lines from an offset to the last LF.
type Reader struct {
	src  io.ReaderAt
	buf  []byte
	r, w int   // buf[r:w] is read and not yet given
	off  int64 // of buf[r]
	full bool  // the last read filled buf: there is more
	long int64 // of an endless tail: its octets beyond MaxLine
}

// NewReader reads the lines of src from the offset of a line's first octet.
func NewReader(src io.ReaderAt, from int64) *Reader {
	return &Reader{src: src, off: from}
}

// A Reader begins with a small buffer, for who reads a few lines, and grows it
// to readSize; more gains nothing.
const (
	firstRead = 8 << 10
	readSize  = 256 << 10
)

// Next gives the next line. After the last LF it gives io.EOF; what stands
// behind it is counted by Tail. Calling it again after io.EOF reads on, should
// the ledger have grown. Other errors are those of the source.
func (r *Reader) Next() (Line, error) {
	seen := 0
	r.long = 0
	for {
		if i := bytes.IndexByte(r.buf[r.r+seen:r.w], '\n'); i >= 0 {
			n := seen + i
			l := Parse(r.buf[r.r : r.r+n])
			l.Offset, l.End = r.off, r.off+int64(n)+1
			r.r += n + 1
			r.off = l.End
			return l, nil
		}
		seen = r.w - r.r
		if seen >= MaxLine {
			return r.skip()
		}
		if err := r.fill(); err != nil {
			return Line{}, err
		}
	}
}

// Offset is where the next line begins, after io.EOF the end of the last line.
func (r *Reader) Offset() int64 { return r.off }

// Tail is the number of octets after the last LF, known after io.EOF.
func (r *Reader) Tail() int64 { return int64(r.w-r.r) + r.long }

// fill reads more, or gives io.EOF.
func (r *Reader) fill() error {
	if r.r > 0 {
		copy(r.buf, r.buf[r.r:r.w])
		r.w -= r.r
		r.r = 0
	}
	if r.w == len(r.buf) || r.full && len(r.buf) < readSize {
		grown := make([]byte, max(firstRead, 4*len(r.buf)))
		copy(grown, r.buf[:r.w])
		r.buf = grown
	}
	n, err := r.src.ReadAt(r.buf[r.w:], r.off+int64(r.w))
	r.w += n
	r.full = r.w == len(r.buf)
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

// skip passes over a line that is longer than MaxLine, as one bad line.
func (r *Reader) skip() (Line, error) {
	start, pos := r.off, r.off+int64(r.w-r.r)
	for {
		n, err := r.src.ReadAt(r.buf, pos)
		if i := bytes.IndexByte(r.buf[:n], '\n'); i >= 0 {
			r.r, r.w = i+1, n
			r.off = pos + int64(i) + 1
			return Line{Offset: start, End: r.off, Bad: true}, nil
		}
		pos += int64(n)
		if n == 0 {
			// The line has no end yet: forget what was read of it, so
			// that a later Next begins at its start again.
			r.r, r.w, r.long = 0, 0, pos-start
			if err == nil {
				err = io.ErrNoProgress
			}
			return Line{}, err
		}
	}
}
