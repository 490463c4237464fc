package local

import (
	"slices"
	"strings"
	"unicode/utf8"

	"lostpost/index"
	"lostpost/index/query"
)

const (
	// minWiden is how many letters a word has that is looked for inside others:
	// shorter ones are in everything.
	minWiden = 4

	// maxSplit bounds the letters of a word that is looked for in parts.
	maxSplit = 40

	// maxShownForms bounds Clause.Forms.
	maxShownForms = 20
)

// widen gives a query in which plain words that occur nowhere stand for words
// that contain them: genehmigung finds Grundstücksverkehrsgenehmigung; for their
// parts where these stand side by side (donauwelle: Donau-Welle; numbers in
// groups); and for what is in any field of the header. It is nil if there is no
// such word. What stands under not, and in quotes, stays.
//
// Looking inside words reads whole dictionaries (133 ms for 600,000 words), so
// this is only done when nothing was found.
func (s *search) widen(q query.Expr) (query.Expr, error) {
	switch q := q.(type) {
	case query.And:
		list, err := s.widenAll(q.List)
		if list == nil {
			return nil, err
		}
		return query.And{List: list}, err
	case query.Or:
		list, err := s.widenAll(q.List)
		if list == nil {
			return nil, err
		}
		return query.Or{List: list}, err
	case query.Thread:
		x, err := s.widen(q.X)
		if x == nil {
			return nil, err
		}
		return query.Thread{X: x}, err
	case query.Term:
		if textFields(q.Field) == nil || utf8.RuneCountInString(q.Text) < minWiden {
			return nil, nil
		}
		n, err := s.count(q)
		if err != nil || n > 0 {
			return nil, err
		}
		return s.otherwise(q)
	}
	return nil, nil
}

// otherwise gives what a word that occurs nowhere may stand for.
func (s *search) otherwise(q query.Term) (query.Expr, error) {
	var list []query.Expr
	for _, words := range splits(q.Text) {
		list = append(list, query.Phrase{Field: q.Field, Words: words, Pos: q.Pos})
	}
	if q.Field == "" {
		list = append(list, query.Term{Field: "header:*", Text: q.Text, Pos: q.Pos})
	}
	found := []query.Expr{query.Infix(q)}
	for _, x := range list {
		n, err := s.count(x)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			found = append(found, x)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	n, err := s.count(found[0])
	if err != nil {
		return nil, err
	}
	if n == 0 {
		found = found[1:]
	}
	if len(found) == 1 {
		return found[0], nil
	}
	return query.Or{List: found}, nil
}

// splits gives the ways to take a word apart: into two words of at least two
// letters; one with digits in it also into groups of equal length.
func splits(word string) [][]string {
	letters := []rune(word)
	if len(letters) > maxSplit {
		return nil
	}
	var out [][]string
	for i := 2; i <= len(letters)-2; i++ {
		out = append(out, []string{string(letters[:i]), string(letters[i:])})
	}
	if !strings.ContainsAny(word, "0123456789") {
		return out
	}
	for _, size := range []int{2, 3, 4} {
		if len(letters) <= 2*size { // that is a split in two
			continue
		}
		var groups []string
		for group := range slices.Chunk(letters, size) {
			groups = append(groups, string(group))
		}
		out = append(out, groups)
	}
	return out
}

// widenAll widens what it can; nil if that is nothing.
func (s *search) widenAll(list []query.Expr) ([]query.Expr, error) {
	var out []query.Expr
	for i, x := range list {
		w, err := s.widen(x)
		if err != nil {
			return nil, err
		}
		if w == nil {
			continue
		}
		if out == nil {
			out = slices.Clone(list)
		}
		out[i] = w
	}
	return out, nil
}

// count is how many messages x finds by itself.
func (s *search) count(x query.Expr) (int64, error) {
	var n int64
	for i, seg := range s.segments {
		bm, err := s.evaluator(i).evaluate(x, nil)
		if err != nil {
			return 0, err
		}
		if seg.deleted != nil {
			bm.AndNot(seg.deleted)
		}
		n += int64(bm.GetCardinality())
	}
	return n, nil
}

// clauses says of each leaf of the query what was looked for and what it finds.
func (s *search) clauses(q query.Expr) ([]index.Clause, error) {
	var out []index.Clause
	for _, x := range clausesOf(q, nil) {
		n, err := s.count(x)
		if err != nil {
			return nil, err
		}
		c := index.Clause{Query: x.String(), Holds: n > 0, Hits: n}
		for i := range s.segments {
			ev := s.evaluator(i)
			if err := guard(func() error { return ev.terms(&c, x) }); err != nil {
				return nil, err
			}
		}
		out = append(out, c)
	}
	return out, nil
}
