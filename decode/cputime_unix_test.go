//go:build unix

package decode

import (
	"syscall"
	"time"
)

// processorTime is what this process has used so far: other programs on the
// machine do not change it by much, as they do the time on the clock.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // it has no reason to fail
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
