package explain

import (
	"strings"
	"testing"
	"time"
)

// receivedCases are fields in the form of each program, with what a person
// reads in them.
var receivedCases = []struct {
	name, field string
	want        Hop
}{
	{"postfix", "from pc7 (dsl-7.isp.example [198.51.100.7])\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n\t key-exchange X25519)\n\t(No client certificate requested)\n\t(Authenticated sender: ada@example.org)\n\tby out.example.org (Postfix) with ESMTPSA id 7EDF\n\tfor <bob@example.org>; Thu,  5 Mar 2026 10:00:02 +0100 (CET)",
		Hop{From: "pc7", FromName: "dsl-7.isp.example", IP: "198.51.100.7", By: "out.example.org", Protocol: "ESMTPSA", TLS: TLSYes, Version: "TLSv1.3", Cipher: "TLS_AES_256_GCM_SHA384", User: "ada@example.org", SignedIn: true, ID: "7EDF", For: "bob@example.org"}},
	{"postfix, plain", "from a.example (unknown [IPv6:2001:DB8::7]) by b.example (Postfix) with ESMTP id 1; Thu, 5 Mar 2026 09:00:02 +0000",
		Hop{From: "a.example", IP: "2001:db8::7", By: "b.example", Protocol: "ESMTP", TLS: TLSNo, ID: "1"}},
	{"postfix, from a program", "by web.example (Postfix, from userid 33) id 5; Thu, 5 Mar 2026 09:00:02 +0000",
		Hop{By: "web.example", TLS: TLSLocal, ID: "5"}},
	{"exim, name verified", "from mail.a.example ([192.0.2.4]:41872 helo=a) by b.example with esmtps (TLS1.3) tls TLS_AES_128_GCM_SHA256 (Exim 4.98) (envelope-from <ada@a.example>) id 1t-AB for bob@b.example; Thu, 05 Mar 2026 10:00:02 +0100",
		Hop{From: "mail.a.example", FromName: "mail.a.example", IP: "192.0.2.4", By: "b.example", Protocol: "esmtps", TLS: TLSYes, Version: "TLS1.3", Cipher: "TLS_AES_128_GCM_SHA256", ID: "1t-AB", For: "bob@b.example"}},
	{"exim, address only", "from [192.0.2.5] (helo=[10.1.1.1]) by b.example with asmtp (TLSv1:AES256-SHA:256) (Exim 4.30) id 2; Thu, 05 Mar 2026 09:00:02 +0000",
		Hop{From: "[192.0.2.5]", IP: "192.0.2.5", By: "b.example", Protocol: "asmtp", TLS: TLSYes, Version: "TLSv1", Cipher: "AES256-SHA", SignedIn: true, ID: "2"}},
	{"sendmail", "from a (ada@host.a.example [192.0.2.6] (may be forged)) (authenticated bits=0) by b.example (8.18.1/8.18.1) with ESMTPA id 3; Thu, 5 Mar 2026 04:00:02 -0500 (EST)",
		Hop{From: "a", FromName: "host.a.example", IP: "192.0.2.6", By: "b.example", Protocol: "ESMTPA", TLS: TLSNo, SignedIn: true, ID: "3"}},
	{"qmail", "from unknown (HELO a.example) (192.0.2.7)\n  by b.example with SMTP; 5 Mar 2026 09:00:02 -0000",
		Hop{From: "unknown", IP: "192.0.2.7", By: "b.example", Protocol: "SMTP", TLS: TLSUnknown}},
	{"qmail with TLS", "from mx.a.example (HELO a.example) (ada@192.0.2.7)\n  by b.example with (AES256-SHA encrypted) SMTP; 5 Mar 2026 09:00:02 -0000",
		Hop{From: "mx.a.example", FromName: "mx.a.example", IP: "192.0.2.7", By: "b.example", Protocol: "SMTP", TLS: TLSYes, Cipher: "AES256-SHA"}},
	{"qmail inside", "(qmail 31337 invoked by uid 89); 5 Mar 2026 09:00:02 -0000", Hop{TLS: TLSLocal}},
	{"exchange", "from A.example (2603:10a6:208:11::20) by\n B.example (fe80::1%4) with Microsoft SMTP\n Server (version=TLS1_2,\n cipher=TLS_ECDHE) id 15.20.1 via Frontend Transport; Thu, 5 Mar 2026 09:00:02 +0000",
		Hop{From: "A.example", IP: "2603:10a6:208:11::20", By: "B.example", Protocol: "Microsoft SMTP Server", TLS: TLSYes, Version: "TLS1_2", Cipher: "TLS_ECDHE", ID: "15.20.1"}},
	{"smtpsvc is no smtps", "from a.example ([192.0.2.8]) by b.example with Microsoft SMTPSVC(6.0.3790.1830); Thu, 5 Mar 2026 09:00:02 +0000",
		Hop{From: "a.example", IP: "192.0.2.8", By: "b.example", Protocol: "Microsoft SMTPSVC", TLS: TLSUnknown}},
	{"smtpsvc over TLS", "from a.example ([192.0.2.8]) by b.example over TLS secured channel with Microsoft SMTPSVC(7.5); Thu, 5 Mar 2026 09:00:02 +0000",
		Hop{From: "a.example", IP: "192.0.2.8", By: "b.example", Protocol: "Microsoft SMTPSVC", TLS: TLSYes}},
	{"equals sign of quoted-printable", "from A.example (192.0.2.8) by B.example (192.0.2.9) with Microsoft SMTP Server (version=3DTLS1_2, cipher=3DX_Y) id 1; Thu, 5 Mar 2026 09:00:02 +0000",
		Hop{From: "A.example", IP: "192.0.2.8", By: "B.example", Protocol: "Microsoft SMTP Server", TLS: TLSYes, Version: "TLS1_2", Cipher: "X_Y", ID: "1"}},
	{"gmail", "from out.a.example (out.a.example. [192.0.2.9]) by mx.google.com with ESMTP id x9 for <ada@gmail.com>; Thu, 05 Mar 2026 01:00:02 -0800 (PST)",
		Hop{From: "out.a.example", FromName: "out.a.example", IP: "192.0.2.9", By: "mx.google.com", Protocol: "ESMTP", TLS: TLSNo, ID: "x9", For: "ada@gmail.com"}},
	{"inside gmail", "by 2002:a05:7010:a416:b0:4a1:5c3d:7e01 with SMTP id 05; Thu, 5 Mar 2026 01:00:02 -0800 (PST)",
		Hop{By: "2002:a05:7010:a416:b0:4a1:5c3d:7e01", Protocol: "SMTP", TLS: TLSUnknown, ID: "05"}},
	{"communigate", "from [192.0.2.10] (account ada HELO [192.168.1.8]) by b.example (CommuniGate Pro SMTP 5.2) with ESMTPSA id 9; Thu, 05 Mar 2026 09:00:02 +0000",
		Hop{From: "[192.0.2.10]", IP: "192.0.2.10", By: "b.example", Protocol: "ESMTPSA", TLS: TLSYes, User: "ada", SignedIn: true, ID: "9"}},
	{"semicolons of opensmtpd", "from [127.0.0.1] (localhost [127.0.0.1]);\n\tby b.example (OpenSMTPD) with ESMTP id 7;\n\tfor <ada@b.example>;\n\tThu, 5 Mar 2026 09:00:02 +0000 (UTC)",
		Hop{From: "[127.0.0.1]", FromName: "localhost", IP: "127.0.0.1", By: "b.example", Protocol: "ESMTP", TLS: TLSLocal, ID: "7", For: "ada@b.example"}},
	{"amavis", "from a.example ([127.0.0.1]) by localhost (b.example [127.0.0.1]) (amavisd-new, port 10024) with ESMTP id z; Thu, 5 Mar 2026 09:00:02 +0000",
		Hop{From: "a.example", IP: "127.0.0.1", By: "localhost", Protocol: "ESMTP", TLS: TLSLocal, ID: "z"}},
	{"mimecast", "from a.example (a.example [192.0.2.11]) by relay.mimecast.com with ESMTP with STARTTLS (version=TLSv1.3, cipher=X_Y) id uk-1; Thu, 05 Mar 2026 09:00:02 +0000",
		Hop{From: "a.example", FromName: "a.example", IP: "192.0.2.11", By: "relay.mimecast.com", Protocol: "ESMTP", TLS: TLSYes, Version: "TLSv1.3", Cipher: "X_Y", ID: "uk-1"}},
	{"ironport", "from a.example ([192.0.2.14]) by b.example with ESMTP/TLS/ECDHE-RSA-AES128; 05 Mar 2026 10:00:02 +0100",
		Hop{From: "a.example", IP: "192.0.2.14", By: "b.example", Protocol: "ESMTP", TLS: TLSYes, Cipher: "ECDHE-RSA-AES128"}},
	{"mailmarshal", "from pc.a.example (Not Verified[192.0.2.15]) by b.example with Trustwave MailMarshal (using TLS: TLSv1.3, X_Y) id <B1>; Thu, 05 Mar 2026 09:00:02 +0000",
		Hop{From: "pc.a.example", IP: "192.0.2.15", By: "b.example", Protocol: "Trustwave", TLS: TLSYes, Version: "TLSv1.3", ID: "<B1>"}},
	{"webmail", "from [198.51.100.44] by web.example with HTTP (webmail); Thu, 5 Mar 2026 10:00:02 +0100 (CET)",
		Hop{From: "[198.51.100.44]", IP: "198.51.100.44", By: "web.example", Protocol: "HTTP", TLS: TLSLocal}},
	{"no semicolon", "from a.example (a.example [192.0.2.12]) by b.example (Postfix) with ESMTP id 8 Thu, 5 Mar 2026 09:00:02 +0000",
		Hop{From: "a.example", FromName: "a.example", IP: "192.0.2.12", By: "b.example", Protocol: "ESMTP", TLS: TLSNo, ID: "8"}},
	{"parentheses that do not close", "from a.example ([192.0.2.13]) by b.example (version 7 with ESMTPS) (cipher=AES id 9; Thu, 5 Mar 2026 09:00:02 +0000",
		Hop{From: "a.example", IP: "192.0.2.13", By: "b.example", TLS: TLSNo, ID: "9"}},
	{"keywords as names", "from from by by with SMTP id id; Thu, 5 Mar 2026 09:00:02 +0000",
		Hop{From: "from", By: "by", Protocol: "SMTP", TLS: TLSUnknown, ID: "id"}},
}

func TestReadReceived(t *testing.T) {
	when := time.Date(2026, 3, 5, 9, 0, 2, 0, time.UTC)
	for _, c := range receivedCases {
		t.Run(c.name, func(t *testing.T) {
			r := readReceived([]byte(c.field), nil)
			got := r.hop()
			if !got.Time.Equal(when) {
				t.Errorf("got time %v, want %v", got.Time, when)
			}
			if zone := !strings.Contains(c.field, "-0000"); got.Zone != zone {
				t.Errorf("got zone %v, want %v", got.Zone, zone)
			}
			got.Time, got.Zone, got.Raw, got.writer, got.helo = time.Time{}, false, "", 0, ""
			if got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestTokensTakeFieldsApart(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"a (b (c) d) e;f", "w:a (:b (c) d w:e ;:; w:f"},
		{"a ((b)", "w:a (:b"},
		{"a) b", "w:a w:b"},
		{`(a \) b) c`, `(:a \) b w:c`},
		{"<a;b@c> d", "w:<a;b@c> w:d"},
		{"<a;b c>", "w:<a ;:; w:b w:c>"},
		{`x="a;b c" d`, `w:x="a;b c" w:d`},
		{`x="a;b`, `w:x="a ;:; w:b`},
		{"", ""},
	} {
		var got []string
		for _, tok := range tokens([]byte(c.in), nil) {
			got = append(got, string(tok.kind)+":"+string(tok.text))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%q: got %q, want %q", c.in, s, c.want)
		}
	}
}
