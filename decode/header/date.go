package header

import (
	"strings"
	"time"
)

// maxDate is how much of a Date field is read: ten times the longest date with
// its comment.
const maxDate = 512

// ParseDate reads a date as mail has it: RFC 5322 section 3.3 with and without
// its weekday, seconds and zone; the forms of RFC 850, asctime, ISO 8601 and of
// mailbox lines; month names of several languages; years of two digits.
//
// QUIRK: RFC 5322 section 3.3 has one form. Every program has its own. Words
// are taken for what they look like; a date needs day, month and year. A
// missing zone is UTC, a second 60 is the next minute, hour 24 the next day.
// Test: testdata/quirks/date-iso.eml, testdata/quirks/date-two-digit-year.eml
func ParseDate(s string) (t time.Time, ok bool) {
	if len(s) > maxDate {
		s = s[:maxDate]
	}
	d := dateReader{s: s, day: -1, month: -1, year: -1, hour: -1}
	d.read()
	return d.time()
}

// A dateReader takes a date apart.
type dateReader struct {
	s                    string
	at                   int
	day, month, year     int
	hour, minute, second int
	early                bool // month stood before all numbers
	pm, am               bool
	zone                 *time.Location
	numbers              [3]int // of a date in digits only, in order
	n                    int
}

// read looks at each word.
func (d *dateReader) read() {
	for d.at < len(d.s) {
		c := d.s[d.at]
		switch {
		case c == '(':
			d.at += skipCommentString(d.s[d.at:])
		case isDigit(c):
			d.number()
		case (c == '+' || c == '-') && d.hour >= 0 && d.zone == nil && d.at+1 < len(d.s) && isDigit(d.s[d.at+1]):
			d.offset()
		case isLetter(c):
			d.word()
		default:
			d.at++
		}
	}
}

func skipCommentString(s string) int {
	if i := strings.IndexByte(s, ')'); i >= 0 {
		return i + 1
	}
	return len(s)
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' || c >= 0x80 }

// digits reads a number of at most 9 digits and says how long it is.
func (d *dateReader) digits() (n, length int) {
	start := d.at
	for d.at < len(d.s) && isDigit(d.s[d.at]) {
		if d.at-start < 9 {
			n = n*10 + int(d.s[d.at]-'0')
		}
		d.at++
	}
	return n, d.at - start
}

// number reads a day, a year, or a time.
func (d *dateReader) number() {
	n, length := d.digits()
	if d.at < len(d.s) && (d.s[d.at] == ':' || d.s[d.at] == '.' && d.month >= 0 && d.year >= 0 && d.hour < 0) && d.hour < 0 && length <= 2 {
		if d.clock(n) {
			return
		}
	}
	if d.at < len(d.s) && d.s[d.at] == 'T' && d.year >= 0 { // 2025-03-04T10:11:12Z
		d.at++
	}
	switch {
	case length >= 3 && d.year < 0 && !(length == 3 && n <= 31): // "029" is a day
		d.year = n
		if length == 3 { // RFC 5322 section 4.3
			d.year += 1900
		}
		if length == 8 { // 20250304
			d.year, d.month, d.day = n/10000, n/100%100-1, n%100
		}
	case d.n < len(d.numbers):
		d.numbers[d.n] = n
		d.n++
	}
}

// clock reads the rest of a time after its hour.
func (d *dateReader) clock(hour int) bool {
	mark, sep := d.at, d.s[d.at]
	d.at++
	minute, length := d.digits()
	if length == 0 || length > 2 || hour > 24 || minute > 59 {
		d.at = mark
		return false
	}
	d.hour, d.minute = hour, minute
	if d.at+1 < len(d.s) && d.s[d.at] == sep && isDigit(d.s[d.at+1]) {
		d.at++
		d.second, _ = d.digits()
		d.second = min(d.second, 60)
	}
	if d.at+1 < len(d.s) && (d.s[d.at] == '.' || d.s[d.at] == ',') && isDigit(d.s[d.at+1]) {
		d.at++
		d.digits() // parts of a second
	}
	return true
}

// offset reads "+0100", "+01:00", "+1".
func (d *dateReader) offset() {
	sign := 1
	if d.s[d.at] == '-' {
		sign = -1
	}
	d.at++
	n, length := d.digits()
	if d.at+1 < len(d.s) && d.s[d.at] == ':' && length <= 2 {
		d.at++
		m, _ := d.digits()
		n, length = n*100+m, 4
	}
	if length <= 2 {
		n *= 100
	}
	if n/100 > 15 || n%100 > 59 { // no such zone: the time is taken as UTC
		n = 0
	}
	d.zone = time.FixedZone("", sign*(n/100*3600+n%100*60))
}

// word reads a month, a zone, AM or PM; other words mean nothing.
func (d *dateReader) word() {
	start := d.at
	for d.at < len(d.s) && isLetter(d.s[d.at]) {
		d.at++
	}
	w := strings.ToLower(d.s[start:d.at])
	if m := month(w); m >= 0 && (d.month < 0 || d.early) {
		// "mar. 4 févr." is a Tuesday: a month before all numbers gives way.
		d.month, d.early = m, d.n == 0 && d.year < 0
		return
	}
	switch w {
	case "am":
		d.am = true
	case "pm":
		d.pm = true
	case "t":
	default:
		if off, ok := zoneOffset(w); ok && d.hour >= 0 && d.zone == nil {
			d.zone = time.FixedZone("", off*60)
		}
	}
}

// month gives the number of a month, from 0, by the first letters of its name
// in English or in one of the languages that mailers use, or -1.
func month(w string) int {
	if len(w) < 3 {
		return -1
	}
	const english = "janfebmaraprmayjunjulaugsepoctnovdec"
	if i := strings.Index(english, w[:3]); i >= 0 && i%3 == 0 && len(w) <= 9 {
		return i / 3
	}
	switch w {
	case "janv", "janvier", "ene", "enero", "gen", "gennaio", "januar", "jän":
		return 0
	case "fév", "févr", "février", "fev":
		return 1
	case "mär", "märz", "mrz", "mars", "mrt", "maart":
		return 2
	case "avr", "avril", "abr", "abril":
		return 3
	case "mai", "mag", "maggio", "mei", "maj", "maio":
		return 4
	case "juin", "giu", "giugno", "juni":
		return 5
	case "juil", "juillet", "lug", "luglio", "juli":
		return 6
	case "aoû", "août", "ago", "agosto":
		return 7
	case "set", "settembre":
		return 8
	case "okt", "oktober", "ott", "ottobre", "out":
		return 9
	case "dez", "dezember", "déc", "décembre", "dic":
		return 11
	}
	return -1
}

// zoneOffset gives the minutes east of Greenwich of a zone that has a name.
// The letters of the military zones mean nothing (RFC 5322 section 4.3).
func zoneOffset(w string) (minutes int, ok bool) {
	switch w {
	case "ut", "utc", "gmt", "z", "wet":
		return 0, true
	case "est":
		return -300, true
	case "edt", "ast":
		return -240, true
	case "cst":
		return -360, true
	case "cdt":
		return -300, true
	case "mst":
		return -420, true
	case "mdt":
		return -360, true
	case "pst":
		return -480, true
	case "pdt":
		return -420, true
	case "bst", "west", "cet", "met", "mez":
		return 60, true
	case "cest", "mest", "mesz", "eet", "sast":
		return 120, true
	case "eest", "msk":
		return 180, true
	case "jst", "kst":
		return 540, true
	case "hkt", "sgt":
		return 480, true
	case "aest":
		return 600, true
	case "nzst":
		return 720, true
	}
	return 0, false
}

// time puts the pieces together.
func (d *dateReader) time() (time.Time, bool) {
	d.numeric()
	if d.day < 1 || d.day > 31 || d.month < 0 || d.month > 11 || d.year < 0 {
		return time.Time{}, false
	}
	if d.year < 100 { // RFC 5322 section 4.3
		if d.year < 50 {
			d.year += 100
		}
		d.year += 1900
	}
	if d.year < 1900 || d.year > 9999 {
		return time.Time{}, false
	}
	if d.hour < 0 {
		d.hour = 0
	}
	switch {
	case d.pm && d.hour < 12:
		d.hour += 12
	case d.am && d.hour == 12:
		d.hour = 0
	}
	if d.zone == nil {
		d.zone = time.UTC
	}
	t := time.Date(d.year, time.Month(d.month+1), d.day, d.hour, d.minute, d.second, 0, d.zone)
	if t.Day() != d.day && d.hour < 24 && d.second < 60 { // 30 February
		return time.Time{}, false
	}
	return t, true
}

// numeric gives the numbers that were met their places.
func (d *dateReader) numeric() {
	n := d.numbers[:d.n]
	take := func() int {
		v := -1
		if len(n) > 0 {
			v, n = n[0], n[1:]
		}
		return v
	}
	switch {
	case d.day >= 0:
	case d.month >= 0:
		d.day = take()
		if d.year < 0 {
			d.year = take()
		}
	case d.year >= 0 && len(n) >= 2: // 2025-03-04, 4.3.2025, 3/14/2025
		first := strings.IndexFunc(d.s, func(r rune) bool { return r >= '0' && r <= '9' })
		yearFirst := first >= 0 && first+4 <= len(d.s) && isDigit(d.s[first+2])
		a, b := take(), take()
		switch {
		case yearFirst || a <= 12 && b > 12 || strings.Contains(d.s, "/") && a <= 12:
			d.month, d.day = a-1, b
		default:
			d.day, d.month = a, b-1
		}
	}
}
