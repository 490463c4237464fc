package html

import (
	"html"
	"strings"
)

// entity gives the length of the entity at the start of s, 1 if "&" is only a
// character. The name may be followed by more letters: "&copy2024".
func entity(s string) int {
	i := 1
	if i < len(s) && s[i] == '#' {
		i++
	}
	longest := len(s)
	if i == 1 {
		longest = min(longest, 40) // no name is longer than 31
	}
	for i < longest && isAlnum(s[i]) {
		i++
	}
	if i < len(s) && s[i] == ';' {
		i++
	}
	return i
}

// unescape resolves the entities of an attribute's value. Other than in text, a
// name without ";" is none if a letter, a digit or "=" follows (HTML standard,
// 13.2.5.73): the targets of links have parameters such as "&copy=1".
func unescape(s string) string {
	n := strings.IndexByte(s, '&')
	if n < 0 {
		return s
	}
	var b strings.Builder
	for ; n >= 0; n = strings.IndexByte(s, '&') {
		b.WriteString(s[:n])
		s = s[n:]
		n = entity(s)
		name, next := s[:n], s[n:]
		if r := html.UnescapeString(name); whole(name, r) && (!strings.HasPrefix(next, "=") || isNumber(name) || name[n-1] == ';') {
			b.WriteString(r)
		} else {
			b.WriteString(name)
		}
		s = next
	}
	b.WriteString(s)
	return b.String()
}

// whole reports whether r stands for all of name and not only for its
// beginning, as "©x" does for "&copyx".
func whole(name, r string) bool {
	last := r[len(r)-1]
	return isNumber(name) || name == "&semi;" || last != ';' && !isAlnum(last)
}

func isNumber(name string) bool { return strings.HasPrefix(name, "&#") }

func isAlnum(c byte) bool { return isLetter(c) || isDigit(c) }
