package stock

import (
	"testing"

	"lostpost/index"
	"lostpost/index/indextest"
)

// Our own engine is asked the same in index/local: where both give what the
// corpus says, they agree.
func TestQueries(t *testing.T) {
	ix, err := New()
	if err != nil {
		t.Fatal(err)
	}
	indextest.RunQueries(t, func(*testing.T, string) index.Index { return ix })
}
