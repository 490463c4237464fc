package main

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"lostpost/archive"
	"lostpost/decode"
	"lostpost/index"
	"lostpost/index/local"
	"lostpost/index/query"
	"lostpost/internal/term"
)

type searchFlags struct {
	sort   string
	limit  int
	page   string
	output string
	whyNot string
	nul    bool
}

func (a *app) searchCommand() *cobra.Command {
	var f searchFlags
	cmd := &cobra.Command{
		Use:         "search QUERY...",
		GroupID:     "read",
		Short:       "Find messages",
		Long:        "Search prints the newest messages that match. The words of the command line are joined by spaces, so a phrase needs quotes inside quotes: '\"open invoice\"'. The last line says how much of the archive was searched. The language: lostpost help query.",
		Example:     "  lostpost search from:anna invoice\n  lostpost search '\"open invoice\"' date:2024 has:attachment\n  lostpost search subject:offer -from:bob --sort relevance",
		Annotations: map[string]string{"takes": "query"},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.search(cmd.Context(), strings.Join(args, " "), &f)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.sort, "sort", "date", "`ORDER`: date (newest first), oldest, relevance or size")
	fl.IntVar(&f.limit, "limit", 20, "at most `N` messages on a page")
	fl.StringVar(&f.page, "page", "", "the page that begins after `CURSOR` (the last line names it)")
	fl.StringVar(&f.output, "output", "messages", "`WHAT`: messages, ids, mids, files, count, people, labels, mailboxes")
	fl.StringVar(&f.whyNot, "why-not", "", "say which part of the query fails on message `ID`")
	fl.BoolVarP(&f.nul, "null", "0", false, "with ids, mids, files: NUL between them")
	return cmd
}

// everything counts all messages of an index.
var everything = index.Request{Query: query.All{}, Limit: 1, Count: true}

var sorts = map[string]index.Sort{"date": index.Newest, "oldest": index.Oldest, "relevance": index.Relevance, "size": index.Largest}

// facetFields are the outputs of search that are facets.
var facetFields = map[string]query.Field{"people": "contact", "labels": "label", "mailboxes": "in"}

func (a *app) search(ctx context.Context, text string, f *searchFlags) error {
	if strings.TrimSpace(text) == "" {
		return fail(exitFailed, "Give a word: lostpost search WORD. All messages: lostpost search '*'", "nothing to search for.")
	}
	order, ok := sorts[f.sort]
	if !ok {
		return fail(exitFailed, "It is date, oldest, relevance or size.", "--sort cannot be %q.", f.sort)
	}
	q, err := query.Parse(text, a.now())
	if err != nil {
		return err
	}
	arc, err := a.open()
	if err != nil {
		return err
	}
	defer arc.Close()
	ix, err := a.reader(arc)
	if err != nil {
		return err
	}
	defer ix.Close()
	if f.whyNot != "" {
		return a.whyNot(ctx, arc, ix, q, f.whyNot)
	}
	switch f.output {
	case "messages":
		return a.searchMessages(ctx, arc, ix, index.Request{Query: q, Sort: order, Limit: f.limit, After: f.page, Marks: true})
	case "count":
		res, err := ix.Search(ctx, index.Request{Query: q, Limit: 1, Count: true})
		if err != nil {
			return err
		}
		a.printf("%d\n", res.Total)
		return noneIfZero(res.Total)
	case "ids", "mids", "files":
		return a.searchNames(ctx, arc, ix, index.Request{Query: q, Sort: order, Limit: 1000, After: f.page}, f)
	}
	field, ok := facetFields[f.output]
	if !ok {
		return fail(exitFailed, "It is messages, ids, mids, files, count, people, labels or mailboxes.", "--output cannot be %q.", f.output)
	}
	res, err := ix.Search(ctx, index.Request{Query: q, Limit: 1, Facets: []query.Field{field}})
	if err != nil {
		return err
	}
	for _, c := range res.Facets[field] {
		a.printf("%d\t%s\n", c.N, oneLine(c.Value))
	}
	return noneIfZero(int64(len(res.Facets[field])))
}

func noneIfZero(n int64) error {
	if n == 0 {
		return status(exitNone)
	}
	return nil
}

func (a *app) indexDir() string { return filepath.Join(a.dir(), "index") }

// reader opens what the last import left. Search never builds an index.
func (a *app) reader(arc *archive.Archive) (index.Index, error) {
	ix, err := local.OpenReader(a.indexDir(), local.Options{Log: a.log(), Message: func(ctx context.Context, id archive.ID) (*decode.Message, error) {
		f, err := arc.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return decode.Decode(ctx, f, f.Size, decode.Options{})
	}})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fail(exitFailed, "Make it: lostpost index", "the archive %s has no index yet.", a.tilde(a.dir()))
	}
	return ix, err
}

// searchMessages prints one page of messages and how much was searched.
func (a *app) searchMessages(ctx context.Context, arc *archive.Archive, ix index.Index, r index.Request) error {
	res, err := ix.Search(ctx, r)
	if err != nil {
		return err
	}
	all, err := ix.Search(ctx, everything)
	if err != nil {
		return err
	}
	st, err := arc.Stat(ctx)
	if err != nil {
		return err
	}
	var rows []row
	var ids []archive.ID
	for i, h := range res.Hits {
		m, rw, err := a.hit(ctx, arc, h)
		if err != nil {
			a.note("%s: %s", h.ID.String()[:12], a.explain(ctx, err).msg)
			continue
		}
		if a.json {
			if err := writeJSON(a.buf, m); err != nil {
				return err
			}
		}
		rw.n = i + 1
		rows = append(rows, rw)
		ids = append(ids, h.ID)
	}
	if a.json {
		if err := writeJSON(a.buf, summary{Type: "summary", Schema: 1, Total: &res.Total, Exact: &res.Exact, Next: res.Next,
			Indexed: &all.Total, Stored: &st.Messages, Took: res.Took.Seconds()}); err != nil {
			return err
		}
		return noneIfZero(int64(len(res.Hits)))
	}
	a.list(rows)
	a.remember(ids)
	a.coverage(res, all.Total, st.Messages)
	if len(res.Hits) == 0 {
		return a.nothingFound(ctx, ix, r.Query)
	}
	return nil
}

// coverage is the last line: found, of how many, and what was not searched. On
// a pipe it goes to stderr, so that stdout holds rows alone.
func (a *app) coverage(res index.Result, indexed, stored int64) {
	say := a.note
	if a.outTerminal() {
		say = func(format string, args ...any) { a.printf(format+"\n", args...) }
	}
	found := term.Number(res.Total)
	if !res.Exact {
		found = "more than " + term.Number(res.Total)
	}
	cover := "complete"
	if indexed < stored {
		cover = term.Number(indexed) + " of " + term.Number(stored) + "; the rest is not searched yet (lostpost index)"
	}
	say("%s of %s. Index: %s.", found, count(stored, "message"), cover)
	if res.Next != "" {
		say("The next page: --page %s", res.Next)
	}
}

// nothingFound says which parts of the query would have matched alone.
func (a *app) nothingFound(ctx context.Context, ix index.Index, q query.Expr) error {
	and, ok := q.(query.And)
	if !ok || len(and.List) > 8 || a.quiet {
		return status(exitNone)
	}
	var alone []string
	for _, e := range and.List {
		res, err := ix.Search(ctx, index.Request{Query: e, Limit: 1, Count: true})
		if err != nil {
			return err
		}
		alone = append(alone, quoted(e)+" "+term.Number(res.Total))
	}
	a.note("No message has all of it. Alone: %s.", strings.Join(alone, ", "))
	return status(exitNone)
}

func quoted(e query.Expr) string { return "\"" + e.String() + "\"" }

// hit makes the list row and the JSON of one hit.
func (a *app) hit(ctx context.Context, arc *archive.Archive, h index.Hit) (*message, row, error) {
	f, err := arc.Get(ctx, h.ID)
	if err != nil {
		return nil, row{}, err
	}
	defer f.Close()
	d, err := decode.Decode(ctx, f, f.Size, decode.Options{})
	if err != nil {
		return nil, row{}, err
	}
	var m message
	m.keep(f.Entry)
	m.describe(d)
	for _, s := range h.Snippet {
		m.Snippet = append(m.Snippet, span(s))
	}
	rw := row{id: a.shortID(ctx, arc, h.ID), date: a.clock(h.Date), from: sender(d.Header), subject: d.Subject,
		marks: marks(&m, d), snippet: m.Snippet}
	return &m, rw, nil
}

// marks are the letters behind a row: @ attachment, D draft, ! problem.
func marks(m *message, d *decode.Message) string {
	var b strings.Builder
	if len(m.Attachments) > 0 {
		b.WriteByte('@')
	}
	for _, f := range m.Flags {
		if f == "draft" {
			b.WriteByte('D')
		}
	}
	if lossy(d) {
		b.WriteByte('!')
	}
	return b.String()
}

// shortID is the shortest unique beginning of an id, at least 8 digits.
func (a *app) shortID(ctx context.Context, arc *archive.Archive, id archive.ID) string {
	s := id.String()
	for n := 8; n < len(s); n++ {
		if _, err := arc.Resolve(ctx, s[:n]); err == nil {
			return s[:n]
		}
	}
	return s
}

// hits gives every message that matches q.
func (a *app) hits(ctx context.Context, arc *archive.Archive, q query.Expr) ([]archive.ID, error) {
	ix, err := a.reader(arc)
	if err != nil {
		return nil, err
	}
	defer ix.Close()
	var ids []archive.ID
	err = pages(ctx, ix, index.Request{Query: q, Limit: 1000}, func(h index.Hit) error {
		ids = append(ids, h.ID)
		return nil
	})
	return ids, err
}

// pages calls fn for every hit of every page.
func pages(ctx context.Context, ix index.Index, r index.Request, fn func(index.Hit) error) error {
	for {
		res, err := ix.Search(ctx, r)
		if err != nil {
			return err
		}
		for _, h := range res.Hits {
			if err := fn(h); err != nil {
				return err
			}
		}
		if res.Next == "" || len(res.Hits) == 0 {
			return nil
		}
		r.After = res.Next
	}
}

// searchNames prints every hit as a name, one a line.
func (a *app) searchNames(ctx context.Context, arc *archive.Archive, ix index.Index, r index.Request, f *searchFlags) error {
	end := "\n"
	if f.nul {
		end = "\x00"
	}
	n := int64(0)
	err := pages(ctx, ix, r, func(h index.Hit) error {
		n++
		switch f.output {
		case "ids":
			a.printf("%s%s", h.ID, end)
		case "files":
			p, err := arc.Path(ctx, h.ID)
			if err != nil {
				return err
			}
			a.printf("%s%s", p, end)
		case "mids":
			return withArchived(ctx, arc, h.ID, func(it *item) error {
				d, err := it.decode(ctx, decode.Options{})
				if err != nil {
					return err
				}
				for _, id := range d.Header.MessageIDs("Message-ID") {
					a.printf("%s%s", oneLine(id), end)
				}
				return nil
			})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return noneIfZero(n)
}

// whyNot says for each clause of the query whether it holds on one message.
func (a *app) whyNot(ctx context.Context, arc *archive.Archive, ix index.Index, q query.Expr, arg string) error {
	ids, err := a.resolve(ctx, arc, arg)
	if err != nil {
		return err
	}
	code := exitOK
	for _, id := range ids {
		err := withArchived(ctx, arc, id, func(it *item) error {
			d, err := it.decode(ctx, decode.Options{})
			if err != nil {
				return err
			}
			clauses, err := ix.Explain(ctx, q, index.Document{Entry: *it.entry, Message: d})
			if err != nil {
				return err
			}
			label := a.shortID(ctx, arc, id)
			for _, c := range clauses {
				word := "yes"
				if !c.Holds {
					word, code = "no", exitNone
					if len(c.Near) > 0 {
						word += ": it has " + strings.Join(c.Near, ", ")
					}
				}
				a.printf("%-9s %-24s %s\n", label, oneLine(c.Query), oneLine(word))
				label = ""
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if code != exitOK {
		return status(code)
	}
	return nil
}
