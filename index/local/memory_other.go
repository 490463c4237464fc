//go:build !linux

package local

// dropPages does nothing: the system drops pages when it needs the memory.
func dropPages([]byte) {}
