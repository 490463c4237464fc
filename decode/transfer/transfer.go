// Package transfer undoes transfer encodings: base64, quoted-printable,
// uuencode, yEnc, BinHex. Each repairs what it can and says what it did.
//
// Promises. A Reader never fails but with the error of the reader below it; it
// holds a fixed amount of memory whatever the input; time is linear. What is
// no code is passed over and counted, never an end of the data. Blocks finds
// files that stand encoded inside a text.
//
// RFC 2045 section 6 (base64, quoted-printable), POSIX uuencode, the yEnc draft
// 1.3 (one part of a file), RFC 1741 (BinHex 4.0; the data fork).
//
// Fault codes, all stable:
//
//	base64-junk         octets outside the alphabet between the others, left out
//	base64-plain        the octets are no base64 but plain text, given as they are
//	base64-footer       text after the end of the data, not decoded; see Reader.Rest
//	base64-concatenated several padded pieces one after another
//	base64-urlsafe      the alphabet with - and _ was used
//	base64-cut          the data ends inside a group: 6 bits are lost
//	qp-bad-escape       = not before two hexadecimal digits, left as it stands
//	qp-cut              the data ends inside an escape
//	uu-no-begin         no begin line; given as it is
//	uu-no-end           the end line is missing
//	uu-bad-line         a line that is no code, left out
//	yenc-no-begin       no =ybegin line; given as it is
//	yenc-no-end         the =yend line is missing
//	yenc-size           the size is not the one announced
//	yenc-checksum       the CRC-32 is not the one announced
//	binhex-no-begin     no BinHex data; given as it is
//	binhex-bad          characters outside the alphabet, left out
//	binhex-cut          the data ends early
//	binhex-checksum     a CRC is wrong
package transfer

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxFaults is how many Faults of one code are kept.
const maxFaults = 20

// Sizes of the window. Most parts are a few kB, and there are many: they are
// read in a small one. One of 32 kB holds every line that mail has; longer
// lines are read in pieces.
const (
	firstWindow = 4 << 10
	windowSize  = 32 << 10
)

// A Fault is a repair or a loss; the package comment lists the codes. At most
// 20 of one code are kept; the last one then says how many there were.
type Fault struct {
	Code   string
	Offset int64 // in the encoded octets
	Lost   bool
	Detail string
}

// faults gathers Faults, at most maxFaults of one code.
type faults struct {
	list  []Fault
	count []codeCount // a handful: looked through, not hashed
}

type codeCount struct {
	code string
	n    int
}

func (f *faults) add(code string, offset int64, lost bool, detail string) {
	i := 0
	for i < len(f.count) && f.count[i].code != code {
		i++
	}
	if i == len(f.count) {
		f.count = append(f.count, codeCount{code: code})
	}
	if f.count[i].n++; f.count[i].n <= maxFaults {
		f.list = append(f.list, Fault{code, offset, lost, detail})
	}
}

// done gives a copy of the list with the totals in it.
func (f *faults) done() []Fault {
	if f.list == nil {
		return nil
	}
	list := slices.Clone(f.list)
	for _, c := range f.count {
		if c.n <= maxFaults {
			continue
		}
		for i, left := 0, maxFaults; ; i++ {
			if list[i].Code == c.code {
				if left--; left == 0 {
					list[i].Detail = fmt.Sprintf("%d in all", c.n)
					break
				}
			}
		}
	}
	return list
}

// A decoder undoes one encoding. decode reads from src and appends to dst what
// it gives, and says how many octets of src it is done with. base is the
// offset of src in the input. When eof is set, src is all that is left and
// must be used up. Otherwise it may leave what it needs to see more of; if it
// is given a full window it must use up some of it. The octets appended are at
// most four for each octet of src used up, but for runs of BinHex, which has
// its own bound.
type decoder interface {
	decode(dst, src []byte, base int64, eof bool, f *faults) (out []byte, used int)
}

// A Reader undoes one encoding. Read never fails but with the error of the
// reader below it. Faults is complete once Read gave io.EOF.
type Reader struct {
	src    io.Reader
	d      decoder // nil: identity
	window []byte  // octets read and not used up
	start  int     // of them in window
	base   int64   // offset of window[start] in the input
	out    []byte  // decoded and not given out
	outAt  int
	err    error // of src, once it came
	done   bool
	f      faults
}

// NewReader gives the octets of body with encoding (a name from Canonical)
// undone; identity names give them as they are.
func NewReader(encoding string, body io.Reader) *Reader {
	r := &Reader{src: body}
	switch encoding {
	case "base64":
		r.d = &base64Decoder{}
	case "quoted-printable":
		r.d = &qpDecoder{}
	case "uuencode":
		r.d = &uuDecoder{}
	case "yenc":
		r.d = &yencDecoder{}
	case "binhex":
		r.d = &binhexDecoder{}
	}
	return r
}

// Expect says of what media type (lower case) the octets are said to be, before
// the first Read. It decides only whether base64 may be plain text that was
// never encoded: a picture, a sound or a film is none, and eight characters
// that can be base64 are six octets of a file, but a word of a text. Without it
// the octets are those of a text.
func (r *Reader) Expect(mediaType string) {
	d, ok := r.d.(*base64Decoder)
	if !ok {
		return
	}
	switch kind, _, _ := strings.Cut(mediaType, "/"); kind {
	case "text", "message", "multipart":
		d.content = textContent
	case "image", "audio", "video", "font", "model":
		d.content = mediaContent
	default:
		d.content = fileContent
	}
}

// Read gives decoded octets.
func (r *Reader) Read(p []byte) (int, error) {
	if r.d == nil {
		return r.src.Read(p)
	}
	for r.outAt == len(r.out) {
		if r.done {
			return 0, r.err
		}
		if len(p) == 0 {
			return 0, nil
		}
		r.step()
	}
	n := copy(p, r.out[r.outAt:])
	r.outAt += n
	return n, nil
}

// WriteTo writes all decoded octets to w, without the copy that Read makes.
func (r *Reader) WriteTo(w io.Writer) (n int64, err error) {
	if r.d == nil {
		return io.Copy(w, r.src)
	}
	for {
		if r.outAt < len(r.out) {
			m, err := w.Write(r.out[r.outAt:])
			n += int64(m)
			r.outAt += m
			if err != nil {
				return n, err
			}
			continue
		}
		if r.done {
			if r.err == io.EOF {
				return n, nil
			}
			return n, r.err
		}
		r.step()
	}
}

// step fills the window and decodes what is in it.
func (r *Reader) step() {
	r.fill()
	src := r.window[r.start:]
	out, used := r.d.decode(r.out[:0], src, r.base, r.err != nil, &r.f)
	r.out, r.outAt = out, 0
	r.start += used
	r.base += int64(used)
	if r.err != nil && (r.start == len(r.window) || used == 0 && len(out) == 0) {
		r.done = true
	}
}

// fill reads until the window is full or the source ends.
func (r *Reader) fill() {
	if r.start > 0 && (r.err == nil || r.start == len(r.window)) {
		n := copy(r.window, r.window[r.start:])
		r.window, r.start = r.window[:n], 0
	}
	for empty := 0; r.err == nil; {
		if len(r.window) == cap(r.window) {
			if cap(r.window) >= windowSize {
				return
			}
			size := firstWindow
			if r.window != nil {
				size = windowSize
			}
			r.window = append(make([]byte, 0, size), r.window...)
		}
		n, err := r.src.Read(r.window[len(r.window):cap(r.window)])
		r.window = r.window[:len(r.window)+n]
		if empty++; n > 0 {
			empty = 0
		}
		if err == nil && empty == 100 {
			err = io.ErrNoProgress
		}
		r.err = err
	}
}

// Faults says what was repaired or lost.
func (r *Reader) Faults() []Fault { return r.f.done() }

// Rest is plain text that stood after the end of base64 data, at most 64 KiB:
// the footer of a mailing list. It is no part of what Read gives, because a
// file must not end in it; after a text it can be shown. It is complete once
// Read gave io.EOF.
func (r *Reader) Rest() []byte {
	if d, ok := r.d.(*base64Decoder); ok {
		return d.rest
	}
	return nil
}

// lineEnd gives the length of the first line of b without and with its end; ok
// is false if there is no end in b.
func lineEnd(b []byte) (text, whole int, ok bool) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return len(b), len(b), false
	}
	text = i
	for text > 0 && b[text-1] == '\r' {
		text--
	}
	return text, i + 1, true
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// hexTable gives the value of a hexadecimal digit of either case, 255 for
// other octets.
var hexTable = func() (t [256]byte) {
	for i := range t {
		t[i] = 255
	}
	for i := range 10 {
		t['0'+i] = byte(i)
	}
	for i := range 6 {
		t['a'+i], t['A'+i] = byte(10+i), byte(10+i)
	}
	return t
}()
