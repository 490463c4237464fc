// Package durable holds the few file operations of which the archive is made,
// each with a stated meaning when the power fails.
//
// It gives [FS], the operations; [OS], the real disk; [Sim], a disk in memory
// that forgets what was not synced, so that a test can try every crash;
// [Lock], the lock of the one writer; and [CrashPoint], the named steps at
// which a test kills the process.
//
// Promises. A file's octets are durable after Sync or Barrier returned nil,
// not before. A name made by Create, Link or Rename is durable after Barrier
// was given its folder. MkdirAll is durable when it returns. No call retries a
// sync that failed, because the kernel may have dropped the pages.
//
// What it does not do: it knows nothing of mail, and it does not hide which
// path an error belongs to.
package durable

import (
	"io"
	"io/fs"
	"time"
)

// FS is what the archive does to a disk, and nothing else; OS is the real one,
// Sim the one that can lose what was not synced. Its methods may be called
// concurrently. Errors are those of package os (fs.ErrNotExist, fs.ErrExist).
type FS interface {
	// Create makes a new file for writing and reading. It fails with
	// fs.ErrExist where name is taken.
	Create(name string) (File, error)

	// Append opens a file to read it and write at its end, and makes it if
	// it is absent.
	Append(name string) (File, error)

	// Open opens a file for reading.
	Open(name string) (File, error)

	// Rename moves a file; a file called to is replaced.
	Rename(from, to string) error

	// Link gives a file a second name. It fails with fs.ErrExist where to is
	// taken and with other errors where the disk has no hard links.
	Link(from, to string) error

	// Remove removes the name of a file.
	Remove(name string) error

	// List gives the names in a folder in byte order.
	List(dir string) ([]string, error)

	// Stat describes what name is.
	Stat(name string) (fs.FileInfo, error)

	// SetTime sets the modification time of a file.
	SetTime(name string, t time.Time) error

	// Mkdir makes one folder for the user alone. It fails with fs.ErrExist
	// where name is taken. The name is durable once Barrier was given the
	// folder above.
	Mkdir(name string) error

	// MkdirAll makes a folder and those above it that are missing, for the
	// user alone, and syncs each folder that got a new name. It does not
	// return before they are durable.
	MkdirAll(dir string) error

	// Barrier makes the octets of files and the names in dirs durable, up to
	// 16 at once, and returns the first error. The files stay open.
	Barrier(files []File, dirs []string) error
}

// A File is an open file.
type File interface {
	io.ReaderAt
	io.Writer
	io.Closer

	// Sync makes the octets written so far durable.
	Sync() error

	// Size is the length in octets now.
	Size() (int64, error)
}
