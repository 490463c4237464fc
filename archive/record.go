package archive

import (
	"strconv"
	"time"

	"lostpost/archive/ledger"
)

// Kinds of ledger lines; docs/FORMAT.md has their fields.
const (
	kindHead   = "L" // first line of a ledger
	kindBegin  = "B" // a run begins to write: an end without Z is unclean
	kindStored = "A"
	kindPlaced = "P"
	kindSeen   = "S" // a server copy of known bytes
	kindFailed = "F"
	kindKept   = "Q" // octets in quarantine
	kindFlags  = "G"
	kindGone   = "V" // gone at the source
	kindRemove = "X"
	kindMark   = "M"
	kindEnd    = "E" // account of a run
	kindMended = "R" // a bad line that has been dealt with
	kindClean  = "Z"
)

// headText is the field of the first line.
const headText = "lostpost ledger 1"

// stamp is how times stand in the ledger: RFC 3339, UTC, seconds; "-" for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

func unstamp(f ledger.Field) time.Time {
	t, err := time.Parse(time.RFC3339, f.Plain())
	if err != nil {
		return time.Time{}
	}
	return t
}

func storedLine(dst []byte, now time.Time, id, key ID, size int64, m Meta) []byte {
	k := "-"
	if key != id {
		k = key.String()
	}
	return ledger.AppendWithList(dst, kindStored, 7, m.Traits, stamp(now), id.String(), k,
		strconv.FormatInt(size, 10), stamp(m.Received), string(m.Flags), m.Mailbox, "", m.Origin)
}

func placedLine(dst []byte, now time.Time, id ID, m Meta) []byte {
	return ledger.AppendWithList(dst, kindPlaced, 5, m.Traits, stamp(now), id.String(),
		string(m.Flags), m.Mailbox, m.Origin, "")
}

func flagsLine(dst []byte, now time.Time, id ID, m Meta) []byte {
	return ledger.AppendWithList(dst, kindFlags, 4, m.Traits, stamp(now), id.String(), m.Mailbox, string(m.Flags), "")
}

func accountLine(dst []byte, now time.Time, a Account) []byte {
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	listed := "-"
	if a.Listed >= 0 {
		listed = n(a.Listed)
	}
	return ledger.Append(dst, kindEnd, stamp(now), a.Source, listed, n(a.Known), n(a.Stored),
		n(a.Duplicate), n(a.PutAside), n(a.Vanished), n(a.Pending))
}

// A row is a parsed ledger line: the kind and its fields, which share the
// line's memory.
type row struct {
	off    int64
	kind   string
	fields [10]ledger.Field
}

// minFields says how many fields a line of each kind has at least. A good line
// with fewer was not written by this program and is treated as unknown.
var minFields = map[string]int{
	kindStored: 9, kindPlaced: 5, kindSeen: 3, kindFailed: 3, kindKept: 4, kindFlags: 4,
	kindGone: 2, kindRemove: 3, kindMark: 3, kindEnd: 9, kindMended: 2, kindClean: 1, kindBegin: 1,
	kindHead: 2,
}

// parse fills r; ok is false for a bad line and an unknown kind.
func (r *row) parse(l *ledger.Line) (ok bool) {
	if l.Bad {
		return false
	}
	r.off, r.kind = l.Offset, l.Kind()
	need, known := minFields[r.kind]
	if !known {
		return false
	}
	r.fields = [10]ledger.Field{}
	return l.Fields(r.fields[:]) >= need
}

// aboutMessage reports whether the line changes what is known of a message.
func (r *row) aboutMessage() bool {
	switch r.kind {
	case kindStored, kindPlaced, kindFlags, kindRemove:
		return true
	}
	return false
}

// id is the message of an A, P, S, G or X line.
func (r *row) id() (ID, bool) {
	id, err := parseID(r.fields[1])
	return id, err == nil
}

// origin is the origin of an A, P, S or V line.
func (r *row) origin() string { return r.originField().Text() }

func (r *row) originField() ledger.Field {
	switch r.kind {
	case kindGone:
		return r.fields[1]
	case kindStored:
		return r.fields[8]
	case kindPlaced:
		return r.fields[4]
	case kindSeen:
		return r.fields[2]
	}
	return nil
}

// mailbox is the mailbox of an A or P line.
func (r *row) mailbox() string {
	if r.kind == kindStored {
		return r.fields[6].Text()
	}
	return r.fields[3].Text()
}

// key is the Key of an A line for id.
func (r *row) key(id ID) ID {
	if len(r.fields[2]) == 1 { // "-": the same, as nearly always
		return id
	}
	if key, err := parseID(r.fields[2]); err == nil {
		return key
	}
	return id
}

// count reads a number field; what is no number, or a negative one, is 0.
func (r *row) count(i int) int64 {
	n, err := strconv.ParseInt(r.fields[i].Plain(), 10, 64)
	if err != nil {
		return 0
	}
	return max(n, 0)
}

// apply changes e as the line says. The caller has compared the ids.
func (r *row) apply(e *Entry, id ID) {
	switch r.kind {
	case kindStored:
		if e.Gone || len(e.Places) == 0 {
			*e = Entry{ID: id, Key: r.key(id), Size: r.count(3), First: r.off}
		}
		e.place(Meta{Origin: r.origin(), Mailbox: r.mailbox(), Flags: Flags(r.fields[5].Text()),
			Received: unstamp(r.fields[4]), Traits: r.fields[7].List()})
	case kindPlaced:
		if len(e.Places) == 0 {
			return // its A line is lost: the sweep adopts the file
		}
		e.place(Meta{Origin: r.origin(), Mailbox: r.mailbox(), Flags: Flags(r.fields[2].Text()),
			Received: e.Places[0].Received, Traits: r.fields[5].List()})
	case kindFlags:
		box := r.fields[2].Text()
		for i := range e.Places {
			if e.Places[i].Mailbox == box {
				e.Places[i].Flags = Flags(r.fields[3].Text())
				if t := r.fields[4]; t != nil {
					e.Places[i].Traits = t.List()
				}
			}
		}
	case kindRemove:
		e.Gone = true
	}
	e.Seq = r.off
}

// place adds a mailbox that e is not in yet.
func (e *Entry) place(m Meta) {
	for i := range e.Places {
		if e.Places[i].Mailbox == m.Mailbox {
			return
		}
	}
	e.Places = append(e.Places, m)
}

func (r *row) account() Account {
	a := Account{Time: unstamp(r.fields[0]), Source: r.fields[1].Text(), Listed: -1,
		Known: r.count(3), Stored: r.count(4), Duplicate: r.count(5), PutAside: r.count(6),
		Vanished: r.count(7), Pending: r.count(8)}
	if r.fields[2].Plain() != "-" {
		a.Listed = r.count(2)
	}
	return a
}

func (r *row) aside() Aside {
	s := Aside{Time: unstamp(r.fields[0]), Origin: r.fields[1].Text(), Reason: r.fields[2].Text()}
	if r.kind == kindKept {
		s.Name, s.Reason = s.Reason, r.fields[3].Text()
	}
	return s
}
