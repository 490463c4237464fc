package explain

import (
	"strings"

	"lostpost/decode/header"
)

// A report is what the fields of a delivery-status part say (RFC 3464).
type report struct {
	by     string // Reporting-MTA
	blocks []block
	proper bool // it stood in a delivery-status part
}

// A block is what such a part says of one recipient.
type block struct {
	final, original, actual string
	action, status          string
	remote                  string
	diagnostic              []string
	places                  []Fact
}

// statusFields are the fields that are read, by name in lower case.
//
// QUIRK: RFC 3464 has Original-Recipient. Some servers write Original-Rcpt or
// X-Actual-Recipient (Sendmail, the address behind an alias); others add
// X-Supplementary-Info (Exchange). All are read. Test: TestBounces, "fields of
// other names".
var statusFields = map[string]bool{
	"reporting-mta": true, "remote-mta": true, "final-recipient": true, "original-recipient": true, "original-rcpt": true,
	"x-actual-recipient": true, "action": true, "status": true, "diagnostic-code": true, "x-supplementary-info": true,
	"x-notes": true, "arrival-date": true, "last-attempt-date": true, "will-retry-until": true, "dsn-gateway": true, "received-from-mta": true, "final-log-id": true,
	"x-failed-recipients": true, "x-postfix-sender": true, "x-postfix-queue-id": true, "x-display-name": true, "original-envelope-id": true,
}

// readReport reads the fields wherever they stand: in a delivery-status part,
// or at the beginning of lines of a text that lost its structure.
func (n *notice) readReport() report {
	var r report
	var b block
	for i := 0; i < len(n.lines); i++ {
		l := n.lines[i]
		name := fieldOf(l.text)
		if l.text == "" {
			if b.complete() {
				r.close(&b)
			}
			continue
		}
		if name == "" || !statusFields[name] || l.html {
			continue
		}
		value := strings.TrimSpace(l.text[strings.IndexByte(l.text, ':')+1:])
		for i+1 < len(n.lines) && n.lines[i+1].part == l.part && continued(n.lines[i+1].text) && len(value) < maxSaid {
			i++
			value += " " + strings.TrimSpace(n.lines[i].text)
		}
		r.proper = r.proper || l.status
		r.field(&b, name, value, Fact{Field: l.text[:strings.IndexByte(l.text, ':')], Offset: l.offset, Value: value})
	}
	r.close(&b)
	return r
}

// continued reports whether a line goes on with a field.
func continued(text string) bool {
	return text != "" && (text[0] == ' ' || text[0] == '\t') && !statusFields[fieldOf(text)]
}

// field adds one field; one that names a recipient or an action anew begins a
// new block, since not every writer leaves a blank line between them.
func (r *report) field(b *block, name, value string, at Fact) {
	switch name {
	case "reporting-mta":
		if host := typed(value); r.by == "" && host != "" {
			r.by = host
		}
		return
	case "final-recipient":
		if b.final != "" {
			r.close(b)
		}
		b.final = recipientAddress(value)
	case "original-recipient", "original-rcpt":
		if b.original != "" && b.final != "" {
			r.close(b)
		}
		b.original = recipientAddress(value)
	case "x-actual-recipient":
		b.actual = recipientAddress(value)
	case "action":
		if b.action != "" && b.complete() {
			r.close(b)
		}
		b.action = strings.ToLower(value)
	case "status":
		if code := firstCode(value); code != "" {
			b.status = code
		}
		if _, comment, ok := strings.Cut(value, "("); ok && len(b.diagnostic) < 10 {
			b.diagnostic = append(b.diagnostic, strings.TrimSuffix(comment, ")"))
		}
	case "remote-mta":
		b.remote = typed(value)
	case "diagnostic-code", "x-supplementary-info", "x-notes":
		if len(b.diagnostic) < 10 {
			b.diagnostic = append(b.diagnostic, diagnostic(value))
		}
	default:
		return
	}
	if len(b.places) < 10 {
		b.places = append(b.places, at)
	}
}

// complete reports whether a block says whom it is about and what happened.
func (b *block) complete() bool {
	return (b.final != "" || b.original != "") && (b.action != "" || b.status != "" || len(b.diagnostic) > 0)
}

// maxBlocks is how many recipients of one notice are read.
const maxBlocks = 2000

// close ends a block.
func (r *report) close(b *block) {
	if b.complete() && len(r.blocks) < maxBlocks {
		r.blocks = append(r.blocks, *b)
	}
	*b = block{}
}

// typed takes the type off a field value ("dns; mx.example.org") and what
// stands behind the first word.
func typed(value string) string {
	if i := strings.IndexByte(value, ';'); i >= 0 && i < 20 {
		value = value[i+1:]
	}
	word, _, _ := strings.Cut(strings.TrimSpace(value), " ")
	return strings.Trim(word, "<>[](),;")
}

// diagnostic takes the type off a Diagnostic-Code, which is followed by ";".
// That of a program's exit code ("X-Unix; 75") stays: the number alone says
// nothing.
func diagnostic(value string) string {
	if len(value) > 6 && strings.EqualFold(value[:6], "x-unix") {
		return value
	}
	if i := strings.IndexByte(value, ';'); i >= 0 && i < 40 && strings.IndexByte(value[:i], ' ') < 0 {
		return strings.TrimSpace(value[i+1:])
	}
	return value
}

// recipientAddress reads the address of a recipient field.
//
// QUIRK: RFC 3464 section 2.3.2 wants "rfc822; user@example.org". The type is
// left out, or another one; the address stands in brackets, quoted, or with a
// comment; a local name or a program stands in its place. Test:
// TestRecipientAddress.
func recipientAddress(value string) string {
	if i := strings.IndexByte(value, ';'); i >= 0 && i < 20 {
		value = value[i+1:]
	}
	value = strings.ReplaceAll(strings.TrimSpace(value), `\`, "")
	if a, _, _, ok := nextAddress(value, 0); ok {
		return a
	}
	if list, _ := header.ParseAddresses([]byte(value), ""); len(list) > 0 && strings.Contains(list[0].Addr, "@") {
		return list[0].Addr
	}
	name, _, _ := strings.Cut(value, "(")
	return cutString(strings.Trim(name, "<>\"'(),; \t"), 200) // a local name, or that of a person in an item of Outlook
}

// action gives one of the actions of RFC 3464 section 2.3.3.
//
// QUIRK: other words occur: "failure", "error", "expired", "failed (bounced)".
// Test: TestBounces, "fields of other names".
func action(word string) string {
	for _, a := range [...]struct{ begins, means string }{
		{"fail", "failed"}, {"error", "failed"}, {"expire", "failed"}, {"undeliver", "failed"}, {"reject", "failed"}, {"bounce", "failed"},
		{"delay", "delayed"}, {"defer", "delayed"}, {"deliver", "delivered"}, {"relay", "relayed"}, {"expand", "expanded"},
	} {
		if strings.HasPrefix(word, a.begins) {
			return a.means
		}
	}
	return ""
}
