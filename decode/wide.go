package decode

import (
	"sort"
	"unicode/utf16"
	"unicode/utf8"
)

// A wideText remembers where the octets of a rewritten UTF-16 message stood.
type wideText struct {
	start int64   // octets of the byte order mark
	marks []int64 // offset in the UTF-8 text of every markEvery-th UTF-16 unit
}

const markEvery = 4096

// utf16Order is 'l' or 'b' if the octets are UTF-16 text, else 0.
//
// QUIRK: no RFC allows a message in UTF-16. Windows editors save .eml files so
// ("Unicode text"). It is read as UTF-8, with message-utf16.
// Test: testdata/quirks/utf16.eml
func utf16Order(b []byte) byte {
	if len(b) < 4 {
		return 0
	}
	switch {
	case b[0] == 0xff && b[1] == 0xfe && b[3] == 0:
		return 'l'
	case b[0] == 0xfe && b[1] == 0xff && b[2] == 0:
		return 'b'
	}
	var zero [2]int
	n := min(len(b), 128) &^ 1
	for i, c := range b[:n] {
		if c == 0 {
			zero[i&1]++
		}
	}
	switch {
	case zero[1] == n/2 && zero[0] == 0:
		return 'l'
	case zero[0] == n/2 && zero[1] == 0:
		return 'b'
	}
	return 0
}

// fromUTF16 gives the text as UTF-8, a byte order mark left out.
func fromUTF16(b []byte, order byte) ([]byte, *wideText) {
	unit := func(i int) uint16 {
		if order == 'l' {
			return uint16(b[i]) | uint16(b[i+1])<<8
		}
		return uint16(b[i])<<8 | uint16(b[i+1])
	}
	t := &wideText{}
	i := 0
	if unit(0) == 0xfeff {
		i, t.start = 2, 2
	}
	out := make([]byte, 0, len(b)/2+len(b)/8)
	for i+1 < len(b) {
		// A mark stands at a whole character, so it may come one unit late.
		if int64(i)-t.start >= int64(len(t.marks))*2*markEvery {
			t.marks = append(t.marks, int64(len(out))<<1|int64((i-int(t.start))/2%markEvery))
		}
		r := rune(unit(i))
		i += 2
		if utf16.IsSurrogate(r) && i+1 < len(b) {
			if d := utf16.DecodeRune(r, rune(unit(i))); d != utf8.RuneError {
				r = d
				i += 2
			}
		}
		out = utf8.AppendRune(out, r)
	}
	return out, t
}

// origin is where the octet off of the UTF-8 text came from.
func (t *wideText) origin(text []byte, off int64) int64 {
	k := sort.Search(len(t.marks), func(i int) bool { return t.marks[i]>>1 > off }) - 1
	if k < 0 {
		return t.start
	}
	at := t.marks[k] >> 1
	units := int64(k)*markEvery + t.marks[k]&1
	for at < off {
		r, n := utf8.DecodeRune(text[at:])
		at += int64(n)
		units++
		if r > 0xffff {
			units++
		}
	}
	return t.start + 2*units
}
