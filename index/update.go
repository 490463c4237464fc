package index

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"lostpost/archive"
	"lostpost/decode"
)

const (
	// A group is what one Apply takes: one generation of the index. It ends at
	// groupMessages so that search can answer early in a first run, and at
	// groupBytes so that large mail does not make the steps rarer.
	groupMessages = 10_000
	groupBytes    = 512 << 20

	// pollInterval is how often Follow looks at the size of the ledger.
	pollInterval = 200 * time.Millisecond
)

// Options for Update; the zero value is useful.
type Options struct {
	Log     *slog.Logger
	Workers int  // 0: GOMAXPROCS
	Follow  bool // keep following the ledger
	// Until, if not nil, ends Follow in good order: once it is closed, Update
	// takes what the ledger holds and returns.
	Until  <-chan struct{}
	Decode decode.Options
	// Facts, if not nil, says what further terms one message has: "draft",
	// "bounce", "reason:mailboxfull". cmd hands in drafts.Judge and
	// explain.Message, so that index imports neither. What depends on other
	// messages (which version is latest) is worked out over the hits. What it
	// says must not depend on the places of the entry: when only these change,
	// it is not asked again. It is called from several goroutines.
	Facts func(archive.Entry, *decode.Message) []string
	// Progress, if not nil, is called after every step that became durable,
	// from the goroutine that called Update.
	Progress func(Report)

	step int // messages of one step; 0: groupMessages
}

// Report is the account of one Update.
type Report struct {
	Added    int64 // documents added or replaced
	Placed   int64 // documents that got other flags, labels or mailboxes; nothing of them was read
	Removed  int64 // documents of messages that are gone
	Problems int64 // messages that could not be read back; they are not in the index
	Took     time.Duration
}

// Update brings ix up to date with arc: it lists the ledger from the cursor,
// decodes on opt.Workers goroutines and applies batches in ledger order, each
// with its own cursor. Of a message that is indexed and of which only flags,
// labels or mailboxes changed nothing is read. Update is idempotent and may be
// interrupted at any moment.
//
// A message that came in pieces (message/partial) is put together when its last
// piece is there, whatever runs the others came in: then the first piece is put
// again with all of it (see Join).
//
// With opt.Follow it ends when ctx does or opt.Until is closed, else at the
// ledger's end. Time and memory do not depend on what was indexed before.
//
// If the ledger ends before the cursor, it is another one (rebuilt by check
// --repair): then all of it is taken again and what it does not list is removed.
//
// A message that is not there or not what the ledger says is counted in
// Report.Problems and passed over. Errors: ctx.Err() if the end of ctx left
// work undone; those of ix; anything else that reading the archive gives, such
// as an I/O error. The report is valid beside an error.
func Update(ctx context.Context, ix Index, arc *archive.Archive, opt Options) (Report, error) {
	opt = opt.complete()
	u := &updater{ix: ix, arc: arc, opt: opt, start: time.Now(), pieces: map[string][]archive.ID{}}
	err := u.run(ctx)
	u.report.Took = time.Since(u.start)
	opt.Log.Info("index updated", "added", u.report.Added, "placed", u.report.Placed, "removed", u.report.Removed,
		"problems", u.report.Problems, "took", u.report.Took, "err", err)
	if err != nil {
		return u.report, fmt.Errorf("index: %w", err)
	}
	return u.report, nil
}

// An updater is one call of Update.
type updater struct {
	ix     Index
	arc    *archive.Archive
	opt    Options
	start  time.Time
	cursor int64
	since  int64 // cursor at which the pass began
	report Report

	pieces     map[string][]archive.ID // of messages in pieces, by their id; see hold
	remembered int
}

func (u *updater) run(ctx context.Context) error {
	cursor, err := u.ix.Cursor(ctx, u.arc.Identity())
	if err != nil {
		return err
	}
	u.cursor = cursor
	for {
		// Looked at before the pass, so that what is added in the meantime
		// makes the next look differ.
		done := u.ending()
		size := u.ledgerSize()
		began := time.Now()
		if size >= 0 && size < u.cursor {
			err = u.replaced(ctx)
		} else {
			err = u.pass(ctx, nil)
		}
		if err != nil {
			return err
		}
		if !u.opt.Follow || done {
			return nil
		}
		if !u.wait(ctx, size, time.Since(began)) {
			return nil
		}
	}
}

// ending reports whether Until was closed.
func (u *updater) ending() bool {
	select {
	case <-u.opt.Until: // never ready if nil
		return true
	default:
		return false
	}
}

// ledgerSize is the size of the ledger in octets, -1 if it cannot be had. It
// only saves work: every Seq is an offset below it.
func (u *updater) ledgerSize() int64 {
	fi, err := os.Stat(filepath.Join(u.arc.Dir(), "ledger"))
	if err != nil {
		return -1
	}
	return fi.Size()
}

// wait returns true when the ledger is no longer size octets long, or Until
// was closed; false when ctx ended. It rests at least twice as long as the last
// pass took, at most 1 s: steps of a few messages each would cost more in
// generations than in mail.
func (u *updater) wait(ctx context.Context, size int64, took time.Duration) bool {
	rest := min(max(pollInterval, 2*took), time.Second)
	for {
		select {
		case <-ctx.Done():
			return false
		case <-u.opt.Until:
			return true
		case <-time.After(rest):
		}
		if now := u.ledgerSize(); now < 0 || now != size {
			return true
		}
		rest = pollInterval
	}
}

// pass applies what the ledger lists after the cursor. If seen is not nil, it
// gathers the IDs that were listed and are not gone.
func (u *updater) pass(ctx context.Context, seen map[archive.ID]struct{}) error {
	var g group
	u.since = u.cursor
	for e, err := range u.arc.List(ctx, u.cursor) {
		if err != nil {
			return err
		}
		if seen != nil && !e.Gone {
			seen[e.ID] = struct{}{}
		}
		g.add(e)
		if g.full(u.opt.step) {
			if err := u.apply(ctx, &g); err != nil {
				return err
			}
			g = group{}
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if g.empty() {
		return nil
	}
	return u.apply(ctx, &g)
}

// replaced takes a ledger that is not the one the cursor was made on.
func (u *updater) replaced(ctx context.Context) error {
	u.opt.Log.Info("ledger ends before the cursor of the index; reading all of it", "cursor", u.cursor)
	u.cursor = 0
	seen := map[archive.ID]struct{}{}
	if err := u.pass(ctx, seen); err != nil {
		return err
	}
	var surplus []archive.ID
	for h, err := range u.ix.Held(ctx, u.arc.Identity()) {
		if err != nil {
			return err
		}
		if _, ok := seen[h.ID]; !ok {
			surplus = append(surplus, h.ID)
		}
	}
	err := u.ix.Apply(ctx, Batch{Archive: u.arc.Identity(), Cursor: u.cursor, Remove: surplus})
	if err == nil {
		u.report.Removed += int64(len(surplus))
	}
	return err
}

// A group gathers entries for one Apply. Of an entry that is listed twice only
// the last counts.
type group struct {
	entries []archive.Entry
	at      map[archive.ID]int // index in entries
	bytes   int64
	cursor  int64
}

func (g *group) empty() bool { return len(g.entries) == 0 }

// full reports whether the group has step messages or is large otherwise.
func (g *group) full(step int) bool { return len(g.entries) >= step || g.bytes >= groupBytes }

func (g *group) add(e archive.Entry) {
	g.cursor = e.Seq
	if i, ok := g.at[e.ID]; ok {
		g.entries[i] = e
		return
	}
	if g.at == nil {
		g.at = map[archive.ID]int{}
	}
	g.at[e.ID] = len(g.entries)
	g.entries = append(g.entries, e)
	g.bytes += e.Size
}

// apply brings one group into the index and moves the cursor.
func (u *updater) apply(ctx context.Context, g *group) error {
	b, put, err := u.divide(ctx, g)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	p := &pipeline{updater: u, ctx: ctx, fail: cancel}
	if len(put) > 0 {
		b.Put = p.documents(put)
	}
	err = u.ix.Apply(ctx, b)
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if err != nil {
		return err
	}
	u.cursor = g.cursor
	u.report.Added += p.added
	u.report.Placed += int64(len(b.Placed))
	u.report.Removed += int64(len(b.Remove))
	u.report.Problems += p.problems
	if u.opt.Progress != nil {
		r := u.report
		r.Took = time.Since(u.start)
		u.opt.Progress(r)
	}
	return nil
}

// divide says what has to be done about the entries of a group, and which
// messages have to be read for it: those that are new, and those that the index
// does not have although it should, because they could not be read before.
func (u *updater) divide(ctx context.Context, g *group) (b Batch, put []archive.Entry, err error) {
	b = Batch{Archive: u.arc.Identity(), Cursor: g.cursor}
	var old []archive.Entry
	var ids []archive.ID
	for _, e := range g.entries {
		switch {
		case e.Gone:
			b.Remove = append(b.Remove, e.ID)
		case e.First > u.since:
			put = append(put, e)
		default:
			old, ids = append(old, e), append(ids, e.ID)
		}
	}
	if len(old) == 0 {
		return b, put, nil
	}
	has, err := u.ix.Has(ctx, b.Archive, ids)
	if err != nil {
		return b, nil, err
	}
	for i, e := range old {
		if has[i] {
			b.Placed = append(b.Placed, e)
		} else {
			put = append(put, e)
		}
	}
	return b, put, nil
}

// refused reports whether err concerns one message only.
func refused(err error) bool {
	var corrupt *archive.CorruptError
	return errors.Is(err, archive.ErrNotFound) || errors.As(err, &corrupt)
}
