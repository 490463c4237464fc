package explain

import (
	"strings"
	"testing"
)

func TestLine(t *testing.T) {
	for _, c := range []struct {
		line                       string
		status, reply, reason, who string
		final, retry               bool
	}{
		{"550 5.7.501 Service unavailable. Banned Sender", "5.7.501", "550", reasonBlocked, WhoProvider, true, false},
		{"550 5.1.1 RESOLVER.ADR.RecipNotFound; not found", "5.1.1", "550", reasonUserUnknown, WhoYou, true, false},
		{"#550 4.4.7 QUEUE.Expired; message expired ##", "4.4.7", "550", reasonExpired, WhoTheirs, true, true},
		{"421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints", "4.7.0", "421", reasonRate, WhoProvider, false, false},
		{"552-5.2.2 The email account that you tried to reach is\n552 5.2.2 over quota", "5.2.2", "552", reasonFull, WhoTheirs, true, true},
		{"550 5.7.26 Unauthenticated email from sender.example is not accepted due to domain's DMARC policy", "5.7.26", "550", reasonAuth, WhoProvider, true, false},
		{"550 5.4.1 Recipient address rejected: Access denied [x.prod.protection.outlook.com]", "5.4.1", "550", reasonUserUnknown, WhoYou, true, false},
		{"554 5.4.1 no answer", "5.4.1", "554", reasonNetwork, WhoTheirs, true, true},
		{"554 5.7.1 <eva@firm.example>: Relay access denied", "5.7.1", "554", reasonPolicy, WhoTheirs, true, false},
		{"5.2.2", "5.2.2", "", reasonFull, WhoTheirs, true, true},
		{"550", "", "550", "", "", true, false},
		{"550 adresse d au moins un destinataire invalide. OFR_416 [416]", "", "550", reasonUserUnknown, WhoYou, true, false},
		{"Das Postfach ist voll", "", "", reasonFull, WhoTheirs, true, true},
		{"", "", "", "", "", true, false},
	} {
		r := Line(c.line)
		if r.Status != c.status || r.Reply != c.reply || r.Reason != c.reason || r.Who != c.who || r.Final != c.final || r.Retry != c.retry {
			t.Errorf("%q:\ngot  %q %q %q %q final %v retry %v\nwant %q %q %q %q final %v retry %v", c.line,
				r.Status, r.Reply, r.Reason, r.Who, r.Final, r.Retry, c.status, c.reply, c.reason, c.who, c.final, c.retry)
		}
		if c.reason != "" && (r.Means == "" || len(r.Advice) == 0) {
			t.Errorf("%q: means %q, advice %q", c.line, r.Means, r.Advice)
		}
	}
}

func TestCodesHaveSourcesAndAreReachable(t *testing.T) {
	tab := codes()
	if len(tab.rows) < 200 {
		t.Fatalf("got %d rows", len(tab.rows))
	}
	seen := map[string]bool{}
	for _, m := range tab.rows {
		if m.source == "" || m.date == "" || m.text == "" {
			t.Errorf("%s %s lacks a source, a date or a meaning", m.provider, m.code)
		}
		if _, ok := remedies[m.reason]; !ok && m.reason != "" {
			t.Errorf("%s %s: %q is no reason", m.provider, m.code, m.reason)
		}
		switch m.who {
		case WhoYou, WhoProvider, WhoTheirs, WhoNobody, "":
		default:
			t.Errorf("%s %s: %q is nobody", m.provider, m.code, m.who)
		}
		if key := m.provider + " " + m.code; seen[key] {
			t.Errorf("%s stands there twice", key)
		} else {
			seen[key] = true
		}
		code := strings.Replace(m.code, "x", "5", 1)
		got, _ := tab.lookup(m.provider, code)
		if !isCode(code) {
			got = tab.word("550 refused [" + m.code + "] see there")
		}
		if got == nil || got.text != m.text {
			t.Errorf("%s %s is never found", m.provider, m.code)
		}
	}
}

func TestPhrasesCanBeFound(t *testing.T) {
	for _, groups := range [][]phraseGroup{tellingPhrases, loosePhrases} {
		seen := map[string]string{}
		for _, g := range groups {
			if remedies[g.reason].means == "" {
				t.Errorf("%q is no reason", g.reason)
			}
			for _, p := range g.phrases {
				if p != strings.ToLower(p) || strings.Contains(p, "  ") {
					t.Errorf("%q cannot be found: words are in lower case with single blanks", p)
				}
				if other, ok := seen[p]; ok {
					t.Errorf("%q is %s and %s", p, other, g.reason)
				}
				seen[p] = g.reason
			}
		}
	}
}

func TestEnhancedCodes(t *testing.T) {
	for text, want := range map[string]string{
		"550 5.1.1 no": "5.1.1", "(#5.1.1)": "5.1.1", "from 192.0.2.5.1.1 no": "", "5.1.1.7": "", "version 4.5.1b": "", "v5.1.1": "", "5.7.501": "5.7.501", "5.1.1.": "5.1.1",
		"5.0.0 then 550 5.2.2": "5.2.2", "2.0.0 ok": "2.0.0", "5.1234.1": "", "3.1.1": "", "": "",
	} {
		if got := bestCode(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func FuzzLine(f *testing.F) {
	for _, s := range []string{"550 5.7.501 Service unavailable. Banned Sender", "#550 4.4.7 QUEUE.Expired; message expired ##", "452-4.2.2 full\n452 4.2.2 full", "\xff@\xff.5.1.1", "5.", "550", "ofr_", "does not exist"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := Line(s)
		if r.Status != "" && !strings.Contains(s, r.Status) {
			t.Errorf("code %q is not in %q", r.Status, s)
		}
		if r.Reply != "" && !strings.Contains(s, r.Reply) {
			t.Errorf("reply %q is not in %q", r.Reply, s)
		}
	})
}
