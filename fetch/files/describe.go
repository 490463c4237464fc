package files

import (
	"fmt"
	"slices"
	"strings"

	"lostpost/fetch"
)

// A summary is what Describe tells.
type summary struct {
	skipped  bool
	profile  bool            // prefs.js of Thunderbird was seen
	indexes  int64           // Thunderbird's index files
	mboxes   int64           // files that are an mbox
	takeout  int64           // those of them in a Google Takeout
	mailbox  map[string]bool // mailboxes of all but loose messages
	maildirs map[string]bool // mailboxes of Maildirs
	apple    map[string]bool // mailboxes of Apple Mail
	express  map[string]bool // mailboxes of Outlook Express
	mac      map[string]bool // mailboxes of Outlook for Mac
	loose    int64           // messages in files of their own, outside of Maildirs
	foreign  int64           // files of formats that are not read
	inside   []string        // containers that held mail, each as one word, in the order seen
	outside  bool            // some mail was in no container
}

// maxMailboxes bounds the names that a summary holds. Beyond it the number of
// mailboxes is a lower bound.
const maxMailboxes = 100_000

// add notes a file that gave n messages.
func (s *summary) add(c *candidate, format *fetch.Format, mailbox string, n int64) {
	if n == 0 || c.undelivered() {
		return
	}
	_, maildir := c.inMaildir()
	switch {
	case format == formatMbox:
		s.mboxes++
		s.mailbox = noteMailbox(s.mailbox, mailbox)
		if strings.Contains("/"+strings.Join(append(c.inner(), c.rel), "/"), "/Takeout/") {
			s.takeout++
		}
	case format == formatEMLX:
		s.mailbox, s.apple = noteMailbox(s.mailbox, mailbox), noteMailbox(s.apple, mailbox)
	case format == formatDBX:
		s.mailbox, s.express = noteMailbox(s.mailbox, mailbox), noteMailbox(s.express, mailbox)
	case format == formatOLM: // addOLM noted them
	case maildir:
		s.mailbox, s.maildirs = noteMailbox(s.mailbox, mailbox), noteMailbox(s.maildirs, mailbox)
	default:
		s.loose += n
	}
	if c.packed == nil {
		s.outside = true
		return
	}
	word := container(c.packed.Containers())
	if !slices.Contains(s.inside, word) && len(s.inside) < 8 {
		s.inside = append(s.inside, word)
	}
}

// addOLM notes a message in an archive of Outlook for Mac.
func (s *summary) addOLM(mailbox string) {
	s.mailbox, s.mac = noteMailbox(s.mailbox, mailbox), noteMailbox(s.mac, mailbox)
}

// addMaildir notes a message in a Maildir on disk.
func (s *summary) addMaildir(mailbox string) {
	s.outside = true
	s.mailbox, s.maildirs = noteMailbox(s.mailbox, mailbox), noteMailbox(s.maildirs, mailbox)
}

func noteMailbox(set map[string]bool, name string) map[string]bool {
	if set == nil {
		set = make(map[string]bool)
	}
	if len(set) < maxMailboxes {
		set[name] = true
	}
	return set
}

// container words the innermost container: "zip", "tar.gz".
func container(kinds []string) string {
	word := kinds[len(kinds)-1]
	for i := len(kinds) - 2; i >= 0 && word != "zip" && kinds[i] != "zip" && kinds[i] != "tar"; i-- {
		word += "." + kinds[i]
	}
	return word
}

// String puts the summary into words.
func (s *summary) String() string {
	if s.skipped {
		return "unchanged since the last import"
	}
	var parts []string
	if len(s.mailbox) > 0 {
		parts = append(parts, s.stores())
	}
	if s.loose > 0 {
		parts = append(parts, number(s.loose, "loose message", "loose messages"))
	}
	text := strings.Join(parts, " and ")
	if text == "" {
		if s.foreign == 0 {
			return "no mail"
		}
		return "mail in a format that is not read"
	}
	if len(s.inside) > 0 && !s.outside {
		text += " inside " + strings.Join(s.inside, ", ")
	} else if len(s.inside) > 0 {
		text += ", also inside " + strings.Join(s.inside, ", ")
	}
	return text
}

// stores words what is no loose message. A name is given only to what the whole
// of it is.
func (s *summary) stores() string {
	boxes := number(int64(len(s.mailbox)), "mailbox", "mailboxes")
	switch {
	case len(s.maildirs) == len(s.mailbox):
		return "Maildir, " + boxes
	case len(s.apple) == len(s.mailbox):
		return "Apple Mail, " + boxes
	case len(s.mac) == len(s.mailbox):
		return "Outlook for Mac, " + boxes
	case len(s.mac) > 0:
		return "Outlook for Mac and others, " + boxes
	case len(s.express) == len(s.mailbox):
		return "Outlook Express, " + boxes
	case len(s.express) > 0:
		return "Outlook Express and others, " + boxes
	case len(s.maildirs)+len(s.apple) > 0 && s.mboxes > 0:
		return "mbox and others, " + boxes
	case len(s.maildirs)+len(s.apple) > 0:
		return "Maildir and Apple Mail, " + boxes
	case s.takeout == s.mboxes:
		return "Gmail Takeout, mbox"
	case s.takeout == 0 && (s.profile || 2*s.indexes >= s.mboxes):
		return "Thunderbird profile, " + boxes
	case s.mboxes == 1:
		return "mbox"
	}
	return "mbox, " + number(s.mboxes, "file", "files")
}

func number(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Describe says in a few words what is at the place, once Messages has ended:
// "Gmail Takeout, mbox inside zip", "Maildir, 3 mailboxes", "12 loose messages".
func (s *Source) Describe() string { return s.sum.String() }
