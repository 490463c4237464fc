package imap

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"lostpost/archive"
	"lostpost/fetch"
	"lostpost/fetch/auth"
	"lostpost/fetch/wire"
)

func TestSignIn(t *testing.T) {
	ok := func(want string) func(*fakeConn, string, string) bool {
		return func(c *fakeConn, tag, args string) bool {
			if args != want && plain(args) != want {
				c.say("%s NO [AUTHENTICATIONFAILED] got %s\r\n", tag, args)
				return true
			}
			return false
		}
	}
	tests := []struct {
		name, caps string
		login      func(c *fakeConn, tag, args string) bool
		refused    string // what the AuthError says, "" if sign-in works
		later      bool   // a NetError
	}{
		{"plain at once", "SASL-IR AUTH=PLAIN", ok("|ada@example.org|open sesame"), "", false},
		{"plain with a question", "AUTH=PLAIN", func(c *fakeConn, tag, args string) bool {
			c.say("+ \r\n")
			line, _ := c.r.ReadString('\n')
			return ok("|ada@example.org|open sesame")(c, tag, "PLAIN "+strings.TrimSpace(line))
		}, "", false},
		{"login", "", ok(`"ada@example.org" "open sesame"`), "", false},
		{"login switched off", "LOGINDISABLED", nil, "no way to sign in: the server offers nothing, known here are PLAIN, LOGIN, CRAM-MD5; the command LOGIN is switched off", false},
		{"refused", "AUTH=PLAIN SASL-IR", func(c *fakeConn, tag, _ string) bool {
			c.say("%s NO [AUTHENTICATIONFAILED] Invalid credentials\r\n", tag)
			return true
		}, "[AUTHENTICATIONFAILED] Invalid credentials", false},
		{"refused without a word", "", func(c *fakeConn, tag, _ string) bool {
			c.say("%s NO\r\n", tag)
			return true
		}, "NO", false},
		{"server repeats the password", "", func(c *fakeConn, tag, args string) bool {
			c.say("%s NO wrong: open sesame\r\n", tag)
			return true
		}, "wrong: (secret)", false},
		{"not now", "", func(c *fakeConn, tag, _ string) bool {
			c.say("%s NO [UNAVAILABLE] try later\r\n", tag)
			return true
		}, "", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFake(t, 1)
			f.caps, f.login = "IMAP4rev1 "+test.caps, test.login
			src, err := New(t.Context(), f.account(), fetch.Options{})
			if err == nil {
				defer src.Close()
			}
			var refused *fetch.AuthError
			var network *fetch.NetError
			switch {
			case test.later:
				if !errors.As(err, &network) {
					t.Errorf("error %v, want a NetError", err)
				}
			case test.refused == "":
				if err != nil {
					t.Error(err)
				}
			case !errors.As(err, &refused):
				t.Errorf("error %v, want an AuthError", err)
			case refused.Said != test.refused:
				t.Errorf("said %q, want %q", refused.Said, test.refused)
			}
		})
	}
}

func TestSecretIsNowhereInTheTranscript(t *testing.T) {
	for _, caps := range []string{"IMAP4rev1", "IMAP4rev1 AUTH=PLAIN", "IMAP4rev1 AUTH=PLAIN SASL-IR", "IMAP4rev1 LITERAL+"} {
		f := newFake(t, 1)
		f.caps = caps
		f.acc.Secret = password("pässwört")
		f.login = func(c *fakeConn, tag, args string) bool {
			for strings.HasSuffix(args, "+}") { // a literal
				args, _ = c.r.ReadString('\n')
				args = strings.TrimRight(args, "\r\n")
			}
			if strings.HasSuffix(args, "}") || strings.HasPrefix(args, "PLAIN") && !strings.Contains(f.caps, "SASL-IR") {
				c.say("+ go on\r\n")
				c.r.ReadString('\n')
			}
			return false
		}
		var log strings.Builder
		f.acc.Wire.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		src, err := New(t.Context(), f.account(), fetch.Options{})
		if err != nil {
			t.Fatalf("%s: %v", caps, err)
		}
		src.Close()
		for _, secret := range []string{"pässwört", "p\\u00e4", "AHDDpHNzd8O2cnQ", "cMOkc3N3w7ZydA"} {
			if strings.Contains(log.String(), secret) {
				t.Errorf("%s: the transcript holds %q", caps, secret)
			}
		}
		if !strings.Contains(log.String(), "(secret)") {
			t.Errorf("%s: no transcript: %s", caps, log.String())
		}
	}
}

func TestGreetings(t *testing.T) {
	for name, greet := range map[string]func(c *fakeConn){
		"bye":     func(c *fakeConn) { c.say("* BYE too many connections\r\n"); c.hangUp() },
		"bad":     func(c *fakeConn) { c.say("* BAD no\r\n"); c.hangUp() },
		"nothing": func(c *fakeConn) { c.r.ReadByte() },
		"http":    func(c *fakeConn) { c.say("HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n"); c.hangUp() },
		"endless": func(c *fakeConn) {
			for range 200 {
				c.say("%s", strings.Repeat("x", 64<<10))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, 1)
			f.acc.Wire.Idle = 200 * time.Millisecond
			f.greet = greet
			_, err := New(t.Context(), f.account(), fetch.Options{})
			var network *fetch.NetError
			if !errors.As(err, &network) {
				t.Errorf("error %v, want a NetError", err)
			}
			if name == "bye" && !strings.Contains(err.Error(), "too many connections") {
				t.Errorf("error %v does not hold the server's words", err)
			}
		})
	}
	t.Run("preauth", func(t *testing.T) {
		f := newFake(t, 1)
		f.greet = func(c *fakeConn) { c.say("* PREAUTH welcome\r\n") }
		f.acc.Secret = nil
		rep, err := drive(t, f, scratch(t))
		if err != nil || rep.Stored != 1 {
			t.Errorf("%+v, %v", rep, err)
		}
		f.acc.Wire.Security = wire.StartTLS
		if _, err := drive(t, f, scratch(t)); err == nil {
			t.Error("signed in without TLS although STARTTLS was wanted")
		}
	})
}

func TestStartTLSIsNeeded(t *testing.T) {
	f := newFake(t, 1)
	f.acc.Wire.Security = wire.StartTLS
	f.acc.Secret = func(context.Context) (auth.Secret, error) {
		t.Error("the secret was asked for")
		return auth.Secret{}, auth.ErrNoSecret
	}
	f.greet = func(c *fakeConn) {
		c.say("* OK ready\r\n")
		line, _ := c.r.ReadString('\n')
		tag, cmd, _ := strings.Cut(strings.TrimSpace(line), " ")
		if cmd != "STARTTLS" {
			t.Errorf("first command %q", cmd)
		}
		c.say("%s BAD unknown command\r\n", tag)
	}
	_, err := New(t.Context(), f.account(), fetch.Options{})
	var network *fetch.NetError
	if !errors.As(err, &network) || !strings.Contains(err.Error(), "does not encrypt") {
		t.Errorf("error %v", err)
	}
}

func TestNoSecretIsNoNetworkTrouble(t *testing.T) {
	f := newFake(t, 1)
	f.acc.Secret = func(context.Context) (auth.Secret, error) { return auth.Secret{}, auth.ErrNoSecret }
	_, err := New(t.Context(), f.account(), fetch.Options{})
	var network *fetch.NetError
	if !errors.Is(err, auth.ErrNoSecret) || errors.As(err, &network) {
		t.Errorf("error %v", err)
	}
}

func TestTellsWhoItIs(t *testing.T) {
	for _, caps := range []string{"", " ID"} {
		tellsWhoItIs(t, caps)
	}
}

func tellsWhoItIs(t *testing.T, caps string) {
	t.Helper()
	f := newFake(t, 1)
	f.caps += caps
	told := false
	f.exam = func(c *fakeConn, tag string, _ *fakeBox) bool {
		c.f.mu.Lock()
		defer c.f.mu.Unlock()
		for _, l := range c.f.lines {
			told = told || strings.Contains(l, " ID (")
		}
		if !told {
			c.say("%s NO EXAMINE Unsafe Login. Please contact the provider\r\n", tag)
		}
		return !told
	}
	rep, err := drive(t, f, scratch(t))
	if err != nil || rep.Stored != 1 {
		t.Errorf("CAPABILITY%s: %+v, %v", caps, rep, err)
	}
}

// certificate makes one for mail.example, signed by itself.
func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.example"}, DNSNames: []string{"mail.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// TestStartTLS has a server, or somebody on the way, that tells other things
// before TLS than behind it: only the latter count.
func TestStartTLS(t *testing.T) {
	cert := certificate(t)
	f := newFake(t, 3)
	f.caps = "IMAP4rev1"
	f.acc.Wire.Security = wire.StartTLS
	f.acc.Wire.Pins = []wire.Pin{wire.PinOf(cert.Leaf)}
	f.greet = func(c *fakeConn) {
		c.say("* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready\r\n")
		line, _ := c.r.ReadString('\n')
		tag, _, _ := strings.Cut(line, " ")
		c.say("%s OK begin\r\n", tag)
		c.Conn = tls.Server(c.Conn, &tls.Config{Certificates: []tls.Certificate{cert}})
		c.r.Reset(c.Conn)
	}
	rep, err := drive(t, f, scratch(t))
	if err != nil || rep.Stored != 3 {
		t.Errorf("%+v, %v", rep, err)
	}
}

func TestCertificateIsRefusedInWords(t *testing.T) {
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate(t)}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.(*tls.Conn).Handshake()
			c.Close()
		}
	}()
	acc := Account{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, User: "ada", Secret: password("x")}
	_, err = New(t.Context(), acc, fetch.Options{})
	var network *fetch.NetError
	var cert *wire.CertError
	if !errors.As(err, &network) || !errors.As(err, &cert) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("error %v", err)
	}
}

func TestNames(t *testing.T) {
	for _, test := range []struct {
		acc  Account
		want string
	}{
		{Account{Host: "IMAP.example.org", User: "anna@example.org"}, "imaps://anna%40example.org@imap.example.org/"},
		{Account{Host: "imap.example.org", User: "anna", Wire: wire.Options{Security: wire.StartTLS}}, "imaps://anna@imap.example.org/"},
		{Account{Host: "imap.example.org", User: "a/b:c;d&e", Port: 143}, "imaps://a%2Fb%3Ac%3Bd%26e@imap.example.org/"},
		{Account{Host: "127.0.0.1", User: "anna", Port: 1143}, "imaps://anna@127.0.0.1:1143/"},
		{Account{Host: "2001:db8::1", User: "anna"}, "imaps://anna@[2001:db8::1]/"},
		{Account{Host: "2001:db8::1", User: "anna", Port: 10993}, "imaps://anna@[2001:db8::1]:10993/"},
	} {
		if got := test.acc.place(); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

// TestCompress fetches over a compressed connection. A server on this machine
// is not far away, so the test begins the compression itself.
func TestCompress(t *testing.T) {
	f := newFake(t, 300)
	f.caps += " COMPRESS=DEFLATE"
	dir := scratch(t)
	w, err := archive.OpenWriter(t.Context(), dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	src, err := New(t.Context(), f.account(), fetch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := src.(*source).c
	if n := f.asked("COMPRESS"); n != 0 {
		t.Errorf("COMPRESS was sent %d times to a server on this machine", n)
	}
	if err := c.compress(); err != nil {
		t.Fatal(err)
	}
	rep, err := fetch.Run(t.Context(), src, w, fetch.Options{})
	if err != nil || rep.Stored != 300 {
		t.Errorf("%+v, %v", rep, err)
	}
	if got := c.conn.Received(); got*5 > rep.Bytes {
		t.Errorf("%d octets came over the wire for %d of mail that repeats itself", got, rep.Bytes)
	}
	if err := errors.Join(src.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	f.holds(t, dir)
}

// TestCompressRefused goes on without.
func TestCompressRefused(t *testing.T) {
	f := newFake(t, 3)
	c, err := f.acc.connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f.noCompress = true
	if err := c.compress(); err != nil {
		t.Fatal(err)
	}
	if err := c.listMailboxes(); err != nil || len(c.list) != 1 {
		t.Errorf("%v, %v", c.list, err)
	}
	c.close(t.Context())
}
