package imap

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/emersion/go-imap/v2"

	"lostpost/archive/role"
)

// numbers are what a server says of a mailbox as a whole. If all are as they
// were, no message has come or gone and no flag has changed. 0 is not told.
type numbers struct {
	validity uint32 // UIDVALIDITY
	next     uint32 // UIDNEXT
	messages uint32
	modseq   uint64 // HIGHESTMODSEQ (RFC 7162)
	flags    uint64 // the day on which flags were read, 0: never
}

// set takes in one of the numbers by the name it has in STATUS. What cannot be
// read counts as not told.
func (n *numbers) set(name, value string) {
	v, err := strconv.ParseUint(value, 10, 64)
	if err != nil || name != "HIGHESTMODSEQ" && v > math.MaxUint32 {
		v = 0
	}
	switch name {
	case "MESSAGES":
		n.messages = uint32(v)
	case "UIDNEXT":
		n.next = uint32(v)
	case "UIDVALIDITY":
		n.validity = uint32(v)
	case "HIGHESTMODSEQ":
		n.modseq = v
	}
}

// listed is one mailbox as LIST tells it.
type listed struct {
	attrs []string // with their backslash
	delim string   // between levels; "": there are no levels
	raw   string   // name as the server has it
}

// has reports whether the mailbox has an attribute.
func (l *listed) has(a imap.MailboxAttr) bool {
	return slices.ContainsFunc(l.attrs, func(s string) bool { return strings.EqualFold(s, string(a)) })
}

// listed takes a LIST response: flags, delimiter, name. What is told behind
// the name is passed over.
func (c *client) listed() error {
	var l listed
	t, err := c.s.next()
	if err != nil {
		return err
	}
	if t.kind == tokOpen {
		for {
			if t, err = c.s.next(); err != nil {
				return err
			}
			if t.kind == tokClose {
				break
			}
			if t.kind != tokWord && t.kind != tokQuoted {
				return &syntaxError{"attributes of a mailbox that are no words"}
			}
			if len(l.attrs) < maxAttrs && len(t.text) <= maxAttr {
				l.attrs = append(l.attrs, t.text)
			}
		}
		if t, err = c.s.next(); err != nil {
			return err
		}
	}
	if t.kind == tokEnd {
		return nil
	}
	if t.kind == tokQuoted {
		l.delim = t.text
	}
	if t, err = c.s.next(); err != nil {
		return err
	}
	name, ok, err := c.s.text(t)
	if err != nil {
		return err
	}
	l.raw = name
	if err := c.hold(name); err != nil {
		return err
	}
	if ok {
		c.list = append(c.list, l)
	}
	if t.kind == tokEnd {
		return nil
	}
	return c.s.skipRest()
}

// namespace takes a NAMESPACE response (RFC 2342): of the first list, which is
// about the user's own mailboxes, the first prefix.
func (c *client) namespace() error {
	for range 2 {
		t, err := c.s.next()
		switch {
		case err != nil || t.kind == tokEnd:
			return err
		case t.kind != tokOpen:
			return c.s.skipRest()
		}
	}
	t, err := c.s.next()
	if err != nil || t.kind == tokEnd {
		return err
	}
	if c.prefix, _, err = c.s.text(t); err != nil {
		return err
	}
	return c.s.skipRest()
}

// Bounds of what LIST and STATUS may make us hold: names on one connection,
// octets of all of them, attributes of one mailbox and octets of each.
const (
	maxNames     = 400_000
	maxNameBytes = 64 << 20
	maxAttrs     = 40
	maxAttr      = 80
)

// hold counts one more name that is kept.
func (c *client) hold(name string) error {
	c.names++
	c.nameBytes += len(name)
	if c.names > maxNames || c.nameBytes > maxNameBytes {
		return &syntaxError{"too many mailboxes"}
	}
	return nil
}

// statusOf takes a STATUS response: name and a list of pairs.
func (c *client) statusOf() error {
	t, err := c.s.next()
	if err != nil {
		return err
	}
	name, ok, err := c.s.text(t)
	if err != nil {
		return err
	}
	if !ok {
		return c.s.skip(t)
	}
	var n numbers
	if t, err = c.s.next(); err != nil {
		return err
	}
	for t.kind == tokOpen || t.kind == tokWord || t.kind == tokQuoted {
		key := t
		if t, err = c.s.next(); err != nil {
			return err
		}
		if key.kind != tokWord {
			continue
		}
		n.set(strings.ToUpper(key.text), t.text)
		if t.kind == tokClose || t.kind == tokEnd {
			break
		}
		if t, err = c.s.next(); err != nil {
			return err
		}
	}
	if err := c.hold(name); err != nil {
		return err
	}
	c.status[name] = n
	if t.kind == tokEnd {
		return nil
	}
	return c.s.skipRest()
}

// A mailbox is one that can be opened.
type mailbox struct {
	raw  string    // name as the server has it
	name string    // UTF-8, "/" between levels; "INBOX" is the inbox
	path string    // in origins: percent-encoded, unique
	role role.Role // of its special use
}

// roles are the special uses of RFC 6154 that say what a mailbox is for. Names
// say it as well, but that is for who reads the archive to judge (archive/role).
var roles = []struct {
	attr imap.MailboxAttr
	role role.Role
}{
	{imap.MailboxAttrDrafts, role.Drafts},
	{imap.MailboxAttrSent, role.Sent},
	{imap.MailboxAttrTrash, role.Trash},
	{imap.MailboxAttrJunk, role.Junk},
	{imap.MailboxAttrArchive, role.Archive},
}

// mailboxes makes of what LIST told the mailboxes that can be opened: INBOX
// first, the others by name, each once.
func mailboxes(list []listed) []mailbox {
	var boxes []mailbox
	seen := map[string]bool{} // raw names
	for _, l := range list {
		if l.has(imap.MailboxAttrNoSelect) || l.has(imap.MailboxAttrNonExistent) || l.raw == "" {
			continue
		}
		if strings.EqualFold(l.raw, "INBOX") {
			l.raw = "INBOX"
		}
		if seen[l.raw] {
			continue
		}
		seen[l.raw] = true
		b := mailbox{raw: l.raw, name: levels(decodeName(l.raw), l.delim)}
		for _, r := range roles {
			if l.has(r.attr) {
				b.role = r.role
				break
			}
		}
		boxes = append(boxes, b)
	}
	slices.SortFunc(boxes, func(a, b mailbox) int {
		if a.raw == "INBOX" || b.raw == "INBOX" {
			return cmp.Compare(btoi(b.raw == "INBOX"), btoi(a.raw == "INBOX"))
		}
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.raw, b.raw))
	})
	paths := map[string]bool{}
	for i := range boxes {
		b := &boxes[i]
		b.path = escapePath(decodeName(b.raw))
		if paths[b.path] {
			// Two names that mean the same text, one of them against the
			// rules. "&" stands in no other path.
			b.path = "&" + escapePath(b.raw)
		}
		paths[b.path] = true
	}
	return boxes
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// levels writes "/" in place of the server's delimiter. A "/" inside a level
// becomes "%2F".
func levels(name, delim string) string {
	if delim == "" || delim == "/" {
		return name
	}
	return strings.ReplaceAll(strings.ReplaceAll(name, "/", "%2F"), delim, "/")
}

// unlevels undoes levels.
func unlevels(name, delim string) string {
	if delim == "" || delim == "/" {
		return name
	}
	return strings.ReplaceAll(strings.ReplaceAll(name, "/", delim), "%2F", "/")
}

// escapePath writes a text as the enc-mailbox and enc-user of RFC 5092, but
// for "&", ";" and "@", which are escaped everywhere.
func escapePath(s string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		plain := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
			strings.IndexByte("-_.~!$'()*+,=:/", c) >= 0
		if plain {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}

// listMailboxes asks for all mailboxes, with the numbers of each if the server
// can tell both at once (RFC 5819).
func (c *client) listMailboxes() error {
	c.list, c.status = nil, map[string]numbers{}
	if c.caps["LIST-STATUS"] {
		items := "MESSAGES UIDNEXT UIDVALIDITY"
		if c.caps["CONDSTORE"] || c.caps["QRESYNC"] {
			items += " HIGHESTMODSEQ"
		}
		ret := fmt.Sprintf("RETURN (STATUS (%s))", items)
		if c.caps["SPECIAL-USE"] {
			ret = fmt.Sprintf("RETURN (SPECIAL-USE STATUS (%s))", items)
		}
		err := c.optional(shunListStatus, "LIST", astring(""), astring("*"), ret)
		if err == nil || !isRefusal(err) {
			return err
		}
		c.list, c.status = nil, map[string]numbers{}
	}
	_, err := c.run("LIST", astring(""), astring("*"))
	return err
}

// askStatus asks for the numbers of boxes that LIST did not tell. A mailbox
// whose STATUS is refused has none.
func (c *client) askStatus(boxes []mailbox) error {
	err := c.try(shunStatus, func() error { return c.statuses(boxes) })
	if isRefusal(err) {
		return nil
	}
	return err
}

func (c *client) statuses(boxes []mailbox) error {
	items := "(MESSAGES UIDNEXT UIDVALIDITY)"
	if c.caps["CONDSTORE"] || c.caps["QRESYNC"] {
		items = "(MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ)"
	}
	var sent []*command
	for _, b := range boxes {
		if _, ok := c.status[b.raw]; ok {
			continue
		}
		cmd, err := c.send("STATUS", astring(b.raw), items)
		if err != nil {
			return err
		}
		sent = append(sent, cmd)
		// No more than 50 at once: nobody reads the answers meanwhile.
		if len(sent) == 50 {
			if err := c.settle(sent); err != nil {
				return err
			}
			sent = sent[:0]
		}
	}
	return c.settle(sent)
}

// settle waits for the answers to cmds, whatever they are.
func (c *client) settle(cmds []*command) error {
	for _, cmd := range cmds {
		if err := c.wait(cmd); err != nil && !isRefusal(err) {
			return err
		}
	}
	return nil
}
