package explain

import "bytes"

// A token is a piece of a structured field: a word, a comment or a semicolon.
type token struct {
	kind byte   // 'w', '(' or ';'
	text []byte // of a word with its quotation marks; of a comment without its parentheses
	at   int    // where it begins in the field
}

// tokens takes a structured field apart (RFC 5322 section 3.2): words between
// blanks, comments, semicolons. Comments may be nested; only the outermost
// count. A parenthesis without its fellow is a blank, a quotation mark without
// its fellow a letter. Time and memory are linear in the field. The list is in
// buf if it is large enough.
func tokens(raw []byte, buf []token) []token {
	t := tokenizer{raw: raw, comments: comments(raw)}
	list := buf[:0]
	for {
		tok, ok := t.next()
		if !ok {
			return list
		}
		list = append(list, tok)
	}
}

// A tokenizer is the state of one reading.
type tokenizer struct {
	raw      []byte
	at       int
	comments [][2]int // outermost comments that are still ahead, with their parentheses
}

func (t *tokenizer) next() (token, bool) {
	for t.at < len(t.raw) {
		start := t.at
		switch c := t.raw[t.at]; {
		case t.inComment():
			span := t.comments[0]
			t.comments, t.at = t.comments[1:], span[1]
			return token{'(', t.raw[span[0]+1 : span[1]-1], start}, true
		case c == ';':
			t.at++
			return token{';', t.raw[start:t.at], start}, true
		case space(c) || c == '(' || c == ')':
			t.at++
		default:
			t.word()
			return token{'w', t.raw[start:t.at], start}, true
		}
	}
	return token{}, false
}

// inComment reports whether a comment begins here.
func (t *tokenizer) inComment() bool {
	return len(t.comments) > 0 && t.comments[0][0] == t.at
}

// word passes over a word. What stands in angle brackets or quotation marks
// may hold semicolons; a quoted string may hold blanks.
func (t *tokenizer) word() {
	for t.at < len(t.raw) && !t.inComment() {
		switch c := t.raw[t.at]; {
		case c == '"':
			t.pass('"', "\"(")
		case c == '<':
			t.pass('>', ">< \t\r\n(")
		case c == ';' || space(c) || c == '(' || c == ')':
			return
		default:
			t.at++
		}
	}
}

// pass goes behind the octet end, or only one octet on if another one of stop
// stands before it.
func (t *tokenizer) pass(end byte, stop string) {
	t.at++
	ahead := t.raw[t.at:min(len(t.raw), t.at+maxQuoted)]
	if i := bytes.IndexAny(ahead, stop); i >= 0 && ahead[i] == end {
		t.at += i + 1
	}
}

// maxQuoted is the longest text in quotation marks or angle brackets that is
// one word: an address has at most 320 octets.
const maxQuoted = 512

// comments finds the outermost comments, in order.
func comments(raw []byte) [][2]int {
	if bytes.IndexByte(raw, '(') < 0 {
		return nil
	}
	var spans [][2]int
	var open []int // parentheses that are not closed yet
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '\\':
			i++
		case '(':
			open = append(open, i)
		case ')':
			if len(open) == 0 {
				continue
			}
			start := open[len(open)-1]
			open = open[:len(open)-1]
			for len(spans) > 0 && spans[len(spans)-1][0] > start {
				spans = spans[:len(spans)-1] // it lies inside this one
			}
			spans = append(spans, [2]int{start, i + 1})
		}
	}
	return spans
}

func space(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// is reports whether a word is w, in any case.
func (t token) is(w string) bool {
	return t.kind == 'w' && len(t.text) == len(w) && bytes.EqualFold(t.text, []byte(w))
}

// unquote takes quotation marks and the backslashes inside them off.
func unquote(b []byte) string {
	if len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return string(b)
	}
	b = b[1 : len(b)-1]
	if bytes.IndexByte(b, '\\') < 0 {
		return string(b)
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+1 < len(b) {
			i++
		}
		out = append(out, b[i])
	}
	return string(out)
}
