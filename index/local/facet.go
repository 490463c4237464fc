package local

import (
	"cmp"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"lostpost/index"
	"lostpost/index/query"
)

// maxFacet bounds the values of one facet that are returned, the most frequent
// first.
const maxFacet = 1000

// facetSource says where the values of a facet stand: terms of field that
// begin with prefix and hold.
func facetSource(f query.Field) (field, prefix string, holds func(string) bool, ok bool) {
	isAddr := func(t string) bool { return strings.Contains(t, "@") }
	switch f {
	case "from", "people":
		return fieldFrom, "", isAddr, true
	case "to":
		return fieldTo, "", isAddr, true
	case "cc":
		return fieldCc, "", isAddr, true
	case "in", "mailbox":
		return fieldKind, "mailbox:", nil, true
	case "label", "type", "is", "has", "charset", "problem", "source", "state":
		return fieldKind, string(f) + ":", nil, true
	}
	return "", "", nil, false
}

// facet counts the hits of every value of a field. Exact hits of all segments
// are known when it is called.
func (s *search) facet(f query.Field) ([]index.Count, error) {
	field, prefix, holds, ok := facetSource(f)
	if !ok {
		return nil, errQuery(0, "%s cannot be counted", f)
	}
	counts := map[string]int64{}
	for i, hits := range s.hits {
		ev := &evaluator{ctx: s.ctx, seg: s.segments[i]}
		err := guard(func() error {
			return ev.walk(field, pattern{prefix: prefix, match: holds}, func(term string) error {
				bm := roaring.New()
				if err := ev.seg.postingsInto(bm, field, []byte(term)); err != nil {
					return err
				}
				if n := bm.AndCardinality(hits); n > 0 {
					counts[strings.TrimPrefix(strings.Clone(term), prefix)] += int64(n)
				}
				return nil
			})
		})
		if err != nil {
			return nil, err
		}
	}
	var list []index.Count
	for v, n := range counts {
		list = append(list, index.Count{Value: v, N: n})
	}
	slices.SortFunc(list, func(a, b index.Count) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Value, b.Value))
	})
	return list[:min(len(list), maxFacet)], nil
}
