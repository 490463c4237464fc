package main

import (
	"context"
	"errors"
	"time"

	"lostpost/fetch/imap"
)

// Between two passes of a watch. A server tells of changes in INBOX alone, and
// POP3 of none, so a whole pass is made every watchEvery. After a pass that
// failed the next waits longer, up to watchEvery.
const (
	watchEvery = 15 * time.Minute
	watchAfter = 2 * time.Second  // the least time between two passes
	watchRetry = 10 * time.Second // after the first pass that failed
)

// watch fetches until ctx ends, or until something is wrong that waiting does
// not mend.
func (a *app) watch(ctx context.Context, accounts []account, f *fetchFlags) error {
	retry := watchRetry
	for {
		news, stop := a.awaitNews(ctx, accounts, f)
		err := a.fetch(ctx, accounts, f)
		f.terse = true // from the second pass on, only what is new
		if err = errors.Join(err, a.buf.Flush()); ctx.Err() != nil {
			stop()
			return errors.Join(err, ctx.Err())
		}
		if later, err := a.mayWait(ctx, err); err != nil {
			stop()
			return err
		} else if later {
			a.note("The next try is in %s.", retry)
			pause(ctx, nil, retry)
			retry = min(2*retry, watchEvery)
		} else {
			retry = watchRetry
			pause(ctx, nil, watchAfter)
			pause(ctx, news, watchEvery)
		}
		stop()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// mayWait tells of what ended a pass early, if the next may do better, or gives
// it back. Single messages that could not be had are asked for with every pass.
func (a *app) mayWait(ctx context.Context, err error) (later bool, _ error) {
	var code status
	switch {
	case err == nil:
		return false, nil
	case errors.As(err, &code):
		return int(code) == exitLater, nil
	}
	x := a.explain(ctx, err)
	if x.code != exitLater {
		return false, err
	}
	a.tell(x)
	return true, nil
}

// pause waits for d, for news, or for the end of ctx.
func pause(ctx context.Context, news <-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-news:
	case <-timer.C:
	}
}

// awaitNews has each IMAP server tell of changes from now on, and returns when
// all of them listen, or cannot. stop ends that.
func (a *app) awaitNews(ctx context.Context, accounts []account, f *fetchFlags) (news <-chan struct{}, stop func()) {
	ctx, stop = context.WithCancel(ctx)
	ch := make(chan struct{}, len(accounts))
	listens := make(chan struct{})
	n := 0
	for _, acc := range accounts {
		if acc.protocol != "imap" {
			continue
		}
		c := &connection{account: acc, credential: credential{lookup: f.lookup(a, acc)}}
		server, err := c.imap(a, &f.serverFlags)
		if err != nil {
			continue // the pass says what is wrong
		}
		n++
		go func() {
			ready := false
			err := imap.Wait(ctx, server, func() { ready = true; listens <- struct{}{} })
			if !ready {
				listens <- struct{}{}
			}
			if err == nil {
				ch <- struct{}{}
			} else if !errors.Is(err, imap.ErrNoIdle) && ctx.Err() == nil {
				a.log().Info("no word of new mail", "account", acc.label(), "err", err)
			}
		}()
	}
	for range n {
		<-listens
	}
	return ch, stop
}
