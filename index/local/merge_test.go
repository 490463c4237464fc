package local

import (
	"testing"

	"github.com/blevesearch/bleve/v2/index/scorch/mergeplan"
)

// sized is a segment of so many documents of 20 kB.
type sized struct {
	number    uint64
	documents int64
}

func (s sized) Id() uint64          { return s.number }
func (s sized) FullSize() int64     { return s.documents }
func (s sized) LiveSize() int64     { return s.documents }
func (s sized) HasVector() bool     { return false }
func (s sized) FileSize() int64     { return 20_000 * s.documents }
func (s sized) LiveFileSize() int64 { return 20_000 * s.documents }

// segmentsOfSize gives n segments of each number of documents.
func segmentsOfSize(n int, documents ...int64) (list []mergeplan.Segment) {
	for _, d := range documents {
		for range n {
			list = append(list, sized{uint64(len(list)), d})
		}
	}
	return list
}

// What one small update merges is bounded; a large one takes what is due.
func TestMergeIsInProportion(t *testing.T) {
	tests := []struct {
		name     string
		segments []mergeplan.Segment
		put      int64
		merged   int   // segments, at least; 0: nothing is merged
		most     int64 // documents
	}{
		{"small ones only", segmentsOfSize(12, 1), 1, 5, 12},
		{"large ones are left to a large update", segmentsOfSize(15, 2000), 1, 0, 0},
		{"a large update merges them", segmentsOfSize(15, 2000), 2000, 5, 20_000},
		{"small beside large", append(segmentsOfSize(15, 2000), segmentsOfSize(8, 3)...), 1, 5, 24},
		{"too few small ones beside large", append(segmentsOfSize(15, 2000), segmentsOfSize(3, 3)...), 1, 0, 0},
		{"very many are merged by anyone", segmentsOfSize(70, 2000), 1, 5, 35_000},
		{"nothing to do", segmentsOfSize(1, 1, 10, 100, 1000), 1, 0, 0},
	}
	for _, tt := range tests {
		how, err := mergeOf(tt.segments, tt.put)
		must(t, err)
		if (how != nil) != (tt.merged > 0) {
			t.Errorf("%s: got %+v", tt.name, how)
			continue
		}
		if how == nil {
			continue
		}
		must(t, mergeplan.ValidateMergePlannerOptions(how))
		n, documents, err := planned(tt.segments, how)
		must(t, err)
		if n < tt.merged || documents > tt.most {
			t.Errorf("%s: merges %d segments of %d documents, want at least %d of at most %d", tt.name, n, documents, tt.merged, tt.most)
		}
	}
}
