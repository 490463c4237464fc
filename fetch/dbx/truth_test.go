package dbx

import (
	"archive/tar"
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"lostpost/fetch"
)

// TestTruth reads the five forms that corpora/recover/make_dbx.py makes of 40
// messages of corpora/decode, which lie beside the repository.
func TestTruth(t *testing.T) {
	shared := os.Getenv("LOSTPOST_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	script, err := filepath.Abs(filepath.Join(shared, "corpora", "recover", "make_dbx.py"))
	if err != nil {
		t.Fatal(err)
	}
	corpus := filepath.Join(shared, "corpora", "decode", "decode.tar.zst")
	for _, name := range []string{script, corpus} {
		if _, err := os.Stat(name); err != nil {
			t.Skip("needs the corpora: set LOSTPOST_SHARED to the folder of the shared files")
		}
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("needs python3 to make the files")
	}
	in, dir := t.TempDir(), t.TempDir()
	someMessages(t, corpus, in)
	if out, err := exec.Command(python, script, in, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var truth struct {
		SHA1           []string
		WholeInCut     []int `json:"whole_in_cut"`
		WholeInSectors []int `json:"whole_in_sectors"`
		Deleted        []int
	}
	b, err := os.ReadFile(filepath.Join(dir, "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &truth); err != nil {
		t.Fatal(err)
	}
	all := make([]int, len(truth.SHA1))
	for i := range all {
		all[i] = i
	}
	for _, form := range []struct {
		name string
		want []int
	}{{"whole", all}, {"header-zeroed", all}, {"cut-60", truth.WholeInCut}, {"sectors-1pct", truth.WholeInSectors}, {"deleted", all}} {
		b, err := os.ReadFile(filepath.Join(dir, form.name+".dbx"))
		if err != nil {
			t.Fatal(err)
		}
		whole, deleted := hashes(t, b)
		for _, i := range form.want {
			if _, ok := whole[truth.SHA1[i]]; !ok {
				t.Errorf("%s: message %d is missing", form.name, i)
			}
			if got, want := deleted[truth.SHA1[i]], form.name == "deleted" && slices.Contains(truth.Deleted, i); got != want {
				t.Errorf("%s: message %d: deleted is %v, want %v", form.name, i, got, want)
			}
		}
		if len(whole) != len(form.want) {
			t.Errorf("%s: %d messages whole, want %d", form.name, len(whole), len(form.want))
		}
		t.Logf("%s: %d whole", form.name, len(whole))
	}
}

// hashes gives the SHA-1 of all messages that are not damaged, and of those
// that are marked as deleted.
func hashes(t *testing.T, octets []byte) (whole, deleted map[string]bool) {
	t.Helper()
	whole, deleted = map[string]bool{}, map[string]bool{}
	for m, err := range open(t, octets).Messages(t.Context(), fetch.NoState) {
		if err != nil || slices.Contains(m.Traits, "damaged") {
			continue
		}
		b, err := io.ReadAll(m.Body)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha1.Sum(b)
		whole[hex.EncodeToString(sum[:])] = true
		if slices.Contains(m.Traits, "deleted") {
			deleted[hex.EncodeToString(sum[:])] = true
		}
	}
	return whole, deleted
}

// someMessages unpacks a part of the corpus to dir.
func someMessages(t *testing.T, corpus, dir string) {
	t.Helper()
	f, err := os.Open(corpus)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f, zstd.WithDecoderMaxWindow(1<<27))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	n := 0
	for tr := tar.NewReader(z); n < 400; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg || !strings.HasSuffix(h.Name, ".eml") {
			continue
		}
		b, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, zeros) {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, strconv.Itoa(n)+".eml"), b, 0o600); err != nil {
			t.Fatal(err)
		}
		n++
	}
}
