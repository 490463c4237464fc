package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"lostpost/archive/ledger"
	"lostpost/archive/maildir"
	"lostpost/internal/durable"
)

// Check reads every message and compares names, sizes, hashes, ledger and
// folders. It yields what it finds and repairs nothing. A message that is
// sound yields nothing. Beside a Writer in another process it passes over what
// that one may be about to finish. It needs some 150 octets of memory for each
// message and hashes on all cores.
func (a *Archive) Check(ctx context.Context, opt CheckOptions) iter.Seq2[Finding, error] {
	return func(yield func(Finding, error) bool) {
		c := &checker{a: a, quick: opt.Quick, busy: durable.Held(filepath.Join(a.dir, "lock"))}
		err := c.run(ctx, func(s spot) bool { return yield(s.Finding, nil) })
		if err != nil && !errors.Is(err, errEnough) {
			yield(Finding{}, fmt.Errorf("archive: %w", err))
		}
	}
}

// errEnough says that the caller wants no more.
var errEnough = errors.New("enough")

// A spot is a finding with what Repair needs to mend it.
type spot struct {
	Finding
	name    string // path of the file
	mailbox string
	folder  string
	mail    bool   // a regular file in cur or new
	off     int64  // of a bad line
	other   string // a file elsewhere that has the octets of a missing one
}

// A checker is one run of Check.
type checker struct {
	a     *Archive
	quick bool
	busy  bool // a Writer is at work
	yield func(spot) bool

	folders []string // names; held.places are indexes
	number  map[string]int
	held    map[ID]*held
	kept    map[string]int64     // names in quarantine
	strays  map[ID]string        // foreign files that hold a message of the ledger
	links   map[ID][]fs.FileInfo // files of messages with several places that were hashed
}

// Held is what the ledger says of one message, in little memory.
type held struct {
	off    int64
	size   int64
	places []int32
	seen   []int32
	gone   bool
}

func (c *checker) run(ctx context.Context, yield func(spot) bool) error {
	c.yield = func(s spot) bool { return yield(s) }
	c.number, c.held, c.kept = map[string]int{}, map[ID]*held{}, map[string]int64{}
	c.strays, c.links = map[ID]string{}, map[ID][]fs.FileInfo{}
	for _, step := range []func(context.Context) error{c.ledger, c.tree, c.missing, c.quarantine} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) say(s spot) error {
	if !c.yield(s) {
		return errEnough
	}
	return nil
}

// ledger reads all lines, before the folders are listed.
func (c *checker) ledger(ctx context.Context) error {
	f, err := c.a.disk.Open(filepath.Join(c.a.dir, "ledger"))
	if errors.Is(err, fs.ErrNotExist) {
		return c.say(spot{Finding: Finding{Code: CodeLedgerLost, Path: "ledger", Detail: "there is no ledger; the messages are in mail/"}})
	}
	if err != nil {
		return err
	}
	defer f.Close()
	r := ledger.NewReader(f, 0)
	var bad []ledger.Line
	mended := map[int64]bool{}
	var rw row
	for n := 0; ; n++ {
		if n%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		l, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if l.Bad {
			bad = append(bad, ledger.Line{Offset: l.Offset, End: l.End})
		} else if rw.parse(&l) {
			c.note(&rw, mended)
		}
	}
	for _, l := range bad {
		if mended[l.Offset] {
			continue
		}
		if err := c.say(tornLine(l.Offset, l.End-l.Offset)); err != nil {
			return err
		}
	}
	if r.Tail() > 0 && !c.busy {
		return c.say(tornLine(r.Offset(), r.Tail()))
	}
	return nil
}

func tornLine(off, n int64) spot {
	return spot{off: off, Finding: Finding{Code: CodeTornLine, Path: "ledger",
		Detail: fmt.Sprintf("line at octet %d, %d octets long, is not whole", off, n)}}
}

func (c *checker) note(r *row, mended map[int64]bool) {
	switch r.kind {
	case kindMended:
		mended[r.count(1)] = true
		return
	case kindKept:
		c.kept[r.fields[2].Text()] = r.off
		return
	case kindStored, kindPlaced, kindRemove:
	default:
		return
	}
	id, ok := r.id()
	if !ok {
		return
	}
	h := c.held[id]
	if r.kind == kindRemove {
		if h != nil {
			h.gone = true
		}
		return
	}
	if h == nil && r.kind == kindPlaced {
		return
	}
	if h == nil || h.gone {
		h = &held{off: r.off, size: r.count(3)}
		c.held[id] = h
	}
	if n := c.folder(maildir.Folder(r.mailbox())); !slices.Contains(h.places, n) {
		h.places = append(h.places, n)
	}
}

// folder gives a folder name its number.
func (c *checker) folder(name string) int32 {
	n, ok := c.number[name]
	if !ok {
		n = len(c.folders)
		c.number[name] = n
		c.folders = append(c.folders, name)
	}
	return int32(n)
}

// tree goes through mail/.
func (c *checker) tree(ctx context.Context) error {
	if err := c.root(); err != nil {
		return err
	}
	folders, err := c.a.folderNames()
	if err != nil {
		return err
	}
	for _, folder := range folders {
		for _, sub := range subfolders {
			dir := filepath.Join(c.a.names.mail, folder, sub)
			files, err := c.a.disk.List(dir)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return err
			}
			for part := range slices.Chunk(files, 64) {
				if err := c.files(ctx, folder, dir, part); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// root looks at what lies beside the folders, and into tmp.
func (c *checker) root() error {
	mail := c.a.names.mail
	all, err := c.a.disk.List(mail)
	if err != nil {
		return err
	}
	folders, err := c.a.folderNames()
	if err != nil {
		return err
	}
	for _, name := range all {
		if name == "cur" || name == "new" || name == "tmp" || maildir.Foreign(name) || slices.Contains(folders, name) {
			continue
		}
		path := filepath.Join(mail, name)
		if err := c.say(spot{name: path, Finding: Finding{Code: CodeForeignFile, Path: c.a.rel(path), Detail: "belongs to no Maildir"}}); err != nil {
			return err
		}
	}
	left, err := c.a.disk.List(filepath.Join(mail, "tmp"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, name := range left {
		if _, ours := fileID(name); !ours || c.busy {
			continue
		}
		path := filepath.Join(mail, "tmp", name)
		if err := c.say(spot{name: path, Finding: Finding{Code: CodeLeftoverTmp, Path: c.a.rel(path), Detail: "left by a run that was stopped"}}); err != nil {
			return err
		}
	}
	return nil
}

// A look is one file as it was read.
type look struct {
	info fs.FileInfo
	id   ID
	read bool // id is known
	gone bool // renamed or removed since the listing
	err  error
}

// files looks at some files of one folder, reading them on all cores, and
// reports in order.
func (c *checker) files(ctx context.Context, folder, dir string, names []string) error {
	looks := make([]look, len(names))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, name := range names {
		g.Go(func() error {
			looks[i] = c.look(name, filepath.Join(dir, name))
			return gctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, name := range names {
		if looks[i].gone {
			continue
		}
		if err := c.judge(folder, filepath.Join(dir, name), looks[i]); err != nil {
			return err
		}
	}
	return nil
}

// look reads a file, unless its octets were read under another name.
func (c *checker) look(name, path string) (l look) {
	if l.info, l.err = c.a.disk.Stat(path); l.err != nil {
		l.gone = errors.Is(l.err, fs.ErrNotExist)
		return l
	}
	if c.quick || maildir.Foreign(name) || !l.info.Mode().IsRegular() {
		return l
	}
	base, _, _ := maildir.Split(name)
	if id, ok := fileID(base); ok {
		if h := c.held[id]; h != nil && h.size != l.info.Size() {
			return l // reported by its size
		}
		if slices.ContainsFunc(c.links[id], func(fi fs.FileInfo) bool { return os.SameFile(fi, l.info) }) {
			l.id, l.read = id, true
			return l
		}
	}
	f, err := c.a.disk.Open(path)
	if err != nil {
		l.err, l.gone = err, errors.Is(err, fs.ErrNotExist)
		return l
	}
	defer f.Close()
	l.id, _, _, l.err = digestFile(f)
	l.read = l.err == nil
	return l
}

// judge compares one file with the ledger.
func (c *checker) judge(folder, path string, l look) error {
	name := filepath.Base(path)
	mailbox, _ := maildir.Mailbox(folder)
	s := spot{name: path, mailbox: mailbox, folder: folder, Finding: Finding{Path: c.a.rel(path)}}
	s.mail = l.err == nil && l.info.Mode().IsRegular()
	report := func(code, detail string, severe bool) error {
		s.Code, s.Detail, s.Severe = code, detail, severe
		return c.say(s)
	}
	base, _, _ := maildir.Split(name)
	id, ours := fileID(base)
	if !ours || l.err == nil && !s.mail {
		if maildir.Foreign(name) {
			return nil
		}
		if l.read && c.held[l.id] != nil {
			c.strays[l.id] = path
		}
		return report(CodeForeignFile, "mail that the archive did not put there", false)
	}
	s.ID = id
	h := c.held[id]
	switch {
	case l.err != nil:
		c.see(h, folder)
		return report(CodeHashMismatch, "cannot be read: "+l.err.Error(), true)
	case h != nil && !h.gone && h.size != l.info.Size():
		c.see(h, folder)
		return report(CodeSizeMismatch, fmt.Sprintf("%d octets, not %d", l.info.Size(), h.size), true)
	case l.read && l.id != id:
		c.see(h, folder)
		return report(CodeHashMismatch, "SHA-256 of its octets is "+l.id.String(), true)
	case c.busy && (h == nil || h.gone || !slices.Contains(h.places, c.folder(folder))):
		return nil // the writer at work may be about to list it
	case h == nil:
		return report(CodeUnlistedFile, "no ledger line names it", false)
	case h.gone:
		return report(CodeGoneFile, "the message was removed by order", false)
	case !slices.Contains(h.places, c.folder(folder)):
		return report(CodeUnlistedPlace, "no ledger line has it in this mailbox", false)
	}
	if slices.Contains(h.seen, c.folder(folder)) {
		return report(CodeDoubleFile, "the message has another name in this mailbox", false)
	}
	c.see(h, folder)
	if len(h.places) > 1 && l.read {
		c.links[id] = append(c.links[id], l.info)
	}
	return nil
}

func (c *checker) see(h *held, folder string) {
	if n := c.folder(folder); h != nil && !slices.Contains(h.seen, n) {
		h.seen = append(h.seen, n)
	}
}

// missing reports what the ledger has and mail/ has not, in ledger order.
func (c *checker) missing(ctx context.Context) error {
	var ids []ID
	for id, h := range c.held {
		if !h.gone && len(h.seen) < len(h.places) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b ID) int { return cmp.Compare(c.held[a].off, c.held[b].off) })
	for _, id := range ids {
		h := c.held[id]
		e, err := c.a.lookup(ctx, id)
		if err != nil {
			return err
		}
		if h.gone || e.Gone {
			continue // removed since the ledger was read
		}
		for _, p := range e.Places {
			n := c.folder(maildir.Folder(p.Mailbox))
			if slices.Contains(h.seen, n) || !slices.Contains(h.places, n) || c.found(id, p) {
				continue
			}
			if err := c.absent(id, h, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// found looks again for a file that may have been renamed during the listing.
func (c *checker) found(id ID, p Meta) bool {
	c.a.mu.Lock()
	defer c.a.mu.Unlock()
	_, _, err := c.a.names.locate(id, p.Mailbox, p.Flags)
	return err == nil
}

func (c *checker) absent(id ID, h *held, p Meta) error {
	path := c.a.names.path(id, p.Mailbox, p.Flags)
	s := spot{name: path, mailbox: p.Mailbox, other: c.strays[id], Finding: Finding{Path: c.a.rel(path), ID: id}}
	switch {
	case len(h.seen) > 0:
		s.Code, s.Detail = CodeMissingPlace, "it is in another mailbox"
	case s.other != "":
		s.Code, s.Detail = CodeMissingPlace, "its octets are in "+c.a.rel(s.other)
	default:
		s.Code, s.Detail, s.Severe = CodeMissingFile, "the ledger has it, mail/ has not", true
	}
	return c.say(s)
}

// quarantine looks whether the octets put aside are there.
func (c *checker) quarantine(ctx context.Context) error {
	names := make([]string, 0, len(c.kept))
	for n := range c.kept {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, ok := fileID(n); !ok {
			continue // not a name that this program writes: look nowhere else
		}
		_, err := c.a.disk.Stat(filepath.Join(c.a.dir, "quarantine", n))
		if errors.Is(err, fs.ErrNotExist) {
			err = c.say(spot{Finding: Finding{Code: CodeMissingQuarantine, Path: "quarantine/" + n, Severe: true, Detail: "octets put aside are gone"}})
		}
		if err != nil {
			return err
		}
	}
	return nil
}
