package imap

import (
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"

	"lostpost/archive/role"
)

// Gmail's mailboxes are labels: most of its messages are in several, and All
// Mail has every one but those in Trash and Spam. A server that says X-GM-EXT-1
// is therefore asked for these three alone, and for the labels of each message,
// which become traits "label:NAME". See developers.google.com/gmail/imap.

// onceEach gives the mailboxes that together have every message once, or boxes
// if the server has none that hold them all.
func onceEach(boxes []mailbox, list []listed) []mailbox {
	uses := []imap.MailboxAttr{imap.MailboxAttrAll, imap.MailboxAttrTrash, imap.MailboxAttrJunk}
	all := false
	keep := map[string]bool{}
	for _, l := range list {
		for _, use := range uses {
			if l.has(use) {
				keep[l.raw] = true
				all = all || use == imap.MailboxAttrAll
			}
		}
	}
	if !all {
		return boxes
	}
	return slices.DeleteFunc(slices.Clone(boxes), func(b mailbox) bool { return !keep[b.raw] })
}

// bodyItems and flagItems are what is asked for of each message.
func (c *client) bodyItems() string {
	return "(" + c.flagItems() + " INTERNALDATE RFC822.SIZE BODY.PEEK[])"
}

func (c *client) flagItems() string {
	if c.caps["X-GM-EXT-1"] {
		return "UID FLAGS X-GM-LABELS"
	}
	return "UID FLAGS"
}

// labelTraits gives the traits of labels. Those that Gmail has itself begin
// with a backslash; a star is a flag as well, and that is enough.
func labelTraits(labels []string) []string {
	var out []string
	for _, l := range labels {
		switch own, isOwn := strings.CutPrefix(l, `\`); {
		case !isOwn:
			out = append(out, "label:"+decodeName(l))
		case own == "Draft", own == "Drafts":
			out = append(out, "label:Drafts", "role:"+string(role.Drafts))
		case own == "Sent":
			out = append(out, "label:Sent", "role:"+string(role.Sent))
		case own != "Starred":
			out = append(out, "label:"+own)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
