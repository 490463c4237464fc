package analyze

import (
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// fold appends a letter beyond ASCII in lower case, without its accents where
// that is right, or spelled out.
func (s *scanner) fold(r rune, start, end int) {
	r = lower(r)
	switch {
	case r < 0x250 || 0x1E00 <= r && r < 0x1F00: // Latin
		if base, alt := spelled(r); base != "" {
			s.letters(base, alt, start, end)
			return
		}
		s.letter(unaccented(r), bare, start, end)
	case 0x2B9 <= r && r < 0x2D0: // apostrophes and primes that are called letters
		s.endWord()
		s.endRun()
	case r < 0x370:
		s.letter(r, bare, start, end)
	case r < 0x400 || 0x1F00 <= r && r < 0x2000: // Greek
		if r = unaccented(r); r == 'ς' {
			r = 'σ'
		}
		s.letter(r, bare, start, end)
	case r < 0x530:
		if r == 'ё' {
			r = 'е'
		}
		s.letter(r, cyrillic, start, end)
	case 0x590 <= r && r < 0x600: // Hebrew
		s.letter(r, bare, start, end)
	case 0x600 <= r && r < 0x700 || 0x750 <= r && r < 0x780: // Arabic
		if r = arabic(r); r != 0 {
			s.letter(r, bare, start, end)
		} else if len(s.word) > 0 {
			s.end = end
		}
	default:
		s.letter(r, other, start, end)
	}
}

// mark takes in a combining mark that NFKC left by itself.
func (s *scanner) mark(r rune, start, end int) {
	drop := s.script == bare
	switch {
	case r == 0x34F || 0xFE00 <= r && r <= 0xFE0F || 0xE0100 <= r && r <= 0xE01EF || 0x20D0 <= r && r <= 0x20FF:
		drop = true // joiners, variation selectors, key caps
	case r == 0x300 || r == 0x301:
		drop = drop || s.script == cyrillic
	case len(s.word) == 0 && 0x300 <= r && r <= 0x36F:
		drop = true
	}
	switch {
	case !drop:
		s.letter(r, s.script, start, end)
	case len(s.word) > 0:
		s.end = end
	}
}

// spelled gives letters that have no accent to take off, and the two ways in
// which people type those of the second group: ü as u or ue. alt is base where
// there is one way.
func spelled(r rune) (base, alt string) {
	switch r {
	case 'ä':
		return "a", "ae"
	case 'ö':
		return "o", "oe"
	case 'ü':
		return "u", "ue"
	case 'å':
		return "a", "aa"
	case 'ø':
		return "o", "oe"
	case 'æ', 'ǣ', 'ǽ':
		return "ae", "ae" // with ae in both, Ærø is aero and aeroe
	case 'ß':
		return "ss", "ss"
	case 'œ':
		return "oe", "oe"
	case 'þ':
		return "th", "th"
	case 'ð', 'đ', 'ɖ':
		return "d", "d"
	case 'ł', 'ƚ':
		return "l", "l"
	case 'ı':
		return "i", "i"
	case 'ħ':
		return "h", "h"
	case 'ŧ':
		return "t", "t"
	case 'ŋ':
		return "ng", "ng"
	case 'ĸ':
		return "k", "k"
	}
	return "", ""
}

// arabic gives the one spelling of letters that are typed in several: alef
// forms, ya and alef maqsura, ta marbuta, the Persian kaf and ya. The tatweel,
// which only stretches a word, is 0.
func arabic(r rune) rune {
	switch r {
	case 'ـ':
		return 0
	case 'أ', 'إ', 'آ', 'ٱ', 'ٲ', 'ٳ':
		return 'ا'
	case 'ى', 'ی', 'ئ':
		return 'ي'
	case 'ؤ':
		return 'و'
	case 'ة', 'ۀ':
		return 'ه'
	case 'ک':
		return 'ك'
	}
	return r
}

// accents has the letter without marks for the letters of the blocks of Latin
// and Greek that have some, else 0. It is made when the first such letter
// comes: most searches need none of it.
var accents = sync.OnceValue(func() *[0x2000]uint16 {
	m := new([0x2000]uint16)
	for _, block := range [][2]rune{{0xC0, 0x250}, {0x370, 0x400}, {0x1E00, 0x2000}} {
		for r := block[0]; r < block[1]; r++ {
			first, _ := utf8.DecodeRuneInString(norm.NFD.String(string(r)))
			if first != r && unicode.IsLetter(first) {
				m[r] = uint16(first) // of a block below 0x2000 as well
			}
		}
	}
	return m
})

// unaccented is a lower-case letter without its marks.
func unaccented(r rune) rune {
	if base := accents()[r]; base != 0 {
		return rune(base)
	}
	return r
}

// lower is unicode.ToLower, quick for the letters of most European mail.
func lower(r rune) rune {
	switch {
	case 0xE0 <= r && r <= 0xFF, 0x430 <= r && r <= 0x45F:
		return r
	case 0x410 <= r && r <= 0x42F, 0xC0 <= r && r <= 0xDE:
		return r + 0x20
	}
	return unicode.ToLower(r)
}

// Fold gives s as it stands in terms, but in one piece: NFKC, lower case,
// without accents, punctuation kept. alt is its variant (grün: grun, gruen), or
// empty if it has none. A word that is matched against the dictionary itself
// (part of a word, regular expression, distance) goes through it.
func Fold(s string) (base, alt string) {
	f := scanner{text: s}
	var b, a []byte
	take := func() {
		b = append(b, f.word...)
		if f.hasAlt {
			a = append(a, f.alt...)
		} else {
			a = append(a, f.word...)
		}
		f.word, f.alt, f.hasAlt = f.word[:0], f.alt[:0], false
	}
	for _, r := range norm.NFKC.String(s) {
		switch {
		case r < utf8.RuneSelf && classes[r] == classBreak, !unicode.IsOneOf(kept, r):
			take()
			b, a = utf8.AppendRune(b, r), utf8.AppendRune(a, r)
		case isUnspaced(r):
			take()
			b, a = utf8.AppendRune(b, r), utf8.AppendRune(a, r)
			f.script = other
		default:
			f.put(r, 0, 0)
			if len(f.word) > maxWord/2 {
				take()
			}
		}
	}
	take()
	if string(a) == string(b) {
		return string(b), ""
	}
	return string(b), string(a)
}

// kept is what put makes words of, and what it drops inside of them.
var kept = []*unicode.RangeTable{unicode.L, unicode.M, unicode.Cf, unicode.Nd, unicode.Nl}
