package explain

import (
	"strings"

	"lostpost/decode/header"
)

// methods are the words that begin a result of Authentication-Results (RFC
// 8601 section 2.7 and its registry) and of what Microsoft adds.
var methods = map[string]bool{
	"spf": true, "dkim": true, "dmarc": true, "arc": true, "compauth": true, "auth": true, "iprev": true,
	"dkim-adsp": true, "dkim-atps": true, "domainkeys": true, "sender-id": true, "bimi": true, "x-spf": true,
	"x-dkim": true, "smime": true, "dnswl": true, "vbr": true, "rrvs": true, "x-google-dkim": true, "x-tls.subject": true,
}

// A resultReader reads one field of results.
type resultReader struct {
	to     *Stated
	method string
	now    *Result // the result to which properties belong
}

// readResults reads Authentication-Results and ARC-Authentication-Results.
//
// QUIRK: RFC 8601 section 2.2 begins with the name of the server. Microsoft
// leaves it out, others put no semicolon between results. What is a method is
// one. Test: TestReadResults.
func readResults(raw []byte, arc bool) Stated {
	s := Stated{}
	r := resultReader{to: &s}
	list := tokens(raw, nil)
	if arc && len(list) > 0 && strings.HasPrefix(strings.ToLower(string(list[0].text)), "i=") {
		list = list[1:]
		if len(list) > 0 && list[0].kind == ';' {
			list = list[1:]
		}
	}
	for i, t := range list {
		switch t.kind {
		case ';':
			r.now, r.method = nil, ""
		case '(':
			r.comment(t)
		default:
			word := oneLine([]byte(unquote(t.text)))
			key, value, ok := strings.Cut(word, "=")
			if !ok {
				if i == 0 {
					s.By = strings.ToLower(word)
				}
				continue
			}
			r.pair(strings.ToLower(key), strings.Trim(value, `"<>,`))
		}
	}
	return s
}

// comment keeps what a server says beside a result.
func (r *resultReader) comment(t token) {
	if r.now == nil {
		return
	}
	if r.now.Reason == "" && len(t.text) < 512 {
		r.now.Reason = oneLine(t.text)
	}
}

// pair takes "method=result" or "property=value".
func (r *resultReader) pair(key, value string) {
	name, _, _ := strings.Cut(key, "/") // "dkim/1"
	if methods[name] {
		r.method = name
		r.now = r.result(name, strings.ToLower(value))
		return
	}
	if r.now == nil {
		return
	}
	switch key {
	case "header.d", "header.i", "smtp.mailfrom", "smtp.mfrom", "smtp.mail", "header.from":
		if d := domainOf(value); d != "" && (r.now.Domain == "" || r.now.HELO || key == "header.d") {
			r.now.Domain, r.now.HELO = d, false
		}
	case "smtp.helo":
		if r.now.Domain == "" {
			r.now.Domain, r.now.HELO = domainOf(value), true
		}
	case "reason":
		r.now.Reason = value
	}
}

// result gives the place where the result of a method is kept. Of DKIM there
// are several; of the others the first counts.
func (r *resultReader) result(method, value string) *Result {
	var place *Result
	switch method {
	case "spf":
		place = &r.to.SPF
	case "dmarc":
		place = &r.to.DMARC
	case "arc":
		place = &r.to.ARC
	case "compauth":
		place = &r.to.Comp
	case "dkim":
		if len(r.to.DKIM) < maxSignatures {
			r.to.DKIM = append(r.to.DKIM, Result{Value: value})
			return &r.to.DKIM[len(r.to.DKIM)-1]
		}
	}
	if place == nil || place.Value != "" {
		return nil
	}
	place.Value = value
	return place
}

// readReceivedSPF reads Received-SPF (RFC 7208 section 9.1): a result, a
// comment that begins with the name of the server, pairs.
func readReceivedSPF(raw []byte) Stated {
	s := Stated{}
	for i, t := range tokens(raw, nil) {
		switch {
		case i == 0 && t.kind == 'w':
			s.SPF.Value = strings.ToLower(oneLine(t.text))
		case t.kind == '(':
			if host, _, ok := strings.Cut(string(t.text), ":"); ok && s.By == "" && !strings.ContainsAny(host, " \t") {
				s.By = strings.ToLower(host)
			}
			if s.SPF.Reason == "" {
				s.SPF.Reason = oneLine(t.text[:min(len(t.text), 512)])
			}
		case t.kind == 'w':
			key, value, _ := strings.Cut(oneLine([]byte(unquote(t.text))), "=")
			switch strings.ToLower(key) {
			case "envelope-from":
				s.SPF.Domain = domainOf(strings.Trim(value, `"`))
			case "receiver":
				if s.By == "" {
					s.By = strings.ToLower(strings.Trim(value, `";`))
				}
			}
		}
	}
	return s
}

// read fills a statement in from its field.
func (st *statement) read() {
	f := st.field
	if len(f.Raw) > maxStatement {
		return
	}
	switch strings.ToLower(f.Name) {
	case "received-spf":
		st.Stated = readReceivedSPF(f.Raw)
	case "arc-authentication-results":
		st.Stated = readResults(f.Raw, true)
	default:
		st.Stated = readResults(f.Raw, false)
	}
	st.By = strings.TrimSuffix(oneLine([]byte(st.By)), ".")
}

// maxStatement is the longest field of results, or of a signature, that is read.
const maxStatement = 64 << 10

// statedResults reads what servers say and decides whose word counts. A
// statement counts if a server of the reader wrote it, and that depends on its
// place: what stands above the line of the edge was written behind the edge;
// what stands right below that line may be the edge's own, if it bears its
// name (RFC 8601 section 5: a server removes fields that claim its name), and
// nothing in the message speaks against it. The rest are claims.
func (q *inquiry) statedResults() {
	for i := range q.statements {
		st := &q.statements[i]
		st.read()
		st.Field, st.Offset = st.field.Name, q.base+st.field.Offset
		arc := strings.EqualFold(st.field.Name, "ARC-Authentication-Results")
		if !arc && q.rep.Trace.Sure >= 0 && st.above <= q.rep.Trace.Sure+1 {
			st.Trusted = q.ownStatement(st)
		}
		if st.By == "" && st.above > 0 && st.above <= len(q.rep.Trace.Hops) {
			st.By = q.rep.Trace.Hops[st.above-1].By
		}
	}
	for i := range q.statements {
		st := &q.statements[i]
		if st.Trusted && st.above == q.rep.Trace.Sure+1 {
			q.contradict(st)
		}
		q.rep.Auth.Results = append(q.rep.Auth.Results, st.Stated)
	}
}

// ownStatement reports whether the name in a statement is one of the reader's.
func (q *inquiry) ownStatement(st *statement) bool {
	hops := q.rep.Trace.Hops
	host := asciiDomain(st.By)
	switch {
	case host == "" && strings.EqualFold(st.field.Name, "Received-SPF"):
		return st.above <= q.rep.Trace.Sure
	case host == "": // Microsoft's form
		return st.above > 0 && hops[st.above-1].writer == exchange
	case organisation(host) == "":
		return st.above <= q.rep.Trace.Sure
	case q.isOwn(host):
		return true
	}
	// Microsoft writes "protection.outlook.com", Google "google.com".
	return st.above > 0 && aligned(host, asciiDomain(hops[st.above-1].By))
}

// contradict takes the trust away from a statement that the rest of the
// message proves wrong: the sender may have written it himself.
func (q *inquiry) contradict(st *statement) {
	if strings.EqualFold(st.field.Name, "Received-SPF") && st.SPF.Value == "pass" && !q.stated() {
		// RFC 7208 does not make servers remove such fields that came with the
		// mail: alone, below the edge, a pass is anybody's.
		st.Trusted = false
		return
	}
	for _, d := range st.DKIM {
		if d.Value == "pass" && d.Domain != "" && !q.signedBy(d.Domain) {
			st.Trusted = false
			q.against(q.fact(st.field, "It says that "+d.Domain+" signed the mail, but there is no such signature in it, so it is not believed."))
			return
		}
	}
	if st.SPF.Value == "pass" && aligned(st.SPF.Domain, q.rep.Auth.FromDomain) && q.returnPath != "" &&
		!aligned(st.SPF.Domain, domainOf(q.returnPath)) && !strings.HasPrefix(strings.ToLower(q.returnPath), "srs") {
		st.Trusted = false
		q.against(q.fact(st.field, "It says that the mail was handed in for "+st.SPF.Domain+", but Return-Path says "+domainOf(q.returnPath)+", so it is not believed."))
	}
}

// stated reports whether the reader's own servers have written what they
// checked in Authentication-Results, among the statements that were read.
func (q *inquiry) stated() bool {
	for i := range q.statements {
		if st := &q.statements[i]; st.Trusted && strings.EqualFold(st.field.Name, "Authentication-Results") {
			return true
		}
	}
	return false
}

// signedBy reports whether there is a DKIM-Signature of a domain or of one in
// the same organisation.
func (q *inquiry) signedBy(domain string) bool {
	for i := range q.rep.Auth.DKIM {
		if s := &q.rep.Auth.DKIM[i]; aligned(s.Domain, domain) || aligned(domainOf(s.Identity), domain) {
			return true
		}
	}
	return false
}

func (q *inquiry) against(f Fact) {
	q.rep.Verdict.Against = append(q.rep.Verdict.Against, f)
}

// A stand is what the reader's own servers say, taken together.
type stand struct {
	st              *statement // the one that counts most, nil if there is none
	spf, dmarc, arc Result
	dkim            []Result
	field, spfField header.Field // where they stand
}

// ownStand takes the trusted statements together: that of the edge counts
// before those of servers behind it, which saw the mail come from the edge.
func (q *inquiry) ownStand() stand {
	var s stand
	t := &q.rep.Trace
	pick := func(useful func(*statement) bool) *statement {
		var best *statement
		for i := range q.statements {
			st := &q.statements[i]
			if !st.Trusted || !useful(st) {
				continue
			}
			if strings.EqualFold(st.By, t.Hops[t.Edge].By) {
				return st
			}
			if best == nil {
				best = st
			}
		}
		return best
	}
	results := func(st *statement) bool { return !strings.EqualFold(st.field.Name, "Received-SPF") }
	if s.st = pick(func(st *statement) bool {
		return results(st) && (st.DMARC.Value != "" || st.DKIM != nil || st.SPF.Value != "")
	}); s.st != nil {
		s.dmarc, s.arc, s.dkim, s.field = s.st.DMARC, s.st.ARC, s.st.DKIM, s.st.field
		s.spf, s.spfField = s.st.SPF, s.st.field
	}
	// Some servers write one field for each method.
	fill := func(value func(*statement) *Result, to *Result, in *header.Field) {
		if to.Value != "" {
			return
		}
		if st := pick(func(st *statement) bool { return value(st).Value != "" }); st != nil {
			*to = *value(st)
			if in != nil {
				*in = st.field
			}
			if s.st == nil {
				s.st, s.field = st, st.field
			}
		}
	}
	fill(func(st *statement) *Result { return &st.SPF }, &s.spf, &s.spfField)
	fill(func(st *statement) *Result { return &st.DMARC }, &s.dmarc, nil)
	fill(func(st *statement) *Result { return &st.ARC }, &s.arc, nil)
	if s.dkim == nil {
		if st := pick(func(st *statement) bool { return st.DKIM != nil }); st != nil {
			s.dkim = st.DKIM
		}
	}
	if d := s.dmarc.Domain; d != "" && !aligned(d, q.rep.Auth.FromDomain) {
		s.dmarc = Result{} // of another From than the one that is shown
	}
	return s
}
