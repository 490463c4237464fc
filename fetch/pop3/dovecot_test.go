package pop3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"lostpost/archive"
	"lostpost/fetch"
	"lostpost/fetch/auth"
	"lostpost/fetch/fetchtest"
	"lostpost/fetch/wire"
)

// A dovecot is a real server of our own on loopback.
type dovecot struct {
	port    int
	maildir string
	uid     int
}

const dovecotPassword = "not-a-secret"

// startDovecot starts a server with an empty mailbox. It runs as whoever runs
// the test; if that is root, the mail belongs to nobody, as Dovecot insists.
func startDovecot(t *testing.T) *dovecot {
	t.Helper()
	bin, err := exec.LookPath("dovecot")
	if err != nil {
		if bin = "/usr/sbin/dovecot"; !isFile(bin) {
			t.Skip("Dovecot is not installed (Debian: dovecot-pop3d)")
		}
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	mail, login, internal := me.Username, me.Username, me.Username
	if me.Uid == "0" {
		mail, login, internal = "nobody", "dovenull", "dovecot"
		if _, err := user.Lookup(login); err != nil {
			t.Skip("as root, Dovecot needs the user dovenull")
		}
	}
	owner, err := user.Lookup(mail)
	if err != nil {
		t.Skip(err)
	}
	group, err := user.LookupGroupId(owner.Gid)
	if err != nil {
		t.Skip(err)
	}
	// Names of sockets are limited to 108 octets, so t.TempDir is too long.
	base, err := os.MkdirTemp("", "lpd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	d := &dovecot{port: freePort(t), maildir: filepath.Join(base, "mail", "anna", "Maildir")}
	d.uid, _ = strconv.Atoi(owner.Uid)
	for _, dir := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(d.maildir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	conf := fmt.Sprintf(dovecotConf, base, mail, group.Name, login, internal, d.port, dovecotPassword)
	if me.Uid == "0" {
		if err := os.Chmod(base, 0o755); err != nil {
			t.Fatal(err)
		}
	} else {
		conf += "service anvil {\n  chroot =\n}\n"
	}
	if err := os.WriteFile(filepath.Join(base, "conf"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, "-F", "-c", filepath.Join(base, "conf"))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
	})
	d.await(t, func() string {
		log, _ := os.ReadFile(filepath.Join(base, "log"))
		return out.String() + string(log)
	})
	return d
}

const dovecotConf = `protocols = pop3
listen = 127.0.0.1
base_dir = %[1]s/run
state_dir = %[1]s/run
log_path = %[1]s/log
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 apop
auth_failure_delay = 0 secs
default_internal_user = %[5]s
default_login_user = %[4]s
first_valid_uid = 1
mail_location = maildir:~/Maildir
mail_fsync = never
mail_max_userip_connections = 100
passdb {
  driver = static
  args = password={PLAIN}%[7]s
}
userdb {
  driver = static
  args = uid=%[2]s gid=%[3]s home=%[1]s/mail/%%u
}
protocol pop3 {
  pop3_uidl_format = %%08Xu%%08Xv
  pop3_no_flag_updates = yes
}
service pop3-login {
  chroot =
  inet_listener pop3 {
    port = %[6]d
  }
}
`

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// await waits until the server greets.
func (d *dovecot) await(t *testing.T, log func() string) {
	t.Helper()
	end := time.Now().Add(20 * time.Second)
	for time.Now().Before(end) {
		c, err := net.Dial("tcp", fmt.Sprint("127.0.0.1:", d.port))
		if err == nil {
			c.SetReadDeadline(end)
			n, _ := c.Read(make([]byte, 3))
			c.Close()
			if n > 0 {
				return
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("Dovecot does not start:\n%s", log())
}

// fill puts n messages into the mailbox and gives the hashes of their octets
// as they go over the wire.
func (d *dovecot) fill(t *testing.T, n int) map[archive.ID]bool {
	t.Helper()
	rnd := rand.New(rand.NewSource(1))
	want := map[archive.ID]bool{}
	for i := range n {
		var b strings.Builder
		fmt.Fprintf(&b, "Message-ID: <%d@made.example>\nFrom: Anna <anna@made.example>\nSubject: number %d\n\n", i, i)
		for range rnd.Intn(60) {
			b.WriteString([]string{"", ".", "..", ".dots first", "Grüße", "a line of some words, as mail has them"}[rnd.Intn(6)])
			b.WriteByte('\n')
		}
		name := filepath.Join(d.maildir, "new", fmt.Sprintf("1700000000.%06d.made", i))
		if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		want[sha256.Sum256([]byte(strings.ReplaceAll(b.String(), "\n", "\r\n")))] = true
	}
	d.own(t)
	return want
}

// own gives all mail to the user whom Dovecot runs as.
func (d *dovecot) own(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		return
	}
	err := filepath.WalkDir(filepath.Dir(d.maildir), func(p string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(p, d.uid, -1)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (d *dovecot) source(t *testing.T) *Source {
	t.Helper()
	s, err := New(t.Context(), Account{
		Host: "127.0.0.1", Port: d.port, User: "anna",
		Wire:   wire.Options{Security: wire.Plain},
		Secret: password(dovecotPassword),
	}, fetch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// password is a Secret function.
func password(p string) func(context.Context) (auth.Secret, error) {
	return func(context.Context) (auth.Secret, error) { return auth.NewSecret(p) }
}

func openArchive(t *testing.T, dir string) *archive.Writer {
	t.Helper()
	w, err := archive.OpenWriter(t.Context(), dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// TestDovecotEveryOctetOnce fetches 2,000 messages in three runs: one that is
// killed, one that is stopped, and one that comes to its end. Then nothing is
// left to be transferred.
func TestDovecotEveryOctetOnce(t *testing.T) {
	const n = 2000
	d := startDovecot(t)
	want := d.fill(t, n)
	dir := t.TempDir()
	d.killed(t, dir)

	w := openArchive(t, dir)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	seen := 0
	src := d.source(t)
	part, err := fetch.Run(ctx, src, w, fetch.Options{Item: func(fetch.Item) {
		if seen++; seen == 300 {
			stop()
		}
	}})
	if !errors.Is(err, context.Canceled) || part.Seen < 300 || part.Seen > 310 {
		t.Fatalf("stopped on the way: %+v, %v", part, err)
	}
	rest := carry(t, d.source(t), w)
	if rest.Listed != n || rest.Known < 300 || rest.Known+rest.Stored+rest.Duplicate != n {
		t.Errorf("going on after %d: %+v", part.Seen, rest)
	}
	got := 0
	for e, err := range w.List(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if got++; !want[e.ID] {
			t.Errorf("%s: no such octets were sent", e.ID)
		}
	}
	if got != n {
		t.Errorf("%d messages, want %d", got, n)
	}
	src = d.source(t)
	again := carry(t, src, w)
	if again.Listed != n || again.Known != n || again.Seen != 0 {
		t.Errorf("nothing new: %+v", again)
	}
	// LIST and UIDL of 2,000 lines: no message can be in it.
	if s := src.Session(); s.Received > 80_000 || s.Sent > 200 || !s.Pipelining {
		t.Errorf("nothing new: %+v", s)
	}
}

// killed lets a process of its own fetch into dir and kills it on the way.
func (d *dovecot) killed(t *testing.T, dir string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^TestFetchUntilKilled$")
	cmd.Env = append(os.Environ(), fmt.Sprint("LOSTPOST_TEST_PORT=", d.port), "LOSTPOST_TEST_DIR="+dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if files, _ := os.ReadDir(filepath.Join(dir, "mail", "cur")); len(files) > 200 {
			break
		}
	}
	cmd.Process.Kill()
	if err := cmd.Wait(); err == nil {
		t.Log("it was done before it was killed")
	}
}

// TestFetchUntilKilled is the process of killed.
func TestFetchUntilKilled(t *testing.T) {
	dir := os.Getenv("LOSTPOST_TEST_DIR")
	if dir == "" {
		t.Skip("only for TestDovecotEveryOctetOnce")
	}
	d := &dovecot{}
	d.port, _ = strconv.Atoi(os.Getenv("LOSTPOST_TEST_PORT"))
	carry(t, d.source(t), openArchive(t, dir))
}

// carry is fetch.Run that must not end early.
func carry(t *testing.T, src fetch.Source, w *archive.Writer) fetch.Report {
	t.Helper()
	rep, err := fetch.Run(t.Context(), src, w, fetch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

func TestDovecotHoldsTheContract(t *testing.T) {
	d := startDovecot(t)
	d.fill(t, 30)
	fetchtest.Run(t, func(t *testing.T) fetch.Source { return d.source(t) })
}
