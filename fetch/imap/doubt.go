package imap

import (
	"errors"
	"fmt"
	"slices"

	"lostpost/fetch"
	"lostpost/fetch/wire"
)

// A stopError ends the run: a new connection would do no better now.
type stopError struct{ error }

// Unwrap gives the reason.
func (e *stopError) Unwrap() error { return e.error }

// pause ends the run because the server wants to be left alone.
func pause(r *refusal) error { return &stopError{fmt.Errorf("the server asks for a pause: %w", r)} }

// A cutError says that the octets of a message ended too early.
type cutError struct {
	came, size int64
	err        error
}

func (e *cutError) Error() string {
	return fmt.Sprintf("%d of %d octets of a message came: %v", e.came, e.size, e.err)
}

// Unwrap gives what ended them.
func (e *cutError) Unwrap() error { return e.err }

// retryable reports whether a new connection may do better.
func retryable(err error) bool {
	var stop *stopError
	var local *localError
	return !errors.As(err, &stop) && !errors.As(err, &local)
}

// backIntoQueue takes back what was in flight when the connection was lost.
func (j *job) backIntoQueue() {
	var back []chunk
	for _, f := range j.flight {
		if uids := j.missing(f.uids); len(uids) > 0 {
			back = append(back, chunk{uids, f.again})
		}
	}
	j.queue = append(back, j.queue...)
	j.flight, j.current = nil, 0
	clear(j.want)
	for _, p := range j.held {
		if p.body != nil {
			j.spool.free()
		}
	}
	clear(j.held)
}

// suspect gives the message that may have ended the connection: the one in the
// middle of which it was, or, if the server hung up before any came, the one
// that was to come first. 0 is none.
func (j *job) suspect(cause error) uint32 {
	var silent *wire.TimeoutError
	switch {
	case j.current != 0:
		return j.current
	case j.yielded > 0, errors.As(cause, &silent):
		return 0
	}
	for _, f := range j.flight {
		if uids := j.missing(f.uids); len(uids) > 0 {
			return uids[0]
		}
	}
	return 0
}

// setApart moves a suspect from its chunk to the end of the queue, alone, and
// out of it when the connection was lost over it often enough. A suspect that
// is in no chunk was yielded already.
func (j *job) setApart(uid uint32, cause error) {
	found := false
	for i := range j.queue {
		ch := &j.queue[i]
		if k := slices.Index(ch.uids, uid); k >= 0 {
			ch.uids = slices.Delete(slices.Clone(ch.uids), k, k+1)
			found = true
		}
	}
	if !found {
		return
	}
	j.queue = slices.DeleteFunc(j.queue, func(ch chunk) bool { return len(ch.uids) == 0 })
	tries := maxTries
	var silent *wire.TimeoutError
	if errors.As(cause, &silent) {
		tries = 2 // each takes long
	}
	if j.cuts[uid]++; j.cuts[uid] < tries {
		j.queue = append(j.queue, chunk{[]uint32{uid}, true})
		return
	}
	reason := fmt.Sprintf("it ended the connection %d times: %v", j.cuts[uid], cause)
	var cut *cutError
	if errors.As(cause, &cut) {
		reason = fmt.Sprintf("the server sends %d of %d octets, %d times", cut.came, cut.size, j.cuts[uid])
	}
	j.doubt = append(j.doubt, doubt{uid, reason})
}

// shorten has sets of UIDs be short from now on, if the server may have ended
// the connection because a line was too long for it (H58): no message came of
// a long one.
func (j *job) shorten() bool {
	if j.current != 0 || j.maxSet == shortSet {
		return false
	}
	for _, f := range j.flight {
		if len(setText(f.uids)) > shortSet && len(j.missing(f.uids)) == len(f.uids) {
			j.maxSet = shortSet
			return true
		}
	}
	return false
}

// missing gives the UIDs that were asked for and did not come.
func (j *job) missing(uids []uint32) []uint32 {
	var out []uint32
	for _, uid := range uids {
		if j.want[uid] {
			out = append(out, uid)
		}
	}
	return out
}

// answered takes the tagged answer to a chunk.
func (j *job) answered(f flying) error {
	for _, uid := range f.uids {
		if p := j.held[uid]; p != nil && j.want[uid] && p.body != nil {
			if err := j.release(uid, p); err != nil {
				return err
			}
		}
		delete(j.held, uid)
	}
	missing := j.missing(f.uids)
	for _, uid := range missing {
		delete(j.want, uid)
	}
	err := f.command.refused()
	var r *refusal
	switch {
	case errors.As(err, &r) && r.later():
		j.queue = append(j.queue, chunk{missing, true})
		return pause(r)
	case len(missing) == 0:
		return nil
	case err == nil && len(missing) < len(f.uids):
		j.queue = append(j.queue, chunk{missing, true})
		return nil
	case len(missing) > 1:
		half := len(missing) / 2
		j.queue = append(j.queue, chunk{missing[:half:half], true}, chunk{missing[half:], true})
	case !f.again:
		j.queue = append(j.queue, chunk{missing, true})
	default:
		j.doubt = append(j.doubt, doubt{missing[0], j.reason(missing[0], err)})
	}
	return j.inARow(err)
}

// reason words why a message does not come.
func (j *job) reason(uid uint32, err error) string {
	if err != nil {
		return "the server does not send it: " + err.Error()
	}
	if how := j.empty[uid]; how != "" {
		return how
	}
	return "the server says OK and does not send it"
}

// inARow counts refusals between which no message comes. After too many the
// rest of the queue waits for another run.
func (j *job) inARow(err error) error {
	if j.refused++; err == nil || j.refused < maxInRow {
		return nil
	}
	return j.putOff(err)
}

// putOff leaves all that is still in the queue to another run.
func (j *job) putOff(why error) error {
	queue := j.queue
	j.queue = nil
	for _, ch := range queue {
		for _, uid := range ch.uids {
			if err := j.put(uid, fmt.Errorf("%w: %w", fetch.ErrPending, why)); err != nil {
				return err
			}
		}
	}
	doubts := j.doubt
	j.doubt = nil
	for _, d := range doubts {
		if err := j.put(d.uid, errors.New(d.reason)); err != nil {
			return err
		}
	}
	return nil
}

// resolve asks whether the messages that did not come are still there, and
// yields each with the reason.
func (j *job) resolve() error {
	for len(j.doubt) > 0 {
		k := min(len(j.doubt), 100)
		slices.SortFunc(j.doubt, func(a, b doubt) int { return int(int64(a.uid) - int64(b.uid)) })
		var uids []uint32
		for _, d := range j.doubt[:k] {
			uids = append(uids, d.uid)
		}
		j.c.found = nil
		err := j.c.optional(shunSearchUID, "UID SEARCH", "UID", setText(uids))
		if err != nil && !isRefusal(err) {
			return err
		}
		there := j.c.found.sorted()
		for range k {
			d := j.doubt[0]
			j.doubt = j.doubt[1:]
			why := errors.New(d.reason)
			if err == nil && !there.has(d.uid) {
				why = fetch.ErrVanished
			}
			if err := j.put(d.uid, why); err != nil {
				return err
			}
		}
	}
	return nil
}
