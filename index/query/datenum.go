package query

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// numbers reads a date in figures: ISO 8601 with or without a time, with "-",
// "/" or ".", with the year first or last.
func (p *parser) numbers(s string, pos int) (span, bool, error) {
	if strings.ContainsAny(s, ":t ") {
		d, ok := p.clock(s)
		return d, ok, nil
	}
	if isDigits(s) {
		d, ok := p.compact(s)
		return d, ok, nil
	}
	sep := strings.TrimLeft(s, "0123456789")
	if sep == "" || strings.IndexByte("-/.", sep[0]) < 0 {
		return span{}, false, nil
	}
	fields := strings.Split(s, sep[:1])
	var n [3]int
	if len(fields) > 3 {
		return span{}, false, nil
	}
	for i, f := range fields {
		if !isDigits(f) || len(f) > 4 {
			return span{}, false, nil
		}
		n[i], _ = strconv.Atoi(f) // at most four digits
	}
	switch {
	case len(fields[0]) == 4 && len(fields) == 2 && n[0] > 0 && n[1] >= 1 && n[1] <= 12:
		return p.months(n[0], time.Month(n[1]), 1), true, nil
	case len(fields[0]) == 4 && len(fields) == 3:
		d, ok := p.calendar(n[0], n[1], n[2])
		return d, ok, nil
	case len(fields) == 3 && len(fields[2]) == 4 && sep[0] == '.':
		d, ok := p.calendar(n[2], n[1], n[0]) // with points the day is first everywhere
		return d, ok, nil
	case len(fields) == 2 && len(fields[1]) == 4 && n[1] > 0 && n[0] >= 1 && n[0] <= 12:
		return p.months(n[1], time.Month(n[0]), 1), true, nil
	case len(fields) == 3 && len(fields[2]) == 4:
		return p.eitherWay(s, n, pos)
	}
	return span{}, false, nil
}

// eitherWay reads 13/4/2017 and 4/13/2017, and refuses 3/4/2017: one half of
// the world would get the wrong day.
func (p *parser) eitherWay(s string, n [3]int, pos int) (span, bool, error) {
	dayFirst, ok1 := p.calendar(n[2], n[1], n[0])
	monthFirst, ok2 := p.calendar(n[2], n[0], n[1])
	switch {
	case ok1 && ok2 && n[0] != n[1]:
		a, b := dayFirst.from, monthFirst.from
		return span{}, false, &SyntaxError{Pos: pos, Msg: fmt.Sprintf("%s is %s (%s) or %s (%s)",
			s, a.Format("2 January 2006"), a.Format(time.DateOnly), b.Format("2 January 2006"), b.Format(time.DateOnly))}
	case ok1:
		return dayFirst, true, nil
	}
	return monthFirst, ok2, nil
}

// compact reads 2017, 201703, 20170301.
func (p *parser) compact(s string) (span, bool) {
	n, err := strconv.Atoi(s)
	if err != nil {
		return span{}, false
	}
	switch len(s) {
	case 4:
		return p.months(n, 1, 12), n >= 1
	case 6:
		return p.months(n/100, time.Month(n%100), 1), n >= 100 && n%100 >= 1 && n%100 <= 12
	case 8:
		return p.calendar(n/10000, n/100%100, n%100)
	}
	return span{}, false
}

// clock reads a date with a time of day: the whole minute if it has no
// seconds, the whole hour if it has no minutes. Without a zone it is now's.
func (p *parser) clock(s string) (span, bool) {
	s = strings.Replace(strings.ToUpper(s), " ", "T", 1)
	for _, form := range []struct {
		layout string
		length time.Duration
	}{
		{"2006-01-02T15:04:05Z07:00", time.Second},
		{"2006-01-02T15:04:05", time.Second},
		{"2006-01-02T15:04Z07:00", time.Minute},
		{"2006-01-02T15:04", time.Minute},
		{"2006-01-02T15", time.Hour},
	} {
		if t, err := time.ParseInLocation(form.layout, s, p.now.Location()); err == nil && t.Year() >= 1 {
			t = t.Truncate(time.Second)
			return span{t, t.Add(form.length)}, true
		}
	}
	return span{}, false
}
