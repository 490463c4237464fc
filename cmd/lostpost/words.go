package main

import (
	"maps"
	"slices"
	"strings"

	"lostpost/internal/term"
)

// count is n and a noun in the right number.
func count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return term.Number(n) + " " + noun + "s"
}

// kinds lists what was counted: "41 Thunderbird index files, 3 others".
func kinds(m map[string]int64) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if k != others {
			out = append(out, ofKind(m[k], k))
		}
	}
	if n := m[others]; n > 0 {
		out = append(out, ofKind(n, others))
	}
	return strings.Join(out, ", ")
}

// others is the kind of what has no kind.
const others = "others"

func ofKind(n int64, kind string) string {
	if n == 1 && !strings.Contains(kind, " of ") {
		return "1 " + strings.TrimSuffix(kind, "s")
	}
	return term.Number(n) + " " + kind
}

// tail cuts s from the front so that it takes at most width columns, the first
// of which is then "…": of a path the end says most.
func tail(s string, width int) string {
	if term.Columns(s) <= width {
		return s
	}
	r := []rune(s)
	for len(r) > 0 && term.Columns(string(r)) > width-1 {
		r = r[1:]
	}
	return "…" + string(r)
}

// fill adds spaces up to width columns and cuts nothing.
func fill(s string, width int) string {
	return s + strings.Repeat(" ", max(width-term.Columns(s), 0))
}
