package html

import (
	"strings"
	"testing"
)

func TestLang(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"html", `<!DOCTYPE html><html dir=ltr lang="de-AT"><head></head><body>x`, "de-AT"},
		{"capitals, no quotes", `<HTML LANG=fr><BODY>x`, "fr"},
		{"xml:lang", `<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="pl"><body>x`, "pl"},
		{"lang before xml:lang", `<html xml:lang="pl" lang="cs">`, "cs"},
		{"body", `<html><head><style>p{}</style></head><body lang=" sv ">x`, "sv"},
		{"both", `<html lang=en><body lang=sv>`, "en"},
		{"empty", `<html lang=""><body>x`, ""},
		{"a paragraph is not the document", `<html><body><p lang=de>x`, ""},
		{"in a comment", `<!-- <html lang=de> --><p>x`, ""},
		{"nothing", ``, ""},
		{"never closed", `<html lang="de`, ""},
		{"far away", strings.Repeat(" ", langWindow) + `<html lang=de>`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Lang(c.src); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
