package header

import (
	"bytes"

	"lostpost/decode/charset"
)

// A Media is a Content-Type or Content-Disposition: the first word in lower
// case and the parameters, RFC 2231 put together and decoded. Names of
// parameters are in lower case. Values are valid UTF-8, but for "boundary",
// which holds the octets as they stand between its quotation marks.
type Media struct {
	Type   string // "text/plain", "attachment"; "" if nothing can be read
	Params map[string]string
	Faults []Fault
}

// Media reads the field of this name with every leniency of docs/QUIRKS.md.
// Several such fields: the one with more that works.
//
// QUIRK: RFC 5322 section 3.6 allows each field once. Gateways add a second
// Content-Type and leave the first. The one with a known charset, a boundary
// or a name wins, the first of equals. media-field-twice.
// Test: testdata/quirks/media-field-twice.eml
func (h Header) Media(name, hint string) Media {
	var best Media
	rank, n := -1, 0
	for raw := range h.each(name) {
		n++
		m := ParseMedia(cut(raw, maxAddresses), hint)
		if len(raw) > maxAddresses {
			m.Faults = append(m.Faults, tooLong(name, raw, maxAddresses))
		}
		if r := m.rank(); r > rank {
			best, rank = m, r
		}
		if n == 100 { // more of them say nothing new
			break
		}
	}
	if n > 1 {
		best.Faults = append(best.Faults, Fault{Code: "media-field-twice", Offset: -1, Detail: name})
	}
	return best
}

// rank says how much of a value works.
func (m *Media) rank() int {
	r := 0
	if m.Type != "" {
		r = 2
	}
	for _, p := range [...]string{"boundary", "name", "filename"} {
		if m.Params[p] != "" {
			r += 2
		}
	}
	if charset.Canonical(m.Params["charset"]) != "" {
		r += 2
	}
	if len(m.Params) > 0 {
		r++
	}
	return r
}

// ParseMedia reads one value.
func ParseMedia(raw []byte, hint string) Media {
	raw = bytes.TrimFunc(raw, isSpace)
	p := params{raw: raw, hint: hint, semi: -1}
	if !p.regular() {
		p.m.Params = map[string]string{}
		p.all()
	}
	p.m.Faults = p.f.done()
	return p.m
}

// regular lets go-message read a value that is well formed.
func (p *params) regular() bool {
	if !wellFormed(p.raw) {
		return false
	}
	t, params, ok := goMedia(string(p.raw))
	if ok {
		p.m.Type, p.m.Params = p.repaired(t, 0), params
	}
	return ok
}

// wellFormed reports whether a value is for go-message: short, ASCII, and
// without the signs that it and this package read differently.
func wellFormed(raw []byte) bool {
	if len(raw) > 1000 || bytes.IndexByte(raw, '/') < 0 {
		return false
	}
	for _, c := range raw {
		switch {
		case c < ' ' || c >= 0x7f:
			return false
		case c == '*' || c == '\\' || c == '(' || c == '?' || c == '%' || c == '\'':
			return false
		}
	}
	return true
}
