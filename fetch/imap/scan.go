package imap

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// maxLine bounds one response outside its literals, in octets. Only a list of
// UIDs may be longer: it is read number by number.
const maxLine = 1 << 20

// maxText bounds a literal that is kept as text, such as the name of a mailbox.
const maxText = 64 << 10

// A syntaxError says that what the server sends cannot be divided into
// responses any more. The connection is of no use then.
type syntaxError struct{ what string }

func (e *syntaxError) Error() string { return "the server's answer is out of step: " + e.what }

var (
	errLong   = &syntaxError{"a line has more than 1 MiB"}
	errNumber = &syntaxError{"a number is out of range"}
	errEnd    = &syntaxError{"a line ends in the middle of a list"}
)

// A scanner divides what a server sends into words, lines and literals. It
// allocates nothing by announced sizes, and it does not recurse.
type scanner struct {
	r    *bufio.Reader
	line int    // octets of this response so far, literals left out
	word []byte // buffer of the word being read
}

func newScanner(r io.Reader) *scanner {
	// 64 KiB: a message of usual size comes in one or two reads.
	return &scanner{r: bufio.NewReaderSize(r, 64<<10)}
}

// begin starts a new response.
func (s *scanner) begin() { s.line = 0 }

// peek gives the next octet and leaves it there.
func (s *scanner) peek() (byte, error) {
	b, err := s.r.Peek(1)
	if err != nil {
		return 0, cutOff(err)
	}
	return b[0], nil
}

// take gives the next octet.
func (s *scanner) take() (byte, error) {
	if s.line++; s.line > maxLine {
		return 0, errLong
	}
	c, err := s.r.ReadByte()
	return c, cutOff(err)
}

// cutOff makes the end of the connection an error, which it always is here.
func cutOff(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// spaces passes over spaces and tells what comes after them.
func (s *scanner) spaces() (byte, error) {
	for {
		c, err := s.peek()
		if err != nil || c != ' ' && c != '\t' {
			return c, err
		}
		if _, err := s.take(); err != nil {
			return 0, err
		}
	}
}

// A kind is what sort of token a token is.
type kind uint8

const (
	tokEnd     kind = iota // CRLF, or LF alone
	tokOpen                // (
	tokClose               // )
	tokWord                // atom, number, flag, NIL
	tokQuoted              // "text"
	tokLiteral             // {size}: the octets follow and are still to be read
)

// A token is the next piece of a response.
type token struct {
	kind kind
	text string // of a word or quoted
	size int64  // of a literal
}

// isNil reports whether t is the word NIL.
func (t token) isNil() bool { return t.kind == tokWord && strings.EqualFold(t.text, "NIL") }

// next gives the next token. Spaces before it are passed over.
func (s *scanner) next() (token, error) {
	c, err := s.spaces()
	if err != nil {
		return token{}, err
	}
	switch c {
	case '(', ')':
		_, err := s.take()
		if c == '(' {
			return token{kind: tokOpen}, err
		}
		return token{kind: tokClose}, err
	case '\r', '\n':
		return token{kind: tokEnd}, s.lineEnd()
	case '"':
		text, err := s.quoted()
		return token{kind: tokQuoted, text: text}, err
	}
	w, err := s.atom(false)
	if err != nil {
		return token{}, err
	}
	size, ok, err := literalSize(w)
	if err != nil || !ok {
		return token{kind: tokWord, text: string(w)}, err
	}
	if c, err = s.peek(); err != nil {
		return token{}, err
	}
	if c != '\r' && c != '\n' {
		return token{kind: tokWord, text: string(w)}, nil // looks like a literal, but no octets follow
	}
	return token{kind: tokLiteral, size: size}, s.lineEnd()
}

// lineEnd takes CRLF.
//
// QUIRK: RFC 9051 section 2.2 has lines end in CRLF. Some servers send LF, or
// more than one CR, in some answers. All are taken. Test: TestScanner.
func (s *scanner) lineEnd() error {
	for {
		c, err := s.take()
		if err != nil || c == '\n' {
			return err
		}
		if c != '\r' {
			return &syntaxError{"CR without LF"}
		}
	}
}

// atom reads up to a space, parenthesis or line end; with brackets it passes
// over all of these between "[" and "]", as in BODY[HEADER.FIELDS (DATE)]<0>.
// The octets are valid until the next call.
func (s *scanner) atom(brackets bool) ([]byte, error) {
	s.word = s.word[:0]
	inside := false
	for {
		c, err := s.peek()
		if err != nil {
			return nil, err
		}
		switch c {
		case '\r', '\n':
			return s.word, nil
		case ' ', '(', ')':
			if !inside {
				return s.word, nil
			}
		case '[':
			inside = brackets
		case ']':
			inside = false
		}
		if _, err := s.take(); err != nil {
			return nil, err
		}
		s.word = append(s.word, c)
	}
}

// quoted reads a quoted string.
//
// QUIRK: RFC 9051 section 4.3 has no line ends in quoted strings. A server that
// sends a message as a quoted string has them. They are
// taken as text. Test: TestFetchForms.
func (s *scanner) quoted() (string, error) {
	if _, err := s.take(); err != nil {
		return "", err
	}
	s.word = s.word[:0]
	for {
		c, err := s.take()
		switch {
		case err != nil:
			return "", err
		case c == '"':
			return string(s.word), nil
		case c == '\\':
			if c, err = s.take(); err != nil {
				return "", err
			}
		}
		s.word = append(s.word, c)
	}
}

// literalSize reads {n}, {n+} and ~{n}.
func literalSize(w []byte) (size int64, ok bool, err error) {
	t := string(w)
	t = strings.TrimPrefix(t, "~")
	if len(t) < 3 || t[0] != '{' || t[len(t)-1] != '}' {
		return 0, false, nil
	}
	t = strings.TrimSuffix(t[1:len(t)-1], "+")
	if t == "" || strings.Trim(t, "0123456789") != "" {
		return 0, false, nil
	}
	size, err = strconv.ParseInt(t, 10, 64)
	if err != nil || size == math.MaxInt64 {
		return 0, true, errNumber
	}
	return size, true, nil
}

// text gives the text of a token; ok is false if it has none.
func (s *scanner) text(t token) (text string, ok bool, err error) {
	switch t.kind {
	case tokWord, tokQuoted:
		return t.text, true, nil
	case tokLiteral:
		if t.size > maxText {
			return "", false, &syntaxError{fmt.Sprintf("a text of %d octets", t.size)}
		}
		b := make([]byte, t.size)
		_, err := io.ReadFull(s.r, b)
		return string(b), err == nil, cutOff(err)
	}
	return "", false, nil
}

// skip passes over the value that begins with t: a word, string, literal, or
// list of any depth.
func (s *scanner) skip(t token) error {
	depth := 0
	for {
		switch t.kind {
		case tokEnd:
			return errEnd
		case tokOpen:
			depth++
		case tokClose:
			depth--
		case tokLiteral:
			if err := s.drop(t.size); err != nil {
				return err
			}
		}
		if depth <= 0 {
			return nil
		}
		var err error
		if t, err = s.next(); err != nil {
			return err
		}
	}
}

// drop passes over n octets.
func (s *scanner) drop(n int64) error {
	for n > 0 {
		k, err := s.r.Discard(int(min(n, 1<<20)))
		n -= int64(k)
		if err != nil {
			return cutOff(err)
		}
	}
	return nil
}

// rest reads the text up to the end of the line. It is not looked at: what
// looks like a literal in it is text.
func (s *scanner) rest() (string, error) {
	if _, err := s.spaces(); err != nil {
		return "", err
	}
	s.word = s.word[:0]
	for {
		c, err := s.take()
		if err != nil {
			return "", err
		}
		if c == '\n' {
			return strings.TrimRight(string(s.word), "\r "), nil
		}
		s.word = append(s.word, c)
	}
}

// skipRest passes over the rest of a response of an unknown kind, with its
// literals. A quoted string cannot end a line, so a line that ends in {n} ends
// in a literal.
func (s *scanner) skipRest() error {
	for {
		line, err := s.rest()
		if err != nil {
			return err
		}
		i := strings.LastIndexAny(line, " (")
		size, ok, err := literalSize([]byte(line[i+1:]))
		if err != nil || !ok {
			return err
		}
		if err := s.drop(size); err != nil {
			return err
		}
	}
}

// number reads a word of digits, at most limit.
func number(w string, limit uint64) (uint64, error) {
	n, err := strconv.ParseUint(w, 10, 64)
	if err != nil || n > limit {
		return 0, errNumber
	}
	return n, nil
}

// A literal reads the octets of a literal from the connection.
type literal struct {
	s    *scanner
	left int64
}

func (l *literal) Read(p []byte) (int, error) {
	if l.left == 0 {
		return 0, io.EOF
	}
	n, err := l.s.r.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, cutOff(err)
}

// drain passes over what was not read.
func (l *literal) drain() error {
	n := l.left
	l.left = 0
	return l.s.drop(n)
}
