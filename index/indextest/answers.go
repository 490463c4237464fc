package indextest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"lostpost/archive"
	"lostpost/index"
)

// answers asks every query of the corpus.
func (s *suite) answers(t *testing.T, c *corpus) [][]archive.ID {
	t.Helper()
	var all [][]archive.ID
	for _, q := range c.queries {
		if q.optional {
			all = append(all, nil)
			continue
		}
		all = append(all, s.find(t, q.query))
	}
	return all
}

// compareAnswers sees that two indexes answer alike, in the same order.
func compareAnswers(t *testing.T, c *corpus, a, b [][]archive.ID) {
	t.Helper()
	for i, q := range c.queries {
		if !slices.Equal(a[i], b[i]) {
			t.Errorf("%s: %v, then %v", q.query, c.namesOf(a[i]), c.namesOf(b[i]))
		}
	}
}

// testGrown compares an index that came about by many steps, with replaced and
// removed messages, with one that was made at once.
func testGrown(t *testing.T, s *suite) {
	c := mail(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 2))
	docs := c.list()
	rnd.Shuffle(len(docs), func(i, j int) { docs[i], docs[j] = docs[j], docs[i] })
	passing := letters(t, 5)
	seq := int64(0)
	for len(docs) > 0 {
		n := min(1+rnd.IntN(4), len(docs))
		seq++
		step := slices.Clone(docs[:n])
		if rnd.IntN(2) == 0 {
			step = append(step, passing[rnd.IntN(len(passing))])
		}
		s.put(t, seq, step...)
		if rnd.IntN(2) == 0 {
			s.put(t, seq, docs[rnd.IntN(n)]) // again
		}
		docs = docs[n:]
	}
	var remove []archive.ID
	for _, d := range passing {
		remove = append(remove, d.Entry.ID)
	}
	if err := s.ix.Apply(t.Context(), index.Batch{Archive: identity, Cursor: seq + 1, Remove: remove}); err != nil {
		t.Fatal(err)
	}
	fresh := &suite{dir: t.TempDir(), open: s.open}
	fresh.start(t)
	defer fresh.ix.Close()
	fresh.put(t, 1, c.list()...)
	compareAnswers(t, c, s.answers(t, c), fresh.answers(t, c))
	if a, b := s.indexed(t, identity), fresh.indexed(t, identity); !slices.Equal(a, b) {
		t.Errorf("grown: %d ids, made at once: %d", len(a), len(b))
	}
}

// testBeside searches while batches are applied. No search may fail, and what
// was applied before a search began is found by it.
func testBeside(t *testing.T, s *suite) {
	docs := letters(t, 160)
	s.put(t, 1, docs[:40]...)
	e := parse(t, "common")
	var mu sync.Mutex
	applied := 40
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	fault := make(chan error, 2)
	for range 2 {
		wg.Go(func() {
			for ctx.Err() == nil {
				mu.Lock()
				least := int64(applied)
				mu.Unlock()
				r, err := s.ix.Search(context.WithoutCancel(ctx), index.Request{Query: e, Limit: 5, Count: true})
				if err == nil && (r.Total < least || r.Total > int64(len(docs)) || len(r.Hits) != 5) {
					err = fmt.Errorf("%d messages found, %d shown, at least %d were applied", r.Total, len(r.Hits), least)
				}
				if err != nil {
					fault <- err
					return
				}
			}
		})
	}
	for i := 40; i < len(docs); i += 20 {
		s.put(t, int64(i), docs[i:i+20]...)
		mu.Lock()
		applied = i + 20
		mu.Unlock()
	}
	cancel()
	wg.Wait()
	select {
	case err := <-fault:
		t.Error(err)
	default:
	}
}
