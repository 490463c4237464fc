package local

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lostpost/archive"
	"lostpost/decode"
	"lostpost/index"
)

// fill makes an archive of n letters of some words.
func fill(t testing.TB, n, words int) (*archive.Archive, int64) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "archive")
	w, err := archive.OpenWriter(t.Context(), dir, archive.Options{})
	must(t, err)
	rnd := rand.New(rand.NewPCG(7, 7))
	zipf := rand.NewZipf(rnd, 1.1, 4, 50_000)
	var octets int64
	for i := range n {
		var b strings.Builder
		fmt.Fprintf(&b, "From: Writer %d <w%d@kvist.example>\r\nTo: board@kvist.example\r\nSubject: letter %d\r\n"+
			"Date: %s\r\nMessage-ID: <%d@kvist.example>\r\n\r\n", i%50, i%50, i,
			time.Date(2015, 1, 1, i%24, 0, 0, 0, time.UTC).AddDate(0, 0, i%3000).Format(time.RFC1123Z), i)
		for j := range words {
			fmt.Fprintf(&b, "word%d ", zipf.Uint64())
			if j%12 == 11 {
				b.WriteString("\r\n")
			}
		}
		octets += int64(b.Len())
		_, err := w.Add(t.Context(), archive.Meta{Origin: fmt.Sprint("test:", i)}, strings.NewReader(b.String()))
		must(t, err)
	}
	must(t, w.Close())
	a, err := archive.Open(dir, archive.Options{})
	must(t, err)
	t.Cleanup(func() { a.Close() })
	return a, octets
}

func TestUpdateIntoLocal(t *testing.T) {
	a, _ := fill(t, 300, 50)
	dir := filepath.Join(a.Dir(), "index")
	w := open(t, dir, Options{Archive: a.Identity()})
	r, err := index.Update(t.Context(), w, a, index.Options{
		Facts: func(e archive.Entry, _ *decode.Message) []string { return []string{"bounce", "reason:mailboxfull"} },
	})
	must(t, err)
	stat, err := a.Stat(t.Context())
	must(t, err)
	reader := openReader(t, dir)
	cursor, err := reader.Cursor(t.Context(), a.Identity())
	must(t, err)
	if r.Added != 300 || cursor != stat.Seq {
		t.Errorf("got %+v, cursor %d; want 300 added, cursor %d", r, cursor, stat.Seq)
	}
	n := 0
	for _, err := range reader.Held(t.Context(), a.Identity()) {
		must(t, err)
		n++
	}
	if n != 300 {
		t.Errorf("Held: got %d, want 300", n)
	}
	if got := len(find(t, reader, "is:bounce")); got != 300 {
		t.Errorf("is:bounce: got %d, want 300", got)
	}
	if got := len(find(t, reader, "from:w7@kvist.example")); got != 6 {
		t.Errorf("from:w7: got %d, want 6", got)
	}
	must(t, Verify(t.Context(), dir))
}

func TestVerifyFindsOneChangedOctet(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, Options{})
	apply(t, w, 1, note(t, 1, "first", "apples"))
	must(t, w.Close())
	must(t, Verify(t.Context(), dir))
	zaps, err := filepath.Glob(filepath.Join(dir, "gen-1", "*.zap"))
	if err != nil || len(zaps) != 1 {
		t.Fatalf("got %v, %v; want one segment", zaps, err)
	}
	b, err := os.ReadFile(zaps[0])
	must(t, err)
	b[len(b)/2] ^= 1
	must(t, os.WriteFile(zaps[0], b, 0o600))
	if err := Verify(t.Context(), dir); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), zaps[0]) {
		t.Errorf("got %v, want an error that names the segment", err)
	}
}

// Text beyond one piece is searchable as a whole, and phrases cross pieces at
// the same place as anywhere else.
func TestLongText(t *testing.T) {
	text := "beginning " + strings.Repeat("filler ", pieceBytes/7) + "middle part " + strings.Repeat("filler ", pieceBytes/7) + "very end"
	d := note(t, 1, "long", "")
	d.Message.Text = text
	w := open(t, t.TempDir(), Options{})
	apply(t, w, 1, d)
	for q, want := range map[string]int{
		"beginning": 1, `"middle part"`: 1, `"very end"`: 1, `"filler middle part filler"`: 1, `"filler filler"`: 1, `"beginning middle"`: 0,
	} {
		if got := len(find(t, w, q)); got != want {
			t.Errorf("%s: got %d hits, want %d", q, got, want)
		}
	}
}

// A writer is killed again and again at random moments. After each, the index
// is whole, its cursor is not ahead of its documents, and the next writer goes
// on from there.
func TestKilledWriter(t *testing.T) {
	const child = "LOSTPOST_TEST_WRITER"
	if dir := os.Getenv(child); dir != "" {
		w := open(t, dir, Options{})
		for i := cursorOf(t, w); ; i++ {
			apply(t, w, i+1, note(t, int(i%28)+1, fmt.Sprint(i), "apples"))
		}
	}
	if testing.Short() {
		t.Skip("starts processes")
	}
	dir := t.TempDir()
	seed := time.Now().UnixNano()
	rnd := rand.New(rand.NewPCG(uint64(seed), 0))
	last := int64(0)
	for round := 0; round < 8 || last == 0; round++ {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledWriter$")
		cmd.Env = append(os.Environ(), child+"="+dir)
		must(t, cmd.Start())
		time.Sleep(time.Duration(20+rnd.IntN(150)) * time.Millisecond)
		must(t, cmd.Process.Kill())
		cmd.Wait() // says that it was killed
		r, err := OpenReader(dir, Options{})
		if errors.Is(err, fs.ErrNotExist) && last == 0 {
			continue // killed before the first generation
		}
		if err != nil {
			t.Fatalf("seed %d round %d: %v", seed, round, err)
		}
		cursor := cursorOf(t, r)
		if got := int64(len(find(t, r, "apples"))); got != cursor || cursor < last {
			t.Fatalf("seed %d round %d: %d messages, cursor %d, before %d", seed, round, got, cursor, last)
		}
		last = cursor
		must(t, r.Close())
	}
	must(t, Verify(t.Context(), dir))
}

func BenchmarkUpdate(b *testing.B) {
	a, octets := fill(b, 1000, 500)
	b.SetBytes(octets)
	for i := 0; b.Loop(); i++ {
		ix, err := Open(filepath.Join(b.TempDir(), fmt.Sprint(i)), Options{})
		must(b, err)
		if _, err := index.Update(b.Context(), ix, a, index.Options{}); err != nil {
			b.Fatal(err)
		}
		must(b, ix.Close())
	}
}

func BenchmarkUpdateOneMessage(b *testing.B) {
	w := open(b, b.TempDir(), Options{})
	for i := 0; b.Loop(); i++ {
		apply(b, w, int64(i+1), note(b, i%28+1, fmt.Sprint(i), "apples"))
	}
}

func BenchmarkSearch(b *testing.B) {
	a, _ := fill(b, 5000, 200)
	ix := open(b, b.TempDir(), Options{})
	if _, err := index.Update(b.Context(), ix, a, index.Options{}); err != nil {
		b.Fatal(err)
	}
	for _, q := range []string{"word40000", "word1", "word1 word2 word3", `"word1 word2"`, "word12*", "from:w7", "date:2018-05", "date:2018"} {
		b.Run(q, func(b *testing.B) {
			r := index.Request{Query: parse(b, q)}
			for b.Loop() {
				if _, err := ix.Search(b.Context(), r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Documents that were taken out of the index by hand are found and put back.
func TestCoverAndRepairLocal(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "archive")
	w, err := archive.OpenWriter(t.Context(), dir, archive.Options{})
	must(t, err)
	defer w.Close()
	for i := range 40 {
		raw := fmt.Sprintf("From: a@kvist.example\nSubject: m%d\n\napples\n", i)
		_, err := w.Add(t.Context(), archive.Meta{Origin: fmt.Sprint("test:", i)}, strings.NewReader(raw))
		must(t, err)
	}
	must(t, w.Commit(t.Context()))
	ix := open(t, t.TempDir(), Options{})
	_, err = index.Update(t.Context(), ix, w.Archive, index.Options{})
	must(t, err)
	cover := func() index.Coverage {
		c, err := index.Cover(t.Context(), ix, w.Archive, index.Options{})
		must(t, err)
		return c
	}
	if c := cover(); !c.Whole() || c.Indexed != 40 {
		t.Fatalf("got %+v, want 40 indexed", c)
	}
	cursor := cursorOf(t, ix)
	taken := find(t, ix, "apples")[:10]
	must(t, ix.Apply(t.Context(), index.Batch{Archive: w.Identity(), Cursor: cursor, Remove: taken}))
	c := cover()
	if len(c.Missing) != 10 || c.Indexed != 30 {
		t.Fatalf("got %d missing, %d indexed; want 10 and 30", len(c.Missing), c.Indexed)
	}
	_, err = index.Repair(t.Context(), ix, w.Archive, c, index.Options{})
	must(t, err)
	if c := cover(); !c.Whole() || len(find(t, ix, "apples")) != 40 {
		t.Errorf("after the repair: %+v", c)
	}
}

// A hostile message has bounded positions and terms: its words are found, or it
// says that it is partial.
func TestHostileTexts(t *testing.T) {
	letters := strings.Repeat("a b c d e f g h ", maxPlaces/8+1000) + "quince at the end"
	var numbers strings.Builder
	for i := range maxTerms + 1000 {
		fmt.Fprintf(&numbers, "%d\n", 1000000+i)
	}
	docs := []index.Document{note(t, 1, "letters", "-"), note(t, 2, "numbers", "-")}
	docs[0].Message.Text, docs[1].Message.Text = letters, numbers.String()
	for i, d := range docs {
		for _, f := range build(d, 0, newScratch()).fields {
			n := 0
			for _, tf := range f.freqs {
				for _, l := range tf.Locations {
					n += 1 + len(l.ArrayPositions)
				}
			}
			if len(f.freqs) > maxTerms || n > maxPlaces+maxTerms {
				t.Errorf("document %d, field %s: %d terms at %d positions", i, f.name, len(f.freqs), n)
			}
		}
	}
	w := open(t, t.TempDir(), Options{})
	apply(t, w, 1, docs...)
	for query, want := range map[string]int{"quince": 1, "1000000": 1, "partial:yes": 1, "problem:index-limit subject:numbers": 1} {
		if got := len(find(t, w, query)); got != want {
			t.Errorf("%s: got %d hits, want %d", query, got, want)
		}
	}
}
