package explain

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lostpost/decode"
)

// shared gives a file of the corpora, which lie beside a checkout or where
// LOSTPOST_SHARED says.
func shared(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("LOSTPOST_SHARED")
	if dir == "" {
		dir = "../../shared"
	}
	path := filepath.Join(dir, "corpora", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("needs corpora/%s: set LOSTPOST_SHARED to the folder of the shared files", name)
	}
	return path
}

// unpacked yields the messages of an archive of the corpora.
func unpacked(t *testing.T, name string) map[string][]byte {
	t.Helper()
	path := shared(t, name)
	zstd := exec.Command("zstd", "-dc", "--long=27", path)
	out, err := zstd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := zstd.Start(); err != nil {
		t.Skip("needs zstd: ", err)
	}
	files := map[string][]byte{}
	r := tar.NewReader(out)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if files[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := zstd.Wait(); err != nil {
		t.Fatal(err)
	}
	return files
}

// Names and domains that imitate somebody are rare in ordinary mail. Half of
// the messages are explained to a reader who knows everybody in the other half.
func TestTricksAreRareInOrdinaryMail(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 2,000 messages")
	}
	t.Run("real", func(t *testing.T) {
		var mails [][]byte
		all := unpacked(t, "decode/decode.tar.zst")
		var names []string
		for n := range all {
			if strings.Contains(n, "messages/") {
				names = append(names, n)
			}
		}
		slices.Sort(names)
		for i := 0; i < len(names) && len(mails) < 1000; i += len(names) / 1000 {
			mails = append(mails, all[names[i]])
		}
		tricksAmong(t, mails)
	})
	t.Run("made", func(t *testing.T) {
		if os.Getenv("LOSTPOST_SHARED") == "" {
			t.Skip("makes 1,000 messages, which takes long: set LOSTPOST_SHARED")
		}
		dir := filepath.Join(t.TempDir(), "mail")
		if out, err := exec.Command("python3", shared(t, "perf/make_perf.py"), "--count", "1000", "--mean-kb", "2", "--out", dir).CombinedOutput(); err != nil {
			t.Skipf("make_perf.py: %v\n%s", err, out)
		}
		var mails [][]byte
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			b, err := os.ReadFile(path)
			mails = append(mails, b)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		tricksAmong(t, mails)
	})
}

func tricksAmong(t *testing.T, mails [][]byte) {
	t.Helper()
	var ms []*decode.Message
	var people [2][]string // of the even messages, of the odd ones
	for i, b := range mails {
		m, err := decode.Decode(context.Background(), bytes.NewReader(b), int64(len(b)), decode.Options{})
		if err != nil {
			t.Fatal(err)
		}
		ms = append(ms, m)
		for _, field := range []string{"From", "To", "Cc"} {
			list, _ := m.Header.Addresses(field, "")
			for _, a := range list {
				people[i%2] = append(people[i%2], `"`+a.Name+`" <`+a.Addr+`>`)
			}
		}
	}
	books := [2]*Contacts{NewContacts(people[0]), NewContacts(people[1])}
	found := 0
	for i, b := range mails {
		rep, err := Message(context.Background(), bytes.NewReader(b), int64(len(b)), ms[i], Options{Contacts: books[1-i%2]})
		if err != nil {
			t.Fatal(err)
		}
		if k := rep.Verdict.Kind; k == DisplayName || k == LookAlike {
			found++
			t.Logf("%s", rep.Verdict.Short)
		}
	}
	if len(mails) < 1000 || found > len(mails)/1000 {
		t.Errorf("got %d tricks among %d messages, want at most 1 in 1,000", found, len(mails))
	}
}
