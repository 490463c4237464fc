package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"lostpost/archive"
	"lostpost/fetch"
	"lostpost/internal/term"
)

// importDry reads everything as an import would and stores nothing: not even
// an archive is made.
func (a *app) importDry(ctx context.Context, paths []string, f *importFlags) error {
	arc, err := archive.Open(a.dir(), archive.Options{Log: a.log()})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		arc = nil
	case err != nil:
		return err
	default:
		defer arc.Close()
	}
	places, code, err := a.openPlaces(ctx, paths, f)
	if err != nil {
		return err
	}
	t := &importTotal{code: code}
	d := dryRun{arc: arc, fresh: map[archive.ID]bool{}, total: t}
	for _, p := range places {
		if err := d.place(ctx, p); notMail(err, p.path) {
			x := a.explain(ctx, err)
			fmt.Fprintf(a.err, "lostpost: %s\n", term.Sanitize(x.msg+" "+x.todo))
			t.code = worse(t.code, exitFailed)
		} else if err != nil {
			return err
		}
	}
	if a.json {
		err := writeJSON(a.buf, summary{Type: "summary", Schema: 1, Seen: &t.seen, Stored: &t.stored, Duplicate: &t.duplicate, Failed: &t.failed, Bytes: &t.bytes})
		return errors.Join(err, statusOf(t.code))
	}
	a.printf("%s seen = %s would be stored (%s) + %s already there + %s not readable. Nothing was changed.\n",
		term.Number(t.seen), term.Number(t.stored), term.Size(t.bytes), term.Number(t.duplicate), term.Number(t.failed))
	for _, x := range t.failures {
		a.note("  %s     %s", a.fitOrigin(x), oneLine(x.Reason))
	}
	return statusOf(t.code)
}

// A dryRun counts what an import would do.
type dryRun struct {
	arc   *archive.Archive // nil: there is none yet
	fresh map[archive.ID]bool
	total *importTotal
}

// maxDryFailures bounds how many failures of one path are named.
const maxDryFailures = 1000

// place counts the messages of one path.
func (d *dryRun) place(ctx context.Context, p place) error {
	defer p.src.Close()
	var r fetch.Report
	defer func() { d.total.add(p, r) }()
	for m, err := range p.src.Messages(ctx, fetch.NoState) {
		if m == nil && err != nil {
			return err
		}
		r.Seen++
		var id archive.ID
		var size int64
		if err == nil {
			h := sha256.New()
			size, err = io.Copy(h, m.Body)
			h.Sum(id[:0])
		}
		if err != nil {
			r.Failed++
			if len(r.Failures) < maxDryFailures {
				r.Failures = append(r.Failures, fetch.Failure{Origin: m.Origin, Reason: err.Error()})
			}
			continue
		}
		known := d.fresh[id]
		if !known && d.arc != nil {
			_, err := d.arc.Lookup(ctx, id)
			known = err == nil
		}
		if known {
			r.Duplicate++
			continue
		}
		d.fresh[id] = true
		r.Stored++
		r.Bytes += size
	}
	return nil
}
