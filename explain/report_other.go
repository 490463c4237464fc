package explain

import "strings"

// isFeedback reports whether the message is a complaint of a reader, as
// mailbox providers pass it on (RFC 5965).
func (n *notice) isFeedback() bool {
	if n.report == "feedback-report" || n.parts["message/feedback-report"] {
		return true
	}
	if strings.HasPrefix(n.subject, "complaint about message from ") && n.back { // Hotmail's, which has no report part
		return true
	}
	for i, l := range n.lines {
		if i > 200 {
			break
		}
		if fieldOf(l.text) == "feedback-type" && len(l.text) > 13 && l.text[0]|0x20 == 'f' {
			return true
		}
	}
	return false
}

// isReceipt reports whether the message says that another one was shown (RFC
// 8098).
//
// QUIRK: RFC 8098 section 3.2.6 has dispositions for what a person did. Dovecot
// writes that a rule of the recipient refused the mail as an automatic action,
// "deleted". That is a refusal, and is read as a bounce. Test: TestBounces,
// "refused by a rule of the recipient".
func (n *notice) isReceipt() bool {
	if n.report != "disposition-notification" && !n.parts["message/disposition-notification"] {
		return false
	}
	for _, l := range n.lines {
		if fieldOf(l.text) == "disposition" {
			low := strings.ToLower(l.text)
			return !strings.Contains(low, "automatic-action") || !containsAny(low, []string{"deleted", "denied", "failed"}) || !strings.Contains(n.subject, "reject")
		}
	}
	return true
}

// isChallenge reports whether the sender is asked to prove himself, or to get
// onto a list: the mail waits for him, and has not failed, though some write
// it as a delivery report.
func (n *notice) isChallenge() bool {
	if n.fromDaemon() {
		return false
	}
	return containsAny(plainSpace(n.low()), challengeMarks)
}

var challengeMarks = []string{
	"guest list", "waitlisted", "allowed list", "click on the following link to have your", "click the link below to be added", "verify that you are", "challenge/response", "boxbe", "spamarrest",
}

// isAutoReply reports whether a program answered in a person's name: a
// vacation notice, a receipt in words (RFC 3834).
func (n *notice) isAutoReply() bool {
	if v := strings.ToLower(n.head.Value("Auto-Submitted")); strings.HasPrefix(v, "auto-replied") {
		return true
	}
	for _, name := range autoFields {
		if v := n.head.Value(name); v != "" && !strings.EqualFold(v, "no") {
			return true
		}
	}
	switch strings.ToLower(n.head.Value("Precedence")) {
	case "auto_reply", "auto-reply":
		return true
	case "bulk", "junk":
		if n.nullPath() && !n.fromDaemon() {
			return true
		}
	}
	if n.isChallenge() {
		return true
	}
	for _, name := range [...]string{"List-Id", "List-Post", "X-BeenThere"} { // what went through a list is no answer to one mail
		if n.head.Has(name) {
			return false
		}
	}
	return containsAny(n.subject, autoSubjects)
}

// autoFields are fields of programs that answer for a person.
var autoFields = []string{"X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply", "X-Auto-Response-From"}

var autoSubjects = []string{
	"automatic reply", "automatic response", "auto reply", "auto-reply", "autoreply", "auto response", "autoresponse", "auto-response", "autoresponder", "out of office", "out of the office", "out-of-office", "on vacation", "vacation reply", "vacation notice", "vacation message", "automatische antwort", "abwesenheit", "abwesend", "nicht im büro", "automatyczna odpowied", "réponse automatique", "absence du bureau", "respuesta automática", "fuera de la oficina", "fuera de oficina", "risposta automatica", "fuori ufficio", "resposta automática", "ausência", "automatisch antwoord", "afwezig", "автоответ", "автоматический ответ", "自動応答", "自動返信", "不在", "自动答复", "自动回复", "automatiskt svar", "autosvar", "automatické odpov", "away until", "atbilde", "automatická odpov", "otomatik yanıt", "automaattinen vastaus", "automatikus válasz", "자동 회신", "부재중", "αυτόματη απάντηση", "автовідповід", "автоматична відповідь", "răspuns automat", "frånvar", "fravær", "ikke på kontoret", "poza biurem", "mimo kancelář", "házon kívül", "رد تلقائي", "תשובה אוטומטית",
}
