package archive

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The example of appendix A of the paper.
func TestSipHash(t *testing.T) {
	in := []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}
	key := sipKey{0x0706050403020100, 0x0f0e0d0c0b0a0908}
	if got := key.sum(in); got != 0xa129ca6149be45e5 {
		t.Errorf("got %016x, want a129ca6149be45e5", got)
	}
}

// openSaving opens a writer that writes cache/known each time it ends.
func openSaving(t *testing.T, dir string) *Writer {
	t.Helper()
	w := openW(t, dir)
	w.tune.behind = 0
	return w
}

// A writer that begins with cache/known knows what one knows that reads the
// whole ledger.
func TestKnownFromCache(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	w := openSaving(t, dir)
	var ids []ID
	for i := range 8 {
		m := Meta{Origin: fmt.Sprintf("imap://x/%d", i), Mailbox: "Work"}
		ids = append(ids, add(t, w, m, fmt.Sprintf("line %d\r\nend\r\n", i)).ID)
	}
	add(t, w, Meta{Origin: "file:100% sure.mbox@0", Mailbox: "Other"}, "line 0\r\nend\r\n")
	w.Mark("imap://x/", "state 1")
	must(t, w.Commit(ctx))
	must(t, w.Remove(ctx, ids[7], "test"))
	must(t, w.Vanish(ctx, "imap://x/6"))
	must(t, w.Close())

	check := func(w *Writer) {
		t.Helper()
		src := w.Source("imap://x/")
		for i, id := range ids {
			got, ok := src.Known(fmt.Sprintf("imap://x/%d", i))
			if want := i != 6; ok != want || ok && got != id {
				t.Errorf("origin %d: got %v, %v", i, got, ok)
			}
			off, stored := w.known.stored(id)
			if want := i != 7; stored != want {
				t.Errorf("message %d: stored %v, want %v", i, stored, want)
			}
			if stored && !w.known.placed(id, off, "Work") {
				t.Errorf("message %d is not in its mailbox", i)
			}
		}
		off, _ := w.known.stored(ids[0])
		if !w.known.placed(ids[0], off, "Other") {
			t.Error("the second mailbox of message 0 is not known")
		}
		if _, ok := w.Source("file:100% sure.mbox").Known("file:100% sure.mbox@0"); !ok {
			t.Error("an origin with an escape is not known")
		}
		if got := src.Mark(); got != "state 1" {
			t.Errorf("mark: got %q, want state 1", got)
		}
		if r := add(t, w, Meta{Origin: "file:b@0", Mailbox: "Work"}, "line 3\nend\n"); r.Result != Duplicate || r.ID != ids[3] {
			t.Errorf("other line ends: got %+v, want a duplicate of message 3", r)
		}
	}
	w = openSaving(t, dir)
	if w.known.saved == 0 {
		t.Fatal("cache/known is not used")
	}
	check(w)
	fresh := add(t, w, Meta{Origin: "imap://x/new", Mailbox: "Work"}, "new\n").ID
	must(t, w.Close())

	name := filepath.Join(dir, "cache", "known")
	good, err := os.ReadFile(name)
	must(t, err)
	ledger, err := os.ReadFile(filepath.Join(dir, "ledger"))
	must(t, err)
	for harm, b := range map[string][]byte{
		"changed": append(bytes.Clone(good[:len(good)-9]), good[len(good)-9]^1, 0, 0, 0, 0, 0, 0, 0, 0),
		"cut":     good[:len(good)/2],
		"empty":   nil,
		"whole":   good,
	} {
		must(t, os.WriteFile(name, b, 0o600))
		w = openW(t, dir)
		if used := w.known.saved > 0; used != (harm == "whole") {
			t.Errorf("%s: used %v", harm, used)
		}
		check(w)
		if _, ok := w.known.stored(fresh); !ok {
			t.Errorf("%s: the last message is not known", harm)
		}
		must(t, w.Close())
		must(t, os.WriteFile(filepath.Join(dir, "ledger"), ledger, 0o600))
	}

	// A ledger from elsewhere, as long as the one that was covered.
	other := bytes.Clone(ledger)
	i := bytes.LastIndex(other, []byte("\nZ\t")) + 3
	other[i] ^= 1
	must(t, os.WriteFile(filepath.Join(dir, "ledger"), other, 0o600))
	w = openW(t, dir)
	if w.known.saved > 0 {
		t.Error("cache/known is used for another ledger")
	}
	must(t, w.Close())
}

func FuzzParseKnown(f *testing.F) {
	dir := filepath.Join(f.TempDir(), "a")
	w := openW(f, dir)
	w.tune.behind = 0
	identity := w.Identity()
	if _, err := w.Add(ctx, Meta{Origin: "x"}, strings.NewReader("one\n")); err != nil {
		f.Fatal(err)
	}
	w.Mark("x", "y")
	must(f, w.Close())
	b, err := os.ReadFile(filepath.Join(dir, "cache", "known"))
	must(f, err)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= 4 {
			b = binary.BigEndian.AppendUint32(slices.Clone(b[:len(b)-4]), crc32.Checksum(b[:len(b)-4], castagnoli))
		}
		k, _ := parseKnown(b, identity)
		if k == nil {
			return
		}
		for _, tb := range k.tables() {
			(*tb).find(1<<63, func(int64) bool { return false })
			(*tb).add(1<<63, 1)
		}
	})
}
