package wire

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"
)

// listen answers each connection with do until the test ends.
func listen(t *testing.T, do func(net.Conn)) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				done := make(chan struct{})
				defer close(done)
				go func() {
					select {
					case <-stop:
						c.Close()
					case <-done:
					}
				}()
				do(c)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		close(stop)
		all.Wait()
	})
	return l.Addr().(*net.TCPAddr).Port
}

// silence reads until the connection ends and says nothing.
func silence(c net.Conn) { io.Copy(io.Discard, c) }

func dial(t *testing.T, port int, opt Options) *Conn {
	t.Helper()
	c, err := Dial(t.Context(), "127.0.0.1", port, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// authority makes certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // PEM
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{key: newKey(t), file: filepath.Join(t.TempDir(), "ca.pem")}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Authority of the test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	b := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(a.file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// issue makes a certificate for 127.0.0.1 or for names, with a lifetime.
func (a *authority) issue(t *testing.T, from, to time.Time, names ...string) (tls.Certificate, Pin) {
	t.Helper()
	key := newKey(t)
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "a server"}, NotBefore: from, NotAfter: to, DNSNames: names}
	if len(names) == 0 {
		tmpl.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, PinOf(leaf)
}

// greet speaks TLS and says hello.
func greet(cert tls.Certificate) func(net.Conn) {
	return func(c net.Conn) {
		s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}})
		if s.Handshake() == nil {
			io.WriteString(s, "hello\r\n")
			silence(s)
		}
	}
}

func TestCertificates(t *testing.T) {
	ca := newAuthority(t)
	now := time.Now()
	good, pin := ca.issue(t, now.Add(-time.Hour), now.Add(time.Hour))
	old, oldPin := ca.issue(t, time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(2021, 3, 4, 0, 0, 0, 0, time.UTC))
	early, _ := ca.issue(t, time.Date(2199, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(2200, 1, 2, 0, 0, 0, 0, time.UTC))
	other, otherPin := ca.issue(t, now.Add(-time.Hour), now.Add(time.Hour), "mx.made.example", "pop.made.example")
	for _, tt := range []struct {
		name string
		cert tls.Certificate
		opt  Options
		why  string // "" if it is to be accepted
	}{
		{"known authority", good, Options{CAFile: ca.file}, ""},
		{"unknown authority", good, Options{}, "comes from an unknown issuer: CN=Authority of the test"},
		{"expired", old, Options{CAFile: ca.file}, "expired on 2021-03-04"},
		{"not yet valid", early, Options{CAFile: ca.file}, "is valid only from 2199-01-02 on"},
		{"other names", other, Options{CAFile: ca.file}, "is for other names: mx.made.example, pop.made.example"},
		{"pinned", good, Options{Pins: []Pin{{1}, pin}}, ""},
		{"pinned, though expired", old, Options{Pins: []Pin{oldPin}}, ""},
		{"another key than the pinned one", good, Options{CAFile: ca.file, Pins: []Pin{otherPin}}, fmt.Sprintf("has another key than the pinned one: SHA-256 %x", pin)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			port := listen(t, greet(tt.cert))
			c, err := Dial(t.Context(), "127.0.0.1", port, tt.opt)
			if tt.why == "" {
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				line, err := bufio.NewReader(c).ReadString('\n')
				if line != "hello\r\n" || !c.Secure() {
					t.Errorf("got %q, %v, secure %v", line, err, c.Secure())
				}
				return
			}
			var cert *CertError
			if !errors.As(err, &cert) || !strings.HasPrefix(cert.Why, tt.why) {
				t.Fatalf("got %v, want a CertError with %q", err, tt.why)
			}
			if !strings.HasPrefix(err.Error(), "the certificate of 127.0.0.1 "+tt.why) {
				t.Errorf("it reads %q", err)
			}
		})
	}
}

func TestParsePin(t *testing.T) {
	hex := "0001020304050607080910111213141516171819202122232425262728293031"
	want, err := ParsePin(hex)
	if err != nil || want[1] != 1 || want[31] != 0x31 {
		t.Fatalf("%x, %v", want, err)
	}
	for _, s := range []string{"00:01:02:03:04:05:06:07:08:09:10:11:12:13:14:15:16:17:18:19:20:21:22:23:24:25:26:27:28:29:30:31", "AAECAwQFBgcICRAREhMUFRYXGBkgISIjJCUmJygpMDE=", "sha256//AAECAwQFBgcICRAREhMUFRYXGBkgISIjJCUmJygpMDE="} {
		if p, err := ParsePin(s); err != nil || p != want {
			t.Errorf("%s: %x, %v", s, p, err)
		}
	}
	for _, s := range []string{"", "00", hex + "00", "no pin"} {
		if _, err := ParsePin(s); err == nil {
			t.Errorf("%q is taken for a pin", s)
		}
	}
}

func TestStartTLS(t *testing.T) {
	ca := newAuthority(t)
	cert, _ := ca.issue(t, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	for _, tt := range []struct {
		name, ahead string
		want        error
	}{
		{"in order", "", nil},
		{"data ahead of the handshake", "+OK injected\r\n", ErrEarly},
	} {
		t.Run(tt.name, func(t *testing.T) {
			port := listen(t, func(c net.Conn) {
				bufio.NewReader(c).ReadString('\n')
				io.WriteString(c, "+OK begin\r\n"+tt.ahead)
				greet(cert)(c)
			})
			c := dial(t, port, Options{Security: StartTLS, CAFile: ca.file})
			r := bufio.NewReader(c)
			io.WriteString(c, "STLS\r\n")
			r.ReadString('\n')
			if c.Secure() {
				t.Error("secure before the handshake")
			}
			err := c.StartTLS(t.Context(), r)
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if tt.want != nil {
				return
			}
			if line, err := r.ReadString('\n'); line != "hello\r\n" || !c.Secure() {
				t.Errorf("got %q, %v, secure %v", line, err, c.Secure())
			}
		})
	}
}

func TestPlainIsRefusedOverANetwork(t *testing.T) {
	for _, tt := range []struct {
		ip    string
		local bool
	}{{"127.0.0.1", true}, {"127.9.9.9", true}, {"::1", true}, {"192.0.2.1", false}, {"2001:db8::1", false}} {
		if got := local(&net.TCPAddr{IP: net.ParseIP(tt.ip)}); got != tt.local {
			t.Errorf("%s: local is %v", tt.ip, got)
		}
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		n, ok := a.(*net.IPNet)
		if !ok || n.IP.IsLoopback() || n.IP.To4() == nil {
			continue
		}
		l, err := net.Listen("tcp", net.JoinHostPort(n.IP.String(), "0"))
		if err != nil {
			continue
		}
		defer l.Close()
		port := l.Addr().(*net.TCPAddr).Port
		if _, err := Dial(t.Context(), n.IP.String(), port, Options{Security: Plain}); !errors.Is(err, ErrPlain) {
			t.Errorf("%s without leave: %v", n.IP, err)
		}
		c, err := Dial(t.Context(), n.IP.String(), port, Options{Security: Plain, AllowPlain: true})
		if err != nil {
			t.Errorf("%s with leave: %v", n.IP, err)
		} else {
			c.Close()
		}
		return
	}
	t.Log("no address but loopback to try it on")
}

func TestSilenceEnds(t *testing.T) {
	const idle = 50 * time.Millisecond
	t.Run("read", func(t *testing.T) {
		c := dial(t, listen(t, silence), Options{Security: Plain, Idle: idle})
		_, err := c.Read(make([]byte, 1))
		var slow *TimeoutError
		if !errors.As(err, &slow) || slow.Doing != "read" || slow.After != idle {
			t.Errorf("got %v", err)
		}
	})
	t.Run("read, with less patience", func(t *testing.T) {
		c := dial(t, listen(t, silence), Options{Security: Plain, Idle: time.Minute, Reply: time.Hour})
		c.Patience(idle)
		_, err := c.Read(make([]byte, 1))
		var slow *TimeoutError
		if !errors.As(err, &slow) || slow.Doing != "read" || slow.After != idle {
			t.Errorf("got %v", err)
		}
	})
	t.Run("write", func(t *testing.T) {
		c := dial(t, listen(t, func(c net.Conn) { time.Sleep(10 * idle) }), Options{Security: Plain, Idle: idle})
		var err error
		for range 1000 {
			if _, err = c.Write(make([]byte, 1<<20)); err != nil {
				break
			}
		}
		var slow *TimeoutError
		if !errors.As(err, &slow) || slow.Doing != "write" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("handshake", func(t *testing.T) {
		_, err := Dial(t.Context(), "127.0.0.1", listen(t, silence), Options{Dial: idle})
		var slow *TimeoutError
		if !errors.As(err, &slow) || slow.Doing != "TLS handshake" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("an answer in drops", func(t *testing.T) {
		drops := listen(t, func(c net.Conn) {
			for {
				if _, err := c.Write([]byte{'x'}); err != nil {
					return
				}
				time.Sleep(idle / 5)
			}
		})
		c := dial(t, drops, Options{Security: Plain, Idle: time.Minute, Reply: 3 * idle})
		start := time.Now()
		n, err := io.Copy(io.Discard, c)
		var slow *TimeoutError
		if !errors.As(err, &slow) || slow.Doing != "answer" || slow.After != 3*idle || n < 2 {
			t.Errorf("got %d octets, %v", n, err)
		}
		if d := time.Since(start); d > 100*idle {
			t.Errorf("it took %v", d)
		}
	})
	t.Run("an answer in drops that goes on well", func(t *testing.T) {
		drops := listen(t, func(c net.Conn) {
			for range 20 {
				c.Write([]byte{'x'})
				time.Sleep(idle / 2)
			}
		})
		c := dial(t, drops, Options{Security: Plain, Idle: time.Minute, Reply: 7 * idle})
		for n := range 20 {
			if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
				t.Fatalf("after %d: %v", n, err)
			}
			c.Progress()
		}
	})
}

func TestBindEndsTheConnection(t *testing.T) {
	c := dial(t, listen(t, silence), Options{Security: Plain})
	ctx, cancel := context.WithCancel(t.Context())
	defer c.Bind(ctx)()
	time.AfterFunc(20*time.Millisecond, cancel)
	start := time.Now()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("read: %v", err)
	}
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("it took %v", d)
	}
	if _, err := c.Write([]byte{1}); !errors.Is(err, context.Canceled) {
		t.Errorf("write: %v", err)
	}
}

func TestReleaseLetsTheConnectionLive(t *testing.T) {
	c := dial(t, listen(t, func(c net.Conn) { io.Copy(c, c) }), Options{Security: Plain})
	ctx, cancel := context.WithCancel(t.Context())
	c.Bind(ctx)()
	cancel()
	io.WriteString(c, "x")
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		t.Error(err)
	}
}

func TestDialEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := Dial(ctx, "127.0.0.1", listen(t, silence), Options{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestPlainWords(t *testing.T) {
	_, err := Dial(t.Context(), "127.0.0.1", listen(t, func(c net.Conn) {
		io.WriteString(c, "+OK no TLS here\r\n")
		silence(c)
	}), Options{})
	if err == nil || !strings.Contains(err.Error(), "does not speak TLS at this point") {
		t.Errorf("a server without TLS: %v", err)
	}
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	if _, err := Dial(t.Context(), "127.0.0.1", port, Options{}); !errors.Is(err, syscall.ECONNREFUSED) || err.Error() != fmt.Sprintf("connect 127.0.0.1:%d: connection refused", port) {
		t.Errorf("nobody there: %v", err)
	}
	c := dial(t, listen(t, func(c net.Conn) {
		io.ReadFull(c, make([]byte, 1))
		c.(*net.TCPConn).SetLinger(0)
	}), Options{Security: Plain})
	io.WriteString(c, "x")
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) || err.Error() != c.RemoteAddr().String()+": connection reset by peer" {
		t.Errorf("a reset: %v", err)
	}
}

func TestCountersAndClose(t *testing.T) {
	c := dial(t, listen(t, func(c net.Conn) { io.Copy(c, c) }), Options{Security: Plain})
	io.WriteString(c, "12345")
	io.ReadFull(c, make([]byte, 5))
	if c.Sent() != 5 || c.Received() != 5 {
		t.Errorf("sent %d, received %d", c.Sent(), c.Received())
	}
	for range 2 {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("read of a closed connection: %v", err)
	}
}

func TestTranscriptHidesSecrets(t *testing.T) {
	var log bytes.Buffer
	c := dial(t, listen(t, silence), Options{Security: Plain, Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	c.Hide("opensesame", "")
	c.LogSent("PASS opensesame\r\n")
	c.LogReceived("-ERR opensesame, b3BlbnNlc2FtZQ== \x1b[31m\u202e wrong " + strings.Repeat("x", 500))
	got := log.String()
	for _, bad := range []string{"opensesame", "b3BlbnNlc2FtZQ", "\x1b", "\u202e"} {
		if strings.Contains(got, bad) {
			t.Errorf("the log has %q: %s", bad, got)
		}
	}
	for _, good := range []string{"PASS (secret)", "-ERR (secret), (secret)", "wrong"} {
		if !strings.Contains(got, good) {
			t.Errorf("the log lacks %q: %s", good, got)
		}
	}
	if s := c.Scrub(strings.Repeat("ä", 400)); len(s) > maxLine+len("…") || strings.Contains(s, "\xc3\xef") {
		t.Errorf("cut wrongly: %q", s)
	}
}

func FuzzScrub(f *testing.F) {
	f.Add("PASS sesame\x1b\u202e", "sesame")
	f.Add(strings.Repeat("\xff", 500), "x")
	f.Add(strings.Repeat("ä", 201)+"\r\n", "")
	f.Fuzz(func(t *testing.T, text, secret string) {
		var tr transcript
		tr.Hide(secret)
		got := tr.Scrub(text)
		if !utf8.ValidString(got) || len(got) > maxLine+len("…") {
			t.Errorf("%q became %q", text, got)
		}
		if strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x202e }) {
			t.Errorf("controls in %q", got)
		}
		if len(secret) > len(hidden) && strings.Contains(got, secret) {
			t.Errorf("the secret %q is in %q", secret, got)
		}
	})
}
