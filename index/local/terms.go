package local

import (
	"github.com/RoaringBitmap/roaring/v2"
	zap "github.com/blevesearch/scorch_segment_api/v2"
)

// A cursor walks the terms of one field of one segment that a pattern matches.
type cursor struct {
	at    int // segment
	field string
	it    zap.DictionaryIterator
	term  string // "" at the end: no field has that term
}

func (c *cursor) next(p pattern) error {
	for {
		t, err := c.it.Next()
		if err != nil {
			return err
		}
		if t == nil {
			c.term = ""
			return nil
		}
		if t.Term != "" && p.matches(t.Term) {
			c.term = string([]byte(t.Term)) // the iterator writes over it
			return nil
		}
	}
}

// eachTerm calls fn for every term that one of fields has in any segment and
// that p matches, in order, with the documents of each segment that have it,
// the deleted ones too. It holds one term of each dictionary at a time.
func (s *search) eachTerm(fields []string, p pattern, fn func(term string, docs []*roaring.Bitmap) error) error {
	return guard(func() error {
		cursors, err := s.cursors(fields, p)
		if err != nil {
			return err
		}
		for n := 0; ; n++ {
			if n%checkEvery == 0 && s.ctx.Err() != nil {
				return s.ctx.Err()
			}
			least := ""
			for _, c := range cursors {
				if c.term != "" && (least == "" || c.term < least) {
					least = c.term
				}
			}
			if least == "" {
				return nil
			}
			docs := make([]*roaring.Bitmap, len(s.segments))
			for i := range docs {
				docs[i] = roaring.New()
			}
			for _, c := range cursors {
				if c.term != least {
					continue
				}
				if err := s.segments[c.at].postingsInto(docs[c.at], c.field, []byte(least)); err != nil {
					return err
				}
				if err := c.next(p); err != nil {
					return err
				}
			}
			if err := fn(least, docs); err != nil {
				return err
			}
		}
	})
}

// cursors gives one for every field of every segment, at its first term.
func (s *search) cursors(fields []string, p pattern) ([]*cursor, error) {
	var lo, hi []byte
	if p.prefix != "" {
		lo, hi = []byte(p.prefix), endOf(p.prefix)
	}
	var out []*cursor
	for i, seg := range s.segments {
		for _, field := range fields {
			it, err := seg.terms(field, lo, hi)
			if err != nil {
				return nil, err
			}
			c := &cursor{at: i, field: field, it: it}
			if err := c.next(p); err != nil {
				return nil, err
			}
			out = append(out, c)
		}
	}
	return out, nil
}
