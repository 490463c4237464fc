package explain

import "testing"

func TestTricks(t *testing.T) {
	known := NewContacts([]string{
		"Thomas Berg <thomas@berg-travel.example>", "Anna Maria Winter <aw@winter-partner.example>", "Bank <service@bank.example>",
		"Elif Demir <elif.demir@gmail.com>", "support@paypal.com", "info@müller-bau.example", "ops@node12345678.example",
	})
	for _, c := range []struct{ from, want string }{
		{"Thomas Berg <thomas@berg-travel.example>", ""},
		// Names that hold an address.
		{`"thomas@berg-travel.example" <x77@gmail.com>`, DisplayName},
		{`"Thomas thomas@berg-travel.example" <x77@other.example>`, DisplayName},
		{`"someone@example.org" <x77@other.example>`, DisplayName},
		{`"someone@test.nowhere" <x77@other.example>`, ""}, // there is no such domain
		{`"ada@old.example" <ada@new.example>`, ""},        // who moved
		{`"ada@a.example" <ada@mail.a.example>`, ""},
		{`"meet @ noon" <ada@a.example>`, ""},
		// Names of contacts.
		{"Thomas Berg <office.pay.2201@outlook.com>", DisplayName},
		{"Thomas Berg <thomas.berg77@gmail.com>", ""}, // he may have it
		{"Thomas Berg <tberg@berg-kletterhalle.example>", ""},
		{"Thomas <x77@gmail.com>", ""},                      // one word is nobody's name
		{"Thоmas Berg <office@other.example>", DisplayName}, // Cyrillic о
		{"THOMAS BERG <t.berg@other.example>", ""},
		// Domains.
		{"x@bank-login.example", LookAlike},
		{"x@secure-bank.example", LookAlike},
		{"x@bank-museum.example", ""},
		{"x@berg-trave1.example", LookAlike},
		{"x@berg-tarvel.example", LookAlike},
		{"x@xn--brg-travel-ksi.example", LookAlike},
		{"x@mail.berg-trvel.example", LookAlike},
		{"x@winterpartner.example", LookAlike},
		{"x@bank.example.evil.example", LookAlike},
		{"x@paypa1.com", LookAlike},
		{"x@paypai.com", LookAlike},
		{"x@xn--pypal-4ve.com", LookAlike}, // Cyrillic а
		{"x@berg-travel.test", ""},         // another suffix: firms have several
		{"x@bang.example", ""},             // short names are near each other
		{"x@node12345679.example", ""},     // digits count machines
		{"x@sub.berg-travel.example", ""},
		{"x@hotmail.com", ""},
		{"x@muller-bau.example", ""}, // an umlaut is a letter of its own
		{"x@xn--80ak6aa92e.com", ""}, // all Cyrillic, like no contact
	} {
		rep := readOctets(t, []byte("From: "+c.from+"\nSubject: x\n\nx\n"), Options{Contacts: known})
		got := rep.Verdict.Kind
		if got == CannotTell {
			got = ""
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q: %s", c.from, got, c.want, rep.Verdict.Short)
		}
	}
}

// Lists put the author's address into the name.
func TestListNamesAreNoTricks(t *testing.T) {
	const m = "List-Id: <golf.lists.example>\nFrom: \"'ada@a.example' via golf\" <golf@lists.example>\n\nx\n"
	if v := readOctets(t, []byte(m), Options{}).Verdict; v.Kind != CannotTell {
		t.Errorf("got %s: %s", v.Kind, v.Short)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"travel", "travel", 0}, {"travel", "tarvel", 1}, {"travel", "trvel", 1}, {"travel", "ttravel", 1}, {"travel", "gravel", 1},
		{"travel", "gravels", 2}, {"abc", "xyz", 3}, {"", "ab", 2},
	} {
		if got := distance(c.a, c.b, 2); got != c.want {
			t.Errorf("%s, %s: got %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestOrganisation(t *testing.T) {
	for in, want := range map[string]string{
		"mx1.clubhouse.example": "clubhouse.example", "a.b.co.uk": "b.co.uk", "co.uk": "", "localhost": "", "10.0.0.1": "", "Mail.Example.ORG": "example.org", "": "", ".x": "", "2002:a05::1": "",
	} {
		if got := organisation(in); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}
