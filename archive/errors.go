package archive

import (
	"errors"
	"fmt"
	"time"
)

var (
	// ErrNotFound says that the archive has no such message.
	ErrNotFound = errors.New("message not found")
	// ErrAmbiguous says that the beginning of an id fits several messages.
	ErrAmbiguous = errors.New("more than one message matches")
	// ErrForeign says that OpenWriter was given a folder that holds other
	// things than an archive.
	ErrForeign = errors.New("not an archive, and not empty")
	// ErrClosed says that the archive was closed before.
	ErrClosed = errors.New("archive is closed")
)

// LockedError: another process writes to the archive.
type LockedError struct {
	Dir, Command, Host string
	PID                int
	Since              time.Time
}

func (e *LockedError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("archive %s is in use by another process", e.Dir)
	}
	return fmt.Sprintf("archive %s is in use by process %d on %s (%s) since %s",
		e.Dir, e.PID, e.Host, e.Command, e.Since.Format(time.RFC3339))
}

// FormatError: the archive has a FORMAT this program does not know.
type FormatError struct{ Dir, Have, Want string }

func (e *FormatError) Error() string {
	return fmt.Sprintf("archive %s has format %q, this program knows %q", e.Dir, e.Have, e.Want)
}

// CorruptError: stored bytes are not what the ledger says.
type CorruptError struct {
	Path, Detail string
	ID           ID
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("message %s: %s: %s", e.ID, e.Path, e.Detail)
}

// ItemError: one message could not be taken; the rest can.
type ItemError struct {
	Origin string
	Err    error
}

func (e *ItemError) Error() string { return e.Origin + ": " + e.Err.Error() }

// Unwrap gives what went wrong.
func (e *ItemError) Unwrap() error { return e.Err }
