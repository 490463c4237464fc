package local

import (
	"bytes"
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"lostpost/archive"
	"lostpost/index"
	"lostpost/index/query"
)

const (
	defaultLimit = 20
	maxLimit     = 100_000

	// Up to this many hits of a segment are sorted by their doc values; more
	// are taken day by day, newest first, until the page is full.
	sortAll = 2000

	// Where positions have to be read, so many documents are looked at in one
	// step; then the page may be full.
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
	s := &search{ctx: ctx, request: r, view: v, exact: true}
	if err := s.run(); err != nil {
		return index.Result{}, err
	}
	result, err := s.result()
	if err != nil {
		return result, err
	}
	if r.Marks && e.opt.Message != nil {
		if err := e.snippets(ctx, r.Query, result.Hits); err != nil {
			return result, err
		}
	}
	result.Took = time.Since(start)
	return result, nil
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
}

// A candidate is a document that may be on the page. Order is by key, then
// date, both descending, then by id: it does not depend on segments, so pages
// do not move when segments are merged.
type candidate struct {
	key  int64 // date, -date, size or bits of the score
	date int64
	id   []byte
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
		c, err := parseToken(s.request.After)
		if err != nil {
			return err
		}
		s.after = &c
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
	for _, seg := range s.segments {
		if err := s.segment(seg); err != nil {
			return err
		}
	}
	return nil
}

// whole reports whether every hit has to be known.
func (s *search) whole() bool {
	return s.request.Count || len(s.request.Facets) > 0 || s.request.Sort != index.Newest
}

func (s *search) segment(seg *segment) error {
	ev := &evaluator{ctx: s.ctx, seg: seg, approximate: true}
	bm, err := ev.evaluate(s.request.Query, nil)
	if err != nil {
		return err
	}
	if seg.deleted != nil {
		bm.AndNot(seg.deleted)
	}
	exact := ev.exact
	ev.approximate = false
	if !exact && (s.whole() || bm.GetCardinality() <= sortAll) {
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
	return guard(func() error {
		if s.request.Sort == index.Newest && bm.GetCardinality() > sortAll {
			return s.byDay(seg, bm, ev)
		}
		return s.take(seg, bm)
	})
}

// take offers every document of bm to the page.
func (s *search) take(seg *segment, bm *roaring.Bitmap) error {
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
		c := candidate{date: v.date}
		switch s.request.Sort {
		case index.Newest:
			c.key = v.date
		case index.Oldest:
			c.key = -v.date
		case index.Largest:
			c.key = v.size
		case index.Relevance:
			score, err := scores(doc, v.words)
			if err != nil {
				return err
			}
			c.key = int64(math.Float64bits(score)) // positive, so bits are in order
		}
		if err := s.offer(seg, doc, c); err != nil {
			return err
		}
	}
	return nil
}

// offer reads the id of a document only if it may be on the page.
func (s *search) offer(seg *segment, doc uint32, c candidate) error {
	if f := s.page.floor(); f != nil && (c.key < f.key || c.key == f.key && c.date < f.date) {
		return nil
	}
	if a := s.after; a != nil && (c.key > a.key || c.key == a.key && c.date > a.date) {
		return nil
	}
	id, err := seg.DocID(uint64(doc))
	if err != nil {
		return err
	}
	c.id = bytes.Clone(id)
	if s.after != nil && c.compare(s.after) <= 0 {
		return nil
	}
	s.page.add(c)
	return nil
}

// byDay walks the days of a segment from the newest, or from where the page
// before ended, until none can add to the page. If ev is not nil, bm has
// documents that may be no hits, and ev decides.
func (s *search) byDay(seg *segment, bm *roaring.Bitmap, ev *evaluator) error {
	var lo []byte
	if s.after != nil {
		lo = dayTerm(s.after.key)
	}
	days, err := seg.terms(fieldDay, lo, nil)
	if err != nil {
		return err
	}
	block := roaring.New()
	settle := func() error {
		hits := block
		if ev != nil {
			if hits, err = ev.evaluate(s.request.Query, block); err != nil {
				return err
			}
			s.total += int64(hits.GetCardinality())
		}
		block = roaring.New()
		return s.take(seg, hits)
	}
	for {
		day, err := days.Next()
		if err != nil {
			return err
		}
		if day == nil {
			return settle()
		}
		if f := s.page.floor(); f != nil && dayStart([]byte(day.Term))+secondsPerDay <= f.key {
			if err := settle(); err != nil {
				return err
			}
			if ev != nil {
				s.exact = false
			}
			return nil
		}
		docs, err := seg.postings(fieldDay, []byte(day.Term))
		if err != nil {
			return err
		}
		docs.And(bm)
		block.Or(docs)
		if block.GetCardinality() >= blockDocuments {
			if err := settle(); err != nil {
				return err
			}
		}
	}
}

// result makes the page.
func (s *search) result() (index.Result, error) {
	r := index.Result{Total: s.total, Exact: s.exact}
	rows := s.page.rows
	slices.SortFunc(rows, func(a, b candidate) int { return a.compare(&b) })
	if len(rows) > s.limit {
		rows = rows[:s.limit]
		r.Next = rows[len(rows)-1].token()
	}
	for _, c := range rows {
		id, _, ok := parseKey(c.id)
		if !ok {
			return r, &damagedError{"a document has no id"}
		}
		h := index.Hit{ID: id, Date: timeOf(c.date)}
		if s.scorer != nil {
			h.Score = math.Float64frombits(uint64(c.key))
		}
		r.Hits = append(r.Hits, h)
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

// token is what a page continues after. It names a place in the order, not a
// number of rows, so it stays right while mail is added.
func (c *candidate) token() string {
	return fmt.Sprintf("%x.%x.%x", uint64(c.key), uint64(c.date), c.id)
}

func parseToken(s string) (candidate, error) {
	parts := strings.Split(s, ".")
	if len(parts) == 3 && len(parts[2]) == 2*keyLen {
		key, err1 := strconv.ParseUint(parts[0], 16, 64)
		date, err2 := strconv.ParseUint(parts[1], 16, 64)
		id, err3 := archive.ParseID(parts[2][:2*keyLen-2])
		number, err4 := strconv.ParseUint(parts[2][2*keyLen-2:], 16, 8)
		if err1 == nil && err2 == nil && err3 == nil && err4 == nil {
			return candidate{int64(key), int64(date), []byte(keyOf(id, byte(number)))}, nil
		}
	}
	return candidate{}, fmt.Errorf("index: %q is no page of a search", s)
}
