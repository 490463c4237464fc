package analyze

import "testing"

// TestQueryFinds is the rules of the package comment as people meet
// them: what is typed, what the mail has, whether it is found.
func TestQueryFinds(t *testing.T) {
	for _, c := range []struct {
		query, text string
		want        bool
	}{
		{"isenb*", "Isenböck", true},
		{"isenboeck", "Isenböck", true},
		{"isenböck", "ISENBOECK", true},
		{"isenböck", "isenbock", true},
		{"grun", "gruen", false},
		{"快乐", "新年快乐", true},
		{"快", "新年快乐", true},
		{"新", "新年快乐", true},
		{"乐", "新年快乐", true},
		{"年乐", "新年快乐", false},
		{"新年快乐", "新年\n快乐", true},
		{"快乐*", "新年快乐春", true},
		{"用iphone手", "我用iPhone手机", true},
		{"학교", "학교에서", true},
		{"71450/36214", "file 71450/36214.", true},
		{"36214", "file 71450/36214.", true},
		{"7145036214", "file 71450/36214.", true},
		{"71450-36214", "71450/36214", true},
		{"01711234567", "call 0171 / 123 45-67", true},
		{"0171-1234567", "call 0171 123 4567", true},
		{"0171/12*", "call 0171/1234567", true},
		{"0171/13*", "call 0171/1234567", false},
		{"don't", "dont", false},
		{"re-read", "to re read it", true},
		{"read-re", "to re read it", false},
		{"open invoice", "the open invoice", true},
		{"open invoice", "the open, invoice", true},
		{"open invoice", "the open old invoice", false},
		{"open inv*", "the open invoice", true},
		{"open*", "reopened", false},
		{"Straße", "strasse", true},
		{"ﬁnal", "final", true},
		{"da39a3ee5e6b4b0d3255bfef95601890afd80709", "sum da39a3ee5e6b4b0d3255bfef95601890afd80709", true},
		{"da39a3ee5e6b4b0d3255bfef9560*", "sum da39a3ee5e6b4b0d3255bfef95601890afd80709", true},
	} {
		t.Run(c.query, func(t *testing.T) {
			text, prefix := c.query, false
			if n := len(text) - 1; text[n] == '*' {
				text, prefix = text[:n], true
			}
			p := Query(Words, text, prefix)
			if got := holds(p, Text(nil, c.text)); got != c.want {
				t.Errorf("in %q: got %v, want %v; %+v", c.text, got, c.want, p)
			}
		})
	}
}

func TestQueryFindsAddresses(t *testing.T) {
	tokens := Address(nil, "Anna Groß", "anna.berg+list@mail.kvist.example")
	for query, want := range map[string]bool{
		"anna": true, "Anna Gross": true, "gross": true, "berg": true, "kvist": true, "@kvist.example": true,
		"@mail.kvist.example": true, "anna.berg+list@mail.kvist.example": true, "<anna.berg+list@mail.kvist.example>": true,
		"ANNA.BERG+LIST@MAIL.KVIST.EXAMPLE": true, "anna.berg": true,
		"berg@kvist.example": false, "berg.anna": false, "kvis": false,
	} {
		if got := holds(Query(Addresses, query, false), tokens); got != want {
			t.Errorf("%s: got %v, want %v", query, got, want)
		}
	}
	if !holds(Query(Addresses, "anna.berg+list@mai", true), tokens) {
		t.Error("the beginning of an address does not find it")
	}
}

func TestQueryFindsFileNames(t *testing.T) {
	tokens := FileName(nil, "IMG_Verträge2019_final.jpg")
	for query, want := range map[string]bool{
		"IMG_Verträge2019_final.jpg": true, "verträge": true, "vertraege": true, "2019": true, "jpg": true,
		"vertrage2019": true, "final.jpg": true, "verträge final": false, "image": false,
	} {
		if got := holds(Query(FileNames, query, false), tokens); got != want {
			t.Errorf("%s: got %v, want %v", query, got, want)
		}
	}
}

func TestNothingToLookFor(t *testing.T) {
	for _, kind := range []Kind{Words, Addresses, FileNames} {
		if p := Query(kind, "&-@", true); p.Slots != nil || p.Whole != nil || p.Prefix {
			t.Errorf("got %+v, want an empty pattern", p)
		}
	}
}
