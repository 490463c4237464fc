// Package html turns HTML into the text that a reader sees.
//
// It walks over the tags once and builds no tree: time is linear in the input
// whatever the nesting, memory is the input, the text and at most a few
// megabytes. It runs no script and loads nothing.
//
// Promises. No input makes it panic. What it writes is valid UTF-8 without
// blanks at line ends, without empty lines at either end, and without
// characters that only pad (zero-width space, soft hyphen, byte order mark).
// What a mail program hides (display:none, the hidden attribute, preheaders of
// size zero, scripts, styles, comments) is left out.
//
// It is not a browser: of style sheets it knows ".class" and "#id" rules with
// display:none, and there are no columns, no colours and no marks for bold.
//
// The names are those of the HTML standard, https://html.spec.whatwg.org,
// sections 13.2.5 (tokens), 13.2.6 (which tags imply the end of others) and
// 15.3 (how it is shown).
package html

import (
	"io"
	"strings"
	"unicode/utf8"
)

// defaultMax is what Options.Max says if it is 0.
const defaultMax = 32 << 20

// Options says what Text writes. The zero value is useful.
type Options struct {
	// Links writes the whole target of a tracking link. Otherwise only its
	// host is written: such targets are long, and no words of the message.
	Links bool

	// Max is the limit of text in octets; 0 means 32 MiB.
	Max int
}

// Text writes the visible text of src to w as UTF-8 with "\n" line ends and
// none after the last line. Octets of src that are not UTF-8 become U+FFFD.
// cut is true if Max was reached; the text then ends after a whole character.
//
// A paragraph or heading has an empty line around it. A row of a table is a
// line with two blanks between cells; tables of several rows are aligned if
// they fit 100 columns. A level of quotation is "> ", an item of a list "* " or
// "1. ". The target of a link follows its words as "<target>" unless the words
// hold it. An image is its alternative text in brackets.
//
// Errors: only those of w.
func Text(w io.Writer, src string, opt Options) (cut bool, err error) {
	if !utf8.ValidString(src) {
		src = strings.ToValidUTF8(src, "\ufffd")
	}
	room := opt.Max
	if room <= 0 {
		room = defaultMax
	}
	k := walk{scan: scanner{src: src}, page: page{w: w, room: room}, links: opt.Links}
	k.run()
	if k.page.err == errFull {
		return true, nil
	}
	return false, k.page.err
}
