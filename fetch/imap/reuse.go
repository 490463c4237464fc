package imap

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"lostpost/archive"
	"lostpost/fetch"
)

// A server must not give a UID to a second message while UIDVALIDITY stays (RFC
// 9051 section 2.3.1.1). Some do (H44). Where flags of all known messages are
// read, size and time of arrival are therefore compared with those of the copy
// that the archive has of each UID. What differs is fetched: the first few at
// once, the others only if one of these is another message, because there are
// servers as well whose sizes are estimates (H41).

// reuseSample is how many messages that seem to be others are fetched first.
const reuseSample = 5

// A reuse is the comparison of one mailbox.
type reuse struct {
	copies map[uint32][]held       // by UID; several if it was used again before
	others []uint32                // UIDs whose message is another, as it seems
	sample map[uint32][]archive.ID // of those that are fetched first: keys of what the archive has
	real   bool                    // one of the sample was another message
}

// held is what the archive has of one message.
type held struct {
	likeness
	key   archive.ID
	dated bool
}

// reused reports whether the numbers of a mailbox cannot have come from those
// of before without UIDs that were used again.
func (n numbers) reused(before numbers) bool {
	if before.validity == 0 || before.next == 0 || n.next == 0 {
		return false
	}
	return n.next < before.next || n.messages > before.messages && n.messages-before.messages > n.next-before.next
}

// remember gets what the archive has of the mailbox.
func (j *job) remember(ctx context.Context) error {
	memory, ok := j.st.(fetch.Memory)
	if !ok {
		return nil
	}
	r := &reuse{copies: map[uint32][]held{}, sample: map[uint32][]archive.ID{}}
	n := 0
	for c, err := range memory.Copies(ctx, j.prefix) {
		if err != nil {
			return &localError{err}
		}
		if n++; n > maxMatched {
			return nil
		}
		uid, err := strconv.ParseUint(strings.TrimPrefix(c.Origin, j.prefix), 10, 32)
		if err != nil {
			continue
		}
		h := held{likeness{c.Size, c.Received.Unix()}, c.Key, !c.Received.IsZero()}
		r.copies[uint32(uid)] = append(r.copies[uint32(uid)], h)
	}
	j.reuse = r
	return nil
}

// another reports whether the server has another message under a UID than the
// archive, and notes it.
func (j *job) another(p *part) bool {
	if j.reuse == nil {
		return false
	}
	copies := j.reuse.copies[p.uid]
	fits := func(h held) bool {
		return (p.size < 0 || p.size == h.size) && (p.date.IsZero() || !h.dated || p.date.Unix() == h.second)
	}
	if len(copies) == 0 || slices.ContainsFunc(copies, fits) {
		return false
	}
	j.reuse.others = append(j.reuse.others, p.uid)
	return true
}

// enqueueOthers has the first of what seems to be other messages fetched.
func (j *job) enqueueOthers() {
	r := j.reuse
	if r == nil {
		return
	}
	slices.Sort(r.others)
	others := slices.Compact(r.others)
	n := min(reuseSample, len(others))
	for _, uid := range others[:n] {
		for _, h := range r.copies[uid] {
			r.sample[uid] = append(r.sample[uid], h.key)
		}
	}
	j.enqueue(slices.Clone(others[:n]))
	r.copies, r.others = nil, others[n:]
}

// settleReuse has the others fetched if the sample was not in vain.
func (j *job) settleReuse() {
	r := j.reuse
	if r == nil {
		return
	}
	j.reuse = nil
	if r.real {
		j.enqueue(r.others)
	}
}
