package archive

import (
	"bytes"
	"io"
	"slices"

	"lostpost/archive/ledger"
	"lostpost/internal/durable"
)

// Known is what a writer remembers of the ledger: which messages, mailboxes
// and origins it has. It holds offsets of lines only, 10 to 20 octets for each
// table a line is in, and reads the line for the rest.
type known struct {
	file    durable.File
	hash    sipKey
	ids     *table // A lines of messages that are here, by ID
	keys    *table // A lines whose Key is not the ID, by Key
	places  *table // P lines, and A lines of a message that was here, by ID and mailbox
	origins *table // A, P and S lines, by origin
	marks   map[string]string
	torn    []int64 // bad lines since the last run that ended well, which nobody has dealt with
	last    string  // kind of the last line, "" if it is bad
	empty   bool    // no line is about a message
	saved   int64   // cache/known has it up to here
}

// lineSize is a guess, to make tables of the right size at once.
const lineSize = 200

// readKnown reads the ledger: all of it, or what came behind k, which is from
// cache/known.
func readKnown(file durable.File, k *known) (*known, error) {
	size, err := file.Size()
	if err != nil {
		return nil, err
	}
	if k == nil {
		n := size / lineSize
		k = &known{
			hash: newSipKey(), marks: map[string]string{}, empty: true,
			ids: newTable(n), keys: newTable(0), places: newTable(0), origins: newTable(n),
		}
	}
	k.file = file
	r := ledger.NewReader(file, k.saved)
	var rw row
	for {
		l, err := r.Next()
		if err == io.EOF {
			return k, nil
		}
		if err != nil {
			return nil, err
		}
		k.last = l.Kind()
		if l.Bad {
			k.torn = append(k.torn, l.Offset)
		} else if rw.parse(&l) {
			k.note(&rw)
		}
	}
}

func (k *known) hashID(id ID) uint64 { return k.hash.sum(id[:]) }

func (k *known) hashPlace(id ID, mailbox string) uint64 {
	return k.hash.sum(append(id[:], mailbox...))
}

func (k *known) hashOrigin(origin string) uint64 { return k.hash.sum([]byte(origin)) }

// hashOriginOf is hashOrigin of the origin in r. It makes no string where there
// is nothing to unescape, since it is called for every line.
func (k *known) hashOriginOf(r *row) uint64 {
	f := r.originField()
	if bytes.IndexByte(f, '%') < 0 {
		return k.hash.sum(f)
	}
	return k.hashOrigin(f.Text())
}

// note takes in one durable line.
func (k *known) note(r *row) {
	switch r.kind {
	case kindMark:
		k.marks[r.fields[1].Text()] = r.fields[2].Text()
		return
	case kindMended:
		off := r.count(1)
		k.torn = slices.DeleteFunc(k.torn, func(bad int64) bool { return bad == off })
		return
	case kindClean:
		k.torn = nil
		return
	case kindGone:
		origin := r.origin()
		k.origins.drop(k.hashOrigin(origin), func(off int64) (fits bool) {
			_, fits = k.at(off, origin)
			return fits
		})
		return
	}
	id, ok := r.id()
	if !ok {
		return
	}
	switch r.kind {
	case kindStored:
		k.empty = false
		if _, here := k.stored(id); here {
			k.places.add(k.hashPlace(id, r.mailbox()), r.off)
		} else {
			k.ids.add(k.hashID(id), r.off)
			if key := r.key(id); key != id {
				k.keys.add(k.hashID(key), r.off)
			}
		}
		k.origins.add(k.hashOriginOf(r), r.off)
	case kindPlaced:
		k.places.add(k.hashPlace(id, r.mailbox()), r.off)
		k.origins.add(k.hashOriginOf(r), r.off)
	case kindSeen:
		k.origins.add(k.hashOriginOf(r), r.off)
	case kindRemove:
		k.ids.drop(k.hashID(id), func(off int64) bool { return k.isStored(off, id) })
	}
}

func (k *known) isStored(off int64, id ID) bool {
	var r row
	if readLine(k.file, off, &r) != nil || r.kind != kindStored {
		return false
	}
	have, ok := r.id()
	return ok && have == id
}

// stored gives the A line of a message that is here.
func (k *known) stored(id ID) (int64, bool) {
	return k.ids.find(k.hashID(id), func(off int64) bool { return k.isStored(off, id) })
}

// byKey gives a message that is here and has the Key, and its A line.
func (k *known) byKey(key ID) (id ID, off int64, ok bool) {
	if off, ok := k.stored(key); ok {
		return key, off, true // its octets hold no CRLF, so its Key is its ID
	}
	off, ok = k.keys.find(k.hashID(key), func(off int64) bool {
		var r row
		if readLine(k.file, off, &r) != nil || r.kind != kindStored {
			return false
		}
		have, fine := r.id()
		if !fine || r.key(have) != key {
			return false
		}
		if now, here := k.stored(have); !here || now != off {
			return false
		}
		id = have
		return true
	})
	return id, off, ok
}

// placed reports whether the message with the A line at stored is in mailbox.
func (k *known) placed(id ID, stored int64, mailbox string) bool {
	var r row
	if readLine(k.file, stored, &r) == nil && r.kind == kindStored && r.mailbox() == mailbox {
		return true
	}
	_, ok := k.places.find(k.hashPlace(id, mailbox), func(off int64) bool {
		var r row
		if off < stored || readLine(k.file, off, &r) != nil || r.kind != kindPlaced && r.kind != kindStored {
			return false
		}
		have, ok := r.id()
		return ok && have == id && r.mailbox() == mailbox
	})
	return ok
}

// origin gives the message of the A, P or S line with the origin, unless a V
// line came after it.
func (k *known) origin(origin string) (id ID, ok bool) {
	_, ok = k.origins.find(k.hashOrigin(origin), func(off int64) (fits bool) {
		id, fits = k.at(off, origin)
		return fits
	})
	return id, ok
}

// at gives the message of the line at off, if it is about a copy at origin.
func (k *known) at(off int64, origin string) (ID, bool) {
	var r row
	if readLine(k.file, off, &r) != nil || r.origin() != origin {
		return ID{}, false
	}
	return r.id()
}
