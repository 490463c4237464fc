package outlook

import (
	"fmt"
	"strings"

	"lostpost/decode/mapi"
	"lostpost/fetch/compose"
)

// Properties of reports (MS-OXOMSG 2.2.3).
const (
	supplementaryInfo = 0x0c1b // of a recipient: what the server said
	statusCode        = 0x0c20 // of a recipient: 511 for 5.1.1
	remoteServer      = 0x0c21 // of a recipient
	reportingServer   = 0x6820
)

// reportEnds are the classes of reports by their last word, with what RFC 3464
// and RFC 8098 call it.
var reportEnds = map[string]struct{ kind, action string }{
	"NDR":      {"delivery-status", "failed"},
	"DR":       {"delivery-status", "delivered"},
	"DELAYED":  {"delivery-status", "delayed"},
	"RELAYED":  {"delivery-status", "relayed"},
	"EXPANDED": {"delivery-status", "expanded"},
	"IPNRN":    {"disposition-notification", "displayed"},
	"IPNNRN":   {"disposition-notification", "deleted"},
}

// report makes a report of a mail system of m, so that what it tells is read
// as that of any other system.
func (it *item) report(m *compose.Message, class string, people []recipient) {
	end := reportEnds[class[strings.LastIndexByte(class, '.')+1:]]
	if strings.TrimSpace(m.Text) == "" {
		m.Text = it.text(mapi.ReportText)
	}
	switch end.kind {
	case "delivery-status":
		m.Report = &compose.Report{Kind: end.kind, Fields: it.deliveryStatus(end.action, people)}
	case "disposition-notification":
		reader := it.from()
		m.Report = &compose.Report{Kind: end.kind, Fields: reportFields(
			"Final-Recipient", typed("rfc822", reader.Addr),
			"Original-Message-ID", it.text(mapi.InReplyTo),
			"Disposition", "manual-action/MDN-sent-manually; "+end.action,
		)}
	}
}

// deliveryStatus writes the groups of RFC 3464: one for the message, one for
// each recipient.
func (it *item) deliveryStatus(action string, people []recipient) string {
	server := it.text(reportingServer)
	if server == "" {
		server = "unknown"
	}
	groups := []string{reportFields("Reporting-MTA", "dns; "+server)}
	for _, p := range people {
		to := typed("rfc822", p.Addr)
		if p.Addr == "" {
			to = typed("x-name", p.Name)
		}
		status := ""
		if n := p.int(statusCode); n >= 200 && n < 600 {
			status = fmt.Sprintf("%d.%d.%d", n/100, n/10%10, n%10)
		}
		groups = append(groups, reportFields(
			"Final-Recipient", to,
			"Action", action,
			"Status", status,
			"Remote-MTA", typed("dns", p.text(remoteServer)),
			"Diagnostic-Code", typed("smtp", p.text(supplementaryInfo)),
		))
	}
	return strings.Join(groups, "\n")
}

// typed puts the type before a value of RFC 3464, "" before none.
func typed(kind, value string) string {
	if value == "" {
		return ""
	}
	return kind + "; " + value
}

// reportFields writes fields of names and values; empty ones are left out.
func reportFields(pairs ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		if v := compose.Text("", pairs[i+1]).Value; v != "" {
			fmt.Fprintf(&b, "%s: %s\n", pairs[i], v)
		}
	}
	return b.String()
}
