package local

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"
	bleve "github.com/blevesearch/bleve_index_api"
	zap "github.com/blevesearch/scorch_segment_api/v2"

	"lostpost/archive"
	"lostpost/index"
	"lostpost/internal/durable"
)

// A column has what the ledger says of messages and may say otherwise later
// (flags, labels, mailboxes). That is no part of a document: it stands beside
// each segment, in a file of the segment's name that ends in placesSuffix, as
// the number of a set of terms for every document. Messages with the same flags
// in the same mailboxes share a set, so that is four octets a message, and a
// changed flag writes a column anew and touches no segment.
//
// To a query the terms of a column stand in fieldKind and fieldIn like any
// others; only who asks for one of these fields reads them.
//
// The values of the documents stand before that: as doc values of bleve they
// cost a decompression of 1,024 of them for every hit, a fifth of a search for a
// rare word in 200,000 messages.
type column struct {
	values []byte // of each document, valuesWidth octets each
	sets   []placeSet
	of     []byte // number of the set of each document, numberLen octets each
}

// valuesOffset is where the values of a document stand in the file.
func valuesOffset(doc uint32) int64 { return int64(len(placesMagic)) + int64(doc)*valuesWidth }

// A placeSet is what columns say of messages.
type placeSet struct {
	stamp index.Stamp
	terms []string // the letter of the field, then the term; ascending
	text  string   // encoded, as placesOf gives it
}

const (
	placesSuffix = ".places"
	placesMagic  = "lostplc2"
	numberLen    = 4
	stampLen     = 4
	sumLen       = 4 // CRC-32C of all before it
)

var errPlaces = &damagedError{"a file of flags and mailboxes is damaged"}

// placesName is the name of the column of a segment.
func placesName(segment string) string {
	return strings.TrimSuffix(segment, segmentSuffix) + placesSuffix
}

// placesOf gives the set of an entry, encoded: equal strings are equal sets.
func placesOf(e archive.Entry) string {
	var terms []string
	for _, k := range slices.Concat(flagKinds(e), facets(e)) {
		terms = append(terms, fieldKind+k)
	}
	for i, p := range e.Places {
		if i > 0 { // the source of the first copy never changes
			for _, k := range sourceKinds(p.Origin) {
				terms = append(terms, fieldKind+k)
			}
		}
	}
	for _, m := range mailboxes(e) {
		terms = append(terms, fieldIn+m)
	}
	slices.Sort(terms)
	terms = slices.Compact(terms)
	b := binary.BigEndian.AppendUint32(nil, uint32(index.StampOf(e)))
	b = binary.AppendUvarint(b, uint64(len(terms)))
	for _, t := range terms {
		b = append(binary.AppendUvarint(b, uint64(len(t))), t...)
	}
	return string(b)
}

// A columnWriter makes a column.
type columnWriter struct {
	values []byte
	sets   []string // encoded
	number map[string]uint32
	of     []byte
}

func newColumnWriter(documents uint64) *columnWriter {
	w := &columnWriter{number: map[string]uint32{}, of: make([]byte, documents*numberLen), values: make([]byte, documents*valuesWidth)}
	w.add(placesOf(archive.Entry{})) // of deleted documents
	return w
}

// add gives the number of a set.
func (w *columnWriter) add(encoded string) uint32 {
	n, ok := w.number[encoded]
	if !ok {
		n = uint32(len(w.sets))
		w.number[encoded] = n
		w.sets = append(w.sets, encoded)
	}
	return n
}

func (w *columnWriter) set(doc, number uint32) {
	binary.BigEndian.PutUint32(w.of[doc*numberLen:], number)
}

// setValues takes the values of a document as values.append writes them.
func (w *columnWriter) setValues(doc uint32, b []byte) { copy(w.values[doc*valuesWidth:], b) }

// take takes over what c says of every document, without sets that no document
// has any more.
func (w *columnWriter) take(c *column) {
	copy(w.values, c.values)
	numbers := make([]uint32, len(c.sets)) // 1 more than the new number, 0 if it has none yet
	for doc := range uint32(len(c.of) / numberLen) {
		old := c.number(doc)
		if numbers[old] == 0 {
			numbers[old] = w.add(c.sets[old].text) + 1
		}
		w.set(doc, numbers[old]-1)
	}
}

// bytes is the column as it stands in its file.
func (w *columnWriter) bytes() []byte {
	b := append([]byte(placesMagic), w.values...)
	b = binary.AppendUvarint(b, uint64(len(w.sets)))
	for _, s := range w.sets {
		b = append(b, s...)
	}
	return appendSum(append(b, w.of...))
}

// write replaces the column in the file name. Other generations may have that
// file too, so it is never written into. It is not synced.
func (w *columnWriter) write(name string) error {
	if err := durable.OS.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := durable.OS.Create(name)
	if err != nil {
		return err
	}
	_, err = f.Write(w.bytes())
	return errors.Join(err, f.Close())
}

func appendSum(b []byte) []byte {
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// readColumn reads the column of a segment of so many documents.
//
// Errors: *damagedError if it is not whole.
func readColumn(f *os.File, documents uint64) (*column, error) {
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	b := make([]byte, fi.Size())
	if _, err := f.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return parseColumn(b, documents)
}

func parseColumn(b []byte, documents uint64) (*column, error) {
	end := len(b) - sumLen
	if end < len(placesMagic) || string(b[:len(placesMagic)]) != placesMagic ||
		binary.BigEndian.Uint32(b[end:]) != crc32.Checksum(b[:end], castagnoli) ||
		uint64(end-len(placesMagic))/(valuesWidth+numberLen) < documents {
		return nil, errPlaces
	}
	rows, at := b[len(placesMagic):end], int(documents)*valuesWidth
	sets, of := rows[at:len(rows)-int(documents)*numberLen], rows[len(rows)-int(documents)*numberLen:]
	c := &column{values: rows[:at], of: of}
	n, size := binary.Uvarint(sets)
	if size <= 0 || n > uint64(len(sets)) {
		return nil, errPlaces
	}
	rest := string(sets[size:])
	for range n {
		set, left, ok := parseSet(rest)
		if !ok {
			return nil, errPlaces
		}
		c.sets, rest = append(c.sets, set), left
	}
	if rest != "" {
		return nil, errPlaces
	}
	for i := 0; i < len(of); i += numberLen {
		if binary.BigEndian.Uint32(of[i:]) >= uint32(len(c.sets)) {
			return nil, errPlaces
		}
	}
	return c, nil
}

// parseSet reads one encoded set and gives what is behind it.
func parseSet(s string) (set placeSet, rest string, ok bool) {
	whole := s
	if len(s) < stampLen {
		return set, s, false
	}
	set.stamp = index.Stamp(s[0])<<24 | index.Stamp(s[1])<<16 | index.Stamp(s[2])<<8 | index.Stamp(s[3])
	n, s, ok := cutUvarint(s[stampLen:])
	if !ok || n > len(s) {
		return set, s, false
	}
	set.terms = make([]string, n)
	for i := range set.terms {
		var length int
		if length, s, ok = cutUvarint(s); !ok || length > len(s) {
			return set, s, false
		}
		set.terms[i], s = s[:length], s[length:]
	}
	set.text = whole[:len(whole)-len(s)]
	return set, s, true
}

// cutUvarint reads a number from the beginning of s.
func cutUvarint(s string) (n int, rest string, ok bool) {
	for i, shift := 0, 0; i < len(s) && shift < 32; i, shift = i+1, shift+7 {
		n |= int(s[i]&0x7f) << shift
		if s[i] < 0x80 {
			return n, s[i+1:], true
		}
	}
	return 0, s, false
}

func (c *column) number(doc uint32) uint32 { return binary.BigEndian.Uint32(c.of[doc*numberLen:]) }

// set gives the set of a document.
func (c *column) set(doc uint32) *placeSet { return &c.sets[c.number(doc)] }

// postingsInto adds the documents that have a term.
func (c *column) postingsInto(out *roaring.Bitmap, field string, term []byte) {
	want := field + string(term)
	in := make([]bool, len(c.sets))
	found := false
	for i := range c.sets {
		_, in[i] = slices.BinarySearch(c.sets[i].terms, want)
		found = found || in[i]
	}
	if !found {
		return
	}
	const word = 64
	documents := uint32(len(c.of) / numberLen)
	bits := make([]uint64, (documents+word-1)/word)
	for doc := range documents {
		if in[c.number(doc)] {
			bits[doc/word] |= 1 << (doc % word)
		}
	}
	out.Or(roaring.FromDense(bits, false))
}

// terms gives the different terms of a field from lo up to, not including, hi;
// nil is open.
func (c *column) terms(field string, lo, hi []byte) []string {
	var list []string
	for i := range c.sets {
		for _, t := range c.sets[i].terms {
			term, ok := strings.CutPrefix(t, field)
			if ok && term >= string(lo) && (hi == nil || term < string(hi)) {
				list = append(list, term)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// inColumn reports whether a field has terms in columns.
func inColumn(field string) bool { return field == fieldKind || field == fieldIn }

// inMemory gives a segment of one document its column.
func (d *document) inMemory(s *segment) {
	w := newColumnWriter(1)
	w.setValues(0, d.values.append(nil))
	w.set(0, w.add(d.places))
	b := w.bytes()
	s.columnFile = bytes.NewReader(b)
	s.column = func() (*column, error) { return parseColumn(b, 1) }
}

// A mergedTerms walks a dictionary and a sorted list of terms as one.
type mergedTerms struct {
	dict  zap.DictionaryIterator
	next  *bleve.DictEntry // of dict
	begun bool
	list  []string
	entry bleve.DictEntry
}

// Next gives the next term, nil at the end.
func (m *mergedTerms) Next() (*bleve.DictEntry, error) {
	if !m.begun {
		m.begun = true
		if err := m.advance(); err != nil {
			return nil, err
		}
	}
	if m.next == nil && len(m.list) == 0 {
		return nil, nil
	}
	if m.next == nil || len(m.list) > 0 && m.list[0] < m.next.Term {
		m.entry = bleve.DictEntry{Term: m.list[0]}
		m.list = m.list[1:]
		return &m.entry, nil
	}
	if len(m.list) > 0 && m.list[0] == m.next.Term {
		m.list = m.list[1:]
	}
	m.entry = *m.next
	m.entry.Term = strings.Clone(m.entry.Term) // advance overwrites it
	return &m.entry, m.advance()
}

func (m *mergedTerms) advance() (err error) {
	m.next, err = m.dict.Next()
	return err
}
