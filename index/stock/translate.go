package stock

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/blevesearch/bleve/v2"
	bq "github.com/blevesearch/bleve/v2/search/query"
	bleveindex "github.com/blevesearch/bleve_index_api"

	"lostpost/index/analyze"
	"lostpost/index/query"
)

// textFields gives the fields of words that a field of the language means.
func textFields(f query.Field) []string {
	switch f {
	case "":
		return []string{"body", "subject", "from", "to", "cc", "bcc", "filename", "attached", "remark"}
	case "recip":
		return []string{"to", "cc", "bcc"}
	case "contact":
		return []string{"from", "to", "cc", "bcc"}
	case "body", "subject", "from", "to", "cc", "bcc", "filename", "attached", "list":
		return []string{string(f)}
	}
	return nil
}

// kindOf says how the words of a field were analysed.
func kindOf(field string) analyze.Kind {
	switch field {
	case "from", "to", "cc", "bcc":
		return analyze.Addresses
	case "filename":
		return analyze.FileNames
	}
	return analyze.Words
}

// A translator turns a tree into a query of bleve.
type translator struct{ index bleve.Index }

func refused(e query.Expr) error {
	return &query.SyntaxError{Msg: fmt.Sprintf("bleve is not asked for %s", e)}
}

func (t *translator) expr(e query.Expr) (bq.Query, error) {
	switch e := e.(type) {
	case nil, query.All:
		return bleve.NewMatchAllQuery(), nil
	case query.And:
		list, err := t.list(e.List)
		return bleve.NewConjunctionQuery(list...), err
	case query.Or:
		list, err := t.list(e.List)
		return bleve.NewDisjunctionQuery(list...), err
	case query.Not:
		x, err := t.expr(e.X)
		if err != nil {
			return nil, err
		}
		b := bleve.NewBooleanQuery()
		b.AddMust(bleve.NewMatchAllQuery())
		b.AddMustNot(x)
		return b, nil
	case query.Range:
		return numeric(e)
	case query.Term:
		if e.Field == "id" {
			return term(fieldID, foldID(e.Text)), nil
		}
		return t.words(e, e.Field, e.Text, false, func(field string, terms []string) ([]string, error) {
			return t.forms(field, terms)
		})
	case query.Phrase:
		return t.words(e, e.Field, strings.Join(e.Words, " "), false, nil)
	case query.Prefix:
		if e.Text == "" {
			return t.matching(e, e.Field, func(string) bool { return true })
		}
		return t.words(e, e.Field, e.Text, true, nil)
	case query.Regexp:
		re, err := regexp.Compile("^(?i:" + e.Text + ")$")
		if err != nil {
			return nil, &query.SyntaxError{Pos: e.Pos, Msg: err.Error()}
		}
		return t.matching(e, e.Field, re.MatchString)
	case query.Infix:
		return t.last(e, e.Field, e.Text, func(field, word string) bq.Query {
			q := bleve.NewWildcardQuery("*" + wildcard.Replace(word) + "*")
			q.SetField(field)
			return q
		})
	case query.Fuzzy:
		return t.last(e, e.Field, e.Text, func(field, word string) bq.Query {
			q := bleve.NewFuzzyQuery(word)
			q.SetField(field)
			q.SetFuzziness(e.Edits)
			return q
		})
	}
	return nil, refused(e)
}

// wildcard takes the meaning from what bleve's wildcards are made of.
var wildcard = strings.NewReplacer("*", `\*`, "?", `\?`, `\`, `\\`)

func (t *translator) list(list []query.Expr) ([]bq.Query, error) {
	var out []bq.Query
	for _, x := range list {
		q, err := t.expr(x)
		if err != nil {
			return nil, err
		}
		out = append(out, q)
	}
	return out, nil
}

func numeric(r query.Range) (bq.Query, error) {
	if r.Field != fieldDate && r.Field != fieldSize {
		return nil, refused(r)
	}
	from, to := float64(r.From), float64(r.To)
	if r.From == math.MinInt64 {
		from = -math.MaxFloat64 // what has no date is before all dates and in no range
	}
	q := bleve.NewNumericRangeQuery(&from, &to)
	q.SetField(string(r.Field))
	return q, nil
}

func term(field, t string) bq.Query {
	q := bleve.NewTermQuery(t)
	q.SetField(field)
	return q
}

func anyOf(field string, terms []string) bq.Query {
	q := bleve.NewDisjunctionQuery()
	for _, t := range terms {
		q.AddQuery(term(field, t))
	}
	return q
}

// words is a word or a phrase in each of its fields. more, if not nil, gives
// further terms for a single word.
func (t *translator) words(e query.Expr, f query.Field, text string, prefix bool, more func(string, []string) ([]string, error)) (bq.Query, error) {
	fields := textFields(f)
	if fields == nil {
		return nil, refused(e)
	}
	out := bleve.NewDisjunctionQuery()
	for _, field := range fields {
		p := analyze.Query(kindOf(field), text, prefix)
		slots := slices.Clone(p.Slots)
		if n := len(slots); n > 0 && p.Prefix {
			expanded, err := t.beginning(field, slots[n-1])
			if err != nil {
				return nil, err
			}
			slots[n-1] = expanded
		} else if n == 1 && more != nil {
			terms, err := more(field, slots[0])
			if err != nil {
				return nil, err
			}
			slots[0] = terms
		}
		if q := phrase(field, slots); q != nil {
			out.AddQuery(q)
		}
		whole := p.Whole
		if p.Prefix {
			expanded, err := t.beginning(field, whole)
			if err != nil {
				return nil, err
			}
			whole = expanded
		}
		out.AddQuery(anyOf(field, whole))
	}
	return out, nil
}

// phrase is nil if one of the slots cannot be filled.
func phrase(field string, slots [][]string) bq.Query {
	for _, s := range slots {
		if len(s) == 0 {
			return nil
		}
	}
	switch len(slots) {
	case 0:
		return nil
	case 1:
		return anyOf(field, slots[0])
	}
	return bq.NewMultiPhraseQuery(slots, field)
}

// last is made of the last word of a text; bleve has such queries for single
// words only.
func (t *translator) last(e query.Expr, f query.Field, text string, made func(field, word string) bq.Query) (bq.Query, error) {
	fields := textFields(f)
	if fields == nil {
		return nil, refused(e)
	}
	out := bleve.NewDisjunctionQuery()
	for _, field := range fields {
		p := analyze.Query(kindOf(field), text, false)
		if len(p.Slots) != 1 || p.Prefix {
			return nil, refused(e)
		}
		for _, word := range p.Slots[0] {
			out.AddQuery(made(field, word))
		}
	}
	return out, nil
}

// matching is any term of the fields for which match holds.
func (t *translator) matching(e query.Expr, f query.Field, match func(string) bool) (bq.Query, error) {
	fields := textFields(f)
	if fields == nil {
		return nil, refused(e)
	}
	out := bleve.NewDisjunctionQuery()
	for _, field := range fields {
		terms, err := t.dictionary(field, "", match)
		if err != nil {
			return nil, err
		}
		out.AddQuery(anyOf(field, terms))
	}
	return out, nil
}

// dictionary gives the terms of a field that begin with prefix and match.
func (t *translator) dictionary(field, prefix string, match func(string) bool) ([]string, error) {
	open := t.index.FieldDict
	if prefix != "" { // bleve finds nothing that begins with nothing
		open = func(field string) (bleveindex.FieldDict, error) {
			return t.index.FieldDictPrefix(field, []byte(prefix))
		}
	}
	dict, err := open(field)
	if err != nil {
		return nil, err
	}
	defer dict.Close()
	var terms []string
	for {
		e, err := dict.Next()
		if err != nil || e == nil {
			return terms, err
		}
		if match(e.Term) {
			terms = append(terms, e.Term)
		}
	}
}

// beginning gives the terms that begin with one of prefixes.
func (t *translator) beginning(field string, prefixes []string) ([]string, error) {
	var out []string
	for _, p := range prefixes {
		terms, err := t.dictionary(field, p, func(string) bool { return true })
		if err != nil {
			return nil, err
		}
		out = append(out, terms...)
	}
	return out, nil
}

// forms adds the other forms of words, in the fields of sentences.
func (t *translator) forms(field string, terms []string) ([]string, error) {
	if field != "body" && field != "subject" && field != "attached" {
		return terms, nil
	}
	out := slices.Clone(terms)
	for _, word := range terms {
		forms := analyze.FormsOf(word)
		if forms == nil {
			continue
		}
		more, err := t.dictionary(field, forms.Prefix(), forms.Match)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}
