package html

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	xhtml "golang.org/x/net/html"
)

// ours lists the tokens of the scanner, texts next to each other joined.
func ours(src string) []string {
	s := scanner{src: src}
	var t token
	var out tokens
	for {
		s.next(&t)
		switch t.kind {
		case endToken:
			return out.list
		case textToken:
			text := t.data
			if !t.plain {
				text = xhtml.UnescapeString(text)
			}
			out.text(text)
		case closeToken:
			out.add("</" + asciiLower(t.data) + ">")
		case openToken:
			out.add(openTag(&s, &t))
		}
	}
}

// openTag lists the attributes that the scanner sees, the first of each name.
func openTag(s *scanner, t *token) string {
	tag := "<" + asciiLower(t.data)
	var seen []string
	for i := skipSpace(s.src, t.at+len(t.data)); s.src[i] != '>'; i = skipSpace(s.src, i) {
		var key, val string
		if key, val, i = s.attr(i); key == "" || slices.Contains(seen, asciiLower(key)) {
			continue
		}
		seen = append(seen, asciiLower(key))
		tag += fmt.Sprintf(" %s=%q", asciiLower(key), unescape(val))
	}
	return tag + ">"
}

// theirs lists the tokens of x/net/html in the same form.
func theirs(src string) []string {
	z := xhtml.NewTokenizer(strings.NewReader(src))
	var out tokens
	for {
		switch z.Next() {
		case xhtml.ErrorToken:
			return out.list
		case xhtml.TextToken:
			out.text(string(z.Text()))
		case xhtml.EndTagToken:
			name, _ := z.TagName()
			out.add("</" + string(name) + ">")
		case xhtml.StartTagToken, xhtml.SelfClosingTagToken:
			name, more := z.TagName()
			tag := "<" + string(name)
			for more {
				var key, val []byte
				key, val, more = z.TagAttr()
				if len(key) > 0 {
					tag += fmt.Sprintf(" %s=%q", key, val)
				}
			}
			out.add(tag + ">")
		}
	}
}

type tokens struct {
	list []string
	in   bool // the last one is text
}

func (o *tokens) add(s string) { o.list, o.in = append(o.list, s), false }

func (o *tokens) text(s string) {
	if s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s); s == "" {
		return
	}
	if o.in {
		o.list[len(o.list)-1] += s
		return
	}
	o.list, o.in = append(o.list, s), true
}

func asciiLower(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] = lower(b[i])
	}
	return string(b)
}

// comparable reports whether the two tokenizers mean the same by src: no cut
// or unfinished markup at the end, where ours loses less, no script inside a
// script, no noscript (which x/net takes as text), no NUL or CR (which the
// standard replaces before it splits), no numbered entities (of which the
// standard library reads "&#9" otherwise than x/net).
func comparable(src string) bool {
	low := strings.ToLower(src)
	for _, s := range []string{"<script", "<noscript", "<title", "\x00", "\r", "&#"} {
		if strings.Contains(low, s) {
			return false
		}
	}
	return true
}

// TestScannerAgreesWithNetHTML holds the scanner to the tokenizer of x/net on
// whole documents.
func TestScannerAgreesWithNetHTML(t *testing.T) {
	docs := []string{
		mailLike(20_000),
		`<a b=c d='e f' g="h>i" j k = l m/><br/>x<P Class=A CLASS=B>y</p >`,
		`<a =b c=/d/e><b"c' d=e"f><i / x></i y=z>`,
		`a<b<c>d</b<c>e</ f>g</>h<!x>i<?y?>j<!-->k<!--->l<!--m--!>n<!--o--p-->q<!---->r<!--s-- >t-->u`,
		`<style>a<b></style x>c<textarea>d<e>&amp;</textarea>f<xmp>g<h></xmp><iframe>i</iframe>j<style>k</styles></STYLE>l`,
		`<!DOCTYPE html "x>y"><p title="&lt;&quot;" alt=&amp;&copy>&nope;&auml<a href="?a&copy=1&copy;=&copyx&copy2;&amp&lt b" title="&copy">`,
		`a < b <3 <é> </é> <_> &<`,
		`<title>a&amp;<b></title>c<plaintext>d</plaintext>`,
	}
	if name := sharedCases(); name != "" {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		in := bufio.NewScanner(f)
		in.Buffer(nil, 1<<20)
		for in.Scan() {
			var c struct{ HTML string }
			if err := json.Unmarshal(in.Bytes(), &c); err != nil {
				t.Fatal(err)
			}
			docs = append(docs, c.HTML)
		}
	}
	for _, src := range docs {
		if got, want := ours(src), theirs(src); !slices.Equal(got, want) {
			t.Errorf("%.200q\ngot  %q\nwant %q", src, got, want)
		}
	}
}

// FuzzScanner holds the scanner to the tokenizer of x/net on anything that
// ends like a document.
func FuzzScanner(f *testing.F) {
	for _, s := range []string{"<a b=c>", "<!--a--!>b", "<style>a</style>", "</a b>", "<p a='b' a=c>&amp;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		src += ` --><i x='' y="">'">z</i></style></textarea></xmp></iframe></noembed></noframes>`
		if !comparable(src) {
			return
		}
		s := scanner{src: src}
		var tok token
		for s.next(&tok); tok.kind != endToken; s.next(&tok) {
		}
		if s.noDashes || s.noQuote[0] || s.noQuote[1] {
			return // damaged: the standard loses the rest
		}
		if got, want := ours(src), theirs(src); !slices.Equal(got, want) {
			t.Errorf("%q\ngot  %q\nwant %q", src, got, want)
		}
	})
}

func TestScannerLosesNoTextToDamage(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"comment without end", "a<!-- b>c<p>d", "ac\n\nd"},
		{"second comment without end", "a<!--b-->c<!--d>e<!--f>g", "aceg"},
		{"quote without end", `a<p class="b>c<p>d`, "a\n\nc\n\nd"},
		{"single quote without end", `a<a href='http://x.example/>c</a> d`, "ac <http://x.example/> d"},
		{"title without end", "<title>a<p>b", "a\n\nb"},
		{"tag cut off", "a<p class=b", "a"},
		{"style cut off", "a<style>b{", "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := render(t, c.src); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
