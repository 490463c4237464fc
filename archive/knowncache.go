package archive

import (
	"bufio"
	"encoding/binary"
	"hash/crc32"
	"io"
	"path/filepath"

	"lostpost/internal/durable"
)

// The file cache/known: what a writer knew of the ledger when it ended well, so
// that the next one reads only what came behind. It may be deleted at any time.
// Its tables say where to look and never decide, as ever: a wrong one makes a
// writer store what is here already, under the same name.
//
// Numbers have 8 octets, big-endian: magic; covered; the key of the hash (2);
// the sum of the end of the covered ledger; for each of four tables its used and
// its number of slots, then the slots; the number of marks, then source and
// state of each behind their lengths. At the end CRC-32C of all before it (4).
const (
	knownMagic = "lostkno1"

	// endBytes is how much of the covered ledger is compared, to know a ledger
	// that was put back from elsewhere.
	endBytes = 4 << 10
)

// tables in the order of the file.
func (k *known) tables() []**table { return []**table{&k.ids, &k.keys, &k.places, &k.origins} }

// saveKnown writes cache/known if enough has come behind it. The ledger ends at
// end, with the line that says that the run ended well.
func (w *Writer) saveKnown(end int64) error {
	k := w.known
	if end-k.saved < w.tune.behind {
		return nil
	}
	sum, err := endSum(w.ledger, end)
	if err != nil {
		return err
	}
	return writeCache(w.disk, w.dir, "known", func(out *bufio.Writer) error {
		c := &summed{out: out}
		c.text(knownMagic + padded(w.Identity()))
		c.numbers(uint64(end), k.hash[0], k.hash[1], uint64(sum))
		for _, t := range k.tables() {
			c.numbers(uint64((*t).used), uint64(len((*t).slots)))
			c.numbers((*t).slots...)
		}
		c.numbers(uint64(len(k.marks)))
		for source, state := range k.marks {
			for _, s := range []string{source, state} {
				c.numbers(uint64(len(s)))
				c.text(s)
			}
		}
		_, err := out.Write(binary.BigEndian.AppendUint32(nil, c.sum))
		return err // of any write before, too
	})
}

// A summed writes and sums up. Errors stay in the bufio.Writer.
type summed struct {
	out *bufio.Writer
	sum uint32
	buf []byte
}

func (c *summed) write(b []byte) {
	c.sum = crc32.Update(c.sum, castagnoli, b)
	c.out.Write(b)
}

func (c *summed) text(s string) { c.write([]byte(s)) }

func (c *summed) numbers(ns ...uint64) {
	c.buf = c.buf[:0]
	for _, n := range ns {
		c.buf = binary.BigEndian.AppendUint64(c.buf, n)
	}
	c.write(c.buf)
}

// endSum is CRC-32C of the last octets of the ledger before end.
func endSum(ledger io.ReaderAt, end int64) (uint32, error) {
	b := make([]byte, min(end, endBytes))
	if _, err := ledger.ReadAt(b, end-int64(len(b))); err != nil && err != io.EOF {
		return 0, err
	}
	return crc32.Checksum(b, castagnoli), nil
}

// loadKnown reads cache/known; nil where it is absent or not to be used.
func loadKnown(disk durable.FS, dir, identity string, ledger durable.File) *known {
	f, err := disk.Open(filepath.Join(dir, "cache", "known"))
	if err != nil {
		return nil
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil
	}
	b := make([]byte, size)
	if _, err := f.ReadAt(b, 0); err != nil && err != io.EOF {
		return nil
	}
	k, sum := parseKnown(b, identity)
	if k == nil {
		return nil
	}
	length, err := ledger.Size()
	if err != nil || k.saved > length {
		return nil
	}
	if have, err := endSum(ledger, k.saved); err != nil || have != sum {
		return nil
	}
	return k
}

// parseKnown reads the octets of cache/known; nil if they are not good.
func parseKnown(b []byte, identity string) (k *known, end uint32) {
	const sumLen = 4
	if len(b) < sumLen || crc32.Checksum(b[:len(b)-sumLen], castagnoli) != binary.BigEndian.Uint32(b[len(b)-sumLen:]) {
		return nil, 0
	}
	p := &parser{rest: b[:len(b)-sumLen]}
	if p.text(uint64(len(knownMagic))) != knownMagic || p.text(32) != padded(identity) {
		return nil, 0
	}
	k = &known{marks: map[string]string{}, last: kindClean}
	k.saved = int64(p.number())
	k.hash = sipKey{p.number(), p.number()}
	end = uint32(p.number())
	for _, t := range k.tables() {
		if *t = p.table(); *t == nil {
			return nil, 0
		}
	}
	for range p.number() {
		source := p.text(p.number())
		k.marks[source] = p.text(p.number())
		if p.bad {
			return nil, 0
		}
	}
	if p.bad || len(p.rest) > 0 || k.saved < 0 {
		return nil, 0
	}
	return k, end
}

// A parser takes numbers and texts from the beginning of rest.
type parser struct {
	rest []byte
	bad  bool // rest was too short
}

func (p *parser) take(n uint64) []byte {
	if n > uint64(len(p.rest)) {
		p.bad, p.rest = true, nil
		return nil
	}
	b := p.rest[:n]
	p.rest = p.rest[n:]
	return b
}

func (p *parser) text(n uint64) string { return string(p.take(n)) }

func (p *parser) number() uint64 {
	b := p.take(8)
	if b == nil {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

// table reads one table; nil if it cannot be one.
func (p *parser) table() *table {
	used, slots := p.number(), p.number()
	t := &table{used: int(used)}
	for t.bits <= tagBits && uint64(1)<<t.bits != slots {
		t.bits++
	}
	if t.bits > tagBits || used >= slots || slots*8 > uint64(len(p.rest)) {
		return nil
	}
	b := p.take(slots * 8)
	t.slots = make([]uint64, slots)
	full := 0
	for i := range t.slots {
		t.slots[i] = binary.BigEndian.Uint64(b[8*i:])
		if t.slots[i] != 0 {
			full++
		}
	}
	if full != t.used {
		return nil // a search in a table without an empty slot would not end
	}
	return t
}
