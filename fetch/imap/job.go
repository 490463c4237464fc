package imap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"lostpost/fetch"
)

// How much is asked for at once. Three commands in flight keep a far server
// busy while the next is on its way; an answer that was lost costs 500 small
// questions at most.
const (
	inFlight  = 3
	chunkSize = 500
	firstSize = 50      // while nothing is known of the server
	maxSet    = 6 << 10 // octets of a set in a command line; RFC 7162 section 4 has 8,192 for the line
	shortSet  = 350     // where a server may not bear that
	maxTries  = 3       // a message that ends the connection this often is put aside
	maxInRow  = 200     // refusals without a message between them
)

// A job takes what is new in one mailbox. It outlives the connection.
type job struct {
	*source
	box   mailbox
	st    fetch.State
	yield yielder
	renew func(cause error) error // connects again

	calm     bool    // the messages are those of the mark; flags alone are asked for
	opened   bool    // the UIDs were listed
	knows    bool    // the archive knows some of them
	read     bool    // flags of these were read
	numbers  numbers // at that time
	prefix   string  // of origins
	queue    []chunk
	flight   []flying
	want     map[uint32]bool   // UIDs in flight that were not yielded
	held     map[uint32]*piece // those of which something came that cannot be yielded yet
	empty    map[uint32]string // those that came without octets, and how
	doubt    []doubt
	cuts     map[uint32]int // how often the connection ended in the middle of one
	current  uint32         // the UID whose octets are coming, 0: none
	matching *matching      // pairs that wait for their sample; nil: none
	reuse    *reuse         // UIDs that seem to have another message now; nil: none
	yielded  int            // since the connection was made
	refused  int            // in a row
	whole    bool           // nothing was put off
	maxSet   int            // octets of a set in a command line
	buffer   []byte
}

// A chunk is UIDs to ask for, in ascending order.
type chunk struct {
	uids  []uint32
	again bool // all of them were asked for before
}

// A flying is a chunk that was asked for.
type flying struct {
	*command
	chunk
}

// A piece is what came of a message so far.
type piece struct {
	part
	body *spooled
}

// A doubt is a message that does not come.
type doubt struct {
	uid    uint32
	reason string
}

func newJob(s *source, b mailbox, st fetch.State, yield yielder) *job {
	return &job{
		source: s, box: b, st: st, yield: yield, whole: true, maxSet: maxSet,
		want: map[uint32]bool{}, held: map[uint32]*piece{}, empty: map[uint32]string{}, cuts: map[uint32]int{},
	}
}

// maxFailed is how many connections in a row may bring nothing and give no hint
// why.
const maxFailed = 3

// run takes the whole mailbox, over several connections if need be. dialled is
// called with each new one.
func (j *job) run(ctx context.Context, dialled func(*client)) error {
	failed := 0
	renewed := false // a message in the middle has a new connection already
	j.renew = func(cause error) error {
		if err := j.source.again(ctx, cause); err != nil {
			return err
		}
		renewed = true
		dialled(j.c)
		return nil
	}
	for {
		j.yielded, renewed = 0, false
		shunned := j.acc.shuns.count()
		err := j.try(ctx)
		switch {
		case err == nil:
			j.end()
			return nil
		case errors.Is(err, errLeft), ctx.Err() != nil, !retryable(err):
			return err
		}
		suspect := j.suspect(err)
		shortened := j.shorten()
		if shortened {
			suspect = 0
		}
		if failed++; j.yielded > 0 || suspect != 0 || j.acc.shuns.count() > shunned || shortened {
			failed = 0
		}
		j.backIntoQueue()
		if suspect != 0 {
			j.setApart(suspect, err)
		}
		if failed == maxFailed {
			return err
		}
		if renewed {
			continue
		}
		if err := j.renew(err); err != nil {
			return err
		}
	}
}

// try opens the mailbox and takes what is in the queue.
func (j *job) try(ctx context.Context) error {
	ok, err := j.open(ctx)
	if err != nil || !ok {
		return err
	}
	if !j.read {
		if err := j.readFlags(ctx); err != nil {
			return err
		}
		j.read = true
	}
	c := j.c // a message in the middle may have another put in its place
	c.onFetch = j.fetched
	defer func() { c.onFetch = nil }()
	if err := j.drain(); err != nil {
		return err
	}
	if err := j.settle(); err != nil {
		return err
	}
	if err := j.drain(); err != nil { // what settle has put there
		return err
	}
	c.onFetch = nil
	return j.resolve()
}

// drain asks for what is in the queue until nothing is in flight.
func (j *job) drain() error {
	for len(j.queue) > 0 || len(j.flight) > 0 {
		for len(j.flight) < inFlight && len(j.queue) > 0 {
			if err := j.ask(); err != nil {
				return err
			}
		}
		if len(j.queue) == 0 && len(j.want) == 0 || j.c.bad {
			j.c.conn.Patience(patienceToAnswer)
		}
		cmd, err := j.c.read()
		j.c.conn.Patience(0)
		if err != nil {
			return err
		}
		if cmd == nil {
			continue
		}
		i := slices.IndexFunc(j.flight, func(f flying) bool { return f.command == cmd })
		if i < 0 {
			continue
		}
		f := j.flight[i]
		j.flight = slices.Delete(j.flight, i, i+1)
		if err := j.answered(f); err != nil {
			return err
		}
	}
	return nil
}

// closed accounts for a mailbox that the server does not open, as one message
// that cannot be had, and for what is left of one that it does not open again.
func (j *job) closed(why error) error {
	var r *refusal
	if errors.As(why, &r) && r.later() {
		return pause(r)
	}
	why = fmt.Errorf("the mailbox does not open: %w", why)
	if j.opened {
		return j.putOff(why)
	}
	return j.miss(why)
}

// miss yields an item of the mailbox itself, which is not among its messages.
func (j *job) miss(why error) error {
	j.whole = false
	j.listed++
	j.source.count().Listed++
	return j.give(&fetch.Message{Meta: j.meta(&j.box, j.name+j.box.path, &part{}), Size: -1}, why)
}

// list compares the UIDs that the server lists with those that are known, and
// fills the queue. messages is how many there should be.
func (j *job) list(ctx context.Context, messages uint32) error {
	found := j.c.found.sorted()
	j.c.found = nil
	if found.count() < int64(messages) {
		var err error
		if found, err = j.listByFetch(found); err != nil {
			return err
		}
	}
	n := found.count()
	if n > maxMessages {
		return &syntaxError{fmt.Sprintf("a mailbox of %d messages", n)}
	}
	var fresh []uint32
	for _, sp := range found {
		for uid := uint64(sp.first); uid <= uint64(sp.last); uid++ {
			if _, known := j.st.Known(j.origin(uint32(uid))); !known {
				fresh = append(fresh, uint32(uid))
			}
		}
	}
	j.knows = int64(len(fresh)) < n
	if n >= int64(messages) { // else it hides some, which are not gone
		if err := j.goneAmong(found); err != nil {
			return err
		}
	}
	fresh, err := j.match(ctx, fresh)
	if err != nil {
		return err
	}
	j.opened = true
	j.listed += n
	j.source.count().Listed = n
	j.enqueue(fresh)
	if n < int64(messages) {
		// QUIRK: the count of EXAMINE is that of the UIDs (RFC 9051 section
		// 7.4.1). Servers that show only the newest messages of a mailbox
		// tell the count of all (H81). Test: TestHiddenMessages.
		return j.miss(fmt.Errorf("the server counts %d messages and lists %d: it hides the others", messages, n))
	}
	return nil
}

// enqueue puts UIDs into the queue. The first chunk is small.
func (j *job) enqueue(uids []uint32) {
	for len(uids) > 0 {
		size := chunkSize
		if len(j.queue) == 0 {
			size = firstSize
		}
		k := min(size, len(uids))
		j.queue = append(j.queue, chunk{uids: uids[:k:k]})
		uids = uids[k:]
	}
}

// maxMessages bounds a mailbox; it is ten times the largest that was heard of.
const maxMessages = 50_000_000

// listByFetch lists the UIDs in another way, for a server whose SEARCH does not
// find all, and adds those that were found.
func (j *job) listByFetch(found uidSet) (uidSet, error) {
	j.c.onFetch = func(f *fetchReader) error {
		if err := f.finish(); err != nil || f.uid == 0 {
			return err
		}
		j.c.idle = 0
		return found.add(f.uid, f.uid)
	}
	defer func() { j.c.onFetch = nil }()
	err := j.c.optional(shunListing, "UID FETCH", "1:*", "(UID)")
	if err != nil && !isRefusal(err) {
		return nil, err
	}
	return found.sorted(), nil
}

func (j *job) origin(uid uint32) string { return j.prefix + strconv.FormatUint(uint64(uid), 10) }

// ask sends the first chunk of the queue.
func (j *job) ask() error {
	ch := j.queue[0]
	j.queue = j.queue[1:]
	set := setText(ch.uids)
	for len(set) > j.maxSet && len(ch.uids) > 1 {
		half := len(ch.uids) / 2
		j.queue = slices.Insert(j.queue, 0, chunk{ch.uids[half:], ch.again})
		ch.uids = ch.uids[:half]
		set = setText(ch.uids)
	}
	for _, uid := range ch.uids {
		j.want[uid] = true
	}
	cmd, err := j.c.send("UID FETCH", set, j.c.bodyItems())
	j.flight = append(j.flight, flying{cmd, ch})
	return err
}

// put yields a message that cannot be had.
func (j *job) put(uid uint32, why error) error {
	j.whole = false
	return j.give(&fetch.Message{Meta: j.meta(&j.box, j.origin(uid), &part{}), Size: -1}, why)
}

// give yields one message.
func (j *job) give(m *fetch.Message, why error) error {
	j.source.count().New++
	if why == nil {
		j.source.count().Octets += m.Size
	}
	if !j.yield(m, why) {
		return errLeft
	}
	return nil
}

// end notes in the mark that the mailbox was taken in whole.
func (j *job) end() {
	if n := j.numbers; j.whole && n.validity != 0 && n.next != 0 {
		j.after[j.box.path] = n
	}
}
