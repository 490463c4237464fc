// Package analyze turns text into terms, the same way when a message is
// indexed and when it is searched for. It knows no engine and no language.
//
// What it does to a text, in this order: compatibility composition (NFKC,
// Unicode Standard Annex 15), so that full-width letters, ligatures and
// half-width katakana are what they look like; characters that show nothing
// (general category Cf: soft hyphen, zero-width space, byte order mark) are
// dropped; letters become lower case; accents are taken off in Latin, Greek,
// Arabic and Hebrew, where people leave them out, and nowhere else, since in
// Thai and the Indic scripts they are vowels and since й is not и; letters that
// have no accent to take off are spelled out (ł l, ß ss, æ ae). Then the text
// is cut at everything that is no letter and no digit.
//
// Variants stand at one position: grün is grun and gruen. Katakana is hiragana. Runs of a script
// that puts no blanks between words (Chinese, Japanese, Korean for its
// particles, Thai, Lao, Khmer, Burmese) become overlapping pairs and the last
// character alone. Groups of digits that make one number (0171/123 45-67) have
// it as a second term.
//
// Promises. No panic, whatever the input; time linear in it; memory for the
// tokens and a few kilobytes. [Query] finds every word of a text that was
// analysed by [Text], and the same holds for addresses and file names. A token
// without letters in it (punctuation) does not exist.
//
// It does not stem, drop stop words, or guess a language.
package analyze

// A Token is one term at one position. Several tokens may stand at one
// position (variants). Start and End are octets in the source text; a number
// in groups and a whole address reach over the positions behind.
// Term may share memory with the text.
type Token struct {
	Term       string
	Pos        int
	Start, End int
}

// Gap is what [Address] and [FileName] leave between positions of dst and their
// own, so that no phrase reaches from one address into the next. Whoever joins
// texts that do not follow each other should do the same.
const Gap = 100

// Bounds of terms, in octets. Base64 and hex tails would fill the dictionary
// with words that nobody types; a long or wild one is kept in its beginning.
const (
	maxTerm  = 64  // of a word
	cutTerm  = 24  // of a word with digits in it that is like none of any language
	maxWhole = 128 // a whole address or file name; a longer one is cut to it
)

// Text appends the tokens of text to dst: words, numbers, pairs where a script
// has no spaces. Positions go on behind the last one of dst and never fall.
func Text(dst []Token, text string) []Token { return scan(dst, text, next(dst, 1), false) }

// next is the position that is gap behind the last one of dst, or 0.
func next(dst []Token, gap int) int {
	if len(dst) == 0 {
		return 0
	}
	return dst[len(dst)-1].Pos + gap
}

// scan is Text from position pos on; split also cuts between letter and digit.
func scan(dst []Token, text string, pos int, split bool) []Token {
	s := scanner{dst: dst, text: text, pos: pos, split: split}
	s.run()
	return s.dst
}

// Address appends the name, the whole address as one term and its parts at
// adjacent positions: anna.berg@kvist.example is also anna, berg, kvist,
// example. One position between name and address stays free, so that no phrase
// has both. Start and End are octets of name or addr. Positions begin [Gap]
// behind the last one of dst.
func Address(dst []Token, name, addr string) []Token {
	n, pos := len(dst), next(dst, Gap)
	if dst = scan(dst, name, pos, false); len(dst) > n {
		pos = next(dst, 2)
	}
	return whole(dst, addr, pos, false)
}

// FileName appends the whole name as one term and its parts, which also end
// between a letter and a digit: IMG_vertrag2019.jpg is also img, vertrag,
// 2019, jpg. Positions begin [Gap] behind the last one of dst.
func FileName(dst []Token, name string) []Token { return whole(dst, name, next(dst, Gap), true) }

// whole appends s as one term, its variant too, and its parts.
func whole(dst []Token, s string, pos int, split bool) []Token {
	n := len(dst)
	dst = scan(dst, s, pos, split)
	if len(dst) == n || len(dst) == n+1 && dst[n].Start == 0 && dst[n].End == len(s) {
		return dst // no word in it, or one word that is the whole
	}
	base, alt := Fold(s)
	terms := []Token{{cut(base, maxWhole), dst[n].Pos, 0, len(s)}}
	if alt != "" {
		terms = append(terms, Token{cut(alt, maxWhole), dst[n].Pos, 0, len(s)})
	}
	return insert(dst, n, terms...)
}

// insert puts tokens before the i-th.
func insert(dst []Token, i int, tokens ...Token) []Token {
	dst = append(dst, tokens...)
	copy(dst[i+len(tokens):], dst[i:])
	copy(dst[i:], tokens)
	return dst
}

// cut is the first n octets of s, without half a rune.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}

// Fingerprint names the rules by which Text, Address and FileName make terms:
// it is a hash of what they make of a sample that has a case of each. An index
// with another fingerprint must be rebuilt. A test says what it must be when the
// rules have changed; computing it would cost every search half a millisecond.
const Fingerprint = "0bea4330cd9f454d"
