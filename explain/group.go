package explain

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"
)

// Groups sums many bounces up by reason and by who receives: 117 notices about
// Yahoo, AOL and Sky are one thing, not 117. The zero value is empty.
type Groups struct {
	groups map[groupKey]*Group
}

type groupKey struct{ reason, operator, action string }

// A Group is what came back for one reason from one operator of mailboxes.
type Group struct {
	Reason   string // as in Recipient, "" if none was found
	Action   string // failed or delayed
	Operator string // who runs the servers: "yahoo", else the domain; "" of several
	N        int    // recipients
	Names    []Name // brands or domains, most frequent first
	Means    string
	First    time.Time // dates of the notices; zero if none has one
	Last     time.Time

	names map[string]int
}

// A Name is a brand or a domain and how many recipients it has.
type Name struct {
	Name string
	N    int
}

// Add counts the recipients of a bounce or of a delay notice; at is the date of
// the notice, zero if it has none.
func (g *Groups) Add(b *Bounce, at time.Time) {
	for i := range b.Recipients {
		r := &b.Recipients[i]
		if r.Action != "failed" && r.Action != "delayed" {
			continue
		}
		operator, name := operatorOf(r.Address)
		key := groupKey{r.Reason, operator, r.Action}
		if g.groups == nil {
			g.groups = map[groupKey]*Group{}
		}
		x := g.groups[key]
		if x == nil {
			x = &Group{Reason: r.Reason, Action: r.Action, Operator: operator, Means: r.Means, names: map[string]int{}}
			g.groups[key] = x
		}
		x.N++
		x.names[name]++
		x.seen(at)
	}
}

// List gives the groups, the largest first. Operators with one or two
// recipients of a reason are one group.
func (g *Groups) List() []Group {
	merged := map[groupKey]*Group{}
	for key, x := range g.groups {
		if x.N < 3 {
			key.operator = ""
		}
		m := merged[key]
		if m == nil {
			m = &Group{Reason: x.Reason, Action: x.Action, Operator: key.operator, Means: x.Means, names: map[string]int{}}
			merged[key] = m
		}
		m.take(x)
	}
	list := make([]Group, 0, len(merged))
	for _, m := range merged {
		for _, n := range slices.Sorted(maps.Keys(m.names)) {
			m.Names = append(m.Names, Name{n, m.names[n]})
		}
		slices.SortStableFunc(m.Names, func(a, b Name) int { return cmp.Compare(b.N, a.N) })
		list = append(list, *m)
	}
	slices.SortFunc(list, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Operator, b.Operator), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Action, b.Action))
	})
	return list
}

// take adds what another group counted.
func (g *Group) take(x *Group) {
	g.N += x.N
	for n, k := range x.names {
		g.names[n] += k
	}
	g.seen(x.First)
	g.seen(x.Last)
}

// seen widens the span of time to at, unless it is zero.
func (g *Group) seen(at time.Time) {
	if at.IsZero() {
		return
	}
	if g.First.IsZero() || at.Before(g.First) {
		g.First = at
	}
	if at.After(g.Last) {
		g.Last = at
	}
}

// maxNames is how many brands or domains a sentence names.
const maxNames = 5

// String says it in one line: "117 at Yahoo, AOL, Sky: slowed down since 3
// March 2026". Dates are in the zone that they have.
func (g Group) String() string {
	var names []string
	for i, n := range g.Names {
		if i == maxNames {
			names = append(names, fmt.Sprintf("%d more", len(g.Names)-i))
			break
		}
		names = append(names, cmp.Or(n.Name, "addresses that are not named"))
	}
	s := fmt.Sprintf("%d at %s: %s", g.N, strings.Join(names, ", "), g.words())
	switch first, last := g.First.Format("2 January 2006"), g.Last.Format("2 January 2006"); {
	case g.First.IsZero():
	case first == last:
		s += " on " + first
	default:
		s += " since " + first
	}
	return s
}

// words says in a few words what happened.
func (g Group) words() string {
	w, ok := groupWords[g.Reason]
	switch {
	case ok:
	case g.Action == "delayed":
		w = "not delivered yet"
	default:
		w = "not delivered, no reason is given"
	}
	if g.Action == "delayed" && ok && g.Reason != reasonExpired {
		w += " (tried again)"
	}
	return w
}

var groupWords = map[string]string{
	reasonUserUnknown: "no such mailbox",
	reasonHostUnknown: "no server for the domain",
	reasonFull:        "mailbox full",
	reasonTooLarge:    "message too large",
	reasonSpam:        "taken for spam",
	reasonContent:     "content refused",
	reasonBlocked:     "sender or server refused",
	reasonAuth:        "checks of the sender's domain failed",
	reasonRate:        "slowed down",
	reasonPolicy:      "not allowed",
	reasonExpired:     "not delivered in time",
	reasonNetwork:     "no connection",
	reasonSuspended:   "account closed",
	reasonMailer:      "error of a server",
}

// brands are the names of large providers' domains, by their first label or
// the whole, and who runs their servers.
var brands = map[string]struct{ operator, name string }{
	"yahoo": {"yahoo", "Yahoo"}, "ymail.com": {"yahoo", "Yahoo"}, "rocketmail.com": {"yahoo", "Yahoo"}, "aol": {"yahoo", "AOL"}, "aim.com": {"yahoo", "AOL"},
	"netscape.net": {"yahoo", "AOL"}, "verizon.net": {"yahoo", "Verizon"}, "sky.com": {"yahoo", "Sky"},
	"gmail.com": {"google", "Gmail"}, "googlemail.com": {"google", "Gmail"},
	"outlook": {"microsoft", "Outlook.com"}, "hotmail": {"microsoft", "Hotmail"}, "live": {"microsoft", "Live"}, "msn.com": {"microsoft", "MSN"},
	"icloud.com": {"apple", "iCloud"}, "me.com": {"apple", "iCloud"}, "mac.com": {"apple", "iCloud"},
	"gmx": {"gmx", "GMX"}, "web.de": {"gmx", "WEB.DE"}, "mail.com": {"gmx", "mail.com"},
	"orange.fr": {"orange", "Orange"}, "wanadoo.fr": {"orange", "Wanadoo"},
	"t-online.de": {"t-online", "T-Online"}, "yandex": {"yandex", "Yandex"}, "ya.ru": {"yandex", "Yandex"},
	"mail.ru": {"mail.ru", "Mail.ru"}, "bk.ru": {"mail.ru", "Mail.ru"}, "inbox.ru": {"mail.ru", "Mail.ru"}, "list.ru": {"mail.ru", "Mail.ru"},
}

// operatorOf tells who runs the mailbox of an address, and under what name.
func operatorOf(addr string) (operator, name string) {
	domain := strings.ToLower(addr[strings.LastIndexByte(addr, '@')+1:])
	if org, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil {
		domain = org
	}
	if b, ok := brands[domain]; ok {
		return b.operator, b.name
	}
	label, _, _ := strings.Cut(domain, ".")
	if b, ok := brands[label]; ok {
		return b.operator, b.name
	}
	return domain, domain
}
