package imap

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// A part is what one FETCH response tells of a message, or several together.
type part struct {
	uid     uint32 // 0: not told
	flags   []string
	flagged bool // flags were told
	labels  []string
	date    time.Time
	dated   bool  // a date was told, though it may be zero
	size    int64 // RFC822.SIZE, -1: not told
}

// whole reports whether all is told that is stored beside the octets.
func (p *part) whole() bool { return p.uid != 0 && p.flagged && p.dated }

// merge takes over what q tells and p does not.
func (p *part) merge(q *part) {
	if !p.flagged {
		p.flags, p.flagged = q.flags, q.flagged
	}
	if !p.dated {
		p.date, p.dated = q.date, q.dated
	}
	if p.labels == nil {
		p.labels = q.labels
	}
	if p.size < 0 {
		p.size = q.size
	}
}

// A fetchReader reads the list of one FETCH response. The items may come in
// any order; unknown ones are passed over.
type fetchReader struct {
	s *scanner
	part
	fields bool     // fields of the header were asked for and are taken as the body
	parts  bool     // a part of the body was asked for and is taken as the body
	body   *literal // the octets of the body that are not yet passed by; nil: none
	empty  bool     // BODY[] came as NIL
	ended  bool
	err    error // of an earlier call
}

func (f *fetchReader) start() error {
	f.size = -1
	t, err := f.s.next()
	if err == nil && t.kind != tokOpen {
		err = &syntaxError{"FETCH without a list"}
	}
	return err
}

// next reads items until it comes to a body, whose octets are then to be read,
// or to the end of the response, and body is nil. A body that is left unread
// is passed over by the next call.
func (f *fetchReader) next() (body *literal, err error) {
	if f.ended || f.err != nil {
		return nil, f.err
	}
	body, f.err = f.items()
	return body, f.err
}

func (f *fetchReader) items() (*literal, error) {
	if f.body != nil {
		b := f.body
		f.body = nil
		if err := b.drain(); err != nil {
			return nil, err
		}
		if err := f.separated(); err != nil {
			return nil, err
		}
	}
	for {
		c, err := f.s.spaces()
		if err != nil {
			return nil, err
		}
		if c == ')' {
			return nil, f.end()
		}
		name, err := f.s.atom(true)
		if err != nil {
			return nil, err
		}
		if len(name) == 0 {
			return nil, &syntaxError{fmt.Sprintf("%q in place of the name of an item", c)}
		}
		if err := f.item(strings.ToUpper(string(name))); err != nil || f.body != nil {
			return f.body, err
		}
	}
}

// end takes the closing parenthesis and the line end.
func (f *fetchReader) end() error {
	f.ended = true
	if _, err := f.s.take(); err != nil {
		return err
	}
	t, err := f.s.next()
	if err == nil && t.kind != tokEnd {
		err = &syntaxError{"text after a FETCH response"}
	}
	return err
}

// item reads the value of an item.
func (f *fetchReader) item(name string) error {
	t, err := f.s.next()
	if err != nil {
		return err
	}
	switch name {
	case "UID":
		n, err := number(t.text, math.MaxUint32)
		if err == nil && f.uid != 0 && f.uid != uint32(n) {
			err = &syntaxError{"two UIDs in one response"}
		}
		f.uid = uint32(n)
		return err
	case "RFC822.SIZE":
		// A size is a hint; one that cannot be read is none.
		if n, err := number(t.text, math.MaxInt64); err == nil {
			f.size = int64(n)
			return nil
		}
	case "INTERNALDATE":
		f.dated = true
		if t.kind == tokQuoted {
			f.date = internalDate(t.text)
			return nil
		}
	case "FLAGS":
		f.flagged = true
		if t.kind == tokOpen {
			return f.words(&f.flags)
		}
	case "X-GM-LABELS":
		if t.kind == tokOpen {
			return f.words(&f.labels)
		}
	case "BODY[]":
		return f.content(t)
	}
	if f.fields && strings.HasPrefix(name, "BODY[HEADER.FIELDS ") || f.parts && strings.HasPrefix(name, "BODY[]<") {
		return f.content(t)
	}
	if t.kind == tokClose {
		return &syntaxError{"an item without a value"}
	}
	if err := f.s.skip(t); err != nil {
		return err
	}
	return f.separated()
}

// separated checks that a value has ended: else the length of a literal was
// wrong, and the octets read so far are not what they seem.
func (f *fetchReader) separated() error {
	c, err := f.s.peek()
	if err == nil && c != ' ' && c != ')' && c != '\t' {
		err = &syntaxError{"a literal has another length than was announced"}
	}
	return err
}

// content takes the value of BODY[].
func (f *fetchReader) content(t token) error {
	switch {
	case t.kind == tokLiteral:
		f.body = &literal{s: f.s, left: t.size}
		return nil
	case t.kind == tokQuoted:
		f.body = &literal{s: newScanner(strings.NewReader(t.text)), left: int64(len(t.text))}
		return nil
	case t.isNil():
		f.empty = true
		return nil
	}
	return &syntaxError{"a body that is no string"}
}

// maxFlags and maxFlag bound the flags or labels of one message and the octets
// of each; what is beyond is passed over. No program needs a tenth of it.
const (
	maxFlags = 200
	maxFlag  = 200
)

// words reads flags or labels up to the closing parenthesis.
//
// QUIRK: RFC 9051 section 9 has flags as atoms. Servers send "]" in them, or
// quoted strings. They are kept as text (H66). Test: TestFetchForms.
func (f *fetchReader) words(into *[]string) error {
	for {
		t, err := f.s.next()
		switch {
		case err != nil:
			return err
		case t.kind == tokClose:
			return nil
		case t.kind == tokEnd:
			return errEnd
		case t.kind == tokOpen:
			if err := f.s.skip(t); err != nil {
				return err
			}
			continue
		}
		text, _, err := f.s.text(t)
		if err != nil {
			return err
		}
		if text != "" && len(text) <= maxFlag && len(*into) < maxFlags {
			*into = append(*into, text)
		}
	}
}

// finish passes over the rest of the response.
func (f *fetchReader) finish() error {
	for !f.ended {
		if _, err := f.next(); err != nil {
			return err
		}
	}
	return f.err
}

// internalDate reads the value of INTERNALDATE; zero if it is none.
//
// QUIRK: RFC 9051 has "02-Jan-2006 15:04:05 -0700" with a day of two
// characters. Servers leave the space out, or write the year with two digits,
// or send a day that does not exist (H65). Test: TestInternalDate.
func internalDate(s string) time.Time {
	for _, layout := range []string{"_2-Jan-2006 15:04:05 -0700", "_2-Jan-06 15:04:05 -0700", "_2-Jan-2006 15:04:05"} {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
			return t
		}
	}
	return time.Time{}
}
