// Package archive keeps mail: each message once, byte for byte, in a Maildir
// that other programs can read, with a ledger of what came from where.
//
// Promises. A message that Commit reported is on disk (fsync) and listed in
// the ledger. Nothing is ever overwritten or deleted by Add. A reader needs no
// lock and sees only whole messages. SHA-256 of a file equals its name.
//
// Formats: Maildir (D. J. Bernstein), Maildir++ (Courier); FORMAT version 1 is
// described in docs/FORMAT.md. The package reads no MIME and knows no index.
package archive

import (
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"time"
)

// An ID names a message: the SHA-256 of its bytes as they arrived.
// String gives 64 lower-case hex digits, which is also the file's base name.
type ID [32]byte

// Flags are Maildir flags in ASCII order: D draft, F flagged, P passed,
// R replied, S seen, T trashed. Unknown letters are kept.
type Flags string

// Meta is what a source knows of a message beside its bytes.
type Meta struct {
	Origin   string    // where it came from; unique per copy, see docs/FORMAT.md
	Mailbox  string    // UTF-8, "/" between levels; "" is the root (INBOX)
	Flags    Flags     // at arrival; later changes live in the file name
	Received time.Time // INTERNALDATE, From_ line or file time; becomes the mtime
	Traits   []string  // what the source saw: "unsent", "deleted", "carved", "role:drafts", "label:Work", "keyword:$Forwarded", ...
}

// An Entry is one stored message as the ledger tells it.
type Entry struct {
	ID     ID
	Key    ID     // SHA-256 with CRLF read as LF; equal Keys are the same message
	Size   int64  // octets on disk
	Seq    int64  // offset of the ledger line that last changed it; grows, never reused
	Places []Meta // every mailbox it is in, first arrival first; never empty
	Gone   bool   // removed on the user's order
}

// An Archive reads. It takes no lock, so any number may be open, also beside a
// Writer in another process. Its methods may be called concurrently.
type Archive struct{}

// Open opens the archive in dir for reading.
//
// Errors: fs.ErrNotExist if dir holds no FORMAT file; *FormatError if it was
// written by a newer version.
func Open(dir string, opt Options) (*Archive, error) { panic("face only") }

// Get opens one message. Size is known before the first read.
//
// Errors: ErrNotFound; *CorruptError if the size differs from the ledger.
func (a *Archive) Get(ctx context.Context, id ID) (*File, error) { panic("face only") }

// Resolve finds the one ID that starts with prefix (at least 4 hex digits).
//
// Errors: ErrNotFound, ErrAmbiguous.
func (a *Archive) Resolve(ctx context.Context, prefix string) (ID, error) { panic("face only") }

// List yields entries with Seq > after, in ledger order; after 0 means all. It
// ends at the last whole line; a torn last line is not an error. An entry
// comes again with a higher Seq when its places change or it is removed, so
// the last Seq seen is a cursor from which a follower can go on.
func (a *Archive) List(ctx context.Context, after int64) iter.Seq2[Entry, error] { panic("face only") }

// Check reads every message and compares names, sizes, hashes, ledger and
// folders. It yields what it finds and repairs nothing. A message that is
// sound yields nothing.
func (a *Archive) Check(ctx context.Context, opt CheckOptions) iter.Seq2[Finding, error] {
	panic("face only")
}

// Close releases files. It is safe to call twice.
func (a *Archive) Close() error { panic("face only") }

// A Writer adds mail. At most one exists per archive on one machine (flock).
// It is an Archive that sees its own additions. Add may be called from several
// goroutines.
type Writer struct{ *Archive }

// OpenWriter locks the archive in dir, creating it if dir is empty or absent,
// finishes what a crashed run left, and returns.
//
// It waits for the lock until ctx ends, at most opt.LockWait (10 s).
// Errors: *LockedError names the holder; *FormatError; fs.ErrPermission.
func OpenWriter(ctx context.Context, dir string, opt Options) (*Writer, error) { panic("face only") }

// Add takes one message from body, which it reads to its end before it
// returns. The message is durable only after the next Commit. Adding bytes
// that are here already stores nothing and reports Duplicate, or Placed if the
// mailbox was new for it.
//
// Messages over 1 MiB go straight to a file, so memory does not grow with size.
// Errors: *ItemError if body failed (the archive is unchanged and usable);
// anything else, such as syscall.ENOSPC, means the archive takes no more.
func (w *Writer) Add(ctx context.Context, m Meta, body io.Reader) (Receipt, error) {
	panic("face only")
}

// SetFlags renames the message's file in one mailbox and notes it. Durable with
// the next Commit. Errors: ErrNotFound.
func (w *Writer) SetFlags(ctx context.Context, id ID, mailbox string, f Flags) error {
	panic("face only")
}

// Remove deletes every place of a message on the user's order and notes why.
// Nothing else in this module deletes mail. Errors: ErrNotFound.
func (w *Writer) Remove(ctx context.Context, id ID, reason string) error { panic("face only") }

// Source gives what the ledger remembers of the source with this name: which
// origins were taken, and its last Mark. It costs 16 octets of memory for each
// origin (a 128-bit hash; a shorter one could make a message look taken).
func (w *Writer) Source(name string) *SourceState { panic("face only") }

// A SourceState satisfies fetch.State.
type SourceState struct{}

// Known reports whether this copy was taken before, and as which message.
func (s *SourceState) Known(origin string) (ID, bool) { panic("face only") }

// Mark is the state recorded by the last durable Writer.Mark, or "".
func (s *SourceState) Mark() string { panic("face only") }

// Mark records the opaque state of a source. It becomes durable with, and
// never before, the messages added before it.
func (w *Writer) Mark(source, state string) { panic("face only") }

// Commit makes all that was added durable: files, directories, ledger, in this
// order. Add starts one in the background every 256 messages, 32 MiB or 500 ms
// and goes on taking mail; its error comes back from the next Add or Commit.
func (w *Writer) Commit(ctx context.Context) error { panic("face only") }

// Close commits, marks the ledger clean and releases the lock.
func (w *Writer) Close() error { panic("face only") }

// A Receipt says what Add did.
type Receipt struct {
	ID     ID
	Size   int64
	Result Result
}

// Result is Stored, Duplicate or Placed.
type Result uint8

const (
	Stored    Result = iota // new bytes
	Duplicate               // known, nothing written
	Placed                  // known bytes, new mailbox: a hard link
)

// A File is an open message. ReadAt may be called concurrently.
type File struct {
	Entry
	io.ReaderAt
	io.Closer
}

// A Finding is one thing Check found. Code is stable ("hash-mismatch",
// "missing-file", "foreign-file", "torn-line", ...); docs/FORMAT.md lists all.
type Finding struct {
	Code, Path, Detail string
	ID                 ID
	Severe             bool // bytes are lost or altered
}

// Options and CheckOptions have useful zero values.
type Options struct {
	Log      *slog.Logger  // nil: silent
	LockWait time.Duration // 0: 10 s; negative: do not wait
}
type CheckOptions struct {
	Quick bool // names and sizes only, no hashing
}

var (
	ErrNotFound  = errors.New("message not found")
	ErrAmbiguous = errors.New("more than one message matches")
)

// LockedError: another process writes to the archive.
type LockedError struct {
	Dir, Command, Host string
	PID                int
	Since              time.Time
}

func (e *LockedError) Error() string { panic("face only") }

// FormatError: the archive has a FORMAT this program does not know.
type FormatError struct{ Dir, Have, Want string }

func (e *FormatError) Error() string { panic("face only") }

// CorruptError: stored bytes are not what the ledger says.
type CorruptError struct {
	Path, Detail string
	ID           ID
}

func (e *CorruptError) Error() string { panic("face only") }

// ItemError: one message could not be taken; the rest can.
type ItemError struct {
	Origin string
	Err    error
}

func (e *ItemError) Error() string { panic("face only") }
func (e *ItemError) Unwrap() error { panic("face only") }

// PutAside notes that a message could not be had and why (F line): no octets
// are kept. It becomes durable with the next Commit.
func (w *Writer) PutAside(ctx context.Context, origin, reason string) error { panic("face only") }

// Quarantine keeps octets that could not be trusted (wrong size, cut off) in
// quarantine/ and notes why (Q line). It becomes durable with the next Commit.
func (w *Writer) Quarantine(ctx context.Context, origin, reason string, body io.Reader) error {
	panic("face only")
}

// Vanish notes that the copy at origin is gone at its place (V line).
func (w *Writer) Vanish(ctx context.Context, origin string) error { panic("face only") }

// Account notes the account of a finished run (E line).
func (w *Writer) Account(ctx context.Context, a Account) error { panic("face only") }

// An Account is what one run over one source came to. Listed is -1 where the
// source cannot say, else it is the sum of the other counts.
type Account struct {
	Time                                                          time.Time
	Source                                                        string
	Listed, Known, Stored, Duplicate, PutAside, Vanished, Pending int64
}

// An Aside is a message that was put aside: not readable, or its octets are
// kept apart (Name is then its file in quarantine/).
type Aside struct {
	Time                 time.Time
	Origin, Name, Reason string
}

// Accounts yields the accounts of all runs, oldest first.
func (a *Archive) Accounts(ctx context.Context) iter.Seq2[Account, error] { panic("face only") }

// Asides yields what was put aside, oldest first.
func (a *Archive) Asides(ctx context.Context) iter.Seq2[Aside, error] { panic("face only") }

// Identity is the random hex name that init gave the archive (FORMAT).
func (a *Archive) Identity() string { panic("face only") }

// Dir is the folder of the archive, as given to Open.
func (a *Archive) Dir() string { panic("face only") }

// Stat counts without reading any message: stored messages (Gone ones not
// counted), their octets, and the last Seq (0 for an empty ledger).
func (a *Archive) Stat(ctx context.Context) (Stat, error) { panic("face only") }

// A Stat is what Archive.Stat counts.
type Stat struct {
	Messages int64
	Bytes    int64 // of all messages, each once
	Seq      int64 // Seq of the newest entry; equal to an index's cursor when the index is complete
}

// Lookup gives the entry of id without opening its file; Flags of its Places
// are those of the file names now. Errors: ErrNotFound.
func (a *Archive) Lookup(ctx context.Context, id ID) (Entry, error) { panic("face only") }

// Path is where the message lies in mail/ now, for programs that want the
// file itself. Errors: ErrNotFound.
func (a *Archive) Path(ctx context.Context, id ID) (string, error) { panic("face only") }

// Repair mends what Check finds and loses nothing: leftovers of a stopped run,
// a lost or torn ledger (rebuilt from mail/; only origins are lost). With
// adopt, mail that others put into mail/ is taken in. It yields what it did.
func (w *Writer) Repair(ctx context.Context, adopt bool) iter.Seq2[Finding, error] {
	panic("face only")
}

// String gives 64 lower-case hex digits.
func (id ID) String() string { panic("face only") }

// ParseID reads 64 hex digits.
func ParseID(s string) (ID, error) { panic("face only") }
