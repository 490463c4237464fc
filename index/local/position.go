package local

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2"
	zap "github.com/blevesearch/scorch_segment_api/v2"
	"github.com/blevesearch/vellum"
)

// A positionReader gives the positions of one term, document after document.
type positionReader interface {
	// at appends the positions of the term in a document, ascending.
	// Documents must be asked for in ascending order.
	at(doc uint32, dst []uint64) ([]uint64, error)
}

// positionsOf opens the positions of a term for the documents of within. nil:
// the term is not there.
func (ev *evaluator) positionsOf(field, term string, within *roaring.Bitmap) (positionReader, error) {
	if f, ok := ev.seg.Segment.(zapFile); ok && f.Version() == zapVersion && f.ChunkMode() == zapChunkMode {
		r, err := newPackedReader(f, ev.seg.Count(), field, term)
		if r == nil || err != nil {
			return nil, err
		}
		return r, nil
	}
	r, err := ev.termReader(field, term, within)
	if r == nil || err != nil {
		return nil, err
	}
	return r, nil
}

// A termReader reads through bleve, of any segment, also one in memory.
type termReader struct {
	it  zap.PostingsIterator
	cur zap.Posting // nil at the end
}

func (ev *evaluator) termReader(field, term string, within *roaring.Bitmap) (*termReader, error) {
	list, err := ev.seg.list(field, []byte(term))
	if err != nil {
		return nil, err
	}
	it := list.Iterator(false, false, true, nil)
	if o, ok := it.(zap.OptimizablePostingsIterator); ok {
		if bm := o.ActualBitmap(); bm != nil {
			o.ReplaceActual(roaring.And(bm, within))
		}
	}
	r := &termReader{it: it}
	if r.cur, err = it.Next(); err != nil || r.cur == nil {
		return nil, err
	}
	return r, nil
}

func (r *termReader) at(doc uint32, dst []uint64) ([]uint64, error) {
	for r.cur != nil && r.cur.Number() < uint64(doc) {
		var err error
		if r.cur, err = r.it.Advance(uint64(doc)); err != nil {
			return dst, err
		}
	}
	if r.cur == nil || r.cur.Number() != uint64(doc) {
		return dst, nil
	}
	for _, loc := range r.cur.Locations() {
		pos := loc.Pos()
		dst = append(dst, pos)
		for _, d := range loc.ArrayPositions() {
			pos += d
			dst = append(dst, pos)
		}
	}
	return dst, nil
}

// What packedReader knows of the files of zapx is true for this version of them.
const (
	zapVersion   = 17
	zapChunkMode = 1026
)

// A zapFile is a segment of zapx that is a file.
type zapFile interface {
	Data() []byte                          // the whole file
	Version() uint32                       // of its format
	ChunkMode() uint32                     // how postings are divided
	DictAddr(field string) (uint64, error) // where the dictionary of a field begins
}

// A packedReader reads packed positions (see packed) out of the file itself.
// A phrase of two words that are common and seldom neighbours has to look at
// the positions of some ten thousand documents to fill a page: 21,000 of
// 200,000 messages took 26 ms of a whole process through bleve's iterator, 16
// this way.
//
// The dictionary gives the place of a postings list: two offsets as uvarints,
// of which the second is that of the locations, the length of a roaring bitmap,
// and the bitmap. Locations begin with the number of chunks and the end of
// each, counted from the end of this list; a chunk has the locations of the
// documents of one range. Of each document there are the number of octets
// that follow, then field, position, start, end, and the array positions behind
// their number, all uvarints. A word with packed positions has one location.
type packedReader struct {
	ends      []uint64 // of the chunks in data
	data      []byte
	chunkSize uint32

	docs    roaring.ManyIntIterable // behind those of block
	list    [256]uint32
	left    []uint32 // documents to come, in list
	inChunk uint32   // chunk in which rest lies
	rest    []byte   // locations of left[0] and those behind it
}

var errPositions = errors.New("positions cannot be read")

// newPackedReader gives nil if the term is not there.
func newPackedReader(f zapFile, documents uint64, field, term string) (*packedReader, error) {
	file := f.Data()
	at, err := postingsAt(f, field, term)
	if at == 0 || err != nil {
		return nil, err
	}
	var (
		head = file[at:]
		n    uint64
	)
	_, head = uvarint(head)
	locations, head := uvarint(head)
	n, head = uvarint(head)
	docs := roaring.New()
	if _, err := docs.FromBuffer(head[:n]); err != nil {
		return nil, &damagedError{fmt.Sprintf("postings cannot be read: %v", err)}
	}
	r := &packedReader{docs: docs.ManyIterator()}
	r.chunkSize = uint32(documents / (docs.GetCardinality()/1024 + 1))
	if locations == 0 || r.chunkSize == 0 {
		return nil, &damagedError{errPositions.Error()}
	}
	n, r.data = uvarint(file[locations:])
	if n == 0 || n > documents+1 {
		return nil, &damagedError{errPositions.Error()}
	}
	r.ends = make([]uint64, n)
	for i := range r.ends {
		r.ends[i], r.data = uvarint(r.data)
	}
	r.rest = r.data[:r.ends[0]]
	r.fill()
	return r, nil
}

// postingsAt gives where the postings list of a term lies in the file, 0 if
// there is none.
func postingsAt(f zapFile, field, term string) (uint64, error) {
	at, err := f.DictAddr(field)
	if err != nil {
		return 0, nil // no document has the field
	}
	n, dictionary := uvarint(f.Data()[at:])
	fst, err := vellum.Load(dictionary[:n])
	if err != nil {
		return 0, &damagedError{err.Error()}
	}
	at, ok, err := fst.Get([]byte(term))
	if err != nil || !ok {
		return 0, err
	}
	return at, nil
}

// uvarint takes a number off b. It panics where b ends, like all that reads
// damaged segments (see guard).
func uvarint(b []byte) (uint64, []byte) {
	if b[0] < 0x80 {
		return uint64(b[0]), b[1:]
	}
	v, n := binary.Uvarint(b)
	if n <= 0 {
		panic(errPositions)
	}
	return v, b[n:]
}

// fill looks up the next documents of the list.
func (r *packedReader) fill() {
	r.left = r.list[:r.docs.NextMany(r.list[:])]
}

func (r *packedReader) at(doc uint32, dst []uint64) ([]uint64, error) {
	for chunk := doc / r.chunkSize; ; {
		if len(r.left) == 0 {
			if r.fill(); len(r.left) == 0 {
				return dst, nil
			}
		}
		next := r.left[0]
		if next > doc {
			return dst, nil
		}
		if c := next / r.chunkSize; c != r.inChunk {
			r.inChunk, r.rest = c, r.data[r.ends[c-1]:r.ends[c]]
		}
		if r.inChunk != chunk { // its locations need not be stepped over
			r.left = r.left[1:]
			continue
		}
		n, b := uvarint(r.rest)
		if next == doc {
			return unpack(b[:n], dst)
		}
		r.left, r.rest = r.left[1:], b[n:]
	}
}

// unpack appends the positions of one location.
func unpack(b []byte, dst []uint64) ([]uint64, error) {
	var pos, n uint64
	_, b = uvarint(b) // the field
	pos, b = uvarint(b)
	_, b = uvarint(b) // start
	_, b = uvarint(b) // end
	n, b = uvarint(b)
	dst = append(dst, pos)
	for ; n > 0; n-- {
		var d uint64
		d, b = uvarint(b)
		pos += d
		dst = append(dst, pos)
	}
	if len(b) > 0 {
		return dst, &damagedError{errPositions.Error()}
	}
	return dst, nil
}
