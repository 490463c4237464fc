package decode

import (
	"strings"
	"time"
)

// calendarText makes lines that a person reads of a calendar (RFC 5545, also
// the older vCalendar 1.0): for each event, task or note what it is, when,
// where, who, and its description. Time zones and alarms are left out.
func calendarText(src string) string {
	var b strings.Builder
	var c calendarItem
	method := ""
	skipped := "" // the component that is being passed over
	contentLines(src, func(l contentLine) bool {
		value := strings.ToUpper(strings.TrimSpace(l.value))
		switch {
		case skipped != "":
			if l.name == "END" && value == skipped {
				skipped = ""
			}
		case l.name == "METHOD":
			method = value
		case l.name == "BEGIN" && (value == "VTIMEZONE" || value == "VALARM" || value == "VFREEBUSY"):
			skipped = value
		case l.name == "BEGIN":
			c = calendarItem{kind: itemKind(method, value)}
		case l.name == "END" && c.kind != "":
			c.write(&b)
			c = calendarItem{}
		case c.kind != "":
			c.take(l)
		}
		return true
	})
	c.write(&b) // it was cut
	return b.String()
}

// itemKind is what an entry of a calendar is to its reader, "" for what is no
// entry.
func itemKind(method, component string) string {
	kind := ""
	switch component {
	case "VEVENT":
		kind = "Event"
	case "VTODO":
		kind = "Task"
	case "VJOURNAL":
		kind = "Note"
	default:
		return ""
	}
	switch method { // RFC 5546 section 1.4
	case "REQUEST":
		return "Invitation"
	case "CANCEL":
		return kind + " cancelled"
	case "REPLY":
		return "Answer to an invitation"
	case "COUNTER":
		return "Other time proposed"
	}
	return kind
}

// A calendarItem is one entry while it is read.
type calendarItem struct {
	kind                                     string
	summary, start, end, due, where, repeats string
	people                                   []string
	description                              string
}

func (c *calendarItem) take(l contentLine) {
	switch l.name {
	case "SUMMARY":
		c.summary = l.text()
	case "DTSTART":
		c.start = calendarTime(l)
	case "DTEND":
		c.end = calendarTime(l)
	case "DUE":
		c.due = calendarTime(l)
	case "LOCATION":
		c.where = l.text()
	case "RRULE":
		c.repeats = strings.ToLower(strings.NewReplacer(";", ", ", "=", " ").Replace(l.value))
	case "ORGANIZER":
		c.people = append(c.people, "Organizer: "+person(l))
	case "ATTENDEE":
		who := "Attendee: " + person(l)
		if s := strings.ToLower(l.param("PARTSTAT")); s != "" && s != "needs-action" {
			who += " (" + s + ")"
		}
		c.people = append(c.people, who)
	case "DESCRIPTION":
		c.description = l.text()
	}
}

func (c *calendarItem) write(b *strings.Builder) {
	if c.kind == "" {
		return
	}
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	line := func(name, value string) {
		if value = strings.Join(strings.Fields(value), " "); value != "" {
			b.WriteString(name + ": " + value + "\n")
		}
	}
	b.WriteString(strings.TrimSpace(c.kind+": "+strings.Join(strings.Fields(c.summary), " ")) + "\n")
	when := c.start
	if c.end != "" && c.end != c.start {
		when += " to " + c.end
	}
	line("When", when)
	line("Due", c.due)
	line("Repeats", c.repeats)
	line("Where", c.where)
	for _, p := range c.people {
		b.WriteString(p + "\n")
	}
	if d := strings.TrimSpace(c.description); d != "" {
		b.WriteString("\n" + d + "\n")
	}
}

// person is the name and the address of an organizer or attendee.
func person(l contentLine) string {
	address := strings.TrimSpace(l.value)
	if len(address) > 7 && strings.EqualFold(address[:7], "mailto:") {
		address = address[7:]
	}
	if name := strings.Join(strings.Fields(l.param("CN")), " "); name != "" && name != address {
		return name + " <" + address + ">"
	}
	return address
}

// calendarTime is a date or a time with its zone, as people write it; a value
// that is none stands as it is.
func calendarTime(l contentLine) string {
	value := strings.TrimSpace(l.value)
	for _, form := range [...][2]string{{"20060102T150405Z", "2006-01-02 15:04 UTC"}, {"20060102T150405", "2006-01-02 15:04"}, {"20060102", "2006-01-02"}} {
		if t, err := time.Parse(form[0], value); err == nil {
			text := t.Format(form[1])
			if zone := l.param("TZID"); zone != "" && form[0] == "20060102T150405" {
				text += " " + zone
			}
			return text
		}
	}
	return value
}
