// Package index finds messages. An index can always be thrown away and built
// again from the archive.
package index

import (
	"context"
	"iter"
	"log/slog"
	"lostpost/archive"
	"lostpost/decode"
	"lostpost/index/query"
	"time"
)

// An Index is a search engine that follows one or more archives. index/local
// is the embedded one; index/indextest is the test that every one must pass.
type Index interface {
	// Apply adds, replaces and removes documents and moves the cursor. When
	// it returns, Search sees all of it and it is durable: one generation.
	// The cursor moves last and is never ahead of the documents; during a
	// long Put generations with the old cursor may be published.
	Apply(ctx context.Context, b Batch) error

	// Cursor is the ledger Seq up to which an archive is covered, 0 if none.
	Cursor(ctx context.Context, identity string) (int64, error)

	// IDs yields every indexed message of one archive in ascending order, so
	// that Check can prove stored == indexed by a merge.
	IDs(ctx context.Context, identity string) iter.Seq2[archive.ID, error]

	// Explain evaluates e on one document, indexed or not, and says for
	// each clause whether it holds and which of its terms are near (--why-not).
	Explain(ctx context.Context, e query.Expr, d Document) ([]Clause, error)

	// Search never waits for a writer. Errors: *query.SyntaxError for a
	// query that the engine cannot run; ctx.Err().
	Search(ctx context.Context, r Request) (Result, error)

	Close() error
}

// Update brings ix up to date with arc: it lists the ledger from the cursor,
// decodes on opt.Workers goroutines and applies batches in ledger order; a first
// run or a rebuild is one batch, newest message first, and skips what an
// interrupted one left in the index. It is idempotent and may be interrupted at
// any moment. With opt.Follow it ends when ctx does, else at the ledger's end.
func Update(ctx context.Context, ix Index, arc *archive.Archive, opt Options) (Report, error) {
	panic("face only")
}

// A Batch is one step of an index.
type Batch struct {
	Archive string // archive identity, from FORMAT
	Cursor  int64
	Put     iter.Seq[Document] // read once, never held as a whole
	Remove  []archive.ID
}

// A Document is one message as the index sees it.
type Document struct {
	Entry   archive.Entry
	Message *decode.Message
}

// A Request asks.
type Request struct {
	Query  query.Expr
	Sort   Sort
	Limit  int    // 0: 20
	After  string // Result.Next of the page before
	Facets []query.Field
	Marks  bool // snippets
	Count  bool // an exact Total, also where that means reading every hit
}

// Sort is by date, newest or oldest first, or by relevance.
type Sort uint8

// A Result is one page. Total is exact if Exact, else a lower bound.
type Result struct {
	Hits   []Hit
	Total  int64
	Exact  bool
	Next   string
	Facets map[query.Field][]Count
	Took   time.Duration
}

// A Hit is one message; Snippet has the marks.
type Hit struct {
	ID      archive.ID
	Date    time.Time
	Score   float64
	Part    string
	Snippet []Span
}

// A Span is a run of text, marked or not.
type Span struct {
	Text string
	Mark bool
}

// A Clause is one leaf of a query and what became of it.
type Clause struct {
	Query string // canonical text
	Holds bool
	Terms []string // as analysed
	Near  []string // what the document has instead
}

// A Count is one facet value.
type Count struct {
	Value string
	N     int64
}

// Options for Update; the zero value is useful.
type Options struct {
	Log     *slog.Logger
	Workers int  // 0: GOMAXPROCS
	Follow  bool // keep following the ledger
	Decode  decode.Options
	// Facts, if not nil, says what further terms one message has: "draft",
	// "bounce", "reason:mailboxfull". cmd hands in drafts.Judge and
	// explain.Message, so that index imports neither. What depends on other
	// messages (which version is latest) is worked out over the hits.
	Facts func(archive.Entry, *decode.Message) []string
}

// Report is the account of one Update.
type Report struct {
	Added, Removed, Problems int64
	Took                     time.Duration
}
