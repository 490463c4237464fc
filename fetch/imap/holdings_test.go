package imap

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"lostpost/archive"
)

// count puts itself between a client and the server of acc, and gives how often
// the client sends each command.
func count(t *testing.T, acc *Account) func(name string) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := fmt.Sprintf("127.0.0.1:%d", acc.Port)
	acc.Port = l.Addr().(*net.TCPAddr).Port
	var mu sync.Mutex
	var lines []string
	var wg sync.WaitGroup
	t.Cleanup(func() {
		l.Close()
		wg.Wait()
	})
	wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			conn, err := net.Dial("tcp", server)
			if err != nil {
				t.Error(err)
				return
			}
			wg.Go(func() {
				defer client.Close()
				io.Copy(client, conn)
			})
			wg.Go(func() {
				defer conn.Close()
				r := bufio.NewReader(client)
				for {
					line, err := r.ReadString('\n')
					mu.Lock()
					lines = append(lines, line)
					mu.Unlock()
					if _, werr := io.WriteString(conn, line); err != nil || werr != nil {
						return
					}
				}
			})
		}
	})
	return func(name string) int {
		mu.Lock()
		defer mu.Unlock()
		n := 0
		for _, line := range lines {
			if _, cmd, _ := strings.Cut(line, " "); strings.HasPrefix(cmd, name) {
				n++
			}
		}
		return n
	}
}

// TestRestoreAsksOnce: a search for each message took 26 s for 5,197 of them.
func TestRestoreAsksOnce(t *testing.T) {
	acc := newMemory(t)
	texts := map[string]archive.Meta{}
	for i := range 40 {
		m := archive.Meta{}
		if i%4 == 0 {
			m.Mailbox = "Lists"
		}
		texts[fmt.Sprintf("Message-ID: <%d@example.org>\n\n%d\n", i, i)] = m
	}
	a := letters(t, texts)
	if n := restore(t, a, acc); n != 40 {
		t.Fatalf("%d appended", n)
	}
	commands := count(t, &acc)
	if n := restore(t, a, acc); n != 0 {
		t.Errorf("%d appended a second time", n)
	}
	for name, want := range map[string]int{"UID SEARCH": 0, "UID FETCH 1:* ": 2, "UID FETCH": 2 + 40, "APPEND": 0} {
		if got := commands(name); got != want {
			t.Errorf("%d times %s, want %d", got, name, want)
		}
	}
}

// TestRestoreTwiceInOneSession: what was put there a moment ago is there.
func TestRestoreTwiceInOneSession(t *testing.T) {
	acc := newMemory(t)
	a := letters(t, map[string]archive.Meta{"Message-ID: <1@example.org>\n\nx\n": {}, "Subject: no id\n\nx\n": {}})
	s, err := NewSession(t.Context(), acc)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i, mailbox := range []string{"", "New", "", "New"} {
		for e, err := range a.List(t.Context(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			f, err := a.Get(t.Context(), e.ID)
			if err != nil {
				t.Fatal(err)
			}
			if done, err := s.Append(t.Context(), mailbox, f); err != nil || done != (i < 2) {
				t.Errorf("mailbox %q: appended %v, %v", mailbox, done, err)
			}
			f.Close()
		}
	}
}

func TestHoldingsRead(t *testing.T) {
	const field = "Message-ID: <a@example.org>\r\n\r\n"
	lit := fmt.Sprintf("{%d}\r\n%s", len(field), field)
	for _, tt := range []struct {
		name, answer string
		want         []uint64 // keys
	}{
		{"as asked", "(UID 7 RFC822.SIZE 99 BODY[HEADER.FIELDS (MESSAGE-ID)] " + lit + ")\r\n", []uint64{idKey("<a@example.org>"), sizeKey(99)}},
		{"quoted name, other order", `(BODY[HEADER.FIELDS ("Message-Id")] ` + lit + " UID 7)\r\n", []uint64{idKey("<a@example.org>")}},
		{"folded", "(UID 7 BODY[HEADER.FIELDS (MESSAGE-ID)] {33}\r\nMessage-ID:\r\n <a@example.org>\r\n\r\n)\r\n", []uint64{idKey("<a@example.org>")}},
		{"no such field", "(UID 7 RFC822.SIZE 99 BODY[HEADER.FIELDS (MESSAGE-ID)] {2}\r\n\r\n)\r\n", []uint64{sizeKey(99)}},
		{"NIL", "(UID 7 RFC822.SIZE 99 BODY[HEADER.FIELDS (MESSAGE-ID)] NIL)\r\n", []uint64{sizeKey(99)}},
		{"an id with spaces", "(UID 7 RFC822.SIZE 99 BODY[HEADER.FIELDS (MESSAGE-ID)] \"Message-ID: <a b>\")\r\n", []uint64{sizeKey(99)}},
		{"flags of a message that changed", "(UID 7 FLAGS (\\Seen))\r\n", nil},
		{"no UID", "(RFC822.SIZE 99)\r\n", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var h holdings
			f := &fetchReader{s: newScanner(strings.NewReader(tt.answer))}
			if err := f.start(); err != nil {
				t.Fatal(err)
			}
			if err := h.read(f); err != nil {
				t.Fatal(err)
			}
			var got []uint64
			for _, e := range h.entries {
				if e.uid != 7 {
					t.Errorf("uid %d", e.uid)
				}
				got = append(got, e.key)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %x, want %x", got, tt.want)
			}
		})
	}
}
