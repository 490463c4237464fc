package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"lostpost/archive/ledger"
	"lostpost/internal/durable"
)

// SetFlags notes what the source says now of a message in one mailbox, and
// renames its file: flags, and traits unless they are nil, in place of those it
// had. What the ledger has already is no change. Durable with the next Commit.
// Errors: ErrNotFound.
func (w *Writer) SetFlags(ctx context.Context, id ID, mailbox string, f Flags, traits []string) (changed bool, err error) {
	m, err := clean(Meta{Mailbox: mailbox, Flags: f, Traits: traits})
	if err != nil {
		return false, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.usableLocked(ctx); err != nil {
		return false, err
	}
	at := place{id, m.Mailbox}
	if w.open.ids[id] != nil || w.open.places[at] || w.open.flags[at] || w.flying.has(id, m.Mailbox) || w.flying != nil && w.flying.flags[at] {
		if err := w.settle(ctx); err != nil {
			return false, err
		}
	}
	off, ok := w.known.stored(id)
	if !ok || !w.known.placed(id, off, m.Mailbox) {
		return false, fmt.Errorf("archive: %s: %w", id, ErrNotFound)
	}
	e, err := w.lookup(ctx, id)
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(e.Places, func(p Meta) bool { return p.Mailbox == m.Mailbox })
	if i < 0 {
		return false, fmt.Errorf("archive: %s: %w", id, ErrNotFound)
	}
	if m.Traits == nil {
		m.Traits = e.Places[i].Traits
	}
	if e.Places[i].Flags == m.Flags && slices.Equal(e.Places[i].Traits, m.Traits) {
		return false, nil
	}
	w.open.reflag(w.tune.now(), id, m)
	w.due()
	return true, nil
}

// Remove deletes every place of a message on the user's order and notes why.
// Nothing else in this module deletes mail. It is durable when it returns, and
// so is what was added before. Errors: ErrNotFound.
func (w *Writer) Remove(ctx context.Context, id ID, reason string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.usableLocked(ctx); err != nil {
		return err
	}
	if err := w.quiet(ctx); err != nil {
		return err
	}
	if _, ok := w.known.stored(id); !ok {
		return fmt.Errorf("archive: %s: %w", id, ErrNotFound)
	}
	e, err := w.lookup(ctx, id)
	if err != nil {
		return err
	}
	if err := w.beginLocked(); err != nil {
		return err
	}
	// The line is durable before the first file goes: the ledger never names
	// a file that is not there. A sweep finishes what a crash leaves.
	if err := w.write(kindRemove, id.String(), cut(reason)); err != nil {
		return w.failLocked(err)
	}
	dirs, err := w.unlink(&e)
	if err == nil {
		err = w.disk.Barrier(nil, dirs)
	}
	if err != nil {
		return w.failLocked(err)
	}
	return nil
}

// write appends one line with the time as its first field, makes it durable and
// takes it in. The mutex is held and no commit is in flight.
func (w *Writer) write(kind string, fields ...string) error {
	b := newBatch(0)
	b.add(kind, append([]string{stamp(w.tune.now())}, fields...)...)
	return w.appendLocked(b)
}

// unlink removes all files of a message and gives the folders they were in.
func (w *Writer) unlink(e *Entry) (dirs []string, err error) {
	w.Archive.mu.Lock()
	defer w.Archive.mu.Unlock()
	for _, p := range e.Places {
		name, _, err := w.names.locate(e.ID, p.Mailbox, p.Flags)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = w.disk.Remove(name)
		}
		if err != nil {
			return dirs, err
		}
		dirs = append(dirs, filepath.Dir(name))
		durable.CrashPoint("removed")
	}
	return dirs, nil
}

// Mark records the opaque state of a source. It becomes durable with, and
// never before, the messages added before it.
func (w *Writer) Mark(source, state string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil || w.shut {
		return
	}
	w.open.marks[source] = state
	w.due()
}

// maxText is the longest free text of a line; a longer one is cut.
const maxText = 64 << 10

func cut(s string) string {
	if len(s) > maxText {
		return strings.ToValidUTF8(s[:maxText], "")
	}
	return s
}

// note adds a line that is about no file to the open batch.
func (w *Writer) note(ctx context.Context, line func(b *batch)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.usableLocked(ctx); err != nil {
		return err
	}
	line(w.open)
	w.due()
	return nil
}

// PutAside notes that a message could not be had and why (F line): no octets
// are kept. It becomes durable with the next Commit.
func (w *Writer) PutAside(ctx context.Context, origin, reason string) error {
	return w.note(ctx, func(b *batch) { b.add(kindFailed, stamp(w.tune.now()), cut(origin), cut(reason)) })
}

// Vanish notes that the copy at origin is gone at its place (V line): it is
// known no more once that is durable. The message stays.
func (w *Writer) Vanish(ctx context.Context, origin string) error {
	return w.note(ctx, func(b *batch) { b.add(kindGone, stamp(w.tune.now()), cut(origin)) })
}

// Account notes the account of a finished run (E line). A zero Time is now.
func (w *Writer) Account(ctx context.Context, a Account) error {
	return w.note(ctx, func(b *batch) {
		if a.Time.IsZero() {
			a.Time = w.tune.now()
		}
		a.Source = cut(a.Source)
		b.line()
		b.lines = accountLine(b.lines, a.Time, a)
	})
}

// Quarantine keeps octets that could not be trusted (wrong size, cut off) in
// quarantine/ and notes why (Q line). It becomes durable with the next Commit.
// What body gave before an error of its own is kept.
func (w *Writer) Quarantine(ctx context.Context, origin, reason string, body io.Reader) error {
	if err := w.usable(ctx); err != nil {
		return err
	}
	o, err := w.take(ctx, origin, &lenient{body})
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.room(ctx, o.size); err != nil {
		return errors.Join(err, o.discard(w.disk))
	}
	w.open.add(kindKept, stamp(w.tune.now()), cut(origin), o.id.String(), cut(reason))
	w.open.items = append(w.open.items, &item{octets: o, off: -1, aside: true})
	w.open.octets += o.size
	w.due()
	return nil
}

// lenient ends where its reader fails: a body in quarantine may be cut off.
type lenient struct{ r io.Reader }

func (l *lenient) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if err != nil {
		err = io.EOF
	}
	return n, err
}

// appendLocked is appendLines for who holds the mutex.
func (w *Writer) appendLocked(b *batch) error {
	start, err := w.put(b)
	if err == nil {
		w.takeIn(b, start)
	}
	return err
}

// put appends the lines of b in one write and makes them durable.
func (w *Writer) put(b *batch) (start int64, err error) {
	if start, err = w.ledger.Size(); err != nil {
		return 0, err
	}
	if start+int64(len(b.lines)) > maxLedger {
		return 0, errTooLong
	}
	if _, err := w.ledger.Write(b.lines); err != nil {
		return 0, err
	}
	durable.CrashPoint("ledger-appended")
	if err := w.ledger.Sync(); err != nil {
		return 0, err
	}
	durable.CrashPoint("ledger-synced")
	return start, nil
}

// takeIn brings lines that are durable into the tables.
func (w *Writer) takeIn(b *batch, start int64) {
	for i, from := range b.rows {
		to := len(b.lines)
		if i+1 < len(b.rows) {
			to = b.rows[i+1]
		}
		l := ledger.Parse(b.lines[from : to-1])
		l.Offset = start + int64(from)
		var r row
		if r.parse(&l) {
			w.known.note(&r)
		}
	}
}
