package local

import (
	"testing"

	"lostpost/index"
	"lostpost/index/indextest"
)

func TestConformance(t *testing.T) {
	indextest.Run(t, func(t *testing.T, dir string) index.Index {
		ix, err := Open(dir, Options{Message: indextest.Message})
		if err != nil {
			t.Fatal(err)
		}
		return ix
	})
}
