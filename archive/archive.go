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
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
)

// An ID names a message: the SHA-256 of its bytes as they arrived.
// String gives 64 lower-case hex digits, which is also the file's base name.
type ID [32]byte

// String gives 64 lower-case hex digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ParseID reads 64 hex digits.
func ParseID(s string) (ID, error) { return parseID(s) }

// parseID is ParseID for both forms of text. It allocates nothing, since it
// reads every line of a ledger.
func parseID[T ~string | ~[]byte](s T) (ID, error) {
	var id ID
	if len(s) != hex.EncodedLen(len(id)) {
		return ID{}, fmt.Errorf("id has %d digits, not 64", len(s))
	}
	for i := range id {
		hi, lo := hexValue[s[2*i]], hexValue[s[2*i+1]]
		if hi|lo > 15 {
			return ID{}, fmt.Errorf("id has an octet %q or %q, which is no hex digit", s[2*i], s[2*i+1])
		}
		id[i] = hi<<4 | lo
	}
	return id, nil
}

// hexValue gives the value of a hex digit, 255 for other octets.
var hexValue = func() (v [256]byte) {
	for c := range v {
		v[c] = 255
	}
	for i := range byte(16) {
		v["0123456789abcdef"[i]], v["0123456789ABCDEF"[i]] = i, i
	}
	return v
}()

// fileID is the ID that the base name of a file in mail/ spells. Only lower
// case counts: a message has one name.
func fileID(base string) (ID, bool) {
	if len(base) != 64 || strings.ToLower(base) != base {
		return ID{}, false
	}
	id, err := ParseID(base)
	return id, err == nil
}

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
	First  int64  // offset of the line that stored it; only its places have changed since
	Places []Meta // every mailbox it is in, first arrival first; never empty
	Gone   bool   // removed on the user's order
}

// A File is an open message. ReadAt may be called concurrently.
type File struct {
	Entry
	io.ReaderAt
	io.Closer
}

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

// A Finding is one thing Check found. Code is stable ("hash-mismatch",
// "missing-file", "foreign-file", "torn-line", ...); docs/FORMAT.md lists all.
type Finding struct {
	Code, Path, Detail string
	ID                 ID
	Severe             bool // bytes are lost or altered
}

// Options has a useful zero value.
type Options struct {
	Log      *slog.Logger  // nil: silent
	LockWait time.Duration // 0: 10 s; negative: do not wait
}

// CheckOptions has a useful zero value.
type CheckOptions struct {
	Quick bool // names and sizes only, no hashing
}

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

// A Stat is what Archive.Stat counts.
type Stat struct {
	Messages int64
	Bytes    int64 // of all messages, each once
	Seq      int64 // Seq of the newest entry; equal to an index's cursor when the index is complete
}

// quiet is the log of those who want none.
var quiet = slog.New(slog.DiscardHandler)

func (o Options) log() *slog.Logger {
	if o.Log == nil {
		return quiet
	}
	return o.Log
}
