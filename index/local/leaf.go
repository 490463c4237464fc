package local

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"lostpost/index/analyze"
	"lostpost/index/query"
)

const (
	// A prefix, regexp or other pattern may stand for this many words.
	maxExpand = 10_000
	// Inside a phrase it may stand for fewer: each needs a reader of its own.
	maxExpandPhrase = 2_000

	// Of the terms that begin like a word so many are looked at for forms of
	// it, and so many forms are taken. Words with less in common than that are
	// no loss, so there is no error.
	maxFormWalk = 2_000
	maxForms    = 200
)

// A leaf is a leaf of a query, analysed: it holds for a document if one of its
// fields does.
type leaf struct {
	pos    int // in the query, for errors
	fields []leafField
}

// A leafField is what must stand in one field: every slot and, with positions,
// one after the other; or any of whole.
type leafField struct {
	field     string
	positions bool
	slots     []slot
	whole     slot
}

// A slot stands for one place in a text: any of terms, or of the terms of the
// dictionary that one of patterns matches.
type slot struct {
	terms    []string
	patterns []pattern
	forms    []*analyze.Forms // other forms of terms
}

func (s slot) empty() bool { return len(s.terms) == 0 && len(s.patterns) == 0 }

// A pattern matches terms that begin with prefix and for which match, if it is
// not nil, holds.
type pattern struct {
	prefix string
	match  func(term string) bool
	all    bool // no bound on the terms: presence of a field
}

func (p pattern) matches(term string) bool {
	return strings.HasPrefix(term, p.prefix) && (p.match == nil || p.match(term))
}

// kindOf says how the words of a field were analysed.
func kindOf(field string) analyze.Kind {
	switch field {
	case fieldFrom, fieldTo, fieldCc, fieldBcc:
		return analyze.Addresses
	case fieldName:
		return analyze.FileNames
	}
	return analyze.Words
}

// leafOf analyses a leaf of a query. Errors: *query.SyntaxError.
func leafOf(e query.Expr) (leaf, error) {
	switch e := e.(type) {
	case query.Term:
		l := words(e.Field, e.Text, e.Pos, false)
		l.addForms()
		return l, nil
	case query.Phrase:
		return words(e.Field, strings.Join(e.Words, " "), e.Pos, false), nil
	case query.Prefix:
		return words(e.Field, e.Text, e.Pos, true), nil
	case query.Infix:
		return inside(e.Field, e.Text, e.Pos, func(word string) pattern {
			return pattern{match: func(term string) bool { return strings.Contains(term, word) }}
		}), nil
	case query.Fuzzy:
		if e.Edits < 0 || e.Edits > 2 {
			return leaf{}, errQuery(e.Pos, "a word may differ in one or two letters")
		}
		return inside(e.Field, e.Text, e.Pos, func(word string) pattern {
			runes := []rune(word)
			var row []int
			return pattern{match: func(term string) bool { return similar(runes, term, e.Edits, &row) }}
		}), nil
	case query.Regexp:
		re, err := regexp.Compile("^(?i:" + e.Text + ")$")
		if err != nil {
			return leaf{}, errQuery(e.Pos, "%v", err)
		}
		return patterned(e.Field, e.Pos, pattern{match: re.MatchString}), nil
	}
	return leaf{}, errQuery(0, "%s cannot be searched", e)
}

// words is a word, a phrase, or a value as a whole; with prefix its end is open.
func words(f query.Field, text string, pos int, prefix bool) leaf {
	if prefix && text == "" {
		return present(f, pos)
	}
	l := leaf{pos: pos}
	if field, before, ok := exactField(f, text); ok {
		value := before + foldValue(field, text)
		s := slot{terms: []string{value}}
		if prefix {
			s = slot{patterns: []pattern{{prefix: value}}}
		}
		l.fields = []leafField{{field: field, slots: []slot{s}}}
		return l
	}
	if f == anyHeader {
		l.fields = []leafField{inAnyHeader(asked(fieldHeader, analyze.Query(analyze.Words, text, prefix)))}
		return l
	}
	if name, ok := headerField(f); ok {
		f := asked(fieldHeader, analyze.Query(analyze.Words, text, prefix))
		l.fields = []leafField{f.behind(strings.ToLower(name) + "=")}
		return l
	}
	for _, field := range textFields(f) {
		f := asked(field, analyze.Query(kindOf(field), text, prefix))
		f.positions = true
		l.fields = append(l.fields, f)
	}
	return l
}

// addForms lets a single word stand for its other forms too, where text is
// written in sentences.
func (l *leaf) addForms() {
	var forms []*analyze.Forms // the same in every field
	made := false
	for i := range l.fields {
		f := &l.fields[i]
		switch f.field {
		case fieldBody, fieldSubject, fieldAttached:
		default:
			continue
		}
		if len(f.slots) != 1 || len(f.slots[0].patterns) > 0 {
			continue
		}
		if !made {
			made = true
			for _, t := range f.slots[0].terms {
				if form := analyze.FormsOf(t); form != nil {
					forms = append(forms, form)
				}
			}
		}
		f.slots[0].forms = forms
	}
}

// asked turns what analyze makes of a text into slots.
func asked(field string, p analyze.Pattern) leafField {
	f := leafField{field: field}
	for i, terms := range p.Slots {
		f.slots = append(f.slots, slotOf(terms, p.Prefix && i == len(p.Slots)-1))
	}
	f.whole = slotOf(p.Whole, p.Prefix)
	return f
}

func slotOf(terms []string, prefix bool) slot {
	if !prefix {
		return slot{terms: terms}
	}
	var s slot
	for _, t := range terms {
		s.patterns = append(s.patterns, pattern{prefix: t})
	}
	return s
}

// present holds wherever a field has anything in it.
func present(f query.Field, pos int) leaf {
	if name, ok := headerField(f); ok {
		return leaf{pos, []leafField{{field: fieldHeader, slots: []slot{{terms: []string{strings.ToLower(name)}}}}}}
	}
	return patterned(f, pos, pattern{all: true})
}

// patterned is a leaf of one pattern in every field that f means.
func patterned(f query.Field, pos int, p pattern) leaf {
	l := leaf{pos: pos}
	s := []slot{{patterns: []pattern{p}}}
	if field, before, ok := exactField(f, ""); ok {
		l.fields = []leafField{leafField{field: field, slots: s}.behind(before)}
	} else if name, ok := headerField(f); ok {
		l.fields = []leafField{leafField{field: fieldHeader, slots: s}.behind(strings.ToLower(name) + "=")}
	} else {
		for _, field := range textFields(f) {
			l.fields = append(l.fields, leafField{field: field, positions: true, slots: s})
		}
	}
	return l
}

// inside is a leaf whose last word is a pattern that is made of that word.
func inside(f query.Field, text string, pos int, made func(word string) pattern) leaf {
	if field, _, ok := exactField(f, text); ok {
		return patterned(f, pos, made(foldValue(field, text)))
	}
	l := words(f, text, pos, false)
	for i := range l.fields {
		field := &l.fields[i]
		field.whole = slot{}
		if n := len(field.slots); n > 0 {
			last := field.slots[n-1]
			before := ""
			if field.field == fieldHeader {
				name, _ := headerField(f)
				before = strings.ToLower(name) + "="
			}
			field.slots[n-1] = slot{}
			for _, w := range append(last.terms, prefixes(last.patterns)...) {
				field.slots[n-1].patterns = append(field.slots[n-1].patterns, made(strings.TrimPrefix(w, before)).behind(before))
			}
		}
	}
	return l
}

func prefixes(ps []pattern) []string {
	var list []string
	for _, p := range ps {
		list = append(list, p.prefix)
	}
	return list
}

// behind moves all that f asks for behind a beginning that its terms share.
func (f leafField) behind(before string) leafField {
	for i, s := range f.slots {
		f.slots[i] = s.behind(before)
	}
	f.whole = f.whole.behind(before)
	return f
}

func (s slot) behind(before string) slot {
	var out slot
	for _, t := range s.terms {
		out.terms = append(out.terms, before+t)
	}
	for _, p := range s.patterns {
		out.patterns = append(out.patterns, p.behind(before))
	}
	return out
}

func (p pattern) behind(before string) pattern {
	out := pattern{prefix: before + p.prefix, all: p.all}
	if match := p.match; match != nil {
		out.match = func(term string) bool { return match(term[len(before):]) }
	}
	return out
}

// foldValue folds a whole value as it was folded for the field.
func foldValue(field, value string) string {
	switch field {
	case fieldIn:
		return foldMailbox(value)
	case fieldID:
		return foldID(value)
	}
	return strings.ToLower(value)
}

// similar reports whether term is at most edits insertions, deletions or changes
// of a letter away from word. row is working memory.
func similar(word []rune, term string, edits int, row *[]int) bool {
	other := []rune(term)
	if d := len(word) - len(other); d > edits || -d > edits {
		return false
	}
	if len(*row) <= len(word) {
		*row = make([]int, len(word)+1)
	}
	r := (*row)[:len(word)+1]
	for i := range r {
		r[i] = i
	}
	for j, c := range other {
		diagonal, least := r[0], j+1
		r[0] = j + 1
		for i, w := range word {
			cost := diagonal
			if w != c {
				cost = 1 + min(diagonal, r[i], r[i+1])
			}
			diagonal, r[i+1] = r[i+1], cost
			least = min(least, cost)
		}
		if least > edits {
			return false
		}
	}
	return r[len(word)] <= edits
}

// leaf evaluates a leaf in every field that it may stand in.
func (ev *evaluator) leaf(l leaf, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	out := roaring.New()
	for _, f := range l.fields {
		bm, terms, err := ev.candidates(l, f, within)
		if err != nil {
			return nil, err
		}
		if f.positions && len(f.slots) > 1 && !bm.IsEmpty() {
			if ev.approximate {
				ev.exact = false
			} else if bm, err = ev.adjacent(f.field, terms, bm); err != nil {
				return nil, err
			}
		}
		out.Or(bm)
		if !f.whole.empty() {
			bm, _, err := ev.slot(l, f.field, f.whole, maxExpand)
			if err != nil {
				return nil, err
			}
			out.Or(ev.limit(bm, within))
		}
	}
	return out, nil
}

// candidates gives the documents of within that have a term of every slot, and
// those terms.
func (ev *evaluator) candidates(l leaf, f leafField, within *roaring.Bitmap) (*roaring.Bitmap, [][]string, error) {
	limit := maxExpand
	if f.positions && len(f.slots) > 1 {
		limit = maxExpandPhrase
	}
	var all *roaring.Bitmap
	terms := make([][]string, len(f.slots))
	for i, s := range f.slots {
		bm, found, err := ev.slot(l, f.field, s, limit)
		if err != nil {
			return nil, nil, err
		}
		terms[i] = found
		if all == nil {
			all = ev.limit(bm, within)
		} else {
			all.And(bm)
		}
		if all.IsEmpty() {
			break
		}
	}
	if all == nil { // nothing but punctuation
		all = roaring.New()
	}
	return all, terms, nil
}

var errTooMany = errors.New("too many words match")

// slot gives the documents that have a term of s, and those terms.
func (ev *evaluator) slot(l leaf, field string, s slot, limit int) (*roaring.Bitmap, []string, error) {
	bm := roaring.New()
	terms := slices.Clone(s.terms)
	for _, t := range terms {
		if err := ev.seg.postingsInto(bm, field, []byte(t)); err != nil {
			return nil, nil, err
		}
	}
	for _, f := range s.forms {
		err := ev.walkForms(field, f, func(term string) error {
			if slices.Contains(terms, term) {
				return nil
			}
			terms = append(terms, strings.Clone(term))
			return ev.seg.postingsInto(bm, field, []byte(term))
		})
		if err != nil {
			return nil, nil, err
		}
	}
	for _, p := range s.patterns {
		err := ev.walk(field, p, func(term string) error {
			if !p.all {
				if len(terms) >= limit {
					return errTooMany
				}
				terms = append(terms, strings.Clone(term))
			}
			return ev.seg.postingsInto(bm, field, []byte(term))
		})
		if errors.Is(err, errTooMany) {
			err = errQuery(l.pos, "more than %d words match; write more letters", limit)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return bm, terms, nil
}

// walk calls f for every term of a field that a pattern matches. The term is
// valid until f returns.
func (ev *evaluator) walk(field string, p pattern, f func(term string) error) error {
	var lo, hi []byte
	if p.prefix != "" {
		lo, hi = []byte(p.prefix), endOf(p.prefix)
	}
	it, err := ev.seg.terms(field, lo, hi)
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		t, err := it.Next()
		if err != nil || t == nil {
			return err
		}
		if n%checkEvery == 0 && ev.ctx.Err() != nil {
			return ev.ctx.Err()
		}
		if p.matches(t.Term) {
			if err := f(t.Term); err != nil {
				return err
			}
		}
	}
}

// errEnough ends a walk that has found what it may.
var errEnough = errors.New("enough")

// walkForms calls found for the terms of a field that are forms of a word, the
// word too.
func (ev *evaluator) walkForms(field string, forms *analyze.Forms, found func(term string) error) error {
	seen, n := 0, 0
	err := ev.walk(field, pattern{prefix: forms.Prefix()}, func(term string) error {
		if seen++; seen > maxFormWalk || n > maxForms {
			return errEnough
		}
		if !forms.Match(term) {
			return nil
		}
		n++
		return found(term)
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// endOf is the least string that is greater than all that begin with prefix;
// nil if there is none.
func endOf(prefix string) []byte {
	b := []byte(prefix)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] != 0xff {
			b[i]++
			return b[:i+1]
		}
	}
	return nil
}
