package main

import (
	"testing"

	"lostpost/index/indextest"
	"lostpost/index/local"
	"lostpost/index/stock"
)

// TestEnginesAgree: bleve's own searchers, over documents as bleve wants them,
// find the same as our engine. It stands here because no engine may know
// another.
func TestEnginesAgree(t *testing.T) {
	one, err := local.Open(t.TempDir(), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { one.Close() })
	other, err := stock.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	indextest.RunDiffer(t, 0, one, other)
}
