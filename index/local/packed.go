package local

import (
	bleve "github.com/blevesearch/bleve_index_api"

	"lostpost/archive"
	"lostpost/index/analyze"
)

// A message is named in the index by its 32 octets and the number of its
// archive, so that one index can follow several.
const keyLen = len(archive.ID{}) + 1

func keyOf(id archive.ID, archiveNumber byte) string {
	return string(id[:]) + string([]byte{archiveNumber})
}

// parseKey undoes keyOf.
func parseKey(b []byte) (id archive.ID, archiveNumber byte, ok bool) {
	if len(b) != keyLen {
		return id, 0, false
	}
	return archive.ID(b[:keyLen-1]), b[keyLen-1], true
}

// A scratch is the working memory of one goroutine that builds documents.
type scratch struct {
	tokens []analyze.Token  // of the piece of text at hand
	number map[string]int32 // of each term in the field at hand
	counts []int32          // occurrences of each term
	which  []int32          // term of each token
	places []int32          // position of each token
	cut    bool             // terms of the document were left out
	hashes []uint64         // of each term, see sketch
	known  wordSet          // of the text that is shown, where there is another
}

const (
	// Of one field so many positions are kept. A word behind them is found, but
	// not as a part of a phrase unless it was not there before.
	maxPlaces = 2 << 20

	// Of one field so many different terms are kept; each costs up to 700
	// octets until its segment is written. Only lists of numbers made by
	// machines and hostile mail have more; such a message is is:partial.
	maxTerms = 256 << 10
)

// maxScratch bounds the tokens for which a scratch keeps its memory.
const maxScratch = 1 << 20

func newScratch() *scratch { return &scratch{number: map[string]int32{}} }

// begin begins a field.
func (s *scratch) begin() {
	if cap(s.which) > maxScratch {
		*s = *newScratch()
	}
	clear(s.number)
	s.tokens, s.counts, s.which, s.places = s.tokens[:0], s.counts[:0], s.which[:0], s.places[:0]
}

// gather takes s.tokens into the field, base positions later.
func (s *scratch) gather(base int) {
	for _, t := range s.tokens {
		w, ok := s.number[t.Term]
		switch {
		case ok && len(s.which) >= maxPlaces:
			continue
		case !ok && len(s.counts) >= maxTerms:
			s.cut = true
			continue
		}
		if !ok {
			w = int32(len(s.counts))
			s.number[t.Term] = w
			s.counts = append(s.counts, 0)
		}
		s.counts[w]++
		s.which = append(s.which, w)
		s.places = append(s.places, int32(base+t.Pos))
	}
}

// packed makes a field of what was gathered. bleve keeps a location with five
// numbers for every occurrence; packed positions keep one location for every
// term: its Position is the first one, its ArrayPositions are the distances from
// one to the next. That is a third of the index and half of the memory
// (INDEXING.md 1.1). Frequencies stay 0: zap then writes neither them nor norms,
// and they are 1 + len(ArrayPositions) anyway. Term stays nil: the key of the
// map says it, and zap reads nothing else.
func (b *builder) packed(name string) {
	n := len(b.counts)
	if n == 0 {
		return
	}
	var (
		freqs     = make(bleve.TokenFrequencies, n)
		frequency = make([]bleve.TokenFreq, n)
		locations = make([]bleve.TokenLocation, n)
		pointers  = make([]*bleve.TokenLocation, n)
		distances = make([]uint64, len(b.which)-n)
		last      = b.counts // from here on: the last position of each term
	)
	for i := range locations {
		more := int(b.counts[i]) - 1
		locations[i].ArrayPositions, distances = distances[:0:more], distances[more:]
		pointers[i] = &locations[i]
		frequency[i].Locations = pointers[i : i+1 : i+1]
		last[i] = -1
	}
	for i, w := range b.which {
		pos := b.places[i]
		switch loc := &locations[w]; {
		case last[w] < 0:
			loc.Position = int(pos)
			last[w] = pos
		case pos > last[w]:
			loc.ArrayPositions = append(loc.ArrayPositions, uint64(pos-last[w]))
			last[w] = pos
		}
	}
	for term, w := range b.number {
		freqs[term] = &frequency[w]
	}
	b.doc.fields = append(b.doc.fields, &field{
		name: name, options: bleve.IndexField | bleve.IncludeTermVectors, freqs: freqs, length: len(b.which),
	})
}

// single is the frequency table of one term without positions.
func single(term string, frequency int) bleve.TokenFrequencies {
	return bleve.TokenFrequencies{term: frequencyOf(term, frequency)}
}

func frequencyOf(term string, frequency int) *bleve.TokenFreq {
	tf := &bleve.TokenFreq{Term: []byte(term)}
	tf.SetFrequency(frequency)
	return tf
}

// A field is one field of a document, analysed. It is a bleve.Field.
type field struct {
	name    string
	options bleve.FieldIndexingOptions
	freqs   bleve.TokenFrequencies
	length  int
	value   []byte // stored
}

func (f *field) Name() string                                     { return f.name }
func (f *field) Value() []byte                                    { return f.value }
func (f *field) ArrayPositions() []uint64                         { return nil }
func (f *field) EncodedFieldType() byte                           { return 't' }
func (f *field) Analyze()                                         {}
func (f *field) Options() bleve.FieldIndexingOptions              { return f.options }
func (f *field) AnalyzedLength() int                              { return f.length }
func (f *field) AnalyzedTokenFrequencies() bleve.TokenFrequencies { return f.freqs }
func (f *field) NumPlainTextBytes() uint64                        { return 0 }

func (d *document) ID() string { return d.key }

// Size is only summed up in bleve's statistics.
func (d *document) Size() int { return int(d.cost) }

func (d *document) VisitFields(visit bleve.FieldVisitor) {
	for _, f := range d.fields {
		visit(f)
	}
}

func (d *document) VisitComposite(bleve.CompositeFieldVisitor) {}
func (d *document) HasComposite() bool                         { return false }
func (d *document) NumPlainTextBytes() uint64                  { return 0 }
func (d *document) StoredFieldsBytes() uint64                  { return uint64(len(d.key)) }
func (d *document) Indexed() bool                              { return true }

// AddIDField adds the key, the only stored field.
func (d *document) AddIDField() {
	d.fields = append(d.fields, &field{
		name: fieldKey, options: bleve.IndexField | bleve.StoreField,
		freqs: single(d.key, 1), length: 1, value: []byte(d.key),
	})
}
