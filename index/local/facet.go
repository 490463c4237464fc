package local

import (
	"cmp"
	"slices"
	"strings"
	"time"

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

// count adds the hits of one segment to the counts of a facet.
func (ev *evaluator) count(f query.Field, hits *roaring.Bitmap, counts map[string]int64) error {
	if f == "size" {
		_, err := ev.filter(hits, func(v values) bool {
			counts[sizeClass(v.size)]++
			return false
		})
		return err
	}
	field, prefix, holds, ok := facetSource(f)
	name := func(term string) string { return strings.TrimPrefix(strings.Clone(term), prefix) }
	if f == "date" {
		field, name, ok = fieldDay, yearOf, true
	}
	if !ok {
		return errQuery(0, "%s cannot be counted", f)
	}
	return ev.walk(field, pattern{prefix: prefix, match: holds}, func(term string) error {
		bm := roaring.New()
		if err := ev.seg.postingsInto(bm, field, []byte(term)); err != nil {
			return err
		}
		if n := bm.AndCardinality(hits); n > 0 {
			counts[name(term)] += int64(n)
		}
		return nil
	})
}

// yearOf is the year of the term of a day, "none" if it stands for no date.
func yearOf(term string) string {
	start := dayStart([]byte(term))
	if start < minDate {
		return "none"
	}
	return time.Unix(start, 0).UTC().Format("2006")
}

// sizeClass is the range that a size is in, as size: takes it.
func sizeClass(size int64) string {
	switch {
	case size < 10<<10:
		return "..10k"
	case size < 100<<10:
		return "10k..100k"
	case size < 1<<20:
		return "100k..1M"
	case size < 10<<20:
		return "1M..10M"
	}
	return "10M.."
}

// facet counts the hits of every value of a field. Exact hits of all segments
// are known when it is called.
func (s *search) facet(f query.Field) ([]index.Count, error) {
	counts := map[string]int64{}
	for i, hits := range s.hits {
		ev := &evaluator{ctx: s.ctx, seg: s.segments[i]}
		if err := guard(func() error { return ev.count(f, hits, counts) }); err != nil {
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
