package decode

import "strings"

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
