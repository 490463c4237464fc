package durable

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lockAt is the octet that is locked. Windows locks are binding, so it lies
// far behind the text that others want to read.
const lockAt = 1 << 30

// tryLock takes a lock on one octet of f, alone or shared, or says errHeld.
func tryLock(f *os.File, alone bool) error {
	flags := uint32(windows.LOCKFILE_FAIL_IMMEDIATELY)
	if alone {
		flags |= windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{Offset: lockAt})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return errHeld
	}
	return err
}
