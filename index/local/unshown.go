package local

import (
	"math/bits"
	"unicode/utf8"

	"lostpost/decode"
)

// unshownBytes bounds the text of one side of an alternative that is compared
// with the other. Words behind it are taken although they may be known; that
// costs memory for a moment and changes no answer.
const unshownBytes = 1 << 20

// body makes the field of the text of a message and gives the number of its
// words. Words that stand only in alternatives that are not shown are in it
// too, behind a gap, so that no phrase reaches from what is shown into them:
// programs put text into one side that the other lacks, and whoever read that
// side looks for it.
func (b *builder) body(m *decode.Message) (shown int) {
	b.begin()
	end := b.words(0, m.Text)
	shown = len(b.which)
	b.kin = b.kinOf(m)
	if len(m.Unshown) > 0 {
		b.known.reset(m.Text)
		for _, a := range m.Unshown {
			b.known.lacking(a.Text, func(run string) {
				end = b.words(end+attachmentGap, run)
			})
		}
	}
	b.packed(fieldBody)
	return shown
}

// A wordSet holds hashes of the words of a text, as they are written but for
// ASCII capitals. Two words with one hash would be taken for the same; of 64
// bits that does not happen.
type wordSet struct {
	slots []uint64 // open addressing; 0 is free
	mask  uint64
}

// reset makes it the set of the words of a text.
func (s *wordSet) reset(text string) {
	text = text[:min(len(text), unshownBytes)]
	n := 0
	for range eachWord(text) {
		n++
	}
	size := 1 << bits.Len(uint(2*n))
	if cap(s.slots) < size || cap(s.slots) > 16*size {
		s.slots = make([]uint64, size)
	}
	s.slots = s.slots[:size]
	clear(s.slots)
	s.mask = uint64(size - 1)
	for w := range eachWord(text) {
		s.add(w.hash)
	}
}

// add reports whether the word is new.
func (s *wordSet) add(h uint64) bool {
	for i := h & s.mask; ; i = (i + 1) & s.mask {
		switch s.slots[i] {
		case h:
			return false
		case 0:
			s.slots[i] = h
			return true
		}
	}
}

func (s *wordSet) has(h uint64) bool {
	for i := h & s.mask; s.slots[i] != 0; i = (i + 1) & s.mask {
		if s.slots[i] == h {
			return true
		}
	}
	return false
}

// lacking gives the stretches of a text whose words are not in the set.
func (s *wordSet) lacking(text string, yield func(run string)) {
	start, end := -1, 0
	for w := range eachWord(text) {
		if s.has(w.hash) {
			if start >= 0 {
				yield(text[start:end])
				start = -1
			}
			continue
		}
		if start < 0 {
			start = w.start
		}
		end = w.end
	}
	if start >= 0 {
		yield(text[start:end])
	}
}

// A wordSpan is a word: a run of ASCII letters and digits and of all other
// characters that are not ASCII.
type wordSpan struct {
	hash       uint64 // never 0
	start, end int
}

// eachWord gives the words of a text in order.
func eachWord(text string) func(func(wordSpan) bool) {
	const offset, prime = 14695981039346656037, 1099511628211 // FNV-1a
	return func(yield func(wordSpan) bool) {
		start, h := -1, uint64(offset)
		for i := 0; i < len(text); i++ {
			c := text[i]
			switch {
			case 'A' <= c && c <= 'Z':
				c |= 0x20
			case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c >= utf8.RuneSelf:
			default:
				if start >= 0 && !yield(wordSpan{h | 1, start, i}) {
					return
				}
				start, h = -1, offset
				continue
			}
			if start < 0 {
				start = i
			}
			h = (h ^ uint64(c)) * prime
		}
		if start >= 0 {
			yield(wordSpan{h | 1, start, len(text)})
		}
	}
}
