package explain

import (
	"strings"
	"sync"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"lostpost/decode/header"
)

// Contacts are the people that the reader writes to, as far as look-alikes of
// them are to be found. They may be used by several goroutines at once.
type Contacts struct {
	addrs     map[string]bool     // addresses, lower case
	names     map[string][]string // addresses that a name has
	shown     map[string]string   // skeletons of the names, to the name
	domains   map[string]bool     // organisations of addresses
	skeletons map[string]string   // of the organisations, to one that looks so
	lengths   map[int][]string    // organisations by the length of their first label
}

// maxContacts bounds the addresses that are kept, and maxDomains the domains
// that a domain is compared with.
const (
	maxContacts = 100_000
	maxDomains  = 20_000
)

// NewContacts reads entries, "Name <address>" or an address each. Of more than
// 100,000 addresses the rest is left out.
func NewContacts(entries []string) *Contacts {
	b := &Contacts{addrs: map[string]bool{}, names: map[string][]string{}, shown: map[string]string{}, domains: map[string]bool{}, skeletons: map[string]string{}, lengths: map[int][]string{}}
	for _, e := range entries {
		list, _ := header.ParseAddresses([]byte(e), "")
		for _, a := range list {
			addr := strings.ToLower(a.Addr)
			if addr == "" || len(b.addrs) >= maxContacts {
				continue
			}
			b.addrs[addr] = true
			if n := nameKey(a.Name); n != "" {
				b.names[n] = append(b.names[n], addr)
				b.shown[skeleton(n)] = n
			}
			b.addDomain(organisation(domainOf(addr)))
		}
	}
	return b
}

func (b *Contacts) addDomain(org string) {
	if org == "" || b.domains[org] || len(b.domains) >= maxDomains {
		return
	}
	b.domains[org] = true
	if s := skeleton(org); b.skeletons[s] == "" {
		b.skeletons[s] = org
	}
	n := len(label(org))
	b.lengths[n] = append(b.lengths[n], org)
}

// nameKey makes names comparable: letters only, lower case, one blank between
// words. A name of one word is too common to be the mark of a person.
func nameKey(name string) string {
	if strings.ContainsRune(name, '@') {
		return ""
	}
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
	if len(words) < 2 {
		return ""
	}
	return strings.Join(words, " ")
}

// label is the part of an organisation before its public suffix.
func label(org string) string {
	l, _, _ := strings.Cut(org, ".")
	return l
}

// A trick is a name or a domain that makes a sender seem somebody else.
type trick struct {
	kind  string // DisplayName or LookAlike
	seems string // whom it seems to be
	what  string // a sentence
}

// tricks looks for tricks in From. What is ordinary for many honest senders is
// none: a name that lists and agents put together, an address of the reader's
// contacts, another public suffix of the same name.
func (q *inquiry) tricks() (trick, bool) {
	if len(q.from) == 0 || q.rep.Auth.FromDomain == "" || q.known.addrs[strings.ToLower(q.from[0].Addr)] {
		return trick{}, false
	}
	if t, ok := q.domainTrick(q.rep.Auth.FromDomain); ok {
		return t, true
	}
	return q.nameTrick(q.from[0])
}

// nameTrick looks at the display name.
func (q *inquiry) nameTrick(a header.Address) (trick, bool) {
	if q.isList() {
		return trick{}, false // lists write "ada@example.org via list"
	}
	addr := strings.ToLower(a.Addr)
	if in := addressIn(a.Name); in != "" && in != addr && !aligned(domainOf(in), q.rep.Auth.FromDomain) {
		org := organisation(domainOf(in))
		known := q.known.addrs[in] || q.known.domains[org] && !freeMail()[org]
		other := registered(org) && localPart(in) != localPart(addr) && strings.EqualFold(strings.Trim(a.Name, `"' <>`), in)
		if known || other {
			return trick{DisplayName, in, "The name shown is the address " + in + ", the sender is " + a.Addr + "."}, true
		}
	}
	key := nameKey(a.Name)
	if k := q.known.shown[skeleton(key)]; k != "" && mixed(strings.ReplaceAll(key, " ", ".")) {
		return trick{DisplayName, q.known.names[k][0], "The name is written like that of your contact " + q.known.names[k][0] + " with letters of another alphabet; the address is another one: " + a.Addr + "."}, true
	}
	if !freeMail()[q.rep.Auth.FromDomain] {
		return trick{}, false // people have addresses at work; those are theirs to prove
	}
	known := q.known.names[key]
	if len(known) == 0 || ownName(a.Name, addr) {
		return trick{}, false // a person may well have another private address
	}
	return trick{DisplayName, known[0], "The name is that of your contact " + known[0] + ", the address is another one: " + a.Addr + "."}, true
}

// registered reports whether a domain lies below a public suffix that there is.
func registered(org string) bool {
	_, listed := publicsuffix.PublicSuffix(org)
	return listed
}

func localPart(addr string) string {
	return addr[:max(strings.LastIndexByte(addr, '@'), 0)]
}

// ownName reports whether a word of the name stands in the address.
func ownName(name, addr string) bool {
	local := localPart(addr)
	for w := range strings.FieldsSeq(nameKey(name)) {
		if len(w) >= 3 && strings.Contains(local, w) {
			return true
		}
	}
	return false
}

// addressIn finds an address in a display name, "" if there is none.
func addressIn(name string) string {
	if len(name) > 1024 {
		return ""
	}
	for _, w := range strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r <= ' ' || strings.ContainsRune(`"'<>()[],;`, r) }) {
		if at := strings.LastIndexByte(w, '@'); at > 0 && organisation(asciiDomain(w[at+1:])) != "" {
			return w
		}
	}
	return ""
}

// domainTrick looks at the domain of From. A domain that the reader writes to
// is none, nor is one of a large mail service.
func (q *inquiry) domainTrick(domain string) (trick, bool) {
	org := organisation(domain)
	if org == "" || q.known.domains[org] || freeMail()[org] || q.isOwn(org) {
		return trick{}, false
	}
	shown, _ := idna.ToUnicode(org)
	look := func(like, how string) (trick, bool) {
		return trick{LookAlike, like, "The domain " + quoted(shown, org) + " " + how + " " + like + ", and is another one."}, true
	}
	if like := q.known.skeletons[skeleton(shown)]; like != "" {
		return look(like, "looks like")
	}
	if like := q.bait(domain, org); like != "" {
		return look(like, "is only headed")
	}
	if like := q.misspelt(org); like != "" {
		return look(like, "is nearly")
	}
	if like := q.decorated(org); like != "" {
		return look(like, "only begins or ends like")
	}
	if mixed(shown) {
		return trick{LookAlike, skeleton(shown), "The domain " + quoted(shown, org) + " mixes letters of several alphabets that look alike."}, true
	}
	return trick{}, false
}

func quoted(shown, org string) string {
	if shown != org {
		return shown + " (" + org + ")"
	}
	return org
}

// bait finds a known domain that stands in front of another one:
// "bank.example.evil.example".
func (q *inquiry) bait(domain, org string) string {
	front := strings.TrimSuffix(strings.TrimSuffix(domain, org), ".")
	for front != "" {
		if o := organisation(front); o != "" && o != org && q.known.domains[o] && strings.HasSuffix(front, o) {
			return o
		}
		i := strings.LastIndexByte(front, '.')
		if i < 0 {
			return ""
		}
		front = front[:i]
	}
	return ""
}

// misspelt finds a known domain of the same public suffix whose name differs
// by one letter, or by two in a long name. Short names are near each other by
// chance, and digits count machines.
func (q *inquiry) misspelt(org string) string {
	name := label(org)
	for n := len(name) - 2; n <= len(name)+2; n++ {
		for _, known := range q.known.lengths[n] {
			other := label(known)
			allowed := 0
			switch short := min(len(name), len(other)); {
			case short >= 12:
				allowed = 2
			case short >= 8, short >= 5 && freeMail()[known]:
				allowed = 1
			}
			if allowed == 0 || org[len(name):] != known[len(other):] || sameButDigits(name, other) {
				continue
			}
			if d := distance(name, other, allowed); d > 0 && d <= allowed {
				return known
			}
		}
	}
	return ""
}

// decorations are words that are put to a known name to make another domain.
var decorations = []string{"support", "service", "billing", "invoice", "invoices", "payment", "payments", "secure", "security", "login", "account", "accounts", "verify", "helpdesk", "office365"}

// decorated finds a known domain of the same public suffix whose name stands in
// org with one of these words: "bank-login.example".
func (q *inquiry) decorated(org string) string {
	name, suffix, _ := strings.Cut(org, ".")
	for _, word := range decorations {
		for _, rest := range [...]string{strings.TrimSuffix(name, "-"+word), strings.TrimPrefix(name, word+"-")} {
			if known := rest + "." + suffix; len(rest) < len(name) && len(rest) >= 4 && q.known.domains[known] && !freeMail()[known] {
				return known
			}
		}
	}
	return ""
}

// sameButDigits reports whether two names differ in digits only.
func sameButDigits(a, b string) bool {
	no := func(s string) string {
		return strings.Map(func(r rune) rune {
			if '0' <= r && r <= '9' {
				return -1
			}
			return r
		}, s)
	}
	return no(a) == no(b)
}

// distance counts the letters to insert, take out, change or swap with their
// neighbour between two short strings; more than limit is limit+1.
func distance(a, b string, limit int) int {
	if len(a) > 64 || len(b) > 64 {
		return limit + 1
	}
	var rows [3][65]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		now, last, before := &rows[i%3], &rows[(i+2)%3], &rows[(i+1)%3]
		now[0] = i
		best := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			now[j] = d
			best = min(best, d)
		}
		if best > limit {
			return limit + 1
		}
	}
	return rows[len(a)%3][len(b)]
}

// freeMail are services where anybody gets an address. Their names are near
// each other, and who writes from there is not the service.
var freeMail = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for _, d := range strings.Fields(`
		gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com rocketmail.com aol.com
		icloud.com me.com mac.com proton.me protonmail.com pm.me gmx.de gmx.net gmx.com gmx.at gmx.ch web.de t-online.de
		freenet.de mail.com email.com mail.ru inbox.ru bk.ru list.ru yandex.ru yandex.com rambler.ru orange.fr free.fr
		laposte.net sfr.fr wanadoo.fr libero.it virgilio.it tiscali.it alice.it hotmail.co.uk hotmail.fr hotmail.de
		hotmail.it hotmail.es live.co.uk outlook.de outlook.fr outlook.es yahoo.co.uk yahoo.fr yahoo.de yahoo.it yahoo.es
		yahoo.co.jp yahoo.co.in yahoo.com.br uol.com.br bol.com.br terra.com.br qq.com 163.com 126.com sina.com naver.com
		daum.net hanmail.net fastmail.com fastmail.fm zoho.com tutanota.com tuta.io posteo.de mailbox.org comcast.net
		verizon.net att.net sbcglobal.net btinternet.com seznam.cz wp.pl o2.pl onet.pl interia.pl ukr.net rediffmail.com`) {
		m[d] = true
	}
	return m
})
