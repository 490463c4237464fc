package local

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"lostpost/index/analyze"
	"lostpost/index/query"
)

// maxNear is how many leaves one NEAR may have: sets of them are kept as the
// bits of a word.
const maxNear = 6

// A phraseReader gives the places where the slots of a leaf stand one after
// the other.
type phraseReader struct {
	readers [][]positionReader // of each slot
	buf     [][]uint64
}

// phraseReader opens the terms of each slot in a field.
func (ev *evaluator) phraseReader(field string, slots [][]string, within *roaring.Bitmap) (*phraseReader, error) {
	p := &phraseReader{buf: make([][]uint64, len(slots))}
	for _, terms := range slots {
		var readers []positionReader
		for _, t := range terms {
			r, err := ev.positionsOf(field, t, within)
			if err != nil {
				return nil, err
			}
			if r != nil {
				readers = append(readers, r)
			}
		}
		p.readers = append(p.readers, readers)
	}
	return p, nil
}

// at gives the positions in a document where the phrase begins, ascending. The
// slice is valid until the next call.
func (p *phraseReader) at(doc uint32) ([]uint64, error) {
	for i, readers := range p.readers {
		b := p.buf[i][:0]
		for _, r := range readers {
			var err error
			if b, err = r.at(doc, b); err != nil {
				return nil, err
			}
		}
		if len(readers) > 1 {
			slices.Sort(b)
			b = slices.Compact(b)
		}
		p.buf[i] = b
		if len(b) == 0 {
			return nil, nil
		}
	}
	starts := p.buf[0]
	for i := 1; i < len(p.buf); i++ {
		starts = follow(starts, p.buf[i], uint64(i))
	}
	return starts, nil
}

// follow keeps the starts that have a position offset places later, in place.
func follow(starts, positions []uint64, offset uint64) []uint64 {
	kept, j := starts[:0], 0
	for _, s := range starts {
		for j < len(positions) && positions[j] < s+offset {
			j++
		}
		if j < len(positions) && positions[j] == s+offset {
			kept = append(kept, s)
		}
	}
	return kept
}

// adjacent keeps the documents in which the slots stand one after the other.
func (ev *evaluator) adjacent(field string, slots [][]string, docs *roaring.Bitmap) (*roaring.Bitmap, error) {
	p, err := ev.phraseReader(field, slots, docs)
	if err != nil {
		return nil, err
	}
	out := roaring.New()
	n := 0
	for it := docs.Iterator(); it.HasNext(); n++ {
		if n%checkEvery == 0 && ev.ctx.Err() != nil {
			return nil, ev.ctx.Err()
		}
		doc := it.Next()
		starts, err := p.at(doc)
		if err != nil {
			return nil, err
		}
		if len(starts) > 0 {
			out.Add(doc)
		}
	}
	return out, nil
}

// near evaluates NEAR in each field that its leaves share.
func (ev *evaluator) near(e query.Near, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	if len(e.List) > maxNear {
		return nil, errQuery(0, "NEAR takes at most %d words", maxNear)
	}
	var leaves []leaf
	for _, x := range e.List {
		l, err := leafOf(x)
		if err != nil {
			return nil, err
		}
		if len(leaves) > 0 && len(l.fields) != len(leaves[0].fields) {
			return nil, errQuery(l.pos, "NEAR takes words of one field")
		}
		leaves = append(leaves, l)
	}
	out := roaring.New()
	if len(leaves) == 0 {
		return out, nil
	}
	for i := range leaves[0].fields {
		bm, err := ev.nearIn(leaves, i, e.Within, within)
		if err != nil {
			return nil, err
		}
		out.Or(bm)
	}
	return out, nil
}

// nearIn evaluates NEAR in field i of the leaves.
func (ev *evaluator) nearIn(leaves []leaf, i, distance int, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	var docs *roaring.Bitmap
	slots := make([][][]string, len(leaves))
	for n, l := range leaves {
		f := l.fields[i]
		if !f.positions || f.field != leaves[0].fields[i].field {
			return nil, errQuery(l.pos, "NEAR takes words of one field that has an order")
		}
		bm, s, err := ev.candidates(l, f, within)
		if err != nil {
			return nil, err
		}
		slots[n] = s
		if docs == nil {
			docs = bm
		} else {
			docs.And(bm)
		}
	}
	if docs.IsEmpty() {
		return docs, nil
	}
	if ev.approximate {
		ev.exact = false
		return docs, nil
	}
	readers := make([]*phraseReader, len(leaves))
	for n, l := range leaves {
		var err error
		if readers[n], err = ev.phraseReader(l.fields[i].field, slots[n], docs); err != nil {
			return nil, err
		}
	}
	out := roaring.New()
	var places []place
	n := 0
	for it := docs.Iterator(); it.HasNext(); n++ {
		if n%checkEvery == 0 && ev.ctx.Err() != nil {
			return nil, ev.ctx.Err()
		}
		doc := it.Next()
		places = places[:0]
		for k, r := range readers {
			starts, err := r.at(doc)
			if err != nil {
				return nil, err
			}
			for _, s := range starts {
				places = append(places, place{start: s, end: s + uint64(len(r.readers)-1), leaf: k})
			}
		}
		if together(places, len(readers), uint64(min(max(distance, 0), analyze.Gap-1))) {
			out.Add(doc)
		}
	}
	return out, nil
}

// A place is where a leaf of NEAR stands: from its first to its last word.
type place struct {
	start, end uint64
	leaf       int
	sets       uint64 // bit m: a chain that ends here has exactly the leaves of the bits of m
}

// together reports whether places of n different leaves form a chain in which
// neighbours are at most distance apart. Time is linear in places for a given
// distance.
func together(places []place, n int, distance uint64) bool {
	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.start, b.start) })
	full := uint64(1) << (1<<n - 1)
	first := 0
	for i := range places {
		p := &places[i]
		p.sets = 1 << (1 << p.leaf)
		for first < i && places[first].end+distance < p.start && places[first].start+distance < p.start {
			first++
		}
		for _, q := range places[first:i] {
			if q.leaf == p.leaf || q.start == p.start || q.end+distance < p.start {
				continue
			}
			for sets := q.sets; sets != 0; sets &= sets - 1 {
				m := bits.TrailingZeros64(sets)
				if m&(1<<p.leaf) == 0 {
					p.sets |= 1 << (m | 1<<p.leaf)
				}
			}
		}
		if p.sets&full != 0 {
			return true
		}
	}
	return false
}
