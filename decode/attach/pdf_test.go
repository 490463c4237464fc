package attach

import (
	"fmt"
	"strings"
	"testing"
)

// widths of a font in which every character is half as wide as high.
var halfWide = "<< /Type /Font /Subtype /TrueType /BaseFont /X /Encoding /WinAnsiEncoding /FirstChar 32 /LastChar 126 /Widths [" + strings.Repeat("500 ", 95) + "] >>"

func TestPDF(t *testing.T) {
	one := "BT /F1 12 Tf 72 760 Td (Boskoop) Tj ET"
	whole := string(pdfPage(one, helvetica))
	check(t, []sample{
		{"one line", []byte(whole), "application/pdf", "a.pdf", "Boskoop\n", ""},
		{"French", pdfPage("BT /F1 12 Tf (verger \\340 No\\353l) Tj ET", helvetica), "", "a.pdf", "verger à Noël\n", ""},
		{"packed, in two pieces", pdfOf("", "<< /Type /Catalog /Pages 2 0 R >>", "<< /Kids [3 0 R] >>",
			"<< /Type /Page /Contents [4 0 R 5 0 R] /Resources << /Font << /F1 6 0 R >> >> >>", deflated(t, "BT /F1 12 Tf (in two ) Tj"), deflated(t, "(pieces) Tj ET"), helvetica),
			"", "a.pdf", "in two pieces\n", ""},
		{"lines, words and kerning", pdfPage("BT /F1 10 Tf 14 TL 72 700 Td [(Ap)80(fel)-333(saft)] TJ T* (second) Tj ( line) ' 0 -20 Td (third) Tj 25 0 Td (on) Tj 20 0 Td (far) Tj ET", halfWide), "", "a.pdf",
			"Apfel saft\nsecond\n line\nthirdon far\n", ""},
		{"every word in a matrix of its own", pdfPage("q 1 0 0 1 72 700 cm BT /F1 10 Tf 1 0 0 1 0 0 Tm (good) Tj ET Q q 1 0 0 1 97 700 cm BT /F1 10 Tf (apples) Tj ET Q", halfWide), "", "a.pdf",
			"good apples\n", ""},
		{"words divided at the end of a line", pdfPage("BT /F1 10 Tf 12 TL (the manip-) Tj T* (ulation of E-) Tj T* (Mails) Tj ET", halfWide), "", "a.pdf",
			"the manip\u00adulation of E-\nMails\n", ""},
		{"upside down", pdfPage("BT /F1 10 Tf -1 0 0 -1 72 700 Tm (good) Tj -1 0 0 -1 52 700 Tm (ness) Tj ET", halfWide), "", "a.pdf", "goodness\n", ""},
		{"form and annotation", pdfPage("/X1 Do", helvetica, stream("/Subtype /Form /Matrix [1 0 0 1 0 0]", one),
			"<< /Subtype /Widget /AP << /N 8 0 R >> >>", stream("/Subtype /Form /Resources << /Font << /F1 5 0 R >> >>", "BT /F1 9 Tf (filled in) Tj ET")),
			"", "a.pdf", "Boskoop\nfilled in\n", ""},
		{"form in itself", pdfPage("/X1 Do", helvetica, stream("/Subtype /Form", "BT /F1 9 Tf (again) Tj ET /X1 Do")), "", "a.pdf",
			strings.Repeat("again\n", maxForms), ""},
		{"title", pdfOf("/Info 2 0 R ", "<< /Type /Catalog >>", "<< /Title (The orchard) /Keywords (\xfe\xff\x00o\x00l\x00d) >>"), "", "a.pdf", "The orchard\nold\n", ""},
		{"Japanese by a table", pdfPage("BT /F1 12 Tf <000100020003> Tj ET", cid("/Encoding /Identity-H /ToUnicode 6 0 R"), stream("", toUnicodeTable)), "", "a.pdf", "自転車\n", ""},
		{"Japanese in Shift_JIS", pdfPage("BT /F1 12 Tf <8e a9 93 5d 8e d4> Tj ET", cid("/Encoding /90ms-RKSJ-H")), "", "a.pdf", "自転車\n", ""},
		{"Chinese in UTF-16", pdfPage("BT /F1 12 Tf <81ea 884c 8f66> Tj ET", cid("/Encoding /UniGB-UCS2-H")), "", "a.pdf", "自行车\n", ""},
		{"glyphs without meaning", pdfPage("BT /F1 12 Tf <000100020003> Tj ET", cid("/Encoding /Identity-H")), "", "a.pdf", "", "attachment-not-read"},
		{"with a password", pdfOf("/ID [(0123456789abcdef) (x)] /Encrypt << /Filter /Standard /V 1 /R 2 /Length 40 /P -4 /O ("+strings.Repeat("o", 32)+") /U ("+strings.Repeat("u", 32)+") >> ",
			"<< /Type /Catalog >>"), "", "a.pdf", "", "attachment-encrypted"},
		{"newer than the library", []byte(strings.Replace(whole, "%PDF-1.4\n", "%PDF-2.0 ", 1)), "", "a.pdf", "Boskoop\n", ""},
		{"lines before and behind", []byte("Subject: x\n\n" + whole + "\n\n-- \nsent by a gateway\n"), "", "a.pdf", "Boskoop\n", ""},
		{"table in the wrong place", []byte(strings.Replace(whole, "startxref\n", "startxref\n9", 1)), "", "a.pdf", "Boskoop\n", "attachment-damaged"},
		{"end is missing", []byte(whole[:strings.Index(whole, "xref\n")]), "", "a.pdf", "Boskoop\n", "attachment-damaged"},
		{"a page that is broken", []byte(strings.Replace(whole, "BT /F1", "BT )/F1", 1)), "", "a.pdf", "Boskoop\n", ""},
		{"an image in between", pdfPage("BI /W 1 /H 1 ID \x00)(]EI>\xff\nEI "+one, helvetica), "", "a.pdf", "Boskoop\n", ""},
		{"pages in a circle", pdfOf("", "<< /Type /Catalog /Pages 2 0 R >>", "<< /Kids [2 0 R 2 0 R] >>"), "", "a.pdf", "", "limit-attachment"},
		{"nothing of a PDF but the name", []byte("%PDF-1.4\nno more\n"), "", "a.pdf", "", "attachment-damaged"},
	}, Options{PDF: newPool(t, 1).PDF})
}

// cid makes a font with codes of two octets.
func cid(more string) string {
	return fmt.Sprintf("<< /Type /Font /Subtype /Type0 /BaseFont /X %s /DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /DW 1000 /W [1 [900 950] 3 9 1000] >>] >>", more)
}

const toUnicodeTable = `/CIDInit /ProcSet findresource begin 12 dict begin begincmap
/CMapName /Adobe-Identity-UCS def 1 begincodespacerange <0000> <ffff> endcodespacerange
1 beginbfchar <0001> <81ea> endbfchar
1 beginbfrange <0002> <0003> [<8ee2> <8eca>] endbfrange
endcmap CMapName currentdict /CMap defineresource pop end end`
