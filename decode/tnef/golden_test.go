package tnef

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"lostpost/decode/mapi"
)

// shared is where the samples are, beside the checkout; they are no part of it.
const shared = "../../../shared/corpora/recover"

// TestAgainstMimeKit compares what is read with the 49 files that MimeKit has
// beside its samples: bodies and attachments, by SHA-1.
func TestAgainstMimeKit(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(shared, "truth-tnef.json"))
	if err != nil {
		t.Skip("no samples: ", err)
	}
	var truth struct {
		Files []struct {
			File   string
			Golden []struct{ Name, SHA1 string }
		}
	}
	if err := json.Unmarshal(b, &truth); err != nil {
		t.Fatal(err)
	}
	dir := unpackSamples(t)
	right, all := 0, 0
	for _, f := range truth.Files {
		b, err := os.ReadFile(filepath.Join(dir, f.File))
		if err != nil {
			t.Fatal(err)
		}
		have := digests(b, 0)
		for _, g := range f.Golden {
			all++
			if have[g.SHA1] {
				right++
			} else {
				t.Errorf("%s: %s is not there", f.File, g.Name)
			}
		}
	}
	t.Logf("%d of %d files", right, all)
}

func unpackSamples(t *testing.T) string {
	dir := t.TempDir()
	cmd := exec.Command("tar", "-x", "-C", dir, "--use-compress-program=zstd -d --long=27",
		"-f", filepath.Join(shared, "recover.tar.zst"), "recover/mimekit/tnef", "recover/tnef")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("cannot unpack the samples: %v\n%s", err, out)
	}
	return filepath.Join(dir, "recover")
}

// digests gives the SHA-1 of everything in a stream, also with LF for CRLF: a
// version control system rewrote the files that it took for text.
func digests(b []byte, depth int) map[string]bool {
	out := map[string]bool{}
	put := func(b []byte) {
		for _, form := range [...][]byte{b, bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))} {
			sum := sha1.Sum(form)
			out[hex.EncodeToString(sum[:])] = true
		}
	}
	m, ok := Read(b)
	if !ok || depth > 5 {
		return out
	}
	put(m.Body)
	put(m.HTML)
	rtf, _ := mapi.UncompressRTF(m.RTF, 1<<24)
	put(rtf)
	for _, a := range m.Attachments {
		put(a.Data)
		put(a.Stub)
		put(a.Properties.Get(mapi.AttachData).Octets()) // an object with its interface identifier
		for d := range digests(a.Data, depth+1) {
			out[d] = true
		}
	}
	return out
}
