//go:build unix

package archive

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// interopMail is an archive that other programs are to read: four messages, one
// of them in two mailboxes, flags, folder names that need encoding.
func interopMail(t *testing.T) (mail string) {
	t.Helper()
	dir := t.TempDir()
	// A path without surprises: t.TempDir is readable for us alone, and
	// Dovecot has to run as another user when we are root.
	for d := dir; d != filepath.Dir(d) && strings.HasPrefix(d, os.TempDir()); d = filepath.Dir(d) {
		if d != os.TempDir() {
			must(t, os.Chmod(d, 0o755))
		}
	}
	w := openW(t, filepath.Join(dir, "a"))
	letter := func(n int) string {
		return fmt.Sprintf("From: Anna <anna@a.example>\nTo: b@b.example\nSubject: Brief %d\nDate: Sat, 2 Mar 2024 14:05:00 +0000\nMessage-ID: <m%d@a.example>\n\nHallo %d\n", n, n, n)
	}
	add(t, w, Meta{Origin: "file:1", Flags: "FS", Received: day}, letter(1))
	add(t, w, Meta{Origin: "file:2", Mailbox: "Entwürfe", Flags: "D", Received: day}, letter(2))
	add(t, w, Meta{Origin: "file:3", Mailbox: "Lists/v1.2", Received: day}, letter(3))
	add(t, w, Meta{Origin: "file:4", Mailbox: "Q&A", Flags: "RS", Received: day}, letter(4))
	add(t, w, Meta{Origin: "file:5", Mailbox: "Entwürfe", Flags: "S", Received: day}, letter(1))
	must(t, w.Close())
	return filepath.Join(dir, "a", "mail")
}

// program skips the test where a program is not installed.
func program(t *testing.T, name, pkg string) string {
	t.Helper()
	p, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed (Debian package %s), so whether it reads mail/ is not tested", name, pkg)
	}
	return p
}

func output(t *testing.T, cmd *exec.Cmd) []string {
	t.Helper()
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("%s: %v\n%s%s", cmd, err, out, exit.Stderr)
		}
		t.Fatalf("%s: %v", cmd, err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	slices.Sort(lines)
	return lines
}

func TestDovecotReadsMail(t *testing.T) {
	doveadm := program(t, "doveadm", "dovecot-core")
	mail := interopMail(t)
	top := filepath.Dir(filepath.Dir(mail))
	conf := filepath.Join(top, "dovecot.conf")
	write(t, conf, "mail_location = maildir:"+mail+"\nfirst_valid_uid = 0\nfirst_valid_gid = 0\nlog_path = /dev/stderr\n")
	must(t, os.Chmod(conf, 0o644))
	run := func(args ...string) []string {
		t.Helper()
		cmd := exec.Command(doveadm, append([]string{"-c", conf}, args...)...)
		cmd.Dir = top
		cmd.Env = append(os.Environ(), "HOME="+top, "USER=nobody")
		if os.Getuid() == 0 { // Dovecot does not read mail as root
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		return output(t, cmd)
	}
	if os.Getuid() == 0 {
		must(t, filepath.WalkDir(top, func(p string, _ os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return os.Chown(p, 65534, 65534)
		}))
	}
	got := run("mailbox", "status", "messages unseen", "*")
	want := []string{"Entwürfe messages=2 unseen=1", "INBOX messages=1 unseen=0", "Lists.v1%2E2 messages=1 unseen=1", "Q&A messages=1 unseen=0"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for box, want := range map[string]string{"INBOX": `\Flagged \Seen`, "Q&A": `\Answered \Seen`, "Entwürfe": `\Draft`} {
		got := run("-f", "tab", "fetch", "flags date.received hdr.subject", "mailbox", box)
		if !strings.Contains(strings.Join(got, "\n"), want) {
			t.Errorf("%s: got %q, want the flags %s", box, got, want)
		}
		if !strings.Contains(got[0], "2024-03-02") {
			t.Errorf("%s: got %q, want the date of arrival 2024-03-02", box, got[0])
		}
	}
	run("flags", "add", `\Flagged`, "mailbox", "Entwürfe", "all")
	a := openR(t, filepath.Dir(mail))
	for _, e := range entries(t, a, 0) {
		now, err := a.Lookup(ctx, e.ID)
		must(t, err)
		for _, p := range now.Places {
			if p.Mailbox == "Entwürfe" && !strings.Contains(string(p.Flags), "F") {
				t.Errorf("flagged with Dovecot: %s has the flags %q", e.ID, p.Flags)
			}
		}
		text(t, a, e.ID)
	}
	if got := codes(t, filepath.Dir(mail), CheckOptions{}); len(got) != 0 {
		t.Errorf("check after Dovecot: got %q", got)
	}
}

func TestNotmuchReadsMail(t *testing.T) {
	notmuch := program(t, "notmuch", "notmuch")
	mail := interopMail(t)
	top := filepath.Dir(filepath.Dir(mail))
	conf := filepath.Join(top, "notmuch.conf")
	write(t, conf, "[database]\npath="+filepath.Join(top, "db")+"\nmail_root="+mail+"\n[user]\nname=N\nprimary_email=n@n.example\n[new]\ntags=unread\n[maildir]\nsynchronize_flags=true\n")
	must(t, os.Mkdir(filepath.Join(top, "db"), 0o700))
	run := func(args ...string) []string {
		t.Helper()
		cmd := exec.Command(notmuch, args...)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + top, "NOTMUCH_CONFIG=" + conf}
		return output(t, cmd)
	}
	run("new", "--quiet")
	for query, want := range map[string]string{
		"*": "4", "tag:flagged": "1", "tag:draft": "1", "tag:replied": "1", "tag:unread": "2",
		`folder:".Entw&APw-rfe"`: "2", `folder:".Lists.v1%2E2"`: "1",
	} {
		if got := run("count", query); got[0] != want {
			t.Errorf("%s: got %s messages, want %s", query, got[0], want)
		}
	}
	if got := run("count", "--output=files", "*"); got[0] != "5" {
		t.Errorf("got %s files, want 5", got[0])
	}
	if got := codes(t, filepath.Dir(mail), CheckOptions{}); len(got) != 0 {
		t.Errorf("check after notmuch: got %q", got)
	}
}

func TestMblazeReadsMail(t *testing.T) {
	mlist, mscan := program(t, "mlist", "mblaze"), program(t, "mscan", "mblaze")
	mail := interopMail(t)
	for flag, want := range map[string]int{"": 5, "-F": 1, "-D": 1, "-R": 1, "-S": 3} {
		n := 0
		for _, dir := range []string{"", ".Entw&APw-rfe", ".Lists.v1%2E2", ".Q&-A"} {
			args := []string{filepath.Join(mail, dir)}
			if flag != "" {
				args = []string{flag, args[0]}
			}
			for _, l := range output(t, exec.Command(mlist, args...)) {
				if l != "" {
					n++
				}
			}
		}
		if n != want {
			t.Errorf("mlist %s: got %d files, want %d", flag, n, want)
		}
	}
	files := output(t, exec.Command(mlist, filepath.Join(mail, ".Entw&APw-rfe")))
	cmd := exec.Command(mscan, append([]string{"-f", "%s"}, files...)...)
	cmd.Env = append(os.Environ(), "HOME="+filepath.Dir(mail), "MBLAZE="+filepath.Dir(mail))
	if got := output(t, cmd); !slices.Equal(got, []string{"Brief 1", "Brief 2"}) {
		t.Errorf("mscan: got %q", got)
	}
}
