package outlook

import (
	"strings"
	"time"

	"lostpost/archive"
	"lostpost/decode/mapi"
)

// Bits of MessageFlags (MS-OXCMSG 2.2.1.6).
const (
	flagRead   = 1 << 0
	flagSubmit = 1 << 2 // it was told to be sent
	flagUnsent = 1 << 3
)

// kinds are the message classes that are no mail, by their beginning, with the
// word in the trait.
var kinds = []struct{ class, word string }{
	{"IPM.NOTE.SMIME", "smime"},
	{"IPM.APPOINTMENT", "appointment"}, {"IPM.SCHEDULE", "meeting"}, {"IPM.MICROSOFT.SCHEDULEDATA", "free-busy"},
	{"IPM.CONTACT", "contact"}, {"IPM.DISTLIST", "contact-group"},
	{"IPM.TASK", "task"}, {"IPM.STICKYNOTE", "note"}, {"IPM.ACTIVITY", "journal"}, {"IPM.POST", "post"},
	{"REPORT.", "report"},
}

// isMail reports whether the item is of the kind that people write and send.
func (it *item) isMail() bool {
	c := it.class()
	return c == "IPM.NOTE" || strings.HasPrefix(c, "IPM.NOTE.")
}

// unsent reports whether the item is mail that was never sent. The flag alone
// is wrong: items that nobody sends have it too.
func (it *item) unsent() bool {
	return it.isMail() && it.int(mapi.MessageFlags)&flagUnsent != 0
}

// meta tells what the store knew of the message.
func (it *item) meta(m *archive.Meta) {
	m.Received = it.received()
	m.Flags = it.flags()
	flags := it.int(mapi.MessageFlags)
	if it.unsent() {
		m.Traits = append(m.Traits, "unsent")
		if flags&flagSubmit != 0 {
			m.Traits = append(m.Traits, "queued")
		}
	}
	for _, k := range kinds {
		if strings.HasPrefix(it.class(), k.class) {
			m.Traits = append(m.Traits, "kind:"+k.word)
			break
		}
	}
	if it.file.keywords != 0 {
		for _, c := range it.list(it.file.keywords) {
			if c = strings.TrimSpace(c); c != "" {
				m.Traits = append(m.Traits, "label:"+c)
			}
		}
	}
}

// received is when the message came, was sent or was last changed.
func (it *item) received() time.Time {
	if t := it.fixed.Get(mapi.MessageDeliveryTime).Time(); t.Year() > 1970 && !it.unsent() {
		return t
	}
	return it.date()
}

// flags are those of a Maildir, in the order of the alphabet.
func (it *item) flags() archive.Flags {
	var f archive.Flags
	if it.int(mapi.FlagStatus) == 2 {
		f += "F"
	}
	switch it.int(mapi.LastVerb) {
	case 104:
		f += "P"
	case 102, 103: // reply, reply to all
		f += "R"
	}
	if it.int(mapi.MessageFlags)&flagRead != 0 {
		f += "S"
	}
	return f
}
