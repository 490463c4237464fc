package imap

import (
	"errors"
	"strings"
	"time"

	"lostpost/fetch/wire"
)

// How long a server may be silent where that means more than that it is slow:
// before its greeting and in optional commands, in the middle of a response to
// FETCH, and when every message came and the answer to the command alone is
// awaited (H28 to H30). Elsewhere wire.Options.Idle holds.
const (
	patienceToBegin  = 20 * time.Second
	patienceInFetch  = 15 * time.Second
	patienceToAnswer = 10 * time.Second
)

// shuns counts by command how often a server ended a connection or fell silent
// over one. All mail can be had without any of these commands, so after once
// too often they are not sent to it again in the same run.
type shuns map[string]int

// has reports whether a command is not to be sent. Without the last two mail
// may be missed, so one connection that ends over them may be bad luck.
func (s shuns) has(what string) bool {
	if what == shunSearch || what == shunListing {
		return s[what] > 1
	}
	return s[what] > 0
}

// count is how often there was something to learn.
func (s shuns) count() (n int) {
	for _, k := range s {
		n += k
	}
	return n
}

// The commands and forms of commands that can be done without.
const (
	shunCapability = "CAPABILITY"
	shunID         = "ID"
	shunCompress   = "COMPRESS"
	shunListStatus = "LIST RETURN"
	shunStatus     = "STATUS"
	shunAtOnce     = "EXAMINE and UID SEARCH at once"
	shunESEARCH    = "UID SEARCH RETURN"
	shunSearch     = "UID SEARCH"
	shunSearchUID  = "UID SEARCH UID"
	shunListing    = "UID FETCH (UID)"
	shunFlags      = "UID FETCH (FLAGS)"
)

// optional runs a command that can be done without, unless the server shuns
// it. One that it shuns counts as refused.
func (c *client) optional(what, name string, args ...any) error {
	return c.try(what, func() error {
		_, err := c.run(name, args...)
		return err
	})
}

// try does something with the server that can be done without.
func (c *client) try(what string, do func() error) error {
	if c.shuns.has(what) {
		return &refusal{&command{name: what, done: true, status: "BAD", text: "the server does not bear it"}}
	}
	c.conn.Patience(patienceToBegin)
	defer c.conn.Patience(0)
	err := do()
	if err != nil && !isRefusal(err) && retryable(err) {
		c.shuns[what]++
		var silent *wire.TimeoutError
		if errors.As(err, &silent) {
			c.shuns[what]++ // that was no bad luck
		}
	}
	return err
}

// blame notes what the server may have ended the connection over, of what
// nobody waited for.
func (c *client) blame() {
	for _, cmd := range c.open {
		if cmd.name == "ID" {
			c.shuns[shunID]++
		}
	}
}

// unsafeLogin reports whether a server wants to know who asks (H45).
func (r *refusal) unsafeLogin() bool {
	return strings.Contains(strings.ToLower(r.text), "unsafe login")
}
