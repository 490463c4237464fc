package main

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"lostpost/archive"
)

// TestWatchTakesMailAsItComes has a real server tell of a message, and Ctrl-C
// end the watch.
func TestWatchTakesMailAsItComes(t *testing.T) {
	d := startDovecot(t)
	d.fill(t, "", 0, 10)
	arc := t.TempDir()
	cmd, out := d.command(t, arc, d.fetch("imap", "--watch")...)
	check(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	holds := func(want int64) {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			select {
			case err := <-ended:
				t.Fatalf("the watch ended: %v\n%s", err, out)
			default:
			}
			a, err := archive.Open(arc, archive.Options{})
			if err != nil {
				continue // not made yet
			}
			st, err := a.Stat(context.Background())
			a.Close()
			if err == nil && st.Messages == want {
				return
			}
		}
		cmd.Process.Kill()
		t.Fatalf("there are not %d messages\n%s", want, out)
	}
	holds(10)
	d.fill(t, "", 10, 1)
	holds(11)
	check(t, cmd.Process.Signal(os.Interrupt))
	<-ended
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d, want 130\n%s", code, out)
	}
	if text := out.String(); !strings.Contains(text, "10 stored") || !strings.Contains(text, "stopped") {
		t.Errorf("printed:\n%s", text)
	}
	d.run(t, arc, 0, "index") // the end may have come before the last was indexed
	d.holds(t, arc)
}
