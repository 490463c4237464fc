package explain

import (
	"cmp"
	"strings"

	"lostpost/decode/header"
)

// A judgement gathers what speaks for and against the domain of From.
type judgement struct {
	stand
	domain   string // of From
	pass     bool   // the domain of From is vouched for
	certain  bool   // by a signature that was verified here
	dkimPass bool   // by a signature, so that the text is the sender's
	fail     bool   // a server of the reader says that it is not
	split    bool   // a server of the reader says both
	evidence []Fact
	by       string // who says so
}

// judge gives the verdict of EXPLAIN.md section 3.1 and the origin.
func (q *inquiry) judge() {
	j := q.weigh()
	q.rep.Auth.Aligned = j.pass
	vouched := ""
	if j.pass {
		vouched = j.domain
	}
	q.origin(vouched)
	v := &q.rep.Verdict
	v.Evidence = j.evidence
	t, tricked := q.tricks()
	fwd, passedOn := q.forwarded(&j)
	switch {
	case len(q.from) == 0 || j.domain == "":
		v.Kind, v.Sure = CannotTell, SureOpen
		v.Short = "Cannot tell: this mail names no sender."
	case tricked && !(j.fail && !j.pass):
		q.sayTrick(t, &j)
	case j.fail && !j.pass && !passedOn && filterService(asciiDomain(q.peerOfEdge())) != "":
		q.sayFiltered(filterService(asciiDomain(q.peerOfEdge())))
	case j.fail && !j.pass && !passedOn && q.brokenOnTheWay(&j):
		q.sayBroken(&j)
	case j.fail && !j.pass && !passedOn:
		q.sayForged(&j)
	case passedOn:
		q.sayPassedOn(fwd, &j)
	case j.pass && len(q.otherFrom()) == 0:
		q.sayThrough(&j)
	default:
		q.sayCannotTell(&j)
	}
	q.notes(&j)
}

// weigh asks every ground in turn: what the reader's own servers say, what was
// verified here, who signed in.
func (q *inquiry) weigh() judgement {
	j := judgement{domain: q.rep.Auth.FromDomain}
	j.stand = q.ownStand()
	if j.st != nil {
		j.by = j.st.By
		a := &q.rep.Auth
		a.SPF, a.DMARC, a.ARC, a.StatedBy = j.spf, j.dmarc, j.arc, j.by
		q.weighStated(&j)
	}
	for i := range q.rep.Auth.DKIM {
		s := &q.rep.Auth.DKIM[i]
		if s.Verified && !s.Partial && aligned(s.Domain, j.domain) {
			j.pass, j.certain, j.dkimPass = true, true, true
			j.evidence = append(j.evidence, q.signatureFact(s, "The signature of "+s.Domain+" was verified here: header and text are as it signed them."))
		}
	}
	q.weighInside(&j)
	return j
}

// weighStated weighs what the reader's own servers say.
func (q *inquiry) weighStated(j *judgement) {
	if j.domain == "" {
		return // there is no sender that it could speak of
	}
	say := func(sentence string, f header.Field) {
		j.evidence = append(j.evidence, q.fact(f, j.by+", your own server, says "+sentence))
	}
	switch j.dmarc.Value {
	case "pass", "bestguesspass":
		j.pass = true
		say("dmarc="+j.dmarc.Value+" for "+j.domain+".", j.field)
	case "fail":
		j.fail = true
		say("dmarc=fail for "+j.domain+".", j.field)
	}
	for _, d := range j.dkim {
		if d.Value == "pass" && aligned(d.Domain, j.domain) {
			j.pass, j.dkimPass = true, true
			say("dkim=pass for "+d.Domain+".", j.field)
		}
	}
	envelope := j.spf.Domain
	if envelope == "" || j.spf.HELO {
		envelope = domainOf(q.returnPath)
		q.rep.Auth.SPF.Domain = cmp.Or(j.spf.Domain, envelope)
	}
	switch j.spf.Value {
	case "pass":
		if aligned(envelope, j.domain) && !j.spf.HELO {
			j.pass = true
			say("spf=pass for "+envelope+".", j.spfField)
		}
	case "fail":
		say("spf=fail: the server that handed the mail in may not send for "+cmp.Or(j.spf.Domain, envelope, j.domain)+".", j.spfField)
		j.fail = j.fail || !j.pass && aligned(envelope, j.domain)
	case "softfail":
		say("spf=softfail: the server that handed the mail in is not on the list of "+cmp.Or(j.spf.Domain, envelope, j.domain)+".", j.spfField)
	}
	if j.dmarc.Value == "fail" && j.pass {
		// Strict alignment, or a server that does not know what it says.
		j.split, j.pass, j.fail = true, false, false
	}
}

// weighInside looks for a sign-in at the reader's own servers: mail that never
// left the house is not signed and not checked.
func (q *inquiry) weighInside(j *judgement) {
	t := &q.rep.Trace
	if t.Sure < 0 || t.Sure < t.Edge || j.pass || j.fail {
		return
	}
	edge := &t.Hops[t.Edge]
	// Exchange takes this field off mail that comes from outside; other servers
	// do not know it.
	if t.Edge == len(t.Hops)-1 && edge.writer == exchange && q.joinBelow(edge) == joined &&
		strings.EqualFold(q.m.Header.Value("X-MS-Exchange-Organization-AuthAs"), "Internal") {
		j.pass, j.by = true, edge.By
		j.evidence = append(j.evidence, q.named("X-MS-Exchange-Organization-AuthAs", "Exchange took it from a mailbox of your own organisation."))
		return
	}
	if signsIn(edge.Protocol) && (q.isOwn(j.domain) || serves(edge.By, j.domain) || aligned(edge.User[strings.LastIndexByte(edge.User, '@')+1:], j.domain)) {
		j.pass, j.by = true, edge.By
		j.evidence = append(j.evidence, q.hopFact(t.Edge, edge.By+", your own server, took it after a sign-in"+as(edge.User)+"."))
		if strings.ContainsRune(edge.User, '@') && !strings.EqualFold(edge.User, q.rep.Auth.From) {
			q.against(q.hopFact(t.Edge, "It was handed in as "+edge.User+", not as "+q.rep.Auth.From+"."))
		}
	}
}

func as(user string) string {
	if user == "" {
		return ""
	}
	return " as " + user
}

func (q *inquiry) signatureFact(s *Signature, sentence string) Fact {
	for _, f := range q.signatures {
		if q.base+f.Offset == s.Offset {
			return q.fact(f, sentence)
		}
	}
	return Fact{Text: sentence, Offset: -1}
}

// A passing is how a mail came to the reader through somebody else.
type passing struct {
	kind   string // Forwarded or List
	by     string
	proven bool // the original sender is
	says   bool // by says so
	facts  []Fact
}

// forwarded finds out whether another server passed the mail on, so that the
// checks of the last stretch say nothing of the first.
func (q *inquiry) forwarded(j *judgement) (passing, bool) {
	if p, ok := q.byList(j); ok {
		return p, true
	}
	if j.arc.Value == "pass" {
		for i := range q.statements {
			st := &q.statements[i]
			if !strings.EqualFold(st.field.Name, "ARC-Authentication-Results") || !vouches(&st.Stated, j.domain) {
				continue
			}
			return passing{kind: Forwarded, by: st.By, says: true, facts: []Fact{
				q.fact(j.field, j.by+", your own server, says arc=pass: the forwarder's seal holds."),
				q.fact(st.field, st.By+" says that the mail passed for "+j.domain+" when it came there."),
			}}, true
		}
	}
	by := q.peerOfEdge()
	rewritten := srsDomain(q.returnPath)
	spfBroken := j.spf.Value == "fail" || j.spf.Value == "softfail" && !serves(by, j.domain)
	switch {
	case j.dkimPass && (spfBroken || rewritten != ""):
		return passing{kind: Forwarded, by: by, proven: true}, true
	case !j.pass && j.spf.Value == "pass" && aligned(rewritten, j.domain):
		return passing{kind: Forwarded, by: by, facts: []Fact{q.named("Return-Path", "The envelope is that of a forwarder, which says that it took the mail for "+rewritten+".")}}, true
	}
	return passing{}, false
}

// brokenOnTheWay reports whether the failure of the checks may be a forwarder's
// doing: the mail bears a signature of the sender's domain which no longer fits
// the text, and a server that is neither the sender's nor the reader's handed
// it in and says that it took it from the sender's. Nobody can tell that from a
// forgery that pretends so.
func (q *inquiry) brokenOnTheWay(j *judgement) bool {
	t := &q.rep.Trace
	below := t.Edge + 1
	if t.Edge < 0 || below >= len(t.Hops) || serves(q.peerOfEdge(), j.domain) {
		return false
	}
	broken := false
	for i := range q.rep.Auth.DKIM {
		s := &q.rep.Auth.DKIM[i]
		broken = broken || s.BodyHash == "differs" && aligned(s.Domain, j.domain)
	}
	h := &t.Hops[below]
	return broken && serves(peerName(h), j.domain) && aligned(asciiDomain(h.By), asciiDomain(q.peerOfEdge()))
}

// srsDomain gives the domain of the sender whose address a forwarder rewrote
// ("SRS0=hash=tt=domain=user@forwarder"), "" if it did not.
func srsDomain(addr string) string {
	parts := strings.Split(strings.ToLower(addr[:max(strings.LastIndexByte(addr, '@'), 0)]), "=")
	n := len(parts)
	if n < 4 || !strings.HasPrefix(parts[0], "srs") {
		return ""
	}
	return asciiDomain(parts[n-2])
}

// vouches reports whether a statement passes a domain.
func vouches(st *Stated, domain string) bool {
	if st.DMARC.Value == "pass" {
		return true
	}
	for _, d := range st.DKIM {
		if d.Value == "pass" && aligned(d.Domain, domain) {
			return true
		}
	}
	return st.SPF.Value == "pass" && aligned(st.SPF.Domain, domain)
}

// peerOfEdge names who handed the mail to the reader's own servers.
func (q *inquiry) peerOfEdge() string {
	t := &q.rep.Trace
	if t.Edge < 0 {
		return "another server"
	}
	return cmp.Or(peerName(&t.Hops[t.Edge]), "another server")
}

// isList reports whether the header says that a mailing list sent this.
func (q *inquiry) isList() bool {
	h := q.m.Header
	return h.Has("List-Id") || h.Has("List-Post") || h.Has("Mailing-List") || strings.EqualFold(strings.TrimSpace(h.Value("Precedence")), "list")
}

// listHost is the host in List-Id, RFC 2919, "" if there is none.
func (q *inquiry) listHost() string {
	v := oneLine([]byte(q.m.Header.Value("List-Id")))
	if i := strings.LastIndexByte(v, '<'); i >= 0 {
		v = v[i+1:]
	}
	return asciiDomain(strings.TrimRight(v, "> \t"))
}

// byList finds out whether a list passed the mail on: List-Id with the list's
// own pass, and a trace of the author's mail before it came there. Anybody can
// write List-Id; without that trace it explains nothing.
func (q *inquiry) byList(j *judgement) (passing, bool) {
	host := q.listHost()
	if host == "" || organisation(host) == "" || !q.passesFor(j, host) {
		return passing{}, false
	}
	fact := q.named("List-Id", "It came over the mailing list "+host+".")
	if aligned(host, j.domain) {
		// The list put its own address into From, or it is a newsletter.
		local, _, _ := strings.Cut(host, ".")
		name := strings.ToLower(q.from[0].Name)
		if strings.HasPrefix(strings.ToLower(q.from[0].Addr), local+"@") && strings.Contains(name, " via ") {
			return passing{kind: List, by: host, facts: []Fact{fact}}, true
		}
		return passing{}, false
	}
	if q.signedBy(j.domain) || j.arc.Value == "pass" || q.listReceived(host) {
		return passing{kind: List, by: host, proven: j.dkimPass, facts: []Fact{fact}}, true
	}
	return passing{}, false
}

// passesFor reports whether the reader's own servers, or a signature verified
// here, vouch for a host.
func (q *inquiry) passesFor(j *judgement, host string) bool {
	if j.foundWhole(host) {
		return true
	}
	for i := range q.rep.Auth.DKIM {
		if s := &q.rep.Auth.DKIM[i]; s.Verified && aligned(s.Domain, host) {
			return true
		}
	}
	return j.spf.Value == "pass" && aligned(j.spf.Domain, host)
}

// listReceived reports whether a line says that the list's server took the
// mail from somebody else, and the mail was written to the list.
func (q *inquiry) listReceived(host string) bool {
	to := false
	for _, name := range [...]string{"To", "Cc"} {
		list, _ := q.m.Header.Addresses(name, "")
		for _, a := range list {
			to = to || aligned(domainOf(a.Addr), host)
		}
	}
	if !to {
		return false
	}
	hops := q.rep.Trace.Hops
	for i := q.rep.Trace.Edge + 1; i < min(len(hops), maxJoins); i++ {
		if h := &hops[i]; h.IP != "" && !inner(h.IP) && aligned(asciiDomain(h.By), host) {
			return true
		}
	}
	return false
}

// maxJoins is how many lines below the edge are looked at for a list.
const maxJoins = 100

// otherFrom gives the addresses in From of another organisation than the
// first.
func (q *inquiry) otherFrom() []string {
	var others []string
	for _, a := range q.from[min(1, len(q.from)):] {
		if d := domainOf(a.Addr); d != "" && !aligned(d, q.rep.Auth.FromDomain) {
			others = append(others, a.Addr)
		}
	}
	return others
}
