package fetch

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
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
	sums  *digester // of the body being taken
	taken []takenCopy
}

// takenCopy is one copy at the source and the stored message it became.
type takenCopy struct {
	origin string
	stored archive.ID
	digests
}

// watch makes body leave its digests in r.
func (r *release) watch(body io.Reader) io.Reader {
	r.sums = newDigester()
	return io.TeeReader(body, r.sums)
}

// took notes that the body last watched was stored, or known, as id.
func (r *release) took(origin string, id archive.ID) {
	r.taken = append(r.taken, takenCopy{origin, id, r.sums.digests()})
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
	d := newDigester()
	if _, err := io.Copy(d, io.NewSectionReader(f, 0, f.Size)); err != nil {
		return err
	}
	back := d.digests()
	if back.id != c.stored {
		return errors.New("the stored file does not match its name")
	}
	if back.id != c.id && back.key != c.key {
		return errors.New("the stored file does not match what the source sent")
	}
	return nil
}

// digests are the ID and Key (CRLF read as LF) of some octets.
type digests struct{ id, key archive.ID }

// A digester is a Writer that computes digests.
type digester struct {
	id, key hash.Hash
	cr      bool // the last octet was a CR, held back from key
}

func newDigester() *digester { return &digester{id: sha256.New(), key: sha256.New()} }

// Write never fails.
func (d *digester) Write(p []byte) (int, error) {
	d.id.Write(p)
	start := 0
	for i, c := range p {
		if d.cr {
			d.cr = false
			if c != '\n' {
				d.key.Write([]byte{'\r'})
			}
		}
		if c == '\r' {
			d.key.Write(p[start:i])
			start, d.cr = i+1, true
		}
	}
	d.key.Write(p[start:])
	return len(p), nil
}

// digests ends the input.
func (d *digester) digests() digests {
	if d.cr {
		d.key.Write([]byte{'\r'})
		d.cr = false
	}
	var s digests
	d.id.Sum(s.id[:0])
	d.key.Sum(s.key[:0])
	return s
}
