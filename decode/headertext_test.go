package decode

import "testing"

func TestHeaderTextDecodesWords(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"none", "Subject: plain\nFrom: a@x.example\n", "Subject: plain\nFrom: a@x.example\n"},
		{"one", "From: a@x.example\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nTo: b@x.example\n", "From: a@x.example\nSubject: Grüße\nTo: b@x.example\n"},
		{"two lines", "Subject: =?utf-8?q?Gr=C3=BC?=\n =?utf-8?q?=C3=9Fe?=\nTo: b\n", "Subject: Grüße\nTo: b\n"},
		{"at the end", "Subject: =?iso-8859-1?q?M=FChle?=", "Subject: Mühle\n"},
		{"broken", "Subject: =?x\n", "Subject: =?x\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := headerText(c.src, ""); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
