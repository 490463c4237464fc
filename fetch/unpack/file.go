package unpack

import (
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// A File is one file inside a container. It satisfies fetch.File. It is valid
// until the sequence that yielded it goes on; until then ReadAt may be called
// concurrently.
type File struct {
	base       string
	path       []string
	containers []string
	mod        time.Time
	content    content // nil if the entry could not be opened
	again      func() (content, error)
}

// Name gives the names of the entries that lead here, from the outermost
// container on, joined by "!". A "!" or "%" within a name is written "%21" or
// "%25", so that different files have different names.
func (f *File) Name() string {
	escaped := make([]string, len(f.path))
	for i, p := range f.path {
		escaped[i] = escapeName.Replace(p)
	}
	return strings.Join(escaped, "!")
}

var escapeName = strings.NewReplacer("%", "%25", "!", "%21")

// Path gives the same names unescaped, one for each container on the way. The
// caller may keep the slice.
func (f *File) Path() []string { return slices.Clone(f.path) }

// Containers gives the kinds of the containers on the way, outermost first:
// "gz", "tar" for a file in a tar that is inside a gzip.
func (f *File) Containers() []string { return slices.Clone(f.containers) }

// Head gives at most the first HeadSize octets. Unlike Size it unpacks no more
// than that.
func (f *File) Head() []byte {
	if f.content == nil {
		return nil
	}
	head := make([]byte, HeadSize)
	n, _ := f.content.ReadAt(head, 0)
	return head[:n]
}

// Again gives a function that opens the file once more, at a time when the
// sequence that yielded it has gone on, for as long as the container is open:
// whoever must know all names before some content asks for it. It is nil for
// what lies in a tar or a stream. The caller closes what it opens; each opening
// counts for the Limits as if it were another file.
func (f *File) Again() func() (*File, error) {
	again, g := f.again, File{base: f.base, path: f.path, containers: f.containers, mod: f.mod}
	if again == nil {
		return nil
	}
	return func() (*File, error) {
		c, err := again()
		if err != nil {
			return nil, err
		}
		h := g
		h.content = c
		return &h, nil
	}
}

// Close lets go of a File that Again opened. Those of a sequence need none.
func (f *File) Close() error {
	if f.content != nil {
		f.content.close()
	}
	return nil
}

// ReadAt unpacks as far as needed.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	if f.content == nil {
		return 0, fs.ErrInvalid
	}
	return f.content.ReadAt(p, off)
}

// Size gives the octets that can be read. It may have to unpack the whole file
// to know it, since what a container claims is not trusted.
func (f *File) Size() int64 {
	if f.content == nil {
		return 0
	}
	return f.content.size()
}

// Damage unpacks the file to its end and says what is wrong with it: that it
// is cut off, its checksum differs, a limit was reached. What could be had
// before that stays readable.
func (f *File) Damage() error {
	if f.content == nil {
		return nil
	}
	return f.content.damage()
}

// Stat describes the file: the last element of its name, its Size, the time
// that the container gives (zero if none), mode 0444.
func (f *File) Stat() (fs.FileInfo, error) { return fileInfo{f, f.Size()}, nil }

type fileInfo struct {
	f    *File
	size int64
}

func (i fileInfo) Name() string       { return path.Base(i.f.base) }
func (i fileInfo) Size() int64        { return i.size }
func (i fileInfo) Mode() fs.FileMode  { return 0o444 }
func (i fileInfo) ModTime() time.Time { return i.f.mod }
func (i fileInfo) IsDir() bool        { return false }
func (i fileInfo) Sys() any           { return nil }

// content is what a File reads from: a section of its container's octets, or a
// spool that is filled as it is read.
type content interface {
	io.ReaderAt
	size() int64
	damage() error
	// stream gives the content from its start, once, without keeping it. No
	// other method is to be called after it.
	stream() io.Reader
	close()
}

// section is content that lies in the container as it is.
type section struct {
	r      io.ReaderAt
	off, n int64
}

func (s section) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= s.n {
		return 0, io.EOF
	}
	if rest := s.n - off; int64(len(p)) > rest {
		n, err := s.r.ReadAt(p[:rest], s.off+off)
		if err == nil {
			err = io.EOF
		}
		return n, err
	}
	return s.r.ReadAt(p, s.off+off)
}

func (s section) size() int64       { return s.n }
func (s section) damage() error     { return nil }
func (s section) stream() io.Reader { return io.NewSectionReader(s.r, s.off, s.n) }
func (s section) close()            {}

// cutSection is a section that ends before its entry should.
type cutSection struct {
	section
	err error
}

func (s cutSection) damage() error { return s.err }
