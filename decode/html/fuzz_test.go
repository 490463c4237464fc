package html

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzText: no panic, valid UTF-8, no blanks at line ends outside
// preformatted text, and no more text than the input can explain.
func FuzzText(f *testing.F) {
	for _, s := range []string{
		"<p>a<b>b</p>c", "<ul><li>x<ol start=9><li>y</ul>", "<table><tr><td>1<td><table><tr><td>2",
		"<blockquote><pre> a\n\tb</pre></blockquote>", "<a href='http://x.example/'>y", "&copy2024 &#x80; &nbsp;&zwnj;",
		"<style>.a{display:none}</style><p class=a>x", "<!--x--!>y<!-z>", "<p style='font-size:0'>x<span style=font-size:1em>y",
		"<title>x", "<div a='b", "<textarea>\n x</textarea>", "<td><h1>a</h1><td>b</table></td>", "<q>a</q><img alt=b>",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		var b strings.Builder
		cut, err := Text(&b, src, Options{Links: true})
		if cut || err != nil {
			t.Fatalf("cut %v, err %v", cut, err)
		}
		got := b.String()
		if !utf8.ValidString(got) {
			t.Errorf("not UTF-8: %q", got)
		}
		if got != "" && (got[0] == '\n' || got[len(got)-1] == '\n') {
			t.Errorf("line end at an end: %q", got)
		}
		if n := 4*maxIndent*len(src) + 100; len(got) > n {
			t.Errorf("%d octets of text from %d of HTML", len(got), len(src))
		}
		Charset([]byte(src))
	})
}
