package local

import (
	"bytes"
	"cmp"
	"container/heap"
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"lostpost/index"
	"lostpost/index/query"
)

const (
	defaultLimit = 20
	maxLimit     = 100_000

	// Up to this many candidates of a segment are checked for a phrase at once;
	// more are checked day by day, newest first, until the page is full.
	checkAll = 4000

	// A hit costs 0.7 us to sort by its date, a day of a segment 1.5 us to
	// look at, and a page is full after some 20 hits.
	dayFactor = 20 * 1.5 / 0.7

	// Where positions have to be read, so many documents are looked at in the
	// first step, then twice as many as before; after each the page may be full.
	blockDocuments = 256

	// searchTime bounds one search.
	searchTime = 10 * time.Second
)

var errSearchTime = errors.New("index: the search took more than 10 s; a further word or a date makes it quicker")

// Search evaluates the query segment by segment. See index.Index.
func (e *engine) Search(ctx context.Context, r index.Request) (index.Result, error) {
	bounded, cancel := context.WithTimeout(ctx, searchTime)
	defer cancel()
	result, err := e.search(bounded, r)
	if err != nil && ctx.Err() == nil && bounded.Err() != nil {
		err = errSearchTime
	}
	return result, err
}

func (e *engine) search(ctx context.Context, r index.Request) (index.Result, error) {
	start := time.Now()
	v, err := e.acquire()
	if err != nil {
		return index.Result{}, err
	}
	defer v.release()
	s := newSearch(ctx, v, r)
	result, err := s.answer()
	if err != nil {
		return index.Result{}, err
	}
	if r.Widen && result.Total == 0 && result.Exact {
		wider, err := s.widen(r.Query)
		if err != nil {
			return index.Result{}, err
		}
		if wider != nil {
			r.Query = wider
			found, err := newSearch(ctx, v, r).answer()
			var tooMany *query.SyntaxError
			switch {
			case errors.As(err, &tooMany): // words contain it: nothing is widened
			case err != nil:
				return index.Result{}, err
			default:
				result = found
				if result.Total > 0 {
					result.Widened = wider
				}
			}
		}
	}
	if r.Marks && e.opt.Message != nil {
		if err := e.snippets(ctx, r.Query, result.Hits); err != nil {
			return result, err
		}
	}
	result.Took = time.Since(start)
	return result, nil
}

// answer runs the search and makes its page.
func (s *search) answer() (index.Result, error) {
	if err := s.run(); err != nil {
		return index.Result{}, err
	}
	r, err := s.result()
	if err == nil && s.request.Explain {
		r.Clauses, err = s.clauses(s.request.Query)
	}
	return r, err
}

// A search is one call of Search.
type search struct {
	view
	ctx     context.Context
	request index.Request
	limit   int
	after   *candidate // last row of the page before

	hits   []*roaring.Bitmap // of each segment, where all are known
	scorer *scorer           // if sorted by relevance
	page   page
	total  int64
	exact  bool
	leaves leafCache

	threads map[string][]*roaring.Bitmap // of each segment, by the query in thread:{}
	dups    map[string][]*roaring.Bitmap // of each segment, by the value of dup:
}

func newSearch(ctx context.Context, v view, r index.Request) *search {
	return &search{
		view: v, ctx: ctx, request: r, exact: true,
		leaves: leafCache{}, threads: map[string][]*roaring.Bitmap{}, dups: map[string][]*roaring.Bitmap{},
	}
}

// A candidate is a document that may be on the page. Order is by key, then
// date, both descending, then by id: it does not depend on segments, so pages
// do not move when segments are merged.
type candidate struct {
	key  int64 // date, -date, size or bits of the score
	date int64
	id   []byte
	at   int    // segment where it stands
	doc  uint32 // there
}

func (a *candidate) compare(b *candidate) int {
	switch {
	case a.key != b.key:
		return cmp.Compare(b.key, a.key)
	case a.date != b.date:
		return cmp.Compare(b.date, a.date)
	}
	return bytes.Compare(a.id, b.id)
}

// A page keeps the best candidates, one more than the limit, so that it is
// known whether another page follows. It is a heap with the worst on top.
type page struct {
	size int
	rows []candidate
}

func (p *page) Len() int           { return len(p.rows) }
func (p *page) Less(i, j int) bool { return p.rows[i].compare(&p.rows[j]) > 0 }
func (p *page) Swap(i, j int)      { p.rows[i], p.rows[j] = p.rows[j], p.rows[i] }
func (p *page) Push(c any)         { p.rows = append(p.rows, c.(candidate)) }
func (p *page) Pop() any           { panic("index: a page only grows") }

// floor is the worst candidate of a full page.
func (p *page) floor() *candidate {
	if len(p.rows) < p.size {
		return nil
	}
	return &p.rows[0]
}

// sorted gives the rows, the best first.
func (p *page) sorted() []candidate {
	slices.SortFunc(p.rows, func(a, b candidate) int { return a.compare(&b) })
	return p.rows
}

func (p *page) add(c candidate) {
	if f := p.floor(); f == nil {
		heap.Push(p, c)
	} else if c.compare(f) < 0 {
		*f = c
		heap.Fix(p, 0)
	}
}

func (s *search) run() error {
	s.limit = s.request.Limit
	if s.limit <= 0 {
		s.limit = defaultLimit
	}
	s.limit = min(s.limit, maxLimit)
	s.page.size = s.limit + 1
	if s.request.After != "" {
		c, err := parseToken(s.request.After, s.request.Sort)
		if err != nil {
			return err
		}
		s.after = &c
	}
	if s.request.Sort == index.Relevance && s.request.Threads {
		return errThreadOrder
	}
	if s.request.Sort == index.Relevance {
		sc, err := newScorer(s.ctx, s.segments, s.request.Query)
		if err != nil {
			return err
		}
		s.scorer = sc
	}
	if len(s.segments) == 0 { // a query that cannot be run is an error on an empty index too
		return checkQuery(s.ctx, s.request.Query)
	}
	for i := range s.segments {
		if err := s.segment(i); err != nil {
			return err
		}
	}
	return nil
}

// whole reports whether every hit has to be known.
func (s *search) whole() bool {
	return s.request.Count || s.request.Threads || len(s.request.Facets) > 0 || s.request.Sort != index.Newest
}

func (s *search) segment(i int) error {
	seg, ev := s.segments[i], s.evaluator(i)
	ev.approximate = true
	bm, err := ev.evaluate(s.request.Query, nil)
	if err != nil {
		return err
	}
	if seg.deleted != nil {
		bm.AndNot(seg.deleted)
	}
	exact := ev.exact
	ev.approximate = false
	if !exact && (s.whole() || bm.GetCardinality() <= checkAll) {
		if bm, err = ev.evaluate(s.request.Query, bm); err != nil {
			return err
		}
		exact = true
	}
	if exact {
		s.total += int64(bm.GetCardinality())
		s.hits = append(s.hits, bm)
		ev = nil
	}
	return s.choose(i, bm, ev)
}

// choose offers the documents of bm to the page, in the way that costs less. If
// ev is not nil, bm has documents that may be no hits.
func (s *search) choose(i int, bm *roaring.Bitmap, ev *evaluator) error {
	return guard(func() error {
		if s.request.Sort == index.Newest && (ev != nil || s.dense(s.segments[i], bm)) {
			return s.byDay(i, bm, ev)
		}
		return s.take(i, bm)
	})
}

// dense reports whether walking the days of a segment until the page is full
// costs less than sorting all hits. A segment has at most as many days as
// documents.
func (s *search) dense(seg *segment, bm *roaring.Bitmap) bool {
	n := float64(bm.GetCardinality())
	pages := max(float64(s.limit)/defaultLimit, 1)
	return n*n > dayFactor*pages*float64(seg.Count())
}

// take offers every document of bm to the page.
func (s *search) take(i int, bm *roaring.Bitmap) error {
	seg := s.segments[i]
	values, err := seg.values()
	if err != nil || bm.IsEmpty() {
		return err
	}
	var scores func(doc uint32, words int64) (float64, error)
	if s.scorer != nil {
		if scores, err = s.scorer.of(s.ctx, seg, bm); err != nil {
			return err
		}
	}
	n := 0
	for it := bm.Iterator(); it.HasNext(); n++ {
		if n%checkEvery == 0 && s.ctx.Err() != nil {
			return s.ctx.Err()
		}
		doc := it.Next()
		v, err := values.at(doc)
		if err != nil {
			return err
		}
		c := candidate{date: v.date, key: s.keyOf(v)}
		if scores != nil {
			score, err := scores(doc, v.words)
			if err != nil {
				return err
			}
			c.key = int64(math.Float64bits(score)) // positive, so bits are in order
		}
		if err := s.offer(i, doc, c); err != nil {
			return err
		}
	}
	return nil
}

// keyOf is what documents are sorted by, if not by relevance.
func (s *search) keyOf(v values) int64 {
	switch s.request.Sort {
	case index.Oldest:
		return -v.date
	case index.Largest:
		return v.size
	}
	return v.date
}

// offer reads the id of a document only if it may be on the page.
func (s *search) offer(i int, doc uint32, c candidate) error {
	if f := s.page.floor(); f != nil && (c.key < f.key || c.key == f.key && c.date < f.date) {
		return nil
	}
	if a := s.after; a != nil && (c.key > a.key || c.key == a.key && c.date > a.date) {
		return nil
	}
	id, err := s.segments[i].DocID(uint64(doc))
	if err != nil {
		return err
	}
	c.id, c.at, c.doc = bytes.Clone(id), i, doc
	if s.after != nil && c.compare(s.after) <= 0 {
		return nil
	}
	s.page.add(c)
	return nil
}

// result makes the page.
func (s *search) result() (index.Result, error) {
	r := index.Result{Total: s.total, Exact: s.exact, Indexed: s.current.documents}
	if s.request.Threads {
		page, err := s.foldThreads()
		if err != nil {
			return r, err
		}
		r.Hits, r.Next = page.Hits, page.Next
	} else {
		rows := s.page.sorted()
		if len(rows) > s.limit {
			rows = rows[:s.limit]
			r.Next = rows[len(rows)-1].token(s.request.Sort)
		}
		kins := make([]kin, len(rows))
		for i := range rows {
			h, err := s.hit(&rows[i], &kins[i])
			if err != nil {
				return r, err
			}
			r.Hits = append(r.Hits, *h)
		}
		if s.request.Fold {
			r.Hits = fold(r.Hits, kins)
		}
	}
	if len(s.request.Facets) == 0 {
		return r, nil
	}
	r.Facets = map[query.Field][]index.Count{}
	for _, f := range s.request.Facets {
		counts, err := s.facet(f)
		if err != nil {
			return r, err
		}
		r.Facets[f] = counts
	}
	return r, nil
}

// hit makes a row of a candidate, and gives its kin.
func (s *search) hit(c *candidate, k *kin) (*index.Hit, error) {
	id, _, ok := parseKey(c.id)
	if !ok {
		return nil, &damagedError{"a document has no id"}
	}
	h := &index.Hit{ID: id, Date: timeOf(c.date)}
	if s.scorer != nil {
		h.Score = math.Float64frombits(uint64(c.key))
	}
	err := guard(func() error {
		row, err := s.segments[c.at].row(c.doc)
		row.show(h)
		*k = row.kin
		return err
	})
	return h, err
}
