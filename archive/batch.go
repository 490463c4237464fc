package archive

import (
	"time"

	"lostpost/archive/ledger"
)

// A batch is what one commit makes durable: octets, names, lines. It is filled
// under the Writer's mutex and then belongs to the commit alone.
type batch struct {
	number  int64
	items   []*item
	steps   []step
	octets  int64
	lines   []byte
	rows    []int // where the lines begin
	marks   map[string]string
	ids     map[ID]*item
	keys    map[ID]*item
	places  map[place]bool
	flags   map[place]bool // whose flags are set
	origins map[string]ID
	timer   *time.Timer
	due     bool // wanted as soon as the one before is done
}

// A place is a message in a mailbox.
type place struct {
	id      ID
	mailbox string
}

// An item is octets that get a file.
type item struct {
	*octets
	meta  Meta
	off   int64  // of its A line, -1 if that is in this batch
	aside bool   // into quarantine
	path  string // where the file is after its rename
}

// A step is a change of names that follows the items: a further place, or
// other flags.
type step struct {
	id     ID
	from   Meta // one place of the message
	to     Meta // Mailbox and Flags
	rename bool // flags in a mailbox it is in; else a link
}

func newBatch(number int64) *batch {
	return &batch{
		number: number, marks: map[string]string{}, ids: map[ID]*item{}, keys: map[ID]*item{},
		places: map[place]bool{}, flags: map[place]bool{}, origins: map[string]ID{},
	}
}

func (b *batch) empty() bool {
	return len(b.lines) == 0 && len(b.marks) == 0 && len(b.items) == 0
}

// line notes where the next line begins.
func (b *batch) line() { b.rows = append(b.rows, len(b.lines)) }

// store takes in a new message.
func (b *batch) store(now time.Time, m Meta, o *octets) {
	b.line()
	b.lines = storedLine(b.lines, now, o.id, o.key, o.size, m)
	it := &item{octets: o, meta: m, off: -1}
	b.items = append(b.items, it)
	b.octets += o.size
	b.ids[o.id] = it
	b.keys[o.key] = it
	b.places[place{o.id, m.Mailbox}] = true
	b.origins[m.Origin] = o.id
}

// restore writes the file of a message that the ledger has already.
func (b *batch) restore(s *stored, o *octets) {
	it := &item{octets: o, meta: s.meta, off: s.off}
	b.items = append(b.items, it)
	b.ids[o.id] = it
	b.octets += o.size
}

// place puts a message that is here into one more mailbox.
func (b *batch) place(now time.Time, s *stored, m Meta) {
	b.line()
	b.lines = placedLine(b.lines, now, s.id, m)
	b.steps = append(b.steps, step{id: s.id, from: s.meta, to: m})
	b.places[place{s.id, m.Mailbox}] = true
	b.origins[m.Origin] = s.id
}

// reflag gives a message in one mailbox other flags and traits.
func (b *batch) reflag(now time.Time, id ID, m Meta) {
	b.line()
	b.lines = flagsLine(b.lines, now, id, m)
	b.steps = append(b.steps, step{id: id, to: Meta{Mailbox: m.Mailbox, Flags: m.Flags}, rename: true})
	b.flags[place{id, m.Mailbox}] = true
}

// seen notes one more copy on a server.
func (b *batch) seen(now time.Time, id ID, origin string) {
	b.add(kindSeen, stamp(now), id.String(), origin)
	b.origins[origin] = id
}

// add notes a line that is about no file.
func (b *batch) add(kind string, fields ...string) {
	b.line()
	b.lines = ledger.Append(b.lines, kind, fields...)
}

// find gives the message of this batch with the ID of o or else its Key. A nil
// batch has none.
func (b *batch) find(o *octets) *stored {
	if b == nil {
		return nil
	}
	it := b.ids[o.id]
	if it == nil {
		it = b.keys[o.key]
	}
	if it == nil {
		return nil
	}
	return &stored{id: it.id, size: it.size, off: it.off, meta: it.meta}
}

// has reports whether this batch puts the message into mailbox.
func (b *batch) has(id ID, mailbox string) bool {
	return b != nil && b.places[place{id, mailbox}]
}
