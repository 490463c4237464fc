package archive

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"

	"lostpost/internal/durable"
)

// An Archive reads. It takes no lock, so any number may be open, also beside a
// Writer in another process. Its methods may be called concurrently.
type Archive struct {
	disk durable.FS
	dir  string
	opt  Options

	mu     sync.Mutex
	closed bool
	view   view
	names  names
}

// Open opens the archive in dir for reading.
//
// Errors: fs.ErrNotExist if dir holds no FORMAT file; *FormatError if it was
// written by a newer version.
func Open(dir string, opt Options) (*Archive, error) {
	a, err := openOn(durable.OS, dir, opt)
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	return a, nil
}

func openOn(disk durable.FS, dir string, opt Options) (*Archive, error) {
	ft, err := readFormat(disk, dir)
	if err != nil {
		return nil, err
	}
	return newArchive(disk, dir, ft, opt), nil
}

func newArchive(disk durable.FS, dir string, ft format, opt Options) *Archive {
	return &Archive{
		disk: disk, dir: dir, opt: opt,
		view:  view{disk: disk, dir: dir, format: ft},
		names: names{disk: disk, mail: filepath.Join(dir, "mail"), sep: ft.sep},
	}
}

// Dir is the folder of the archive, as given to Open.
func (a *Archive) Dir() string { return a.dir }

// Identity is the random hex name that init gave the archive (FORMAT). An
// archive whose ledger was lost and made anew has a new one, because cursors
// into the old ledger mean nothing then.
func (a *Archive) Identity() string { return a.view.format.identity }

// Close releases files. It is safe to call twice.
func (a *Archive) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil
	}
	a.closed = true
	return a.view.close()
}

// look calls f with the view up to date and the mutex held. A cache/ids that
// proves to be wrong is forgotten, and f called again.
func (a *Archive) look(ctx context.Context, f func(v *view) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return ErrClosed
	}
	try := func() error {
		if err := a.view.refresh(); err != nil {
			return err
		}
		return f(&a.view)
	}
	err := try()
	if errors.Is(err, errNoLine) && a.view.cache != nil {
		a.view.distrust()
		err = try()
	}
	return err
}

// lookup gives the entry of id as the ledger has it.
func (a *Archive) lookup(ctx context.Context, id ID) (Entry, error) {
	var e *Entry
	err := a.look(ctx, func(v *view) (err error) {
		e, err = v.entry(id)
		return err
	})
	if err != nil {
		return Entry{}, fmt.Errorf("archive: %w", err)
	}
	return *e, nil
}

// Lookup gives the entry of id without opening its file; Flags of its Places
// are those of the file names now. Errors: ErrNotFound.
func (a *Archive) Lookup(ctx context.Context, id ID) (Entry, error) {
	e, err := a.lookup(ctx, id)
	if err != nil || e.Gone {
		return e, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range e.Places {
		p := &e.Places[i]
		_, flags, err := a.names.locate(id, p.Mailbox, p.Flags)
		if err == nil {
			p.Flags = flags
		} else if !errors.Is(err, fs.ErrNotExist) {
			return Entry{}, fmt.Errorf("archive: %w", err)
		}
	}
	return e, nil
}

// Path is where the message lies in mail/ now, for programs that want the
// file itself. Errors: ErrNotFound; *CorruptError if the file is missing.
func (a *Archive) Path(ctx context.Context, id ID) (string, error) {
	e, err := a.lookup(ctx, id)
	if err != nil {
		return "", err
	}
	return a.find(&e)
}

// find gives the path of the first place of e that is there.
func (a *Archive) find(e *Entry) (string, error) {
	if e.Gone {
		return "", fmt.Errorf("archive: %w", ErrNotFound)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range e.Places {
		name, _, err := a.names.locate(e.ID, p.Mailbox, p.Flags)
		if err == nil {
			return name, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("archive: %w", err)
		}
	}
	p := e.Places[0]
	return "", &CorruptError{ID: e.ID, Path: a.rel(a.names.path(e.ID, p.Mailbox, p.Flags)), Detail: "the file is missing"}
}

// rel is name without the folder of the archive, with "/" on every system.
func (a *Archive) rel(name string) string {
	r, err := filepath.Rel(a.dir, name)
	if err != nil {
		return name
	}
	return filepath.ToSlash(r)
}

// Get opens one message. Size is known before the first read.
//
// Errors: ErrNotFound; *CorruptError if the size differs from the ledger or the
// file is missing.
func (a *Archive) Get(ctx context.Context, id ID) (*File, error) {
	e, err := a.Lookup(ctx, id)
	if err != nil {
		return nil, err
	}
	f, name, err := a.open(&e)
	if err != nil {
		return nil, err
	}
	size, err := f.Size()
	if err == nil && size != e.Size {
		err = &CorruptError{ID: id, Path: a.rel(name), Detail: fmt.Sprintf("%d octets, not %d", size, e.Size)}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &File{Entry: e, ReaderAt: f, Closer: f}, nil
}

// open opens the file of e. Between find and Open another program may rename
// it, so a miss is tried again.
func (a *Archive) open(e *Entry) (durable.File, string, error) {
	for try := 0; ; try++ {
		name, err := a.find(e)
		if err != nil {
			return nil, "", err
		}
		f, err := a.disk.Open(name)
		if err == nil {
			return f, name, nil
		}
		if !errors.Is(err, fs.ErrNotExist) || try == 3 {
			return nil, "", fmt.Errorf("archive: %w", err)
		}
	}
}

// Resolve finds the one ID that starts with prefix (at least 4 hex digits).
//
// Errors: ErrNotFound, ErrAmbiguous.
func (a *Archive) Resolve(ctx context.Context, prefix string) (ID, error) {
	ids, err := a.Matches(ctx, prefix, 2)
	switch {
	case err != nil:
		return ID{}, err
	case len(ids) == 0:
		return ID{}, fmt.Errorf("archive: %s: %w", prefix, ErrNotFound)
	case len(ids) > 1:
		return ID{}, fmt.Errorf("archive: %s: %w", prefix, ErrAmbiguous)
	}
	return ids[0], nil
}

// Matches gives up to limit IDs that start with prefix (at least 4 hex digits,
// in any case), in ascending order; messages that are Gone are left out.
func (a *Archive) Matches(ctx context.Context, prefix string, limit int) ([]ID, error) {
	prefix = strings.ToLower(prefix)
	if len(prefix) < 4 || len(prefix) > 64 || strings.Trim(prefix, "0123456789abcdef") != "" {
		return nil, nil
	}
	lo, hi := prefixRange(prefix)
	var ids []ID
	err := a.look(ctx, func(v *view) error {
		ids = nil
		for more := true; more; {
			p, ok, err := v.next(lo)
			if err != nil || !ok || p > hi {
				return err
			}
			offs, err := v.lines(p)
			if err != nil {
				return err
			}
			es, err := v.entries(offs)
			if err != nil {
				return err
			}
			for _, e := range es {
				if !e.Gone && strings.HasPrefix(e.ID.String(), prefix) && len(ids) < limit {
					ids = append(ids, e.ID)
				}
			}
			lo = p + 1
			more = len(ids) < limit && p < hi
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	return ids, nil
}

// prefixRange gives the least and the greatest first 8 octets of an ID that
// begins with the hex digits.
func prefixRange(digits string) (lo, hi uint64) {
	bound := func(fill string) uint64 {
		s := digits[:min(16, len(digits))]
		b, err := hex.DecodeString(s + strings.Repeat(fill, 16-len(s)))
		if err != nil {
			return 0
		}
		return binary.BigEndian.Uint64(b)
	}
	return bound("0"), bound("f")
}

// Stat counts without reading any message: stored messages (Gone ones not
// counted), their octets, and the last Seq (0 for an empty ledger).
func (a *Archive) Stat(ctx context.Context) (Stat, error) {
	var st Stat
	err := a.look(ctx, func(v *view) error {
		st = v.stat
		return nil
	})
	if err != nil {
		return Stat{}, fmt.Errorf("archive: %w", err)
	}
	return st, nil
}
