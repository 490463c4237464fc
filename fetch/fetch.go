// Package fetch brings mail into an archive. A Source yields messages; Run
// carries them over and accounts for each.
//
// Promises. Every message that a Source lists ends in the Report as stored,
// already there, or failed with a reason; the sums are exact. What a Source
// may skip the next time (its Mark) never becomes durable before the messages
// that the skipping rests on. Run stops within a second when its context ends
// and commits what was taken until then; running again goes on from there.
//
// The package reads no format and speaks no protocol: each kind of place is a
// room of its own below this one, and holds to the contract of Source, which
// fetch/fetchtest checks.
package fetch

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"path/filepath"

	"lostpost/archive"
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
	// In the second form a Body that is not nil holds octets that cannot
	// be trusted (cut off, damaged); Run keeps them in quarantine. An err
	// that wraps ErrVanished or ErrPending says that the message is gone
	// at its place or is to be asked for again, ErrFlags or ErrGone what
	// became of one that st knows, *SameError that the archive has the
	// octets from another origin; any other is a loss.
	//
	// A source of files must not skip a message because st knows its
	// origin: an origin in a file is an offset, and a newer export at the
	// same path has other messages at the same offsets. It skips the whole
	// place or nothing; see Fingerprint.
	//
	// Not reading m.Body to its end is allowed. When ctx ends, Messages
	// yields nil, ctx.Err() within a second.
	Messages(ctx context.Context, st State) iter.Seq2[*Message, error]

	Close() error
}

// State is what the archive remembers of a source.
type State interface {
	Known(origin string) (archive.ID, bool) // this copy was taken before
	Mark() string                           // last Mark made durable, or ""
}

// A Memory is a State that tells which messages it has of a place, for a source
// whose names for them have changed.
type Memory interface {
	State
	Copies(ctx context.Context, prefix string) iter.Seq2[archive.Copy, error] // see archive.SourceState
}

// NoState knows nothing: every message is yielded.
var NoState State = noState{}

type noState struct{}

func (noState) Known(string) (archive.ID, bool) { return archive.ID{}, false }
func (noState) Mark() string                    { return "" }

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

// A Marker can say, once Messages has ended, in which state it found its whole
// place. Run records it as the source's Mark if nothing failed, together with
// the last messages.
type Marker interface {
	Source
	FinalMark() string // "" for none
}

// A Sizer knows beforehand how much its place holds, for the progress display.
// Either figure is -1 if it is not known.
type Sizer interface {
	Source
	Totals() (messages, octets int64)
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

// Sniff's answers. Yes needs a signature in the content; Maybe is content that
// fits together with the name or with nothing against it.
const (
	No Confidence = iota
	Maybe
	Yes
)

// A File is random access to bytes: a file on disk, or one inside a zip.
// Whoever opened it closes it, after the Source that reads it.
type File interface {
	io.ReaderAt
	Size() int64
	Name() string
	Stat() (fs.FileInfo, error)
}

// Options for Run and Format.Open; the zero value is useful.
type Options struct {
	Log      *slog.Logger
	Progress func(Progress) // called at most ten times a second and once at the end, never concurrently
	Item     func(Item)     // called for every message that was seen, in order, never concurrently
	Release  bool           // ask a Releaser to let go after read-back

	// For Format.Open: what the caller knows of the file.
	Origin  string   // name of the Source and prefix of its origins; "": FileOrigin(f.Name())
	Mailbox string   // mailbox of its messages, or the one above them; "" is the root
	Traits  []string // traits of every message in it, such as "role:drafts"
}

// Progress counts; Total is -1 where nobody knows.
type Progress struct{ Done, Total, Bytes, TotalBytes int64 }

// FileOrigin is the origin of a file at path on this machine: "file:" and the
// absolute path, so that the ledger is clear without knowing where the program
// ran. A source appends "!" and the inner name for each container that it
// steps into, and "@" and an offset in octets for a place inside a file.
func FileOrigin(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return "file:" + filepath.ToSlash(path)
}

// Why a message could not be had, when it is not lost. A source wraps them.
var (
	ErrVanished = errors.New("gone at its place") // told so by the server, or the file is no more
	ErrPending  = errors.New("not had yet")       // to be asked for again
)

// What a source says of a message that st knows: its Message has no Body and is
// not one of those seen.
var (
	ErrFlags = errors.New("known, with these flags and traits now")
	ErrGone  = errors.New("known, and gone at its place") // the archive keeps it
)

// A SameError says that a message need not be had: its octets are those of a
// message that the archive has. Its Message has no Body and is seen as a
// duplicate.
type SameError struct{ ID archive.ID }

func (e *SameError) Error() string { return "the archive has it as " + e.ID.String() }

// NotMailError says that nothing at Path is mail.
type NotMailError struct{ Path string }

func (e *NotMailError) Error() string { return e.Path + ": not mail" }

// AuthError says that sign-in is needed or was refused. Said is the server's
// answer, without secrets.
type AuthError struct{ Source, Said string }

func (e *AuthError) Error() string { return e.Source + ": sign-in refused: " + e.Said }

// NetError is network or server trouble; the same command may do better later.
type NetError struct {
	Source string
	Err    error
}

func (e *NetError) Error() string { return e.Source + ": " + e.Err.Error() }

// Unwrap gives the cause.
func (e *NetError) Unwrap() error { return e.Err }
