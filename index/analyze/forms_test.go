package analyze

import (
	"strings"
	"testing"
)

// folded is a word as it stands in an index.
func folded(t *testing.T, word string) string {
	t.Helper()
	tokens := Text(nil, word)
	if len(tokens) == 0 {
		t.Fatalf("%q has no term", word)
	}
	return tokens[0].Term
}

func TestFormsOfManyLanguages(t *testing.T) {
	for _, c := range []struct{ word, form string }{
		{"option", "options"},
		{"reupholstered", "reupholstering"},
		{"happy", "happiness"},
		{"Vertrag", "Verträge"},
		{"Rechnungen", "Rechnung"},
		{"kirjasto", "kirjastoissa"},
		{"maisons", "maison"},
		{"facturas", "factura"},
		{"fatture", "fattura"},
		{"bilarna", "bilar"},
		{"договор", "договора"},
		{"книги", "книга"},
		{"számlák", "számla"},
		{"kitaplar", "kitaplarda"},
	} {
		f := FormsOf(folded(t, c.word))
		if f == nil {
			t.Errorf("%s has no forms", c.word)
			continue
		}
		if form := folded(t, c.form); !f.Match(form) {
			t.Errorf("%s is no form of %s", form, c.word)
		}
		if !f.Match(folded(t, c.word)) {
			t.Errorf("%s is no form of itself", c.word)
		}
	}
}

func TestFormsAreNotGuessedTooFar(t *testing.T) {
	for _, c := range []struct{ word, other string }{
		{"invoice", "invent"},
		{"contract", "contrast"},
		{"kernel", "kerosene"},
		{"Vertrag", "Vertrauen"},
		{"договор", "дом"},
	} {
		if f := FormsOf(folded(t, c.word)); f != nil && f.Match(folded(t, c.other)) {
			t.Errorf("%s counts as a form of %s", c.other, c.word)
		}
	}
	for _, word := range []string{"the", "ab12cd", "42", "新年", strings.Repeat("a", 200), "", "ไทยไทย"} {
		if f := FormsOf(word); f != nil {
			t.Errorf("%.20q has forms", word)
		}
	}
}

func FuzzForms(f *testing.F) {
	f.Add("reupholstered", "reupholstering")
	f.Add("договор", "договора")
	f.Add("ʼnnnnn", "\xff\xfe")
	f.Fuzz(func(t *testing.T, word, term string) {
		forms := FormsOf(word)
		if forms == nil {
			return
		}
		if !strings.HasPrefix(word, forms.Prefix()) {
			t.Errorf("%q does not begin with %q", word, forms.Prefix())
		}
		if !forms.Match(word) {
			t.Errorf("%q is no form of itself", word)
		}
		if forms.Match(term) && !strings.HasPrefix(term, forms.Prefix()) {
			t.Errorf("%q matches outside the prefix %q", term, forms.Prefix())
		}
	})
}

func BenchmarkFormsMatch(b *testing.B) {
	terms := []string{"option", "options", "optional", "opted", "optics", "optimum"}
	for b.Loop() {
		f := FormsOf("option")
		for _, t := range terms {
			f.Match(t)
		}
	}
}
