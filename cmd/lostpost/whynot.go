package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"lostpost/archive"
	"lostpost/decode"
	"lostpost/index"
	"lostpost/index/query"
	"lostpost/internal/term"
)

// maxClauses bounds how many clauses of a query are tried alone when nothing
// was found.
const maxClauses = 8

// nothingFound says which parts of the query would have matched alone, and a
// wider query that does find something.
func (a *app) nothingFound(ctx context.Context, ix index.Index, q query.Expr) error {
	clauses := []query.Expr{q}
	if and, ok := q.(query.And); ok {
		clauses = and.List
	}
	if a.quiet || len(clauses) > maxClauses {
		return status(exitNone)
	}
	try := func(e query.Expr) (int64, error) {
		res, err := ix.Search(ctx, index.Request{Query: e, Limit: 1, Count: true})
		return res.Total, err
	}
	var alone []string
	var words string
	for _, e := range clauses {
		n, err := try(e)
		if err != nil {
			return err
		}
		alone = append(alone, fmt.Sprintf("%q %s", e.String(), term.Number(n)))
	}
	switch len(clauses) {
	case 1:
	case 2:
		words = "No message has both. " + strings.Join(alone, ", ") + "."
	default:
		words = "No message has all of it. " + strings.Join(alone, ", ") + "."
	}
	wider, err := widen(clauses, try)
	if err != nil {
		return err
	}
	if wider != nil {
		words = strings.TrimSpace(words + " Try: " + wider.String())
	}
	if words != "" {
		a.note("%s", words)
	}
	return status(exitNone)
}

// widen looks for a query that finds something in which one word of the
// clauses is the beginning, a piece, or a misspelling of a word. nil: there is
// none.
func widen(clauses []query.Expr, try func(query.Expr) (int64, error)) (query.Expr, error) {
	for i, e := range clauses {
		t, ok := e.(query.Term)
		if !ok || len([]rune(t.Text)) < 3 || strings.ContainsAny(t.Text, "@.") {
			continue
		}
		for _, e := range []query.Expr{
			query.Prefix{Field: t.Field, Text: t.Text},
			query.Infix{Field: t.Field, Text: t.Text},
			query.Fuzzy{Field: t.Field, Text: t.Text, Edits: 1},
		} {
			list := slices.Clone(clauses)
			list[i] = e
			wider := e
			if len(list) > 1 {
				wider = query.And{List: list}
			}
			// A field that is not made of words takes no such clause.
			if n, err := try(wider); err == nil && n > 0 {
				return wider, nil
			}
		}
	}
	return nil, nil
}

// whyNot says for each clause of the query whether it holds on one message,
// which may be a file.
func (a *app) whyNot(ctx context.Context, arc *archive.Archive, ix index.Index, q query.Expr, arg string) error {
	code := exitOK
	one := func(it *item) error {
		found, err := a.whyNotOne(ctx, arc, ix, q, it)
		if !found {
			code = exitNone
		}
		return err
	}
	if !a.namesMessage(arg) {
		err := a.loose(ctx, arg, func(it *item) error { return a.whyNotFile(ctx, arc, it, one) })
		return cmp.Or(err, statusOf(code))
	}
	ids, err := a.resolve(ctx, arc, arg)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := withArchived(ctx, arc, id, one); err != nil {
			return err
		}
	}
	return statusOf(code)
}

// whyNotFile calls fn for a message of a file, with what the archive knows of
// it if it has it. No query finds what it does not have: that is said first.
func (a *app) whyNotFile(ctx context.Context, arc *archive.Archive, it *item, fn func(*item) error) error {
	e, err := arc.Lookup(ctx, it.id)
	switch {
	case err == nil:
		it.entry = &e
	case errors.Is(err, archive.ErrNotFound):
		a.note("%s is not in the archive: lostpost import PATH. This is what the query would say of it.", it.name())
		it.entry = &archive.Entry{ID: it.id, Size: it.size, Places: []archive.Meta{it.meta}}
	default:
		return err
	}
	return fn(it)
}

// whyNotOne prints the clauses for one message and reports whether the query
// as a whole holds on it.
func (a *app) whyNotOne(ctx context.Context, arc *archive.Archive, ix index.Index, q query.Expr, it *item) (found bool, err error) {
	d, err := it.decode(ctx, a.withAttachments())
	if err != nil {
		return false, err
	}
	doc := index.Document{Entry: *it.entry, Message: d, Facts: indexFacts(*it.entry, d)}
	clauses, err := ix.Explain(ctx, q, doc)
	if err != nil {
		return false, err
	}
	// What stands under a "not" is one clause: it tells of the whole query.
	whole, err := ix.Explain(ctx, query.Not{X: q}, doc)
	if err != nil {
		return false, err
	}
	label := it.path
	if label == "" {
		label = a.shortID(ctx, arc, it.id)
	}
	for _, c := range clauses {
		reason := ""
		if !c.Holds {
			reason = whyNoClause(c, it.entry, d)
		}
		if a.json {
			if err := writeJSON(a.buf, clause{"clause", it.id.String(), c.Query, c.Holds, reason}); err != nil {
				return false, err
			}
			continue
		}
		word := "yes"
		if !c.Holds {
			word = "no"
		}
		if reason != "" {
			word += ": " + reason
		}
		a.printf("%-9s %-16s %s\n", label, oneLine(c.Query), oneLine(word))
		label = ""
	}
	return len(whole) > 0 && !whole[0].Holds, nil
}

// whyNoClause says what the message has instead of what a clause asks for, or
// "" if there is nothing to say.
func whyNoClause(c index.Clause, e *archive.Entry, d *decode.Message) string {
	if len(c.Near) > 0 {
		return "it has " + strings.Join(c.Near, ", ")
	}
	field, value, _ := strings.Cut(strings.TrimLeft(c.Query, "-("), ":")
	say := func(what, have string) string {
		if have == "" {
			return "it has no " + what
		}
		return "its " + what + " is " + have
	}
	switch field {
	case "from", "to", "cc", "bcc":
		name := strings.ToUpper(field[:1]) + field[1:]
		return say(name, people(d.Header, name))
	case "subject":
		return say("subject", d.Subject)
	case "date":
		if d.Date.IsZero() {
			return "it has no date"
		}
		return "it is of " + d.Date.Format("2006-01-02 15:04 -0700")
	case "size":
		return "it has " + term.Number(e.Size) + " octets"
	case "in":
		var boxes []string
		for _, p := range e.Places {
			boxes = append(boxes, mailboxName(p.Mailbox))
		}
		return "it is in " + strings.Join(boxes, ", ")
	case "is":
		var flags []string
		for _, p := range e.Places {
			flags = append(flags, flagWords(p.Flags)...)
		}
		if flags == nil {
			return "it has no flags"
		}
		slices.Sort(flags)
		return "it is " + strings.Join(slices.Compact(flags), ", ")
	case "id":
		return say("Message-ID", strings.Join(d.Header.MessageIDs("Message-ID"), " "))
	case "list":
		list, _ := d.Header.Text("List-Id", "")
		return say("List-Id", list)
	case "header":
		name, _, _ := strings.Cut(value, "=")
		text, _ := d.Header.Text(name, "")
		return say(name, text)
	case "lang":
		return "it declares no language"
	case "source":
		return say("source", e.Places[0].Origin)
	case "has", "type", "filename", "attached":
		if value == "problem" {
			return ""
		}
		return partsInWords(d)
	}
	return ""
}

// partsInWords says what a message is made of: "its only part is text/plain".
func partsInWords(d *decode.Message) string {
	var kinds []string
	for _, p := range d.Parts {
		if !p.Leaf() {
			continue
		}
		kind := p.MediaType
		if p.FileName != "" {
			kind += " " + p.FileName
		}
		kinds = append(kinds, kind)
	}
	switch n := len(kinds); {
	case n == 0:
		return "it has no parts"
	case n == 1:
		return "its only part is " + kinds[0]
	case n > 5:
		kinds = append(kinds[:5], fmt.Sprintf("and %s more", term.Number(int64(n-5))))
	}
	return "its parts are " + strings.Join(kinds, ", ")
}
