package imap

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"lostpost/fetch/wire"
)

// reader gives a client that reads text.
func reader(text string) *client {
	c := newClient(new(wire.Conn))
	c.s = newScanner(strings.NewReader(text))
	return c
}

// readAll takes all responses and gives the error at the end.
func readAll(c *client) error {
	for {
		if _, err := c.read(); err != nil {
			return err
		}
	}
}

func TestScanner(t *testing.T) {
	s := newScanner(strings.NewReader("a (b \"c \\\" d\" NIL) {3}\r\nxyz {4} e ~{2}\r\n\x00\n  f(\r\r\ng\n"))
	var got []string
	for {
		tok, err := s.next()
		if err != nil {
			break
		}
		text := tok.text
		if tok.kind == tokLiteral {
			text, _, err = s.text(tok)
			if err != nil {
				t.Fatal(err)
			}
		}
		got = append(got, fmt.Sprintf("%d%s", tok.kind, text))
	}
	want := []string{"3a", "1", "3b", `4c " d`, "3NIL", "2", "5xyz", "3{4}", "3e", "5\x00\n", "3f", "1", "0", "3g", "0"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestResponses(t *testing.T) {
	c := reader("* OK [CAPABILITY IMAP4rev1 IDLE] hi\r\n* LIST (\\Sent) \"/\" {4}\r\nSent (X ({3}\r\n))))\r\n* list () NIL Other\r\n* LIST\r\n" +
		"* STATUS Sent (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 99999999999 X-NEW 5)\r\n* SEARCH 3 1 2 (MODSEQ 5)\r\n* SEARCH\r\n" +
		"* ESEARCH (TAG \"A1\") UID MIN 1 ALL 7:9,12 COUNT 4\r\n* 12 EXISTS\r\n* 3 EXPUNGE\r\n* NAMESPACE ((\"INBOX.\" \".\")) NIL NIL\r\n* BYE see you\r\n")
	if err := readAll(c); err == nil || !strings.Contains(err.Error(), "see you") {
		t.Errorf("the end: %v", err)
	}
	if !c.caps["IDLE"] || c.greeted != "OK" {
		t.Errorf("capabilities %v, greeting %s", c.caps, c.greeted)
	}
	if got := fmt.Sprint(c.list); got != `[{[\Sent] / Sent} {[]  Other}]` {
		t.Errorf("list %s", got)
	}
	if got := c.status["Sent"]; got != (numbers{0, 9, 3, 0, 0}) {
		t.Errorf("status %v", got)
	}
	if got := fmt.Sprint(c.found.sorted()); got != "[{1 3} {7 9} {12 12}]" {
		t.Errorf("found %s", got)
	}
	if c.box.messages != 11 || c.prefix != "INBOX." {
		t.Errorf("messages %d, prefix %q", c.box.messages, c.prefix)
	}
}

// TestLimits has answers without end. They end in an error, and no memory is
// taken by what they announce.
func TestLimits(t *testing.T) {
	for name, text := range map[string]io.Reader{
		"line":           endless("* OK ", "x"),
		"word":           endless("", "x"),
		"quoted":         endless("* LIST () \"/\" \"", "x"),
		"brackets":       endless("* 1 FETCH (X ", "("),
		"flags":          endless("* 1 FETCH (FLAGS (", "x "),
		"item name":      endless("* 1 FETCH (BODY[", "x "),
		"status":         endless("* STATUS x (", "A 1 "),
		"name literal":   strings.NewReader("* LIST () \"/\" {999999999999}\r\nx"),
		"unknown":        endless("* XX ", "y "),
		"search numbers": endless("* SEARCH ", "7 9 "),
		"capabilities":   endless("* CAPABILITY ", "A B "),
		"spaces":         endless("* ", " "),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			c := reader("")
			c.s = newScanner(io.LimitReader(text, 80<<20))
			err := readAll(c)
			if err == nil {
				t.Error("no error")
			}
			runtime.ReadMemStats(&after)
			if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 160<<20 {
				t.Errorf("%d octets are held", grown)
			}
			runtime.KeepAlive(c)
		})
	}
}

// endless repeats a text.
func endless(head, again string) io.Reader {
	return io.MultiReader(strings.NewReader(head), repeat(strings.Repeat(again, 4096)))
}

type repeat string

func (r repeat) Read(p []byte) (int, error) { return copy(p, r), nil }

func TestUIDSets(t *testing.T) {
	var s uidSet
	if err := s.parse("9,1:3,2,4294967295,7:5,0"); err != nil {
		t.Fatal(err)
	}
	s = s.sorted()
	if got := fmt.Sprint(s); got != "[{1 3} {5 7} {9 9} {4294967295 4294967295}]" {
		t.Errorf("got %s", got)
	}
	if s.count() != 8 || !s.has(6) || !s.has(1<<32-1) || s.has(4) || s.has(0) {
		t.Errorf("count %d", s.count())
	}
	for _, bad := range []string{"", "*", "1:*", "x", "4294967296", "1,,2", "-1"} {
		if err := new(uidSet).parse(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if got := setText([]uint32{1, 2, 3, 5, 7, 8, 1<<32 - 1}); got != "1:3,5,7:8,4294967295" {
		t.Errorf("got %s", got)
	}
	if got := (uidSet{{0, 1<<32 - 1}}).sorted(); got.count() != 1<<32-1 {
		t.Errorf("got %v", got)
	}
}

// FuzzIMAP feeds a client with what a server may send. It must end, not panic,
// and hold no more than it was sent.
func FuzzIMAP(f *testing.F) {
	for _, seed := range []string{
		"* 1 FETCH (UID 5 FLAGS (\\Seen a]b) INTERNALDATE \"04-Mar-2025 10:11:12 +0100\" RFC822.SIZE 3 BODY[] {3}\r\nabc)\r\nL1 OK [X y] done\r\n",
		"* 1 FETCH (BODY[]<0> ~{2}\r\n\x00\x01 UID 99999999999)\r\n* 2 FETCH (BODY[] \"a\\\"\r\n\" UID 1)\r\n",
		"* LIST (\\Sent) \"/\" {4}\r\nSent\r\n* STATUS Sent (MESSAGES 3 UIDNEXT 9)\r\n* ESEARCH (TAG \"A1\") UID ALL 7:9,12\r\n",
		"* SEARCH 1 2 3\r\n+ go\r\n* BYE\r\n* XX {5}\r\n)))))\n* NAMESPACE ((\"\" NIL)) NIL NIL\r\n",
		"* ((((\r\n* 1 FETCH ()\r\n* 1 FETCH (A ((((((",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := reader(text)
		held := 0
		c.onFetch = func(fr *fetchReader) error {
			for {
				body, err := fr.next()
				if err != nil || body == nil {
					return err
				}
				n, err := io.Copy(io.Discard, io.LimitReader(body, 7))
				if err != nil {
					return err
				}
				held += int(n)
			}
		}
		if err := readAll(c); err == nil {
			t.Error("no end")
		}
		for _, l := range c.list {
			held += len(l.raw)
		}
		held += len(c.found)
		if held > len(text) {
			t.Errorf("%d octets of %d", held, len(text))
		}
		for _, b := range mailboxes(c.list) {
			if strings.ContainsAny(b.path, " \r\n\x00;") {
				t.Errorf("path %q", b.path)
			}
		}
	})
}
