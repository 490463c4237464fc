package local

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
	zap "github.com/blevesearch/scorch_segment_api/v2"

	"lostpost/archive"
)

// A snapshot is one generation, open for reading. It is closed when nobody
// uses it any more.
type snapshot struct {
	generation int64
	segments   []*segment

	refs   atomic.Int64
	scorch *scorch.Scorch
	root   *scorch.IndexSnapshot
}

// openSnapshot opens the generation that c names.
//
// Errors: *damagedError if it holds other than c says.
func openSnapshot(dir string, c *current) (*snapshot, error) {
	s := &snapshot{generation: c.generation}
	err := guard(func() (err error) {
		if s.scorch, err = openScorch(filepath.Join(dir, folderOf(c.generation)), true, nil); err != nil {
			return &damagedError{err.Error()}
		}
		s.root, err = snapshotOf(s.scorch)
		return err
	})
	if err != nil {
		s.close()
		return nil, err
	}
	s.refs.Store(1)
	var n int64
	for _, seg := range s.root.Segments() {
		v := newSegment(seg.Segment(), seg.Deleted())
		n += v.live()
		s.segments = append(s.segments, v)
	}
	// scorch passes over segments that it cannot open and answers from none.
	if n != c.documents {
		s.close()
		return nil, &damagedError{fmt.Sprintf("generation %d has %d documents, CURRENT says %d", c.generation, n, c.documents)}
	}
	return s, nil
}

func (s *snapshot) retain() { s.refs.Add(1) }

func (s *snapshot) release() {
	if s.refs.Add(-1) == 0 {
		s.close()
	}
}

// close closes the files; what they held is only read, so errors say nothing.
func (s *snapshot) close() {
	if s.root != nil {
		s.root.Close()
	}
	if s.scorch != nil {
		s.scorch.Close()
	}
	s.root, s.scorch = nil, nil
}

// ids calls yield for every message of one archive in ascending order.
func (s *snapshot) ids(ctx context.Context, number byte, yield func(archive.ID) bool) error {
	type stream struct {
		seg  *segment
		it   zap.DictionaryIterator
		key  []byte
		done bool
	}
	next := func(st *stream) error {
		for {
			e, err := st.it.Next()
			if err != nil || e == nil {
				st.done = true
				return err
			}
			bm, err := st.seg.postings(fieldKey, []byte(e.Term))
			if err != nil {
				return err
			}
			if st.seg.deleted != nil {
				bm = roaring.AndNot(bm, st.seg.deleted)
			}
			if !bm.IsEmpty() {
				st.key = append(st.key[:0], e.Term...)
				return nil
			}
		}
	}
	var streams []*stream
	for _, seg := range s.segments {
		it, err := seg.terms(fieldKey, nil, nil)
		if err != nil {
			return err
		}
		st := &stream{seg: seg, it: it}
		if err := guard(func() error { return next(st) }); err != nil {
			return err
		}
		streams = append(streams, st)
	}
	for {
		// A few segments: looking at each is quicker than a heap.
		var least *stream
		for _, st := range streams {
			if !st.done && (least == nil || bytes.Compare(st.key, least.key) < 0) {
				least = st
			}
		}
		if least == nil {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if id, n, ok := parseKey(least.key); ok && n == number && !yield(id) {
			return nil
		}
		if err := guard(func() error { return next(least) }); err != nil {
			return err
		}
	}
}

// A segment is one segment of a snapshot, or a single document in memory.
type segment struct {
	zap.Segment
	deleted *roaring.Bitmap // nil: none
}

func newSegment(s zap.Segment, deleted *roaring.Bitmap) *segment {
	return &segment{Segment: s, deleted: deleted}
}

// live is the number of documents that are not deleted.
func (s *segment) live() int64 {
	n := int64(s.Count())
	if s.deleted != nil {
		n -= int64(s.deleted.GetCardinality())
	}
	return n
}

// all has every document, the deleted ones too.
func (s *segment) all() *roaring.Bitmap {
	bm := roaring.New()
	bm.AddRange(0, s.Count())
	return bm
}

// postings gives the documents that have a term, the deleted ones too. The
// bitmap is the caller's.
func (s *segment) postings(field string, term []byte) (*roaring.Bitmap, error) {
	out := roaring.New()
	return out, s.postingsInto(out, field, term)
}

func (s *segment) postingsInto(out *roaring.Bitmap, field string, term []byte) error {
	list, err := s.list(field, term)
	if err != nil {
		return err
	}
	return listInto(out, list)
}

func (s *segment) list(field string, term []byte) (zap.PostingsList, error) {
	dict, err := s.Dictionary(field)
	if err != nil {
		return nil, err
	}
	return dict.PostingsList(term, nil, nil)
}

// listInto adds the documents of a list. Lists of zap can do it on the bitmap
// they have read; others are walked.
func listInto(out *roaring.Bitmap, list zap.PostingsList) error {
	if l, ok := list.(interface{ OrInto(*roaring.Bitmap) }); ok {
		l.OrInto(out)
		return nil
	}
	it := list.Iterator(false, false, false, nil)
	for {
		p, err := it.Next()
		if err != nil || p == nil {
			return err
		}
		out.Add(uint32(p.Number()))
	}
}

// terms walks the terms of a field from lo up to, not including, hi; nil is
// open. The iterator reads no postings where the segment can do without.
func (s *segment) terms(field string, lo, hi []byte) (zap.DictionaryIterator, error) {
	dict, err := s.Dictionary(field)
	if err != nil {
		return nil, err
	}
	if d, ok := dict.(interface {
		AutomatonIteratorOmitCount(zap.Automaton, []byte, []byte) zap.DictionaryIterator
	}); ok {
		return d.AutomatonIteratorOmitCount(nil, lo, hi), nil
	}
	return dict.AutomatonIterator(nil, lo, hi), nil
}

// A valueReader reads the doc values of a segment; documents are best asked for
// in ascending order.
type valueReader struct {
	seg   zap.DocValueVisitable
	state zap.DocVisitState
}

var valueFields = []string{fieldValues}

func (s *segment) values() (*valueReader, error) {
	v, ok := s.Segment.(zap.DocValueVisitable)
	if !ok {
		return nil, &damagedError{"segment without doc values"}
	}
	return &valueReader{seg: v}, nil
}

func (r *valueReader) at(doc uint32) (v values, err error) {
	var inner error = errValues
	r.state, err = r.seg.VisitDocValues(uint64(doc), valueFields, func(_ string, term []byte) {
		v, inner = parseValues(term)
	}, r.state)
	if err != nil {
		return v, err
	}
	return v, inner
}

// guard calls f and turns a panic into an error: segments are files, bleve does
// not verify them when it opens them, and reading a damaged one may panic.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &damagedError{fmt.Sprintf("segment cannot be read: %v", r)}
		}
	}()
	return f()
}
