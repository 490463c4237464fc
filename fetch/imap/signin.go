package imap

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/emersion/go-sasl"

	"lostpost/fetch"
	"lostpost/fetch/auth"
	"lostpost/fetch/wire"
)

// ports by when TLS begins (RFC 8314 section 3.2, RFC 9051 section 2.1).
func (acc *Account) port() int {
	switch {
	case acc.Port != 0:
		return acc.Port
	case acc.Wire.Security == wire.TLS:
		return 993
	}
	return 143
}

// connect dials and signs in. If the server ends the connection over a command
// that can be done without, it does so again without.
//
// Errors: *fetch.AuthError, *fetch.NetError, the error of ctx or of
// Account.Secret.
func (acc *Account) connect(ctx context.Context) (*client, error) {
	if acc.shuns == nil {
		acc.shuns = shuns{}
	}
	for {
		before := acc.shuns.count()
		c, err := acc.connectOnce(ctx)
		if err == nil || acc.shuns.count() == before || ctx.Err() != nil {
			return c, err
		}
	}
}

func (acc *Account) connectOnce(ctx context.Context) (*client, error) {
	conn, err := wire.Dial(ctx, acc.Host, acc.port(), acc.Wire)
	if err != nil {
		return nil, acc.explain(ctx, err)
	}
	release := conn.Bind(ctx)
	defer release()
	c := newClient(conn)
	c.shuns = acc.shuns
	if err := acc.signIn(ctx, c); err != nil {
		conn.Close()
		return nil, acc.explain(ctx, err)
	}
	return c, nil
}

// explain gives an error of the dialogue the type by which callers know it.
func (acc *Account) explain(ctx context.Context, err error) error {
	var signIn *fetch.AuthError
	var network *fetch.NetError
	var missing *NoMailboxError
	var local *localError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &signIn), errors.As(err, &network), errors.As(err, &missing), errors.As(err, &local), errors.Is(err, errSecret):
		return err
	}
	return &fetch.NetError{Source: acc.place(), Err: err}
}

// errSecret marks errors of Account.Secret, which are about no network.
var errSecret = errors.New("no sign-in without a password")

func (acc *Account) signIn(ctx context.Context, c *client) error {
	c.conn.Patience(patienceToBegin)
	for c.greeted == "" {
		if _, err := c.read(); err != nil {
			return err
		}
	}
	c.conn.Patience(0)
	if c.greeted != "OK" && c.greeted != "PREAUTH" {
		return fmt.Errorf("the server turned the connection down: %s", c.greeting)
	}
	if acc.Wire.Security == wire.StartTLS {
		if err := startTLS(ctx, c); err != nil {
			return err
		}
	}
	if err := c.capability(); err != nil {
		return err
	}
	if c.greeted == "PREAUTH" {
		return nil
	}
	s, err := acc.Secret(ctx)
	if err != nil {
		return errors.Join(errSecret, err)
	}
	c.conn.Hide(s.Reveal())
	if err := acc.prove(c, s); err != nil {
		return err
	}
	return afterSignIn(c)
}

// startTLS begins TLS on a plain connection.
func startTLS(ctx context.Context, c *client) error {
	if c.greeted == "PREAUTH" {
		// STARTTLS is forbidden from here on: somebody on the way may have
		// said so (RFC 9051 section 7.1.4).
		return errors.New("the server says that no sign-in is needed, before the connection is encrypted")
	}
	if _, err := c.run("STARTTLS"); err != nil {
		return fmt.Errorf("the server does not encrypt the connection: %w", err)
	}
	if err := c.conn.StartTLS(ctx, c.s.r); err != nil {
		return err
	}
	clear(c.caps) // what was told before TLS may be forged
	return nil
}

// prove signs in with the best mechanism there is.
func (acc *Account) prove(c *client, s auth.Secret) error {
	var offered []string
	for w := range c.caps {
		if m, ok := strings.CutPrefix(w, "AUTH="); ok {
			offered = append(offered, m)
		}
	}
	channel := auth.Open
	if c.conn.Secure() || loopback(c.conn.RemoteAddr()) {
		channel = auth.Private
	}
	mech, err := auth.Mechanism(offered, channel, acc.User, s)
	switch {
	case err == nil:
		err = authenticate(c, mech)
	case c.caps["LOGINDISABLED"]:
		return &fetch.AuthError{Source: acc.place(), Said: err.Error() + "; the command LOGIN is switched off"}
	default:
		err = c.signIn("LOGIN", astring(acc.User), secret(s.Reveal()))
	}
	return acc.judge(err)
}

// signIn sends a command that signs in, up to its answer. What the server can
// do is forgotten, unless the answer tells it: it may be another set now.
func (c *client) signIn(name string, args ...any) error {
	cmd, err := c.send(name, args...)
	if err != nil {
		return err
	}
	clear(c.caps)
	return c.wait(cmd)
}

func loopback(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	return ok && t.IP.IsLoopback()
}

// judge says what the answer to a sign-in means.
func (acc *Account) judge(err error) error {
	var r *refusal
	if err == nil || !errors.As(err, &r) {
		return err
	}
	switch r.code {
	case "UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG":
		return err // RFC 5530: it may work later
	}
	said := r.text
	if said == "" {
		said = r.status
	}
	return &fetch.AuthError{Source: acc.place(), Said: said}
}

// authenticate runs a SASL dialogue (RFC 9051 section 6.2.2).
func authenticate(c *client, mech sasl.Client) error {
	name, first, err := mech.Start()
	if err != nil {
		return err
	}
	args := []any{name}
	if first != nil && c.caps["SASL-IR"] {
		args = append(args, hushed(encodeSASL(first)))
		first = nil
	}
	c.ask = nil
	cmd, err := c.send("AUTHENTICATE", args...)
	if err != nil {
		return err
	}
	clear(c.caps)
	for !cmd.done {
		if _, err := c.read(); err != nil {
			return err
		}
		if c.ask == nil || cmd.done {
			continue
		}
		line := "*" // gives up
		if answer := reply(mech, first, *c.ask); answer != nil {
			line = encodeSASL(answer)
		}
		first, c.ask = nil, nil
		c.conn.LogSent(hidden)
		if _, err := c.w.WriteString(line + "\r\n"); err != nil {
			return err
		}
	}
	return cmd.refused()
}

// reply is what to say to a challenge: first, if it was not said yet. nil means
// that there is no answer.
func reply(mech sasl.Client, first []byte, challenge string) []byte {
	if first != nil {
		return first
	}
	octets, err := base64.StdEncoding.DecodeString(challenge)
	if err != nil {
		return nil
	}
	answer, err := mech.Next(octets)
	if err != nil {
		return nil
	}
	if answer == nil {
		answer = []byte{}
	}
	return answer
}

// encodeSASL writes octets of a SASL dialogue.
func encodeSASL(b []byte) string {
	return base64.StdEncoding.EncodeToString(b)
}

// whoAsks is the argument of ID.
const whoAsks = `("name" "lostpost")`

// afterSignIn learns what the server can do for this user, and says who asks.
//
// QUIRK: RFC 2971 has ID as a courtesy. The servers of 163.com refuse to open
// a mailbox before it was sent ("Unsafe Login", H45). It is sent to every
// server that knows it. Test: TestTellsWhoItIs.
func afterSignIn(c *client) error {
	if err := c.capability(); err != nil {
		return err
	}
	if c.caps["ID"] && !c.shuns.has(shunID) {
		// Nobody waits for the answer: it is passed over when it comes.
		if _, err := c.send("ID", whoAsks); err != nil {
			return err
		}
	}
	if c.caps["COMPRESS=DEFLATE"] && c.conn.Far() {
		return c.compress()
	}
	return nil
}

// capability asks what the server can do, unless it has told. One that does
// not answer can do what every server can.
func (c *client) capability() error {
	if len(c.caps) > 0 {
		return nil
	}
	if err := c.optional(shunCapability, "CAPABILITY"); err != nil && !isRefusal(err) {
		return err
	}
	return nil
}

// compress has both directions compressed (RFC 4978). A server that does not
// want to goes on without.
func (c *client) compress() error {
	switch err := c.optional(shunCompress, "COMPRESS", "DEFLATE"); {
	case err == nil:
		return c.conn.Deflate(c.s.r)
	case !isRefusal(err):
		return err
	}
	return nil
}

func isRefusal(err error) bool {
	var r *refusal
	return errors.As(err, &r)
}
