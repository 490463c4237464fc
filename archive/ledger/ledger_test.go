package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// lines reads all of text: per line "kind|field|field", or "bad".
func lines(t *testing.T, text string, from int64) (out []string, tail int64) {
	t.Helper()
	r := NewReader(strings.NewReader(text), from)
	end := from
	for {
		l, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out, r.Tail()
		}
		if err != nil {
			t.Fatal(err)
		}
		if l.Offset != end || l.End <= l.Offset {
			t.Errorf("line at %d to %d, want it to begin at %d", l.Offset, l.End, end)
		}
		end = l.End
		if l.Bad {
			out = append(out, "bad")
			continue
		}
		var f [12]Field
		s := l.Kind()
		for i := range l.Fields(f[:]) {
			s += "|" + f[i].Text()
		}
		out = append(out, s)
	}
}

func TestAppendEscapes(t *testing.T) {
	for _, c := range []struct{ name, field, want string }{
		{"plain", "Entwürfe & co", "Entwürfe & co"},
		{"tab and newline", "a\tb\nc", "a%09b%0ac"},
		{"percent", "100%", "100%25"},
		{"NUL and DEL", "\x00\x7f", "%00%7f"},
		{"not UTF-8", "caf\xe9", "caf%e9"},
		{"replacement character stays", "\uFFFD", "\uFFFD"},
		{"empty", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			line := Append(nil, "K", c.field)
			got := string(line[2 : len(line)-10])
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if back, _ := lines(t, string(line), 0); !slices.Equal(back, []string{"K|" + c.field}) {
				t.Errorf("read back %q", back)
			}
		})
	}
}

// TestSumIsCRC32C holds the sum to the check value that catalogues of CRCs
// give for CRC-32C: e3069283 for "123456789".
func TestSumIsCRC32C(t *testing.T) {
	if got := string(Append(nil, "123456789")); got != "123456789\te3069283\n" {
		t.Errorf("got %q", got)
	}
}

func TestListsKeepCommas(t *testing.T) {
	want := List{"label:a,b", "50%", "", "x\ty"}
	line := AppendWithList(nil, "A", 1, want, "time", "", "origin")
	l := Parse(line[:len(line)-1])
	var f [4]Field
	if n := l.Fields(f[:]); n != 3 {
		t.Fatalf("got %d fields, want 3", n)
	}
	if got := f[1].List(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if f[2].Text() != "origin" || Field("").List() != nil {
		t.Errorf("got %q", f[2])
	}
}

func TestReaderSkipsWhatIsNotWhole(t *testing.T) {
	a, b, c := string(Append(nil, "A", "1")), string(Append(nil, "B")), string(Append(nil, "C", "", "3"))
	for _, x := range []struct {
		name, text string
		want       []string
		tail       int64
	}{
		{"whole", a + b + c, []string{"A|1", "B", "C||3"}, 0},
		{"torn tail", a + c[:5], []string{"A|1"}, 5},
		{"tail lacks only its newline", a + b[:len(b)-1], []string{"A|1"}, int64(len(b) - 1)},
		{"that newline comes", a + b[:len(b)-1] + "\n" + c, []string{"A|1", "B", "C||3"}, 0},
		{"torn line ended by a newline", a + c[:5] + "\n" + b, []string{"A|1", "bad", "B"}, 0},
		{"hole over the end of a line", a[:3] + strings.Repeat("\x00", 9) + b[4:] + c, []string{"bad", "C||3"}, 0},
		{"hole before a line", strings.Repeat("\x00", 9) + a + b, []string{"bad", "B"}, 0},
		{"changed octet", strings.Replace(a, "1", "2", 1) + b, []string{"bad", "B"}, 0},
		{"upper-case sum", a[:len(a)-9] + strings.ToUpper(a[len(a)-9:]) + b, []string{"bad", "B"}, 0},
		{"empty line", "\n" + b, []string{"bad", "B"}, 0},
		{"line that is too long", strings.Repeat("x", MaxLine+5) + "\n" + b, []string{"bad", "B"}, 0},
		{"endless tail", b + strings.Repeat("x", MaxLine+5), []string{"B"}, MaxLine + 5},
		{"nothing", "", nil, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			got, tail := lines(t, x.text, 0)
			if !slices.Equal(got, x.want) || tail != x.tail {
				t.Errorf("got %q and a tail of %d, want %q and %d", got, tail, x.want, x.tail)
			}
		})
	}
	if got, _ := lines(t, a+b+c, int64(len(a))); !slices.Equal(got, []string{"B", "C||3"}) {
		t.Errorf("from the second line: got %q", got)
	}
}

// growing is a ledger to which somebody appends.
type growing struct{ b []byte }

func (g *growing) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(g.b).ReadAt(p, off)
}

func TestReaderGoesOnWhenTheLedgerGrows(t *testing.T) {
	line := Append(nil, "A", "1")
	g := &growing{line[:4]}
	r := NewReader(g, 0)
	if _, err := r.Next(); err != io.EOF {
		t.Fatalf("got %v, want io.EOF", err)
	}
	g.b = line
	if l, err := r.Next(); err != nil || l.Kind() != "A" || l.End != int64(len(line)) {
		t.Errorf("got %+v, %v", l, err)
	}
}

func FuzzLedger(f *testing.F) {
	f.Add([]byte("A\t1"), []byte("x"))
	f.Add(Append(nil, "A", "1", "%\t"), []byte("\x00\x00"))
	f.Fuzz(func(t *testing.T, junk, field []byte) {
		good := Append(nil, "K", string(field))
		text := append(append(append([]byte{}, junk...), '\n'), good...)
		r := NewReader(bytes.NewReader(text), 0)
		end, last := int64(0), ""
		for {
			l, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil || l.Offset != end || l.End <= end {
				t.Fatalf("line %+v after %d: %v", l, end, err)
			}
			end = l.End
			var fs [1]Field
			if last = "bad"; !l.Bad {
				l.Fields(fs[:])
				last = l.Kind() + fs[0].Text()
			}
		}
		if end != int64(len(text)) || last != "K"+string(field) {
			t.Errorf("the good line after the junk came as %q, end %d of %d", last, end, len(text))
		}
	})
}

// BenchmarkRead reads 1,000,000 lines of about 192 octets; the aim is 0.6 s.
func BenchmarkRead(b *testing.B) {
	var text []byte
	for i := range 1_000_000 {
		text = Append(text, "A", "2026-01-02T03:04:05Z", fmt.Sprintf("%064x", i), "-", "17700", "2026-01-02T03:04:05Z", "S",
			"INBOX/Lists", "", fmt.Sprintf("file:mail.mbox@%d", i*17700))
	}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		r := NewReader(bytes.NewReader(text), 0)
		n := 0
		var f [10]Field
		for {
			l, err := r.Next()
			if err != nil {
				break
			}
			if n++; l.Bad || l.Fields(f[:]) != 9 {
				b.Fatal("bad line")
			}
		}
		if n != 1_000_000 {
			b.Fatalf("%d lines", n)
		}
	}
}
