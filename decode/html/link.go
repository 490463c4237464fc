package html

import (
	"net/url"
	"strings"
)

// A link is an open a element.
type link struct {
	target string // "" if it is not worth showing
	start  int    // where its words begin, in octets of the page
	words  int    // count of the page where it began
}

// newLink begins a link. Targets inside the message, scripts and data are not
// shown, nor relative ones: mail has nothing to which they are relative.
func newLink(target string, p *page) link {
	target = strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f {
			return -1
		}
		return r
	}, target)
	scheme, _, ok := strings.Cut(target, ":")
	switch strings.ToLower(scheme) {
	case "http", "https", "ftp", "mailto", "tel", "sms", "news", "xmpp", "geo", "webcal":
	default:
		ok = false
	}
	if !ok {
		target = ""
	}
	return link{target: target, start: p.end(), words: p.words}
}

// endLink writes the target of the link behind its words.
func (k *walk) endLink() {
	l, p := k.link, &k.page
	k.link = link{}
	if l.target == "" || p.words == l.words {
		return
	}
	if holds(string(p.buf[max(0, l.start-p.sent):]), l.target) {
		return
	}
	shown := l.target
	if !k.links && tracking(shown) {
		shown = host(shown)
	}
	p.tail(" <", shown, ">")
}

// holds reports whether the words of a link tell its target.
func holds(words, target string) bool {
	scheme, rest, _ := strings.Cut(target, ":")
	switch strings.ToLower(scheme) {
	case "mailto", "xmpp", "sms":
		rest, _, _ = strings.Cut(rest, "?")
	case "tel":
		return strings.ContainsAny(words, "0123456789")
	}
	rest = strings.TrimSuffix(strings.TrimPrefix(rest, "//"), "/")
	if plain, err := url.PathUnescape(rest); err == nil {
		rest = plain
	}
	rest = strings.TrimPrefix(strings.ToLower(rest), "www.")
	words = strings.ToLower(words)
	return strings.Contains(words, rest)
}

// tracking reports whether a target is made for counting clicks, not for
// reading: long, with the parameters of campaigns, or with a token in it.
func tracking(target string) bool {
	const long = 120
	scheme, rest, _ := strings.Cut(target, ":")
	if !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return false
	}
	if len(target) > long {
		return true
	}
	_, rest, _ = strings.Cut(strings.TrimPrefix(rest, "//"), "/")
	for part := range strings.FieldsFuncSeq(rest, func(r rune) bool { return strings.ContainsRune("/?&=;#", r) }) {
		switch {
		case strings.HasPrefix(part, "utm_"), part == "mc_eid", part == "mc_cid", part == "fbclid", part == "gclid":
			return true
		case isToken(part):
			return true
		}
	}
	return false
}

// isToken reports whether a part of a target is a token: 16 octets or more in
// which letters and digits take turns. A title such as "ten-things-in-2024"
// has hyphens between them.
func isToken(s string) bool {
	const shortest, turns = 16, 3
	if len(s) < shortest {
		return false
	}
	n := 0
	for i := 1; i < len(s); i++ {
		a, b := s[i-1], s[i]
		if isLetter(a) && isDigit(b) || isDigit(a) && isLetter(b) {
			n++
		}
	}
	return n >= turns
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// host gives the host of a target, or all of it if there is none.
func host(target string) string {
	_, rest, _ := strings.Cut(target, "://")
	if n := strings.IndexAny(rest, "/?#"); n >= 0 {
		rest = rest[:n]
	}
	if rest = rest[strings.LastIndexByte(rest, '@')+1:]; rest == "" {
		return target
	}
	return rest
}
