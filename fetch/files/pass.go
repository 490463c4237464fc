package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"

	"lostpost/archive"
	"lostpost/fetch"
	"lostpost/fetch/eml"
	"lostpost/fetch/maildir"
	"lostpost/fetch/profile"
	"lostpost/fetch/unpack"
)

// A pass reads the place once. Its methods return false when nothing more is to
// be yielded.
type pass struct {
	*Source
	ctx   context.Context
	yield func(*fetch.Message, error) bool
	head  [headSize]byte
	settings
}

// A candidate is one file, on disk or in a container, and where it stands.
type candidate struct {
	fetch.File
	head   []byte
	origin string
	disk   string       // path on disk; of the outermost container, if packed
	rel    string       // the same below the place
	part   part         // on disk
	packed *unpack.File // nil on disk
}

func (c *candidate) inner() []string {
	if c.packed == nil {
		return nil
	}
	return c.packed.Path()
}

// inMaildir reports whether c lies in the cur or new of a Maildir, and the
// flags of its name. On disk fetch/maildir reads such files, but for links.
func (c *candidate) inMaildir() (archive.Flags, bool) {
	name := c.rel
	if c.packed != nil {
		names := c.packed.Path()
		name = names[len(names)-1]
	}
	_, flags, ok := maildir.Place(name, 0)
	return flags, ok
}

// undelivered reports whether c lies in the tmp of a Maildir, where a message
// is written before it is whole.
func (c *candidate) undelivered() bool {
	if c.packed == nil {
		return c.part == tmp
	}
	return path.Base(path.Dir(c.name())) == "tmp" && tmpName.MatchString(path.Base(c.name()))
}

// tmpName is what deliveries name their files: seconds, something unique, host.
var tmpName = regexp.MustCompile(`^[0-9]{9,11}\.[^.]+\..`)

var errUndelivered = errors.New("lies in tmp of a Maildir, so its delivery was never finished")

// name is for people: rel, and "!" before what is inside a container.
func (c *candidate) name() string {
	if c.packed == nil {
		return c.rel
	}
	return c.rel + "!" + c.packed.Name()
}

func (p *pass) item(it item) bool {
	if err := p.ctx.Err(); err != nil {
		p.yield(nil, err)
		return false
	}
	switch {
	case it.err != nil && it.part != covered:
		return p.fail(p.originOf(it), reason(it.err))
	case it.maildir:
		return p.maildir(it)
	case it.part == covered:
		return true
	case it.kind != "":
		p.note(it.kind, it.rel)
		return true
	}
	done := p.consumed.Load()
	more := p.file(it)
	p.consumed.Store(done + it.info.Size())
	return more
}

// maildir yields the messages of a tree of Maildirs.
func (p *pass) maildir(it item) bool {
	origin := p.originOf(it)
	src, err := maildir.Open(it.path, fetch.Options{
		Log: p.opt.Log, Origin: origin, Mailbox: join(p.opt.Mailbox, profile.Folder(it.rel)), Traits: p.traits(it.path),
	})
	if err != nil {
		return p.fail(origin, reason(err))
	}
	defer src.Close()
	for m, err := range src.Messages(p.ctx, fetch.NoState) {
		if m == nil {
			return p.fail(origin, err)
		}
		p.Count()
		m.Mark = ""
		p.sum.addMaildir(m.Mailbox)
		if !p.yield(m, err) {
			return false
		}
		p.consumed.Add(max(m.Size, 0))
	}
	return true
}

// fail reports what cannot be had. It counts as one message, since nobody knows
// how many there are.
func (p *pass) fail(origin string, err error) bool {
	if ctxErr := p.ctx.Err(); ctxErr != nil {
		p.yield(nil, ctxErr)
		return false
	}
	p.Count()
	return p.yield(&fetch.Message{Meta: archive.Meta{Origin: origin}, Size: -1}, err)
}

// file reads one file on disk.
func (p *pass) file(it item) bool {
	if isAttachment(it.path) {
		p.note(kindAttachment, it.rel)
		return true
	}
	origin := p.originOf(it)
	f, err := openRegular(it.path)
	if err != nil {
		return p.fail(origin, reason(err))
	}
	defer f.Close()
	d := &diskFile{File: f, pass: p, name: it.path, done: p.consumed.Load()}
	if d.info, err = f.Stat(); err != nil {
		return p.fail(origin, reason(err))
	}
	n, err := d.ReadAt(p.head[:], 0)
	if err != nil && err != io.EOF {
		return p.fail(origin, reason(err))
	}
	c := &candidate{File: d, head: p.head[:n], origin: origin, disk: it.path, rel: it.rel, part: it.part}
	seq, ok := unpack.Files(d, d.Size(), it.rel, unpack.Limits{Whole: isOLM})
	if !ok || isOLM(c.head, it.rel) {
		return p.candidate(c)
	}
	d.learning = unpack.Kind(c.head) == "zip"
	for f, err := range seq {
		d.learning = false
		if !p.entry(c, f, err) {
			return false
		}
	}
	return true
}

// entry reads one file inside container c.
func (p *pass) entry(c *candidate, f *unpack.File, err error) bool {
	if ctxErr := p.ctx.Err(); ctxErr != nil {
		p.yield(nil, ctxErr)
		return false
	}
	if f == nil {
		return p.fail(damageOrigin(c.origin, err), err)
	}
	in := &candidate{File: f, origin: c.origin + "!" + f.Name(), disk: c.disk, rel: c.rel, packed: f}
	if err != nil {
		return p.fail(damageOrigin(in.origin, err), err)
	}
	n, err := f.ReadAt(p.head[:], 0)
	in.head = p.head[:n]
	if n == 0 && err != nil && err != io.EOF {
		return p.fail(in.origin, err)
	}
	return p.candidate(in)
}

// damageOrigin tells several damages of one container apart.
func damageOrigin(origin string, err error) string {
	var d *unpack.DamageError
	if errors.As(err, &d) {
		return fmt.Sprintf("%s@%d", origin, d.Offset)
	}
	return origin
}

// candidate reads one file that is no container.
func (p *pass) candidate(c *candidate) bool {
	what := recognise(c.head, c.name())
	if _, ok := c.inMaildir(); ok && what.kind == kindOther {
		what = finding{format: formatEML} // a message of one line of text
	}
	what = lookDeeper(c, c.name(), what)
	switch {
	case what.foreign != "":
		p.sum.foreign++
		return p.fail(c.origin, fmt.Errorf("this is %s, which this version does not read", what.foreign))
	case what.format != nil:
		return p.mail(c, what.format)
	}
	if c.packed != nil && len(c.head) == 0 {
		if err := c.packed.Damage(); err != nil { // nothing could be unpacked
			return p.fail(c.origin, err)
		}
	}
	p.note(what.kind, c.name())
	return true
}

// mail yields the messages of one file.
func (p *pass) mail(c *candidate, format *fetch.Format) bool {
	many := format == formatMbox || format == formatDBX
	mailbox := profile.Mailbox(c.rel, c.inner(), many)
	src, err := p.open(c, format, mailbox)
	if err != nil {
		return p.fail(c.origin, err)
	}
	defer src.Close()
	damage, last, err := p.damage(c, format, mailbox)
	if err != nil {
		return p.fail(c.origin, err)
	}
	n := int64(0)
	for m, err := range src.Messages(p.ctx, fetch.NoState) {
		if m == nil {
			return p.fail(c.origin, err)
		}
		n++
		switch {
		case damage != nil && n == last:
			err, damage = damage, nil // its octets are put aside
		case err != nil:
		case c.undelivered():
			err = errUndelivered
		}
		p.Count()
		m.Mark = ""
		if flags, ok := c.inMaildir(); ok {
			m.Flags = flags
		} else if c.packed == nil && format == formatEML {
			deleted := false
			if m.Flags, deleted = p.mhFlags(c.disk); deleted {
				m.Traits = append(m.Traits, "deleted")
			}
		}
		if format == formatOLM && err == nil {
			p.sum.addOLM(m.Mailbox)
		}
		if !p.yield(m, err) {
			return false
		}
	}
	p.sum.add(c, format, mailbox, n)
	if damage != nil {
		return p.fail(c.origin, damage)
	}
	if n == 0 {
		p.note(kindOther, c.name())
	}
	return true
}

func (p *pass) open(c *candidate, format *fetch.Format, mailbox string) (fetch.Source, error) {
	opt := fetch.Options{Log: p.opt.Log, Origin: c.origin, Mailbox: join(p.opt.Mailbox, mailbox), Traits: p.opt.Traits}
	if c.packed != nil {
		return format.Open(c, opt)
	}
	opt.Traits = p.traits(c.disk)
	if format == formatEMLX {
		root := openAttachments(c.disk)
		if root == nil {
			return format.Open(c, opt)
		}
		defer root.Close() // the message is put together when it is opened
		return eml.OpenEMLX(c, root.FS(), opt)
	}
	return format.Open(c, opt)
}

// damage says what is wrong with a file from a container, and the number of
// the last message before it breaks off, which is not whole. Only a damaged
// file is read twice for that.
func (p *pass) damage(c *candidate, format *fetch.Format, mailbox string) (damage error, last int64, err error) {
	if c.packed == nil {
		return nil, 0, nil
	}
	damage = c.packed.Damage()
	switch {
	case damage == nil, format == formatOLM: // its own reader finds what is missing
		return nil, 0, nil
	case format == formatDBX:
		return damage, 0, nil // its reader marks what is not whole
	case format != formatMbox:
		return damage, 1, nil
	case errors.Is(damage, unpack.ErrChecksum):
		return damage, 0, nil // any of its messages may be the wrong one
	}
	src, err := p.open(c, format, mailbox)
	if err != nil {
		return nil, 0, err
	}
	defer src.Close()
	for m := range src.Messages(p.ctx, fetch.NoState) {
		if m != nil {
			last++
		}
	}
	return damage, last, nil
}

func join(above, below string) string {
	if above == "" || below == "" {
		return above + below
	}
	return above + "/" + below
}

// openRegular opens a file that is still a regular one.
func openRegular(path string) (*os.File, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return os.Open(path)
}

// A diskFile is a file on disk that notes how far it was read, and stops
// reading when the pass is to end.
type diskFile struct {
	*os.File
	pass *pass
	name string
	info fs.FileInfo
	done int64 // Consumed before this file

	// The directory of a zip lies at its end and is read before the first
	// entry and between entries. Its place is learned, and reads there do
	// not count.
	learning  bool
	directory int64 // 0: none
}

func (d *diskFile) ReadAt(b []byte, off int64) (int, error) {
	if err := d.pass.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := d.File.ReadAt(b, off)
	switch {
	case d.learning:
		if off >= headSize && (d.directory == 0 || off < d.directory) {
			d.directory = off
		}
	case d.directory == 0 || off < d.directory:
		if at := d.done + off + int64(n); at > d.pass.consumed.Load() {
			d.pass.consumed.Store(at)
		}
	}
	return n, err
}

func (d *diskFile) Size() int64                { return d.info.Size() }
func (d *diskFile) Name() string               { return d.name }
func (d *diskFile) Stat() (fs.FileInfo, error) { return d.info, nil }
