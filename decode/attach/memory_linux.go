package attach

import "syscall"

// limitMemory makes the system refuse memory beyond n octets: the limit of the
// Go runtime is only an aim. RLIMIT_DATA counts what can be written to, not
// the address space, of which a Go program reserves much more than it uses.
func limitMemory(n uint64) {
	// Refused: then the aim and the time are what is left.
	_ = syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: n, Max: n})
}
