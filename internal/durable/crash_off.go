//go:build !crashpoints

package durable

// CrashPoint does nothing in an ordinary build. With the tag crashpoints it
// kills the process where LOSTPOST_CRASHPOINT asks for it.
func CrashPoint(string) {}
