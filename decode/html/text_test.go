package html

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// The cases of this file were written by hand from the HTML standard and from
// what mail programs send; none is a copy of what the code gave.

var blocks = []struct{ name, src, want string }{
	{"paragraphs", "<p>one</p><p>two</p>", "one\n\ntwo"},
	{"paragraphs of Outlook stand close", `<p class="MsoNormal">one</p><p class=MsoNormal>two</p>`, "one\ntwo"},
	{"empty paragraph of Outlook is an empty line", `<p class=MsoNormal>one</p><p class=MsoNormal><o:p>&nbsp;</o:p></p><p class=MsoNormal>two</p>`, "one\n\ntwo"},
	{"paragraph without margin", `<p style="margin:0">a</p><p style="margin: 0 0 0 10px">b</p><p style="margin:0 0 1em">c</p>`, "a\nb\n\nc"},
	{"empty line of Gmail", "<div>a</div><div><br></div><div>b</div>", "a\n\nb"},
	{"br at the end of a block is no line", "<div>a<br></div><div>b</div>", "a\nb"},
	{"at most two empty lines", "a<br><br><br><br><br><br>b", "a\n\n\nb"},
	{"end tags of br and p", "a</br>b</p>c", "a\nb\n\nc"},
	{"implied end of p", "<p>a<div>b</div><p>c<ul><li>d</ul>e", "a\n\nb\n\nc\n\n* d\n\ne"},
	{"inline end tag does not close a block", "<span><div>a</span>b</div>c", "ab\nc"},
	{"stray end tags", "</div></td></table></ul>a</blockquote></h1>b", "ab"},
	{"end tag inside a cell does not reach out", "<div><table><tr><td>a</div>b</td></tr></table>c</div>d", "ab\nc\nd"},
	{"rule", "a<hr>b", "a\n\nb"},
	{"definition list", "<dl><dt>Term<dd>what it is<dt>Other<dd>more</dl>", "Term\n  what it is\nOther\n  more"},
	{"options", "<select><option>red<option>blue</select>", "red\nblue"},
	{"quotation marks", "<p>he said <q>no</q>.</p>", `he said "no".`},
	{"ruby", "<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>", "漢(kan)"},
	{"headings inside text", "a<h3>b</h3>c", "a\n\nb\n\nc"},
	{"noscript is shown", "<noscript>a</noscript>b", "ab"},
	{"frames, objects and templates are not", "<iframe>a</iframe><template>b</template><svg><text>c</text></svg><noframes>d</noframes>e", "e"},
	{"textarea keeps its lines", "<textarea>\na\n b</textarea>", "a\n b"},
	{"plaintext", "a<plaintext><b>c", "a\n\n<b>c"},
}

var lists = []struct{ name, src, want string }{
	{"wrapped item", "<ul><li>a<br>b</ul>", "* a\n  b"},
	{"item of paragraphs", "<ul><li><p>a</p><p>b</p><li>c</ul>", "* a\n\n  b\n\n* c"},
	{"item with value", "<ol><li>a<li value=7>b<li>c</ol>", "1. a\n7. b\n8. c"},
	{"no bullets", `<ul style="list-style-type: none"><li>a<li>b</ul>`, "  a\n  b"},
	{"three levels", "<ul><li>a<ul><li>b<ul><li>c</ul></ul></ul>d", "* a\n  * b\n    * c\n\nd"},
	{"list in a quote", "<blockquote><ul><li>a</ul></blockquote>", "> * a"},
	{"quote in a list", "<ul><li>a<blockquote>b</blockquote></ul>", "* a\n\n  > b"},
	{"item without a list", "<li>a<li>b", "a\nb"},
	{"quote after text of Gmail", `<div>On Monday Ada wrote:<br><blockquote style="margin:0 0 0 .8ex">old</blockquote></div>`, "On Monday Ada wrote:\n> old"},
	{"two paragraphs in a quote", "<blockquote><p>a</p><p>b</p></blockquote>c", "> a\n>\n> b\n\nc"},
}

var tables = []struct{ name, src, want string }{
	{"empty cells are left out", "<table><tr><td></td><td>a</td><td>&nbsp;</td><td>b</td></tr></table>", "a  b"},
	{"paragraph in a cell is a cell", "<table><tr><td><p>a</p></td><td><p>b</p></td></tr></table>", "a  b"},
	{"cell of two lines breaks the row", "<table><tr><td>a<br>b</td><td>c</td></tr></table>", "a\nb\nc"},
	{"list in a cell breaks the row", "<table><tr><td>a</td><td><ul><li>b</ul></td><td>c</td></tr></table>", "a\n\n* b\n\nc"},
	{"no end tags", "<table><tr><td>a<td>b<tr><td>c<td>d</table>e", "a  b\nc  d\ne"},
	{"aligned", "<table><tr><td>a</td><td>b</td><td>c</td></tr><tr><td>long</td><td>x</td><td>y</td></tr></table>", "a     b  c\nlong  x  y"},
	{"aligned with a gap", "<table><tr><th></th><th>2023</th><th>2024</th></tr><tr><td>Pears</td><td></td><td>7</td></tr><tr><td>Figs</td><td>1</td><td>2</td></tr></table>",
		"       2023  2024\nPears        7\nFigs   1     2"},
	{"title over all columns", "<table><tr><td colspan=2>A title that is long</td></tr><tr><td>a</td><td>1</td></tr><tr><td>bb</td><td>2</td></tr></table>", "A title that is long\na   1\nbb  2"},
	{"wide characters", "<table><tr><td>梨</td><td>3</td></tr><tr><td>plum</td><td>4</td></tr></table>", "梨    3\nplum  4"},
	{"too wide to align", "<table><tr><td>a</td><td>b</td></tr><tr><td>" + strings.Repeat("x", 99) + "</td><td>c</td></tr></table>", "a  b\n" + strings.Repeat("x", 99) + "  c"},
	{"in a quote", "<blockquote><table><tr><td>a</td><td>b</td></tr><tr><td>cc</td><td>d</td></tr></table></blockquote>", "> a   b\n> cc  d"},
	{"caption", "<table><caption>T</caption><tr><td>a</td><td>b</td></tr></table>", "T\na  b"},
	{"text outside of cells", "<table>a<td>b<tr>c<td>d</table>", "a  b\nc  d"},
	{"white space between rows", "<table>\n <tr>\n  <td>a</td>\n  <td>b</td>\n </tr>\n</table>", "a  b"},
}

var seen = []struct{ name, src, want string }{
	{"font size zero around, not within (MJML)", `<td style="font-size:0px"><div style="font-size:13px">a</div>b</td>`, "a"},
	{"relative size of nothing is nothing", `<div style="font-size:0"><span style="font-size:120%">a</span></div>b`, "b"},
	{"visibility can be turned on again", `<div style="visibility:hidden">a<b style="visibility:visible">b</b></div>c`, "b\nc"},
	{"mso-hide hides", `<p style="mso-hide:all">a</p>b`, "b"},
	{"mso-hide on a link does not: buttons for all but Outlook", `<a style="mso-hide:all" href="">a</a>`, "a"},
	{"max-height zero", `<div style="max-height:0;overflow:hidden">a</div>b`, "b"},
	{"entities in styles", `<p style="font-family:&quot;Arial&quot;;display&#58;none">a</p>b`, "b"},
	{"important", `<p style="display:none!important">a</p><p style="display: none ! important">b</p>c`, "c"},
	{"a style that only sounds like it", `<p style="display:nonesuch;mso-hide:none;font-size:0.5em">a</p>`, "a"},
	{"hidden paragraph without end tag", "<p hidden>a<p>b", "b"},
	{"hidden span without end tag", `<div><span style="display:none">a</div>b`, "b"},
	{"hidden item", "<ul><li hidden>a<li>b</ul>", "* b"},
	{"hidden cell", `<table><tr><td style="display:none">a<td>b</table>`, "b"},
	{"body is never hidden", `<body style="display:none">a</body>`, "a"},
	{"later rule wins", "<style>.a{display:none} .a{display:block}</style><p class=a>a</p>", "a"},
	{"style of the element beats a rule", `<style>.a{display:none}</style><p class="x a" style="display:block">a</p>`, "a"},
	{"list of selectors", "<style>p.q, .a , #b{color:red;display:none}</style><p class=a>a</p><p id=b>b</p><p class=q>c</p>", "c"},
	{"comments and imports in style sheets", "<style><!-- @import 'x'; /* .c{ */ .a{display:none} --></style><p class=a>a</p><p class=c>c</p>", "c"},
	{"style sheet for print", "<style media=print>.a{display:none}</style><p class=a>a</p>", "a"},
	{"images", `<img alt="a &amp; b"><img width=1 alt=c><img height="1px" alt=d><img style="width:1px" alt=e><img alt=" "><img hidden alt=f>`, "[a & b]"},
	{"conditional comments", "<!--[if mso]>a<![endif]--><!--[if !mso]><!-->b<!--<![endif]--><![if !vml]>c<![endif]>", "bc"},
	{"white-space:pre-wrap", `<div style="white-space:pre-wrap">a   b
  c</div>d  e`, "a   b\n  c\nd e"},
	{"closed dialog", "<dialog>a</dialog><dialog open>b</dialog>", "b"},
}

var characters = []struct{ name, src, want string }{
	{"entities without semicolon", "&lt;a&gt &ampb &notit; &unknown; &", "<a> &b ¬it; &unknown; &"},
	{"numbers", "&#8364;&#x20ac;&#150;&#0000000000000000000000000000000000000000000000065;", "€€–A"},
	{"white space by number", "a&#32;&#32;b&#10;c&#9;d", "a b c d"},
	{"no-break blanks collapse", "a&nbsp;&nbsp; &ensp;b", "a b"},
	{"joiner in a word", "می\u200cخواهم", "می\u200cخواهم"},
	{"joiner of an emoji", "👩\u200d🌾!", "👩\u200d🌾!"},
	{"joiner between words", "a\u200c b\u200d", "a b"},
	{"a run of joiners in a word is one", "a\u200c\u200cb", "a\u200cb"},
	{"byte order mark and word joiner", "\ufeffa\u2060b", "ab"},
	{"C1 controls and NUL", "a\u0085b\u009fc\x00d", "abcd"},
	{"not UTF-8", "a\xffb", "a\ufffdb"},
	{"line separator", "a\u2028b", "a\nb"},
	{"ideographic space stays", "件名\u3000試験", "件名\u3000試験"},
	{"white space only", " \n\t<p> </p>&nbsp;", ""},
	{"text that looks like a tag", "1<2 and <3 a<>b", "1<2 and <3 a<>b"},
	{"CRLF", "a\r\nb<pre>c\r\nd</pre>", "a b\n\nc\nd"},
	{"tabs in pre", "<pre>\ta\tb \n\n c</pre>", "\ta\tb\n\n c"},
}

var linked = []struct{ name, src, want, full string }{
	{"mail without address in the words", `<a href="mailto:ada@example.org?subject=x">write</a>`, "write <mailto:ada@example.org?subject=x>", ""},
	{"host in the words", `<a href="https://www.example.org/">example.org</a>`, "example.org", ""},
	{"escaped target in the words", `<a href="http://example.org/a%20b">example.org/a b</a>`, "example.org/a b", ""},
	{"telephone", `<a href="tel:+49301234">030 1234</a>`, "030 1234", ""},
	{"inside the message, scripts, relative", `<a href="#a">a</a> <a href="javascript:b()">b</a> <a href="/c">c</a> <a href="cid:d">d</a>`, "a b c d", ""},
	{"image as a link", `<a href="http://example.org/"><img alt="Logo"></a>`, "[Logo] <http://example.org/>", ""},
	{"nothing to click", `<a href="http://example.org/"><img></a>a`, "a", ""},
	{"link around blocks", `<a href="http://example.org/"><div>a</div></a><div>b</div>`, "a <http://example.org/>\nb", ""},
	{"link without end tag", `<p><a href="http://example.org/a">a<p>b <a href="http://example.org/c">c`, "a <http://example.org/a>\n\nb c <http://example.org/c>", ""},
	{"campaign", `<a href="https://u:p@click.example:8080/x?utm_source=news">go</a>`, "go <click.example:8080>", "go <https://u:p@click.example:8080/x?utm_source=news>"},
	{"token", `<a href="https://click.example/c/a1B2c3D4e5F6g7H8">go</a>`, "go <click.example>", "go <https://click.example/c/a1B2c3D4e5F6g7H8>"},
	{"a title is no token", `<a href="https://blog.example/ten-things-about-pears-in-2024">go</a>`, "go <https://blog.example/ten-things-about-pears-in-2024>", ""},
	{"parameters that look like entities", `<a href="http://example.org/?a=1&copy=2&sect&ampx=3&#38;b&amp;c">go</a>`, "go <http://example.org/?a=1&copy=2§&ampx=3&b&c>", ""},
	{"entities and line ends in the target", "<a href='http://example.org/?a=1&amp;b\n=2'>go</a>", "go <http://example.org/?a=1&b=2>", ""},
}

func TestText(t *testing.T) {
	for _, group := range [][]struct{ name, src, want string }{blocks, lists, tables, seen, characters} {
		for _, c := range group {
			t.Run(c.name, func(t *testing.T) {
				if got := render(t, c.src); got != c.want {
					t.Errorf("%s\ngot  %q\nwant %q", c.src, got, c.want)
				}
			})
		}
	}
}

func TestTextOfLinks(t *testing.T) {
	for _, c := range linked {
		t.Run(c.name, func(t *testing.T) {
			if got := render(t, c.src); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			full := c.full
			if full == "" {
				full = c.want
			}
			var b strings.Builder
			if _, err := Text(&b, c.src, Options{Links: true}); err != nil || b.String() != full {
				t.Errorf("with Links: got %q, %v, want %q", b.String(), err, full)
			}
		})
	}
}

func TestTextStopsAtMaxAfterAWholeCharacter(t *testing.T) {
	for max, want := range map[int]string{1: "a", 2: "a", 3: "aé", 4: "aé", 5: "aéé", 6: "aéé"} {
		var b bytes.Buffer
		cut, err := Text(&b, "<p>aéé</p>", Options{Max: max})
		if b.String() != want || err != nil || cut != (max < 5) {
			t.Errorf("Max %d: got %q, cut %v, err %v, want %q", max, b.String(), cut, err, want)
		}
	}
}

type brokenWriter struct{ left int }

var errBroken = errors.New("disk full")

func (w *brokenWriter) Write(p []byte) (int, error) {
	if w.left--; w.left < 0 {
		return 0, errBroken
	}
	return len(p), nil
}

func TestTextGivesTheErrorOfTheWriter(t *testing.T) {
	src := strings.Repeat("<p>word</p>", 100_000)
	for _, n := range []int{0, 1} {
		if cut, err := Text(&brokenWriter{n}, src, Options{}); cut || !errors.Is(err, errBroken) {
			t.Errorf("after %d writes: got %v, %v, want %v", n, cut, err, errBroken)
		}
	}
}

// TestTextIsTheSameWhereverBuffersEnd puts the same table and link at every
// place of the buffer.
func TestTextIsTheSameWhereverBuffersEnd(t *testing.T) {
	const tail = `<table><tr><td>a</td><td>b</td></tr><tr><td>long</td><td>c</td></tr></table><p>x <a href="http://x.example/">x.example</a></p>`
	const want = "\na     b\nlong  c\n\nx x.example"
	for n := flushAt - 60; n < flushAt+4; n++ {
		if got := render(t, strings.Repeat("y", n)+tail); got[n:] != want {
			t.Fatalf("after %d octets: got %q, want %q", n, got[n:], want)
		}
	}
}

func TestCharset(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"", ""},
		{`<meta charset="utf-8">`, "utf-8"},
		{`<META CHARSET=windows-1252 />`, "windows-1252"},
		{`<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-2">`, "iso-8859-2"},
		{`<meta content='text/html;charset = "koi8-r"' http-equiv=content-type>`, "koi8-r"},
		{`<meta name=x content="text/html; charset=no">`, ""},
		{`<!-- <meta charset=a> --><title><meta charset=b></title><meta charset=c>`, "c"},
		{`<?xml version="1.0" encoding="ISO-8859-1"?><html>`, "ISO-8859-1"},
		{`<?xml version="1.0"?><meta charset=utf-8>`, "utf-8"},
		{`<meta charset=utf-16le>`, "utf-8"},
		{`<meta charset="">`, ""},
		{"<style>" + strings.Repeat("x", 60_000) + "</style><meta charset=big5>", "big5"},
		{strings.Repeat("x", charsetWindow) + "<meta charset=big5>", ""},
	} {
		if got := Charset([]byte(c.src)); got != c.want {
			t.Errorf("%.80q: got %q, want %q", c.src, got, c.want)
		}
	}
}
