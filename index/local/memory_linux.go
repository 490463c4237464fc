package local

import "syscall"

// dropPages takes the pages of a mapped file out of the memory of the process.
// An error changes nothing.
func dropPages(b []byte) {
	if len(b) > 0 {
		syscall.Madvise(b, syscall.MADV_DONTNEED)
	}
}
