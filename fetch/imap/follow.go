package imap

import (
	"context"
	"fmt"
	"time"

	"lostpost/fetch"
)

// maxGaps bounds the UIDs that are looked up because the server does not list
// them: without a hint that one of the archive's is gone, and with one.
const (
	maxGaps     = 1_000_000
	maxGapsTold = 20_000_000
)

// goneAmong yields the messages that the archive knows and listed does not
// have. Only UIDs below UIDNEXT can be known.
func (j *job) goneAmong(listed uidSet) error {
	before, next := j.before[j.box.path], j.numbers.next
	marked := before.validity == j.numbers.validity && before.next != 0
	if marked {
		next = before.next
	}
	if next == 0 {
		return nil
	}
	gaps := listed.without(next)
	switch n := gaps.count(); {
	case marked && int64(next)-1-n >= int64(before.messages):
		return nil // all that were there are there
	case marked && n > maxGapsTold, !marked && n > maxGaps:
		return nil
	}
	for _, sp := range gaps {
		for uid := uint64(sp.first); uid <= uint64(sp.last); uid++ {
			origin := j.origin(uint32(uid))
			if _, known := j.st.Known(origin); !known {
				continue
			}
			if !j.yield(&fetch.Message{Meta: j.meta(&j.box, origin, &part{}), Size: -1}, fetch.ErrGone) {
				return errLeft
			}
		}
	}
	return nil
}

// without gives the UIDs from 1 to below next that a sorted set does not have.
func (s uidSet) without(next uint32) uidSet {
	var out uidSet
	from := uint32(1)
	for _, sp := range s {
		if sp.first >= next {
			break
		}
		if sp.first > from {
			out = append(out, span{from, sp.first - 1})
		}
		if sp.last >= next-1 {
			return out
		}
		from = sp.last + 1
	}
	if from < next {
		out = append(out, span{from, next - 1})
	}
	return out
}

// today is the number of the day.
func today() uint64 { return uint64(time.Now().Unix() / (24 * 60 * 60)) }

// readFlags yields the flags of messages that the archive knows: of those that
// changed since the mailbox was in the mark, if the server can tell (RFC 7162
// section 3.1.4), else of all, at most once a day.
func (j *job) readFlags(ctx context.Context) error {
	before, now := j.before[j.box.path], j.numbers
	if before.validity != now.validity {
		before = numbers{}
	}
	args := []any{"1:*", "(" + j.c.flagItems() + ")"}
	switch reused := j.knows && now.reused(before); {
	case !j.knows:
		return nil // the next run compares what this one takes
	case reused || before.modseq == 0 && (now.modseq != 0 || before.flags != j.day):
		if err := j.remember(ctx); err != nil {
			return err
		}
		args[1] = "(" + j.c.flagItems() + " INTERNALDATE RFC822.SIZE)"
	case before.modseq != 0 && now.modseq != 0:
		if before.modseq == now.modseq {
			j.numbers.flags = before.flags
			return nil
		}
		args = append(args, fmt.Sprintf("(CHANGEDSINCE %d)", before.modseq))
	case now.modseq == 0 && before.flags == j.day:
		j.numbers.flags = before.flags
		return nil
	}
	j.c.onFetch = j.flagsOfKnown
	defer func() { j.c.onFetch = nil }()
	err := j.c.optional(shunFlags, "UID FETCH", args...)
	switch {
	case err == nil:
		j.numbers.flags = j.day
		j.enqueueOthers()
	case isRefusal(err): // no mail is lost by it; the next run asks again
		j.numbers.modseq, j.numbers.flags = before.modseq, before.flags
		if j.opt.Log != nil {
			j.opt.Log.Warn("flags not told", "source", j.name, "mailbox", j.box.name, "err", err)
		}
	default:
		return err
	}
	return nil
}

// flagsOfKnown takes the flags of one message.
func (j *job) flagsOfKnown(f *fetchReader) error {
	if err := f.finish(); err != nil || f.uid == 0 || !f.flagged {
		return err
	}
	j.c.idle = 0
	origin := j.origin(f.uid)
	if _, known := j.st.Known(origin); !known || j.another(&f.part) {
		return nil
	}
	if !j.yield(&fetch.Message{Meta: j.meta(&j.box, origin, &f.part), Size: -1}, fetch.ErrFlags) {
		return errLeft
	}
	return nil
}
