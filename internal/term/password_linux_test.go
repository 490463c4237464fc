package term

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestPasswordIsReadAndNotShown(t *testing.T) {
	screen, tty := terminal(t)
	go func() {
		// The answer is typed when the terminal has stopped to show what is
		// typed; a person is slower than that.
		for range 1000 {
			st, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
			if err != nil || st.Lflag&unix.ECHO == 0 {
				break
			}
			time.Sleep(time.Millisecond)
		}
		screen.WriteString("apple tree\n")
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	got, err := Password(ctx, tty, tty, "Password for anna:")
	if got != "apple tree" || err != nil {
		t.Fatalf("got %q, %v", got, err)
	}
	if _, err := tty.WriteString("end"); err != nil {
		t.Fatal(err)
	}
	var shown strings.Builder
	for b := make([]byte, 100); !strings.Contains(shown.String(), "end"); {
		n, err := screen.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		shown.Write(b[:n])
	}
	if strings.Contains(shown.String(), "apple") {
		t.Errorf("the screen shows %q", shown.String())
	}
}

func TestPasswordEndsWithItsContext(t *testing.T) {
	_, tty := terminal(t)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := Password(ctx, tty, tty, "Password:"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
