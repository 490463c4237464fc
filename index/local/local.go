// Package local is the embedded search engine: bleve, through its index
// scorch, in one folder.
//
// What it promises.
//   - One writer, any number of readers, in any processes. A reader takes no
//     lock and waits for nobody; the second writer waits for a bounded time and
//     then says who holds the lock.
//   - What Apply returned is durable and is found by every search that begins
//     later, in this process and in others.
//   - The process may be killed at any moment. CURRENT always names one whole
//     generation, and its cursor is never ahead of its documents.
//   - An index that is damaged, of another version, of another analysis of words
//     or of another archive is built again. The old one answers until the new
//     one covers as much, if it can be read.
//   - A query costs bounded time and memory, whatever it is.
//
// How it lies on disk. The folder holds CURRENT (a small text, see current),
// lock, and generations gen-N: the files of one scorch index that is never
// opened for writing again. A writer makes the next generation from hard links
// to the segments of the one before and a copy of root.bolt, writes into that,
// syncs it, and replaces CURRENT by rename. A reader reads CURRENT and opens
// what it names. Deleting the whole folder is always safe.
//
// How it uses bleve. Documents and fields are our own values of bleve's
// interfaces, so that the words come from package analyze and positions are
// packed (see packed). bleve writes, merges and opens the segments; a search
// reads their dictionaries and postings through scorch's snapshot (see eval).
// Measurements behind both are in INDEXING.md 1 and 2.
//
// A page of hits opens no message: what a list shows is stored beside the key,
// with the ties that make threads (see row and weave). Other forms of a word are
// looked up in the dictionaries at query time (analyze.Forms), so that no
// language is ever guessed; parts of words only when nothing else was found
// (see widen). One message has bounded terms and positions (see packed.go).
//
// Flags, labels and mailboxes are no part of a document: they stand in a column
// beside each segment (see column), so that a message whose ledger entry changes
// is not indexed again. So do dates and sizes, for speed.
//
// Near duplicates are told by a sketch of 48 octets and two names that stand in
// the stored row (see kin): dup: finds them, and Request.Fold makes one row of
// those on a page. A family that reaches over pages has a row on each.
package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"lostpost/archive"
	"lostpost/decode"
	"lostpost/index"
	"lostpost/index/analyze"
)

// Options has a useful zero value.
type Options struct {
	Log      *slog.Logger  // nil: silent
	LockWait time.Duration // for Open; 0: 10 s; negative: do not wait

	// Archive, if not empty, is the identity of the only archive that the
	// index may follow. One that follows another is built again.
	Archive string

	// Rebuild makes Open begin a new index beside the one that is there.
	Rebuild bool

	// Workers is how many goroutines turn text into terms, 0: GOMAXPROCS.
	Workers int

	// Message reads a message again, for snippets: the index keeps no text.
	// nil: no snippets.
	Message func(context.Context, archive.ID) (*decode.Message, error)

	// Attached reads a message again with its attachments, for snippets of hits
	// that are inside them. nil: such hits have the beginning of the text.
	Attached func(context.Context, archive.ID) (*decode.Message, error)
}

// An engine is an open index: the writer, or a reader.
type engine struct {
	dir  string
	opt  Options
	lock io.Closer // nil: a reader

	mu   sync.Mutex
	open *snapshot // what the last search used, nil if nothing
	done bool

	// Of the writer, changed by Apply under mu.
	published *current // what CURRENT says; nil: nothing usable
	state     *current // what is built; not published while a rebuild runs; nil: nothing
	previous  int64    // generation before the published one, 0 if none
	broken    bool     // found to be damaged; CURRENT is gone
}

// Open opens the index in dir for Apply and Search, creating or rebuilding it
// if it is absent, damaged or of another version. It waits at most
// Options.LockWait for another writer.
//
// Errors: *archive.LockedError; those of the disk.
func Open(dir string, opt Options) (index.Index, error) {
	opt = opt.complete()
	l, err := lock(context.Background(), dir, opt.LockWait)
	if err != nil {
		return nil, err
	}
	e := &engine{dir: dir, opt: opt, lock: l}
	if err := e.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("index: %w", err), l.Close())
	}
	return e, nil
}

// OpenReader opens the published generation for Search. It never waits.
// A reader that stays open follows later generations by itself.
//
// Errors: fs.ErrNotExist if nothing was published yet or what was published
// cannot be used.
func OpenReader(dir string, opt Options) (index.Index, error) {
	e := &engine{dir: dir, opt: opt.complete()}
	v, err := e.acquire()
	if err != nil {
		return nil, err
	}
	v.release()
	return e, nil
}

func (o Options) complete() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	return o
}

// load reads what is there, decides what of it can be used, and removes the
// rest.
func (e *engine) load() error {
	cur, err := readCurrent(e.dir)
	var damaged *damagedError
	switch {
	case errors.As(err, &damaged):
		e.opt.Log.Warn("index is built again", "why", damaged.what)
		return sweep(e.dir)
	case errors.Is(err, fs.ErrNotExist):
		return sweep(e.dir)
	case err != nil:
		return err
	}
	if why := e.unusable(cur); why != "" {
		e.opt.Log.Info("index is built again", "why", why)
		if cur.schema == schema {
			e.published = cur // answers until the new one covers as much
		}
	} else if s, err := openSnapshot(e.dir, cur); err != nil {
		e.opt.Log.Warn("index is built again", "why", err)
	} else {
		e.open, e.published, e.state = s, cur, cur
	}
	if err := sweep(e.dir, cur.generation); err != nil {
		e.opt.Log.Warn("old generation stays for now", "err", err)
	}
	return nil
}

// unusable says why the writer cannot go on from cur, "" if it can.
func (e *engine) unusable(cur *current) string {
	switch {
	case e.opt.Rebuild:
		return "asked for"
	case cur.schema != schema:
		return fmt.Sprintf("schema %d, this program writes %d", cur.schema, schema)
	case cur.analysis != analyze.Fingerprint:
		return "words are analysed in another way"
	case e.opt.Archive != "":
		for _, f := range cur.archives {
			if f.identity != e.opt.Archive {
				return "it is of another archive"
			}
		}
	}
	return ""
}

// Cursor is how far the index covers the ledger of an archive: for a writer what
// it has built, for a reader what is published.
func (e *engine) Cursor(ctx context.Context, identity string) (int64, error) {
	cur, err := e.now(ctx)
	if err != nil {
		return 0, err
	}
	return cur.cursor(identity), nil
}

// Count is what CURRENT says.
func (e *engine) Count(ctx context.Context) (int64, error) {
	cur, err := e.now(ctx)
	if err != nil {
		return 0, err
	}
	return cur.documents, nil
}

// now is the state that acquire would open, as text alone.
func (e *engine) now(ctx context.Context) (*current, error) {
	if e.lock == nil {
		v, err := e.acquire()
		if err != nil {
			return nil, err
		}
		defer v.release()
		return v.current, ctx.Err()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.done:
		return nil, errClosed
	case e.state == nil:
		return &current{}, ctx.Err()
	}
	return e.state, ctx.Err()
}

// Held takes 36 octets of memory for every message.
func (e *engine) Held(ctx context.Context, identity string) iter.Seq2[index.Held, error] {
	return func(yield func(index.Held, error) bool) {
		all, err := e.held(ctx, identity)
		if err != nil {
			yield(index.Held{}, err)
			return
		}
		for _, h := range all {
			if !yield(h, nil) {
				return
			}
		}
	}
}

func (e *engine) held(ctx context.Context, identity string) ([]index.Held, error) {
	v, err := e.acquire()
	if err != nil {
		return nil, err
	}
	defer v.release()
	number, ok := v.current.number(identity)
	if !ok {
		return nil, ctx.Err()
	}
	return v.held(ctx, number)
}

// Has looks into the dictionary of each segment.
func (e *engine) Has(ctx context.Context, identity string, ids []archive.ID) ([]bool, error) {
	v, err := e.acquire()
	if err != nil {
		return nil, err
	}
	defer v.release()
	has := make([]bool, len(ids))
	number, ok := v.current.number(identity)
	if !ok {
		return has, ctx.Err()
	}
	for _, seg := range v.segments {
		for i, id := range ids {
			if has[i] {
				continue
			}
			err := guard(func() (err error) {
				_, has[i], err = seg.document([]byte(keyOf(id, number)))
				return err
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return has, ctx.Err()
}

// Close releases files and the writer's lock. A rebuild that is not complete is
// given up; the next one begins again.
func (e *engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.done {
		return nil
	}
	e.done = true
	if e.open != nil {
		e.open.release()
		e.open = nil
	}
	if e.lock == nil {
		return nil
	}
	if e.published != nil {
		if err := sweep(e.dir, e.published.generation); err != nil {
			e.opt.Log.Warn("old generation stays for now", "err", err)
		}
	}
	return e.lock.Close()
}

var errClosed = errors.New("index: closed")

// A view is an open snapshot with what CURRENT says of it. The caller of acquire
// releases it.
type view struct {
	*snapshot
	current *current
}

// acquire gives the state to search: of a writer the newest it has built, of a
// reader the newest that is published.
func (e *engine) acquire() (view, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.done {
		return view{}, errClosed
	}
	if e.lock != nil {
		return e.acquireWritten()
	}
	return e.acquirePublished()
}

func (e *engine) acquireWritten() (view, error) {
	if e.state == nil {
		return view{snapshot: &snapshot{}, current: &current{}}, nil
	}
	return e.use(e.state)
}

// acquirePublished reads CURRENT and opens what it names. If that is gone, a
// writer has published a later generation in between: CURRENT is read again.
func (e *engine) acquirePublished() (view, error) {
	for last := int64(0); ; {
		cur, err := readCurrent(e.dir)
		if err == nil {
			err = e.readable(cur)
		}
		if err != nil {
			return view{}, err
		}
		v, err := e.use(cur)
		if err == nil || cur.generation == last {
			return v, err
		}
		last = cur.generation
	}
}

// readable says why a reader cannot answer from cur.
func (e *engine) readable(cur *current) error {
	if cur.schema != schema {
		return &damagedError{"it is of another version of this program"}
	}
	if e.opt.Archive != "" {
		if _, ok := cur.number(e.opt.Archive); !ok {
			return &damagedError{"it is of another archive"}
		}
	}
	return nil
}

// use opens the files of cur, unless they are open already.
func (e *engine) use(cur *current) (view, error) {
	if e.open == nil || e.open.generation != cur.generation {
		s, err := openSnapshot(e.dir, cur)
		if err != nil {
			return view{}, err
		}
		if e.open != nil {
			e.open.release()
		}
		e.open = s
	}
	e.open.retain()
	return view{snapshot: e.open, current: cur}, nil
}

// folder is where the files of a state lie, "" if it has none.
func (e *engine) folder(c *current) string {
	if c == nil || c.generation == 0 {
		return ""
	}
	return filepath.Join(e.dir, folderOf(c.generation))
}
