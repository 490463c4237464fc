package main

import (
	"context"
	"strconv"
	"strings"
	"time"

	"lostpost/archive"
	"lostpost/index"
	"lostpost/index/query"
	"lostpost/internal/term"
)

// threadJSON is one thread in a list.
type threadJSON struct {
	Type     string   `json:"type"`
	ID       string   `json:"id"`
	Date     string   `json:"date,omitempty"`
	From     string   `json:"from,omitempty"`
	Subject  string   `json:"subject,omitempty"`
	Matched  int      `json:"matched"`
	Messages []string `json:"messages"`
}

// threadID is the name of a thread: t and the id of its oldest message.
func threadID(t *index.Thread) string { return "t" + t.ID.String() }

// searchThreads prints one row a thread: of the newest message that matches,
// with how many of the thread's messages do.
func (a *app) searchThreads(ctx context.Context, arc *archive.Archive, ix index.Index, r index.Request) error {
	r.Threads = true
	res, err := ix.Search(ctx, r)
	if err != nil {
		return err
	}
	st, err := arc.Stat(ctx)
	if err != nil {
		return err
	}
	var rows []row
	for i, h := range res.Hits {
		if a.json {
			t := threadJSON{Type: "thread", ID: threadID(h.Thread), From: h.From, Subject: h.Subject, Matched: h.Thread.Matched}
			if !h.Date.IsZero() {
				t.Date = h.Date.Format(time.RFC3339)
			}
			for _, id := range h.Thread.Messages {
				t.Messages = append(t.Messages, id.String())
			}
			if err := writeJSON(a.buf, t); err != nil {
				return err
			}
			continue
		}
		of := strconv.Itoa(h.Thread.Matched) + "/" + strconv.Itoa(len(h.Thread.Messages))
		rows = append(rows, row{
			n: i + 1, id: "t" + a.shortID(ctx, arc, h.Thread.ID), date: a.clock(h.Date), from: h.From, subject: h.Subject, marks: of,
		})
	}
	if a.json {
		if err := a.facets(r.Facets, res); err != nil {
			return err
		}
		err = writeJSON(a.buf, summary{Type: "summary", Schema: 1, Total: &res.Total, Exact: &res.Exact, Next: res.Next,
			Indexed: &res.Indexed, Stored: &st.Messages, Took: res.Took.Seconds()})
		if err != nil {
			return err
		}
		return noneIfZero(int64(len(res.Hits)))
	}
	a.list(rows)
	if err := a.facets(r.Facets, res); err != nil {
		return err
	}
	a.widened(res)
	a.coverage(res, res.Indexed, st.Messages)
	return noneIfZero(int64(len(res.Hits)))
}

// widened says that words were looked for inside others.
func (a *app) widened(res index.Result) {
	if res.Widened != nil {
		a.note("Nothing has these words as they are. Found with: %s", res.Widened)
	}
}

// explainQuery prints how a query was read, and what each part finds by itself.
func (a *app) explainQuery(ctx context.Context, ix index.Index, q query.Expr) error {
	res, err := ix.Search(ctx, index.Request{Query: q, Limit: 1, Count: true, Explain: true})
	if err != nil {
		return err
	}
	if a.json {
		return a.explainJSON(q, res)
	}
	a.printf("%s\n", oneLine(q.String()))
	for _, c := range res.Clauses {
		words := strings.Join(c.Terms, " ")
		if len(c.Forms) > 0 {
			words += "   forms: " + strings.Join(c.Forms, " ")
		}
		a.printf("  %10s  %-24s %s\n", term.Number(c.Hits), oneLine(c.Query), oneLine(words))
	}
	a.printf("  %10s  together\n", term.Number(res.Total))
	return noneIfZero(res.Total)
}

func (a *app) explainJSON(q query.Expr, res index.Result) error {
	type part struct {
		Query string   `json:"query"`
		Hits  int64    `json:"hits"`
		Terms []string `json:"terms,omitempty"`
		Forms []string `json:"forms,omitempty"`
	}
	out := struct {
		Type  string `json:"type"`
		Query string `json:"query"`
		Total int64  `json:"total"`
		Parts []part `json:"parts"`
	}{Type: "query", Query: q.String(), Total: res.Total}
	for _, c := range res.Clauses {
		out.Parts = append(out.Parts, part{c.Query, c.Hits, c.Terms, c.Forms})
	}
	if err := writeJSON(a.buf, out); err != nil {
		return err
	}
	return noneIfZero(res.Total)
}
