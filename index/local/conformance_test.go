package local

import (
	"testing"

	"lostpost/decode"
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

func TestHardMessagesAreFound(t *testing.T) {
	indextest.RunHard(t, decode.Options{}, func(t *testing.T, dir string) index.Index {
		ix, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return ix
	})
}
