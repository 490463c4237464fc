package mbox

import (
	"bytes"
	"strings"
	"time"
)

// A shape is the way a program writes its From_ lines.
type shape uint8

const (
	unknown shape = iota
	dated         // "From anna@example.org Tue Mar  5 10:00:00 2024"
	dash          // "From - ", with or without a date: Thunderbird
	bare          // "From " and nothing: Thunderbird
	eudora        // "From ???@??? Tue Mar  5 10:00:00 2024"
	takeout       // "From 1790611157495904574@xxx ...": Google
	other         // "From " and some text
)

// dialect is a guess at how bodies are quoted in files with such separators.
func (s shape) dialect() string {
	switch s {
	case dash, bare:
		return "thunderbird"
	case eudora:
		return "eudora"
	case takeout:
		return "mboxrd"
	}
	return "mboxo"
}

// A candidate is a line that begins with "From" and what stands around it.
type candidate struct {
	line        []byte // without its line end; nil if it cannot be a separator
	length      int    // of the line with its line end
	shape       shape
	date        bool // the line has a date with a year
	full        bool // and nothing after it
	first       bool // nothing stands before it
	blankBefore bool // an empty line, or the start of the file
	exact       bool // the Content-Length of the message before ends here
	quoted      bool // a line ">From " follows, as mail systems in the nineties stacked them
	headers     int  // lines in a row after it that look like header fields
	known       int  // of these: with a name that mail has
}

// dialect is a guess at how the body after this separator is quoted.
func (c candidate) dialect() string { return c.shape.dialect() }

// separates tells a separator from a line of text. want is the shape of the
// file's first separator.
//
// A separator is followed by a header field or a stacked ">From ", and it
// stands where one can stand or looks like no prose: after a blank line, at the
// end of a Content-Length, or in the shape of the others. A message without
// header fields is believed only after a separator that has all of it.
func (c candidate) separates(want shape) bool {
	if c.line == nil {
		return false
	}
	placed := c.first || c.exact || c.blankBefore
	same := c.shape == want || want == unknown
	switch {
	case c.headers == 0 && !c.quoted:
		// No header: only a line in its place that ends with its date can
		// be believed.
		return placed && c.full && (same || c.exact)
	case c.first || c.exact:
		return c.date || c.shape != other || c.known >= 2 || c.quoted
	case c.blankBefore && c.date:
		return true
	case c.blankBefore && c.shape == takeout:
		return true
	case c.blankBefore && c.shape != other && same:
		return c.headers >= 1
	case c.blankBefore:
		// Another shape than the file's own, or some text after "From ".
		return c.known >= 2
	case c.date:
		// QUIRK: a blank line stands before each separator. mboxcl2 files
		// and MimeKit's sample simple.mbox have none, so that a separator
		// is known by its shape and by the header after it.
		// Test: TestMessages/no blank line before.
		return same || c.known >= 2
	case c.shape == dash && same:
		return c.headers >= 2
	case c.shape == bare || c.shape == takeout:
		return same && c.known >= 2
	}
	return false
}

// candidate looks at the line at pos.
func (s *splitter) candidate(pos int64) (candidate, error) {
	b, err := s.main.view(pos, ahead)
	if err != nil {
		return candidate{}, err
	}
	c := parseCandidate(b, pos+int64(len(b)) == s.size)
	if c.line != nil {
		c.blankBefore, err = s.blankBefore(pos)
	}
	return c, err
}

// parseCandidate reads the From_ line at the start of b and the lines after
// it. whole says that the file ends where b does.
func parseCandidate(b []byte, whole bool) candidate {
	var c candidate
	end := bytes.IndexByte(b, '\n')
	switch {
	case !bytes.HasPrefix(b, []byte("From")):
		return c
	case end < 0 && !whole:
		return c
	case end < 0:
		end = len(b)
		c.length = end
	default:
		c.length = end + 1
	}
	line := bytes.TrimSuffix(b[:end], []byte("\r"))
	if len(line) > 4 && line[4] != ' ' {
		return c // "Fromage"
	}
	c.line = line
	_, tail := fromDate(line)
	c.date, c.full = tail >= 0, tail == 0
	c.shape = shapeOf(line, c.date)
	rest := b[c.length:]
	for first := true; len(rest) > 0 && c.headers < 16; first = false {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			end = len(rest) - 1
		}
		line := rest[:end+1]
		rest = rest[end+1:]
		if first && bytes.HasPrefix(line, []byte(">From ")) {
			c.quoted = true
			continue
		}
		if (line[0] == ' ' || line[0] == '\t') && c.headers > 0 {
			continue
		}
		name, ok := fieldName(line)
		if !ok {
			break
		}
		c.headers++
		if knownName(name) {
			c.known++
		}
	}
	return c
}

// shapeOf reads a From_ line.
func shapeOf(line []byte, date bool) shape {
	rest := bytes.TrimLeft(line[4:], " ")
	who, _, _ := bytes.Cut(rest, []byte(" "))
	digits := bytes.TrimRight(who, "@x")
	switch {
	case len(rest) == 0:
		return bare
	case string(who) == "-":
		return dash
	case string(who) == "???@???":
		return eudora
	case bytes.HasSuffix(who, []byte("@xxx")) && len(digits) > 0 && bytes.Trim(digits, "0123456789-") == nil:
		return takeout
	case date:
		return dated
	}
	return other
}

// fieldName gives the name of a header field if line begins like one
// (RFC 5322 section 2.2, obsolete spaces before the colon allowed).
func fieldName(line []byte) (name []byte, ok bool) {
	i := 0
	for i < len(line) && line[i] > ' ' && line[i] < 0x7f && line[i] != ':' {
		i++
	}
	name = line[:i]
	for i < len(line) && line[i] == ' ' {
		i++
	}
	return name, len(name) > 0 && len(name) <= 76 && i < len(line) && line[i] == ':'
}

// knownNames are names of header fields that begin messages, in lower case.
var knownNames = map[string]bool{
	"bcc": true, "cc": true, "comments": true, "content-disposition": true, "content-language": true, "content-length": true,
	"content-transfer-encoding": true, "content-type": true, "date": true, "delivered-to": true, "delivery-date": true,
	"disposition-notification-to": true, "dkim-signature": true, "envelope-to": true, "errors-to": true, "fcc": true,
	"from": true, "importance": true, "in-reply-to": true, "lines": true, "mailing-list": true, "message-id": true,
	"mime-version": true, "newsgroups": true, "organization": true, "path": true, "precedence": true, "priority": true,
	"received": true, "received-spf": true, "references": true, "reply-to": true, "return-path": true, "sender": true,
	"status": true, "subject": true, "to": true, "user-agent": true, "xref": true,
}

// knownName reports whether a field of this name is one that mail has.
func knownName(name []byte) bool {
	if len(name) > 40 {
		return false
	}
	n := strings.ToLower(string(name))
	for _, p := range []string{"x-", "list-", "arc-", "resent-", "authentication-"} {
		if strings.HasPrefix(n, p) {
			return true
		}
	}
	return knownNames[n]
}

// startsHeader reports whether b begins with a header section that needs no
// separator to be believed: three known fields in a row, one of Received,
// From, Date, Message-ID among them.
func startsHeader(b []byte) bool {
	known, strong := 0, false
	for known < 3 || !strong {
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			return false
		}
		line := b[:end+1]
		b = b[end+1:]
		if (line[0] == ' ' || line[0] == '\t') && known > 0 {
			continue
		}
		name, ok := fieldName(line)
		if !ok || !knownName(name) {
			return false
		}
		known++
		switch strings.ToLower(string(name)) {
		case "received", "from", "date", "message-id":
			strong = true
		}
	}
	return true
}

var months = map[string]time.Month{
	"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}

// zones are the names that From_ lines have in place of an offset; a name that
// is not here says nothing (RFC 5322 section 4.3).
var zones = map[string]int{
	"ut": 0, "utc": 0, "gmt": 0, "z": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
	"wet": 0, "west": 1, "cet": 1, "cest": 2, "met": 1, "mest": 2, "eet": 2, "eest": 3, "bst": 1, "msk": 3, "jst": 9,
}

// fromDate reads the date of a From_ line: asctime of C, with a zone before or
// after the year (Google), without seconds or with two digits of the year (old
// mail systems), or in the order of RFC 5322. Without a zone it is UTC. tail is
// how many words follow the date, -1 if there is none.
func fromDate(line []byte) (t time.Time, tail int) {
	if len(line) < 5 || len(line) > 1000 {
		return t, -1
	}
	f := strings.Fields(string(line[5:]))
	for i := 1; i < len(f); i++ {
		m, ok := months[strings.ToLower(f[i])]
		if !ok {
			continue
		}
		rest := f[i+1:]
		d, ok := number(f[i-1], 1, 31)
		if !ok && len(rest) > 0 { // asctime: the day follows the month
			d, ok = number(strings.TrimSuffix(rest[0], ","), 1, 31)
			rest = rest[1:]
		}
		if !ok {
			continue
		}
		if t, n := clock(rest, m, d); n > 0 {
			return t, len(rest) - n
		}
	}
	return t, -1
}

// clock reads time, zone and year, in any order, from the first fields of f. n
// is how many fields they are, 0 if time or year is missing.
func clock(f []string, month time.Month, day int) (t time.Time, n int) {
	year, hour, minute, second, offset := 0, -1, 0, 0, 0
fields:
	for i, s := range f {
		h, m, sec, isTime := hms(s)
		y, isYear := number(s, 1900, 2199)
		short, isShort := number(s, 70, 99)
		z, isZone := zone(s)
		switch {
		case isTime && hour < 0:
			hour, minute, second = h, m, sec
		case isYear && year == 0:
			year = y
		case isShort && year == 0 && hour >= 0 && i == len(f)-1:
			year = 1900 + short
		case isZone:
			offset = z
		default:
			break fields
		}
		n++
	}
	if year == 0 || hour < 0 {
		return t, 0
	}
	return time.Date(year, month, day, hour, minute, second-offset, 0, time.UTC), n
}

// zone reads "+0100" or a name; offset is in seconds east of UTC.
func zone(s string) (offset int, ok bool) {
	if h, ok := zones[strings.ToLower(s)]; ok {
		return h * 3600, true
	}
	if len(s) != 5 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	z, ok := number(s[1:], 0, 1400)
	offset = (z/100*60 + z%100) * 60
	if s[0] == '-' {
		offset = -offset
	}
	return offset, ok
}

// hms reads "10:00:00" or "10:00".
func hms(s string) (h, m, sec int, ok bool) {
	hs, rest, ok := strings.Cut(s, ":")
	if !ok {
		return 0, 0, 0, false
	}
	ms, ss, seconds := strings.Cut(rest, ":")
	h, ok1 := number(hs, 0, 23)
	m, ok2 := number(ms, 0, 59)
	ok3 := true
	if seconds {
		sec, ok3 = number(ss, 0, 60)
	}
	return h, m, sec, ok1 && ok2 && ok3
}

// number reads decimal digits.
func number(s string, least, most int) (n int, ok bool) {
	if len(s) == 0 || len(s) > 4 {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, least <= n && n <= most
}
