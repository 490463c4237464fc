package archive

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"sync"

	"lostpost/internal/durable"
)

// memoryMessage is the longest message that is held in memory on its way to
// the disk; longer ones go to a file at once.
const memoryMessage = 1 << 20

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
	d := NewDigester()
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
	o.id, o.key = d.Sums()
	return o, nil
}

// spill moves o to a file in tmp and the rest of body behind it.
func (w *Writer) spill(ctx context.Context, o *octets, d *Digester, origin string, body io.Reader) error {
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
