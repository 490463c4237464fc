package eml

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

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

// mtime is the time of all files of these tests.
var mtime = time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.eml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, mtime, mtime); err != nil {
		t.Fatal(err)
	}
	return path
}

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

func TestContract(t *testing.T) {
	path := write(t, "From - \nSubject: a\nX-Unsent: 1\n\nhi\n")
	fetchtest.Run(t, func(t *testing.T) fetch.Source {
		return open(t, path, fetch.Options{Mailbox: "Box", Traits: []string{"role:drafts"}})
	})
}

func TestMessages(t *testing.T) {
	date := time.Date(2024, 3, 5, 8, 0, 0, 0, time.UTC)
	const msg = "Date: Tue, 5 Mar 2024 09:00:00 +0100\nSubject: a\n\nhi\n"
	tests := []struct {
		name, in, body string
		received       time.Time
		traits         []string
	}{
		{"plain", msg, msg, date, []string{"x"}},
		{"crlf", "Subject: a\r\n\r\nhi\r\n", "Subject: a\r\n\r\nhi\r\n", mtime, []string{"x"}},
		{"bom", "\xEF\xBB\xBF" + msg, msg, date, []string{"x"}},
		{"from line", "From anna@example.org Tue Mar  5 07:00:00 2024\n" + msg, msg, date.Add(-time.Hour), []string{"x"}},
		{"bom and from line without date", "\xEF\xBB\xBFFrom - \r\n" + msg, msg, date, []string{"x"}},
		{"from line that ends with CR", "From - \rSubject: a\r\rhi\r", "Subject: a\r\rhi\r", mtime, []string{"x"}},
		{"from line only begins so", "From: anna@example.org\n\nhi\n", "From: anna@example.org\n\nhi\n", mtime, []string{"x"}},
		{"unsent", "X-Unsent: 1\nTo: b\n\nhi\n", "X-Unsent: 1\nTo: b\n\nhi\n", mtime, []string{"x", "unsent"}},
		{"sent after all", "X-Unsent: 0\nTo: b\n\nhi\n", "X-Unsent: 0\nTo: b\n\nhi\n", mtime, []string{"x"}},
		{"no line end", "Subject: a", "Subject: a", mtime, []string{"x"}},
		{"damaged: zeros inside", "Subject: a\n\n\x00\x00\x00hi", "Subject: a\n\n\x00\x00\x00hi", mtime, []string{"x"}},
		{"long header", strings.Repeat("Received: by b.example\n", 20_000) + msg, strings.Repeat("Received: by b.example\n", 20_000) + msg, mtime, []string{"x"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := write(t, test.in)
			n := 0
			for m, err := range open(t, path, fetch.Options{Mailbox: "M", Traits: []string{"x"}}).Messages(t.Context(), fetch.NoState) {
				if err != nil {
					t.Fatal(err)
				}
				n++
				b, err := io.ReadAll(m.Body)
				if err != nil || string(b) != test.body || m.Size != int64(len(test.body)) {
					t.Errorf("got %.200q of size %d, %v, want %.200q", b, m.Size, err, test.body)
				}
				if m.Origin != fetch.FileOrigin(path) || m.Mailbox != "M" {
					t.Errorf("origin %s, mailbox %s", m.Origin, m.Mailbox)
				}
				if !m.Received.Equal(test.received) {
					t.Errorf("received %v, want %v", m.Received, test.received)
				}
				if !slices.Equal(m.Traits, test.traits) {
					t.Errorf("traits %q, want %q", m.Traits, test.traits)
				}
			}
			if n != 1 {
				t.Errorf("%d messages, want 1", n)
			}
		})
	}
}

// TestWhatCannotBeHad has files that fail, each as one message.
func TestWhatCannotBeHad(t *testing.T) {
	boom := errors.New("input/output error")
	for name, f := range map[string]fetch.File{
		"broken disk": brokenFile{boom, 10},
		"empty":       brokenFile{boom, 0},
	} {
		src, err := Open(f, fetch.Options{Origin: "file:/x"})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for m, err := range src.Messages(t.Context(), fetch.NoState) {
			n++
			if m == nil || m.Origin != "file:/x" || err == nil || name == "broken disk" && !errors.Is(err, boom) {
				t.Errorf("%s: got %+v, %v", name, m, err)
			}
		}
		if n != 1 {
			t.Errorf("%s: %d yields, want 1", name, n)
		}
	}
}

type brokenFile struct {
	err  error
	size int64
}

func (f brokenFile) ReadAt([]byte, int64) (int, error) { return 0, f.err }
func (f brokenFile) Size() int64                       { return f.size }
func (f brokenFile) Name() string                      { return "x" }
func (f brokenFile) Stat() (fs.FileInfo, error)        { return nil, f.err }

func TestSniff(t *testing.T) {
	tests := []struct {
		name, head string
		want       fetch.Confidence
	}{
		{"a", "Received: by mx\r\nFrom: b\r\n\r\nhi", fetch.Yes},
		{"1", "From: a\nTo: b\nSubject: c\n\n", fetch.Yes},
		{"1", "From: a\nTo: b\n\n", fetch.Maybe},
		{"1", "To:\nSubject: c\n--------\ntext", fetch.Maybe},
		{"1", "Message-ID: <a>\n", fetch.Maybe},
		{"a.txt", "Message-ID: <a>\n\tfolded\nX-Y: z\nSubject: b\n\n", fetch.Yes},
		{"a", "\xEF\xBB\xBFFrom - \nFrom: a\nTo: b\nDate: c\n\n", fetch.Yes},
		{"a", "From - \rFrom: a\rTo: b\rMessage-ID: c\r\r", fetch.Yes},
		{"a", "   \n\nFrom: a\nTo: b\nDate: c\n\n", fetch.Yes},
		{"a.eml", "X-Y: z\n\n", fetch.Maybe},
		{"A.EML", "Subject : z\n\n", fetch.Maybe},
		{"a", "Subject: z\n\n", fetch.No},
		{"a", "From: <anna@example.org>\r\n\r\ntext", fetch.Maybe},
		{"a", "From: <anna@example.org>\r\n", fetch.No},
		{"a", "From: the beginning\n\ntext", fetch.No},
		{"part.raw", "Content-Type: multipart/mixed; boundary=b\n\n--b\n", fetch.Maybe},
		{"a.eml", "no header at all\n", fetch.No},
		{"a.eml", "", fetch.No},
		{"a.eml", "\x00\x00\x00", fetch.No},
		{"a", "X-Y: z\n\n", fetch.No},
		{"a.html", "<html>\nFrom: a\nTo: b\n", fetch.No},
		{"a.ics", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", fetch.No},
		{"a.vcf", "BEGIN:VCARD\r\nVERSION:3.0\r\nN:x\r\n", fetch.No},
		{"Release", "Origin: Debian\nSuite: stable\nDate: Sat, 11 Jan 2025 10:00:00 UTC\n", fetch.No},
		{"http", "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Type: text/html\r\n", fetch.No},
		{"a.yaml", "name: x\nfrom: z\nto: y\n", fetch.No},
	}
	for _, test := range tests {
		if got := Sniff([]byte(test.head), test.name); got != test.want {
			t.Errorf("%s %q: got %d, want %d", test.name, test.head, got, test.want)
		}
	}
}

func FuzzEml(f *testing.F) {
	f.Add([]byte("Subject: a\n\nhi\n"), "a.eml")
	f.Add([]byte("\xEF\xBB\xBFFrom - \r\nX-Unsent: 1\r\n\r\n"), "")
	f.Add([]byte("From anna@example.org Tue Mar  5 07:00:00 2024\n"), "x")
	f.Fuzz(func(t *testing.T, in []byte, name string) {
		sure := Sniff(in, name)
		if sure != fetch.No && !strings.Contains(string(in), ":") {
			t.Errorf("no header line, and yet mail: %q", in)
		}
		src, err := Open(memFile{strings.NewReader(string(in)), name}, fetch.Options{})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for m, err := range src.Messages(t.Context(), fetch.NoState) {
			n++
			if err != nil {
				continue
			}
			b, err := io.ReadAll(m.Body)
			if err != nil || !strings.HasSuffix(string(in), string(b)) || int64(len(b)) != m.Size {
				t.Errorf("body %q of size %d, %v", b, m.Size, err)
			}
		}
		if n != 1 {
			t.Errorf("%d messages", n)
		}
	})
}

type memFile struct {
	*strings.Reader
	name string
}

func (f memFile) Name() string               { return f.name }
func (f memFile) Stat() (fs.FileInfo, error) { return nil, fs.ErrInvalid }
