package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path/filepath"

	"lostpost/archive/maildir"
)

// Repair mends what Check finds and loses nothing: leftovers of a stopped run,
// a lost or torn ledger (rebuilt from mail/; only origins are lost). With
// adopt, mail that others put into mail/ is taken in. It yields what it did,
// also what OpenWriter mended before. A message whose octets are nowhere cannot
// be mended: it yields nothing, and Check goes on to name it.
//
// What was added before becomes durable first; nothing may be added meanwhile.
func (w *Writer) Repair(ctx context.Context, adopt bool) iter.Seq2[Finding, error] {
	return func(yield func(Finding, error) bool) {
		done, err := w.repair(ctx, adopt)
		for _, f := range done {
			if !yield(f, nil) {
				return
			}
		}
		if err != nil {
			yield(Finding{}, fmt.Errorf("archive: %w", err))
		}
	}
}

func (w *Writer) repair(ctx context.Context, adopt bool) (done []Finding, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.usableLocked(ctx); err != nil {
		return nil, err
	}
	if err := w.quiet(ctx); err != nil {
		return nil, err
	}
	before := w.mended
	w.mended = nil
	var spots []spot
	c := &checker{a: w.Archive}
	if err := c.run(ctx, func(s spot) bool { spots = append(spots, s); return true }); err != nil {
		return before, err
	}
	if len(spots) == 0 {
		return before, nil
	}
	if err := w.beginLocked(); err != nil {
		return before, err
	}
	in := w.newIntake()
	defer func() { err = errors.Join(err, in.close()) }()
	for _, s := range spots {
		if err := ctx.Err(); err != nil {
			return append(before, w.mended...), err
		}
		if err := in.mend(ctx, s, adopt); err != nil {
			return append(before, w.mended...), w.failLocked(fmt.Errorf("%s: %w", s.Path, err))
		}
		// Each is finished before the next: what is mended first may be
		// what the next needs.
		if err := in.flush(); err != nil {
			return append(before, w.mended...), w.failLocked(err)
		}
	}
	return append(before, w.mended...), nil
}

// mend does what can be done for one finding.
func (in *intake) mend(ctx context.Context, s spot, adopt bool) error {
	w := in.w
	did := func(detail string) {
		s.Finding.Detail = detail
		w.found(s.Finding)
	}
	switch s.Code {
	case CodeTornLine:
		in.mended(s.off)
		did("noted; what it named and mail/ has is listed again")
	case CodeLeftoverTmp, CodeGoneFile:
		in.dirs[filepath.Dir(s.name)] = true
		if err := w.disk.Remove(s.name); err != nil {
			return err
		}
		did("removed")
	case CodeUnlistedFile, CodeUnlistedPlace:
		return in.sweepFile(s.name, s.mailbox, s.folder)
	case CodeDoubleFile:
		return in.dropDouble(s.name, s.mailbox)
	case CodeMissingPlace:
		from, err := w.Path(ctx, s.ID)
		var missing *CorruptError
		if errors.As(err, &missing) && s.other != "" {
			from, err = s.other, nil
		}
		if err != nil || w.there(s) {
			return err
		}
		if err := in.putBack(from, s.name, s.mailbox); err != nil {
			return err
		}
		did("linked again from " + w.rel(from))
	case CodeHashMismatch, CodeSizeMismatch:
		return in.mendAltered(ctx, s, did)
	case CodeForeignFile:
		if adopt && s.mail {
			return in.adopt(s, did)
		}
	}
	return nil
}

// there reports whether the missing file of s has come back, under whatever
// flags, because a foreign file was taken in.
func (w *Writer) there(s spot) bool {
	w.Archive.mu.Lock()
	defer w.Archive.mu.Unlock()
	_, flags, _ := maildir.Split(filepath.Base(s.name))
	_, _, err := w.names.locate(s.ID, s.mailbox, Flags(flags))
	return err == nil
}

// putBack gives a message its place again.
func (in *intake) putBack(from, to, mailbox string) error {
	w := in.w
	delete(w.folders, maildir.Folder(mailbox)) // it may have been deleted as a whole
	if err := w.folder(mailbox, in.dirs); err != nil {
		return err
	}
	in.touch(filepath.Dir(to))
	return w.link(from, to)
}

// mendAltered replaces a file whose octets have changed by a good copy from
// another mailbox, should there be one with octets of its own. The altered one
// goes to quarantine. Without a good copy the altered file stays: most of a
// message is better than none.
func (in *intake) mendAltered(ctx context.Context, s spot, did func(string)) error {
	w := in.w
	have, err := w.digestName(s.name)
	if err != nil {
		return nil // it cannot be read, so it cannot be moved with a promise
	}
	good, err := w.goodCopy(ctx, s.ID)
	if err != nil {
		return err
	}
	off, here := w.known.stored(s.ID)
	if good == "" && here {
		return nil
	}
	listed := here && w.placedInFolder(s.ID, off, s.mailbox, s.folder)
	if err := in.setAside(s.name, have, "adopted:"+w.rel(s.name), "octets do not fit the file's name"); err != nil {
		return err
	}
	if listed {
		if err := in.putBack(good, s.name, s.mailbox); err != nil {
			return err
		}
		did("moved to quarantine/" + have.String() + " and replaced from " + w.rel(good))
		return nil
	}
	did("moved to quarantine/" + have.String())
	return nil
}

// goodCopy gives a file that has the octets of id, or "".
func (w *Writer) goodCopy(ctx context.Context, id ID) (string, error) {
	e, err := w.lookup(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	for _, p := range e.Places {
		w.Archive.mu.Lock()
		name, _, err := w.names.locate(id, p.Mailbox, p.Flags)
		w.Archive.mu.Unlock()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		if have, err := w.digestName(name); err == nil && have == id {
			return name, nil
		}
	}
	return "", nil
}

// digestName reads the file called name.
func (w *Writer) digestName(name string) (ID, error) {
	f, err := w.disk.Open(name)
	if err != nil {
		return ID{}, err
	}
	defer f.Close()
	id, _, _, err := digestFile(f)
	return id, err
}

// adopt takes in a file that another program put into a folder: it gets the
// name that its octets give it.
func (in *intake) adopt(s spot, did func(string)) error {
	w := in.w
	f, err := w.disk.Open(s.name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // moved again
	}
	if err != nil {
		return err
	}
	in.files = append(in.files, f)
	id, key, size, err := digestFile(f)
	if err != nil {
		return err
	}
	_, flags, _ := maildir.Split(filepath.Base(s.name))
	m := Meta{Mailbox: s.mailbox, Flags: Flags(maildir.CleanFlags(flags)), Origin: "adopted:" + w.rel(s.name)}
	s.ID = id
	off, here := w.known.stored(id)
	if !here {
		if other, _, same := w.known.byKey(key); same {
			did("moved to quarantine: " + other.String() + " is the same message with other line ends")
			return in.setAside(s.name, id, m.Origin, "the same message with other line ends is "+other.String())
		}
	}
	listed := here && w.placedInFolder(id, off, m.Mailbox, s.folder)
	if listed {
		w.Archive.mu.Lock()
		have, _, err := w.names.locate(id, m.Mailbox, m.Flags)
		w.Archive.mu.Unlock()
		if err == nil {
			if got, err := w.digestName(have); err == nil && got == id {
				in.dirs[filepath.Dir(s.name)] = true
				did("removed: " + w.rel(have) + " has the same octets")
				return w.disk.Remove(s.name)
			}
			return nil // the altered one must be mended first
		}
	}
	to := filepath.Join(w.names.mail, s.folder, "cur", maildir.Name(id.String(), w.names.sep, string(m.Flags)))
	if err := w.disk.Rename(s.name, to); err != nil {
		return err
	}
	in.touch(filepath.Dir(s.name))
	in.touch(filepath.Dir(to))
	did("taken in as " + id.String())
	if listed {
		return nil
	}
	return in.list(to, m, id, key, size, here)
}
