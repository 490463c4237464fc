package pop3

import (
	"slices"
	"strings"
	"testing"
)

func TestParseEntry(t *testing.T) {
	for _, tt := range []struct {
		line string
		uidl bool
		want entry
		ok   bool
	}{
		{"1 120", false, entry{num: 1, size: 120}, true},
		{"12   120", false, entry{num: 12, size: 120}, true},
		{"3\t77", false, entry{num: 3, size: 77}, true},
		{"3 77 more", false, entry{num: 3, size: 77}, true},
		{"3", false, entry{num: 3, size: -1}, true},
		{"3 many", false, entry{num: 3, size: -1}, true},
		{"3 -1", false, entry{num: 3, size: -1}, true},
		{"3 99999999999999999999", false, entry{num: 3, size: -1}, true},
		{"", false, entry{size: -1}, false},
		{"0 5", false, entry{size: -1}, false},
		{"-1 5", false, entry{size: -1}, false},
		{"9999999999 5", false, entry{size: -1}, false},
		{"x 5", false, entry{size: -1}, false},
		{"1 abc", true, entry{num: 1, size: -1, uidl: "abc"}, true},
		{"1  a b ", true, entry{num: 1, size: -1, uidl: "a b"}, true},
		{"1", true, entry{num: 1, size: -1}, true},
		{"1 ", true, entry{num: 1, size: -1}, true},
		{"1\tabc", true, entry{num: 1, size: -1, uidl: "abc"}, true},
	} {
		if got, ok := parseEntry(tt.line, tt.uidl); got != tt.want || ok != tt.ok {
			t.Errorf("%q: got %+v, %v, want %+v, %v", tt.line, got, ok, tt.want, tt.ok)
		}
	}
}

func TestNameAndGaps(t *testing.T) {
	want := []entry{{num: 1, size: 10}, {num: 3, size: 30, uidl: "c"}, {num: 7, size: 70}}
	all := []entry{{num: 1, size: 10}, {num: 3, size: 30}, {num: 7, size: 70}}
	for _, e := range []entry{{num: 3, uidl: "c"}, {num: 2, uidl: "b"}, {num: 3, uidl: "again"}, {num: 8, uidl: "h"}} {
		if got := name(all, e); got != (e.num == 3) {
			t.Errorf("%+v: %v", e, got)
		}
	}
	if !slices.Equal(all, want) {
		t.Errorf("got %+v, want %+v", all, want)
	}
	if got := gaps(want, 8); len(got) != 5 || got[0].num != 2 || got[4].num != 8 {
		t.Errorf("gaps: %+v", got)
	}
}

func TestUnnamed(t *testing.T) {
	all := []entry{
		{num: 1, size: 10, uidl: "a"},
		{num: 2, size: 10, uidl: "b"},
		{num: 3, size: 10, uidl: "a"},
		{num: 4, size: 11, uidl: "a"},
		{num: 5, size: 12},
		{num: 6, size: -1, uidl: "odd %;=\xff"},
		{num: 7, size: 1, uidl: strings.Repeat("long", 100)},
	}
	if got := unnamed(all); !slices.Equal(got, []int{0, 2, 4}) {
		t.Errorf("got %v", got)
	}
	for num, want := range map[int]string{2: ";uidl=b;size=10", 4: ";uidl=a;size=11", 6: ";uidl=odd%20%25%3B%3D%FF"} {
		if e := all[num-1]; e.id() != want || !e.sure {
			t.Errorf("%d: got %q, sure %v, want %q", num, e.id(), e.sure, want)
		}
	}
	if k := all[6].id(); !strings.HasPrefix(k, ";uidl=sha256:") || len(k) != len(";uidl=sha256:;size=1")+64 {
		t.Errorf("a UIDL of 400 octets: %q", k)
	}
}

func TestEchoFits(t *testing.T) {
	e := &entry{num: 168, size: 20, uidl: "a b"}
	for _, tt := range []struct {
		c    echo
		said string
		want bool
	}{
		{echoUIDL, "168 a b", true}, {echoUIDL, "168  a b", true}, {echoUIDL, "168 octets", false}, {echoUIDL, "167 a b", false}, {echoUIDL, "", false},
		{echoLIST, "168 20", true}, {echoLIST, "168 20 more", true}, {echoLIST, "168 octets", false}, {echoLIST, "168 21", false},
	} {
		if got := tt.c.fits(tt.said, e); got != tt.want {
			t.Errorf("%s %q: %v", tt.c, tt.said, got)
		}
	}
}

func FuzzList(f *testing.F) {
	f.Add("1 10\n2 20\n3", "1 a\n2 b\n3 a", 4)
	f.Add("3 1\n1 1", "", -1)
	f.Fuzz(func(t *testing.T, list, uidl string, count int) {
		read := func(s string, uidl bool) (es []entry) {
			for line := range strings.Lines(s) {
				if e, ok := parseEntry(strings.TrimSpace(line), uidl); ok {
					es = append(es, e)
				}
			}
			return sorted(es)
		}
		all := read(list, false)
		var more []entry
		for _, e := range read(uidl, true) {
			if !name(all, e) {
				more = append(more, e)
			}
		}
		all = sorted(append(all, more...))
		if !slices.IsSortedFunc(all, func(a, b entry) int { return a.num - b.num }) {
			t.Fatalf("not in order: %+v", all)
		}
		all = append(all, gaps(all, count%2000)...)
		rest := unnamed(all)
		keys, nums := map[string]bool{}, map[int]bool{}
		for i, e := range all {
			if nums[e.num] {
				t.Fatalf("number %d comes twice", e.num)
			}
			nums[e.num] = true
			if e.sure == slices.Contains(rest, i) {
				t.Fatalf("%+v is named and is not", e)
			}
			if e.sure && keys[e.id()] {
				t.Fatalf("two have the key %q", e.id())
			}
			keys[e.id()] = true
			if strings.ContainsFunc(e.id(), func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
				t.Fatalf("key %q", e.id())
			}
		}
	})
}
