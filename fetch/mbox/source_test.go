package mbox

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lostpost/archive"
	"lostpost/fetch"
	"lostpost/fetch/fetchtest"
)

// A diskFile is a fetch.File on disk.
type diskFile struct{ *os.File }

func (f diskFile) Size() int64 {
	info, err := f.Stat()
	if err != nil {
		return 0
	}
	return info.Size()
}

// open writes content to a file and opens it as a source.
func open(t *testing.T, path string, opt fetch.Options) fetch.Source {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	src, err := Open(diskFile{f}, opt)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "Inbox")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// taken is what one yield of a source says.
type taken struct {
	offset  string // the part of the origin after the name
	mailbox string
	flags   archive.Flags
	traits  string
	failed  string
	body    string
}

func all(t *testing.T, src fetch.Source) []taken {
	t.Helper()
	var out []taken
	for m, err := range src.Messages(t.Context(), fetch.NoState) {
		if m == nil {
			t.Fatal(err)
		}
		x := taken{strings.TrimPrefix(m.Origin, src.Name()), m.Mailbox, m.Flags, strings.Join(m.Traits, " "), "", ""}
		if err != nil {
			x.failed = err.Error()
		}
		if m.Body != nil {
			b, err := io.ReadAll(m.Body)
			if err != nil {
				t.Fatal(err)
			}
			x.body = string(b)
		}
		out = append(out, x)
	}
	return out
}

func TestContract(t *testing.T) {
	path := write(t, "junk\n\n"+sepA+msgA+"\n"+strings.Repeat("\x00", 700)+sepB+msgB+"\n"+sepA+"\n"+sepB+strings.Repeat("x: y\n", 60_000)+"\nend\n")
	fetchtest.Run(t, func(t *testing.T) fetch.Source {
		return open(t, path, fetch.Options{Mailbox: "Box", Traits: []string{"role:drafts"}})
	})
}

// TestStates has a row for each field in which programs keep states.
func TestStates(t *testing.T) {
	tests := []struct{ name, head, flags, traits string }{
		{"none", "Subject: a\n", "", ""},
		{"status read", "Status: RO\n", "S", ""},
		{"status old", "Status: O\n", "", ""},
		{"status and x-status", "Status: R\nX-Status: AF\n", "FRS", ""},
		{"alpine draft", "Status: RO\nX-Status: T\n", "DS", ""},
		{"x-status deleted", "X-Status: D\n", "", "deleted"},
		{"mozilla read", "X-Mozilla-Status: 0001\nX-Mozilla-Status2: 00000000\n", "S", ""},
		{"mozilla replied, marked, forwarded", "X-Mozilla-Status: 1007\n", "FPRS", ""},
		{"mozilla expunged", "X-Mozilla-Status: 0009\n", "S", "deleted"},
		{"mozilla queued", "X-Mozilla-Status: 0801\n", "S", "queued"},
		{"mozilla imap deleted", "X-Mozilla-Status: 0001\nX-Mozilla-Status2: 00200000\n", "S", "deleted"},
		{"mozilla template", "X-Mozilla-Status2: 01000000\n", "", "role:templates"},
		{"mozilla keys", "X-Mozilla-Keys: $label1 work   \n", "", "keyword:$label1 keyword:work"},
		{"mozilla no number", "X-Mozilla-Status: zz\n", "", ""},
		{"evolution draft and seen", "X-Evolution: 00000001-0014\n", "DS", ""},
		{"evolution deleted and seen", "X-Evolution: 00000002-0012\n", "S", "deleted"},
		{"evolution with more", "X-Evolution: 00000002-0011-0000\n", "RS", ""},
		{"gmail", "X-Gmail-Labels: Inbox,Opened,Category Updates\n", "S", "label:Inbox label:Opened label:Category Updates"},
		{"gmail unread and starred", "X-Gmail-Labels: Inbox,Unread,Starred\n", "F", "label:Inbox label:Unread label:Starred"},
		{"gmail quoted comma", "X-Gmail-Labels: \"Work, old\",Inbox\n", "S", "label:Work, old label:Inbox"},
		{"gmail drafts", "X-Gmail-Labels: Drafts,Opened\n", "DS", "label:Drafts role:drafts label:Opened"},
		{"gmail drafts in German", "X-Gmail-Labels: =?utf-8?q?Ungelesen=2CEntw=C3=BCrfe?=\n", "D", "label:Ungelesen label:Entwürfe role:drafts"},
		{"gmail drafts in Hungarian", "X-Gmail-Labels: Piszkozatok,Olvasatlan\n", "D", "label:Piszkozatok role:drafts label:Olvasatlan"},
		{"gmail drafts in Japanese", "X-Gmail-Labels: =?utf-8?b?5LiL5pu444GNLOacquiqrQ==?=\n", "D", "label:下書き role:drafts label:未読"},
		{"gmail label that only begins so", "X-Gmail-Labels: =?utf-8?q?Posteingang=2CEntw=C3=BCrfe/2019?=\n", "S", "label:Posteingang label:Entwürfe/2019"},
		{"gmail folded", "X-Gmail-Labels: Inbox,\n Unread\n", "", "label:Inbox label:Unread"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			body := test.head + "\nhi\n"
			got := all(t, open(t, write(t, sepA+body), fetch.Options{Mailbox: "M"}))
			want := []taken{{"@0", "M", archive.Flags(test.flags), test.traits, "", body}}
			if !slices.Equal(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

// TestStatesFarDown has a field behind a long header.
func TestStatesFarDown(t *testing.T) {
	body := strings.Repeat("Received: from a.example by b.example; some time ago\n", 1000) + "Status: R\n\nhi\n"
	if got := all(t, open(t, write(t, sepA+body), fetch.Options{})); len(got) != 1 || got[0].flags != "S" {
		t.Errorf("got flags %q, want S", got[0].flags)
	}
}

func TestReceived(t *testing.T) {
	utc := func(h int) time.Time { return time.Date(2024, 3, 5, h, 0, 0, 0, time.UTC) }
	tests := []struct {
		in   string
		want time.Time
	}{
		{"From a@example.org Tue Mar  5 10:00:00 2024\nDate: Mon, 4 Mar 2024 08:00:00 +0000\n\nx\n", utc(10)},
		{"From a@example.org Tue Mar  5 10:00:00 +0200 2024\nSubject: a\n\nx\n", utc(8)},
		{"From a@example.org Tue Mar  5 10:00:00 2024 -0300\nSubject: a\n\nx\n", utc(13)},
		{"From a@example.org Tue Mar  5 10:00 CET 2024\nSubject: a\n\nx\n", utc(9)},
		{"From a@example.org Tue, 5 Mar 2024 10:00:00 +0100\nSubject: a\n\nx\n", utc(9)},
		{"From - \nDate: Tue, 5 Mar 2024 08:00:00 +0000\n\nx\n", utc(8)},
		{"From - \nSubject: a\n\nx\n", time.Time{}},
	}
	for _, test := range tests {
		for m, err := range open(t, write(t, test.in), fetch.Options{}).Messages(t.Context(), fetch.NoState) {
			if err != nil || !m.Received.Equal(test.want) {
				t.Errorf("%q: got %v, %v, want %v", test.in, m.Received, err, test.want)
			}
		}
	}
}

// TestDamagedFile has every kind of octets that are no message. The rest of
// the file comes as if they were not there.
func TestDamagedFile(t *testing.T) {
	zeros := strings.Repeat("\x00", 24<<10)
	in := "\xEF\xBB\xBF" + "some junk\n\n" + // 3 octets, 11 octets
		sepA + "Subject: a\n\ncut" + zeros + // from 14 on
		"tail\n\n" + sepB + msgB + "\n" + sepA
	at := func(n int) string { return "@" + strconv.Itoa(n) }
	hole := 14 + len(sepA) + 15
	got := all(t, open(t, write(t, in), fetch.Options{}))
	want := []taken{
		{at(3), "", "", "", "11 bytes before the first message", "some junk\n\n"},
		{at(14), "", "", "damaged", "", "Subject: a\n\ncut"},
		{at(hole), "", "", "", "24 kB of zero bytes where a message should be", ""},
		{at(hole + 24<<10), "", "", "", "6 bytes that belong to no message", "tail\n\n"},
		{at(hole + 24<<10 + 6), "", "", "", "", msgB},
		{at(len(in) - len(sepA)), "", "", "", "nothing stands after the separator", ""},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// TestChangedFileIsReadAgain puts a message in front of a file that was taken:
// then old offsets name other messages, and none may be left out.
func TestChangedFileIsReadAgain(t *testing.T) {
	path := write(t, sepA+msgA)
	src := open(t, path, fetch.Options{})
	all(t, src)
	mark := src.(fetch.Marker).FinalMark()
	if err := os.WriteFile(path, []byte(sepB+msgB+"\n"+sepA+msgA), 0o600); err != nil {
		t.Fatal(err)
	}
	n := 0
	for range open(t, path, fetch.Options{}).Messages(t.Context(), everything{mark}) {
		n++
	}
	if n != 2 {
		t.Errorf("%d messages of a file that has changed, want 2", n)
	}
}

// TestNoMarkForAFileThatChangesMeanwhile changes the file while it is read.
func TestNoMarkForAFileThatChangesMeanwhile(t *testing.T) {
	path := write(t, sepA+msgA+"\n"+sepB+msgB)
	src := open(t, path, fetch.Options{})
	for range src.Messages(t.Context(), fetch.NoState) {
		if err := os.WriteFile(path, []byte(sepA+msgA+"\n"+sepB+msgB+"\n"+sepA+msgA), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if mark := src.(fetch.Marker).FinalMark(); mark != "" {
		t.Errorf("got mark %q, want none", mark)
	}
}

// everything is a State that knows every origin.
type everything struct{ mark string }

func (everything) Known(string) (archive.ID, bool) { return archive.ID{}, true }
func (e everything) Mark() string                  { return e.mark }

// TestReadErrorEndsTheSource has a disk that fails.
func TestReadErrorEndsTheSource(t *testing.T) {
	boom := errors.New("input/output error")
	src, err := Open(brokenFile{boom}, fetch.Options{Origin: "file:/x"})
	if err != nil {
		t.Fatal(err)
	}
	var last error
	for _, err := range src.Messages(t.Context(), fetch.NoState) {
		last = err
	}
	if !errors.Is(last, boom) {
		t.Errorf("got %v, want the error of the disk", last)
	}
	if m := src.(fetch.Marker).FinalMark(); m != "" {
		t.Errorf("got mark %q after an error", m)
	}
}

type brokenFile struct{ err error }

func (f brokenFile) ReadAt([]byte, int64) (int, error) { return 0, f.err }
func (f brokenFile) Size() int64                       { return 100 }
func (f brokenFile) Name() string                      { return "x" }
func (f brokenFile) Stat() (fs.FileInfo, error)        { return nil, f.err }

// TestLongFileEndsWithContext has a file without a message for the search to
// be in when the context ends.
func TestLongFileEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := &cancelling{Reader: bytes.NewReader(make([]byte, 32<<20)), cancel: cancel}
	src, err := Open(f, fetch.Options{Origin: "file:/x"})
	if err != nil {
		t.Fatal(err)
	}
	var last error
	for _, err := range src.Messages(ctx, fetch.NoState) {
		last = err
	}
	if !errors.Is(last, context.Canceled) || f.reads > 3 {
		t.Errorf("got %v after %d reads, want context.Canceled at once", last, f.reads)
	}
}

// cancelling ends a context at the second read.
type cancelling struct {
	*bytes.Reader
	cancel func()
	reads  int
}

func (c *cancelling) ReadAt(p []byte, off int64) (int, error) {
	if c.reads++; c.reads == 2 {
		c.cancel()
	}
	return c.Reader.ReadAt(p, off)
}
func (c *cancelling) Name() string               { return "x" }
func (c *cancelling) Stat() (fs.FileInfo, error) { return nil, fs.ErrInvalid }

func TestSniff(t *testing.T) {
	tests := []struct {
		head string
		want fetch.Confidence
	}{
		{sepA + msgA, fetch.Yes},
		{"\xEF\xBB\xBFFrom -\n" + msgA, fetch.Yes},
		{crlf("From \n" + msgA), fetch.Yes},
		{sepA + "\ntext", fetch.Yes},
		{"junk\n\n" + sepA + msgA, fetch.Maybe},
		{"From here on\nnothing is certain", fetch.No},
		{"From: anna@example.org\n\n", fetch.No},
		{"", fetch.No},
		{"Subject: a\n\n" + sepA, fetch.No},
		{strings.Repeat("\x00", 4096), fetch.No},
	}
	for _, test := range tests {
		if got := Sniff([]byte(test.head), "x"); got != test.want {
			t.Errorf("%q: got %d, want %d", test.head, got, test.want)
		}
	}
}
