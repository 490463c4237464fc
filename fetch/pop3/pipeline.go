package pop3

import (
	"fmt"
	"strconv"
	"strings"
)

// pipeline asks n questions and takes their answers in order, with up to
// window questions on the way (RFC 2449 section 6.6) if the server offers it,
// else with one. It ends at the first error of answer.
func (se *session) pipeline(n, window int, question func(i int) string, answer func(i int) error) error {
	if se.single {
		window = 1
	}
	sent := 0
	for i := range n {
		if sent == i {
			if err := se.idle(); err != nil {
				return err
			}
		}
		if sent < n && sent-i <= window/2 {
			var b strings.Builder
			for ; sent < n && sent-i < window; sent++ {
				b.WriteString(question(sent))
			}
			if err := se.send(b.String()); err != nil {
				return err
			}
		}
		se.busy = sent > i+1
		if err := answer(i); err != nil {
			return err
		}
	}
	return nil
}

// An echo is a command whose answer names the message that it was asked about.
// Behind a RETR it proves that the octets before it belong to that message,
// and not to the one before because an answer too many or too few came.
type echo string

// The two commands that will do; none if a server answers neither as it ought.
const (
	echoNone echo = ""
	echoUIDL echo = "UIDL"
	echoLIST echo = "LIST"
)

// question is the command about e.
func (c echo) question(e *entry) string { return fmt.Sprintf("%s %d\r\n", c, e.num) }

// fits reports whether said, behind +OK, is the answer about e.
func (c echo) fits(said string, e *entry) bool {
	num, rest, _ := strings.Cut(said, " ")
	if num != strconv.Itoa(e.num) {
		return false
	}
	rest = strings.TrimSpace(rest)
	if c == echoUIDL {
		return rest == e.uidl
	}
	size, _, _ := strings.Cut(rest, " ")
	return size == strconv.FormatInt(e.size, 10)
}

// tryEcho finds a command that can be used as echo, by asking about e.
func (se *session) tryEcho(e *entry) error {
	for _, c := range e.echoes() {
		said, err := se.ask(strings.TrimSpace(c.question(e)))
		if se.err != nil {
			return se.err
		}
		if err == nil && c.fits(said, e) {
			se.echo = c
			return nil
		}
	}
	return nil
}

// echoes are the commands whose answers about e are known.
func (e *entry) echoes() (cs []echo) {
	if e.uidl != "" {
		cs = append(cs, echoUIDL)
	}
	if e.size >= 0 {
		cs = append(cs, echoLIST)
	}
	return cs
}

// prove makes sure that the answer before was about e: a refusal or nil, or an
// error that ends the connection. In a pipeline the echo was asked for already;
// else it is asked for now, if that is wanted and the server has not shown that
// it gives no such proof.
func (se *session) prove(e *entry, wanted bool) error {
	c := se.echo
	if se.single {
		if cs := e.echoes(); c == echoNone && len(cs) > 0 && !se.shuns.has(shunEcho) {
			c = cs[0]
		}
		if !wanted || c == echoNone {
			return nil
		}
		se.optional = shunEcho
		defer func() { se.optional = "" }()
		if err := se.send(c.question(e)); err != nil {
			return err
		}
	}
	said, err := se.status()
	if err == nil && !c.fits(said, e) {
		if se.echo == echoNone {
			se.shuns[shunEcho]++
		}
		return se.fail(fmt.Errorf("%w: message %d was asked for, and another answer came", errOutOfStep, e.num))
	}
	return err
}
