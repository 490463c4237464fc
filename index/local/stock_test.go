package local

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/mapping"
	bq "github.com/blevesearch/bleve/v2/search/query"
	api "github.com/blevesearch/bleve_index_api"
)

// What we write is an index of bleve: its own search, on a copy, finds the same
// number of messages as ours.
func TestStockBleveFindsTheSame(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, Options{})
	docs := []string{"apples and pears", "pears and plums", "nothing at all", "apple tart with plums"}
	for i, text := range docs {
		apply(t, w, int64(i+1), note(t, i+1, "note", text))
	}
	stock := stockBleve(t, filepath.Join(dir, "gen-4"))
	term := func(s string) bq.Query {
		q := bleve.NewTermQuery(s)
		q.SetField(fieldBody)
		return q
	}
	prefix := bleve.NewPrefixQuery("appl")
	prefix.SetField(fieldBody)
	not := bleve.NewBooleanQuery()
	not.AddMust(term("plums"))
	not.AddMustNot(term("pears"))
	plain := bleve.NewTermQuery("type:text/plain")
	plain.SetField(fieldKind)
	for ours, theirs := range map[string]bq.Query{
		"body:pears":               term("pears"),
		"body:nothing":             term("nothing"),
		"body:absent":              term("absent"),
		"body:pears body:apples":   bleve.NewConjunctionQuery(term("pears"), term("apples")),
		"body:pears or body:plums": bleve.NewDisjunctionQuery(term("pears"), term("plums")),
		"body:appl*":               prefix,
		"body:plums -body:pears":   not,
		"type:text/plain":          plain,
		"*":                        bleve.NewMatchAllQuery(),
	} {
		r, err := stock.Search(bleve.NewSearchRequest(theirs))
		must(t, err)
		if got := len(find(t, w, ours)); uint64(got) != r.Total {
			t.Errorf("%s: we find %d, bleve %d", ours, got, r.Total)
		}
	}
}

// stockBleve opens a copy of a generation with bleve itself, which wants its
// mapping and a file beside it.
func stockBleve(t *testing.T, generation string) bleve.Index {
	t.Helper()
	dir := t.TempDir()
	_, err := link(generation, filepath.Join(dir, "store"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "index_meta.json"), []byte(`{"storage":"","index_type":"scorch"}`), 0o600))
	queue := api.NewAnalysisQueue(1)
	defer queue.Close()
	s, err := openScorch(filepath.Join(dir, "store"), false, queue)
	must(t, err)
	m, err := json.Marshal(mapping.NewIndexMapping())
	must(t, err)
	must(t, s.SetInternal([]byte("_mapping"), m))
	must(t, s.Close())
	ix, err := bleve.OpenUsing(dir, map[string]any{"read_only": true, "bolt_timeout": "1s"})
	must(t, err)
	t.Cleanup(func() { ix.Close() })
	return ix
}
