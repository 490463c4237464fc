package imap

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"lostpost/fetch/wire"
)

// maxStray bounds how many answers to commands that nobody gave are passed
// over on one connection; maxIdle how many responses in a row may be of no use
// before a server is taken for one that never ends.
const (
	maxStray = 100
	maxIdle  = 1_000_000
)

// A client speaks IMAP over one connection. One goroutine uses it.
//
// Commands are sent with send, any number at once. What the server says is
// read one response at a time by read, and kept here: caps, list, status, box,
// found. Fetched messages go to onFetch.
type client struct {
	conn *wire.Conn
	s    *scanner
	w    *bufio.Writer
	tags int
	open map[string]*command
	ask  *string // text of the last "+"; nil: none came
	bye  string  // what the server said before it hung up
	bad  bool    // it said BAD without a tag: it could not read a command

	greeted   string // OK, PREAUTH or BYE
	greeting  string // the whole of it
	caps      map[string]bool
	list      []listed
	status    map[string]numbers       // by mailbox as the server names it
	box       numbers                  // of the mailbox that is open
	found     uidSet                   // by SEARCH
	prefix    string                   // of the user's own mailboxes (RFC 2342)
	stray     int                      // answers to nobody
	stirred   bool                     // something in the mailbox has changed
	idle      int                      // responses since the last that was of use
	names     int                      // of mailboxes, that are kept
	nameBytes int                      // octets of these
	onFetch   func(*fetchReader) error // nil: FETCH responses are passed over
	shuns     shuns
}

func newClient(conn *wire.Conn) *client {
	return &client{
		conn: conn, shuns: shuns{}, s: newScanner(conn), w: bufio.NewWriter(conn),
		open: map[string]*command{}, caps: map[string]bool{}, status: map[string]numbers{},
	}
}

// read takes one response. It gives the command that the response ends, or nil.
func (c *client) read() (*command, error) {
	if c.w.Buffered() > 0 {
		if err := c.w.Flush(); err != nil {
			return nil, c.gone(err)
		}
	}
	c.s.begin()
	cmd, err := c.response()
	return cmd, c.gone(err)
}

// gone adds what the server said before it ended the connection.
func (c *client) gone(err error) error {
	switch {
	case err == nil || c.bye == "":
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the server ended the connection: %s", c.bye)
	}
	return err
}

func (c *client) response() (*command, error) {
	if c.idle++; c.idle > maxIdle {
		return nil, &syntaxError{"a million responses that say nothing"}
	}
	t, err := c.s.next()
	if err != nil {
		return nil, err
	}
	switch {
	case t.kind == tokEnd:
		return nil, nil // an empty line says nothing
	case t.kind != tokWord:
		return nil, &syntaxError{"a line that does not begin with a tag"}
	case t.text == "*":
		return nil, c.untagged()
	case t.text[0] == '+':
		text, err := c.s.rest()
		text = strings.TrimSpace(t.text[1:] + " " + text)
		c.ask = &text
		return nil, err
	}
	return c.tagged(t.text)
}

// tagged takes the answer to a command.
func (c *client) tagged(tag string) (*command, error) {
	line, err := c.s.rest()
	if err != nil {
		return nil, err
	}
	c.conn.LogReceived(tag + " " + line)
	c.conn.Progress()
	status, text, _ := strings.Cut(line, " ")
	status = strings.ToUpper(status)
	cmd := c.open[tag]
	if cmd == nil || status != "OK" && status != "NO" && status != "BAD" {
		// QUIRK: RFC 9051 section 2.2.2 has a tagged response answer a
		// command. Servers send answers twice, or to nobody (H61).
		// Test: TestStrayAnswers.
		if c.stray++; c.stray > maxStray {
			return nil, &syntaxError{"too many answers to commands that were not given"}
		}
		return nil, nil
	}
	c.idle = 0
	delete(c.open, tag)
	cmd.done, cmd.status = true, status
	cmd.text = c.conn.Scrub(strings.TrimSpace(text))
	var arg string
	cmd.code, arg = code(text)
	c.coded(cmd.code, arg)
	return cmd, nil
}

// code gives the word in brackets at the start of a text, and what follows it
// inside them.
func code(text string) (word, arg string) {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "[") {
		return "", ""
	}
	inside, _, ok := strings.Cut(text[1:], "]")
	if !ok {
		return "", ""
	}
	word, arg, _ = strings.Cut(inside, " ")
	return strings.ToUpper(word), strings.TrimSpace(arg)
}

// coded takes in the response codes that carry data.
func (c *client) coded(word, arg string) {
	switch word {
	case "CAPABILITY":
		c.setCaps(arg)
	case "UIDVALIDITY":
		c.box.set(word, arg)
	case "UIDNEXT", "HIGHESTMODSEQ":
		c.box.set(word, arg)
	}
}

func (c *client) setCaps(line string) {
	clear(c.caps)
	for w := range strings.FieldsSeq(line) {
		c.caps[strings.ToUpper(w)] = true
	}
}

// untagged takes a response that begins with "*".
func (c *client) untagged() error {
	t, err := c.s.next()
	if err != nil || t.kind == tokEnd {
		return err
	}
	if t.kind != tokWord {
		if err := c.s.skip(t); err != nil {
			return err
		}
		return c.s.skipRest()
	}
	if n, err := number(t.text, math.MaxUint32); err == nil {
		return c.numbered(uint32(n))
	} else if strings.Trim(t.text, "0123456789") == "" {
		return err
	}
	switch w := strings.ToUpper(t.text); w {
	case "OK", "NO", "BAD", "BYE", "PREAUTH":
		return c.condition(w)
	case "CAPABILITY":
		line, err := c.s.rest()
		c.setCaps(line)
		return err
	case "SEARCH":
		return c.search()
	case "ESEARCH":
		return c.esearch()
	case "LIST":
		return c.listed()
	case "STATUS":
		return c.statusOf()
	case "NAMESPACE":
		return c.namespace()
	}
	return c.s.skipRest()
}

// condition takes an untagged OK, NO, BAD, BYE or PREAUTH.
func (c *client) condition(w string) error {
	text, err := c.s.rest()
	if err != nil {
		return err
	}
	c.conn.LogReceived("* " + w + " " + text)
	said := c.conn.Scrub(strings.TrimSpace(w + " " + text))
	if c.greeted == "" {
		c.greeted, c.greeting = w, said
	}
	switch w {
	case "BYE":
		c.bye = said
	case "BAD":
		c.bad = true
	}
	c.coded(code(text))
	return nil
}

// numbered takes "* n WORD".
func (c *client) numbered(n uint32) error {
	t, err := c.s.next()
	if err != nil || t.kind == tokEnd {
		return err
	}
	switch {
	case strings.EqualFold(t.text, "EXISTS"):
		c.stirred = c.stirred || c.box.messages != n
		c.box.messages = n
	case strings.EqualFold(t.text, "EXPUNGE"):
		c.stirred = true
		if c.box.messages > 0 {
			c.box.messages--
		}
	case strings.EqualFold(t.text, "FETCH"):
		c.stirred = true
		return c.fetched()
	}
	return c.s.skipRest()
}

// fetched takes the list of a FETCH response.
func (c *client) fetched() error {
	c.conn.Patience(patienceInFetch)
	defer c.conn.Patience(0)
	f := &fetchReader{s: c.s}
	if err := f.start(); err != nil {
		return err
	}
	if c.onFetch != nil {
		if err := c.onFetch(f); err != nil {
			return err
		}
	}
	return f.finish()
}

// search takes the numbers of a SEARCH response. Each is a line of its own as
// far as the limit goes.
func (c *client) search() error {
	for {
		t, err := c.s.next()
		if err != nil || t.kind == tokEnd {
			return err
		}
		c.s.begin()
		if t.kind == tokOpen { // (MODSEQ n) of RFC 7162
			if err := c.s.skip(t); err != nil {
				return err
			}
			continue
		}
		n, err := number(t.text, math.MaxUint32)
		if err != nil {
			return err
		}
		if err := c.found.add(uint32(n), uint32(n)); err != nil {
			return err
		}
	}
}

// esearch takes an ESEARCH response (RFC 4731): pairs of name and value after
// the tag in parentheses. Only ALL is of use.
func (c *client) esearch() error {
	for {
		t, err := c.s.next()
		if err != nil || t.kind == tokEnd {
			return err
		}
		if t.kind != tokWord || !strings.EqualFold(t.text, "ALL") {
			if err := c.s.skip(t); err != nil {
				return err
			}
			continue
		}
		if err := c.set(); err != nil {
			return err
		}
	}
}

// set reads a sequence-set of any length into found.
func (c *client) set() error {
	if _, err := c.s.spaces(); err != nil {
		return err
	}
	var part []byte
	for {
		b, err := c.s.peek()
		if err != nil {
			return err
		}
		end := b == ' ' || b == '\r' || b == '\n'
		if end || b == ',' {
			if err := c.found.parse(string(part)); err != nil {
				return err
			}
			part = part[:0]
			c.s.begin()
		} else {
			part = append(part, b)
		}
		if end {
			return nil
		}
		if _, err := c.s.take(); err != nil {
			return err
		}
	}
}
