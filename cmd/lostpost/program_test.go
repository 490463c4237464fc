package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A house is a folder with an archive and a home for one test of the program
// as a process of its own. TestMain put it on the PATH.
type house struct {
	t   *testing.T
	dir string
	env []string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	return &house{t: t, dir: t.TempDir()}
}

// path is a file in the house.
func (h *house) path(name string) string { return filepath.Join(h.dir, name) }

// write makes a file in the house and gives its path.
func (h *house) write(name, text string) string {
	h.t.Helper()
	p := h.path(name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
		h.t.Fatal(err)
	}
	return p
}

// command is the program with the environment of the house.
func (h *house) command(args ...string) *exec.Cmd {
	cmd := exec.Command("lostpost", args...)
	cmd.Dir = h.dir
	cmd.Env = append(os.Environ(), "HOME="+h.dir, "LOSTPOST_ARCHIVE="+h.path("archive"), "XDG_STATE_HOME="+h.path("state"),
		"TZ=UTC", "NO_COLOR=", "TERM=xterm", "PAGER=", "LOSTPOST_PAGER=")
	cmd.Env = append(cmd.Env, h.env...)
	return cmd
}

// An ended is what a process left.
type ended struct {
	out, err string
	code     int
	state    *os.ProcessState
}

// run runs the program to its end.
func (h *house) run(args ...string) ended {
	h.t.Helper()
	return finish(h.t, h.command(args...))
}

func finish(t *testing.T, cmd *exec.Cmd) ended {
	t.Helper()
	var out, errs bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &out
	}
	cmd.Stderr = &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return ended{out.String(), errs.String(), cmd.ProcessState.ExitCode(), cmd.ProcessState}
}

// want checks the exit code and that words stand in the output or in stderr.
func (e ended) want(t *testing.T, code int, words ...string) {
	t.Helper()
	if e.code != code {
		t.Errorf("exit code %d, want %d\n%s%s", e.code, code, e.out, e.err)
	}
	for _, w := range words {
		if !strings.Contains(e.out, w) && !strings.Contains(e.err, w) {
			t.Errorf("no %q in\n%s%s", w, e.out, e.err)
		}
	}
}

// letter is a small message.
func letter(subject, body string) string {
	return "From: Ann <ann@ex.example>\nTo: bob@ex.example\nSubject: " + subject + "\nDate: Tue, 5 Mar 2024 10:00:00 +0000\n\n" + body + "\n"
}
