// Package maildir reads mail from a Maildir, or from a tree of them.
//
// Formats: Maildir (D. J. Bernstein, cr.yp.to/proto/maildir.html): one file a
// message in the folders cur and new, flags in the file name; Maildir++
// (Courier, Dovecot, Evolution): mailboxes as folders ".A.B" beside them, names
// in modified UTF-7 (RFC 3501 section 5.1.3); folders in folders (Dovecot's
// LAYOUT=fs, KMail with its ".A.directory"). Keywords of Dovecot are read from
// dovecot-keywords.
//
// A draft has the flag D; a message with the flag T is deleted and not yet
// removed, and gets the trait "deleted". The time of a file is when its message
// was received.
//
// Promises. The octets of a message are those of its file. A file that another
// program renames while it is read is looked for under its new name, so other
// programs may use the tree meanwhile. Symbolic links in the tree are not
// followed, and only ordinary files are opened.
//
// Not supported: messages in tmp, whose delivery never ended; mdbox and sdbox;
// files that Dovecot's zlib plugin packed.
package maildir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"lostpost/archive"
	"lostpost/archive/maildir"
	"lostpost/fetch"
)

// maxDepth bounds how deep mailboxes may lie in each other.
const maxDepth = 64

// Is reports whether dir is a Maildir: a folder with cur and with new or tmp.
func Is(dir string) bool {
	return isDir(filepath.Join(dir, "cur")) && (isDir(filepath.Join(dir, "new")) || isDir(filepath.Join(dir, "tmp")))
}

func isDir(name string) bool {
	info, err := os.Lstat(name)
	return err == nil && info.IsDir()
}

// Place reads the name of a message in a Maildir: mailbox below the top of the
// tree and flags, for trees that are read from elsewhere than a disk. name has
// "/" between levels, as in "Maildir/.Sent/cur/17.M1.host:2,S"; top is how many
// levels at its start lead to the top of the tree. ok is false if the file does
// not lie in cur or new, or its name begins with a dot.
func Place(name string, top int) (mailbox string, flags archive.Flags, ok bool) {
	levels := strings.Split(name, "/")
	n := len(levels)
	if n < top+2 || levels[n-2] != "cur" && levels[n-2] != "new" || strings.HasPrefix(levels[n-1], ".") {
		return "", "", false
	}
	_, f, _ := maildir.Split(levels[n-1])
	return mailboxOf(levels[top : n-2]), archive.Flags(maildir.CleanFlags(f)), true
}

// mailboxOf is the mailbox of a folder, given by the names that lead to it.
func mailboxOf(levels []string) string {
	var names []string
	for _, l := range levels {
		if s, ok := strings.CutSuffix(l, ".directory"); ok && len(s) > 1 && s[0] == '.' {
			l = s[1:] // KMail: the folders below "A" lie in ".A.directory"
		}
		if l == "" {
			continue
		}
		if l[0] != '.' {
			l = "." + strings.ReplaceAll(l, ".", "%2E") // a dot in it separates nothing
		}
		if m, _ := maildir.Mailbox(l); m != "" {
			names = append(names, m)
		}
	}
	return maildir.Clean(strings.Join(names, "/"))
}

// Open gives the messages of all mailboxes in the tree below dir. Its origins
// are opt.Origin and the path of the file below dir, without flags. opt.Mailbox
// stands before the names of the mailboxes. The Source is a fetch.Counter and
// a fetch.Marker.
//
// Errors: those of opening dir.
func Open(dir string, opt fetch.Options) (fetch.Source, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	s := &source{root: root, opt: opt, name: opt.Origin}
	if s.name == "" {
		s.name = fetch.FileOrigin(dir)
	}
	s.Look = s.look
	return s, nil
}

type source struct {
	fetch.Tally
	root *os.Root
	opt  fetch.Options
	name string
}

func (s *source) Name() string { return s.name }
func (s *source) Close() error { return s.root.Close() }

// look takes the fingerprint of all files of the tree that may hold messages,
// and of what the caller wants.
func (s *source) look() *fetch.Fingerprint {
	p := &fetch.Fingerprint{}
	p.AddText("mailbox", s.opt.Mailbox)
	for box, err := range s.mailboxes() {
		if err != nil {
			p.Add(box, nil)
			continue
		}
		for _, sub := range []string{"new", "cur"} {
			names, err := s.list(path.Join(box, sub))
			if err != nil {
				p.Add(path.Join(box, sub), nil)
			}
			for _, n := range names {
				name := path.Join(box, sub, n)
				info, err := s.root.Lstat(name)
				if err != nil {
					info = nil
				}
				p.Add(name, info)
			}
		}
	}
	return p
}

// mailboxes yields the folders of the tree that hold cur or new, parents
// first, else in the order of their names; and, with an error, those that
// cannot be looked into.
func (s *source) mailboxes() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) { s.walk(".", 0, yield) }
}

func (s *source) walk(dir string, depth int, yield func(string, error) bool) bool {
	if depth > maxDepth {
		return yield(dir, errors.New("folders lie too deep in each other"))
	}
	entries, err := s.readDir(dir)
	if err != nil {
		return yield(dir, err)
	}
	is := false
	for _, e := range entries {
		is = is || e.IsDir() && (e.Name() == "cur" || e.Name() == "new")
	}
	if is && !yield(dir, nil) {
		return false
	}
	for _, e := range entries {
		part := is && (e.Name() == "cur" || e.Name() == "new" || e.Name() == "tmp")
		if e.IsDir() && !part && !s.walk(path.Join(dir, e.Name()), depth+1, yield) {
			return false
		}
	}
	return true
}

// readDir lists a folder in the order of names. Names need not be UTF-8, so an
// fs.FS would not do.
func (s *source) readDir(dir string) ([]fs.DirEntry, error) {
	f, err := s.root.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, err
}

// list gives the names of the messages in a folder cur or new, in order.
func (s *source) list(dir string) ([]string, error) {
	entries, err := s.readDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, err
}

func (s *source) Messages(ctx context.Context, st fetch.State) iter.Seq2[*fetch.Message, error] {
	return func(yield func(*fetch.Message, error) bool) {
		if ctx.Err() != nil {
			yield(nil, ctx.Err())
			return
		}
		if s.Skip(st) {
			return
		}
		for box, err := range s.mailboxes() {
			if err != nil {
				if !s.unreadable(box, err, yield) {
					return
				}
				continue
			}
			// new before cur: a mail program moves messages from the one
			// to the other, and in this order none is missed.
			for _, sub := range []string{"new", "cur"} {
				if !s.folder(ctx, box, sub, yield) {
					return
				}
			}
		}
		s.End()
	}
}

// folder yields the messages of one folder cur or new.
func (s *source) folder(ctx context.Context, box, sub string, yield func(*fetch.Message, error) bool) bool {
	dir := path.Join(box, sub)
	names, err := s.list(dir)
	if err != nil && !s.unreadable(dir, err, yield) {
		return false
	}
	f := folder{source: s, box: box, sub: sub, keywords: s.keywords(box), seen: map[string]bool{}}
	f.mailbox = s.opt.Mailbox
	if box != "." {
		f.mailbox = strings.TrimPrefix(path.Join(f.mailbox, mailboxOf(strings.Split(box, "/"))), "/")
	}
	for _, name := range names {
		if ctx.Err() != nil {
			yield(nil, ctx.Err())
			return false
		}
		s.Count()
		if !f.message(name, yield) {
			return false
		}
	}
	return true
}

// unreadable yields a folder that cannot be listed as one message that cannot
// be had.
func (s *source) unreadable(dir string, err error, yield func(*fetch.Message, error) bool) bool {
	s.Count()
	m := &fetch.Message{Size: -1}
	m.Origin = s.name + "/" + dir
	return yield(m, fmt.Errorf("list: %w", err))
}
