package local

import (
	"context"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2"

	"lostpost/index/query"
)

// A walk over a dictionary or over documents looks at the context this often.
const checkEvery = 4096

// An evaluator finds the documents of one segment for which a query holds.
// Deleted documents are found too; the caller takes them out.
//
// With approximate set, leaves that need positions hold wherever all their
// words occur, and exact becomes false: the result has every hit and may have
// more. That is quick, and the caller can have the rest checked newest first
// until a page is full.
type evaluator struct {
	ctx         context.Context
	seg         *segment
	approximate bool
	exact       bool
	leaves      leafCache // may be nil

	// thread gives the documents of the threads in which x holds for one
	// message. nil: there is only one document, a thread by itself.
	thread func(x query.Expr) (*roaring.Bitmap, error)

	// alike gives the documents that dup:value finds.
	alike func(value string) (*roaring.Bitmap, error)
}

// A leafCache keeps the words of a query that were analysed, with what is known
// of their forms, from one segment to the next.
type leafCache map[query.Term]leaf

// of is leafOf with the cache.
func (c leafCache) of(e query.Expr) (leaf, error) {
	t, ok := e.(query.Term)
	if !ok || c == nil {
		return leafOf(e)
	}
	if l, ok := c[t]; ok {
		return l, nil
	}
	l, err := leafOf(e)
	if err == nil {
		c[t] = l
	}
	return l, err
}

// errQuery is a query that cannot be run, with the place of its leaf.
func errQuery(pos int, format string, args ...any) error {
	return &query.SyntaxError{Pos: pos, Msg: fmt.Sprintf(format, args...)}
}

// evaluate is eval behind the guard against damaged segments.
func (ev *evaluator) evaluate(e query.Expr, within *roaring.Bitmap) (bm *roaring.Bitmap, err error) {
	ev.exact = true
	err = guard(func() error {
		bm, err = ev.eval(e, within)
		return err
	})
	return bm, err
}

// eval gives the documents of within (nil: all) for which e holds. The result
// is the caller's.
func (ev *evaluator) eval(e query.Expr, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	if err := ev.ctx.Err(); err != nil {
		return nil, err
	}
	switch e := e.(type) {
	case nil, query.All:
		return ev.limit(ev.seg.all(), within), nil
	case query.And:
		return ev.and(e.List, within)
	case query.Or:
		out := roaring.New()
		for _, x := range e.List {
			bm, err := ev.eval(x, within)
			if err != nil {
				return nil, err
			}
			out.Or(bm)
		}
		return out, nil
	case query.Not:
		return ev.not(e.X, within)
	case query.Near:
		return ev.near(e, within)
	case query.Range:
		return ev.rangeOf(e, within)
	case query.Thread:
		if ev.thread == nil {
			return ev.eval(e.X, within)
		}
		bm, err := ev.thread(e.X)
		if err != nil {
			return nil, err
		}
		return ev.limit(bm, within), nil
	case query.Term:
		switch e.Field {
		case "thread":
			return ev.eval(query.Thread{X: query.Term{Field: threadMember, Text: e.Text}}, within)
		case threadMember:
			bm, err := ev.member(e.Text)
			if err != nil {
				return nil, err
			}
			return ev.limit(bm, within), nil
		case dupField:
			bm, err := ev.dup(e.Text)
			if err != nil {
				return nil, err
			}
			return ev.limit(bm, within), nil
		}
	}
	l, err := ev.leaves.of(e)
	if err != nil {
		return nil, err
	}
	return ev.leaf(l, within)
}

func (ev *evaluator) limit(bm, within *roaring.Bitmap) *roaring.Bitmap {
	if within != nil {
		bm.And(within)
	}
	return bm
}

// and evaluates what is cheap first, so that positions and values are read
// of few documents.
func (ev *evaluator) and(list []query.Expr, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	var out *roaring.Bitmap
	for _, late := range []bool{false, true} {
		for _, x := range list {
			if costly(x) != late {
				continue
			}
			if out != nil {
				within = out // even if it is empty: x may be a query that cannot be run
			}
			bm, err := ev.eval(x, within)
			if err != nil {
				return nil, err
			}
			out = bm
		}
	}
	if out == nil {
		return ev.limit(ev.seg.all(), within), nil
	}
	return out, nil
}

// costly reports whether e reads more than dictionaries and postings.
func costly(e query.Expr) bool {
	switch e := e.(type) {
	case query.Near, query.Phrase, query.Not, query.Thread:
		return true
	case query.Range:
		return e.Field == "size"
	case query.And:
		for _, x := range e.List {
			if costly(x) {
				return true
			}
		}
	case query.Or:
		for _, x := range e.List {
			if costly(x) {
				return true
			}
		}
	}
	return false
}

func (ev *evaluator) not(x query.Expr, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	outer := ev.exact
	ev.exact = true
	bm, err := ev.eval(x, within)
	inner := ev.exact
	ev.exact = outer && inner
	if err != nil {
		return nil, err
	}
	all := ev.limit(ev.seg.all(), within)
	if !inner {
		return all, nil // bm may have too many, so nothing can be ruled out
	}
	all.AndNot(bm)
	return all, nil
}

// rangeOf takes whole days from the dictionary and looks at the values of
// the days at both ends.
func (ev *evaluator) rangeOf(r query.Range, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	switch r.Field {
	case "size":
		bm := ev.limit(ev.seg.all(), within)
		return ev.filter(bm, func(v values) bool { return r.From <= v.size && v.size < r.To })
	case "date":
	default:
		return nil, errQuery(0, "%s has no range", r.Field)
	}
	from, to := max(r.From, minDate), min(r.To, maxDate+1)
	if from >= to {
		return roaring.New(), nil
	}
	it, err := ev.seg.terms(fieldDay, dayTerm(to-1), after(dayTerm(from)))
	if err != nil {
		return nil, err
	}
	out, edge := roaring.New(), roaring.New()
	for n := 0; ; n++ {
		t, err := it.Next()
		if err != nil {
			return nil, err
		}
		if t == nil {
			break
		}
		if n%checkEvery == 0 && ev.ctx.Err() != nil {
			return nil, ev.ctx.Err()
		}
		start := dayStart([]byte(t.Term))
		into := out
		if start < from || start+secondsPerDay > to {
			into = edge
		}
		if err := ev.seg.postingsInto(into, fieldDay, []byte(t.Term)); err != nil {
			return nil, err
		}
	}
	edge, err = ev.filter(ev.limit(edge, within), func(v values) bool { return from <= v.date && v.date < to })
	if err != nil {
		return nil, err
	}
	out = ev.limit(out, within)
	out.Or(edge)
	return out, nil
}

// after is the least string greater than b.
func after(b []byte) []byte { return append(b, 0) }

// filter keeps the documents whose values pass.
func (ev *evaluator) filter(bm *roaring.Bitmap, pass func(values) bool) (*roaring.Bitmap, error) {
	out := roaring.New()
	if bm.IsEmpty() {
		return out, nil
	}
	r, err := ev.seg.values()
	if err != nil {
		return nil, err
	}
	n := 0
	for it := bm.Iterator(); it.HasNext(); n++ {
		if n%checkEvery == 0 && ev.ctx.Err() != nil {
			return nil, ev.ctx.Err()
		}
		doc := it.Next()
		v, err := r.at(doc)
		if err != nil {
			return nil, err
		}
		if pass(v) {
			out.Add(doc)
		}
	}
	return out, nil
}
