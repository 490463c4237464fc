//go:build darwin || freebsd || netbsd

package fetch

import (
	"io/fs"
	"syscall"
)

// inodeState gives the time of the last change of the inode in ns, which a
// program cannot set back, and the inode's number; 0 for files that have none.
func inodeState(info fs.FileInfo) (change int64, inode uint64) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0
	}
	return st.Ctimespec.Nano(), st.Ino
}
