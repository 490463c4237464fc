package local

import (
	"github.com/RoaringBitmap/roaring/v2"
	zap "github.com/blevesearch/scorch_segment_api/v2"
)

// byDay walks the days of a segment from the newest, or from where the page
// before ended, until none can add to the page. If ev is not nil, bm has
// documents that may be no hits, and ev decides.
func (s *search) byDay(i int, bm *roaring.Bitmap, ev *evaluator) error {
	seg := s.segments[i]
	var lo []byte
	if s.after != nil {
		lo = dayTerm(s.after.key)
	}
	days, err := seg.terms(fieldDay, lo, nil)
	if err != nil {
		return err
	}
	dict, err := seg.Dictionary(fieldDay)
	if err != nil {
		return err
	}
	w := &dayWalk{search: s, at: i, ev: ev, bm: bm, block: roaring.New(), size: blockDocuments}
	var list zap.PostingsList
	docs := roaring.New()
	for {
		day, err := days.Next()
		if err != nil {
			return err
		}
		if day == nil {
			return w.settle()
		}
		if f := s.page.floor(); f != nil && dayStart([]byte(day.Term))+secondsPerDay <= f.key {
			if err := w.settle(); err != nil {
				return err
			}
			if ev != nil {
				s.exact = false
			}
			return nil
		}
		if list, err = dict.PostingsList([]byte(day.Term), nil, list); err != nil {
			return err
		}
		docs.Clear()
		if err := listInto(docs, list); err != nil {
			return err
		}
		docs.And(bm)
		w.block.Or(docs)
		if w.block.GetCardinality() < w.size {
			continue
		}
		if err := w.settle(); err != nil {
			return err
		}
		if ev != nil && w.scarce() {
			return w.rest()
		}
	}
}

// A dayWalk is what byDay has seen of a segment.
type dayWalk struct {
	*search
	at    int // number of the segment
	ev    *evaluator
	bm    *roaring.Bitmap
	block *roaring.Bitmap // not offered to the page yet
	size  uint64          // that block should have

	seen  *roaring.Bitmap // documents that ev has decided, nil: none
	found uint64          // hits among them
}

// settle offers the hits of the block to the page.
func (w *dayWalk) settle() error {
	hits := w.block
	if w.ev != nil {
		var err error
		if hits, err = w.ev.evaluate(w.request.Query, w.block); err != nil {
			return err
		}
		w.found += hits.GetCardinality()
		w.total += int64(hits.GetCardinality())
		if w.seen == nil {
			w.seen = w.block
		} else {
			w.seen.Or(w.block)
		}
		w.size *= 2 // hits are rare
	}
	w.block = roaring.New()
	return w.take(w.at, hits)
}

// scarce reports whether so few hits are to be expected that most documents
// have to be looked at anyway. Then days and blocks only cost.
func (w *dayWalk) scarce() bool {
	seen := w.seen.GetCardinality()
	return w.found*(w.bm.GetCardinality()-seen) <= 2*uint64(w.page.size)*seen
}

// rest looks at all documents that are left.
func (w *dayWalk) rest() error {
	w.block = roaring.AndNot(w.bm, w.seen)
	return w.settle()
}
