package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"

	"lostpost/archive"
)

// releaseBatch is how many origins one call of Release gets at most.
const releaseBatch = 256

// release remembers what a Releaser yielded, and lets it go once the archive's
// own files are proved to hold it. It trusts neither the receipts nor the
// ledger: it compares digests of the octets that came from the source with
// digests of the octets that come back from the disk.
type release struct {
	src   Releaser
	w     *archive.Writer
	sums  *archive.Digester // of the body being taken
	taken []takenCopy
}

// takenCopy is one copy at the source and the stored message it became.
type takenCopy struct {
	origin  string
	stored  archive.ID
	id, key archive.ID // of what the source yielded
}

// watch makes body leave its digests in r.
func (r *release) watch(body io.Reader) io.Reader {
	r.sums = archive.NewDigester()
	return io.TeeReader(body, r.sums)
}

// took notes that the body last watched was stored, or known, as id.
func (r *release) took(origin string, id archive.ID) {
	sent, key := r.sums.Sums()
	r.taken = append(r.taken, takenCopy{origin, id, sent, key})
}

// letGo reads back what was stored and releases every copy that is proved. A
// copy that is not stays at its place, and is named in the error.
func (r *release) letGo(ctx context.Context) error {
	var kept []error
	var origins []string
	flush := func() error {
		if len(origins) == 0 {
			return nil
		}
		err := r.src.Release(ctx, origins)
		origins = origins[:0]
		return err
	}
	for _, c := range r.taken {
		if err := r.prove(ctx, c); err != nil {
			kept = append(kept, fmt.Errorf("%s: not released: %w", c.origin, err))
			continue
		}
		if origins = append(origins, c.origin); len(origins) == releaseBatch {
			if err := flush(); err != nil {
				return errors.Join(append(kept, err)...)
			}
		}
	}
	return errors.Join(append(kept, flush())...)
}

// prove reads the stored message and compares it with what the source yielded.
func (r *release) prove(ctx context.Context, c takenCopy) error {
	f, err := r.w.Get(ctx, c.stored)
	if err != nil {
		return err
	}
	defer f.Close()
	d := archive.NewDigester()
	if _, err := io.Copy(d, io.NewSectionReader(f, 0, f.Size)); err != nil {
		return err
	}
	back, key := d.Sums()
	if back != c.stored {
		return errors.New("the stored file does not match its name")
	}
	if back != c.id && key != c.key {
		return errors.New("the stored file does not match what the source sent")
	}
	return nil
}
