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
	"strconv"

	"lostpost/archive/maildir"
	"lostpost/internal/durable"
)

// sweep finishes what a run that did not end well has left, before anything is
// added: leftovers in tmp are removed, messages and places that no line names
// are taken in, files of messages that were to be removed are removed, files
// whose octets do not fit their names go to quarantine.
func (w *Writer) sweep(ctx context.Context) error {
	if err := w.sweepTmp(); err != nil {
		return err
	}
	folders, err := w.folderNames()
	if err != nil {
		return err
	}
	for _, folder := range folders {
		if err := w.sweepFolder(ctx, folder); err != nil {
			return err
		}
	}
	if err := w.sweepTorn(); err != nil {
		return err
	}
	w.opt.log().Info("the last run did not end well; mended what it left", "findings", len(w.mended))
	return nil
}

// sweepTorn notes the lines that the stopped run did not write to their ends:
// what they named and mail/ has is listed again by now, so nothing is left to
// mend. A bad line from before is another matter, and for Check to name.
func (w *Writer) sweepTorn() error {
	in := w.newIntake()
	for _, off := range w.known.torn {
		in.mended(off)
		w.found(Finding{Code: CodeTornLine, Path: "ledger", Detail: fmt.Sprintf("line at octet %d, of the run that was stopped, noted", off)})
	}
	w.known.torn = nil
	return in.flush()
}

// mended notes that the bad line at off has been dealt with.
func (in *intake) mended(off int64) {
	in.b.add(kindMended, stamp(in.w.tune.now()), strconv.FormatInt(off, 10))
}

// maxMended bounds what is remembered of what was mended.
const maxMended = 100_000

// found notes what was mended.
func (w *Writer) found(f Finding) {
	if len(w.mended) < maxMended {
		w.mended = append(w.mended, f)
	}
	w.opt.log().Debug("mended", "code", f.Code, "path", f.Path, "detail", f.Detail)
}

// sweepTmp removes what stopped runs left. Names of 64 hex digits are ours;
// others belong to programs that deliver into the tree.
func (w *Writer) sweepTmp() error {
	dir := filepath.Join(w.names.mail, "tmp")
	files, err := w.disk.List(dir)
	if err != nil {
		return err
	}
	for _, name := range files {
		if _, ok := fileID(name); !ok {
			continue
		}
		if err := w.disk.Remove(filepath.Join(dir, name)); err != nil {
			return err
		}
		w.found(Finding{Code: CodeLeftoverTmp, Path: w.rel(filepath.Join(dir, name)), Detail: "removed"})
	}
	return nil
}

// folderNames gives the folders of the tree, "" (INBOX) first.
func (a *Archive) folderNames() ([]string, error) {
	all, err := a.disk.List(a.names.mail)
	if err != nil {
		return nil, err
	}
	out := []string{""}
	for _, n := range all {
		if n[0] != '.' {
			continue
		}
		for _, sub := range subfolders {
			st, err := a.disk.Stat(filepath.Join(a.names.mail, n, sub))
			if err == nil && st.IsDir() {
				out = append(out, n)
				break
			}
		}
	}
	return out, nil
}

// An intake gathers what is taken in without Add: lines, and the files and
// folders that must be durable before them.
type intake struct {
	w     *Writer
	b     *batch
	files []durable.File
	dirs  map[string]bool
}

func (w *Writer) newIntake() *intake {
	return &intake{w: w, b: newBatch(0), dirs: map[string]bool{}}
}

// flush syncs files and folders, then writes the lines.
func (in *intake) flush() error {
	err := in.w.disk.Barrier(in.files, slices.Sorted(maps.Keys(in.dirs)))
	if err = errors.Join(err, in.close()); err != nil {
		return err
	}
	b := in.b
	in.b, in.dirs = newBatch(0), map[string]bool{}
	if len(b.lines) == 0 {
		return nil
	}
	return in.w.appendLocked(b)
}

// close closes the files, synced or not.
func (in *intake) close() error {
	var errs []error
	for _, f := range in.files {
		errs = append(errs, f.Close())
	}
	in.files = nil
	return errors.Join(errs...)
}

// sweepFolder goes through one folder. What it takes in becomes durable in
// commits of its own.
func (w *Writer) sweepFolder(ctx context.Context, folder string) (err error) {
	mailbox, _ := maildir.Mailbox(folder)
	in := w.newIntake()
	defer func() { err = errors.Join(err, in.close()) }()
	for _, sub := range subfolders {
		dir := filepath.Join(w.names.mail, folder, sub)
		files, err := w.disk.List(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		last := ""
		for _, name := range files {
			if err := ctx.Err(); err != nil {
				return err
			}
			base, _, _ := maildir.Split(name)
			double := base == last // names come sorted
			if last = base; double {
				if err := in.dropDouble(filepath.Join(dir, name), mailbox); err != nil {
					return err
				}
				continue
			}
			if err := in.sweepFile(filepath.Join(dir, name), mailbox, folder); err != nil {
				return err
			}
			if len(in.files) >= w.tune.messages {
				if err := in.flush(); err != nil {
					return err
				}
			}
		}
	}
	return in.flush()
}

// sweepFile looks at one file.
func (in *intake) sweepFile(name, mailbox, folder string) error {
	w := in.w
	base, flags, _ := maildir.Split(filepath.Base(name))
	id, ok := fileID(base)
	if !ok {
		return nil
	}
	off, here := w.known.stored(id)
	if here && w.placedInFolder(id, off, mailbox, folder) || in.b.has(id, mailbox) {
		return nil
	}
	if !here && w.removed(id) {
		w.found(Finding{Code: CodeGoneFile, Path: w.rel(name), ID: id, Detail: "removed, as was ordered"})
		in.dirs[filepath.Dir(name)] = true
		return w.disk.Remove(name)
	}
	f, err := w.disk.Open(name)
	if err != nil {
		return err
	}
	in.files = append(in.files, f)
	have, key, size, err := digestFile(f)
	if err != nil {
		return err
	}
	m := Meta{Mailbox: mailbox, Flags: Flags(maildir.CleanFlags(flags)), Origin: "adopted:" + w.rel(name)}
	if have != id {
		w.found(Finding{Code: CodeHashMismatch, Path: w.rel(name), Severe: true, Detail: "moved to quarantine/" + have.String()})
		return in.setAside(name, have, m.Origin, "octets do not fit the file's name")
	}
	code := CodeUnlistedFile
	if here {
		code = CodeUnlistedPlace
	}
	w.found(Finding{Code: code, Path: w.rel(name), ID: id, Detail: "taken in"})
	return in.list(name, m, id, key, size, here)
}

// dropDouble sees to it that the message of the file name has one name in its
// folder: the one with the flags of the ledger, or else the last. A power cut
// can leave both names of a rename.
func (in *intake) dropDouble(name, mailbox string) error {
	w := in.w
	base, _, _ := maildir.Split(filepath.Base(name))
	id, ok := fileID(base)
	if !ok {
		return nil
	}
	dir := filepath.Dir(name)
	files, err := w.disk.List(dir)
	if err != nil {
		return err
	}
	files = slices.DeleteFunc(files, func(f string) bool { b, _, _ := maildir.Split(f); return b != base })
	keep := len(files) - 1
	if e, err := w.lookup(context.Background(), id); err == nil {
		for _, p := range e.Places {
			i := slices.Index(files, filepath.Base(w.names.path(id, p.Mailbox, p.Flags)))
			if p.Mailbox == mailbox && i >= 0 {
				keep = i
			}
		}
	}
	for i, f := range files {
		double := filepath.Join(dir, f)
		if i == keep {
			continue
		}
		have, err := w.digestName(double)
		if err != nil {
			return err
		}
		if have != id {
			err = in.setAside(double, have, "adopted:"+w.rel(double), "octets do not fit the file's name")
		} else {
			err = w.disk.Remove(double)
			in.dirs[dir] = true
		}
		if err != nil {
			return err
		}
		w.found(Finding{Code: CodeDoubleFile, Path: w.rel(double), ID: id, Detail: "removed: " + files[keep] + " is the same"})
	}
	return nil
}

// list writes the line for a file that has its right name.
func (in *intake) list(name string, m Meta, id, key ID, size int64, here bool) error {
	st, err := in.w.disk.Stat(name)
	if err != nil {
		return err
	}
	now := in.w.tune.now()
	m.Received = st.ModTime()
	in.b.line()
	if here {
		in.b.lines = placedLine(in.b.lines, now, id, m)
	} else {
		in.b.lines = storedLine(in.b.lines, now, id, key, size, m)
	}
	in.b.places[place{id, m.Mailbox}] = true
	in.touch(filepath.Dir(name))
	return nil
}

// touch has the cur or new of a folder synced, and the folders above.
func (in *intake) touch(dir string) {
	in.dirs[dir], in.dirs[filepath.Dir(dir)], in.dirs[in.w.names.mail] = true, true, true
}

// placedInFolder is placed, also for a mailbox whose name was too long to be
// told from its folder.
func (w *Writer) placedInFolder(id ID, off int64, mailbox, folder string) bool {
	if w.known.placed(id, off, mailbox) {
		return true
	}
	if maildir.Folder(mailbox) == folder {
		return false
	}
	e, err := w.lookup(context.Background(), id)
	if err != nil {
		return false
	}
	for _, p := range e.Places {
		if maildir.Folder(p.Mailbox) == folder {
			return true
		}
	}
	return false
}

// removed reports whether the last line about id is an order to remove it.
func (w *Writer) removed(id ID) bool {
	e, err := w.lookup(context.Background(), id)
	return err == nil && e.Gone
}

// setAside moves a file that cannot stay in mail/ to quarantine.
func (in *intake) setAside(name string, have ID, origin, reason string) error {
	w := in.w
	dir := filepath.Join(w.dir, "quarantine")
	if err := w.disk.MkdirAll(dir); err != nil {
		return err
	}
	to := filepath.Join(dir, have.String())
	if err := w.disk.Rename(name, to); err != nil {
		return err
	}
	if err := w.syncFile(to); err != nil {
		return err
	}
	in.b.add(kindKept, stamp(w.tune.now()), origin, have.String(), reason)
	in.dirs[dir] = true
	in.touch(filepath.Dir(name))
	return nil
}

// digestFile reads a file: ID, Key and size.
func digestFile(f durable.File) (id, key ID, size int64, err error) {
	n, err := f.Size()
	if err != nil {
		return id, key, 0, err
	}
	d := NewDigester()
	buf := make([]byte, max(1, min(n, 128<<10)))
	size, err = io.CopyBuffer(d, io.NewSectionReader(f, 0, n), buf)
	if err != nil {
		return id, key, size, fmt.Errorf("read: %w", err)
	}
	id, key = d.Sums()
	return id, key, size, nil
}
