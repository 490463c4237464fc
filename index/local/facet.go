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

// facetSource says where the values of a facet stand: terms of fields that p
// matches, without its prefix. ok is false if f cannot be counted.
func facetSource(f query.Field) (fields []string, p pattern, ok bool) {
	address := pattern{match: func(t string) bool { return strings.Contains(t, "@") }}
	switch f {
	case "from", "to", "cc", "bcc", "recip", "contact":
		return textFields(f), address, true
	case "in":
		return []string{fieldKind}, pattern{prefix: "mailbox:"}, true
	case "date":
		return []string{fieldDay}, pattern{}, true
	case "label", "type", "is", "has", "charset", "lang", "problem", "source", "state", "draft", "reason", "status":
		return []string{fieldKind}, pattern{prefix: string(f) + ":"}, true
	}
	return nil, pattern{}, false
}

// facet counts the hits of every value of a field, the most frequent first.
// Exact hits of all segments are known when it is called. It holds twice as
// many values as it gives, however many there are.
func (s *search) facet(f query.Field) ([]index.Count, error) {
	if f == "size" {
		return s.sizes()
	}
	fields, p, ok := facetSource(f)
	if !ok {
		return nil, errQuery(0, "%s cannot be counted", f)
	}
	var list []index.Count
	err := s.eachTerm(fields, p, func(term string, docs []*roaring.Bitmap) error {
		n := int64(0)
		for i, bm := range docs {
			n += int64(bm.AndCardinality(s.hits[i]))
		}
		if n == 0 {
			return nil
		}
		value := strings.TrimPrefix(term, p.prefix)
		if f == "date" { // days come in order, so those of a year follow each other
			value = yearOf(term)
			if last := len(list) - 1; last >= 0 && list[last].Value == value {
				list[last].N += n
				return nil
			}
		}
		list = append(list, index.Count{Value: value, N: n})
		if len(list) >= 2*maxFacet && f != "date" {
			list = mostFrequent(list)
		}
		return nil
	})
	return mostFrequent(list), err
}

// mostFrequent gives the values with the highest counts.
func mostFrequent(list []index.Count) []index.Count {
	slices.SortFunc(list, func(a, b index.Count) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Value, b.Value))
	})
	return list[:min(len(list), maxFacet)]
}

// sizes counts the hits of every range of sizes.
func (s *search) sizes() ([]index.Count, error) {
	counts := map[string]int64{}
	for i, hits := range s.hits {
		ev := &evaluator{ctx: s.ctx, seg: s.segments[i]}
		err := guard(func() error {
			_, err := ev.filter(hits, func(v values) bool {
				counts[sizeClass(v.size)]++
				return false
			})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	var list []index.Count
	for v, n := range counts {
		list = append(list, index.Count{Value: v, N: n})
	}
	return mostFrequent(list), nil
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
