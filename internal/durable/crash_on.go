//go:build crashpoints

package durable

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

var crash struct {
	sync.Mutex
	seen int
}

// CrashPoint kills the process, as a power cut would, when the environment
// has LOSTPOST_CRASHPOINT=name or name:n and this is the n-th time.
func CrashPoint(name string) {
	want, nth, counted := strings.Cut(os.Getenv("LOSTPOST_CRASHPOINT"), ":")
	if want != name {
		return
	}
	n := 1
	if counted {
		if v, err := strconv.Atoi(nth); err == nil {
			n = v
		}
	}
	crash.Lock()
	defer crash.Unlock()
	crash.seen++
	if crash.seen != n {
		return
	}
	p, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		os.Exit(137)
	}
	time.Sleep(time.Minute) // the signal is on its way; nothing more may happen
}
