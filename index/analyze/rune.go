package analyze

import (
	"unicode"
	"unicode/utf8"
)

// script is what decides how a mark behind a letter is treated.
type script uint8

const (
	other    script = iota
	bare            // Latin, Greek, Arabic, Hebrew: marks are taken off
	cyrillic        // only the accents of dictionaries are
)

// put takes in one rune of the text in NFKC; it stands for text[start:end].
func (s *scanner) put(r rune, start, end int) {
	if r < utf8.RuneSelf {
		switch c := classes[r]; c {
		case classBreak:
			s.endWord()
			s.endRun()
		case classUpper:
			s.letter(r|0x20, bare, start, end)
		default:
			s.letter(r, bare, start, end)
		}
		return
	}
	switch {
	case 0xC0 <= r && r <= 0x24F && r != '×' && r != '÷', 0x400 <= r && r <= 0x481:
		s.fold(r, start, end) // the same as below, without a look at tables
	case isUnspaced(r):
		s.unspaced(r, start, end)
	case unicode.IsLetter(r):
		s.fold(r, start, end)
	case unicode.IsMark(r):
		s.mark(r, start, end)
	case unicode.Is(unicode.Cf, r):
		if len(s.word) > 0 {
			s.end = end // a soft hyphen is inside of its word
		}
	case unicode.Is(unicode.Nd, r):
		s.letter(asciiDigit(r), other, start, end)
	case unicode.Is(unicode.Nl, r):
		s.letter(r, other, start, end)
	case isPicture(r):
		s.endWord()
		s.endRun()
		s.letter(r, other, start, end)
		s.endWord()
	default:
		s.endWord()
		s.endRun()
	}
}

// letter appends a folded letter or digit to the word.
func (s *scanner) letter(r rune, sc script, start, end int) {
	s.endRun()
	if s.split && len(s.word) > 0 && r < utf8.RuneSelf && s.word[len(s.word)-1] < utf8.RuneSelf &&
		(classes[r] == classDigit) != (classes[s.word[len(s.word)-1]] == classDigit) {
		s.endWord()
	}
	if len(s.word) == 0 {
		s.start = start
	}
	s.end, s.script = end, sc
	if len(s.word) >= maxWord {
		return
	}
	s.word = utf8.AppendRune(s.word, r)
	if s.hasAlt {
		s.alt = utf8.AppendRune(s.alt, r)
	}
}

// letters appends what one letter is spelled out as, and its variant if that
// is another.
func (s *scanner) letters(base, alt string, start, end int) {
	if alt != base && !s.hasAlt {
		s.hasAlt = true
		s.alt = append(s.alt[:0], s.word...)
	}
	hasAlt := s.hasAlt
	s.hasAlt = false // letter is for the word alone
	for _, r := range base {
		s.letter(r, bare, start, end)
	}
	s.hasAlt = hasAlt
	if s.hasAlt && len(s.alt) < maxWord {
		s.alt = append(s.alt, alt...)
	}
}

// endWord makes a token of the word that was read, and one of its variant.
func (s *scanner) endWord() {
	if len(s.word) == 0 {
		return
	}
	digits := true
	for _, c := range s.word {
		if classes[c] != classDigit {
			digits = false
			break
		}
	}
	s.emit(short(s.keep(s.word, s.start, s.end)), s.start, s.end, digits)
	if s.hasAlt {
		alt := short(s.keep(s.alt, s.start, s.end))
		s.dst = append(s.dst, Token{alt, s.pos - 1, s.start, s.end})
	}
	s.word, s.alt, s.hasAlt, s.script = s.word[:0], s.alt[:0], false, other
}

// unspaced takes in a character of a script without blanks: with the one
// before it, it is a pair.
func (s *scanner) unspaced(r rune, start, end int) {
	s.endWord()
	r = hiragana(r)
	if s.pending != 0 {
		var pair [2 * utf8.UTFMax]byte
		b := utf8.AppendRune(utf8.AppendRune(pair[:0], s.pending), r)
		s.emit(s.keep(b, s.pendingStart, end), s.pendingStart, end, false)
	}
	s.pending, s.pendingStart, s.pendingEnd = r, start, end
}

// hiragana gives the letter of the other Japanese syllabary that stands for the
// same sound: both are written for one word (ひまわり, ヒマワリ).
func hiragana(r rune) rune {
	if 0x30A1 <= r && r <= 0x30F6 {
		return r - 0x60
	}
	return r
}

// endRun makes a token of the last character of a run without blanks.
func (s *scanner) endRun() {
	if s.pending == 0 {
		return
	}
	var one [utf8.UTFMax]byte
	b := utf8.AppendRune(one[:0], s.pending)
	s.pending = 0
	s.emit(s.keep(b, s.pendingStart, s.pendingEnd), s.pendingStart, s.pendingEnd, false)
}

// isUnspaced reports whether r is of a script that has no blanks between words,
// or of Korean, where particles stick to nouns.
func isUnspaced(r rune) bool {
	switch {
	case r < 0x0E00:
		return false
	case r <= 0x0EFF: // Thai, Lao
		return (unicode.IsLetter(r) || unicode.IsMark(r))
	case r < 0x1000:
		return false
	case r <= 0x109F, 0x1780 <= r && r <= 0x17DD, 0xA9E0 <= r && r <= 0xA9FF, 0xAA60 <= r && r <= 0xAA7F: // Burmese, Khmer
		return unicode.IsLetter(r) || unicode.IsMark(r)
	case r < 0x3005:
		return 0x1100 <= r && r <= 0x11FF || 0x2E80 <= r && r <= 0x2FDF
	case r <= 0x3007, 0x3021 <= r && r <= 0x3029, 0x3031 <= r && r <= 0x3035, 0x303B <= r && r <= 0x303C:
		return true
	case r < 0x3041:
		return false
	case r <= 0x30FF: // Hiragana, Katakana and their marks, without the middle dot and its like
		return r != 0x30FB && r != 0x30A0 && r != 0x309B && r != 0x309C
	case r <= 0x318F, 0x31A0 <= r && r <= 0x31BF, 0x31F0 <= r && r <= 0x31FF: // Bopomofo, Hangul letters
		return true
	case 0x3400 <= r && r <= 0x4DBF, 0x4E00 <= r && r <= 0x9FFF:
		return true
	case 0xA960 <= r && r <= 0xA97F, 0xAC00 <= r && r <= 0xD7FF: // Hangul
		return true
	case 0xF900 <= r && r <= 0xFAFF, 0x1B000 <= r && r <= 0x1B16F, 0x20000 <= r && r <= 0x3FFFF:
		return true
	}
	return false
}

// joinsLines reports whether a line that ends or begins with r may have been
// broken inside a word. Korean breaks lines at blanks.
func joinsLines(r rune) bool {
	return isUnspaced(r) && !(0x1100 <= r && r <= 0x11FF || 0x3130 <= r && r <= 0x318F || 0xA960 <= r && r <= 0xA97F || 0xAC00 <= r && r <= 0xD7FF)
}

// isPicture reports whether r is a picture that people search for.
func isPicture(r rune) bool {
	return 0x2600 <= r && r <= 0x27BF || 0x1F300 <= r && r <= 0x1F3FA || 0x1F400 <= r && r <= 0x1FAFF
}

// asciiDigit is the value of a decimal digit of any script. The ranges of Nd
// are whole tens.
func asciiDigit(r rune) rune {
	for _, x := range unicode.Nd.R16 {
		if rune(x.Lo) <= r && r <= rune(x.Hi) {
			return '0' + (r-rune(x.Lo))%10
		}
	}
	for _, x := range unicode.Nd.R32 {
		if rune(x.Lo) <= r && r <= rune(x.Hi) {
			return '0' + (r-rune(x.Lo))%10
		}
	}
	return r
}
