package unpack

import (
	"bufio"
	"bytes"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"
)

// scan goes through a zip whose directory cannot be used, by the local headers
// (APPNOTE 4.3.7), and ends with the reason. What a download that was broken
// off holds is found this way.
func (z *zipWalk) scan(reason error) bool {
	found := 0
	for pos := int64(0); ; found++ {
		pos = z.findLocal(pos)
		if pos < 0 {
			break
		}
		next, more := z.scanned(pos)
		if !more {
			return false
		}
		pos = next
	}
	return z.damaged(fmt.Errorf("%w; %d entries were found without it, others may be missing", reason, found))
}

// scanned hands on the entry whose local header is at pos, and says where to
// look for the next one, which is always behind pos.
func (z *zipWalk) scanned(pos int64) (next int64, more bool) {
	var fixed [lenLocal]byte
	if readFull(z.r, fixed[:], pos) != nil {
		return z.size, true
	}
	rest := make([]byte, int(le16(fixed[26:]))+int(le16(fixed[28:])))
	if readFull(z.r, rest, pos+lenLocal) != nil {
		return pos + 4, true
	}
	nName := le16(fixed[26:])
	e := &zipEntry{
		flags:  le16(fixed[6:]),
		method: le16(fixed[8:]),
		crc:    le32(fixed[14:]),
		packed: int64(le32(fixed[18:])),
		size:   int64(le32(fixed[22:])),
		mod:    dosTime(le16(fixed[12:]), le16(fixed[10:])),
	}
	e.readName(rest[:nName], rest[nName:])
	e.readExtra(rest[nName:], false)
	data := pos + lenLocal + int64(len(rest))
	known := e.flags&flagDescriptor == 0 && e.packed >= 0
	place := section{z.r, data, z.size - data}
	next = data
	if known && e.packed <= place.n {
		place.n, next = e.packed, data+e.packed
	}
	if e.flags&flagEncrypted != 0 {
		return next, z.bad(e.name, ErrEncrypted)
	}
	if !e.isFile() {
		return next, true
	}
	if !known {
		return z.undescribed(e, place)
	}
	z.again = func() (content, error) { return z.content(e, place, true) }
	c, err := z.again()
	if err != nil {
		return next, z.bad(e.name, err)
	}
	return next, z.entry(e.name, e.mod, c)
}

// undescribed hands on an entry whose sizes stand behind its data. Deflate says
// itself where it ends; of stored octets nothing does, so the descriptor that
// counts right, or else the next header, is taken for the end.
func (z *zipWalk) undescribed(e *zipEntry, place section) (next int64, more bool) {
	if e.method != 8 {
		end := z.findDescriptor(place.off)
		place.n = end - place.off
		z.again = func() (content, error) { return z.content(e, place, false) }
		c, err := z.again()
		if err != nil {
			return end, z.bad(e.name, err)
		}
		return end, z.entry(e.name, e.mod, c)
	}
	z.again = func() (content, error) {
		c, _ := z.described(place)
		return c, nil
	}
	c, packed := z.described(place)
	more = z.entry(e.name, e.mod, c)
	// If nobody wanted all of it the next header is looked for from where
	// reading stopped: nothing like one is likely within deflated octets.
	return place.off + packed.n, more
}

// described gives deflated content that ends where deflate says.
func (z *zipWalk) described(place section) (content, *byteCounter) {
	in := &counter{src: place.stream(), budget: z.budget}
	packed := &byteCounter{r: bufio.NewReaderSize(in, readSize)}
	m := &meter{src: flate.NewReader(packed), in: in, lim: z.lim, budget: z.budget}
	return newSpool(&describedReader{src: m, packed: packed, place: place, crc: crc32.NewIEEE()}, z.lim.TempDir), packed
}

// A byteCounter counts the octets that are really used; flate takes them one by
// one because it has ReadByte.
type byteCounter struct {
	r *bufio.Reader
	n int64
}

func (b *byteCounter) ReadByte() (byte, error) {
	c, err := b.r.ReadByte()
	if err == nil {
		b.n++
	}
	return c, err
}

func (b *byteCounter) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.n += int64(n)
	return n, err
}

// describedReader compares the CRC with that of the descriptor behind the data
// (APPNOTE 4.3.9), whose signature may be missing.
type describedReader struct {
	src    io.Reader
	packed *byteCounter
	place  section
	crc    hash.Hash32
}

func (d *describedReader) Read(p []byte) (int, error) {
	n, err := d.src.Read(p)
	d.crc.Write(p[:n])
	if err != io.EOF {
		return n, err
	}
	var b [8]byte
	if err := readFull(d.place, b[:], d.packed.n); err != nil {
		return n, io.EOF // the data is whole, only its descriptor is not there
	}
	sum := le32(b[:])
	if string(b[:4]) == sigDescriptor {
		sum = le32(b[4:])
	}
	if sum != d.crc.Sum32() {
		return n, errCRC
	}
	return n, io.EOF
}

// findLocal gives the place of the next local header at or after pos, or -1.
func (z *zipWalk) findLocal(pos int64) int64 {
	return z.find(pos, func(rec []byte, _ int64) bool { return bytes.HasPrefix(rec, []byte(sigLocal)) })
}

// findDescriptor gives the end of stored data that begins at data.
func (z *zipWalk) findDescriptor(data int64) int64 {
	end := z.find(data, func(rec []byte, at int64) bool {
		switch string(rec[:4]) {
		case sigLocal, sigCentral:
			return true
		case sigDescriptor:
			return len(rec) >= 12 && int64(le32(rec[8:])) == at-data
		}
		return false
	})
	if end < 0 {
		return z.size
	}
	return end
}

// find gives the place of the first record at or after pos that match accepts,
// or -1. match sees at least 4 octets, 12 but near the end. The window grows,
// since most often the record is at pos itself.
func (z *zipWalk) find(pos int64, match func(rec []byte, at int64) bool) int64 {
	for window := 512; pos < z.size; window = min(window*2, 2*readSize) {
		buf := make([]byte, min(int64(window), z.size-pos))
		if readFull(z.r, buf, pos) != nil {
			return -1
		}
		for i := 0; ; i++ {
			j := bytes.Index(buf[i:], []byte("PK"))
			if j < 0 || i+j+4 > len(buf) {
				break
			}
			i += j
			if rec := buf[i:]; match(rec, pos+int64(i)) {
				return pos + int64(i)
			}
		}
		if pos+int64(len(buf)) == z.size {
			return -1
		}
		pos += int64(len(buf)) - 11 // a record may lie across the border
	}
	return -1
}
