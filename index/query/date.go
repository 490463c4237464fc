package query

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// The years 1 to 9999 in Unix seconds, both ends in.
const minSecond, maxSecond = -62135596800, 253402300799

// A span is from <= t < to.
type span struct{ from, to time.Time }

// dateLeaf makes a leaf of a date operator.
func (p *parser) dateLeaf(t token) (Expr, error) {
	s := strings.ToLower(strings.TrimSpace(t.text))
	r := everything("date")
	var err error
	switch t.op.kind {
	case dateRange:
		r.From, r.To, err = p.dateRange(s, t.at)
	case dateFrom:
		r.From, err = p.edge(s, t.at, false)
	case dateBefore:
		r.To, err = p.edge(s, t.at, false)
	case dateUntil:
		r.To, err = p.edge(s, t.at, true)
	default:
		at, ok := ago(s, p.now)
		if !ok {
			return nil, &SyntaxError{t.at, string(t.op.Name) + ": needs an age: 2d, 3w, 6m (months), 1y, 12h, 30min", ""}
		}
		if t.op.kind == dateNewer {
			r.From = at.Unix()
		} else {
			r.To = at.Unix()
		}
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// dateRange reads what may stand behind date:.
func (p *parser) dateRange(s string, pos int) (from, to int64, err error) {
	from, to = math.MinInt64, math.MaxInt64
	if s == "*" || s == ".." {
		return from, to, nil
	}
	switch {
	case strings.HasPrefix(s, ">="):
		from, err = p.edge(s[2:], pos, false)
		return from, to, err
	case strings.HasPrefix(s, ">"):
		from, err = p.edge(s[1:], pos, true)
		return from, to, err
	case strings.HasPrefix(s, "<="):
		to, err = p.edge(s[2:], pos, true)
		return from, to, err
	case strings.HasPrefix(s, "<"):
		to, err = p.edge(s[1:], pos, false)
		return from, to, err
	}
	a, b, ranged := strings.Cut(s, "..")
	if !ranged {
		d, err := p.date(s, pos)
		if err != nil {
			return 0, 0, err
		}
		return d.from.Unix(), d.to.Unix(), nil
	}
	if a = strings.TrimSpace(a); a != "" {
		if from, err = p.edge(a, pos, false); err != nil {
			return 0, 0, err
		}
	}
	if b = strings.TrimSpace(b); b != "" {
		if to, err = p.edge(b, pos, true); err != nil {
			return 0, 0, err
		}
	}
	if from >= to {
		return 0, 0, &SyntaxError{pos, "the range ends before it begins", ""}
	}
	return from, to, nil
}

// edge is the start of a date, or its end. An age is one moment, not a day.
func (p *parser) edge(s string, pos int, end bool) (int64, error) {
	s = strings.TrimSpace(s)
	if at, ok := ago(s, p.now); ok {
		if end {
			return at.Unix() + 1, nil
		}
		return at.Unix(), nil
	}
	d, err := p.date(s, pos)
	if err != nil {
		return 0, err
	}
	if end {
		return d.to.Unix(), nil
	}
	return d.from.Unix(), nil
}

// date reads one date: a day, a month, a year, a second, or a word.
func (p *parser) date(s string, pos int) (span, error) {
	if at, ok := ago(s, p.now); ok {
		return p.day(at), nil
	}
	if d, ok := p.dateWord(s); ok {
		return d, nil
	}
	if rest, ok := strings.CutPrefix(s, "@"); ok {
		if n, err := strconv.ParseInt(rest, 10, 64); err == nil && n > -1<<53 && n < 1<<53 {
			return second(time.Unix(n, 0)), nil
		}
	}
	d, ok, err := p.numbers(s, pos)
	if err != nil {
		return span{}, err
	}
	if !ok {
		return span{}, &SyntaxError{pos, `not a date: "` + s + `"; dates are 2017-03-01, 2017-03, 2017, today, yesterday, "last week", march, 2d`, ""}
	}
	return d, nil
}

// day is the whole day in which t lies.
func (p *parser) day(t time.Time) span { return p.days(t.Year(), t.Month(), t.Day(), 1) }

// days is n days from a date on. time.Date takes days beyond the month.
func (p *parser) days(y int, m time.Month, d, n int) span {
	return span{time.Date(y, m, d, 0, 0, 0, 0, p.now.Location()), time.Date(y, m, d+n, 0, 0, 0, 0, p.now.Location())}
}

// months is n months from the first of a month on.
func (p *parser) months(y int, m time.Month, n int) span {
	return span{time.Date(y, m, 1, 0, 0, 0, 0, p.now.Location()), time.Date(y, m+time.Month(n), 1, 0, 0, 0, 0, p.now.Location())}
}

func second(t time.Time) span { return span{t, t.Add(time.Second)} }

// ago reads an age such as 2d and gives the moment that long before now. m is
// a month, since mail is searched by months more often than by minutes.
func ago(s string, now time.Time) (time.Time, bool) {
	i := 0
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	n, err := strconv.Atoi(s[:i])
	if err != nil || n > 100_000 {
		return time.Time{}, false
	}
	var t time.Time
	switch strings.TrimSpace(s[i:]) {
	case "d", "day", "days":
		t = now.AddDate(0, 0, -n)
	case "w", "week", "weeks":
		t = now.AddDate(0, 0, -7*n)
	case "m", "month", "months":
		t = now.AddDate(0, -n, 0)
	case "y", "year", "years":
		t = now.AddDate(-n, 0, 0)
	case "h", "hour", "hours":
		t = now.Add(-time.Duration(n) * time.Hour)
	case "min", "minute", "minutes":
		t = now.Add(-time.Duration(n) * time.Minute)
	default:
		return time.Time{}, false
	}
	return t, t.Year() >= 1
}

// dateWord reads today, "last week", monday, march, "march 2017".
func (p *parser) dateWord(s string) (span, bool) {
	y, m, d := p.now.Date()
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return isBlank(r) || r == '_' || r == '-' }), " ")
	monday := d - (int(p.now.Weekday())+6)%7
	switch s {
	case "now":
		return second(p.now.Truncate(time.Second)), true
	case "today":
		return p.days(y, m, d, 1), true
	case "yesterday":
		return p.days(y, m, d-1, 1), true
	case "tomorrow":
		return p.days(y, m, d+1, 1), true
	case "this week", "thisweek":
		return p.days(y, m, monday, 7), true
	case "last week", "lastweek", "past week":
		return p.days(y, m, monday-7, 7), true
	case "this month", "thismonth":
		return p.months(y, m, 1), true
	case "last month", "lastmonth", "past month":
		return p.months(y, m-1, 1), true
	case "this year", "thisyear":
		return p.months(y, 1, 12), true
	case "last year", "lastyear", "past year":
		return p.months(y-1, 1, 12), true
	}
	for i := range 7 {
		if day := time.Weekday(i); isNamed(s, day.String()) {
			back := (int(p.now.Weekday()) - i + 7) % 7 // today counts
			return p.days(y, m, d-back, 1), true
		}
	}
	return p.monthWord(s)
}

// monthWord reads march (the last one that has begun), "march 2017", "2017
// march", "1 march 2017", "march 1, 2017".
func (p *parser) monthWord(s string) (span, bool) {
	var month time.Month
	var numbers []string
	for f := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ' ' || r == ',' || r == '.' }) {
		if m := monthNamed(f); m != 0 && month == 0 {
			month = m
		} else if isDigits(f) {
			numbers = append(numbers, f)
		} else {
			return span{}, false
		}
	}
	if month == 0 {
		return span{}, false
	}
	year, day := 0, 0
	for _, f := range numbers {
		n, err := strconv.Atoi(f)
		switch {
		case err == nil && len(f) == 4 && n > 0 && year == 0:
			year = n
		case err == nil && len(f) <= 2 && n > 0 && day == 0:
			day = n
		default:
			return span{}, false
		}
	}
	if year == 0 {
		year = p.now.Year()
		if month > p.now.Month() || month == p.now.Month() && day > p.now.Day() {
			year--
		}
	}
	if day == 0 {
		return p.months(year, month, 1), true
	}
	return p.calendar(year, int(month), day)
}

// calendar is one day that exists.
func (p *parser) calendar(y, m, d int) (span, bool) {
	day := p.days(y, time.Month(m), d, 1)
	ok := y >= 1 && y <= 9999 && m >= 1 && m <= 12 && d >= 1 && time.Date(y, time.Month(m), d, 12, 0, 0, 0, time.UTC).Day() == d
	return day, ok
}

// isNamed reports whether s is name or its first three letters, in lower case.
func isNamed(s, name string) bool {
	name = strings.ToLower(name)
	return s == name || s == name[:3]
}

func monthNamed(s string) time.Month {
	for m := time.January; m <= time.December; m++ {
		if isNamed(s, m.String()) {
			return m
		}
	}
	if s == "sept" {
		return time.September
	}
	return 0
}
