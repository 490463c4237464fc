package mbox

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// corpus is the folder corpora/name of the shared files, which are no part
// of the repository. Without it the test is skipped.
func corpus(t *testing.T, name string) string {
	t.Helper()
	shared := os.Getenv("LOSTPOST_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	dir := filepath.Join(shared, "corpora", name)
	if _, err := os.Stat(filepath.Join(dir, name+".tar.zst")); err != nil {
		t.Skipf("needs corpora/%s: set LOSTPOST_SHARED to the folder of the shared files", name)
	}
	return dir
}

// TestCorpusInFourDialects writes the real messages of corpora/decode into one
// file for each dialect and wants every octet back.
func TestCorpusInFourDialects(t *testing.T) {
	var messages []string
	eachFile(t, filepath.Join(corpus(t, "decode"), "decode.tar.zst"), func(name string, r io.Reader) {
		if !strings.HasSuffix(name, ".eml") {
			return
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, strings.TrimSuffix(string(b), "\n")+"\n")
	})
	if len(messages) < 1000 {
		t.Fatalf("%d messages in the corpus", len(messages))
	}
	inFourDialects(t, messages)
}

// table reads a TSV file: the value of column value for each value of column key.
func table(t *testing.T, r io.Reader, add func(row map[string]string)) {
	t.Helper()
	c := csv.NewReader(r)
	c.Comma, c.LazyQuotes, c.FieldsPerRecord = '\t', true, -1
	rows, err := c.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, v := range row {
			m[rows[0][i]] = v
		}
		add(m)
	}
}

// TestTruth counts the messages of all real and made mbox files of the corpus.
func TestTruth(t *testing.T) {
	dir := corpus(t, "recover")
	want := map[string]int{}
	f, err := os.Open(filepath.Join(dir, "truth-mbox.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	table(t, f, func(row map[string]string) {
		n, err := strconv.Atoi(row["messages"])
		if err != nil {
			t.Fatal(err)
		}
		want["recover/"+row["file"]] = n
	})
	made := map[string]int{}
	contents := map[string]string{}
	eachFile(t, filepath.Join(dir, "recover.tar.zst"), func(name string, r io.Reader) {
		switch {
		case name == "recover/made/truth-made.tsv":
			table(t, r, func(row map[string]string) {
				switch row["form"] {
				case "mutt", "alpine", "eudora", "evolution", "thunderbird", "takeout":
					if !strings.Contains(row["file"], "/cur/") {
						made["recover/made/"+row["file"]]++
					}
				}
			})
		case want[name] > 0 || strings.HasPrefix(name, "recover/made/"):
			b, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			contents[name] = string(b)
			if strings.HasSuffix(name, ".zip") {
				unzip(t, name, b, contents)
			}
		}
	})
	if len(want) == 0 || len(made) == 0 {
		t.Fatalf("%d and %d files in the tables of truth", len(want), len(made))
	}
	for name, n := range made {
		want[name] = n
	}
	for name, n := range want {
		in, ok := contents[name]
		if !ok {
			t.Errorf("%s is not in the corpus", name)
			continue
		}
		if Sniff([]byte(in[:min(len(in), 4096)]), name) == 0 {
			t.Errorf("%s is not recognised", name)
		}
		got := 0
		for _, r := range ranges(t, in) {
			if !r.Junk {
				got++
			} else if r.Damage != "" {
				t.Errorf("%s: %+v", name, r)
			}
		}
		if got != n {
			t.Errorf("%s: %d messages, want %d", name, got, n)
		}
	}
}

// unzip adds the files inside a zip file to contents, as "zip!name".
func unzip(t *testing.T, name string, b []byte, contents map[string]string) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		contents[name+"!"+f.Name] = string(b)
		r.Close()
	}
}

// TestOffsetsOfMimeKit compares where separators and messages begin with what
// another reader found, with either line end.
func TestOffsetsOfMimeKit(t *testing.T) {
	const sample = "recover/mimekit/mbox/issue1189"
	type offsets struct{ MboxMarkerOffset, BeginOffset int64 }
	var in string
	want := map[string][]offsets{}
	eachFile(t, filepath.Join(corpus(t, "recover"), "recover.tar.zst"), func(name string, r io.Reader) {
		if !strings.HasPrefix(name, sample) {
			return
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if name == sample+".mbox.txt" {
			in = string(b)
			return
		}
		var o []offsets
		if json.Unmarshal(b, &o) == nil {
			want[strings.TrimPrefix(name, sample)] = o
		}
	})
	unix := strings.ReplaceAll(in, "\r\n", "\n")
	for name, in := range map[string]string{".unix-offsets.json": unix, ".dos-offsets.json": crlf(unix)} {
		got := ranges(t, in)
		if len(got) != len(want[name]) || len(got) == 0 {
			t.Fatalf("%s: %d messages, want %d", name, len(got), len(want[name]))
		}
		for i, w := range want[name] {
			if got[i].From != w.MboxMarkerOffset || got[i].Start != w.BeginOffset {
				t.Errorf("%s: message %d: got %+v, want %+v", name, i, got[i], w)
			}
		}
	}
}

// eachFile walks a tar file packed by zstd.
func eachFile(t *testing.T, name string, use func(name string, r io.Reader)) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f, zstd.WithDecoderMaxWindow(1<<27))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for tr := tar.NewReader(z); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			use(h.Name, tr)
		}
	}
}
