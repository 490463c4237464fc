package index

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"log/slog"
	"runtime"
	"slices"

	"lostpost/archive"
)

// Coverage is the proof of what an index holds of an archive:
// Stored = Indexed + len(Refused) + len(Missing).
type Coverage struct {
	Stored  int64
	Indexed int64 // stored and in the index
	Refused []Refusal
	Missing []archive.ID // stored and readable, yet not in the index; ascending
	Surplus []archive.ID // in the index, not stored; ascending
}

// A Refusal is a message that cannot be indexed, and why.
type Refusal struct {
	ID  archive.ID
	Err error // ErrNotFound or *archive.CorruptError
}

// Whole reports whether everything that can be found is found, and nothing else.
func (c *Coverage) Whole() bool { return len(c.Missing) == 0 && len(c.Surplus) == 0 }

// Cover compares the ids of an index with those of an archive, both in order.
// No flag says what was indexed: an id is in the dictionaries of the index, or
// it is not. Every message that is not is read again, which tells a message
// that cannot be indexed from one that was forgotten. What was stored after the
// cursor of the index counts as missing.
//
// It takes 32 octets of memory for every message. Errors: those of reading ix
// and the ledger; ctx.Err().
func Cover(ctx context.Context, ix Index, arc *archive.Archive, opt Options) (Coverage, error) {
	ids, err := stored(ctx, arc)
	if err != nil {
		return Coverage{}, fmt.Errorf("index: %w", err)
	}
	c := Coverage{Stored: int64(len(ids))}
	absent, err := c.compare(ids, ix.IDs(ctx, arc.Identity()))
	if err != nil {
		return c, fmt.Errorf("index: %w", err)
	}
	opt = opt.complete()
	opt.Facts = nil // only whether it can be read
	p := &pipeline{updater: &updater{arc: arc, opt: opt}}
	for _, id := range absent {
		_, err := p.read(ctx, archive.Entry{ID: id})
		switch {
		case err == nil:
			c.Missing = append(c.Missing, id)
		case refused(err):
			c.Refused = append(c.Refused, Refusal{id, err})
		default:
			return c, fmt.Errorf("index: %w", err)
		}
	}
	return c, nil
}

// compare merges two ascending sequences. It gives the ids that are stored and
// not indexed.
func (c *Coverage) compare(ids []archive.ID, indexed iter.Seq2[archive.ID, error]) (absent []archive.ID, err error) {
	for id, err := range indexed {
		if err != nil {
			return nil, err
		}
		for len(ids) > 0 && bytes.Compare(ids[0][:], id[:]) < 0 {
			absent, ids = append(absent, ids[0]), ids[1:]
		}
		if len(ids) > 0 && ids[0] == id {
			c.Indexed++
			ids = ids[1:]
		} else {
			c.Surplus = append(c.Surplus, id)
		}
	}
	return append(absent, ids...), nil
}

// stored gives the ids of all messages in ascending order.
func stored(ctx context.Context, arc *archive.Archive) ([]archive.ID, error) {
	var ids []archive.ID
	for e, err := range arc.List(ctx, 0) {
		if err != nil {
			return nil, err
		}
		if !e.Gone {
			ids = append(ids, e.ID)
		}
	}
	slices.SortFunc(ids, func(a, b archive.ID) int { return bytes.Compare(a[:], b[:]) })
	return ids, nil
}

// Repair brings what Cover found in order: it indexes the missing messages and
// removes the surplus. The cursor stays where it is.
func Repair(ctx context.Context, ix Index, arc *archive.Archive, c Coverage, opt Options) (Report, error) {
	if c.Whole() {
		return Report{}, nil
	}
	cursor, err := ix.Cursor(ctx, arc.Identity())
	if err != nil {
		return Report{}, fmt.Errorf("index: %w", err)
	}
	u := &updater{ix: ix, arc: arc, opt: opt.complete(), cursor: cursor}
	for ids := range slices.Chunk(c.Missing, groupMessages) {
		g := group{cursor: cursor}
		for _, id := range ids {
			e, err := arc.Lookup(ctx, id)
			if err != nil {
				return u.report, fmt.Errorf("index: %w", err)
			}
			e.Seq = cursor
			g.add(e)
		}
		if err := u.apply(ctx, &g); err != nil {
			return u.report, fmt.Errorf("index: %w", err)
		}
	}
	if len(c.Surplus) > 0 {
		err := ix.Apply(ctx, Batch{Archive: arc.Identity(), Cursor: cursor, Remove: c.Surplus})
		if err != nil {
			return u.report, fmt.Errorf("index: %w", err)
		}
		u.report.Removed += int64(len(c.Surplus))
	}
	return u.report, nil
}

// complete fills in what the zero value leaves open.
func (o Options) complete() Options {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}
