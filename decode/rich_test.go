package decode

import (
	"strings"
	"testing"
)

func TestEnrichedText(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		// The example of RFC 1896 section 2, shortened.
		{"commands", "<bold>Now</bold> is the time for <italic>all</italic> good men\n<smaller>(and <<women>)</smaller> to\n<ignoreme>come</ignoreme>\n\nto the aid of their\n\n\n<color><param>red</param>beloved</color> country.",
			"Now is the time for all good men (and <women>) to come\nto the aid of their\n\nbeloved country."},
		{"nofill", "<nofill>a\nb\n\nc</nofill>\nd", "a\nb\n\nc d"},
		{"excerpt", "He wrote:\n\n<excerpt>Come at ten.\n\nBring it.</excerpt>Yes.", "He wrote:\n> Come at ten.\n> Bring it.\nYes."},
		{"no commands", "a < b, <3, </ >, x<y", "a < b, <3, </ >, x<y"},
		{"parameter without an end", "<color><param>red text", "red text"},
		{"parameter with text in it", "<x-size><PARAM>a</b>c</Param>d", "d"},
		{"command left open", "<bold>all", "all"},
		{"long name", "<" + strings.Repeat("a", 70) + ">", "<" + strings.Repeat("a", 70) + ">"},
	} {
		if got := enrichedText(c.in, false); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestRichText(t *testing.T) {
	in := "one\ntwo<nl>three <lt>four<comment>not this</comment>\n\n<paragraph>five</paragraph>six"
	if got, want := enrichedText(in, true), "one two\nthree <four\nfive\nsix"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRichBodiesAreShown(t *testing.T) {
	const rtf = `{\rtf1\ansi\ansicpg1252 Gr\'fc\'dfe aus {\b K\'f6ln}\par}`
	for _, c := range []struct{ name, msg, want string }{
		{"text/rtf", lines("Content-Type: text/rtf", "", rtf), "Grüße aus Köln\n"},
		{"application/rtf", lines("Content-Type: application/rtf", "", rtf), "Grüße aus Köln\n"},
		{"raw octets", lines("Content-Type: text/rtf", "Content-Transfer-Encoding: 8bit", "", "{\\rtf1\\ansi\\ansicpg1251 \xc4\xe0\\par}"), "Да\n"},
		{"HTML in it", lines("Content-Type: text/rtf", "", `{\rtf1\ansi\fromhtml1 {\*\htmltag <p>}x{\*\htmltag <b>}y{\*\htmltag </b>}}`), "xy\n"},
		{"no RTF", lines("Content-Type: text/rtf", "", "See you at ten."), "See you at ten.\n"},
		{"attached", lines("Content-Type: multipart/mixed; boundary=x", "", "--x", "", "one", "--x", "Content-Type: application/rtf; name=a.rtf", "", rtf, "--x--"), "one\n"},
		{"beside a stub", lines("Content-Type: multipart/alternative; boundary=x", "", "--x", "", "-", "--x", "Content-Type: text/rtf", "", rtf, "--x--"), "Grüße aus Köln\n"},
		{"enriched", lines("Content-Type: text/enriched", "", "<bold>one</bold>", "two"), "one two\n"},
		{"enriched and HTML", lines("Content-Type: multipart/alternative; boundary=x", "", "--x", "", "one two three",
			"--x", "Content-Type: text/enriched", "", "<bold>one</bold> two", "--x", "Content-Type: text/html", "", "<p>one two three", "--x--"), "one two three\n"},
	} {
		if got := decodeBytes(t, []byte(c.msg)).Text; got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// TestTextBehindBase64IsShown: it is part of what a reader sees, not of what
// the sender of the text wrote.
func TestTextBehindBase64IsShown(t *testing.T) {
	msg := lines("Content-Type: text/html; charset=utf-16le", "Content-Transfer-Encoding: base64", "",
		"PABwAD4AbwBuAGUAPAAvAHAAPgA=", "", "______", "The list: page.example")
	m := decodeBytes(t, []byte(msg))
	if want := "one\n\n______\nThe list: page.example\n"; m.Text != want {
		t.Errorf("got text %q, want %q", m.Text, want)
	}
	if src, err := m.Parts[0].Source(t.Context()); err != nil || src != "<p>one</p>" {
		t.Errorf("got source %q, %v", src, err)
	}
}
