//go:build crashpoints

package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"lostpost/archive"
	"lostpost/internal/durable"
)

var kills = flag.Int("kills", 40, "how many random SIGKILLs TestCrashAtRandomMoments does")

// crashHouse is a program and a source of mail for kill tests.
type crashHouse struct {
	program, source string
	messages        int
}

func newCrashHouse(t *testing.T) crashHouse {
	t.Helper()
	dir := t.TempDir()
	h := crashHouse{filepath.Join(dir, "lostpost"), filepath.Join(dir, "mail"), 0}
	build := exec.Command("go", "build", "-tags", "crashpoints", "-o", h.program, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	// Two mboxes that share messages, so that some are placed twice.
	var a, b bytes.Buffer
	for i := range 900 {
		m := fmt.Sprintf("From ann@ex.example Tue Mar  5 10:00:00 2024\nFrom: ann@ex.example\nSubject: number %d\nMessage-ID: <%d@ex.example>\n\nword%d %s\n\n", i, i, i, strings.Repeat("text ", i%700))
		if i%3 != 0 {
			a.WriteString(m)
		}
		if i%3 != 1 {
			b.WriteString(m)
		}
		h.messages++
	}
	if err := os.MkdirAll(h.source, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, buf := range map[string]*bytes.Buffer{"one.mbox": &a, "two.mbox": &b} {
		if err := os.WriteFile(filepath.Join(h.source, name), buf.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// run runs one command on the archive; killAfter > 0 sends SIGKILL then.
func (h crashHouse) run(t *testing.T, arc, point string, killAfter time.Duration, args ...string) (killed bool, out string) {
	t.Helper()
	cmd := exec.Command(h.program, append([]string{"-a", arc}, args...)...)
	cmd.Env = append(os.Environ(), "LOSTPOST_CRASHPOINT="+point, "XDG_STATE_HOME="+t.TempDir())
	var b bytes.Buffer
	cmd.Stdout, cmd.Stderr = &b, &b
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if killAfter > 0 {
		timer := time.AfterFunc(killAfter, func() { cmd.Process.Signal(syscall.SIGKILL) })
		defer timer.Stop()
	}
	err := cmd.Wait()
	if st, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && st.Signaled() {
		if st.Signal() != syscall.SIGKILL {
			t.Fatalf("ended by %v:\n%s", st.Signal(), b.String())
		}
		return true, b.String()
	}
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, b.String())
	}
	return false, b.String()
}

// holds checks that the archive has every message once.
func (h crashHouse) holds(t *testing.T, arc string) {
	t.Helper()
	_, out := h.run(t, arc, "", 0, "check")
	// "All well." says that the index is complete too; its count is looked at
	// all the same.
	if !strings.Contains(out, "All well.") || !strings.Contains(out, fmt.Sprintf("index  %d of %d", h.messages, h.messages)) {
		t.Fatalf("check:\n%s", out)
	}
	a, err := archive.Open(arc, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	ids := map[archive.ID]int{}
	for e, err := range a.List(context.Background(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		ids[e.ID] = len(e.Places)
	}
	if len(ids) != h.messages {
		t.Fatalf("%d messages, want %d", len(ids), h.messages)
	}
	places := 0
	for _, n := range ids {
		places += n
	}
	// A third of them lie in both mboxes, the rest in one.
	if want := h.messages + h.messages/3; places != want {
		t.Fatalf("%d places, want %d", places, want)
	}
}

// TestCrashAtEveryStep kills an import at each named step of the order of
// durable writes, the first and a later time; the same command goes on.
func TestCrashAtEveryStep(t *testing.T) {
	h := newCrashHouse(t)
	for _, p := range durable.CrashPoints {
		if p == "removed" {
			continue // an import removes nothing: TestCrashWhileRemoving
		}
		for _, n := range []int{1, 2} {
			t.Run(fmt.Sprintf("%s:%d", p, n), func(t *testing.T) {
				arc := filepath.Join(t.TempDir(), "archive")
				killed, _ := h.run(t, arc, fmt.Sprintf("%s:%d", p, n), 0, "import", h.source)
				if !killed && n == 1 {
					t.Fatalf("the import never came to step %s", p)
				}
				h.run(t, arc, "", 0, "import", h.source)
				h.holds(t, arc)
			})
		}
	}
}

// TestCrashWhileRemoving kills a removal on the user's order, which no command
// has yet, after the first name of a message is gone: the message is then gone
// altogether, or was never touched.
func TestCrashWhileRemoving(t *testing.T) {
	h := newCrashHouse(t)
	arc := filepath.Join(t.TempDir(), "archive")
	h.run(t, arc, "", 0, "import", h.source)
	var id archive.ID // of a message that lies in both mailboxes
	a, err := archive.Open(arc, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for e, err := range a.List(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if len(e.Places) == 2 {
			id = e.ID
			break
		}
	}
	a.Close()
	remove := exec.Command(os.Args[0], "-test.run=^TestHelperRemove$")
	remove.Env = append(os.Environ(), "LOSTPOST_CRASHPOINT=removed", "LOSTPOST_TEST_REMOVE="+arc+":"+id.String())
	out, err := remove.CombinedOutput()
	if st, ok := remove.ProcessState.Sys().(syscall.WaitStatus); !ok || !st.Signaled() || st.Signal() != syscall.SIGKILL {
		t.Fatalf("the removal never came to its step: %v\n%s", err, out)
	}
	h.run(t, arc, "", 0, "index")
	h.run(t, arc, "", 0, "check", "--repair") // finishes what was begun
	_, said := h.run(t, arc, "", 0, "check")
	if !strings.Contains(said, "All well.") || !strings.Contains(said, fmt.Sprintf("%d of %d present", h.messages-1, h.messages-1)) {
		t.Fatalf("check:\n%s", said)
	}
}

// TestHelperRemove is the process that TestCrashWhileRemoving kills.
func TestHelperRemove(t *testing.T) {
	dir, name, ok := strings.Cut(os.Getenv("LOSTPOST_TEST_REMOVE"), ":")
	if !ok {
		t.Skip("a helper of TestCrashWhileRemoving")
	}
	id, err := archive.ParseID(name)
	if err != nil {
		t.Fatal(err)
	}
	w, err := archive.OpenWriter(t.Context(), dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Remove(t.Context(), id, "test"); err != nil {
		t.Fatal(err)
	}
	t.Fatal("it should have been killed")
}

// TestCrashAtRandomMoments kills imports at random moments, several times on
// one archive, then lets the same command end.
func TestCrashAtRandomMoments(t *testing.T) {
	h := newCrashHouse(t)
	seed := uint64(time.Now().UnixNano())
	rnd := rand.New(rand.NewPCG(seed, 1))
	t.Logf("seed %d", seed)
	whole := filepath.Join(t.TempDir(), "whole")
	start := time.Now()
	h.run(t, whole, "", 0, "import", h.source)
	usual := time.Since(start)
	h.holds(t, whole)
	done := 0
	for done < *kills {
		arc := filepath.Join(t.TempDir(), "archive")
		for range 4 {
			after := time.Duration(1 + rnd.Int64N(int64(usual)))
			if killed, _ := h.run(t, arc, "", after, "import", h.source); killed {
				done++
			}
		}
		h.run(t, arc, "", 0, "import", h.source)
		h.holds(t, arc)
		if err := os.RemoveAll(arc); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills, none lost a message and none doubled one", done)
}
