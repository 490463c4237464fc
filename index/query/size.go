package query

import (
	"strconv"
	"strings"
)

// sizeLeaf makes a leaf of a size operator.
func sizeLeaf(t token) (Expr, error) {
	s := strings.ToLower(strings.TrimSpace(t.text))
	r := everything("size")
	ok := false
	switch t.op.kind {
	case sizeOver:
		r.From, ok = octets(s)
		r.From++
	case sizeUnder:
		r.To, ok = octets(s)
	default:
		r, ok = sizeRangeOf(s)
	}
	if !ok {
		return nil, &SyntaxError{t.at, `not a size: "` + t.text + `"; sizes are 1000000, 20k, 10M, 1.5G, ranges 2k..10M`, ""}
	}
	if r.From >= r.To || r.To <= 0 {
		return nil, &SyntaxError{t.at, "no size is in this range", ""}
	}
	return r, nil
}

// sizeRangeOf reads a..b, >a, >=a, <a, <=a, and a, which Gmail means as "a or
// more".
func sizeRangeOf(s string) (Range, bool) {
	r := everything("size")
	if s == "*" || s == ".." {
		return r, true
	}
	var ok bool
	if a, b, ranged := strings.Cut(s, ".."); ranged {
		if ok = true; a != "" {
			r.From, ok = octets(a)
		}
		if ok && b != "" {
			r.To, ok = octets(b)
			r.To++
		}
		return r, ok
	}
	switch {
	case strings.HasPrefix(s, ">="):
		r.From, ok = octets(s[2:])
	case strings.HasPrefix(s, ">"):
		r.From, ok = octets(s[1:])
		r.From++
	case strings.HasPrefix(s, "<="):
		r.To, ok = octets(s[2:])
		r.To++
	case strings.HasPrefix(s, "<"):
		r.To, ok = octets(s[1:])
	default:
		r.From, ok = octets(s)
	}
	return r, ok
}

// octets reads a number of octets with a unit of 1024, as mail programs count.
func octets(s string) (int64, bool) {
	i := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	unit := ""
	if i >= 0 {
		s, unit = s[:i], strings.TrimSpace(s[i:])
	}
	shift := 0
	switch unit {
	case "", "b":
	case "k", "kb", "kib":
		shift = 10
	case "m", "mb", "mib":
		shift = 20
	case "g", "gb", "gib":
		shift = 30
	default:
		return 0, false
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n < 1<<32 {
		return n << shift, true
	} else if err == nil && shift == 0 && n < 1<<62 {
		return n, true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || shift == 0 || f < 0 || f >= 1<<32 {
		return 0, false
	}
	return int64(f * float64(int64(1)<<shift)), true
}
