package eml

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"lostpost/archive"
	"lostpost/fetch"
)

const letter = "From: anna@post.example\nTo: ivo@post.example\nSubject: a letter\nDate: Tue, 5 Mar 2024 10:00:00 +0000\n\nHello.\n"

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
		data := fmt.Sprintf("%d\n%s<plist><key>date-received</key><integer>1709769840</integer><key>flags</key> <integer>%d</integer>", len(letter), letter, tt.bits)
		src, err := OpenEMLX(memory{bytes.NewReader([]byte(data)), "1.partial.emlx"}, nil, fetch.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for m, err := range src.Messages(t.Context(), fetch.NoState) {
			if err != nil || m.Flags != tt.want || m.Received.Unix() != 1709769840 || m.Traits[0] != "partial" && m.Traits[1] != "partial" {
				t.Errorf("%b: got %q, %v, %q, %v; want %q", tt.bits, m.Flags, m.Received, m.Traits, err, tt.want)
			}
			if body, _ := io.ReadAll(m.Body); string(body) != letter {
				t.Errorf("got body %q", body)
			}
		}
	}
}

func FuzzEMLX(f *testing.F) {
	f.Add([]byte("147\n"+letter+"<plist><key>flags</key><integer>3</integer></plist>"), "1.emlx")
	f.Add([]byte("99999999999999999999\nFrom: a@a.example\n"), "x")
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		sniffEMLX(data, name)
		src, err := OpenEMLX(memory{bytes.NewReader(data), name}, nil, fetch.Options{})
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

// partial is a message out of which Apple Mail took three parts.
const partial = `From: anna@post.example
Content-Type: multipart/mixed; boundary="outer"

--outer
Content-Type: text/plain

Hello.
--outer
Content-Type: multipart/mixed;
	boundary=inner

--inner
Content-Type: image/png
Content-Transfer-Encoding: base64
X-Apple-Content-Length: 120
Content-Disposition: attachment

--inner
X-Apple-Content-Length: 10
Content-Type: text/plain
Content-Transfer-Encoding: quoted-printable


--inner--
--outer
Content-Type: text/plain
X-Apple-Content-Length:
 5

--outer--
`

const assembled = `From: anna@post.example
Content-Type: multipart/mixed; boundary="outer"

--outer
Content-Type: text/plain

Hello.
--outer
Content-Type: multipart/mixed;
	boundary=inner

--inner
Content-Type: image/png
Content-Transfer-Encoding: base64
Content-Disposition: attachment

iVBORw0KGgpBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB
QUE=
--inner
Content-Type: text/plain
Content-Transfer-Encoding: quoted-printable

sch=C3=B6n
--inner--
--outer
Content-Type: text/plain

plain
--outer--
`

func TestPartialIsPutTogether(t *testing.T) {
	picture := "\x89PNG\r\n\x1a\n" + strings.Repeat("A", 51)
	whole := fstest.MapFS{
		"2.1/shed.png": {Data: []byte(picture)}, "2.1/.DS_Store": {Data: []byte("x")},
		"2.2/note.txt": {Data: []byte("schön")}, "3/Mail-Anhang.txt": {Data: []byte("plain")},
	}
	some := fstest.MapFS{"3/a.txt": whole["3/Mail-Anhang.txt"], "2.1/a": whole["2.2/note.txt"], "2.1/b": whole["2.2/note.txt"], "2.2/dir/x": whole["2.2/note.txt"]}
	for _, tt := range []struct {
		name   string
		files  fs.FS
		want   string
		traits string
	}{
		{"whole", whole, assembled, "[]"},
		{"nothing there", nil, partial, "[partial]"},
		{"empty folder", fstest.MapFS{}, partial, "[partial]"},
		{"some there", some, strings.Replace(partial, "X-Apple-Content-Length:\n 5\n\n", "\nplain\n", 1), "[partial]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := fmt.Sprintf("%d\n%s<plist/>", len(partial), partial)
			src, err := OpenEMLX(memory{bytes.NewReader([]byte(data)), "7.partial.emlx"}, tt.files, fetch.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for m, err := range src.Messages(t.Context(), fetch.NoState) {
				if err != nil {
					t.Fatal(err)
				}
				if b, err := io.ReadAll(m.Body); string(b) != tt.want || err != nil || int64(len(b)) != m.Size {
					t.Errorf("got %q, %v", b, err)
				}
				if got := fmt.Sprint(m.Traits); got != tt.traits {
					t.Errorf("traits %s, want %s", got, tt.traits)
				}
			}
		})
	}
}

func FuzzPartial(f *testing.F) {
	f.Add(partial)
	f.Add("X-Apple-Content-Length: 1\n\n")
	f.Add("Content-Type: multipart/x; boundary=a\n\n--a\n--a--\n--a\nX-Apple-Content-Length: 1\n\n--a")
	files := fstest.MapFS{"1/a": {Data: []byte("x")}, "2/a": {Data: []byte("x")}, "2.1/a": {Data: []byte("x")}}
	f.Fuzz(func(t *testing.T, text string) {
		in := strings.NewReader(text)
		out, _ := assemble(emlxBody{nil, in}, files)
		if out != nil && len(out) > 2*len(text)+100 {
			t.Errorf("%d octets of %d", len(out), len(text))
		}
	})
}
