package explain

import (
	"context"
	"slices"
	"strings"

	"lostpost/decode"
)

// Facts are the terms by which a notice is found in an index, in the form of
// index.Options.Facts: "bounce", "delay", "feedback", "auto-reply", "receipt"
// or "delivered", and of each recipient "reason:mailboxfull" and
// "status:5.1.1", codes only as the notice states them. It is nil for an
// ordinary message, of which only the header is looked at.
func Facts(m *decode.Message) []string {
	if !mayBeNotice(m) {
		return nil
	}
	kind, b, _ := readBounce(context.Background(), m, Options{}) // there is no Find that could fail
	if kind == KindNone {
		return nil
	}
	facts := []string{kind}
	if b == nil {
		return facts
	}
	for _, r := range b.Recipients {
		if len(facts) > maxFacts {
			break
		}
		if r.Reason != "" {
			facts = append(facts, "reason:"+r.Reason)
		}
		if r.StatusFrom == "stated" {
			facts = append(facts, "status:"+r.Status)
		}
	}
	slices.Sort(facts)
	return slices.Compact(facts)
}

// maxFacts bounds what is kept of a notice about very many recipients.
const maxFacts = 100

// mayBeNotice reports whether the header gives any reason to look at the text.
func mayBeNotice(m *decode.Message) bool {
	n := &notice{}
	n.headed(m.Header)
	if n.report != "" || m.Header.Len() == 0 || m.Header.Has("Auto-Submitted") || m.Header.Has("X-Failed-Recipients") ||
		n.nullPath() || n.fromDaemon() || bounceSubject(n.subject) || containsAny(n.subject, autoSubjects) || strings.HasPrefix(n.subject, "complaint about") ||
		strings.HasPrefix(n.subject, "aws notification") { // events of Amazon SES

		return true
	}
	for _, p := range m.Parts {
		if isStatusType(p.MediaType) || p.MediaType == "message/feedback-report" || p.MediaType == "message/disposition-notification" {
			return true
		}
	}
	for _, name := range autoFields {
		if m.Header.Has(name) {
			return true
		}
	}
	return strings.HasPrefix(strings.ToLower(m.Header.Value("Precedence")), "auto")
}
