package mbox

import (
	"bytes"
	"errors"
	"io"
)

const (
	windowSize = 1 << 20
	// back is how much of the window before a position stays there: the
	// blank line before a separator, and a run of zeros up to zeroRun.
	back = 1024
	// ahead is how much of the text after a separator is looked at: its
	// own line and the header lines that prove it.
	ahead = 4096
	// zeroRun is the shortest run of zero octets that counts as damage: a
	// disk sector. Shorter runs are found in raw binary bodies.
	zeroRun = 512
)

// A window is a sliding view of an io.ReaderAt.
type window struct {
	r    io.ReaderAt
	size int64
	buf  []byte // octets from off on
	mem  []byte
	off  int64

	// The last search: from hitFrom on, the next "From" stands at hitAt. It
	// is kept because a window full of zero runs asks the same many times.
	hitFrom, hitAt int64
}

func (w *window) end() int64 { return w.off + int64(len(w.buf)) }

// load makes the window begin a little before pos, or at it.
func (w *window) load(pos int64) error {
	if w.mem == nil {
		w.mem = make([]byte, min(windowSize, w.size))
	}
	w.off = max(0, pos-back)
	n, err := readAt(w.r, w.mem[:min(int64(len(w.mem)), w.size-w.off)], w.off)
	w.buf = w.mem[:n]
	w.hitFrom, w.hitAt = -1, -1
	return err
}

// view gives the octets from pos on, n of them unless the file ends before;
// it moves the window if need be. n is at most windowSize - back.
func (w *window) view(pos int64, n int) ([]byte, error) {
	to := min(pos+int64(n), w.size)
	if pos < w.off || to > w.end() {
		if err := w.load(pos); err != nil {
			return nil, err
		}
	}
	return w.buf[pos-w.off : to-w.off], nil
}

// readAt fills p from off. A file that became shorter is an error.
func readAt(r io.ReaderAt, p []byte, off int64) (int, error) {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return n, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// find gives the next place at or after pos where something may happen: the
// start of a line that begins with "From", or a run of zeros (zeros > 0, its
// length). At the end of the file it gives size.
func (w *window) find(pos int64) (at, zeros int64, err error) {
	for pos < w.size {
		if pos < w.off || pos >= w.end() || w.end()-pos < zeroRun+ahead && w.end() < w.size {
			if err := w.load(pos); err != nil {
				return 0, 0, err
			}
		}
		i := int(pos - w.off)
		if pos < w.hitFrom || pos > w.hitAt {
			w.hitFrom, w.hitAt = pos, w.off+int64(nextFrom(w.buf, i))
		}
		hit := int(w.hitAt - w.off)
		if z := nextZeros(w.buf[:min(hit+zeroRun, len(w.buf))], i); z < hit {
			start := w.off + int64(z)
			end, err := w.zerosEnd(start)
			return start, end - start, err
		}
		if hit < len(w.buf) {
			return w.off + int64(hit), 0, nil
		}
		if w.end() == w.size {
			break
		}
		// A hit or a run of zeros may lie across the end: keep the rest.
		pos = max(pos+1, w.end()-zeroRun)
	}
	return w.size, 0, nil
}

// nextFrom gives the index of the first "From" after a line feed at or after
// i, or len(b).
func nextFrom(b []byte, i int) int {
	j := max(0, i-1)
	if k := bytes.Index(b[j:], []byte("\nFrom")); k >= 0 {
		return j + k + 1
	}
	return len(b)
}

// nextZeros gives the index at or after i of the first run of at least zeroRun
// zeros in b, or len(b). Every such run holds an octet whose index is a
// multiple of the stride with stride-1 zeros on either side or more.
func nextZeros(b []byte, i int) int {
	const stride = zeroRun / 2
	for k := i + stride - 1; k < len(b); k += stride {
		if b[k] != 0 {
			continue
		}
		lo, hi := k, k+1
		for lo > i && b[lo-1] == 0 {
			lo--
		}
		for hi < len(b) && b[hi] == 0 && hi-lo < zeroRun {
			hi++
		}
		if hi-lo >= zeroRun {
			return lo
		}
	}
	return len(b)
}

// zerosEnd gives the offset of the first octet at or after pos that is not
// zero, or size.
func (w *window) zerosEnd(pos int64) (int64, error) {
	for pos < w.size {
		if pos < w.off || pos >= w.end() {
			if err := w.load(pos); err != nil {
				return 0, err
			}
		}
		b := w.buf[pos-w.off:]
		rest := bytes.TrimLeft(b, "\x00")
		pos += int64(len(b) - len(rest))
		if len(rest) > 0 {
			break
		}
	}
	return pos, nil
}
