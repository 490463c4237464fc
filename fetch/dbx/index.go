package dbx

import (
	"encoding/binary"
	"io"
	"time"

	"lostpost/archive"
)

// readIndex follows the tree from its root. If a node of it cannot be read, or
// the header does not count what it holds, the index is not whole, and what
// looks like a message info anywhere in the file is added to it.
func (s *store) readIndex() error {
	head := make([]byte, min(s.size, headerSize))
	if _, err := readFull(s.r, head, 0); err != nil {
		return err
	}
	if len(head) == headerSize && string(head[:len(mailMagic)]) == mailMagic {
		t := &tree{store: s, seen: make(map[uint32]bool), sound: true}
		if root := binary.LittleEndian.Uint32(head[0xE4:]); root != 0 {
			if err := t.node(root, 0); err != nil {
				return err
			}
		}
		s.indexWhole = t.sound && len(s.listed) == int(binary.LittleEndian.Uint32(head[0xC4:]))
	}
	if s.indexWhole {
		return nil
	}
	known := make(map[uint32]bool, len(s.listed))
	for _, off := range s.listed {
		known[off] = true
	}
	for _, off := range s.infos {
		if !known[off] {
			s.listed = append(s.listed, off)
		}
	}
	return nil
}

// A tree is the walk through the nodes.
type tree struct {
	*store
	seen  map[uint32]bool
	sound bool
}

// maxDepth bounds the walk. A node has up to 51 children, so that eight levels
// hold more than any file.
const maxDepth = 64

// node adds what the node at off lists, in order. The error is one of the file.
func (t *tree) node(off uint32, depth int) error {
	if t.seen[off] || depth > maxDepth || int64(off)+nodeHead > t.size {
		t.sound = false
		return nil
	}
	t.seen[off] = true
	b := make([]byte, min(nodeSize, t.size-int64(off)))
	if _, err := readFull(t.r, b, int64(off)); err != nil {
		return err
	}
	n := int(b[17])
	if binary.LittleEndian.Uint32(b) != off || n > maxEntries || nodeHead+12*n > len(b) {
		t.sound = false
		return nil
	}
	if child := binary.LittleEndian.Uint32(b[8:]); child != 0 {
		if err := t.node(child, depth+1); err != nil {
			return err
		}
	}
	for i := range n {
		e := b[nodeHead+12*i:]
		t.listed = append(t.listed, binary.LittleEndian.Uint32(e))
		if child := binary.LittleEndian.Uint32(e[4:]); child != 0 {
			if err := t.node(child, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// An info is what the index knows of a message.
type info struct {
	first    uint32 // offset of the first segment; 0 if the index has no message
	flags    archive.Flags
	received time.Time
}

// Indexes of values in a message info.
const (
	valueFlags    = 0x01
	valueSent     = 0x02 // FILETIME
	valueFirst    = 0x04
	valueReceived = 0x12 // FILETIME
)

// flagLetters are the bits of the flags that Maildir has letters for, in the
// order of the letters.
var flagLetters = []struct {
	bit    uint32
	letter archive.Flags
}{{0x08, "D"}, {0x20, "F"}, {0x100000, "P"}, {0x080000, "R"}, {0x80, "S"}}

// info reads the message info at off. ok is false if there is none.
func (s *store) info(off uint32) (in info, ok bool) {
	var head [infoHead]byte
	if _, err := readFull(s.r, head[:], int64(off)); err != nil || binary.LittleEndian.Uint32(head[:]) != off {
		return in, false
	}
	size, n := binary.LittleEndian.Uint32(head[4:]), int(head[10])
	if size > maxInfo || 4*n > int(size) {
		return in, false
	}
	b := make([]byte, size)
	if _, err := readFull(s.r, b, int64(off)+infoHead); err != nil && err != io.ErrUnexpectedEOF {
		return in, false
	}
	data := b[4*n:]
	var sent time.Time
	for i := range n {
		e := binary.LittleEndian.Uint32(b[4*i:])
		direct, value := e&0x80 != 0, e>>8
		number := value
		if !direct {
			number = uint32(littleEndian(data, value, 4))
		}
		switch e & 0x7F {
		case valueFlags:
			in.setFlags(number)
		case valueFirst:
			in.first = number
		case valueSent:
			sent = filetime(data, value, direct)
		case valueReceived:
			in.received = filetime(data, value, direct)
		}
	}
	if in.received.IsZero() {
		in.received = sent
	}
	return in, true
}

func (in *info) setFlags(bits uint32) {
	for _, f := range flagLetters {
		if bits&f.bit != 0 {
			in.flags += f.letter
		}
	}
}

// littleEndian reads up to n octets of data from off on; what is missing is 0.
func littleEndian(data []byte, off uint32, n int) uint64 {
	var b [8]byte
	if int64(off) < int64(len(data)) {
		copy(b[:n], data[off:])
	}
	return binary.LittleEndian.Uint64(b[:])
}

// filetime reads a time of Windows: units of 100 ns since 1601. Outside of the
// years in which the program existed it is none.
func filetime(data []byte, off uint32, direct bool) time.Time {
	if direct {
		return time.Time{}
	}
	const secondsTo1970 = 11_644_473_600
	ticks := littleEndian(data, off, 8)
	t := time.Unix(int64(ticks/1e7)-secondsTo1970, int64(ticks%1e7)*100).UTC()
	if t.Year() < 1980 || t.Year() > 2100 {
		return time.Time{}
	}
	return t
}
