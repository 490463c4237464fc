package index_test

import (
	"errors"
	"os"
	"slices"
	"testing"

	"lostpost/archive"
	"lostpost/index"
)

func cover(t *testing.T, ix index.Index, a *archive.Archive) index.Coverage {
	t.Helper()
	c, err := index.Cover(t.Context(), ix, a, index.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCoverAndRepair(t *testing.T) {
	w, _ := newArchive(t)
	var ids []archive.ID
	for i := range 10 {
		ids = append(ids, add(t, w, "", i))
	}
	commit(t, w)
	path, err := w.Path(t.Context(), ids[3])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 3); err != nil {
		t.Fatal(err)
	}
	ix := &record{}
	update(t, ix, w.Archive)
	if c := cover(t, ix, w.Archive); c.Stored != 10 || c.Indexed != 9 || !c.Whole() || len(c.Refused) != 1 || c.Refused[0].ID != ids[3] {
		t.Fatalf("got %+v, want 10 stored = 9 indexed + 1 refused", c)
	} else if corrupt := new(archive.CorruptError); !errors.As(c.Refused[0].Err, &corrupt) {
		t.Errorf("refused because of %v, want *archive.CorruptError", c.Refused[0].Err)
	}

	// By hand: two are taken out, one is put in that is not stored.
	cursor, stray := ix.cursor, archive.ID{7}
	delete(ix.docs, ids[1])
	delete(ix.docs, ids[5])
	ix.docs[stray] = index.Document{}
	c := cover(t, ix, w.Archive)
	want := []archive.ID{ids[1], ids[5]}
	slices.SortFunc(want, func(a, b archive.ID) int { return slices.Compare(a[:], b[:]) })
	if c.Whole() || !slices.Equal(c.Missing, want) || !slices.Equal(c.Surplus, []archive.ID{stray}) || c.Indexed != 7 {
		t.Fatalf("got %+v, want two missing and one surplus", c)
	}
	r, err := index.Repair(t.Context(), ix, w.Archive, c, index.Options{})
	if err != nil || r.Added != 2 || r.Removed != 1 {
		t.Errorf("got %+v, %v; want 2 added and 1 removed", r, err)
	}
	if ix.cursor != cursor {
		t.Errorf("the cursor went from %d to %d", cursor, ix.cursor)
	}
	if c := cover(t, ix, w.Archive); !c.Whole() || c.Indexed != 9 {
		t.Errorf("after the repair: %+v", c)
	}
}

func TestStalePlacesAreFoundAndRepaired(t *testing.T) {
	w, _ := newArchive(t)
	a := add(t, w, "", 1)
	add(t, w, "", 2)
	commit(t, w)
	ix := &record{}
	update(t, ix, w.Archive)
	d := ix.docs[a]
	d.Entry.Places = []archive.Meta{{Mailbox: "Elsewhere"}}
	ix.docs[a] = d
	c := cover(t, ix, w.Archive)
	if c.Whole() || c.Indexed != 2 || !slices.Equal(c.Stale, []archive.ID{a}) {
		t.Fatalf("got %+v, want one stale", c)
	}
	r, err := index.Repair(t.Context(), ix, w.Archive, c, index.Options{})
	if err != nil || r.Placed != 1 || r.Added != 0 {
		t.Errorf("got %+v, %v; want 1 placed", r, err)
	}
	if c := cover(t, ix, w.Archive); !c.Whole() {
		t.Errorf("after the repair: %+v", c)
	}
}
