package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"lostpost/archive/ledger"
)

// List yields entries with Seq > after, in ledger order; after 0 means all. It
// ends at the last whole line; a torn last line is not an error. An entry
// comes again with a higher Seq when its places change or it is removed, so
// the last Seq seen is a cursor from which a follower can go on.
//
// One call yields each message once, as it is at the time of the call; Flags
// are those of the ledger. A cursor at which no line begins, from a ledger that
// was lost, counts as 0. When nothing is new it costs a few microseconds.
func (a *Archive) List(ctx context.Context, after int64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		err := a.list(ctx, after, func(e Entry) bool { return yield(e, nil) })
		if err != nil {
			yield(Entry{}, fmt.Errorf("archive: %w", err))
		}
	}
}

// A plan says what to do with the lines of one List: which are superseded by a
// later line about the same message, and which need more than themselves.
type plan struct {
	past  []int64           // offsets to pass over, sorted
	parts map[int64][]int64 // offset to the offsets of all lines of its message
}

func (a *Archive) list(ctx context.Context, after int64, yield func(Entry) bool) error {
	var end int64
	var p plan
	err := a.look(ctx, func(v *view) (err error) {
		end = v.end
		if v.file == nil {
			return nil
		}
		if after = v.cursor(after); after >= v.stat.Seq {
			end = 0
			return nil
		}
		p, err = v.plan(after)
		return err
	})
	if err != nil || end == 0 {
		return err
	}
	return a.rows(ctx, after, end, func(r *row) (bool, error) {
		if r.off <= after || !r.aboutMessage() {
			return true, nil
		}
		for len(p.past) > 0 && p.past[0] < r.off {
			p.past = p.past[1:]
		}
		if len(p.past) > 0 && p.past[0] == r.off {
			return true, nil
		}
		id, ok := r.id()
		if !ok {
			return true, nil
		}
		e := Entry{ID: id}
		if offs := p.parts[r.off]; offs == nil {
			r.apply(&e, id)
		} else if err := a.assemble(ctx, &e, offs); err != nil {
			return false, err
		}
		return len(e.Places) == 0 || yield(e), nil
	})
}

// assemble applies the lines at offs to e.
func (a *Archive) assemble(ctx context.Context, e *Entry, offs []int64) error {
	return a.look(ctx, func(v *view) error {
		var r row
		for _, off := range offs {
			if err := v.line(off, &r); err != nil {
				return err
			}
			r.apply(e, e.ID)
		}
		return nil
	})
}

// cursor gives after, or 0 if no line begins there.
func (v *view) cursor(after int64) int64 {
	if after <= 0 || after >= v.end {
		return 0
	}
	var before [1]byte
	if _, err := v.file.ReadAt(before[:], after-1); err != nil || before[0] != '\n' {
		return 0
	}
	return after
}

// plan looks at the lines behind after.
func (v *view) plan(after int64) (plan, error) {
	p := plan{parts: map[int64][]int64{}}
	fresh, err := v.since(after)
	if err != nil {
		return p, err
	}
	for len(fresh) > 0 {
		n := 1
		for n < len(fresh) && fresh[n].prefix == fresh[0].prefix {
			n++
		}
		offs := offsets(fresh[:n])
		if after > 0 {
			if offs, err = v.lines(fresh[0].prefix); err != nil {
				return p, err
			}
		}
		if len(offs) > 1 {
			if err := v.divide(&p, offs, after); err != nil {
				return p, err
			}
		}
		fresh = fresh[n:]
	}
	slices.Sort(p.past)
	return p, nil
}

// divide sorts the lines of one prefix by message.
func (v *view) divide(p *plan, offs []int64, after int64) error {
	byID := map[ID][]int64{}
	var r row
	for _, off := range offs {
		if err := v.line(off, &r); err != nil {
			return err
		}
		if id, ok := r.id(); ok {
			byID[id] = append(byID[id], off)
		}
	}
	for _, of := range byID {
		last := of[len(of)-1]
		for _, off := range of[:len(of)-1] {
			if off > after {
				p.past = append(p.past, off)
			}
		}
		p.parts[last] = of
	}
	return nil
}

// since gives the pairs of all lines behind after, sorted by prefix. Behind a
// cursor the ledger is read, so that little new costs little.
func (v *view) since(after int64) ([]pair, error) {
	if after == 0 {
		if err := v.cache.load(); err != nil {
			return nil, err
		}
		var old []pair
		if v.cache != nil {
			old = v.cache.loaded
		}
		return mergePairs(old, v.tail), nil
	}
	fresh, _, _, err := v.readFrom(after, v.end)
	i := slices.IndexFunc(fresh, func(p pair) bool { return p.off == after })
	if i >= 0 {
		fresh = slices.Delete(fresh, i, i+1)
	}
	return fresh, err
}

// rows calls f for each good line of a known kind from an offset up to end,
// until it returns false. It holds no lock while f runs.
func (a *Archive) rows(ctx context.Context, from, end int64, f func(*row) (bool, error)) error {
	a.mu.Lock()
	file, closed := a.view.file, a.closed
	a.mu.Unlock()
	if closed {
		return ErrClosed
	}
	r := ledger.NewReader(io.NewSectionReader(file, 0, end), from)
	var rw row
	for n := 0; ; n++ {
		if n%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		l, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !rw.parse(&l) {
			continue
		}
		if more, err := f(&rw); err != nil || !more {
			return err
		}
	}
}

// all calls f for every row of the ledger.
func (a *Archive) all(ctx context.Context, f func(*row) (bool, error)) error {
	var end int64
	err := a.look(ctx, func(v *view) error {
		end = v.end
		return nil
	})
	if err != nil || end == 0 {
		return err
	}
	return a.rows(ctx, 0, end, f)
}

// Accounts yields the accounts of all runs, oldest first.
func (a *Archive) Accounts(ctx context.Context) iter.Seq2[Account, error] {
	return func(yield func(Account, error) bool) {
		err := a.all(ctx, func(r *row) (bool, error) {
			return r.kind != kindEnd || yield(r.account(), nil), nil
		})
		if err != nil {
			yield(Account{}, fmt.Errorf("archive: %w", err))
		}
	}
}

// Asides yields what was put aside, oldest first.
func (a *Archive) Asides(ctx context.Context) iter.Seq2[Aside, error] {
	return func(yield func(Aside, error) bool) {
		err := a.all(ctx, func(r *row) (bool, error) {
			return r.kind != kindFailed && r.kind != kindKept || yield(r.aside(), nil), nil
		})
		if err != nil {
			yield(Aside{}, fmt.Errorf("archive: %w", err))
		}
	}
}
