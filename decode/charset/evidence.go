package charset

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// clear is how much better the score of a guess must be than that of the label
// before the label is called false: half-width kana or rare Han in place of a
// sentence cost more, a few odd names in a right text less.
const clear = 0.5

// against is the same for the label of a Latin charset over a text with many
// letters beyond ASCII: a list of umlauts is not Russian.
const against = 1.0

// related is the same for a charset that another part of the message names:
// one sender, one charset. Letters in a row that no word has cost less than
// it, a text in another alphabet costs more.
const related = 2.0

// byEvidence reads a text with octets above 0x7f that does not say what it is.
func (d *decision) byEvidence() {
	k := ascii
	if d.c != nil {
		k = d.c.kind
	}
	if d.tryUTF8(k) {
		return
	}
	switch {
	case k == ascii || k == utf8Kind || k == stateful || k == wide:
		d.unlabelled()
	case k == multi:
		d.multi()
	default:
		d.singleOctet()
	}
}

// tryUTF8 reads strictly valid UTF-8, which no other text is by chance, unless
// it is very short or in a charset that also uses octets in pairs.
func (d *decision) tryUTF8(k kind) bool {
	if !utf8.Valid(d.b) {
		return false
	}
	if k == multi && score(sample(d.b)) < score(d.c.read(sample(d.b))) {
		return false
	}
	if d.c != nil && k != utf8Kind && k != ascii && d.c.name != "iso-8859-1" && d.c.name != "windows-1252" && oneCharacter(d.b) {
		return false
	}
	if k != utf8Kind {
		d.unlike("utf-8")
	}
	d.Text, d.Used = string(d.b), "utf-8"
	d.controls()
	return true
}

// controls reads the C1 controls of a UTF-8 text as windows-1252.
//
// QUIRK: RFC 5198 section 2 keeps C1 controls out of text. Converters that
// take windows-1252 for ISO 8859-1 make U+0092 of an apostrophe. They have no
// other meaning in mail; U+0085, a line end to some, is one of them.
// Test: testdata/quirks/charset-c1-in-utf8.eml
func (d *decision) controls() {
	if !holdsC1(d.b) {
		return
	}
	n := 0
	var out []byte
	for rest := d.b; ; {
		i := bytes.IndexByte(rest, 0xc2)
		if i < 0 || i+1 == len(rest) {
			out = append(out, rest...)
			break
		}
		out = append(out, rest[:i]...)
		if c := rest[i+1]; c < 0xa0 {
			n++
			out = append(out, byName("windows-1252").read([]byte{c})...)
		} else {
			out = append(out, 0xc2, c)
		}
		rest = rest[i+2:]
	}
	d.fault("charset-c1", "%d control characters read as windows-1252", n)
	d.Text = string(out)
}

// holdsC1 reports whether valid UTF-8 holds a C1 control.
func holdsC1(b []byte) bool {
	for {
		i := bytes.IndexByte(b, 0xc2)
		if i < 0 || i+1 == len(b) {
			return false
		}
		if b[i+1] < 0xa0 {
			return true
		}
		b = b[i+2:]
	}
}

// oneCharacter reports whether a valid UTF-8 text has a single character
// beyond ASCII.
func oneCharacter(b []byte) bool {
	b = b[asciiLen(b):]
	_, n := utf8.DecodeRune(b)
	return asciiLen(b[n:]) == len(b)-n
}

// unlabelled reads a text whose label says nothing, or says UTF-8 or a 7-bit
// charset and is wrong.
func (d *decision) unlabelled() {
	text, faults, stray := mixedUTF8(d.b)
	if text != nil && stray*10 <= countHigh(d.b) {
		d.mixed(text, faults)
		return
	}
	s := sample(d.b)
	western := byName("windows-1252")
	best := western
	if !silent(s) {
		best = vote(s)
	}
	value := score(best.read(s))
	// Pairs of Thai or Cyrillic octets are valid UTF-8 by chance: many stray
	// octets beside them need the support of what the letters say.
	if allow := clear; text != nil {
		if d.c == nil || d.c.kind != utf8Kind {
			allow = 0
		}
		if score(sample(text))+allow >= value {
			d.mixed(text, faults)
			return
		}
	}
	if h := byName(Canonical(d.hint)); h != nil && h.kind > utf8Kind && h.kind < stateful {
		h = modern(h, s)
		if text := h.read(s); !bytes.Contains(text, []byte(replacement)) && score(text)+related >= value {
			d.unlike(h.name)
			d.use(h.name, h.read(d.b))
			return
		}
	}
	// Few letters must speak clearly: a single one may be a sign in Latin text.
	need := max(0.2, 1.5/float64(countHigh(s)))
	if best.kind != multi && best != western && (value-score(western.read(s)) < need || otherLetters(best) && few(s)) {
		best = western
		d.fault("charset-guessed", "the letters do not tell the charset; read as %s", best.name)
	}
	d.unlike(best.name)
	d.use(best.name, best.read(d.b))
}

// silent reports whether octets say nothing of their charset: none above 0x7f
// is a letter in windows-1252, as in "·¸´" or two octets 0xa1, or controls
// stand among them, as in the beginning of a file that is no text.
func silent(b []byte) bool {
	letters, high, controls := 0, 0, 0
	for _, c := range b {
		switch {
		case c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != escape:
			controls++
		case c >= 0x80:
			high++
			if c < 0xa0 || c >= 0xc0 {
				letters++
			}
		}
	}
	return letters == 0 || controls*8 >= high
}

// few reports whether the octets above 0x7f are fewer than four different
// ones, and letters or signs of windows-1252: "éé" and "æøå" are no Hebrew.
func few(b []byte) bool {
	var seen [256]bool
	n := 0
	for _, c := range b {
		if c < 0x80 || seen[c] {
			continue
		}
		if c < 0xa0 {
			return false
		}
		seen[c] = true
		if n++; n > 3 {
			return false
		}
	}
	return true
}

// otherLetters reports whether the letters of a charset are not Latin, or stand
// where windows-1252 has other ones.
func otherLetters(c *codec) bool { return c.kind != latin || c.name == "ibm850" }

// mixed takes a text that is UTF-8 in the main.
func (d *decision) mixed(text []byte, faults []Fault) {
	if d.c == nil || d.c.kind != utf8Kind {
		d.unlike("utf-8")
	}
	d.Faults = append(d.Faults, faults...)
	d.Text, d.Used = string(text), "utf-8"
}

// multi reads a text under a label whose characters have two octets or more.
func (d *decision) multi() {
	s := sample(d.b)
	text := d.c.read(s)
	bad, sc := bytes.Count(text, []byte(replacement)), score(text)
	if bad == 0 && sc >= 0.5 { // common characters, or signs in Latin text
		d.use(d.c.name, d.c.read(d.b))
		return
	}
	best := vote(s)
	better := score(best.read(s))
	if better >= sc+clear || bad*100 > utf8.RuneCount(text) && better > sc {
		d.unlike(best.name)
		d.use(best.name, best.read(d.b))
		return
	}
	d.use(d.c.name, d.c.read(d.b))
}

// singleOctet reads a text under a label with one octet a character.
func (d *decision) singleOctet() {
	s := sample(d.b)
	c := modern(d.c, d.b)
	if above := countHigh(s); d.c.kind == latin && above*10 > len(s)*3 && above > 8 {
		if best := vote(s); score(best.read(s)) >= score(c.read(s))+against {
			c = best
		}
	} else if above >= 20 && d.c.kind == single {
		// Another charset of the same alphabet swaps the case of all letters, or
		// their order: the text reads, but not as one that was written.
		if own := score(c.read(s)); own < 0.75 {
			if best := vote(s); score(best.read(s)) >= own+0.25 {
				c = best
			}
		}
	}
	name := c.name
	if c.name != d.c.name {
		d.unlike(c.name)
	}
	d.use(name, c.read(d.b))
}

// modern gives the windows charset that is meant by an ISO label when octets
// stand where ISO has control characters.
//
// QUIRK: ISO 8859 keeps 0x80 to 0x9f for controls, which no mail wants. Most
// Windows mailers wrote windows-125x under the ISO label: quotation marks,
// dashes and the euro sign. We read the windows charset and say
// charset-false-label. Never for 8859-5, whose windows sister is another order.
// Test: testdata/quirks/charset-cp1252-as-latin1.eml
func modern(c *codec, b []byte) *codec {
	sister := map[string]string{
		"iso-8859-1": "windows-1252", "iso-8859-2": "windows-1250", "iso-8859-4": "windows-1257", "iso-8859-6": "windows-1256",
		"iso-8859-7": "windows-1253", "iso-8859-8": "windows-1255", "iso-8859-9": "windows-1254", "iso-8859-11": "windows-874",
		"iso-8859-13": "windows-1257", "iso-8859-15": "windows-1252",
	}[c.name]
	if sister == "" {
		return c
	}
	for _, x := range b {
		if 0x80 <= x && x <= 0x9f {
			return byName(sister)
		}
	}
	return c
}

func countHigh(b []byte) int {
	n := 0
	for _, c := range b {
		n += int(c >> 7)
	}
	return n
}

// readUTF8 reads UTF-8 and replaces what is none.
func readUTF8(b []byte) []byte { return bytes.ToValidUTF8(b, []byte(replacement)) }

// mixedUTF8 reads text that is UTF-8 in the main: more than half of the octets
// above 0x7f are in valid characters. Stray octets are taken as windows-1252,
// a cut last character is dropped, surrogate pairs (CESU-8) are put together.
// text is nil if it is not so; stray is the number of stray octets.
func mixedUTF8(b []byte) (text []byte, faults []Fault, stray int) {
	good, first, pairs := 0, -1, 0
	cut := len(b) - len(cutTail(b))
	out := make([]byte, 0, len(b)+8)
	table := byName("windows-1252")
	for i := 0; i < len(b)-cut; {
		if b[i] < utf8.RuneSelf {
			n := asciiLen(b[i : len(b)-cut])
			out = append(out, b[i:i+n]...)
			i += n
			continue
		}
		r, n := utf8.DecodeRune(b[i : len(b)-cut])
		if n == 1 {
			if r, n = surrogates(b[i : len(b)-cut]); n == 0 {
				out = append(out, table.read(b[i:i+1])...)
				if stray++; first < 0 {
					first = i
				}
				i++
				continue
			}
			pairs++
		}
		out = utf8.AppendRune(out, r)
		good += n
		i += n
	}
	if good == 0 || stray >= good {
		return nil, nil, stray
	}
	if stray > 0 {
		faults = append(faults, Fault{"charset-mixed", int64(first), false, fmt.Sprintf("%d octets in UTF-8 text read as windows-1252", stray)})
	}
	if pairs > 0 {
		faults = append(faults, Fault{"charset-surrogates", -1, false, fmt.Sprintf("%d characters written as two surrogates", pairs)})
	}
	if cut > 0 {
		faults = append(faults, Fault{"charset-cut", int64(len(b) - cut), true, "the text ends inside a character"})
	}
	return out, faults, stray
}

// cutTail takes off the beginning of a UTF-8 character that ends the text. A
// single octet that is a small letter after a letter in windows-1252 ("Café")
// stays; 0xe2 begins quotation marks in UTF-8 more often than it is one.
func cutTail(b []byte) []byte {
	for i := 1; i <= 3 && i <= len(b); i++ {
		c := b[len(b)-i]
		if utf8.RuneStart(c) {
			if i == 1 && c >= 0xe0 && c != 0xe2 && len(b) > 1 && 'a' <= b[len(b)-2]|0x20 && b[len(b)-2]|0x20 <= 'z' {
				return b
			}
			if c >= 0xc2 && !utf8.FullRune(b[len(b)-i:]) {
				return b[:len(b)-i]
			}
			return b
		}
	}
	return b
}

// surrogates reads a character written as two surrogates of three octets each.
//
// QUIRK: RFC 3629 section 3 forbids them. Programs that pass UTF-16 through a
// converter unit by unit (CESU-8, Java's modified UTF-8) write emoji so.
// Test: testdata/quirks/charset-cesu8.eml
func surrogates(b []byte) (rune, int) {
	if len(b) < 6 || b[0] != 0xed || b[1]&0xf0 != 0xa0 || b[2]&0xc0 != 0x80 || b[3] != 0xed || b[4]&0xf0 != 0xb0 || b[5]&0xc0 != 0x80 {
		return 0, 0
	}
	hi := rune(b[1]&0x0f)<<6 | rune(b[2]&0x3f)
	lo := rune(b[4]&0x0f)<<6 | rune(b[5]&0x3f)
	return 0x10000 + hi<<10 + lo, 6
}
