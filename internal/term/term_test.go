package term

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestSanitize(t *testing.T) {
	tests := []struct{ label, in, want string }{
		{"clean", "Grüße, 日本語, שלום\tx\ny", "Grüße, 日本語, שלום\tx\ny"},
		{"escape sequence", "\x1b[31mred\x1b]0;title\x07", "⎋[31mred⎋]0;title␇"},
		{"NUL, backspace, DEL", "a\x00b\bc\x7f", "a␀b␈c␡"},
		{"CRLF", "a\r\nb\r\n", "a\nb\n"},
		{"CR alone", "good\revil", "good␍evil"},
		{"C1 as characters", "a\u009b31m\u0085b", "a�31m�b"},
		{"C1 as single octets", "a\x9b31m", "a�31m"},
		{"overrides and isolates", "gpj.\u202eexe \u2066x\u2069 \u200f\u061c", "gpj.�exe �x� ��"},
		{"separators", "a\u2028b\u2029c", "a�b�c"},
		{"no UTF-8", "caf\xe9 \xc3", "caf� �"},
		{"a real replacement character", "a\ufffdb", "a\ufffdb"},
		{"joiners stay", "👨\u200d👩", "👨\u200d👩"},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		if got := Sanitize(tt.in); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.label, got, tt.want)
		}
	}
	if got := SanitizeLine("a\tb\r\nc\nd\re\x1b"); got != "a b c d e⎋" {
		t.Errorf("a line: got %q", got)
	}
}

func TestSanitizeCopiesNothingCleanText(t *testing.T) {
	s := strings.Repeat("Grüße und mehr ", 1000)
	if n := testing.AllocsPerRun(10, func() { Sanitize(s) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzSanitize(f *testing.F) {
	f.Add("a\x1b[0m\r\n\u202e\x9b")
	f.Fuzz(func(t *testing.T, s string) {
		out := Sanitize(s)
		if !utf8.ValidString(out) || Sanitize(out) != out {
			t.Errorf("%q became %q, which is not clean", s, out)
		}
		for _, r := range out {
			if r < 0x20 && r != '\t' && r != '\n' || 0x7f <= r && r < 0xa0 || 0x202a <= r && r <= 0x202e {
				t.Errorf("%q: %U is left", s, r)
			}
		}
		for w := range 12 {
			if n := Columns(Truncate(out, w)); n > w && !strings.ContainsAny(out, "\t\n") {
				t.Errorf("%q cut to %d has %d columns", out, w, n)
			}
		}
	})
}

func TestTruncate(t *testing.T) {
	tests := []struct {
		in    string
		width int
		want  string
	}{
		{"short", 10, "short"},
		{"exactly 10", 10, "exactly 10"},
		{"one too many", 11, "one too ma…"},
		{"Grüße", 5, "Grüße"},
		{"Grüße", 4, "Grü…"},
		{"日本語", 6, "日本語"},
		{"日本語", 5, "日本…"},
		{"日本語", 4, "日…"},
		{"日本語", 2, "…"},
		{"e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301"},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…"},
		{"🚲🚲", 3, "🚲…"},
		{"x", 0, ""},
		{"xy", 1, "…"},
		{"", 5, ""},
	}
	for _, tt := range tests {
		if got := Truncate(tt.in, tt.width); got != tt.want {
			t.Errorf("%q to %d: got %q, want %q", tt.in, tt.width, got, tt.want)
		}
	}
	if got := Pad("日本", 6); got != "日本  " {
		t.Errorf("Pad: got %q", got)
	}
	if got := Pad("日本語", 4); got != "日… " {
		t.Errorf("Pad that cuts: got %q", got)
	}
}

func TestSizeAndNumber(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 1234: "1.2 kB", 99_949: "99.9 kB", 99_950: "100 kB", 999_499: "999 kB", 999_500: "1.0 MB",
		1_200_000: "1.2 MB", 18_200_000: "18.2 MB", 2_900_000_000: "2.9 GB", 3_900_012_345: "3.9 GB", 5_000_000_000_000: "5.0 TB",
		math.MaxInt64: "9,223,372 TB", -1500: "-1.5 kB", math.MinInt64: "-9,223,372 TB",
	} {
		if got := Size(n); got != want {
			t.Errorf("Size(%d): got %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0", 12: "12", 999: "999", 1000: "1,000", 12418: "12,418", 1234567: "1,234,567", -12345: "-12,345", math.MinInt64: "-9,223,372,036,854,775,808"} {
		if got := Number(n); got != want {
			t.Errorf("Number(%d): got %q, want %q", n, got, want)
		}
	}
}

// clock is a time that a test moves.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func TestPlainProgressIsALineEvery30Seconds(t *testing.T) {
	var out bytes.Buffer
	c := &clock{time.Unix(1_700_000_000, 0)}
	p := &lines{w: &out, mode: Plain, now: c.now}
	j := p.Start("reading take\tout\x1b.zip", 3_800_000_000)
	for range 75 {
		c.t = c.t.Add(time.Second)
		j.Set(int64(c.t.Sub(time.Unix(1_700_000_000, 0)).Seconds()) * 20_000_000)
	}
	p.Print("a word")
	j.Done()
	c.t = c.t.Add(time.Hour)
	j.Set(1)
	p.Close()
	want := "reading take out⎋.zip: 600 MB of 3.8 GB  20.0 MB/s  3 min left\n" +
		"reading take out⎋.zip: 1.2 of 3.8 GB  20.0 MB/s  3 min left\n" +
		"a word\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestJSONProgress(t *testing.T) {
	var out bytes.Buffer
	c := &clock{time.Unix(0, 0)}
	p := &lines{w: &out, mode: JSON, now: c.now}
	known, unknown := p.Start("a", 1000), p.Start("b\u202e", -1)
	c.t = c.t.Add(40 * time.Second)
	known.Set(400)
	unknown.Set(80)
	var lines []map[string]any
	for line := range strings.Lines(out.String()) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, v)
	}
	if len(lines) != 2 {
		t.Fatalf("got %d lines", len(lines))
	}
	if l := lines[0]; l["type"] != "progress" || l["name"] != "a" || l["done"] != 400.0 || l["total"] != 1000.0 || l["octets_per_s"] != 10.0 || l["left_s"] != 60.0 {
		t.Errorf("got %v", l)
	}
	if _, ok := lines[1]["total"]; ok || lines[1]["name"] != "b�" {
		t.Errorf("got %v", lines[1])
	}
}

func TestNoProgressStillPrints(t *testing.T) {
	var out bytes.Buffer
	c := &clock{}
	p := &lines{w: &out, mode: None, now: c.now}
	j := p.Start("a", 10)
	c.t = c.t.Add(time.Hour)
	j.Set(5)
	p.Print("x")
	if out.String() != "x\n" {
		t.Errorf("got %q", out.String())
	}
}

func TestWordsOfAJob(t *testing.T) {
	start := time.Unix(0, 0)
	tests := []struct {
		done, total int64
		after       time.Duration
		want        string
	}{
		{0, 1000, 0, "0 of 1.0 kB"},
		{2_900_000_000, 3_800_000_000, 13800 * time.Millisecond, "2.9 of 3.8 GB  210 MB/s  5 s left"},
		{5_000_000, -1, 10 * time.Second, "5.0 MB  500 kB/s"},
		{1000, 1000, time.Second, "1.0 of 1.0 kB  1.0 kB/s  0 s left"},
		{1_000_000, 10_000_000_000, 10 * time.Second, "1.0 MB of 10.0 GB  100 kB/s  27 h 47 min left"},
	}
	for _, tt := range tests {
		a := account{done: tt.done, total: tt.total, start: start}
		if got := a.words(start.Add(tt.after)); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestAFileIsNoTerminal(t *testing.T) {
	f, err := os.Create(t.TempDir() + "/x")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if IsTerminal(f) || Width(f) != 0 || IsTerminal(nil) || Width(nil) != 0 {
		t.Error("a file is taken for a terminal")
	}
	p := NewProgress(f, Auto)
	p.Start("a", 5).Set(3)
	p.Print("line")
	p.Close()
	if b, _ := os.ReadFile(f.Name()); string(b) != "line\n" {
		t.Errorf("got %q", b)
	}
}
