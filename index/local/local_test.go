package local

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lostpost/archive"
	"lostpost/decode"
	"lostpost/index"
	"lostpost/index/query"
)

const home = "00112233445566778899aabbccddeeff" // identity of the archive in these tests

// message makes a document of a whole message.
func message(t testing.TB, raw string, places ...archive.Meta) index.Document {
	t.Helper()
	raw = strings.ReplaceAll(raw, "\n", "\r\n")
	m, err := decode.Decode(t.Context(), bytes.NewReader([]byte(raw)), int64(len(raw)), decode.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if places == nil {
		places = []archive.Meta{{}}
	}
	return index.Document{
		Entry:   archive.Entry{ID: sha256.Sum256([]byte(raw)), Size: int64(len(raw)), Places: places},
		Message: m,
	}
}

// note is a short message on a day of March 2024.
func note(t testing.TB, day int, subject, text string) index.Document {
	t.Helper()
	return message(t, fmt.Sprintf("From: Anna Groß <anna.gross@kvist.example>\nTo: ben@board.example\n"+
		"Date: %d Mar 2024 12:00:00 +0000\nMessage-ID: <%d.%s@kvist.example>\nSubject: %s\n\n%s\n",
		day, day, strings.ReplaceAll(subject, " ", ""), subject, text))
}

func open(t testing.TB, dir string, opt Options) index.Index {
	t.Helper()
	ix, err := Open(dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ix.Close() })
	return ix
}

func openReader(t testing.TB, dir string) index.Index {
	t.Helper()
	ix, err := OpenReader(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ix.Close() })
	return ix
}

func apply(t testing.TB, ix index.Index, cursor int64, docs ...index.Document) {
	t.Helper()
	b := index.Batch{Archive: home, Cursor: cursor, Put: slices.Values(docs)}
	if err := ix.Apply(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

func parse(t testing.TB, s string) query.Expr {
	t.Helper()
	e, err := query.Parse(s, time.Date(2024, 4, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return e
}

// find gives the hits of a query, every one of them.
func find(t testing.TB, ix index.Index, q string) []archive.ID {
	t.Helper()
	r, err := ix.Search(t.Context(), index.Request{Query: parse(t, q), Limit: 1000, Count: true})
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	var ids []archive.ID
	for _, h := range r.Hits {
		ids = append(ids, h.ID)
	}
	if int64(len(ids)) != r.Total || !r.Exact {
		t.Errorf("%s: %d hits, Total %d, Exact %v", q, len(ids), r.Total, r.Exact)
	}
	return ids
}

func cursorOf(t testing.TB, ix index.Index) int64 {
	t.Helper()
	c, err := ix.Cursor(t.Context(), home)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestOpenReaderOfNothing(t *testing.T) {
	for name, prepare := range map[string]func(dir string) error{
		"no folder":    func(string) error { return nil },
		"empty folder": func(dir string) error { return os.Mkdir(dir, 0o700) },
		"other CURRENT": func(dir string) error {
			return errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, "CURRENT"), []byte("seg 1\n"), 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "index")
			if err := prepare(dir); err != nil {
				t.Fatal(err)
			}
			if _, err := OpenReader(dir, Options{}); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("got %v, want fs.ErrNotExist", err)
			}
		})
	}
}

func TestReaderFindsWhatApplyReturned(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, Options{})
	a, b := note(t, 1, "first", "apples and pears"), note(t, 2, "second", "pears and plums")
	apply(t, w, 10, a)
	r := openReader(t, dir)
	if got := find(t, r, "pears"); !slices.Equal(got, []archive.ID{a.Entry.ID}) {
		t.Errorf("got %v, want %v", got, a.Entry.ID)
	}
	apply(t, w, 20, b)
	if got, want := find(t, r, "pears"), []archive.ID{b.Entry.ID, a.Entry.ID}; !slices.Equal(got, want) {
		t.Errorf("reader that was open: got %v, want %v, newest first", got, want)
	}
	if got := cursorOf(t, r); got != 20 {
		t.Errorf("cursor: got %d, want 20", got)
	}
	if err := r.Apply(t.Context(), index.Batch{Archive: home}); err == nil {
		t.Error("a reader applied a batch")
	}
}

func TestMovingOnlyTheCursorKeepsTheGeneration(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, Options{})
	apply(t, w, 10, note(t, 1, "first", "apples"))
	before, err := readCurrent(dir)
	if err != nil {
		t.Fatal(err)
	}
	apply(t, w, 99)
	now, err := readCurrent(dir)
	if err != nil {
		t.Fatal(err)
	}
	if now.generation != before.generation || now.cursor(home) != 99 {
		t.Errorf("got generation %d, cursor %d; want %d, 99", now.generation, now.cursor(home), before.generation)
	}
	if got := len(find(t, openReader(t, dir), "apples")); got != 1 {
		t.Errorf("got %d hits, want 1", got)
	}
}

func TestOldGenerationsGo(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, Options{})
	for i := range 5 {
		apply(t, w, int64(i+1), note(t, i+1, "note", fmt.Sprintf("word%d", i)))
	}
	got, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, g := range got {
		names = append(names, filepath.Base(g))
	}
	if want := []string{"CURRENT", "gen-4", "gen-5", "lock"}; !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
}

// Whatever a stopped writer left, the next one goes on from CURRENT.
func TestLeftoversOfAStoppedWriter(t *testing.T) {
	first, second := note(t, 1, "first", "apples"), note(t, 2, "second", "apples")
	steps := map[string]func(t *testing.T, dir string){
		"folder made": func(t *testing.T, dir string) {
			must(t, os.Mkdir(filepath.Join(dir, "gen-2"), 0o700))
		},
		"half linked": func(t *testing.T, dir string) {
			must(t, os.Mkdir(filepath.Join(dir, "gen-2"), 0o700))
			must(t, os.WriteFile(filepath.Join(dir, "gen-2", "root.bolt"), []byte("half"), 0o600))
		},
		"written, not published": func(t *testing.T, dir string) {
			_, err := link(filepath.Join(dir, "gen-1"), filepath.Join(dir, "gen-2"))
			must(t, err)
		},
		"CURRENT.new torn": func(t *testing.T, dir string) {
			must(t, os.WriteFile(filepath.Join(dir, "CURRENT.new"), []byte("lostpost ind"), 0o600))
		},
		"removal cut off": func(t *testing.T, dir string) {
			must(t, os.Mkdir(filepath.Join(dir, "removed-0"), 0o700))
			must(t, os.WriteFile(filepath.Join(dir, "removed-0", "00.zap"), nil, 0o600))
		},
	}
	for name, step := range steps {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			w := open(t, dir, Options{})
			apply(t, w, 10, first)
			must(t, w.Close())
			step(t, dir)
			if got := len(find(t, openReader(t, dir), "apples")); got != 1 {
				t.Errorf("reader before: got %d hits, want 1", got)
			}
			w = open(t, dir, Options{})
			if got := cursorOf(t, w); got != 10 {
				t.Errorf("cursor: got %d, want 10", got)
			}
			apply(t, w, 20, second)
			if got := len(find(t, w, "apples")); got != 2 {
				t.Errorf("got %d hits, want 2", got)
			}
			for _, name := range []string{"CURRENT.new", "removed-0"} {
				if _, err := os.Stat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s is still there", name)
				}
			}
		})
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What is damaged is built again from the start; nothing is answered from it.
func TestDamageMeansBuildingAgain(t *testing.T) {
	damage := map[string]func(t *testing.T, dir string){
		"CURRENT cut": func(t *testing.T, dir string) {
			b, err := os.ReadFile(filepath.Join(dir, "CURRENT"))
			must(t, err)
			must(t, os.WriteFile(filepath.Join(dir, "CURRENT"), b[:len(b)/2], 0o600))
		},
		"one octet of CURRENT": func(t *testing.T, dir string) {
			b, err := os.ReadFile(filepath.Join(dir, "CURRENT"))
			must(t, err)
			must(t, os.WriteFile(filepath.Join(dir, "CURRENT"), bytes.Replace(b, []byte("documents 1"), []byte("documents 2"), 1), 0o600))
		},
		"folder gone": func(t *testing.T, dir string) { must(t, os.RemoveAll(filepath.Join(dir, "gen-1"))) },
		"root.bolt gone": func(t *testing.T, dir string) {
			must(t, os.Remove(filepath.Join(dir, "gen-1", "root.bolt")))
		},
		"segment cut": func(t *testing.T, dir string) {
			zaps, err := filepath.Glob(filepath.Join(dir, "gen-1", "*.zap"))
			if err != nil || len(zaps) == 0 {
				t.Fatalf("no segment: %v", err)
			}
			must(t, os.Truncate(zaps[0], 100))
		},
	}
	for name, harm := range damage {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			w := open(t, dir, Options{})
			apply(t, w, 10, note(t, 1, "first", "apples"))
			must(t, w.Close())
			harm(t, dir)
			if _, err := OpenReader(dir, Options{}); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("reader: got %v, want fs.ErrNotExist", err)
			}
			w = open(t, dir, Options{})
			if got := cursorOf(t, w); got != 0 {
				t.Errorf("cursor: got %d, want 0", got)
			}
			apply(t, w, 10, note(t, 1, "first", "apples"))
			if got := len(find(t, openReader(t, dir), "apples")); got != 1 {
				t.Errorf("got %d hits, want 1", got)
			}
		})
	}
}

// A segment that is damaged inside opens well. Whatever is done with it, nothing
// hangs or panics; once a writer finds out, the next one begins a new index.
func TestDamagedSegmentIsFoundOut(t *testing.T) {
	found := 0
	for part := range damagedParts - 1 {
		t.Run(fmt.Sprint(part), func(t *testing.T) {
			dir := t.TempDir()
			damagedIndex(t, dir, part)
			done := make(chan error, 1)
			go func() { done <- workOn(dir) }()
			var err error
			select {
			case err = <-done:
			case <-time.After(30 * time.Second):
				t.Fatal("the writer hangs")
			}
			w := open(t, dir, Options{Rebuild: err == nil})
			if got := cursorOf(t, w); got != 0 {
				t.Errorf("cursor of the new index: got %d, want 0", got)
			}
			apply(t, w, 100, note(t, 1, "new", "apples"))
			if err == nil {
				return
			}
			found++
			if got := len(find(t, w, "apples")); got != 1 {
				t.Errorf("got %d hits, want 1", got)
			}
			must(t, Verify(t.Context(), dir))
		})
	}
	if found == 0 {
		t.Error("no damage was found out")
	}
}

const damagedParts = 20

// damagedIndex makes an index of one segment and overwrites one of its parts.
func damagedIndex(t *testing.T, dir string, part int) {
	t.Helper()
	w := open(t, dir, Options{})
	var docs []index.Document
	for i := range 20 {
		docs = append(docs, note(t, i+1, fmt.Sprint("first ", i), "apples"))
	}
	apply(t, w, 1, docs...)
	must(t, w.Close())
	zaps, err := filepath.Glob(filepath.Join(dir, "gen-1", "*.zap"))
	if err != nil || len(zaps) != 1 {
		t.Fatalf("got %v, %v; want one segment", zaps, err)
	}
	b, err := os.ReadFile(zaps[0])
	must(t, err)
	for i := part * len(b) / damagedParts; i < (part+1)*len(b)/damagedParts; i++ {
		b[i] = 0xa5
	}
	must(t, os.WriteFile(zaps[0], b, 0o600))
}

// workOn searches an index and makes small steps until segments are merged. It
// gives the error of the last step.
func workOn(dir string) error {
	w, err := Open(dir, Options{})
	if err != nil {
		return err
	}
	defer w.Close()
	ctx := context.Background()
	w.Search(ctx, index.Request{Query: query.Term{Text: "apples"}}) // may fail
	w.Search(ctx, index.Request{Query: query.Phrase{Words: []string{"first", "1"}}})
	for i := range 15 {
		d := index.Document{
			Entry:   archive.Entry{ID: archive.ID{byte(i)}, Places: []archive.Meta{{}}},
			Message: &decode.Message{Text: "apples"},
		}
		err = w.Apply(ctx, index.Batch{Archive: home, Cursor: int64(i + 2), Put: slices.Values([]index.Document{d})})
	}
	return err
}

// While an index is built again, the old one answers until the new one covers
// as much.
func TestOldAnswersUntilTheNewCoversAsMuch(t *testing.T) {
	stale := func(t *testing.T, dir string) Options {
		cur, err := readCurrent(dir)
		must(t, err)
		cur.analysis = "of another program"
		must(t, cur.publish(dir))
		return Options{}
	}
	for name, prepare := range map[string]func(*testing.T, string) Options{
		"other analysis": stale,
		"asked for":      func(*testing.T, string) Options { return Options{Rebuild: true} },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			docs := []index.Document{note(t, 1, "one", "apples"), note(t, 2, "two", "apples"), note(t, 3, "three", "apples")}
			w := open(t, dir, Options{})
			apply(t, w, 30, docs...)
			must(t, w.Close())

			w = open(t, dir, prepare(t, dir))
			if got := cursorOf(t, w); got != 0 {
				t.Fatalf("cursor of the new one: got %d, want 0", got)
			}
			r := openReader(t, dir)
			for i, d := range docs {
				if got := len(find(t, r, "apples")); got != 3 {
					t.Errorf("reader after %d messages: got %d hits, want 3", i, got)
				}
				apply(t, w, int64(10*i+10), d)
			}
			if got := len(find(t, w, "apples")); got != 3 {
				t.Errorf("writer: got %d hits, want 3", got)
			}
			if cur, err := readCurrent(dir); err != nil || cur.analysis == "of another program" || cur.generation == 1 {
				t.Errorf("the new one is not published: %+v, %v", cur, err)
			}
			if got := len(find(t, r, "apples")); got != 3 {
				t.Errorf("reader at the end: got %d hits, want 3", got)
			}
		})
	}
}

func TestIndexOfAnotherArchive(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, Options{})
	apply(t, w, 10, note(t, 1, "first", "apples"))
	must(t, w.Close())
	other := strings.Repeat("f", 32)
	if _, err := OpenReader(dir, Options{Archive: other}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reader: got %v, want fs.ErrNotExist", err)
	}
	w = open(t, dir, Options{Archive: other})
	must(t, w.Apply(t.Context(), index.Batch{Archive: other, Cursor: 5, Put: slices.Values([]index.Document{note(t, 2, "x", "apples")})}))
	if got := len(find(t, openReader(t, dir), "apples")); got != 1 {
		t.Errorf("got %d hits, want 1: the other archive's messages are gone", got)
	}
}

func TestSecondWriterIsToldWhoHoldsTheLock(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, Options{})
	start := time.Now()
	_, err := Open(dir, Options{LockWait: 50 * time.Millisecond})
	var locked *archive.LockedError
	if !errors.As(err, &locked) || locked.PID != os.Getpid() {
		t.Errorf("got %v, want *archive.LockedError of this process", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("waited %v", took)
	}
}

// Readers open and search 100 times while a writer applies; none fails, waits,
// or sees less than the one before.
func TestReadersBesideAWriter(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, Options{})
	apply(t, w, 1, note(t, 1, "first", "apples"))
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 2; ctx.Err() == nil; i++ {
			b := index.Batch{Archive: home, Cursor: int64(i), Put: slices.Values([]index.Document{note(t, i%28+1, fmt.Sprint(i), "apples")})}
			if err := w.Apply(context.WithoutCancel(ctx), b); err != nil {
				t.Error(err)
				return
			}
		}
	})
	defer wg.Wait()
	defer cancel()
	seen, end := 0, time.Now().Add(20*time.Second)
	for i := 0; i < 100 || seen < 5; i++ {
		if time.Now().After(end) {
			t.Fatal("the writer did nothing meanwhile")
		}
		r, err := OpenReader(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		n := len(find(t, r, "apples"))
		must(t, r.Close())
		if n < seen || n == 0 {
			t.Fatalf("%d hits after %d", n, seen)
		}
		seen = n
	}
}

func TestApplyEndedByContextKeepsTheState(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, Options{})
	apply(t, w, 10, note(t, 1, "first", "apples"))
	ctx, cancel := context.WithCancel(t.Context())
	var put iter.Seq[index.Document] = func(yield func(index.Document) bool) {
		yield(note(t, 2, "second", "apples"))
		cancel()
	}
	if err := w.Apply(ctx, index.Batch{Archive: home, Cursor: 20, Put: put}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if got := cursorOf(t, w); got != 10 {
		t.Errorf("cursor: got %d, want 10", got)
	}
	if got := len(find(t, w, "apples")); got != 1 {
		t.Errorf("got %d hits, want 1", got)
	}
	apply(t, w, 20, note(t, 2, "second", "apples"))
	if got := len(find(t, w, "apples")); got != 2 {
		t.Errorf("got %d hits, want 2", got)
	}
}

// Many small steps do not leave many segments.
func TestSmallStepsAreMerged(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, Options{})
	for i := range 15 {
		apply(t, w, int64(i+1), note(t, i+1, fmt.Sprint("note ", i), "apples"))
	}
	e := w.(*engine)
	v, err := e.acquire()
	must(t, err)
	defer v.release()
	if len(v.segments) > maxSegments {
		t.Errorf("got %d segments, want at most %d", len(v.segments), maxSegments)
	}
	if got := len(find(t, openReader(t, dir), "apples")); got != 15 {
		t.Errorf("got %d hits, want 15", got)
	}
}

func TestCurrentReadsBack(t *testing.T) {
	want := &current{schema: 1, analysis: "abc", generation: 7, documents: 3, archives: []followed{{home, 12}, {"ff", 0}}}
	got, err := parseCurrent(want.bytes())
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func FuzzParseCurrent(f *testing.F) {
	f.Add((&current{schema: 1, generation: 1}).bytes())
	f.Add([]byte("lostpost index 1\ncrc 0\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := parseCurrent(b)
		if err != nil {
			return
		}
		again, err := parseCurrent(c.bytes())
		if err != nil || fmt.Sprint(again) != fmt.Sprint(c) {
			t.Errorf("got %v, %v, want %v", again, err, c)
		}
	})
}
