package imap

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// A command is one that was sent.
type command struct {
	tag    string
	name   string // for messages: "UID FETCH"
	done   bool
	status string // OK, NO or BAD, once done
	code   string // the word in brackets after it, in upper case
	text   string // what the server says, code included
}

// refused gives what the server answered, if not OK.
func (cmd *command) refused() error {
	if cmd.status == "OK" {
		return nil
	}
	return &refusal{cmd}
}

// A refusal is NO or BAD as the answer to a command.
type refusal struct{ *command }

func (r *refusal) Error() string { return fmt.Sprintf("%s: %s %s", r.name, r.status, r.text) }

// later reports whether the server is to be left alone for a while.
func (r *refusal) later() bool {
	switch r.code {
	case "OVERQUOTA", "LIMIT", "INUSE", "THROTTLED":
		return true
	case "UNAVAILABLE", "AUTHENTICATIONFAILED":
		return false
	}
	// QUIRK: Exchange and others say in words only what RFC 5530 has codes
	// for. Test: TestServerAsksForPause.
	text := strings.ToLower(r.text)
	return strings.Contains(text, "throttled") || strings.Contains(text, "try again later")
}

// An astring is an argument that is written as atom, quoted or literal,
// whichever can hold it.
type astring string

// A secret is an astring that is kept out of the transcript.
type secret string

// A hushed is written as it is and kept out of the transcript.
type hushed string

// hidden stands in the transcript for what nobody may see.
const hidden = "(secret)"

// send writes one command. args are joined by single spaces; a string is
// written as it is. The command is sent with the next read at the latest.
//
// Errors: those of the connection; a refusal of a literal ends the command,
// which is then done.
func (c *client) send(name string, args ...any) (*command, error) {
	c.tags++
	cmd := &command{tag: fmt.Sprintf("L%d", c.tags), name: name}
	c.open[cmd.tag] = cmd
	shown := cmd.tag + " " + name
	c.w.WriteString(shown)
	for _, a := range args {
		c.w.WriteByte(' ')
		text := ""
		switch a := a.(type) {
		case astring:
			text = string(a)
			if err := c.astring(cmd, text); err != nil || cmd.done {
				return cmd, err
			}
		case secret:
			if err := c.astring(cmd, string(a)); err != nil || cmd.done {
				return cmd, err
			}
			text = hidden
		case hushed:
			c.w.WriteString(string(a))
			text = hidden
		case *octets:
			text = fmt.Sprintf("{%d}", a.size)
			if ok, err := c.literal(cmd, a.size); err != nil || !ok {
				return cmd, err
			}
			if err := c.pour(a); err != nil {
				return cmd, err
			}
		case string:
			text = a
			c.w.WriteString(a)
		}
		shown += " " + text
	}
	c.conn.LogSent(shown)
	_, err := c.w.WriteString("\r\n")
	return cmd, err
}

// astring writes s as a quoted string, or as a literal if it must be.
func (c *client) astring(cmd *command, s string) error {
	if strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0 {
		c.w.WriteByte('"')
		for i := range len(s) {
			if s[i] == '"' || s[i] == '\\' {
				c.w.WriteByte('\\')
			}
			c.w.WriteByte(s[i])
		}
		return c.w.WriteByte('"')
	}
	ok, err := c.literal(cmd, int64(len(s)))
	if err != nil || !ok {
		return err
	}
	_, err = c.w.WriteString(s)
	return err
}

// literal announces a literal of n octets and waits until the server wants it.
// ok is false if it does not; cmd is done then.
func (c *client) literal(cmd *command, n int64) (ok bool, err error) {
	if c.caps["LITERAL+"] || c.caps["LITERAL-"] && n <= 4096 {
		_, err := fmt.Fprintf(c.w, "{%d+}\r\n", n)
		return true, err
	}
	c.ask = nil
	if _, err := fmt.Fprintf(c.w, "{%d}\r\n", n); err != nil {
		return false, err
	}
	for c.ask == nil && !cmd.done {
		if _, err := c.read(); err != nil {
			return false, err
		}
	}
	return !cmd.done, nil
}

// pour writes the octets of a literal.
func (c *client) pour(o *octets) error {
	n, err := io.Copy(c.w, newCRLF(o.r))
	if err == nil && n != o.size {
		// The server waits for more, or takes the rest for a command.
		err = fmt.Errorf("a message of %d octets has %d now", o.size, n)
	}
	return err
}

// run sends a command and reads up to its answer.
//
// Errors: *refusal, or those of the connection.
func (c *client) run(name string, args ...any) (*command, error) {
	cmd, err := c.send(name, args...)
	if err != nil {
		return cmd, err
	}
	return cmd, c.wait(cmd)
}

// wait reads up to the answer to cmd.
func (c *client) wait(cmd *command) error {
	for !cmd.done {
		if _, err := c.read(); err != nil {
			return err
		}
	}
	return cmd.refused()
}

// close says goodbye and hangs up. It waits for the answer while ctx lets it;
// that there is none is no error (H69).
func (c *client) close(ctx context.Context) error {
	release := c.conn.Bind(ctx)
	defer release()
	fetching := false // much may be on its way that nobody wants
	for _, cmd := range c.open {
		fetching = fetching || cmd.name == "UID FETCH"
	}
	if !fetching && c.bye == "" {
		c.onFetch = nil
		if cmd, err := c.send("LOGOUT"); err == nil {
			_ = c.wait(cmd)
		}
	}
	return c.conn.Close()
}
