package imap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"lostpost/archive"
	"lostpost/archive/role"
	"lostpost/decode/header"
)

// A Session puts messages into mailboxes of an account, many over one
// connection. One goroutine uses it.
type Session struct {
	acc    Account
	c      *client
	raw    map[string]string // name on the server, by name in the archive
	drafts string            // mailbox that the server keeps for drafts, as it names it
	delim  string            // between levels
	opened string            // mailbox that is open, as the server names it
	held   map[string]*holdings
}

// Append puts one message into a mailbox of the server, as Session.Append does.
func Append(ctx context.Context, acc Account, mailbox string, f *archive.File) (bool, error) {
	s, err := NewSession(ctx, acc)
	if err != nil {
		return false, err
	}
	done, err := s.Append(ctx, mailbox, f)
	return done, errors.Join(err, s.Close())
}

// NewSession connects and signs in. Its errors are those of New.
func NewSession(ctx context.Context, acc Account) (*Session, error) {
	c, err := acc.connect(ctx)
	if err != nil {
		return nil, err
	}
	s := &Session{acc: acc, c: c, raw: map[string]string{"": "INBOX"}, held: map[string]*holdings{}}
	release := c.conn.Bind(ctx)
	defer release()
	if err := s.learn(); err != nil {
		c.conn.Close()
		return nil, acc.explain(ctx, err)
	}
	return s, nil
}

// learn asks which mailboxes there are and where new ones go.
func (s *Session) learn() error {
	if s.c.caps["NAMESPACE"] {
		if _, err := s.c.run("NAMESPACE"); err != nil && !isRefusal(err) {
			return err
		}
	}
	if _, err := s.c.run("LIST", astring(""), astring("*")); err != nil {
		return err
	}
	for _, l := range s.c.list {
		if s.delim == "" {
			s.delim = l.delim
		}
	}
	for _, b := range mailboxes(s.c.list) {
		if b.raw != "INBOX" {
			s.raw[b.name] = b.raw
		}
		if b.role == role.Drafts && s.drafts == "" {
			s.drafts = b.raw
		}
	}
	return nil
}

// name gives the server's name of a mailbox of the archive, which need not
// exist.
func (s *Session) name(mailbox string) string {
	if strings.EqualFold(mailbox, "INBOX") {
		mailbox = ""
	}
	if raw, ok := s.raw[mailbox]; ok {
		return raw
	}
	if s.drafts != "" && role.Of(mailbox) == role.Drafts {
		return s.drafts // people know it as one mailbox, in whatever language
	}
	raw := encodeName(unlevels(mailbox, s.delim))
	if !strings.HasPrefix(raw, s.c.prefix) {
		raw = s.c.prefix + raw
	}
	return raw
}

// Close signs out.
func (s *Session) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return s.c.close(ctx)
}

// Append puts a message into a mailbox ("" is INBOX, "/" stands between
// levels) with the flags, keywords and time of arrival that the archive has of
// it, unless it is there already. It reports whether it did. A mailbox that is
// not there is made; one with a name for drafts is the server's own mailbox for
// them (RFC 6154) if it has one.
//
// A message is there already if one with its Message-ID, or without one of its
// size, has the same octets apart from line ends. What a mailbox holds is asked
// once in a session: what others put there meanwhile is not noticed. Lines go
// over the wire with CRLF, as RFC 5322 has them.
//
// Errors: *fetch.NetError, *fetch.AuthError, the error of ctx: the session is
// over. Any other is about this message or mailbox, and holds the server's
// words.
func (s *Session) Append(ctx context.Context, mailbox string, f *archive.File) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	release := s.c.conn.Bind(ctx)
	defer release()
	done, err := s.append(mailbox, f)
	var r *refusal
	var local *localError
	switch {
	case err == nil:
		return done, nil
	case errors.As(err, &local), errors.As(err, &r) && !r.later():
		return false, fmt.Errorf("append to %q: %w", mailbox, err)
	}
	return false, s.acc.explain(ctx, err)
}

func (s *Session) append(mailbox string, f *archive.File) (bool, error) {
	look, err := inspect(f)
	if err != nil {
		return false, &localError{err}
	}
	raw := s.name(mailbox)
	exists, err := s.examine(raw)
	if err != nil {
		return false, err
	}
	if exists {
		if there, err := s.present(look); there || err != nil {
			return false, err
		}
	}
	err = s.put(raw, place(f, mailbox), look, f)
	var r *refusal
	if errors.As(err, &r) && (r.code == "TRYCREATE" || !exists) {
		if _, err := s.c.run("CREATE", astring(raw)); err != nil {
			return false, err
		}
		err = s.put(raw, place(f, mailbox), look, f)
	}
	if err != nil {
		return false, err
	}
	s.holdings(raw).put[look.key] = true
	return true, nil
}

// place gives what the archive knows of a message in a mailbox, or where it
// was first.
func place(f *archive.File, mailbox string) archive.Meta {
	for _, p := range f.Places {
		if p.Mailbox == mailbox {
			return p
		}
	}
	if len(f.Places) == 0 {
		return archive.Meta{}
	}
	return f.Places[0]
}

// examine opens a mailbox for reading, unless it is open. ok is false if the
// server does not.
func (s *Session) examine(raw string) (ok bool, err error) {
	if s.opened == raw {
		return true, nil
	}
	s.opened, s.c.box = "", numbers{}
	_, err = s.c.run("EXAMINE", astring(raw))
	switch {
	case err == nil:
		s.opened = raw
		return true, nil
	case isRefusal(err):
		return false, nil
	}
	return false, err
}

// put sends the message.
func (s *Session) put(raw string, m archive.Meta, look inspection, f *archive.File) error {
	args := []any{astring(raw), "(" + strings.Join(imapFlags(m), " ") + ")"}
	if t := m.Received; !t.IsZero() {
		args = append(args, t.UTC().Format(`"02-Jan-2006 15:04:05 +0000"`))
	}
	s.c.conn.Progress()
	cmd, err := s.c.send("APPEND", append(args, &octets{look.size, io.NewSectionReader(f, 0, f.Size)})...)
	if err != nil {
		return err
	}
	return s.c.wait(cmd)
}

// octets are an argument that is sent as a literal of size octets: lines of r
// with CRLF.
type octets struct {
	size int64
	r    io.Reader
}

// imapFlags gives the flags and keywords of RFC 9051 section 2.3.2.
func imapFlags(m archive.Meta) []string {
	var out []string
	for _, l := range m.Flags {
		switch l {
		case 'D':
			out = append(out, string(imap.FlagDraft))
		case 'F':
			out = append(out, string(imap.FlagFlagged))
		case 'P':
			out = append(out, string(imap.FlagForwarded))
		case 'R':
			out = append(out, string(imap.FlagAnswered))
		case 'S':
			out = append(out, string(imap.FlagSeen))
		case 'T':
			out = append(out, string(imap.FlagDeleted))
		}
	}
	for _, t := range m.Traits {
		k, ok := strings.CutPrefix(t, "keyword:")
		if ok && isAtom(k) && !slices.ContainsFunc(out, func(o string) bool { return strings.EqualFold(o, k) }) {
			out = append(out, k)
		}
	}
	return out
}

// isAtom reports whether a keyword can be sent as one.
func isAtom(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`(){%*"\]`, r) }) < 0
}

// An inspection is what must be known of a stored message before it is sent.
type inspection struct {
	size      int64      // with CRLF
	key       archive.ID // its Key
	messageID string     // "" if there is none to go by
}

// inspect reads a message once.
func inspect(f *archive.File) (inspection, error) {
	var look inspection
	k := archive.NewDigester()
	lines := newCRLF(io.TeeReader(io.NewSectionReader(f, 0, f.Size), k))
	size, err := io.Copy(io.Discard, lines)
	if err != nil {
		return look, err
	}
	look.size = size
	_, look.key = k.Sums()
	head := make([]byte, min(f.Size, 64<<10))
	if _, err := f.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return look, err
	}
	h, _, _ := header.Parse(head, 0)
	look.messageID = messageID(h)
	return look, nil
}
