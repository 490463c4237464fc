package query

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// text makes a leaf of words out of a token that has been read.
func text(t token, f Field) (Expr, error) {
	switch t.kind {
	case tokQuote:
		list := strings.FieldsFunc(t.text, isBlank)
		if len(list) == 0 {
			if f == "" {
				return All{}, nil // mu writes "" for everything
			}
			return nil, &SyntaxError{t.at, "there is no word in the quotes", ""}
		}
		for _, w := range list {
			if len(w) > maxWord {
				return nil, &SyntaxError{t.at, "a word of more than 1024 octets", ""}
			}
		}
		return Phrase{f, list, t.pos}, nil
	case tokRegexp:
		return regexpLeaf(t, f)
	}
	s := t.text
	switch {
	case f == "" && len(s) > 2 && s[0] == '<' && s[len(s)-1] == '>' && strings.Contains(s, "@"):
		return Term{"id", s[1 : len(s)-1], t.pos}, nil
	case len(s) > 1 && s[0] == '+' && hasWord(s):
		return Phrase{f, []string{s[1:]}, t.pos}, nil
	case strings.Contains(s, "*"):
		return starred(t, f)
	case len(s) > 2 && (strings.HasSuffix(s, "~1") || strings.HasSuffix(s, "~2")) && hasWord(s[:len(s)-2]):
		return Fuzzy{f, s[:len(s)-2], int(s[len(s)-1] - '0'), t.pos}, nil
	case !hasWord(s):
		if f == "" {
			return nil, nil
		}
		return nil, &SyntaxError{t.at, string(f) + ": needs a word", ""}
	}
	return Term{f, s, t.pos}, nil
}

// starred makes a leaf of a word with stars.
func starred(t token, f Field) (Expr, error) {
	s := strings.TrimRight(t.text, "*")
	core := strings.TrimLeft(s, "*")
	switch {
	case strings.Contains(core, "*"):
		return nil, &SyntaxError{t.at, "* stands at the end of a word, or at its start and end (quotes make it text)", ""}
	case core == "" && f == "":
		return All{}, nil
	case core == "":
		return Prefix{f, "", t.pos}, nil
	case !hasWord(core):
		return nil, &SyntaxError{t.at, "* needs a word beside it (quotes make it text)", ""}
	case len(core) < len(s):
		return Infix{f, core, t.pos}, nil
	}
	return Prefix{f, s, t.pos}, nil
}

func regexpLeaf(t token, f Field) (Expr, error) {
	if _, err := regexp.Compile(t.text); err != nil {
		msg := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		return nil, &SyntaxError{t.at, "regular expression: " + msg, ""}
	}
	return Regexp{f, t.text, t.pos}, nil
}

// hasWord reports whether a search for s can mean anything: ASCII punctuation
// alone is no word in any script.
func hasWord(s string) bool {
	for _, r := range s {
		if r >= utf8.RuneSelf || unicode.IsLetter(r) || unicode.IsDigit(r) {
			return true
		}
	}
	return false
}

// named makes a leaf of a value with an operator.
func (p *parser) named(t token) (Expr, error) {
	op := t.op
	if t.kind == tokRegexp {
		switch op.kind {
		case words, exact, messageID, headerName:
		default:
			return nil, &SyntaxError{t.at, string(op.Name) + ": takes no regular expression", ""}
		}
	}
	switch op.kind {
	case words:
		return text(t, op.Name)
	case exact:
		if op.Name == "in" && t.kind == tokWord && strings.EqualFold(t.text, "anywhere") {
			return All{}, nil
		}
		return exactLeaf(t, op.Name)
	case messageID:
		if len(t.text) > 2 && t.text[0] == '<' && t.text[len(t.text)-1] == '>' {
			t.text = t.text[1 : len(t.text)-1]
		}
		return exactLeaf(t, op.Name)
	case headerName:
		return exactLeaf(t, Field("header:"+t.header))
	case threadOf:
		return exactLeaf(t, op.Name)
	case closed:
		return closedLeaf(t)
	case tagged:
		low := strings.ToLower(t.text)
		for _, name := range []string{"has", "is"} {
			if v, ok := lookup(name).value(low); ok {
				return fact(Field(name), v, t.pos), nil
			}
		}
		return exactLeaf(t, "in")
	case yesno:
		return yesnoLeaf(t)
	case dupOf, partialOf:
		return yesnoOrID(t)
	case sizeRange, sizeOver, sizeUnder:
		return sizeLeaf(t)
	}
	return p.dateLeaf(t)
}

// exactLeaf makes a leaf of a value that is taken as a whole.
func exactLeaf(t token, f Field) (Expr, error) {
	switch {
	case t.kind == tokRegexp:
		return regexpLeaf(t, f)
	case t.text == "" && t.kind == tokWord:
		return Prefix{f, "", t.pos}, nil // header:x-ticket
	case strings.TrimFunc(t.text, isBlank) == "":
		return nil, &SyntaxError{t.at, "there is nothing in the quotes", ""}
	case len(t.text) > maxWord:
		return nil, &SyntaxError{t.at, "a value of more than 1024 octets", ""}
	case t.kind == tokWord && strings.Contains(t.text, "*"):
		return starred(t, f)
	}
	return Term{f, t.text, t.pos}, nil
}

// closedLeaf makes a leaf of has: or is:.
func closedLeaf(t token) (Expr, error) {
	low := strings.ToLower(t.text)
	if v, ok := t.op.value(low); ok {
		return fact(t.op.Name, v, t.pos), nil
	}
	// Programs differ in which of the two names goes with a value: flag:attach.
	for _, name := range []string{"has", "is"} {
		if v, ok := lookup(name).value(low); ok {
			return fact(Field(name), v, t.pos), nil
		}
	}
	e := &SyntaxError{Pos: t.at, Msg: "unknown value in " + string(t.op.Name) + ":" + t.text}
	if near := nearest(low, t.op.names()); near != "" {
		e.Suggest = string(t.op.Name) + ":" + near
	}
	return nil, e
}

// fact is the leaf of a value of has: or is:. The kinds of attachments that
// have: knows are those of type:.
func fact(f Field, value string, pos int) Expr {
	if f == "has" && value != "attachment" && value != "problem" {
		f = "type"
	}
	return Term{f, value, pos}
}

// yesnoOrID makes a leaf of dup:yes, dup:near or dup:9f2c01ab.
func yesnoOrID(t token) (Expr, error) {
	value := t.text
	if t.op.kind == dupOf {
		value = strings.ToLower(value)
	}
	e, err := yesnoLeaf(t)
	switch {
	case err == nil:
		return e, nil
	case t.text == "":
		return nil, err
	case t.op.kind == partialOf, value == "near", value == "differs", isMessageName(value):
		return Term{t.op.Name, value, t.pos}, nil
	}
	bad := &SyntaxError{Pos: t.at, Msg: "dup: is yes, no, near, differs, or the id of a message (8 digits or more)"}
	if near := nearest(value, []string{"yes", "no", "near", "differs"}); near != "" {
		bad.Suggest = "dup:" + near
	}
	return nil, bad
}

// isMessageName reports whether s can be the id of a message in an archive, or
// a Message-ID.
func isMessageName(s string) bool {
	const least, most = 8, 64 // hex digits
	return strings.Contains(s, "@") || len(s) >= least && len(s) <= most && strings.Trim(s, "0123456789abcdef") == ""
}

// yesnoLeaf makes a leaf of read:no.
func yesnoLeaf(t token) (Expr, error) {
	var e Expr
	switch t.op.Name {
	case "read":
		e = Term{"is", "read", t.pos}
	case "flagged":
		e = Term{"is", "flagged", t.pos}
	case "dup":
		e = Term{"is", "duplicate", t.pos}
	case "partial":
		e = Term{"is", "partial", t.pos}
	default:
		e = Term{"has", "attachment", t.pos}
	}
	switch strings.ToLower(t.text) {
	case "yes", "true", "1":
		return e, nil
	case "no", "false", "0":
		return not(e), nil
	}
	return nil, &SyntaxError{t.at, string(t.op.Name) + ": is yes or no", ""}
}
