package mbox

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func TestWriterQuotes(t *testing.T) {
	received := time.Date(2024, 3, 5, 11, 0, 0, 0, time.FixedZone("CET", 3600))
	const sep = "From anna@example.org Tue Mar  5 10:00:00 2024\n"
	long := strings.Repeat("x", 200_000)
	tests := []struct{ name, in, want string }{
		{"plain", "Subject: a\n\nhi\n", "Subject: a\n\nhi\n\n"},
		{"from", "\nFrom me\n>From you\n>>>From us\n> From x\nFrom\nFrom: y\n", "\n>From me\n>>From you\n>>>>From us\n> From x\nFrom\nFrom: y\n\n"},
		{"crlf", "\r\nFrom me\r\n", "\r\n>From me\r\n\n"},
		{"no line end", "\nend", "\nend\n\n"},
		{"ends within quotes", "\n>>", "\n>>\n\n"},
		{"long line", "\n" + long + "From x\nFrom y\n", "\n" + long + "From x\n>From y\n\n"},
		{"empty", "", "\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var b strings.Builder
			w := NewWriter(&b)
			if err := w.Append("anna@example.org", received, iotest.OneByteReader(strings.NewReader(test.in))); err != nil {
				t.Fatal(err)
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			if got := b.String(); got != sep+test.want {
				t.Errorf("got %.300q, want %.300q", got, sep+test.want)
			}
		})
	}
}

func TestWriterSender(t *testing.T) {
	for sender, want := range map[string]string{
		"":                                      "From MAILER-DAEMON Thu Jan  1 00:00:00 1970\n\n",
		"a b\n@example.org\r\nFrom x@y.example": "From ab@example.orgFromx@y.example Thu Jan  1 00:00:00 1970\n\n",
	} {
		var b strings.Builder
		w := NewWriter(&b)
		if err := errors.Join(w.Append(sender, time.Unix(0, 0), strings.NewReader("")), w.Flush()); err != nil {
			t.Fatal(err)
		}
		if b.String() != want {
			t.Errorf("%q: got %q, want %q", sender, b.String(), want)
		}
	}
}

// TestWrittenMessagesAreFound reads back what the Writer wrote.
func TestWrittenMessagesAreFound(t *testing.T) {
	in := []string{"Subject: a\n\nFrom me\n\n", "\n", "Subject: b\r\n\r\nFrom - Tue Mar  5 10:00:00 2024\r\nTo: x\r\n", sepA + msgA}
	var b strings.Builder
	w := NewWriter(&b)
	for _, m := range in {
		if err := w.Append("anna@example.org", time.Unix(1e9, 0), strings.NewReader(m)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range pieces(t, b.String()) {
		var m strings.Builder
		for line := range strings.Lines(p) {
			if rest := strings.TrimLeft(line, ">"); rest != line && strings.HasPrefix(rest, "From ") {
				line = line[1:]
			}
			m.WriteString(line)
		}
		got = append(got, m.String())
	}
	if !slices.Equal(got, in) {
		t.Errorf("got %q, want %q", got, in)
	}
}

func TestWriterErrors(t *testing.T) {
	boom := errors.New("boom")
	w := NewWriter(io.Discard)
	if err := w.Append("", time.Time{}, io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(boom))); !errors.Is(err, boom) {
		t.Errorf("got %v, want the error of the body", err)
	}
	w = NewWriter(failing{boom})
	if err := errors.Join(w.Append("", time.Time{}, strings.NewReader(strings.Repeat("x\n", 100_000))), w.Flush()); !errors.Is(err, boom) {
		t.Errorf("got %v, want the error of the file", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
