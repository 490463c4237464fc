package analyze

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/snowballstem"
	stemarabic "github.com/blevesearch/snowballstem/arabic"
	"github.com/blevesearch/snowballstem/danish"
	"github.com/blevesearch/snowballstem/dutch"
	stemenglish "github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/finnish"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/hungarian"
	"github.com/blevesearch/snowballstem/irish"
	"github.com/blevesearch/snowballstem/italian"
	"github.com/blevesearch/snowballstem/norwegian"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/romanian"
	"github.com/blevesearch/snowballstem/russian"
	"github.com/blevesearch/snowballstem/spanish"
	"github.com/blevesearch/snowballstem/swedish"
	"github.com/blevesearch/snowballstem/tamil"
	"github.com/blevesearch/snowballstem/turkish"
)

// A stemmer cuts the endings of one language off a word.
type stemmer struct {
	name   string
	script *unicode.RangeTable
	cut    func(*snowballstem.Env) bool
}

var stemmers = []stemmer{
	{"danish", unicode.Latin, danish.Stem},
	{"dutch", unicode.Latin, dutch.Stem},
	{"english", unicode.Latin, stemenglish.Stem},
	{"finnish", unicode.Latin, finnish.Stem},
	{"french", unicode.Latin, french.Stem},
	{"german", unicode.Latin, german.Stem},
	{"hungarian", unicode.Latin, hungarian.Stem},
	{"irish", unicode.Latin, irish.Stem},
	{"italian", unicode.Latin, italian.Stem},
	{"norwegian", unicode.Latin, norwegian.Stem},
	{"portuguese", unicode.Latin, portuguese.Stem},
	{"romanian", unicode.Latin, romanian.Stem},
	{"spanish", unicode.Latin, spanish.Stem},
	{"swedish", unicode.Latin, swedish.Stem},
	{"turkish", unicode.Latin, turkish.Stem},
	{"arabic", unicode.Arabic, stemarabic.Stem},
	{"russian", unicode.Cyrillic, russian.Stem},
	{"tamil", unicode.Tamil, tamil.Stem},
}

const (
	minFormWord = 4 // letters of a word that has other forms
	minFormStem = 3 // letters that all its forms begin with
	maxFormWord = maxTerm
)

// Forms tells which terms are other forms of a word. The language of the word
// is not guessed: a term is a form if in some language both have the same stem
// (the Snowball stemmers of 18 languages). Terms are folded, and so are the
// stems. It is used at query time only; an index holds the words as they stand.
//
// A Forms is used by one goroutine.
type Forms struct {
	prefix string
	stems  []formStem
	known  map[string]bool
	env    snowballstem.Env
}

// A formStem is the stem of the word in one language, and what it has in common
// with the word: the forms begin with that (happi, happ: happy, happiness).
type formStem struct {
	*stemmer
	stem, begin string
}

// FormsOf gives the forms of a term. It is nil if the term has none: it is
// short, has a digit in it, or is of a script that no stemmer knows.
func FormsOf(term string) *Forms {
	if len(term) > maxFormWord || utf8.RuneCountInString(term) < minFormWord {
		return nil
	}
	for _, r := range term {
		if !unicode.IsLetter(r) && !unicode.IsMark(r) {
			return nil
		}
	}
	first, _ := utf8.DecodeRuneInString(term)
	f := &Forms{known: map[string]bool{term: true}}
	for i := range stemmers {
		s := &stemmers[i]
		if !unicode.Is(s.script, first) {
			continue
		}
		stem, ok := f.stem(s, term)
		begin := term[:commonLen(term, stem)]
		if !ok || utf8.RuneCountInString(begin) < minFormStem {
			continue
		}
		f.stems = append(f.stems, formStem{s, stem, begin})
		if f.prefix == "" || len(begin) < len(f.prefix) {
			f.prefix = begin // all are beginnings of term, so the shortest is one of all
		}
	}
	if len(f.stems) == 0 {
		return nil
	}
	return f
}

// stem is the stem of a word in one language. A stemmer that panics, as
// generated code may on odd input, has none.
func (f *Forms) stem(s *stemmer, word string) (stem string, ok bool) {
	defer func() {
		if recover() != nil {
			stem, ok = "", false
		}
	}()
	f.env.SetCurrent(word)
	s.cut(&f.env)
	return f.env.Current(), true
}

// commonLen is the length of the beginning that a and b share, in whole runes.
func commonLen(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	for n > 0 && n < len(a) && !utf8.RuneStart(a[n]) {
		n--
	}
	return n
}

// Prefix is what every form begins with, at least three letters.
func (f *Forms) Prefix() string { return f.prefix }

// Match reports whether term is the word or a form of it.
func (f *Forms) Match(term string) bool {
	if !strings.HasPrefix(term, f.prefix) || len(term) > maxFormWord {
		return false
	}
	if is, ok := f.known[term]; ok {
		return is
	}
	term = strings.Clone(term)
	is := f.match(term)
	f.known[term] = is
	return is
}

func (f *Forms) match(term string) bool {
	for _, s := range f.stems {
		if !strings.HasPrefix(term, s.begin) {
			continue
		}
		if stem, ok := f.stem(s.stemmer, term); ok && stem == s.stem {
			return true
		}
	}
	return false
}
