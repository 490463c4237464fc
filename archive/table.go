package archive

// A table finds ledger lines by a hash: open addressing, 8 octets a slot, 10 to
// 20 octets an entry. A slot holds the top 28 bits of the hash and the offset
// of the line. It says where to look and never decides: what it finds is
// compared with the line itself. The hash must be seeded, so that no sender can
// choose messages that collide.
type table struct {
	slots []uint64
	used  int  // slots that are not empty, dropped ones included
	bits  uint // len(slots) == 1<<bits, at most tagBits
}

// A ledger of 64 GiB is some 350 million lines.
const (
	tagBits = 28
	offBits = 64 - tagBits
	offMask = 1<<offBits - 1
	dropped = offMask // offset of a slot whose entry was taken out
)

// maxLedger is the longest ledger that a table can point into.
const maxLedger = offMask - 2

// newTable makes a table with room for n entries.
func newTable(n int64) *table {
	t := &table{bits: 8}
	for t.bits < tagBits && int64(1)<<t.bits*4/5 < n {
		t.bits++
	}
	t.slots = make([]uint64, 1<<t.bits)
	return t
}

// add notes that the line at off has the hash. Entries may repeat.
func (t *table) add(hash uint64, off int64) {
	if t.used >= len(t.slots)/5*4 && t.bits < tagBits {
		old := t.slots
		t.bits++
		t.slots, t.used = make([]uint64, 1<<t.bits), 0
		for _, s := range old {
			if s != 0 && s&offMask != dropped {
				t.put(s)
			}
		}
	}
	t.put(hash&^offMask | uint64(off+1))
}

// put places a slot; its home is in the top bits of its tag.
func (t *table) put(slot uint64) {
	i := slot >> (64 - t.bits)
	for t.slots[i] != 0 {
		i = (i + 1) & uint64(len(t.slots)-1)
	}
	t.slots[i] = slot
	t.used++
}

// find gives the first line with the hash that match accepts, oldest first.
func (t *table) find(hash uint64, match func(off int64) bool) (int64, bool) {
	i, ok := t.slot(hash, match)
	if !ok {
		return 0, false
	}
	return int64(t.slots[i]&offMask) - 1, true
}

// drop takes out the line that find would give.
func (t *table) drop(hash uint64, match func(off int64) bool) {
	if i, ok := t.slot(hash, match); ok {
		t.slots[i] |= dropped
	}
}

func (t *table) slot(hash uint64, match func(off int64) bool) (uint64, bool) {
	for i := hash >> (64 - t.bits); t.slots[i] != 0; i = (i + 1) & uint64(len(t.slots)-1) {
		s := t.slots[i]
		if (s^hash)>>offBits == 0 && s&offMask != dropped && match(int64(s&offMask)-1) {
			return i, true
		}
	}
	return 0, false
}
