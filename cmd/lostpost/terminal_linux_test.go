package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lostpost/internal/term"
)

// screen runs the program with all its streams on a pseudo-terminal of cols
// columns and gives what was shown.
func (h *house) screen(cols int, env []string, args ...string) (shown string, code int) {
	h.t.Helper()
	cmd := h.command(args...)
	cmd.Env = append(cmd.Env, env...)
	return h.show(cols, cmd, true)
}

// show runs cmd on a pseudo-terminal; its stderr goes there too if errs is
// true, else nowhere.
func (h *house) show(cols int, cmd *exec.Cmd, errs bool) (shown string, code int) {
	h.t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		h.t.Skip("no pseudo-terminals here:", err)
	}
	defer master.Close()
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		h.t.Skip("no pseudo-terminals here:", err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		h.t.Skip("no pseudo-terminals here:", err)
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		h.t.Skip("no pseudo-terminals here:", err)
	}
	defer tty.Close()
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: uint16(cols)}); err != nil {
		h.t.Fatal(err)
	}
	cmd.Stdin, cmd.Stdout = tty, tty
	if errs {
		cmd.Stderr = tty
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	tty.Close()
	var b bytes.Buffer
	b.ReadFrom(master) // ends with EIO when the last process has closed the terminal
	err = cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		h.t.Fatal(err)
	}
	return strings.ReplaceAll(b.String(), "\r\n", "\n"), cmd.ProcessState.ExitCode()
}

// terminalHouse has three messages.
func terminalHouse(t *testing.T) *house {
	h := newHouse(t)
	h.write("mail/one.eml", "From: Anna-Maria Großmann-Öttinger von der Wiese <anna@ex.example>\nSubject: the invoice for the long table, the six chairs and the lamp\n"+
		"Date: Tue, 5 Mar 2024 10:00:00 +0000\n\nThe open invoice over 240 euros lies on the table, and it has been lying there since the third of March.\n")
	h.write("mail/two.eml", "From: =?utf-8?q?Eve_=1B[31m?= <eve@ex.example>\nSubject: =?utf-8?q?invoice_=1B]0;title=07?=\n"+
		"Date: Mon, 4 Mar 2024 10:00:00 +0000\nContent-Type: text/plain; charset=utf-8\n\n\x1b[2Jinvoice\u202e\n")
	h.write("mail/three.eml", "From: 田中恵子 <keiko@kumo.example>\nSubject: 請求書 invoice 二〇二四年三月のご請求につきまして\nDate: Sun, 3 Mar 2024 10:00:00 +0000\n"+
		"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nsee the invoice\n--b\nContent-Type: application/pdf\nContent-Disposition: attachment; filename=r.pdf\n\nx\n--b--\n")
	h.run("import", "mail").want(t, 0, "3 seen = 3 stored")
	return h
}

var ansi = regexp.MustCompile("\x1b\\[[0-9;]*m")

// TestTerminalListFitsTheScreen: at any width no line is longer than it, what
// was cut says so, and nothing that came from mail is left of controls.
func TestTerminalListFitsTheScreen(t *testing.T) {
	h := terminalHouse(t)
	for _, cols := range []int{40, 80, 200} {
		shown, code := h.screen(cols, nil, "search", "invoice")
		if code != 0 {
			t.Fatalf("exit code %d: %s", code, shown)
		}
		plain := ansi.ReplaceAllString(shown, "")
		if strings.ContainsAny(plain, "\x1b\u009b\u202e\t") {
			t.Errorf("width %d: controls of mail reached the terminal: %q", cols, plain)
		}
		if plain == shown {
			t.Errorf("width %d: no colour", cols)
		}
		lines := strings.Split(strings.TrimSuffix(plain, "\n"), "\n")
		if len(lines) != 7 { // three rows with a snippet each, and the coverage
			t.Errorf("width %d: %d lines, want 7:\n%s", cols, len(lines), plain)
		}
		for _, l := range lines {
			if n := term.Columns(l); n > cols {
				t.Errorf("width %d: %d columns: %s", cols, n, l)
			}
		}
		if cut := strings.Contains(plain, "…"); cut != (cols < 200) {
			t.Errorf("width %d: cut: %v\n%s", cols, cut, plain)
		}
		if !strings.HasSuffix(plain, "3 of 3 messages. Index: complete.\n") {
			t.Errorf("width %d: the last line is not the coverage:\n%s", cols, plain)
		}
	}
}

// TestTerminalColour: matches are marked by colour, else by ›‹.
func TestTerminalColour(t *testing.T) {
	h := terminalHouse(t)
	for _, c := range []struct {
		name  string
		env   []string
		args  []string
		color bool
	}{
		{"terminal", nil, nil, true},
		{"NO_COLOR", []string{"NO_COLOR=1"}, nil, false},
		{"TERM=dumb", []string{"TERM=dumb"}, nil, false},
		{"--color=never", nil, []string{"--color=never"}, false},
		{"--color=always", []string{"NO_COLOR=1"}, []string{"--color=always"}, true},
	} {
		shown, _ := h.screen(100, c.env, append([]string{"search", "invoice"}, c.args...)...)
		if got := strings.Contains(shown, "\x1b[32minvoice\x1b[0m"); got != c.color {
			t.Errorf("%s: a green match: %v\n%q", c.name, got, shown)
		}
		if got := strings.Contains(shown, "›invoice‹"); got == c.color {
			t.Errorf("%s: a match in ›‹: %v\n%q", c.name, got, shown)
		}
	}
	e := h.run("search", "invoice")
	if strings.ContainsAny(e.out, "\x1b›…") || strings.Count(e.out, "\n") != 3 {
		t.Errorf("on a pipe:\n%q", e.out)
	}
}

// TestTerminalRows: the rows of a list on a terminal can be named, those of a
// pipe cannot.
func TestTerminalRows(t *testing.T) {
	h := terminalHouse(t)
	h.run("search", "invoice").want(t, 0)
	h.run("show", "1").want(t, 2, "there is no list yet, so no row 1.")
	h.screen(80, nil, "search", "--sort", "oldest", "invoice")
	h.run("search", "from:anna").want(t, 0) // a pipe: the list stays
	h.run("show", "1").want(t, 0, "see the invoice")
	h.run("show", "3").want(t, 0, "240 euros")
	h.run("show", "4").want(t, 2, "the last list has no row 4.")
	h.run("extract", "1", "-o", "out").want(t, 0, "out/r.pdf")
}

// TestTerminalPager: show goes through the pager on a terminal only; one that
// is left early is no error.
func TestTerminalPager(t *testing.T) {
	h := terminalHouse(t)
	env := []string{"LOSTPOST_PAGER=sed 's/^/paged: /'", "PAGER=false"}
	shown, code := h.screen(80, env, "show", "mail/one.eml")
	if code != 0 || !strings.Contains(shown, "paged: Subject: the invoice") {
		t.Errorf("exit code %d:\n%s", code, shown)
	}
	if shown, _ = h.screen(80, env, "--no-pager", "show", "mail/one.eml"); strings.Contains(shown, "paged") {
		t.Errorf("--no-pager:\n%s", shown)
	}
	h.env = env
	if e := h.run("show", "mail/one.eml"); strings.Contains(e.out, "paged") {
		t.Errorf("on a pipe:\n%s", e.out)
	}
	h.env = nil
	big := h.write("big.eml", letter("big", strings.Repeat("line\n", 200_000)))
	shown, code = h.screen(80, []string{"PAGER=head -1"}, "show", big)
	if code != 0 || strings.Count(shown, "\n") != 1 {
		t.Errorf("a pager that ends early: exit code %d\n%q", code, clip(shown, 300))
	}
	shown, code = h.screen(80, nil, "show", "mail/two.eml")
	if code != 0 || strings.Contains(ansi.ReplaceAllString(shown, ""), "\x1b[2J") {
		t.Errorf("mail steers the terminal: %q", shown)
	}
	if shown, code = h.screen(80, nil, "show", "--raw", "mail/two.eml"); code != 2 || !strings.Contains(shown, "raw octets are not written to a terminal.") {
		t.Errorf("show --raw on a terminal: exit code %d\n%q", code, shown)
	}
}

// TestTerminalProgress: a line that moves on a terminal, none elsewhere.
func TestTerminalProgress(t *testing.T) {
	h := newHouse(t)
	mbox := writeMbox(h, "many.mbox", 2000)
	shown, code := h.screen(80, nil, "import", mbox)
	if code != 0 || !strings.Contains(shown, "reading …") || !strings.Contains(shown, "/many.mbox  ") || !strings.Contains(shown, " of 17.0 MB") {
		t.Errorf("exit code %d, no progress:\n%q", code, shown)
	}
	if !strings.Contains(shown, "2,000 seen = 2,000 stored") {
		t.Errorf("no account:\n%q", shown)
	}
	e := h.run("import", "--mailbox", "Again", mbox)
	e.want(t, 0, "2,000 seen = 0 stored")
	if strings.Contains(e.err, "reading") {
		t.Errorf("progress on a pipe: %q", e.err)
	}
}

// TestClosedPipeEndsWithoutAWord: lostpost ... | head -1.
func TestClosedPipeEndsWithoutAWord(t *testing.T) {
	h := newHouse(t)
	h.run("import", "--no-index=false", writeMbox(h, "many.mbox", 2000)).want(t, 0)
	for _, line := range []string{"lostpost search --limit 2000 '*'", "lostpost dump -o -", "lostpost search --output ids '*'", "lostpost text many.mbox"} {
		cmd := h.command()
		cmd.Path, cmd.Args = "/bin/sh", []string{"sh", "-c", line + " 2>err | head -1 >out"}
		finish(t, cmd)
		out, err := os.ReadFile(h.path("out"))
		if err != nil {
			t.Fatal(err)
		}
		said, err := os.ReadFile(h.path("err"))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Count(out, []byte("\n")) != 1 || len(said) != 0 {
			t.Errorf("%s | head -1: out %q, said %q", line, out, said)
		}
	}
}

// TestInterrupt: Ctrl-C during an import gives 130 and the account; the same
// command goes on.
func TestInterrupt(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			// The import may end before the signal comes.
			for n := 4000; n < 100_000; n *= 2 {
				if interrupted(t, sig, n) {
					return
				}
			}
			t.Error("no import could be stopped in time")
		})
	}
}

// interrupted stops an import of n messages and tells whether that was before
// its end.
func interrupted(t *testing.T, sig syscall.Signal, n int) bool {
	h := newHouse(t)
	mbox := writeMbox(h, "many.mbox", n)
	cmd := h.command("import", mbox)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- cmd.Wait() }()
	// The first messages are durable once the ledger has grown.
	deadline := time.After(time.Minute)
	for st, err := os.Stat(h.path("archive/ledger")); err != nil || st.Size() < 4096; st, err = os.Stat(h.path("archive/ledger")) {
		select {
		case <-over:
			t.Fatalf("it ended before it could be stopped:\n%s%s", out.String(), errs.String())
		case <-deadline:
			t.Fatal("the ledger does not grow")
		case <-time.After(time.Millisecond):
		}
	}
	if err := cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	<-over
	if cmd.ProcessState.ExitCode() == 0 {
		return false
	}
	e := ended{out.String(), errs.String(), cmd.ProcessState.ExitCode(), cmd.ProcessState}
	e.want(t, 128+int(sig), " seen = ", "stopped. What was reported is safe.", "The same command goes on where this one ended.")
	var seen, stored int
	if _, err := fmt.Sscanf(strings.ReplaceAll(e.out[strings.Index(e.out, "\n")+1:], ",", ""), "%d seen = %d stored", &seen, &stored); err != nil || stored == 0 || stored >= n {
		t.Fatalf("%d stored (%v):\n%s", stored, err, e.out)
	}
	c := h.run("check")
	if want := fmt.Sprintf("of %s present", term.Number(int64(stored))); !strings.Contains(c.out, want) {
		t.Errorf("%d were reported as stored:\n%s", stored, c.out)
	}
	all := term.Number(int64(n))
	h.run("import", mbox).want(t, 0, all+" seen = ", "0 not readable")
	h.run("check").want(t, 0, fmt.Sprintf("files      %[1]s of %[1]s present", all), fmt.Sprintf("index  %[1]s of %[1]s", all), "All well.")
	return true
}
