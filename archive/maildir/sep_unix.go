//go:build !windows

package maildir

const sep = ":"
