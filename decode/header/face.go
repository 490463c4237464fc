// Package header reads the header section of a message or part: fields with
// their raw octets, encoded-words, parameters, addresses, dates; all tolerant.
package header

import (
	"iter"
	"time"
)

// A Header is a header section: fields in the order in which they stand.
// The zero Header has no fields. It shares the octets it was parsed from.
type Header struct{ fields []Field }

// A Field is one header field. Raw is its value as it stands, folds included,
// without the last line end. Offset is where the name begins, in octets from
// the start of the section.
type Field struct {
	Name   string // as written
	Raw    []byte
	Offset int64
}

// A Fault is a repair or a loss in a header: header-line-without-colon, ...
type Fault struct {
	Code   string
	Offset int64
	Lost   bool
	Detail string
}

// Parse reads a header section. It stops at the empty line that ends it, at
// the first line from which on nothing is header, or at the end of b. n is the
// number of octets that belong to the section, its ending empty line included:
// the body begins at b[n:]. Line ends may be LF, CRLF, CR or CRCRLF.
// RFC 5322 section 2.2; leniencies of DECODING.md 2.1. max bounds the fields
// that are kept (0: no bound); memory for junk lines is constant.
func Parse(b []byte, max int) (h Header, n int, faults []Fault) { panic("face only") }

// All yields the fields in order.
func (h Header) All() iter.Seq[Field] { panic("face only") }

// Len is the number of fields.
func (h Header) Len() int { panic("face only") }

// Has reports whether a field of this name (any case) is there.
func (h Header) Has(name string) bool { panic("face only") }

// Value is the first field of this name unfolded, comments and encoded-words
// as they stand, at most 64 KiB; "" if there is none.
func (h Header) Value(name string) string { panic("face only") }

// Values is Value for every field of this name.
func (h Header) Values(name string) []string { panic("face only") }

// Text is the first field of this name as a person reads it: unfolded, with
// RFC 2047 words decoded, raw octets as text; hint is the charset of the body,
// "" if unknown. At most 64 KiB of the field are read.
func (h Header) Text(name, hint string) (string, []Fault) { panic("face only") }

// Date reads the Date field (RFC 5322 section 3.3 and what programs make of
// it). ok is false if there is none that can be read.
func (h Header) Date() (t time.Time, ok bool) { panic("face only") }

// An Address is one mailbox. Addr may be empty if only a name stands there.
type Address struct{ Name, Addr string }

// Addresses reads all fields of this name; groups are flattened. At most 1 MiB
// and 100,000 addresses are read.
func (h Header) Addresses(name, hint string) ([]Address, []Fault) { panic("face only") }

// MessageIDs reads the ids of all fields of this name (Message-ID, References,
// In-Reply-To) without their angle brackets.
func (h Header) MessageIDs(name string) []string { panic("face only") }

// A Media is a Content-Type or Content-Disposition: the first word in lower
// case and the parameters, RFC 2231 put together and decoded.
type Media struct {
	Type   string // "text/plain", "attachment"; "" if nothing can be read
	Params map[string]string
	Faults []Fault
}

// Media reads the field of this name with every leniency of DECODING.md 2.3.
// Several such fields: the one with more that works.
func (h Header) Media(name, hint string) Media { panic("face only") }

// ParseMedia reads one value.
func ParseMedia(raw []byte, hint string) Media { panic("face only") }

// ParseDate reads a date as mail has it.
func ParseDate(s string) (t time.Time, ok bool) { panic("face only") }

// DecodeText decodes the encoded-words and raw octets of one unfolded value.
func DecodeText(raw []byte, hint string) (string, []Fault) { panic("face only") }
