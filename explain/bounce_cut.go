package explain

import (
	"strings"

	"lostpost/decode/header"
)

// cutReturned takes the returned mail out of the texts. It begins at a line
// that says so, at a MIME header of a message whose structure was lost, or
// where a run of header fields stands.
func (n *notice) cutReturned() {
	kept := make([]line, 0, len(n.lines))
	for i := 0; i < len(n.lines); {
		j := i
		for j < len(n.lines) && n.lines[j].part == n.lines[i].part {
			j++
		}
		kept = n.cutPart(kept, n.lines[i:j])
		i = j
	}
	for _, l := range kept {
		if l.text != "" {
			n.lines = kept
			return
		}
	}
}

// cutPart adds the lines of one part to kept, without the returned mail.
func (n *notice) cutPart(kept, part []line) []line {
	c := cutter{n: n, part: part, bounds: map[string]bool{}}
	for c.at < len(part) {
		if end, ok := c.returned(); ok {
			if n.cut == nil {
				n.cut = part[c.at:end]
			}
			c.giveBack(part[c.at:end])
			c.at = end
			continue
		}
		l := part[c.at]
		l.status = l.status || c.status
		kept = append(kept, l)
		c.at++
	}
	return kept
}

// A cutter goes through the lines of a part.
type cutter struct {
	n      *notice
	part   []line
	at     int
	bounds map[string]bool // delimiter lines of a MIME structure that was lost
	status bool            // inside a delivery-status part of such a structure
	run    int             // up to here lines were looked at for a run of fields
}

// returned reports whether the returned mail begins at the line, and where it
// ends.
func (c *cutter) returned() (end int, ok bool) {
	text := c.part[c.at].text
	if strings.HasPrefix(text, "--") && len(text) > 8 && c.mimeHeader(c.at+1) {
		c.bounds[text] = true
		c.status = false
	}
	if len(text) > 13 && strings.EqualFold(text[:13], "Content-Type:") {
		media := header.ParseMedia([]byte(text[13:]), "").Type
		c.status = isStatusType(media)
		if returnedType(media) && len(c.bounds) > 0 {
			return c.end(c.skipHeader()), true
		}
	}
	if c.status || c.part[c.at].status {
		return 0, false
	}
	if separator(text) && c.at > 0 && !c.onlyBlank(c.at+1) {
		return c.end(c.at), true
	}
	if c.headerRun() {
		return c.end(c.at), true
	}
	return 0, false
}

// mimeHeader reports whether a MIME header begins at line i.
func (c *cutter) mimeHeader(i int) bool {
	return i < len(c.part) && len(c.part[i].text) > 8 && strings.EqualFold(c.part[i].text[:8], "Content-")
}

// skipHeader moves to the empty line that ends a MIME header.
func (c *cutter) skipHeader() int {
	for c.at < len(c.part)-1 && c.part[c.at].text != "" {
		c.at++
	}
	return c.at
}

// end is where the returned mail that begins at line i ends: at the next
// delimiter, or with the part.
func (c *cutter) end(i int) int {
	if len(c.bounds) > 0 {
		for j := i + 1; j < len(c.part); j++ {
			if t := c.part[j].text; c.bounds[t] || c.bounds[strings.TrimSuffix(t, "--")] {
				return j
			}
		}
	}
	return len(c.part)
}

func (c *cutter) onlyBlank(i int) bool {
	for ; i < len(c.part); i++ {
		if c.part[i].text != "" {
			return false
		}
	}
	return true
}

// giveBack reads the header of the returned mail out of its lines.
func (c *cutter) giveBack(lines []line) {
	if c.n.back {
		return
	}
	i := 0
	for i < len(lines) && i < 40 && !knownField(fieldOf(lines[i].text)) {
		i++
	}
	if i == len(lines) || i == 40 {
		return
	}
	margin := lines[i].text[:len(lines[i].text)-len(strings.TrimLeft(lines[i].text, "> \t"))]
	var b strings.Builder
	for ; i < len(lines) && b.Len() < maxReturned; i++ {
		t := strings.TrimPrefix(lines[i].text, margin)
		if t == "" {
			break
		}
		b.WriteString(t)
		b.WriteByte('\n')
	}
	h, _, _ := header.Parse([]byte(b.String()), maxFields)
	c.n.giveBack(h)
}

// headerRun reports whether a header section begins at the line: three known
// fields one after the other, one of which nobody writes into a summary.
func (c *cutter) headerRun() bool {
	if c.at < c.run || !knownField(fieldOf(c.part[c.at].text)) {
		return false
	}
	fields, strong := 0, false
	i := c.at
	for ; i < len(c.part) && i < c.at+60; i++ {
		text := c.part[i].text
		name := fieldOf(text)
		switch {
		case knownField(name) || strings.HasPrefix(name, "x-"):
			fields++
			strong = strong || strongField(name)
		case text == "" || text[0] != ' ' && text[0] != '\t' && text[0] != '>' && name == "":
			c.run = i
			return fields >= 3 && strong
		}
	}
	c.run = i
	return fields >= 3 && strong
}

// fieldOf gives the name of the field that a line begins with, in lower case,
// "" if it is none. Quote marks and white space before it do not count.
func fieldOf(text string) string {
	text = strings.TrimLeft(text, "> \t")
	i := strings.IndexByte(text, ':')
	if i <= 0 || i > 40 {
		return ""
	}
	for j := 0; j < i; j++ {
		if c := text[j]; c <= ' ' || c >= 0x7f {
			return ""
		}
	}
	return strings.ToLower(text[:i])
}

func knownField(name string) bool {
	switch name {
	case "from", "to", "cc", "subject", "date", "reply-to", "sender", "errors-to", "precedence", "delivered-to", "in-reply-to", "references",
		"user-agent", "importance", "list-unsubscribe", "list-id", "thread-topic", "thread-index", "apparently-to", "resent-from", "resent-to":
		return true
	}
	return strongField(name)
}

func strongField(name string) bool {
	switch name {
	case "received", "return-path", "message-id", "mime-version", "dkim-signature", "domainkey-signature", "x-mailer", "x-originating-ip",
		"authentication-results", "arc-seal", "received-spf", "x-received":
		return true
	}
	return false
}

// Words of a line that says that the returned mail follows. The line has
// nothing else but marks around it, so that a sentence such as "The original
// message was received at ..." is none.
var separators = []string{
	"this is a copy of", "this line is a copy of", "below is a copy of", "is a copy of the message", "copy of the original message", "copy of your message", "copy of the message",
	"original message", "original message follows", "original message headers", "original message header", "original mail", "original e-mail",
	"original message headers follow", "your original message", "begin original message", "start of original message", "headers of original message",
	"unsent message", "unsent message follows", "unsent message below", "returned message", "returned message follows", "undelivered message follows",
	"undeliverable message follows", "message header follows", "message headers follow", "message headers", "message header", "message text follows", "message follows",
	"returned mail follows", "returned mail", "bounced e-mail", "bounced email", "bounced message", "bounced message follows", "failed message", "undelivered message",
	"header of the original message", "headers of the original message", "headers from the original message", "headers of the message", "header of your message",
	"start of returned message", "start of message", "beginning of message", "text of your message", "text of message", "the original message follows", "full text of the message",
	"the header of the original message", "the headers of the original message", "here is your message", "rejected message", "enclosed message",
	"ursprüngliche nachricht", "originalnachricht", "message d'origine", "mensaje original", "messaggio originale", "mensagem original", "oorspronkelijk bericht",
}

// Beginnings of sentences after which the returned mail follows.
var separatorSentences = []string{
	"--- below this line is", "------ this is a copy of", "the following is a copy of", "included is a copy of", "a copy of your message", "here is a copy of your message",
	"the header of the original message is following", "the first part of the original message", "your message follows", "the text you sent follows",
	"below is the original message", "here is the first part of", "here are the headers of", "the message that you sent", "message header:",
}

func separator(text string) bool {
	if text == "" || len(text) > 200 {
		return false
	}
	bare := strings.Trim(text, "-=*_#>|+~ \t:.")
	if len(bare) < 8 {
		return false
	}
	low := strings.ToLower(bare)
	for _, s := range separators {
		if low == s {
			return true
		}
	}
	marked := text[0] == '-' || text[0] == '=' || text[0] == '*' || text[0] == '_' || strings.Contains(text, "---")
	if marked {
		for _, s := range separators {
			if strings.Contains(low, s) {
				return true
			}
		}
	}
	low = strings.ToLower(strings.TrimSpace(text))
	for _, s := range separatorSentences {
		if strings.HasPrefix(low, s) {
			return true
		}
	}
	return false
}
