// Package fetch brings mail into an archive. A Source yields messages; Run
// carries them over and accounts for each.
package fetch

import (
	"context"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"lostpost/archive"
	"time"
)

// A Source yields the messages of one place: a mailbox on a server, an mbox
// file, an export, a disk image. A Source is used by one goroutine, once, and
// never writes to the place it reads unless it is a Releaser that is told to.
type Source interface {
	// Name is a stable URL for the place, without secrets. It is the
	// prefix of every Origin that the source yields.
	Name() string

	// Messages yields every message that st does not know, in an order
	// that is the same on every run over an unchanged place.
	//
	//	m, nil   a message; m and m.Body are valid until the next one
	//	m, err   this one cannot be had; m.Origin says which; go on
	//	nil, err the place failed; nothing follows
	//
	// Not reading m.Body to its end is allowed. When ctx ends, Messages
	// yields ctx.Err() within a second.
	Messages(ctx context.Context, st State) iter.Seq2[*Message, error]

	Close() error
}

// State is what the archive remembers of a source.
type State interface {
	Known(origin string) (archive.ID, bool) // this copy was taken before
	Mark() string                           // last Mark made durable, or ""
}

// NoState knows nothing: every message is yielded.
var NoState State

// A Message is one message on its way in.
type Message struct {
	archive.Meta
	Size int64     // octets if the source announces it, else -1
	Body io.Reader // exactly the octets of the message; io.ErrUnexpectedEOF if fewer than Size came
	Mark string    // if not "": state to keep once this and all earlier messages are durable
}

// A Counter can say, once Messages has ended, how many messages its place
// lists, the known ones included. Servers can; then Run closes the books.
type Counter interface {
	Source
	Listed() int64
}

// A Releaser can let go of messages at their place (DELE, EXPUNGE).
type Releaser interface {
	Source
	// Release is called only with origins whose stored bytes were read
	// back from disk and match what the source yielded (same ID, or same
	// Key if a copy with other line ends was here before).
	Release(ctx context.Context, origins []string) error
}

// A Format is a kind of file that holds mail. fetch/files has the list.
type Format struct {
	Name  string // "mbox", "pst", ...
	Sniff func(head []byte, name string) Confidence
	Open  func(f File, opt Options) (Source, error)
}

// Confidence orders Sniff's answers: No, Maybe, Yes.
type Confidence uint8

// A File is random access to bytes: a file on disk, or one inside a zip.
type File interface {
	io.ReaderAt
	Size() int64
	Name() string
	Stat() (fs.FileInfo, error)
}

// Run moves all of src into w and commits. The Report always adds up:
// Seen == Stored + Duplicate + Failed, and Listed == Known + Seen. Failed items are in the Report, not in
// the error; the error says why Run stopped early (context.Canceled,
// syscall.ENOSPC, *AuthError, ...). Running again goes on where it stopped.
func Run(ctx context.Context, src Source, w *archive.Writer, opt Options) (Report, error) {
	panic("face only")
}

// Report is the account of one Run.
type Report struct {
	Source                          string
	Listed, Known                   int64 // of a Counter: at the place, of these here before; else -1, 0
	Seen, Stored, Duplicate, Failed int64 // Placed counts as Duplicate
	Quarantined, Vanished, Pending  int64 // the three kinds of Failed: put aside, gone at the place, not yet; Vanished alone is no exit 3
	Bytes                           int64
	Failures                        []Failure // the first 1,000; the count is exact
	Took                            time.Duration
}

// A Failure is one message that could not be had, and why.
type Failure struct{ Origin, Reason string }

// What ends a run or an Open: nothing there is mail (exit 2), sign-in is needed
// or refused (4), network or server trouble, try again later (5).
type (
	NotMailError struct{ Path string }
	AuthError    struct{ Source, Said string }
	NetError     struct {
		Source string
		Err    error
	}
)

func (e *NotMailError) Error() string { panic("face only") }
func (e *AuthError) Error() string    { panic("face only") }
func (e *NetError) Error() string     { panic("face only") }
func (e *NetError) Unwrap() error     { panic("face only") }

// Options for Run and Format.Open; the zero value is useful.
type Options struct {
	Log      *slog.Logger
	Progress func(Progress) // called at most ten times a second, never concurrently
	Release  bool           // ask a Releaser to let go after read-back
}

// Progress counts; Total is -1 where nobody knows.
type Progress struct{ Done, Total, Bytes, TotalBytes int64 }
