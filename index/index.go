// Package index finds messages. An index can always be thrown away and built
// again from the archive.
//
// Index is what a search engine must do; index/local is the embedded one and
// index/indextest the test that every one must pass. Update is the only way
// from an archive into an index: it follows the ledger with a cursor, decodes
// what is new and applies it, so an index is never more than a cursor behind
// and never claims what it does not hold.
//
// Promises. Update may be stopped or killed at any moment and called again;
// it then goes on where the last applied batch ended. A message that cannot be
// read or decoded is counted and never stops it. Nothing in this package
// writes to an archive.
//
// It does not know the query language (index/query), how text becomes terms
// (index/analyze), or any engine.
package index

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"hash/crc32"
	"iter"
	"time"

	"lostpost/archive"
	"lostpost/decode"
	"lostpost/index/query"
)

// An Index is a search engine that follows one or more archives. index/local
// is the embedded one; index/indextest is the test that every one must pass.
// Search, IDs, Cursor and Explain may be called from several goroutines, also
// while Apply runs; Apply and Close may not.
type Index interface {
	// Apply adds, replaces and removes documents and moves the cursor. When
	// it returns, Search sees all of it and it is durable: one generation.
	// The cursor moves last and is never ahead of the documents; during a
	// long Put generations with the old cursor may be published.
	//
	// A message that is in the index already is replaced. Removing what is
	// not there does nothing. When ctx ends, Apply returns its error with the
	// old cursor.
	Apply(ctx context.Context, b Batch) error

	// Cursor is the ledger Seq up to which an archive is covered, 0 if none.
	Cursor(ctx context.Context, identity string) (int64, error)

	// Count is the number of messages that Search looks at, those of all
	// archives.
	Count(ctx context.Context) (int64, error)

	// Held yields every indexed message of one archive in ascending order of
	// ID, so that Cover can prove stored == indexed by a merge. An error ends
	// the sequence.
	Held(ctx context.Context, identity string) iter.Seq2[Held, error]

	// Has says of each message of one archive whether it is indexed.
	Has(ctx context.Context, identity string, ids []archive.ID) ([]bool, error)

	// Explain evaluates e on one document, indexed or not, and says for
	// each clause whether it holds and which of its terms are near (--why-not).
	Explain(ctx context.Context, e query.Expr, d Document) ([]Clause, error)

	// Search never waits for a writer. Errors: *query.SyntaxError for a
	// query that the engine cannot run; ctx.Err().
	Search(ctx context.Context, r Request) (Result, error)

	// Close releases files. It is safe to call twice.
	Close() error
}

// A Batch is one step of an index.
type Batch struct {
	Archive string             // archive identity, from FORMAT
	Cursor  int64              // Seq up to which the archive is covered once the batch is in
	Put     iter.Seq[Document] // read once, never held as a whole; may be nil
	Placed  []archive.Entry    // of these only the places changed; after Put. What is not indexed is passed over
	Remove  []archive.ID       // after Put and Placed
}

// Held is what an index says of one message that it has.
type Held struct {
	ID     archive.ID
	Places Stamp // of the entry that it was put or placed with last
}

// Compare orders by ID.
func (h Held) Compare(other Held) int {
	a, b := binary.BigEndian.Uint64(h.ID[:]), binary.BigEndian.Uint64(other.ID[:])
	if a != b { // they are hashes, so these octets nearly always decide
		return cmp.Compare(a, b)
	}
	return bytes.Compare(h.ID[:], other.ID[:])
}

// A Stamp stands for what the ledger says of a message and may say otherwise
// later: the mailboxes that it is in, with flags and traits. Entries that
// differ in these have different stamps, but for one pair in 4 billion.
type Stamp uint32

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// StampOf is the stamp of an entry.
func StampOf(e archive.Entry) Stamp {
	b := make([]byte, 0, 256)
	add := func(s string) { b = append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	for _, p := range e.Places {
		add(p.Mailbox)
		add(string(p.Flags))
		b = binary.AppendUvarint(b, uint64(len(p.Traits)))
		for _, t := range p.Traits {
			add(t)
		}
	}
	return Stamp(crc32.Checksum(b, castagnoli))
}

// A Document is one message as the index sees it.
type Document struct {
	Entry   archive.Entry
	Message *decode.Message
	Facts   []string // further terms, from Options.Facts
}

// A Request asks. Its zero value asks for the 20 newest messages.
type Request struct {
	Query query.Expr // nil: all
	Sort  Sort
	Limit int    // 0: 20
	After string // Result.Next of the page before
	// Facets are counted over all hits: from, to, cc, bcc, recip, contact (a
	// message once for each address), in, label, type, is, has, charset, lang,
	// problem, source, state, draft, reason, date (years), size (ranges). Of each
	// the 1,000 most frequent values are given.
	Facets []query.Field
	Marks  bool // snippets
	Count  bool // an exact Total, also where that means reading every hit
	// Threads makes one hit of all hits in one thread: the newest (or the first
	// in the order asked for), with Hit.Thread. Total then counts messages.
	Threads bool
	// Widen lets a query that nothing matches be asked again with plain words
	// standing for words that contain them (parts of compounds). Words in
	// quotes stay as they are. Result.Widened says that it was done.
	Widen bool
	// Fold makes one hit of near duplicates on a page: the same message with
	// the footer of a list, or as a server wrote it anew. The first stays, with
	// the others in Hit.Alike, so that a page may have fewer hits than Limit.
	// Total counts all of them. It does nothing with Threads.
	Fold bool
	// Explain fills Result.Clauses.
	Explain bool
}

// Sort is by date, newest or oldest first, by relevance or by size.
type Sort uint8

const (
	Newest    Sort = iota // by date, newest first; messages without a date come last
	Oldest                // by date, oldest first; messages without a date come first
	Relevance             // best first
	Largest               // by octets on disk, largest first
)

// A Result is one page. Total is exact if Exact, else a lower bound.
type Result struct {
	Hits   []Hit
	Total  int64
	Exact  bool
	Next   string // After of the next page; "" if this is the last
	Facets map[query.Field][]Count
	// Indexed is how many messages were searched: all that the index has.
	Indexed int64
	Widened query.Expr // what was asked instead; nil if the query itself
	Clauses []Clause   // what each leaf of the query finds by itself
	Took    time.Duration
}

// A Hit is one message; Snippet has the marks. From and Subject are what a list
// shows, decoded and cut to some 200 octets; they may hold control characters.
type Hit struct {
	ID       archive.ID
	Date     time.Time // zero if the message has none
	From     string    // name of the first author, else the address
	Subject  string
	Attached bool    // a part is meant to be saved rather than read
	Lossy    bool    // decoding lost something
	Score    float64 // 0 unless sorted by relevance
	Part     string  // part that the snippet is from; "" is the text of the message
	Snippet  []Span
	Thread   *Thread // nil unless asked for
	// Alike are near duplicates that stood behind this hit on the page, if
	// Request.Fold asked for them.
	Alike []archive.ID
}

// A Thread is the messages that refer to each other, or to the same messages,
// by Message-ID, In-Reply-To and References (RFC 5322 section 3.6.4), or share
// a conversation in Thread-Index (MS-OXOMSG 2.2.1.3). Messages that are not in
// the index hold a thread together too.
type Thread struct {
	ID       archive.ID   // of the oldest message; thread:ID finds the thread
	Messages []archive.ID // all of the thread, oldest first; at most 10,000
	Matched  int          // how many of them are hits
}

// A Span is a run of text, marked or not.
type Span struct {
	Text string
	Mark bool
}

// A Clause is one leaf of a query and what became of it.
type Clause struct {
	Query string   // canonical text
	Holds bool     // for the document, or for any
	Hits  int64    // messages for which it holds by itself; 0 from Index.Explain
	Terms []string // as analysed
	Forms []string // words of the index that its forms and patterns stand for, at most 20
	Near  []string // what the document has instead
}

// A Count is one facet value.
type Count struct {
	Value string
	N     int64
}
