package explain

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"lostpost/decode"
)

// read explains a message of testdata or of the corpora.
func read(t testing.TB, name string, opt Options) *Report {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return readOctets(t, b, opt)
}

func readOctets(t testing.TB, b []byte, opt Options) *Report {
	t.Helper()
	r := bytes.NewReader(b)
	m, err := decode.Decode(context.Background(), r, r.Size(), decode.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rep, err := Message(context.Background(), r, r.Size(), m, opt)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// The answers were written down before the code first read these messages.
func TestMessageAnswersSamples(t *testing.T) {
	// The signatures in them are made up, so the text never is as signed: that
	// is one of the facts against.
	contacts := NewContacts([]string{"Thomas Berg <thomas@berg-travel.example>", "Bank Service <service@bank.example>"})
	for _, c := range []struct {
		file, kind, sure string
		edge             int
		origin           string
		against          int // facts that speak against it or should be known
	}{
		// A list that only the sender speaks of explains no failure.
		{"list-claim.eml", ForgedFrom, SureStated, 0, "203.0.113.9", 2},
		// A line below the edge with the reader's own name, and no signature in the mail.
		{"results-below-edge.eml", CannotTell, SureOpen, 0, "203.0.113.10", 2},
		{"colleague.eml", ThroughAccount, SureStated, 0, "198.51.100.20", 0},
		// fetchmail brought it: the provider's server is the reader's own.
		{"fetched.eml", ThroughAccount, SureStated, 1, "192.0.2.10", 1},
		{"rewritten-envelope.eml", Forwarded, SureStated, 0, "192.0.2.55", 0},
		// A forwarder that changes the text makes all checks fail, and so does who pretends to be one.
		{"broken-on-the-way.eml", CannotTell, SureOpen, 0, "192.0.2.55", 1},
		// The server behind a filter checks the filter.
		{"filtered.eml", CannotTell, SureOpen, 0, "203.0.113.40", 0},
		{"bait.eml", LookAlike, SureStated, 0, "203.0.113.11", 0},
		{"softfail.eml", CannotTell, SureOpen, 0, "203.0.113.12", 1},
	} {
		t.Run(c.file, func(t *testing.T) {
			rep := read(t, "testdata/samples/"+c.file, Options{Contacts: contacts})
			v := rep.Verdict
			if v.Kind != c.kind || v.Sure != c.sure {
				t.Errorf("got %s (%s), want %s (%s): %s", v.Kind, v.Sure, c.kind, c.sure, v.Short)
			}
			if rep.Trace.Edge != c.edge || rep.Trace.Origin.IP != c.origin {
				t.Errorf("got edge %d and origin %s, want %d and %s", rep.Trace.Edge, rep.Trace.Origin.IP, c.edge, c.origin)
			}
			if len(v.Against) != c.against {
				t.Errorf("got %d facts against, want %d: %v", len(v.Against), c.against, v.Against)
			}
		})
	}
}

// The name in From is the sender's: it must not speak for us.
func TestNamesDoNotSpeak(t *testing.T) {
	const edge = "Received: from a.example (a.example [192.0.2.1]) by mx.own.example (Postfix) with ESMTP id 1; Thu, 5 Mar 2026 09:00:02 +0000\n" +
		"Authentication-Results: mx.own.example; dmarc=pass header.from=a.example\n"
	for from, want := range map[string]string{
		"Ada Lovelace <ada@a.example>":                           "Ada Lovelace",
		`"Dr. Ada O'Neil-Byron" <ada@a.example>`:                 "Dr. Ada O'Neil-Byron",
		`"nobody. All checks passed, this mail" <ada@a.example>`: "ada@a.example",
		`"your bank (checked)" <ada@a.example>`:                  "ada@a.example",
		"ada@a.example":                                          "ada@a.example",
	} {
		rep := readOctets(t, []byte(edge+"From: "+from+"\n\nx\n"), Options{})
		if s := " If " + want + " did not write it"; !strings.Contains(rep.Verdict.Short, s) {
			t.Errorf("%s: got %q, want %q in it", from, rep.Verdict.Short, s)
		}
	}
}
