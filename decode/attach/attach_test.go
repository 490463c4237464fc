package attach

import (
	"cmp"
	"context"
	"strings"
	"testing"
	"time"
)

// A sample is a file and what must come of it.
type sample struct {
	name      string
	file      []byte
	mediaType string
	fileName  string
	want      string
	codes     string // of the faults, in order, joined by blanks
}

func check(t *testing.T, samples []sample, opt Options) {
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			text, faults := Text(context.Background(), s.file, s.mediaType, s.fileName, opt)
			if text != s.want {
				t.Errorf("got  %q\nwant %q", text, s.want)
			}
			if got := codes(faults); got != s.codes {
				t.Errorf("faults %v, want %q", faults, s.codes)
			}
		})
	}
}

func codes(faults []Fault) string {
	var cs []string
	for _, f := range faults {
		cs = append(cs, f.Code)
	}
	return strings.Join(cs, " ")
}

func TestOffice(t *testing.T) {
	const word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	split := packed(t, file{"word/document.xml", wordHead +
		`<w:p><w:r><w:t>Streu</w:t></w:r><w:r><w:rPr/><w:t>obst</w:t><w:tab/><w:t>&lt;a &amp; b&gt; &#x20ac;</w:t><w:br/><w:instrText>PAGE</w:instrText><w:t>next</w:t></w:r></w:p>` +
		`<mc:AlternateContent><mc:Choice><w:p><w:t>box</w:t></w:p></mc:Choice><mc:Fallback><w:p><w:t>box</w:t></w:p></mc:Fallback></mc:AlternateContent>` +
		`<w:tbl><w:tr><w:tc><w:p><w:t>cell 1</w:t></w:p></w:tc><w:tc><w:p><w:t>cell 2</w:t></w:p></w:tc></w:tr></w:tbl><w:p><w:del><w:delText>gone</w:delText></w:del></w:p>` + wordTail})
	check(t, []sample{
		{"Word", docx(t, "one two", "three"), word, "a.docx", "one two\nthree\nthe head\na footnote\n", ""},
		{"Word, Russian", docx(t, "Яблоневый сад"), word, "a.docx", "Яблоневый сад\nthe head\na footnote\n", ""},
		{"Word, Japanese, by its octets alone", docx(t, "林檎の木"), "application/octet-stream", "", "林檎の木\nthe head\na footnote\n", ""},
		{"words in pieces, entities, tables, old readers", split, word, "", "Streuobst\t<a & b> €\nnext\nbox\ncell 1\ncell 2\n", ""},
		{"Excel", xlsx(t), "", "a.xlsx", "Harvest & sale\nGravensteiner\nRed Delicious\n4711\nin place\nsum of it\n", ""},
		{"PowerPoint", pptx(t), "", "a.pptx", "two\nten\na note\n", ""},
		{"OpenDocument, Czech", odt(t), "application/vnd.oasis.opendocument.text", "a.odt",
			"Žluťoučký kůň\none  two\tthree\nfour five\nthe head\n", ""},
		{"UTF-16", packed(t, file{"word/document.xml", "\xff\xfe" + utf16LE(`<w:t>größer</w:t>`)}), word, "", "größer", ""},
		{"OpenDocument with a password", packed(t, file{"content.xml", "\x01\x02\x03"},
			file{"META-INF/manifest.xml", `<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>`}), "", "a.odt", "", "attachment-encrypted"},
		{"Office with a password", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 600)), word, "a.docx", "", "attachment-encrypted"},
		{"Word of 2003", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 600)), "application/msword", "a.doc", "", "attachment-not-read"},
		{"no Word file at all", []byte("\x91\x12\x00\xf3 noise"), word, "a.docx", "", "attachment-not-read"},
	}, Options{})
}

func utf16LE(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteByte(byte(r))
		b.WriteByte(byte(r >> 8))
	}
	return b.String()
}

func TestDamagedOffice(t *testing.T) {
	whole := docx(t, "one", "two")
	cut := whole[:strings.Index(string(whole), "PK\x01\x02")]
	noise := append([]byte{}, whole...)
	i := strings.Index(string(whole), "word/document.xml") + len("word/document.xml") + 60
	noise[i] ^= 0xff
	check(t, []sample{
		{"without directory", cut, "", "a.docx", "one\ntwo\nthe head\na footnote\n", "attachment-damaged"},
		{"tags that do not fit", packed(t, file{"word/document.xml", `<w:p><w:t>one</w:p><w:t><w:b x="><w:t>two</w:t></w:p`}), "", "a.docx", "one\n", ""},
	}, Options{})
	text, faults := Text(context.Background(), noise, "", "a.docx", Options{})
	if !strings.HasSuffix(text, "the head\na footnote\n") || codes(faults) != "attachment-damaged" {
		t.Errorf("one member damaged: got %q, %v", text, faults)
	}
}

func TestZip(t *testing.T) {
	inner := packed(t, file{"deep.txt", "the deepest"})
	check(t, []sample{
		{"files of all kinds", packed(t, file{"dir/", ""}, file{"dir/a.txt", "plain words\r\nand more"}, file{"b.html", "<p>a <b>page</b>"},
			file{"c.docx", string(docx(t, "a letter"))}, file{"d.rtf", `{\rtf1 rich}`}, file{"e.jpg", "\xff\xd8\xff\xe0"}, file{"f.pdf", "noise"}),
			"application/zip", "a.zip", "dir/a.txt\nplain words\nand more\nb.html\na page\nc.docx\na letter\nthe head\na footnote\nd.rtf\nrich\ne.jpg\nf.pdf\n", ""},
		{"zip in zip", packed(t, file{"in.zip", string(inner)}), "application/zip", "", "in.zip\ndeep.txt\nthe deepest", ""},
		{"name in code page 437", packed(t, file{"Gr\x81\xe1e.txt", "hello"}), "", "a.zip", "Grüße.txt\nhello", ""},
		{"with a password", locked(t), "", "a.zip", "secret.txt\n", "attachment-encrypted"},
		{"empty", packed(t), "", "a.zip", "", ""},
	}, Options{})
}

// locked is a zip file whose member says that it is encrypted.
func locked(t *testing.T) []byte {
	b := packed(t, file{"secret.txt", "not to be read"})
	for _, sign := range []struct {
		mark string
		at   int
	}{{"PK\x03\x04", 6}, {"PK\x01\x02", 8}} {
		b[strings.Index(string(b), sign.mark)+sign.at] |= 1
	}
	return b
}

func TestRTF(t *testing.T) {
	check(t, []sample{
		{"German and Russian", []byte(rtfLetter), "application/rtf", "a.rtf", "Grüße aus dem Obstgarten\nяблоко\n€😊 link\tend\nlast}", ""},
		{"in a file named .doc", []byte(`{\rtf1 old \'8alos}`), "application/msword", "a.doc", "old Šlos", ""},
		{"Japanese, two octets with an ASCII one", []byte(`{\rtf1\ansicpg932 \'83A\'83b\'83v\'83\'8b}`), "", "a.rtf", "アップル", ""},
		{"skipped characters in groups and escapes", []byte(`{\rtf1\uc2 a\u252\'c3\'bcb\uc0\u246 c{\uc1\u228?}d}`), "", "a.rtf", "aüböcäd", ""},
		{"binary that looks like text", []byte("{\\rtf1 a{\\pict\\bin6 }}}xyz}b}"), "", "a.rtf", "ab", ""},
		{"cut", []byte(`{\rtf1 begun \'f`), "", "a.rtf", "begun ", ""},
		{"cut in a table", []byte(`{\rtf1{\fonttbl{\f0 Arial`), "", "a.rtf", "", ""},
		{"closed too often", []byte(`{\rtf1 a}}}} b`), "", "a.rtf", "a b", ""},
	}, Options{})
}

func TestText(t *testing.T) {
	check(t, []sample{
		{"plain", []byte("one\r\ntwo\rthree"), "text/plain", "", "one\ntwo\nthree", ""},
		{"Greek without a label", []byte("\xd0\xef\xe4\xde\xeb\xe1\xf4\xef \xf3\xf4\xef\xed \xea\xde\xf0\xef, \xe1\xf0\xfc \xf4\xe7\xed \xe1\xf1\xf7\xde"), "", "a.txt",
			"Ποδήλατο στον κήπο, από την αρχή", ""},
		{"UTF-16", []byte("\xff\xfeo\x00n\x00e\x00"), "", "a.csv", "one", ""},
		{"HTML", []byte("<!DOCTYPE html><title>t</title><style>p{}</style><p>a&nbsp;<b>page</b>"), "application/octet-stream", "", "a page", ""},
		{"HTML named .xls", []byte("<html><table><tr><td>1<td>2</table>"), "application/vnd.ms-excel", "a.xls", "1  2", ""},
		{"no name, but words", []byte("a note to myself"), "application/octet-stream", "", "a note to myself", ""},
		{"noise", []byte("\x01\x02\x03\x80\x81\x00\x05"), "text/plain", "a.txt", "", "attachment-not-read"},
		{"a picture", []byte("\x89PNG\r\n\x1a\n"), "image/png", "a.png", "", ""},
		{"a program", []byte("\x7fELF\x02\x01\x01"), "application/octet-stream", "run", "", ""},
		{"nothing", nil, "application/pdf", "a.pdf", "", ""},
		{"PDF without a reader", pdfPage("BT (a) Tj ET", helvetica), "", "", "", "attachment-not-read"},
	}, Options{})
}

func TestLimits(t *testing.T) {
	small := Options{Unpacked: 1 << 20, TextBytes: 1 << 18}
	var many []file
	for range 30 {
		many = append(many, file{"word/document.xml", strings.Repeat("<w:t>x</w:t>", 5000)})
	}
	nested := []byte("deep")
	for range 12 {
		nested = packed(t, file{"in.zip", string(nested)})
	}
	for _, c := range []struct {
		name string
		file []byte
		opt  Options
	}{
		{"zip bomb", packed(t, file{"zeros.txt", "a" + strings.Repeat("\n", 50<<20)}), small},
		{"the same member 30 times", packed(t, many...), small},
		{"zip files in each other", nested, Options{}},
		{"text without end", packed(t, file{"a.txt", strings.Repeat("word ", 1<<16)}), small},
		{"text without end, RTF", []byte(`{\rtf1 ` + strings.Repeat("word\\par ", 1<<16)), small},
		{"text without end, HTML", []byte("<html>" + strings.Repeat("word<p>", 1<<16)), small},
		{"more files than are looked at", manyFiles(t), Options{}},
		{"no time", docx(t, strings.Repeat("word ", 1<<20)), Options{Time: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			text, faults := Text(context.Background(), c.file, "", "a.zip", c.opt)
			if !strings.Contains(codes(faults), Limit) {
				t.Errorf("faults %v, want %s", faults, Limit)
			}
			if most := cmp.Or(c.opt.TextBytes, defaultTextBytes); len(text) > most {
				t.Errorf("%d octets of text", len(text))
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// manyFiles is a zip file of one file more than is looked at.
func manyFiles(t *testing.T) []byte {
	files := make([]file, maxMembers+1)
	for i := range files {
		files[i].name = "empty"
	}
	return packed(t, files...)
}

func TestDeepFilesAreRead(t *testing.T) {
	const n = 1_000_000
	check(t, []sample{
		{"XML", packed(t, file{"word/document.xml", strings.Repeat("<w:p>", n) + "<w:t>deep</w:t>"}), "", "a.docx", "deep", ""},
		{"attributes", packed(t, file{"word/document.xml", "<w:p" + strings.Repeat(` a="b"`, n) + "><w:t>wide</w:t>"}), "", "a.docx", "wide", ""},
		{"entities", packed(t, file{"word/document.xml", `<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><w:t>&b;</w:t>`}), "", "a.docx", "&b;", ""},
		{"RTF", []byte(`{\rtf1 ` + strings.Repeat("{", n) + "deep"), "", "a.rtf", "deep", ""},
		{"HTML", []byte("<html>" + strings.Repeat("<div>", n/10) + "deep"), "", "a.html", "deep", ""},
	}, Options{})
}

func TestEndOfContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if text, faults := Text(ctx, docx(t, "one"), "", "a.docx", Options{}); text != "" || codes(faults) != Limit {
		t.Errorf("got %q, %v", text, faults)
	}
}
