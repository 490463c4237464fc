package local

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"lostpost/index"
)

// Positions read out of the file are those that bleve reads, in lists of one
// chunk and of several, of documents that were merged, asked for one by one and
// with gaps.
func TestPackedReaderAgrees(t *testing.T) {
	w := open(t, t.TempDir(), Options{})
	const count = 2500 // a segment of 2,000: lists of up to two chunks
	var docs []index.Document
	for i := range count {
		text := strings.Repeat("often ", i%7+1) + "word" + fmt.Sprint(i%50) + " often"
		if i%3 == 0 {
			text += strings.Repeat(" filler", 300) + " third often" // positions of two octets
		}
		d := note(t, 1+i%28, fmt.Sprint("note ", i), text)
		docs = append(docs, d)
	}
	apply(t, w, 1, docs...)
	v, err := w.(*engine).acquire()
	must(t, err)
	defer v.release()
	for _, seg := range v.segments {
		ev := &evaluator{ctx: t.Context(), seg: seg}
		f, ok := seg.Segment.(zapFile)
		if !ok || f.Version() != zapVersion || f.ChunkMode() != zapChunkMode {
			t.Fatal("bleve writes other files: positions are no longer read out of them")
		}
		for _, term := range []string{"often", "third", "word7", "filler"} {
			for _, step := range []uint32{1, 2, 13, 400} {
				agree(t, ev, term, step)
			}
		}
		if r, err := newPackedReader(f, seg.Count(), fieldBody, "absent"); r != nil || err != nil {
			t.Errorf("a word that is not there: got %v, %v", r, err)
		}
	}
}

// agree compares both readers on every step-th document.
func agree(t *testing.T, ev *evaluator, term string, step uint32) {
	t.Helper()
	asked := roaring.New()
	for doc := uint32(0); uint64(doc) < ev.seg.Count(); doc += step {
		asked.Add(doc)
	}
	want, err := ev.termReader(fieldBody, term, asked)
	must(t, err)
	got, err := ev.positionsOf(fieldBody, term, asked)
	must(t, err)
	if want == nil {
		return
	}
	if got == nil {
		t.Fatalf("%s is not found in the file", term)
	}
	for it := asked.Iterator(); it.HasNext(); {
		doc := it.Next()
		a, err := want.at(doc, nil)
		must(t, err)
		b, err := got.at(doc, nil)
		must(t, err)
		if !slices.Equal(a, b) {
			t.Fatalf("%s in document %d, step %d: got %v, want %v", term, doc, step, b, a)
		}
	}
}
