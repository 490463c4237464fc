package decode

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"lostpost/decode/header"
)

// A choice is what is known of a part when alternatives are compared.
type choice struct {
	plain, html int // words below it, up to enoughWords
	bestPlain   int // child of a multipart/alternative with most plain words, by order; 0 if none
	bestHTML    int
	chosen      int // the child that is shown, 0 if all are
	hidden      bool
}

// enoughWords: from here on more words do not change a choice.
const enoughWords = 1000

// assemble puts the texts of the message together.
func (d *reading) assemble() {
	c := d.choose()
	d.hideRepeated(c)
	var b strings.Builder
	for i, p := range d.m.Parts {
		if p.parent != nil {
			up := &c[p.parent.order]
			c[i].hidden = c[i].hidden || up.hidden || up.chosen > 0 && up.chosen != i
		}
		if c[i].hidden {
			if d.opt.Alternatives && d.texts[i] != "" {
				d.m.Unshown = append(d.m.Unshown, PartText{p, d.texts[i]})
			}
			continue
		}
		if p.parent != nil && (p.parent.nested() || p.unpacked && p.winmail()) {
			paragraph(&b, shortHeader(p.Header, d.st.hint))
		}
		paragraph(&b, d.texts[i])
	}
	d.m.Text = b.String()
	d.outside(c)
}

// paragraph adds a text after an empty line.
func paragraph(b *strings.Builder, text string) {
	text = strings.TrimRight(strings.TrimLeft(text, "\n"), "\n \t")
	if text == "" {
		return
	}
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	b.WriteString(text)
	b.WriteByte('\n')
}

// choose finds the best of the children of each multipart/alternative. It goes
// from the last part to the first, so that every part comes after what is in
// it, whatever the depth.
func (d *reading) choose() []choice {
	c := make([]choice, len(d.m.Parts))
	for i := len(c) - 1; i >= 0; i-- {
		p, own := d.m.Parts[i], &c[i]
		if p.MediaType == "multipart/alternative" {
			own.pick(c)
		} else if p.option && d.texts[i] != "" {
			switch {
			case p.MediaType == "text/html":
				own.html = words(d.texts[i], enoughWords)
			case p.MediaType == "text/plain", p.MediaType == "text/enriched", p.MediaType == "text/richtext", p.isRTF():
				own.plain = words(d.texts[i], enoughWords)
			}
		}
		if p.parent == nil {
			continue
		}
		up := &c[p.parent.order]
		if p.parent.MediaType != "multipart/alternative" {
			up.plain = min(up.plain+own.plain, enoughWords)
			up.html = min(up.html+own.html, enoughWords)
			continue
		}
		if own.plain > 0 && (up.bestPlain == 0 || own.plain >= c[up.bestPlain].plain) {
			up.bestPlain = i
		}
		if own.html > 0 && (up.bestHTML == 0 || own.html >= c[up.bestHTML].html) {
			up.bestHTML = i
		}
	}
	return c
}

// pick chooses between the plain and the HTML form of a text.
//
// QUIRK: RFC 2046 section 5.1.4: alternatives have the same content. Bulk mail
// has a plain part that is empty, or one line that says where the HTML can be
// read. Fewer than 3 words, or a tenth of those of the HTML, do not hide it.
// Test: testdata/quirks/alternative-stub.eml
func (c *choice) pick(all []choice) {
	c.chosen = c.bestPlain
	if c.bestHTML > 0 {
		plain, html := all[c.bestPlain].plain, all[c.bestHTML].html
		if c.bestPlain == 0 || plain < 3 && html > plain || plain*10 < html {
			c.chosen = c.bestHTML
		}
	}
	if c.chosen > 0 {
		c.plain, c.html = all[c.chosen].plain, all[c.chosen].html
	}
}

// words counts the words of a text, at most most. A character of a script that
// divides no words counts as one.
func words(s string, most int) int {
	n, inside := 0, false
	for i := 0; i < len(s) && n < most; {
		if c := s[i]; c < utf8.RuneSelf {
			i++
			if word := isWordByte(c); word != inside {
				inside = word
				if word {
					n++
				}
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		switch {
		case r >= 0x2e80 && r != utf8.RuneError:
			n, inside = n+1, false
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			inside = false
		case !inside:
			n, inside = n+1, true
		}
	}
	return n
}

func isWordByte(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
}

// shortHeader introduces an attached message.
func shortHeader(h header.Header, hint string) string {
	var b strings.Builder
	for _, name := range [...]string{"From", "To", "Date", "Subject"} {
		if text, _ := h.Text(name, hint); text != "" {
			b.WriteString(name + ": " + text + "\n")
		}
	}
	return b.String()
}
