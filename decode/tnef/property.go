package tnef

import (
	"encoding/binary"
	"math"

	"lostpost/decode/mapi"
)

// maxValues bounds the values of one stream: each costs several times the
// octets that announce it. The largest item seen has 700.
const maxValues = 100_000

// A scanner reads forward through a list of properties. After it failed every
// read gives zeros.
type scanner struct {
	b      []byte
	pos    int
	room   int // values that may still be read
	failed bool
}

func (s *scanner) octets(n int) []byte {
	if s.failed || n < 0 || n > len(s.b)-s.pos {
		s.failed = true
		return nil
	}
	s.pos += n
	return s.b[s.pos-n : s.pos : s.pos]
}

func (s *scanner) uint16() uint16 {
	if b := s.octets(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (s *scanner) uint32() int {
	if b := s.octets(4); b != nil {
		return int(min(binary.LittleEndian.Uint32(b), math.MaxInt32))
	}
	return 0
}

// pad goes on to the next multiple of 4; the last value may lack it.
func (s *scanner) pad(n int) {
	s.pos = min(len(s.b), s.pos+(-n&3))
}

// properties reads the value of attMsgProps or attAttachment (MS-OXTNEF
// 2.1.3.4): a count, then each property with its values.
func (r *reader) properties(a attribute) mapi.Properties {
	s := &scanner{b: a.data, room: r.room}
	defer func() { r.room = s.room }()
	var list mapi.Properties
	for n := s.uint32(); n > 0; n-- {
		start := s.pos
		p := s.property()
		if len(p.Values) > 0 {
			list = append(list, p)
		}
		if s.failed {
			r.fault("tnef-property", a.at+start, true, "%d properties cannot be read", n)
			break
		}
	}
	return list
}

// property reads one property; what there is of a last value that is cut is
// kept.
func (s *scanner) property() mapi.Property {
	p := mapi.Property{Type: mapi.Type(s.uint16()), ID: s.uint16()}
	if p.ID >= 0x8000 {
		copy(p.Name.Set[:], s.octets(16))
		if kind := s.uint32(); kind == 0 {
			if b := s.octets(4); b != nil {
				p.Name.Number = binary.LittleEndian.Uint32(b)
			}
		} else {
			n := s.uint32()
			p.Name.Text = mapi.UTF16(s.octets(n))
			s.pad(n)
		}
	}
	count, size := 1, p.Type.Size()
	if p.Type&mapi.Several != 0 || size < 0 {
		count = s.uint32()
	}
	switch {
	case p.Type&^mapi.Several == mapi.Null:
		s.octets(4)
	case size == 0:
		s.failed = true // its length is not known: nothing after it can be read
	}
	for ; count > 0 && size != 0 && !s.failed; count-- {
		if s.room--; s.room < 0 {
			s.failed = true
			break
		}
		p.Values = append(p.Values, s.value(size))
	}
	return p
}

func (s *scanner) value(size int) []byte {
	if size >= 0 {
		b := s.octets(size)
		s.pad(size)
		return b
	}
	n := s.uint32()
	if left := len(s.b) - s.pos; !s.failed && n > left {
		b := s.octets(left)
		s.failed = true
		return b
	}
	b := s.octets(n)
	s.pad(n)
	return b
}
