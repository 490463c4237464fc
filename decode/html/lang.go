package html

import "strings"

// langWindow is how far Lang looks: the html and body elements stand at the
// beginning, but mail has comments and style sheets between the two.
const langWindow = 64 << 10

// Lang gives the language that a document declares for all of it: the lang
// attribute of its html element, else of its body element (HTML standard,
// 3.2.6.1), else xml:lang there. It is as written, without blanks around it,
// and "" if there is none. The lang attributes of single elements are not
// looked at.
func Lang(src string) string {
	src = src[:min(len(src), langWindow)]
	s := scanner{src: src}
	var t token
	for {
		s.next(&t)
		switch {
		case t.kind == endToken:
			return ""
		case t.kind != openToken:
			continue
		case !strings.EqualFold(t.data, "html") && !strings.EqualFold(t.data, "body"):
			continue
		}
		if lang := langOf(&s, t.at+len(t.data)); lang != "" {
			return lang
		}
		if strings.EqualFold(t.data, "body") {
			return ""
		}
	}
}

// langOf reads the attributes that begin at src[i].
func langOf(s *scanner, i int) string {
	xml := ""
	for {
		i = skipSpace(s.src, i)
		if i >= len(s.src) || s.src[i] == '>' {
			return xml
		}
		var key, val string
		key, val, i = s.attr(i)
		switch {
		case strings.EqualFold(key, "lang"):
			if val = strings.TrimSpace(unescape(val)); val != "" {
				return val
			}
		case strings.EqualFold(key, "xml:lang"):
			xml = strings.TrimSpace(unescape(val))
		}
	}
}
