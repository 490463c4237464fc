package main

import (
	"errors"
	"strings"
	"testing"

	"lostpost/fetch"
	"lostpost/fetch/wire"
)

func TestParseServer(t *testing.T) {
	for in, want := range map[string]account{
		"imaps://anna@imap.example.org":                 {protocol: "imap", security: wire.TLS, host: "imap.example.org", user: "anna"},
		"IMAPS://anna@example.org@imap.example.org":     {protocol: "imap", security: wire.TLS, host: "imap.example.org", user: "anna@example.org"},
		"imaps://anna%40example.org@imap.example.org/":  {protocol: "imap", security: wire.TLS, host: "imap.example.org", user: "anna@example.org"},
		"imap+starttls://a@h:1143/Work/Old":             {protocol: "imap", security: wire.StartTLS, host: "h", port: 1143, user: "a", mailbox: "Work/Old"},
		"imaps://a@h/Entw%C3%BCrfe":                     {protocol: "imap", security: wire.TLS, host: "h", user: "a", mailbox: "Entwürfe"},
		"pop3s://a@[2001:db8::1]:9950":                  {protocol: "pop3", security: wire.TLS, host: "2001:db8::1", port: 9950, user: "a"},
		"pop3s://a@[2001:db8::1]":                       {protocol: "pop3", security: wire.TLS, host: "2001:db8::1", user: "a"},
		"pop3+stls://a@h":                               {protocol: "pop3", security: wire.StartTLS, host: "h", user: "a"},
		"imap://a@localhost":                            {protocol: "imap", security: wire.Plain, host: "localhost", user: "a"},
		"pop3://us%2Fer@localhost":                      {protocol: "pop3", security: wire.Plain, host: "localhost", user: "us/er"},
		"imaps://anna%3Ab@h":                            {protocol: "imap", security: wire.TLS, host: "h", user: "anna:b"},
		"imaps://user%2Bwork@example.org@h/INBOX/a%20b": {protocol: "imap", security: wire.TLS, host: "h", user: "user+work@example.org", mailbox: "INBOX/a b"},
	} {
		got, err := parseServer(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if !same(got, want) {
			t.Errorf("%s: got %+v, want %+v", in, got, want)
		}
	}
	for _, in := range []string{
		"", "imaps://", "imaps://anna@", "imaps://h", "http://a@h", "anna@h", "imaps://a:b@h", "imaps://a@h:", "imaps://a@h:0",
		"imaps://a@h:65536", "imaps://a@h:x", "imaps://%zz@h", "imaps://a@h/%zz", "pop3s://a@h/INBOX", "imaps://@h",
	} {
		_, err := parseServer(in)
		var f *failure
		if !errors.As(err, &f) || f.code != exitFailed || f.todo == "" {
			t.Errorf("%q: got %v, want a failure that says what to do", in, err)
		}
	}
}

func same(a, b account) bool {
	return a.protocol == b.protocol && a.security == b.security && a.host == b.host && a.port == b.port && a.user == b.user && a.mailbox == b.mailbox
}

func FuzzParseServer(f *testing.F) {
	f.Add("imaps://anna@example.org@imap.example.org:993/Work/Old")
	f.Add("pop3s://a%40b@[::1]")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := parseServer(s)
		if err != nil {
			return
		}
		if a.host == "" || a.user == "" || a.port < 0 || a.port > 65535 {
			t.Errorf("%q: got %+v", s, a)
		}
	})
}

// TestBooksAddUp: whatever happened, the numbers behind "=" make the one
// before it.
func TestBooksAddUp(t *testing.T) {
	for _, c := range []struct {
		rep  fetch.Report
		cut  bool
		want string
	}{
		{fetch.Report{Listed: 15121, Known: 14900, Seen: 221, Stored: 220, Failed: 1, Quarantined: 1}, false,
			"15,121 on the server = 14,900 here before + 220 stored + 1 put aside"},
		{fetch.Report{Listed: 6, Known: 1, Seen: 5, Stored: 1, Duplicate: 1, Failed: 3, Vanished: 1, Quarantined: 1, Pending: 1}, false,
			"6 on the server = 1 here before + 1 stored + 1 already there in another place + 1 gone meanwhile + 1 put aside + 1 not had yet"},
		{fetch.Report{Listed: -1, Seen: 3, Stored: 3}, true, "3 seen before the end = 3 stored"},
		{fetch.Report{Listed: 0}, false, "0 on the server = 0 here before + 0 stored"},
	} {
		if got := books(c.rep, c.cut); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

func TestPlaceForPeople(t *testing.T) {
	for in, want := range map[string]string{
		"imaps://anna@imap.example.org/INBOX;uidvalidity=7/;uid=8812":          "INBOX uid 8812",
		"imaps://a@h/Work%2FEntw%C3%BCrfe;uidvalidity=1709632800/;uid=4294967": "Work/Entwürfe uid 4294967",
		"pop3s://anna@pop.example/;uidl=7f;size=1234":                          "uidl=7f size=1234",
		"nothing of the kind": "nothing of the kind",
	} {
		if got := placeForPeople(in); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func TestBlotLeavesNeitherAddressNorPath(t *testing.T) {
	a := &app{env: func(s string) string {
		return map[string]string{"HOME": "/home/anna", "LOSTPOST_ARCHIVE": "/srv/my mail"}[s]
	}}
	for in, want := range map[string]string{
		"/srv/my mail, 3 messages":                      "ARCHIVE, 3 messages",
		"none at ~/.config/lostpost/config.toml":        "none at CONFIG",
		"lock /srv/my mail/lock: anna@example.org":      "lock ARCHIVEPATH: ADDRESS",
		"linux/amd64, 2 cores":                          "linux/amd64, 2 cores",
		`C:\Users\anna\mail is full`:                    "PATH is full",
		"imaps://anna@example.org@imap.example.org/Box": "",
	} {
		got := a.blot(in)
		if want != "" && got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
		if strings.Contains(got, "anna") || strings.Contains(got, "my mail") {
			t.Errorf("%s: got %q", in, got)
		}
	}
}
