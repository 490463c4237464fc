package decode

import (
	"strings"

	"lostpost/decode/charset"
)

// maxOutside bounds the text outside the parts that is looked at, in octets:
// of one multipart a sixteenth of it.
const maxOutside = 1 << 20

// A margin is text before the first or after the last part of a multipart.
type margin struct {
	in         *Part
	start, end int64
	text       string
}

// outside adds the text that stands before the first or after the last part
// of a multipart and holds more than one word that no part has.
//
// QUIRK: RFC 2046 section 5.1.1: preamble and epilogue are to be ignored. List
// programs and virus scanners write their notes there. They become a text part,
// with multipart-text-outside; what only says that this is MIME does not.
// Test: testdata/quirks/epilogue-text.eml
func (d *reading) outside(c []choice) {
	found := d.margins(c)
	if len(found) == 0 {
		return
	}
	known := map[string]bool{} // the words of the margins: is it in a part too?
	for _, g := range found {
		for w := range strings.FieldsSeq(g.text) {
			known[w] = false
		}
	}
	for w := range strings.FieldsSeq(d.m.Text) {
		if _, ok := known[w]; ok {
			known[w] = true
		}
	}
	var b strings.Builder
	b.WriteString(d.m.Text)
	for _, g := range found {
		fresh := 0
		for w := range strings.FieldsSeq(g.text) {
			if !known[w] && words(w, 1) > 0 {
				fresh++
			}
		}
		if fresh > 1 {
			d.add(g.part(), g.text)
			paragraph(&b, g.text)
		}
	}
	d.m.Text = b.String()
}

// margins gathers the texts outside the parts.
func (d *reading) margins(c []choice) []margin {
	var found []margin
	total := 0
	for i, p := range d.m.Parts {
		if c[i].hidden || !p.multipart() || p.encoded || p.kids == 0 {
			continue
		}
		for _, r := range [...][2]int64{p.preamble, {p.epilogue, p.end}} {
			if text := p.between(r[0], r[1]); text != "" && total < maxOutside {
				total += len(text)
				found = append(found, margin{p, r[0], r[1], text})
			}
		}
	}
	return found
}

// part makes a part of the margin.
func (g margin) part() *Part {
	p := g.in
	p.kids++
	q := &Part{
		MediaType: "text/plain", Encoding: "8bit", st: p.st, src: p.src, parent: p, number: p.kids, inText: true,
		start: g.start, body: g.start, end: g.end,
		Offset: p.src.origin(g.start), Body: p.src.origin(g.start), End: p.src.origin(g.end),
	}
	q.problem(Problem{Code: MultipartText, Offset: q.Offset})
	return q
}

// between reads text outside the parts.
func (p *Part) between(start, end int64) string {
	if start == 0 || end-start < 8 {
		return ""
	}
	b := p.src.plain(start, min(end, start+maxOutside/16))
	text := unixLines(charset.Decode(b, "", p.st.hint).Text)
	low := strings.ToLower(text)
	if words(text, 2) < 2 || strings.Contains(low, "mime") || strings.Contains(low, "multipart") || strings.Contains(low, "multi-part") {
		return ""
	}
	return text
}
