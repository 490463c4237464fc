package explain

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"lostpost/decode"
)

// shapes are kinds of hostile headers, each made with n pieces: half a MB or so.
var shapes = []struct {
	name string
	n    int
	make func(n int) string
}{
	{"Received fields", 10_000, func(n int) string {
		return strings.Repeat("Received: from a (b [192.0.2.1]) by c.example; Thu, 5 Mar 2026 09:00:00 +0000\n", n)
	}},
	{"organisations over private addresses", 6_000, func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "Received: from a (b [10.0.0.1]) by c%d.org%d.example; Thu, 5 Mar 2026 09:00:00 +0000\n", i, i)
		}
		return b.String()
	}},
	{"clocks that jump", 8_000, func(n int) string {
		return strings.Repeat("Received: by a.example; 5 Mar 2026 09:00:00 +0000\n", n/2) +
			strings.Repeat("Received: by a.example; 5 Mar 2026 06:00:00 +0000\nReceived: by b.example; 5 Mar 2026 09:00:00 +0000\n", n/4)
	}},
	{"clocks that run backwards", 8_000, func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "Received: by a.example; 5 Mar %d 09:00:00 +0000\n", 2000+i)
		}
		return b.String()
	}},
	{"comments in each other", 50_000, func(n int) string {
		return "Received: from a " + strings.Repeat("(", n) + strings.Repeat(")", n) + " by b; Thu, 5 Mar 2026 09:00:00 +0000\n"
	}},
	{"comments that do not close", 250_000, func(n int) string { return "Received: from a " + strings.Repeat("(", n) + "\n" }},
	{"quotation marks", 250_000, func(n int) string { return "Received: from a " + strings.Repeat(`"`, n) + "x\n" }},
	{"quotation marks far apart", 1_000, func(n int) string {
		return "Received: from a " + strings.Repeat(`"`+strings.Repeat("x", 500), n) + "\n"
	}},
	{"angle brackets", 250_000, func(n int) string { return "Received: for " + strings.Repeat("<", n) + "\n" }},
	{"semicolons", 250_000, func(n int) string { return "Received: " + strings.Repeat(";", n) + "\n" }},
	{"keywords", 100_000, func(n int) string { return "Received: " + strings.Repeat("with x ", n) + "\n" }},
	{"Authentication-Results", 5_000, func(n int) string {
		return strings.Repeat("Authentication-Results: a.example; dkim=pass header.d=b.example; spf=pass smtp.mailfrom=b.example; dmarc=pass\n", n)
	}},
	{"results in one field", 4_000, func(n int) string {
		return "Received: by a.example; 5 Mar 2026 09:00:00 +0000\nAuthentication-Results: a.example" + strings.Repeat("; dkim=pass", n/2) + "\n"
	}},
	{"signatures", 4_000, func(n int) string {
		return strings.Repeat("DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=x; h=from; bh=AAAA; b=AAAA\n", n)
	}},
	{"names that are signed", 100_000, func(n int) string {
		return "DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=x; h=from" + strings.Repeat(":to", n/10) + "; bh=AAAA; b=AAAA\n" + strings.Repeat("To: a\n", n)
	}},
	{"senders", 10_000, func(n int) string { return "From: " + strings.Repeat("Ada B <ada@example.org>, ", n) + "x@b.example\n" }},
	{"a name", 250_000, func(n int) string { return "From: \"" + strings.Repeat("a@", n) + "\" <ada@example.org>\n" }},
	{"a domain", 150_000, func(n int) string { return "From: ada@" + strings.Repeat("a.", n) + "example\n" }},
	{"an envelope", 150_000, func(n int) string { return "Return-Path: <srs0" + strings.Repeat("=", n) + "@a.example>\n" }},
}

// TestTimeIsLinear tells linear from quadratic: four times the header must not
// cost eight times the time. The least of several runs counts, and a shape may
// be measured several times: other programs use the machine too.
func TestTimeIsLinear(t *testing.T) {
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			var small, large time.Duration
			for range 5 {
				small, large = leastTime(t, s.make(s.n/4)), leastTime(t, s.make(s.n))
				if large <= 8*small+10*time.Millisecond {
					t.Logf("%d: %v, %d: %v", s.n/4, small, s.n, large)
					return
				}
			}
			t.Errorf("%d pieces take %v, %d take %v", s.n/4, small, s.n, large)
		})
	}
}

// leastTime is the processor time that explaining a header takes when little
// else runs.
func leastTime(t *testing.T, head string) time.Duration {
	t.Helper()
	book := NewContacts([]string{"Thomas Berg <thomas@berg-travel.example>"})
	key := func(context.Context, string) (string, error) { return newKeyRecord, nil }
	b := []byte(head + "From: ada@berg-trave1.example\nSubject: x\n\nx\n")
	r := bytes.NewReader(b)
	m, err := decode.Decode(context.Background(), r, r.Size(), decode.Options{})
	if err != nil {
		t.Fatal(err)
	}
	least := time.Hour
	for range 3 {
		start := processorTime()
		if _, err := Message(context.Background(), r, r.Size(), m, Options{Contacts: book, Key: key}); err != nil {
			t.Fatal(err)
		}
		least = min(least, processorTime()-start)
	}
	return least
}

// newKeyRecord is a record of a key of 1024 bits that signed nothing.
const newKeyRecord = "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC7" +
	"vbqajDw4o6gJy8UtmIbkcpnkO3Kwc4qsEnSZp/TR+fQi62F79RHWmwKOtFmwteURgLbj7D/WGuNLGOfa/2vse3G2eHnHl5CB8ruRX9fBl/KgwCVr2JaEuUm66bBQeP5XeBotdR4cvX38uPYivCDdPjJ1QWPdspTBKcxeFbccDwIDAQAB"
