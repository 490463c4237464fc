package term

import (
	"strings"
	"unicode/utf8"
)

// escape stands for ESC: the sign of its key (ISO 9995-7). Its picture U+241B
// ends in the octet 0x9b, which "cat -v" shows as M-^[ and an old terminal takes
// for the beginning of a sequence.
const escape = '⎋'

// Sanitize makes text of a stranger safe to write to a terminal, or to a pipe
// whose other end may be one. It is exact and can be seen:
//
//   - C0 controls but tab and line feed become their pictures (U+2400 and on),
//     DEL becomes "␡" (U+2421), ESC "⎋". A carriage return before a line feed is
//     left out, alone it is "␍".
//   - C1 controls (U+0080 to U+009F), bidirectional marks, embeddings, overrides
//     and isolates (Unicode UAX 9: U+061C, U+200E, U+200F, U+202A to U+202E,
//     U+2066 to U+2069), the line and paragraph separators and octets that are
//     no UTF-8 become "�".
//
// Right-to-left text itself is not touched. Text with nothing of the kind is
// returned as it is, without a copy.
func Sanitize(s string) string {
	i := firstUnsafe(s)
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i >= 0 {
		b.WriteString(s[:i])
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\r' && strings.HasPrefix(s[i+1:], "\n"):
		case r == 0x1b:
			b.WriteRune(escape)
		case r < 0x20:
			b.WriteRune(0x2400 + r)
		case r == 0x7f:
			b.WriteRune(0x2421)
		default:
			b.WriteRune(utf8.RuneError)
		}
		s = s[i+n:]
		i = firstUnsafe(s)
	}
	b.WriteString(s)
	return b.String()
}

// SanitizeLine is Sanitize for a value in a list: tabs and line ends become a
// space, since they divide columns and rows.
func SanitizeLine(s string) string {
	if strings.ContainsAny(s, "\t\r\n") {
		s = lineEnds.Replace(s)
	}
	return Sanitize(s)
}

var lineEnds = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ")

// firstUnsafe is the offset of the first character to replace, or -1.
func firstUnsafe(s string) int {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c < 0x20 && c != '\t' && c != '\n' || c == 0x7f {
				return i
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r < 0xa0 || r == utf8.RuneError && n == 1 || isDirection(r) {
			return i
		}
		i += n
	}
	return -1
}

// isDirection reports whether r changes the order of characters on the screen,
// or ends a line without being a line feed.
func isDirection(r rune) bool {
	switch {
	case r < 0x061c:
		return false
	case r == 0x061c, r == 0x200e, r == 0x200f, 0x2028 <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069:
		return true
	}
	return false
}
