package main

import (
	"bufio"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"lostpost/archive"
	"lostpost/decode"
)

func TestUnixLinesChangesOnlyCRLF(t *testing.T) {
	for in, want := range map[string]string{
		"":                   "",
		"a\r\nb\r\n":         "a\nb\n",
		"a\nb":               "a\nb",
		"a\rb\r":             "a\rb\r",
		"\r\r\n\n\r":         "\r\n\n\r",
		"\r\n":               "\n",
		"no end":             "no end",
		"\x00\xff\r\n\x80\r": "\x00\xff\n\x80\r",
	} {
		for name, r := range map[string]io.Reader{
			"whole": strings.NewReader(in), "octet by octet": iotest.OneByteReader(strings.NewReader(in)), "late end": iotest.DataErrReader(strings.NewReader(in)),
		} {
			got, err := io.ReadAll(iotest.OneByteReader(&unixLines{in: bufio.NewReaderSize(r, 16)}))
			if string(got) != want || err != nil {
				t.Errorf("%q, %s: got %q, %v; want %q", in, name, got, err, want)
			}
		}
	}
	broken := io.MultiReader(strings.NewReader("a\r\n"), iotest.ErrReader(io.ErrUnexpectedEOF))
	if got, err := io.ReadAll(&unixLines{in: bufio.NewReader(broken)}); string(got) != "a\n" || err != io.ErrUnexpectedEOF {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestStatusFields(t *testing.T) {
	root := func(head string) *decode.Part {
		for p := range decode.Walk(strings.NewReader(head+"\n"), int64(len(head)+1), decode.Limits{}) {
			return p
		}
		t.Fatal("no part")
		return nil
	}
	for _, c := range []struct {
		flags archive.Flags
		head  string
		want  string
	}{
		{"", "Subject: x\n", ""},
		{"S", "Subject: x\n", "Status: RO\n"},
		{"F", "Subject: x\n", "Status: O\nX-Status: F\n"},
		{"DFRST", "Subject: x\n", "Status: RO\nX-Status: ADFT\n"},
		{"S", "Status: RO\n", ""},
		{"RS", "Status: RO\nX-Status: A\n", ""},
		{"FS", "Status: RO\n", "Status: RO\nX-Status: F\n"},
	} {
		if got := statusFields(c.flags, root(c.head)); got != c.want {
			t.Errorf("%s over %q: got %q, want %q", c.flags, c.head, got, c.want)
		}
	}
	if got := statusFields("S", nil); got != "Status: RO\n" {
		t.Errorf("without a header: got %q", got)
	}
}

// TestEncodedListStaysOneField: no label can end its field and begin another.
func TestEncodedListStaysOneField(t *testing.T) {
	for _, c := range []struct {
		names []string
		want  string
	}{
		{[]string{"Work", "Private"}, "Work,Private"},
		{[]string{"Entwürfe"}, "=?utf-8?b?RW50d8O8cmZl?="},
		{[]string{"a\r\nBcc: x@ex.example"}, ""},
		{[]string{strings.Repeat("ü", 200)}, ""},
	} {
		got := encodedList(c.names, ",")
		if c.want != "" && got != c.want {
			t.Errorf("%q: got %q, want %q", c.names, got, c.want)
		}
		for i, line := range strings.Split(got, "\n") {
			if i > 0 && !strings.HasPrefix(line, " ") || strings.Contains(line, "\r") || len(line) > 200 {
				t.Errorf("%q: line %d is %q", c.names, i, line)
			}
		}
	}
}
