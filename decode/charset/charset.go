// Package charset turns octets in any charset that mail names, or none, into
// Unicode text.
//
// Promises. Decode never fails and never panics; its Text is valid UTF-8; it
// takes time linear in the input; what could not be read is U+FFFD and a Fault
// that is Lost. A label is evidence, not an order: octets that are valid UTF-8
// under a Latin-1 label are read as UTF-8, the windows superset is read under
// the ISO label, and a text without a label is read by what its letters look
// like. Each such step is a Fault that is not Lost.
//
// It does not undo transfer encodings, read the charset out of HTML, or repair
// text that its sender encoded twice.
//
// Charsets: those of golang.org/x/text and, by the table of go-message, every
// name of IANA for them; ISO-2022-JP with its kin (RFC 1468, 1554, 1557, 1922,
// 2237), HZ (RFC 1843), UTF-7 (RFC 2152), UTF-16 (RFC 2781), UTF-32, VISCII
// (RFC 1456), and tables of our own for what is left.
//
// Fault codes, all stable:
//
//	charset-unknown      the label names nothing we know; the text was guessed
//	charset-missing      no label, and octets above 0x7f; the text was guessed
//	charset-guessed      the guess was close; Latin text was assumed
//	charset-false-label  the octets are in another charset than the label says
//	charset-mixed        single octets of another charset stand in UTF-8 text
//	charset-c1           C1 controls in UTF-8 text, read as windows-1252
//	charset-surrogates   UTF-8 with characters written as two surrogates
//	charset-cut          the text ends inside a character, which is lost
//	charset-bad-octets   octets that mean nothing in the charset used; lost
package charset

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// Result is text and how it was read.
type Result struct {
	Text     string  // valid UTF-8, always
	Declared string  // the label as given
	Used     string  // IANA preferred name, lower case, of the charset that was used
	Faults   []Fault // empty when the label was right
}

// A Fault is a repair or a loss while reading a text; the package comment
// lists the codes.
type Fault struct {
	Code   string
	Offset int64 // octet in the input, -1 if it concerns the whole
	Lost   bool
	Detail string
}

// Decode reads b under the label; hint is the charset of a sibling part or
// field, "" if none. It never fails: what no charset explains becomes U+FFFD
// with a Fault that is Lost. The order of evidence is in evidence.go.
func Decode(b []byte, label, hint string) Result {
	d := decision{b: b, label: label, hint: hint, Result: Result{Declared: label}}
	name, known := "", true
	switch label {
	case "utf-8", "UTF-8":
		name = "utf-8"
	case "us-ascii", "US-ASCII":
		name = "us-ascii"
	default:
		name, known = resolve(label)
	}
	d.c = byName(name)
	d.known = known
	if !d.stated() {
		d.byEvidence()
	}
	return d.Result
}

// A decision is one text on its way to being read.
type decision struct {
	Result
	b           []byte
	label, hint string
	c           *codec // of the label, nil if that says nothing
	known       bool   // the label is a name, or says nothing
}

// fault adds a repair that concerns the whole text.
func (d *decision) fault(code, format string, args ...any) {
	d.Faults = append(d.Faults, Fault{Code: code, Offset: -1, Detail: fmt.Sprintf(format, args...)})
}

// use takes the text as read by the charset name.
func (d *decision) use(name string, text []byte) {
	if n := bytes.Count(text, []byte(replacement)); n > 0 {
		d.Faults = append(d.Faults, Fault{"charset-bad-octets", -1, true, fmt.Sprintf("%d characters cannot be read as %s", n, name)})
	}
	d.Text, d.Used = string(text), name
}

// stated reads texts that say what they are: plain ASCII, a byte order mark,
// escape sequences, a label for a charset that is not ASCII below 0x80.
func (d *decision) stated() bool {
	b, k := d.b, ascii
	if d.c != nil {
		k = d.c.kind
	}
	pure := asciiLen(b) == len(b)
	esc := bytes.IndexByte(b, escape) >= 0
	if pure && !esc && k < stateful && !bytes.Contains(b, []byte("~{")) && !(d.c == nil && manyNUL(b)) {
		d.ascii()
		return true
	}
	switch {
	case d.mark(k):
		return true
	case k == stateful:
		return d.escapes(pure, esc)
	case k == wide:
		return d.wide(pure)
	case k == opaque:
		d.use(d.c.name, d.c.read(b))
		return true
	case esc && japaneseEscape(b):
		text := readISO2022(b)
		if n := bytes.Count(text, []byte(replacement)); n*20 <= utf8.RuneCount(text) {
			d.unlike("iso-2022-jp")
			d.use("iso-2022-jp", text)
			return true
		}
	case pure && bytes.Contains(b, []byte("~}")):
		text := readHZ(b)
		if asciiLen(text) < len(text) && score(text) > 1.5 && !bytes.Contains(text, []byte(replacement)) {
			d.unlike("hz-gb-2312")
			d.use("hz-gb-2312", text)
			return true
		}
	}
	if pure && d.c == nil && manyNUL(b) {
		d.unlike("utf-16")
		d.use("utf-16", readUTF16(b))
		return true
	}
	if pure { // escape sequences and tildes of another kind
		d.ascii()
	}
	return pure
}

// ascii takes a text that is the same in every charset that it can be in.
func (d *decision) ascii() {
	d.Text, d.Used = string(d.b), "us-ascii"
	if d.c != nil {
		d.Used = d.c.name
	}
	if !d.known {
		d.fault("charset-unknown", "no charset is named %.40q; the text is ASCII", d.label)
	}
}

// unlike notes that the text is in the charset name and not as labelled.
func (d *decision) unlike(name string) {
	switch {
	case !d.known:
		d.fault("charset-unknown", "no charset is named %.40q; read as %s", d.label, name)
	case d.c == nil:
		d.fault("charset-missing", "read as %s", name)
	case d.c.name != name:
		d.fault("charset-false-label", "labelled %s; read as %s", d.c.name, name)
	}
}

// mark obeys a byte order mark.
func (d *decision) mark(k kind) bool {
	b := d.b
	// Two octets of a mark can also be Latin letters ("ÿþ"): there must be more
	// evidence for UTF-16 than them.
	likely := k == wide || d.c == nil || bytes.IndexByte(b, 0) >= 0
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		if !utf8.Valid(b) {
			d.b = b[3:] // the mark is no text in any charset; the rest is mixed
			return false
		}
		if k != utf8Kind {
			d.unlike("utf-8")
		}
		d.use("utf-8", b[3:])
	case bytes.HasPrefix(b, []byte("\xff\xfe\x00\x00")), bytes.HasPrefix(b, []byte("\x00\x00\xfe\xff")):
		if k != wide {
			d.unlike("utf-32")
		}
		d.use("utf-32", readUTF32(b))
	case likely && (bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff"))):
		if k != wide {
			d.unlike("utf-16")
		}
		d.use("utf-16", readUTF16(b))
	default:
		return false
	}
	return true
}

// escapes reads a text under a 7-bit label. Octets above 0x7f and no escape
// sequence mean that the label is false.
func (d *decision) escapes(pure, esc bool) bool {
	switch d.c.name {
	case "utf-7":
		if !pure && utf8.Valid(d.b) {
			return false
		}
	case "hz-gb-2312":
		if !pure && !bytes.Contains(d.b, []byte("~{")) {
			return false
		}
	default:
		if !pure && !esc {
			return false
		}
	}
	d.use(d.c.name, d.c.read(d.b))
	return true
}

// wide reads a text labelled UTF-16 or UTF-32.
//
// QUIRK: RFC 2781 section 4 makes the label binding. Converters that rewrote a
// text to ASCII or UTF-8 kept the old label, and HTML meta tags say utf-16 in
// pages that are not. Without a single NUL octet the text is taken as it looks.
// Test: testdata/quirks/charset-utf16-label-on-ascii.eml
func (d *decision) wide(pure bool) bool {
	if bytes.IndexByte(d.b, 0) < 0 {
		if pure && len(d.b) > 0 && printable(d.b) {
			d.unlike("us-ascii")
			d.use("us-ascii", d.b)
			return true
		}
		if !pure && utf8.Valid(d.b) {
			return false
		}
	}
	d.use(d.c.name, d.c.read(d.b))
	return true
}

// printable reports whether ASCII text holds no controls but line ends, tabs,
// form feeds, and more than a word.
func printable(b []byte) bool {
	blank := false
	for _, c := range b {
		switch {
		case c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f':
			blank = true
		case c < ' ' || c == 0x7f:
			return false
		}
	}
	return blank || len(b)%2 == 1
}

// manyNUL reports whether an unlabelled text looks like UTF-16 without a mark:
// a third of its octets are NUL, nearly all at even or all at odd places.
func manyNUL(b []byte) bool {
	if len(b) < 4 || bytes.IndexByte(b[:min(len(b), 64)], 0) < 0 {
		return false
	}
	b = b[:min(len(b), 4096)]
	var at [2]int
	for i, c := range b {
		if c == 0 {
			at[i&1]++
		}
	}
	return (at[0] == 0 || at[1] == 0) && (at[0]+at[1])*3 >= len(b)
}

// japaneseEscape reports whether b holds an escape sequence that begins
// two-octet or kana characters.
func japaneseEscape(b []byte) bool {
	for {
		i := bytes.IndexByte(b, escape)
		if i < 0 || i+2 >= len(b) {
			return false
		}
		b = b[i+1:]
		if b[0] == '$' && (b[1] == 'B' || b[1] == '@' || b[1] == '(' || b[1] == ')' || b[1] == 'A') || b[0] == '(' && b[1] == 'I' {
			return true
		}
	}
}
