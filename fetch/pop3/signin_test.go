package pop3

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"testing"
	"time"

	"lostpost/fetch"
	"lostpost/fetch/auth"
	"lostpost/fetch/wire"
)

// certificate makes a certificate and its pin.
func certificate(t *testing.T) (*tls.Config, wire.Pin) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a server"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, wire.PinOf(leaf)
}

// encrypt goes on in TLS.
func (c *call) encrypt(cfg *tls.Config) {
	c.w.Flush()
	conn := tls.Server(c.conn, cfg)
	c.r, c.w = bufio.NewReader(conn), bufio.NewWriter(conn)
	if conn.Handshake() != nil {
		c.hangUp()
	}
}

// next reads one more line of a dialogue.
func (c *call) next() string {
	c.w.Flush()
	line, err := c.r.ReadString('\n')
	if err != nil {
		c.hangUp()
	}
	return strings.TrimRight(line, "\r\n")
}

// judge answers +OK or -ERR.
func (c *call) judge(ok bool) bool {
	if ok {
		c.say("+OK")
	} else {
		c.say("-ERR wrong")
	}
	return true
}

const sesame = "opensesame"

// authenticate is the server's side of AUTH.
func authenticate(c *call) bool {
	if !c.is("AUTH") {
		return false
	}
	answer := func(question string) string {
		c.say("+ %s", base64.StdEncoding.EncodeToString([]byte(question)))
		b, _ := base64.StdEncoding.DecodeString(c.next())
		return string(b)
	}
	switch c.command {
	case "AUTH PLAIN":
		return c.judge(answer("") == "\x00anna\x00"+sesame)
	case "AUTH LOGIN":
		return c.judge(answer("Username:") == "anna" && answer("Password:") == sesame)
	case "AUTH CRAM-MD5":
		got := answer("<1@made.example>")
		want, _ := auth.NewSecret(sesame)
		client, _ := auth.Mechanism([]string{"CRAM-MD5"}, auth.Open, "anna", want)
		client.Start()
		b, _ := client.Next([]byte("<1@made.example>"))
		return c.judge(got == string(b))
	}
	return c.judge(false)
}

func TestSignIn(t *testing.T) {
	cfg, pin := certificate(t)
	digest := md5.Sum([]byte("<123@made.example>" + sesame))
	apop := "APOP anna " + hex.EncodeToString(digest[:])
	stls := func(c *call) bool {
		if c.is("STLS") {
			c.say("+OK")
			c.encrypt(cfg)
			return true
		}
		return authenticate(c)
	}
	for _, tt := range []struct {
		name     string
		server   *server
		security wire.Security
		way      string // of Session, or
		err      string // part of the error
		never    string // a command that must not be sent
	}{
		{name: "USER", server: &server{}, security: wire.Plain, way: "USER"},
		{name: "USER though SASL is offered, in TLS", server: &server{caps: []string{"USER", "SASL PLAIN CRAM-MD5"}}, security: wire.TLS, way: "USER"},
		{name: "PLAIN, in TLS", server: &server{caps: []string{"SASL CRAM-MD5 plain"}, handle: authenticate}, security: wire.TLS, way: "PLAIN", never: "USER"},
		{name: "LOGIN, in TLS", server: &server{caps: []string{"SASL LOGIN"}, handle: authenticate}, security: wire.TLS, way: "LOGIN", never: "USER"},
		{name: "CRAM-MD5 on an open line", server: &server{caps: []string{"USER", "SASL PLAIN CRAM-MD5"}, handle: authenticate}, security: wire.Plain, way: "CRAM-MD5", never: "USER"},
		{name: "APOP on an open line", server: &server{greeting: "+OK hello <123@made.example>", handle: func(c *call) bool { return c.is("APOP") && c.judge(c.command == apop) }}, security: wire.Plain, way: "APOP", never: "USER"},
		{name: "no APOP in TLS", server: &server{greeting: "+OK hello <123@made.example>"}, security: wire.TLS, way: "USER", never: "APOP"},
		{name: "a greeting with something like a time", server: &server{greeting: "+OK <hello>"}, security: wire.Plain, way: "USER", never: "APOP"},
		{name: "STLS", server: &server{caps: []string{"STLS", "USER"}, handle: stls}, security: wire.StartTLS, way: "USER"},
		{name: "H70 STLS is refused", server: &server{}, security: wire.StartTLS, err: "the server does not begin TLS (STLS): what", never: "USER"},
		{name: "H70 data ahead of the handshake", server: &server{handle: func(c *call) bool {
			if c.is("STLS") {
				c.say("+OK\r\n+OK injected")
				c.encrypt(cfg)
				return true
			}
			return false
		}}, security: wire.StartTLS, err: "ahead of the TLS handshake", never: "USER"},
		{name: "H73 no known mechanism", server: &server{caps: []string{"SASL GSSAPI"}}, security: wire.TLS, err: "sign-in refused: no way to sign in: the server offers GSSAPI", never: "USER"},
		{name: "sign-in that never ends", server: &server{caps: []string{"SASL LOGIN"}, handle: func(c *call) bool {
			for c.is("AUTH") {
				c.say("+ ")
				c.next()
			}
			return false
		}}, security: wire.TLS, err: "sign-in with LOGIN"},
		{name: "questions that are not base64", server: &server{caps: []string{"SASL CRAM-MD5"}, handle: func(c *call) bool {
			if c.is("AUTH") {
				c.say("+ ***")
			}
			return c.is("AUTH")
		}}, security: wire.Plain, err: "illegal base64"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.server
			s.mails = five()
			if tt.security == wire.TLS {
				greeting := s.greeting
				s.greet = func(c *call) {
					c.encrypt(cfg)
					if greeting == "" {
						greeting = "+OK"
					}
					c.say("%s", greeting)
				}
			}
			var log bytes.Buffer
			s.start(t)
			acc := s.account()
			acc.Wire.Security, acc.Wire.Pins = tt.security, []wire.Pin{pin}
			acc.Wire.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			src, err := newSource(t.Context(), acc, fetch.Options{}, small)
			if tt.never != "" && len(s.commands(tt.never)) > 0 {
				t.Errorf("%s was sent", tt.never)
			}
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("got %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer src.Close()
			if got := src.Session(); got.SignIn != tt.way || (got.TLS != "") != (tt.security != wire.Plain) {
				t.Errorf("signed in with %+v, want %s", got, tt.way)
			}
			n := 0
			for m, err := range src.Messages(t.Context(), fetch.NoState) {
				if m == nil {
					t.Fatal(err)
				}
				n++
			}
			if n != 5 {
				t.Errorf("%d messages", n)
			}
			for _, bad := range []string{sesame, base64.StdEncoding.EncodeToString([]byte(sesame)), base64.StdEncoding.EncodeToString([]byte("\x00anna\x00" + sesame)), "This is letter"} {
				if strings.Contains(log.String(), bad) {
					t.Errorf("the log has %q:\n%s", bad, &log)
				}
			}
			if !strings.Contains(log.String(), "RETR") {
				t.Errorf("no transcript: %s", &log)
			}
		})
	}
}

func TestErrorsHaveTheirTypes(t *testing.T) {
	door := func(answer string) *server {
		return &server{handle: func(c *call) bool {
			if c.is("PASS") {
				c.say("%s", answer)
				return true
			}
			return false
		}}
	}
	none := errors.New("nobody knows it")
	var signIn *fetch.AuthError
	var network *fetch.NetError
	var cert *wire.CertError
	cfg, _ := certificate(t)
	for _, tt := range []struct {
		name   string
		server *server
		change func(*Account)
		fits   func(error) bool
	}{
		{"wrong password", door("-ERR wrong"), nil, func(err error) bool { return errors.As(err, &signIn) && signIn.Said == "wrong" }},
		{"come back later", door("-ERR [LOGIN-DELAY] wait"), nil, func(err error) bool { return errors.As(err, &network) }},
		{"no greeting", &server{greet: func(c *call) { c.hangUp() }}, nil, func(err error) bool { return errors.As(err, &network) }},
		{"certificate", &server{greet: func(c *call) { c.encrypt(cfg) }}, func(a *Account) { a.Wire.Security = wire.TLS },
			func(err error) bool { return errors.As(err, &network) && errors.As(err, &cert) }},
		{"no password", &server{}, func(a *Account) {
			a.Secret = func(context.Context) (auth.Secret, error) { return auth.Secret{}, none }
		}, func(err error) bool { return errors.Is(err, none) && !errors.As(err, &network) }},
		{"user that is a command", &server{}, func(a *Account) { a.User = "anna\r\nDELE 1" }, func(err error) bool { return errors.Is(err, auth.ErrBadUser) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			acc := tt.server.start(t).account()
			if tt.change != nil {
				tt.change(&acc)
			}
			if _, err := New(t.Context(), acc, fetch.Options{}); err == nil || !tt.fits(err) {
				t.Errorf("%T %v", err, err)
			}
		})
	}
}

func TestPlace(t *testing.T) {
	for _, tt := range []struct {
		acc  Account
		want string
	}{
		{Account{Host: "Pop.Made.Example", User: "anna"}, "pop3s://anna@pop.made.example/"},
		{Account{Host: "pop.made.example", User: "anna", Wire: wire.Options{Security: wire.StartTLS}}, "pop3s://anna@pop.made.example/"},
		{Account{Host: "pop.made.example", User: "anna", Port: 110}, "pop3s://anna@pop.made.example/"},
		{Account{Host: "pop.made.example", User: "anna@made.example", Port: 1110}, "pop3s://anna@made.example@pop.made.example:1110/"},
		{Account{Host: "::1", User: "a/b c"}, "pop3s://a%2Fb%20c@[::1]/"},
		{Account{Host: "::1", Port: 1, User: "a"}, "pop3s://a@[::1]:1/"},
	} {
		if got := tt.acc.place(); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
}

// TestContextEndsAStall ends the context while the server says nothing.
func TestContextEndsAStall(t *testing.T) {
	s := (&server{mails: five(), handle: func(c *call) bool {
		if c.is("RETR") && c.n == 3 {
			c.wait()
		}
		return false
	}}).start(t)
	acc := s.account()
	acc.Wire.Idle = time.Minute
	src, err := newSource(t.Context(), acc, fetch.Options{}, small)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	start := time.Now()
	var last error
	for m, err := range src.Messages(ctx, fetch.NoState) {
		if m != nil && strings.Contains(m.Origin, "two") {
			time.AfterFunc(20*time.Millisecond, cancel)
			start = time.Now()
		}
		last = err
	}
	if d := time.Since(start); !errors.Is(last, context.Canceled) || d > time.Second {
		t.Errorf("after %v: %v", d, last)
	}
}

// TestCloseWithoutMessages sends QUIT all the same.
func TestCloseWithoutMessages(t *testing.T) {
	s := (&server{mails: five()}).start(t)
	src, err := New(t.Context(), s.account(), fetch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	}
	if got := s.commands("QUIT"); len(got) != 1 {
		t.Errorf("QUIT was sent %d times", len(got))
	}
}

// FuzzDialogue sends what it likes in place of all answers after the sign-in.
// Whatever comes, the source ends soon and no origin comes twice.
func FuzzDialogue(f *testing.F) {
	f.Add("+OK 2 20\r\n+OK\r\n1 9\r\n2 3\r\n.\r\n+OK\r\n1 a\r\n2 b\r\n.\r\n+OK 1 a\r\n+OK\r\nS: x\r\n\r\n\r\n.\r\n+OK 1 a\r\n+OK\r\nx\r\n.\r\n+OK 2 b\r\n")
	f.Add("+OK 1 1\r\n-ERR\r\n-ERR\r\n-ERR\r\n+OK\r\nx\r\n.\r\n")
	f.Add("+OK 99999999 1\r\n+OK\r\n.\r\n")
	f.Fuzz(func(t *testing.T, answers string) {
		s := (&server{caps: pipelining, handle: func(c *call) bool {
			if c.is("STAT") {
				fmt.Fprint(c.w, answers)
				c.hangUp()
			}
			return false
		}}).start(t)
		src, err := newSource(t.Context(), s.account(), fetch.Options{}, tuning{window: 4, hold: 64, pause: time.Microsecond})
		if err != nil {
			t.Fatal(err)
		}
		defer src.Close()
		seen := map[string]bool{}
		for m, err := range src.Messages(t.Context(), fetch.NoState) {
			if m == nil {
				if err == nil {
					t.Fatal("neither message nor error")
				}
				break
			}
			if seen[m.Origin] {
				t.Fatalf("%s comes twice", m.Origin)
			}
			seen[m.Origin] = true
		}
		if n := src.Listed(); n > 0 && int64(len(seen)) > n {
			t.Fatalf("%d messages, %d listed", len(seen), n)
		}
	})
}
