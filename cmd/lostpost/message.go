package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"lostpost/archive"
	"lostpost/decode"
	"lostpost/fetch"
	"lostpost/fetch/files"
	"lostpost/index/query"
	"lostpost/internal/term"
)

// An item is one message that an argument names: in the archive, or loose.
type item struct {
	id     archive.ID
	entry  *archive.Entry   // nil if loose
	arc    *archive.Archive // nil if loose
	meta   archive.Meta
	path   string // of the file, with the place inside it; "" if archived
	index  int    // 0-based place in that file
	offset int64  // in that file, -1 if not known
	r      io.ReaderAt
	size   int64
}

// decode reads the whole item; of the first piece of an archived message in
// pieces all of it.
func (it *item) decode(ctx context.Context, opt decode.Options) (*decode.Message, error) {
	d, err := decode.Decode(ctx, it.r, it.size, opt)
	if err == nil && it.arc != nil && d.PartialID() != "" {
		return it.joined(ctx, d, opt)
	}
	return d, err
}

// name is how the item is called in an error.
func (it *item) name() string {
	if it.path != "" {
		return it.path
	}
	return it.id.String()[:12]
}

// each calls fn for every message that args name: rows of the last list, ids,
// Message-IDs, files, folders, "-" for stdin.
func (a *app) each(ctx context.Context, args []string, fn func(*item) error) error {
	var arc *archive.Archive
	for _, arg := range args {
		if !a.namesMessage(arg) {
			if err := a.loose(ctx, arg, fn); err != nil {
				return err
			}
			continue
		}
		if arc == nil {
			var err error
			if arc, err = a.open(); err != nil {
				return err
			}
			defer arc.Close()
		}
		ids, err := a.resolve(ctx, arc, arg)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := withArchived(ctx, arc, id, fn); err != nil {
				return err
			}
		}
	}
	return nil
}

// withArchived opens one message of the archive for fn.
func withArchived(ctx context.Context, arc *archive.Archive, id archive.ID, fn func(*item) error) error {
	f, err := arc.Get(ctx, id)
	if err != nil {
		return err
	}
	defer f.Close()
	return fn(&item{id: id, entry: &f.Entry, arc: arc, meta: f.Places[0], offset: -1, r: f, size: f.Size})
}

// namesMessage reports whether arg is a row, an id or a Message-ID rather than
// a file.
func (a *app) namesMessage(arg string) bool {
	if isRow(arg) || strings.HasPrefix(arg, "id:") || strings.HasPrefix(arg, "<") && strings.HasSuffix(arg, ">") {
		return true
	}
	if arg == "-" {
		return false
	}
	if _, err := os.Lstat(arg); err == nil {
		return false
	}
	return len(arg) >= 6 && len(arg) <= 64 && strings.Trim(arg, "0123456789abcdef") == ""
}

func isRow(arg string) bool {
	return len(arg) >= 1 && len(arg) <= 5 && strings.Trim(arg, "0123456789") == ""
}

// resolve gives the messages of the archive that arg names.
func (a *app) resolve(ctx context.Context, arc *archive.Archive, arg string) ([]archive.ID, error) {
	if isRow(arg) {
		return a.rowID(arg)
	}
	if mid, ok := strings.CutPrefix(arg, "id:"); ok || strings.HasPrefix(arg, "<") {
		if !ok {
			mid = strings.Trim(arg, "<>")
		}
		ids, err := a.hits(ctx, query.Term{Field: "id", Text: mid})
		if err == nil && len(ids) == 0 {
			err = fmt.Errorf("%w: %s", archive.ErrNotFound, arg)
		}
		return ids, err
	}
	id, err := arc.Resolve(ctx, arg)
	if errors.Is(err, archive.ErrAmbiguous) {
		return nil, ambiguous(ctx, arc, arg)
	}
	return []archive.ID{id}, err
}

// ambiguous lists the messages that the beginning of an id fits.
func ambiguous(ctx context.Context, arc *archive.Archive, prefix string) error {
	const most = 10
	ids, err := arc.Matches(ctx, prefix, most+1)
	if err != nil {
		return err
	}
	var list []string
	for _, id := range ids[:min(len(ids), most)] {
		list = append(list, id.String()[:16])
	}
	if len(ids) > most {
		list = append(list, "and more")
	}
	return fail(exitFailed, "Give more digits: "+strings.Join(list, ", "), "%s is the beginning of several messages.", prefix)
}

// lastList is what the last list on a terminal showed.
type lastList struct {
	Archive string   `json:"archive"`
	Rows    []string `json:"rows"`
}

// rowID gives the message in row arg of the last list.
func (a *app) rowID(arg string) ([]archive.ID, error) {
	n, err := strconv.Atoi(arg)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(filepath.Join(a.stateDir(), "last.json"))
	if err != nil {
		return nil, fail(exitFailed, "Rows count in the list that a search prints on a terminal: lostpost search WORD", "there is no list yet, so no row %d.", n)
	}
	var last lastList
	if err := json.Unmarshal(b, &last); err != nil || n < 1 || n > len(last.Rows) {
		return nil, fail(exitFailed, "Search again, or give an id.", "the last list has no row %d.", n)
	}
	id, err := archive.ParseID(last.Rows[n-1])
	return []archive.ID{id}, err
}

// remember keeps a list so that rows can be named. Only terminals make lists;
// a state folder that cannot be written is no reason to fail a search.
func (a *app) remember(ids []archive.ID) {
	if !a.outTerminal() || a.json || len(ids) == 0 {
		return
	}
	last := lastList{Archive: a.dir()}
	for _, id := range ids {
		last.Rows = append(last.Rows, id.String())
	}
	b, err := json.Marshal(last)
	if err != nil {
		return
	}
	if err := os.MkdirAll(a.stateDir(), 0o700); err != nil {
		a.note("rows cannot be named later: %v", err)
		return
	}
	if err := os.WriteFile(filepath.Join(a.stateDir(), "last.json"), b, 0o600); err != nil {
		a.note("rows cannot be named later: %v", err)
	}
}

// loose calls fn for every message of a file, a folder, or stdin. A single
// file that is no container is always one message: nothing is refused.
func (a *app) loose(ctx context.Context, path string, fn func(*item) error) error {
	if path == "-" {
		return a.looseStdin(ctx, fn)
	}
	return a.looseAt(ctx, path, path, fn)
}

// looseStdin keeps stdin in a temporary file, so that it can be read by offset.
func (a *app) looseStdin(ctx context.Context, fn func(*item) error) error {
	f, err := os.CreateTemp("", "lostpost-stdin-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := io.Copy(f, a.in); err != nil {
		return err
	}
	return a.looseAt(ctx, f.Name(), "-", fn)
}

func (a *app) looseAt(ctx context.Context, path, shown string, fn func(*item) error) error {
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	if st.Mode().IsRegular() {
		single, err := a.looseFile(path, shown, fn)
		if single || err != nil {
			return err
		}
	}
	src, err := files.Open(path, fetch.Options{Log: a.log()})
	if err != nil {
		return err
	}
	defer src.Close()
	index := map[string]int{}
	for m, err := range src.Messages(ctx, fetch.NoState) {
		if m == nil && err != nil {
			return err
		}
		inner, offset := splitOrigin(m.Origin, src.Name(), shown)
		if err != nil {
			a.pass(inner, err)
			continue
		}
		it := &item{meta: m.Meta, path: inner, index: index[inner], offset: offset}
		index[inner]++
		if err := a.withBody(it, m, fn); err != nil {
			return err
		}
	}
	return nil
}

// pass names an item that cannot be read; the rest goes on, with exit code 3.
func (a *app) pass(name string, err error) {
	a.passed++
	fmt.Fprintf(a.err, "lostpost: %s\n", term.Sanitize(name+": "+err.Error()))
}

// splitOrigin splits an origin of a file source into the path as the user gave it
// and the offset.
func splitOrigin(origin, name, shown string) (path string, offset int64) {
	rest := strings.TrimPrefix(origin, name)
	offset = -1
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		if n, err := strconv.ParseInt(rest[i+1:], 10, 64); err == nil {
			rest, offset = rest[:i], n
		}
	}
	return shown + rest, offset
}

// looseFile reads a regular file that is neither a container nor an mbox as
// one message. single is false if it is one of those.
func (a *app) looseFile(path, shown string, fn func(*item) error) (single bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return false, err
	}
	head := make([]byte, 4096)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if files.Several(head[:n], st.Name()) {
		return false, nil
	}
	it := &item{path: shown, offset: 0, r: f, size: st.Size()}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, st.Size())); err != nil {
		return true, err
	}
	h.Sum(it.id[:0])
	return true, fn(it)
}

// withBody gives fn an item whose octets can be read by offset.
func (a *app) withBody(it *item, m *fetch.Message, fn func(*item) error) error {
	var head bytes.Buffer
	if _, err := io.CopyN(&head, m.Body, inMemory); err == nil {
		return a.withLargeBody(it, io.MultiReader(&head, m.Body), fn)
	} else if !errors.Is(err, io.EOF) {
		a.pass(it.path, err)
		return nil
	}
	it.id = sha256.Sum256(head.Bytes())
	it.r, it.size = bytes.NewReader(head.Bytes()), int64(head.Len())
	return fn(it)
}

// inMemory is how much of one message of a source is held; a larger one goes
// to a temporary file.
const inMemory = 4 << 20

func (a *app) withLargeBody(it *item, body io.Reader, fn func(*item) error) error {
	f, err := os.CreateTemp("", "lostpost-message-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, h), body)
	if err != nil {
		a.pass(it.path, err)
		return nil
	}
	h.Sum(it.id[:0])
	it.r, it.size = f, n
	return fn(it)
}
