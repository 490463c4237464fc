// Package stock is bleve's own search behind index.Index, the oracle of tests:
// the documents that index/local keeps in packed fields are given to bleve as
// it wants them, one location for every word, and bleve's searchers answer.
// index/indextest asks both engines the same queries, so a mistake in reading
// segments, packed positions or phrases shows as a difference.
//
// It shares package analyze with index/local and nothing else. It lives in
// memory, keeps no generations and is slow and large; no command links it.
//
// What it answers: words, phrases, beginnings, middles, fuzzy words, regular
// expressions and forms in text, addresses, file names and lists; id:, date:,
// size: and all operators but NEAR. Anything else is a *query.SyntaxError.
// Results are newest first, without pages, snippets and facets.
package stock

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/document"
	bleveindex "github.com/blevesearch/bleve_index_api"

	"lostpost/archive"
	"lostpost/decode"
	"lostpost/index"
	"lostpost/index/analyze"
	"lostpost/index/query"
)

// An engine is a bleve index in memory.
type engine struct {
	mu      sync.Mutex
	bleve   bleve.Index
	docs    map[archive.ID]time.Time // every message and its date
	cursors map[string]int64
}

// New gives an empty index.
func New() (index.Index, error) {
	b, err := bleve.NewMemOnly(bleve.NewIndexMapping())
	if err != nil {
		return nil, err
	}
	return &engine{bleve: b, docs: map[archive.ID]time.Time{}, cursors: map[string]int64{}}, nil
}

// Apply adds, replaces and removes documents of one archive.
func (e *engine) Apply(ctx context.Context, b index.Batch) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	advanced, err := e.bleve.Advanced()
	if err != nil {
		return err
	}
	if b.Put != nil {
		for d := range b.Put {
			if err := ctx.Err(); err != nil {
				return err
			}
			doc, date := build(d)
			if err := advanced.Update(doc); err != nil {
				return err
			}
			e.docs[d.Entry.ID] = date
		}
	}
	for _, id := range b.Remove {
		if err := advanced.Delete(id.String()); err != nil {
			return err
		}
		delete(e.docs, id)
	}
	e.cursors[b.Archive] = b.Cursor
	return ctx.Err()
}

// Cursor is what the last Apply said.
func (e *engine) Cursor(_ context.Context, identity string) (int64, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.cursors[identity], nil
}

// Count is the number of messages.
func (e *engine) Count(context.Context) (int64, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return int64(len(e.docs)), nil
}

// Held yields every message in ascending order. Places are not kept.
func (e *engine) Held(context.Context, string) iter.Seq2[index.Held, error] {
	return func(yield func(index.Held, error) bool) {
		e.mu.Lock()
		ids := slices.SortedFunc(maps.Keys(e.docs), compareIDs)
		e.mu.Unlock()
		for _, id := range ids {
			if !yield(index.Held{ID: id}, nil) {
				return
			}
		}
	}
}

// Has looks into the list of messages.
func (e *engine) Has(_ context.Context, _ string, ids []archive.ID) ([]bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	has := make([]bool, len(ids))
	for i, id := range ids {
		_, has[i] = e.docs[id]
	}
	return has, nil
}

func compareIDs(a, b archive.ID) int { return bytes.Compare(a[:], b[:]) }

// Explain is not supported.
func (e *engine) Explain(context.Context, query.Expr, index.Document) ([]index.Clause, error) {
	return nil, errors.ErrUnsupported
}

// Close releases the memory.
func (e *engine) Close() error { return e.bleve.Close() }

// Search asks bleve for every hit and puts them in order.
func (e *engine) Search(ctx context.Context, r index.Request) (index.Result, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if r.Sort != index.Newest || r.After != "" || len(r.Facets) > 0 || r.Threads {
		return index.Result{}, errors.ErrUnsupported
	}
	t := &translator{index: e.bleve}
	q, err := t.expr(r.Query)
	if err != nil {
		return index.Result{}, err
	}
	res, err := e.bleve.SearchInContext(ctx, bleve.NewSearchRequestOptions(q, len(e.docs)+1, 0, false))
	if err != nil {
		return index.Result{}, err
	}
	out := index.Result{Total: int64(res.Total), Exact: true, Indexed: int64(len(e.docs))}
	for _, hit := range res.Hits {
		id, err := archive.ParseID(hit.ID)
		if err != nil {
			return out, err
		}
		out.Hits = append(out.Hits, index.Hit{ID: id, Date: e.docs[id]})
	}
	slices.SortFunc(out.Hits, func(a, b index.Hit) int {
		return cmp.Or(b.Date.Compare(a.Date), compareIDs(a.ID, b.ID))
	})
	limit := r.Limit
	if limit <= 0 {
		limit = 20
	}
	out.Hits = out.Hits[:min(len(out.Hits), limit)]
	return out, nil
}

// Names of fields. Those of words have the name of the language.
const (
	fieldID   = "id"
	fieldDate = "date"
	fieldSize = "size"
)

// addressFields says which header fields a field of the language is made of.
var addressFields = map[string][]string{
	"from": {"From", "Sender", "Reply-To"},
	"to":   {"To"},
	"cc":   {"Cc"},
	"bcc":  {"Bcc", "Delivered-To", "X-Original-To"},
}

// remarkFields are header fields whose words a plain word finds.
var remarkFields = []string{"Keywords", "Comments", "Organization", "List-Id", "Thread-Topic"}

// build makes bleve's document of a message.
func build(d index.Document) (*document.Document, time.Time) {
	m := d.Message
	if m == nil {
		m = &decode.Message{}
	}
	doc := document.NewDocument(d.Entry.ID.String())
	add := func(name string, tokens []analyze.Token) {
		const options = bleveindex.IndexField | bleveindex.IncludeTermVectors
		doc.AddField(document.NewTextFieldCustom(name, nil, []byte("-"), options, analysed(tokens)))
	}
	add("body", analyze.Text(nil, m.Text))
	add("subject", analyze.Text(nil, m.Subject))
	for name, fields := range addressFields {
		var tokens []analyze.Token
		for _, field := range fields {
			list, _ := m.Header.Addresses(field, "")
			for _, a := range list {
				tokens = analyze.Address(tokens, a.Name, a.Addr)
			}
		}
		add(name, tokens)
	}
	var names, attached []analyze.Token
	for _, p := range m.Parts {
		if p.FileName != "" {
			names = analyze.FileName(names, p.FileName)
		}
	}
	add("filename", names)
	for _, a := range m.Attached {
		attached = analyze.Text(attached, a.Text)
	}
	add("attached", attached)
	list, _ := m.Header.Text("List-Id", "")
	add("list", analyze.Text(nil, list))
	var remarks []analyze.Token
	for _, name := range remarkFields {
		text, _ := m.Header.Text(name, "")
		remarks = analyze.Text(remarks, text)
	}
	add("remark", remarks)
	var ids []analyze.Token
	for _, id := range m.Header.MessageIDs("Message-ID") {
		ids = append(ids, analyze.Token{Term: foldID(id)})
	}
	add(fieldID, ids)
	date := m.Date
	if date.IsZero() && len(d.Entry.Places) > 0 {
		date = d.Entry.Places[0].Received
	}
	seconds := math.Inf(-1)
	if !date.IsZero() {
		seconds = float64(date.Unix())
	}
	doc.AddField(document.NewNumericFieldWithIndexingOptions(fieldDate, nil, seconds, bleveindex.IndexField))
	doc.AddField(document.NewNumericFieldWithIndexingOptions(fieldSize, nil, float64(d.Entry.Size), bleveindex.IndexField))
	return doc, date
}

func foldID(s string) string {
	return strings.ToLower(strings.Trim(strings.TrimSpace(s), "<>"))
}

// analysed is an analyzer for one text that was analysed already.
type analysed []analyze.Token

// Analyze gives the tokens, whatever the text.
func (a analysed) Analyze([]byte) analysis.TokenStream {
	var s analysis.TokenStream
	for _, t := range a {
		s = append(s, &analysis.Token{Term: []byte(t.Term), Position: t.Pos + 1, Start: t.Start, End: t.End})
	}
	return s
}
