//go:build crashpoints && unix

package archive

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"lostpost/internal/durable"
)

// TestCrashChild is the program that TestKilledAtEachStep kills.
func TestCrashChild(t *testing.T) {
	dir := os.Getenv("LOSTPOST_TEST_DIR")
	if dir == "" {
		t.Skip("runs as a child of TestKilledAtEachStep only")
	}
	w := openW(t, dir)
	src := w.Source("imap://x")
	for i := range 90 {
		origin := fmt.Sprint("imap://x/", i)
		if _, known := src.Known(origin); !known {
			add(t, w, Meta{Origin: origin, Mailbox: []string{"", "Sent"}[i%2]}, fmt.Sprintf("message %d\n", i/2))
		}
		if i%30 == 29 {
			must(t, w.Commit(ctx))
		}
	}
	id := add(t, w, Meta{Origin: "imap://x/gone", Mailbox: "Sent"}, "to be removed\n").ID
	must(t, w.Remove(ctx, id, "test"))
	must(t, w.Close())
}

// TestKilledAtEachStep kills a process at each named step, lets another run to
// the end, and looks at the archive.
func TestKilledAtEachStep(t *testing.T) {
	for _, point := range durable.CrashPoints {
		for _, nth := range []int{1, 2} {
			t.Run(fmt.Sprint(point, ":", nth), func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "a")
				run := func(env string) error {
					cmd := exec.Command(os.Args[0], "-test.run=^TestCrashChild$")
					cmd.Env = append(os.Environ(), "LOSTPOST_TEST_DIR="+dir, env)
					out, err := cmd.CombinedOutput()
					if err != nil && strings.Contains(string(out), "FAIL") {
						t.Fatalf("%v\n%s", err, out)
					}
					return err
				}
				err := run(fmt.Sprintf("LOSTPOST_CRASHPOINT=%s:%d", point, nth))
				var exit *exec.ExitError
				killed := errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
				once := point == "begin-synced" || point == "removed" || point == "cache-written" || point == "closed" || point == "folder-made"
				if !killed && (nth == 1 || !once) {
					t.Fatalf("got %v, want SIGKILL", err)
				}
				must(t, run("LOSTPOST_CRASHPOINT="))
				if got := codes(t, dir, CheckOptions{}); len(got) != 0 {
					t.Errorf("check: got %q", got)
				}
				n := 0
				for _, e := range entries(t, openR(t, dir), 0) {
					if !e.Gone {
						n++
						if len(e.Places) != 2 {
							t.Errorf("%s is in %d mailboxes, want 2", e.ID, len(e.Places))
						}
					}
				}
				if n != 45 {
					t.Errorf("%d messages, want 45", n)
				}
			})
		}
	}
}
