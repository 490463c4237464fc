package drafts

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"lostpost/decode"
)

func diff(a, b string) []Edit {
	return Diff(&decode.Message{Text: a}, &decode.Message{Text: b})
}

// show writes edits as the command does.
func show(edits []Edit) string {
	var b strings.Builder
	for _, e := range edits {
		fmt.Fprintf(&b, "%s(%s)", map[int8]string{0: "=", 1: "+", -1: "-"}[e.Op], e.Text)
	}
	return b.String()
}

func TestDiff(t *testing.T) {
	for _, tt := range []struct{ a, b, want string }{
		{"", "", ""},
		{"one two", "one two", "=(one two)"},
		{"one two", "one  two\n", "=(one  two\n)"},
		{"", "one two", "+(one two)"},
		{"one two", "", "-(one two)"},
		{"one two three", "one three", "=(one )-(two )=(three)"},
		{"one three", "one two three", "=(one )+(two )=(three)"},
		{"the old roof leaks", "the new roof still leaks", "=(the )-(old )+(new )=(roof )+(still )=(leaks)"},
	} {
		got := show(diff(tt.a, tt.b))
		if got != tt.want {
			t.Errorf("%q to %q: got %s, want %s", tt.a, tt.b, got, tt.want)
		}
	}
}

// TestDiffIsShortest: the example of Myers' paper needs five edits.
func TestDiffIsShortest(t *testing.T) {
	steps, ok := shortest([]int32{1, 2, 3, 1, 2, 2, 1}, []int32{3, 2, 1, 2, 1, 3})
	if !ok || len(steps) != 5 {
		t.Errorf("got %d steps, want 5", len(steps))
	}
}

// TestDiffIsBounded: texts without a word in common end in time.
func TestDiffIsBounded(t *testing.T) {
	var a, b strings.Builder
	for i := range 90_000 {
		fmt.Fprintf(&a, "a%d ", i)
		fmt.Fprintf(&b, "b%d ", i)
	}
	start := time.Now()
	edits := diff(a.String(), b.String())
	if len(edits) != 2 || edits[0].Op != -1 || edits[1].Op != 1 {
		t.Errorf("got %d edits", len(edits))
	}
	if d := time.Since(start); d > 3*time.Second {
		t.Errorf("took %v", d)
	}
}

func FuzzDiff(f *testing.F) {
	f.Add("one two three", "one three two")
	f.Add(" a\n", "b a")
	f.Add("", "\u00a0x")
	f.Fuzz(func(t *testing.T, a, b string) {
		old, now := "", ""
		for _, e := range diff(a, b) {
			if e.Op != 1 {
				old += e.Text + " " // a kept word has the space of the newer text
			}
			if e.Op != -1 {
				now += e.Text
			}
		}
		if now != b {
			t.Errorf("kept and added give %q, want %q", now, b)
		}
		if strings.Join(strings.Fields(old), " ") != strings.Join(strings.Fields(a), " ") {
			t.Errorf("kept and removed give %q, want %q", old, a)
		}
	})
}
