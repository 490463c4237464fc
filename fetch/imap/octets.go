package imap

import (
	"bufio"
	"errors"
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
