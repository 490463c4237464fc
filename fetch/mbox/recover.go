package mbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"iter"
	"strings"

	"lostpost/decode/header"
)

// A Kind is what a stretch of a damaged mbox comes to.
type Kind uint8

// The kinds. Every octet of a file is in a stretch of one of them.
const (
	Whole     Kind = iota // a message without a sign of damage
	Damaged               // a message of which something is missing; Note says what
	Duplicate             // a message whose octets came before
	Zeros                 // octets that are all zero
	NotMail               // octets that belong to no message
)

// A Found is one stretch of a file: a message with its separator, or what is
// none. Octets is its length with the line ends behind it; those of all stretches
// add up to the size of the file.
type Found struct {
	Range
	Kind   Kind
	Octets int64
	Note   string            // of all kinds but Whole and Duplicate
	Sum    [sha256.Size]byte // of the message; zero if there is none
}

// Recover reads an mbox of any dialect, however damaged, and accounts for each
// octet of it, in the order of the file. Unlike Messages it reads all messages:
// a multipart whose last boundary is missing has lost its end, or what stands
// behind it has lost its beginning. It holds 16 octets for each message.
//
// An error is one of r or of ctx, and ends the sequence.
func Recover(ctx context.Context, r io.ReaderAt, size int64) iter.Seq2[Found, error] {
	return func(yield func(Found, error) bool) {
		rd := &recovery{r: &reader{ctx, r}, seen: make(map[[16]byte]bool)}
		var last Range
		begun, from := false, int64(0)
		for next, err := range Messages(rd.r, size) {
			if err != nil {
				yield(Found{}, err)
				return
			}
			if begun {
				f, err := rd.found(last, next.From-from)
				if !yield(f, err) || err != nil {
					return
				}
				from = next.From
			}
			last, begun = next, true
		}
		if !begun {
			if size > 0 {
				yield(Found{Range: Range{End: size, Junk: true}, Kind: NotMail, Octets: size, Note: "line ends only"}, nil)
			}
			return
		}
		yield(rd.found(last, size-from))
	}
}

// A recovery reads the messages of one file.
type recovery struct {
	r    io.ReaderAt
	seen map[[16]byte]bool // beginnings of the hashes of messages
	buf  []byte
}

// found makes a Found of a range.
func (rd *recovery) found(r Range, octets int64) (Found, error) {
	f := Found{Range: r, Octets: octets, Note: r.Damage}
	switch {
	case r.Zeros:
		f.Kind = Zeros
		return f, nil
	case r.Junk:
		f.Kind = NotMail
		if f.Note == "" {
			f.Note = "a byte order mark"
		}
		return f, nil
	case r.Start == r.End:
		f.Kind, f.Note = NotMail, "a separator with nothing behind it"
		return f, nil
	}
	closed, err := rd.read(&f)
	if err != nil {
		return f, err
	}
	if f.Note == "" && !closed {
		f.Note = "the last boundary of a multipart is missing"
	}
	short := [16]byte(f.Sum[:])
	switch {
	case rd.seen[short]:
		f.Kind, f.Note = Duplicate, ""
	case f.Note != "":
		f.Kind = Damaged
	}
	rd.seen[short] = true
	return f, nil
}

// chunk is how much of a message is read at a time.
const chunk = 256 << 10

// read reads a message to its end. closed is false if it is a multipart that has
// no last boundary.
func (rd *recovery) read(f *Found) (closed bool, err error) {
	if rd.buf == nil {
		rd.buf = make([]byte, chunk)
	}
	h := sha256.New()
	var last []byte // what closes the multipart
	kept := 0       // octets of the chunk before that may begin it
	for pos := f.Start; pos < f.End; {
		b := rd.buf[:min(int64(chunk), int64(kept)+f.End-pos)]
		n, err := readAt(rd.r, b[kept:], pos)
		if err != nil {
			return false, err
		}
		h.Write(b[kept:])
		if pos == f.Start {
			last = closing(b)
			closed = last == nil
		}
		closed = closed || bytes.Contains(b, last)
		pos += int64(n)
		kept = copy(rd.buf, b[len(b)-min(len(b), len(last)):])
	}
	h.Sum(f.Sum[:0])
	return closed, nil
}

// closing gives the octets that close the multipart whose header section is at
// the start of b, nil if it is none.
func closing(b []byte) []byte {
	n := headEnd(b)
	if n < 0 {
		return nil
	}
	h, _, _ := header.Parse(b[:n], 0)
	m := h.Media("Content-Type", "")
	if boundary := m.Params["boundary"]; strings.HasPrefix(m.Type, "multipart/") && boundary != "" && len(boundary) < 200 {
		return []byte("\n--" + boundary + "--")
	}
	return nil
}
