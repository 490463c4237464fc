package mapi

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestReadRTF(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"words", `{\rtf1\ansi Hello \b big\b0  world\par next}`, "Hello big world\nnext"},
		{"braces and backslashes", `{\rtf1 a \{b\} \\c}`, `a {b} \c`},
		{"octets in the code page of the document", `{\rtf1\ansi\ansicpg1252 Gr\'fc\'dfe}`, "Grüße"},
		{"octet before a letter", `{\rtf1\ansi\ansicpg1252 gro\'dfe}`, "große"},
		{"code page of a font", `{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial Cyr;}}\f1 \'cf\'f0\'e8\'e2\'e5\'f2 \f0 \'e9}`, "Привет é"},
		{"characters of two octets", `{\rtf1\ansi{\fonttbl{\f2\fcharset128 Gothic;}}\f2 \'89\'ef\'8bc}`, "会議"},
		{"Unicode with what old readers show", `{\rtf1\uc1 Gr\u252 u\u223?e}`, "Grüße"},
		{"two characters for old readers", `{\rtf1\uc2 a\u8364 EUb}`, "a€b"},
		{"escaped octet for old readers", `{\rtf1\uc1 \u1055\'cf\u1088\'f0}`, "Пр"},
		{"no character for old readers", `{\rtf1\uc0 \u1055\u1088}`, "Пр"},
		{"pair of surrogates", `{\rtf1\uc1 \u-10179?\u-8704?}`, "😀"},
		{"half a pair", `{\rtf1\uc0 a\u-8704 b}`, "a\ufffdb"},
		{"uc ends with its group", `{\rtf1\uc1{\uc0 \u1055}\u1088?x}`, "Прx"},
		{"what is no text", `{\rtf1{\fonttbl{\f0 Arial;}}{\colortbl;\red0;}{\stylesheet{\s0 Normal;}}{\info{\title T}}{\*\generator G;}{\pict 00ff}text}`, "text"},
		{"binary octets", "{\\rtf1 a\\bin3 }{}b}", "ab"},
		{"field", `{\rtf1 see {\field{\*\fldinst HYPERLINK "http://a.example/"}{\fldrslt the page}}.}`, "see the page."},
		{"signs", `{\rtf1 \ldblquote a\rdblquote\endash b\~c\tab d\line e}`, "“a”–b\u00a0c\td\ne"},
		{"line ends in the file are none", "{\\rtf1 one\r\n two\\par\r\nthree}", "one two\nthree"},
		{"plain text inside", `{\rtf1\ansi\fromtext one\par two\par}`, "one\ntwo\n"},
		{"unbalanced", `}}{\rtf1 a}}b{{c`, "abc"},
		{"empty", "", ""},
		{"not RTF", "plain", "plain"},
		{"ends in a backslash", `{\rtf1 a\`, "a"},
		{"ends in an escape", `{\rtf1 a\'e`, "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := ReadRTF([]byte(c.in), 1000); got.Text != c.want || got.HTML || got.Cut {
				t.Errorf("got %+v, want %q", got, c.want)
			}
		})
	}
}

func TestReadRTFGivesTheHTMLThatItWasMadeOf(t *testing.T) {
	in := `{\rtf1\ansi\ansicpg1251\fromhtml1 \deff0{\fonttbl{\f0\fswiss Arial;}{\f1\fcharset204 Cyr;}}` + "\r\n" +
		`{\*\htmltag19 <html>}{\*\htmltag34 <head>}{\*\htmltag241 <style> p \{ color: red \} </style>}{\*\htmltag41 </head>}` +
		`{\*\htmltag64 <p class="a&quot;b">}\htmlrtf {\f1 \htmlrtf0 \'cf\'f0\'e8\'e2\'e5\'f2` +
		`{\*\htmltag84 &nbsp;}\htmlrtf \'a0\htmlrtf0 5 {\*\htmltag84 &lt;}\htmlrtf <\htmlrtf0  6\htmlrtf }\htmlrtf0` +
		`{\*\mhtmltag84 <img src="moved">}{\*\htmltag84 <img src="cid:1">}\htmlrtf\par\htmlrtf0` +
		`{\*\htmltag0 \par }\rquote\~{\*\htmltag72 </p>}{\*\htmltag27 </html>}}`
	want := `<html><head><style> p { color: red } </style></head><p class="a&quot;b">Привет&nbsp;5 &lt; 6<img src="cid:1">` + "\n" + `&rsquo;&nbsp;</p></html>`
	if got := ReadRTF([]byte(in), 10_000); got.Text != want || !got.HTML {
		t.Errorf("got\n%s\nwant\n%s", got.Text, want)
	}
}

func TestReadRTFStopsAtTheLimit(t *testing.T) {
	got := ReadRTF([]byte(`{\rtf1\ansicpg1252 `+strings.Repeat(`\'e9`, 1000)+`}`), 11)
	if got.Text != "ééééé" || !got.Cut {
		t.Errorf("got %+v", got)
	}
}

// TestReadRTFTimeGrowsWithTheInput: each of these takes some ten milliseconds,
// and minutes if anything in it is quadratic.
func TestReadRTFTimeGrowsWithTheInput(t *testing.T) {
	for name, s := range map[string]string{
		"groups":     strings.Repeat("{", 1_000_000) + "needle",
		"fonts":      `{\rtf1{\fonttbl` + strings.Repeat(`{\f1\fcharset204 A;}`, 100_000) + "}",
		"font turns": `{\rtf1{\fonttbl{\f0\fcharset0;}{\f1\fcharset204;}}` + strings.Repeat(`\f0\'e9\f1\'e9`, 100_000),
		"unicode":    `{\rtf1 ` + strings.Repeat(`\u-10179?`, 200_000),
		"bin":        strings.Repeat(`\bin-9 \bin99999999999 `, 10_000),
		"word":       `\` + strings.Repeat("a", 2_000_000),
		"digits":     `\u` + strings.Repeat("1", 2_000_000),
	} {
		start := time.Now()
		got := ReadRTF([]byte(s), 1<<20)
		if d := time.Since(start); d > 3*time.Second || !utf8.ValidString(got.Text) {
			t.Errorf("%s: %v, %d octets", name, d, len(got.Text))
		}
	}
}

// TestMutatedRTF: 1,000 files that were damaged at random are read to an end.
func TestMutatedRTF(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	base := `{\rtf1\ansi\ansicpg1251\fromhtml1{\fonttbl{\f0\fcharset128 A;}}{\*\htmltag64 <p>}\htmlrtf{\htmlrtf0 \f0\'89\'ef\u8364?\bin3 abc{\*\htmltag72 </p>}}`
	for range 1000 {
		b := []byte(base)
		for range 1 + rng.IntN(8) {
			switch i := rng.IntN(len(b)); rng.IntN(3) {
			case 0:
				b[i] = byte(rng.Uint32())
			case 1:
				b = append(b[:i], b[min(len(b), i+1+rng.IntN(5)):]...)
			default:
				b = b[:i+1]
			}
			if len(b) == 0 {
				b = []byte("{")
			}
		}
		if got := ReadRTF(b, 200); !utf8.ValidString(got.Text) || len(got.Text) > 210 {
			t.Fatalf("%q: %q", b, got.Text)
		}
	}
}

func FuzzReadRTF(f *testing.F) {
	f.Add([]byte(`{\rtf1\ansi\ansicpg1252{\fonttbl{\f1\fcharset128;}}\f1\'89\'ef\u8364?}`))
	f.Add([]byte(`{\rtf1\fromhtml1{\*\htmltag64 <p>}\htmlrtf a\htmlrtf0 b}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got := ReadRTF(b, 1000); !utf8.ValidString(got.Text) || len(got.Text) > 1010 {
			t.Errorf("%q", got.Text)
		}
	})
}
