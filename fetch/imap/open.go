package imap

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

// open opens the mailbox for reading. The first time it lists the UIDs. ok is
// false if the server does not open it.
func (j *job) open(ctx context.Context) (ok bool, err error) {
	c := j.c
	now, refused := j.examine()
	switch {
	case refused != nil && !isRefusal(refused):
		return false, refused
	case refused != nil:
		return false, j.closed(refused)
	case j.opened && now.validity != j.numbers.validity:
		return false, j.renumbered()
	case j.opened:
		return true, nil
	}
	j.numbers = now
	j.prefix = j.name + j.box.path + ";uidvalidity=" + strconv.FormatUint(uint64(now.validity), 10) + "/;uid="
	if j.calm {
		j.opened, j.knows = true, true
		j.listed += int64(now.messages)
		j.source.count().Listed = int64(now.messages)
		return true, nil
	}
	return true, j.list(ctx, min(now.messages, c.box.messages))
}

// examine opens the mailbox and, the first time, asks for all UIDs.
func (j *job) examine() (now numbers, err error) {
	c := j.c
	c.box, c.found = numbers{}, nil
	if j.opened || j.calm || c.shuns.has(shunAtOnce) {
		err := j.examineAlone()
		now = c.box
		j.calm = j.calm && j.before.flagsOnly(j.box.path, now)
		if err == nil && !j.opened && !j.calm && now.messages > 0 {
			err = j.search()
		}
		return now, err
	}
	err = c.try(shunAtOnce, func() error {
		// Both at once, to save a round trip. If the mailbox does not open
		// nobody looks at the answer.
		examine, err := c.send("EXAMINE", astring(j.box.raw))
		if err != nil {
			return err
		}
		search, err := c.send("UID SEARCH", c.searchAll()...)
		if err != nil {
			return err
		}
		refused := c.wait(examine)
		now = c.box
		if err := c.wait(search); err != nil && !isRefusal(err) {
			return err
		}
		return refused
	})
	var r *refusal
	if errors.As(err, &r) && r.unsafeLogin() {
		err = j.examineAlone()
		now = c.box
	}
	if err == nil && c.found == nil && c.box.messages > 0 {
		err = j.search()
	}
	return now, err
}

// examineAlone opens the mailbox.
//
// QUIRK: the servers of 163.com refuse to open a mailbox before ID was sent,
// and some do not list ID among what they can do (H45). It is sent to a server
// that says "Unsafe Login". Test: TestTellsWhoItIs.
func (j *job) examineAlone() error {
	_, err := j.c.run("EXAMINE", astring(j.box.raw))
	var r *refusal
	if !errors.As(err, &r) || !r.unsafeLogin() {
		return err
	}
	if err := j.c.optional(shunID, "ID", whoAsks); err != nil && !isRefusal(err) {
		return err
	}
	_, err = j.c.run("EXAMINE", astring(j.box.raw))
	return err
}

// search asks for all UIDs. If the server refuses nothing is found, and
// listByFetch may do better.
func (j *job) search() error {
	var err error
	if j.c.caps["ESEARCH"] {
		if err = j.c.optional(shunESEARCH, "UID SEARCH", "RETURN", "(ALL)", "ALL"); err == nil {
			return nil
		}
	}
	if err == nil || isRefusal(err) {
		j.c.found = nil
		err = j.c.optional(shunSearch, "UID SEARCH", "ALL")
	}
	var r *refusal
	if errors.As(err, &r) && !r.later() {
		return nil
	}
	return err
}

// searchAll are the arguments of UID SEARCH for all UIDs.
func (c *client) searchAll() []any {
	if c.caps["ESEARCH"] && !c.shuns.has(shunESEARCH) {
		return []any{"RETURN", "(ALL)", "ALL"}
	}
	return []any{"ALL"}
}

// errRenumbered says that the server gave the mailbox other UIDs in mid-run.
var errRenumbered = errors.New("UIDVALIDITY has changed")

// renumbered ends the job. What it has yielded stays on the books; the
// messages that it has not are listed anew by the next job.
func (j *job) renumbered() error {
	left := len(j.doubt)
	for _, ch := range j.queue {
		left += len(ch.uids)
	}
	if j.matching != nil {
		left += len(j.matching.pairs)
	}
	j.listed -= int64(left)
	return &stopError{fmt.Errorf("%q: %w in mid-run", j.box.name, errRenumbered)}
}
