package archive

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"
)

// Source gives what the ledger remembers of the source with this name: which
// origins were taken, and its last Mark. It costs nothing: the origins of all
// sources are in one table, 10 to 20 octets each, which points to the lines.
func (w *Writer) Source(name string) *SourceState { return &SourceState{w: w, name: name} }

// A SourceState satisfies fetch.State. Its methods may be called concurrently.
type SourceState struct {
	w    *Writer
	name string
}

// Known reports whether this copy was taken before, and as which message. It
// compares the whole origin with the ledger and is never mistaken. An origin
// that does not begin with the name of the source is not known.
func (s *SourceState) Known(origin string) (ID, bool) {
	if !strings.HasPrefix(origin, s.name) {
		return ID{}, false
	}
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	return s.w.originID(origin)
}

// Mark is the state recorded by the last durable Writer.Mark, or "".
func (s *SourceState) Mark() string {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	return s.w.known.marks[s.name]
}

// A Copy is a message as a source had it when it was stored.
type Copy struct {
	Origin   string
	ID, Key  ID
	Size     int64 // octets
	Received time.Time
}

// Copies yields the messages that were stored from origins of this source that
// begin with prefix and that are here still, in the order in which they came.
// It reads the whole ledger.
func (s *SourceState) Copies(ctx context.Context, prefix string) iter.Seq2[Copy, error] {
	return func(yield func(Copy, error) bool) {
		if !strings.HasPrefix(prefix, s.name) {
			return
		}
		err := s.w.all(ctx, func(r *row) (bool, error) {
			if r.kind != kindStored || !strings.HasPrefix(r.origin(), prefix) {
				return true, nil
			}
			id, ok := r.id()
			if !ok {
				return true, nil
			}
			s.w.mu.Lock()
			off, here := s.w.known.stored(id)
			s.w.mu.Unlock()
			if !here || off != r.off {
				return true, nil
			}
			return yield(Copy{r.origin(), id, r.key(id), r.count(3), unstamp(r.fields[4])}, nil), nil
		})
		if err != nil {
			yield(Copy{}, fmt.Errorf("archive: %w", err))
		}
	}
}

// Same notes that the copy at m.Origin is the message id, for who knows that
// without its octets. It is as if they had been added: Placed if the mailbox is
// new for the message, else Duplicate. Errors: ErrNotFound.
func (w *Writer) Same(ctx context.Context, m Meta, id ID) (Receipt, error) {
	m, err := clean(m)
	if err != nil {
		return Receipt{}, &ItemError{Origin: m.Origin, Err: err}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.usableLocked(ctx); err != nil {
		return Receipt{}, err
	}
	off, here := w.known.stored(id)
	if !here {
		return Receipt{}, fmt.Errorf("archive: %s: %w", id, ErrNotFound)
	}
	have, err := w.read(id, off)
	if err != nil {
		return Receipt{}, err
	}
	rc := w.copied(m, have)
	w.due()
	return rc, nil
}

// copied notes one more copy of a message that is here.
func (w *Writer) copied(m Meta, have *stored) Receipt {
	rc := Receipt{ID: have.id, Size: have.size, Result: Duplicate}
	switch {
	case !w.inMailbox(have, m.Mailbox):
		rc.Result = Placed
		w.open.place(w.tune.now(), have, m)
	case remote(m.Origin) && !w.knownOrigin(m.Origin):
		w.open.seen(w.tune.now(), have.id, m.Origin)
	}
	return rc
}
