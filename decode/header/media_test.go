package header

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// params writes parameters as "a=b|c=d", sorted.
func paramString(p map[string]string) string {
	var all []string
	for _, k := range slices.Sorted(maps.Keys(p)) {
		all = append(all, k+"="+p[k])
	}
	return strings.Join(all, "|")
}

func TestParseMedia(t *testing.T) {
	for _, c := range []struct{ name, in, typ, params, codes string }{
		{"rfc 2045 section 5.1", "text/plain; charset=us-ascii (Plain text)", "text/plain", "charset=us-ascii", ""},
		{"quoted", `Text/Plain; charset="us-ascii"`, "text/plain", "charset=us-ascii", ""},
		{"empty", "", "", "", ""},
		{"open quote", `text/plain; charset="iso-8859-1`, "text/plain", "charset=iso-8859-1", "parameter-open-quote"},
		{"open quote, more after", `a/b; name="x.csv; size=4`, "a/b", "name=x.csv|size=4", "parameter-open-quote"},
		{"double semicolons", "text/plain;; charset=x;", "text/plain", "charset=x", ""},
		{"no value", "text/plain; flowed; charset=x", "text/plain", "charset=x", "parameter-without-value"},
		{"no semicolon", "text/plain charset=x", "text/plain", "charset=x", "parameter-separator"},
		{"no semicolon between", "text/plain; charset=x format=flowed", "text/plain", "charset=x|format=flowed", "parameter-separator"},
		{"colon", "text/plain; charset:x", "text/plain", "charset=x", "parameter-separator"},
		{"blanks", "text / plain; charset = x", "text/plain", "charset=x", "media-type-repaired"},
		{"comment after", "text/plain; charset=x (Latin)", "text/plain", "charset=x", ""},
		{"comment before", "(a) text/plain; (b) charset=x", "text/plain", "charset=x", ""},
		{"single quotes", "text/plain; charset='x'", "text/plain", "charset=x", ""},
		{"one word", "text", "text/plain", "", "media-type-repaired"},
		{"swapped", "plain/text; charset=x", "text/plain", "charset=x", "media-type-repaired"},
		{"type in quotes", `"text/html"; charset=x`, "text/html", "charset=x", ""},
		{"comma", "text/plain; charset=utf-8, text/plain; charset=utf-8", "text/plain", "charset=utf-8", "parameter-separator parameter-twice"},
		{"charset twice, first fits", "text/plain; charset=utf-8; charset=us-ascii", "text/plain", "charset=utf-8", "parameter-twice"},
		{"charset twice, second fits", "text/plain; charset=us-ascii; charset=utf-8", "text/plain", "charset=utf-8", "parameter-twice"},
		{"charset twice, first unknown", "text/plain; charset=x-a; charset=koi8-r", "text/plain", "charset=koi8-r", "parameter-twice"},
		{"boundary with specials", "multipart/mixed; boundary=----=_Part/12:3?4=5", "multipart/mixed", "boundary=----=_Part/12:3?4=5", ""},
		{"boundary with comma", "multipart/mixed; boundary=a,b", "multipart/mixed", "boundary=a,b", ""},
		{"boundary keeps its blank", `multipart/mixed; boundary="b1 "`, "multipart/mixed", "boundary=b1 ", ""},
		{"boundary and comment", `multipart/mixed; boundary="b1" (made by gate)`, "multipart/mixed", "boundary=b1", ""},
		{"boundary folded", "multipart/mixed; boundary=\r\n\t\"b1\"", "multipart/mixed", "boundary=b1", ""},
		{"boundary is no word", `multipart/mixed; boundary="=?a?q?b?="`, "multipart/mixed", "boundary==?a?q?b?=", ""},

		{"name with blanks", "attachment; filename=annual report 2024.csv", "attachment", "filename=annual report 2024.csv", ""},
		{"name with blanks, parameter after", "attachment; filename=annual report.csv; size=3", "attachment", "filename=annual report.csv|size=3", ""},
		{"name with semicolon", "attachment; filename=list;2024.csv", "attachment", "filename=list;2024.csv", ""},
		{"name with brackets", "attachment; filename=report (1).pdf", "attachment", "filename=report (1).pdf", ""},
		{"name with inner quotes", `attachment; filename="the "final" list.csv"`, "attachment", `filename=the "final" list.csv`, "parameter-inner-quote"},
		{"name with escaped quotes", `attachment; filename="the \"final\" list.csv"`, "attachment", `filename=the "final" list.csv`, ""},
		{"junk after the quote", `attachment; filename="a.csv"x; size="3"`, "attachment", "filename=a.csv|size=3", "parameter-without-value"},
		{"path", `attachment; filename="C:\Users\ada\list.csv"`, "attachment", `filename=C:\Users\ada\list.csv`, ""},
		{"bare disposition", "filename=list.csv", "", "filename=list.csv", ""},
		{"raw utf-8 name", `attachment; filename="Übersicht.csv"`, "attachment", "filename=Übersicht.csv", ""},
		{"raw latin-1 name", "attachment; filename=\"\xdcbersicht.csv\"", "attachment", "filename=Übersicht.csv", "charset-missing"},
		{"word in quotes", `attachment; filename="=?utf-8?Q?K=C3=B6ln.csv?="`, "attachment", "filename=Köln.csv", ""},
		{"bare word", `attachment; filename==?utf-8?Q?K=C3=B6ln;_b.csv?=`, "attachment", "filename=Köln; b.csv", ""},

		{"rfc 2231 section 3", "message/external-body; access-type=URL;\r\n URL*0=\"ftp://\";\r\n URL*1=\"cs.utk.example/pub/moore\"", "message/external-body",
			"access-type=URL|url=ftp://cs.utk.example/pub/moore", ""},
		{"rfc 2231 section 4", "application/x-stuff;\r\n title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", "application/x-stuff", "title=This is ***fun***", ""},
		{"rfc 2231 section 4.1", "application/x-stuff;\r\n title*0*=us-ascii'en'This%20is%20even%20more%20;\r\n title*1*=%2A%2A%2Afun%2A%2A%2A%20;\r\n title*2=\"isn't it!\"",
			"application/x-stuff", "title=This is even more ***fun*** isn't it!", ""},
		{"out of order", "attachment; filename*1*=b; filename*2=.csv; filename*0*=utf-8''%C3%9C", "attachment", "filename=Üb.csv", ""},
		{"from one", "attachment; filename*1*=utf-8''%C3%9C; filename*2*=b", "attachment", "filename=Üb", "parameter-continuation"},
		{"segment twice", "attachment; filename*0=a; filename*0=x; filename*1=b", "attachment", "filename=ab", "parameter-continuation"},
		{"first only marked", "attachment; filename*0*=utf-8''%C3%9C; filename*1=%C3%B6", "attachment", "filename=Üö", ""},
		{"quoted percent stays", `attachment; filename*0*=utf-8''%C3%9C; filename*1="100%25"`, "attachment", "filename=Ü100%25", ""},
		{"split character", "attachment; filename*0*=utf-8''%E2%82; filename*1*=%AC", "attachment", "filename=€", ""},
		{"no charset", "attachment; filename*=%E2%82%AC", "attachment", "filename=€", ""},
		{"in quotes", `attachment; filename*="utf-8''%E2%82%AC"`, "attachment", "filename=€", ""},
		{"both", `attachment; filename="?"; filename*=utf-8''%E2%82%AC`, "attachment", "filename=€", ""},
		{"koi8-r", "attachment; filename*=koi8-r'ru'%EF%D4", "attachment", "filename=От", ""},
		{"stray percent", "attachment; filename*=utf-8''100%%20%C3%BC", "attachment", "filename=100% ü", ""},
		{"word in segments", `attachment; filename*0="=?utf-8?Q?K=C3"; filename*1="=B6ln?="`, "attachment", "filename=Köln", ""},
		{"word where no word belongs", `attachment; filename*="=?utf-8?Q?K=C3=B6ln?="`, "attachment", "filename=Köln", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := ParseMedia([]byte(c.in), "")
			if m.Type != c.typ || paramString(m.Params) != c.params {
				t.Errorf("got %q %q, want %q %q", m.Type, paramString(m.Params), c.typ, c.params)
			}
			if codes := codesOf(m.Faults); codes != c.codes {
				t.Errorf("got faults %q, want %q", codes, c.codes)
			}
		})
	}
}

func TestMediaTakesTheBetterField(t *testing.T) {
	h, _, _ := Parse([]byte("Content-Type: text/plain\r\nContent-Type: text/plain; charset=koi8-r\r\n\r\n"), 0)
	m := h.Media("content-type", "")
	if m.Params["charset"] != "koi8-r" || codesOf(m.Faults) != "media-field-twice" {
		t.Errorf("got %v, faults %q", m.Params, codesOf(m.Faults))
	}
	if m := h.Media("Content-Disposition", ""); m.Type != "" || len(m.Params) != 0 {
		t.Errorf("a field that is not there: got %+v", m)
	}
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"rfc 5322 A.1.2", "Joe Q. Public <john.q.public@example.com>", "Joe Q. Public <john.q.public@example.com>"},
		{"rfc 5322 A.1.2, list", "Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>", "Mary Smith <mary@x.test>|<jdoe@example.org>|Who? <one@y.test>"},
		{"rfc 5322 A.1.2, quoted", `"Giant; \"Big\" Box" <sysservices@example.net>`, `Giant; "Big" Box <sysservices@example.net>`},
		{"rfc 5322 A.1.3, group", "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;", "Ed Jones <c@a.test>|<joe@where.test>|John <jdoe@one.test>"},
		{"rfc 5322 A.1.3, empty group", "Undisclosed recipients:;", ""},
		{"rfc 5322 A.5, comments", `Pete(A nice \) chap) <pete(his account)@silly.test(his host)>`, "Pete <pete@silly.test>"},
		{"route", "Mary <@node.test,@host.test:mary@example.net>", "Mary <mary@example.net>"},
		{"name in a comment", "ada@example.org (Ada Lovelace)", "Ada Lovelace <ada@example.org>"},
		{"comma in a word", "=?utf-8?Q?M=C3=BCller,_Ada?= <ada@example.org>, b@c.example", "Müller, Ada <ada@example.org>|<b@c.example>"},
		{"word in quotes", `"=?utf-8?Q?M=C3=BCller?=" <ada@example.org>`, "Müller <ada@example.org>"},
		{"raw utf-8", "Zoé <zoe@example.org>", "Zoé <zoe@example.org>"},
		{"semicolons", "Ada <a@example.org>; Bob <b@example.org>", "Ada <a@example.org>|Bob <b@example.org>"},
		{"no brackets", "Ada Lovelace ada@example.org", "Ada Lovelace <ada@example.org>"},
		{"no comma", "<a@example.org> <b@example.org>", "<a@example.org>|<b@example.org>"},
		{"bracket not closed", "Ada <ada@example.org", "Ada <ada@example.org>"},
		{"bracket not closed in a list", "Ada <ada@example.org, Bob <bob@example.org>", "Ada <ada@example.org>|Bob <bob@example.org>"},
		{"quote not closed", `"Ada <ada@example.org>`, `Ada <ada@example.org>`},
		{"comment not closed", "Ada (work <ada@example.org>", "Ada (work <ada@example.org>"},
		{"mailto", "<mailto:ada@example.org>", "<ada@example.org>"},
		{"bare mailto", "mailto:ada@example.org", "<ada@example.org>"},
		{"blanks inside", "Ada < ada @ example.org >", "Ada <ada@example.org>"},
		{"doubled brackets", "Ada <<ada@example.org>>", "Ada <ada@example.org>"},
		{"quoted local part", `"a, b"@example.org`, "<a, b@example.org>"},
		{"name only", "Ada Lovelace", "Ada Lovelace <>"},
		{"folded", "Ada\r\n Lovelace\r\n <ada@example.org>", "Ada Lovelace <ada@example.org>"},
		{"empty items", ", ,a@example.org,,", "<a@example.org>"},
		{"nothing", " ", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			all, _ := ParseAddresses([]byte(c.in), "")
			var got []string
			for _, a := range all {
				got = append(got, strings.TrimSpace(a.Name+" <"+a.Addr+">"))
			}
			if s := strings.Join(got, "|"); s != c.want {
				t.Errorf("got %q, want %q", s, c.want)
			}
		})
	}
}

func TestAddressesAreBounded(t *testing.T) {
	h, _, _ := Parse([]byte("To: "+strings.Repeat("a@b.c,", 300_000)+"\r\n\r\n"), 0)
	all, faults := h.Addresses("To", "")
	if len(all) != maxMailboxes || !strings.Contains(codesOf(faults), "limit-addresses") {
		t.Errorf("got %d addresses, faults %q", len(all), codesOf(faults))
	}
}

func TestMessageIDs(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"<a@b>", "a@b"},
		{"<a@b>\r\n <c@d><e@f>", "a@b c@d e@f"},
		{"Your message of Tue <a@b>", "a@b"},
		{"a@b, c@d", "a@b c@d"},
		{"<a\r\n b@c>", "ab@c"},
		{"<a@b", "a@b"},
		{"<" + strings.Repeat("x", 1<<19) + "> <a@b>", "a@b"},
		{"none", ""},
	} {
		h, _, _ := Parse([]byte("References: "+c.in+"\r\n\r\n"), 0)
		if got := strings.Join(h.MessageIDs("References"), " "); got != c.want {
			t.Errorf("%.40q: got %q, want %q", c.in, got, c.want)
		}
	}
}

// TestLinear reads hostile fields of two sizes; the time must not grow with
// the square.
func TestLinear(t *testing.T) {
	number := func(format string) func(int) string {
		return func(n int) string {
			var s strings.Builder
			for i := 0; s.Len() < n; i++ {
				fmt.Fprintf(&s, format, i)
			}
			return s.String()
		}
	}
	unit := func(u string) func(int) string { return func(n int) string { return strings.Repeat(u, n/len(u)) } }
	for name, text := range map[string]func(int) string{
		"comments":         unit("("),
		"closing comments": unit("()"),
		"backslashes":      unit(`\`),
		"quotes":           unit(`"x"`),
		"open quotes":      unit(`a="\"; `),
		"inner quotes":     unit(`a="b"c"d `),
		"parameters":       number("; p%d=v"),
		"segments":         number("; filename*%d*=%%41"),
		"groups":           unit("g:"),
		"angles":           unit("<"),
		"open words":       unit("=?utf-8?q?x"),
		"words":            unit("=?utf-8?Q?=C3?= =?utf-8?Q?=A9?= "),
		"charsets":         number("=?x-cs%d?Q?=C3=A9?= "),
		"no words":         unit("=?"),
		"question marks":   unit("=?a?q?b?=20"),
		"blanks":           unit(" \r\n"),
		"commas":           unit(",a@b"),
		"at signs":         unit("a@b c "),
		"colons":           unit(": "),
	} {
		run := func(n int) time.Duration {
			b := []byte(text(n))
			start := time.Now()
			ParseMedia(append([]byte("text/plain; x="), b...), "")
			ParseMedia(append([]byte("attachment; filename="), b...), "")
			ParseAddresses(b, "")
			DecodeText(b, "")
			appendIDs(nil, b)
			ParseDate(string(b))
			Parse(b, 0)
			return time.Since(start)
		}
		run(1 << 14)
		small, big := run(1<<17), run(1<<19)
		if big > 12*small && big > 500*time.Millisecond {
			t.Errorf("%s: %v for 128 kB, %v for 512 kB", name, small, big)
		}
	}
}

const benchmarkHeader = "Return-Path: <ada@example.org>\r\nReceived: from a.example (a.example [192.0.2.1]) by mx.example with ESMTPS id 4Xq;\r\n\tTue, 04 Mar 2025 10:11:12 +0100\r\n" +
	"Received: from b.example by a.example; Tue, 04 Mar 2025 10:11:10 +0100\r\nDKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s1;\r\n\th=from:to:subject; bh=abc=; b=def=\r\n" +
	"From: Ada Lovelace <ada@example.org>\r\nTo: Carl Gauss <carl@example.net>, eva@example.net\r\nSubject: =?utf-8?Q?Gr=C3=B6=C3=9Fe_f=C3=BCr_M=C3=B6ller?=\r\n" +
	"Date: Tue, 04 Mar 2025 10:11:12 +0100\r\nMessage-ID: <4711.abc@example.org>\r\nReferences: <1@example.org> <2@example.org>\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: multipart/alternative; boundary=\"----=_Part_12\"\r\nX-Mailer: Example 1.0\r\nX-Example-Trace: abcdef\r\n\r\n"

func BenchmarkParse(b *testing.B) {
	in := []byte(benchmarkHeader)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		Parse(in, 0)
	}
}

// BenchmarkIndexed does what the index asks of a header.
func BenchmarkIndexed(b *testing.B) {
	in := []byte(benchmarkHeader)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		h, _, _ := Parse(in, 0)
		h.Text("Subject", "")
		h.Addresses("From", "")
		h.Addresses("To", "")
		h.Date()
		h.MessageIDs("References")
		h.MessageIDs("Message-ID")
		h.Media("Content-Type", "")
	}
}

func BenchmarkMedia(b *testing.B) {
	for name, in := range map[string]string{"regular": `multipart/alternative; boundary="----=_Part_12"`, "own": `multipart/alternative; boundary="----=_Part_12'"`} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ParseMedia([]byte(in), "")
			}
		})
	}
}

func BenchmarkAddresses(b *testing.B) {
	for name, in := range map[string]string{"regular": "Carl Gauss <carl@example.net>, eva@example.net", "own": "Carl Gauss <carl@example.net>; eva@example.net"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ParseAddresses([]byte(in), "")
			}
		})
	}
}

func BenchmarkDate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ParseDate("Tue, 04 Mar 2025 10:11:12 +0100 (CET)")
	}
}
