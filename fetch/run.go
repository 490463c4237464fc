package fetch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"lostpost/archive"
)

// maxFailures bounds Report.Failures.
const maxFailures = 1000

// progressEvery is the least time between two calls of Options.Progress.
const progressEvery = 100 * time.Millisecond

// Report is the account of one Run.
type Report struct {
	Source                          string
	Listed, Known                   int64     // of a Counter: at the place, of these here before; else -1, 0
	Seen, Stored, Duplicate, Failed int64     // Placed counts as Duplicate
	Quarantined, Vanished, Pending  int64     // the three kinds of Failed: put aside, gone at the place, not yet; Vanished alone is no exit 3
	Changed, Gone                   int64     // known messages with other flags or traits now, and those gone at the place
	Bytes                           int64     // octets of the stored and the duplicate messages
	Failures                        []Failure // the first 1,000; the count is exact
	Took                            time.Duration
}

// A Failure is one message that could not be had, and why.
type Failure struct{ Origin, Reason string }

// Run moves all of src into w and commits. The Report always adds up:
// Seen == Stored + Duplicate + Failed, and Listed == Known + Seen. Failed items
// are in the Report, not in the error; the error says why Run stopped early
// (context.Canceled, syscall.ENOSPC, *AuthError, ...). Running again goes on
// where it stopped.
//
// When ctx ends, what was taken is committed all the same. When the archive
// fails, messages taken since its last commit are in the Report but not in the
// archive. Run does not close src or w.
func Run(ctx context.Context, src Source, w *archive.Writer, opt Options) (Report, error) {
	start := time.Now()
	r := &run{src: src, w: w, opt: opt, name: src.Name()}
	r.rep = Report{Source: r.name, Listed: -1}
	r.total, r.totalBytes = -1, -1
	if s, ok := src.(Sizer); ok {
		r.total, r.totalBytes = s.Totals()
	}
	if rel, ok := src.(Releaser); ok && opt.Release {
		r.release = &release{src: rel, w: w}
	}
	err := r.carry(ctx)
	err = r.finish(ctx, err)
	r.rep.Took = time.Since(start)
	if opt.Log != nil {
		opt.Log.Info("run ended", "source", r.name, "seen", r.rep.Seen, "stored", r.rep.Stored,
			"duplicate", r.rep.Duplicate, "failed", r.rep.Failed, "octets", r.rep.Bytes, "took", r.rep.Took, "err", err)
	}
	return r.rep, err
}

// A run is the state of one Run.
type run struct {
	src     Source
	w       *archive.Writer
	opt     Options
	name    string
	rep     Report
	release *release // nil: nothing is let go

	archiveFailed     bool            // w takes no more
	aside             map[string]bool // "origin\x00reason" of F lines of earlier runs; nil: not read yet
	total, totalBytes int64
	shown             time.Time // of the last call of opt.Progress
}

// carry takes every message of the source. Its error ends the run.
func (r *run) carry(ctx context.Context) error {
	for m, err := range r.src.Messages(ctx, r.w.Source(r.name)) {
		var same *SameError
		switch {
		case m == nil && err != nil:
			return err
		case m == nil:
			return fmt.Errorf("%s: source yields neither message nor error", r.name)
		case errors.Is(err, ErrFlags), errors.Is(err, ErrGone):
			err = r.follow(ctx, m, err)
		case errors.As(err, &same):
			err = r.same(ctx, m, same.ID)
		case err != nil:
			err = r.fail(ctx, m, err)
		default:
			err = r.take(ctx, m)
		}
		if err != nil {
			return err
		}
		r.progress(false)
	}
	return ctx.Err()
}

// take adds one message.
func (r *run) take(ctx context.Context, m *Message) error {
	body := m.Body
	if body == nil {
		return r.fail(ctx, m, errors.New("the source gives no octets"))
	}
	if r.release != nil {
		body = r.release.watch(body)
	}
	rec, err := r.w.Add(ctx, m.Meta, body)
	var item *archive.ItemError
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return ctx.Err() // the body ended because the run does: nothing is wrong with the message
	case errors.As(err, &item):
		m.Body = nil
		return r.fail(ctx, m, item.Err)
	default:
		r.archiveFailed = true
		return err
	}
	r.rep.Bytes += rec.Size
	r.here(m, rec)
	if r.release != nil {
		r.release.took(m.Origin, rec.ID)
	}
	// A pending message must be looked for again, so no mark may pass it.
	if m.Mark != "" && r.rep.Pending == 0 {
		r.w.Mark(r.name, m.Mark)
	}
	return nil
}

// here counts a message that the archive has now.
func (r *run) here(m *Message, rec archive.Receipt) {
	r.rep.Seen++
	outcome := Duplicate
	if rec.Result == archive.Stored {
		r.rep.Stored++
		outcome = Archived
	} else {
		r.rep.Duplicate++
	}
	r.tell(Item{Origin: m.Origin, ID: rec.ID, Result: outcome})
}

// same takes a copy of a message that the archive has.
func (r *run) same(ctx context.Context, m *Message, id archive.ID) error {
	rec, err := r.w.Same(ctx, m.Meta, id)
	if err == nil && rec.Result == archive.Duplicate {
		_, err = r.w.SetFlags(ctx, id, m.Mailbox, m.Flags, slices.Concat([]string{}, m.Traits))
	}
	switch {
	case err == nil:
		r.here(m, rec)
		return nil
	case errors.Is(err, archive.ErrNotFound):
		return r.fail(ctx, m, fmt.Errorf("%w: %w", ErrPending, err))
	case ctx.Err() == nil:
		r.archiveFailed = true
	}
	return err
}

// follow takes what became of a message that the archive knows.
func (r *run) follow(ctx context.Context, m *Message, what error) error {
	id, known := r.w.Source(r.name).Known(m.Origin)
	if !known {
		return nil
	}
	changed, err := true, error(nil)
	if errors.Is(what, ErrGone) {
		err = r.w.Vanish(ctx, m.Origin)
		r.rep.Gone++
	} else if changed, err = r.w.SetFlags(ctx, id, m.Mailbox, m.Flags, slices.Concat([]string{}, m.Traits)); changed {
		r.rep.Changed++
	}
	switch {
	case err == nil, errors.Is(err, archive.ErrNotFound): // it was removed here, on the user's order
		return nil
	case ctx.Err() == nil:
		r.archiveFailed = true
	}
	return err
}

// fail accounts for a message that could not be had, in the ledger too.
func (r *run) fail(ctx context.Context, m *Message, cause error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var netErr *NetError
	kind, outcome := &r.rep.Quarantined, Quarantined
	var err error
	switch reason := cause.Error(); {
	case errors.Is(cause, ErrVanished):
		kind, outcome = &r.rep.Vanished, Vanished
		err = r.w.Vanish(ctx, m.Origin)
	case errors.Is(cause, ErrPending), errors.As(cause, &netErr):
		kind, outcome = &r.rep.Pending, Pending
	case r.noted(ctx, m.Origin, reason):
	case m.Body != nil:
		err = r.w.Quarantine(ctx, m.Origin, reason, m.Body)
		var item *archive.ItemError
		if errors.As(err, &item) {
			err = r.w.PutAside(ctx, m.Origin, reason)
		}
	default:
		err = r.w.PutAside(ctx, m.Origin, reason)
	}
	if err != nil {
		if ctx.Err() == nil {
			r.archiveFailed = true
		}
		return err
	}
	*kind++
	r.rep.Seen++
	r.rep.Failed++
	if len(r.rep.Failures) < maxFailures {
		r.rep.Failures = append(r.rep.Failures, Failure{m.Origin, cause.Error()})
	}
	r.tell(Item{Origin: m.Origin, Result: outcome, Reason: cause.Error()})
	return nil
}

// noted reports whether an earlier run put the same message aside for the same
// reason. A damaged file says the same on each run, and one line about it is
// enough. For a server it is never true: the time of the latest line tells
// when the server is asked again.
func (r *run) noted(ctx context.Context, origin, reason string) bool {
	if !strings.HasPrefix(r.name, "file:") {
		return false
	}
	if r.aside == nil {
		r.aside = map[string]bool{}
		for a, err := range r.w.Asides(ctx) {
			if err != nil {
				break // then a line comes twice, which does no harm
			}
			if strings.HasPrefix(a.Origin, r.name) {
				r.aside[a.Origin+"\x00"+a.Reason] = true
			}
		}
	}
	key := origin + "\x00" + reason
	if r.aside[key] {
		return true
	}
	r.aside[key] = true
	return false
}

// finish closes the books: final mark, account, commit, release. err is why
// the source's messages ended, nil if they came to their end.
func (r *run) finish(ctx context.Context, err error) error {
	if r.archiveFailed {
		return err
	}
	// What was taken is to be kept although ctx may have ended.
	ctx = context.WithoutCancel(ctx)
	if err == nil {
		err = r.balance()
	}
	acc := archive.Account{
		Time: time.Now(), Source: r.name, Listed: r.rep.Listed, Known: r.rep.Known, Stored: r.rep.Stored,
		Duplicate: r.rep.Duplicate, PutAside: r.rep.Quarantined, Vanished: r.rep.Vanished, Pending: r.rep.Pending,
	}
	if e := r.w.Account(ctx, acc); e != nil {
		return errors.Join(err, e)
	}
	if e := r.w.Commit(ctx); e != nil {
		return errors.Join(err, e)
	}
	r.progress(true)
	if r.release != nil && err == nil {
		err = r.release.letGo(ctx)
	}
	return err
}

// balance compares a source that came to its end with what was seen of it.
func (r *run) balance() error {
	if c, ok := r.src.(Counter); ok {
		r.rep.Listed = c.Listed()
		r.rep.Known = r.rep.Listed - r.rep.Seen
		if r.rep.Known < 0 {
			err := fmt.Errorf("%s: %d messages seen, but only %d listed", r.name, r.rep.Seen, r.rep.Listed)
			r.rep.Listed, r.rep.Known = -1, 0
			return err
		}
	}
	if m, ok := r.src.(Marker); ok && r.rep.Failed == 0 {
		if mark := m.FinalMark(); mark != "" && mark != r.w.Source(r.name).Mark() {
			r.w.Mark(r.name, mark)
		}
	}
	return nil
}

// progress tells how far the run is, unless it did so a moment ago.
func (r *run) progress(last bool) {
	if r.opt.Progress == nil {
		return
	}
	now := time.Now()
	if !last && now.Sub(r.shown) < progressEvery {
		return
	}
	r.shown = now
	r.opt.Progress(Progress{Done: r.rep.Seen, Total: r.total, Bytes: r.rep.Bytes, TotalBytes: r.totalBytes})
}
