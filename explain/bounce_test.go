package explain

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lostpost/decode"
)

// A want is what a mail administrator would say of a sample, written by hand.
type want struct {
	kind       string
	recipients []string // "address status from reply action reason", "-" for what is not known
}

// notices are samples of all forms. Their texts are written for this test.
var notices = []struct {
	name string
	mail string
	want want
}{
	{"rfc 3464 of Postfix", report3464("Final-Recipient: rfc822; eva@firm.example\nOriginal-Recipient: rfc822;eva@firm.example\nAction: failed\nStatus: 5.1.1\nRemote-MTA: dns; mx.firm.example\nDiagnostic-Code: smtp; 550 5.1.1 <eva@firm.example>: Recipient address rejected:\n    User unknown in virtual mailbox table\n"),
		want{KindBounce, []string{"eva@firm.example 5.1.1 stated 550 failed userunknown"}}},
	{"specific code in the diagnostic", report3464("Final-Recipient: rfc822; eva@firm.example\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 552 5.2.2 Over quota\n"),
		want{KindBounce, []string{"eva@firm.example 5.2.2 stated 552 failed mailboxfull"}}},
	{"two recipients without a blank line between", report3464("Final-Recipient: rfc822; a@firm.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no such user\nFinal-Recipient: rfc822; b@firm.example\nAction: delayed\nStatus: 4.2.2\nDiagnostic-Code: smtp; 452 mailbox full\n"),
		want{KindBounce, []string{"a@firm.example 5.1.1 stated 550 failed userunknown", "b@firm.example 4.2.2 stated 452 delayed mailboxfull"}}},
	{"failed for good with a code that passes", report3464("Final-Recipient: rfc822; eva@firm.example\nAction: failed\nStatus: 4.4.1\nDiagnostic-Code: X-Postfix; connect to mx.firm.example[192.0.2.7]:25: Connection timed out\n"),
		want{KindBounce, []string{"eva@firm.example 4.4.1 stated - failed expired"}}},
	{"success", report3464("Final-Recipient: rfc822; eva@firm.example\nAction: delivered\nStatus: 2.0.0\n"),
		want{KindDelivered, []string{"eva@firm.example 2.0.0 stated - delivered -"}}},
	{"structure lost", strings.Replace(report3464("Final-Recipient: rfc822; eva@firm.example\nAction: failed\nStatus: 5.7.1 (relaying denied)\n"), "Content-Type: multipart/report; report-type=delivery-status; boundary=b1\n", "", 1),
		want{KindBounce, []string{"eva@firm.example 5.7.1 stated - failed policy"}}},
	{"local name and an alias", report3464("Original-Recipient: rfc822; eva@firm.example\nFinal-Recipient: rfc822; eva@store-daemon\nAction: failed\nStatus: 5.2.1\nDiagnostic-Code: smtp; 550 5.2.1 account disabled\n"),
		want{KindBounce, []string{"eva@firm.example 5.2.1 stated 550 failed suspended"}}},
	{"report item of Outlook without an address", report3464("Final-Recipient: x-name; Eva Berg\nAction: failed\nStatus: 5.1.10\nDiagnostic-Code: smtp; 550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found\n"),
		want{KindBounce, []string{"eva@firm.example 5.1.10 stated 550 failed userunknown"}}},
	{"fields of other names", strings.Replace(report3464("Original-Rcpt: rfc822; <eva@firm.example>\nX-Actual-Recipient: rfc822; eva@inner.firm.example\nAction: failure (bounced)\nStatus: 5.2.2 (mailbox full)\n"), "message/delivery-status", "text/delivery-status", 1),
		want{KindBounce, []string{"eva@firm.example 5.2.2 stated - failed mailboxfull"}}},
	{"refused by a rule of the recipient", "From: Mail Delivery Subsystem <admin@firm.example>\nTo: me@sender.example\nSubject: Automatically rejected mail\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b1\n\n--b1\n\nYour message to <eva@firm.example> was automatically rejected:\nYou are not allowed to write to this address\n--b1\nContent-Type: message/disposition-notification\n\nReporting-UA: mx.firm.example; Dovecot Mail Delivery Agent\nFinal-Recipient: rfc822; eva@firm.example\nDisposition: automatic-action/MDN-sent-automatically; deleted\n--b1--\n",
		want{KindBounce, []string{"eva@firm.example 5.7.1 inferred - failed policy"}}},

	{"Exim", textNotice("Mail Delivery System <Mailer-Daemon@out.sender.example>", "Mail delivery failed: returning message to sender",
		"This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  eva@firm.example\n    SMTP error from remote mail server after RCPT TO:<eva@firm.example>:\n    host mx.firm.example [192.0.2.7]: 554 5.7.1 Service unavailable; Client host\n    [203.0.113.5] blocked using zen.spamhaus.org\n\n------ This is a copy of the message, including all the headers. ------\n\n"+returned),
		want{KindBounce, []string{"eva@firm.example 5.7.1 stated 554 failed blocked"}}},
	{"Exim, delay", textNotice("Mail Delivery System <Mailer-Daemon@out.sender.example>", "Warning: message 1abcde-0001 delayed 24 hours",
		"This message was created automatically by mail delivery software.\nA message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 hours on the queue on out.sender.example.\n\nThe address to which the message has not yet been delivered is:\n\n  eva@firm.example\n    Delay reason: SMTP error from remote mail server after end of data:\n    host mx.firm.example [192.0.2.7]: 452 4.2.2 mailbox full\n\nNo action is required on your part.\n"),
		want{KindDelay, []string{"eva@firm.example 4.2.2 stated 452 delayed mailboxfull"}}},
	{"qmail", textNotice("MAILER-DAEMON@q.sender.example", "failure notice",
		"Hi. This is the qmail-send program at q.sender.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<eva@firm.example>:\n192.0.2.7 does not like recipient.\nRemote host said: 550 sorry, no mailbox here by that name (#5.1.1)\nGiving up on 192.0.2.7.\n\n--- Below this line is a copy of the message.\n\n"+returned),
		want{KindBounce, []string{"eva@firm.example 5.1.1 stated 550 failed userunknown"}}},
	{"Postfix, two reasons", textNotice("MAILER-DAEMON@out.sender.example", "Undelivered Mail Returned to Sender",
		"This is the mail system at host out.sender.example.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\nFor further assistance, please send mail to postmaster.\n\n<eva@firm.example>: host mx.firm.example[192.0.2.7] said: 550 5.1.1\n    <eva@firm.example>: User unknown (in reply to RCPT TO command)\n\n<tom@firm.example>: host mx.firm.example[192.0.2.7] said: 552 5.3.4\n    Message size exceeds fixed limit (in reply to MAIL FROM command)\n"),
		want{KindBounce, []string{"eva@firm.example 5.1.1 stated 550 failed userunknown", "tom@firm.example 5.3.4 stated 552 failed messagetoolarge"}}},
	{"Sendmail of old", textNotice("Mail Delivery Subsystem <MAILER-DAEMON@old.sender.example>", "Returned mail: Host unknown",
		"   ----- Transcript of session follows -----\n550 eva@nowhere.example... Host unknown (Name server: nowhere.example: host not found)\n\n   ----- Unsent message follows -----\n"+returned),
		want{KindBounce, []string{"eva@nowhere.example 5.1.2 inferred 550 failed hostunknown"}}},
	{"Exchange 2003", textNotice("System Administrator <postmaster@firm.example>", "Undeliverable: Lunch",
		"Your message\n\n  To:      eva@firm.example\n  Subject: Lunch\n  Sent:    Tue, 3 Mar 2026 10:00:00 +0000\n\ndid not reach the following recipient(s):\n\neva@firm.example on Tue, 3 Mar 2026 10:00:02 +0000\n    The recipient name is not recognized\n    <mail.firm.example #5.1.1>\n"),
		want{KindBounce, []string{"eva@firm.example 5.1.1 stated - failed userunknown"}}},
	{"Exchange, banned account", textNotice("postmaster@sender.example", "Undeliverable: Offer",
		"Delivery has failed to these recipients or groups:\n\neva@firm.example\nYour message couldn't be delivered because you weren't recognized as a valid sender.\n\nDiagnostic information for administrators:\n\nGenerating server: AB1.EURP123.PROD.OUTLOOK.COM\n\neva@firm.example\nRemote Server returned '550 5.7.501 Service unavailable. Spam abuse detected from IP range.'\n\nOriginal message headers:\n\n"+returned),
		want{KindBounce, []string{"eva@firm.example 5.7.501 stated 550 failed blocked"}}},
	{"Gmail of old", textNotice("Mail Delivery Subsystem <mailer-daemon@googlemail.com>", "Delivery Status Notification (Failure)",
		"Delivery to the following recipient failed permanently:\n\n     eva@firm.example\n\nTechnical details of permanent failure:\nGoogle tried to deliver your message, but it was rejected by the recipient domain. The error that the other server returned was: 550 550 5.7.1 Message rejected as spam (state 18).\n\n----- Original message -----\n\n"+returned),
		want{KindBounce, []string{"eva@firm.example 5.7.1 stated 550 failed spamdetected"}}},
	{"Notes", textNotice("MAILER-DAEMON@notes.firm.example", "DELIVERY FAILURE: User eva not listed in public Name & Address Book",
		"Your message\n\n  Subject: Lunch\n\nwas not delivered to:\n\n  eva@firm.example\n\nbecause:\n\n  User eva (eva@firm.example) not listed in public Name & Address Book\n"),
		want{KindBounce, []string{"eva@firm.example 5.1.1 inferred - failed userunknown"}}},
	{"authentication", textNotice("mailer-daemon@googlemail.com", "Delivery Status Notification (Failure)",
		"** Message blocked **\n\nYour message to eva@gmail.example has been blocked. See technical details below for more information.\n\nThe response from the remote server was:\n550 5.7.26 This mail has been blocked because the sender is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM.\n\n"),
		want{KindBounce, []string{"eva@gmail.example 5.7.26 stated 550 failed authfailure"}}},
	{"Amazon SES", textNotice("no-reply@sns.amazonaws.com", "AWS Notification Message",
		`{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":"eva@firm.example","action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}]},"mail":{"source":"me@sender.example"}}`+"\n"),
		want{KindBounce, []string{"eva@firm.example 5.1.1 stated 550 failed userunknown"}}},

	{"German", textNotice("Mail Delivery System <mailer-daemon@post.example>", "Ihre E-Mail konnte nicht zugestellt werden",
		"Guten Tag,\n\nIhre Nachricht konnte nicht zugestellt werden an:\n\n  eva@firm.example\n\nDas Postfach ist voll.\n"),
		want{KindBounce, []string{"eva@firm.example 5.2.2 inferred - failed mailboxfull"}}},
	{"Czech, by the reply alone", textNotice("postmaster@posta.example", "Zpráva nebyla doručena",
		"Vaši zprávu nebylo možné doručit příjemci:\n\n  eva@firm.example\n\n550 5.1.1 uživatel neexistuje\n"),
		want{KindBounce, []string{"eva@firm.example 5.1.1 stated 550 failed userunknown"}}},
	{"Japanese around an address", textNotice("MAILER-DAEMON@keitai.example", "送信エラー", "宛先:eva@firm.exampleは存在しません。\n"),
		want{KindBounce, []string{"eva@firm.example 5.1.1 inferred - failed userunknown"}}},
	{"recipient known from VERP only", strings.Replace(textNotice("MAILER-DAEMON@firm.example", "failure notice", "Hi. This is the mail system. Your message could not be delivered.\n\nmailbox full\n"), "To: me@sender.example", "To: list-bounces+eva=firm.example@lists.example", 1),
		want{KindBounce, []string{"eva@firm.example 5.2.2 inferred - failed mailboxfull"}}},
	{"nobody named", textNotice("MAILER-DAEMON@firm.example", "Undelivered mail", "Your message could not be delivered.\n"), want{KindBounce, nil}},

	{"complaint", "From: fbl@provider.example\nTo: abuse@sender.example\nSubject: abuse report\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report; boundary=b1\n\n--b1\n\nThis is an abuse report.\n--b1\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n--b1\nContent-Type: message/rfc822\n\n" + returned + "--b1--\n",
		want{KindFeedback, nil}},
	{"read receipt", "From: eva@firm.example\nTo: me@sender.example\nSubject: Read: Lunch\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b1\n\n--b1\n\nYour message was read.\n--b1\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;eva@firm.example\nDisposition: manual-action/MDN-sent-manually; displayed\n--b1--\n",
		want{KindReceipt, nil}},
	{"vacation", "Return-Path: <>\nFrom: Eva <eva@firm.example>\nTo: me@sender.example\nSubject: Out of office: Lunch\nAuto-Submitted: auto-replied\n\nI am away until 5 May. In urgent cases call 0550 511.\n", want{KindAutoReply, nil}},
	{"a question about a bounce", "From: Tom <tom@sender.example>\nTo: me@sender.example\nSubject: Re: Undelivered Mail Returned to Sender\n\nDo you know what this means?\n> <eva@firm.example>: 550 5.1.1 User unknown\n", want{KindNone, nil}},
	{"ordinary", "From: Tom <tom@sender.example>\nTo: me@sender.example\nSubject: Lunch\n\nAt one, as ever? The mailbox at the corner is full, by the way.\n", want{KindNone, nil}},
	{"a newsletter about delivery", "From: Shop <news@shop.example>\nTo: me@sender.example\nSubject: Your delivery has failed to arrive? Get 500 points\n\nWe could not deliver your parcel to house 550. Call us.\n", want{KindNone, nil}},
}

const returned = "Received: from pc by out.sender.example; Tue, 3 Mar 2026 10:00:00 +0000\nFrom: Me <me@sender.example>\nTo: eva@firm.example\nSubject: Lunch\nMessage-ID: <m1@sender.example>\nDate: Tue, 3 Mar 2026 10:00:00 +0000\n\nLunch? tom@sender.example comes too.\n"

func report3464(fields string) string {
	return "Return-Path: <>\nFrom: MAILER-DAEMON@out.sender.example (Mail Delivery System)\nTo: me@sender.example\nSubject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b1\n\n--b1\nContent-Type: text/plain\n\nYour message could not be delivered.\n\n--b1\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; out.sender.example\n\n" +
		fields + "\n--b1\nContent-Type: message/rfc822\n\n" + returned + "\n--b1--\n"
}

func textNotice(from, subject, body string) string {
	return "Return-Path: <>\nFrom: " + from + "\nTo: me@sender.example\nSubject: " + subject + "\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + body
}

func decoded(t testing.TB, mail string) *decode.Message {
	t.Helper()
	m, err := decode.Decode(context.Background(), strings.NewReader(mail), int64(len(mail)), decode.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestBounces(t *testing.T) {
	for _, c := range notices {
		t.Run(c.name, func(t *testing.T) {
			kind, b, err := readBounce(context.Background(), decoded(t, c.mail), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if kind != c.want.kind {
				t.Errorf("kind: got %s, want %s", kind, c.want.kind)
			}
			var got []string
			if b != nil {
				for _, r := range b.Recipients {
					got = append(got, recipientRow(r))
				}
			}
			if !slices.Equal(got, c.want.recipients) {
				t.Errorf("got  %q\nwant %q", got, c.want.recipients)
			}
		})
	}
}

func recipientRow(r Recipient) string {
	fields := []string{r.Address, r.Status, r.StatusFrom, r.Reply, r.Action, r.Reason}
	for i, f := range fields {
		if f == "" {
			fields[i] = "-"
		}
	}
	return strings.Join(fields, " ")
}

// TestBouncesInAllLineEnds: nothing depends on how lines end.
func TestBouncesInAllLineEnds(t *testing.T) {
	for _, c := range notices {
		for _, eol := range []string{"\r\n", "\r"} {
			kind, b, err := readBounce(context.Background(), decoded(t, strings.ReplaceAll(c.mail, "\n", eol)), Options{})
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			if b != nil {
				n = len(b.Recipients)
			}
			if kind != c.want.kind || n != len(c.want.recipients) {
				t.Errorf("%s with %q: got %s and %d recipients, want %s and %d", c.name, eol, kind, n, c.want.kind, len(c.want.recipients))
			}
		}
	}
}

func TestBounceNamesTheOriginalAndItsPlace(t *testing.T) {
	mail := notices[0].mail
	find := func(_ context.Context, id string) (string, error) { return "found-" + id, nil }
	_, b, err := readBounce(context.Background(), decoded(t, mail), Options{Find: find})
	if err != nil || b.Original == nil {
		t.Fatalf("got %v and %v", b, err)
	}
	if o := b.Original; o.ID != "found-m1@sender.example" || o.Subject != "Lunch" || o.Date.IsZero() {
		t.Errorf("got %+v", o)
	}
	if b.By != "out.sender.example" || b.Form != "rfc3464" || b.Recipients[0].RemoteHost != "mx.firm.example" {
		t.Errorf("got by %q, form %q, host %q", b.By, b.Form, b.Recipients[0].RemoteHost)
	}
	for _, f := range append(b.Evidence, b.Recipients[0].Evidence...) {
		if at := mail[f.Offset:]; !strings.HasPrefix(strings.ToLower(at), strings.ToLower(f.Field)) {
			t.Errorf("%s is not at %d: %.30q", f.Field, f.Offset, at)
		}
	}
}

func TestBounceInsideANoticeOfAGateway(t *testing.T) {
	mail := "From: postmaster@gw.sender.example\nTo: me@sender.example\nSubject: Delivery Status Notification (Failure)\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=g1\n\n--g1\n\nThis mail was scanned.\n--g1\nContent-Type: message/rfc822\n\n" + notices[0].mail + "\n--g1--\n"
	kind, b, _ := readBounce(context.Background(), decoded(t, mail), Options{})
	if kind != KindBounce || len(b.Recipients) != 1 || b.Recipients[0].Address != "eva@firm.example" || b.Recipients[0].Status != "5.1.1" {
		t.Errorf("got %s %+v", kind, b)
	}
}

func TestBounceLanguage(t *testing.T) {
	for name, want := range map[string]string{"German": "de", "Exim": "", "Japanese around an address": "ja"} {
		for _, c := range notices {
			if c.name != name {
				continue
			}
			if _, b, _ := readBounce(context.Background(), decoded(t, c.mail), Options{}); b.Language != want {
				t.Errorf("%s: got %q, want %q", name, b.Language, want)
			}
		}
	}
}

func TestFacts(t *testing.T) {
	got := Facts(decoded(t, notices[1].mail))
	if want := []string{"bounce", "reason:mailboxfull", "status:5.2.2"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Facts(decoded(t, "From: a@b.example\nSubject: Lunch\n\n550 5.1.1 user unknown\n")); got != nil {
		t.Errorf("an ordinary mail: got %q", got)
	}
}

// bounceShapes are hostile notices, each made with n pieces.
var bounceShapes = []struct {
	name string
	n    int
	make func(n int) string
}{
	{"recipients in fields", 2000, func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "Final-Recipient: rfc822; u%d@firm.example\nAction: failed\nStatus: 5.0.0\n\n", i)
		}
		return report3464(b.String())
	}},
	{"recipients in lines", 2000, func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "<u%d@firm.example>: 550 no\n", i)
		}
		return textNotice("MAILER-DAEMON@q.example", "failure notice", b.String())
	}},
	{"addresses on one line", 8000, func(n int) string {
		return textNotice("MAILER-DAEMON@q.example", "failure notice", strings.Repeat("a@b.example ", n)+"\n550 no\n")
	}},
	{"quotes", 50_000, func(n int) string {
		return textNotice("MAILER-DAEMON@q.example", "failure notice", strings.Repeat("\"@", n)+"\n550 no\n")
	}},
	{"separators", 8000, func(n int) string {
		return textNotice("MAILER-DAEMON@q.example", "failure notice", strings.Repeat("----- Original message -----\n", n))
	}},
	{"delimiters", 4000, func(n int) string {
		return textNotice("MAILER-DAEMON@q.example", "failure notice", strings.Repeat("--boundary\nContent-Type: message/rfc822\n\n", n))
	}},
	{"fields", 8000, func(n int) string {
		return textNotice("MAILER-DAEMON@q.example", "failure notice", strings.Repeat("To: x\nFrom: x\n x\nx\n", n))
	}},
}

// TestBounceTimeIsLinear tells linear from quadratic as TestTimeIsLinear does.
func TestBounceTimeIsLinear(t *testing.T) {
	for _, s := range bounceShapes {
		t.Run(s.name, func(t *testing.T) {
			var small, large time.Duration
			for range 5 {
				small, large = bounceTime(t, s.make(s.n/4)), bounceTime(t, s.make(s.n))
				if large <= 8*small+10*time.Millisecond {
					t.Logf("%d: %v, %d: %v", s.n/4, small, s.n, large)
					return
				}
			}
			t.Errorf("%d pieces take %v, %d take %v", s.n/4, small, s.n, large)
		})
	}
}

// bounceTime is the processor time that reading a notice takes when little else
// runs.
func bounceTime(t *testing.T, mail string) time.Duration {
	m := decoded(t, mail)
	least := time.Hour
	for range 3 {
		start := processorTime()
		_, _, _ = readBounce(context.Background(), m, Options{}) // there is nothing that could fail
		least = min(least, processorTime()-start)
	}
	return least
}

func TestRecipientAddress(t *testing.T) {
	for value, want := range map[string]string{
		"rfc822; eva@firm.example": "eva@firm.example", "RFC822;<eva@firm.example>": "eva@firm.example", "eva@firm.example (Eva Berg)": "eva@firm.example",
		`rfc822; \\<eva@firm.example\\>`: "eva@firm.example", "rfc822; \"eva berg\"@firm.example": `"eva berg"@firm.example`, "utf-8; müller@firm.example": "müller@firm.example",
		"smtp;smtp:eva@firm.example": "eva@firm.example", "rfc822; eva": "eva", "x-name; Eva Berg": "Eva Berg", "rfc822; |/usr/bin/vacation eva (expanded)": "|/usr/bin/vacation eva", "rfc822;": "", "": "",
	} {
		if got := recipientAddress(value); got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
}

func FuzzBounce(f *testing.F) {
	for _, c := range notices {
		f.Add([]byte(c.mail))
	}
	f.Fuzz(func(t *testing.T, mail []byte) {
		m, err := decode.Decode(context.Background(), bytes.NewReader(mail), int64(len(mail)), decode.Options{})
		if err != nil {
			t.Skip()
		}
		_, b, err := readBounce(context.Background(), m, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if b == nil {
			return
		}
		for _, r := range b.Recipients {
			if r.StatusFrom == "stated" && !isCode(r.Status) {
				t.Errorf("%q is no code", r.Status)
			}
			if r.Reason != "" && remedies[r.Reason].means == "" {
				t.Errorf("%q is no reason", r.Reason)
			}
		}
	})
}

func BenchmarkBounce(b *testing.B) {
	var list []*decode.Message
	for _, c := range notices {
		list = append(list, decoded(b, c.mail))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_, _, _ = readBounce(context.Background(), list[i%len(list)], Options{})
	}
}
