package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"lostpost/archive"
	"lostpost/archive/maildir"
)

// A dovecot is a real server on loopback with a configuration of its own.
type dovecot struct {
	imap, pop3 int
	maildir    string // of the user anna
	uid        int    // whose files these are
	dir        string // for archives and passwords
}

const dovecotConfig = `protocols = imap pop3
listen = 127.0.0.1
base_dir = %[1]s/run
state_dir = %[1]s/run
log_path = %[1]s/log
ssl = no
disable_plaintext_auth = no
auth_failure_delay = 0 secs
default_internal_user = %[5]s
default_login_user = %[4]s
first_valid_uid = 1
mail_location = maildir:~/Maildir
mail_fsync = never
mail_max_userip_connections = 100
namespace inbox {
  inbox = yes
  separator = /
}
passdb {
  driver = static
  args = password={PLAIN}%[8]s
}
userdb {
  driver = static
  args = uid=%[2]s gid=%[3]s home=%[1]s/mail/%%u
}
protocol pop3 {
  pop3_uidl_format = %%08Xu%%08Xv
  pop3_no_flag_updates = yes
}
service imap-login {
  chroot =
  inet_listener imap {
    port = %[6]d
  }
}
service pop3-login {
  chroot =
  inet_listener pop3 {
    port = %[7]d
  }
}
service anvil {
  chroot =
}
`

// startDovecot starts a server without mail; the test is skipped where there
// is no Dovecot.
func startDovecot(t *testing.T) *dovecot {
	t.Helper()
	bin, err := exec.LookPath("dovecot")
	if err != nil {
		bin = "/usr/sbin/dovecot"
		if _, err := os.Stat(bin); err != nil {
			t.Skip("Dovecot is not installed (Debian: dovecot-imapd dovecot-pop3d)")
		}
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	mail, login, internal := me.Username, me.Username, me.Username
	if me.Uid == "0" {
		mail, login, internal = "nobody", "dovenull", "dovecot"
	}
	owner, err := user.Lookup(mail)
	if err != nil {
		t.Skip(err)
	}
	if _, err := user.Lookup(login); err != nil {
		t.Skip(err)
	}
	group, err := user.LookupGroupId(owner.Gid)
	if err != nil {
		t.Skip(err)
	}
	// Names of sockets are limited to 108 octets, so t.TempDir is too long.
	base, err := os.MkdirTemp("", "lpf")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	d := &dovecot{imap: freePort(t), pop3: freePort(t), maildir: filepath.Join(base, "mail", serverUser, "Maildir"), dir: t.TempDir()}
	d.uid, err = strconv.Atoi(owner.Uid)
	check(t, err)
	check(t, os.Chmod(base, 0o755))
	check(t, os.MkdirAll(d.maildir, 0o755))
	check(t, os.WriteFile(filepath.Join(d.dir, "pass"), []byte(serverPassword+"\n"), 0o600))
	conf := fmt.Sprintf(dovecotConfig, base, mail, group.Name, login, internal, d.imap, d.pop3, strings.ReplaceAll(serverPassword, " ", "_"))
	check(t, os.WriteFile(filepath.Join(d.dir, "pass"), []byte(strings.ReplaceAll(serverPassword, " ", "_")+"\n"), 0o600))
	check(t, os.WriteFile(filepath.Join(base, "conf"), []byte(conf), 0o600))
	cmd := exec.Command(bin, "-F", "-c", filepath.Join(base, "conf"))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	check(t, cmd.Start())
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	})
	for _, port := range []int{d.imap, d.pop3} {
		d.await(t, port, func() string {
			log, _ := os.ReadFile(filepath.Join(base, "log"))
			return out.String() + string(log)
		})
	}
	return d
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// await waits for the greeting of a server that is starting.
func (d *dovecot) await(t *testing.T, port int, log func() string) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		c.SetDeadline(time.Now().Add(2 * time.Second))
		n, err := c.Read(make([]byte, 64))
		c.Close()
		if n > 0 && err == nil {
			return
		}
	}
	t.Skipf("Dovecot does not answer here:\n%s", log())
}

// fill puts n messages into a mailbox, with LF as Dovecot keeps them, some
// with flags. What has the same number has the same octets.
func (d *dovecot) fill(t *testing.T, mailbox string, from, n int) {
	t.Helper()
	dir := filepath.Join(d.maildir, maildir.Folder(mailbox))
	for _, sub := range []string{"cur", "new", "tmp"} {
		check(t, os.MkdirAll(filepath.Join(dir, sub), 0o755))
	}
	for i := from; i < from+n; i++ {
		text := fmt.Sprintf("From: Ann <ann@ex.example>\nSubject: number %d\nMessage-ID: <%d@ex.example>\nDate: Tue, 5 Mar 2024 10:00:00 +0000\n\n.\n..%d\nFrom here\n%s\n",
			i, i, i, strings.Repeat("a line of a letter, and one more\n", i%400))
		flags := []string{"", "S", "FS", "R", "DS"}[i%5]
		name := filepath.Join(dir, "cur", fmt.Sprintf("17096328%05d.M%dP1.host:2,%s", i, i, flags))
		check(t, os.WriteFile(name, []byte(text), 0o644))
		at := time.Date(2024, 3, 5, 10, 0, i, 0, time.UTC)
		check(t, os.Chtimes(name, at, at))
	}
	if os.Getuid() != 0 {
		return
	}
	check(t, filepath.WalkDir(filepath.Dir(d.maildir), func(p string, _ fs.DirEntry, err error) error {
		if err == nil {
			err = os.Lchown(p, d.uid, -1)
		}
		return err
	}))
}

// truth reads the server's own files: for each mailbox and UID the SHA-256 of
// the octets that the server sends, which is the file with CRLF.
func (d *dovecot) truth(t *testing.T) map[string]archive.ID {
	t.Helper()
	all := map[string]archive.ID{}
	lists, err := filepath.Glob(filepath.Join(d.maildir, "dovecot-uidlist"))
	check(t, err)
	more, err := filepath.Glob(filepath.Join(d.maildir, ".*", "dovecot-uidlist"))
	check(t, err)
	for _, list := range append(lists, more...) {
		dir := filepath.Dir(list)
		mailbox := ""
		if dir != d.maildir {
			mailbox, _ = maildir.Mailbox(filepath.Base(dir))
		}
		text, err := os.ReadFile(list)
		check(t, err)
		for line := range strings.Lines(string(text)) {
			head, name, ok := strings.Cut(strings.TrimSpace(line), " :")
			if !ok {
				continue // the first line is about the mailbox
			}
			uid, _, _ := strings.Cut(head, " ")
			base, _, _ := maildir.Split(name)
			files, err := filepath.Glob(filepath.Join(dir, "*", base+"*"))
			check(t, err)
			if len(files) != 1 {
				t.Fatalf("%s: %d files for uid %s", mailbox, len(files), uid)
			}
			b, err := os.ReadFile(files[0])
			check(t, err)
			all[mailbox+" "+uid] = sha256.Sum256(bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")))
		}
	}
	return all
}

// names lists the server's message files, whose names hold the flags.
func (d *dovecot) names(t *testing.T) []string {
	t.Helper()
	a, err := filepath.Glob(filepath.Join(d.maildir, "*", "*.host*"))
	check(t, err)
	b, err := filepath.Glob(filepath.Join(d.maildir, ".*", "*", "*.host*"))
	check(t, err)
	return append(a, b...)
}

// command makes a command line of the program; arc is the archive.
func (d *dovecot) command(t *testing.T, arc string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := exec.Command("lostpost", append(args, "-a", arc)...)
	cmd.Env = append(os.Environ(), "HOME="+d.dir, "XDG_STATE_HOME="+d.dir, "TZ=UTC")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	return cmd, &out
}

// run runs one to its end and wants an exit code.
func (d *dovecot) run(t *testing.T, arc string, code int, args ...string) string {
	t.Helper()
	cmd, out := d.command(t, arc, args...)
	if err := cmd.Run(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != code {
		t.Fatalf("%v: %v, want exit code %d\n%s", args, err, code, out)
	}
	return out.String()
}

func (d *dovecot) fetch(scheme string, more ...string) []string {
	port := d.imap
	if scheme == "pop3" {
		port = d.pop3
	}
	return append([]string{"fetch", fmt.Sprintf("%s://%s@127.0.0.1:%d", scheme, serverUser, port), "--password-file", filepath.Join(d.dir, "pass"), "--no-progress"}, more...)
}

// holds checks that the archive has every message of every mailbox once, with
// the octets of the server, and nothing else; where it knows the UID, under the
// right one. (What a run that was killed had stored but not listed is adopted by
// the next one, which learns its UID as that of a copy.)
func (d *dovecot) holds(t *testing.T, arc string) {
	t.Helper()
	want := map[string]bool{}
	uids := d.truth(t)
	for key, id := range uids {
		box, _, _ := cutLast(key, " ")
		want[box+" "+id.String()] = true
	}
	a, err := archive.Open(arc, archive.Options{})
	check(t, err)
	defer a.Close()
	got := map[string]bool{}
	for e, err := range a.List(context.Background(), 0) {
		check(t, err)
		for _, p := range e.Places {
			key := p.Mailbox + " " + e.ID.String()
			if got[key] {
				t.Errorf("%s is in the archive twice", key)
			}
			got[key] = true
			if _, uid, ok := strings.Cut(p.Origin, ";uid="); ok {
				if id := uids[p.Mailbox+" "+uid]; id != e.ID {
					t.Errorf("%s: got %s, want %s", p.Origin, e.ID, id)
				}
			}
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("the archive has %d messages in mailboxes, the server %d, or their octets differ", len(got), len(want))
	}
	if out := d.run(t, arc, 0, "check"); !strings.Contains(out, "All well.") {
		t.Errorf("check:\n%s", out)
	}
}

// cutLast is strings.Cut at the last sep.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// TestFetchTakesEverythingFromDovecot fetches over IMAP and POP3.
func TestFetchTakesEverythingFromDovecot(t *testing.T) {
	d := startDovecot(t)
	d.fill(t, "", 0, 120)
	d.fill(t, "Work/Entwürfe & more", 120, 30)
	d.fill(t, "Archive", 0, 10) // copies of what is in INBOX
	before := d.names(t)
	if len(before) != 160 {
		t.Fatalf("%d files on the server, want 160", len(before))
	}
	arc := filepath.Join(d.dir, "archive")
	out := d.run(t, arc, 0, d.fetch("imap")...)
	if !strings.Contains(out, "160 on the server = 0 here before + 150 stored + 10 already there in another place") {
		t.Errorf("the first run says:\n%s", out)
	}
	d.holds(t, arc)
	out = d.run(t, arc, 0, d.fetch("imap")...)
	if !strings.Contains(out, "160 on the server = 160 here before + 0 stored\n") {
		t.Errorf("the second run says:\n%s", out)
	}
	if after := d.names(t); strings.Join(before, "\n") != strings.Join(after, "\n") {
		t.Error("fetch changed the names, or the flags, of the server's files")
	}
	// Flags and dates came along.
	found := d.run(t, arc, 0, "search", "--output", "count", "is:flagged")
	if strings.TrimSpace(found) != "30" { // every fifth of 150
		t.Errorf("%s messages are flagged, want 30", strings.TrimSpace(found))
	}

	// A message that arrives later is all that the next run takes.
	d.fill(t, "", 1000, 1)
	out = d.run(t, arc, 0, d.fetch("imap")...)
	if !strings.Contains(out, "161 on the server = 160 here before + 1 stored\n") {
		t.Errorf("after one has arrived:\n%s", out)
	}
	d.holds(t, arc)

	// POP3 sees INBOX only, and all of it is here.
	out = d.run(t, arc, 0, d.fetch("pop3")...)
	if !strings.Contains(out, "121 on the server = 0 here before + 0 stored + 121 already there in another place") {
		t.Errorf("POP3 says:\n%s", out)
	}
	out = d.run(t, arc, 0, d.fetch("pop3")...)
	if !strings.Contains(out, "121 on the server = 121 here before + 0 stored\n") {
		t.Errorf("POP3 again:\n%s", out)
	}
	pop := filepath.Join(d.dir, "pop")
	out = d.run(t, pop, 0, d.fetch("pop3")...)
	if !strings.Contains(out, "121 on the server = 0 here before + 121 stored\n") {
		t.Errorf("POP3 into a new archive:\n%s", out)
	}
	d.run(t, pop, 0, "check")
}

// TestFetchGoesOnAfterKills kills a fetch twenty times, then lets it end.
func TestFetchGoesOnAfterKills(t *testing.T) {
	if testing.Short() {
		t.Skip("twenty runs")
	}
	d := startDovecot(t)
	d.fill(t, "", 0, 300)
	d.fill(t, "Work", 250, 100)
	for _, scheme := range []string{"imap", "pop3"} {
		t.Run(scheme, func(t *testing.T) {
			start := time.Now()
			d.run(t, filepath.Join(d.dir, "whole-"+scheme), 0, d.fetch(scheme)...)
			usual := time.Since(start)
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d, a whole run takes %v", seed, usual)
			rnd := rand.New(rand.NewPCG(seed, 1))
			arc := filepath.Join(d.dir, scheme)
			for range 10 {
				cmd, out := d.command(t, arc, d.fetch(scheme)...)
				check(t, cmd.Start())
				timer := time.AfterFunc(time.Duration(1+rnd.Int64N(int64(usual))), func() { cmd.Process.Signal(syscall.SIGKILL) })
				err := cmd.Wait()
				timer.Stop()
				if err != nil && !cmd.ProcessState.Sys().(syscall.WaitStatus).Signaled() {
					t.Fatalf("%v\n%s", err, out)
				}
			}
			out := d.run(t, arc, 0, d.fetch(scheme)...)
			if !strings.Contains(out, " on the server = ") {
				t.Errorf("the last run says:\n%s", out)
			}
			out = d.run(t, arc, 0, d.fetch(scheme)...)
			if !strings.Contains(out, " here before + 0 stored\n") {
				t.Errorf("nothing should be left for one more run:\n%s", out)
			}
			if scheme == "imap" {
				d.holds(t, arc)
				return
			}
			d.run(t, arc, 0, "check")
			if n := strings.TrimSpace(d.run(t, arc, 0, "search", "--output", "count", "*")); n != "300" {
				t.Errorf("%s messages, want 300", n)
			}
		})
	}
}
