package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lostpost/archive"
	"lostpost/index"
)

// A thousand messages get other flags. Their files are gone, so nothing of them
// can be read; the next search knows the flags all the same.
func TestFlagsIndexNothingAnew(t *testing.T) {
	const n = 1000
	dir := filepath.Join(t.TempDir(), "archive")
	w, err := archive.OpenWriter(t.Context(), dir, archive.Options{})
	must(t, err)
	defer w.Close()
	var ids []archive.ID
	for i := range n {
		raw := fmt.Sprintf("From: a@kvist.example\nSubject: m%d\n\napples\n", i)
		r, err := w.Add(t.Context(), archive.Meta{Origin: fmt.Sprint("test:", i)}, strings.NewReader(raw))
		must(t, err)
		ids = append(ids, r.ID)
	}
	must(t, w.Commit(t.Context()))
	ixDir := filepath.Join(dir, "index")
	ix := open(t, ixDir, Options{})
	_, err = index.Update(t.Context(), ix, w.Archive, index.Options{})
	must(t, err)
	reader := openReader(t, ixDir)
	if got := len(find(t, reader, "is:unread")); got != n {
		t.Fatalf("is:unread: got %d, want %d", got, n)
	}

	for _, id := range ids {
		_, err := w.SetFlags(t.Context(), id, "", "FS", []string{"label:Blue"})
		must(t, err)
	}
	must(t, w.Commit(t.Context()))
	must(t, os.RemoveAll(filepath.Join(dir, "mail", "cur")))
	before := segmentFiles(t, ixDir)
	r, err := index.Update(t.Context(), ix, w.Archive, index.Options{})
	must(t, err)
	if r.Placed != n || r.Added != 0 || r.Problems != 0 {
		t.Errorf("got %+v, want %d placed and nothing read", r, n)
	}
	if after := segmentFiles(t, ixDir); !slices.Equal(after, before) {
		t.Errorf("segments went from %v to %v", before, after)
	}
	for q, want := range map[string]int{"is:unread": 0, "is:flagged label:blue": n, "apples is:read": n} {
		if got := len(find(t, reader, q)); got != want {
			t.Errorf("%s: got %d, want %d", q, got, want)
		}
	}
	must(t, Verify(t.Context(), ixDir))
}

// segmentFiles gives the segments of the newest generation in dir.
func segmentFiles(t *testing.T, dir string) []string {
	t.Helper()
	cur, err := readCurrent(dir)
	must(t, err)
	files, err := filepath.Glob(filepath.Join(dir, folderOf(cur.generation), "*"+segmentSuffix))
	must(t, err)
	for i := range files {
		files[i] = filepath.Base(files[i])
	}
	return files
}

// Segments that are merged give their documents other numbers; the places stay
// with the messages.
func TestPlacesSurviveMerges(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, Options{})
	var docs []index.Document
	for i := range 3 * maxSegments {
		d := note(t, i%28+1, fmt.Sprint("s", i), "apples")
		d.Entry.Places = []archive.Meta{{Mailbox: fmt.Sprint("box", i), Flags: archive.Flags("S"[:i%2])}}
		docs = append(docs, d)
		apply(t, w, int64(i+1), d)
	}
	if got := len(segmentFiles(t, dir)); got > maxSegments {
		t.Errorf("%d segments: nothing was merged", got)
	}
	moved := docs[4].Entry
	moved.Places = []archive.Meta{{Mailbox: "elsewhere"}}
	must(t, w.Apply(t.Context(), index.Batch{Archive: home, Cursor: 100, Placed: []archive.Entry{moved}}))
	for i, d := range docs {
		box := fmt.Sprint("in:box", i)
		if i == 4 {
			box = "in:elsewhere"
		}
		if got := find(t, w, box); !slices.Equal(got, []archive.ID{d.Entry.ID}) {
			t.Errorf("%s: got %d messages, want one", box, len(got))
		}
	}
	if got := len(find(t, w, "is:read")); got != len(docs)/2 {
		t.Errorf("is:read: got %d, want %d", got, len(docs)/2)
	}
	must(t, Verify(t.Context(), dir))
}

// An index with a lost or altered column is found out and built again.
func TestDamagedColumn(t *testing.T) {
	for name, harm := range map[string]func(string) error{
		"removed": os.Remove,
		"cut":     func(p string) error { return os.Truncate(p, 20) },
		"empty":   func(p string) error { return os.Truncate(p, 0) },
	} {
		dir := t.TempDir()
		w := open(t, dir, Options{})
		apply(t, w, 1, note(t, 1, "first", "apples"))
		must(t, w.Close())
		columns, err := filepath.Glob(filepath.Join(dir, "gen-1", "*"+placesSuffix))
		if err != nil || len(columns) != 1 {
			t.Fatalf("got %v, %v; want one column", columns, err)
		}
		must(t, harm(columns[0]))
		if err := Verify(t.Context(), dir); err == nil {
			t.Errorf("%s: Verify finds nothing", name)
		}
		if name != "removed" {
			r := openReader(t, dir)
			for _, q := range []string{"apples", "is:unread"} {
				var damaged *damagedError
				if _, err := r.Search(t.Context(), index.Request{Query: parse(t, q)}); !errors.As(err, &damaged) {
					t.Errorf("%s: %s gives %v, want *damagedError", name, q, err)
				}
			}
			w = open(t, dir, Options{})
			entry := note(t, 1, "first", "apples").Entry
			if err := w.Apply(t.Context(), index.Batch{Archive: home, Cursor: 2, Placed: []archive.Entry{entry}}); err == nil {
				t.Errorf("%s: places went into a damaged column", name)
			}
			must(t, w.Close())
		}
		w = open(t, dir, Options{})
		if got := cursorOf(t, w); got != 0 {
			t.Errorf("%s: cursor %d after the damage, want 0", name, got)
		}
		must(t, w.Close())
	}
}

func FuzzColumn(f *testing.F) {
	cw := newColumnWriter(3)
	cw.set(1, cw.add(placesOf(archive.Entry{Places: []archive.Meta{{Mailbox: "Work", Flags: "S"}}})))
	name := filepath.Join(f.TempDir(), "column")
	must(f, cw.write(name))
	whole, err := os.ReadFile(name)
	must(f, err)
	f.Add(whole, uint64(3))
	f.Add([]byte(placesMagic), uint64(0))
	f.Fuzz(func(t *testing.T, b []byte, documents uint64) {
		c, err := parseColumn(sealed(b), documents)
		if err != nil {
			return
		}
		for doc := range uint32(min(documents, 1000)) {
			c.set(doc)
		}
		c.terms(fieldKind, nil, nil)
	})
}

// sealed gives b the sum of a column, so that the fuzzer gets behind it.
func sealed(b []byte) []byte {
	if len(b) < sumLen {
		return b
	}
	return appendSum(slices.Clone(b[:len(b)-sumLen]))
}
