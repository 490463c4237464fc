package durable

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A HeldError says who holds a lock. Fields are zero where the holder did not
// write them down.
type HeldError struct {
	Name, Command, Host string
	PID                 int
	Since               time.Time
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("%s is locked by process %d (%s)", e.Name, e.PID, e.Command)
}

// Lock takes the one writer's lock on the file name: archive and index use it.
// It makes the file if it is absent and writes into it who holds the lock.
// The kernel drops the lock when the process ends, however it ends, so a lock
// is never stale. Closing the result gives it back and empties the file.
//
// Lock tries at least once and waits until ctx ends, from 10 ms to 500 ms
// between tries. Errors: *HeldError if it was held all the time.
func Lock(ctx context.Context, name string) (io.Closer, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, 500*time.Millisecond) {
		err := tryLock(f, true)
		if err == nil {
			l := &lockFile{f}
			if err := l.sign(time.Now()); err != nil {
				return nil, errors.Join(err, l.Close())
			}
			return l, nil
		}
		if !errors.Is(err, errHeld) {
			return nil, errors.Join(&os.PathError{Op: "lock", Path: name, Err: err}, f.Close())
		}
		select {
		case <-ctx.Done():
			held := holder(name, f)
			return nil, errors.Join(held, f.Close())
		case <-time.After(wait):
		}
	}
}

// Held reports whether some process holds the lock on the file name. There is
// no way to ask but to take the lock shared for a moment, so an empty file, which
// is what a holder leaves that gave it back, is not even tried.
func Held(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	if st, err := f.Stat(); err == nil && st.Size() == 0 {
		return false
	}
	return errors.Is(tryLock(f, false), errHeld)
}

// errHeld is what tryLock gives where another process has the lock.
var errHeld = errors.New("lock is held")

type lockFile struct{ *os.File }

// sign writes who holds the lock, one field a line.
func (l *lockFile) sign(now time.Time) error {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	line := func(s string) string { return strings.ReplaceAll(s, "\n", " ") + "\n" }
	text := strconv.Itoa(os.Getpid()) + "\n" + line(host) +
		line(strings.Join(append([]string{filepath.Base(os.Args[0])}, os.Args[1:]...), " ")) +
		now.UTC().Format(time.RFC3339) + "\n"
	if err := l.Truncate(0); err != nil {
		return err
	}
	_, err = l.WriteAt([]byte(text), 0)
	return err
}

// Close empties the file and gives the lock back.
func (l *lockFile) Close() error { return errors.Join(l.Truncate(0), l.File.Close()) }

// holder reads who holds the lock; what cannot be read stays zero.
func holder(name string, f *os.File) *HeldError {
	e := &HeldError{Name: name}
	buf := make([]byte, 4096)
	n, err := f.ReadAt(buf, 0)
	if err != nil && err != io.EOF {
		return e
	}
	lines := strings.Split(string(buf[:n]), "\n")
	if len(lines) < 4 {
		return e
	}
	if pid, err := strconv.Atoi(lines[0]); err == nil {
		e.PID = pid
	}
	e.Host, e.Command = lines[1], lines[2]
	if t, err := time.Parse(time.RFC3339, lines[3]); err == nil {
		e.Since = t
	}
	return e
}
