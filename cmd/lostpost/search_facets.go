package main

import (
	"context"
	"maps"
	"slices"
	"strings"

	"lostpost/index"
	"lostpost/index/query"
)

// facetNames are the values of --facets and the fields that they count.
var facetNames = map[string]query.Field{
	"people": "contact", "from": "from", "to": "to", "cc": "cc",
	"date": "date", "in": "in", "label": "label", "type": "type", "size": "size",
	"is": "is", "has": "has", "lang": "lang", "charset": "charset", "problem": "problem", "source": "source", "state": "state",
}

// facetOutputs are the values of --output that are facets.
var facetOutputs = map[string]query.Field{"people": "contact", "labels": "label", "mailboxes": "in"}

// maxFacetLines is how many values of a facet people see; JSON has more.
const maxFacetLines = 10

// facetList reads the value of --facets.
func facetList(s string) ([]query.Field, error) {
	var list []query.Field
	for name := range strings.SplitSeq(s, ",") {
		name = strings.TrimSpace(name)
		field, ok := facetNames[name]
		if !ok {
			return nil, fail(exitFailed, "It is a list of: "+strings.Join(slices.Sorted(maps.Keys(facetNames)), ", ")+".", "--facets cannot be %q.", name)
		}
		if !slices.Contains(list, field) {
			list = append(list, field)
		}
	}
	return list, nil
}

// facets prints the counts of one search, below its rows.
func (a *app) facets(fields []query.Field, res index.Result) error {
	for _, f := range fields {
		if err := a.facet(f, res.Facets[f], maxFacetLines); err != nil {
			return err
		}
	}
	return nil
}

// facet prints the values of one field: for people the first ones, on a pipe
// and in JSON all, with the field before them.
func (a *app) facet(field query.Field, counts []index.Count, most int) error {
	for i, c := range counts {
		switch {
		case a.json:
			if err := writeJSON(a.buf, facet{"facet", string(field), c.Value, c.N}); err != nil {
				return err
			}
		case !a.outTerminal():
			a.printf("%s\t%s\t%d\n", field, oneLine(c.Value), c.N)
		case i == most:
			a.printf("%10s  %d more\n", "", len(counts)-most)
			return nil
		default:
			name := ""
			if i == 0 {
				name = string(field)
			}
			a.printf("%-10s%8d  %s\n", name, c.N, oneLine(c.Value))
		}
	}
	return nil
}

// searchFacet prints the values of a field over all matches, with counts.
func (a *app) searchFacet(ctx context.Context, ix index.Index, q query.Expr, field query.Field) error {
	res, err := ix.Search(ctx, index.Request{Query: q, Limit: 1, Facets: []query.Field{field}})
	if err != nil {
		return err
	}
	for _, c := range res.Facets[field] {
		if !a.json {
			a.printf("%d\t%s\n", c.N, oneLine(c.Value))
			continue
		}
		if err := writeJSON(a.buf, facet{"facet", string(field), c.Value, c.N}); err != nil {
			return err
		}
	}
	return noneIfZero(int64(len(res.Facets[field])))
}
