package explain

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// way makes a message of hops, newest first, "by time" each, after a Date. A
// hop by a host of own.example is the reader's.
func way(date string, hops ...string) string {
	var b strings.Builder
	for _, h := range hops {
		by, at, _ := strings.Cut(h, " ")
		fmt.Fprintf(&b, "Received: from peer.of.%s (peer.of.%[1]s [192.0.2.1]) by %[1]s (Postfix) with ESMTP id 1; Thu, 5 Mar 2026 %s\n", by, at)
	}
	return b.String() + "Date: Thu, 5 Mar 2026 " + date + "\nFrom: ada@a.example\n\ntext\n"
}

func TestDelaysAndWrongClocks(t *testing.T) {
	for _, c := range []struct {
		name, message string
		want          string // of each hop, newest first: its delay, or what is wrong
		slowest       int
	}{
		{"all right", way("09:00:00 +0000", "mx.own.example 09:00:09 +0000", "b.example 10:00:03 +0100", "a.example 01:00:01 -0800"), "6s 2s 1s", 0},
		{"a few seconds are no fault", way("09:00:30 +0000", "mx.own.example 09:00:09 +0000", "a.example 09:00:01 +0000"), "8s 0s", 0},
		{"one hop is hours ahead", way("09:00:00 +0000", "mx.own.example 09:00:06 +0000", "b.example 13:00:00 +0100", "a.example 09:00:02 +0000"), "4s skew3h0m0s 2s", 0},
		{"wrong zone", way("10:00:00 +0100", "mx.own.example 09:00:08 +0000", "a.example 01:00:03 +0000"), "8s skew-8h0m0s", 0},
		{"the sender's clock", way("12:00:00 +0000", "mx.own.example 09:00:08 +0000", "a.example 09:00:03 +0000"), "5s -", 0},
		{"a queue is no skew", way("09:00:00 +0000", "mx.own.example 21:00:00 +0000", "a.example 09:00:01 +0000"), "11h59m59s 1s", 0},
		{"two against one", way("09:00:00 +0000", "mx.own.example 09:00:02 +0000", "b.example 14:00:00 +0000", "a.example 13:00:00 +0000"), "2s unsure unsure", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			rep := readOctets(t, []byte(c.message), Options{})
			var got []string
			for _, h := range rep.Trace.Hops {
				switch {
				case h.Unsure:
					got = append(got, "unsure")
				case h.Skewed:
					got = append(got, "skew"+h.Skew.String())
				case h.HasDelay:
					got = append(got, h.Delay.String())
				default:
					got = append(got, "-")
				}
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("got %s, want %s", s, c.want)
			}
			if rep.Trace.Slowest != c.slowest {
				t.Errorf("got slowest %d, want %d", rep.Trace.Slowest, c.slowest)
			}
		})
	}
}

func TestEdge(t *testing.T) {
	hop := func(from, ip, by, rest string) string {
		return fmt.Sprintf("Received: from %s (%[1]s [%s]) by %s %s; Thu, 5 Mar 2026 09:00:02 +0000\n", from, ip, by, rest)
	}
	const tail = "From: ada@a.example\n\ntext\n"
	for _, c := range []struct {
		name, message string
		trust         []string
		edge          int
		own           string
	}{
		{"one organisation", hop("in.own.example", "10.0.0.2", "box.own.example", "with ESMTP") + hop("a.example", "192.0.2.1", "in.own.example", "with ESMTP") + hop("b", "192.0.2.2", "a.example", "with ESMTP"), nil, 1, "own.example"},
		{"same name below a stranger", hop("b.example", "192.0.2.1", "mx.own.example", "with ESMTP") + hop("a", "192.0.2.2", "b.example", "with ESMTP") + hop("c", "192.0.2.3", "mx.own.example", "with ESMTP"), nil, 0, "own.example"},
		{"a filter that is trusted", hop("f.filter.example", "192.0.2.1", "mx.own.example", "with ESMTP") + hop("a.example", "192.0.2.2", "f.filter.example", "with ESMTP"), []string{"filter.example"}, 1, "own.example"},
		{"a filter that is not", hop("f.filter.example", "192.0.2.1", "mx.own.example", "with ESMTP") + hop("a.example", "192.0.2.2", "f.filter.example", "with ESMTP"), nil, 0, "own.example"},
		{"a filter that is trusted, before Microsoft 365", "Received: from f.filter.example (203.0.113.5) by A.mail.protection.outlook.com (10.1.1.1) with Microsoft SMTP Server id 1; Thu, 5 Mar 2026 09:00:02 +0000\n" + hop("a.example", "192.0.2.2", "mx.filter.example", "with ESMTP"), []string{"filter.example"}, 1, "outlook.com"},
		{"over loopback", hop("localhost", "127.0.0.1", "mx.own.example", "(Postfix) with ESMTP") + hop("mx.own.example", "127.0.0.1", "localhost", "(amavisd-new, port 10024) with ESMTP") + hop("a.example", "192.0.2.2", "mx.own.example", "(Postfix) with ESMTP"), nil, 2, "own.example"},
		{"a program first", "Received: (qmail 1 invoked by uid 89); 5 Mar 2026 09:00:02 -0000\n" + hop("a.example", "192.0.2.2", "mx.own.example", "with SMTP"), nil, 1, "own.example"},
		{"fetched", hop("pop.isp.example", "192.0.2.9", "localhost", "with POP3 (fetchmail-6.4)") + hop("a.example", "192.0.2.2", "mx.isp.example", "with ESMTP"), nil, 1, "isp.example"},
		{"fetched, and inside the provider", hop("imap.isp.example", "192.0.2.9", "box", "with IMAP (fetchmail-6.4)") + "Received: by 10.65.133.8 with SMTP id 1; Thu, 5 Mar 2026 09:00:02 +0000\n" + hop("a.example", "192.0.2.2", "mx.isp.example", "with ESMTP"), nil, 2, "isp.example"},
		{"inside Microsoft 365", hop("A.prod.outlook.com", "2603:1096:400::13", "B.prod.outlook.com", "with HTTPS") + hop("C.prod.outlook.com", "2603:1096:400::14", "A.outlook.office365.com", "with Microsoft SMTP Server") + hop("C.prod.outlook.com", "203.0.113.5", "C.mail.protection.outlook.com", "with Microsoft SMTP Server") + hop("x", "203.0.113.6", "D.prod.outlook.com", "with Microsoft SMTP Server"), nil, 2, "outlook.com"},
		{"its own name below a stranger", hop("b.example", "192.0.2.1", "mx.own.example", "(Postfix) with ESMTP") + hop("a", "192.0.2.2", "mx0.own.example", "(Postfix) with ESMTPSA"), nil, 0, "own.example"},
		{"another house behind a private address", hop("lb", "10.0.0.1", "mx.own.example", "(Postfix) with ESMTP") + hop("a", "192.0.2.2", "out.a.example", "(Postfix) with ESMTP"), nil, 0, "own.example"},
		{"nothing", "", nil, -1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := readOctets(t, []byte(c.message+tail), Options{Trust: c.trust}).Trace
			if tr.Edge != c.edge || tr.Own != c.own {
				t.Errorf("got edge %d of %s, want %d of %s", tr.Edge, tr.Own, c.edge, c.own)
			}
			for i, h := range tr.Hops {
				want := TrustUnverified
				if i <= c.edge {
					want = TrustOwn
				}
				if h.Trust != want {
					t.Errorf("hop %d: got %s, want %s", i, h.Trust, want)
				}
			}
		})
	}
}

// Where a server does not look up who its peer is, the peer's name is only a
// claim: what stands below is not believed.
func TestBorrowedNameVouchesForNothing(t *testing.T) {
	const m = "Received: from unknown (HELO in.own.example) (203.0.113.9)\n  by box.own.example with SMTP; 5 Mar 2026 09:00:03 -0000\n" +
		"Received: from a.example (a.example [192.0.2.1]) by in.own.example (Postfix) with ESMTP id 1; Thu, 5 Mar 2026 09:00:02 +0000\n" +
		"Authentication-Results: in.own.example; dmarc=pass header.from=a.example\nFrom: ada@a.example\n\nx\n"
	rep := readOctets(t, []byte(m), Options{})
	if tr := rep.Trace; tr.Edge != 1 || tr.Sure != 0 || rep.Verdict.Kind != CannotTell {
		t.Errorf("got edge %d, sure %d, %s; want 1, 0, %s", tr.Edge, tr.Sure, rep.Verdict.Kind, CannotTell)
	}
	rep = readOctets(t, []byte(m), Options{Trust: []string{"in.own.example"}})
	if tr := rep.Trace; tr.Sure != 1 || rep.Verdict.Kind != ThroughAccount {
		t.Errorf("trusted: got sure %d, %s; want 1, %s", tr.Sure, rep.Verdict.Kind, ThroughAccount)
	}
}

// Two lines dated days after the mail arrived are forged; one could be a clock.
func TestForgedIsProven(t *testing.T) {
	line := func(by, date string) string {
		return "Received: from x.example (x.example [192.0.2.1]) by " + by + " with ESMTP id 1; " + date + "\n"
	}
	head := line("mx.own.example", "Thu, 5 Mar 2026 09:00:00 +0000")
	two := readOctets(t, []byte(head+line("b.example", "Mon, 9 Mar 2026 10:00:00 +0000")+line("c.example", "Mon, 9 Mar 2026 09:00:00 +0000")+"From: a@a.example\n\nx\n"), Options{}).Trace
	for i := 1; i <= 2; i++ {
		if h := two.Hops[i]; h.Trust != TrustForged || h.Reason == "" {
			t.Errorf("hop %d: got %s %q, want forged and why", i, h.Trust, h.Reason)
		}
	}
	one := readOctets(t, []byte(head+line("b.example", "Mon, 9 Mar 2026 10:00:00 +0000")+"From: a@a.example\n\nx\n"), Options{}).Trace
	if h := one.Hops[1]; h.Trust != TrustUnverified || !h.Skewed || h.Skew != 97*time.Hour {
		t.Errorf("got %s, skew %v, want unverified and 97 h ahead", h.Trust, h.Skew)
	}
}
