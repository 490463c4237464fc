package attach

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A document is a kind of zip file whose text is in certain members.
type document struct {
	sign  []string // one of these members makes it this kind
	parts []string // patterns of path.Match: members with text, in this order
	read  func(*job, []byte)
}

// documents are the kinds that are known: ECMA-376 parts 1 (11.3, 12.3, 13.3)
// and 2, ISO/IEC 26300-3. Layouts and masters of slides are left out: they say
// "Click to edit Master title style".
var documents = []document{
	{
		sign: []string{"word/document.xml"},
		parts: []string{"word/document.xml", "word/header*.xml", "word/footer*.xml", "word/footnotes.xml",
			"word/endnotes.xml", "word/comments.xml"},
		read: (*job).ooxml,
	},
	{
		sign:  []string{"xl/workbook.xml", "xl/sharedStrings.xml"},
		parts: []string{"xl/workbook.xml", "xl/sharedStrings.xml", "xl/worksheets/*.xml", "xl/comments*.xml", "xl/drawings/drawing*.xml"},
		read:  (*job).ooxml,
	},
	{
		sign:  []string{"ppt/presentation.xml", "ppt/slides/slide1.xml"},
		parts: []string{"ppt/slides/*.xml", "ppt/notesSlides/*.xml", "ppt/comments/*.xml"},
		read:  (*job).ooxml,
	},
	{
		sign:  []string{"content.xml"},
		parts: []string{"content.xml", "styles.xml"}, // styles: header and footer of the pages
		read:  (*job).odf,
	},
}

// documentOf says what kind of document has these members, nil if it is none.
func documentOf(members []member) *document {
	for i := range documents {
		for _, m := range members {
			if slices.Contains(documents[i].sign, m.name) {
				return &documents[i]
			}
		}
	}
	return nil
}

// rank is the place of a member among the parts, -1 if it is none.
func (d *document) rank(name string) int {
	for i, p := range d.parts {
		if ok, _ := path.Match(p, name); ok {
			return i
		}
	}
	return -1
}

// document reads the members that have text, in order: slide 2 before slide 10.
func (j *job) document(d *document, members []member) {
	var parts []member
	for _, m := range members {
		if d.rank(m.name) >= 0 {
			parts = append(parts, m)
		}
		if m.name == "META-INF/manifest.xml" && j.lockedODF(m) {
			j.fault(Encrypted, true, "OpenDocument file with a password")
			return
		}
	}
	slices.SortStableFunc(parts, func(a, b member) int {
		return cmp.Or(cmp.Compare(d.rank(a.name), d.rank(b.name)), cmp.Compare(len(a.name), len(b.name)), cmp.Compare(a.name, b.name))
	})
	for _, m := range parts {
		if j.over() {
			return
		}
		if r, ok := j.open(m); ok {
			j.line()
			d.read(j, j.all(m, r))
		}
	}
}

// lockedODF reports whether a manifest says that the content is encrypted
// (ISO/IEC 26300-3 section 4.4).
func (j *job) lockedODF(m member) bool {
	r, ok := j.open(m)
	if !ok {
		return false
	}
	x := newXML(j.all(m, r))
	for {
		switch x.next() {
		case xmlEnd:
			return false
		case xmlOpen, xmlEmpty:
			if x.name == "encryption-data" {
				return true
			}
		}
	}
}

// checkEvery is after how many tokens the time is looked at.
const checkEvery = 4096

// ooxml writes the text of a part of a Word, Excel or PowerPoint file.
func (j *job) ooxml(b []byte) {
	o := &ooxml{job: j, x: newXML(b)}
	for n := 1; ; n++ {
		kind := o.x.next()
		switch {
		case kind == xmlEnd || n%checkEvery == 0 && j.over():
			return
		case o.aside(kind):
		case kind == xmlText:
			o.chars()
		case kind == xmlClose:
			o.end()
		default:
			o.start(kind == xmlOpen)
		}
	}
}

// An ooxml is a part that is being read. Its text is in the elements "t",
// whatever they lie in. Of the cells of a sheet also results of formulas and
// whole numbers are text: those are customers and orders. Other numbers nobody
// types as they are kept.
type ooxml struct {
	*job
	x       *xmlScanner
	skipped int  // elements around that are not text
	inText  bool // in "t"
	cell    string
	inValue bool // in "v" of a cell whose value is text
	value   strings.Builder
}

// aside reports whether a token belongs to what is left out: the same text
// again for old readers (ECMA-376 part 3), and how a word is pronounced.
func (o *ooxml) aside(kind int) bool {
	if kind != xmlText && (o.x.name == "Fallback" || o.x.name == "rPh") {
		switch kind {
		case xmlOpen:
			o.skipped++
		case xmlClose:
			o.skipped = max(o.skipped-1, 0)
		}
		return true
	}
	return o.skipped > 0
}

func (o *ooxml) chars() {
	switch {
	case o.inText:
		o.write(o.x.chars())
	case o.inValue && o.value.Len() < 1<<10:
		o.value.WriteString(o.x.chars())
	}
}

// start handles a start tag; open is false if it is also the end.
func (o *ooxml) start(open bool) {
	switch o.x.name {
	case "t":
		o.inText = open
	case "tab":
		o.write("\t")
	case "br", "cr":
		o.write("\n")
	case "noBreakHyphen":
		o.write("-")
	case "sheet": // of a workbook
		o.write(o.x.value("name"))
		o.line()
	case "c":
		o.cell = o.x.value("t")
	case "v":
		o.value.Reset()
		o.inValue = open && (o.cell == "" || o.cell == "n" || o.cell == "str")
	}
}

func (o *ooxml) end() {
	switch o.x.name {
	case "t":
		o.inText = false
	case "p", "si", "is", "comment":
		o.line()
	case "v":
		if v := o.value.String(); o.inValue && (o.cell == "str" || len(v) <= 15 && strings.Trim(v, "0123456789") == "") {
			o.write(v)
			o.line()
		}
		o.inValue = false
	}
}

// odf writes the text of a part of an OpenDocument file: all characters but
// those of deleted text, white space as in HTML (ISO/IEC 26300-3 section 6.1).
func (j *job) odf(b []byte) {
	x := newXML(b)
	skipped := 0
	for n := 1; ; n++ {
		kind := x.next()
		switch {
		case kind == xmlEnd || n%checkEvery == 0 && j.over():
			return
		case kind != xmlText && x.name == "tracked-changes":
			if kind == xmlOpen {
				skipped++
			} else if kind == xmlClose {
				skipped = max(skipped-1, 0)
			}
		case skipped > 0:
		case kind == xmlText:
			j.write(collapse(x.chars()))
		case x.name == "p" || x.name == "h" || x.name == "line-break":
			j.line()
		case kind == xmlClose:
		case x.name == "tab":
			j.write("\t")
		case x.name == "s":
			j.write(strings.Repeat(" ", spaces(x.value("c"))))
		}
	}
}

// collapse makes a single space of every run of white space, and nothing of a
// text that is white space with a line end: that lies between elements.
func collapse(s string) string {
	if !strings.ContainsAny(s, "\n\r\t") && !strings.Contains(s, "  ") {
		return s
	}
	words := strings.Fields(s)
	if len(words) == 0 && strings.ContainsAny(s, "\n\r") {
		return ""
	}
	out := strings.Join(words, " ")
	if strings.ContainsAny(s[:1], " \n\r\t") {
		out = " " + out
	}
	if len(words) > 0 && strings.ContainsAny(s[len(s)-1:], " \n\r\t") {
		out += " "
	}
	return out
}

// spaces reads the number of spaces that an element stands for.
func spaces(count string) int {
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 {
		return 1
	}
	return min(n, 100)
}
