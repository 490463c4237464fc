//go:build !linux

package attach

// limitMemory does nothing where RLIMIT_DATA is not kept or does not exist: the
// limit of the Go runtime and the time are what is left.
func limitMemory(uint64) {}
