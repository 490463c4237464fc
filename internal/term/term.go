// Package term is what the program needs to know of the screen: whether there
// is one, how wide it is, how to show text from mail without handing the
// sender the keyboard, and how to show progress.
//
// Promises. Text that went through Sanitize holds no control character but tab
// and line feed, and none that changes the direction of what follows. Progress
// is written to the one writer it was made for and never blocks its caller.
//
// The package reads no environment and no flags: cmd decides on colour and on
// the Mode of progress.
package term

import (
	"os"
	"strconv"

	"golang.org/x/term"
)

// IsTerminal reports whether f is a terminal.
func IsTerminal(f *os.File) bool { return f != nil && term.IsTerminal(int(f.Fd())) }

// Width is the number of columns of the terminal f, or 0 if f is none or does
// not say.
func Width(f *os.File) int {
	if f == nil {
		return 0
	}
	w, _, err := term.GetSize(int(f.Fd()))
	if err != nil || w < 0 {
		return 0
	}
	return w
}

// Size words a number of octets in units of 1000: "999 B", "1.2 kB", "18.2 MB",
// "2,900 TB". One digit follows the point below 100; a number is never shown as
// 1000 of a unit.
func Size(n int64) string {
	if n < 0 {
		return "-" + Size(-max(n, -1<<63+1))
	}
	if n < 1000 {
		return strconv.FormatInt(n, 10) + " B"
	}
	v := float64(n)
	for i, unit := range sizeUnits {
		v /= 1000
		switch last := i == len(sizeUnits)-1; {
		case v < 99.95:
			return strconv.FormatFloat(v, 'f', 1, 64) + " " + unit
		case v < 999.5:
			return strconv.FormatFloat(v, 'f', 0, 64) + " " + unit
		case last:
			return Number(int64(v+0.5)) + " " + unit
		}
	}
	return ""
}

var sizeUnits = []string{"kB", "MB", "GB", "TB"}

// Number writes n with a comma between groups of three digits: "12,418".
func Number(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}
