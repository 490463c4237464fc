package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"lostpost/archive/ledger"
	"lostpost/archive/maildir"
	"lostpost/internal/durable"
)

// due starts a commit when the open batch is large enough, and else sees to it
// that one starts in time. The mutex is held.
func (w *Writer) due() {
	b := w.open
	if len(b.rows) >= w.tune.messages || b.octets >= w.tune.octets {
		w.kick()
		return
	}
	if b.timer == nil && !b.empty() {
		b.timer = time.AfterFunc(w.tune.delay, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.open == b {
				w.kick()
			}
		})
	}
}

// kick starts the commit of the open batch, or notes that it is wanted as soon
// as the one in flight is done. The mutex is held.
func (w *Writer) kick() {
	switch {
	case w.open.empty() || w.err != nil:
	case w.flying != nil:
		w.open.due = true
	default:
		w.flying = w.open
		w.open = newBatch(w.flying.number + 1)
		if w.flying.timer != nil {
			w.flying.timer.Stop()
		}
		go w.fly(w.flying)
	}
}

// fly commits b and starts the next one if that is wanted.
func (w *Writer) fly(b *batch) {
	err := w.commit(b)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flying = nil
	if err != nil {
		w.failLocked(errors.Join(err, w.clear(b), w.clear(w.open)))
		return
	}
	w.done = b.number
	if w.open.due || len(w.open.rows) >= w.tune.messages || w.open.octets >= w.tune.octets {
		w.kick()
	}
	w.changed.Broadcast()
}

// clear removes what a batch that will not be committed has in tmp.
func (w *Writer) clear(b *batch) error {
	var errs []error
	for _, it := range b.items {
		errs = append(errs, it.discard(w.disk))
	}
	return errors.Join(errs...)
}

// Commit makes all that was added durable: files, directories, ledger, in this
// order. Add starts one in the background every 256 messages, 32 MiB or 500 ms
// and goes on taking mail; its error comes back from the next Add or Commit.
// When ctx ends, Commit returns its error; the commit goes on.
func (w *Writer) Commit(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.settle(ctx)
}

// settle waits until all that was added so far is durable. The mutex is held.
func (w *Writer) settle(ctx context.Context) error {
	stop := context.AfterFunc(ctx, w.changed.Broadcast)
	defer stop()
	want := w.open.number
	if w.open.empty() {
		want--
	}
	for w.err == nil && w.done < want {
		if err := ctx.Err(); err != nil {
			return err
		}
		w.kick()
		w.changed.Wait()
	}
	return w.err
}

// quiet waits until nothing is open or in flight; then the ledger is the
// caller's until the mutex, which is held, is given up.
func (w *Writer) quiet(ctx context.Context) error {
	for {
		if err := w.settle(ctx); err != nil || w.flying == nil && w.open.empty() {
			return err
		}
	}
}

// commit does the steps of docs/ARCHITECTURE.md section 6 for one batch. The
// order is the promise: octets, names, folders, ledger.
func (w *Writer) commit(b *batch) error {
	if err := w.begin(); err != nil {
		return err
	}
	if err := w.writeItems(b.items); err != nil {
		return err
	}
	touched := map[string]bool{}
	if err := w.nameItems(b.items, touched); err != nil {
		return err
	}
	if err := w.takeSteps(b, touched); err != nil {
		return err
	}
	if err := w.disk.Barrier(nil, slices.Sorted(maps.Keys(touched))); err != nil {
		return err
	}
	durable.CrashPoint("dir-synced")
	return w.appendLines(b)
}

// filesAtOnce bounds the files that a commit has open. A batch may have grown to
// thousands of messages while the one before it was on its way to a slow disk.
const filesAtOnce = 256

// writeItems brings the octets to tmp and makes them durable.
func (w *Writer) writeItems(items []*item) error {
	for part := range slices.Chunk(items, filesAtOnce) {
		if err := w.writeSome(part); err != nil {
			return err
		}
	}
	durable.CrashPoint("tmp-synced")
	return nil
}

func (w *Writer) writeSome(items []*item) error {
	files := make([]durable.File, 0, len(items))
	for _, it := range items {
		if err := w.writeItem(it); err != nil {
			return err
		}
		files = append(files, it.file)
		durable.CrashPoint("tmp-written")
	}
	if err := w.disk.Barrier(files, nil); err != nil {
		return err
	}
	for _, it := range items {
		err := it.file.Close()
		it.file = nil
		if err != nil {
			return err
		}
	}
	return nil
}

// writeItem writes one message to tmp, unless it is there because it is long,
// and sets its time.
func (w *Writer) writeItem(it *item) error {
	if it.file == nil {
		name := filepath.Join(w.names.mail, "tmp", it.id.String())
		if it.aside { // the same octets may come as a message, or again
			name = filepath.Join(w.names.mail, "tmp", randomHex(32))
		}
		f, err := w.createTmp(name)
		if err != nil {
			return err
		}
		it.name, it.file = name, f
		if _, err := f.Write(it.buf.Bytes()); err != nil {
			return err
		}
		it.release()
	}
	if t := it.meta.Received; !t.IsZero() {
		return w.disk.SetTime(it.name, t)
	}
	return nil
}

// createTmp makes a file in tmp. One with its name can only be left over from a
// run that was stopped, as the lock is ours.
func (w *Writer) createTmp(name string) (durable.File, error) {
	f, err := w.disk.Create(name)
	if errors.Is(err, fs.ErrExist) {
		if err := w.disk.Remove(name); err != nil {
			return nil, err
		}
		return w.disk.Create(name)
	}
	return f, err
}

// nameItems renames the files from tmp to where they belong.
func (w *Writer) nameItems(items []*item, touched map[string]bool) error {
	for _, it := range items {
		if it.aside {
			dir := filepath.Join(w.dir, "quarantine")
			if err := w.disk.MkdirAll(dir); err != nil {
				return err
			}
			it.path = filepath.Join(dir, it.id.String())
		} else {
			if err := w.folder(it.meta.Mailbox, touched); err != nil {
				return err
			}
			it.path = w.names.path(it.id, it.meta.Mailbox, it.meta.Flags)
		}
		if err := w.disk.Rename(it.name, it.path); err != nil {
			return err
		}
		it.name = ""
		touched[filepath.Dir(it.path)] = true
		durable.CrashPoint("renamed")
	}
	return nil
}

// folder makes the folder of a mailbox. On its first use in a run the folders
// above are synced too, also when it is there: the run that made it may have
// been killed before it could.
func (w *Writer) folder(mailbox string, touched map[string]bool) error {
	name := maildir.Folder(mailbox)
	if name == "" || w.folders[name] {
		return nil
	}
	dir := filepath.Join(w.names.mail, name)
	for _, d := range []string{dir, filepath.Join(dir, "cur"), filepath.Join(dir, "new"), filepath.Join(dir, "tmp")} {
		if err := w.disk.Mkdir(d); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	touched[w.names.mail], touched[dir] = true, true
	w.folders[name] = true
	durable.CrashPoint("folder-made")
	return nil
}

// takeSteps makes links and changes flags, in the order in which they came.
func (w *Writer) takeSteps(b *batch, touched map[string]bool) error {
	for _, s := range b.steps {
		if s.rename {
			if err := w.reflag(s, touched); err != nil {
				return err
			}
			continue
		}
		if err := w.folder(s.to.Mailbox, touched); err != nil {
			return err
		}
		from, err := w.source(b, s)
		if err != nil {
			return err
		}
		to := w.names.path(s.id, s.to.Mailbox, s.to.Flags)
		if err := w.link(from, to); err != nil {
			return err
		}
		touched[filepath.Dir(to)] = true
		durable.CrashPoint("linked")
	}
	return nil
}

// source gives a file of a message that is stored, or was named in this batch.
func (w *Writer) source(b *batch, s step) (string, error) {
	if it := b.ids[s.id]; it != nil {
		return it.path, nil
	}
	return w.file(context.Background(), s.id, s.from)
}

// file gives a file of a message of which one place is known. It looks there
// first, because that needs no view of the ledger.
func (w *Writer) file(ctx context.Context, id ID, m Meta) (string, error) {
	w.Archive.mu.Lock()
	name, _, err := w.names.locate(id, m.Mailbox, m.Flags)
	w.Archive.mu.Unlock()
	if errors.Is(err, fs.ErrNotExist) {
		return w.Path(ctx, id)
	}
	return name, err
}

// link gives a message one more place: a hard link, or a copy where the disk
// refuses links.
func (w *Writer) link(from, to string) error {
	err := w.disk.Link(from, to)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrExist):
		// Somebody put it there. Its octets may not be durable yet.
		return w.syncFile(to)
	case errors.Is(err, fs.ErrNotExist):
		return err
	}
	return w.copyFile(from, to)
}

func (w *Writer) syncFile(name string) error {
	f, err := w.disk.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(w.disk.Barrier([]durable.File{f}, nil), f.Close())
}

// copyFile makes a durable copy by way of tmp.
func (w *Writer) copyFile(from, to string) error {
	src, err := w.disk.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	size, err := src.Size()
	if err != nil {
		return err
	}
	st, err := w.disk.Stat(from)
	if err != nil {
		return err
	}
	name := filepath.Join(w.names.mail, "tmp", randomHex(32))
	dst, err := w.disk.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, io.NewSectionReader(src, 0, size))
	if err == nil {
		err = w.disk.SetTime(name, st.ModTime())
	}
	if err == nil {
		err = w.disk.Barrier([]durable.File{dst}, nil)
	}
	err = errors.Join(err, dst.Close())
	if err == nil {
		err = w.disk.Rename(name, to)
	}
	if err != nil {
		return errors.Join(err, w.disk.Remove(name))
	}
	return nil
}

// reflag renames a message in one mailbox. That it is gone there is no error:
// another program may have moved it.
func (w *Writer) reflag(s step, touched map[string]bool) error {
	e, err := w.lookup(context.Background(), s.id)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(e.Places, func(m Meta) bool { return m.Mailbox == s.to.Mailbox })
	if i < 0 {
		return ErrNotFound
	}
	w.Archive.mu.Lock()
	name, _, err := w.names.locate(s.id, s.to.Mailbox, e.Places[i].Flags)
	w.Archive.mu.Unlock()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	to := w.names.path(s.id, s.to.Mailbox, s.to.Flags)
	if name == to {
		return nil
	}
	touched[filepath.Dir(name)], touched[filepath.Dir(to)] = true, true
	return w.disk.Rename(name, to)
}

// appendLines is the commit point: all lines in one write, the marks last, then
// a sync. After that the tables know the lines.
func (w *Writer) appendLines(b *batch) error {
	now := stamp(w.tune.now())
	for _, source := range slices.Sorted(maps.Keys(b.marks)) {
		from := len(b.lines)
		b.add(kindMark, now, source, b.marks[source])
		if len(b.lines)-from > ledger.MaxLine {
			// A reader would pass over it. Without it the source looks back
			// further than needed, which loses nothing.
			b.lines, b.rows = b.lines[:from], b.rows[:len(b.rows)-1]
			w.opt.log().Error("mark is too long and was not kept", "octets", len(b.marks[source]))
		}
	}
	if len(b.lines) == 0 {
		return nil
	}
	start, err := w.put(b)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.takeIn(b, start)
	return nil
}

// Close commits, marks the ledger clean and releases the lock. It is safe to
// call twice. After an error that ended the Writer it writes nothing and gives
// that error again.
func (w *Writer) Close() error {
	w.mu.Lock()
	if w.shut {
		w.mu.Unlock()
		return nil
	}
	w.shut = true
	err := w.settle(context.Background())
	for w.flying != nil {
		w.changed.Wait()
	}
	if w.open.timer != nil {
		w.open.timer.Stop()
	}
	err = errors.Join(err, w.clear(w.open))
	dirty := w.begun || w.unclean
	w.mu.Unlock()
	if err == nil && dirty {
		err = w.finish()
	}
	errs := []error{err, w.ledger.Close(), w.Archive.Close()}
	if w.lock != nil {
		errs = append(errs, w.lock.Close())
	}
	return errors.Join(errs...)
}

// finish writes the clean mark and cache/ids.
func (w *Writer) finish() error {
	// That names are gone from tmp must be durable before the mark says that
	// nothing is left over.
	err := w.disk.Barrier(nil, []string{filepath.Join(w.names.mail, "tmp")})
	if err == nil {
		_, err = w.ledger.Write(ledger.Append(nil, kindClean, stamp(w.tune.now())))
	}
	if err == nil {
		err = w.ledger.Sync()
	}
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	durable.CrashPoint("closed")
	if err := w.saveIDs(); err != nil {
		w.opt.log().Warn("cache/ids was not written", "err", err) // readers do without
	}
	end, err := w.ledger.Size()
	if err == nil {
		err = w.saveKnown(end)
	}
	if err != nil {
		w.opt.log().Warn("cache/known was not written", "err", err) // so does the next writer
	}
	return nil
}

// saveIDsAbove is how many lines behind cache/ids are left to readers.
const saveIDsAbove = 64

// saveIDs writes cache/ids anew if enough has come behind it.
func (w *Writer) saveIDs() error {
	return w.look(context.Background(), func(v *view) error {
		if len(v.tail) <= saveIDsAbove {
			return nil
		}
		if err := v.cache.load(); err != nil {
			return err
		}
		all := v.tail
		if v.cache != nil {
			all = mergePairs(v.cache.loaded, v.tail)
		}
		return writeIDs(w.disk, w.dir, v.format.identity, v.end, v.stat, all)
	})
}
