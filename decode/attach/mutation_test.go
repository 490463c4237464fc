package attach

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// seeds are files of every kind that is read.
func seeds(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"a.docx": docx(t, "one two", "Яблоневый сад"),
		"a.xlsx": xlsx(t),
		"a.pptx": pptx(t),
		"a.odt":  odt(t),
		"a.rtf":  []byte(rtfLetter),
		"a.html": []byte("<html><table><tr><td>a<td>b</table><p style='display:none'>x<p>end"),
		"a.zip":  packed(t, file{"b.txt", "plain words"}, file{"c.docx", string(docx(t, "inside"))}, file{"d.pdf", string(pdfPage("BT (x) Tj ET", helvetica))}),
		"a.pdf":  pdfPage("q 1 0 0 1 72 700 cm BT /F1 10 Tf 12 TL (good) Tj T* [(app)-20(les)] TJ ET Q /X1 Do", halfWide, stream("/Subtype /Form", "BT (in a form) Tj ET")),
		"b.pdf":  pdfPage("BT /F1 12 Tf <000100020003> Tj ET", cid("/Encoding /Identity-H /ToUnicode 6 0 R"), stream("", toUnicodeTable)),
		"c.pdf": pdfOf("/Info 5 0 R ", "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] >>", "<< /Contents 4 0 R >>",
			deflated(t, strings.Repeat("BT (packed) Tj ET ", 50)), "<< /Title (The orchard) >>"),
	}
}

// mutate damages a copy of b: octets changed, bits flipped, a piece removed, a
// piece doubled, or the end cut.
func mutate(r *rand.Rand, b []byte) []byte {
	b = append([]byte(nil), b...)
	for range 1 + r.IntN(4) {
		if len(b) == 0 {
			return b
		}
		at := r.IntN(len(b))
		to := min(len(b), at+1+r.IntN(40))
		switch r.IntN(6) {
		case 0:
			b[at] = byte(r.Uint32())
		case 1:
			b[at] ^= 1 << r.IntN(8)
		case 2:
			b = append(b[:at:at], b[to:]...)
		case 3:
			b = append(append(b[:to:to], b[at:to]...), b[to:]...)
		case 4:
			b[at] = "0123456789()<>[]{}\\/%-"[r.IntN(22)]
		case 5:
			if r.IntN(4) == 0 {
				b = b[:at]
			}
		}
	}
	return b
}

// TestMutations reads 1,000 damaged files of each kind: no panic, valid text,
// no file over 10 s. Those that hang or kill the reader of PDF cost themselves.
func TestMutations(t *testing.T) {
	n := 1000
	if testing.Short() {
		n = 100
	}
	const seed = 20261124
	pool := newPool(t, 2)
	for name, whole := range seeds(t) {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, uint64(len(whole))))
			var worst time.Duration
			faulty := 0
			for i := range n {
				start := time.Now()
				text, faults := Text(context.Background(), mutate(r, whole), "", name, Options{PDF: pool.PDF})
				worst = max(worst, time.Since(start))
				if !utf8.ValidString(text) {
					t.Errorf("mutation %d of seed %d: text is not UTF-8", i, seed)
				}
				if len(faults) > 0 {
					faulty++
				}
			}
			if worst > 10*time.Second {
				t.Errorf("one took %v", worst)
			}
			t.Logf("%d mutations, %d with a fault, the slowest %v", n, faulty, worst)
		})
	}
}

func FuzzText(f *testing.F) {
	for name, b := range seeds(f) {
		f.Add(b, name)
	}
	f.Fuzz(func(t *testing.T, b []byte, name string) {
		const most = 1 << 16
		text, _ := Text(context.Background(), b, "", name, Options{TextBytes: most, Unpacked: 1 << 20})
		if !utf8.ValidString(text) || len(text) > most {
			t.Errorf("%d octets of text, valid %v", len(text), utf8.ValidString(text))
		}
		again, _ := Text(context.Background(), b, "", name, Options{TextBytes: most, Unpacked: 1 << 20})
		if again != text {
			t.Error("the same file gives another text")
		}
	})
}

// FuzzPDFScan holds the reader of content streams, which is our own, to its
// bounds. The library below it is not fuzzed here: it may hang.
func FuzzPDFScan(f *testing.F) {
	f.Add([]byte("BT /F1 10 Tf [(a)-20(\\101b)] TJ <4142> Tj BI ID x EI ET"))
	f.Add([]byte(toUnicodeTable))
	f.Fuzz(func(t *testing.T, b []byte) {
		scan := pdfScanner{s: b}
		for n := 0; ; n++ {
			_, ok := scan.next()
			if !ok {
				return
			}
			if n > len(b) {
				t.Fatal("more operators than octets")
			}
		}
	})
}

func BenchmarkText(b *testing.B) {
	body := make([]string, 2000)
	for i := range body {
		body[i] = "The quick brown fox jumps over the lazy dog, näher betrachtet."
	}
	for name, whole := range map[string][]byte{
		"docx":  docx(b, body...),
		"rtf":   []byte(`{\rtf1 ` + strings.Repeat(`The quick {\b brown} fox, n\'e4her betrachtet.\par `, 5000) + `}`),
		"noise": []byte(strings.Repeat("\x91\x05\xfe", 30_000)),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(whole)))
			for b.Loop() {
				Text(context.Background(), whole, "", "a."+name, Options{})
			}
		})
	}
	b.Run("pdf", func(b *testing.B) {
		whole := pdfPage(strings.Repeat("BT /F1 10 Tf 1 0 0 1 72 700 Tm (The quick brown fox) Tj ET\n", 2000), halfWide)
		pool := newPool(b, 1)
		b.SetBytes(int64(len(whole)))
		for b.Loop() {
			Text(context.Background(), whole, "", "a.pdf", Options{PDF: pool.PDF})
		}
	})
}
