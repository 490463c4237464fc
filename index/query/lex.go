package query

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A lexer cuts a query into tokens, one at a time, with no way back.
type lexer struct {
	s   string
	pos int
}

type tokenKind uint8

const (
	tokEnd tokenKind = iota
	tokAnd
	tokOr
	tokXor
	tokNot
	tokNear
	tokOpen  // ( or {, with op set also name:( or name:{
	tokClose // ) or }
	tokWord  // a bare word, with op set a value
	tokQuote // a text in quotes, with op set a value
	tokRegexp
)

// A token is one step of the grammar.
type token struct {
	kind   tokenKind
	pos    int       // octet where it begins, the name included
	at     int       // octet where the value begins
	op     *Operator // of NAME:, else nil
	header string    // of header:NAME=, in lower case
	text   string    // without quotes or slashes; the bracket itself for tokOpen and tokClose
	within int       // of NEAR
}

// maxWord bounds a word or value, in octets. No analysis keeps more of one.
const maxWord = 1024

// defaultWithin is the distance of NEAR without a number, as notmuch has it.
const defaultWithin, maxWithin = 10, 1000

// isBlank reports what divides words: white space and control characters.
func isBlank(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

// isOpenQuote reports what opens a quotation. Word processors turn "..." into
// typographic quotes, and people paste from there.
func isOpenQuote(r rune) bool {
	switch r {
	case '"', '“', '”', '„', '«', '»':
		return true
	}
	return false
}

// skipBlanks moves to the next octet of a token.
func (l *lexer) skipBlanks() {
	for l.pos < len(l.s) {
		r, n := utf8.DecodeRuneInString(l.s[l.pos:])
		if !isBlank(r) {
			return
		}
		l.pos += n
	}
}

// next gives the next token.
func (l *lexer) next() (token, error) {
	l.skipBlanks()
	t := token{kind: tokEnd, pos: l.pos, at: l.pos}
	if l.pos == len(l.s) {
		return t, nil
	}
	switch c := l.s[l.pos]; c {
	case '(', '{':
		l.pos++
		t.kind, t.text = tokOpen, string(c)
		return t, nil
	case ')', '}':
		l.pos++
		t.kind, t.text = tokClose, string(c)
		return t, nil
	case '-':
		if r, _ := utf8.DecodeRuneInString(l.s[l.pos+1:]); l.pos+1 < len(l.s) && !isBlank(r) && !strings.ContainsRune(")}", r) {
			l.pos++
			t.kind = tokNot
			return t, nil
		}
	}
	if r, _ := utf8.DecodeRuneInString(l.s[l.pos:]); !isOpenQuote(r) {
		if done, err := l.keyword(&t); done || err != nil {
			return t, err
		}
		if err := l.name(&t); err != nil {
			return t, err
		}
	}
	return t, l.value(&t)
}

// bare is the octet where the bare word that begins at pos ends.
func (l *lexer) bare(pos int) int {
	for i, r := range l.s[pos:] {
		if isBlank(r) || strings.ContainsRune(`"(){}`, r) {
			return pos + i
		}
	}
	return len(l.s)
}

// keyword reads and, or, xor, not, NEAR/n, AROUND n if one stands here.
func (l *lexer) keyword(t *token) (bool, error) {
	end := l.bare(l.pos)
	word := l.s[l.pos:end]
	if len(word) > 32 {
		return false, nil // the longest is AROUND/1000
	}
	head, number, slash := strings.Cut(word, "/")
	switch {
	case word == "and" || word == "AND":
		t.kind = tokAnd
	case word == "or" || word == "OR":
		t.kind = tokOr
	case word == "xor" || word == "XOR":
		t.kind = tokXor
	case word == "not" || word == "NOT":
		t.kind = tokNot
	case slash && (head == "near" || head == "NEAR" || head == "AROUND") && isDigits(number):
		t.kind = tokNear
	case word == "NEAR":
		t.kind, t.within = tokNear, defaultWithin
	case word == "AROUND":
		t.kind = tokNear
		l.pos = end
		l.skipBlanks()
		end = l.pos
		open := strings.HasPrefix(l.s[end:], "(") // Google's own spelling is AROUND(5)
		if open {
			end++
		}
		from := end
		for end < len(l.s) && '0' <= l.s[end] && l.s[end] <= '9' {
			end++
		}
		number = l.s[from:end]
		if open && number != "" {
			if !strings.HasPrefix(l.s[end:], ")") {
				number = ""
			}
			end++
		} else if l.bare(from) != end {
			number = ""
		}
		if number == "" {
			return true, &SyntaxError{t.pos, `AROUND needs a number of words: a AROUND 5 b`, ""}
		}
	default:
		return false, nil
	}
	l.pos = end
	if t.kind == tokNear && t.within == 0 {
		for _, c := range number {
			t.within = min(t.within*10+int(c-'0'), maxWithin+1)
		}
		if t.within < 1 || t.within > maxWithin {
			return true, &SyntaxError{t.pos, "a distance is 1 to 1000 words", ""}
		}
	}
	return true, nil
}

func isDigits(s string) bool {
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}

// name reads "NAME:" into t.op if one stands here. A word before a colon that
// looks like a name and is none is an error, but "re:", "10:30" and "http://x"
// are text.
func (l *lexer) name(t *token) error {
	end := l.pos
	for end < len(l.s) && (isLetter(l.s[end]) || end > l.pos && strings.IndexByte("_-.", l.s[end]) >= 0) {
		end++
	}
	if end == l.pos || end == len(l.s) || l.s[end] != ':' {
		return nil
	}
	if end-l.pos > maxWord {
		return &SyntaxError{l.pos, "a word of more than 1024 octets", ""}
	}
	name, rest := strings.ToLower(l.s[l.pos:end]), l.s[end+1:]
	if strings.HasPrefix(rest, "//") || len(name) == 1 && strings.HasPrefix(rest, `\`) {
		return nil // file:///tmp and C:\Temp, though file: and c: are operators
	}
	op := lookup(name)
	if op == nil {
		if slices.Contains(textPrefixes, name) {
			return nil
		}
		e := &SyntaxError{Pos: l.pos, Msg: `unknown operator "` + name + `:" (quotes make it text)`}
		if near := nearest(name, operatorNames()); near != "" {
			e.Suggest = near + ":"
		}
		return e
	}
	t.op, l.pos, t.at = op, end+1, end+1
	if op.kind == headerName {
		return l.headerName(t)
	}
	return nil
}

// headerName reads the name of header:NAME=value. Where no value follows, the
// token is the star that stands for any.
func (l *lexer) headerName(t *token) error {
	end := l.pos
	for end < len(l.s) && isFieldOctet(l.s[end]) {
		end++
	}
	if strings.HasPrefix(l.s[end:], "*=") && end == l.pos {
		end++ // of any field
	}
	t.header = strings.ToLower(l.s[l.pos:end])
	if t.header == "" || len(t.header) > maxWord {
		return &SyntaxError{t.pos, "header: needs the name of a field: header:x-ticket=QX-1", ""}
	}
	l.pos = end
	if end < len(l.s) && l.s[end] == '=' {
		l.pos++
		t.at = l.pos
	} else if l.bare(end) != end {
		return &SyntaxError{end, `header:` + t.header + ` is followed by "=" and a value, or by nothing`, ""}
	}
	return nil
}

// isFieldOctet reports what may stand in the name of a header field (RFC 5322
// section 3.6.8), without what the query language needs itself.
func isFieldOctet(c byte) bool {
	return c > ' ' && c < 0x7f && strings.IndexByte(`:=*"(){}`, c) < 0
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// value reads what stands after a name, or a leaf without one.
func (l *lexer) value(t *token) error {
	rest := l.s[l.pos:]
	r, _ := utf8.DecodeRuneInString(rest)
	switch {
	case t.op != nil && t.header == "" && (strings.HasPrefix(rest, "(") || strings.HasPrefix(rest, "{")):
		t.kind, t.text = tokOpen, rest[:1]
		l.pos++
		return nil
	case rest != "" && isOpenQuote(r):
		return l.quoted(t)
	case r == '/':
		if text, n := regexpBody(rest); n > 0 {
			t.kind, t.text = tokRegexp, text
			l.pos += n
			return nil
		}
	}
	t.kind = tokWord
	end := l.bare(l.pos)
	if end-l.pos > maxWord {
		return &SyntaxError{t.at, "a word of more than 1024 octets", ""}
	}
	t.text = l.s[l.pos:end]
	l.pos = end
	return nil
}

// quoted reads a text in quotes; a doubled quote stands for one.
func (l *lexer) quoted(t *token) error {
	r, n := utf8.DecodeRuneInString(l.s[l.pos:])
	plain := r == '"'
	var b strings.Builder
	for i := l.pos + n; i < len(l.s); i += n {
		r, n = utf8.DecodeRuneInString(l.s[i:])
		closes := r == '"' || !plain && isOpenQuote(r)
		if plain && closes && strings.HasPrefix(l.s[i+n:], `"`) {
			n++
		} else if closes {
			t.kind, t.text = tokQuote, b.String()
			l.pos = i + n
			return nil
		}
		b.WriteRune(r)
	}
	return &SyntaxError{l.pos, "a quote is not closed", ""}
}

// regexpBody reads /re/ at the start of s and gives what stands between the
// slashes, with "\/" as "/", and the octets read; 0 if s is no such thing, as
// /usr/bin/ is not. It holds no blank: it is matched against single words.
func regexpBody(s string) (string, int) {
	var b strings.Builder
	for i := 1; i < len(s) && i <= maxWord; i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && s[i+1] == '/':
			b.WriteByte('/')
			i++
		case c == '\\' && i+1 < len(s) && s[i+1] < utf8.RuneSelf && !isBlank(rune(s[i+1])):
			b.WriteByte(c)
			b.WriteByte(s[i+1])
			i++
		case c == '/':
			r, _ := utf8.DecodeRuneInString(s[i+1:])
			if i == 1 || i+1 < len(s) && !isBlank(r) && r != ')' && r != '}' {
				return "", 0
			}
			return b.String(), i + 1
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			if isBlank(r) {
				return "", 0
			}
			b.WriteString(s[i : i+n])
			i += n - 1
		}
	}
	return "", 0
}
