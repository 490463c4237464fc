package imap

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"lostpost/archive"
	"lostpost/fetch"
	"lostpost/fetch/wire"
)

// newMemory starts go-imap's server in memory, with an empty INBOX.
func newMemory(t *testing.T) Account {
	t.Helper()
	user := imapmemserver.NewUser("anna", "open sesame")
	if err := user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	mem := imapmemserver.New()
	mem.AddUser(user)
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		Caps:         imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIMAP4rev2: {}},
		InsecureAuth: true,
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	return Account{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, User: "anna", Secret: password("open sesame"),
		Wire: wire.Options{Security: wire.Plain, Idle: 10 * time.Second}}
}

// letters puts messages into an archive and gives it for reading.
func letters(t *testing.T, texts map[string]archive.Meta) *archive.Archive {
	t.Helper()
	dir := scratch(t)
	w, err := archive.OpenWriter(t.Context(), dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for text, m := range texts {
		if _, err := w.Add(t.Context(), m, strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	a, err := archive.Open(dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// restore appends every message of a to its mailbox, and counts what was.
func restore(t *testing.T, a *archive.Archive, acc Account) (appended int) {
	t.Helper()
	s, err := NewSession(t.Context(), acc)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	for e, err := range a.List(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		f, err := a.Get(t.Context(), e.ID)
		if err != nil {
			t.Fatal(err)
		}
		done, err := s.Append(t.Context(), e.Places[0].Mailbox, f)
		if err != nil {
			t.Errorf("%s: %v", e.Places[0].Mailbox, err)
		}
		if done {
			appended++
		}
		f.Close()
	}
	return appended
}

var received = time.Date(2021, 5, 6, 7, 8, 9, 0, time.UTC)

// someLetters are messages with every peculiarity that restoring must keep.
func someLetters() map[string]archive.Meta {
	return map[string]archive.Meta{
		"Message-ID: <1@example.org>\nSubject: lf\n\none\ntwo\n":      {Flags: "S", Received: received},
		"Message-ID: <2@example.org>\r\nSubject: crlf\r\n\r\none\r\n": {Flags: "FRS", Received: received, Traits: []string{"keyword:$Label1", "keyword:no atom"}},
		"Subject: no id\n\n": {Mailbox: "Entwürfe/alt & neu", Flags: "D", Received: received},
		"Message-ID: <1@example.org>\nSubject: same id\n\nother text\n":           {Received: received},
		"Message-ID: \"odd\\\" id\r\nSubject: x\n\nno last line end":              {Mailbox: "Entwürfe/alt & neu"},
		"Message-ID: <big@example.org>\n\n" + strings.Repeat("0123456789\n", 3e5): {Mailbox: "Large"},
		"Subject: \xe4\xf6\n\n8-bit \xff, bare \r cr\n":                           {Mailbox: "Large", Flags: "P"},
	}
}

func testRestore(t *testing.T, acc Account) {
	a := letters(t, someLetters())
	if n := restore(t, a, acc); n != 7 {
		t.Errorf("%d messages were appended, want 7", n)
	}
	if n := restore(t, a, acc); n != 0 {
		t.Errorf("%d messages were appended a second time", n)
	}
	// Back into another archive: the same messages, dates, flags, mailboxes.
	dir := scratch(t)
	rep, err := run(t, acc, dir)
	if err != nil || rep.Listed != 7 || rep.Stored != 7 {
		t.Fatalf("%+v, %v", rep, err)
	}
	back := stored(t, dir)
	for text, m := range someLetters() {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
		places := back[sha256.Sum256([]byte(text))]
		if len(places) != 1 {
			t.Errorf("%.40q does not come back", text)
			continue
		}
		p := places[0]
		if p.Mailbox != m.Mailbox || p.Flags != m.Flags || !m.Received.IsZero() && !p.Received.Equal(m.Received) {
			t.Errorf("%.40q comes back as %+v", text, p)
		}
		if slices.Contains(m.Traits, "keyword:$Label1") != slices.ContainsFunc(p.Traits, func(s string) bool { return strings.EqualFold(s, "keyword:$Label1") }) {
			t.Errorf("%.40q comes back with %q", text, p.Traits)
		}
	}
}

func TestRestoreToDovecot(t *testing.T) { testRestore(t, newDovecot(t).acc) }

func TestRestoreToMemory(t *testing.T) { testRestore(t, newMemory(t)) }

func TestAppendOnce(t *testing.T) {
	acc := newMemory(t)
	a := letters(t, map[string]archive.Meta{"Message-ID: <1@example.org>\n\nx\n": {}})
	for e, err := range a.List(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []bool{true, false} {
			f, err := a.Get(t.Context(), e.ID)
			if err != nil {
				t.Fatal(err)
			}
			done, err := Append(t.Context(), acc, "New/Box", f)
			if err != nil || done != want {
				t.Errorf("appended %v, want %v; %v", done, want, err)
			}
			f.Close()
		}
	}
}

// TestAppendToDrafts: the server's own mailbox for drafts is taken under any
// name that people have for it.
func TestAppendToDrafts(t *testing.T) {
	acc := newDovecot(t).acc
	s, err := NewSession(t.Context(), acc)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.drafts == "" {
		t.Fatal("Dovecot has a mailbox for drafts, and it was not noticed")
	}
	for name, want := range map[string]string{"Brouillons": s.drafts, "Drafts": s.drafts, "Work/Drafts": "Work/Drafts", "Sent": "Sent"} {
		if got := s.name(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// TestAppendRefused has a server that takes no message: the session goes on.
func TestAppendRefused(t *testing.T) {
	f := newFake(t, 0)
	a := letters(t, map[string]archive.Meta{"Subject: x\n\nx\n": {}})
	s, err := NewSession(t.Context(), f.account())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for e, err := range a.List(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		file, err := a.Get(t.Context(), e.ID)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		for range 2 {
			done, err := s.Append(t.Context(), "", file)
			var network *fetch.NetError
			if done || err == nil || errors.As(err, &network) || !strings.Contains(err.Error(), "BAD no such command") {
				t.Errorf("appended %v, error %v", done, err)
			}
		}
	}
}

func TestMemoryServer(t *testing.T) {
	acc := newMemory(t)
	texts := map[string]archive.Meta{}
	for i := range 150 {
		m := archive.Meta{}
		if i%3 == 0 {
			m.Mailbox = "Lists/Go"
		}
		texts[fmt.Sprintf("Message-ID: <%d@example.org>\n\n%s\n", i, strings.Repeat("x\n", i))] = m
	}
	if n := restore(t, letters(t, texts), acc); n != 150 {
		t.Fatalf("%d appended", n)
	}
	dir := scratch(t)
	rep, err := run(t, acc, dir)
	if err != nil || rep.Listed != 150 || rep.Stored != 150 {
		t.Errorf("%+v, %v", rep, err)
	}
	rep, err = run(t, acc, dir)
	if err != nil || rep.Listed != 150 || rep.Known != 150 {
		t.Errorf("%+v, %v", rep, err)
	}
	acc.Secret = password("wrong")
	_, err = run(t, acc, dir)
	var refused *fetch.AuthError
	if !errors.As(err, &refused) {
		t.Errorf("error %v", err)
	}
}

// TestAgainstGoIMAP fetches the same mailbox of a Dovecot with go-imap's client
// and compares the octets, flags and dates of each UID.
func TestAgainstGoIMAP(t *testing.T) {
	d := newDovecot(t)
	d.fill(t, "", 60, 11)
	type mail struct {
		sum   [32]byte
		flags archive.Flags
		date  time.Time
	}
	ours := map[imap.UID]mail{}
	src, err := New(t.Context(), d.acc, fetch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	for m, err := range src.Messages(t.Context(), fetch.NoState) {
		if err != nil {
			t.Fatal(err)
		}
		var uid imap.UID
		if _, err := fmt.Sscanf(m.Origin[strings.LastIndex(m.Origin, "=")+1:], "%d", &uid); err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(m.Body)
		if err != nil {
			t.Fatal(err)
		}
		ours[uid] = mail{sha256.Sum256(b), m.Flags, m.Received}
	}

	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", d.acc.Port))
	if err != nil {
		t.Fatal(err)
	}
	c := imapclient.New(conn, nil)
	defer c.Close()
	if _, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		t.Fatal(err)
	}
	whole := &imap.FetchItemBodySection{Peek: true}
	all, err := c.Fetch(imap.UIDSet{{Start: 1, Stop: 0}}, &imap.FetchOptions{UID: true, Flags: true, InternalDate: true,
		BodySection: []*imap.FetchItemBodySection{whole}}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 60 || len(ours) != 60 {
		t.Fatalf("go-imap has %d messages, we have %d", len(all), len(ours))
	}
	for _, m := range all {
		var names []string
		for _, f := range m.Flags {
			names = append(names, string(f))
		}
		flags, _ := flagsOf(names)
		want := mail{sha256.Sum256(m.FindBodySection(whole)), flags, m.InternalDate}
		got := ours[m.UID]
		if got.sum != want.sum || got.flags != want.flags || !got.date.Equal(want.date) {
			t.Errorf("uid %d: got %v, want %v", m.UID, got, want)
		}
	}
}

func TestCRLF(t *testing.T) {
	for in, want := range map[string]string{
		"":             "",
		"a\nb\r\nc\rd": "a\r\nb\r\nc\rd",
		"\n\n":         "\r\n\r\n",
		"\r\r\n":       "\r\r\n",
	} {
		var b bytes.Buffer
		if _, err := io.Copy(&b, newCRLF(strings.NewReader(in))); err != nil || b.String() != want {
			t.Errorf("%q becomes %q, %v", in, b.String(), err)
		}
	}
}

func TestContextEndsSession(t *testing.T) {
	f := newFake(t, 1)
	s, err := NewSession(t.Context(), f.account())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a := letters(t, map[string]archive.Meta{"Subject: x\n\nx\n": {}})
	for e := range a.List(t.Context(), 0) {
		file, err := a.Get(t.Context(), e.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Append(ctx, "", file); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		file.Close()
	}
}
