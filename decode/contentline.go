package decode

import (
	"io"
	"strings"

	"lostpost/decode/charset"
	"lostpost/decode/transfer"
)

// A contentLine is one property of a calendar (RFC 5545 section 3.1) or of a
// visiting card (RFC 6350 section 3.3; 2.1 and 3.0 before it).
type contentLine struct {
	name   string // upper case, without the group of a card
	params string // as they stand
	value  string // decoded, but escapes with backslash stand as they are
}

// contentLines gives the properties of a text one by one, in time linear in
// it; what is no property is passed over.
func contentLines(src string, yield func(contentLine) bool) {
	for len(src) > 0 {
		var line string
		line, src = unfoldLine(src)
		colon := outsideQuotes(line, ':')
		if colon <= 0 {
			continue
		}
		name, params, _ := strings.Cut(line[:colon], ";")
		if i := strings.LastIndexByte(name, '.'); i >= 0 {
			name = name[i+1:] // "item1.TEL"
		}
		l := contentLine{strings.ToUpper(strings.TrimSpace(name)), params, line[colon+1:]}
		if strings.Contains(strings.ToUpper(params), "QUOTED-PRINTABLE") {
			// QUIRK: RFC 5545 and 6350 know no quoted-printable. vCalendar 1.0
			// and vCard 2.1 did, with its soft line breaks; phones still write
			// them. Read. Test: testdata/quirks/vcard-quoted-printable.eml
			var body strings.Builder
			body.WriteString(l.value)
			for soft := strings.HasSuffix(l.value, "="); soft && len(src) > 0; {
				line, rest, _ := strings.Cut(src, "\n")
				body.WriteString("\n" + line)
				soft, src = strings.HasSuffix(line, "="), rest
			}
			b, _ := io.ReadAll(transfer.NewReader("quoted-printable", strings.NewReader(body.String()))) // a string does not fail
			l.value = charset.Decode(b, l.param("CHARSET"), "utf-8").Text
		}
		if !yield(l) {
			return
		}
	}
}

// unfoldLine gives the first line with its continuations, and what follows.
func unfoldLine(src string) (line, rest string) {
	line, rest, _ = strings.Cut(src, "\n")
	if rest == "" || rest[0] != ' ' && rest[0] != '\t' {
		return line, rest
	}
	var b strings.Builder
	b.WriteString(line)
	for rest != "" && (rest[0] == ' ' || rest[0] == '\t') {
		line, rest, _ = strings.Cut(rest[1:], "\n")
		b.WriteString(line)
	}
	return b.String(), rest
}

// outsideQuotes is the place of the first c outside of quotation marks, -1 if
// there is none.
func outsideQuotes(s string, c byte) int {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == c && !quoted:
			return i
		}
	}
	return -1
}

// param is the value of a parameter, "" if it is not given.
func (l contentLine) param(name string) string {
	for rest := l.params; rest != ""; {
		p := rest
		if i := outsideQuotes(rest, ';'); i >= 0 {
			p, rest = rest[:i], rest[i+1:]
		} else {
			rest = ""
		}
		if key, value, ok := strings.Cut(p, "="); ok && strings.EqualFold(strings.TrimSpace(key), name) {
			return strings.Trim(value, `" `)
		}
	}
	return ""
}

// text is the value with its escapes undone (RFC 5545 section 3.3.11).
func (l contentLine) text() string { return unescapeText(l.value) }

// fields are the pieces of a value that is divided by semicolons, those that
// are empty left out.
func (l contentLine) fields() []string {
	var out []string
	start := 0
	for i := 0; i <= len(l.value); i++ {
		if i < len(l.value) && l.value[i] == '\\' {
			i++
			continue
		}
		if i >= len(l.value) || l.value[i] == ';' {
			if f := strings.TrimSpace(unescapeText(l.value[start:min(i, len(l.value))])); f != "" {
				out = append(out, f)
			}
			start = i + 1
		}
	}
	return out
}

func unescapeText(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		if s[i] == 'n' || s[i] == 'N' {
			b.WriteByte('\n')
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
