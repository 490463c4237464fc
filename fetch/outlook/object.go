package outlook

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"

	"lostpost/fetch/compose"
)

// object makes the OLE object in a storage the content of f. One that a program
// wrapped into a single stream is that stream. Any other, such as a document of
// Word, is its storage as a compound file of its own, which is what the program
// that made it would write.
func (it *item) object(f *compose.File, storage *entry) bool {
	inside := it.file.children(storage)
	for _, name := range []string{"CONTENTS", "PACKAGE"} {
		if e := inside[name]; e != nil && e.kind == kindStream {
			it.stream(f, e)
			return true
		}
	}
	if len(inside) == 0 {
		return false
	}
	w := &objectWriter{file: it.file, entries: []*objectEntry{{name: "Root Entry", kind: kindRoot, class: storage.class}}}
	w.fill(w.entries[0], inside, 0)
	b := w.octets()
	f.Size = int64(len(b))
	f.Open = text(string(b))
	return true
}

// Sizes of a compound file of version 4, whose header has room for the table
// of sectors of 456 MB.
const (
	objectSector = 4096
	objectMini   = 64
	maxObject    = maxText // octets of the streams of one object
)

// An objectWriter writes a storage as a compound file (MS-CFB).
type objectWriter struct {
	file      *file
	entries   []*objectEntry
	total     int64
	fat, mini []uint32
	sectors   []byte // behind the header
	small     []byte // the mini stream
}

// An objectEntry is a line of the directory that is being written.
type objectEntry struct {
	name               string
	kind               byte
	class              [16]byte
	left, right, child int // numbers of entries, 0 for none
	data               []byte
}

// fill takes what lies in a storage into the directory, below parent.
func (w *objectWriter) fill(parent *objectEntry, inside map[string]*entry, depth int) {
	names := make([]string, 0, len(inside))
	for name, e := range inside {
		if e.kind == kindStorage && depth < maxDepth || e.kind == kindStream {
			names = append(names, name)
		}
	}
	// The order of MS-CFB 2.6.4: by length, then by letters.
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(len(utf16.Encode([]rune(a)))-len(utf16.Encode([]rune(b))), strings.Compare(a, b))
	})
	first := len(w.entries)
	for _, name := range names {
		e := inside[name]
		w.entries = append(w.entries, &objectEntry{name: e.name, kind: e.kind, class: e.class})
	}
	parent.child = w.balance(first, len(w.entries))
	for i, name := range names {
		e, out := inside[name], w.entries[first+i]
		if e.kind == kindStorage {
			w.fill(out, w.file.children(e), depth+1)
		} else {
			out.data = w.read(e)
		}
	}
}

// balance makes a search tree of the entries from low up to high and gives its
// root, 0 for none.
func (w *objectWriter) balance(low, high int) int {
	if low >= high {
		return 0
	}
	middle := (low + high) / 2
	w.entries[middle].left = w.balance(low, middle)
	w.entries[middle].right = w.balance(middle+1, high)
	return middle
}

func (w *objectWriter) read(e *entry) []byte {
	s, err := w.file.open(e)
	if w.total += s.size; w.total > maxObject {
		w.file.hurt(fmt.Errorf("an object is longer than %d octets", int64(maxObject)))
		return nil
	}
	b := make([]byte, s.size)
	if err == nil {
		_, err = io.ReadFull(io.NewSectionReader(&s, 0, s.size), b)
	}
	if err != nil {
		w.file.hurt(fmt.Errorf("%s: %w", e.name, err))
	}
	return b
}

// octets writes the file: header, streams, the small streams in one, their
// table, the directory, the table of sectors.
func (w *objectWriter) octets() []byte {
	var dir []byte
	for _, e := range w.entries[1:] {
		start := uint32(endOfChain)
		switch {
		case len(e.data) >= objectSector:
			start = w.put(e.data)
		case len(e.data) > 0:
			start = uint32(len(w.mini))
			w.mini = appendChain(w.mini, (len(e.data)+objectMini-1)/objectMini)
			w.small = append(append(w.small, e.data...), make([]byte, -len(e.data)&(objectMini-1))...)
		}
		dir = e.append(dir, start, len(e.data))
	}
	dir = append(w.entries[0].append(nil, w.put(w.small), len(w.small)), dir...)
	miniSectors := (4*len(w.mini) + objectSector - 1) / objectSector
	miniFAT, start := w.put(appendTable(nil, w.mini)), w.put(dir)
	first := len(w.fat)
	count := (first + objectSector/4 - 2) / (objectSector/4 - 1) // it lists its own sectors too
	for range count {
		w.fat = append(w.fat, 0xfffffffd)
	}
	h := make([]byte, objectSector)
	copy(h, compoundMagic)
	for _, field := range []struct{ at, value int }{{24, 0x3e}, {26, 4}, {28, 0xfffe}, {30, 12}, {32, 6}} {
		binary.LittleEndian.PutUint16(h[field.at:], uint16(field.value))
	}
	for _, field := range []struct{ at, value int }{
		{40, (len(dir) + objectSector - 1) / objectSector}, {44, count}, {48, int(start)}, {56, objectSector}, {60, int(miniFAT)}, {64, miniSectors}, {68, endOfChain},
	} {
		binary.LittleEndian.PutUint32(h[field.at:], uint32(field.value))
	}
	for i := range (512 - 76) / 4 {
		n := uint32(noEntry)
		if i < count {
			n = uint32(first + i)
		}
		binary.LittleEndian.PutUint32(h[76+4*i:], n)
	}
	return append(append(h, w.sectors...), appendTable(nil, w.fat)...)
}

// put writes a chain of sectors and gives its first.
func (w *objectWriter) put(b []byte) uint32 {
	if len(b) == 0 {
		return endOfChain
	}
	start := uint32(len(w.fat))
	w.fat = appendChain(w.fat, (len(b)+objectSector-1)/objectSector)
	w.sectors = append(append(w.sectors, b...), make([]byte, -len(b)&(objectSector-1))...)
	return start
}

// appendChain appends n sectors that follow each other.
func appendChain(table []uint32, n int) []uint32 {
	for range n - 1 {
		table = append(table, uint32(len(table)+1))
	}
	return append(table, endOfChain)
}

// appendTable writes a table and fills its last sector with marks of free ones.
func appendTable(b []byte, table []uint32) []byte {
	for _, n := range table {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	for len(b)%objectSector != 0 {
		b = append(b, 0xff)
	}
	return b
}

// append writes the line of the directory.
func (e *objectEntry) append(dir []byte, start uint32, size int) []byte {
	var b [128]byte
	units := utf16.Encode([]rune(e.name))
	units = units[:min(len(units), 31)]
	for i, u := range units {
		binary.LittleEndian.PutUint16(b[2*i:], u)
	}
	binary.LittleEndian.PutUint16(b[64:], uint16(2*len(units)+2))
	b[66], b[67] = e.kind, 1 // black
	for at, n := range map[int]int{68: e.left, 72: e.right, 76: e.child} {
		if n == 0 {
			n = noEntry
		}
		binary.LittleEndian.PutUint32(b[at:], uint32(n))
	}
	copy(b[80:], e.class[:])
	if e.kind == kindStorage {
		start = 0
	}
	binary.LittleEndian.PutUint32(b[116:], start)
	binary.LittleEndian.PutUint64(b[120:], uint64(size))
	return append(dir, b[:]...)
}
