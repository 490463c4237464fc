package imap

import (
	"context"
	"errors"
	"sync"
	"time"
)

// renewIdle is how long one IDLE lasts. RFC 2177 allows 29 minutes; routers on
// the way forget a connection that is silent for ten (H80).
const renewIdle = 9 * time.Minute

// ErrNoIdle says that a server cannot tell of new mail by itself (RFC 2177).
var ErrNoIdle = errors.New("the server does not tell of new mail by itself")

// Wait waits until the server tells that INBOX has changed: a message came or
// went, or flags changed. It connects anew and changes nothing. ready is called
// when it has begun to wait: what happens from then on is not missed.
//
// Errors: ErrNoIdle, those of New, the error of ctx.
func Wait(ctx context.Context, acc Account, ready func()) error {
	acc.Wire.Idle = max(acc.Wire.Idle, renewIdle+time.Minute) // silence is what is waited through
	acc.Wire.Reply = max(acc.Wire.Reply, renewIdle+time.Minute)
	c, err := acc.connect(ctx)
	if err != nil {
		return err
	}
	release := c.conn.Bind(ctx)
	defer release()
	defer func() {
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = c.close(bye) // nothing is lost with it
	}()
	if !c.caps["IDLE"] {
		return ErrNoIdle
	}
	if _, err := c.run("EXAMINE", "INBOX"); err != nil {
		return acc.explain(ctx, err)
	}
	for c.stirred = false; !c.stirred; {
		if err := c.idleOnce(renewIdle, ready); err != nil {
			return acc.explain(ctx, err)
		}
		ready = func() {}
	}
	return nil
}

// idleOnce lets the server talk until it tells of a change, or for d. It calls
// begun when the server has begun to listen.
func (c *client) idleOnce(d time.Duration, begun func()) error {
	c.ask = nil
	cmd, err := c.send("IDLE")
	if err != nil {
		return err
	}
	var once sync.Once
	// That it was not sent shows in the next read.
	done := func() { once.Do(func() { _, _ = c.conn.Write([]byte("DONE\r\n")) }) }
	var timer *time.Timer
	for !cmd.done {
		if _, err := c.read(); err != nil {
			return err
		}
		c.idle = 0
		if c.ask != nil && timer == nil {
			timer = time.AfterFunc(d, done)
			defer timer.Stop()
			begun()
		}
		if timer != nil && c.stirred {
			done()
		}
	}
	return cmd.refused()
}
