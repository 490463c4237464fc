package explain

import (
	"bytes"
	"strconv"
	"time"
)

// An entry is a line of a mail log that speaks of a message in the queue.
type entry struct {
	stamp   []byte
	host    []byte
	program []byte // smtpd, qmgr, smtp, ...
	id      []byte
	text    []byte // behind the queue id
}

// readEntry takes a line apart: "Feb 27 08:00:02 out postfix/qmgr[11]: ID:
// text". ok is false if it is none of Postfix about a message.
func readEntry(l []byte) (e entry, ok bool) {
	// Most lines that do not matter are told by this alone.
	at := bytes.Index(l, []byte("postfix"))
	if at < 0 {
		return e, false
	}
	rest := l
	if len(l) > 20 && digit(l[0]) {
		e.stamp, rest, ok = bytes.Cut(l, []byte{' '})
	} else if len(l) > 16 {
		e.stamp, rest, ok = l[:15], l[16:], l[15] == ' ' || l[15] == '.'
		if l[15] == '.' { // fractions of a second
			_, rest, ok = bytes.Cut(rest, []byte{' '})
		}
	}
	if !ok {
		return e, false
	}
	e.host, rest, ok = bytes.Cut(rest, []byte{' '})
	if !ok || !bytes.HasPrefix(rest, []byte("postfix")) {
		return e, false
	}
	var tag []byte
	tag, rest, ok = bytes.Cut(rest, []byte(": "))
	if !ok {
		return e, false
	}
	tag, _, _ = bytes.Cut(tag, []byte{'['})
	e.program = tag[bytes.LastIndexByte(tag, '/')+1:]
	e.id, e.text, ok = bytes.Cut(rest, []byte(": "))
	return e, ok && queueID(e.id)
}

// queueID reports whether b is a queue id, short or long.
func queueID(b []byte) bool {
	if len(b) < 5 || len(b) > 30 || string(b) == "NOQUEUE" {
		return false
	}
	for _, c := range b {
		if !digit(c) && !letter(c) {
			return false
		}
	}
	return string(b) != "warning" && string(b) != "fatal" && string(b) != "panic" && string(b) != "error"
}

// What a line says.
type entryKind int

const (
	entryOther entryKind = iota
	entryMessageID
	entryQueued
	entryExpired
	entryDelivery
	entryRemoved
)

func (e entry) kind() entryKind {
	switch {
	case bytes.HasPrefix(e.text, []byte("to=")):
		return entryDelivery
	case bytes.HasPrefix(e.text, []byte("message-id=")):
		return entryMessageID
	case bytes.Equal(e.text, []byte("removed")):
		return entryRemoved
	case bytes.HasPrefix(e.text, []byte("from=<")) && string(e.program) == "qmgr":
		if bytes.Contains(e.text, []byte(", status=")) {
			return entryExpired
		}
		return entryQueued
	}
	return entryOther
}

// arrives reports whether the line is the first one of a message.
func (e entry) arrives() bool {
	switch string(e.program) {
	case "smtpd", "submission", "smtps":
		return bytes.HasPrefix(e.text, []byte("client="))
	case "pickup":
		return bytes.HasPrefix(e.text, []byte("uid="))
	}
	return false
}

// value gives the value of one of the fields "name=value, " of the text. An
// address in angle brackets may hold anything.
func (e entry) value(name string) []byte {
	text := e.text
	for len(text) > 0 {
		if bytes.HasPrefix(text, []byte("status=")) && name != "status=" {
			return nil
		}
		v := text
		end := 0
		if i := bytes.IndexByte(v, '='); i >= 0 && i+1 < len(v) && v[i+1] == '<' {
			if k := bytes.IndexByte(v, '>'); k >= 0 {
				end = k
			}
		}
		next := bytes.Index(v[end:], []byte(", "))
		if next < 0 {
			next = len(v)
		} else {
			next += end
		}
		if bytes.HasPrefix(v, []byte(name)) {
			v = v[len(name):next]
			if i := bytes.IndexByte(v, ' '); i >= 0 && (len(v) == 0 || v[0] != '<') { // "nrcpt=2 (queue active)"
				v = v[:i]
			}
			return v
		}
		text = text[min(next+2, len(text)):]
	}
	return nil
}

// status gives the word behind "status=" and the words in parentheses behind it.
func (e entry) status() (word, reply string) {
	i := bytes.Index(e.text, []byte(", status="))
	if i < 0 {
		return "", ""
	}
	w, rest, _ := bytes.Cut(e.text[i+len(", status="):], []byte{' '})
	rest = bytes.TrimPrefix(rest, []byte{'('})
	rest = bytes.TrimSuffix(rest, []byte{')'})
	return string(bytes.TrimRight(w, ",")), string(bytes.ToValidUTF8(rest, []byte("\uFFFD")))
}

func number(b []byte) int64 {
	n, _ := strconv.ParseInt(string(b), 10, 64) // 0 if the line was cut
	return n
}

// seconds reads "12.34".
func seconds(b []byte) time.Duration {
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil || f < 0 || f > 1e9 {
		return 0
	}
	return time.Duration(f*1000+0.5) * time.Millisecond
}

// stamps reads the times of lines. Stamps of RFC 3164 have no year: the first
// one is the latest that is not in the future, and a new year begins where the
// months begin anew.
type stamps struct {
	now   time.Time
	year  int
	month time.Month
	last  string // the stamp read last, which the next lines mostly have too
	at    time.Time
}

// time gives the time of a stamp, the zero Time if it cannot be read.
func (s *stamps) time(b []byte) time.Time {
	if string(b) == s.last {
		return s.at
	}
	var t time.Time
	if len(b) > 0 && digit(b[0]) {
		t = isoTime(string(b))
	} else {
		t = s.syslog(b)
	}
	s.last, s.at = string(b), t
	return t
}

func isoTime(s string) time.Time {
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999-0700", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	return time.Time{}
}

// syslog reads "Feb 27 08:00:02".
func (s *stamps) syslog(b []byte) time.Time {
	t, err := time.ParseInLocation(time.Stamp, string(b), s.now.Location())
	if err != nil {
		return time.Time{}
	}
	switch {
	case s.year == 0:
		s.year = s.now.Year()
		if t.AddDate(s.year, 0, 0).After(s.now.AddDate(0, 0, 1)) {
			s.year--
		}
	case t.Month()+6 < s.month:
		s.year++
	case s.month+6 < t.Month():
		s.year-- // a line of the old year among those of the new one
	}
	s.month = t.Month()
	return time.Date(s.year, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, s.now.Location())
}
