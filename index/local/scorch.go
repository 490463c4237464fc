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
