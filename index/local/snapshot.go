package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
	zap "github.com/blevesearch/scorch_segment_api/v2"

	"lostpost/index"
)

// A snapshot is one generation, open for reading. It is closed when nobody
// uses it any more.
type snapshot struct {
	generation int64
	segments   []*segment

	columns []*os.File // of the segments
	refs    atomic.Int64
	scorch  *scorch.Scorch
	root    *scorch.IndexSnapshot
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
	s.segments = segmentsOf(s.root, filepath.Join(dir, folderOf(c.generation)))
	for _, seg := range s.segments {
		n += seg.live()
		// Opened now and read when it is asked for: the generation may be
		// removed in between.
		f, err := os.Open(seg.columnName)
		if errors.Is(err, fs.ErrNotExist) {
			err = &damagedError{err.Error()}
		}
		if err != nil {
			s.close()
			return nil, err
		}
		s.columns = append(s.columns, f)
		seg.columnFile = f
		seg.column = sync.OnceValues(func() (*column, error) { return readColumn(f, seg.Count()) })
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
	for _, f := range s.columns {
		f.Close()
	}
	s.root, s.scorch, s.columns = nil, nil, nil
}

// held gives every message of one archive in ascending order of ID. The keys
// are read from the documents and sorted: walking the dictionaries in order
// costs seven times as much.
func (s *snapshot) held(ctx context.Context, number byte) ([]index.Held, error) {
	var all []index.Held
	for _, seg := range s.segments {
		c, err := seg.column()
		if err != nil {
			return nil, err
		}
		all = slices.Grow(all, int(seg.live()))
		err = guard(func() error {
			for doc := range uint32(seg.Count()) {
				if doc%checkEvery == 0 && ctx.Err() != nil {
					return ctx.Err()
				}
				if seg.deleted != nil && seg.deleted.Contains(doc) {
					continue
				}
				key, err := seg.DocID(uint64(doc))
				if err != nil {
					return err
				}
				if id, n, ok := parseKey(key); ok && n == number {
					all = append(all, index.Held{ID: id, Places: c.set(doc).stamp})
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, index.Held.Compare)
	return all, ctx.Err()
}

// A segment is one segment of a snapshot, or a single document in memory.
type segment struct {
	zap.Segment
	deleted    *roaring.Bitmap         // nil: none
	columnName string                  // path of its column; "" if it is in memory
	columnFile io.ReaderAt             // the open column; nil while the writer works on it
	column     func() (*column, error) // the column as a whole
}

// segmentsOf gives the segments of a scorch snapshot, which lie in dir. Columns
// are read from there when they are asked for.
func segmentsOf(root *scorch.IndexSnapshot, dir string) []*segment {
	var list []*segment
	for _, seg := range root.Segments() {
		s := &segment{Segment: seg.Segment(), deleted: seg.Deleted()}
		s.columnName = filepath.Join(dir, placesName(fileOf(s.Segment)))
		s.column = sync.OnceValues(func() (*column, error) {
			f, err := os.Open(s.columnName)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			return readColumn(f, s.Count())
		})
		list = append(list, s)
	}
	return list
}

// fileOf is the name of the file of a segment, "" if it has none.
func fileOf(s zap.Segment) string {
	if p, ok := s.(zap.PersistedSegment); ok {
		return filepath.Base(p.Path())
	}
	return ""
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
	if err := listInto(out, list); err != nil || !inColumn(field) {
		return err
	}
	c, err := s.column()
	if err == nil {
		c.postingsInto(out, field, term)
	}
	return err
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
	it, err := s.ownTerms(field, lo, hi)
	if err != nil || !inColumn(field) {
		return it, err
	}
	c, err := s.column()
	if err != nil {
		return nil, err
	}
	return &mergedTerms{dict: it, list: c.terms(field, lo, hi)}, nil
}

// ownTerms is terms without those of the column.
func (s *segment) ownTerms(field string, lo, hi []byte) (zap.DictionaryIterator, error) {
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

// A keyStream walks the documents of a segment that are not deleted in the
// order of their keys.
type keyStream struct {
	seg *segment
	at  int // number of the segment
	it  zap.DictionaryIterator
	key []byte // nil at the end
	doc uint32
}

// keys begins at the first document of s, which is segment number at.
func (s *segment) keys(at int) (*keyStream, error) {
	it, err := s.terms(fieldKey, nil, nil)
	if err != nil {
		return nil, err
	}
	st := &keyStream{seg: s, at: at, it: it}
	return st, st.next()
}

func (st *keyStream) next() error {
	for {
		e, err := st.it.Next()
		if err != nil || e == nil {
			st.key = nil
			return err
		}
		st.key = append(st.key[:0], e.Term...)
		doc, ok, err := st.seg.document(st.key)
		if err != nil {
			return err
		}
		if ok {
			st.doc = doc
			return nil
		}
	}
}

// document gives the document with a key, unless it is deleted.
func (s *segment) document(key []byte) (doc uint32, ok bool, err error) {
	list, err := s.list(fieldKey, key)
	if err != nil {
		return 0, false, err
	}
	it := list.Iterator(false, false, false, nil)
	for {
		p, err := it.Next()
		if err != nil || p == nil {
			return 0, false, err
		}
		doc = uint32(p.Number())
		if s.deleted == nil || !s.deleted.Contains(doc) {
			return doc, true, nil
		}
	}
}

// A valueReader reads the values of documents; they are best asked for in
// ascending order.
type valueReader struct {
	seg   *segment
	block []byte
	first uint32 // document with which block begins
}

// valueBlock is how many values are read at once: a page of the disk.
const valueBlock = 4096 / valuesWidth

func (s *segment) values() (*valueReader, error) {
	if s.columnFile == nil {
		return nil, &damagedError{"segment without values"}
	}
	return &valueReader{seg: s}, nil
}

func (r *valueReader) at(doc uint32) (values, error) {
	if uint64(doc) >= r.seg.Count() {
		return values{}, errValues
	}
	if doc < r.first || uint64(doc-r.first) >= uint64(len(r.block)/valuesWidth) {
		r.first = doc / valueBlock * valueBlock
		n := min(valueBlock, r.seg.Count()-uint64(r.first))
		if r.block == nil {
			r.block = make([]byte, valueBlock*valuesWidth)
		}
		r.block = r.block[:n*valuesWidth]
		if _, err := r.seg.columnFile.ReadAt(r.block, valuesOffset(r.first)); err != nil {
			r.block = r.block[:0]
			if errors.Is(err, io.EOF) {
				err = errPlaces
			}
			return values{}, err
		}
	}
	at := (doc - r.first) * valuesWidth
	return parseValues(r.block[at : at+valuesWidth])
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
