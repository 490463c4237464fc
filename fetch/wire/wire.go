// Package wire is the connection to a mail server: it dials, speaks TLS, and
// ends what does not move.
//
// Promises. A certificate is always verified: against the system's authorities
// and those of a file, or against keys that the user has pinned; there is no
// switch that turns this off. Nothing goes over a connection without TLS
// unless the caller asked for that by name, or the server is on this machine.
// Every read and every write has an end: Idle without an octet, Reply of
// waiting for an answer that makes no progress, or the end of a context.
// Octets are counted. A transcript never holds a secret that it was told of.
//
// The package knows no protocol: lines, literals and commands belong to
// fetch/imap and fetch/pop3.
//
// TLS is RFC 8446 and 5246; STARTTLS and STLS are RFC 9051 section 6.2.1 and
// RFC 2595 section 4; TLS from the start is RFC 8314; names in certificates
// are RFC 9525; compression is RFC 4978.
package wire

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Limits that hold where Options leaves them 0.
const (
	DefaultDial  = 15 * time.Second // name lookup, connecting and the TLS handshake together
	DefaultIdle  = 60 * time.Second // one read or write without a single octet
	DefaultReply = 10 * time.Minute // waiting for one answer
)

// progress is how many octets of an answer count as progress: then the wait
// for it begins anew. 64 KiB in ten minutes is slower than any modem was.
const progress = 64 << 10

// Security says when TLS begins.
type Security uint8

// TLS from the start, after a command of the protocol (Conn.StartTLS), or
// never. Plain is refused unless Options.AllowPlain or the server is on a
// loopback address.
const (
	TLS Security = iota
	StartTLS
	Plain
)

// A Pin is the SHA-256 of a certificate's public key (its
// SubjectPublicKeyInfo, DER), as in RFC 7469 section 2.4.
type Pin [sha256.Size]byte

// Options for Dial; the zero value is TLS with the system's authorities.
type Options struct {
	Security   Security
	AllowPlain bool          // Plain may go over a network
	CAFile     string        // PEM certificates trusted beside the system's
	Pins       []Pin         // if any: the server's own key must be one of these, and nothing else about its certificate matters
	Dial       time.Duration // 0: DefaultDial
	Idle       time.Duration // 0: DefaultIdle
	Reply      time.Duration // 0: DefaultReply
	Log        *slog.Logger  // nil: silent; the transcript goes here, at Debug
}

// ErrPlain says that a connection without TLS was not asked for by name.
var ErrPlain = errors.New("a connection without TLS is not allowed")

// ErrEarly says that octets came before the TLS handshake that the server
// should have sent after it. Somebody on the way may have put them there
// (CVE-2011-0411 and its kin).
var ErrEarly = errors.New("the server, or somebody on the way, sent data ahead of the TLS handshake")

// A Conn is a connection with deadlines, counters and a transcript. It is a
// net.Conn. One goroutine may read while another writes; Bind, Close, Received
// and Sent may be called at any time.
type Conn struct {
	transcript
	opt  Options
	host string
	addr string

	raw  net.Conn  // what was dialled, behind the counters
	tls  *tls.Conn // over raw; nil: none
	conn net.Conn  // what is read and written: raw, tls, or deflate over it

	connecting time.Duration // one round trip and the name lookup

	received, sent atomic.Int64

	mu       sync.Mutex
	patience time.Duration // bounds Options.Idle for reads; 0: it does not
	ended    error         // why reads and writes are refused; nil while they are not
	waited   time.Duration // for the present answer
	since    int           // octets of it since the last progress
}

// Dial connects to host (a name or an address) at port. With Options.Security
// TLS the handshake is done when it returns. ctx ends the dialling only; see
// Conn.Bind.
//
// Errors: *CertError if the certificate is refused, *TimeoutError, ErrPlain,
// the error of ctx, or what the system says.
func Dial(ctx context.Context, host string, port int, opt Options) (*Conn, error) {
	opt.Dial = or(opt.Dial, DefaultDial)
	opt.Idle = or(opt.Idle, DefaultIdle)
	opt.Reply = or(opt.Reply, DefaultReply)
	c := &Conn{opt: opt, host: host, addr: net.JoinHostPort(host, fmt.Sprint(port))}
	c.log = opt.Log
	within, cancel := context.WithTimeout(ctx, opt.Dial)
	defer cancel()
	start := time.Now()
	raw, err := new(net.Dialer).DialContext(within, "tcp", c.addr)
	if err != nil {
		return nil, c.explain(ctx, "connect", opt.Dial, err)
	}
	c.connecting = time.Since(start)
	if opt.Security == Plain && !opt.AllowPlain && !local(raw.RemoteAddr()) {
		raw.Close()
		return nil, fmt.Errorf("%s: %w", c.addr, ErrPlain)
	}
	c.raw = &counted{Conn: raw, received: &c.received, sent: &c.sent}
	c.conn = c.raw
	c.note("connected", "to", raw.RemoteAddr().String())
	if opt.Security == TLS {
		if err := c.handshake(within, ctx); err != nil {
			raw.Close()
			return nil, err
		}
	}
	return c, nil
}

func or(d, standard time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return standard
}

// local reports whether the server is on this machine.
func local(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	return ok && t.IP.IsLoopback()
}

// StartTLS begins TLS after the server agreed to it. r is the reader through
// which the plain dialogue came; it must be empty and reads the encrypted
// octets afterwards. ctx ends the handshake only.
//
// Errors: ErrEarly, *CertError, *TimeoutError; after any of them the
// connection is of no use.
func (c *Conn) StartTLS(ctx context.Context, r *bufio.Reader) error {
	if r.Buffered() > 0 {
		return fmt.Errorf("%s: %w", c.addr, ErrEarly)
	}
	within, cancel := context.WithTimeout(ctx, c.opt.Dial)
	defer cancel()
	if err := c.handshake(within, ctx); err != nil {
		return err
	}
	r.Reset(c)
	return nil
}

// handshake turns the connection into a TLS connection.
func (c *Conn) handshake(within, ctx context.Context) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	t := tls.Client(c.raw, cfg)
	if err := c.raw.SetDeadline(time.Time{}); err != nil {
		return err
	}
	if err := t.HandshakeContext(within); err != nil {
		return c.explain(ctx, "TLS handshake", c.opt.Dial, err)
	}
	st := t.ConnectionState()
	c.note("TLS", "version", tls.VersionName(st.Version), "cipher", tls.CipherSuiteName(st.CipherSuite))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tls, c.conn = t, t
	return c.ended
}

// Secure reports whether the connection is encrypted.
func (c *Conn) Secure() bool {
	_, ok := c.TLS()
	return ok
}

// TLS tells what was agreed on; ok is false on a plain connection.
func (c *Conn) TLS() (state tls.ConnectionState, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tls == nil {
		return state, false
	}
	return c.tls.ConnectionState(), true
}

// Bind makes ctx end the reads and writes of the connection, at once and for
// good, with ctx's error. release ends that; call it when the work under ctx
// is done.
func (c *Conn) Bind(ctx context.Context) (release func()) {
	stop := context.AfterFunc(ctx, func() { c.end(context.Cause(ctx)) })
	return func() { stop() }
}

// end refuses all further reads and writes and wakes those under way.
func (c *Conn) end(why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended == nil {
		c.ended = why
	}
	c.raw.SetDeadline(time.Unix(1, 0))
}

// Read reads what the server sent. Errors: io.EOF if the server ended the
// connection, *TimeoutError, the error of a context (Bind), net.ErrClosed.
func (c *Conn) Read(p []byte) (int, error) {
	conn, limit, err := c.begin(true)
	if err != nil {
		return 0, err
	}
	start := time.Now()
	n, err := conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waited += time.Since(start)
	if c.since += n; c.since >= progress {
		c.since, c.waited = 0, 0
	}
	return n, c.reasonLocked("read", limit, err)
}

// Write sends p. It begins the wait for an answer anew.
func (c *Conn) Write(p []byte) (int, error) {
	conn, limit, err := c.begin(false)
	if err != nil {
		return 0, err
	}
	n, err := conn.Write(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since, c.waited = 0, 0
	return n, c.reasonLocked("write", limit, err)
}

// Progress says that an answer has ended or goes on well: the wait for the
// next begins anew. 64 KiB of any answer count as progress by themselves.
func (c *Conn) Progress() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since, c.waited = 0, 0
}

// Patience ends reads after d without an octet, where Options.Idle would wait
// longer. 0 takes that back.
func (c *Conn) Patience(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.patience = d
}

// begin sets the deadline of one read or write and says how long that is.
func (c *Conn) begin(read bool) (net.Conn, time.Duration, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended != nil {
		return nil, 0, c.ended
	}
	limit := c.opt.Idle
	if !read {
		return c.conn, limit, c.raw.SetWriteDeadline(time.Now().Add(limit))
	}
	if c.patience > 0 {
		limit = min(limit, c.patience)
	}
	left := c.opt.Reply - c.waited
	if left <= 0 {
		return nil, 0, &TimeoutError{Addr: c.addr, Doing: "answer", After: c.opt.Reply}
	}
	limit = min(limit, left)
	return c.conn, limit, c.raw.SetReadDeadline(time.Now().Add(limit))
}

// reasonLocked says why a read or write ended.
func (c *Conn) reasonLocked(doing string, limit time.Duration, err error) error {
	switch {
	case err == nil:
		return nil
	case c.ended != nil:
		return c.ended
	case errors.Is(err, os.ErrDeadlineExceeded):
		if c.waited >= c.opt.Reply {
			doing, limit = "answer", c.opt.Reply
		}
		return &TimeoutError{Addr: c.addr, Doing: doing, After: limit}
	case err == io.EOF:
		return err
	}
	return fmt.Errorf("%s: %w", c.addr, bare(err))
}

// Close ends the connection. It is safe to call twice.
func (c *Conn) Close() error {
	c.mu.Lock()
	conn := c.conn
	shut := errors.Is(c.ended, net.ErrClosed)
	if !shut {
		c.ended = net.ErrClosed
		// A TLS connection says goodbye when it is closed. Nobody waits
		// long for a server that does not listen.
		c.raw.SetWriteDeadline(time.Now().Add(time.Second))
	}
	c.mu.Unlock()
	if shut {
		return nil
	}
	c.note("closed", "received", c.Received(), "sent", c.Sent())
	conn.Close()
	return nil
}

// Received counts the octets that came over the network, TLS included.
func (c *Conn) Received() int64 { return c.received.Load() }

// Sent counts the octets that went over the network, TLS included.
func (c *Conn) Sent() int64 { return c.sent.Load() }

// LocalAddr is this end of the connection.
func (c *Conn) LocalAddr() net.Addr { return c.raw.LocalAddr() }

// RemoteAddr is the server's end of the connection.
func (c *Conn) RemoteAddr() net.Addr { return c.raw.RemoteAddr() }

// SetDeadline does nothing: Conn sets the deadlines itself.
func (c *Conn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing: Conn sets the deadlines itself.
func (c *Conn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing: Conn sets the deadlines itself.
func (c *Conn) SetWriteDeadline(time.Time) error { return nil }

// counted counts octets.
type counted struct {
	net.Conn
	received, sent *atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.received.Add(int64(n))
	return n, err
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.sent.Add(int64(n))
	return n, err
}
