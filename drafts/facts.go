package drafts

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"lostpost/archive"
	"lostpost/archive/role"
	"lostpost/decode/header"
)

// facts are what a message and its source say, whoever the owner is.
type facts struct {
	evidence []Evidence
	roles    roles
	other    string // what it is, if no message that somebody writes: "a note"
	carried  bool   // a server carried it
	deleted  bool   // thrown away where it lies
	queued   bool   // waits to be sent
	sign     bool   // something that is there speaks for a draft, not only what is missing
	complete bool   // has Message-ID, Date and a recipient
	letter   bool   // has an author or a subject, as what somebody writes in a mail program has
	from     []string
	account  string // whose mail it is (accountOf)
}

// roles are those of all mailboxes and labels of the message.
type roles struct {
	drafts, sent, trash, junk, inbox, outbox, out, templates bool
}

func (f *facts) add(weight float64, reason, where string) {
	f.sign = f.sign || weight > 0 && where != ""
	f.evidence = append(f.evidence, Evidence{weight, reason, where})
}

// Possible reports whether the message can be anything but None, whoever its
// owner is. It is quick and needs the header only: most mail was received and
// need not be decoded to know that.
func Possible(meta archive.Meta, h header.Header) bool {
	f := look(meta, h)
	return f.other == "" && (!f.carried || f.verdict(nil).State != None)
}

// look gathers the facts.
func look(meta archive.Meta, h header.Header) *facts {
	f := &facts{other: otherKind(h), account: accountOf(meta.Origin)}
	if f.other != "" {
		f.add(0, "it is "+f.other, "")
		return f
	}
	f.place(meta)
	f.flags(meta)
	f.edited(h, meta)
	f.transport(h)
	f.missing(h)
	f.author(h)
	return f
}

// author looks at who wrote it.
func (f *facts) author(h header.Header) {
	f.letter = strings.TrimSpace(h.Value("From")) != "" || strings.TrimSpace(h.Value("Subject")) != ""
	list, _ := h.Addresses("From", "")
	for _, a := range list {
		if a.Addr != "" && len(f.from) < 10 {
			f.from = append(f.from, strings.Clone(strings.ToLower(a.Addr)))
		}
	}
	if len(f.from) > 0 && strings.HasPrefix(f.from[0], "mailer-daemon@") {
		f.carried = true
		f.add(-6, "written by "+f.from[0]+", which is a program", "From")
	}
}

// otherKind says what a message is that nobody writes to send it.
func otherKind(h header.Header) string {
	switch h.Media("Content-Type", "").Type {
	case "text/calendar":
		return "an appointment"
	case "text/vcard", "text/x-vcard", "text/directory":
		return "a contact"
	case "multipart/report":
		return "a notice that a program wrote, such as a bounce"
	}
	switch {
	case strings.EqualFold(h.Value("X-Uniform-Type-Identifier"), "com.apple.mail-note"):
		return "a note"
	case strings.Contains(h.Value("Subject"), "FOLDER INTERNAL DATA"):
		// c-client (alpine, UW and Panda IMAP) keeps its numbers in a first
		// message with this subject.
		return "data of the mail program about the folder"
	}
	return ""
}

// place looks at the mailbox and the labels.
func (f *facts) place(meta archive.Meta) {
	for _, t := range meta.Traits {
		if r, ok := strings.CutPrefix(t, "role:"); ok {
			f.role(role.Role(r), "its source says that this is the place for "+r, "the source")
		} else if l, ok := strings.CutPrefix(t, "label:"); ok {
			f.role(role.Of(l), "has the label "+quote(l), "label")
		}
	}
	levels := strings.Split(meta.Mailbox, "/")
	last := role.Of(levels[len(levels)-1])
	reason := "lies in the mailbox " + quote(meta.Mailbox)
	f.role(last, reason, "mailbox")
	// Of the folders above only these two say something of what lies below:
	// a folder in Trash was thrown away, "Sent/2019" is sent mail.
	for _, l := range levels[:len(levels)-1] {
		if r := role.Of(l); r == role.Trash || r == role.Sent && last == role.None {
			f.role(r, reason, "mailbox")
		}
	}
}

// role notes a role once, with its weight.
func (f *facts) role(r role.Role, reason, where string) {
	weight := 0.0
	var seen *bool
	switch r {
	case role.Drafts:
		seen, weight = &f.roles.drafts, draftsWeight
	case role.Outbox:
		seen, weight = &f.roles.outbox, 4
		f.queued = true
	case role.Out:
		// Eudora and Pegasus keep what is sent and what waits together.
		seen, weight = &f.roles.out, 1
	case role.Sent:
		seen, weight = &f.roles.sent, -5
	case role.Trash:
		seen = &f.roles.trash
	case role.Junk:
		seen = &f.roles.junk
	case role.Templates:
		seen = &f.roles.templates
	case role.Inbox:
		f.roles.inbox = true
		return
	default:
		return
	}
	if !*seen {
		*seen = true
		f.add(weight, reason, where)
	}
}

// nmhRemoved is how nmh's rmm names what it throws away.
var nmhRemoved = regexp.MustCompile(`^,[0-9]{1,9}$`)

// flags looks at what the source knew of the message's state.
func (f *facts) flags(meta archive.Meta) {
	labelled := false
	for _, t := range meta.Traits {
		switch {
		case t == "queued" && !f.roles.outbox:
			f.add(4, "marked as waiting to be sent", "X-Mozilla-Status")
			f.queued = true
		case t == "deleted":
			f.deleted = true
		case strings.HasPrefix(t, "label:"):
			labelled = true
		}
	}
	// Of mail with labels the flag is made of the label, so it says nothing
	// that the label does not.
	if strings.Contains(string(meta.Flags), "D") && !labelled {
		f.add(3, "marked as a draft", "flag")
	}
	f.deleted = f.deleted || strings.Contains(string(meta.Flags), "T") || nmhRemoved.MatchString(path.Base(meta.Origin))
	if f.deleted {
		f.add(0, "marked as deleted, and still there", "flag")
	}
}

// editing are the fields that programs write while a message is edited, with
// the text that must stand in them ("": any).
var editing = []struct{ name, value string }{
	{"X-Mozilla-Draft-Info", ""}, {"X-Unsent", "1"}, {"X-Uniform-Type-Identifier", "com.apple.mail-draft"}, {"X-Apple-Auto-Saved", ""},
	{"X-Draft-Info", ""}, {"X-Claws-End-Special-Headers", ""}, {"X-Sylpheed-End-Special-Headers", ""}, {"X-KMail-Drafts", ""}, {"X-Cursor-Pos", ""},
}

// sending are the fields that say how a message is to be sent. They are weaker,
// for more programs leave them in what was sent.
var sending = []string{"Fcc", "X-Identity-Key", "X-KMail-Transport", "X-Evolution-Transport"}

// edited looks for the fields of an editor, each kind once.
func (f *facts) edited(h header.Header, meta archive.Meta) {
	if name := editingField(h); name != "" {
		f.add(3, "has a field that a mail program writes while one edits", name)
	} else if slices.Contains(meta.Traits, "unsent") {
		f.add(3, "its store says that it was not sent", "the source")
	}
	for _, name := range sending {
		if h.Has(name) {
			f.add(1, "says how it is to be sent", name)
			break
		}
	}
}

func editingField(h header.Header) string {
	for _, e := range editing {
		if h.Has(e.name) && (e.value == "" || strings.EqualFold(strings.TrimSpace(h.Value(e.name)), e.value)) {
			return e.name
		}
	}
	for field := range h.All() {
		if len(field.Name) > 7 && strings.EqualFold(field.Name[:7], "X-Mutt-") {
			return field.Name
		}
	}
	return ""
}

// carriers are the fields that servers write into what they carry.
var carriers = []string{
	"Received", "Return-Path", "Delivered-To", "X-Received", "Authentication-Results",
	"Received-SPF", "ARC-Seal", "X-Original-To", "Envelope-To", "Delivery-Date", "X-Spam-Status",
}

// lists are the fields of mailing lists. One is enough: a list writes many.
var lists = []string{"List-Id", "List-Unsubscribe", "List-Post", "X-Mailing-List", "X-BeenThere"}

// transport looks for who carried the message, or sent it by itself.
func (f *facts) transport(h header.Header) {
	for _, name := range carriers {
		if h.Has(name) {
			f.carried = true
			f.add(-6, "a server carried it: it has the field "+name, name)
		}
	}
	if !f.carried {
		f.add(0, "no server left a line in it", "")
	}
	for _, name := range lists {
		if h.Has(name) {
			f.carried = true
			f.add(-6, "a mailing list sent it", name)
			break
		}
	}
	if v := strings.TrimSpace(h.Value("Auto-Submitted")); v != "" && !strings.EqualFold(v, "no") { // RFC 3834 section 5
		f.carried = true
		f.add(-6, "a program sent it by itself", "Auto-Submitted")
	}
}

// missing looks at what a finished message has.
func (f *facts) missing(h header.Header) {
	f.complete = true
	lack := func(missing bool, what string) {
		if missing {
			f.complete = false
			f.add(1, "has "+what, "")
		}
	}
	lack(len(h.MessageIDs("Message-ID")) == 0, "no Message-ID")
	lack(strings.TrimSpace(h.Value("Date")) == "", "no Date")
	lack(!hasRecipient(h), "no recipient")
}

func hasRecipient(h header.Header) bool {
	for _, name := range []string{"To", "Cc", "Bcc", "Newsgroups"} {
		for _, v := range h.Values(name) {
			if strings.TrimSpace(v) != "" {
				return true
			}
		}
	}
	return false
}

// quote puts a name of the user's into a sentence.
func quote(s string) string {
	if r := []rune(s); len(r) > 80 {
		s = string(r[:79]) + "…"
	}
	return `"` + s + `"`
}
