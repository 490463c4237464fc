package explain

import (
	"fmt"
	"strings"
	"unicode"
)

// who names the sender: by the name in From if it can be the name of somebody,
// else by the address. A name is what the sender wants to be read; it must not
// speak in this package's sentences.
func (q *inquiry) who() string {
	if len(q.from) == 0 {
		return "the sender"
	}
	name := strings.TrimSpace(q.from[0].Name)
	strange := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" -'’.,&", r)
	}
	if name == "" || len(strings.Fields(name)) > 5 || len(name) > 80 || strings.ContainsFunc(name, strange) || strings.Contains(name, ". ") && len(name) > 30 {
		return q.rep.Auth.From
	}
	return name
}

// cameFrom says where the mail came from as far as a server of the reader
// recorded it.
func (q *inquiry) cameFrom() string {
	t := &q.rep.Trace
	o := t.Origin
	if o.IP == "" || !o.Sure {
		return ""
	}
	if name := peerName(&t.Hops[o.Hop]); name != "" && ipAddress(name) == "" && t.Hops[o.Hop].FromName != "" {
		return " It came from " + name + " [" + o.IP + "]."
	}
	return " It came from " + o.IP + "."
}

func (j *judgement) sure() string {
	switch {
	case j.certain:
		return SureCertain
	case j.pass || j.fail:
		return SureStated
	}
	return SureLikely
}

func (q *inquiry) sayThrough(j *judgement) {
	v := &q.rep.Verdict
	v.Kind, v.Sure = ThroughAccount, j.sure()
	if freeMail()[j.domain] {
		v.Short = "This mail went through the mail account " + q.rep.Auth.From + "."
	} else {
		v.Short = "This mail went through the mail service of " + j.domain + "."
	}
	v.Short += " If " + q.who() + " did not write it, somebody else used the account or a device."
	v.Advice = append(v.Advice, "If "+q.who()+" did not write it: change the password there, end other sign-ins, look for forwarding rules and connected apps.")
	t := &q.rep.Trace
	if o := t.Origin; o.Hop > t.Edge && o.Hop >= 0 {
		h := &t.Hops[o.Hop]
		how := "took it from " + h.IP
		if h.SignedIn {
			how += " after a sign-in" + as(h.User)
		}
		v.Evidence = append(v.Evidence, q.hopFact(o.Hop, h.By+" "+how+" (its own word, not checked)."))
	} else if t.Edge == len(t.Hops)-1 && t.Edge >= 0 {
		q.webOrigin()
	}
	v.Missing = append(v.Missing, "Who typed it.")
}

// webOrigin takes the address of the computer that the reader's own service
// wrote down in a field of its own, of mail that never left it.
func (q *inquiry) webOrigin() {
	ip := ipAddress(strings.TrimSpace(q.m.Header.Value("X-Originating-IP")))
	if ip == "" || inner(ip) || !q.m.Header.Has("X-MS-Exchange-Organization-AuthAs") {
		return
	}
	t := &q.rep.Trace
	t.Origin = Origin{IP: ip, By: t.Hops[t.Edge].By, Sure: true, Hop: -1}
	q.rep.Verdict.Evidence = append(q.rep.Verdict.Evidence, q.named("X-Originating-IP", "It was handed in from "+ip+"."))
}

func (q *inquiry) sayForged(j *judgement) {
	v := &q.rep.Verdict
	v.Kind, v.Sure = ForgedFrom, j.sure()
	v.Short = "The address " + q.rep.Auth.From + " was only written on this mail: it did not come through " + j.domain + "." + q.cameFrom() + " The password of " + q.who() + " was not needed for that."
	if q.isMe(q.rep.Auth.From) {
		v.Advice = append(v.Advice, "Delete it. Changing the password does no harm, but was not needed for this mail.")
	} else {
		v.Advice = append(v.Advice, "Tell "+q.who()+" by another way. Changing the password does no harm, but was not needed for this mail.")
	}
	if q.isList() {
		q.against(q.named("List-Id", "It calls itself mail of a list, but nothing shows that "+j.domain+" sent anything to that list."))
	}
}

// isMe reports whether an address is the reader's, or that of the only
// recipient.
func (q *inquiry) isMe(addr string) bool {
	for _, me := range q.opt.Me {
		if strings.EqualFold(addr, me) {
			return true
		}
	}
	to, _ := q.m.Header.Addresses("To", "")
	return len(to) == 1 && strings.EqualFold(to[0].Addr, addr)
}

// sayBroken says that the checks failed and why that proves nothing.
func (q *inquiry) sayBroken(j *judgement) {
	v := &q.rep.Verdict
	v.Kind, v.Sure = CannotTell, SureOpen
	v.Short = "Cannot tell: the checks for " + j.domain + " failed, but the mail seems to have been passed on and changed by " + q.peerOfEdge() + ", which makes them fail."
	v.Missing = append(v.Missing, "The mail as it was before "+q.peerOfEdge()+" passed it on. Else ask "+q.who()+" by another way.")
}

// sayFiltered says that the checks are about a filter service.
func (q *inquiry) sayFiltered(service string) {
	v := &q.rep.Verdict
	v.Kind, v.Sure = CannotTell, SureOpen
	v.Short = "Cannot tell: the mail came through the filter service " + service + ", so what your server checked is that service, not the sender."
	v.Missing = append(v.Missing, "What "+service+" found. If the service is yours, name it: --trust "+service+".")
}

func (q *inquiry) sayTrick(t trick, j *judgement) {
	v := &q.rep.Verdict
	v.Kind, v.Sure = t.kind, SureLikely
	if j.pass {
		v.Sure = SureStated
	}
	if t.kind == DisplayName {
		v.Short = "This mail is from " + q.rep.Auth.From + ". The name on it makes it seem to be from " + t.seems + ", and it is not from that address."
	} else {
		v.Short = "This mail is from the domain " + j.domain + ", which looks like " + t.seems + " and is another one."
	}
	v.Evidence = append([]Fact{q.named("From", t.what)}, v.Evidence...)
	v.Advice = append(v.Advice, "Do not answer and do not pay. Ask "+q.who()+" by a way that you used before.")
}

func (q *inquiry) sayPassedOn(p passing, j *judgement) {
	v := &q.rep.Verdict
	v.Kind, v.Sure = p.kind, SureStated
	if j.certain {
		v.Sure = SureCertain
	}
	how := "passed on by " + p.by
	if p.kind == List {
		how = "passed on by the mailing list " + p.by
	}
	if p.says {
		v.Sure = SureLikely
		v.Short = "This mail was " + how + ", which says that it came through " + j.domain + "."
		v.Missing = append(v.Missing, "Whether that is so: it is as true as "+p.by+" is to be trusted.")
	} else if p.proven {
		v.Short = "This mail was " + how + ". Before that it went through the mail service of " + j.domain + "."
	} else {
		v.Short = "This mail was " + how + ". That it is from " + q.who() + " is not proven."
		v.Missing = append(v.Missing, "Whether "+q.who()+" wrote it: what passes mail on may change it and breaks the checks of the first stretch.")
	}
	v.Evidence = append(v.Evidence, p.facts...)
}

func (q *inquiry) sayCannotTell(j *judgement) {
	v, t := &q.rep.Verdict, &q.rep.Trace
	v.Kind, v.Sure = CannotTell, SureOpen
	others := q.otherFrom()
	switch {
	case len(t.Hops) == 0:
		v.Short = "Cannot tell: this file has no trace lines, it is a copy or was never sent."
		v.Missing = append(v.Missing, "Ask for the original mail saved as a file (.eml or .msg): a forwarded copy has lost the lines that matter.")
	case j.pass && len(others) > 0:
		v.Short = "Cannot tell: two senders are written on this mail, " + q.rep.Auth.From + " and " + strings.Join(others, ", ") + "."
		v.Evidence = append([]Fact{q.named("From", "From names several addresses of different organisations.")}, v.Evidence...)
	case j.split:
		v.Short = "Cannot tell: your server " + j.by + " says that the checks for " + j.domain + " failed, and that it is vouched for."
		v.Missing = append(v.Missing, "The key of the sender's signature (--keys or --online).")
	case j.st == nil:
		v.Short = "Cannot tell: your server " + q.serverName() + " did not write down what it checked." + q.cameFrom()
		v.Missing = append(v.Missing, "The key of the sender's signature (--keys or --online), or a copy of the mail from a mailbox whose server writes Authentication-Results.")
	default:
		v.Short = "Cannot tell: nothing that " + j.by + " checked speaks of " + j.domain + "." + q.cameFrom()
		q.whatPassed(j)
		v.Missing = append(v.Missing, "Ask "+q.who()+" by another way whether the service that sent it works for "+j.domain+".")
	}
}

// serverName names the server at the edge.
func (q *inquiry) serverName() string {
	t := &q.rep.Trace
	if t.Edge < 0 {
		return t.Hops[0].name()
	}
	return t.Hops[t.Edge].name()
}

// whatPassed says which other domains are vouched for.
func (q *inquiry) whatPassed(j *judgement) {
	for _, d := range j.dkim {
		if d.Value == "pass" && d.Domain != "" {
			q.against(q.fact(j.field, "It says dkim=pass for "+d.Domain+", another domain."))
		}
	}
	if j.spf.Value == "pass" && j.spf.Domain != "" {
		q.against(q.fact(j.spfField, "It says spf=pass for "+j.spf.Domain+", which is said of the envelope and not of the sender that is shown."))
	}
}

// notes adds what should be known with any verdict: the text against its
// signatures, where answers go, claims that were not used.
func (q *inquiry) notes(j *judgement) {
	v := &q.rep.Verdict
	for i := range q.rep.Auth.DKIM {
		s := &q.rep.Auth.DKIM[i]
		switch {
		case s.BodyHash == "differs" && j.foundWhole(s.Domain):
			q.against(q.signatureFact(s, "The text of this copy is not what "+s.Domain+" signed. "+j.by+" found it whole, so the copy was changed later."))
		case s.BodyHash == "differs":
			q.against(q.signatureFact(s, "The text was changed after "+s.Domain+" signed it: lists and scanners do that."))
		case s.BodyHash == "match" && !s.Verified && s.Key == "" && !s.Partial:
			v.Evidence = append(v.Evidence, q.signatureFact(s, "The text is as it was signed in the name of "+s.Domain+" (checked here; whether that domain signed it needs its key)."))
		case s.Partial:
			q.against(q.signatureFact(s, "The signature of "+s.Domain+" covers only the beginning of the text."))
		}
		if s.Key == "none" || s.Key == "revoked" {
			q.against(q.signatureFact(s, "The key of "+s.Domain+" is not there any more; it may have been when the mail was sent."))
		}
	}
	q.replyTo()
	for i := range q.statements {
		st := &q.statements[i]
		if !st.Trusted && strings.EqualFold(st.field.Name, "Authentication-Results") && (vouches(&st.Stated, q.rep.Auth.FromDomain)) && len(v.Against) < maxNotes {
			q.against(q.fact(st.field, "This line says that the mail passed; anybody could have written it, so it was not used."))
		}
	}
	if len(q.from) > 0 && invisible(q.from[0].Name) {
		q.against(q.named("From", "The name shown holds invisible characters."))
	}
	for i := range q.rep.Trace.Hops {
		if h := &q.rep.Trace.Hops[i]; h.Trust == TrustForged && len(v.Against) < maxNotes {
			q.against(q.hopFact(i, "A line of the trace is forged: it is "+h.Reason+"."))
		}
	}
}

// foundWhole reports whether a server of the reader found the signature of a
// domain good when the mail came.
func (j *judgement) foundWhole(domain string) bool {
	for _, d := range j.dkim {
		if d.Value == "pass" && aligned(d.Domain, domain) {
			return true
		}
	}
	return false
}

// maxNotes bounds the remarks beside a verdict.
const maxNotes = 20

// replyTo notes answers that go somewhere else than the mail came from.
func (q *inquiry) replyTo() {
	if q.isList() || q.rep.Auth.FromDomain == "" {
		return
	}
	list, _ := q.m.Header.Addresses("Reply-To", "")
	for _, a := range list[:min(len(list), maxReplies)] {
		d := domainOf(a.Addr)
		if !strings.ContainsRune(a.Addr, '@') || aligned(d, q.rep.Auth.FromDomain) {
			continue
		}
		what := "Answers go to another address: " + a.Addr + "."
		if freeMail()[organisation(d)] {
			what = fmt.Sprintf("Answers go to another address, where anybody can have one: %s.", a.Addr)
		}
		q.against(q.named("Reply-To", what))
	}
}

const maxReplies = 3

// invisible reports characters that are not seen or turn the text around.
func invisible(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return unicode.Is(unicode.Cf, r) && r != '\u00ad' && r != '\u200d'
	})
}
