package local

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"lostpost/archive"
	"lostpost/index"
)

var besideSearches = flag.Int("searches", 200, "searches in TestSearchesBesideRebuildAndUpdates; 1,000 is the whole test")

// While the index is built again and then updated message by message, new
// readers search it. None of them may see an error, or fewer messages than one
// before it, and they go on at their usual pace.
func TestSearchesBesideRebuildAndUpdates(t *testing.T) {
	dir := t.TempDir()
	docs := make([]index.Document, 300)
	for i := range docs {
		docs[i] = note(t, i%28+1, fmt.Sprint("m", i), fmt.Sprint("apples and pears ", i))
	}
	old := open(t, dir, Options{})
	apply(t, old, 200, docs[:200]...)
	must(t, old.Close())
	search := func() (int64, time.Duration) {
		start := time.Now()
		r, err := OpenReader(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		res, err := r.Search(t.Context(), index.Request{Query: parse(t, "apples (is:flagged or is:unread)"), Count: true})
		if err != nil {
			t.Fatal(err)
		}
		must(t, r.Close())
		return res.Total, time.Since(start)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var writer sync.WaitGroup
	writer.Go(func() {
		for ctx.Err() == nil {
			if err := rebuildAndUpdate(ctx, dir, docs); err != nil {
				t.Error(err)
				return
			}
		}
	})
	defer writer.Wait()
	defer stop()
	var took []time.Duration
	most := int64(0)
	enough := min(int64(200+*besideSearches/10), int64(len(docs))) // 100 updates beside 1,000 searches
	for end := time.Now().Add(time.Minute); len(took) < *besideSearches || most < enough; {
		if time.Now().After(end) {
			t.Fatalf("%d searches saw %d messages: the writer stands still", len(took), most)
		}
		n, d := search()
		if n < 200 || n < most {
			t.Fatalf("%d hits after %d", n, most)
		}
		most = max(most, n)
		took = append(took, d)
	}
	slices.Sort(took)
	t.Logf("median %v, slowest %v; up to %d messages found", took[len(took)/2], took[len(took)-1], most)
}

// rebuildAndUpdate builds the index in dir again from the first 200 documents
// and adds the others one by one, each time with a change of flags. The cursor is
// the number of documents.
func rebuildAndUpdate(ctx context.Context, dir string, docs []index.Document) error {
	w, err := Open(dir, Options{Rebuild: true})
	if err != nil {
		return err
	}
	defer w.Close()
	cursor := int64(0)
	put := func(ds ...index.Document) error {
		cursor += int64(len(ds))
		return w.Apply(context.WithoutCancel(ctx), index.Batch{Archive: home, Cursor: cursor, Put: slices.Values(ds)})
	}
	for chunk := range slices.Chunk(docs[:200], 50) {
		if err := put(chunk...); err != nil {
			return err
		}
	}
	for i, d := range docs[200:] {
		if ctx.Err() != nil {
			return nil
		}
		if err := put(d); err != nil {
			return err
		}
		flagged := docs[i].Entry
		flagged.Places = []archive.Meta{{Flags: "F"}}
		b := index.Batch{Archive: home, Cursor: cursor, Placed: []archive.Entry{flagged}}
		if err := w.Apply(context.WithoutCancel(ctx), b); err != nil {
			return err
		}
	}
	return nil
}
