package local

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"time"

	"lostpost/decode"
)

// Near duplicates are messages that people take for the same one: a list put
// its footer under one copy, Exchange or a virus scanner wrote another anew.
// What is kept of a message to find them is its kin: who it is (Message-ID;
// author and date) and a sketch of its text. Both are made when it is indexed,
// from the words at hand; two messages are compared by their kin alone.

const (
	// shingleWords is how many words in a row are compared as one.
	shingleWords = 5

	// sketchBins is the number of bins of a sketch. Every shingle falls into
	// one bin by its hash, which keeps the least of them (one permutation
	// hashing, Li, Owen and Zhang 2012); of that, eight bits are stored (b-bit
	// minwise hashing, Li and König 2010).
	sketchBins = 48

	// bandBins bins make a band. Messages that are to be compared share a
	// band: of texts that share 80% of their shingles, all but 1 in 100 do.
	bandBins, bands = 3, 6

	// leastShingles is how many a text needs to be known again by itself:
	// everybody sends "Thank you" more than once.
	leastShingles = 48

	// addedShingles is how long a footer or banner may be that was added to a
	// text, and what is shorter than leastAdded is no such thing.
	addedShingles, leastAdded = 32, 10

	// A text is the same as another if so many of their bins are.
	sameBins = 0.75

	whoLen = 6 // octets of the hash of a name; that two are alike is then settled by the text
	kinLen = sketchBins + 2*whoLen + 4
)

// A kin is what is kept of a message to find its near duplicates.
type kin struct {
	mid      [whoLen]byte     // of the Message-ID, zero if there is none
	written  [whoLen]byte     // of author and date, see written
	shingles uint32           // of the text
	bins     [sketchBins]byte // 0: empty
}

// kinOf makes the kin of a message whose text was just gathered.
func (b *builder) kinOf(m *decode.Message) *kin {
	k := b.sketch()
	if ids := m.Header.MessageIDs("Message-ID"); len(ids) > 0 {
		k.mid = who("id", foldID(ids[0]))
	}
	k.written = written(m)
	return k
}

// written tells a message by its author and date. One without a date is told by
// its author and subject, one without an author by date and subject. It is zero
// if there is less.
func written(m *decode.Message) (w [whoLen]byte) {
	author, date := "", ""
	if list, _ := m.Header.Addresses("From", ""); len(list) > 0 {
		author = strings.ToLower(list[0].Addr)
	}
	if !m.Date.IsZero() {
		date = m.Date.UTC().Format(time.DateTime)
	}
	switch {
	case author != "" && date != "":
		return who("author date", author+" "+date)
	case author != "" && m.Subject != "":
		return who("author subject", author+" "+m.Subject)
	case date != "" && m.Subject != "":
		return who("date subject", date+" "+m.Subject)
	}
	return w
}

func who(kind, name string) (w [whoLen]byte) {
	t := tieOf(kind, name)
	copy(w[:], t[:])
	return w
}

// sketch makes the sketch of the words in the field at hand.
func (s *scratch) sketch() *kin {
	k := &kin{}
	n := len(s.which)
	if n == 0 {
		return k
	}
	s.hashes = slices.Grow(s.hashes[:0], len(s.counts))[:len(s.counts)]
	hashes := s.hashes
	for term, w := range s.number {
		hashes[w] = hashTerm(term)
	}
	least := [sketchBins]uint32{}
	for i := range least {
		least[i] = math.MaxUint32
	}
	const base = 0x9E3779B97F4A7C15 // odd, with bits all over
	var high uint64 = 1             // of the word that leaves the window
	for range shingleWords {
		high *= base
	}
	var roll uint64
	size := min(shingleWords, n)
	for i, w := range s.which {
		roll = roll*base + hashes[w]
		if i >= shingleWords {
			roll -= high * hashes[s.which[i-shingleWords]]
		}
		if i < size-1 {
			continue
		}
		h := mix(roll)
		bin := (h >> 32) * sketchBins >> 32
		least[bin] = min(least[bin], uint32(h))
	}
	k.shingles = uint32(n - size + 1)
	for i, h := range least {
		if h != math.MaxUint32 {
			k.bins[i] = max(byte(h), 1)
		}
	}
	return k
}

// hashTerm is FNV-1a: the same in every process, since it is stored.
func hashTerm(term string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(term) {
		h = (h ^ uint64(term[i])) * 1099511628211
	}
	return mix(h)
}

// mix spreads every bit over all (the finalizer of MurmurHash3).
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// terms are what near duplicates have one of in common: who they are, and the
// bands of their sketches.
func (k *kin) terms() []string {
	var out []string
	for _, w := range [][whoLen]byte{k.mid, k.written} {
		if w != [whoLen]byte{} {
			out = append(out, string(w[:]))
		}
	}
	if k.shingles < leastShingles {
		return out
	}
	for i := range bands {
		band := k.bins[i*bandBins : (i+1)*bandBins]
		if band[0]|band[1]|band[2] != 0 {
			out = append(out, string(append([]byte{byte(i)}, band...)))
		}
	}
	return out
}

// sameMessage reports whether both say that they are one message.
func (k *kin) sameMessage(o *kin) bool {
	return k.sameID(o) || k.written != [whoLen]byte{} && k.written == o.written
}

// sameID reports whether both have one Message-ID.
func (k *kin) sameID(o *kin) bool { return k.mid != [whoLen]byte{} && k.mid == o.mid }

// alike reports whether two messages are near duplicates. Of two that say that
// they are one, only clear evidence in the text says otherwise; two that do not
// must have long enough texts that are nearly the same.
func (k *kin) alike(o *kin) bool {
	if k.sameMessage(o) {
		return !k.differs(o)
	}
	if min(k.shingles, o.shingles) < leastShingles {
		return false
	}
	same, either := 0, 0
	for i, b := range k.bins {
		if b|o.bins[i] == 0 {
			continue
		}
		either++
		if b == o.bins[i] {
			same++
		}
	}
	return float64(same) >= sameBins*float64(either)
}

// differs reports whether the texts are surely not one text to which something
// was added, to each something else. Of the bins that the shorter text fills,
// the longer one keeps as many as it is short: a share of their lengths. A
// third of what is to be expected is too few, if it is at least one. Two with
// one author and date may be short and have a footer and a banner that are
// longer than what they share.
func (k *kin) differs(o *kin) bool {
	short, long := k, o
	if short.shingles > long.shingles {
		short, long = long, short
	}
	if short.shingles == 0 {
		return false // nothing can be said of a text without words
	}
	same, filled := 0, 0
	for i, b := range short.bins {
		if b == 0 {
			continue
		}
		filled++
		if b == long.bins[i] {
			same++
		}
	}
	if long.shingles < leastAdded {
		return same == 0
	}
	added := 0.0
	if k.written == o.written {
		added = addedShingles
	}
	expected := float64(filled) * (float64(short.shingles) - added) / float64(long.shingles)
	return expected >= 1 && float64(same) < expected/3
}

// append writes the kin as it is stored in a row.
func (k *kin) append(b []byte) []byte {
	b = append(append(b, k.mid[:]...), k.written[:]...)
	b = binary.BigEndian.AppendUint32(b, k.shingles)
	return append(b, k.bins[:]...)
}

// parseKin reads what append wrote; b has kinLen octets.
func parseKin(b []byte) (k kin) {
	b = b[copy(k.mid[:], b):]
	b = b[copy(k.written[:], b):]
	k.shingles = binary.BigEndian.Uint32(b)
	copy(k.bins[:], b[4:])
	return k
}
