package index

import (
	"context"
	"iter"
	"sync"

	"golang.org/x/sync/semaphore"

	"lostpost/archive"
	"lostpost/decode"
)

// inFlight bounds the octets of messages that are being decoded or wait to be
// taken, so that a run of large messages does not fill the memory.
const inFlight = 64 << 20

// A pipeline decodes the messages of one group on several goroutines and
// yields them in order.
type pipeline struct {
	*updater
	ctx  context.Context
	fail context.CancelCauseFunc

	added, problems int64 // valid once the sequence has ended
	splits          []split
}

// A job is one message on its way. done is closed when doc and err are set.
type job struct {
	entry archive.Entry
	doc   Document
	err   error
	done  chan struct{}
	size  int64 // octets held of the semaphore
}

// documents yields a Document for every entry that can be read. All its
// goroutines have ended when the sequence ends, also when the consumer stops.
func (p *pipeline) documents(entries []archive.Entry) iter.Seq[Document] {
	return func(yield func(Document) bool) {
		ctx, cancel := context.WithCancel(p.ctx)
		var wg sync.WaitGroup
		defer wg.Wait()
		defer cancel()

		room := semaphore.NewWeighted(inFlight)
		todo := make(chan *job)
		order := make(chan *job, 4*p.opt.Workers)
		wg.Add(1 + p.opt.Workers)
		go func() {
			defer wg.Done()
			defer close(order)
			defer close(todo)
			feed(ctx, entries, room, order, todo)
		}()
		for range p.opt.Workers {
			go func() {
				defer wg.Done()
				for j := range todo {
					j.doc, j.err = p.read(ctx, j.entry)
					close(j.done)
				}
			}()
		}
		for j := range order {
			select {
			case <-j.done:
			case <-ctx.Done():
				return
			}
			more := p.take(j, yield)
			room.Release(j.size)
			if !more {
				return
			}
		}
		if ctx.Err() == nil {
			p.join(ctx, yield)
		}
	}
}

// feed hands every entry first to the order, then to a worker.
func feed(ctx context.Context, entries []archive.Entry, room *semaphore.Weighted, order, todo chan<- *job) {
	for _, e := range entries {
		j := &job{entry: e, done: make(chan struct{}), size: min(max(e.Size, 1), inFlight)}
		if room.Acquire(ctx, j.size) != nil {
			return
		}
		select {
		case order <- j:
		case <-ctx.Done():
			return
		}
		select {
		case todo <- j:
		case <-ctx.Done():
			return
		}
	}
}

// take yields what became of a job. It reports whether to go on.
func (p *pipeline) take(j *job, yield func(Document) bool) bool {
	switch {
	case j.err == nil:
		if id := j.doc.Message.PartialID(); id != "" {
			p.hold(id, j.entry)
			return true
		}
		p.added++
		return yield(j.doc)
	case refused(j.err):
		p.problems++
		p.opt.Log.Warn("message not indexed", "id", j.entry.ID, "err", j.err)
		return true
	default:
		p.fail(j.err)
		return false
	}
}

// read gets and decodes one message. It keeps no file open.
func (p *pipeline) read(ctx context.Context, e archive.Entry) (Document, error) {
	f, err := p.arc.Get(ctx, e.ID)
	if err != nil {
		return Document{}, err
	}
	defer f.Close()
	m, err := decode.Decode(ctx, f, f.Size, p.opt.Decode)
	if err != nil {
		return Document{}, err
	}
	doc := Document{Entry: e, Message: m}
	if p.opt.Facts != nil {
		doc.Facts = p.opt.Facts(e, m)
	}
	return doc, nil
}
