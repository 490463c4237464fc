package pop3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"lostpost/archive"
	"lostpost/fetch"
	"lostpost/fetch/wire"
)

// maxFails is how many points of bad luck in a row end the run: a connection
// that ends without a message gained is one, a server that falls silent is
// slowFail, because each takes a minute.
const (
	maxFails = 8
	slowFail = 3
)

// maxRefused is how many messages in a row may be refused. More of it is not
// about messages: the server has had enough of us.
const maxRefused = 20

// maxPause is the longest wait before connecting again.
const maxPause = 8 * time.Second

// errLeft says that the loop over the messages was left.
var errLeft = errors.New("left")

// Messages yields the messages that st does not know, in the order of the
// server's numbers; those that gave trouble come again behind the others.
func (s *Source) Messages(ctx context.Context, st fetch.State) iter.Seq2[*fetch.Message, error] {
	return func(yield func(*fetch.Message, error) bool) {
		r := &run{Source: s, ctx: ctx, st: st, yield: yield, buf: make([]byte, s.tune.hold)}
		if err := r.all(); err != nil && !errors.Is(err, errLeft) {
			yield(nil, s.trouble(ctx, err))
		}
	}
}

// A run is the state of one Messages.
type run struct {
	*Source
	ctx   context.Context
	st    fetch.State
	yield func(*fetch.Message, error) bool
	buf   []byte

	chosen bool     // todo was made
	todo   []*entry // to be fetched, in order
	late   []*entry // asked for again behind the others
	next   int      // how many of todo are done on the present connection
	asked  bool     // the answer about todo[next] is awaited, or was the last one read

	sample []entry // a few that are known, to learn whether sizes are right

	gained  bool // a message came over the present connection
	fails   int  // points of bad luck in a row
	refused int  // refusals in a row
}

// all fetches everything, on as many connections as it takes.
func (r *run) all() error {
	for {
		shunned := r.shuns.count()
		se, err := r.reach()
		if err != nil {
			return err
		}
		release := se.conn.Bind(r.ctx)
		err = r.on(se)
		r.quit(se)
		release()
		if !r.chosen && r.ctx.Err() == nil && r.shuns.count() > shunned {
			continue // the listing can be had in another way
		}
		if err == nil || errors.Is(err, errLeft) || r.ctx.Err() != nil || se.err == nil || !r.chosen {
			return err
		}
		r.warn("the connection ended", "err", se.err)
		if err := r.broke(se.err); err != nil {
			return err
		}
	}
}

// reach connects. Once something was reached it is patient, because many a
// server holds the mailbox locked for a while after a connection has broken.
func (r *run) reach() (*session, error) {
	if !r.chosen {
		if err := r.ctx.Err(); err != nil {
			return nil, err
		}
		if se := r.ready; se != nil {
			r.ready = nil
			return se, nil
		}
		return r.connect(r.ctx)
	}
	for {
		if err := r.wait(); err != nil {
			return nil, err
		}
		se, err := r.connect(r.ctx)
		var signIn *fetch.AuthError
		if err == nil || r.ctx.Err() != nil || errors.As(err, &signIn) {
			return se, err
		}
		if r.fails++; r.fails >= maxFails {
			return nil, err
		}
	}
}

// wait pauses after bad luck, longer each time.
func (r *run) wait() error {
	if r.fails < 1 {
		return nil
	}
	t := time.NewTimer(min(r.tune.pause<<(r.fails-1), maxPause))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
}

// on does all that can be done on one connection.
func (r *run) on(se *session) error {
	se.single = r.single || !se.caps.has("PIPELINING")
	all, err := se.list()
	if err == nil {
		err = se.identify(all)
	}
	if err != nil {
		return err
	}
	if !r.chosen {
		r.choose(all)
	} else if err := r.match(all); err != nil {
		return err
	}
	return r.fetch(se)
}

// maxSample is how many known messages are fetched again at most, if a message
// is shorter than it should be and too few others came to compare with.
const maxSample = 4

// choose notes what is to be fetched.
func (r *run) choose(all []entry) {
	r.chosen, r.listed = true, int64(len(all))
	unsure := 0
	for i := range all {
		if !all[i].sure {
			unsure++
		} else if _, known := r.st.Known(r.name + all[i].id()); known {
			if len(r.sample) < maxSample && all[i].size >= 0 && all[i].size <= int64(len(r.buf)) {
				r.sample = append(r.sample, all[i])
			}
			continue
		}
		r.todo = append(r.todo, &all[i])
	}
	if unsure > 0 {
		r.warn("the server does not tell messages apart; these are fetched each time and compared by content", "messages", unsure)
	}
}

// match finds what is still to be fetched in the listing of a new connection,
// where numbers may have moved.
func (r *run) match(all []entry) error {
	r.sample = nil // its numbers are void as well
	wanted := map[string]*entry{}
	old := slices.Concat(r.todo, r.late)
	for _, it := range old {
		wanted[it.id()] = it
		it.num = 0
	}
	for i := range all {
		if it := wanted[all[i].id()]; it != nil {
			it.num = all[i].num
		}
	}
	r.todo = present(r.todo)
	r.late = present(r.late)
	for _, it := range old {
		if it.num == 0 {
			if err := r.failed(it, absence(it, all), nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// absence says why a message is not in a new listing: it is gone only if the
// listing has names and none is its own.
func absence(it *entry, all []entry) error {
	named := slices.ContainsFunc(all, func(e entry) bool { return e.uidl != "" })
	if it.sure && it.uidl != "" && (named || len(all) == 0) && !slices.ContainsFunc(all, func(e entry) bool { return e.uidl == it.uidl }) {
		return fmt.Errorf("%w: it is not in the server's list any more", fetch.ErrVanished)
	}
	return fmt.Errorf("%w: the server's list has changed and does not tell which message it is", fetch.ErrPending)
}

// present leaves out what the new listing does not have.
func present(items []*entry) []*entry {
	var p []*entry
	for _, it := range items {
		if it.num != 0 {
			p = append(p, it)
		}
	}
	return p
}

// broke deals with a connection that ended. The message that was asked for may
// be the cause. So it waits until all others are here, and if it twice ends a
// connection on which nothing else was asked, it is put aside.
func (r *run) broke(cause error) error {
	// One at a time from here on: it may be the commands in flight that the
	// server does not bear.
	r.single = true
	var silent *wire.TimeoutError
	slow := errors.As(cause, &silent)
	switch {
	case r.gained:
		r.fails = 0
	case slow:
		r.fails += slowFail
	default:
		r.fails++
	}
	if r.fails >= maxFails {
		return cause
	}
	asked, fresh := r.asked, !r.gained
	r.todo = r.todo[r.next:]
	r.next, r.asked, r.gained = 0, false, false
	if !asked {
		return nil
	}
	it := r.todo[0]
	r.todo = r.todo[1:]
	if fresh {
		it.tries++
	}
	if slow {
		it.tries++ // each time takes as long again
	}
	if it.tries < 2 {
		r.late = append(r.late, it)
		return nil
	}
	return r.failed(it, fmt.Errorf("the connection ends whenever it is asked for: %w", cause), nil)
}

// failed yields a message that cannot be had, with the octets that came of it.
func (r *run) failed(it *entry, reason error, octets []byte) error {
	m := r.message(it)
	if octets != nil {
		m.Body, m.Size = bytes.NewReader(octets), int64(len(octets))
	}
	if !r.yield(m, reason) {
		return errLeft
	}
	return r.ctx.Err()
}

// message makes the message without its octets.
func (r *run) message(it *entry) *fetch.Message {
	return &fetch.Message{
		Meta: archive.Meta{Origin: r.name + it.id(), Mailbox: r.opt.Mailbox, Traits: slices.Clone(r.opt.Traits)},
		Size: -1,
	}
}
