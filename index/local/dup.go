package local

import (
	"encoding/hex"
	"errors"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"lostpost/archive"
	"lostpost/index"
	"lostpost/index/query"
)

const (
	// maxKin bounds the messages that one is compared with.
	maxKin = 1000

	// maxKinTerm bounds the messages that have a term in common and are
	// compared with each other. More have boilerplate in common, not a text.
	maxKinTerm = 100
)

// kinships are the values of dup: that name no message.
var kinships = map[string]func(a, b *kin) bool{
	"near":    (*kin).alike,
	"differs": func(a, b *kin) bool { return a.sameID(b) && a.differs(b) },
}

// A spot is where a document stands.
type spot struct {
	at  int
	doc uint32
}

// duplicates gives the documents of each segment that dup:value finds.
func (s *search) duplicates(value string) ([]*roaring.Bitmap, error) {
	if docs, ok := s.dups[value]; ok {
		return docs, nil
	}
	docs := make([]*roaring.Bitmap, len(s.segments))
	for i := range docs {
		docs[i] = roaring.New()
	}
	find := func() error { return s.family(value, docs) }
	if holds, ok := kinships[value]; ok {
		find = func() error { return s.sharing(holds, docs) }
	}
	err := guard(find)
	s.dups[value] = docs
	return docs, err
}

// family adds the messages that value names and their near duplicates.
func (s *search) family(value string, docs []*roaring.Bitmap) error {
	for i, seg := range s.segments {
		ev := &evaluator{ctx: s.ctx, seg: seg}
		named, err := ev.member(value)
		if err != nil {
			return err
		}
		if seg.deleted != nil {
			named.AndNot(seg.deleted)
		}
		for it := named.Iterator(); it.HasNext(); {
			p := spot{i, it.Next()}
			docs[i].Add(p.doc)
			r, err := seg.row(p.doc)
			if err != nil {
				return err
			}
			if err := s.related(&r.kin, (*kin).alike, func(o spot) { docs[o.at].Add(o.doc) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// related gives the messages that have one of k's terms and for which holds is
// true; that of k may be one of them.
func (s *search) related(k *kin, holds func(a, b *kin) bool, found func(spot)) error {
	seen := map[spot]struct{}{}
	for _, term := range k.terms() {
		for i, seg := range s.segments {
			bm, err := seg.postings(fieldAlike, []byte(term))
			if err != nil {
				return err
			}
			if seg.deleted != nil {
				bm.AndNot(seg.deleted)
			}
			for it := bm.Iterator(); it.HasNext() && len(seen) < maxKin; {
				p := spot{i, it.Next()}
				if _, ok := seen[p]; ok {
					continue
				}
				seen[p] = struct{}{}
				r, err := seg.row(p.doc)
				if err != nil {
					return err
				}
				if holds(k, &r.kin) {
					found(p)
				}
			}
		}
	}
	return s.ctx.Err()
}

// sharing adds the messages that have a term in common with another for which
// holds is true.
func (s *search) sharing(holds func(a, b *kin) bool, docs []*roaring.Bitmap) error {
	return s.eachTerm([]string{fieldAlike}, pattern{}, func(_ string, has []*roaring.Bitmap) error {
		var group []spot
		for i, bm := range has {
			if deleted := s.segments[i].deleted; deleted != nil {
				bm.AndNot(deleted)
			}
			for it := bm.Iterator(); it.HasNext() && len(group) < maxKinTerm; {
				group = append(group, spot{i, it.Next()})
			}
		}
		if len(group) < 2 {
			return nil
		}
		kins := make([]kin, len(group))
		for i, p := range group {
			r, err := s.segments[p.at].row(p.doc)
			if err != nil {
				return err
			}
			kins[i] = r.kin
		}
		for i := range group {
			for j := range i {
				if holds(&kins[i], &kins[j]) {
					docs[group[i].at].Add(group[i].doc)
					docs[group[j].at].Add(group[j].doc)
				}
			}
		}
		return s.ctx.Err()
	})
}

// fold makes one row of a page of all that are near duplicates of each other,
// or of the same row: the first, with the ids of the others in Hit.Alike. What
// stands on another page is not looked for.
func fold(hits []index.Hit, kins []kin) []index.Hit {
	first := make([]int, len(hits)) // row of the same family, none before it
	root := func(i int) int {
		for first[i] != i {
			first[i] = first[first[i]]
			i = first[i]
		}
		return i
	}
	has := map[string][]int{} // rows by term
	for i := range hits {
		first[i] = i
		for _, term := range kins[i].terms() {
			for _, j := range has[term] {
				if a, b := root(i), root(j); a != b && kins[j].alike(&kins[i]) {
					first[max(a, b)] = min(a, b)
				}
			}
			if len(has[term]) < maxKinTerm {
				has[term] = append(has[term], i)
			}
		}
	}
	var out []index.Hit
	at := make([]int, len(hits)) // of rows that stay: their place in out
	for i, h := range hits {
		if r := root(i); r != i {
			out[at[r]].Alike = append(out[at[r]].Alike, h.ID)
			continue
		}
		at[i] = len(out)
		out = append(out, h)
	}
	return out
}

// dupHas reports whether dup:value finds a message, which may be one that is
// not in the index.
func (s *search) dupHas(value string, id archive.ID, k *kin) (found bool, err error) {
	if prefix, ok := threadID(value); ok && strings.HasPrefix(hex.EncodeToString(id[:]), prefix) {
		return true, nil
	}
	if holds, ok := kinships[value]; ok {
		err := guard(func() error {
			return s.related(k, holds, func(p spot) { found = found || !s.isAt(p, id) })
		})
		return found, err
	}
	docs, err := s.duplicates(value)
	if err != nil {
		return false, err
	}
	err = guard(func() error {
		for i, bm := range docs {
			for it := bm.Iterator(); it.HasNext(); {
				p := spot{i, it.Next()}
				r, err := s.segments[i].row(p.doc)
				if err != nil {
					return err
				}
				found = found || s.isAt(p, id) || k.alike(&r.kin)
			}
		}
		return nil
	})
	return found, err
}

// isAt reports whether a spot has the message with this id.
func (s *search) isAt(p spot, id archive.ID) bool {
	key, err := s.segments[p.at].DocID(uint64(p.doc))
	at, _, ok := parseKey(key)
	return err == nil && ok && at == id
}

// dup gives the documents of the segment that dup:value finds.
func (ev *evaluator) dup(value string) (*roaring.Bitmap, error) {
	if ev.alike == nil {
		return nil, errors.New("index: near duplicates are found among messages of an index only")
	}
	return ev.alike(strings.ToLower(value))
}

// dupField is the name of the operator.
const dupField query.Field = "dup"
