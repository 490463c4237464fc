package explain

import (
	"slices"
	"strings"
)

// isNotice weighs whether a server wrote the message about another one. A
// machine part together with a sign of a server's sender is enough, or two
// signs that do not depend on each other.
func (n *notice) isNotice(r *report) bool {
	daemon, null, title := n.fromDaemon(), n.nullPath(), bounceSubject(n.subject)
	machine := len(r.blocks) > 0 || n.head.Has("X-Failed-Recipients")
	if machine && (r.proper || daemon || null || title || n.report == "delivery-status") {
		return true
	}
	if n.report == "delivery-status" && (daemon || null || title) {
		return true
	}
	if n.isAutoReply() && !daemon && !title {
		return false
	}
	signs := 0
	for _, s := range [...]bool{daemon, null, title} {
		if s {
			signs++
		}
	}
	if signs == 0 {
		return false
	}
	words := n.low()
	marked := containsAny(words, noticeMarks)
	if signs >= 2 {
		return marked || daemon && (title || null) || bounceWords(words)
	}
	named := slices.ContainsFunc(n.mentions(r), func(m mention) bool { return m.rank >= markPhrase })
	switch {
	case daemon && (named || n.back) && (marked || bounceWords(words)):
		return true
	case marked && (null || n.back):
		return true
	case marked && named:
		return true
	}
	return n.replyBesideAddress(r)
}

// replyBesideAddress reports whether the reply or the code of a server stands
// near an address that the returned mail was for, which says enough in any
// language.
func (n *notice) replyBesideAddress(r *report) bool {
	to := n.addressees()
	for _, m := range n.mentions(r) {
		if m.rank < markPhrase && !to[m.key] {
			continue
		}
		seg := n.segment(m, len(n.lines))
		if _, at := findReply(seg, 0); at >= 0 {
			return true
		}
		if c := bestCode(seg); c != "" && c[0] != '2' {
			return true
		}
	}
	return false
}

// fromDaemon reports whether a server's address or name is the sender.
func (n *notice) fromDaemon() bool {
	local, _, _ := strings.Cut(strings.ToLower(n.from.Addr), "@")
	local = strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' {
			return -1
		}
		return r
	}, local)
	switch local {
	case "mailerdaemon", "postmaster", "poostmaster", "maildaemon", "maildeliverysystem", "maildeliverysubsystem", "maildelivery", "mdaemon", "mailsystem", "mailadmin", "noreplydsn", "maildeliverystatus", "dsn", "smtpd", "mmdf", "systemadministrator", "microsoftexchange329e71ec88ae4615bbc36ab6ce41109e":
		return true
	}
	if strings.Contains(local, "mailerdaemon") || strings.HasPrefix(local, "microsoftexchange") || strings.HasPrefix(local, "postmaster") {
		return true
	}
	name := strings.ToLower(n.from.Name)
	if name == "" && n.from.Addr == "" {
		name = strings.ToLower(n.head.Value("From"))
	}
	return containsAny(name, daemonNames)
}

var daemonNames = []string{
	"mail delivery", "mailer-daemon", "mailer daemon", "maildelivery", "system administrator", "mail administrator", "postmaster", "delivery subsystem", "delivery system", "mail system", "email delivery", "mail deliverer", "internet mail delivery", "mail routing", "message router",
	"systemadministrator", "administrateur syst", "administrador del sistema", "amministratore di sistema", "sistema di posta", "sistema de correo", "システム管理者", "系统管理员", "системный администратор", "microsoft outlook", "microsoft exchange", "e-mail-system", "returned mail",
}

// nullPath reports whether the envelope has no sender, as notices have none.
func (n *notice) nullPath() bool {
	if v := strings.TrimSpace(n.head.Value("Return-Path")); v == "<>" || strings.HasPrefix(strings.ToLower(v), "<mailer-daemon") || strings.EqualFold(v, "<#@[]>") {
		return true
	}
	env := strings.ToLower(n.head.Envelope())
	return strings.HasPrefix(env, "from mailer-daemon") || strings.HasPrefix(env, "from <>") || strings.HasPrefix(env, "from  ")
}

// bounceSubject reports whether a subject, in lower case, is that of a notice.
func bounceSubject(s string) bool {
	for _, re := range [...]string{"re:", "aw:", "fwd:", "fw:", "wg:", "tr:", "antw:", "sv:", "rv:", "res:"} {
		if strings.HasPrefix(s, re) {
			return false
		}
	}
	return containsAny(s, subjectMarks)
}

var subjectMarks = []string{
	"undeliver", "delivery failure", "delivery status", "delivery notification", "delivery fail", "delivery error", "delivery problem", "delivery report", "delivery delayed", "delivery incomplete", "delivery unsuccessful", "delivery has failed", "delivery impossible", "delivery final", "delivery attempt", "failed delivery", "failure delivery", "failed mail", "failure notice", "failure notification", "failed to deliver", "returned mail", "return mail", "mail returned", "returned to sender", "returned email", "returned message", "return to sender", "returning message", "could not be delivered", "could not send message", "couldn't be delivered", "could not deliver", "cannot be delivered", "can't be delivered", "not delivered", "unable to deliver", "non delivery", "non-delivery", "nondeliverable", "nondelivery", "not deliverable", "mail system error", "mail error", "mail failure", "mail could not", "message delayed", "delayed mail", "mail delay", "message status", "warning: could not send", "warning: message", "user unknown", "unknown user", "address error", "email bounce", "bounced mail", "bounce notification", "message rejected", "mail rejected", "rejected mail", "rejected:", "message you sent blocked", "blocked by our", "delivery subsystem", "mailbox full", "are not member", "not a member", "rejected mail", "message could not", "message not delivered", "problem delivering", "error sending", "error in mail", "mail delivery",
	"unzustell", "nicht zugestellt", "konnte nicht zugestellt", "zustellung", "zustellstatus", "übermittlungsstatus", "rückläufer", "unzustellbar", "verzöger",
	"non remis", "non distribu", "non délivr", "échec de", "echec de", "remise", "notification d'état de remise", "retardé", "livraison", "impossible de remettre",
	"no se puede entregar", "no entregado", "no se pudo entregar", "devuelto", "entrega", "error de entrega", "no se ha podido",
	"non recapit", "mancata consegna", "mancato recapito", "recapito", "non consegnat", "consegna",
	"não entregue", "nao entregue", "não foi possível entregar", "falha na entrega", "devolvid", "não pôde ser entregue", "falha no envio",
	"onbestel", "niet bezorgd", "vertraagd", "bezorg", "niet afgeleverd", "aflever", "retour afzender",
	"niedostarcz", "zwrot", "nie dostarcz", "niedoręcz", "błąd dostarcz", "opóźni",
	"не удалось доставить", "недостав", "не доставлен", "доставк", "возврат",
	"配信不能", "メールエラー", "エラー通知", "配信エラー", "送信エラー", "配信できません", "配達できません", "未配達", "エラーメール", "配信状況", "配信遅延", "届きませんでした", "送信でき",
	"无法传递", "無法傳遞", "退信", "系统退信", "无法投递", "投递失败", "发送失败", "未送达", "无法送达", "傳遞", "未傳遞",
	"nedoruč", "nelze doručit", "kézbesít", "levering", "leverans", "kan inte levereras", "ikke levert", "kunne ikke lever", "olevererbar", "teslim edil", "iletilemedi", "perillesaamat", "toimit", "ej levererat", "kunde inte levereras", "doručen", "nedoručiteľ", "doručit", "teslim", "iletilem", "доставити", "недоставлен", "livrat", "nelivr", "nepodarilo", "isporuč", "تعذر", "לא נמסר", "nu a putut fi", "không gửi được", "αδύνατη", "배달", "반송", "전송 실패",
}

// noticeMarks are sentences of the frames that servers put around their reports.
var noticeMarks = []string{
	"this is the mail system at host", "this is the postfix program at", "this message was created automatically by mail delivery", "hi. this is the", "i'm afraid i wasn't able to deliver", "i wasn't able to deliver", "your message did not reach", "did not reach the following recipient", "could not be delivered", "couldn't be delivered", "could not deliver", "cannot be delivered", "can not be delivered", "couldn't deliver", "was undeliverable", "is undeliverable", "undeliverable", "was not delivered", "not been delivered", "has not yet been delivered", "has been delayed", "delivery to the following", "delivery failed", "delivery has failed", "failed to deliver", "failed permanently", "unable to deliver", "unable to send", "permanent fatal errors", "permanent delivery", "following addresses had", "transcript of session", "returned to you", "returned to sender", "returned mail", "message returned", "delivery status notification", "non-delivery", "delivery notification", "delivery of your message", "delivery failure", "delivery error", "permanent error", "diagnostic information for administrators", "was rejected", "been rejected", "message was refused", "not be sent to", "failed recipient", "unknown user", "user unknown", "mail delivery service responsible", "mailbox full", "over quota", "following recipient", "following address", "following destination", "not a member of this", "are not member", "blocked by our", "reason for",
	"nicht zugestellt", "nicht erreicht", "zustellung", "fehlgeschlagen", "unzustellbar", "übermittlung", "n'a pas été", "n'a pas pu", "n'ont pas", "échec de la remise", "impossible de", "no se pudo entregar", "no se ha podido", "no ha podido", "no pudo ser", "no se puede entregar", "non è stato consegnato", "non è stato possibile", "recapito non riuscito", "impossibile", "falha na entrega", "não foi possível", "não pôde ser", "não foi entregue", "kon niet worden", "niet afgeleverd", "afleveren", "is mislukt", "bezorging", "nie powiodło", "nie udało się", "nie można dostarczyć", "nie został", "не было доставлено", "не удалось", "сбой доставки", "не может быть доставлено", "届きませんでした", "送信できません", "配信できません", "配信に失敗", "配達できません", "传递给", "无法投递", "无法送达", "未能送达", "投递失败", "退回",
}

// bounceWords reports whether a text, in lower case, holds the reply of a
// server or words that give a reason.
func bounceWords(words string) bool {
	if _, at := findReply(words, 0); at >= 0 {
		return true
	}
	if c := bestCode(words); c != "" && c[0] != '2' {
		return true
	}
	words = plainWords(words)
	return phraseReason(tellingPhrases, words) != "" || phraseReason(loosePhrases, words) != ""
}

// frameAction is what the frame says became of the mail, "failed" where it
// does not say that it waits.
func (n *notice) frameAction() string {
	if containsAny(n.subject, delaySubjects) && !containsAny(n.subject, []string{"fail", "fehlgeschlagen", "échec"}) {
		return "delayed"
	}
	if containsAny(plainSpace(n.low()), delayMarks) {
		return "delayed"
	}
	return "failed"
}

var delaySubjects = []string{
	"delayed", "(delay", "still being retried", "could not send message for past", "warning: could not send", "will retry", "verzögert", "retardé", "retard", "retrasad", "ritardat", "atrasad", "vertraagd", "opóźni", "задерж", "遅延", "延迟", "延遲", "försenad", "forsinket", "viiväst", "zpožd", "oneskor", "késlelte", "késik", "gecik", "지연", "καθυστ", "затрим", "întârzi", "întârziat", "تأخير", "עיכוב",
}

var delayMarks = []string{
	"this is a warning", "this is only a warning", "warning only", "warning message only", "you do not need to resend", "do not need to resend", "no need to resend", "need not resend", "no action is required", "no action on your part", "has been delayed", "is delayed", "been delayed", "delivery attempts will continue", "will continue to try", "will keep trying", "will be retried", "will retry", "will try again", "still trying", "has not yet been delivered", "have not yet been delivered", "not yet been delivered", "temporary failure. the server will", "had transient non-fatal errors", "transient non-fatal", "message is still in the queue", "still be delivered",
	"nur eine warnung", "hat sich verzögert", "verzögert sich", "nicht erneut senden", "weitere zustellversuche", "wird weiter versucht", "n'est qu'un avertissement", "a été retardé", "nouvelle tentative", "sólo una advertencia", "solo una advertencia", "se ha retrasado", "ha sido retrasad", "seguirá intent", "è stata ritardata", "è in ritardo", "solo un avviso", "ulteriori tentativi", "foi atrasada", "está atrasada", "apenas um aviso", "continuará tentando", "is vertraagd", "niet opnieuw te verzenden", "probeert het nog", "slechts een waarschuwing", "zostało opóźnione", "jest opóźnion", "tylko ostrzeżenie", "будут продолж", "задерж", "повторные попытки", "遅れています", "遅延しています", "再送を試み", "送信を続け", "仍在尝试", "已延迟", "会继续尝试", "har försenats", "är försenad", "försöker igen", "er forsinket", "er blevet forsinket", "prøver igen", "prøver på nytt", "on viivästynyt", "yrittää uudelleen", "je zpožděn", "bylo zpožděn", "nadále pokouš", "oneskoren", "késik", "késlelte", "gecikti", "gecikmiş", "yeniden dene", "지연되", "다시 시도", "καθυστέρησε", "затримано", "затримуєт", "a fost întârziat", "еще не доставлено",
}

// containsAny reports whether one of the marks stands in s.
func containsAny(s string, marks []string) bool {
	if s == "" {
		return false
	}
	g := gramsOf(s)
	for _, m := range marks {
		if g.may(m) && strings.Contains(s, m) {
			return true
		}
	}
	return false
}

func plainSpace(s string) string { return strings.Join(strings.Fields(s), " ") }
