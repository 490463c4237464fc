package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"lostpost/archive"
	"lostpost/archive/role"
	"lostpost/decode"
	"lostpost/decode/header"
	"lostpost/drafts"
	"lostpost/fetch"
	"lostpost/fetch/files"
	"lostpost/internal/term"
)

// A hunt looks through places for drafts.
type hunt struct {
	*app
	words    []string // lower case; a text must have all of them
	found    []*drafts.Candidate
	where    map[*drafts.Candidate]spot
	wordless map[*drafts.Candidate]bool // does not have the words
	owners   drafts.Owners
	seen     int64    // messages
	failed   int64    // could not be had
	others   int64    // drafts without the words
	searched []string // absolute paths
	kinds    []string // what lies there, in the words of files.Source
	early    *early   // nil: nobody waits for answers
}

// A spot is where a message lies.
type spot struct {
	Source string // absolute path; "" in the archive
	Shown  string // the path as the user gave it
	Path   string // of the file, with the place inside it
	Index  int
	Offset int64 // in that file, -1 if not known
}

func (a *app) newHunt(words []string) *hunt {
	h := &hunt{app: a, where: make(map[*drafts.Candidate]spot), wordless: make(map[*drafts.Candidate]bool)}
	for _, w := range words {
		h.words = append(h.words, strings.ToLower(w))
	}
	return h
}

// search looks through paths, or through the archive if there are none.
func (h *hunt) search(ctx context.Context, paths []string) error {
	if len(paths) == 0 {
		return h.archive(ctx)
	}
	for _, p := range paths {
		if err := h.path(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// families judges what was found and gathers it.
func (h *hunt) families() []drafts.Family {
	return drafts.Group(slices.Values(h.found), &h.owners)
}

// headBytes is how much of a message is read to see whether it can be a draft.
// Servers write their lines at the beginning.
const headBytes = 64 << 10

func (h *hunt) archive(ctx context.Context) error {
	if !exists(filepath.Join(h.dir(), "FORMAT")) {
		todo := "Look in a file or folder, as it is:   lostpost drafts PATH"
		for _, p := range h.mailPrograms(nil) {
			if !p.unread {
				todo += "\n" + p.program + " is on this computer:   lostpost drafts " + shellQuote(h.tilde(p.path))
			}
		}
		return fail(exitBroken, todo, "no archive at %s.", h.tilde(h.dir()))
	}
	arc, err := h.open()
	if err != nil {
		return err
	}
	defer arc.Close()
	st, err := arc.Stat(ctx)
	if err != nil {
		return err
	}
	progress := term.NewProgress(h.err, h.progressMode())
	defer progress.Close()
	job := progress.Start("reading the archive", st.Bytes)
	defer job.Done()
	done := int64(0)
	for e, err := range arc.List(ctx, 0) {
		switch {
		case err != nil:
			return err
		case e.Gone:
			continue
		}
		h.seen++
		if err := h.entry(ctx, arc, e); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			h.failed++
			progress.Print("lostpost: " + term.Sanitize(h.explain(ctx, err).msg))
		}
		done += e.Size
		job.Set(done)
		h.tellEarly(progress)
	}
	return nil
}

// entry looks at one message of the archive, once for each of its places.
func (h *hunt) entry(ctx context.Context, arc *archive.Archive, e archive.Entry) error {
	f, err := arc.Get(ctx, e.ID)
	if err != nil {
		return err
	}
	defer f.Close()
	head := make([]byte, min(headBytes, f.Size))
	if n, err := f.ReadAt(head, 0); err != nil && n < len(head) {
		return err
	}
	fields, _, _ := header.Parse(head, 0)
	possible := false
	for _, meta := range e.Places {
		possible = possible || drafts.Possible(meta, fields)
	}
	if !possible {
		return nil
	}
	d, err := decode.Decode(ctx, f, f.Size, decode.Options{})
	if err != nil {
		return err
	}
	for _, meta := range e.Places {
		h.add(e.ID, meta, d, spot{Index: -1, Offset: -1})
	}
	return nil
}

// add keeps a message that may be a draft.
func (h *hunt) add(id archive.ID, meta archive.Meta, d *decode.Message, at spot) {
	h.owners.Learn(meta, d.Header)
	c := drafts.NewCandidate(id, meta, d)
	h.found = append(h.found, c)
	h.where[c] = at
	if len(h.words) > 0 {
		text := strings.ToLower(d.Subject + "\n" + people(d.Header, "To") + "\n" + drafts.Text(meta, d))
		h.wordless[c] = slices.ContainsFunc(h.words, func(w string) bool { return !strings.Contains(text, w) })
	}
	if h.early == nil || h.wordless[c] {
		return
	}
	if v := drafts.Judge(meta, d, &h.owners); v.State.Lost() && v.State != drafts.Probable {
		h.early.add(c)
	}
}

// path looks through a file or a folder.
func (h *hunt) path(ctx context.Context, shown string) error {
	name := shown
	if shown == "-" {
		f, err := h.stdinFile()
		if err != nil {
			return err
		}
		defer os.Remove(f)
		name = f
	}
	source, err := filepath.Abs(name)
	if err != nil {
		return err
	}
	src, err := openLoose(source, h.app)
	if err != nil {
		return err
	}
	defer src.Close()
	progress := term.NewProgress(h.err, h.progressMode())
	defer progress.Close()
	_, total := src.Totals()
	job := progress.Start("reading "+shown, total)
	defer job.Done()
	h.searched = append(h.searched, source)
	defer func() { h.kinds = append(h.kinds, src.Describe()) }()
	index := make(map[string]int)
	for m, err := range src.Messages(ctx, fetch.NoState) {
		if m == nil {
			return err
		}
		at := spot{Source: source, Shown: shown}
		at.Path, at.Offset = splitOrigin(m.Origin, src.Name(), shown)
		if err != nil {
			h.failed++
			progress.Print("lostpost: " + term.Sanitize(at.Path+": "+err.Error()))
			continue
		}
		at.Index = index[at.Path]
		index[at.Path]++
		h.seen++
		if err := h.loose(ctx, m, at); err != nil {
			return err
		}
		job.Set(src.Consumed())
		h.tellEarly(progress)
	}
	return nil
}

// openLoose opens a file or folder. The name of a folder counts as the mailbox
// above all that is in it if it says what it is for: "Drafts.mbox" of Apple
// Mail, ".Drafts" of a Maildir.
func openLoose(source string, a *app) (*files.Source, error) {
	opt := fetch.Options{Log: a.log()}
	name := strings.TrimPrefix(strings.TrimSuffix(filepath.Base(source), ".mbox"), ".")
	if st, err := os.Stat(source); err == nil && st.IsDir() && role.Of(name) != role.None {
		opt.Mailbox = name
	}
	return files.Open(source, opt)
}

// loose looks at one message of a file.
func (h *hunt) loose(ctx context.Context, m *fetch.Message, at spot) error {
	head, err := io.ReadAll(io.LimitReader(m.Body, headBytes))
	if err != nil {
		h.failed++
		h.note("%s: %v", at.Path, err)
		return nil
	}
	fields, _, _ := header.Parse(head, 0)
	if !drafts.Possible(m.Meta, fields) {
		return nil
	}
	m.Body = io.MultiReader(bytes.NewReader(head), m.Body)
	return h.withBody(&item{path: at.Path}, m, func(it *item) error {
		d, err := it.decode(ctx, decode.Options{})
		if err != nil {
			return err
		}
		at.Path = fileName(at.Path, m.Flags)
		h.add(it.id, m.Meta, d, at)
		return nil
	})
}

// fileName is the path with the flags that stand in the name of a file of a
// Maildir, which an origin leaves out because they change.
func fileName(p string, flags archive.Flags) string {
	if dir := path.Base(path.Dir(filepath.ToSlash(p))); dir != "cur" {
		return p
	}
	if _, err := os.Lstat(p); !errors.Is(err, fs.ErrNotExist) {
		return p
	}
	if full := p + ":2," + string(flags); exists(full) {
		return full
	}
	return p
}

// stdinFile copies stdin to a temporary file.
func (a *app) stdinFile() (string, error) {
	f, err := os.CreateTemp("", "lostpost-stdin-*")
	if err != nil {
		return "", err
	}
	_, err = io.Copy(f, a.in)
	if err := errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}
