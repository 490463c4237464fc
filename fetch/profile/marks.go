package profile

import (
	"encoding/binary"
	"io"
	"strconv"

	"lostpost/archive"
)

// Marks are the flags of the messages in a folder of Claws or Sylpheed, from
// its .claws_mark or .sylpheed_mark, by message number. The zero value has none.
//
// The file is the number 2, and then pairs of message number and flags, all in
// 32 bits in the byte order of the machine that wrote it.
type Marks map[uint32]uint32

const (
	marksVersion = 2
	// maxMarks bounds the file, in octets: two million messages.
	maxMarks = 16 << 20
)

// The flags in marks.
const (
	markUnread    = 1 << 1
	markMarked    = 1 << 2
	markDeleted   = 1 << 3
	markReplied   = 1 << 4
	markForwarded = 1 << 5
)

// ReadMarks reads a mark file. One of another version has no marks.
func ReadMarks(r io.Reader) Marks {
	b, err := io.ReadAll(io.LimitReader(r, maxMarks))
	if err != nil || len(b) < 4 {
		return nil
	}
	var order binary.ByteOrder = binary.LittleEndian
	if order.Uint32(b) != marksVersion {
		order = binary.BigEndian
	}
	if order.Uint32(b) != marksVersion {
		return nil
	}
	marks := make(Marks, len(b)/8)
	for b = b[4:]; len(b) >= 8; b = b[8:] {
		marks[order.Uint32(b)] = order.Uint32(b[4:])
	}
	return marks
}

// Flags gives the flags of the message in the file of this base name, and
// whether it is marked as deleted.
func (m Marks) Flags(name string) (flags archive.Flags, deleted bool) {
	n, err := strconv.ParseUint(name, 10, 32)
	if err != nil {
		return "", false
	}
	bits, ok := m[uint32(n)]
	if !ok {
		return "", false
	}
	for _, f := range []struct {
		set    bool
		letter archive.Flags
	}{{bits&markMarked != 0, "F"}, {bits&markForwarded != 0, "P"}, {bits&markReplied != 0, "R"}, {bits&markUnread == 0, "S"}, {bits&markDeleted != 0, "T"}} {
		if f.set {
			flags += f.letter
		}
	}
	return flags, bits&markDeleted != 0
}
