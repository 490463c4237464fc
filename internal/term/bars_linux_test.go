package term

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal opens a pseudo-terminal of 80 columns: what is written to tty comes
// out of screen.
func terminal(t *testing.T) (screen, tty *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here:", err)
	}
	t.Cleanup(func() { screen.Close() })
	fd := int(screen.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Skip(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Skip(err)
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { tty.Close() })
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80}); err != nil {
		t.Skip(err)
	}
	return screen, tty
}

// watch collects what a screen shows; wait waits until it has shown words.
func watch(t *testing.T, screen *os.File) (all *string, wait func(words string)) {
	shown := make(chan string, 100)
	go func() {
		defer close(shown)
		b := make([]byte, 4096)
		for {
			n, err := screen.Read(b)
			if n > 0 {
				shown <- string(b[:n])
			}
			if err != nil {
				return
			}
		}
	}()
	all = new(string)
	return all, func(words string) {
		t.Helper()
		for deadline := time.After(10 * time.Second); !strings.Contains(*all, words); {
			select {
			case s := <-shown:
				*all += s
			case <-deadline:
				t.Fatalf("%q did not come: %q", words, *all)
			}
		}
	}
}

func TestBarsOnATerminal(t *testing.T) {
	screen, tty := terminal(t)
	if !IsTerminal(tty) || Width(tty) != 80 {
		t.Fatalf("terminal: %v, width %d", IsTerminal(tty), Width(tty))
	}
	all, wait := watch(t, screen)
	p := NewProgress(tty, Auto)
	known, unknown := p.Start("reading a.zip", 4000), p.Start("reading b\x1b[2J", -1)
	known.Set(2000)
	unknown.Set(70_000)
	p.Print("a word above")
	wait("reading a.zip  ████████░░░░░░░░  2.0 of 4.0 kB")
	wait("reading b⎋[2J")
	wait("70.0 kB")
	wait("a word above")
	known.Set(4000) // a full bar is not yet a finished one
	known.Done()
	unknown.Done()
	p.Close()
	p.Print("after the end")
	wait("after the end")
	if strings.Contains(*all, "\x1b[2J") {
		t.Error("the name of a job reached the terminal as it was")
	}
}

// TestCloseRemovesBars: what is printed next stands where the bar was.
func TestCloseRemovesBars(t *testing.T) {
	screen, tty := terminal(t)
	all, wait := watch(t, screen)
	for i := range 6 {
		p := NewProgress(tty, Auto)
		job := p.Start(fmt.Sprint("job ", i), 4000)
		job.Set(2000)
		wait(fmt.Sprint("job ", i))
		job.Done()
		p.Close()
		fmt.Fprintf(tty, "list %d\n", i)
		wait(fmt.Sprint("list ", i))
	}
	if n := strings.Count(*all, "\x1b[Jlist "); n != 6 {
		t.Errorf("%d of 6 bars were removed: %q", n, *all)
	}
}
