package drafts

import (
	"crypto/sha1"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"lostpost/archive"
	"lostpost/decode"
	"lostpost/decode/header"
)

// A Candidate is what Group needs of a message, which it does not hold.
type Candidate struct {
	ID       archive.ID
	Meta     archive.Meta
	Verdict  Verdict // set by Group
	Subject  string
	Begins   string           // the first words of the text, one line of at most 200 octets
	To       []header.Address // To, Cc and Bcc, at most 20
	Date     time.Time        // when it was saved: Date, else what the source knew; may be zero
	Words    int
	TextSHA1 [sha1.Size]byte // of Text

	facts  *facts
	sketch sketch
	ids    []string // its Message-ID
	uuid   string   // what Apple Mail gives to all versions of a draft
	reply  string   // In-Reply-To
	topic  string   // the subject as it is compared
}

// NewCandidate takes from a message what it needs. m may be let go afterwards.
func NewCandidate(id archive.ID, meta archive.Meta, m *decode.Message) *Candidate {
	text := Text(meta, m)
	words := words(text)
	f := look(meta, m.Header)
	c := &Candidate{
		ID: id, Meta: meta, Subject: strings.Clone(cut(m.Subject, 500)), Date: m.Date,
		Begins: begins(text), Words: len(words), TextSHA1: sha1.Sum([]byte(text)),
		facts: f, topic: topic(m.Subject),
		uuid: strings.ToLower(strings.Clone(cut(m.Header.Value("X-Universally-Unique-Identifier"), 100))),
	}
	if f.mayBeLost() {
		c.sketch = sketchOf(words)
	}
	if c.Date.IsZero() {
		c.Date = meta.Received
	}
	if ids := m.Header.MessageIDs("Message-ID"); len(ids) > 0 {
		c.ids = []string{strings.Clone(cut(ids[0], 500))}
	}
	if ids := m.Header.MessageIDs("In-Reply-To"); len(ids) > 0 {
		c.reply = strings.Clone(cut(ids[0], 500))
	}
	for _, name := range []string{"To", "Cc", "Bcc"} {
		list, _ := m.Header.Addresses(name, "")
		for _, a := range list[:min(len(list), 20-len(c.To))] {
			c.To = append(c.To, header.Address{Name: strings.Clone(a.Name), Addr: strings.Clone(a.Addr)})
		}
	}
	return c
}

// begins gives the first words of a text.
func begins(text string) string {
	return cut(strings.Join(strings.Fields(cut(text, 400)), " "), 200)
}

// cut gives the beginning of s, at most n octets, at the border of a rune.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// Text is the text of a message in the form in which texts are compared and
// hashed: line ends are "\n", no space at the end of a line, no blank line at
// either end. Of a message out of an mbox the ">" before "From " is taken off.
func Text(meta archive.Meta, m *decode.Message) string {
	s := strings.ReplaceAll(m.Text, "\r\n", "\n")
	if strings.Contains(s, ">From ") && Quoted(meta) {
		s = mboxQuoted.ReplaceAllString(s, "$1")
	}
	// QUIRK: RFC 5322 section 2.1 has an empty line between header and body.
	// nmh's comp writes a line of dashes into a draft, which is replaced when
	// it is sent. It is no part of the text. Test: TestText.
	s = strings.TrimPrefix(s, "--------\n")
	var b strings.Builder
	b.Grow(len(s))
	for line := range strings.Lines(s) {
		ended := strings.HasSuffix(line, "\n")
		b.WriteString(strings.TrimRight(line, " \n"))
		if ended {
			b.WriteByte('\n')
		}
	}
	return strings.Trim(b.String(), "\n")
}

// mboxQuoted is a line that a program quoted when it wrote it into an mbox.
// mboxrd and mboxo differ in what they do to lines that have a ">" already; in
// both one ">" too many stands before such a line.
var mboxQuoted = regexp.MustCompile(`(?m)^>(>*From )`)

// fromMbox is the end of an origin in an mbox: the offset. Outlook Express has
// offsets too, and quotes nothing.
var fromMbox, fromDBX = regexp.MustCompile(`@[0-9]{1,19}$`), regexp.MustCompile(`(?i)\.dbx@[0-9]+$`)

// Quoted reports whether the message comes from an mbox, so that lines of its
// body which begin with "From " were quoted with ">".
func Quoted(meta archive.Meta) bool {
	return strings.HasPrefix(meta.Origin, "file:") && fromMbox.MatchString(meta.Origin) && !fromDBX.MatchString(meta.Origin)
}

// replies are what programs put before the subject of an answer or a forward.
var replies = regexp.MustCompile(`^(?i:(re|aw|sv|antw|vs|odp|ynt|fwd?|wg|tr|rv|i|r)(\[[0-9]{1,3}\])?\s*[:：]\s*)`)

// topic is the subject without "Re:" and the like, lower case, one space
// between words.
func topic(subject string) string {
	s := strings.TrimSpace(cut(subject, 500))
	for {
		rest := replies.ReplaceAllString(s, "")
		if rest == s {
			return strings.Join(strings.Fields(strings.ToLower(s)), " ")
		}
		s = rest
	}
}
