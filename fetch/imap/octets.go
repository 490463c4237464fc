package imap

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
)

// A crlf reads lines with CRLF where r has LF alone.
type crlf struct {
	r    *bufio.Reader
	last byte // the octet that was given last
}

func newCRLF(r io.Reader) *crlf { return &crlf{r: bufio.NewReaderSize(r, 64<<10)} }

func (c *crlf) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		b, err := c.r.ReadByte()
		if err != nil {
			if n > 0 && errors.Is(err, io.EOF) {
				return n, nil
			}
			return n, err
		}
		if b == '\n' && c.last != '\r' {
			b = '\r'
			if err := c.r.UnreadByte(); err != nil {
				return n, err
			}
		}
		c.last = b
		p[n] = b
		n++
	}
	return n, nil
}

// A key computes the SHA-256 of what is written, with CRLF read as LF.
type key struct {
	h  hash.Hash
	cr bool // a CR was held back
}

func newKey() *key { return &key{h: sha256.New()} }

// Write never fails.
func (k *key) Write(p []byte) (int, error) {
	start := 0
	for i, c := range p {
		if k.cr {
			k.cr = false
			if c != '\n' {
				k.h.Write([]byte{'\r'})
			}
		}
		if c == '\r' {
			k.h.Write(p[start:i])
			start, k.cr = i+1, true
		}
	}
	k.h.Write(p[start:])
	return len(p), nil
}

// sum ends the input.
func (k *key) sum() (sum [sha256.Size]byte) {
	if k.cr {
		k.h.Write([]byte{'\r'})
		k.cr = false
	}
	k.h.Sum(sum[:0])
	return sum
}
