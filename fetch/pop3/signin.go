package pop3

import (
	"context"
	"crypto/md5"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-sasl"
	gopop3 "github.com/knadh/go-pop3"

	"lostpost/fetch"
	"lostpost/fetch/auth"
	"lostpost/fetch/wire"
)

// A session is one connection that is signed in.
type session struct {
	*guard
	pop    *gopop3.Conn
	caps   capabilities
	single bool // one command at a time
	busy   bool // answers are still to come
	echo   echo
}

// capabilities are what CAPA lists: names in capitals, and their arguments.
type capabilities map[string][]string

// known reports whether the server listed anything at all.
func (c capabilities) known() bool { return len(c) > 0 }

func (c capabilities) has(name string) bool {
	_, ok := c[name]
	return ok
}

// connect dials and signs in.
//
// Errors: *fetch.AuthError; all others are trouble of the network or server.
//
// If the server ends the connection over a command that can be done without, it
// does so again without.
func (s *Source) connect(ctx context.Context) (*session, error) {
	for {
		before := s.shuns.count()
		se, err := s.connectOnce(ctx)
		if err == nil || s.shuns.count() == before || ctx.Err() != nil {
			return se, err
		}
	}
}

func (s *Source) connectOnce(ctx context.Context) (*session, error) {
	conn, err := wire.Dial(ctx, s.acc.Host, s.acc.port(), s.acc.Wire)
	if err != nil {
		return nil, err
	}
	release := conn.Bind(ctx)
	defer release()
	se := &session{guard: newGuard(conn)}
	se.shuns = s.shuns
	if err := s.begin(ctx, se); err != nil {
		s.quit(se)
		return nil, err
	}
	return se, nil
}

// quit ends a connection, in the way that the server expects if it can still
// be asked anything: some count a connection without QUIT as an error.
func (s *Source) quit(se *session) {
	if se.pop != nil && se.err == nil && !se.busy {
		// Whatever it answers, nothing of ours depends on it.
		_ = se.dialogue(se.pop.Quit)
	}
	se.conn.Close()
	s.about.Received += se.conn.Received()
	s.about.Sent += se.conn.Sent()
}

// begin does the dialogue up to the sign-in.
func (s *Source) begin(ctx context.Context, se *session) error {
	se.optional = "greeting"
	greeting, err := se.status()
	se.optional = ""
	delete(se.shuns, "greeting")
	if err != nil {
		return err
	}
	if se.caps, err = se.capa(); err != nil {
		return err
	}
	if s.acc.Wire.Security == wire.StartTLS {
		if err := se.startTLS(ctx); err != nil {
			return err
		}
		// What was said before cannot be trusted (RFC 2595 section 4).
		if se.caps, err = se.capa(); err != nil {
			return err
		}
	}
	if se.pop, err = gopop3.New(gopop3.Opt{Host: s.acc.Host, Port: s.acc.port(), Dialer: se.guard}).NewConn(); err != nil {
		return err
	}
	if st, ok := se.conn.TLS(); ok {
		s.about.TLS = tls.VersionName(st.Version)
	}
	if s.secret.IsZero() {
		if s.secret, err = s.acc.Secret(ctx); err != nil {
			return fmt.Errorf("%w: %w", errSecret, err)
		}
	}
	se.conn.Hide(s.secret.Reveal())
	if err := s.signIn(se, greeting); err != nil {
		return err
	}
	// A server may offer more to those whom it knows (RFC 2449 section 5).
	if se.caps.known() && !se.caps.has("PIPELINING") {
		if se.caps, err = se.capa(); err != nil {
			return err
		}
	}
	s.about.Pipelining = se.caps.has("PIPELINING")
	return nil
}

// capa asks what the server can do. A server that does not know the question
// gives an empty answer.
func (g *guard) capa() (capabilities, error) {
	caps := capabilities{}
	err := g.try("CAPA", func() error { return g.readCapa(caps) })
	var no *refusal
	if errors.As(err, &no) {
		return nil, nil
	}
	return caps, err
}

func (g *guard) readCapa(caps capabilities) error {
	if _, err := g.ask("CAPA"); err != nil {
		return err
	}
	for line, err := range g.lines(maxCapabilities) {
		if err != nil {
			return err
		}
		if f := strings.Fields(strings.ToUpper(line)); len(f) > 0 {
			caps[f[0]] = f[1:]
		}
	}
	return nil
}

// maxCapabilities bounds the lines of CAPA.
const maxCapabilities = 1000

// startTLS asks for TLS. A server that has none is refused: to go on without
// is what somebody on the way would want.
func (se *session) startTLS(ctx context.Context) error {
	if _, err := se.ask("STLS"); err != nil {
		var no *refusal
		if errors.As(err, &no) {
			return se.fail(fmt.Errorf("the server does not begin TLS (STLS): %s", no.said))
		}
		return err
	}
	if err := se.conn.StartTLS(ctx, se.r); err != nil {
		return se.fail(err)
	}
	return nil
}

// signIn chooses a way and goes it. None is tried after one that was refused:
// servers lock accounts after a few wrong passwords.
func (s *Source) signIn(se *session, greeting string) error {
	way, sign := s.way(se, greeting)
	if sign == nil {
		return &fetch.AuthError{Source: s.name, Said: way}
	}
	s.about.SignIn = way
	err := sign()
	var no *refusal
	if errors.As(err, &no) {
		return s.refused(no)
	}
	return err
}

// way chooses how to sign in: with the password as it is where nobody can
// listen, and else by a challenge if there is one. sign is nil if there is no
// way; then name says why.
func (s *Source) way(se *session, greeting string) (name string, sign func() error) {
	private := auth.Open
	if se.conn.Secure() {
		private = auth.Private
	}
	mechs := se.caps["SASL"]
	user := func() error { return s.userPass(se) }
	banner := timestamp(greeting)
	switch {
	case private == auth.Open && banner != "":
		return "APOP", func() error { return s.apop(se, banner) }
	case private == auth.Open && slices.Contains(mechs, "CRAM-MD5"):
		// below
	case !se.caps.known() || se.caps.has("USER") || len(mechs) == 0:
		return "USER", user
	}
	client, err := auth.Mechanism(mechs, private, s.acc.User, s.secret)
	if err != nil {
		return err.Error(), nil
	}
	mech, ir, err := client.Start()
	if err != nil {
		return err.Error(), nil
	}
	return mech, func() error { return se.sasl(mech, ir, client) }
}

// userPass signs in with go-pop3.
func (s *Source) userPass(se *session) error {
	if err := se.dialogue(func() error { return se.pop.User(s.acc.User) }); err != nil {
		return err
	}
	return se.dialogue(func() error { return se.pop.Pass(s.secret.Reveal()) })
}

// dialogue lets go-pop3 do a command and gives back the true error: go-pop3
// passes on the words of a refusal only.
func (se *session) dialogue(do func() error) error {
	err := do()
	switch {
	case se.err != nil:
		return se.err
	case err != nil:
		return &refusal{err.Error()}
	}
	return nil
}

// timestamp finds the challenge for APOP in the greeting, "<...@...>".
func timestamp(greeting string) string {
	i := strings.IndexByte(greeting, '<')
	if i < 0 {
		return ""
	}
	j := strings.IndexByte(greeting[i:], '>')
	if j < 0 || !strings.Contains(greeting[i:i+j], "@") {
		return ""
	}
	return greeting[i : i+j+1]
}

// apop signs in with a hash of the challenge and the password (RFC 1939
// section 7).
func (s *Source) apop(se *session, banner string) error {
	sum := md5.Sum([]byte(banner + s.secret.Reveal()))
	_, err := se.ask("APOP " + s.acc.User + " " + hex.EncodeToString(sum[:]))
	return err
}

// maxSteps bounds the questions of a SASL mechanism.
const maxSteps = 10

// sasl does the dialogue of RFC 5034. The initial response waits for the
// server's first, empty question, because servers of RFC 1734 know no other
// way.
func (g *guard) sasl(mech string, ir []byte, client sasl.Client) error {
	if err := g.send("AUTH " + mech + "\r\n"); err != nil {
		return err
	}
	for range maxSteps {
		line, err := g.line()
		if err != nil {
			return err
		}
		question, ok := strings.CutPrefix(line, "+ ")
		if !ok && line != "+" {
			_, err := g.judge(line)
			return err
		}
		answer := ir
		if ir = nil; answer == nil {
			var challenge []byte
			if challenge, err = base64.StdEncoding.DecodeString(question); err == nil {
				answer, err = client.Next(challenge)
			}
			if err != nil {
				return g.fail(fmt.Errorf("sign-in with %s: %w", mech, err))
			}
		}
		if _, err := g.conn.Write([]byte(base64.StdEncoding.EncodeToString(answer) + "\r\n")); err != nil {
			return g.fail(err)
		}
		g.conn.LogSent("(secret)")
	}
	return g.fail(fmt.Errorf("%w: sign-in with %s does not end", errOutOfStep, mech))
}

// refused tells a wrong password from a server that cannot let anyone in now.
func (s *Source) refused(no *refusal) error {
	switch code := no.code(); {
	case strings.HasPrefix(code, "SYS/"), code == "IN-USE", code == "LOGIN-DELAY":
		return no
	case code == "" && busy(no.said):
		return no
	}
	return &fetch.AuthError{Source: s.name, Said: no.said}
}

// busy reports whether a refusal speaks of a mailbox in use.
//
// QUIRK: RFC 1939 section 7 has the same -ERR for a wrong password and for a
// mailbox that is locked, and RFC 2449's code [IN-USE] is not given by old
// servers. Their words decide, so that a person is not sent looking for a
// wrong password. Test: TestHostile/H17.
func busy(said string) bool {
	said = strings.ToLower(said)
	for _, w := range []string{"in use", "already locked", "lock maildrop", "maildrop lock", "busy", "try again", "temporar"} {
		if strings.Contains(said, w) {
			return true
		}
	}
	return false
}
