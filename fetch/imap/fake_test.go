package imap

import (
	"bufio"
	"bytes"
	"compress/flate"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"lostpost/archive"
	"lostpost/fetch"
	"lostpost/fetch/wire"
)

// A fake is a scripted IMAP server over loopback. Without faults it is correct;
// each fault is one function that takes the place of a correct answer.
type fake struct {
	caps  string
	boxes []*fakeBox
	acc   Account

	greet func(c *fakeConn)                                           // in place of the greeting
	login func(c *fakeConn, tag, args string) bool                    // true: answered
	list  func(c *fakeConn, tag string) bool                          // of LIST
	exam  func(c *fakeConn, tag string, b *fakeBox) bool              // of EXAMINE
	fetch func(c *fakeConn, tag string, m *fakeMail) bool             // of one message of UID FETCH; false: sent as usual
	part  func(c *fakeConn, tag string, m *fakeMail, from int) bool   // of a part of a message; true: answered
	after func(c *fakeConn, tag string, uids []uint32) bool           // in place of OK to UID FETCH
	find  func(c *fakeConn, tag string, b *fakeBox, args string) bool // of UID SEARCH

	labels     map[uint32]string // X-GM-LABELS by UID
	noCompress bool              // NO to COMPRESS
	fails      string            // BAD to this command
	noFlags    bool              // NO to UID FETCH without bodies
	days       uint64            // since the test began
	wrongSizes bool              // RFC822.SIZE is an estimate

	line func(c *fakeConn, line string) bool // of any command; true: answered

	wrap func(n int, c net.Conn) net.Conn // around connection n, from 1

	mu    sync.Mutex
	conns int
	lines []string // commands of all connections
	sent  map[uint32]int
}

type fakeBox struct {
	name     string // as it goes over the wire, quoted if need be
	attrs    string
	validity uint32
	mails    []*fakeMail
	modseq   uint64 // HIGHESTMODSEQ, 0: none
}

type fakeMail struct {
	uid   uint32
	flags string
	date  string
	text  string

	modseq uint64 // of the last change
}

type fakeConn struct {
	net.Conn
	f   *fake
	r   *bufio.Reader
	n   int // number of the connection, from 1
	box *fakeBox
}

const fakeDate = `"04-Mar-2025 10:11:12 +0100"`

// mails makes messages with the UIDs 1 to n.
func mails(n int) []*fakeMail {
	var out []*fakeMail
	for i := 1; i <= n; i++ {
		text := fmt.Sprintf("From: ada@example.org\r\nSubject: letter %d\r\n\r\n%s\r\n", i, strings.Repeat("text ", i*7))
		out = append(out, &fakeMail{uid: uint32(i), flags: `\Seen`, date: fakeDate, text: text})
	}
	return out
}

// newFake starts a server with one mailbox of n messages.
func newFake(t testing.TB, n int) *fake {
	t.Helper()
	f := &fake{
		caps:  "IMAP4rev1 SASL-IR AUTH=PLAIN",
		boxes: []*fakeBox{{name: "INBOX", validity: 7, mails: mails(n)}},
		sent:  map[uint32]int{},
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.acc = Account{
		Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, User: "ada@example.org", Secret: password("open sesame"),
		Wire: wire.Options{Security: wire.Plain, Idle: 2 * time.Second},
	}
	var wg sync.WaitGroup
	t.Cleanup(func() {
		l.Close()
		wg.Wait()
	})
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			f.mu.Lock()
			f.conns++
			c := &fakeConn{Conn: conn, f: f, r: bufio.NewReader(conn), n: f.conns}
			f.mu.Unlock()
			if f.wrap != nil {
				c.Conn = f.wrap(c.n, conn)
			}
			wg.Go(func() {
				defer conn.Close()
				c.serve()
			})
		}
	})
	return f
}

// deflating compresses what a fake says.
type deflating struct {
	net.Conn
	w *flate.Writer
}

func (d *deflating) Write(p []byte) (int, error) {
	n, err := d.w.Write(p)
	if err == nil {
		err = d.w.Flush()
	}
	return n, err
}

func (c *fakeConn) say(format string, args ...any) {
	fmt.Fprintf(c, format, args...)
}

// hangUp ends the connection and the goroutine that serves it.
func (c *fakeConn) hangUp() {
	c.Close()
	panic(errHangUp)
}

var errHangUp = fmt.Errorf("the script hangs up")

func (c *fakeConn) serve() {
	defer func() {
		if p := recover(); p != nil && p != errHangUp {
			panic(p)
		}
	}()
	if c.f.greet != nil {
		c.f.greet(c)
	} else {
		c.say("* OK [CAPABILITY %s] ready\r\n", c.f.caps)
	}
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		c.f.mu.Lock()
		c.f.lines = append(c.f.lines, line)
		c.f.mu.Unlock()
		if c.f.line != nil && c.f.line(c, line) {
			continue
		}
		tag, rest, _ := strings.Cut(line, " ")
		if !c.command(tag, rest) {
			return
		}
	}
}

// command answers one command; false ends the connection.
func (c *fakeConn) command(tag, rest string) bool {
	f := c.f
	name, args, _ := strings.Cut(rest, " ")
	if name == "UID" {
		sub, more, _ := strings.Cut(args, " ")
		name, args = "UID "+sub, more
	}
	if name == f.fails {
		c.say("%s BAD no such command\r\n", tag)
		return true
	}
	switch name {
	case "CAPABILITY":
		c.say("* CAPABILITY %s\r\n", f.caps)
	case "LOGIN", "AUTHENTICATE":
		if f.login != nil && f.login(c, tag, args) {
			return true
		}
	case "LIST":
		if f.list != nil && f.list(c, tag) {
			return true
		}
		for _, b := range f.boxes {
			c.say("* LIST (%s) \"/\" %s\r\n", b.attrs, b.name)
		}
	case "STATUS":
		if b := f.box(args); b != nil {
			modseq := ""
			if b.modseq != 0 && strings.Contains(args, "HIGHESTMODSEQ") {
				modseq = fmt.Sprintf(" HIGHESTMODSEQ %d", b.modseq)
			}
			c.say("* STATUS %s (MESSAGES %d UIDNEXT %d UIDVALIDITY %d%s)\r\n", b.name, len(b.mails), b.next(), b.validity, modseq)
		}
	case "EXAMINE":
		b := f.box(args)
		if f.exam != nil && f.exam(c, tag, b) {
			return true
		}
		if b == nil {
			c.say("%s NO no such mailbox\r\n", tag)
			return true
		}
		c.box = b
		c.say("* %d EXISTS\r\n* OK [UIDVALIDITY %d] ok\r\n* OK [UIDNEXT %d] ok\r\n", len(b.mails), b.validity, b.next())
		if b.modseq != 0 {
			c.say("* OK [HIGHESTMODSEQ %d] ok\r\n", b.modseq)
		}
	case "UID SEARCH":
		if c.box == nil {
			c.say("%s BAD no mailbox is open\r\n", tag)
			return true
		}
		if f.find != nil && f.find(c, tag, c.box, args) {
			return true
		}
		c.search(args)
	case "UID FETCH":
		return c.fetch(tag, args)
	case "COMPRESS":
		if f.noCompress {
			c.say("%s NO [COMPRESSIONACTIVE] it is\r\n", tag)
			return true
		}
		// The answer and the first compressed octets come together.
		var both bytes.Buffer
		fmt.Fprintf(&both, "%s OK from now on\r\n", tag)
		w, err := flate.NewWriter(&both, flate.BestSpeed)
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(w, "* OK compressed\r\n")
		w.Flush()
		c.Write(both.Bytes())
		c.r = bufio.NewReader(flate.NewReader(c.r))
		w.Reset(c.Conn)
		c.Conn = &deflating{c.Conn, w} // blocks of one stream, as before a Flush
		return true
	case "LOGOUT":
		c.say("* BYE\r\n%s OK\r\n", tag)
		return false
	case "APPEND":
		c.say("%s BAD no such command\r\n", tag)
		return true
	case "SELECT", "STORE", "EXPUNGE", "CLOSE", "UID STORE", "UID EXPUNGE":
		panic("a command that changes the mailbox: " + name)
	}
	c.say("%s OK done\r\n", tag)
	return true
}

func (f *fake) box(args string) *fakeBox {
	for _, b := range f.boxes {
		if strings.HasPrefix(args, b.name) || strings.HasPrefix(args, strconv.Quote(b.name)) {
			return b
		}
	}
	return nil
}

func (b *fakeBox) next() uint32 {
	if len(b.mails) == 0 {
		return 1
	}
	return b.mails[len(b.mails)-1].uid + 1
}

func (c *fakeConn) search(args string) {
	set := uidSet{{1, 1<<32 - 1}}
	if s, ok := strings.CutPrefix(args, "UID "); ok {
		set = nil
		if err := set.parse(s); err != nil {
			panic(err)
		}
	}
	c.say("* SEARCH")
	for _, m := range c.box.mails {
		if set.has(m.uid) {
			c.say(" %d", m.uid)
		}
	}
	c.say("\r\n")
}

func (c *fakeConn) fetch(tag, args string) bool {
	text, items, _ := strings.Cut(args, " ")
	var set uidSet
	if err := set.parse(strings.ReplaceAll(text, "*", "4294967295")); err != nil {
		panic(err)
	}
	set = set.sorted()
	if c.f.noFlags && !strings.Contains(items, "BODY.PEEK[]") {
		c.say("%s NO not now\r\n", tag)
		return true
	}
	var uids []uint32
	for _, m := range c.box.mails {
		if !set.has(m.uid) {
			continue
		}
		uids = append(uids, m.uid)
		if _, text, ok := strings.Cut(items, "BODY.PEEK[]<"); ok {
			var from, n int
			if _, err := fmt.Sscanf(text, "%d.%d>", &from, &n); err != nil {
				panic(err)
			}
			if c.f.part != nil && c.f.part(c, tag, m, from) {
				return true
			}
			c.say("* %d FETCH (BODY[]<%d> {%d}\r\n%s UID %d)\r\n", c.seq(m), from, min(n, len(m.text)-from), m.text[from:min(from+n, len(m.text))], m.uid)
			continue
		}
		if !strings.Contains(items, "BODY.PEEK[]") {
			if _, since, ok := strings.Cut(items, "CHANGEDSINCE "); ok {
				n, err := strconv.ParseUint(strings.TrimSuffix(since, ")"), 10, 64)
				if err != nil {
					panic(err)
				}
				if m.modseq <= n {
					continue
				}
			}
			more := ""
			if strings.Contains(items, "RFC822.SIZE") {
				size := len(m.text)
				if c.f.wrongSizes {
					size += 100
				}
				more = fmt.Sprintf(" INTERNALDATE %s RFC822.SIZE %d", m.date, size)
			}
			if strings.Contains(items, "X-GM-LABELS") {
				more += fmt.Sprintf(" X-GM-LABELS (%s)", c.f.labels[m.uid])
			}
			c.say("* %d FETCH (UID %d FLAGS (%s)%s)\r\n", c.seq(m), m.uid, m.flags, more)
			continue
		}
		c.f.mu.Lock()
		c.f.sent[m.uid]++
		c.f.mu.Unlock()
		if c.f.fetch == nil || !c.f.fetch(c, tag, m) {
			c.send(m)
		}
	}
	if c.f.after == nil || !c.f.after(c, tag, uids) {
		c.say("%s OK fetched\r\n", tag)
	}
	return true
}

func (c *fakeConn) seq(m *fakeMail) int { return slices.Index(c.box.mails, m) + 1 }

// send answers as a good server does.
func (c *fakeConn) send(m *fakeMail) {
	c.say("* %d FETCH (UID %d FLAGS (%s) INTERNALDATE %s RFC822.SIZE %d BODY[] {%d}\r\n%s)\r\n",
		c.seq(m), m.uid, m.flags, m.date, len(m.text), len(m.text), m.text)
}

// bodies is how often octets were asked for.
func (f *fake) bodies() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, k := range f.sent {
		n += k
	}
	return n
}

// holds checks that the archive has every message of the server but those
// named, byte for byte, under their origins.
func (f *fake) holds(t *testing.T, dir string, but ...uint32) {
	t.Helper()
	have := map[string][32]byte{}
	w, err := archive.OpenWriter(t.Context(), dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	acc := f.account()
	st := w.Source(acc.place())
	for _, b := range f.boxes {
		for _, m := range b.mails {
			origin := fmt.Sprintf("%s%s;uidvalidity=%d/;uid=%d", f.acc.place(), escapePath(decodeName(strings.Trim(b.name, `"`))), b.validity, m.uid)
			id, ok := st.Known(origin)
			if ok == slices.Contains(but, m.uid) {
				t.Errorf("%s: known %v", origin, ok)
				continue
			}
			if ok && id != archive.ID(sha256.Sum256([]byte(m.text))) {
				t.Errorf("%s: other octets were stored", origin)
			}
			have[origin] = id
		}
	}
}

// account gives the account, and makes the faults that the test has set known
// to the connections that come after it.
func (f *fake) account() Account {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.acc
}

// scratch is a folder for an archive, in memory where the system has that:
// there are a hundred archives in these tests, and syncing them takes longer
// than all the rest.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "lostpost-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// drive fetches, with a deadline.
func drive(t *testing.T, f *fake, dir string) (fetch.Report, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	w, err := archive.OpenWriter(ctx, dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	src, err := New(ctx, f.account(), fetch.Options{})
	if err != nil {
		return fetch.Report{}, err
	}
	defer src.Close()
	src.(*source).pause = time.Millisecond
	src.(*source).day += f.days
	return fetch.Run(ctx, src, w, fetch.Options{})
}

// plain decodes what AUTHENTICATE PLAIN sends.
func plain(args string) string {
	_, b64, _ := strings.Cut(args, " ")
	b, err := base64.StdEncoding.DecodeString(b64)
	if err != nil {
		return ""
	}
	return strings.ReplaceAll(string(b), "\x00", "|")
}
