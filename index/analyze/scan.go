package analyze

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A scanner makes tokens of one text. ASCII words go through words, the inner
// loop of indexing; everything else goes rune by rune through put.
type scanner struct {
	dst   []Token
	text  string
	pos   int  // of the next word
	split bool // also between letter and digit

	slab strings.Builder // holds terms that are not octets of text

	// The word being read, folded, and its variant.
	word, alt  []byte
	start, end int
	hasAlt     bool
	script     script // of its last letter, for the marks behind it

	// The last character of a run without blanks; 0 if there is none.
	pending                  rune
	pendingStart, pendingEnd int

	number number
	iter   *norm.Iter // made when it is first needed
	apart  []byte     // what one character was taken apart into
}

// maxWord bounds the octets of a word that are looked at.
const maxWord = 256

// Classes of ASCII octets.
const (
	classBreak uint8 = iota
	classLower
	classDigit
	classUpper
	classBeyond // not ASCII
)

var classes = [256]uint8{
	'0': classDigit, '1': classDigit, '2': classDigit, '3': classDigit, '4': classDigit,
	'5': classDigit, '6': classDigit, '7': classDigit, '8': classDigit, '9': classDigit,
	'a': classLower, 'b': classLower, 'c': classLower, 'd': classLower, 'e': classLower, 'f': classLower, 'g': classLower,
	'h': classLower, 'i': classLower, 'j': classLower, 'k': classLower, 'l': classLower, 'm': classLower, 'n': classLower,
	'o': classLower, 'p': classLower, 'q': classLower, 'r': classLower, 's': classLower, 't': classLower, 'u': classLower,
	'v': classLower, 'w': classLower, 'x': classLower, 'y': classLower, 'z': classLower,
	'A': classUpper, 'B': classUpper, 'C': classUpper, 'D': classUpper, 'E': classUpper, 'F': classUpper, 'G': classUpper,
	'H': classUpper, 'I': classUpper, 'J': classUpper, 'K': classUpper, 'L': classUpper, 'M': classUpper, 'N': classUpper,
	'O': classUpper, 'P': classUpper, 'Q': classUpper, 'R': classUpper, 'S': classUpper, 'T': classUpper, 'U': classUpper,
	'V': classUpper, 'W': classUpper, 'X': classUpper, 'Y': classUpper, 'Z': classUpper,
}

func class(c byte) uint8 {
	if c >= utf8.RuneSelf {
		return classBeyond
	}
	return classes[c]
}

// run reads the whole text.
func (s *scanner) run() {
	text := s.text
	for i := 0; i < len(text); {
		c := class(text[i])
		if c == classBreak {
			i++
			continue
		}
		start, seen := i, uint8(0)
		for c != classBreak && c != classBeyond {
			seen |= 1 << c
			if i++; i == len(text) {
				break
			}
			c = class(text[i])
			if s.split && seen != 0 && (c == classDigit) != (seen&(1<<classDigit) != 0) {
				break
			}
		}
		if i < len(text) && c == classBeyond {
			i = s.beyond(start)
			continue
		}
		s.ascii(start, i, seen)
	}
	s.endNumber()
}

// ascii takes in a word of ASCII letters and digits; seen has a bit for each
// class that occurs.
func (s *scanner) ascii(start, end int, seen uint8) {
	term := s.text[start:end]
	if seen&(1<<classUpper) != 0 {
		if len(term) > maxWord {
			term = term[:maxWord]
		}
		from := s.room(len(term))
		for i := 0; i < len(term); i++ {
			c := term[i]
			if classes[c] == classUpper {
				c |= 0x20
			}
			s.slab.WriteByte(c)
		}
		term = s.slab.String()[from:]
	}
	if len(term) > cutTerm {
		term = short(term)
	}
	s.emit(term, start, end, seen == 1<<classDigit)
}

// room sees that n octets fit into the slab and gives where they will begin.
// What was written into a slab is never moved: terms point there.
func (s *scanner) room(n int) int {
	if s.slab.Cap()-s.slab.Len() < n {
		s.slab = strings.Builder{}
		s.slab.Grow(max(n, min(len(s.text), 4096)))
	}
	return s.slab.Len()
}

// keep gives b as a string: the octets of the text if they are the same, else a
// copy in the slab.
func (s *scanner) keep(b []byte, start, end int) string {
	if src := s.text[start:end]; src == string(b) {
		return src
	}
	from := s.room(len(b))
	s.slab.Write(b)
	return s.slab.String()[from:]
}

// short cuts a word that is too long or looks like no word of any language.
func short(term string) string {
	if len(term) > cutTerm && wild(term) {
		return cut(term, cutTerm)
	}
	return cut(term, maxTerm)
}

// wild reports whether a word is like the ones in base64 and hex: digits among
// letters, and either hardly a vowel or many changes between the two.
func wild(term string) bool {
	digits, vowels, changes := 0, 0, 0
	for i := 0; i < len(term); i++ {
		switch c := term[i]; {
		case c >= utf8.RuneSelf:
			return false
		case classes[c] == classDigit:
			digits++
		case strings.IndexByte("aeiouy", c) >= 0:
			vowels++
		}
		if i > 0 && (classes[term[i]] == classDigit) != (classes[term[i-1]] == classDigit) {
			changes++
		}
	}
	return digits > 0 && (vowels*5 < len(term) || changes > 3)
}

// emit appends one token and moves on by one position.
func (s *scanner) emit(term string, start, end int, digits bool) {
	if digits {
		s.digits(len(term), start, end)
	} else if s.number.groups > 0 {
		s.endNumber()
	}
	s.dst = append(s.dst, Token{term, s.pos, start, end})
	s.pos++
}

// beyond reads from start, where a word with other than ASCII in it begins, to
// the next ASCII octet that ends words, and gives its place. Lines of a script
// without blanks go on behind the line end, where mail programs broke them.
func (s *scanner) beyond(start int) int {
	i := start
	for {
		end := i
		for end < len(s.text) && class(s.text[end]) != classBreak {
			end++
		}
		s.normalised(i, end)
		s.endWord()
		next := end
		if strings.HasPrefix(s.text[next:], "\r") {
			next++
		}
		if s.pending != 0 && joinsLines(s.pending) && strings.HasPrefix(s.text[next:], "\n") {
			if r, _ := utf8.DecodeRuneInString(s.text[next+1:]); joinsLines(r) {
				i = next + 1
				continue
			}
		}
		s.endRun()
		return end
	}
}

// normalised gives the runes of text[start:end] in NFKC to put. Most text is
// in that form already, and of most of it that is known without tables; the
// rest goes through an iterator, segment by segment, until it has found eight
// that were in form.
func (s *scanner) normalised(start, end int) {
	for start < end {
		if start = s.steady(start, end); start == end {
			return
		}
		n := norm.NFKC.QuickSpanString(s.text[start:end])
		for to := start + n; start < to; {
			r, n := utf8.DecodeRuneInString(s.text[start:end])
			s.put(r, start, start+n)
			start += n
		}
		if start < end {
			start += s.irregular(start, end)
		}
	}
}

// steady gives runes that are their own NFKC to put and tells where it stopped:
// at a rune of which that is not known, or before one that such a rune follows,
// since they may become one.
func (s *scanner) steady(start, end int) int {
	held := start
	var last rune
	for at := start; at < end; {
		r, n := utf8.DecodeRuneInString(s.text[at:end])
		if !isSteady(r) {
			return held
		}
		if at > start {
			s.put(last, held, at)
		}
		last, held = r, at
		at += n
	}
	s.put(last, held, end)
	return end
}

// isSteady reports whether r is surely a character that NFKC leaves alone if
// the next one is such a character too. TestSteadyIsNFKC holds it to the tables.
func isSteady(r rune) bool {
	switch {
	case r < 0x80, 0xC0 <= r && r < 0x132, 0x141 <= r && r < 0x149, 0x14A <= r && r < 0x17F: // Latin
		return true
	case 0x388 <= r && r < 0x3CF, 0x400 <= r && r < 0x482, 0x5D0 <= r && r < 0x5EB, 0x621 <= r && r < 0x64B: // Greek, Cyrillic, Hebrew, Arabic
		return true
	case 0x2018 <= r && r < 0x201F, 0x3001 <= r && r < 0x3003: // quotes, full stops
		return true
	case 0x3041 <= r && r < 0x3097, 0x30A1 <= r && r < 0x30FF, 0x4E00 <= r && r < 0xA000, 0xAC00 <= r && r < 0xD7A4: // Kana, Han, Hangul
		return true
	}
	return false
}

// irregular reads on from start, where the text is not in NFKC, until it is
// again, and gives the octets read.
func (s *scanner) irregular(start, end int) int {
	if s.iter == nil {
		s.iter = new(norm.Iter)
	}
	s.iter.InitString(norm.NFKC, s.text[start:end])
	at, same := start, 0
	one := s.apart[:0] // a character like ½ comes in several segments
	for same < 8 && !s.iter.Done() {
		one = append(one, s.iter.Next()...)
		to := start + s.iter.Pos()
		if to == at {
			continue
		}
		if s.text[at:to] == string(one) {
			same++
		} else {
			same = 0
		}
		for rest := one; len(rest) > 0; {
			r, n := utf8.DecodeRune(rest)
			s.put(r, at, to)
			rest = rest[n:]
		}
		at, one = to, one[:0]
	}
	s.apart = one
	return max(at-start, 1) // an iterator that stands still would be a loop without end
}
