package unpack

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// inMemory is how much of an entry is kept in memory before the rest goes to a
// temporary file: the same 1 MiB above which the archive uses a file.
const inMemory = 1 << 20

// A spool is content that comes from a decompressor. It unpacks only as far as
// somebody reads.
type spool struct {
	src io.Reader // ends with io.EOF only if the entry is whole
	dir string

	mu   sync.Mutex
	mem  []byte   // the content, while file is nil
	file *os.File // the content, once it is over inMemory
	name string   // of file, if it could not be unlinked at once
	n    int64    // octets unpacked so far
	err  error    // why unpacking ended; io.EOF if all is well
}

func newSpool(src io.Reader, dir string) *spool { return &spool{src: src, dir: dir} }

func (s *spool) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("negative offset")
	}
	s.mu.Lock()
	if end := off + int64(len(p)); end < off {
		s.fill(-1)
	} else {
		s.fill(end)
	}
	mem, file, have := s.mem, s.file, s.n
	s.mu.Unlock()
	if off >= have {
		return 0, io.EOF
	}
	want := p[:min(int64(len(p)), have-off)]
	n := len(want)
	var err error
	if file != nil {
		n, err = file.ReadAt(want, off)
	} else {
		copy(want, mem[off:])
	}
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// fill unpacks until there are at least end octets, or all if end is negative.
func (s *spool) fill(end int64) {
	if s.err != nil || end >= 0 && s.n >= end {
		return
	}
	buf := spoolBuffers.Get().(*[]byte)
	defer spoolBuffers.Put(buf)
	for s.err == nil && (end < 0 || s.n < end) {
		n, err := s.src.Read(*buf)
		if n > 0 {
			if werr := s.keep((*buf)[:n]); werr != nil {
				s.err = werr
				return
			}
		}
		s.err = err
	}
}

var spoolBuffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// keep appends to the content.
func (s *spool) keep(p []byte) error {
	if s.file == nil && s.n+int64(len(p)) > inMemory {
		if err := s.toFile(); err != nil {
			return err
		}
	}
	if s.file == nil {
		s.mem = append(s.mem, p...)
	} else if _, err := s.file.Write(p); err != nil {
		return fmt.Errorf("unpack into a temporary file: %w", err)
	}
	s.n += int64(len(p))
	return nil
}

// toFile moves the content to a temporary file that has no name, so that
// nothing is left behind whatever happens to the process.
func (s *spool) toFile() error {
	f, err := os.CreateTemp(tempDir(s.dir), "lostpost-unpack-*")
	if err != nil {
		return fmt.Errorf("unpack into a temporary file: %w", err)
	}
	s.file = f
	if os.Remove(f.Name()) != nil {
		s.name = f.Name() // Windows keeps the name of an open file
	}
	if _, err := f.Write(s.mem); err != nil {
		return fmt.Errorf("unpack into a temporary file: %w", err)
	}
	s.mem = nil
	return nil
}

// tempDir chooses the folder for temporary files. On many systems /tmp is in
// memory, and a mailbox of 20 GB has no place there.
func tempDir(dir string) string {
	if dir == "" && os.TempDir() == "/tmp" {
		if fi, err := os.Stat("/var/tmp"); err == nil && fi.IsDir() && fi.Mode().Perm()&0o002 != 0 {
			return "/var/tmp"
		}
	}
	return dir // os.CreateTemp reads "" as os.TempDir()
}

func (s *spool) size() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fill(-1)
	return s.n
}

func (s *spool) damage() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fill(-1)
	if s.err == io.EOF {
		return nil
	}
	return s.err
}

func (s *spool) stream() io.Reader {
	s.mu.Lock()
	defer s.mu.Unlock()
	var have io.Reader = bytes.NewReader(s.mem)
	if s.file != nil {
		have = io.NewSectionReader(s.file, 0, s.n)
	}
	if s.err != nil {
		return io.MultiReader(have, failing{s.err})
	}
	return io.MultiReader(have, s.src)
}

func (s *spool) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mem, s.err = nil, os.ErrClosed
	if s.file != nil {
		s.file.Close()
		if s.name != "" {
			os.Remove(s.name)
		}
	}
}

// failing is a reader that only fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
