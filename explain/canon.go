package explain

import (
	"bytes"
	"hash"

	"lostpost/decode/header"
)

// A bodyHash hashes a body in one canonical form of RFC 6376 section 3.4. It
// is written to in pieces of any size; its time is linear and its memory
// constant. Line ends may be LF or CRLF: files seldom keep those that were
// signed.
type bodyHash struct {
	relaxed bool
	limit   int64 // octets that are signed (l=), -1: all
	sum     hash.Hash
	buf     []byte

	blanks  int  // line ends that are only written if text follows
	space   bool // white space that is only written if text follows
	inLine  bool // the line has text, or with simple any octet
	cr      bool // the last octet was a CR
	written int64
}

var crlf = []byte("\r\n")

// Write takes the next octets. It never fails.
func (b *bodyHash) Write(p []byte) (int, error) {
	for i := 0; i < len(p); {
		c := p[i]
		if b.cr && c != '\n' {
			b.text('\r')
		}
		b.cr = false
		switch {
		case c == '\r':
			b.cr = true
			i++
		case c == '\n':
			b.lineEnd()
			i++
		case b.relaxed && blank(c):
			b.space = true
			i++
		default:
			end := i + 1
			for end < len(p) && p[end] != '\r' && p[end] != '\n' && !(b.relaxed && blank(p[end])) {
				end++
			}
			b.text(p[i:end]...)
			i = end
		}
	}
	b.flush()
	return len(p), nil
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

// text takes octets of a line, and writes what was waiting for them.
func (b *bodyHash) text(p ...byte) {
	for ; b.blanks > 0; b.blanks-- {
		b.put(crlf...)
	}
	if b.space {
		b.put(' ')
		b.space = false
	}
	b.put(p...)
	b.inLine = true
}

func (b *bodyHash) lineEnd() {
	b.space, b.inLine = false, false // relaxed: white space at the end of a line is taken off
	b.blanks++                       // empty lines at the end of the body do not count
}

func (b *bodyHash) put(p ...byte) {
	b.buf = append(b.buf, p...)
	if len(b.buf) >= 4<<10 {
		b.flush()
	}
}

// flush hands on what is signed of the buffer.
func (b *bodyHash) flush() {
	p := b.buf
	if b.limit >= 0 && int64(len(p)) > b.limit-b.written {
		p = p[:max(b.limit-b.written, 0)]
	}
	b.sum.Write(p) // a hash takes all
	b.written += int64(len(p))
	b.buf = b.buf[:0]
}

// Sum ends the body and gives the hash of it. A body that is not empty ends in
// one line end; an empty one is a line end with simple, nothing with relaxed.
func (b *bodyHash) Sum() []byte {
	if b.cr {
		b.text('\r')
		b.cr = false
	}
	if b.inLine || b.blanks > 0 && b.written+int64(len(b.buf)) > 0 || !b.relaxed {
		b.put(crlf...)
	}
	b.flush()
	return b.sum.Sum(nil)
}

// appendField adds a header field in canonical form, RFC 6376 section 3.4.1
// and 3.4.2. value is the field's own, without its line end.
func appendField(out []byte, name string, value []byte, relaxed bool) []byte {
	if !relaxed {
		out = append(append(out, name...), ':')
		for i, c := range value { // line ends of a file that came from Unix
			if c == '\n' && (i == 0 || value[i-1] != '\r') {
				out = append(out, '\r')
			}
			out = append(out, c)
		}
		return out
	}
	for i := 0; i < len(name); i++ {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		out = append(out, c)
	}
	out = append(out, ':')
	gap, start := false, len(out)
	for _, c := range value {
		if space(c) {
			gap = true
			continue
		}
		if gap && len(out) > start {
			out = append(out, ' ')
		}
		gap = false
		out = append(out, c)
	}
	return out
}

// signedHeader builds what the signature of a field covers: the fields that h=
// names, of those of one name the lowest first, then the field itself without
// the value of b=.
func signedHeader(h header.Header, names []string, f header.Field, relaxed bool) []byte {
	fields := map[string][]header.Field{} // of a name, from top to bottom
	for _, n := range names {
		fields[n] = nil
	}
	for g := range h.All() {
		n := string(bytes.ToLower([]byte(g.Name)))
		if list, ok := fields[n]; ok {
			fields[n] = append(list, g)
		}
	}
	var out []byte
	for _, n := range names {
		list := fields[n]
		if len(list) == 0 {
			continue // a name without a field says that none was to be added
		}
		g := list[len(list)-1]
		fields[n] = list[:len(list)-1]
		out = append(appendField(out, g.Name, g.Raw, relaxed), crlf...)
	}
	return appendField(out, f.Name, withoutSignature(f.Raw), relaxed)
}

// withoutSignature takes the value of the tag b= out.
func withoutSignature(raw []byte) []byte {
	for at := 0; at < len(raw); {
		end := bytes.IndexByte(raw[at:], ';')
		if end < 0 {
			end = len(raw)
		} else {
			end += at
		}
		if eq := bytes.IndexByte(raw[at:end], '='); eq >= 0 && string(bytes.TrimSpace(raw[at:at+eq])) == "b" {
			return append(append([]byte(nil), raw[:at+eq+1]...), raw[end:]...)
		}
		at = end + 1
	}
	return raw
}
