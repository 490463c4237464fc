package explain

import (
	"bytes"
	"cmp"
	"net/netip"
	"strings"
)

// A form is the program that wrote a Received field, as far as it matters.
type form int

const (
	unknownForm form = iota
	postfix          // and what writes like it: from HELO (rdns [ip]) by
	exim
	sendmail
	qmail
	qmailLocal // (qmail 123 invoked by uid 89)
	exchange
	microsoft // SMTPSVC of Windows
	gmail
	gmailInner // by 2002:a05:... with SMTP
	communigate
	opensmtpd
	amavis
	mimecast
	fetchmail
)

// recordsTLS reports whether the program writes it down when a hop is
// encrypted, so that its silence says that it was not.
func (f form) recordsTLS() bool {
	switch f {
	case postfix, exim, sendmail, gmail, exchange, opensmtpd, communigate, mimecast:
		return true
	}
	return false
}

// looksNamesUp reports whether a name in a comment, or before it, is the one
// that the server found for the peer's address. Exchange writes what the peer
// said.
func (f form) looksNamesUp() bool { return f != exchange && f != microsoft }

// namesPeerFirst reports whether the first word is the name that the server
// found for the peer, not the one that the peer gave.
func (f form) namesPeerFirst() bool { return f == exim || f == qmail }

// marks are octets that stand in the fields of one program. The first that is
// found counts.
var marks = []struct {
	mark []byte
	form form
}{
	{[]byte("(qmail "), qmailLocal},
	{[]byte("amavisd-new"), amavis},
	{[]byte("(Postfix"), postfix},
	{[]byte("(Exim"), exim},
	{[]byte("(OpenSMTPD)"), opensmtpd},
	{[]byte("(CommuniGate"), communigate},
	{[]byte("fetchmail"), fetchmail},
	{[]byte("SMTPSVC"), microsoft},
	{[]byte("Microsoft SMTP"), exchange},
	{[]byte("with mapi"), exchange},
	{[]byte("mimecast"), mimecast},
}

// form finds out which program wrote the field.
func (r *received) form() form {
	raw := r.raw[:min(len(r.raw), maxRaw)]
	for _, m := range marks {
		if bytes.Contains(raw, m.mark) {
			return m.form
		}
	}
	host := strings.ToLower(r.first(byClause))
	switch {
	case under(host, "google.com") && len(r.part[fromClause]) > 0:
		return gmail
	case under(host, "google.com") || len(r.part[fromClause]) == 0 && ipAddress(host) != "":
		return gmailInner
	}
	for _, t := range r.part[byClause] {
		if t.kind == '(' && sendmailVersion(t.text) {
			return sendmail
		}
	}
	for _, t := range r.part[fromClause] {
		if t.kind != '(' {
			continue
		}
		switch {
		case bytes.HasPrefix(t.text, []byte("HELO ")), bytes.HasPrefix(t.text, []byte("EHLO ")):
			return qmail
		case bytes.HasSuffix(bytes.TrimSpace(t.text), []byte("]")):
			// The shape of Postfix and Sendmail, its program's name taken out.
			return postfix
		}
	}
	return unknownForm
}

// sendmailVersion reports whether a comment is Sendmail's: "8.18.1/8.18.1".
func sendmailVersion(b []byte) bool {
	i := bytes.IndexByte(b, '/')
	return i > 2 && b[0] >= '5' && b[0] <= '9' && b[1] == '.'
}

// tls finds out whether the hop was encrypted. What says that it was counts
// before all else.
func (r *received) tls(h *Hop) (s State, version, cipher string) {
	if version, cipher, ok := r.encrypted(h.Protocol); ok {
		return TLSYes, version, cipher
	}
	switch {
	case r.local(h):
		return TLSLocal, "", ""
	case h.writer.recordsTLS() && h.From != "":
		return TLSNo, "", ""
	}
	return TLSUnknown, "", ""
}

// local reports whether the mail stayed inside one host or one service: from a
// program, from loopback, from a private address, by LMTP, HTTP or MAPI.
func (r *received) local(h *Hop) bool {
	if h.writer == qmailLocal || h.writer == amavis {
		return true
	}
	switch p := strings.ToUpper(h.Protocol); {
	case strings.HasPrefix(p, "LMTP"), p == "HTTP", p == "HTTPS", p == "MAPI", p == "LOCAL", p == "STDIO", p == "NNFMP", p == "RULES", p == "UUCP":
		return true
	}
	if strings.EqualFold(r.first(viaClause), "HTTP") || bytes.Contains(r.raw[:min(len(r.raw), maxRaw)], []byte("pickup service")) {
		return true
	}
	if h.IP != "" {
		return inner(h.IP)
	}
	return h.writer == postfix && h.From == "" || strings.EqualFold(h.From, "localhost")
}

// inner reports whether an address is one that no public network carries.
func inner(ip string) bool {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return false
	}
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsUnspecified() ||
		a.Is4() && a.As4()[0] == 100 && a.As4()[1]&0xc0 == 64 // RFC 6598
}

// microsoftNets are the networks of Microsoft's own mail servers (URLs and IP
// address ranges of Microsoft 365, Exchange Online, read in 2026), whose lines
// have no name for an address.
var microsoftNets = [...]netip.Prefix{
	netip.MustParsePrefix("40.92.0.0/15"), netip.MustParsePrefix("40.107.0.0/16"), netip.MustParsePrefix("52.100.0.0/14"),
	netip.MustParsePrefix("104.47.0.0/17"), netip.MustParsePrefix("2603:1000::/24"), netip.MustParsePrefix("2a01:111::/32"),
}

func microsofts(ip string) bool {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return false
	}
	for _, n := range microsoftNets {
		if n.Contains(a) {
			return true
		}
	}
	return false
}

// encrypted looks for what each program writes of TLS.
func (r *received) encrypted(protocol string) (version, cipher string, ok bool) {
	switch strings.ToUpper(protocol) {
	case "ESMTPS", "ESMTPSA", "SMTPS", "SMTPSA", "LMTPS", "LMTPSA", "UTF8SMTPS", "UTF8SMTPSA", "SSMTP":
		ok = true // RFC 3848; "Microsoft SMTPSVC" is another word
	}
	if list := r.part[withClause]; len(list) > 0 { // IronPort: "with ESMTP/TLS/ECDHE-RSA-AES128"
		if _, suite, found := strings.Cut(string(list[0].text), "/TLS"); found {
			cipher, ok = strings.Trim(suite, "/"), true
		}
	}
	for i, t := range r.tokens {
		if t.kind == '(' {
			v, c, yes := tlsComment(t.text)
			ok = ok || yes
			version, cipher = cmp.Or(version, v), cmp.Or(cipher, c)
			continue
		}
		switch {
		case t.is("starttls"):
			ok = true
		case t.is("tls") && i > 0 && !r.tokens[i-1].is("with") && i+1 < len(r.tokens) && r.tokens[i+1].kind == 'w':
			ok = true // Exim: "(TLS1.3) tls TLS_AES_256_GCM_SHA384"; Windows: "over TLS secured channel"
			if w := string(r.tokens[i+1].text); strings.ContainsAny(w, "_-") {
				cipher = cmp.Or(cipher, w)
			}
		}
	}
	return version, cipher, ok
}

// tlsComment reads a comment that may speak of encryption: "using TLSv1.3 with
// cipher X (...)", "version=TLS1_2, cipher=X", "TLSv1:AES256-SHA:256", "Cipher
// TLSv1:X:168", "TLS", "AES256-SHA encrypted", "Google Transport Security".
func tlsComment(b []byte) (version, cipher string, ok bool) {
	if len(b) > 512 {
		return "", "", false
	}
	words := strings.FieldsFunc(oneLine(b), func(r rune) bool { return r == ' ' || r == ',' || r == '(' || r == ')' })
	for i, w := range words {
		low := strings.ToLower(w)
		after := ""
		if i+1 < len(words) {
			after = words[i+1]
		}
		switch {
		case strings.HasPrefix(low, "version="):
			// QUIRK: what was quoted-printable once has "=3D" for "=".
			// Test: TestReadReceived, "equals sign of quoted-printable".
			v := strings.TrimPrefix(w[len("version="):], "3D")
			if tlsVersion(v) {
				version, ok = v, true
			}
		case strings.HasPrefix(low, "cipher="):
			cipher = strings.TrimPrefix(w[len("cipher="):], "3D")
		case low == "cipher" && i > 0:
			cipher = cmp.Or(cipher, after)
		case tlsVersion(w) && (i == 0 || strings.EqualFold(words[0], "using") || strings.EqualFold(words[0], "cipher")):
			v, c, _ := strings.Cut(w, ":")
			version, ok = v, true
			if c, _, _ = strings.Cut(c, ":"); c != "" {
				cipher = c
			} else if i == 0 && strings.ContainsAny(after, "_-") {
				cipher = after
			}
		case low == "encrypted" && i == 1:
			cipher, ok = words[0], true
		case low == "transport" && strings.EqualFold(after, "security"):
			ok = true
		}
	}
	if !ok && version == "" && cipher != "" {
		ok = strings.Contains(string(b), "cipher=")
	}
	if !ok {
		cipher = ""
	}
	return version, cipher, ok
}

// tlsVersion reports whether a word is the name of a version: "TLSv1.3",
// "TLS1_2", "TLS", "SSLv3", "TLSv1/SSLv3", also with a cipher behind it.
func tlsVersion(w string) bool {
	if len(w) < 3 || !strings.EqualFold(w[:3], "tls") && !strings.EqualFold(w[:3], "ssl") {
		return false
	}
	rest := strings.TrimLeft(w[3:], "vV-_")
	return rest == "" || rest[0] >= '0' && rest[0] <= '9' || rest[0] == ':'
}
