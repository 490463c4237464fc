package main

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lostpost/fetch"
	"lostpost/fetch/auth"
	"lostpost/fetch/imap"
	"lostpost/fetch/pop3"
	"lostpost/fetch/wire"
	"lostpost/internal/config"
	"lostpost/internal/term"
)

// serverFlags are the flags of commands that speak to a mail server.
type serverFlags struct {
	command   string
	file      string
	cafile    string
	pins      []string
	plain     bool
	timeout   time.Duration
	mailboxes []string
}

func (f *serverFlags) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.command, "password-command", "", "the password is the first line that `CMD` prints")
	fl.StringVar(&f.file, "password-file", "", "the password is the first line of `FILE`, which only its owner may read")
	fl.StringVar(&f.cafile, "cafile", "", "trust the authorities in `FILE` (PEM) too")
	fl.StringArrayVar(&f.pins, "pin-sha256", nil, "the server's key must have this SHA-256 (`HEX`); its certificate is not looked at")
	fl.BoolVar(&f.plain, "allow-plaintext", false, "allow imap:// and pop3://, where anybody on the way reads the password and the mail")
	fl.DurationVar(&f.timeout, "timeout", wire.DefaultIdle, "end a connection after `TIME` without an octet")
}

// An account is a mailbox on a server and how to get in.
type account struct {
	name      string // in the configuration, "" for a URL
	protocol  string // "imap" or "pop3"
	security  wire.Security
	host      string
	port      int // 0: as usual
	user      string
	mailbox   string // of the URL, "" for none
	mailboxes []string
	command   string // that prints the password
	file      string // whose first line is the password
	cafile    string
	pins      []string
	plain     bool // the configuration allows it without TLS
}

// accounts gives what args name: accounts of the configuration, their
// addresses, URLs; all accounts if args are none.
func (a *app) accounts(args []string) ([]account, error) {
	c, err := a.config()
	if err != nil {
		return nil, err
	}
	var out []account
	add := func(x config.Account) error {
		acc, err := parseServer(x.URL())
		acc.name, acc.mailboxes = x.Name, x.Mailboxes
		acc.command, acc.file = x.PasswordCommand, x.PasswordFile
		acc.cafile, acc.pins, acc.plain = x.CAFile, x.Pins, x.AllowPlaintext
		out = append(out, acc)
		return err
	}
	if len(args) == 0 {
		if len(c.Accounts) == 0 {
			return nil, fail(exitFailed, "Name a server: lostpost fetch imaps://anna@imap.example.org, or write an account: lostpost config init", "no account is configured.")
		}
		for _, x := range c.Accounts {
			if err := add(x); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	for _, arg := range args {
		if strings.Contains(arg, "://") {
			acc, err := parseServer(arg)
			if err != nil {
				return nil, err
			}
			out = append(out, acc)
			continue
		}
		x, ok := c.Account(arg)
		if !ok {
			return nil, a.noAccount(c, arg)
		}
		if err := add(x); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// completeAccounts lets a shell complete names of accounts.
func (a *app) completeAccounts(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	c, err := a.config()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	for _, x := range c.Accounts {
		names = append(names, x.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// noAccount says what to do about a name that no account has.
func (a *app) noAccount(c *config.Config, name string) error {
	var names []string
	for _, x := range c.Accounts {
		names = append(names, x.Name)
	}
	todo := "Give its server: lostpost fetch imaps://USER@HOST"
	if s := config.Nearest(name, names); s != "" {
		todo = "Did you mean " + s + "?"
	} else if strings.Contains(name, "@") {
		todo = "Give its server: imaps://" + name + "@HOST. The provider's help pages name it."
	}
	return fail(exitFailed, todo, "no account %q is configured.", name)
}

// schemes are those of URLs of servers.
var schemes = map[string]struct {
	protocol string
	security wire.Security
}{
	"imaps":         {"imap", wire.TLS},
	"imap+starttls": {"imap", wire.StartTLS},
	"imap":          {"imap", wire.Plain},
	"pop3s":         {"pop3", wire.TLS},
	"pop3+stls":     {"pop3", wire.StartTLS},
	"pop3":          {"pop3", wire.Plain},
}

// parseServer reads imaps://user@host:port/mailbox. The user may have an "@"
// in it, because people write imaps://anna@example.org@imap.example.org.
func parseServer(s string) (account, error) {
	scheme, rest, _ := strings.Cut(s, "://")
	kind, ok := schemes[strings.ToLower(scheme)]
	if !ok {
		return account{}, fail(exitFailed, "It is imaps, imap+starttls, pop3s or pop3+stls. See: lostpost help protocols", "%q is no kind of mail server.", scheme)
	}
	authority, path, _ := strings.Cut(rest, "/")
	user, host := "", authority
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		user, host = authority[:i], authority[i+1:]
	}
	// The password of user:password@host would stand in the list of processes.
	if strings.Contains(user, ":") {
		return account{}, fail(exitFailed, "Leave it out and see: lostpost help sign-in", "a password is never part of a URL.")
	}
	a := account{protocol: kind.protocol, security: kind.security, host: host}
	var err1, err2 error
	a.user, err1 = url.PathUnescape(user)
	a.mailbox, err2 = url.PathUnescape(path)
	if h, p, err := net.SplitHostPort(host); err == nil {
		a.host = h
		if a.port, err = strconv.Atoi(p); err != nil || a.port < 1 || a.port > 65535 {
			return account{}, fail(exitFailed, "A port is a number up to 65535.", "%q has no port that can be.", s)
		}
	}
	a.host = strings.Trim(a.host, "[]")
	if err1 != nil || err2 != nil || a.host == "" {
		return account{}, fail(exitFailed, "It looks like imaps://anna@imap.example.org", "%q names no server.", s)
	}
	if a.user == "" {
		return account{}, fail(exitFailed, fmt.Sprintf("It looks like %s://anna@%s", scheme, a.host), "%q does not say as whom.", s)
	}
	if a.protocol == "pop3" && a.mailbox != "" {
		return account{}, fail(exitFailed, "Leave it out, or take IMAP.", "POP3 has one mailbox, and no %q.", a.mailbox)
	}
	return a, nil
}

// label is how the account is called in messages.
func (a account) label() string {
	if a.name != "" {
		return a.name
	}
	return a.user + " at " + a.host
}

// options are the wire's, from the flags.
func (f *serverFlags) options(app *app, acc account) (wire.Options, error) {
	opt := wire.Options{Security: acc.security, AllowPlain: f.plain || acc.plain, CAFile: cmp.Or(f.cafile, acc.cafile), Idle: f.timeout, Log: app.log()}
	for _, p := range slices.Concat(acc.pins, f.pins) {
		b, err := hex.DecodeString(strings.ReplaceAll(p, ":", ""))
		var pin wire.Pin
		if err != nil || len(b) != len(pin) {
			return opt, fail(exitFailed, "It is 64 hex digits.", "--pin-sha256 cannot be %q.", p)
		}
		copy(pin[:], b)
		opt.Pins = append(opt.Pins, pin)
	}
	if f.timeout < time.Second {
		return opt, fail(exitFailed, "A slow server needs a minute.", "--timeout cannot be %s.", f.timeout)
	}
	return opt, nil
}

// lookup says where the password of acc may be.
func (f *serverFlags) lookup(app *app, acc account) auth.Lookup {
	l := auth.Lookup{Host: acc.host, User: acc.user, Command: acc.command, Stderr: app.err, File: acc.file,
		CredentialDir: app.env("CREDENTIALS_DIRECTORY"), Credential: "lostpost-" + acc.host}
	if acc.name != "" {
		l.Credential = "lostpost-" + acc.name
	}
	if f.command != "" || f.file != "" { // flags come before the configuration
		l.Command, l.File = f.command, f.file
	}
	if home := app.env("HOME"); home != "" {
		l.Netrc = filepath.Join(home, ".netrc")
	}
	in, ok := app.in.(*os.File)
	if ok && !app.json && term.IsTerminal(in) && term.IsTerminal(app.err) {
		l.Prompt = func(ctx context.Context, question string) (string, error) {
			return term.Password(ctx, in, app.err, question)
		}
	}
	return l
}

// A credential is the password of one account. It is looked for once and kept
// for a reconnection, so that nobody is asked twice in a run.
type credential struct {
	lookup auth.Lookup
	secret auth.Secret
	from   string // where it was, once it was asked for
	err    error  // why there is none
}

// get looks for the password.
func (c *credential) get(ctx context.Context) (auth.Secret, error) {
	if c.secret.IsZero() && c.err == nil {
		c.secret, c.from, c.err = c.lookup.Secret(ctx)
	}
	return c.secret, c.err
}

// A connection is an account that was asked for its mail. src is nil where
// that did not work.
type connection struct {
	account
	credential
	src fetch.Source
}

// connect makes the source of an account. The connection is never nil: it
// knows why there is no password, if that is the error.
func (app *app) connect(ctx context.Context, acc account, f *serverFlags) (*connection, error) {
	c := &connection{account: acc, credential: credential{lookup: f.lookup(app, acc)}}
	if acc.protocol == "pop3" {
		return c, c.connectPOP3(ctx, app, f)
	}
	server, err := c.imap(app, f)
	if err != nil {
		return c, err
	}
	server.Mailboxes = acc.mailboxes
	if acc.mailbox != "" {
		server.Mailboxes = []string{acc.mailbox}
	}
	if len(f.mailboxes) > 0 {
		server.Mailboxes = f.mailboxes
	}
	src, err := imap.New(ctx, server, fetch.Options{Log: app.log()})
	if err == nil {
		c.src = src
	}
	return c, err
}

// imap gives the account as fetch/imap knows it.
func (c *connection) imap(app *app, f *serverFlags) (imap.Account, error) {
	opt, err := f.options(app, c.account)
	return imap.Account{Host: c.host, Port: c.port, User: c.user, Wire: opt, Secret: c.get}, err
}

func (c *connection) connectPOP3(ctx context.Context, app *app, f *serverFlags) error {
	if len(f.mailboxes) > 0 {
		return fail(exitFailed, "Leave --mailbox out, or take IMAP.", "POP3 has one mailbox.")
	}
	opt, err := f.options(app, c.account)
	if err != nil {
		return err
	}
	src, err := pop3.New(ctx, pop3.Account{Host: c.host, Port: c.port, User: c.user, Wire: opt, Secret: c.get}, fetch.Options{Log: app.log()})
	if err == nil {
		c.src = src
	}
	return err
}

// how says how the connection was made, for people.
func (c *connection) how() string {
	tls := map[wire.Security]string{wire.TLS: "TLS", wire.StartTLS: "TLS", wire.Plain: "no TLS"}[c.security]
	if p, ok := c.src.(*pop3.Source); ok && p.Session().TLS != "" {
		tls = p.Session().TLS
	}
	s := c.host + ", " + tls
	if c.from != "" {
		s += ", signed in with a password from " + c.from
	}
	return s
}
