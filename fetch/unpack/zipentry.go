package unpack

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"iter"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"
)

// central yields the entries of a directory, each with the place of the next
// header, up to its end or the first header that cannot be read.
func (z *zipWalk) central(dir directory) iter.Seq2[zipEntry, int64] {
	return func(yield func(zipEntry, int64) bool) {
		r := bufio.NewReaderSize(io.NewSectionReader(z.r, dir.start, dir.end-dir.start), readSize)
		var fixed [lenCentral]byte
		var rest []byte
		for pos := dir.start; ; {
			if _, err := io.ReadFull(r, fixed[:]); err != nil || string(fixed[:4]) != sigCentral {
				return
			}
			nName, nExtra, nComment := le16(fixed[28:]), le16(fixed[30:]), le16(fixed[32:])
			rest = append(rest[:0], make([]byte, int(nName)+int(nExtra))...)
			if _, err := io.ReadFull(r, rest); err != nil {
				return
			}
			if _, err := r.Discard(int(nComment)); err != nil {
				return
			}
			e := zipEntry{
				flags:  le16(fixed[8:]),
				method: le16(fixed[10:]),
				crc:    le32(fixed[16:]),
				packed: int64(le32(fixed[20:])),
				size:   int64(le32(fixed[24:])),
				offset: int64(le32(fixed[42:])),
				mod:    dosTime(le16(fixed[14:]), le16(fixed[12:])),
				// The upper half is st_mode if a Unix system made the entry.
				link: fixed[5] == 3 && le32(fixed[38:])>>16&0xf000 == 0xa000,
			}
			e.readName(rest[:nName], rest[nName:])
			e.readExtra(rest[nName:], true)
			e.offset += dir.base
			pos += lenCentral + int64(nName) + int64(nExtra) + int64(nComment)
			if !yield(e, pos) {
				return
			}
		}
	}
}

func le16(b []byte) uint16 { return binary.LittleEndian.Uint16(b) }
func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
func le64(b []byte) int64  { return int64(binary.LittleEndian.Uint64(b)) }

// dosTime reads a time of FAT, which has no zone and steps of two seconds.
func dosTime(date, clock uint16) time.Time {
	if date == 0 {
		return time.Time{}
	}
	return time.Date(int(date>>9)+1980, time.Month(date>>5&0xf), int(date&0x1f),
		int(clock>>11), int(clock>>5&0x3f), int(clock&0x1f)*2, 0, time.UTC)
}

// extras yields the extra fields of a header (APPNOTE 4.5).
func extras(b []byte) iter.Seq2[uint16, []byte] {
	return func(yield func(uint16, []byte) bool) {
		for len(b) >= 4 {
			n := int(le16(b[2:]))
			if n > len(b)-4 || !yield(le16(b), b[4:4+n]) {
				return
			}
			b = b[4+n:]
		}
	}
}

// readName takes the name from the header, or from Info-ZIP's Unicode path
// field (APPNOTE 4.6.9) if that was made from the same name.
func (e *zipEntry) readName(name, extra []byte) {
	e.name = string(name)
	for id, b := range extras(extra) {
		if id == 0x7075 && len(b) > 5 && le32(b[1:]) == crc32.ChecksumIEEE(name) && utf8.Valid(b[5:]) {
			e.name = string(b[5:])
			return
		}
	}
	if e.flags&flagUTF8 != 0 {
		e.name = strings.ToValidUTF8(e.name, "\ufffd")
	}
}

// readExtra takes zip64 sizes (APPNOTE 4.5.3) and the Unix time (Info-ZIP's
// 0x5455). Only those numbers are there whose own field is all ones.
func (e *zipEntry) readExtra(extra []byte, central bool) {
	for id, b := range extras(extra) {
		switch id {
		case 0x0001:
			fields := []*int64{&e.size, &e.packed}
			if central {
				fields = append(fields, &e.offset)
			}
			for _, field := range fields {
				if *field == 0xffffffff && len(b) >= 8 {
					*field, b = le64(b), b[8:]
				}
			}
		case 0x5455:
			if len(b) >= 5 && b[0]&1 != 0 {
				e.mod = time.Unix(int64(int32(le32(b[1:]))), 0).UTC()
			}
		}
	}
}

// listed hands on an entry that the directory names.
func (z *zipWalk) listed(e *zipEntry) bool {
	if e.flags&flagEncrypted != 0 {
		return z.bad(e.name, ErrEncrypted)
	}
	var local [lenLocal]byte
	if err := readFull(z.r, local[:], e.offset); err != nil {
		return z.bad(e.name, fmt.Errorf("zip entry at octet %d: %w", e.offset, err))
	}
	data := e.offset + lenLocal + int64(le16(local[26:])) + int64(le16(local[28:]))
	if string(local[:4]) != sigLocal || data > z.size || e.packed < 0 || e.size < 0 {
		return z.bad(e.name, fmt.Errorf("zip entry at octet %d is damaged", e.offset))
	}
	z.again = func() (content, error) { return z.content(e, section{z.r, data, min(e.packed, z.size-data)}, true) }
	c, err := z.again()
	if err != nil {
		return z.bad(e.name, err)
	}
	return z.entry(e.name, e.mod, c)
}

// content gives what an entry holds; checked says that sizes and CRC of e are
// to be compared.
func (z *zipWalk) content(e *zipEntry, place section, checked bool) (content, error) {
	kind, ok := map[uint16]string{0: "", 8: "deflate", 12: "bz2", 93: "zst"}[e.method]
	if !ok {
		return nil, fmt.Errorf("zip entry is packed with method %d, which is not supported", e.method)
	}
	if kind == "" {
		// Entries may overlap, and each costs its reader its whole size.
		if err := z.budget.spend(place.n); err != nil {
			return nil, err
		}
		if checked && place.n != e.size {
			return cutSection{place, cutOff(place.n, e.size)}, nil
		}
		return place, nil
	}
	packed := &counter{src: place.stream(), budget: z.budget}
	r, closer, err := inflate(kind, packed)
	if err != nil {
		return nil, fmt.Errorf("zip entry: %w", unexpected(err))
	}
	m := &meter{src: r, in: packed, lim: z.lim, budget: z.budget}
	if !checked {
		return spoolAndClose{newSpool(m, z.lim.TempDir), closer}, nil
	}
	whole := &checkedReader{src: m, want: e, crc: crc32.NewIEEE()}
	return spoolAndClose{newSpool(whole, z.lim.TempDir), closer}, nil
}

func inflate(kind string, r io.Reader) (io.Reader, func(), error) {
	if kind != "deflate" {
		return decompress(kind, r)
	}
	f := inflaters.Get().(*inflater)
	f.buf.Reset(r)
	// Reset of what NewReader gives cannot fail without a dictionary.
	_ = f.ReadCloser.(flate.Resetter).Reset(f.buf, nil)
	return f, func() { inflaters.Put(f) }, nil
}

// An inflater is used again, since it is some 75 kB and an entry may be less
// than one.
type inflater struct {
	io.ReadCloser
	buf *bufio.Reader
}

var inflaters = sync.Pool{New: func() any {
	buf := bufio.NewReaderSize(nil, readSize)
	return &inflater{flate.NewReader(buf), buf}
}}

// spoolAndClose also ends the decompressor.
type spoolAndClose struct {
	*spool
	closer func()
}

func (s spoolAndClose) close() {
	s.spool.close()
	s.closer()
}

var errCRC = fmt.Errorf("%w: CRC-32 differs", ErrChecksum)

// checkedReader compares size and CRC at the end.
type checkedReader struct {
	src  io.Reader
	want *zipEntry
	n    int64
	crc  hash.Hash32
}

func (c *checkedReader) Read(p []byte) (int, error) {
	n, err := c.src.Read(p)
	c.n += int64(n)
	c.crc.Write(p[:n])
	if err != io.EOF {
		return n, err
	}
	switch {
	case c.n < c.want.size:
		return n, cutOff(c.n, c.want.size)
	case c.n > c.want.size:
		return n, fmt.Errorf("%w: %d octets instead of %d", ErrChecksum, c.n, c.want.size)
	case c.crc.Sum32() != c.want.crc:
		return n, errCRC
	}
	return n, io.EOF
}

// readFull reads exactly p. An end that comes too early is ErrUnexpectedEOF.
func readFull(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil {
		return io.ErrUnexpectedEOF
	}
	return unexpected(err)
}
