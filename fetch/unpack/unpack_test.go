package unpack

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// got is what Files yields, written down: "name: octets" or "name! error".
func got(t *testing.T, data []byte, name string, lim Limits) []string {
	t.Helper()
	seq, ok := Files(bytes.NewReader(data), int64(len(data)), name, lim)
	if !ok {
		t.Fatalf("%s: not taken for a container", name)
	}
	var out []string
	for f, err := range seq {
		switch {
		case f == nil:
			out = append(out, "! "+err.Error())
		case err != nil:
			out = append(out, f.Name()+"! "+err.Error())
		default:
			line := f.Name() + ": " + brief(t, f)
			if err := f.Damage(); err != nil {
				line += " ! " + err.Error()
			}
			out = append(out, line)
		}
	}
	return out
}

// brief reads f as a consumer does: in pieces, then as a whole.
func brief(t *testing.T, f *File) string {
	t.Helper()
	size := f.Size()
	b := make([]byte, size)
	if n, err := f.ReadAt(b, 0); int64(n) != size {
		t.Errorf("%s: ReadAt gave %d of %d octets, %v", f.Name(), n, size, err)
	}
	if size > 0 {
		var last [1]byte
		if n, _ := f.ReadAt(last[:], size-1); n != 1 || last[0] != b[size-1] {
			t.Errorf("%s: the last octet read alone is %q, read with the rest %q", f.Name(), last, b[size-1])
		}
	}
	if n, err := f.ReadAt(make([]byte, 1), size); n != 0 || err != io.EOF {
		t.Errorf("%s: ReadAt behind the end gave %d, %v", f.Name(), n, err)
	}
	if size > 40 {
		return fmt.Sprintf("%d octets, %08x", size, crc32.ChecksumIEEE(b))
	}
	return string(b)
}

func want(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.EqualFunc(got, want, func(g, w string) bool {
		prefix, open := strings.CutSuffix(w, "…")
		return g == w || open && strings.HasPrefix(g, prefix)
	}) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// member is an entry for the writers below.
type member struct{ name, body string }

func makeZip(t testing.TB, method uint16, list ...member) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, m := range list {
		e, err := w.CreateHeader(&zip.FileHeader{Name: m.name, Method: method})
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(e, m.body)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// sizedZip writes sizes into the local headers, as most programs do; package
// zip writes them behind the data unless told all beforehand.
func sizedZip(t testing.TB, list ...member) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, m := range list {
		packed := deflate(t, m.body)
		e, err := w.CreateRaw(&zip.FileHeader{Name: m.name, Method: zip.Deflate, CRC32: crc32.ChecksumIEEE([]byte(m.body)),
			CompressedSize64: uint64(len(packed)), UncompressedSize64: uint64(len(m.body))})
		if err != nil {
			t.Fatal(err)
		}
		e.Write(packed)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func deflate(t testing.TB, s string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := flate.NewWriter(&buf, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, s)
	w.Close()
	return buf.Bytes()
}

func makeTar(t testing.TB, list ...member) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, m := range list {
		h := &tar.Header{Name: m.name, Size: int64(len(m.body)), Mode: 0o644, ModTime: time.Unix(1709385900, 0)}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, m.body)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func makeGzip(t testing.TB, data []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	w.Write(data)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func makeZstd(t testing.TB, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(data, nil)
}

// noise is text that does not pack.
func noise(n int) string {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('!' + r.IntN(90))
	}
	return string(b)
}

func TestFilesGivesEachKind(t *testing.T) {
	big := noise(3 << 20) // over what is held in memory
	bigSum := fmt.Sprintf("%d octets, %08x", len(big), crc32.ChecksumIEEE([]byte(big)))
	mail := []member{{"Takeout/Mail/All.mbox", "From a"}, {"Takeout/Mail/", ""}, {"Takeout/Mail/Sent.mbox", "From b"}}
	tests := []struct {
		label, name string
		data        []byte
		want        []string
	}{
		{"stored zip", "a.zip", makeZip(t, zip.Store, mail...), []string{"Takeout/Mail/All.mbox: From a", "Takeout/Mail/Sent.mbox: From b"}},
		{"deflated zip", "a.zip", makeZip(t, zip.Deflate, mail...), []string{"Takeout/Mail/All.mbox: From a", "Takeout/Mail/Sent.mbox: From b"}},
		{"sizes in local headers", "a.zip", sizedZip(t, mail[0], mail[2]), []string{"Takeout/Mail/All.mbox: From a", "Takeout/Mail/Sent.mbox: From b"}},
		{"big entry of a zip", "a.zip", makeZip(t, zip.Deflate, member{"big", big}, member{"b", "x"}), []string{"big: " + bigSum, "b: x"}},
		{"empty zip", "a.zip", makeZip(t, zip.Store), nil},
		{"zip behind a marker", "a.zip", append([]byte("PK00"), makeZip(t, zip.Store, mail[0])...), []string{"Takeout/Mail/All.mbox: From a"}},
		{"tar", "a.tar", makeTar(t, mail...), []string{"Takeout/Mail/All.mbox: From a", "Takeout/Mail/Sent.mbox: From b"}},
		{"two tars joined", "a.tar", append(makeTar(t, mail[0]), makeTar(t, mail[2])...), []string{"Takeout/Mail/All.mbox: From a", "Takeout/Mail/Sent.mbox: From b"}},
		{"gzip", "sub/Inbox.mbox.gz", makeGzip(t, []byte("From c")), []string{"Inbox.mbox: From c"}},
		{"gzip of two members", "a.gz", append(makeGzip(t, []byte("From c\n")), makeGzip(t, []byte("From d"))...), []string{"a: From c\nFrom d"}},
		{"gzip of much", "a.gz", makeGzip(t, []byte(big)), []string{"a: " + bigSum}},
		{"zstd", "a.zst", makeZstd(t, []byte("From e")), []string{"a: From e"}},
		{"tar in gzip", "mail.tgz", makeGzip(t, makeTar(t, append(mail, member{"big", big})...)),
			[]string{"mail.tar!Takeout/Mail/All.mbox: From a", "mail.tar!Takeout/Mail/Sent.mbox: From b", "mail.tar!big: " + bigSum}},
		{"gzip in tar in zstd", "mail.tzst", makeZstd(t, makeTar(t, member{"x/Inbox.gz", string(makeGzip(t, []byte("From f")))}, mail[0])),
			[]string{"mail.tar!x/Inbox.gz!Inbox: From f", "mail.tar!Takeout/Mail/All.mbox: From a"}},
		{"zip in zip", "a.zip", makeZip(t, zip.Deflate, member{"b.zip", string(makeZip(t, zip.Deflate, mail...))}, member{"c", "From g"}),
			[]string{"b.zip!Takeout/Mail/All.mbox: From a", "b.zip!Takeout/Mail/Sent.mbox: From b", "c: From g"}},
		{"names that say the separators", "a.zip", makeZip(t, zip.Store, member{"50%!.mbox", "x"}), []string{"50%25%21.mbox: x"}},
		{"the same name three times", "a.zip", makeZip(t, zip.Store, member{"a", "1"}, member{"a", "2"}, member{"./a", "3"}), []string{"a: 1", "a#2: 2", "a#3: 3"}},
	}
	for _, tt := range tests {
		t.Run(tt.label, func(t *testing.T) { want(t, got(t, tt.data, tt.name, Limits{}), tt.want) })
	}
}

func TestFilesReadsBzip2(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "two-lines.bz2"))
	if err != nil {
		t.Fatal(err)
	}
	want(t, got(t, data, "two-lines.bz2", Limits{}), []string{"two-lines: From a@a.example\nSubject: bzip2\n"})
}

func TestFilesRefusesWhatIsNoContainer(t *testing.T) {
	docx := makeZip(t, zip.Store, member{"[Content_Types].xml", "<x/>"}, member{"word/document.xml", "<x/>"})
	odt := makeZip(t, zip.Store, member{"mimetype", "application/vnd.oasis.opendocument.text"})
	for _, data := range []string{"", "P", "From a@b.example Tue", "BZh9 is how my name begins", string(docx), string(odt), strings.Repeat("\x00", 2048)} {
		if _, ok := Files(strings.NewReader(data), int64(len(data)), "a", Limits{}); ok {
			t.Errorf("%.20q: taken for a container", data)
		}
	}
}

func TestFileKnowsItsWay(t *testing.T) {
	data := makeGzip(t, makeTar(t, member{"a/b!c.mbox", "From a"}))
	seq, _ := Files(bytes.NewReader(data), int64(len(data)), "/home/x/mail.tgz", Limits{})
	for f, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(f.Path(), []string{"mail.tar", "a/b!c.mbox"}) || !slices.Equal(f.Containers(), []string{"gz", "tar"}) {
			t.Errorf("got path %q in %q", f.Path(), f.Containers())
		}
		fi, err := f.Stat()
		if err != nil || fi.Name() != "b!c.mbox" || fi.Size() != 6 || fi.ModTime().Unix() != 1709385900 || fi.IsDir() {
			t.Errorf("got %v %d %v, %v", fi.Name(), fi.Size(), fi.ModTime(), err)
		}
	}
}

func TestFilesStopsWhenToldTo(t *testing.T) {
	for _, data := range [][]byte{
		makeZip(t, zip.Deflate, member{"a", "1"}, member{"b", "2"}),
		makeTar(t, member{"a", "1"}, member{"b", "2"}),
		makeGzip(t, makeTar(t, member{"a", "1"}, member{"b", "2"})),
		makeZip(t, zip.Deflate, member{"in.zip", string(makeZip(t, zip.Deflate, member{"a", "1"}, member{"b", "2"}))}, member{"c", "3"}),
	} {
		n := 0
		seq, _ := Files(bytes.NewReader(data), int64(len(data)), "a", Limits{})
		for range seq {
			n++
			break
		}
		if n != 1 {
			t.Errorf("got %d files after stopping at the first", n)
		}
	}
}

func TestHardLinkInTarGivesTheOctetsAgain(t *testing.T) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	w.WriteHeader(&tar.Header{Name: "cur/1", Size: 3, Mode: 0o600})
	io.WriteString(w, "abc")
	w.WriteHeader(&tar.Header{Name: ".Sent/cur/1", Typeflag: tar.TypeLink, Linkname: "cur/1"})
	w.WriteHeader(&tar.Header{Name: "out", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"})
	w.WriteHeader(&tar.Header{Name: "dev", Typeflag: tar.TypeChar})
	w.Close()
	want(t, got(t, buf.Bytes(), "a.tar", Limits{}), []string{"cur/1: abc", ".Sent/cur/1: abc"})
	want(t, got(t, makeGzip(t, buf.Bytes()), "a.tgz", Limits{}), []string{"a.tar!cur/1: abc",
		"a.tar!.Sent/cur/1! entry is a hard link to another entry of the same tar; its octets are found there: cur/1"})
}

func TestTarHeaderWithSignedSum(t *testing.T) {
	data := makeTar(t, member{"Entw\xfcrfe", "From a"})
	signed := 0
	for i, c := range data[:blockSize] {
		if i >= 148 && i < 156 {
			c = ' '
		}
		signed += int(int8(c))
	}
	copy(data[148:], fmt.Sprintf("%06o\x00 ", signed))
	want(t, got(t, data, "a.tar", Limits{}), []string{"Entwⁿrfe: From a"}) // code page 437
}

func TestMoreEntriesThanTheFieldHolds(t *testing.T) {
	one := sizedZip(t, member{"a", "1"})
	end := bytes.LastIndex(one, []byte(sigEnd))
	dir := int(binary.LittleEndian.Uint32(one[end+16:]))
	const n = 70_000
	data := append(one[:dir:dir], bytes.Repeat(one[dir:end], n)...)
	tail := bytes.Clone(one[end:])
	binary.LittleEndian.PutUint16(tail[8:], n&0xffff)
	binary.LittleEndian.PutUint16(tail[10:], n&0xffff)
	binary.LittleEndian.PutUint32(tail[12:], uint32(n*(end-dir)))
	data = append(data, tail...)
	seq, _ := Files(bytes.NewReader(data), int64(len(data)), "a.zip", Limits{})
	files := 0
	for f, err := range seq {
		if err != nil || f.Size() != 1 {
			t.Fatal(err)
		}
		files++
	}
	if files != n {
		t.Errorf("got %d files, want %d", files, n)
	}
}

func TestSafeName(t *testing.T) {
	tests := []struct{ in, want string }{
		{"Takeout/Mail/Entwürfe.mbox", "Takeout/Mail/Entwürfe.mbox"},
		{"../../etc/passwd", "etc/passwd"},
		{"/etc/passwd", "etc/passwd"},
		{`C:\Users\anna\Mail\Inbox`, "Users/anna/Mail/Inbox"},
		{`..\..\x`, "x"},
		{`\\server\share\x`, "server/share/x"},
		{"a//b/./c/", "a/b/c"},
		{"..", "unnamed"},
		{"", "unnamed"},
		{"a\x00b\x1b[31m\x7f", "a_b_[31m_"},
		{"Entw\x81rfe", "Entwürfe"},
		{strings.Repeat("ü", 4000), strings.Repeat("ü", 2048)},
	}
	for _, tt := range tests {
		if got := SafeName(tt.in); got != tt.want {
			t.Errorf("SafeName(%.40q): got %.60q, want %.60q", tt.in, got, tt.want)
		}
	}
}
