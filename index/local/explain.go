package local

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"
	bleve "github.com/blevesearch/bleve_index_api"
	zap "github.com/blevesearch/zapx/v17"

	"lostpost/index"
	"lostpost/index/query"
)

// maxNearTerms bounds Clause.Near.
const maxNearTerms = 5

// Explain makes a segment of the one document in memory, so that it is read by
// the same evaluator as any other. See index.Index.
func (e *engine) Explain(ctx context.Context, q query.Expr, d index.Document) ([]index.Clause, error) {
	v, err := e.acquire()
	if err != nil {
		return nil, err
	}
	defer v.release()
	return explain(ctx, q, d, newSearch(ctx, v, index.Request{}))
}

// explain looks for the other messages of d's thread in s.
func explain(ctx context.Context, q query.Expr, d index.Document, s *search) ([]index.Clause, error) {
	seg, err := inMemory(d)
	if err != nil {
		return nil, err
	}
	defer seg.Close()
	ev := &evaluator{ctx: ctx, seg: seg}
	ev.alike = func(value string) (*roaring.Bitmap, error) {
		bm := roaring.New()
		r, err := seg.row(0)
		if err != nil {
			return nil, err
		}
		found, err := s.dupHas(value, d.Entry.ID, &r.kin)
		if found {
			bm.Add(0)
		}
		return bm, err
	}
	ev.thread = func(x query.Expr) (*roaring.Bitmap, error) {
		alone := &evaluator{ctx: ctx, seg: seg, alike: ev.alike}
		bm, err := alone.eval(x, nil)
		if err != nil || !bm.IsEmpty() || d.Message == nil {
			return bm, err
		}
		found, err := s.threadHas(tiesOf(d.Message), x)
		if found {
			bm.Add(0)
		}
		return bm, err
	}
	var clauses []index.Clause
	for _, x := range clausesOf(q, nil) {
		bm, err := ev.evaluate(x, nil)
		if err != nil {
			return nil, err
		}
		c := index.Clause{Query: x.String(), Holds: !bm.IsEmpty()}
		if err := guard(func() error { return ev.describe(&c, x) }); err != nil {
			return nil, err
		}
		clauses = append(clauses, c)
	}
	return clauses, nil
}

// inMemory is a segment of one document.
func inMemory(d index.Document) (*segment, error) {
	doc := build(d, 0, newScratch())
	doc.AddIDField()
	s, _, err := (&zap.ZapPlugin{}).New([]bleve.Document{doc})
	if err != nil {
		return nil, err
	}
	seg := &segment{Segment: s}
	doc.inMemory(seg)
	return seg, nil
}

// checkQuery runs a query on an empty message, for its errors.
func checkQuery(ctx context.Context, q query.Expr) error {
	_, err := explain(ctx, q, index.Document{}, newSearch(ctx, view{snapshot: &snapshot{}, current: &current{}}, index.Request{}))
	return err
}

// clausesOf gathers what a query is made of: leaves, ranges and what stands
// under NEAR or not as a whole.
func clausesOf(q query.Expr, dst []query.Expr) []query.Expr {
	switch q := q.(type) {
	case nil:
		return dst
	case query.And:
		for _, x := range q.List {
			dst = clausesOf(x, dst)
		}
		return dst
	case query.Or:
		for _, x := range q.List {
			dst = clausesOf(x, dst)
		}
		return dst
	}
	return append(dst, q)
}

// terms fills in what a clause looks for, and the forms that the segment has.
func (ev *evaluator) terms(c *index.Clause, x query.Expr) error {
	l, err := ev.leafOrNone(x)
	if err != nil {
		return err
	}
	for _, f := range l.fields {
		for _, s := range append(f.slots, f.whole) {
			for _, t := range s.terms {
				c.Terms = appendNew(c.Terms, t)
			}
			for _, p := range s.patterns {
				if p.prefix != "" {
					c.Terms = appendNew(c.Terms, p.prefix+"*")
				}
			}
			if err := ev.expansion(c, f.field, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// expansion adds the terms of the segment that forms and patterns stand for.
func (ev *evaluator) expansion(c *index.Clause, field string, s slot) error {
	add := func(term string) error {
		if len(c.Forms) >= maxShownForms {
			return errEnough
		}
		if !slices.Contains(c.Terms, term) {
			c.Forms = appendNew(c.Forms, strings.Clone(term))
		}
		return nil
	}
	var err error
	for _, forms := range s.forms {
		err = cmp.Or(err, ev.walkForms(field, forms, add))
	}
	for _, p := range s.patterns {
		if !p.all {
			err = cmp.Or(err, ev.walk(field, p, add))
		}
	}
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// leafOrNone is the leaf of x, empty if x is not made of words.
func (ev *evaluator) leafOrNone(x query.Expr) (leaf, error) {
	l, err := ev.leaves.of(x)
	var syntax *query.SyntaxError
	if errors.As(err, &syntax) {
		return leaf{}, nil
	}
	return l, err
}

// describe fills in the terms of a clause and, if it does not hold, what the
// document has instead: terms of the same fields that share their beginning.
func (ev *evaluator) describe(c *index.Clause, x query.Expr) error {
	if err := ev.terms(c, x); err != nil || c.Holds {
		return err
	}
	l, err := ev.leafOrNone(x)
	if err != nil {
		return err
	}
	near := map[string]int{}
	for _, f := range l.fields {
		for _, want := range c.Terms {
			want = strings.TrimSuffix(want, "*")
			err := ev.walk(f.field, pattern{}, func(term string) error {
				if n := commonPrefix(want, term); n >= 3 && 2*n >= len(want) {
					near[strings.Clone(term)] = max(near[term], n)
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	for t := range near {
		c.Near = append(c.Near, t)
	}
	slices.SortFunc(c.Near, func(a, b string) int {
		return cmp.Or(cmp.Compare(near[b], near[a]), cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	c.Near = c.Near[:min(len(c.Near), maxNearTerms)]
	return nil
}

// commonPrefix is the length of the beginning that a and b share.
func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
