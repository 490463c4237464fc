package explain

import (
	"bytes"
	"cmp"
	"net/netip"
	"strings"
	"time"

	"lostpost/decode/header"
)

// maxRaw is how much of a Received field a Hop keeps.
const maxRaw = 4 << 10

// The clauses of a Received field, RFC 5321 section 4.4.
type clause int

const (
	noClause clause = iota
	fromClause
	byClause
	viaClause
	withClause
	idClause
	forClause
	clauses
)

// A received is a Received field taken apart: the tokens of each clause, the
// keyword left out. Comments and words before the first keyword are in noClause.
type received struct {
	raw    []byte
	tokens []token
	part   [clauses][]token
	date   []byte // what follows the last semicolon
}

// readReceived takes a field apart. The keywords are looked for in any order
// and where a clause may begin: after the value of the one before it. The date
// stands after the last semicolon; others in between, which OpenSMTPD writes,
// mean nothing. A clause that is there twice counts where it stands first.
//
// buf may be nil; it is used for the tokens.
func readReceived(raw []byte, buf []token) received {
	r := received{raw: raw, tokens: tokens(raw, buf)}
	body := r.tokens
	for i := len(body) - 1; i >= 0; i-- {
		if body[i].kind == ';' {
			r.date = raw[body[i].at+1:]
			body = body[:i]
			break
		}
	}
	if r.date == nil {
		body = r.dateWithoutSemicolon(body)
	}
	r.divide(body)
	return r
}

// divide gives each token to its clause.
func (r *received) divide(body []token) {
	now, start, words := noClause, 0, 1
	var seen [clauses]bool
	end := func(i int) {
		if !seen[now] {
			seen[now] = true
			r.part[now] = body[start:i:i]
		}
	}
	for i, t := range body {
		c := noClause
		if t.kind == 'w' {
			c = keyword(t)
		}
		switch {
		case c != noClause && words > 0 && c >= now || c != noClause && words > 0 && !seen[c]:
			end(i)
			now, start, words = c, i+1, 0
		case t.kind == 'w':
			words++
		}
	}
	end(len(body))
}

// keyword gives the clause that a word begins.
func keyword(t token) clause {
	switch len(t.text) {
	case 2:
		if t.is("by") {
			return byClause
		}
		if t.is("id") {
			return idClause
		}
	case 3:
		if t.is("via") {
			return viaClause
		}
		if t.is("for") {
			return forClause
		}
	case 4:
		if t.is("from") {
			return fromClause
		}
		if t.is("with") {
			return withClause
		}
	}
	return noClause
}

// dateWithoutSemicolon finds a date that follows the clauses without a
// semicolon: at the name of a weekday with its comma.
//
// QUIRK: RFC 5321 section 4.4 has a semicolon before the date. Some relays and
// all who copy a field by hand leave it out. Test: TestReadReceived, "no semicolon".
func (r *received) dateWithoutSemicolon(body []token) []token {
	for i := len(body) - 1; i > 0; i-- {
		if t := body[i]; t.kind == 'w' && len(t.text) >= 4 && t.text[3] == ',' &&
			bytes.Contains([]byte("mon tue wed thu fri sat sun"), bytes.ToLower(t.text[:3])) {
			r.date = r.raw[t.at:]
			return body[:i]
		}
	}
	return body
}

// first is the first word of a clause, "" if it has none.
func (r *received) first(c clause) string {
	for _, t := range r.part[c] {
		if t.kind == 'w' {
			return strings.TrimRight(oneLine([]byte(unquote(t.text))), ",")
		}
	}
	return ""
}

// hop makes a Hop of the field. The parts that need its neighbours are not
// filled in.
func (r *received) hop() Hop {
	h := Hop{
		From:     r.first(fromClause),
		By:       strings.TrimSuffix(r.first(byClause), "."),
		Protocol: r.protocol(),
		ID:       r.first(idClause),
		For:      strings.Trim(r.first(forClause), "<>"),
		Raw:      oneLine(r.raw[:min(len(r.raw), maxRaw)]),
	}
	h.writer = r.form()
	h.IP, h.FromName, h.helo = r.peer(h.writer)
	h.Time, h.Zone = r.when()
	h.User, h.SignedIn = r.signIn(h.Protocol)
	h.TLS, h.Version, h.Cipher = r.tls(&h)
	return h
}

// protocol is the keyword of the with clause, and Microsoft's name of several
// words.
func (r *received) protocol() string {
	list := r.part[withClause]
	var words []string
	for _, t := range list {
		if t.kind != 'w' {
			if len(words) > 0 {
				break
			}
			continue
		}
		words = append(words, oneLine(t.text))
		if !strings.EqualFold(words[0], "Microsoft") || len(words) == 3 || strings.HasPrefix(words[len(words)-1], "SMTPSVC") {
			break
		}
	}
	p, _, _ := strings.Cut(strings.Join(words, " "), "/")
	return strings.TrimRight(p, ",")
}

// when reads the date.
func (r *received) when() (t time.Time, zone bool) {
	date := r.date
	if len(date) > 256 {
		date = date[:256]
	}
	t, ok := header.ParseDate(oneLine(date))
	if !ok {
		return time.Time{}, false
	}
	return t, !bytes.Contains(date, []byte("-0000"))
}

// peer gives the address that the server recorded of its peer, and the name
// that it found for it. What stands after HELO or helo= was said by the peer.
func (r *received) peer(f form) (ip, name, helo string) {
	var bare string // an address outside comments
	for i, t := range r.part[fromClause] {
		if t.kind == 'w' {
			if a := ipAddress(string(t.text)); a != "" && bare == "" {
				bare = a
			}
			continue
		}
		a, n, said := peerComment(t.text)
		ip, helo = cmp.Or(ip, a), cmp.Or(helo, said)
		if name == "" && n != "" && i > 0 {
			name = n
		}
	}
	if ip == "" {
		ip = bare
	}
	if first := r.first(fromClause); name == "" && f.namesPeerFirst() && strings.Contains(first, ".") && ipAddress(first) == "" {
		name = first
	}
	return ip, name, helo
}

// peerComment reads a comment of the from clause: "rdns [ip]", "[ip]:port
// helo=x", "HELO x", "user@rdns [ip]", "ip".
func peerComment(text []byte) (ip, name, helo string) {
	said := false // the word after HELO
	var plain string
	for i, w := range bytes.Fields(text) {
		s := oneLine(w)
		low := strings.ToLower(s)
		switch {
		case i > 8: // nobody writes so much before the address
			return ip, name, helo
		case said:
			said, helo = false, s
			continue
		case low == "helo" || low == "ehlo" || low == `"helo` || low == "account":
			said = true
			continue
		case strings.HasPrefix(low, "helo=") || strings.HasPrefix(low, "port="):
			continue
		}
		if j := strings.LastIndexByte(s, '@'); j >= 0 { // an ident answer
			s = s[j+1:]
		}
		if j := strings.IndexByte(s, '['); j > 0 { // "host[192.0.2.1]", "Not Verified[192.0.2.1]"
			if i == 0 {
				name = s[:j]
			}
			s = s[j:]
		}
		if a := ipAddress(s); a != "" {
			if strings.HasPrefix(s, "[") && ip == "" {
				ip = a
			} else if plain == "" {
				plain = a
			}
			continue
		}
		if i == 0 && (strings.Contains(s, ".") || low == "localhost") {
			name = strings.TrimSuffix(s, ".")
		}
	}
	return cmp.Or(ip, plain), name, helo
}

// ipAddress gives an IP address in its usual form, "" if s is none. It may stand
// in brackets, with a port behind, with the prefix IPv6:, with a zone.
func ipAddress(s string) string {
	s = strings.TrimRight(s, ",;")
	if strings.HasPrefix(s, "[") {
		if i := strings.IndexByte(s, ']'); i > 0 {
			s = s[1:i]
		}
	}
	if len(s) > 5 && strings.EqualFold(s[:5], "ipv6:") {
		s = s[5:]
	}
	if len(s) < 3 || len(s) > 64 || s[0] != ':' && !hex(s[0]) {
		return ""
	}
	if i := strings.IndexByte(s, ':'); i >= 0 && strings.Count(s, ":") == 1 && strings.Count(s, ".") == 3 {
		s = s[:i] // a port
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return ""
	}
	return a.Unmap().WithZone("").String()
}

func hex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// signIn tells who signed in, from a comment or from the protocol: RFC 3848
// puts an A at the end of the keyword.
func (r *received) signIn(protocol string) (user string, ok bool) {
	ok = signsIn(protocol)
	for _, t := range r.tokens {
		if t.kind != '(' || len(t.text) > 512 {
			continue
		}
		s := strings.TrimSpace(oneLine(t.text))
		low := strings.ToLower(s)
		switch {
		case strings.HasPrefix(low, "authenticated sender:"), strings.HasPrefix(low, "authenticated user:"):
			return strings.TrimSpace(s[strings.IndexByte(s, ':')+1:]), true
		case strings.HasPrefix(low, "account "):
			return strings.Fields(s)[1], true
		case strings.HasPrefix(low, "authenticated"):
			ok = true
		}
	}
	return "", ok
}

// signsIn reports whether a keyword of the with clause says that the peer
// signed in.
func signsIn(protocol string) bool {
	switch strings.ToUpper(protocol) {
	case "ESMTPA", "ESMTPSA", "ASMTP", "LMTPA", "LMTPSA", "UTF8SMTPA", "UTF8SMTPSA":
		return true
	}
	return false
}

// oneLine gives octets of a field as one line of valid text.
func oneLine(b []byte) string {
	s := strings.ToValidUTF8(string(b), "\uFFFD")
	if strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0 {
		return strings.TrimSpace(s)
	}
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }), " ")
}
