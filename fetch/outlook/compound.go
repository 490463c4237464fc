package outlook

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
)

// compoundMagic begins every compound file (MS-CFB 2.2).
const compoundMagic = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

// Sector numbers with a meaning of their own (MS-CFB 2.1). Those from maxSector
// on are no sectors.
const (
	maxSector  = 0xfffffffa
	endOfChain = 0xfffffffe
	noEntry    = 0xffffffff
)

// maxEntries bounds the directory: it is held in memory, at some 100 octets an
// entry. An item with 1,000 recipients and attachments has 30,000.
const maxEntries = 400_000

var (
	errCompound = errors.New("not a compound file, or its header is damaged")
	errNoSector = errors.New("not in the file, which is cut off or damaged")
	errOverlap  = errors.New("streams of the file lie in each other")
)

// A compound is an open compound file: a file system of storages and streams
// in one file (MS-CFB).
//
// Chains of sectors are followed for as long as the file has sectors, so that a
// circle ends. Since no octet of a good file belongs to two streams, all
// streams together may be opened for a few times the size of the file and no
// more.
type compound struct {
	r       io.ReaderAt
	size    int64
	sector  int64    // octets
	mini    int64    // octets of a sector of the mini stream
	cutoff  int64    // streams below this size lie in the mini stream
	fat     []uint32 // the sector that follows each sector
	miniFAT []uint32
	entries []entry
	small   stream // the mini stream
	dirErr  error  // what is wrong with the directory
	room    int64  // octets of streams that may still be opened
	visits  int    // of entries in storages that may still be made
}

// An entry is one line of the directory.
type entry struct {
	name               string
	kind               byte // kindStorage, kindStream, kindRoot
	left, right, child uint32
	start              uint32
	size               int64
	class              [16]byte
}

const (
	kindStorage = 1
	kindStream  = 2
	kindRoot    = 5
)

// openCompound reads header, sector tables and directory.
func openCompound(r io.ReaderAt, size int64) (*compound, error) {
	var h [512]byte
	if n, err := r.ReadAt(h[:], 0); n < len(h) {
		if err == io.EOF {
			err = fmt.Errorf("header is cut off: %w", io.ErrUnexpectedEOF)
		}
		return nil, err
	}
	shift, miniShift := binary.LittleEndian.Uint16(h[30:]), binary.LittleEndian.Uint16(h[32:])
	if string(h[:8]) != compoundMagic || shift < 7 || shift > 16 || miniShift < 2 || miniShift >= shift {
		return nil, errCompound
	}
	c := &compound{r: r, size: size, sector: 1 << shift, mini: 1 << miniShift, cutoff: int64(binary.LittleEndian.Uint32(h[56:]))}
	c.room = 4*size + 1<<20
	if err := c.readFAT(&h); err != nil {
		return nil, err
	}
	if err := c.readDirectory(binary.LittleEndian.Uint32(h[48:]), shift == 9); err != nil {
		return nil, err
	}
	c.visits = 4*len(c.entries) + 64
	return c, c.openSmall(binary.LittleEndian.Uint32(h[60:]))
}

// sectors is how many sectors the file can have, the last one perhaps cut.
func (c *compound) sectors() int { return int(max(0, (c.size-1)/c.sector)) }

// readSector reads sector n; what lies behind the end of the file is zeros.
func (c *compound) readSector(n uint32, b []byte) error {
	if n >= maxSector || int(n) >= c.sectors() {
		return fmt.Errorf("sector %d: %w", n, errNoSector)
	}
	got, err := c.r.ReadAt(b, (int64(n)+1)*c.sector)
	if got < len(b) && err != io.EOF {
		return err
	}
	clear(b[got:])
	return nil
}

// readFAT reads the table of sectors, the sectors of which are listed in the
// header and in a chain of sectors after it (the DIFAT, MS-CFB 2.5). A part of
// it that is not in the file costs only the streams that lie there.
func (c *compound) readFAT(h *[512]byte) error {
	b := make([]byte, c.sector)
	limit := c.sectors()
	take := func(list []byte) error {
		for ; len(list) >= 4 && len(c.fat) < limit; list = list[4:] {
			n := binary.LittleEndian.Uint32(list)
			if n >= maxSector {
				continue
			}
			err := c.readSector(n, b)
			if errors.Is(err, errNoSector) {
				copy(b, bytes.Repeat([]byte{0xff}, len(b)))
			} else if err != nil {
				return fmt.Errorf("table of sectors: %w", err)
			}
			c.fat = appendUint32s(c.fat, b)
		}
		return nil
	}
	if err := take(h[76:512]); err != nil {
		return err
	}
	list := make([]byte, c.sector)
	next := binary.LittleEndian.Uint32(h[68:])
	for n := 0; next < maxSector && n <= limit && len(c.fat) < limit; n++ {
		if err := c.readSector(next, list); err != nil {
			return fmt.Errorf("list of the tables of sectors: %w", err)
		}
		end := len(list) - 4
		if err := take(list[:end]); err != nil {
			return err
		}
		next = binary.LittleEndian.Uint32(list[end:])
	}
	c.fat = c.fat[:min(len(c.fat), limit)] // the last sector of the table is for more than there are
	return nil
}

func appendUint32s(table []uint32, b []byte) []uint32 {
	table = slices.Grow(table, len(b)/4)
	for ; len(b) >= 4; b = b[4:] {
		table = append(table, binary.LittleEndian.Uint32(b))
	}
	return table
}

// openSmall opens the mini stream, which is that of the root, and reads the
// table of its sectors, of which it knows the start. What is missing of either,
// the streams in it will miss.
func (c *compound) openSmall(table uint32) error {
	root := c.entries[0]
	c.small, _ = c.chain(root.start, min(root.size, c.size))
	there := min(c.small.size, int64(len(c.small.sectors))*c.sector)
	count := (there + c.mini - 1) / c.mini
	s, _ := c.chain(table, 4*count)
	b := make([]byte, c.sector)
	for _, n := range s.sectors {
		if err := c.readSector(n, b); err != nil {
			return fmt.Errorf("table of small sectors: %w", err)
		}
		c.miniFAT = appendUint32s(c.miniFAT, b)
	}
	c.miniFAT = c.miniFAT[:min(int64(len(c.miniFAT)), count)]
	return nil
}

// chain follows the sectors from start on: as many as size octets need, or, if
// size is negative, all.
func (c *compound) chain(start uint32, size int64) (stream, error) {
	s := stream{r: c.r, size: size, unit: c.sector, base: c.sector}
	want := len(c.fat)
	if size >= 0 {
		want = int(min((size+c.sector-1)/c.sector, int64(want)+1))
	}
	err := s.follow(c.fat, start, want, size >= 0)
	if size < 0 {
		s.size = int64(len(s.sectors)) * c.sector
	}
	if last := len(s.sectors) - 1; err == nil && size > 0 && (int64(s.sectors[last])+1)*c.sector+size-int64(last)*c.sector > c.size {
		err = errCut
	}
	return s, err
}

// open gives the octets of entry e. With errCut only the beginning is there.
func (c *compound) open(e *entry) (stream, error) {
	if e.size < 0 || e.size > c.size {
		return stream{}, errCut
	}
	if c.room -= e.size; c.room < 0 {
		return stream{}, errOverlap
	}
	if e.size >= c.cutoff {
		return c.chain(e.start, e.size)
	}
	s := stream{r: &c.small, size: e.size, unit: c.mini}
	err := s.follow(c.miniFAT, e.start, int((e.size+c.mini-1)/c.mini), true)
	return s, err
}

// readDirectory reads the chain of directory sectors (MS-CFB 2.6). In files of
// version 3 the upper half of a size has no meaning. Of a directory that is cut
// off the first entries are taken.
func (c *compound) readDirectory(start uint32, version3 bool) error {
	s, err := c.chain(start, -1)
	if err != nil {
		c.dirErr = fmt.Errorf("directory: %w", err)
	}
	b := make([]byte, c.sector)
	for _, n := range s.sectors {
		if err := c.readSector(n, b); err != nil {
			return fmt.Errorf("directory: %w", err)
		}
		for e := b; len(e) >= 128; e = e[128:] {
			if len(c.entries) >= maxEntries {
				return fmt.Errorf("directory has more than %d entries", maxEntries)
			}
			c.entries = append(c.entries, readEntry(e[:128], version3))
		}
	}
	if len(c.entries) == 0 || c.entries[0].kind != kindRoot {
		return cmp.Or(c.dirErr, errors.New("directory has no root"))
	}
	return nil
}

func readEntry(b []byte, version3 bool) entry {
	units := make([]uint16, 0, 32)
	for i := 0; i+2 < int(min(binary.LittleEndian.Uint16(b[64:]), 64)); i += 2 {
		units = append(units, binary.LittleEndian.Uint16(b[i:]))
	}
	e := entry{
		name: string(utf16.Decode(units)), kind: b[66],
		left: binary.LittleEndian.Uint32(b[68:]), right: binary.LittleEndian.Uint32(b[72:]), child: binary.LittleEndian.Uint32(b[76:]),
		start: binary.LittleEndian.Uint32(b[116:]), size: int64(binary.LittleEndian.Uint64(b[120:])),
	}
	if version3 {
		e.size &= 0xffffffff
	}
	copy(e.class[:], b[80:96])
	return e
}

// children gives what lies in storage e by its name in upper case. The
// directory keeps it as a tree of which each entry is visited once; no tree of
// a good file is part of another.
func (c *compound) children(e *entry) map[string]*entry {
	found := make(map[string]*entry)
	stack, seen := []uint32{e.child}, make(map[uint32]bool)
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if n == noEntry || int64(n) >= int64(len(c.entries)) || seen[n] || c.visits == 0 {
			continue
		}
		seen[n] = true
		c.visits--
		child := &c.entries[n]
		if name := strings.ToUpper(child.name); child.kind != 0 && found[name] == nil {
			found[name] = child
		}
		stack = append(stack, child.right, child.left)
	}
	return found
}

// errCut says that a stream has fewer octets than the directory says.
var errCut = errors.New("a stream of the file is cut off")

// A stream is octets in a list of sectors.
type stream struct {
	r       io.ReaderAt
	size    int64
	unit    int64 // octets of a sector
	base    int64 // where sector 0 begins in r
	sectors []uint32
}

// follow takes the sectors from start on, want of them; strict says that fewer
// are an error. A list of more sectors than the table has is a circle.
func (s *stream) follow(table []uint32, start uint32, want int, strict bool) error {
	if strict {
		s.sectors = make([]uint32, 0, min(want, len(table)))
	}
	n := start
	for len(s.sectors) < want {
		if n >= maxSector {
			break
		}
		if int64(n) >= int64(len(table)) {
			return errCut
		}
		s.sectors = append(s.sectors, n)
		n = table[n]
	}
	switch {
	case strict && len(s.sectors) < want:
		return errCut
	case !strict && n != endOfChain && len(s.sectors) >= len(table) && len(table) > 0:
		return errors.New("chain of sectors has no end")
	}
	return nil
}

// ReadAt reads as an io.ReaderAt does. What the chain lacks is at its end.
func (s *stream) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		at := off + int64(done)
		i := at / s.unit
		if at < 0 || at >= s.size || i >= int64(len(s.sectors)) {
			return done, io.EOF
		}
		within := at % s.unit
		run := s.unit - within // sectors that lie behind each other are read at once
		for j := i + 1; run < int64(len(p)-done) && j < int64(len(s.sectors)) && s.sectors[j] == s.sectors[j-1]+1; j++ {
			run += s.unit
		}
		n := min(int64(len(p)-done), run, s.size-at)
		got, err := s.r.ReadAt(p[done:done+int(n)], s.base+int64(s.sectors[i])*s.unit+within)
		done += got
		if int64(got) < n {
			if err == nil {
				err = io.ErrUnexpectedEOF
			}
			return done, err
		}
	}
	return done, nil
}

// read gives the whole stream, at most limit octets, and what it lacks as an
// error.
func (s *stream) read(limit int64) ([]byte, error) {
	var b bytes.Buffer
	n, err := io.Copy(&b, io.NewSectionReader(s, 0, min(s.size, limit)))
	switch {
	case err != nil:
		return b.Bytes(), err
	case n < min(s.size, limit):
		return b.Bytes(), errCut
	case s.size > limit:
		return b.Bytes(), fmt.Errorf("a text of %d octets is longer than %d", s.size, limit)
	}
	return b.Bytes(), nil
}
