package outlook

import (
	"encoding/base64"
	"strings"
	"time"

	"lostpost/decode/header"
	"lostpost/decode/mapi"
	"lostpost/fetch/compose"
)

// maxFields bounds the transport header.
const maxFields = 10_000

// header makes the header of message it: the fields of its transport header as
// they stand, and what is missing in them from the properties. Fields that
// describe the content are left out, for the content is put together anew.
func (it *item) header(people []recipient) []compose.Field {
	fields, have := it.transport()
	add := func(f compose.Field) {
		if f.Value != "" && !have.Has(f.Name) {
			fields = append(fields, f)
		}
	}
	from, sender := it.from(), it.sender()
	add(compose.Addresses("From", []compose.Address{from}))
	if sender != from && sender.Addr != "" && from.Addr != "" {
		add(compose.Addresses("Sender", []compose.Address{sender}))
	}
	add(compose.Addresses("Reply-To", shownAddresses(it.text(mapi.ReplyRecipientNames))))
	for _, kind := range []struct {
		name    string
		number  int64
		display uint16
	}{{"To", 1, mapi.DisplayTo}, {"Cc", 2, mapi.DisplayCc}, {"Bcc", 3, mapi.DisplayBcc}} {
		add(it.recipients(kind.name, kind.number, kind.display, people))
	}
	add(compose.Text("Subject", it.text(mapi.Subject)))
	if t := it.date(); !t.IsZero() {
		add(compose.Field{Name: "Date", Value: t.Format(time.RFC1123Z)})
	}
	for _, id := range []struct {
		name string
		id   uint16
	}{{"Message-ID", mapi.InternetMessageID}, {"In-Reply-To", mapi.InReplyTo}, {"References", mapi.InternetReferences}} {
		add(compose.Text(id.name, it.text(id.id)))
	}
	add(compose.Text("Thread-Topic", it.text(mapi.ConversationTopic)))
	add(compose.Field{Name: "Thread-Index", Value: base64.StdEncoding.EncodeToString(it.property(mapi.ConversationIndex).Octets())})
	add(compose.Field{Name: "Importance", Value: map[int64]string{0: "low", 2: "high"}[it.importance()]})
	add(compose.Field{Name: "Sensitivity", Value: map[int64]string{1: "Personal", 2: "Private", 3: "Company-Confidential"}[it.int(mapi.Sensitivity)]})
	if it.unsent() {
		add(compose.Field{Name: "X-Unsent", Value: "1"})
	}
	return fields
}

// importance is 1, normal, where nothing is said.
func (it *item) importance() int64 {
	if p := it.fixed.Get(mapi.Importance); len(p.Values) > 0 {
		return p.Int()
	}
	return 1
}

// date is when the message was sent, or last changed if it never was.
func (it *item) date() time.Time {
	ids := []uint16{mapi.ClientSubmitTime, mapi.MessageDeliveryTime, mapi.CreationTime, mapi.ModificationTime}
	if it.unsent() {
		ids = []uint16{mapi.ModificationTime, mapi.CreationTime}
	}
	for _, id := range ids {
		if t := it.fixed.Get(id).Time(); t.Year() > 1970 {
			return t
		}
	}
	return time.Time{}
}

// exchangePreamble is the line that Exchange 5.5 and Outlook put on top.
const exchangePreamble = "Microsoft Mail Internet Headers Version 2.0"

// transport gives the fields of the transport header that are kept.
func (it *item) transport() ([]compose.Field, header.Header) {
	s := strings.TrimLeft(it.text(mapi.TransportHeaders), "\r\n\t ")
	// QUIRK: RFC 5322 section 2.2 has fields only. Outlook keeps a line of its
	// own before the first. It is left out. Test: TestTransportHeader.
	if rest, found := strings.CutPrefix(s, exchangePreamble); found {
		s = strings.TrimLeft(rest, "\r\n\t ")
	}
	h, _, _ := header.Parse([]byte(s), maxFields)
	var fields []compose.Field
	for f := range h.All() {
		if name := strings.ToLower(f.Name); name != "mime-version" && !strings.HasPrefix(name, "content-") {
			fields = append(fields, compose.Stored(f.Name, f.Raw))
		}
	}
	return fields, h
}

// from is who the message is from, sender who wrote it in that one's name.
func (it *item) from() compose.Address {
	a := it.address(mapi.SentRepresentingName, mapi.SentRepresentingSMTP, mapi.SentRepresentingType, mapi.SentRepresentingAddr)
	if a == (compose.Address{}) {
		return it.sender()
	}
	return a
}

func (it *item) sender() compose.Address {
	return it.address(mapi.SenderName, mapi.SenderSMTP, mapi.SenderAddressType, mapi.SenderEmailAddress)
}

// address reads a person out of the four properties of one. What is not an
// Internet address is no Addr.
func (it *item) address(name, smtp, kind, addr uint16) compose.Address {
	a := compose.Address{Name: it.text(name), Addr: it.text(smtp)}
	if !strings.Contains(a.Addr, "@") {
		a.Addr = ""
		if s := it.text(addr); strings.Contains(s, "@") && !strings.EqualFold(it.text(kind), "EX") {
			a.Addr = s
		}
	}
	return a
}

// A recipient is one line of the message's table of recipients.
type recipient struct {
	*item
	kind int64 // 1 to, 2 cc, 3 bcc
	compose.Address
}

// people reads the table of recipients.
func (it *item) people() []recipient {
	var out []recipient
	for _, e := range it.parts(recipientPrefix) {
		r := it.file.item(e, headPart, it.page)
		out = append(out, recipient{
			item: r, kind: r.int(mapi.RecipientType) & 0xf,
			Address: r.address(mapi.DisplayName, mapi.SMTPAddress, mapi.AddressType, mapi.EmailAddress),
		})
	}
	return out
}

// recipients makes one field of the table, or of the text that Outlook shows
// where the table has none of that kind.
func (it *item) recipients(name string, kind int64, display uint16, people []recipient) compose.Field {
	var list []compose.Address
	for _, p := range people {
		if p.kind == kind {
			list = append(list, p.Address)
		}
	}
	if len(list) == 0 {
		list = shownAddresses(it.text(display))
	}
	return compose.Addresses(name, list)
}

// shownAddresses takes apart a list as Outlook shows it: names or addresses
// with semicolons between them.
func shownAddresses(shown string) []compose.Address {
	var list []compose.Address
	for s := range strings.SplitSeq(shown, ";") {
		if s = strings.TrimSpace(s); strings.Contains(s, "@") {
			list = append(list, compose.Address{Addr: s})
		} else {
			list = append(list, compose.Address{Name: s})
		}
	}
	return list
}
