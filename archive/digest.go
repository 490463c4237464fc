package archive

import (
	"bytes"
	"crypto/sha256"
	"hash"
)

// A Digester is a Writer that works out ID and Key of a message in one pass:
// those that Add would give it. Made by NewDigester.
//
// While no CR has come both are the same and one hash does for both.
type Digester struct {
	id, key hash.Hash // key is nil until a CR comes
	cr      bool      // the last octet was a CR that key has not seen
	clean   []byte
}

// NewDigester begins a message.
func NewDigester() *Digester { return &Digester{id: sha256.New()} }

// Write never fails.
func (d *Digester) Write(p []byte) (int, error) {
	if d.key == nil {
		i := bytes.IndexByte(p, '\r')
		if i < 0 {
			return d.id.Write(p)
		}
		d.id.Write(p[:i])
		d.key = cloneHash(d.id)
		d.id.Write(p[i:])
		d.writeKey(p[i:])
		return len(p), nil
	}
	d.id.Write(p)
	d.writeKey(p)
	return len(p), nil
}

// cloneHash copies the state of a SHA-256.
func cloneHash(h hash.Hash) hash.Hash {
	c, err := h.(hash.Cloner).Clone()
	if err != nil {
		panic("sha256 cannot be cloned: " + err.Error()) // crypto/sha256 can since Go 1.25
	}
	return c
}

// writeKey hashes p with CRLF read as LF; a CR alone stays.
func (d *Digester) writeKey(p []byte) {
	const step = 4096 // one block of octets without CRs is hashed at once
	for len(p) > 0 {
		part := p[:min(step, len(p))]
		p = p[len(part):]
		out := d.clean[:0]
		for len(part) > 0 {
			if d.cr {
				if part[0] != '\n' {
					out = append(out, '\r')
				}
				d.cr = false
			}
			i := bytes.IndexByte(part, '\r')
			if i < 0 {
				out = append(out, part...)
				break
			}
			out = append(out, part[:i]...)
			d.cr = true
			part = part[i+1:]
		}
		d.key.Write(out)
		d.clean = out
	}
}

// Sums gives ID and Key; nothing may be written after.
func (d *Digester) Sums() (id, key ID) {
	d.id.Sum(id[:0])
	if d.key == nil {
		return id, id
	}
	if d.cr {
		d.key.Write([]byte{'\r'})
		d.cr = false
	}
	d.key.Sum(key[:0])
	return id, key
}
