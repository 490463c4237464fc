package decode

import "bytes"

// signedData is the object identifier 1.2.840.113549.1.7.2 (RFC 5652 section
// 5.1), encoded.
var signedData = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}

// The BER tags on the way to the content (X.690 section 8).
const (
	tagOctets   = 0x04
	tagOID      = 0x06
	tagChunks   = 0x24 // an octet string in pieces
	tagSequence = 0x30
	tagZero     = 0xa0 // [0] EXPLICIT
)

// signedContent takes the content out of an opaque signed S/MIME body (RFC
// 8551 section 3.5.2): ContentInfo, SignedData, encapContentInfo. It reads BER
// with definite and indefinite lengths, whole and in pieces, in one pass;
// nothing is verified. ok is false if there is no content: the body is
// encrypted, holds certificates only, or is something else.
func signedContent(b []byte) (content []byte, ok bool) {
	r := berReader{b: b}
	if !r.enter(tagSequence) || !bytes.Equal(r.primitive(tagOID), signedData) ||
		!r.enter(tagZero) || !r.enter(tagSequence) || // SignedData
		!r.skip() || !r.skip() || // version, digestAlgorithms
		!r.enter(tagSequence) || r.primitive(tagOID) == nil || !r.enter(tagZero) {
		return nil, false
	}
	return r.octets()
}

// A berReader reads forward. A length that goes beyond the end is cut: the
// file may be, too.
type berReader struct {
	b   []byte
	pos int
}

// header reads a tag and a length, -1 if it is indefinite.
func (r *berReader) header() (tag byte, length int, ok bool) {
	if r.pos+2 > len(r.b) {
		return 0, 0, false
	}
	tag, first := r.b[r.pos], r.b[r.pos+1]
	r.pos += 2
	if tag&0x1f == 0x1f {
		return 0, 0, false // a tag of several octets: none of ours
	}
	switch n := int(first & 0x7f); {
	case first < 0x80:
		length = int(first)
	case n == 0:
		return tag, -1, true
	case n > 8 || r.pos+n > len(r.b):
		return 0, 0, false
	default:
		for _, c := range r.b[r.pos : r.pos+n] {
			length = min(length<<8|int(c), len(r.b)) // longer than all is enough
		}
		r.pos += n
	}
	return tag, min(length, len(r.b)-r.pos), true
}

// enter steps into a constructed value.
func (r *berReader) enter(want byte) bool {
	tag, _, ok := r.header()
	return ok && tag == want
}

// primitive reads a value of a definite length, nil if it is none of tag want.
func (r *berReader) primitive(want byte) []byte {
	tag, length, ok := r.header()
	if !ok || tag != want || length < 0 {
		return nil
	}
	r.pos += length
	return r.b[r.pos-length : r.pos : r.pos]
}

// skip passes over one value, whatever is in it.
func (r *berReader) skip() bool {
	for depth := 0; ; {
		tag, length, ok := r.header()
		switch {
		case !ok:
			return false
		case length < 0:
			depth++
		case tag == 0 && length == 0: // end of contents
			depth--
		default:
			r.pos += length
		}
		if depth <= 0 {
			return true
		}
	}
}

// octets reads an octet string, whole or in pieces.
func (r *berReader) octets() (content []byte, ok bool) {
	tag, length, ok := r.header()
	switch {
	case !ok || tag != tagOctets && tag != tagChunks:
		return nil, false
	case tag == tagOctets:
		return r.b[r.pos : r.pos+max(length, 0)], true
	}
	end, depth := len(r.b), 1
	if length >= 0 {
		end = r.pos + length
	}
	for r.pos < end && depth > 0 {
		tag, length, ok := r.header()
		switch {
		case !ok:
			return content, len(content) > 0
		case tag == tagChunks && length < 0:
			depth++
		case tag == tagChunks: // its pieces follow
		case tag == 0 && length == 0:
			depth--
		default:
			length = max(length, 0)
			if tag == tagOctets {
				content = append(content, r.b[r.pos:r.pos+length]...)
			}
			r.pos += length
		}
	}
	return content, true
}
