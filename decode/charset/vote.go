package charset

import (
	"bytes"
	"math/bits"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// candidates of the vote, in the order in which they win a tie.
var candidates = [...]string{
	"windows-1252", "windows-1250", "iso-8859-2", "windows-1251", "koi8-u", "iso-8859-5", "ibm866", "iso-8859-7", "windows-1253",
	"windows-1255", "windows-1256", "windows-1254", "windows-874", "ibm850", "shift_jis", "euc-jp", "gb18030", "big5", "euc-kr",
}

// voteMax is how much of a text is evidence, in octets: sixty lines decide as
// well as a thousand, and nineteen candidates read them.
const voteMax = 4 << 10

// sample gives the part of a text that evidence is taken from: of a long text
// the lines that hold octets above 0x7f, whole, so that no character is cut.
func sample(b []byte) []byte {
	if len(b) <= voteMax {
		return b
	}
	out := make([]byte, 0, voteMax)
	for rest := b; len(rest) > 0; {
		n := asciiLen(rest)
		if n == len(rest) {
			break
		}
		start := bytes.LastIndexByte(rest[:n], '\n') + 1
		start = max(start, n-voteMax/4) // of a long line the part around
		end := len(rest)
		if i := bytes.IndexByte(rest[n:], '\n'); i >= 0 {
			end = n + i + 1
		}
		if left := voteMax - len(out); end-start >= left {
			return append(out, rest[start:start+left]...)
		}
		out = append(out, rest[start:end]...)
		rest = rest[end:]
	}
	return out
}

// vote decodes b under every candidate and gives the one whose letters look
// most like a language.
func vote(b []byte) *codec {
	var best *codec
	top := 0.0
	for _, name := range candidates {
		c := byName(name)
		if s := score(c.read(b)); best == nil || s > top {
			best, top = c, s
		}
	}
	return best
}

// Latin letters that a language uses beyond ASCII, in small letters.
var languages = [...]string{
	"äöüß",              // German
	"àâæçéèêëîïôœùûüÿ",  // French
	"áéíñóúü",           // Spanish
	"àáâãçéêíóôõúü",     // Portuguese
	"àèéìíòóù",          // Italian
	"åäöæøé",            // Danish, Norwegian, Swedish, Finnish
	"áðéíóúýþæö",        // Icelandic
	"ąćęłńóśźż",         // Polish
	"áčďéěíňóřšťúůýž",   // Czech
	"áäčďéíĺľňóôŕšťúýž", // Slovak
	"áéíóöőúüű",         // Hungarian
	"čćđšž",             // Croatian, Slovene
	"ăâîșțşţ",           // Romanian
	"çğıİöşüâî",         // Turkish
	"ëïéèöüóáí",         // Dutch
}

// classes knows for each rune of the common scripts the languages (bits) that
// use it, and the frequent Han characters.
type classes struct {
	latin [0x250]uint32
	han   map[rune]float64
}

// hanValue is 2.2 for the most frequent characters, 0.6 for those of the first
// level of a national standard, 0.2 for the rest: a text under a wrong
// charset is made of all in equal parts.
func (k *classes) hanValue(r rune) float64 {
	if v, ok := k.han[r]; ok {
		return v
	}
	return 0.2
}

// addFirstLevel adds the characters that a national standard keeps for common
// use: all of the rows from to to, with trail octets from low.
func (k *classes) addFirstLevel(e encoding.Encoding, from, to, low byte) {
	row := make([]byte, 0, 512)
	for lead := from; lead <= to; lead++ {
		row = row[:0]
		for trail := int(low); trail <= 0xfe; trail++ {
			row = append(row, lead, byte(trail))
		}
		for _, r := range string(readWith(e)(row)) {
			if scriptOf(r) == han {
				k.han[r] = 0.6
			}
		}
	}
}

var known = sync.OnceValue(func() *classes {
	k := &classes{han: make(map[rune]float64, 8192)}
	for i, set := range languages {
		for _, r := range set {
			k.latin[r] |= 1 << i
			k.latin[unicode.ToUpper(r)] |= 1 << i
		}
	}
	k.addFirstLevel(simplifiedchinese.GBK, 0xb0, 0xd7, 0xa1)
	k.addFirstLevel(japanese.EUCJP, 0xb0, 0xcf, 0xa1)
	k.addFirstLevel(traditionalchinese.Big5, 0xa4, 0xc5, 0x40)
	for _, r := range frequentHan {
		k.han[r] = 2.2
	}
	return k
})

// A script is what the letters of a word have in common.
type script uint8

const (
	none script = iota
	latinScript
	cyrillic
	greek
	hebrew
	arabic
	thai
	kana
	han
	hangul
	otherScript
)

func scriptOf(r rune) script {
	switch {
	case r < 0x250 && (r|0x20 >= 'a' && r|0x20 <= 'z' || r >= 0xc0 && r != '×' && r != '÷'), 0x1e00 <= r && r < 0x1f00, r == 'ª', r == 'º':
		return latinScript
	case r == 0x384 || r == 0x385 || r == 0x387: // accents that stand alone
		return none
	case 0x370 <= r && r < 0x400, 0x1f00 <= r && r < 0x2000:
		return greek
	case 0x400 <= r && r < 0x530:
		return cyrillic
	case 0x591 <= r && r < 0x600:
		return hebrew
	case 0x610 <= r && r < 0x700, 0xfb50 <= r && r < 0xfe00, 0xfe70 <= r && r < 0xfeff:
		return arabic
	case 0xe01 <= r && r < 0xe60:
		return thai
	case 0x3041 <= r && r < 0x3100, 0xff66 <= r && r < 0xffa0:
		return kana
	case 0x3400 <= r && r < 0xa000, 0xf900 <= r && r < 0xfb00, 0x20000 <= r && r < 0x32000:
		return han
	case 0xac00 <= r && r < 0xd7b0:
		return hangul
	case r >= 0x80 && unicode.IsLetter(r):
		return otherScript
	}
	return none
}

// A tally is the state of one score.
type tally struct {
	sum      float64
	n        int // characters beyond ASCII
	latins   int // Latin letters beyond ASCII
	byLang   [len(languages)]int
	run      int    // Latin letters beyond ASCII in a row
	word     int    // letters of this word so far
	prev     rune   // the character before, 0 at the start
	prevS    script // its script
	hebrewOK bool   // Hebrew letters stand in their forms
	hebrews  int
}

// score says how much a text looks like one that was written: the mean over
// its characters beyond ASCII, about 1 for right text of an alphabet, 2 for
// Han and kana, below 0 for text under a wrong charset. 0 if all is ASCII.
func score(text []byte) float64 {
	t := tally{hebrewOK: true}
	k := known()
	for i := 0; i < len(text); {
		r, n := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(text[i:])
		}
		i += n
		s := scriptOf(r)
		if r >= utf8.RuneSelf {
			t.n++
			t.sum += t.rune(k, r, s)
		} else {
			t.run = 0
			if s == latinScript {
				t.sum += t.inside(r, s)
			} else {
				if t.prevS != none && t.prevS < kana {
					t.sum += beside(t.prev, r)
				}
				t.endWord()
			}
		}
		if t.word++; s == none {
			t.word = 0
		}
		t.prev, t.prevS = r, s
	}
	t.endWord()
	return t.total()
}

func (t *tally) total() float64 {
	if t.n == 0 {
		return 0
	}
	best := 0
	for _, n := range t.byLang {
		best = max(best, n)
	}
	sum := t.sum + float64(best) - 0.7*float64(t.latins-best)
	if t.hebrews > 0 && t.hebrewOK {
		sum += 0.3 * float64(t.hebrews)
	}
	return sum / float64(t.n)
}

// rune is the value of one character beyond ASCII; Latin letters are counted
// by language and valued in total.
func (t *tally) rune(k *classes, r rune, s script) float64 {
	if s != latinScript {
		t.run = 0
	}
	if s == none || s != t.prevS {
		t.endWord()
	}
	if s != none && s < kana && t.prevS == none {
		return beside(t.prev, r) + t.letter(k, r, s)
	}
	return t.letter(k, r, s)
}

// letter is the value of one character beyond ASCII for itself.
func (t *tally) letter(k *classes, r rune, s script) float64 {
	switch s {
	case latinScript:
		t.latins++
		if r < rune(len(k.latin)) {
			for set := k.latin[r]; set != 0; set &= set - 1 {
				t.byLang[bits.TrailingZeros32(set)]++
			}
		}
		v := t.inside(r, s)
		switch t.run++; {
		case t.run == 3 || t.run == 4:
			v -= 2
		case t.run > 4:
			v -= 0.5
		}
		return v
	case han:
		if t.prevS == latinScript && t.prev < utf8.RuneSelf {
			return k.hanValue(r) - 1.5 // "world痴" is "world’s"
		}
		return k.hanValue(r)
	case kana:
		switch {
		case r >= 0xff66:
			return -1
		case r < 0x30a0:
			return 2
		}
		return 1.2
	case hangul:
		if t.prevS == latinScript && t.prev < utf8.RuneSelf {
			return -2
		}
		return 1.4
	case hebrew:
		t.hebrewLetter(r)
		if r >= 0x5f0 {
			return 0.2 // Yiddish
		}
		if r < 0x5d0 && (t.prevS != hebrew || t.prev < 0x5d0) {
			return -1.5 // a point without its letter
		}
		return 0.9 + t.inside(r, s)
	case thai:
		if thaiMark(r) && (t.prevS != thai || thaiLead(t.prev)) {
			return -2 // a vowel sign without its consonant
		}
		return 0.9 + t.inside(r, s)
	case cyrillic:
		return cyrillicValue(r, t.prev) + t.inside(r, s)
	case greek, arabic, otherScript:
		return 0.9 + t.inside(r, s)
	}
	return t.sign(r)
}

// inside is what a letter costs by the letter before it.
func (t *tally) inside(r rune, s script) float64 {
	switch {
	case t.prevS == none:
		return 0
	case t.prevS != s:
		switch {
		case t.prevS == hangul && s == latinScript, t.prevS == han && 'a' <= r && r <= 'z':
			return -1.5 // its second octet was a letter of the word
		case s >= kana || t.prevS >= kana: // Japanese and Chinese write other scripts without a blank
			return 0
		}
		return -3
	case r >= utf8.RuneSelf || t.prev >= utf8.RuneSelf:
		if unicode.IsUpper(r) && unicode.IsLower(t.prev) {
			return -2.5
		}
	}
	return 0
}

// beside is what a letter beyond ASCII costs next to a digit: "£7" is not a
// letter before 7.
func beside(a, b rune) float64 {
	if a >= utf8.RuneSelf && '0' <= b && b <= '9' || b >= utf8.RuneSelf && '0' <= a && a <= '9' {
		return -1
	}
	return 0
}

// sign is the value of a character that is no letter.
func (t *tally) sign(r rune) float64 {
	switch {
	case r == utf8.RuneError:
		return -8
	case r < 0xa0:
		return -6
	case 0xe000 <= r && r < 0xf900:
		return -5
	case 0x3000 <= r && r < 0x3040, 0xff01 <= r && r < 0xff61:
		return 1.5
	case 0xff61 <= r && r < 0xff66:
		return -1
	case 0x300 <= r && r < 0x370:
		return 0.2
	}
	switch r {
	case 0xa0, '«', '»', '“', '”', '‘', '’', '„', '‚', '–', '—', '…', '•', '·', '¿', '¡', '§', '°', '€', '£', '©', '®', '™', '‹', '›',
		'¢', '¥', '½', '¼', '¾', '¹', '±', 'µ', '¶', '№', '′', '″', '，', '×', '،', '؟', '؛', '²', '³', 0x200e, 0x200f:
		return 0.9
	}
	if t.prevS != none {
		return -3
	}
	return -1.5
}

// cyrillicValue prefers the letters that make up most of the text in every
// language that uses the script, and small letters: the charsets differ by
// moving letters and swapping case.
func cyrillicValue(r, prev rune) float64 {
	cost := 0.0
	if 'А' <= r && r <= 'Я' {
		r += 'а' - 'А'
		cost = 0.05
		if 'А' <= prev && prev <= 'Я' {
			cost = 0.12
		}
	}
	switch r {
	case 'о', 'е', 'а', 'и', 'н', 'т', 'с', 'р', 'в', 'л', 'і':
		return 1.1 - cost
	case 'ъ', 'щ', 'э', 'ф', 'ц', 'ё', 'ж', 'ш', 'ю', 'х':
		return 0.5 - cost
	case 'г', 'з', 'б', 'ч', 'й':
		return 0.8 - cost
	}
	switch {
	case 'а' <= r && r <= 'я':
		return 0.95 - cost
	case r == 'Ё' || r == 'є' || r == 'ї' || r == 'ґ' || r == 'Є' || r == 'І' || r == 'Ї' || r == 'Ґ' || r == 'ў' || r == 'Ў':
		return 0.6
	}
	return 0.4 // Serbian, Macedonian, and what wrong charsets give
}

// thaiMark reports whether r stands above or below the consonant before it.
func thaiMark(r rune) bool {
	return r == 0xe31 || 0xe34 <= r && r <= 0xe3a || 0xe47 <= r && r <= 0xe4e
}

// thaiLead reports whether r is a vowel written before its consonant.
func thaiLead(r rune) bool { return 0xe40 <= r && r <= 0xe44 }

// hebrewLetter watches the letters that have another form at the end of a
// word. Cyrillic read as Hebrew breaks that rule at once; Hebrew never does.
func (t *tally) hebrewLetter(r rune) {
	if r < 0x5d0 {
		return // points and accents
	}
	t.hebrews++
	if t.prevS == hebrew {
		switch t.prev {
		case 'ך', 'ם', 'ן', 'ף', 'ץ':
			t.hebrewOK = false
		}
	}
}

// endWord looks at a word that has come to its end: a single letter, which is
// a sign of another charset, or a Hebrew letter that is not in its last form.
func (t *tally) endWord() {
	if t.word == 1 && t.prev >= utf8.RuneSelf {
		switch t.prevS {
		case latinScript:
			if !strings.ContainsRune("àèéóåöőøæÀÉ", t.prev) { // words of one letter
				t.sum -= 1.5
			}
		case cyrillic, greek, hebrew, arabic, thai:
			t.sum -= 0.7
		}
	}
	if t.prevS == hebrew {
		switch t.prev {
		case 'מ', 'נ', 'צ': // כ and פ do end loan words
			t.hebrewOK = false
		}
	}
}
