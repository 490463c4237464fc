package dbx

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
)

// Sizes of objects, in octets.
const (
	headerSize  = 0x24BC
	segmentHead = 0x10
	segmentText = 0x200
	segmentSize = segmentHead + segmentText
	freeText    = 0x1FC // what a deleted segment calls its room
	nodeSize    = 0x27C
	nodeHead    = 0x18
	maxEntries  = 0x33 // in a node
	infoHead    = 0x0C
	// maxInfo bounds a message info. Its largest field is the table of
	// contents of a message, 92 octets a part.
	maxInfo = 64 << 10
)

// maxSize is what an offset of 32 bits can reach.
const maxSize = 1<<32 - 1

// A segment is a piece of a message, found by its offset in itself.
type segment struct {
	off, next uint32
	used      uint16 // octets of text
	state     state
}

type state uint8

const (
	free    state = 1 << iota // deleted; the first four octets of its text are lost
	holed                     // zeros stand where text should be
	claimed                   // part of a chain
	reached                   // the next of another segment
)

// zeros is a run that no text has. Single zeros are found in real mail; at an
// end of a segment they are the edge of a lost sector.
var zeros = make([]byte, 16)

// A store is all that was found in a file.
type store struct {
	r          io.ReaderAt
	size       int64
	segments   []segment // by offset
	infos      []uint32  // offsets of what looks like a message info, by offset
	listed     []uint32  // those that the index lists, in its order
	indexWhole bool
	torn       bool // a chain of the index is not whole, as far as all has come
}

// scan goes over the file once. Every four octets an object may begin.
func scan(ctx context.Context, r io.ReaderAt, size int64) (*store, error) {
	s := &store{r: r, size: min(size, maxSize)}
	const windowSize = 1 << 20
	buf := make([]byte, min(windowSize, s.size))
	for pos := int64(0); pos+segmentHead <= s.size; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b := buf[:min(int64(len(buf)), s.size-pos)]
		if _, err := readFull(r, b, pos); err != nil {
			return nil, err
		}
		last := pos+int64(len(b)) == s.size
		n := s.window(b, pos, last)
		if last {
			break
		}
		pos += n
	}
	return s, s.readIndex()
}

func readFull(r io.ReaderAt, b []byte, off int64) (int, error) {
	n, err := r.ReadAt(b, off)
	if n == len(b) {
		return n, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// window looks for objects in b, which stands at pos, and gives the number of
// octets that are done with. If b is not the last, what may lie across its end
// is left for the next.
func (s *store) window(b []byte, pos int64, last bool) int64 {
	end := int64(len(b)) - segmentHead
	if !last {
		end = int64(len(b)) - segmentSize
	}
	i := int64(0)
	for ; i <= end; i += 4 {
		if int64(binary.LittleEndian.Uint32(b[i:])) != pos+i || pos+i == 0 {
			continue
		}
		if s.segment(b[i:min(i+segmentSize, int64(len(b)))]) {
			i += segmentSize - 4
		} else if n := binary.LittleEndian.Uint32(b[i+4:]); infoHead <= n && n <= maxInfo && b[i+10] > 0 && int64(b[i+10])*4 <= int64(n) {
			s.infos = append(s.infos, uint32(pos+i))
		}
	}
	return i
}

// segment keeps b if it is one.
func (s *store) segment(b []byte) bool {
	seg := segment{off: binary.LittleEndian.Uint32(b), next: binary.LittleEndian.Uint32(b[12:])}
	room, used := binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:])
	text := b[segmentHead:]
	switch {
	case seg.next%4 != 0 || int64(seg.next) >= maxSize:
		return false
	case room == segmentText && used <= segmentText:
		seg.used = uint16(used)
		if int(used) > len(text) { // the file ends within it
			seg.used = uint16(len(text))
			seg.state |= holed
		}
		if text := text[:seg.used]; bytes.Contains(text, zeros) || bytes.HasPrefix(text, zeros[:1]) || bytes.HasSuffix(text, zeros[:1]) {
			seg.state |= holed
		}
	case room == freeText && used == segmentSize:
		// How long the text was is not known any more; behind it there are
		// zeros, or remains of an older message.
		seg.state, seg.used = free, uint16(len(text))
		if len(text) > 4 {
			if n := bytes.IndexByte(text[4:], 0); n >= 0 {
				seg.used = uint16(4 + n)
			}
		}
	default:
		return false
	}
	s.segments = append(s.segments, seg)
	return true
}

// at gives the segment that begins at off, nil if there is none.
func (s *store) at(off uint32) *segment {
	i, ok := slices.BinarySearchFunc(s.segments, off, func(seg segment, off uint32) int { return cmp.Compare(seg.off, off) })
	if !ok {
		return nil
	}
	return &s.segments[i]
}
