// Package header reads the header section of a message or part: fields with
// their raw octets, encoded-words, parameters, addresses, dates; all tolerant.
//
// Promises. Nothing here returns an error for what stands in mail, and nothing
// panics. Time is linear in the input. Fields are slices of the octets they
// were parsed from; lines that are no field cost no memory. Text that is given
// out is valid UTF-8 without control characters, the boundary parameter, which
// must match octets, excepted.
//
// Well-formed addresses and media types are read by go-message; what it
// refuses, and all that needs a charset, is read here.
//
// RFC 5322 (fields, addresses, dates), RFC 2047 (encoded-words), RFC 2045
// section 5.1 and RFC 2183 (parameters), RFC 2231 (their continuations and
// charsets), RFC 6532 (UTF-8 in fields).
//
// Fault codes, all stable; those of package charset come through as they are:
//
//	header-line-without-colon     a line that is no field was left out
//	header-continuation-first     the section begins with a continuation line, left out
//	header-blank-first            empty lines before the first field
//	header-bom                    a byte order mark before the first field
//	header-mbox-line              a "From " line of a mailbox file before the first field
//	header-name-empty             a line that begins with a colon, left out
//	header-name-8bit              a field name holds octets above 0x7f
//	header-space-before-colon     white space between a name and its colon
//	header-parameter-unindented   a parameter line without indentation, joined
//	header-value-unindented       a line that goes on with the field before it, without indentation, joined
//	header-no-blank-line          no empty line before the text
//	header-nul                    NUL octets in a field, removed from the text
//	word-unclosed                 an encoded-word without its end
//	word-bad-octets               an encoded-word holds what its encoding has not
//	parameter-open-quote          the closing quotation mark is missing
//	parameter-inner-quote         quotation marks inside a quoted value
//	parameter-separator           no semicolon, a comma or a colon where another sign belongs
//	parameter-without-value       a parameter without = and value, left out
//	parameter-twice               a parameter is given twice
//	parameter-continuation        RFC 2231 segments are missing, doubled or misnumbered
//	media-type-repaired           a type that was not of the form type/subtype
//	media-field-twice             the field stands there twice; the better one was taken
//	address-incomplete            an address without domain, brackets or quotation marks closed
//	limit-header-fields           more fields than asked for
//	limit-field-bytes             only the beginning of a field was read; lost
//	limit-parameters              more than 1,000 parameters or segments; lost
//	limit-addresses               more than 100,000 addresses; lost
package header

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"time"
)

// Limits of what is read of one field, in octets, and of what is kept of it.
const (
	maxField      = 64 << 10
	maxAddresses  = 1 << 20 // octets of address fields, message ids and media types
	maxMailboxes  = 100_000
	maxParameters = 1_000
	maxFaults     = 20 // of one code
)

// A Header is a header section: fields in the order in which they stand.
// The zero Header has no fields. It shares the octets it was parsed from.
type Header struct {
	fields   []Field
	envelope []byte
}

// A Field is one header field. Raw is its value as it stands, folds included,
// without the last line end. Offset is where the name begins, in octets from
// the start of the section.
type Field struct {
	Name   string // as written
	Raw    []byte
	Offset int64
}

// A Fault is a repair or a loss in a header; the package comment lists the
// codes. Of one code at most 20 are kept; the last one then says how many
// there were.
type Fault struct {
	Code   string
	Offset int64 // octets from the start of the section, or of the value; -1 if it concerns the whole
	Lost   bool
	Detail string
}

// faults gathers Faults, at most maxFaults of one code.
type faults struct {
	list  []Fault
	count []codeCount // a handful: looked through, not hashed
}

type codeCount struct {
	code string
	n    int
}

func (f *faults) add(code string, offset int, lost bool, detail string) {
	i := 0
	for i < len(f.count) && f.count[i].code != code {
		i++
	}
	if i == len(f.count) {
		f.count = append(f.count, codeCount{code: code})
	}
	if f.count[i].n++; f.count[i].n <= maxFaults {
		f.list = append(f.list, Fault{code, int64(offset), lost, detail})
	}
}

// done gives a copy of the list with the totals in it.
func (f *faults) done() []Fault {
	if f.list == nil {
		return nil
	}
	list := slices.Clone(f.list)
	for _, c := range f.count {
		if c.n <= maxFaults {
			continue
		}
		for i, left := 0, maxFaults; ; i++ {
			if list[i].Code == c.code {
				if left--; left == 0 {
					list[i].Detail = fmt.Sprintf("%d in all", c.n)
					break
				}
			}
		}
	}
	return list
}

// All yields the fields in order.
func (h Header) All() iter.Seq[Field] {
	return func(yield func(Field) bool) {
		for _, f := range h.fields {
			if !yield(f) {
				return
			}
		}
	}
}

// Len is the number of fields.
func (h Header) Len() int { return len(h.fields) }

// Envelope is the "From " line of a mailbox file that stood before the first
// field, without its line end; "" if there was none.
func (h Header) Envelope() string { return string(h.envelope) }

// first gives the first field of this name.
func (h Header) first(name string) ([]byte, bool) {
	for i := range h.fields {
		if f := &h.fields[i]; len(f.Name) == len(name) && equalFold(f.Name, name) {
			return f.Raw, true
		}
	}
	return nil, false
}

// each yields the raw values of all fields of this name.
func (h Header) each(name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := range h.fields {
			if f := &h.fields[i]; len(f.Name) == len(name) && equalFold(f.Name, name) && !yield(f.Raw) {
				return
			}
		}
	}
}

// equalFold compares two names of the same length without regard to the case
// of ASCII letters.
func equalFold(a, b string) bool {
	for i := 0; i < len(a); i++ {
		if x, y := a[i], b[i]; x != y && (x|0x20 != y|0x20 || x|0x20 < 'a' || x|0x20 > 'z') {
			return false
		}
	}
	return true
}

// Has reports whether a field of this name (any case) is there.
func (h Header) Has(name string) bool {
	_, ok := h.first(name)
	return ok
}

// Value is the first field of this name unfolded, comments and encoded-words
// as they stand, at most 64 KiB; "" if there is none.
func (h Header) Value(name string) string {
	raw, _ := h.first(name)
	return unfold(cut(raw, maxField))
}

// Values is Value for every field of this name.
func (h Header) Values(name string) []string {
	var all []string
	for raw := range h.each(name) {
		all = append(all, unfold(cut(raw, maxField)))
	}
	return all
}

// Text is the first field of this name as a person reads it: unfolded, with
// RFC 2047 words decoded, raw octets as text; hint is the charset of the body,
// "" if unknown. At most 64 KiB of the field are read.
func (h Header) Text(name, hint string) (string, []Fault) {
	raw, ok := h.first(name)
	if !ok {
		return "", nil
	}
	text, list := DecodeText(cut(raw, maxField), hint)
	if len(raw) > maxField {
		list = append(list, tooLong(name, raw, maxField))
	}
	return text, list
}

func tooLong(name string, raw []byte, limit int) Fault {
	return Fault{"limit-field-bytes", int64(limit), true, fmt.Sprintf("%s has %d octets, %d were read", name, len(raw), limit)}
}

func cut(b []byte, n int) []byte {
	if len(b) > n {
		return b[:n]
	}
	return b
}

// Date reads the Date field (RFC 5322 section 3.3 and what programs make of
// it). ok is false if there is none that can be read.
func (h Header) Date() (t time.Time, ok bool) {
	for raw := range h.each("Date") {
		if t, ok = ParseDate(unfold(cut(raw, maxDate))); ok {
			return t, true
		}
	}
	return time.Time{}, false
}

// unfold takes out the line ends of a value and the white space around it.
// RFC 5322 section 2.2.3.
func unfold(raw []byte) string {
	raw = bytes.TrimFunc(raw, isSpace)
	if bytes.IndexByte(raw, '\n') < 0 && bytes.IndexByte(raw, '\r') < 0 {
		return string(raw)
	}
	out := make([]byte, 0, len(raw))
	for _, c := range raw {
		if c != '\n' && c != '\r' {
			out = append(out, c)
		}
	}
	return string(out)
}

func isSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '\n' }

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
