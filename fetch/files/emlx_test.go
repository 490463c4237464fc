package files

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"testing"

	"lostpost/archive"
	"lostpost/fetch"
)

// memory is a fetch.File.
type memory struct {
	*bytes.Reader
	name string
}

func (m memory) Name() string               { return m.name }
func (m memory) Stat() (fs.FileInfo, error) { return nil, fs.ErrNotExist }

func TestEMLXFlags(t *testing.T) {
	for _, tt := range []struct {
		bits int64
		want archive.Flags
	}{
		{0, ""}, {1, "S"}, {3, "ST"}, {1 << 2, "R"}, {1 << 4, "F"}, {1 << 6, "D"}, {1 << 8, "P"}, {1 << 9, "P"},
		{1<<33 | 1<<25 | 1<<17 | 1<<13 | 1<<12 | 1<<7 | 1, "S"}, // bits beyond are counts
	} {
		data := fmt.Sprintf("%d\n%s<plist><key>date-received</key><integer>1709769840</integer><key>flags</key> <integer>%d</integer>", len(letter(1)), letter(1), tt.bits)
		src, err := openEMLX(memory{bytes.NewReader([]byte(data)), "1.partial.emlx"}, fetch.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for m, err := range src.Messages(t.Context(), fetch.NoState) {
			if err != nil || m.Flags != tt.want || m.Received.Unix() != 1709769840 || m.Traits[0] != "partial" && m.Traits[1] != "partial" {
				t.Errorf("%b: got %q, %v, %q, %v; want %q", tt.bits, m.Flags, m.Received, m.Traits, err, tt.want)
			}
			if body, _ := io.ReadAll(m.Body); string(body) != letter(1) {
				t.Errorf("got body %q", body)
			}
		}
	}
}

func FuzzEMLX(f *testing.F) {
	f.Add([]byte("147\n"+letter(1)+"<plist><key>flags</key><integer>3</integer></plist>"), "1.emlx")
	f.Add([]byte("99999999999999999999\nFrom: a@a.example\n"), "x")
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		recognise(data, name)
		src, err := openEMLX(memory{bytes.NewReader(data), name}, fetch.Options{})
		if err != nil {
			return
		}
		for m := range src.Messages(t.Context(), fetch.NoState) {
			if m == nil || m.Body == nil {
				continue
			}
			if n, err := io.Copy(io.Discard, m.Body); err != nil || n != m.Size || n > int64(len(data)) {
				t.Errorf("read %d of %d octets, %v", n, m.Size, err)
			}
		}
	})
}

func TestSeveral(t *testing.T) {
	for _, tt := range []struct {
		head, name string
		want       bool
	}{
		{letter(1), "a.eml", false},
		{"just text\n", "a.txt", false},
		{"", "empty", false},
		{mboxOf(1), "a", true},
		{"PK\x03\x04", "a.zip", true},
		{"147\n" + letter(1), "1.emlx", true},
		{"!BDN", "a.pst", true},
	} {
		if got := Several([]byte(tt.head), tt.name); got != tt.want {
			t.Errorf("%.10q %s: got %v, want %v", tt.head, tt.name, got, tt.want)
		}
	}
}
