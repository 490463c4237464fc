package main

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// slug turns a subject into at most 60 octets of small letters, digits and
// hyphens for a file name: letters of every script stay, accents go.
func slug(s string) string {
	var b strings.Builder
	gap, latin := false, false
	for _, r := range norm.NFKD.String(clip(s, 400)) {
		mark := unicode.Is(unicode.Mn, r)
		if !mark {
			latin = unicode.Is(unicode.Latin, r)
		}
		switch {
		case mark && latin: // é is e; the marks of other scripts are letters
		case mark || unicode.IsLetter(r) || unicode.IsDigit(r):
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(unicode.ToLower(r))
		default:
			gap = true
		}
	}
	return strings.Trim(clip(norm.NFC.String(b.String()), 60), "-")
}
