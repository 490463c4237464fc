package local

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/blevesearch/bleve/v2/index/scorch"
	"github.com/blevesearch/bleve/v2/index/scorch/mergeplan"
	bleve "github.com/blevesearch/bleve_index_api"
)

// openScorch opens the bleve index in a folder.
func openScorch(dir string, readOnly bool, queue *bleve.AnalysisQueue) (*scorch.Scorch, error) {
	config := map[string]any{
		"path":         dir,
		"bolt_timeout": boltTimeout, // a string: scorch passes over other types
		"read_only":    readOnly,
		// Merges run when the writer asks for them (merge below). Those that
		// scorch starts by itself would be cut off by Close and begun again.
		"scorchMergePlanOptions": map[string]any{
			"MaxSegmentsPerTier": 1 << 30, "SegmentsPerMergeTask": 2, "FloorSegmentSize": 1,
		},
	}
	ix, err := scorch.NewScorch(scorch.Name, config, queue)
	if err != nil {
		return nil, err
	}
	s, ok := ix.(*scorch.Scorch)
	if !ok {
		return nil, errors.New("bleve gave another kind of index")
	}
	if err := s.Open(); err != nil {
		return nil, err
	}
	return s, nil
}

// snapshotOf is the state of s now. The caller closes it.
func snapshotOf(s *scorch.Scorch) (*scorch.IndexSnapshot, error) {
	r, err := s.Reader()
	if err != nil {
		return nil, err
	}
	snap, ok := r.(*scorch.IndexSnapshot)
	if !ok || snap == nil {
		return nil, errors.New("bleve gave another kind of snapshot")
	}
	return snap, nil
}

const (
	// Up to this many segments are left alone; a search opens each.
	maxSegments = 10

	// A segment of fewer documents counts as this large: small ones are
	// merged with each other before a large one is touched.
	floorSegment = 500

	// An update merges segments of so many octets in all at most, some 200 ms of
	// work, or mergeFactor times the documents it has put itself; twice as many
	// for every ten segments that there are beyond the first.
	mergeBytes  = 10 << 20
	mergeFactor = 10

	// Fewer segments than this are not worth a generation of their own.
	minMerge = 5

	// Where small segments are merged alone, they make one of fewer documents
	// than this, if there are enough such.
	smallest = 128

	// persistWait bounds the wait for bleve to write down what it merged; it
	// has only root.bolt left to write then.
	persistWait = 30 * time.Second
)

// mergeOptions: tiers of ten, as in bleve's defaults, over a smaller floor.
var mergeOptions = mergeplan.MergePlanOptions{
	MaxSegmentsPerTier:   maxSegments,
	MaxSegmentSize:       mergeplan.DefaultMergePlanOptions.MaxSegmentSize,
	MaxSegmentFileSize:   mergeplan.DefaultMergePlanOptions.MaxSegmentFileSize,
	TierGrowth:           10,
	SegmentsPerMergeTask: maxSegments,
	FloorSegmentSize:     floorSegment,
	ReclaimDeletesWeight: 2,
}

// bulkOptions leave fewer segments than tiers do, for an index that was just
// made: each costs every search its opening, and words that stand in several
// stand there several times.
var bulkOptions = mergeplan.MergePlanOptions{
	MaxSegmentsPerTier:   bulkSegments,
	MaxSegmentSize:       mergeplan.DefaultMergePlanOptions.MaxSegmentSize,
	MaxSegmentFileSize:   mergeplan.DefaultMergePlanOptions.MaxSegmentFileSize,
	TierGrowth:           10,
	SegmentsPerMergeTask: maxSegments,
	FloorSegmentSize:     10 * floorSegment,
	ReclaimDeletesWeight: 2,
}

const bulkSegments = 3

// mergeOf says how segments should be merged after an update that put so many
// documents, nil if not at all: as tiers have it if that is work in proportion,
// else the small ones alone. What is left over is merged by a larger update, or
// when there are many more segments.
func mergeOf(segments []mergeplan.Segment, put int64) (*mergeplan.MergePlanOptions, error) {
	var live, octets int64
	for _, seg := range segments {
		live += seg.LiveSize()
		octets += seg.LiveFileSize()
	}
	if len(segments) > bulkSegments && 2*put >= live {
		if n, _, err := planned(segments, &bulkOptions); err != nil || n > 0 {
			return &bulkOptions, err
		}
	}
	if len(segments) <= maxSegments {
		return nil, nil
	}
	n, documents, err := planned(segments, &mergeOptions)
	if err != nil || n == 0 {
		return nil, err
	}
	limit := max(mergeBytes*live/max(octets, 1), smallest) << min(len(segments)/10-1, 20)
	limit = min(max(limit, mergeFactor*put), mergeOptions.MaxSegmentSize)
	if documents <= limit {
		return &mergeOptions, nil
	}
	// The smallest come first, and few of them are enough. One that has grown
	// waits for ten, so that it is not merged with every handful of new ones.
	least := minMerge
	for size := int64(smallest); ; size, least = min(8*size, limit), maxSegments {
		small := smallOnes(segments, size)
		if n, _, err = planned(segments, small); err != nil {
			return nil, err
		}
		if n >= least {
			return small, nil
		}
		if size == limit {
			return nil, nil
		}
	}
}

// smallOnes asks for one merge of segments that make one of fewer documents
// than size.
func smallOnes(segments []mergeplan.Segment, size int64) *mergeplan.MergePlanOptions {
	fit := 0
	for _, seg := range segments {
		if seg.LiveSize() < size/2 { // else the planner leaves it alone
			fit++
		}
	}
	small := mergeOptions
	small.MaxSegmentSize = size
	small.CalcBudget = func(int64, int64, *mergeplan.MergePlanOptions) int { return fit - 1 } // one merge
	return &small
}

// planned gives how many segments of how many documents would be merged.
func planned(segments []mergeplan.Segment, options *mergeplan.MergePlanOptions) (n int, documents int64, err error) {
	plan, err := mergeplan.Plan(segments, options)
	if err != nil || plan == nil {
		return 0, 0, err
	}
	for _, task := range plan.Tasks {
		n += len(task.Segments)
		for _, seg := range task.Segments {
			documents += seg.LiveSize()
		}
	}
	return n, documents, nil
}

// errMerge has no cause: bleve tells nobody.
var errMerge = errors.New("bleve cannot merge the segments")

// merge brings the number of segments down. When ctx ends it leaves them as
// they were.
//
// A merge that fails is tried again by bleve for ever, and one that panics
// leaves ForceMerge waiting. Both count an error first, so that is watched; what
// still runs ends when s is closed.
func merge(ctx context.Context, s *scorch.Scorch, options *mergeplan.MergePlanOptions) error {
	stats, err := statsOf(s)
	if err != nil {
		return err
	}
	before := atomic.LoadUint64(&stats.TotOnErrors)
	done := make(chan error, 1)
	go func() { done <- s.ForceMerge(ctx, options) }()
	watch := time.NewTicker(20 * time.Millisecond)
	defer watch.Stop()
	for {
		select {
		case err := <-done:
			if err != nil {
				return fmt.Errorf("merge: %w", err)
			}
			return persisted(s)
		case <-watch.C:
			if atomic.LoadUint64(&stats.TotOnErrors) != before {
				return errMerge
			}
			if err := release(s); err != nil {
				return err
			}
		}
	}
}

func statsOf(s *scorch.Scorch) (*scorch.Stats, error) {
	stats, ok := s.Stats().(*scorch.Stats)
	if !ok {
		return nil, errors.New("bleve gave another kind of statistics")
	}
	return stats, nil
}

// persisted waits until the state of s is on disk as it is in memory.
func persisted(s *scorch.Scorch) error {
	stats, err := statsOf(s)
	if err != nil {
		return err
	}
	for end := time.Now().Add(persistWait); ; time.Sleep(2 * time.Millisecond) {
		if atomic.LoadUint64(&stats.CurRootEpoch) <= atomic.LoadUint64(&stats.LastPersistedEpoch) {
			return nil
		}
		if time.Now().After(end) {
			return errors.New("bleve does not finish writing")
		}
	}
}
