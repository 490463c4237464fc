package html

import (
	"io"
	"runtime"
	"strings"
	"testing"
	"time"
)

// hostile are documents that make other converters slow, hungry or crash, each
// for a number of repetitions.
var hostile = []struct {
	name string
	n    int // repetitions that make about 1 MB
	doc  func(n int) string
}{
	{"nested divs", 200_000, func(n int) string { return strings.Repeat("<div>", n) + "x" + strings.Repeat("</div>", n) }},
	{"crossed formatting", 100_000, func(n int) string { return strings.Repeat("<b><i><p>", n) + strings.Repeat("x</b></i>", n) }},
	{"open links", 80_000, func(n int) string { return strings.Repeat("<a href=http://x.example/>y", n) }},
	{"links inside one word", 50_000, func(n int) string { return strings.Repeat("<a href=http://x.example/>y</a>", n) }},
	{"nested tables", 60_000, func(n int) string { return strings.Repeat("<table><tr><td>x", n) + strings.Repeat("</table>", n) }},
	{"small tables", 20_000, func(n int) string { return strings.Repeat("<table><tr><td>a<td>b<tr><td>c<td>d</table>", n) }},
	{"one row of cells", 200_000, func(n int) string { return "<table><tr>" + strings.Repeat("<td>x", n) }},
	{"spans", 50_000, func(n int) string {
		return "<table>" + strings.Repeat("<tr><td colspan=1000000000 rowspan=9999999>x", n)
	}},
	{"formatting in tables", 40_000, func(n int) string { return strings.Repeat("<font><table><b><select><u>", n) }},
	{"attributes", 150_000, func(n int) string { return "<div" + strings.Repeat(" a=1 b", n) + ">x" }},
	{"classes", 200_000, func(n int) string {
		return "<style>.a{display:none}</style><div class='" + strings.Repeat("b ", n) + "'>x"
	}},
	{"entities", 200_000, func(n int) string { return strings.Repeat("&amp", n) + "x" }},
	{"one endless entity", 1_000_000, func(n int) string { return "&#" + strings.Repeat("1", n) + "x&" + strings.Repeat("a", n) }},
	{"comment beginnings", 300_000, func(n int) string { return strings.Repeat("<!-", n) + "x" }},
	{"comments without end", 200_000, func(n int) string { return strings.Repeat("<!-->x<!--a>", n) }},
	{"dashes", 1_000_000, func(n int) string { return "<!--" + strings.Repeat("-", n) + "x" }},
	{"quotes without end", 150_000, func(n int) string { return strings.Repeat("<p a='>x<", n) }},
	{"titles without end", 150_000, func(n int) string { return strings.Repeat("<title>", n) + "x" }},
	{"raw text ends that are none", 200_000, func(n int) string { return "<style>" + strings.Repeat("</styl", n) }},
	{"style sheets", 30_000, func(n int) string { return strings.Repeat("<style>.a .b>.c{display:none}</style>", n) }},
	{"rules", 50_000, func(n int) string { return "<style>" + strings.Repeat(".a,.b{display:none}@media{", n) + "</style>x" }},
	{"declarations", 200_000, func(n int) string { return "<p style='" + strings.Repeat("a:b;;:;", n) + "'>x" }},
	{"nested quotes", 60_000, func(n int) string { return strings.Repeat("<blockquote>", n) + strings.Repeat("x<br>", n) }},
	{"nested lists", 80_000, func(n int) string { return strings.Repeat("<ul><li>x", n) + strings.Repeat("</ul>", n) }},
	{"fonts of no size", 40_000, func(n int) string {
		return strings.Repeat("<font style=font-size:0>", n) + strings.Repeat("</font>x", n)
	}},
	{"empty lines in pre", 1_000_000, func(n int) string { return "<pre>x" + strings.Repeat("\n", n) + "x" }},
	{"joiners", 300_000, func(n int) string { return "x" + strings.Repeat("\u200c", n) + "x" }},
	{"less-than signs", 1_000_000, func(n int) string { return strings.Repeat("<", n) }},
	{"end tags", 200_000, func(n int) string { return "<p><b>" + strings.Repeat("</i></x></td>", n) + "x" }},
}

// TestTextIsLinear converts each hostile document and one of double the size.
// The time may grow a little more than twofold: caches and the collector.
func TestTextIsLinear(t *testing.T) {
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			one, two := h.doc(h.n/2), h.doc(h.n)
			for try := range 5 {
				a, b := best(t, one), best(t, two)
				if b < 3*a || b < 20*time.Millisecond {
					return
				}
				t.Logf("try %d: %v for %d octets, %v for %d", try, a, len(one), b, len(two))
			}
			t.Error("more than three times as long for twice as much")
		})
	}
}

func best(t *testing.T, src string) time.Duration {
	least := time.Hour
	for range 2 {
		begin := time.Now()
		if _, err := Text(io.Discard, src, Options{}); err != nil {
			t.Fatal(err)
		}
		least = min(least, time.Since(begin))
	}
	return least
}

// TestTextNeedsLittleMemory: what is allocated in all, given back or not, stays
// below a few times the document.
func TestTextNeedsLittleMemory(t *testing.T) {
	for _, h := range hostile {
		src := h.doc(h.n)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := Text(io.Discard, src, Options{}); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if n, limit := after.TotalAlloc-before.TotalAlloc, uint64(20*len(src)+8<<20); n > limit {
			t.Errorf("%s: %d octets allocated for %d of HTML", h.name, n, len(src))
		}
	}
}

// TestTextKeepsWordsBelowMaxOpen: beyond the limit of open elements text is
// still text and hidden data still hidden.
func TestTextKeepsWordsBelowMaxOpen(t *testing.T) {
	src := strings.Repeat("<div>", maxOpen+10) + "a<style>b</style><b>c</b><p>d"
	if got, want := render(t, src), "ac d"; strings.ReplaceAll(got, "\n", " ") != want && got != "acd" {
		t.Errorf("got %q, want %q", got, want)
	}
}
