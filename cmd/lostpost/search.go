package main

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"runtime/debug"
	"strconv"
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
	sort    string
	limit   int
	limited bool // --limit was given
	page    string
	output  string
	whyNot  string
	format  string
	facets  string
	explain bool
	unfold  bool
	nul     bool
}

func (a *app) searchCommand() *cobra.Command {
	var f searchFlags
	cmd := &cobra.Command{
		Use:         "search QUERY...",
		GroupID:     "read",
		Short:       "Find messages",
		Long:        "Search prints the newest messages that match. The words of the command line are joined by spaces, so a phrase needs quotes inside quotes: '\"open invoice\"'. The last line says how much of the archive was searched. Near duplicates are one row, marked +1. The language: lostpost help query.",
		Example:     "  lostpost search from:anna invoice\n  lostpost search '\"open invoice\"' date:2024 has:attachment\n  lostpost search subject:offer -from:bob --sort relevance",
		Annotations: map[string]string{"takes": "query"},
		RunE: func(cmd *cobra.Command, args []string) error {
			f.limited = cmd.Flags().Changed("limit")
			return a.search(cmd.Context(), strings.Join(args, " "), &f)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.sort, "sort", "date", "`ORDER`: date (newest first), oldest, relevance or size")
	fl.IntVar(&f.limit, "limit", 20, "at most `N` messages (of names: all)")
	fl.StringVar(&f.page, "page", "", "the page that begins after `CURSOR` (the last line names it)")
	fl.StringVar(&f.output, "output", "messages", "`WHAT`: messages, threads, ids, mids, files, count, people, labels, mailboxes")
	fl.StringVar(&f.format, "format", "text", "`FORM`: text, json, notmuch (its own JSON, for its front ends), links=DIR (a Maildir of links to the messages), mbox, eml=DIR")
	fl.StringVar(&f.facets, "facets", "", "count all matches by each of `LIST`: people, from, to, date, in, label, type, size, ...")
	fl.BoolVar(&f.unfold, "unfold", false, "a row for every near duplicate, not one for all of them")
	fl.BoolVar(&f.explain, "explain", false, "say how the query was read and what each part of it finds")
	fl.StringVar(&f.whyNot, "why-not", "", "say which part of the query fails on message `ID`, or on a file")
	fl.BoolVarP(&f.nul, "null", "0", false, "with ids, mids, files: NUL between them")
	return cmd
}

// everything counts all messages of an index.
var everything = index.Request{Query: query.All{}, Limit: 1, Count: true}

var sorts = map[string]index.Sort{"date": index.Newest, "oldest": index.Oldest, "relevance": index.Relevance, "size": index.Largest}

func (a *app) search(ctx context.Context, text string, f *searchFlags) error {
	// A search needs a few megabytes and ends: one round of the collector costs
	// it 0.7 of 10 ms. From 16 MB on the collector runs as ever.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	if strings.TrimSpace(text) == "" {
		return fail(exitFailed, "Give a word: lostpost search WORD. All messages: lostpost search '*'", "nothing to search for.")
	}
	order, ok := sorts[f.sort]
	if !ok {
		return fail(exitFailed, "It is date, oldest, relevance or size.", "--sort cannot be %q.", f.sort)
	}
	if f.limit < 1 {
		return fail(exitFailed, "It is 1 or more. How many there are: --output count", "--limit cannot be %d.", f.limit)
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
	page := newPageReader(a, arc)
	ix, err := a.openIndex(local.Options{Log: a.log(), Message: page.message, Attached: page.attached})
	if err != nil {
		return err
	}
	defer ix.Close()
	if f.whyNot != "" {
		return a.whyNot(ctx, arc, ix, q, f.whyNot)
	}
	if f.explain {
		return a.explainQuery(ctx, ix, q)
	}
	r := index.Request{Query: q, Sort: order, Limit: f.limit, After: f.page, Widen: true}
	if f.facets != "" {
		if r.Facets, err = facetList(f.facets); err != nil {
			return err
		}
		if f.output != "messages" && f.output != "threads" || f.format != "text" && f.format != "json" {
			return fail(exitFailed, "It goes with --output messages or threads, as text or JSON.", "--facets cannot be had here.")
		}
	}
	r.Fold = !f.unfold && f.output == "messages"
	if f.format != "text" {
		return a.searchAs(ctx, page, ix, r, f)
	}
	switch f.output {
	case "messages":
		r.Marks = a.json || a.outTerminal()
		return a.searchMessages(ctx, page, ix, r)
	case "threads":
		return a.searchThreads(ctx, arc, ix, r)
	case "count":
		return a.searchCount(ctx, ix, q)
	case "ids", "mids", "files":
		return a.searchNames(ctx, arc, ix, index.Request{Query: q, Sort: order, Limit: 1000, After: f.page}, f)
	}
	field, ok := facetOutputs[f.output]
	if !ok {
		return fail(exitFailed, "It is messages, threads, ids, mids, files, count, people, labels or mailboxes.", "--output cannot be %q.", f.output)
	}
	return a.searchFacet(ctx, ix, q, field)
}

// searchCount prints how many messages match.
func (a *app) searchCount(ctx context.Context, ix index.Index, q query.Expr) error {
	res, err := ix.Search(ctx, index.Request{Query: q, Limit: 1, Count: true, Widen: true})
	if err != nil {
		return err
	}
	a.widened(res)
	if a.json {
		err = writeJSON(a.buf, summary{Type: "summary", Schema: 1, Total: &res.Total, Exact: &res.Exact, Took: res.Took.Seconds()})
	} else {
		a.printf("%d\n", res.Total)
	}
	return errors.Join(err, noneIfZero(res.Total))
}

func noneIfZero(n int64) error {
	if n == 0 {
		return status(exitNone)
	}
	return nil
}

func (a *app) indexDir() string { return filepath.Join(a.dir(), "index") }

// openIndex opens what the last import left. Search never builds an index.
func (a *app) openIndex(opt local.Options) (index.Index, error) {
	ix, err := local.OpenReader(a.indexDir(), opt)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fail(exitFailed, "Make it: lostpost index", "the archive %s has no index yet.", a.tilde(a.dir()))
	}
	return ix, err
}

// searchMessages prints one page of messages and how much was searched.
func (a *app) searchMessages(ctx context.Context, page *pageReader, ix index.Index, r index.Request) error {
	res, err := ix.Search(ctx, r)
	if err != nil && r.After != "" && ctx.Err() == nil {
		return fail(exitFailed, "Take it from the last line of the page before.", "--page: %v.", err)
	}
	if err != nil {
		return err
	}
	st, err := page.arc.Stat(ctx)
	if err != nil {
		return err
	}
	var rows []row
	var ids []archive.ID
	folded := 0
	for _, h := range res.Hits {
		r, err := page.hit(ctx, h)
		if err != nil {
			a.pass(h.ID.String()[:12], errors.New(a.explain(ctx, err).msg))
			continue
		}
		if a.json {
			if err := writeJSON(a.buf, r.json); err != nil {
				return err
			}
		}
		r.row.n = len(rows) + 1
		if n := len(h.Alike); n > 0 {
			r.row.marks += "+" + strconv.Itoa(n)
			folded += n
		}
		rows = append(rows, r.row)
		ids = append(ids, h.ID)
	}
	if a.json {
		if err := a.facets(r.Facets, res); err != nil {
			return err
		}
		err := writeJSON(a.buf, summary{Type: "summary", Schema: 1, Total: &res.Total, Exact: &res.Exact, Next: res.Next,
			Indexed: &res.Indexed, Stored: &st.Messages, Took: res.Took.Seconds()})
		return errors.Join(err, noneIfZero(int64(len(res.Hits))))
	}
	a.list(rows)
	a.remember(ids)
	if err := a.facets(r.Facets, res); err != nil {
		return err
	}
	a.widened(res)
	if folded > 0 {
		a.note("%s of a row (+) not shown: --unfold", count(int64(folded), "near duplicate"))
	}
	a.coverage(res, res.Indexed, st.Messages)
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
func (a *app) hits(ctx context.Context, q query.Expr) ([]archive.ID, error) {
	ix, err := a.openIndex(local.Options{Log: a.log()})
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
	first, err := ix.Search(ctx, index.Request{Query: r.Query, Limit: 1, Widen: true})
	if err != nil {
		return err
	}
	if a.widened(first); first.Widened != nil {
		r.Query = first.Widened
	}
	n := int64(0)
	err = pages(ctx, ix, r, func(h index.Hit) error {
		if f.limited && n == int64(f.limit) {
			return errEnough
		}
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
	if err != nil && err != errEnough {
		return err
	}
	return noneIfZero(n)
}

// errEnough ends a walk over pages.
var errEnough = errors.New("enough")
