package decode

import (
	"slices"
	"strings"
	"testing"
)

func TestLanguagesAreThoseDeclared(t *testing.T) {
	for _, c := range []struct {
		name, msg string
		want      []string // of the last part
	}{
		{"field", lines("Content-Language: de-AT, EN", "", "Guten Tag"), []string{"de-at", "en"}},
		{"no field", lines("Subject: a", "", "Guten Tag"), nil},
		{"no tag", lines("Content-Language: Deutsch (Schweiz), x, de_DE", "", "Guten Tag"), nil},
		{"too long", lines("Content-Language: de-"+strings.Repeat("a", 40), "", "Guten Tag"), nil},
		{"HTML", lines("Content-Type: text/html", "", "<html lang=pt-BR><p>Bom dia"), []string{"pt-br"}},
		{"the field before the HTML", lines("Content-Type: text/html", "Content-Language: fr", "", "<html lang=en><p>Bonjour"), []string{"fr"}},
		{"of the container", lines("Content-Language: nl", "Content-Type: multipart/mixed; boundary=x", "", "--x", "", "Dag", "--x--"), []string{"nl"}},
		{"not of the message around", lines("Content-Language: nl", "Content-Type: multipart/mixed; boundary=x", "",
			"--x", "Content-Type: message/rfc822", "", "Subject: a", "", "Good day", "--x--"), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := decodeBytes(t, []byte(c.msg))
			if got := m.Parts[len(m.Parts)-1].Languages; !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
