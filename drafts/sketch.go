package drafts

import (
	"hash/maphash"
	"slices"
	"strings"
	"unicode"
)

// shingle is the number of words that are compared as one. sketchSize is how
// many shingles of a text are kept, those with the smallest hashes; a text of
// up to 260 words is kept whole, so that its likeness is exact.
const shingle, sketchSize = 5, 256

// A sketch stands for the set of a text's shingles (a bottom-k sketch, Cohen
// and Kaplan 2007): sorted hashes, and how many there are in all. Unlike 64
// values of MinHash, which are off by 0.06 where it matters, it is exact for
// what most drafts are, and it tells how much of the shorter text the longer
// one contains.
type sketch struct {
	low []uint64
	all int
}

// seed makes the hashes of one run comparable; they are never stored.
var seed = maphash.MakeSeed()

// words splits a text into words in lower case. Signs of scripts that are
// written without spaces are words of their own.
func words(text string) []string {
	text = strings.ToLower(text)
	out := make([]string, 0, len(text)/5)
	start := -1
	flush := func(end int) {
		if start >= 0 {
			out = append(out, text[start:end])
			start = -1
		}
	}
	for i, r := range text {
		switch {
		case r >= 0x0e00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Khmer, unicode.Lao, unicode.Myanmar):
			flush(i)
			out = append(out, string(r))
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			if start < 0 {
				start = i
			}
		default:
			flush(i)
		}
	}
	flush(len(text))
	return out
}

// sketchOf makes the sketch of a text. A text shorter than a shingle is one.
func sketchOf(words []string) sketch {
	if len(words) == 0 {
		return sketch{}
	}
	n := max(len(words)-shingle+1, 1)
	hashes := make([]uint64, n)
	var h maphash.Hash
	h.SetSeed(seed)
	for i := range hashes {
		h.Reset()
		for _, w := range words[i:min(i+shingle, len(words))] {
			h.WriteString(w)
			h.WriteByte(0)
		}
		hashes[i] = h.Sum64()
	}
	slices.Sort(hashes)
	hashes = slices.Compact(hashes)
	return sketch{slices.Clone(hashes[:min(len(hashes), sketchSize)]), len(hashes)}
}

// likeness estimates how much two texts share: of all their shingles (jaccard)
// and of the shorter one's (contained). Both are 0 to 1.
func likeness(a, b sketch) (jaccard, contained float64) {
	if a.all == 0 || b.all == 0 {
		return 0, 0
	}
	// Of the k smallest hashes of both together, those that both have.
	i, j, union, both := 0, 0, 0, 0
	for union < sketchSize && (i < len(a.low) || j < len(b.low)) {
		switch {
		case j == len(b.low) || i < len(a.low) && a.low[i] < b.low[j]:
			i++
		case i == len(a.low) || b.low[j] < a.low[i]:
			j++
		default:
			i, j, both = i+1, j+1, both+1
		}
		union++
	}
	jaccard = float64(both) / float64(union)
	shared := jaccard * float64(a.all+b.all) / (1 + jaccard)
	return jaccard, min(shared/float64(min(a.all, b.all)), 1)
}
