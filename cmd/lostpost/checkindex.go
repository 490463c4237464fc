package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"slices"

	"lostpost/archive"
	"lostpost/index"
	"lostpost/index/local"
	"lostpost/internal/term"
)

// checkIndex proves stored = indexed + refused by comparing the ids of both,
// and compares the checksums of the index unless --fast or --index is given. With --repair
// what is missing is indexed and what is too many taken out; a damaged index is
// made anew.
func (a *app) checkIndex(ctx context.Context, arc *archive.Archive, c *checked, f *checkFlags) error {
	if !f.fast && !f.index {
		var err error
		if c.damage, err = a.verifyIndex(ctx); err != nil {
			return err
		}
	}
	if f.repair {
		if err := a.repairIndex(ctx, arc, c.damage != ""); err != nil {
			return err
		}
		c.damage = ""
	}
	ix, err := local.OpenReader(a.indexDir(), local.Options{Log: a.log()})
	if errors.Is(err, fs.ErrNotExist) {
		c.noIndex = true
		return nil
	}
	if err != nil {
		return err
	}
	defer ix.Close()
	cov, err := index.Cover(ctx, ix, arc, index.Options{Log: a.log()})
	if err != nil {
		return err
	}
	c.indexed, c.refused = cov.Indexed, cov.Refused
	c.missing, c.stale, c.surplus = int64(len(cov.Missing)), int64(len(cov.Stale)), int64(len(cov.Surplus))
	return nil
}

// indexWhole reports whether everything that can be read can be found.
func (c *checked) indexWhole() bool {
	return c.damage == "" && c.missing+c.stale+c.surplus == 0 && !(c.noIndex && c.stored > 0)
}

// verifyIndex says what is wrong with the files of the index, "" if nothing is
// or there are none.
func (a *app) verifyIndex(ctx context.Context) (damage string, err error) {
	err = local.Verify(ctx, a.indexDir())
	var path *fs.PathError
	switch {
	case err == nil || errors.As(err, &path) && errors.Is(err, fs.ErrNotExist):
		return "", nil
	case errors.Is(err, fs.ErrNotExist):
		return err.Error(), nil
	}
	return "", err
}

// repairIndex brings the index up to the ledger, then whole.
func (a *app) repairIndex(ctx context.Context, arc *archive.Archive, rebuild bool) (err error) {
	ix, err := local.Open(a.indexDir(), local.Options{Log: a.log(), Archive: arc.Identity(), Rebuild: rebuild})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ix.Close()) }()
	opt := index.Options{Log: a.log(), Decode: a.withAttachments(), Facts: indexFacts}
	if _, err := index.Update(ctx, ix, arc, opt); err != nil {
		return err
	}
	cov, err := index.Cover(ctx, ix, arc, opt)
	if err != nil {
		return err
	}
	r, err := index.Repair(ctx, ix, arc, cov, opt)
	if r.Added+r.Placed+r.Removed > 0 {
		a.note("mended index  %s added, %s with new flags or mailboxes, %s removed", count(r.Added, "message"), term.Number(r.Placed), term.Number(r.Removed))
	}
	return err
}

// printRefused names what cannot be indexed, and why.
func (a *app) printRefused(refused []index.Refusal, damage string) {
	if damage != "" {
		a.printf("index-damaged  %s\n", oneLine(damage))
	}
	for _, r := range refused {
		a.printf("not-indexed  %s  %s\n", r.ID.String()[:12], oneLine(r.Err.Error()))
	}
}

// storedIDs gives the ids of all messages in ascending order.
func storedIDs(ctx context.Context, arc *archive.Archive) ([]archive.ID, error) {
	here := map[archive.ID]bool{}
	for e, err := range arc.List(ctx, 0) {
		if err != nil {
			return nil, err
		}
		if e.Gone {
			delete(here, e.ID)
		} else {
			here[e.ID] = true
		}
	}
	ids := make([]archive.ID, 0, len(here))
	for id := range here {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(x, y archive.ID) int { return bytes.Compare(x[:], y[:]) })
	return ids, nil
}
