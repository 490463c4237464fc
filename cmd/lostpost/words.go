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
		if m[k] == 1 && !strings.Contains(k, " of ") {
			out = append(out, "1 "+strings.TrimSuffix(k, "s"))
			continue
		}
		out = append(out, term.Number(m[k])+" "+k)
	}
	return strings.Join(out, ", ")
}
