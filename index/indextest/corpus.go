package indextest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lostpost/archive"
	"lostpost/decode"
	"lostpost/index"
	"lostpost/index/query"
)

//go:embed testdata
var testdata embed.FS

// A corpus is the messages and queries of testdata.
type corpus struct {
	names   []string // sorted
	docs    map[string]index.Document
	nameOf  map[archive.ID]string
	queries []question
}

// A question is one line of queries.tsv.
type question struct {
	query    string
	want     []string // names, sorted
	optional bool     // an engine may refuse it
}

// load reads testdata once.
var load = sync.OnceValues(func() (*corpus, error) {
	c := &corpus{docs: map[string]index.Document{}, nameOf: map[archive.ID]string{}}
	files, err := testdata.ReadDir("testdata/mail")
	if err != nil {
		return nil, err
	}
	for i, f := range files {
		raw, err := testdata.ReadFile(path.Join("testdata/mail", f.Name()))
		if err != nil {
			return nil, err
		}
		d, err := document(raw, int64(i+1)*100)
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(f.Name(), ".eml")
		c.names = append(c.names, name)
		c.docs[name] = d
		c.nameOf[d.Entry.ID] = name
	}
	if err := c.readPlaces(); err != nil {
		return nil, err
	}
	return c, c.readQueries()
})

// document makes of the octets of a message what index.Update would.
func document(raw []byte, seq int64) (index.Document, error) {
	m, err := decode.Decode(context.Background(), bytes.NewReader(raw), int64(len(raw)), decode.Options{})
	if err != nil {
		return index.Document{}, err
	}
	id := archive.ID(sha256.Sum256(raw))
	e := archive.Entry{ID: id, Key: id, Size: int64(len(raw)), Seq: seq}
	e.Places = []archive.Meta{{Origin: "indextest:" + id.String(), Flags: "S", Received: time.Date(2016, 6, 1, 0, 0, 0, 0, time.UTC)}}
	return index.Document{Entry: e, Message: m}, nil
}

// lines gives the lines of a table in testdata, in fields.
func lines(name string, fields int) ([][]string, error) {
	b, err := testdata.ReadFile("testdata/" + name)
	if err != nil {
		return nil, err
	}
	var rows [][]string
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		row := strings.Split(line, "\t")
		if len(row) != fields {
			return nil, fmt.Errorf("%s: %d fields in %q, want %d", name, len(row), line, fields)
		}
		for i := range row {
			if row[i] == "-" {
				row[i] = ""
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// readPlaces says where messages lie, with which flags.
func (c *corpus) readPlaces() error {
	rows, err := lines("places.tsv", 5)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, row := range rows {
		d, ok := c.docs[row[0]]
		if !ok {
			return fmt.Errorf("places.tsv: no message %q", row[0])
		}
		place := d.Entry.Places[0]
		place.Mailbox, place.Flags, place.Traits = row[1], archive.Flags(row[2]), strings.Fields(row[3])
		if !seen[row[0]] {
			d.Entry.Places = nil
		}
		seen[row[0]] = true
		d.Entry.Places = append(d.Entry.Places, place)
		d.Facts = append(d.Facts, strings.Fields(row[4])...)
		c.docs[row[0]] = d
	}
	return nil
}

func (c *corpus) readQueries() error {
	rows, err := lines("queries.tsv", 2)
	if err != nil {
		return err
	}
	for _, row := range rows {
		q := question{query: row[0], want: strings.Fields(row[1])}
		q.query, q.optional = strings.CutPrefix(q.query, "?")
		for _, name := range q.want {
			if _, ok := c.docs[name]; !ok {
				return fmt.Errorf("queries.tsv: no message %q in %q", name, row)
			}
		}
		slices.Sort(q.want)
		c.queries = append(c.queries, q)
	}
	return nil
}

// mail is the corpus.
func mail(t testing.TB) *corpus {
	t.Helper()
	c, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// list gives the documents with these names, without names all.
func (c *corpus) list(names ...string) []index.Document {
	if len(names) == 0 {
		names = c.names
	}
	docs := make([]index.Document, 0, len(names))
	for _, name := range names {
		docs = append(docs, c.docs[name])
	}
	return docs
}

// namesOf gives the names of messages, sorted.
func (c *corpus) namesOf(ids []archive.ID) []string {
	names := make([]string, 0, len(ids))
	for _, id := range ids {
		names = append(names, c.nameOf[id])
	}
	slices.Sort(names)
	return names
}

// made holds the messages that letter made, for Message.
var made sync.Map // archive.ID to *decode.Message

// Message gives a message of the suite, for an engine that keeps no text and
// reads messages again for its snippets. Errors: archive.ErrNotFound.
func Message(_ context.Context, id archive.ID) (*decode.Message, error) {
	if m, ok := made.Load(id); ok {
		return m.(*decode.Message), nil
	}
	c, err := load()
	if err != nil {
		return nil, err
	}
	if name, ok := c.nameOf[id]; ok {
		return c.docs[name].Message, nil
	}
	return nil, archive.ErrNotFound
}

// letter makes a message with this number, date and text.
func letter(t testing.TB, n int, date time.Time, text string) index.Document {
	t.Helper()
	raw := fmt.Sprintf("From: Writer %d <writer%d@letters.example>\nTo: reader@letters.example\nSubject: Letter %d\nDate: %s\nMessage-ID: <%d@letters.example>\n\n%s\n",
		n, n, n, date.Format(time.RFC1123Z), n, text)
	d, err := document([]byte(raw), int64(n+1))
	if err != nil {
		t.Fatal(err)
	}
	made.Store(d.Entry.ID, d.Message)
	return d
}

// testCorpus asks every query of queries.tsv.
func testCorpus(t *testing.T, s *suite) {
	c := mail(t)
	s.put(t, 10_000, c.list()...)
	for _, q := range c.queries {
		t.Run(strings.ReplaceAll(q.query, "/", "|"), func(t *testing.T) { s.ask(t, c, q) })
	}
}

// ask sees that a query finds what it must.
func (s *suite) ask(t *testing.T, c *corpus, q question) {
	t.Helper()
	e := parse(t, q.query)
	r, err := s.ix.Search(t.Context(), index.Request{Query: e, Limit: 1000, Count: true})
	var refused *query.SyntaxError
	if q.optional && errors.As(err, &refused) {
		t.Skip("refused:", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := c.namesOf(ids(r)); !slices.Equal(got, q.want) {
		t.Errorf("%s (%s)\ngot  %v\nwant %v", q.query, e, got, q.want)
	}
	if !r.Exact || r.Total != int64(len(q.want)) {
		t.Errorf("%s: total %d, exact %v; want exactly %d", q.query, r.Total, r.Exact, len(q.want))
	}
}
