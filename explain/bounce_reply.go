package explain

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSaid is how much of the words of a server is looked at, in octets.
const maxSaid = 4 << 10

// nextAddress finds the next mail address in text from offset at on, and where
// it stands. It must have a domain of two labels.
func nextAddress(text string, at int) (addr string, start, end int, ok bool) {
	for {
		i := strings.IndexByte(text[at:], '@')
		if i < 0 {
			return "", 0, 0, false
		}
		i += at
		at = i + 1
		start, end = i, i+1
		if start > 0 && text[start-1] == '"' { // "a b"@example.org
			if q := strings.LastIndexByte(text[:start-1], '"'); q >= 0 && start-q < 70 {
				start = q
			}
		}
		for start > 0 && i-start < 200 {
			r, size := utf8.DecodeLastRuneInString(text[:start])
			if !localRune(r) || ideograph(r) && start < i && text[start] < 0x80 {
				break
			}
			start -= size
		}
		for start < i && (text[start] == '.' || text[start] == '\'' || text[start] == '=' || text[start] == '*') {
			start++
		}
		for end < len(text) {
			r, size := utf8.DecodeRuneInString(text[end:])
			if !domainRune(r) || ideograph(r) && text[end-1] < 0x80 && text[end-1] != '.' && text[end-1] != '@' {
				break
			}
			end += size
		}
		for end > i+1 && (text[end-1] == '.' || text[end-1] == '-') {
			end--
		}
		if start == i || end-i < 4 || end-i > 256 || !strings.Contains(text[i+1:end], ".") && text[i+1] != '[' {
			continue
		}
		addr = text[start:end]
		if j := strings.IndexByte(addr, ':'); j >= 0 && j < i-start { // "smtp:a@b", "rfc822:a@b"
			addr, start = addr[j+1:], start+j+1
		}
		if strings.HasPrefix(addr, "@") || !utf8.ValidString(addr) {
			continue
		}
		return addr, start, end, true
	}
}

func localRune(r rune) bool {
	switch {
	case r == utf8.RuneError:
		return false
	case r >= 0x80:
		return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r)
	case r <= ' ', r == 0x7f:
		return false
	}
	return strings.IndexByte(`<>()[],;"@\`, byte(r)) < 0
}

func domainRune(r rune) bool {
	if r >= 0x80 {
		return localRune(r)
	}
	return r == '.' || r == '-' || r == '_' || digit(byte(r)) || letter(byte(r))
}

// ideograph reports whether r is of a script that is written without blanks:
// beside an address in ASCII it belongs to the sentence.
func ideograph(r rune) bool {
	return r >= 0x80 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai)
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// A code is an enhanced status code (RFC 3463) and where it stands.
type code struct {
	text       string
	start, end int
}

// nextCode finds the next enhanced code. Parts of addresses and of version
// numbers are none: no digit, point or letter may touch it.
func nextCode(text string, at int) (c code, ok bool) {
	for i := at; i+5 <= len(text); i++ {
		if text[i] != '2' && text[i] != '4' && text[i] != '5' || text[i+1] != '.' {
			continue
		}
		if i > 0 {
			if p := text[i-1]; digit(p) || p == '.' || p == '_' || letter(p) || p == '/' && i > 1 && letter(text[i-2]) {
				continue
			}
		}
		j := i + 2
		k := j
		for k < len(text) && k-j < 4 && digit(text[k]) {
			k++
		}
		if k == j || k-j > 3 || k >= len(text) || text[k] != '.' {
			continue
		}
		j = k + 1
		k = j
		for k < len(text) && k-j < 4 && digit(text[k]) {
			k++
		}
		if k == j || k-j > 3 {
			continue
		}
		if k < len(text) && (text[k] == '.' && k+1 < len(text) && digit(text[k+1]) || letter(text[k]) || text[k] == '_') {
			continue
		}
		return code{text[i:k], i, k}, true
	}
	return code{}, false
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// firstCode gives the first enhanced code of text, "" if there is none.
func firstCode(text string) string {
	c, _ := nextCode(text, 0)
	return c.text
}

// bestCode gives the most telling code of text: one of the failures before one
// of success, one that says more than x.0.0 before one that does not.
func bestCode(text string) string {
	best, rank := "", 0
	for at := 0; ; {
		c, ok := nextCode(text, at)
		if !ok {
			return best
		}
		at = c.end
		r := 1
		switch {
		case c.text[0] == '2':
		case vague(c.text):
			r = 2
		default:
			r = 3
		}
		if r > rank {
			best, rank = c.text, r
		}
	}
}

// vague reports whether a code says nothing but its class.
func vague(code string) bool {
	return len(code) == 5 && code[2] == '0' && code[4] == '0'
}

// findReply finds a three-digit SMTP reply of an error: "550 words",
// "550-words", "said: 550", "(reason: 550 ...)". It gives the offset.
func findReply(text string, at int) (reply string, offset int) {
	for i := at; i+3 <= len(text); i++ {
		c := text[i]
		if c != '4' && c != '5' || !digit(text[i+1]) || !digit(text[i+2]) || text[i+1] > '7' {
			continue
		}
		if i > 0 && strings.IndexByte(" \t\n:;(<'\"[-#=,>`", text[i-1]) < 0 && text[i-1] < 0x80 {
			continue
		}
		if i > 1 && text[i-1] == '-' && text[i-2] != ' ' && text[i-2] != '\n' && text[i-2] != '-' { // 2010-550
			continue
		}
		if i+3 < len(text) {
			if n := text[i+3]; n != ' ' && n != '-' && n != '\t' && n != ':' && n != ',' && n != ';' && n != ')' && n != '\'' && n != '"' && n != '#' && n != ']' && n != '_' {
				continue
			}
			if text[i+3] == ':' && i+4 < len(text) && digit(text[i+4]) {
				continue
			}
			if wordBefore(text[:i], "port", "pid", "line", "id", "size") || wordAfter(text[i+3:], "kb", "mb", "bytes", "messages", "seconds", "minutes", "hours", "mail.", "recipients") {
				continue
			}
		} else if i > 0 && text[i-1] == '-' {
			continue
		}
		return text[i : i+3], i
	}
	return "", -1
}

func wordBefore(text string, words ...string) bool {
	text = strings.TrimRight(text, " :=#")
	for _, w := range words {
		if len(text) >= len(w) && strings.EqualFold(text[len(text)-len(w):], w) && (len(text) == len(w) || !letter(text[len(text)-len(w)-1])) {
			return true
		}
	}
	return false
}

func wordAfter(text string, words ...string) bool {
	text = strings.TrimLeft(text, " ")
	for _, w := range words {
		if len(text) >= len(w) && strings.EqualFold(text[:len(w)], w) {
			return true
		}
	}
	return false
}

// plainWords makes one line of what a server said, in lower case, for the
// search of phrases: white space is one blank, and the code that a reply of
// several lines repeats stands there once at most. Addresses are left out.
func plainWords(text string) string {
	if len(text) > maxSaid {
		text = cutString(text, maxSaid)
	}
	var b strings.Builder
	b.Grow(len(text))
	for _, w := range strings.Fields(strings.ToLower(text)) {
		if b.Len() > 0 && (isReply(w) || isCode(w)) {
			continue
		}
		if strings.IndexByte(w, '@') >= 0 && isASCII([]byte(w)) { // what an address is made of are no words
			if w, _, _ = strings.Cut(w, "<"); strings.IndexByte(w, '@') >= 0 || w == "" {
				continue
			}
		}
		if len(w) > 4 && (w[3] == '-' || w[3] == ' ') && isReply(w[:3]) { // 550-the
			if w = w[4:]; isCode(w) {
				continue
			}
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w)
	}
	return b.String()
}

func isReply(w string) bool {
	w = strings.TrimSuffix(w, "-")
	return len(w) == 3 && (w[0] == '4' || w[0] == '5') && digit(w[1]) && digit(w[2])
}

func isCode(w string) bool {
	c, ok := nextCode(w, 0)
	return ok && c.start == 0 && c.end == len(w)
}
