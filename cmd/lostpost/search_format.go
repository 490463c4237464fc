package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"lostpost/archive"
	"lostpost/decode"
	"lostpost/index"
	"lostpost/index/query"
)

// searchAs prints hits in the form of another program.
func (a *app) searchAs(ctx context.Context, page *pageReader, ix index.Index, r index.Request, f *searchFlags) error {
	if f.output != "messages" && f.output != "threads" {
		return fail(exitFailed, "It goes with --output messages or threads.", "--format %s cannot be had with --output %s.", f.format, f.output)
	}
	fold := r.Fold
	r.Fold = false // of what is written somewhere, each message counts
	dir, links := strings.CutPrefix(f.format, "links=")
	switch {
	case f.format == "json":
		a.json = true
		if f.output == "threads" {
			return a.searchThreads(ctx, page.arc, ix, r)
		}
		r.Marks, r.Fold = true, fold
		return a.searchMessages(ctx, page, ix, r)
	case f.format == "notmuch":
		return a.searchNotmuch(ctx, page.arc, ix, r)
	case links && dir != "":
		return a.searchLinks(ctx, page.arc, ix, r, dir, f)
	case f.format == "mbox":
		return a.searchMail(ctx, page.arc, ix, r, &exportFlags{format: "mbox", out: "-", split: "none"}, f)
	}
	if dir, ok := strings.CutPrefix(f.format, "eml="); ok && dir != "" {
		return a.searchMail(ctx, page.arc, ix, r, &exportFlags{format: "eml", out: dir, split: "none"}, f)
	}
	return fail(exitFailed, "It is text, json, notmuch, links=DIR, mbox or eml=DIR.", "--format cannot be %q.", f.format)
}

// A notmuchThread is one element of what "notmuch search --format=json" prints
// (schemata, version 5, "thread_summary").
type notmuchThread struct {
	Thread       string    `json:"thread"`
	Timestamp    int64     `json:"timestamp"`
	DateRelative string    `json:"date_relative"`
	Matched      int       `json:"matched"`
	Total        int       `json:"total"`
	Authors      string    `json:"authors"`
	Subject      string    `json:"subject"`
	Query        []*string `json:"query"` // that matches the matched messages, and the others or null
	Tags         []string  `json:"tags"`
}

// searchNotmuch prints threads as notmuch does: an array on one line, or [].
func (a *app) searchNotmuch(ctx context.Context, arc *archive.Archive, ix index.Index, r index.Request) error {
	r.Threads = true
	res, err := ix.Search(ctx, r)
	if err != nil {
		return err
	}
	a.widened(res)
	if res.Widened != nil {
		r.Query = res.Widened
	}
	list := make([]notmuchThread, 0, len(res.Hits))
	for _, h := range res.Hits {
		t, err := a.notmuchThread(ctx, arc, ix, r, h)
		if err != nil {
			return err
		}
		list = append(list, t)
	}
	b, err := json.Marshal(list)
	if err != nil {
		return err
	}
	a.printf("%s\n", escapeControls(b))
	return noneIfZero(int64(len(list)))
}

// notmuchThread reads the messages of a thread for their names.
func (a *app) notmuchThread(ctx context.Context, arc *archive.Archive, ix index.Index, r index.Request, h index.Hit) (notmuchThread, error) {
	t := notmuchThread{
		Thread: h.Thread.ID.String(), DateRelative: relativeDate(h.Date, a.now()),
		Matched: h.Thread.Matched, Total: len(h.Thread.Messages), Subject: threadSubject(h.Subject), Tags: []string{},
	}
	if !h.Date.IsZero() {
		t.Timestamp = h.Date.Unix()
	}
	var names, ids [2][]string // of those that match, of the others
	for _, id := range h.Thread.Messages {
		err := withArchived(ctx, arc, id, func(it *item) error {
			d, err := it.decode(ctx, decode.Options{})
			if err != nil {
				return err
			}
			clauses, err := ix.Explain(ctx, query.Not{X: r.Query}, index.Document{Entry: *it.entry, Message: d, Facts: indexFacts(*it.entry, d)})
			if err != nil {
				return err
			}
			which := 0
			if len(clauses) > 0 && clauses[0].Holds {
				which = 1
			}
			if name := author(d); !slices.Contains(names[which], name) {
				names[which] = append(names[which], name)
			}
			for _, mid := range d.Header.MessageIDs("Message-ID") {
				ids[which] = append(ids[which], "id:"+mid)
			}
			t.Tags = append(t.Tags, notmuchTags(*it.entry, d)...)
			return nil
		})
		if err != nil {
			return t, err
		}
	}
	t.Authors = strings.Join(names[0], ", ")
	if others := slices.DeleteFunc(names[1], func(n string) bool { return slices.Contains(names[0], n) }); len(others) > 0 {
		t.Authors += "| " + strings.Join(others, ", ")
	}
	t.Query = []*string{ptr(strings.Join(ids[0], " ")), nil}
	if len(ids[1]) > 0 {
		t.Query[1] = ptr(strings.Join(ids[1], " "))
	}
	slices.Sort(t.Tags)
	t.Tags = slices.Compact(t.Tags)
	return t, nil
}

// threadSubject takes off one mark of an answer, as notmuch does.
func threadSubject(s string) string {
	for _, mark := range []string{"re: ", "aw: ", "vs: ", "sv: "} {
		if len(s) >= len(mark) && strings.EqualFold(s[:len(mark)], mark) {
			return s[len(mark):]
		}
	}
	return s
}

// author is the name of the first author, else the address.
func author(d *decode.Message) string {
	list, _ := d.Header.Addresses("From", "")
	switch {
	case len(list) == 0:
		return d.Header.Value("From")
	case list[0].Name != "":
		return list[0].Name
	}
	return list[0].Addr
}

// notmuchTags gives the tags that notmuch takes from Maildir flags, and labels.
func notmuchTags(e archive.Entry, d *decode.Message) []string {
	var tags []string
	seen := false
	for _, p := range e.Places {
		for letter, tag := range map[string]string{"D": "draft", "F": "flagged", "P": "passed", "R": "replied"} {
			if strings.Contains(string(p.Flags), letter) {
				tags = append(tags, tag)
			}
		}
		seen = seen || strings.Contains(string(p.Flags), "S")
		if p.Mailbox == "" {
			tags = append(tags, "inbox")
		}
		tags = append(tags, labels(p)...)
	}
	if !seen {
		tags = append(tags, "unread")
	}
	if slices.ContainsFunc(d.Parts, func(p *decode.Part) bool { return p.Attachment }) {
		tags = append(tags, "attachment")
	}
	return tags
}

// relativeDate is a date as notmuch shows it.
func relativeDate(t, now time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	const day = 24 * time.Hour
	t = t.In(now.Location())
	age := now.Sub(t)
	switch {
	case age < 0 || age > 180*day:
		return t.Format("2006-01-02")
	case age < time.Hour:
		return fmt.Sprintf("%d mins. ago", int(age.Minutes()))
	case age >= 7*day:
		return t.Format("January 02")
	case t.YearDay() == now.YearDay():
		return "Today " + t.Format("15:04")
	case t.YearDay() == now.Add(-day).YearDay():
		return "Yest. " + t.Format("15:04")
	}
	return t.Format("Mon. 15:04")
}

// searchLinks makes a Maildir of links to the messages, for mutt, aerc, mblaze.
func (a *app) searchLinks(ctx context.Context, arc *archive.Archive, ix index.Index, r index.Request, dir string, f *searchFlags) error {
	switch entries, err := os.ReadDir(dir); {
	case err == nil && len(entries) > 0:
		return fail(exitFailed, "Name a folder that is empty or does not exist.", "%s is not empty.", a.tilde(dir))
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return err
		}
	}
	n := int64(0)
	r.Limit = 1000
	err := pages(ctx, ix, r, func(h index.Hit) error {
		if f.limited && n == int64(f.limit) {
			return errEnough
		}
		p, err := arc.Path(ctx, h.ID)
		if err != nil {
			return err
		}
		if p, err = filepath.Abs(p); err != nil {
			return err
		}
		n++
		return os.Symlink(p, filepath.Join(dir, "cur", filepath.Base(p)))
	})
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	a.note("%s in %s.", count(n, "link"), a.tilde(dir))
	return noneIfZero(n)
}

// searchMail writes the messages themselves, as export does, in the order of
// the search: an mbox to stdout, or .eml files into a folder.
func (a *app) searchMail(ctx context.Context, arc *archive.Archive, ix index.Index, r index.Request, out *exportFlags, f *searchFlags) error {
	x := &exporter{app: a, flags: out, arc: arc}
	var copies []exportCopy
	r.Limit = 1000
	err := pages(ctx, ix, r, func(h index.Hit) error {
		if f.limited && len(copies) == f.limit {
			return errEnough
		}
		e, err := arc.Lookup(ctx, h.ID)
		if err != nil {
			return err
		}
		x.messages++
		copies = append(copies, exportCopy{h.ID, e.Size, e.Places[0]})
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	if len(copies) == 0 {
		return status(exitNone)
	}
	if err := x.writeAll(ctx, map[string][]exportCopy{"": copies}, func() {}); err != nil {
		return err
	}
	return x.summary()
}
