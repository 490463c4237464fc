package imap

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
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

// dovecot serves a Maildir over loopback: each connection gets the imap program
// of an installed Dovecot behind it, without root and without a daemon.
type dovecot struct {
	dir  string // the Maildir
	conf string
	acc  Account
}

func newDovecot(t testing.TB) *dovecot {
	t.Helper()
	doveadm, err := exec.LookPath("doveadm")
	if err != nil {
		t.Skip("dovecot is not installed (Debian: dovecot-imapd)")
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "lpdove") // a short path: socket names are limited
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	d := &dovecot{dir: filepath.Join(dir, "mail"), conf: filepath.Join(dir, "dovecot.conf")}
	owner := me.Username
	if me.Uid == "0" {
		owner = "nobody" // Dovecot gives root no mail
	}
	for _, sub := range []string{"run", "mail", "mail/cur", "mail/new", "mail/tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	conf := fmt.Sprintf(`protocols = imap
base_dir = %[1]s/run
state_dir = %[1]s/run
ssl = no
mail_location = maildir:%[1]s/mail
mail_uid = %[2]s
mail_gid = %[3]s
default_internal_user = %[4]s
default_internal_group = %[5]s
default_login_user = %[4]s
first_valid_uid = 0
first_valid_gid = 0
namespace inbox {
  inbox = yes
  separator = /
  mailbox Drafts {
    special_use = \Drafts
    auto = create
  }
}
`, dir, owner, group(t, owner), me.Username, group(t, me.Username))
	if err := os.WriteFile(d.conf, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	d.own(t)
	d.acc = Account{User: "post", Wire: wire.Options{Security: wire.Plain}, Secret: password("unused")}
	d.listen(t, doveadm)
	return d
}

func group(t testing.TB, name string) string {
	t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	g, err := user.LookupGroupId(u.Gid)
	if err != nil {
		t.Fatal(err)
	}
	return g.Name
}

// own gives the mail to the user whom Dovecot reads it as.
func (d *dovecot) own(t testing.TB) {
	t.Helper()
	if os.Getuid() != 0 {
		return
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	err = filepath.WalkDir(d.dir, func(p string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(p, uid, gid)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (d *dovecot) listen(t testing.TB, doveadm string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	d.acc.Host, d.acc.Port = "127.0.0.1", l.Addr().(*net.TCPAddr).Port
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			cmd := exec.Command(doveadm, "-c", d.conf, "exec", "imap")
			cmd.Env = append(os.Environ(), "USER=post", "HOME="+d.dir)
			cmd.Stdin, cmd.Stdout = conn, conn // over pipes: it refuses a socket
			go func() {
				cmd.Run()
				conn.Close()
			}()
		}
	}()
}

// fill puts n messages into a mailbox and gives the octets that the server
// sends for each.
func (d *dovecot) fill(t testing.TB, folder string, n int, seed uint64) map[[32]byte]bool {
	t.Helper()
	dir := d.dir
	if folder != "" {
		dir = filepath.Join(d.dir, "."+folder)
	}
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	rnd := rand.New(rand.NewPCG(seed, seed))
	sums := map[[32]byte]bool{}
	for i := range n {
		text := letter(rnd, folder, i)
		name := filepath.Join(dir, "cur", fmt.Sprintf("%d.%d.example:2,S", 1700000000+i, seed))
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
		arrived := time.Unix(1700000000+int64(i), 0)
		if err := os.Chtimes(name, arrived, arrived); err != nil {
			t.Fatal(err)
		}
		sums[sha256.Sum256(bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")))] = true
	}
	d.own(t)
	return sums
}

// letter makes a message with LF line ends.
func letter(rnd *rand.Rand, folder string, i int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: Ada <ada@example.org>\nTo: bob@example.org\nSubject: letter %d\nMessage-ID: <%s.%d.%d@example.org>\n"+
		"Date: Tue, 04 Mar 2025 10:11:12 +0100\n\n", i, folder, i, rnd.Uint32())
	for range rnd.IntN(300) {
		fmt.Fprintf(&b, "%x a line of text that means nothing at all\n", rnd.Uint64())
	}
	return b.Bytes()
}

func password(s string) func(context.Context) (auth.Secret, error) {
	return func(context.Context) (auth.Secret, error) { return auth.NewSecret(s) }
}

// run fetches an account into the archive in dir.
func run(t testing.TB, acc Account, dir string) (fetch.Report, error) {
	t.Helper()
	w, err := archive.OpenWriter(t.Context(), dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	src, err := New(t.Context(), acc, fetch.Options{})
	if err != nil {
		return fetch.Report{}, err
	}
	defer src.Close()
	return fetch.Run(t.Context(), src, w, fetch.Options{})
}

// stored gives the SHA-256 of every message of the archive as it lies on disk,
// with the mailboxes it is in.
func stored(t testing.TB, dir string) map[[32]byte][]archive.Meta {
	t.Helper()
	a, err := archive.Open(dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	out := map[[32]byte][]archive.Meta{}
	for e, err := range a.List(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		f, err := a.Get(t.Context(), e.ID)
		if err != nil {
			t.Fatal(err)
		}
		h := sha256.New()
		if _, err := io.Copy(h, io.NewSectionReader(f, 0, f.Size)); err != nil {
			t.Fatal(err)
		}
		f.Close()
		out[[32]byte(h.Sum(nil))] = e.Places
	}
	return out
}

func TestDovecotWholeAccount(t *testing.T) {
	d := newDovecot(t)
	truth := map[string]map[[32]byte]bool{
		"":         d.fill(t, "", 1600, 1),
		"Sent":     d.fill(t, "Sent", 300, 2),
		"Entwürfe": d.fill(t, "Entw&APw-rfe", 100, 3),
	}
	dir := t.TempDir()
	start := time.Now()
	rep, err := run(t, d.acc, dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("2,000 messages, %d octets: %v", rep.Bytes, time.Since(start))
	if rep.Listed != 2000 || rep.Known != 0 || rep.Stored != 2000 || rep.Failed != 0 {
		t.Errorf("first run: %+v", rep)
	}
	have := stored(t, dir)
	for mailbox, sums := range truth {
		for sum := range sums {
			places := have[sum]
			if len(places) != 1 || places[0].Mailbox != mailbox {
				t.Errorf("a message of %q is in %v", mailbox, places)
				continue
			}
			if p := places[0]; p.Flags != "S" || !strings.Contains(p.Origin, ";uidvalidity=") {
				t.Errorf("%s: flags %q", p.Origin, p.Flags)
			}
		}
	}

	rep, err = run(t, d.acc, dir)
	if err != nil {
		t.Fatal(err)
	}
	if rep.Listed != 2000 || rep.Known != 2000 || rep.Seen != 0 || rep.Bytes != 0 {
		t.Errorf("second run: %+v", rep)
	}
	for sum := range d.fill(t, "Sent", 3, 4) {
		truth["Sent"][sum] = true
	}
	rep, err = run(t, d.acc, dir)
	if err != nil {
		t.Fatal(err)
	}
	if rep.Listed != 2003 || rep.Known != 2000 || rep.Stored != 3 {
		t.Errorf("third run: %+v", rep)
	}
}

// TestDovecotRunIsStopped ends the context of a run and checks that the next
// ones take up what is left, and nothing twice.
func TestDovecotRunIsStopped(t *testing.T) {
	d := newDovecot(t)
	sums := d.fill(t, "", 600, 5)
	dir := t.TempDir()
	for stop := range 3 {
		w, err := archive.OpenWriter(t.Context(), dir, archive.Options{})
		if err != nil {
			t.Fatal(err)
		}
		src, err := New(t.Context(), d.acc, fetch.Options{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		rep, err := fetch.Run(ctx, src, w, fetch.Options{Item: func(fetch.Item) {
			if n++; n == 150 {
				cancel()
			}
		}})
		cancel()
		if stop < 3 && err == nil {
			t.Errorf("run %d was not stopped: %+v", stop, rep)
		}
		if rep.Stored != 150 || rep.Duplicate != 0 {
			t.Errorf("run %d: %+v", stop, rep)
		}
		src.Close()
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	rep, err := run(t, d.acc, dir)
	if err != nil || rep.Listed != 600 || rep.Known != 450 || rep.Stored != 150 {
		t.Errorf("last run: %+v, %v", rep, err)
	}
	have := stored(t, dir)
	for sum := range sums {
		if len(have[sum]) != 1 {
			t.Errorf("a message is in %v", have[sum])
		}
	}
}

// TestMain is the fetch that TestDovecotRunIsKilled kills, when told so.
func TestMain(m *testing.M) {
	dir, port := os.Getenv("LOSTPOST_TEST_FETCH_TO"), os.Getenv("LOSTPOST_TEST_FETCH_FROM")
	if dir == "" {
		os.Exit(m.Run())
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	w, err := archive.OpenWriter(ctx, dir, archive.Options{})
	if err != nil {
		panic(err)
	}
	src, err := New(ctx, Account{Host: "127.0.0.1", Port: n, User: "post", Secret: password("unused"), Wire: wire.Options{Security: wire.Plain}}, fetch.Options{})
	if err != nil {
		panic(err)
	}
	left, err := strconv.Atoi(os.Getenv("LOSTPOST_TEST_FETCH_ITEMS"))
	if err != nil {
		panic(err)
	}
	_, err = fetch.Run(ctx, src, w, fetch.Options{Item: func(fetch.Item) {
		if left--; left == 100 {
			if err := w.Commit(ctx); err != nil {
				panic(err)
			}
		}
		if left == 0 {
			me, err := os.FindProcess(os.Getpid())
			if err == nil {
				me.Kill()
			}
			select {}
		}
	}})
	panic(err) // was to be killed
}

// TestDovecotRunIsKilled kills runs. The last one goes on
// from the last commit, and nothing is there twice.
func TestDovecotRunIsKilled(t *testing.T) {
	d := newDovecot(t)
	sums := d.fill(t, "", 1200, 8)
	dir := t.TempDir()
	for _, items := range []string{"1", "500", "600"} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "LOSTPOST_TEST_FETCH_TO="+dir, "LOSTPOST_TEST_FETCH_FROM="+strconv.Itoa(d.acc.Port), "LOSTPOST_TEST_FETCH_ITEMS="+items)
		var exit *exec.ExitError
		if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != -1 {
			t.Fatalf("the run ends with %v, and was to be killed", err)
		}
	}
	rep, err := run(t, d.acc, dir)
	if err != nil || rep.Listed != 1200 || rep.Known+rep.Duplicate+rep.Stored != 1200 || rep.Known < 900 {
		t.Errorf("last run: %+v, %v", rep, err)
	}
	t.Logf("%d were known, %d came again, %d were new", rep.Known, rep.Duplicate, rep.Stored)
	have := stored(t, dir)
	if len(have) != 1200 {
		t.Errorf("%d messages are there", len(have))
	}
	for sum := range sums {
		if len(have[sum]) != 1 {
			t.Errorf("a message is in %v", have[sum])
		}
	}
}

func TestDovecotSourceContract(t *testing.T) {
	d := newDovecot(t)
	d.fill(t, "", 5, 6)
	d.fill(t, "Lists", 3, 7)
	fetchtest.Run(t, func(t *testing.T) fetch.Source {
		src, err := New(t.Context(), d.acc, fetch.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return src
	})
}
