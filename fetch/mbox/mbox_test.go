package mbox

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

const (
	sepA = "From anna@example.org Tue Mar  5 10:00:00 2024\n"
	sepB = "From ben@example.org Wed Mar  6 11:00:00 2024\n"
	msgA = "From: anna@example.org\nSubject: a\n\nHello.\n"
	msgB = "From: ben@example.org\nSubject: b\n\nHello again.\n"
)

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

// TestMessages has a row for each rule. A piece that begins with "!" is junk,
// told by its damage; all other pieces are the octets of messages.
func TestMessages(t *testing.T) {
	zeros := strings.Repeat("\x00", 24<<10)
	tests := []struct {
		name, in string
		want     []string
	}{
		{"two messages", sepA + msgA + "\n" + sepB + msgB, []string{msgA, msgB}},
		{"blank line at the end", sepA + msgA + "\n" + sepB + msgB + "\n", []string{msgA, msgB}},
		{"no line end at the end", sepA + msgA + "\n" + sepB + "Subject: b\n\nend", []string{msgA, "Subject: b\n\nend"}},
		{"crlf", crlf(sepA + msgA + "\n" + sepB + msgB + "\n"), []string{crlf(msgA), crlf(msgB)}},
		{"line ends change midway", sepA + msgA + "\n" + crlf(sepB+msgB), []string{msgA, crlf(msgB)}},
		{"only one blank line is the separator's", sepA + msgA + "\n\n\n" + sepB + msgB, []string{msgA + "\n\n", msgB}},
		{"quoted from stays as it is", sepA + msgA + ">From me\n>>From you\n\n" + sepB + msgB, []string{msgA + ">From me\n>>From you\n", msgB}},
		{"bom", "\xEF\xBB\xBF" + sepA + msgA + "\n" + sepB + msgB, []string{"!", msgA, msgB}},
		{"blank lines first", "\n\n" + sepA + msgA, []string{msgA}},
		{"junk first", "some words\nmore\n\n" + sepA + msgA, []string{"!17 bytes before the first message", msgA}},
		{"message without separator first", "Received: by mx\nFrom: c@example.org\nDate: x\n\nhi\n\n" + sepA + msgA,
			[]string{"Received: by mx\nFrom: c@example.org\nDate: x\n\nhi\n", msgA}},
		{"empty file", "", nil},
		{"no mail", "just text\nFrom here\n", []string{"!20 bytes before the first message"}},

		{"no header", sepA + "\ntext 1\n\n" + sepB + "\ntext 2", []string{"\ntext 1\n", "\ntext 2"}},
		{"no header, not even a blank line", sepA + msgA + "\n" + sepB + "text\n\n", []string{msgA, "text\n"}},
		{"empty message", sepA + "\n" + sepB + msgB, []string{"", msgB}},
		{"header only", sepA + "Subject: a\n\n" + sepB + "Subject: b\n", []string{"Subject: a\n", "Subject: b\n"}},
		{"stacked From_ line", sepA + ">From x@example.org Mon Mar  4 10:00:00 2024\n" + msgA,
			[]string{">From x@example.org Mon Mar  4 10:00:00 2024\n" + msgA}},
		{"no blank line before", sepA + msgA + sepB + msgB, []string{msgA, msgB}},
		{"zone before the year", "From a@example.org Tue Mar  5 10:00:00 +0100 2024\n" + msgA + "\nFrom b@example.org Tue Mar  5 10:00:00 CET 2024\n" + msgB, []string{msgA, msgB}},
		{"date of RFC 5322", sepA + msgA + "\nFrom b@example.org Tue, 5 Mar 2024 10:00:00 +0100\n" + msgB, []string{msgA, msgB}},
		{"spaces in the address", sepA + msgA + "\nFrom Ben Bright@example.org Tue Mar  5 10:00:00 2024\n" + msgB, []string{msgA, msgB}},
		{"remote from", sepA + msgA + "\nFrom ben Tue Mar  5 10:00 1991 remote from host\n" + msgB, []string{msgA, msgB}},

		{"thunderbird", "From - Tue Mar  5 10:00:00 2024\n" + msgA + "\nFrom - Tue Mar  5 10:00:00 2024\n" + msgB, []string{msgA, msgB}},
		{"thunderbird without date", "From -\n" + msgA + "From - \n" + msgB, []string{msgA, msgB}},
		{"bare", crlf("From \n" + msgA + "\nFrom \n" + msgB), []string{crlf(msgA), crlf(msgB)}},
		{"eudora", "From ???@??? Tue Mar  5 10:00:00 2024\n" + msgA + "From ???@??? is how it goes.\n\nFrom ???@??? Tue Mar  5 10:00:00 2024\n" + msgB,
			[]string{msgA + "From ???@??? is how it goes.\n", msgB}},
		{"takeout", "From 1790611157495904574@xxx Mon Mar  4 19:50:00 +0000 2024\n" + msgA + "\nFrom 1790611157495904575@xxx\n" + msgB, []string{msgA, msgB}},

		{"prose after a blank line", sepA + msgA + "\nFrom there on we walked.\nIt rained.\n", []string{msgA + "\nFrom there on we walked.\nIt rained.\n"}},
		{"prose before a header-like line", sepA + msgA + "\nFrom Russia with love\nYear: 1963\n\nend\n", []string{msgA + "\nFrom Russia with love\nYear: 1963\n\nend\n"}},
		{"a date in prose", sepA + msgA + "\nFrom anna, Tue Mar  5 10:00:00 2024 on, it rained.\n\nend\n",
			[]string{msgA + "\nFrom anna, Tue Mar  5 10:00:00 2024 on, it rained.\n\nend\n"}},
		{"not From", sepA + msgA + "\nFromage: yes\nSubject: c\nTo: d\n", []string{msgA + "\nFromage: yes\nSubject: c\nTo: d\n"}},
		{"From: field after a blank line", sepA + msgA + "\nFrom: x@example.org\nTo: y\n", []string{msgA + "\nFrom: x@example.org\nTo: y\n"}},

		{"content-length hides separators", sepA + withLength(msgA+"\n"+sepB+msgB) + "\n" + sepA + msgA,
			[]string{withLength(msgA + "\n" + sepB + msgB), msgA}},
		{"content-length of the next message", sepA + "Subject: header only\n" + sepB + withLength(msgB) + "\n" + sepA + msgA,
			[]string{"Subject: header only\n", withLength(msgB), msgA}},
		{"content-length too short", sepA + "Content-Length: 3\n" + msgA + "\n" + sepB + msgB, []string{"Content-Length: 3\n" + msgA, msgB}},
		{"content-length too long", sepA + "Content-Length: 99999\n" + msgA + "\n" + sepB + msgB, []string{"Content-Length: 99999\n" + msgA, msgB}},
		{"content-length absurd", sepA + "Content-Length: 9223372036854775807\n" + msgA + "\n" + sepB + msgB, []string{"Content-Length: 9223372036854775807\n" + msgA, msgB}},
		{"content-length negative", sepA + "Content-Length: -1\n" + msgA + "\n" + sepB + msgB, []string{"Content-Length: -1\n" + msgA, msgB}},

		{"zeros between messages", sepA + msgA + "\n" + zeros + sepB + msgB, []string{msgA, "!24 kB of zero bytes where a message should be", msgB}},
		{"zeros first", zeros + sepB + msgB, []string{"!24 kB of zero bytes where a message should be", msgB}},
		{"blank line at the end after zeros", sepA + msgA + "\n" + zeros + sepB + msgB + "\n", []string{msgA, "!24 kB of zero bytes where a message should be", msgB}},
		{"zeros last", sepA + msgA + "\n" + zeros, []string{msgA, "!24 kB of zero bytes where a message should be"}},
		{"zeros amid", sepA + "Subject: a\n\ncut" + zeros + "tail\n\n" + sepB + msgB,
			[]string{"Subject: a\n\ncut", "!24 kB of zero bytes where a message should be", "!6 bytes that belong to no message", msgB}},
		{"header after zeros", sepA + msgA + "\n" + zeros + "tail\n\nReceived: by mx\nTo: c\nSubject: d\n\nhi\n\n" + sepB + msgB,
			[]string{msgA, "!24 kB of zero bytes where a message should be", "!6 bytes that belong to no message", "Received: by mx\nTo: c\nSubject: d\n\nhi\n", msgB}},
		{"few zeros are text", sepA + msgA + strings.Repeat("\x00", 511) + "\n\n" + sepB + msgB, []string{msgA + strings.Repeat("\x00", 511) + "\n", msgB}},
		{"512 zeros are damage", sepA + msgA + "\n" + strings.Repeat("\x00", 512) + sepB + msgB, []string{msgA, "!512 bytes of zero bytes where a message should be", msgB}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := pieces(t, test.in)
			if !slices.Equal(got, test.want) {
				t.Errorf("got %s\nwant %s", show(got), show(test.want))
			}
		})
	}
}

func show(pieces []string) string {
	var b strings.Builder
	for _, p := range pieces {
		fmt.Fprintf(&b, "\n  %q", p[:min(len(p), 300)])
	}
	return b.String()
}

// pieces splits in and tells what comes out, after it has checked that ranges
// and gaps cover all of it.
func pieces(t testing.TB, in string) []string {
	t.Helper()
	var out []string
	for _, r := range ranges(t, in) {
		if r.Junk {
			out = append(out, "!"+r.Damage)
		} else {
			out = append(out, in[r.Start:r.End])
		}
	}
	return out
}

func ranges(t testing.TB, in string) []Range {
	t.Helper()
	var all []Range
	last := int64(0)
	for r, err := range Messages(strings.NewReader(in), int64(len(in))) {
		if err != nil {
			t.Fatal(err)
		}
		if r.From < last || r.Start < r.From || r.End < r.Start || r.End > int64(len(in)) {
			t.Fatalf("range %+v after octet %d of %d", r, last, len(in))
		}
		gap(t, in, last, r.From)
		if !r.Junk && r.From < r.Start && !strings.HasPrefix(in[r.From:], "From") {
			t.Fatalf("no separator at %+v", r)
		}
		if r.Junk && r.Start != r.From {
			t.Fatalf("junk with a separator: %+v", r)
		}
		if r.Zeros && strings.Trim(in[r.Start:r.End], "\x00") != "" {
			t.Fatalf("not only zeros: %+v", r)
		}
		last = r.End
		all = append(all, r)
	}
	gap(t, in, last, int64(len(in)))
	return all
}

// gap checks that nothing but line ends is left out.
func gap(t testing.TB, in string, from, to int64) {
	t.Helper()
	if strings.Trim(in[from:to], "\r\n") != "" {
		t.Fatalf("octets %d to %d are in no range: %.100q", from, to, in[from:to])
	}
}

// TestContentLengthOfOtherLineEnds has lengths that were counted before the
// line ends of the file changed.
func TestContentLengthOfOtherLineEnds(t *testing.T) {
	body := "one\n\n" + sepB + msgB + "last\n"
	head := func(n int) string { return fmt.Sprintf("Subject: a\nContent-Length: %d\n\n", n) }
	tests := []struct {
		name, in, want string
	}{
		{"file has LF, counted as CRLF", sepA + head(len(crlf(body))) + body + "\n" + sepA + msgA, head(len(crlf(body))) + body},
		{"file has CRLF, counted as LF", crlf(sepA + head(len(body)) + body + "\n" + sepA + msgA), crlf(head(len(body)) + body)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := pieces(t, test.in)
			if len(got) != 2 || got[0] != test.want {
				t.Errorf("got %s\nwant %q first of 2", show(got), test.want)
			}
		})
	}
}

func TestDialectsAreGuessed(t *testing.T) {
	body := "one\n\n" + sepB + "two\n"
	tests := []struct{ in, want string }{
		{sepA + msgA, "mboxo"},
		{"From 1790611157495904574@xxx Mon Mar  4 19:50:00 +0000 2024\n" + msgA, "mboxrd"},
		{"From - Tue Mar  5 10:00:00 2024\n" + msgA, "thunderbird"},
		{"From \n" + msgA, "thunderbird"},
		{"From ???@??? Tue Mar  5 10:00:00 2024\n" + msgA, "eudora"},
		{sepA + fmt.Sprintf("Content-Length: %d\n\n", len(body)) + body, "mboxcl2"},
	}
	for _, test := range tests {
		if r := ranges(t, test.in); len(r) != 1 || r[0].Dialect != test.want {
			t.Errorf("%q: got %+v, want dialect %s", test.in, r, test.want)
		}
	}
}

// TestDamageSaysWhere checks what is told of a message that a run of zeros
// cut off.
func TestDamageSaysWhere(t *testing.T) {
	in := sepA + "Subject: a\n\ncut" + strings.Repeat("\x00", 4000)
	r := ranges(t, in)
	want := "4 kB of zero bytes from octet 62 on"
	if len(r) != 2 || r[0].Damage != want || r[0].End != 62 {
		t.Errorf("got %+v, want damage %q", r, want)
	}
}

// TestWindowEdges moves separators, zeros and lengths over the edge of the
// window octet by octet.
func TestWindowEdges(t *testing.T) {
	line := strings.Repeat("x", 70) + "\n"
	fill := strings.Repeat(line, windowSize/len(line)+1)
	tail := "\n\n" + sepB + msgB + "\n" + strings.Repeat("\x00", 600) + sepA + msgA
	for _, at := range []int{windowSize, windowSize - ahead, windowSize - ahead - zeroRun} {
		for shift := -60; shift < 60; shift += 3 {
			first := "Subject: long\n\n" + fill
			first = first[:at-len(sepA)-len(tail)/2+shift]
			want := []string{first + "\n", msgB, "!600 bytes of zero bytes where a message should be", msgA}
			if got := pieces(t, sepA+first+tail); !slices.Equal(got, want) {
				t.Fatalf("shift %d at %d: got %d pieces: %s", shift, at, len(got), show(got))
			}
		}
	}
}

// TestDialectsKeepOctets writes random messages in four dialects and wants the
// octets back.
func TestDialectsKeepOctets(t *testing.T) {
	seed := rand.Uint64()
	rnd := rand.New(rand.NewPCG(seed, 1))
	lines := []string{"text\n", "From the start\n", ">From quoted\n", "\n", "\n", sepA, sepB, "Subject: x\n", "To: y\n", "a: b\r\n", "\r\n"}
	var messages []string
	for range 300 {
		m := "From: anna@example.org\nSubject: s\n\n"
		for range rnd.IntN(12) {
			m += lines[rnd.IntN(len(lines))]
		}
		messages = append(messages, m)
	}
	inFourDialects(t, messages)
	if t.Failed() {
		t.Logf("seed %d", seed)
	}
}

// inFourDialects writes messages in each dialect, as programs do, and wants
// the octets of each back as they were written.
func inFourDialects(t *testing.T, messages []string) {
	t.Helper()
	quote := func(s, what string) string {
		var out strings.Builder
		for l := range strings.Lines(s) {
			if strings.HasPrefix(strings.TrimLeft(l, what), "From ") {
				out.WriteByte('>')
			}
			out.WriteString(l)
		}
		return out.String()
	}
	for _, dialect := range []struct {
		name   string
		stored func(m string) string
		blank  string
	}{
		{"mboxo", func(m string) string { return quote(m, "") }, "\n"},
		{"mboxrd", func(m string) string { return quote(m, ">") }, "\n"},
		{"mboxcl", func(m string) string { return withLength(quote(m, "")) }, "\n"},
		{"mboxcl2", withLength, "\n"},
		{"mboxcl2 without blank lines", withLength, ""},
	} {
		var file strings.Builder
		var want []string
		for _, m := range messages {
			m = dialect.stored(m)
			want = append(want, m)
			blank := dialect.blank
			if headEnd([]byte(m)) < 0 {
				blank = "\n" // no body and no length of it
			}
			file.WriteString(sepA + m + blank)
		}
		got := pieces(t, file.String())
		if !slices.Equal(got, want) {
			i := 0
			for i < min(len(got), len(want)) && got[i] == want[i] {
				i++
			}
			t.Errorf("%s: %d messages, want %d; the first that differs is %d: %.500q, want %.500q", dialect.name,
				len(got), len(want), i, got[i:min(i+1, len(got))], want[i:min(i+1, len(want))])
		}
	}
}

// withLength adds a Content-Length field at the end of the header section of a
// message, if that has an end.
func withLength(m string) string {
	n := headEnd([]byte(m))
	if n < 0 {
		return m
	}
	head := strings.TrimSuffix(strings.TrimSuffix(m[:n], "\n"), "\r")
	return fmt.Sprintf("%sContent-Length: %d\n%s", head, len(m)-n, m[len(head):])
}

// TestTimeIsLinear has input that makes a careless splitter read the same
// octets again and again. Reads are counted, so that the test needs no clock.
func TestTimeIsLinear(t *testing.T) {
	lie := sepA + "Content-Length: 1900000\nSubject: a\n\nshort\n\n"
	for name, unit := range map[string]string{
		"lying lengths":   lie,
		"false starts":    "\n\nFrom x\n",
		"zero runs":       strings.Repeat("\x00", 512) + "x",
		"short zero runs": strings.Repeat("\x00", 511) + "x",
		"separators":      sepA + "\n",
		"headers in junk": strings.Repeat("\x00", 512) + "\n\nTo: a\nCc: b\n\nTo: a\nCc: b\n",
	} {
		t.Run(name, func(t *testing.T) {
			in := strings.Repeat(unit, (4<<20)/len(unit))
			c := &counting{s: in}
			for _, err := range Messages(c, int64(len(in))) {
				if err != nil {
					t.Fatal(err)
				}
			}
			if limit := int64(40 * len(in)); c.octets > limit {
				t.Errorf("%d octets read for a file of %d", c.octets, len(in))
			}
		})
	}
}

type counting struct {
	s      string
	octets int64
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	c.octets += int64(len(p))
	return strings.NewReader(c.s).ReadAt(p, off)
}

func TestEarlyBreak(t *testing.T) {
	in := sepA + msgA + "\n" + sepB + msgB + "\n" + strings.Repeat("\x00", 600) + sepA + msgA
	for stop := range 5 {
		n := 0
		for range Messages(strings.NewReader(in), int64(len(in))) {
			if n++; n > stop {
				break
			}
		}
	}
}

func TestFileBecomesShorter(t *testing.T) {
	in := sepA + msgA
	var last error
	for _, err := range Messages(strings.NewReader(in), int64(len(in))+100) {
		last = err
	}
	if last == nil {
		t.Error("a file that is shorter than it was said to be is no error")
	}
}

func FuzzMbox(f *testing.F) {
	f.Add([]byte(sepA + msgA + "\n" + sepB + msgB))
	f.Add([]byte(crlf("From \n" + msgA + "\nFrom \n" + msgB)))
	f.Add([]byte("\xEF\xBB\xBFFrom -\n" + msgA + "\n\nFrom Russia with love\nYear: 1963\n"))
	f.Add([]byte(sepA + withLength(msgA) + sepB + withLength(msgB)))
	f.Add([]byte(sepA + msgA + strings.Repeat("\x00", 600) + "\n\nReceived: a\nFrom: b\nTo: c\n\n" + sepB + msgB))
	f.Fuzz(func(t *testing.T, in []byte) {
		first := ranges(t, string(in))
		if again := ranges(t, string(in)); !slices.Equal(first, again) {
			t.Fatal("the second time gives other ranges")
		}
		Sniff(in, "x")
		octets := int64(0)
		for f, err := range Recover(t.Context(), bytes.NewReader(in), int64(len(in))) {
			if err != nil {
				t.Fatal(err)
			}
			octets += f.Octets
		}
		if octets != int64(len(in)) {
			t.Fatalf("%d of %d octets are accounted for", octets, len(in))
		}
		// What comes before an mbox ends where it begins.
		for _, r := range first {
			if r.Junk && r.Damage != "" && bytes.Trim(in[r.Start:r.End], "\r\n") == nil {
				t.Fatalf("line ends alone are no damage: %+v", r)
			}
		}
	})
}

func BenchmarkMessages(b *testing.B) {
	line := strings.Repeat("the quick brown fox ", 3) + "\n"
	var file strings.Builder
	for file.Len() < 64<<20 {
		file.WriteString(sepA + msgA + strings.Repeat(line, 300) + "\n")
	}
	in := file.String()
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		for _, err := range Messages(strings.NewReader(in), int64(len(in))) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
