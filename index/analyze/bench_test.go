package analyze

import (
	"strings"
	"testing"
)

const english = "Dear Ben,\nthe folder with the open invoices is on the shelf beside the window; please send 2 copies " +
	"to the Tax Office before the end of March, and call me at the number below if anything is missing.\n"

func benchmark(b *testing.B, text string) {
	text = strings.Repeat(text, 1+(64<<10)/len(text))
	var tokens []Token
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		tokens = Text(tokens[:0], text)
	}
}

func BenchmarkASCII(b *testing.B) { benchmark(b, english) }
func BenchmarkGerman(b *testing.B) {
	benchmark(b, "Sehr geehrte Frau Groß, die Verträge für das Grundstück in München liegen auf dem Tisch neben der Tür. ")
}
func BenchmarkRussian(b *testing.B) {
	benchmark(b, "Уважаемая Анна, договоры лежат на столе возле окна, их ещё никто не подписал. ")
}
func BenchmarkJapanese(b *testing.B) {
	benchmark(b, "契約書は窓のそばの机の上にあります。まだ誰も署名していません。")
}
func BenchmarkHalfWidth(b *testing.B) {
	benchmark(b, "ｹｲﾔｸｼｮﾊ ﾏﾄﾞﾉ ｿﾊﾞﾉ ﾂｸｴﾉ ｳｴﾆ ｱﾘﾏｽ ")
}
func BenchmarkDecomposed(b *testing.B) {
	benchmark(b, "Vertra\u0308ge fu\u0308r das Grundstu\u0308ck ")
}
