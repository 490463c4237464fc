package attach

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
)

func gzipped(t *testing.T, name string, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Name = name
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarred(t *testing.T, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: files[i], Mode: 0o600, Size: int64(len(files[i+1]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGzipAndTarFiles(t *testing.T) {
	inside := tarred(t, "a/notes.txt", "alder\n", "a/picture.png", "\x89PNG\r\n\x1a\nbirch", "list.csv", "cedar;elm\n")
	bomb := gzipped(t, "", bytes.Repeat([]byte("a"), 1<<20))
	for range 10 {
		bomb = gzipped(t, "", bomb)
	}
	cut := gzipped(t, "", []byte(strings.Repeat("alder and birch ", 5000)))
	for _, c := range []struct {
		name, file string
		octets     []byte
		want, code string
	}{
		{"gzip", "notes.txt.gz", gzipped(t, "", []byte("alder")), "alder", ""},
		{"the name inside counts", "x.gz", gzipped(t, "page.html", []byte("<p>al<b>der</b></p>")), "alder", ""},
		{"a picture", "p.png.gz", gzipped(t, "", []byte("\x89PNG\r\n\x1a\nbirch")), "", ""},
		{"tar", "x.tar", inside, "a/notes.txt\nalder\na/picture.png\nlist.csv\ncedar;elm\n", ""},
		{"tar in gzip", "x.tgz", gzipped(t, "", inside), "a/notes.txt\nalder\na/picture.png\nlist.csv\ncedar;elm\n", ""},
		{"named as one", "x.gz", []byte("alder"), "", NotRead},
		{"no more than a head", "x.gz", []byte("\x1f\x8b\x08"), "", Damaged},
		{"too deep", "x.gz", bomb, "", Limit},
		{"tar that is cut", "x.tar", inside[:1100], "a/notes.txt\nalder\n", Damaged},
		{"gzip that is cut", "x.txt.gz", cut[:len(cut)-20], "alder and birch", Damaged},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, faults := Text(t.Context(), c.octets, "", c.file, Options{})
			if c.name == "gzip that is cut" {
				got = got[:min(len(got), len(c.want))]
			}
			code := ""
			if len(faults) > 0 {
				code = faults[0].Code
			}
			if got != c.want || code != c.code {
				t.Errorf("got %q, %v; want %q, %q", got, faults, c.want, c.code)
			}
		})
	}
}
