package html

import (
	"fmt"
	"io"
	"strings"
	"testing"

	xhtml "golang.org/x/net/html"
)

// mailLike gives about size octets of HTML as newsletters and Outlook write
// it: layout tables with styles, links, lists, entities, quotes.
func mailLike(size int) string {
	var b strings.Builder
	b.WriteString("<!DOCTYPE html><html><head><meta charset=utf-8><style>@media (max-width:600px){.m{width:100%}} .pre{display:none}</style></head><body>")
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, `<table width="600" cellpadding="0" cellspacing="0" border="0" style="border-collapse:collapse;font-family:Arial,sans-serif"><tr>
<td align="left" valign="top" style="padding:10px 20px;color:#333333;font-size:14px;line-height:20px"><p class="MsoNormal">The harvest of week %d was better than we had feared, and the <b>apples</b> from the north side are sweet&nbsp;&ndash; come and taste them.</p>
<p>Opening hours &amp; prices are <a href="https://garden.example/hours/%d" style="color:#0066cc;text-decoration:underline">on our page</a>.</p></td>
<td width="120" style="padding:4px"><img src="https://garden.example/i/%d.png" alt="Basket" width="100" height="80" style="display:block"></td></tr></table>
<ul><li>Pears, 3 kg, 4.50&nbsp;&euro;</li><li>Plums, <i>late</i>, 2 kg</li><li>Gr&uuml;nkohl und R&#252;ben</li></ul>
<div class="gmail_quote"><blockquote style="margin:0 0 0 .8ex;border-left:1px #ccc solid;padding-left:1ex"><div>Could you keep a box for us until Saturday?<br>We will bring the children.</div></blockquote></div>
<table border="1"><tr><th>Item</th><th>Price</th></tr><tr><td>Apple</td><td>2.00</td></tr><tr><td>Pear</td><td>3.20</td></tr></table>
`, i, i, i)
	}
	return b.String()
}

func BenchmarkText(b *testing.B) {
	src := mailLike(1 << 20)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Text(io.Discard, src, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkScanner and BenchmarkNetTokenizer compare the two tokenizers on the
// same work: all tokens, names and attributes.
func BenchmarkScanner(b *testing.B) {
	src := mailLike(1 << 20)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		s := scanner{src: src}
		var t token
		for s.next(&t); t.kind != endToken; s.next(&t) {
		}
	}
}

func BenchmarkNetTokenizer(b *testing.B) {
	src := mailLike(1 << 20)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		z := xhtml.NewTokenizer(strings.NewReader(src))
		for z.Next() != xhtml.ErrorToken {
			_, more := z.TagName()
			for more {
				_, _, more = z.TagAttr()
			}
		}
	}
}
