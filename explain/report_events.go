package explain

import (
	"encoding/json"
	"strings"
)

// An event is what a sending service writes about one delivery as JSON:
// Amazon SES (through SNS) and SendGrid.
type event struct {
	Type   string `json:"notificationType"`
	Event  string `json:"eventType"`
	Bounce struct {
		Recipients []struct {
			Address    string `json:"emailAddress"`
			Action     string `json:"action"`
			Status     string `json:"status"`
			Diagnostic string `json:"diagnosticCode"`
		} `json:"bouncedRecipients"`
	} `json:"bounce"`
	Delivery struct {
		Recipients []string `json:"recipients"`
		Reply      string   `json:"smtpResponse"`
	} `json:"delivery"`
	Message string `json:"Message"` // the event itself, as SNS wraps it
}

// readEvents reads a message whose text is such an event. ok is false if it is
// none.
func (n *notice) readEvents() (kind string, list []Recipient, ok bool) {
	var b strings.Builder
	for _, l := range n.lines {
		if b.Len() == 0 && (l.text == "" || l.text[0] != '{') {
			if l.text == "" {
				continue
			}
			return "", nil, false
		}
		b.WriteString(l.text)
	}
	if b.Len() == 0 {
		return "", nil, false
	}
	var e event
	if json.NewDecoder(strings.NewReader(b.String())).Decode(&e) != nil {
		return "", nil, false
	}
	if e.Message != "" && e.Type == "" && e.Event == "" {
		if json.Unmarshal([]byte(e.Message), &e) != nil {
			return "", nil, false
		}
	}
	switch strings.ToLower(e.Type + e.Event) {
	case "bounce":
		for _, r := range e.Bounce.Recipients {
			s := subject{addr: recipientAddress(r.Address)}
			s.action, s.status, s.diagnostic = strings.ToLower(r.Action), firstCode(r.Status), []string{diagnostic(r.Diagnostic)}
			list = append(list, n.recipient(&s, newRemark(""), "failed", true, "amazonses"))
		}
		return KindBounce, list, len(list) > 0
	case "complaint":
		return KindFeedback, nil, true
	case "delivery":
		for _, a := range e.Delivery.Recipients {
			s := subject{addr: recipientAddress(a)}
			s.action, s.diagnostic = "delivered", []string{e.Delivery.Reply}
			list = append(list, n.recipient(&s, newRemark(""), "delivered", true, "amazonses"))
		}
		return KindDelivered, list, true
	}
	return "", nil, false
}
