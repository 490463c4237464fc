package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"lostpost/archive"
	"lostpost/fetch"
)

// A pick is one version of one row.
type pick struct {
	row     *draft
	version *draftVersion
}

// pick finds the draft that arg names: in the last list, or in the list of
// paths.
func (a *app) pick(ctx context.Context, arg string, paths []string) (*pick, error) {
	number, version, _ := strings.Cut(arg, ".")
	if !isRow(number) || version != "" && !isRow(version) {
		if len(arg) < 6 || strings.Trim(arg, "0123456789abcdef") != "" {
			return nil, fail(exitFailed, "It is a row (1), a version of a row (1.2), or the beginning of an id.", "%q names no draft.", arg)
		}
		number = ""
	}
	rows, err := a.rowsFor(ctx, number, paths)
	if err != nil {
		return nil, err
	}
	if number == "" {
		return pickID(rows, arg)
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > len(rows) {
		return nil, fail(exitFailed, "It has "+count(int64(len(rows)), "row")+". See it again: "+strings.TrimSpace("lostpost drafts "+quoted(paths)), "the list has no row %s.", number)
	}
	p := &pick{row: rows[n-1]}
	p.version = p.row.version(p.row.Longest)
	if version != "" {
		k, err := strconv.Atoi(version)
		if err != nil || k < 1 || k > len(p.row.Versions) {
			return nil, fail(exitFailed, "See them: lostpost drafts why "+number, "row %s has no version %s.", number, version)
		}
		p.version = &p.row.Versions[k-1]
	}
	return p, nil
}

// rowsFor gives the rows that a number or an id is looked up in.
func (a *app) rowsFor(ctx context.Context, number string, paths []string) ([]*draft, error) {
	if len(paths) == 0 && number != "" {
		return a.lastDrafts()
	}
	h := a.newHunt(nil)
	if err := h.search(ctx, paths); err != nil {
		return nil, err
	}
	return h.rows(number == "", time.Time{}), nil
}

// pickID finds the one version whose id begins with prefix.
func pickID(rows []*draft, prefix string) (*pick, error) {
	var found *pick
	for _, r := range rows {
		for i := range r.Versions {
			v := &r.Versions[i]
			if !strings.HasPrefix(v.ID, prefix) || found != nil && found.version.ID == v.ID {
				continue
			}
			if found != nil {
				return nil, fail(exitFailed, "Give more digits of the id.", "more than one draft begins with %s.", prefix)
			}
			found = &pick{r, v}
		}
	}
	if found == nil {
		return nil, fail(exitNone, "Received mail is no draft; any message is shown by: lostpost show "+prefix, "no draft has an id that begins with %s.", prefix)
	}
	return found, nil
}

// remembered is a row with what its JSON form does not say.
type remembered struct {
	Row   *draft
	Spots []spot
}

func (a *app) draftsFile() string { return filepath.Join(a.stateDir(), "last-drafts.json") }

// rememberDrafts keeps the list, so that rows can be named.
func (a *app) rememberDrafts(rows []*draft) {
	if len(rows) == 0 {
		return
	}
	var ids []archive.ID
	var list []remembered
	for _, r := range rows {
		id, err := archive.ParseID(r.Longest)
		if err != nil {
			return
		}
		ids = append(ids, id)
		m := remembered{Row: r}
		for _, v := range r.Versions {
			m.Spots = append(m.Spots, v.at)
		}
		list = append(list, m)
	}
	a.remember(ids)
	b, err := json.Marshal(list)
	if err == nil {
		err = errors.Join(os.MkdirAll(a.stateDir(), 0o700), os.WriteFile(a.draftsFile(), b, 0o600))
	}
	if err != nil {
		a.note("rows cannot be named later: %v", err)
	}
}

// lastDrafts reads the list back.
func (a *app) lastDrafts() ([]*draft, error) {
	b, err := os.ReadFile(a.draftsFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fail(exitFailed, "Make one: lostpost drafts PATH. Without a terminal give the path again: lostpost drafts show 1 PATH", "there is no list of drafts yet.")
	}
	var list []remembered
	if err == nil {
		err = json.Unmarshal(b, &list)
	}
	if err != nil {
		return nil, err
	}
	var rows []*draft
	for _, m := range list {
		if m.Row == nil || len(m.Spots) != len(m.Row.Versions) || len(m.Spots) == 0 {
			return nil, fail(exitFailed, "Make it again: lostpost drafts PATH", "%s cannot be read.", a.tilde(a.draftsFile()))
		}
		for i := range m.Spots {
			m.Row.Versions[i].at = m.Spots[i]
		}
		rows = append(rows, m.Row)
	}
	return rows, nil
}

// with opens a version for fn.
func (a *app) with(ctx context.Context, v *draftVersion, fn func(*item) error) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	if v.archived() {
		arc, err := a.open()
		if err != nil {
			return err
		}
		defer arc.Close()
		return withArchived(ctx, arc, id, fn)
	}
	if v.at.Shown == "-" {
		return fail(exitFailed, "Save it to a file, and name that.", "standard input cannot be read again.")
	}
	src, err := openLoose(v.at.Source, a)
	if err != nil {
		return err
	}
	defer src.Close()
	for m, err := range src.Messages(ctx, fetch.NoState) {
		if m == nil {
			return err
		}
		path, offset := splitOrigin(m.Origin, src.Name(), v.at.Shown)
		if err != nil || offset != v.at.Offset || path != v.at.Path && fileName(path, m.Flags) != v.at.Path {
			continue
		}
		it := &item{path: v.at.Path, meta: m.Meta, index: v.at.Index, offset: offset}
		same := false
		err := a.withBody(it, m, func(it *item) error {
			if same = it.id == id; same {
				return fn(it)
			}
			return nil
		})
		if same || err != nil {
			return err
		}
	}
	return fail(exitFailed, "Make the list again: lostpost drafts "+v.at.Shown, "%s is no longer what it was when it was listed.", v.at.Path)
}
