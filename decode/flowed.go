package decode

import (
	"strings"
	"unicode/utf8"
)

// joinFlowed joins the lines of a format=flowed text (RFC 3676): a line that
// ends in a blank goes on in the next one of the same quote depth. With delsp
// the blank is not part of the text.
func joinFlowed(src string, delsp bool) string {
	var b strings.Builder
	b.Grow(len(src))
	depth, open := 0, false // of the paragraph that is being written
	for len(src) > 0 {
		line, rest, _ := strings.Cut(src, "\n")
		src = rest
		text := strings.TrimLeft(line, ">")
		quotes := len(line) - len(text)
		text = strings.TrimPrefix(text, " ") // space-stuffing, section 4.4
		flows := strings.HasSuffix(text, " ") && text != "-- "
		if open && (quotes != depth || text == "-- ") {
			b.WriteByte('\n') // section 4.5: depth changes end a paragraph
			open = false
		}
		if !open && quotes > 0 {
			b.WriteString(line[:quotes])
			if text != "" {
				b.WriteByte(' ')
			}
		}
		depth, open = quotes, flows
		if flows && delsp {
			text = text[:len(text)-1]
		}
		b.WriteString(text)
		if !flows {
			b.WriteByte('\n')
		}
	}
	if open {
		b.WriteByte('\n')
	}
	return b.String()
}

// joinUnspaced joins the lines of a flowed text with delsp where the break
// stands between two characters of a script that has no blanks between words:
// there it is not even white space (RFC 3676 section 4.2: "DelSp").
func joinUnspaced(src string) string {
	var b strings.Builder
	for at := 0; ; {
		i := strings.Index(src[at:], " \n")
		if i < 0 {
			if at == 0 {
				return src
			}
			b.WriteString(src[at:])
			return b.String()
		}
		i += at
		before, _ := utf8.DecodeLastRuneInString(src[at:i])
		after, _ := utf8.DecodeRuneInString(src[i+2:])
		b.WriteString(src[at:i])
		if !unspaced(before) || !unspaced(after) {
			b.WriteString(" \n")
		}
		at = i + 2
	}
}

// unspaced reports whether words of the script of r are not divided.
func unspaced(r rune) bool { return r >= 0x2e80 && !(0xac00 <= r && r < 0xd7b0) && r != utf8.RuneError }
