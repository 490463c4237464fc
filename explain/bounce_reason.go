package explain

import "strings"

// phraseReason finds the reason that words give, as plainWords makes them.
func phraseReason(groups []phraseGroup, words string) string {
	if words == "" {
		return ""
	}
	g := gramsOf(words)
	for i := range groups {
		for _, p := range groups[i].phrases {
			if g.may(p) && contains(words, p) {
				return groups[i].reason
			}
		}
	}
	return ""
}

// grams are the pairs of octets that occur in a text. Most phrases have one
// that does not, so that the text need not be searched for them.
type grams [1024]uint64

func gramsOf(s string) *grams {
	var g grams
	for i := 1; i < len(s); i++ {
		n := uint16(s[i-1])<<8 | uint16(s[i])
		g[n>>6] |= 1 << (n & 63)
	}
	return &g
}

func (g *grams) may(s string) bool {
	for i := 1; i < len(s); i++ {
		n := uint16(s[i-1])<<8 | uint16(s[i])
		if g[n>>6]&(1<<(n&63)) == 0 {
			return false
		}
	}
	return true
}

// contains reports whether phrase stands in words at the beginning of a word;
// a phrase of up to four octets must be the whole word.
func contains(words, phrase string) bool {
	for at := 0; ; {
		i := strings.Index(words[at:], phrase)
		if i < 0 {
			return false
		}
		i += at
		at = i + 1
		end := i + len(phrase)
		if letter(phrase[0]) && i > 0 && letter(words[i-1]) {
			continue
		}
		if len(phrase) <= 4 && letter(phrase[len(phrase)-1]) && end < len(words) && letter(words[end]) {
			continue
		}
		return true
	}
}

// A remark is something that a server said. What its words mean is found
// when it is asked for, and once.
type remark struct {
	text  string
	words string    // as plainWords makes them
	found [2]string // by tellingPhrases, loosePhrases
	done  [2]bool
}

func newRemark(text string) *remark {
	return &remark{text: text, words: plainWords(text)}
}

// telling is the reason that the words cannot but mean.
func (s *remark) telling() string { return s.reason(0, tellingPhrases) }

// loose is the reason that the words mostly mean.
func (s *remark) loose() string { return s.reason(1, loosePhrases) }

func (s *remark) reason(i int, groups []phraseGroup) string {
	if s == nil {
		return ""
	}
	if !s.done[i] {
		s.found[i], s.done[i] = phraseReason(groups, s.words), true
	}
	return s.found[i]
}

// first gives the first reason that one of the statements has.
func first(list []*remark, reason func(*remark) string) string {
	for _, s := range list {
		if r := reason(s); r != "" {
			return r
		}
	}
	return ""
}

// told reports whether one of the statements can mean only one thing.
func told(list []*remark) bool { return first(list, (*remark).telling) != "" }

// anyHas reports whether a phrase stands in one of the statements.
func anyHas(list []*remark, phrase string) bool {
	for _, s := range list {
		if strings.Contains(s.words, phrase) {
			return true
		}
	}
	return false
}

// A finding is what was found out about one recipient from what servers said.
type finding struct {
	reason string
	means  *meaning // of the code, or of a provider's own; may be nil
}

// find weighs what was said about a recipient: the provider's own codes, words
// that mean one thing, the code of the registry, words that many refusals
// share. own are statements about this recipient, the most telling first;
// whole, if not nil, is all of the notice.
func find(provider, status string, own []*remark, whole *remark) finding {
	t := codes()
	m, special := t.lookup(provider, status)
	if special && m.reason != "" {
		return finding{m.reason, m}
	}
	all := own
	if whole != nil {
		all = append(own[:len(own):len(own)], whole)
	}
	for _, s := range all {
		if w := t.word(s.words); w != nil {
			return finding{w.reason, w}
		}
	}
	f := finding{first(own, (*remark).telling), m}
	if f.reason == "" && m != nil && !strings.HasPrefix(m.code, "x.5.") { // those of RFC 3463 section 3.6 stand for everything
		f.reason = m.reason
	}
	for _, r := range [...]func() string{
		func() string { return first(own, (*remark).loose) },
		whole.telling, whole.loose,
		func() string {
			if m == nil {
				return ""
			}
			return m.reason
		},
	} {
		if f.reason == "" {
			f.reason = r()
		}
	}
	f.reason = adjust(f.reason, status, own)
	if m != nil && m.reason != "" && m.reason != f.reason {
		f.means = nil // the words say something else than the code
	}
	return f
}

// adjust corrects what the words alone get wrong: an unknown domain or user
// that was refused after MAIL FROM is the sender's, "user unknown" beside x.2.1
// is an account that is closed, and what "does not exist" may be a host.
func adjust(reason, status string, own []*remark) string {
	if reason != reasonUserUnknown && reason != reasonHostUnknown {
		return reason
	}
	if anyHas(own, "after mail from") || anyHas(own, "reply to mail from") {
		return reasonBlocked
	}
	if reason == reasonHostUnknown {
		return reason
	}
	if strings.HasSuffix(status, ".2.1") && len(status) == 5 {
		return reasonSuspended
	}
	for _, s := range own {
		if i := strings.Index(s.words, " does not exist"); i > 0 {
			word := s.words[strings.LastIndexByte(s.words[:i], ' ')+1 : i]
			if strings.Contains(word, ".") && !strings.ContainsAny(word, "@<>:;,()") {
				return reasonHostUnknown
			}
		}
	}
	return reason
}
