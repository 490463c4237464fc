package local

import "github.com/blevesearch/bleve/v2/index/scorch"

// release lets go of the pages of segments that were read. Segments are mapped
// files, and pages once read stay mapped: merging 700 MB of them would count as
// 700 MB of memory, and a machine with less would have to find out by itself
// that it may drop them. What is needed again is mapped again.
func release(s *scorch.Scorch) error {
	root, err := snapshotOf(s)
	if err != nil {
		return err
	}
	for _, seg := range root.Segments() {
		if mapped, ok := seg.Segment().(interface{ Data() []byte }); ok {
			dropPages(mapped.Data())
		}
	}
	return root.Close()
}
