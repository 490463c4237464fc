package imap

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"lostpost/fetch"
)

// stream yields a large message while it comes. Its reader gives the end of
// the body only when the whole response was well-formed, or when new
// connections brought what a lost one owed.
func (j *job) stream(f *fetchReader, known *part, body *literal, size int64) error {
	r := &streamed{job: j, f: f, body: body, uid: f.uid, left: size}
	delete(j.held, f.uid)
	if err := j.message(known, size, r); err != nil {
		return err
	}
	switch {
	case r.cause == nil:
		return f.finish()
	case r.left > 0:
		j.source.count().Octets -= size
	}
	return r.cause
}

// A streamed is the octets of a message that are still coming.
type streamed struct {
	job   *job
	f     *fetchReader
	body  *literal
	uid   uint32
	had   int64   // octets that were read
	left  int64   // octets that are to be read
	err   error   // what Read gives from now on
	cause error   // what ended the connection on which the message began
	over  *client // has the mailbox open for the rest; nil: none
	more  []byte  // what came over it and was not read
}

func (r *streamed) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.read(p)
	r.had, r.left = r.had+int64(n), r.left-int64(n)
	switch {
	case errors.Is(err, io.EOF):
		r.err = io.EOF
	case err != nil:
		r.err = &fetch.NetError{Source: r.job.name, Err: fmt.Errorf("in the middle of a message: %w", err)}
		r.job.whole = false
	}
	return n, r.err
}

// read reads from the connection on which the message began, and when that is
// lost from others.
func (r *streamed) read(p []byte) (int, error) {
	if r.cause == nil {
		n, err := r.body.Read(p)
		if errors.Is(err, io.EOF) {
			if r.cause = r.f.finish(); r.cause == nil {
				return n, io.EOF
			}
			// All octets came, but not as a message ends: they cannot
			// be trusted.
			return n, r.cause
		}
		if r.cause = err; n > 0 || err == nil {
			return n, nil
		}
	}
	if r.left == 0 {
		return 0, io.EOF
	}
	if len(r.more) == 0 {
		if err := r.resume(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.more)
	r.more = r.more[n:]
	return n, nil
}

// partSize is how much of a message is asked for at once when a connection was
// lost in the middle of it, in octets.
const partSize = 1 << 20

// resume takes the next part, over a new connection if need be. Three in a row
// that bring nothing are enough.
func (r *streamed) resume() error {
	why := r.cause
	for range maxTries {
		again := r.over == nil
		if again {
			if err := r.reopen(why); err != nil {
				return err
			}
		}
		if why = r.part(); why == nil {
			if again {
				r.job.lost-- // it was not in vain
			}
			return nil
		}
		if r.over = nil; isRefusal(why) || !retryable(why) {
			return why
		}
	}
	return why
}

// reopen opens the mailbox over a new connection.
func (r *streamed) reopen(why error) error {
	j := r.job
	if err := j.renew(why); err != nil {
		return err
	}
	j.c.box = numbers{}
	if _, err := j.c.run("EXAMINE", astring(j.box.raw)); err != nil {
		return err
	}
	if j.c.box.validity != j.numbers.validity {
		return &stopError{fmt.Errorf("%q: %w in mid-run", j.box.name, errRenumbered)}
	}
	r.over = j.c
	return nil
}

// part asks for the octets that follow those that were read.
func (r *streamed) part() error {
	want := min(partSize, r.left)
	var got []byte
	r.over.onFetch = func(f *fetchReader) error {
		f.parts = true
		body, err := f.next()
		if err != nil || body == nil {
			return err
		}
		if body.left > want {
			return &syntaxError{fmt.Sprintf("%d octets where %d were asked for", body.left, want)}
		}
		b, err := io.ReadAll(body)
		if err == nil {
			err = f.finish()
		}
		if err == nil && f.uid == r.uid {
			got = b
		}
		return err
	}
	defer func() { r.over.onFetch = nil }()
	_, err := r.over.run("UID FETCH", strconv.FormatUint(uint64(r.uid), 10), fmt.Sprintf("(UID BODY.PEEK[]<%d.%d>)", r.had, want))
	if err == nil && int64(len(got)) != want {
		err = &syntaxError{fmt.Sprintf("the server sends %d of %d octets from octet %d on", len(got), want, r.had)}
	}
	r.more = got
	return err
}
