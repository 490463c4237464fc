package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"

	"lostpost/archive"
	"lostpost/fetch"
	"lostpost/internal/term"
)

// held is what the archive has, as a dry run needs it. It stands in for the
// state that only a Writer can give, because a dry run takes no lock.
type held struct {
	origins map[string]archive.ID
	keys    map[archive.ID]bool // SHA-256 with CRLF read as LF
}

// Known reports a copy that was taken before.
func (h *held) Known(origin string) (archive.ID, bool) {
	id, ok := h.origins[origin]
	return id, ok
}

// Mark is none: every mailbox is looked at.
func (h *held) Mark() string { return "" }

// hold reads what the archive has of a source. No archive holds nothing.
func (a *app) hold(ctx context.Context, source string) (*held, error) {
	h := &held{origins: map[string]archive.ID{}, keys: map[archive.ID]bool{}}
	arc, err := archive.Open(a.dir(), archive.Options{Log: a.log()})
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		return nil, err
	}
	defer arc.Close()
	for e, err := range arc.List(ctx, 0) {
		if err != nil {
			return nil, err
		}
		if e.Gone {
			continue
		}
		h.keys[e.Key] = true
		for _, p := range e.Places {
			if strings.HasPrefix(p.Origin, source) {
				h.origins[p.Origin] = e.ID
			}
		}
	}
	return h, nil
}

// fetchDry says what a fetch would store. It reads what is new, because only
// the octets tell whether a message is here from another place.
func (a *app) fetchDry(ctx context.Context, c *connection) error {
	h, err := a.hold(ctx, c.src.Name())
	if err != nil {
		return err
	}
	var rep fetch.Report
	var failed failures
	fail := func(m *fetch.Message, err error) {
		rep.Failed++
		failed.take(fetch.Item{Origin: m.Origin, Result: fetch.Quarantined, Reason: err.Error()})
	}
	for m, err := range c.src.Messages(ctx, h) {
		if m == nil {
			return err
		}
		if errors.Is(err, fetch.ErrFlags) || errors.Is(err, fetch.ErrGone) {
			continue
		}
		rep.Seen++
		if err != nil {
			fail(m, err)
			continue
		}
		sum := archive.NewDigester()
		n, err := io.Copy(sum, m.Body)
		if err != nil {
			fail(m, err)
			continue
		}
		_, key := sum.Sums()
		if h.keys[key] {
			rep.Duplicate++
			continue
		}
		h.keys[key] = true
		rep.Stored++
		rep.Bytes += n
	}
	listed := rep.Seen
	if s, ok := c.src.(fetch.Counter); ok {
		listed = s.Listed()
	}
	known := listed - rep.Seen
	if a.json {
		return writeJSON(a.buf, summary{Type: "summary", Schema: 1, Listed: &listed, Known: &known, Seen: &rep.Seen, Stored: &rep.Stored,
			Duplicate: &rep.Duplicate, Failed: &rep.Failed, Bytes: &rep.Bytes})
	}
	a.printf("%s\n%s on the server = %s here before + %s would be stored (%s) + %s already there in another place + %s not readable. Nothing was changed.\n",
		oneLine(c.how()), term.Number(listed), term.Number(known), term.Number(rep.Stored), term.Size(rep.Bytes), term.Number(rep.Duplicate), term.Number(rep.Failed))
	a.printFailures(failed)
	return nil
}
