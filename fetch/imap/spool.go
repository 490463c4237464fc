package imap

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// A spool keeps bodies that came before what else there is to know of their
// messages. It is one temporary file, made when it is needed.
type spool struct {
	file *os.File
	end  int64
	held int // bodies that are still wanted
}

// A spooled is a body in the spool.
type spooled struct{ from, size int64 }

// A localError is trouble with a file of this machine.
type localError struct{ err error }

func (e *localError) Error() string { return e.err.Error() }
func (e *localError) Unwrap() error { return e.err }

// maxSpool bounds one body in the spool, in octets.
const maxSpool = 8 << 30

// put copies size octets from r. Errors: *localError, or those of r.
func (s *spool) put(r io.Reader, size int64) (spooled, error) {
	if size > maxSpool {
		return spooled{}, &syntaxError{"a message of more than 8 GiB, and nothing told of it"}
	}
	if s.file == nil {
		f, err := os.CreateTemp("", "lostpost-*")
		if err != nil {
			return spooled{}, &localError{err}
		}
		s.file = f
		// Where an open file can lose its name it does so now, and nothing
		// is left behind however the program ends.
		_ = os.Remove(f.Name())
	}
	if s.held == 0 {
		s.end = 0 // nobody wants what is there
	}
	n, err := io.Copy(spoolWriter{io.NewOffsetWriter(s.file, s.end)}, r)
	if err == nil && n != size {
		err = io.ErrUnexpectedEOF
	}
	b := spooled{s.end, n}
	if err == nil {
		s.end += n
		s.held++
	}
	return b, err
}

// A spoolWriter makes its errors local ones.
type spoolWriter struct{ w io.Writer }

func (s spoolWriter) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if err != nil {
		err = &localError{err}
	}
	return n, err
}

// read gives the octets of a body.
func (s *spool) read(b spooled) io.Reader { return io.NewSectionReader(s.file, b.from, b.size) }

// free says that a body is not wanted any more.
func (s *spool) free() { s.held-- }

func (s *spool) close() error {
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	err := f.Close()
	if gone := os.Remove(f.Name()); !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}
