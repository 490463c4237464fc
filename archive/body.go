package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"path/filepath"
	"sync"

	"lostpost/internal/durable"
)

// memoryMessage is the longest message that is held in memory on its way to
// the disk; longer ones go to a file at once.
const memoryMessage = 1 << 20

// Digests works out ID and Key in one pass. While no CR has come both are the
// same and one hash does for both.
type digests struct {
	id, key hash.Hash // key is nil until a CR comes
	cr      bool      // the last octet was a CR that key has not seen
	clean   []byte
}

func newDigests() *digests { return &digests{id: sha256.New()} }

// Write never fails.
func (d *digests) Write(p []byte) (int, error) {
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
func (d *digests) writeKey(p []byte) {
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

// sums gives ID and Key; nothing may be written after.
func (d *digests) sums() (id, key ID) {
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

// An octets is a message on its way: in memory, or in a file of tmp.
type octets struct {
	id, key ID
	size    int64
	buf     *bytes.Buffer // nil if it is in a file
	name    string        // of the file in tmp
	file    durable.File  // open until the barrier
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// release gives the memory back.
func (o *octets) release() {
	if o.buf != nil {
		o.buf.Reset()
		buffers.Put(o.buf)
		o.buf = nil
	}
}

// discard removes what is in tmp and gives the memory back.
func (o *octets) discard(disk durable.FS) error {
	o.release()
	var err error
	if o.file != nil {
		err = o.file.Close()
		o.file = nil
	}
	if o.name != "" {
		err = errors.Join(err, disk.Remove(o.name))
		o.name = ""
	}
	return err
}

// take reads body to its end. An error of body comes as *ItemError, one of the
// disk as it is.
func (w *Writer) take(ctx context.Context, origin string, body io.Reader) (*octets, error) {
	o := &octets{buf: buffers.Get().(*bytes.Buffer)}
	d := newDigests()
	_, err := o.buf.ReadFrom(io.TeeReader(io.LimitReader(body, memoryMessage+1), d))
	if err != nil {
		o.release()
		return nil, &ItemError{Origin: origin, Err: err}
	}
	o.size = int64(o.buf.Len())
	if o.size > memoryMessage {
		if err := w.spill(ctx, o, d, origin, body); err != nil {
			return nil, errors.Join(err, o.discard(w.disk))
		}
	}
	o.id, o.key = d.sums()
	return o, nil
}

// spill moves o to a file in tmp and the rest of body behind it.
func (w *Writer) spill(ctx context.Context, o *octets, d *digests, origin string, body io.Reader) error {
	if err := w.begin(); err != nil {
		return err
	}
	name := filepath.Join(w.names.mail, "tmp", randomHex(32))
	f, err := w.disk.Create(name)
	if err != nil {
		return w.fail(err)
	}
	o.name, o.file = name, f
	if _, err := f.Write(o.buf.Bytes()); err != nil {
		return w.fail(err)
	}
	o.release()
	buf := make([]byte, 256<<10)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := body.Read(buf)
		d.Write(buf[:n])
		if _, err := f.Write(buf[:n]); err != nil {
			return w.fail(err)
		}
		o.size += int64(n)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &ItemError{Origin: origin, Err: err}
		}
	}
}
