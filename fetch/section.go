package fetch

import (
	"errors"
	"io"
)

// Section reads the octets of r from offset from up to to. A file that became
// shorter meanwhile gives io.ErrUnexpectedEOF, as the contract of Message.Body
// wants it.
func Section(r io.ReaderAt, from, to int64) io.Reader { return &section{r, from, to} }

type section struct {
	r       io.ReaderAt
	pos, to int64
}

func (s *section) Read(p []byte) (int, error) {
	if s.pos >= s.to {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), s.to-s.pos)]
	n, err := s.r.ReadAt(p, s.pos)
	s.pos += int64(n)
	switch {
	case n == len(p):
		err = nil
	case err == nil, errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
