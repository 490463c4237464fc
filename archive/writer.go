package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"lostpost/archive/ledger"
	"lostpost/archive/maildir"
	"lostpost/internal/durable"
)

// A Writer adds mail. At most one exists per archive on one machine (flock).
// It is an Archive that sees its own additions once they are committed. Add may
// be called from several goroutines.
type Writer struct {
	*Archive
	tune   tuning
	lock   io.Closer
	ledger durable.File

	mu      sync.Mutex // before Archive.mu, never after
	changed sync.Cond  // a commit has ended
	known   *known
	open    *batch // being filled
	flying  *batch // being committed
	done    int64  // number of the last batch that is durable
	begun   bool   // this run has written a B line
	unclean bool   // the run before did not end with Z
	err     error  // why the archive takes no more
	shut    bool
	folders map[string]bool // folders made or found by this run
	mended  []Finding       // what OpenWriter mended
}

// Tuning says when a commit starts in the background. The figures are those of
// docs/ARCHITECTURE.md section 6; the crash model has its own.
type tuning struct {
	messages int
	octets   int64
	delay    time.Duration
	inFlight int64 // octets of messages not yet durable
	behind   int64 // octets of the ledger that are read again rather than cache/known written
	now      func() time.Time
}

var usual = tuning{messages: 256, octets: 32 << 20, delay: 500 * time.Millisecond, inFlight: 64 << 20, behind: 64 << 10, now: time.Now}

// OpenWriter locks the archive in dir, creating it if dir is empty or absent,
// finishes what a crashed run left, and returns.
//
// It waits for the lock until ctx ends, at most opt.LockWait (10 s).
// Errors: *LockedError names the holder; *FormatError; fs.ErrPermission;
// ErrForeign.
func OpenWriter(ctx context.Context, dir string, opt Options) (*Writer, error) {
	w, err := lockAndOpen(ctx, dir, opt)
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	return w, nil
}

func lockAndOpen(ctx context.Context, dir string, opt Options) (*Writer, error) {
	if _, err := readFormat(durable.OS, dir); err != nil {
		var newer *FormatError
		if errors.As(err, &newer) {
			return nil, err // not even a lock file in what we do not know
		}
		if err := vacant(durable.OS, dir); err != nil {
			return nil, err
		}
	}
	if err := durable.OS.MkdirAll(dir); err != nil {
		return nil, err
	}
	lock, err := takeLock(ctx, dir, opt.LockWait)
	if err != nil {
		return nil, err
	}
	w, err := openWriterOn(ctx, durable.OS, dir, opt, usual)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	w.lock = lock
	return w, nil
}

// takeLock waits for the lock. Errors: *LockedError; the error of ctx.
func takeLock(ctx context.Context, dir string, wait time.Duration) (io.Closer, error) {
	if wait == 0 {
		wait = 10 * time.Second
	}
	limited, cancel := context.WithTimeout(ctx, max(wait, 0))
	defer cancel()
	lock, err := durable.Lock(limited, filepath.Join(dir, "lock"))
	var held *durable.HeldError
	switch {
	case errors.As(err, &held) && ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, &held):
		return nil, &LockedError{Dir: dir, Command: held.Command, Host: held.Host, PID: held.PID, Since: held.Since}
	}
	return lock, err
}

// openWriterOn opens for writing; the caller holds the lock.
func openWriterOn(ctx context.Context, disk durable.FS, dir string, opt Options, tune tuning) (*Writer, error) {
	ft, mended, err := prepare(disk, dir, tune.now())
	if err != nil {
		return nil, err
	}
	w := &Writer{Archive: newArchive(disk, dir, ft, opt), tune: tune, mended: mended, folders: map[string]bool{}}
	w.changed.L = &w.mu
	w.open = newBatch(1)
	if err := w.start(ctx); err != nil {
		if w.ledger != nil {
			err = errors.Join(err, w.ledger.Close())
		}
		return nil, errors.Join(err, w.Archive.Close())
	}
	return w, nil
}

// start reads the ledger and mends what a run that did not end well has left.
func (w *Writer) start(ctx context.Context) error {
	f, err := w.disk.Append(filepath.Join(w.dir, "ledger"))
	if err != nil {
		return err
	}
	w.ledger = f
	torn, err := endLine(f)
	if err != nil {
		return err
	}
	if w.known, err = readKnown(f, loadKnown(w.disk, w.dir, w.Identity(), f)); err != nil {
		return err
	}
	if size, err := f.Size(); err != nil || size > maxLedger {
		return errors.Join(err, errTooLong)
	}
	fresh := w.known.empty && w.known.last == kindHead
	w.unclean = torn || w.known.last != kindClean && !fresh
	if !w.unclean {
		return nil
	}
	// Lines of a run that was killed may be read and not yet be durable.
	if err := f.Sync(); err != nil {
		return err
	}
	return w.sweep(ctx)
}

var errTooLong = errors.New("ledger is longer than 64 GiB")

// endLine sees to it that the ledger ends in a newline, before it is read: a
// tail that lacked nothing but its newline is a good line then, any other
// becomes one bad line, and the next line begins at its own start.
func endLine(f durable.File) (torn bool, err error) {
	size, err := f.Size()
	if err != nil || size == 0 {
		return false, err
	}
	var last [1]byte
	if _, err := f.ReadAt(last[:], size-1); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if last[0] == '\n' {
		return false, nil
	}
	_, err = f.Write([]byte{'\n'})
	return true, err
}

// begin notes in the ledger, durably, that this run writes. It comes before
// anything else that a run puts on the disk, so that whatever a crash leaves,
// the last line is no Z and the next OpenWriter sweeps.
func (w *Writer) begin() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.beginLocked()
}

func (w *Writer) beginLocked() error {
	if w.begun || w.err != nil {
		return w.err
	}
	_, err := w.ledger.Write(ledger.Append(nil, kindBegin, stamp(w.tune.now())))
	if err == nil {
		err = w.ledger.Sync()
	}
	if err != nil {
		return w.failLocked(err)
	}
	w.begun = true
	durable.CrashPoint("begin-synced")
	return nil
}

// fail makes err the reason why the archive takes no more.
func (w *Writer) fail(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failLocked(err)
}

func (w *Writer) failLocked(err error) error {
	if w.err == nil {
		w.err = fmt.Errorf("archive: %w", err)
		w.opt.log().Error("archive takes no more", "err", err)
	}
	w.changed.Broadcast()
	return w.err
}

// usable gives the reason why nothing can be added.
func (w *Writer) usable(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.usableLocked(ctx)
}

func (w *Writer) usableLocked(ctx context.Context) error {
	switch {
	case w.err != nil:
		return w.err
	case w.shut:
		return fmt.Errorf("archive: %w", ErrClosed)
	}
	return ctx.Err()
}

// maxMeta bounds what a Meta adds to a line. Escapes make at most three octets
// of one, and a line has to stay below ledger.MaxLine.
const maxMeta = 256 << 10

// clean brings m into the form in which it is stored.
func clean(m Meta) (Meta, error) {
	m.Mailbox = maildir.Clean(m.Mailbox)
	m.Flags = Flags(maildir.CleanFlags(string(m.Flags)))
	// Maildir shows the time as the file's, which goes by seconds in the
	// ledger; a time out of its range is none.
	if y := m.Received.UTC().Year(); y < 1 || y > 9999 {
		m.Received = time.Time{}
	}
	n := len(m.Origin) + len(m.Mailbox)
	for _, t := range m.Traits {
		n += len(t) + 1
	}
	if n > maxMeta {
		return m, fmt.Errorf("origin, mailbox and traits have %d octets, more than %d", n, maxMeta)
	}
	return m, nil
}

// Add takes one message from body, which it reads to its end before it
// returns. The message is durable only after the next Commit. Adding bytes
// that are here already stores nothing and reports Duplicate, or Placed if the
// mailbox was new for it.
//
// Messages over 1 MiB go straight to a file, so memory does not grow with size.
// Errors: *ItemError if body failed (the archive is unchanged and usable);
// anything else, such as syscall.ENOSPC, means the archive takes no more. When
// ctx ends its error comes back and the archive stays usable.
func (w *Writer) Add(ctx context.Context, m Meta, body io.Reader) (Receipt, error) {
	if err := w.usable(ctx); err != nil {
		return Receipt{}, err
	}
	origin := m.Origin
	m, err := clean(m)
	if err != nil {
		return Receipt{}, &ItemError{Origin: origin, Err: err}
	}
	o, err := w.take(ctx, origin, body)
	if err != nil {
		return Receipt{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.room(ctx, o.size); err != nil {
		return Receipt{}, errors.Join(err, o.discard(w.disk))
	}
	rc, kept, err := w.enter(ctx, m, o)
	if !kept {
		err = errors.Join(err, o.discard(w.disk))
	}
	if err != nil {
		return Receipt{}, err
	}
	w.due()
	return rc, nil
}

// room waits until size more octets may be in flight.
func (w *Writer) room(ctx context.Context, size int64) error {
	stop := context.AfterFunc(ctx, w.changed.Broadcast)
	defer stop()
	for {
		if err := w.usableLocked(ctx); err != nil {
			return err
		}
		busy := w.open.octets
		if w.flying != nil {
			busy += w.flying.octets
		}
		if busy == 0 || busy+size <= w.tune.inFlight {
			return nil
		}
		w.kick()
		w.changed.Wait()
	}
}

// enter compares the message with what is here and puts what is new into the
// open batch; kept says that the batch has the octets now.
func (w *Writer) enter(ctx context.Context, m Meta, o *octets) (rc Receipt, kept bool, err error) {
	have, err := w.present(ctx, o)
	if err != nil {
		return rc, false, err
	}
	if have == nil {
		w.open.store(w.tune.now(), m, o)
		return Receipt{ID: o.id, Size: o.size, Result: Stored}, true, nil
	}
	if have.lost { // its file was deleted by somebody: the same octets mend that
		w.open.restore(have, o)
		kept = true
	}
	return w.copied(m, have), kept, nil
}

// remote reports whether the origin is on a server. A copy there is worth a
// line, as it costs a download to find out again that it is known.
func remote(origin string) bool {
	return origin != "" && !strings.HasPrefix(origin, "file:") && !strings.HasPrefix(origin, "adopted:")
}

// A stored is a message that is here, or will be with the next commits.
type stored struct {
	id   ID
	size int64
	off  int64 // of its A line, -1 if it is pending
	meta Meta  // its first place
	lost bool  // its file is missing
}

// present finds the message with the ID of o, or else with its Key.
func (w *Writer) present(ctx context.Context, o *octets) (*stored, error) {
	for _, b := range []*batch{w.open, w.flying} {
		if s := b.find(o); s != nil {
			return s, nil
		}
	}
	if off, ok := w.known.stored(o.id); ok {
		s, err := w.read(o.id, off)
		if err == nil {
			s.lost, err = w.isLost(ctx, s)
		}
		return s, err
	}
	id, off, ok := w.known.byKey(o.key)
	if !ok {
		return nil, nil
	}
	s, err := w.read(id, off)
	if err != nil {
		return nil, err
	}
	if lost, err := w.isLost(ctx, s); err != nil || lost {
		return nil, err // its octets are not at hand: store these as well
	}
	return s, nil
}

// read gives the message whose A line is at off.
func (w *Writer) read(id ID, off int64) (*stored, error) {
	var r row
	if err := readLine(w.ledger, off, &r); err != nil {
		return nil, w.failLocked(err)
	}
	var e Entry
	r.apply(&e, id)
	return &stored{id: id, size: e.Size, off: off, meta: e.Places[0]}, nil
}

// isLost reports whether no file of a message is there.
func (w *Writer) isLost(ctx context.Context, s *stored) (bool, error) {
	_, err := w.file(ctx, s.id, s.meta)
	var missing *CorruptError
	if errors.As(err, &missing) {
		return true, nil
	}
	return false, err
}

// inMailbox reports whether a message is in mailbox or will be.
func (w *Writer) inMailbox(s *stored, mailbox string) bool {
	if w.open.places[place{s.id, mailbox}] || w.flying.has(s.id, mailbox) {
		return true
	}
	return s.off >= 0 && w.known.placed(s.id, s.off, mailbox)
}

// knownOrigin reports whether a line has the origin.
func (w *Writer) knownOrigin(origin string) bool {
	_, ok := w.originID(origin)
	return ok
}

func (w *Writer) originID(origin string) (ID, bool) {
	for _, b := range []*batch{w.open, w.flying} {
		if b != nil {
			if id, ok := b.origins[origin]; ok {
				return id, true
			}
		}
	}
	return w.known.origin(origin)
}
