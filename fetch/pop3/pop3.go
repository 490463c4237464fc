// Package pop3 takes mail from a POP3 server, losing nothing and doubling
// nothing.
//
// The simple dialogue (USER, PASS, STAT, QUIT) is done by go-pop3 on a
// connection of ours. Greeting, TLS, CAPA, SASL, APOP, lists and messages are
// read by this package itself, because go-pop3 waits for ever on a silent
// server, lets a message forge the next answers, and ends a list at the first
// line that it cannot read (see guard).
//
// Promises. The octets of a message are those that the server has: only the
// dot before a line that begins with one, and the final line of a dot, are
// taken away. A message whose end was not seen is not stored. Every message
// that the server lists is stored, known, or named with a reason; one that
// cannot be had never keeps the others back. What is known is not downloaded
// again. Nothing on the server is deleted or marked. Memory does not grow with
// the size of a message, and the wait for a server always ends.
//
// A message is known by its UIDL and size, "pop3s://anna@pop.example/;uidl=7f;size=1234",
// if no other in the listing has both the same. Else, and on servers without
// UIDL, it is known by its size and a hash of its header section (TOP), and
// where there is no TOP either it is fetched each time and compared by content.
//
// POP3 is RFC 1939; CAPA and response codes RFC 2449 and 3206; STLS RFC 2595;
// SASL RFC 5034; TLS from the start RFC 8314. UTF8 and LANG (RFC 6856) are not
// used, and neither is DELE.
package pop3

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"lostpost/fetch"
	"lostpost/fetch/auth"
	"lostpost/fetch/wire"
)

// An Account says where mail is and as whom to sign in.
type Account struct {
	Host   string                                     // name or address
	Port   int                                        // 0: 995, or 110 if Wire.Security is not TLS
	User   string                                     // without control characters
	Secret func(context.Context) (auth.Secret, error) // asked once, when the server is ready for it
	Wire   wire.Options
}

// port is where to connect (RFC 8314 section 3.3, RFC 1939 section 3).
func (acc *Account) port() int {
	switch {
	case acc.Port != 0:
		return acc.Port
	case acc.Wire.Security == wire.TLS:
		return 995
	}
	return 110
}

// place is the name of the account's Source. It does not tell how the
// connection is encrypted: that may change, and the mail stays the same.
func (acc *Account) place() string {
	host := strings.ToLower(acc.Host)
	switch port := acc.port(); {
	case port != 110 && port != 995:
		host = net.JoinHostPort(host, strconv.Itoa(port))
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	}
	return "pop3s://" + url.PathEscape(acc.User) + "@" + host + "/"
}

// A Source is the mailbox of one account. It is a fetch.Counter.
type Source struct {
	acc    Account
	opt    fetch.Options
	name   string
	tune   tuning
	secret auth.Secret
	ready  *session // signed in, for Messages; nil once it was taken
	about  Session
	listed int64
	sizes  sizes
	single bool // a connection broke: one command at a time from now on
	shuns  shuns
}

// tuning holds the figures that tests change.
type tuning struct {
	window int           // RETR in flight
	hold   int           // octets of a message that are received before it is handed on
	pause  time.Duration // before the second attempt to connect again; doubles each time
}

// window of 128: with messages of 16 kB that is 2 MB on the way, enough for
// 40 Mbit/s at a round trip of 0.4 s, and its commands (3 kB) fit into any
// socket buffer, so that sending them never waits for a server that waits for
// us. hold is what the archive keeps in memory as well.
var standard = tuning{window: 128, hold: 1 << 20, pause: time.Second}

// New connects and signs in, and gives a Source for the account. Of opt it uses
// Log, and Mailbox and Traits of every message. ctx ends New; Messages has a
// context of its own.
//
// Errors: *fetch.AuthError if sign-in is refused; the error of acc.Secret;
// *fetch.NetError, around *wire.CertError, *wire.TimeoutError and others, for
// trouble with the server or the network; auth.ErrBadUser.
func New(ctx context.Context, acc Account, opt fetch.Options) (*Source, error) {
	return newSource(ctx, acc, opt, standard)
}

func newSource(ctx context.Context, acc Account, opt fetch.Options, tune tuning) (*Source, error) {
	if err := auth.CheckUser(acc.User); err != nil {
		return nil, fmt.Errorf("%s: %w", acc.place(), err)
	}
	if acc.Wire.Log == nil {
		acc.Wire.Log = opt.Log
	}
	s := &Source{acc: acc, opt: opt, name: acc.place(), tune: tune, shuns: shuns{}}
	se, err := s.connect(ctx)
	if err != nil {
		return nil, s.trouble(ctx, err)
	}
	s.ready = se
	return s, nil
}

// Name is the URL of the account, such as pop3s://anna@pop.example/.
func (s *Source) Name() string { return s.name }

// Listed is how many messages the server listed, once Messages has ended. One
// that came to the list later in the run counts as well.
func (s *Source) Listed() int64 { return s.listed }

// Close ends the connection if Messages did not.
func (s *Source) Close() error {
	if s.ready != nil {
		s.quit(s.ready)
		s.ready = nil
	}
	return nil
}

// A Session tells how the last connection was made, for a person to read.
type Session struct {
	TLS            string // "TLS 1.3", or "" without
	SignIn         string // "USER", "APOP", or the name of a SASL mechanism
	Pipelining     bool   // the server takes several commands at once
	Received, Sent int64  // octets of all connections that have ended, TLS included
}

// Session tells about the connection.
func (s *Source) Session() Session { return s.about }

// errSecret marks errors of Account.Secret, which are about no network.
var errSecret = errors.New("no sign-in without a password")

// trouble makes an error of the connection one of this room's face.
func (s *Source) trouble(ctx context.Context, err error) error {
	var signIn *fetch.AuthError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &signIn), errors.Is(err, errSecret):
		return err
	}
	return &fetch.NetError{Source: s.name, Err: err}
}

// warn notes something that costs time or needs an eye.
func (s *Source) warn(msg string, args ...any) {
	if s.opt.Log != nil {
		s.opt.Log.Warn(msg, append([]any{"source", s.name}, args...)...)
	}
}
