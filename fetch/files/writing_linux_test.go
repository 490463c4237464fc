package files

import (
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"
	"testing"

	"lostpost/fetch"
)

// TestReadingIsNotWriting lets the kernel tell of every file at each of the
// places that is opened for writing, made, removed, renamed, or changed in its
// times or rights while it is read.
func TestReadingIsNotWriting(t *testing.T) {
	const changes = syscall.IN_CLOSE_WRITE | syscall.IN_MODIFY | syscall.IN_ATTRIB | syscall.IN_CREATE | syscall.IN_DELETE | syscall.IN_MOVE
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			root := tree(t, p.content(t))
			fd, err := syscall.InotifyInit1(syscall.IN_NONBLOCK | syscall.IN_CLOEXEC)
			if err != nil {
				t.Skipf("needs inotify: %v", err)
			}
			defer syscall.Close(fd)
			err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
				if err != nil || !d.IsDir() {
					return err
				}
				_, err = syscall.InotifyAddWatch(fd, path, changes)
				return err
			})
			if err != nil {
				t.Skipf("needs inotify: %v", err)
			}
			src := open(t, filepath.Join(root, p.open))
			for m, err := range src.Messages(t.Context(), fetch.NoState) {
				if m == nil {
					t.Fatal(err)
				}
			}
			told(t, open(t, filepath.Join(root, p.open)))
			buf := make([]byte, 64<<10)
			n, err := syscall.Read(fd, buf)
			if !errors.Is(err, syscall.EAGAIN) {
				t.Errorf("something was written: %q, %v", buf[:max(n, 0)], err)
			}
		})
	}
}
