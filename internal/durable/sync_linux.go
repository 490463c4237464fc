package durable

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// syncData is fdatasync: octets and length, not the access time. The archive
// sets the modification time before it writes, so a lost one costs a date that
// the ledger has as well.
func syncData(f *os.File) error {
	for {
		err := unix.Fdatasync(int(f.Fd()))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return &os.PathError{Op: "sync", Path: f.Name(), Err: err}
		}
		return nil
	}
}
