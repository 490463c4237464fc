package local

import (
	"testing"
	"unicode/utf8"
)

// Samples are those of RFC 3492 section 7.1, but for the first and last ones.
func TestAddressesWithLetters(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"info@xn--mller-kva.example", "info@müller.example"},
		{"a@XN--bcher-kva.xn--p1ai", "a@bücher.рф"},
		{"a@xn--ihqwcrb4cv8a8dqg056pqjye.example", "a@他们为什么不说中文.example"},
		{"a@xn--4dbcagdahymbxekheh6e0a7fei0b.example", "a@למההםפשוטלאמדבריםעברית.example"},
		{"a@xn--b1abfaaepdrnnbgefbadotcwatmq2g4l.example", "a@почемужеонинеговорятпорусски.example"},
		{"a@plain.example", ""},
		{"xn--mller-kva", ""},
		{"a@xn--.example", "a@.example"},
		{"a@xn--mller-kv!.example", ""},
		{"a@xn--99999999.example", ""},
	} {
		got, ok := withLetters(c.in)
		if !ok {
			got = ""
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.in, got, c.want)
		}
	}
}

func TestDomainsAreFoundAsPeopleWriteThem(t *testing.T) {
	w := open(t, t.TempDir(), Options{})
	apply(t, w, 1, message(t, "From: info@xn--mller-kva.example\nSubject: offer\n\nplums\n"))
	for q, want := range map[string]int{
		"from:müller": 1, "from:mueller": 1, "from:info@müller.example": 1, "from:info@xn--mller-kva.example": 1, "from:meier": 0,
	} {
		if got := len(find(t, w, q)); got != want {
			t.Errorf("%s: %d hits, want %d", q, got, want)
		}
	}
}

func FuzzPunycode(f *testing.F) {
	f.Add("mller-kva")
	f.Add("ihqwcrb4cv8a8dqg056pqjye")
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > maxLabel {
			return
		}
		if out, ok := punycode(s); ok && utf8.ValidString(s) && !utf8.ValidString(out) {
			t.Errorf("%q gives %q", s, out)
		}
	})
}
