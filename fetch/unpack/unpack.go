// Package unpack opens containers and gives the files inside them: zip, tar,
// 7z, gzip, bzip2 and zstd, also in each other (a tar inside a gzip is two).
//
// Promises. No name in a container ever reaches the file system: content is
// held in memory, in temporary files without a name, or read in place. One bad
// entry is a named error and the rest goes on; a zip without its directory is
// read by its local headers, a tar with a bad header from the next good one.
// Work and temporary space are bounded by the size of the outermost container
// (Limits), so a bomb costs no more than an honest file of its size can.
// The same octets give the same files, names and order.
//
// It does not know mail, does not decrypt, follows no symbolic link, and does
// not check the checksum of a zip entry that is stored without compression,
// since that would mean reading it twice.
//
// Formats: PKWARE APPNOTE 6.3.10 (zip, zip64), POSIX.1-2001 pax and GNU tar,
// 7zFormat.txt of the LZMA SDK, RFC 1952 (gzip), RFC 1951 (deflate), RFC 8878
// (zstd), bzip2.
package unpack

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"time"
)

// Limits bound the work that one container may cause. Zero fields mean the
// defaults.
type Limits struct {
	Depth   int                                 // 8: containers in each other; a tar inside a gzip counts as two
	Ratio   int                                 // 200: octets unpacked for each octet packed, once Grace is used up
	Entries int                                 // 10 million: files, over all levels together
	Grace   int64                               // 100 MiB: octets that may be unpacked whatever the ratio
	Whole   func(head []byte, name string) bool // whether an inner container is yielded as a file, its inside left alone; nil: never
	TempDir string                              // where entries over 1 MiB are unpacked to; "": /var/tmp where the system's own is in memory, else os.TempDir
}

// What can be wrong with an entry beside plain damage.
var (
	ErrRatio     = errors.New("unpacks to far more than mail does, like a zip bomb; not unpacked further")
	ErrDepth     = errors.New("containers are nested too deep; not opened")
	ErrEntries   = errors.New("container has too many entries; the rest was not read")
	ErrEncrypted = errors.New("entry is encrypted; unpack it with its password first")
	ErrChecksum  = errors.New("octets are not those that were packed") // all of them can be read
	ErrLink      = errors.New("entry is a hard link to another entry of the same tar; its octets are found there")
)

// A DamageError says where in a container something is wrong.
type DamageError struct {
	Offset int64 // in the container, in octets
	Err    error
}

func (e *DamageError) Error() string { return fmt.Sprintf("octet %d: %v", e.Offset, e.Err) }

// Unwrap gives the cause.
func (e *DamageError) Unwrap() error { return e.Err }

// Files yields the files inside a container, in the container's own order. The
// first octets decide which kind of container it is (see Kind), and ok is false
// if it is none. Containers inside are opened too; what is yielded is always a
// file that is no container.
//
//	f, nil    a file; f is valid until the next one. f.Damage tells, at the
//	          price of unpacking all of it, whether it is complete
//	f, err    this entry, or this inner container, cannot be had or not
//	          wholly; f.Name says which; go on
//	nil, err  the same for the outermost container; go on, though most
//	          often nothing follows
//
// Errors wrap ErrRatio, ErrDepth, ErrEntries, ErrEncrypted, ErrLink,
// ErrChecksum, io.ErrUnexpectedEOF, or come from r or the temporary file. Several for one
// container are a *DamageError each, with different offsets.
func Files(r io.ReaderAt, size int64, name string, lim Limits) (seq iter.Seq2[*File, error], ok bool) {
	head := make([]byte, HeadSize)
	n, _ := r.ReadAt(head[:min(size, HeadSize)], 0)
	kind := Kind(head[:n])
	if kind == "" {
		return nil, false
	}
	lim = lim.withDefaults()
	return func(yield func(*File, error) bool) {
		w := &walker{lim: lim, yield: yield, budget: newBudget(size, lim)}
		root := &File{content: section{r, 0, size}, base: name}
		w.open(root, kind)
	}, true
}

func (l Limits) withDefaults() Limits {
	if l.Depth <= 0 {
		l.Depth = 8
	}
	if l.Ratio <= 0 {
		l.Ratio = 200
	}
	if l.Entries <= 0 {
		l.Entries = 10_000_000
	}
	if l.Grace <= 0 {
		l.Grace = 100 << 20
	}
	return l
}

// A walker goes through one outermost container and all inside it. Its methods
// return false when the caller of Files wants no more.
type walker struct {
	lim    Limits
	yield  func(*File, error) bool
	budget *budget
}

// open goes through container f.
func (w *walker) open(f *File, kind string) bool {
	in := &inner{walker: w, parent: f, kind: kind, names: make(map[uint64]uint32)}
	switch kind {
	case "zip":
		if !in.zip() {
			return false
		}
		// Streams tell of their own damage as they are read.
		if err := f.Damage(); err != nil && !in.told {
			return in.damaged(err)
		}
		return true
	case "tar":
		return in.tar()
	case "7z":
		return in.seven()
	default:
		return in.stream()
	}
}

// inner is the walk through one container.
type inner struct {
	*walker
	parent *File
	kind   string
	names  map[uint64]uint32 // hashes of the names seen, with their number
	count  uint64
	told   bool                    // damaged was called
	again  func() (content, error) // opens the entry that is handed on once more; nil if that is not had
}

// file names an entry; content may be nil if there is none.
func (in *inner) file(name string, mod time.Time, c content) *File {
	f := &File{
		path:       append(slices.Clip(in.parent.path), in.unique(SafeName(name))),
		containers: append(slices.Clip(in.parent.containers), in.kind),
		mod:        mod,
		content:    c,
	}
	f.base = f.path[len(f.path)-1]
	return f
}

// entry hands one entry on: to the caller, or to the walk of its own kind if it
// is a container itself. It closes c.
func (in *inner) entry(name string, mod time.Time, c content) bool {
	f := in.file(name, mod, c)
	f.again = in.again
	defer c.close()
	if in.budget.entries--; in.budget.entries < 0 {
		in.yield(f, ErrEntries)
		return false
	}
	kind := Kind(f.Head())
	if kind == "" || in.lim.Whole != nil && in.lim.Whole(f.Head(), name) {
		return in.yield(f, nil)
	}
	if len(f.path) >= in.lim.Depth {
		return in.yield(f, fmt.Errorf("%w (limit %d)", ErrDepth, in.lim.Depth))
	}
	return in.open(f, kind)
}

// bad reports an entry that has no content.
func (in *inner) bad(name string, err error) bool {
	if in.budget.entries--; in.budget.entries < 0 {
		in.yield(in.file(name, time.Time{}, nil), ErrEntries)
		return false
	}
	return in.yield(in.file(name, time.Time{}, nil), err)
}

// damaged reports trouble with the container as a whole.
func (in *inner) damaged(err error) bool {
	in.told = true
	if len(in.parent.path) == 0 {
		return in.yield(nil, err)
	}
	return in.yield(in.parent, err)
}

// A budget is shared by all levels of one outermost container.
type budget struct {
	left    int64 // octets that may still be read or unpacked
	entries int
}

func newBudget(size int64, lim Limits) *budget {
	left := int64(math.MaxInt64)
	if size < (math.MaxInt64-lim.Grace)/int64(lim.Ratio) {
		left = lim.Grace + size*int64(lim.Ratio)
	}
	return &budget{left: left, entries: lim.Entries}
}

// spend takes n octets off the budget.
func (b *budget) spend(n int64) error {
	if n > b.left {
		b.left = 0
		return ErrRatio
	}
	b.left -= n
	return nil
}
