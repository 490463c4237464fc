package index

import (
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
	Stale   []archive.ID // indexed, with other flags, labels or mailboxes than the ledger's; ascending
	Surplus []archive.ID // in the index, not stored; ascending
}

// A Refusal is a message that cannot be indexed, and why.
type Refusal struct {
	ID  archive.ID
	Err error // ErrNotFound or *archive.CorruptError
}

// Whole reports whether everything that can be found is found, and nothing else.
func (c *Coverage) Whole() bool { return len(c.Missing)+len(c.Stale)+len(c.Surplus) == 0 }

// Cover compares the ids of an index with those of an archive, both in order.
// No flag says what was indexed: a document with the id is in a segment of the
// index, or it is not. Every message that is not is read again, which tells a message
// that cannot be indexed from one that was forgotten. What was stored after the
// cursor of the index counts as missing, what was changed after it as stale.
//
// It takes 36 octets of memory for every message. Errors: those of reading ix
// and the ledger; ctx.Err().
func Cover(ctx context.Context, ix Index, arc *archive.Archive, opt Options) (Coverage, error) {
	all, err := stored(ctx, arc)
	if err != nil {
		return Coverage{}, fmt.Errorf("index: %w", err)
	}
	c := Coverage{Stored: int64(len(all))}
	absent, err := c.compare(all, ix.Held(ctx, arc.Identity()))
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
func (c *Coverage) compare(all []Held, indexed iter.Seq2[Held, error]) (absent []archive.ID, err error) {
	for h, err := range indexed {
		if err != nil {
			return nil, err
		}
		for len(all) > 0 && all[0].Compare(h) < 0 {
			absent, all = append(absent, all[0].ID), all[1:]
		}
		if len(all) == 0 || all[0].ID != h.ID {
			c.Surplus = append(c.Surplus, h.ID)
			continue
		}
		c.Indexed++
		if all[0].Places != h.Places {
			c.Stale = append(c.Stale, h.ID)
		}
		all = all[1:]
	}
	for _, h := range all {
		absent = append(absent, h.ID)
	}
	return absent, nil
}

// stored gives all messages of the ledger in ascending order of ID.
func stored(ctx context.Context, arc *archive.Archive) ([]Held, error) {
	var all []Held
	for e, err := range arc.List(ctx, 0) {
		if err != nil {
			return nil, err
		}
		if !e.Gone {
			all = append(all, Held{e.ID, StampOf(e)})
		}
	}
	slices.SortFunc(all, Held.Compare)
	return all, nil
}

// Repair brings what Cover found in order: it indexes the missing messages,
// takes the places of the stale ones from the ledger and removes the surplus.
// The cursor stays where it is.
func Repair(ctx context.Context, ix Index, arc *archive.Archive, c Coverage, opt Options) (Report, error) {
	if c.Whole() {
		return Report{}, nil
	}
	cursor, err := ix.Cursor(ctx, arc.Identity())
	if err != nil {
		return Report{}, fmt.Errorf("index: %w", err)
	}
	u := &updater{ix: ix, arc: arc, opt: opt.complete(), cursor: cursor, since: cursor, pieces: map[string][]archive.ID{}}
	if err := u.repair(ctx, c); err != nil {
		return u.report, fmt.Errorf("index: %w", err)
	}
	return u.report, nil
}

func (u *updater) repair(ctx context.Context, c Coverage) error {
	wanted := map[archive.ID]bool{}
	for _, id := range slices.Concat(c.Missing, c.Stale) {
		wanted[id] = true
	}
	g := group{}
	for e, err := range u.arc.List(ctx, 0) {
		if err != nil {
			return err
		}
		if !wanted[e.ID] {
			continue
		}
		e.Seq = u.cursor // what the group moves the cursor to
		if g.add(e); g.full(u.opt.step) {
			if err := u.apply(ctx, &g); err != nil {
				return err
			}
			g = group{}
		}
	}
	if !g.empty() {
		if err := u.apply(ctx, &g); err != nil {
			return err
		}
	}
	if len(c.Surplus) == 0 {
		return nil
	}
	err := u.ix.Apply(ctx, Batch{Archive: u.arc.Identity(), Cursor: u.cursor, Remove: c.Surplus})
	if err == nil {
		u.report.Removed += int64(len(c.Surplus))
	}
	return err
}

// complete fills in what the zero value leaves open.
func (o Options) complete() Options {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.step <= 0 {
		o.step = groupMessages
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}
