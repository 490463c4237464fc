package explain

import "strings"

// Whose move it is: Recipient.Who.
const (
	WhoYou      = "you"
	WhoProvider = "your-provider" // who runs the server that sent it
	WhoTheirs   = "their-side"    // the recipient or who runs his server
	WhoNobody   = "nobody"        // it goes away by itself
)

// Line explains one SMTP reply or enhanced status code, such as "550 5.7.501
// Service unavailable. Banned Sender": what it means, whose move it is, and
// whether sending again can help. A line without a code is explained by its
// words; of words that say nothing Reason is "".
func Line(text string) Recipient {
	text = cutString(strings.TrimSpace(text), maxSaid)
	rec := Recipient{Said: plainSpace(strings.ToValidUTF8(text, "\uFFFD")), Action: "failed"}
	rec.Reply, _ = findReply(text, 0)
	if rec.Reply == "" && len(text) == 3 && isReply(text) {
		rec.Reply = text
	}
	if rec.Status = statusOf("", []string{text}); rec.Status != "" {
		rec.StatusFrom = "stated"
	}
	if strings.HasPrefix(rec.Reply, "4") || rec.Reply == "" && strings.HasPrefix(rec.Status, "4") {
		rec.Action = "delayed"
	}
	f := find(provider(strings.ToLower(text)), rec.Status, []*remark{newRemark(text)}, nil)
	rec.Reason = f.reason
	if f.means != nil {
		rec.Means, rec.Who = f.means.text, f.means.who
	}
	rec.Final = rec.Action == "failed"
	rec.advise()
	return rec
}

// A remedy is what a reason means and what can be done.
type remedy struct {
	means  string
	who    string
	retry  bool // sending once more can help
	advice []string
}

var remedies = map[string]remedy{
	reasonUserUnknown: {"there is no such mailbox", WhoYou, false, []string{"Check the spelling of the address.", "Ask the person for the address by another way."}},
	reasonHostUnknown: {"no mail server was found for the domain", WhoYou, false, []string{"Check what stands behind the @.", "If it is right, the domain's name service is broken, which only its owner can mend."}},
	reasonFull:        {"the mailbox is full", WhoTheirs, true, []string{"Wait, or tell the person by another way. Nothing has to be mended on your side."}},
	reasonTooLarge:    {"the message is too large", WhoYou, false, []string{"Send a link in place of the attachment, or several smaller messages."}},
	reasonSpam:        {"the content was taken for spam", WhoYou, true, []string{"Write it anew with fewer links and without attachments.", "Ask the recipient by another way to allow your address."}},
	reasonContent:     {"the server does not take what is in the message", WhoYou, false, []string{"Leave out the attachment, or send it as another type of file."}},
	reasonBlocked:     {"the server that sent it is not trusted, or is on a blocklist", WhoProvider, false, []string{"Tell who runs your mail server, with the words of the reply: they name the list or the address."}},
	reasonAuth:        {"the checks of the sender's domain (SPF, DKIM, DMARC) do not fit the server that sent it", WhoProvider, false, []string{"Send through the mail server of your own domain.", "Tell who keeps the domain, with the words of the reply."}},
	reasonRate:        {"too much mail came at once", WhoNobody, true, []string{"Send again later, and fewer at a time. Nothing is wrong with the address."}},
	reasonPolicy:      {"a rule of the server does not allow it", WhoTheirs, false, []string{"Check that your program signs in to send.", "Else ask the recipient, or who runs his server, to allow it."}},
	reasonExpired:     {"it was tried until the time was over", WhoTheirs, true, []string{"Send again. The last error before says why it did not go."}},
	reasonNetwork:     {"the servers could not talk to each other", WhoTheirs, true, []string{"Send again later. It is not your fault; tell the recipient if it lasts."}},
	reasonSuspended:   {"the recipient's account is closed or not in use", WhoTheirs, false, []string{"Ask the person for another address."}},
	reasonMailer:      {"a program on a mail server failed", WhoTheirs, true, []string{"Send again later; if it lasts, tell the postmaster of that server."}},
}

// advise fills in what the reason means and what can be done.
func (r *Recipient) advise() {
	m, ok := remedies[r.Reason]
	if !ok {
		return
	}
	if r.Means == "" {
		r.Means = m.means
	}
	if r.Who == "" {
		r.Who = m.who
	}
	r.Retry = m.retry && r.Action != "delivered"
	switch {
	case r.Action == "delayed":
		r.Retry = false
		if r.Reason == reasonExpired {
			r.Means = "it waits in the queue of a server"
		}
		r.Advice = []string{"Wait: the server goes on trying."}
	case r.Reason == reasonBlocked && strings.Contains(r.Means, "account that sent it"):
		r.Advice = []string{"Change the password of the account first: somebody else may have used it.", "Then ask an administrator of your own organisation to lift the block (restricted users page)."}
	default:
		r.Advice = m.advice
	}
}
