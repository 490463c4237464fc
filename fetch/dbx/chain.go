package dbx

import (
	"errors"
	"fmt"
	"io"
	"iter"
)

// A found is one message, or what is left of it.
type found struct {
	at     uint32 // its first segment, or else its message info
	info   info
	listed bool // the index lists it
	broken bool // the index says where it is, and it is not there
	text   chain
}

// A chain is the text of a message, in pieces.
type chain struct {
	pieces []piece
	size   int64
	whole  bool
	torn   bool // a segment is lost, and perhaps more behind it
	free   bool // its segments are deleted
}

// A piece is the text of one segment. lost octets at its beginning are not in
// the file any more.
type piece struct {
	off     int64
	n, lost uint16
}

// all yields what the index lists, in its order, and then every chain that it
// does not, by offset. Every segment is in one of them.
func (s *store) all() iter.Seq[found] {
	return func(yield func(found) bool) {
		for _, off := range s.listed {
			f := found{at: off, listed: true}
			var ok bool
			f.info, ok = s.info(off)
			first := s.at(f.info.first)
			switch {
			case ok && first != nil && first.state&claimed == 0:
				f.at, f.text = first.off, s.chain(first)
				s.torn = s.torn || f.text.torn
			case s.indexWhole:
				f.broken = !ok || f.info.first != 0
				s.torn = s.torn || f.broken
			case f.info.first == 0 || first != nil:
				continue // it only looks like a message info, or is an old one
			default:
				f.broken = true
			}
			if !yield(f) {
				return
			}
		}
		for f := range s.rest() {
			if !yield(f) {
				return
			}
		}
	}
}

// rest yields the chains that the index does not list: first those that have a
// beginning, by offset, then what is left, which are rings.
func (s *store) rest() iter.Seq[found] {
	return func(yield func(found) bool) {
		for i := range s.segments {
			seg := &s.segments[i]
			if next := s.follow(seg); seg.state&claimed == 0 && next != nil {
				next.state |= reached
			}
		}
		for _, begun := range []bool{true, false} {
			for i := range s.segments {
				seg := &s.segments[i]
				if seg.state&claimed != 0 || begun && seg.state&reached != 0 {
					continue
				}
				if !yield(found{at: seg.off, text: s.chain(seg)}) {
					return
				}
			}
		}
	}
}

// follow gives the next segment of the same kind that no chain has taken.
func (s *store) follow(seg *segment) *segment {
	if seg.next == 0 {
		return nil
	}
	next := s.at(seg.next)
	if next == nil || next.state&claimed != 0 || next.state&free != seg.state&free {
		return nil
	}
	return next
}

// chain takes the segments from seg on.
func (s *store) chain(seg *segment) chain {
	c := chain{whole: true, free: seg.state&free != 0}
	for {
		seg.state |= claimed
		p := piece{off: int64(seg.off) + segmentHead, n: seg.used}
		if c.free {
			p.lost = min(4, p.n)
		}
		c.pieces = append(c.pieces, p)
		c.size += int64(p.n)
		c.whole = c.whole && seg.state&(holed|free) == 0
		next := s.follow(seg)
		if next == nil {
			c.torn = seg.next != 0
			c.whole = c.whole && !c.torn
			return c
		}
		seg = next
	}
}

// missing says why a message has no octets.
func (f *found) missing() error {
	switch {
	case f.broken:
		return errors.New("the index lists a message here, but its octets are lost")
	case f.listed:
		return errors.New("the index knows only the head of this message: it was never downloaded")
	}
	return fmt.Errorf("a segment at %d without text", f.at)
}

// traits tells how the message was found. indexWhole says that what the index
// does not list was deleted.
func (f *found) traits(indexWhole bool) []string {
	var t []string
	switch {
	case f.listed:
	case f.text.free || indexWhole:
		t = append(t, "deleted")
	default:
		t = append(t, "carved")
	}
	if !f.text.whole {
		t = append(t, "damaged")
	}
	return t
}

// reader gives the octets of the chain.
func (c *chain) reader(r io.ReaderAt) io.Reader { return &reader{r: r, pieces: c.pieces} }

type reader struct {
	r      io.ReaderAt
	pieces []piece
	pos    uint16 // in the first of them
}

func (r *reader) Read(p []byte) (int, error) {
	for len(r.pieces) > 0 && r.pos == r.pieces[0].n {
		r.pieces, r.pos = r.pieces[1:], 0
	}
	if len(r.pieces) == 0 {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	at := r.pieces[0]
	if r.pos < at.lost {
		n := copy(p, "????"[r.pos:at.lost])
		r.pos += uint16(n)
		return n, nil
	}
	p = p[:min(len(p), int(at.n-r.pos))]
	n, err := readFull(r.r, p, at.off+int64(r.pos))
	r.pos += uint16(n)
	return n, err
}
