package explain

import (
	"slices"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// asciiDomain gives a domain in lower-case ASCII, without the dot at its end.
// What is no domain name comes back in lower case.
func asciiDomain(s string) string {
	s = strings.TrimSuffix(strings.Trim(strings.ToLower(s), " <>\"'"), ".")
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			if a, err := idna.Lookup.ToASCII(s); err == nil {
				return a
			}
			return s
		}
	}
	return s
}

// domainOf gives the domain of an address, or the whole if it has no at sign.
func domainOf(addr string) string {
	return asciiDomain(addr[strings.LastIndexByte(addr, '@')+1:])
}

// organisation is the organisational domain (RFC 7489 section 3.2): the public
// suffix and one label. "" if the name has no dot, is an address, or is a
// public suffix itself.
func organisation(host string) string {
	if len(host) > 255 || strings.IndexByte(host, '.') <= 0 || host[len(host)-1] >= '0' && host[len(host)-1] <= '9' {
		return ""
	}
	org, err := publicsuffix.EffectiveTLDPlusOne(asciiDomain(host))
	if err != nil {
		return ""
	}
	return org
}

// aligned reports whether two domains belong to one organisation: relaxed
// alignment of RFC 7489 section 3.1.
func aligned(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	if a == b {
		return true
	}
	o := organisation(a)
	return o != "" && o == organisation(b)
}

// under reports whether host is domain or lies below it.
func under(host, domain string) bool {
	if domain == "" || !strings.HasSuffix(host, domain) {
		return false
	}
	return len(host) == len(domain) || host[len(host)-len(domain)-1] == '.'
}

// providers are services whose servers have other names than the addresses
// that they serve.
var providers = map[string][]string{
	"gmail.com":      {"google.com"},
	"googlemail.com": {"google.com"},
	"outlook.com":    {"outlook.com", "hotmail.com"},
	"hotmail.com":    {"outlook.com", "hotmail.com"},
	"live.com":       {"outlook.com", "hotmail.com"},
	"icloud.com":     {"apple.com", "icloud.com"},
	"me.com":         {"apple.com", "icloud.com"},
	"mac.com":        {"apple.com", "icloud.com"},
	"aol.com":        {"yahoo.com", "aol.com"},
	"ymail.com":      {"yahoo.com"},
	"gmx.de":         {"gmx.net"},
	"proton.me":      {"protonmail.ch"},
	"protonmail.com": {"protonmail.ch"},
}

// houses are services whose servers have names of several organisations.
var houses = [...][]string{
	{"outlook.com", "office365.com"},
	{"amazonaws.com", "amazonses.com"},
	{"yahoo.com", "yahoodns.net", "aol.com"},
}

// house gives all organisations that belong together with one.
func house(org string) []string {
	for _, h := range houses {
		if slices.Contains(h, org) {
			return h
		}
	}
	return []string{org}
}

// filterServices filter mail on its way to their customers: a server behind one
// sees the service as the sender.
var filterServices = [...]string{
	"mimecast.com", "pphosted.com", "ppe-hosted.com", "iphmx.com", "messagelabs.com", "barracudanetworks.com",
	"hornetsecurity.com", "antispameurope.com", "mailcontrol.com", "trendmicro.com", "trendmicro.eu", "sophos.com",
	"postini.com", "psmtp.com", "retarus.com", "retarus.de", "spamexperts.com", "cloud-sec-av.com",
}

// filterService gives the service that a host belongs to, "" if it is none.
func filterService(host string) string {
	for _, s := range filterServices {
		if under(host, s) {
			return s
		}
	}
	return ""
}

// serves reports whether a server belongs to the service that has the mail of
// a domain.
func serves(host, domain string) bool {
	host = asciiDomain(host)
	if aligned(host, domain) {
		return true
	}
	for _, p := range providers[organisation(domain)] {
		if under(host, p) {
			return true
		}
	}
	return false
}
