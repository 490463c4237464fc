package term

import (
	"context"
	"fmt"
	"os"

	"golang.org/x/term"
)

// Password asks a question on out and reads one line from in, which is not
// shown while it is typed. Both must be terminals. When ctx ends the terminal
// is set back and the error of ctx returned; what is being read then is lost
// with the process.
func Password(ctx context.Context, in, out *os.File, question string) (string, error) {
	fd := int(in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	if _, err := fmt.Fprint(out, Sanitize(question)); err != nil {
		return "", err
	}
	type answer struct {
		line []byte
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		// A read from a terminal cannot be given up, so this goroutine stays
		// until a key is pressed if ctx ends first.
		line, err := term.ReadPassword(fd)
		done <- answer{line, err}
	}()
	select {
	case a := <-done:
		fmt.Fprintln(out)
		return string(a.line), a.err
	case <-ctx.Done():
		fmt.Fprintln(out)
		if err := term.Restore(fd, before); err != nil {
			return "", err
		}
		return "", ctx.Err()
	}
}
