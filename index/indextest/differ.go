package indextest

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"lostpost/index"
	"lostpost/index/query"
)

// randomQueries is how many queries RunDiffer asks, fewPerEngine how many of
// them both engines must answer, so that the comparison says something.
const (
	randomQueries = 400
	fewPerEngine  = 200
)

// RunDiffer asks two engines the same random queries about the messages of the
// corpus; they must find the same. A query that either refuses with a
// *query.SyntaxError is passed over. The seed is logged; seed, if not 0, asks
// those of an earlier run.
func RunDiffer(t *testing.T, seed uint64, one, other index.Index) {
	c := mail(t)
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d", seed)
	for _, ix := range []index.Index{one, other} {
		s := &suite{ix: ix}
		s.put(t, 1, c.list()...)
	}
	g := newAsker(c, seed)
	asked := 0
	for range randomQueries {
		e := parse(t, g.expr(3).String())
		a, okA := g.ask(t, one, e)
		b, okB := g.ask(t, other, e)
		if !okA || !okB {
			continue
		}
		asked++
		if !slices.Equal(a, b) {
			t.Errorf("%s: one finds %v, the other %v", e, a, b)
		}
	}
	if asked < fewPerEngine {
		t.Errorf("%d of %d queries were answered by both", asked, randomQueries)
	}
}

// An asker makes queries of the words that the corpus has.
type asker struct {
	*rand.Rand
	c     *corpus
	texts [][]string // words of each text, in order
	dates []time.Time
}

func newAsker(c *corpus, seed uint64) *asker {
	g := &asker{Rand: rand.New(rand.NewPCG(seed, 1)), c: c}
	for _, d := range c.list() {
		for _, text := range []string{d.Message.Text, d.Message.Subject} {
			words := strings.FieldsFunc(text, func(r rune) bool { return !isWordRune(r) })
			if len(words) > 0 {
				g.texts = append(g.texts, words)
			}
		}
		if !d.Message.Date.IsZero() {
			g.dates = append(g.dates, d.Message.Date)
		}
	}
	return g
}

// isWordRune is narrow, so that every word of the asker can stand bare.
func isWordRune(r rune) bool {
	return 'a' <= r|0x20 && r|0x20 <= 'z' || '0' <= r && r <= '9' || r >= 0xc0 && r != '“' && r != '”' && r != '„'
}

// ask gives the names of what an engine finds; ok is false if it refuses.
func (g *asker) ask(t *testing.T, ix index.Index, e query.Expr) (names []string, ok bool) {
	t.Helper()
	r, err := ix.Search(t.Context(), index.Request{Query: e, Limit: 1000})
	var refused *query.SyntaxError
	if errors.As(err, &refused) {
		return nil, false
	}
	if err != nil {
		t.Fatalf("%s: %v", e, err)
	}
	return g.c.namesOf(ids(r)), true
}

func pick[T any](g *asker, list []T) T { return list[g.IntN(len(list))] }

// words gives n words that follow each other in some text, fewer if it is
// shorter.
func (g *asker) words(n int) []string {
	text := pick(g, g.texts)
	from := g.IntN(len(text))
	return text[from:min(from+n, len(text))]
}

// expr makes a query with at most so many levels.
func (g *asker) expr(levels int) query.Expr {
	if levels == 0 {
		return g.leaf()
	}
	switch g.IntN(5) {
	case 0:
		return combine(func(l []query.Expr) query.Expr { return query.And{List: l} }, g.expr(levels-1), g.expr(levels-1))
	case 1:
		return combine(func(l []query.Expr) query.Expr { return query.Or{List: l} }, g.expr(levels-1), g.expr(levels-1))
	case 2:
		x := g.expr(levels - 1)
		if not, ok := x.(query.Not); ok {
			return not.X
		}
		return query.Not{X: x}
	}
	return g.leaf()
}

// combine makes a list of a and b in the shape that Parse gives: no list of the
// same kind in it.
func combine(made func([]query.Expr) query.Expr, a, b query.Expr) query.Expr {
	var list []query.Expr
	for _, x := range []query.Expr{a, b} {
		switch x := x.(type) {
		case query.And:
			if _, same := made(nil).(query.And); same {
				list = append(list, x.List...)
				continue
			}
		case query.Or:
			if _, same := made(nil).(query.Or); same {
				list = append(list, x.List...)
				continue
			}
		}
		list = append(list, x)
	}
	return made(list)
}

// leaf makes a leaf of any kind.
func (g *asker) leaf() query.Expr {
	field := pick(g, []query.Field{"", "", "", "body", "subject", "from", "to", "recip", "contact", "filename", "attached"})
	word := g.words(1)[0]
	letters := []rune(word)
	switch g.IntN(9) {
	case 0:
		return query.Phrase{Field: field, Words: g.words(1 + g.IntN(3))}
	case 1:
		return query.Prefix{Field: field, Text: string(letters[:1+g.IntN(len(letters))])}
	case 2:
		from := g.IntN(len(letters))
		return query.Infix{Field: field, Text: string(letters[from : from+1+g.IntN(len(letters)-from)])}
	case 3:
		if len(letters) > 3 { // for shorter words bleve allows fewer edits
			return query.Fuzzy{Field: field, Text: word, Edits: 1}
		}
	case 4:
		day := pick(g, g.dates).UTC().Truncate(24 * time.Hour)
		return query.Range{Field: "date", From: day.Unix(), To: day.AddDate(0, g.IntN(30), 1).Unix()}
	case 5:
		from := int64(g.IntN(2000))
		return query.Range{Field: "size", From: from, To: from + int64(g.IntN(2000)) + 1}
	case 6:
		d := pick(g, g.c.list())
		if list, _ := d.Message.Header.Addresses("From", ""); len(list) > 0 {
			return query.Term{Field: pick(g, []query.Field{"from", "contact", ""}), Text: list[0].Addr}
		}
	}
	return query.Term{Field: field, Text: word}
}
