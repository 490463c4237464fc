//go:build !linux

package durable

import "os"

// syncData is the full sync of package os, on macOS F_FULLFSYNC: plain fsync
// leaves octets in the drive's cache there.
func syncData(f *os.File) error { return f.Sync() }
