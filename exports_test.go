package lostpost

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const exports = "testdata/exports"

// TestExportsAreWhatTheGeneratorMakes holds the checked-in sample exports to
// the program beside them.
func TestExportsAreWhatTheGeneratorMakes(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command("go", "run", "./"+exports, "-o", dir).CombinedOutput(); err != nil {
		t.Fatalf("go run: %v\n%s", err, out)
	}
	made, have := readSamples(t, dir), readSamples(t, exports)
	for name, want := range made {
		if got, ok := have[name]; !ok {
			t.Errorf("%s is missing", name)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s differs from what the generator makes", name)
		}
	}
	for name := range have {
		if _, ok := made[name]; !ok {
			t.Errorf("%s is not made by the generator", name)
		}
	}
}

// TestExportsHoldWhatIsExpected counts the samples in a simpler way than the
// program does and compares with expect.txt, so that neither can drift alone.
func TestExportsHoldWhatIsExpected(t *testing.T) {
	account := map[string]int{}
	known := map[[32]byte]bool{}
	take := func(msg []byte) {
		account["seen"]++
		key := sha256.Sum256(bytes.ReplaceAll(msg, []byte("\r\n"), []byte("\n")))
		if known[key] {
			account["already-there"]++
			return
		}
		known[key] = true
		account["stored"]++
	}
	for name, data := range readSamples(t, exports) {
		switch {
		case name == "takeout.zip":
			takeZip(t, data, take, account)
		case strings.HasSuffix(name, ".eml"):
			take(data)
		case bytes.HasPrefix(data, []byte("From - ")):
			split(data, take, account)
		default:
			account["not-mail"]++
		}
	}
	f, err := os.Open(exports + "/expect.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := 0
	for in := bufio.NewScanner(f); in.Scan(); {
		var name string
		var want int
		if n, _ := fmt.Sscan(in.Text(), &name, &want); n != 2 || name == "search" {
			continue
		}
		lines++
		if account[name] != want {
			t.Errorf("%s: got %d, want %d", name, account[name], want)
		}
	}
	if lines != 7 {
		t.Errorf("expect.txt has %d lines of the account, want 7", lines)
	}
}

// separator is what begins a message in the samples: the From_ lines of
// Thunderbird and Takeout, at the start, after an empty line or after zeros.
var separator = regexp.MustCompile(`(?:^|\r?\n\r?\n|\x00)(From - \w{3} |From \d+@xxx )[^\n]*\n`)

var draftLabel = regexp.MustCompile(`(?m)^X-Gmail-Labels:.*\bDrafts\b`)

func split(data []byte, take func([]byte), account map[string]int) {
	if bytes.Contains(data, make([]byte, 1024)) {
		account["seen"]++
		account["not-readable"]++
	}
	found := separator.FindAllIndex(data, -1)
	for i, at := range found {
		end := len(data)
		if i+1 < len(found) {
			end = found[i+1][0]
		}
		msg := bytes.TrimRight(data[at[1]:end], "\x00\r\n")
		take(append(msg, '\n'))
	}
}

func takeZip(t *testing.T, data []byte, take func([]byte), account map[string]int) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		if !strings.HasSuffix(f.Name, ".mbox") {
			account["not-mail"]++
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		box, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		split(box, take, account)
		// The label Drafts stands on the versions of one letter and on nothing else.
		account["draft-versions"] += len(draftLabel.FindAll(box, -1))
		account["drafts"] = min(account["draft-versions"], 1)
	}
}

// readSamples reads the three exports below dir.
func readSamples(t *testing.T, dir string) map[string][]byte {
	files := map[string][]byte{}
	for _, top := range []string{"takeout.zip", "thunderbird", "loose"} {
		err := filepath.WalkDir(filepath.Join(dir, top), func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, err := filepath.Rel(dir, name)
			if err != nil {
				return err
			}
			files[filepath.ToSlash(rel)], err = os.ReadFile(name)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}
