package local

import (
	"context"
	"math"

	"github.com/RoaringBitmap/roaring/v2"

	"lostpost/index/query"
)

// Weights of BM25 (Robertson and Zaragoza 2009): saturation of the number of
// occurrences, and how much the length of the text counts.
const (
	bm25K1 = 1.2
	bm25B  = 0.75

	// meanWords stands for the mean length of a message; the true one would
	// cost a look at every document and changes little.
	meanWords = 300
)

// fieldWeight: a word of the subject says more than one of the body.
func fieldWeight(field string) float64 {
	switch field {
	case fieldSubject:
		return 3
	case fieldBody, fieldAttached:
		return 1
	}
	return 2
}

// A scorer ranks hits by the words of a query that do not stand under not.
type scorer struct {
	leaves []leaf
	idf    [][]float64 // of each leaf and field
}

// newScorer counts in how many documents each leaf occurs.
func newScorer(ctx context.Context, segments []*segment, e query.Expr) (*scorer, error) {
	sc := &scorer{}
	for _, x := range wanted(e, nil) {
		l, err := leafOf(x)
		if err != nil {
			return nil, err
		}
		sc.leaves = append(sc.leaves, l)
	}
	var all float64
	for _, seg := range segments {
		all += float64(seg.live())
	}
	for _, l := range sc.leaves {
		var idf []float64
		for _, f := range l.fields {
			var n float64
			for _, seg := range segments {
				ev := &evaluator{ctx: ctx, seg: seg, approximate: true}
				err := guard(func() error {
					bm, _, err := ev.candidates(l, f, nil)
					if err == nil {
						n += float64(bm.GetCardinality())
					}
					return err
				})
				if err != nil {
					return nil, err
				}
			}
			idf = append(idf, math.Log(1+max(all-n+0.5, 0.5)/(n+0.5)))
		}
		sc.idf = append(sc.idf, idf)
	}
	return sc, nil
}

// wanted gathers the leaves that a hit should have.
func wanted(e query.Expr, dst []query.Expr) []query.Expr {
	switch e := e.(type) {
	case query.And:
		for _, x := range e.List {
			dst = wanted(x, dst)
		}
	case query.Or:
		for _, x := range e.List {
			dst = wanted(x, dst)
		}
	case query.Near:
		for _, x := range e.List {
			dst = wanted(x, dst)
		}
	case query.Term, query.Phrase, query.Prefix, query.Infix, query.Fuzzy, query.Regexp:
		dst = append(dst, e)
	}
	return dst
}

// of gives the function that scores the documents of hits in one segment; it
// must be called in ascending order. Leaves without positions (flags,
// mailboxes) add the same to every hit and are left out.
func (sc *scorer) of(ctx context.Context, seg *segment, hits *roaring.Bitmap) (func(doc uint32, words int64) (float64, error), error) {
	type weighted struct {
		*phraseReader
		weight float64
	}
	var readers []weighted
	ev := &evaluator{ctx: ctx, seg: seg}
	for i, l := range sc.leaves {
		for j, f := range l.fields {
			if !f.positions {
				continue
			}
			bm, slots, err := ev.candidates(l, f, hits)
			if err != nil {
				return nil, err
			}
			if bm.IsEmpty() {
				continue
			}
			p, err := ev.phraseReader(f.field, slots, bm)
			if err != nil {
				return nil, err
			}
			readers = append(readers, weighted{p, sc.idf[i][j] * fieldWeight(f.field)})
		}
	}
	return func(doc uint32, words int64) (float64, error) {
		score := 0.0
		for _, r := range readers {
			starts, err := r.at(doc)
			if err != nil {
				return 0, err
			}
			if tf := float64(len(starts)); tf > 0 {
				score += r.weight * tf / (tf + bm25K1*(1-bm25B+bm25B*float64(words)/meanWords))
			}
		}
		return score, nil
	}, nil
}
