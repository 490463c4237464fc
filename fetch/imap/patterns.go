package imap

import (
	"fmt"
	"slices"
	"strings"
)

// NoMailboxError says that the account has no mailbox of a name that was asked
// for.
type NoMailboxError struct {
	Pattern string
	Near    []string // names that are like it, at most 3
}

func (e *NoMailboxError) Error() string {
	s := fmt.Sprintf("there is no mailbox %q", e.Pattern)
	if len(e.Near) > 0 {
		s += "; near it is " + strings.Join(quoteAll(e.Near), ", ")
	}
	return s
}

func quoteAll(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = fmt.Sprintf("%q", n)
	}
	return out
}

// choose gives the mailboxes that patterns want: those that fit one of them
// and none of those that begin with "!". No pattern, or only ones with "!",
// wants all.
//
// Errors: *NoMailboxError if a pattern fits nothing and could fit only one.
func choose(boxes []mailbox, patterns []string) ([]mailbox, error) {
	var want, avoid []string
	for _, p := range patterns {
		if rest, ok := strings.CutPrefix(p, "!"); ok {
			avoid = append(avoid, rest)
		} else {
			want = append(want, p)
		}
	}
	if len(want) == 0 {
		want = []string{"*"}
	}
	for _, p := range want {
		fits := slices.ContainsFunc(boxes, func(b mailbox) bool { return match(p, b.name) })
		if !fits && !strings.ContainsAny(p, "*%") {
			return nil, &NoMailboxError{Pattern: p, Near: near(p, boxes)}
		}
	}
	var out []mailbox
	for _, b := range boxes {
		fits := func(p string) bool { return match(p, b.name) }
		if slices.ContainsFunc(want, fits) && !slices.ContainsFunc(avoid, fits) {
			out = append(out, b)
		}
	}
	return out, nil
}

// match reports whether a name fits a pattern, in which "*" stands for any text
// and "%" for any text without "/". Case is of no account.
func match(pattern, name string) bool {
	n := []rune(strings.ToLower(name))
	// can[i] says that the pattern so far fits the first i characters.
	can := make([]bool, len(n)+1)
	can[0] = true
	for _, c := range strings.ToLower(pattern) {
		if c == '*' || c == '%' {
			for i := range n {
				can[i+1] = can[i+1] || can[i] && (c == '*' || n[i] != '/')
			}
			continue
		}
		for i := len(n); i > 0; i-- {
			can[i] = can[i-1] && n[i-1] == c
		}
		can[0] = false
	}
	return can[len(n)]
}

// near gives up to 3 names that are like p.
func near(p string, boxes []mailbox) []string {
	type like struct {
		name string
		d    int
	}
	var found []like
	for _, b := range boxes {
		last := b.name[strings.LastIndexByte(b.name, '/')+1:]
		d := min(distance(p, b.name), distance(p, last))
		if limit := max(2, len([]rune(p))/3); d <= limit {
			found = append(found, like{b.name, d})
		}
	}
	slices.SortStableFunc(found, func(a, b like) int { return a.d - b.d })
	var names []string
	for _, f := range found[:min(3, len(found))] {
		names = append(names, f.name)
	}
	return names
}

// distance is how many characters must be added, removed or replaced to make b
// of a. Case is of no account; only the first 100 characters are looked at.
func distance(a, b string) int {
	x, y := []rune(strings.ToLower(a)), []rune(strings.ToLower(b))
	x, y = x[:min(100, len(x))], y[:min(100, len(y))]
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j := range y {
			d := diagonal
			if x[i] != y[j] {
				d = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], d
		}
	}
	return row[len(y)]
}
