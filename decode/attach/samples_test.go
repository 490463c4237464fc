package attach

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/zlib"
	"fmt"
	"strings"
	"testing"
)

// A file is one member of a zip file that a test makes.
type file struct{ name, content string }

// packed makes a zip file.
func packed(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		w, err := z.Create(f.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	wordHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n" +
		`<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>`
	wordTail = `</w:body></w:document>`
)

// docx makes a Word file with a body of one run a paragraph.
func docx(t testing.TB, paragraphs ...string) []byte {
	var b strings.Builder
	for _, p := range paragraphs {
		b.WriteString(`<w:p><w:pPr><w:jc w:val="both"/></w:pPr><w:r><w:t xml:space="preserve">` + p + `</w:t></w:r></w:p>`)
	}
	return packed(t,
		file{"[Content_Types].xml", `<Types/>`},
		file{"word/styles.xml", `<w:styles><w:name w:val="Normal"/><w:t>a style</w:t></w:styles>`},
		file{"word/footnotes.xml", `<w:footnotes><w:p><w:r><w:t>a footnote</w:t></w:r></w:p></w:footnotes>`},
		file{"word/document.xml", wordHead + b.String() + wordTail},
		file{"word/header1.xml", `<w:hdr><w:p><w:r><w:t>the head</w:t></w:r></w:p></w:hdr>`},
	)
}

func xlsx(t testing.TB) []byte {
	return packed(t,
		file{"xl/workbook.xml", `<workbook><sheets><sheet name="Harvest &amp; sale" sheetId="1"/></sheets></workbook>`},
		file{"xl/sharedStrings.xml", `<sst><si><t>Gravensteiner</t></si><si><r><t>Red </t></r><r><t>Delicious</t></r><rPh sb="0" eb="1"><t>reading</t></rPh></si></sst>`},
		file{"xl/worksheets/sheet1.xml", `<worksheet><sheetData><row><c r="A1" t="s"><v>77</v></c><c r="B1"><v>4711</v></c><c r="C1"><v>3.25</v></c>` +
			`<c r="D1" t="inlineStr"><is><t>in place</t></is></c><c r="E1" t="str"><f>A1&amp;"x"</f><v>sum of it</v></c><c t="b"><v>1</v></c></row></sheetData></worksheet>`},
	)
}

func pptx(t testing.TB) []byte {
	slide := func(text string) string {
		return `<p:sld><p:txBody><a:p><a:r><a:t>` + text + `</a:t></a:r></a:p></p:txBody></p:sld>`
	}
	return packed(t,
		file{"ppt/presentation.xml", `<p:presentation/>`},
		file{"ppt/slides/slide10.xml", slide("ten")},
		file{"ppt/slides/slide2.xml", slide("two")},
		file{"ppt/slideLayouts/slideLayout1.xml", slide("Click to edit Master title style")},
		file{"ppt/notesSlides/notesSlide1.xml", slide("a note")},
	)
}

func odt(t testing.TB) []byte {
	return packed(t,
		file{"mimetype", "application/vnd.oasis.opendocument.text"},
		file{"content.xml", `<office:document-content><office:body><office:text>` + "\n  " +
			`<text:tracked-changes><text:p>taken out</text:p></text:tracked-changes>` +
			`<text:h>Žluťoučký kůň</text:h><text:p>one<text:s text:c="2"/>two<text:tab/>three<text:line-break/>four ` + "\n" + ` five</text:p>` +
			`</office:text></office:body></office:document-content>`},
		file{"styles.xml", `<office:document-styles><style:header><text:p>the head</text:p></style:header></office:document-styles>`},
		file{"META-INF/manifest.xml", `<manifest:manifest/>`},
	)
}

const rtfLetter = `{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss Arial;}{\f1\fcharset204 Times Cyr;}}` +
	`{\colortbl;\red0\green0\blue0;}{\*\generator Word 12;}{\info{\author Somebody}{\title hidden}}` + "\r\n" +
	`\pard Gr\'fc\'dfe aus dem {\b Obst}garten\par` + "\r\n" +
	`{\f1 \'ff\'e1\'eb\'ee\'ea\'ee}\par \u8364?\u-10179?\u-8694? {\field{\*\fldinst HYPERLINK "x"}{\fldrslt link}}\tab end` +
	`{\pict\wmetafile8 0102ff}\line last\}}`

// pdfOf makes a PDF of these objects, the first of which is the catalog, with
// a true table. extra goes into the trailer.
func pdfOf(extra string, objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	var at []int
	for i, o := range objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R %s>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, extra, table)
	return b.Bytes()
}

// pdfPage makes a PDF of one page: its content, its font, more objects from
// number 6 on.
func pdfPage(content, font string, more ...string) []byte {
	return pdfOf("", append([]string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 /Resources << /Font << /F1 5 0 R >> /XObject << /X1 6 0 R >> >> >>",
		"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Annots [7 0 R] >>",
		stream("", content),
		font,
	}, more...)...)
}

const helvetica = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"

func stream(dict, content string) string {
	return fmt.Sprintf("<< %s /Length %d >>\nstream\n%s\nendstream", dict, len(content), content)
}

// deflated is a stream that is packed.
func deflated(t testing.TB, content string) string {
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return stream("/Filter /FlateDecode", b.String())
}
