// Package imap brings mail from an IMAP server, and puts mail onto one.
//
// A Source made by New yields the messages of an account that the archive does
// not know. A Session appends messages, as restore does.
//
// Promises of a Source. It changes nothing on the server: mailboxes are opened
// with EXAMINE, bodies are asked for with BODY.PEEK. A body is yielded as whole
// only if as many octets came as were announced and the response around it is
// well-formed to its end. NO, BAD, NIL, an empty body and no answer at all mean
// "not had", never "not there": such a message is asked for again, alone, and
// then told with the server's words; only a server that does not list a UID any
// more makes it vanished. Every UID that the server lists is either known to
// the archive or yielded, so the books of fetch.Run close. Answers are matched
// by UID, whatever the order of responses and items; several commands are in
// flight. Memory does not grow with the size of a message: it is 1 MiB for one
// in hand, and a temporary file takes larger ones that cannot be passed on yet.
// When the connection is lost in the middle of a large message, a new one brings
// the rest of it in parts.
//
// What is remembered is in the archive's ledger and nowhere else: origins, and
// a mark with UIDVALIDITY, UIDNEXT, MESSAGES and HIGHESTMODSEQ of each mailbox
// that was taken in whole. A mailbox in which all four are as they were is not
// opened. In one that is, flags that have changed are told (fetch.ErrFlags), and
// messages that are gone (fetch.ErrGone). That takes CONDSTORE and ESEARCH, whose
// answers are as short as those of QRESYNC; a server that has no HIGHESTMODSEQ is
// asked for all flags once a day. Size and time of arrival come with them, and
// show a UID that has another message now: that one is fetched as well.
//
// A command that mail can be had without is not sent again to a server that
// ended a connection over it or did not answer it.
//
// # Origins
//
// The name of a source is imaps://USER@HOST/ and the origin of a message is
// imaps://USER@HOST/MAILBOX;uidvalidity=N/;uid=M, in the form of RFC 5092
// section 2.1. HOST is in lower case, with ":PORT" unless the port is 143 or
// 993. The scheme is the same however TLS begins, so that a change of settings
// downloads nothing again. MAILBOX is the server's name with the server's
// delimiter, in UTF-8, and percent-encoded.
//
// # Protocol
//
// IMAP4rev1 (RFC 3501) as rev2 (RFC 9051) describes it, with LITERAL+ and
// LITERAL- (RFC 7888), SASL-IR (RFC 4959), ID (RFC 2971), ESEARCH (RFC 4731),
// LIST-STATUS (RFC 5819), SPECIAL-USE (RFC 6154), CONDSTORE
// (RFC 7162), and the response codes of RFC 5530. The reader of responses is
// our own: go-imap's client has no reply timeout, ends a cut literal without an
// error and loses messages whose UID comes after the body. Gmail's X-GM-EXT-1
// gives labels, and a link to a server that is far away is compressed (RFC
// 4978). Not supported: UTF8=ACCEPT. When UIDVALIDITY changes, messages are
// matched with those of the archive, and what cannot be matched is fetched again.
package imap

import (
	"context"
	"net"
	"strconv"
	"strings"
	"time"

	"lostpost/fetch"
	"lostpost/fetch/auth"
	"lostpost/fetch/wire"
)

// An Account says where mail is and as whom to sign in.
type Account struct {
	Host   string // name or address
	Port   int    // 0: 993, or 143 if Wire.Security is not TLS
	User   string
	Secret func(context.Context) (auth.Secret, error) // asked when it is needed: at sign-in, and again after a lost connection
	Wire   wire.Options

	// Mailboxes are patterns for the mailboxes to take, on names in UTF-8
	// with "/" between levels: "*" stands for any text, "%" for any without
	// "/", and "!" before a pattern leaves out what fits. None takes all.
	Mailboxes []string

	shuns shuns // of the server, kept from one connection to the next
}

// place is the name of the account's sources: a URL without a secret.
func (acc *Account) place() string {
	host := strings.ToLower(acc.Host)
	switch port := acc.port(); {
	case port != 143 && port != 993:
		host = net.JoinHostPort(host, strconv.Itoa(port))
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	}
	return "imaps://" + escapeUser(acc.User) + "@" + host + "/"
}

// escapeUser writes an enc-user of RFC 5092.
func escapeUser(s string) string {
	return strings.NewReplacer("/", "%2F", ":", "%3A").Replace(escapePath(s))
}

// New connects and signs in, and gives a Source for the account. It is a
// fetch.Counter and a fetch.Marker, and has Mailboxes. Of opt it uses Log,
// Mailbox (above those of the server) and Traits (of every message).
//
// ctx ends New; the Source has the context of its Messages.
//
// Errors: *fetch.AuthError; *fetch.NetError, in which *wire.CertError says what
// is wrong with a certificate; the error of Secret. A mailbox that is not there
// is an error of Messages, *NoMailboxError.
func New(ctx context.Context, acc Account, opt fetch.Options) (fetch.Source, error) {
	c, err := acc.connect(ctx)
	if err != nil {
		return nil, err
	}
	return &source{acc: acc, opt: opt, name: acc.place(), c: c, pause: 200 * time.Millisecond, day: today()}, nil
}

// MailboxCount is what a run found in one mailbox.
type MailboxCount struct {
	Name   string // "INBOX", or as the archive calls it
	Listed int64  // on the server
	New    int64  // yielded, had or not
	Octets int64  // of those that came whole
}
