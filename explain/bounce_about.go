package explain

import (
	"strings"
	"sync"
	"unicode"
)

// reporter is the host that writes the notice: Reporting-MTA, the host that the
// text names, the domain of the sender.
func (n *notice) reporter(r report) string {
	if r.by != "" {
		return r.by
	}
	for i, l := range n.lines {
		if i > 60 {
			break
		}
		low := strings.ToLower(l.text)
		for _, mark := range [...]string{"mail system at host ", "postfix program at host ", "qmail-send program at ", "generating server: "} {
			if at := strings.Index(low, mark); at >= 0 && at+len(mark) <= len(l.text) {
				if host := typed(l.text[at+len(mark):]); host != "" {
					return strings.TrimRight(host, ".")
				}
			}
		}
	}
	if host := n.hostBeforeAddress(); host != "" {
		return host
	}
	_, domain, _ := strings.Cut(n.from.Addr, "@")
	return domain
}

// hostBeforeAddress is the generating server in the text of Exchange, which
// stands behind a colon on the last line before the address, in any language.
func (n *notice) hostBeforeAddress() string {
	host := ""
	for i, l := range n.lines {
		if i > 200 || l.status {
			break
		}
		switch {
		case l.text == "":
			continue
		case host != "":
			if _, start, _, ok := nextAddress(l.text, 0); ok && strings.TrimLeft(l.text[:start], " \t<\"") == "" {
				return host
			}
		}
		host = ""
		if j := strings.LastIndex(l.text, ": "); j >= 0 && hostName(l.text[j+2:]) {
			host = l.text[j+2:]
		}
	}
	return ""
}

// hostName reports whether s is the name of a host and nothing else.
func hostName(s string) bool {
	dot := strings.LastIndexByte(s, '.')
	if dot <= 0 || dot == len(s)-1 || !letter(s[dot+1]) {
		return false
	}
	for _, r := range s {
		if !domainRune(r) {
			return false
		}
	}
	return true
}

// form names the way in which the notice is written.
func (n *notice) form(r report) string {
	if r.proper {
		return "rfc3464"
	}
	words := n.low()
	for _, f := range [...]struct{ mark, name string }{
		{"created automatically by mail delivery software", "exim"}, {"qmail-send program", "qmail"}, {"i'm afraid i wasn't able to deliver", "qmail"}, {"mail system at host", "postfix"}, {"postfix program", "postfix"},
		{"permanent fatal errors", "sendmail"}, {"transcript of session follows", "sendmail"}, {"msexch", "exchange-2003"}, {"did not reach the following recipient", "exchange-2003"}, {"for administrators", "exchange"}, {"generating server", "exchange"}, {"remote server returned", "exchange"}, {"resolver.", "exchange"}, {"storedrv.", "exchange"}, {"queue.expired", "exchange"},
		{"technical details of permanent failure", "gmail"}, {"failure reasons", "notes"}, {"mail delivery service responsible", "postal"},
	} {
		if strings.Contains(words, f.mark) {
			return f.name
		}
	}
	if len(r.blocks) > 0 {
		return "rfc3464-broken"
	}
	return "text"
}

// original names the mail that came back.
func (n *notice) original() *Ref {
	ref := &Ref{}
	if ids := n.returned.MessageIDs("Message-ID"); len(ids) > 0 {
		ref.MessageID = ids[0]
	}
	ref.Subject, _ = n.returned.Text("Subject", "")
	ref.Date, _ = n.returned.Date()
	if ref.MessageID == "" {
		if ids := n.head.MessageIDs("In-Reply-To"); len(ids) > 0 {
			ref.MessageID = ids[0]
		} else if ids := n.head.MessageIDs("References"); len(ids) > 0 {
			ref.MessageID = ids[len(ids)-1]
		}
	}
	if *ref == (Ref{}) {
		return nil
	}
	return ref
}

// evidence names the header fields for which the message is a notice.
func (n *notice) evidence() []Fact {
	var facts []Fact
	for f := range n.head.All() {
		var text string
		switch strings.ToLower(f.Name) {
		case "return-path":
			if n.nullPath() {
				text = "It has no sender to answer to, as notices of servers have none."
			}
		case "from":
			if n.fromDaemon() {
				text = "A mail server wrote it."
			}
		case "x-failed-recipients":
			text = "The server names whom it could not reach."
		case "content-type":
			if n.report == "delivery-status" {
				text = "It is a delivery report."
			}
		}
		if text != "" && len(facts) < 10 {
			facts = append(facts, Fact{Text: text, Field: f.Name, Offset: f.Offset, Value: cutString(plainSpace(strings.ToValidUTF8(string(f.Raw), "\uFFFD")), 200)})
		}
	}
	return facts
}

// language tells the language of a notice by its letters and its commonest
// words: "de", "fr", ...; "" for English and where it cannot be told.
func (n *notice) language() string {
	text := cutString(n.subject+"\n"+n.text(), maxSaid)
	han, cyrillic := 0, 0
	for _, r := range text {
		switch {
		case r < 0x80:
		case unicode.In(r, unicode.Hiragana, unicode.Katakana):
			return "ja"
		case unicode.Is(unicode.Hangul, r):
			return "ko"
		case unicode.Is(unicode.Han, r):
			han++
		case unicode.Is(unicode.Cyrillic, r):
			cyrillic++
		}
	}
	switch {
	case han > 3:
		return "zh"
	case cyrillic > 8:
		return "ru"
	}
	var count [len(languageWords)]int
	for w := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) }) {
		if l, ok := wordLanguage()[w]; ok {
			count[l]++
		}
	}
	best := 0
	for l, n := range count {
		if n > count[best] {
			best = l
		}
	}
	if count[best] < 3 || best == 0 {
		return ""
	}
	return languageWords[best].name
}

// wordLanguage gives the language of a word, as a place in languageWords.
var wordLanguage = sync.OnceValue(func() map[string]int {
	m := map[string]int{}
	for i, l := range languageWords {
		for _, w := range l.words {
			m[w] = i
		}
	}
	return m
})

// languageWords are common words of notices that no other of the languages has;
// English comes first.
var languageWords = [...]struct {
	name  string
	words []string
}{
	{"en", []string{"the", "was", "your", "not", "could", "following", "this", "message", "has", "delivery"}},
	{"de", []string{"ihre", "nicht", "und", "der", "empfänger", "nachricht", "wurde", "ist", "konnte", "folgende"}},
	{"fr", []string{"votre", "vous", "pas", "les", "destinataires", "été", "pour", "le", "destinataire", "échec"}},
	{"es", []string{"el", "los", "su", "mensaje", "correo", "entregar", "entregado", "siguientes", "pudo", "las"}},
	{"it", []string{"il", "messaggio", "non", "è", "di", "posta", "recapito", "seguenti", "destinatari", "casella"}},
	{"pt", []string{"não", "mensagem", "os", "destinatário", "entrega", "foi", "seu", "destinatários", "falha", "você"}},
	{"nl", []string{"het", "niet", "bericht", "van", "uw", "geadresseerde", "een", "bezorging", "volgende", "dit"}},
	{"pl", []string{"nie", "wiadomości", "do", "się", "adresatów", "odbiorcy", "jest", "wiadomość", "dla", "adres"}},
}
