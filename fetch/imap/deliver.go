package imap

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"lostpost/decode/header"
	"lostpost/fetch"
)

// inMemory is the largest body that is read into memory before it is yielded,
// in octets. A larger one is passed on as it comes.
const inMemory = 1 << 20

// fetched takes one FETCH response: it yields the message if all is there that
// belongs to it, else it keeps what came.
func (j *job) fetched(f *fetchReader) error {
	body, err := f.next()
	if err != nil {
		return err
	}
	if body == nil {
		return j.without(f)
	}
	j.current = f.uid
	if err := j.with(f, body, body.left); err != nil {
		return err // current tells whose octets were coming
	}
	j.current = 0
	return nil
}

// with takes a FETCH response that has a body.
func (j *job) with(f *fetchReader, body *literal, size int64) error {
	if f.uid != 0 && !j.want[f.uid] {
		return f.finish() // comes a second time, or nobody asked for it
	}
	p := j.held[f.uid]
	if size > inMemory {
		known := f.part
		if f.uid != 0 && p != nil {
			known.merge(&p.part)
		}
		if known.whole() && (p == nil || p.body == nil) {
			return j.stream(f, &known, body, size)
		}
		kept, err := j.spool.put(body, size)
		if err != nil {
			return err
		}
		return j.keep(f, &kept)
	}
	if int64(cap(j.buffer)) < size {
		j.buffer = make([]byte, max(size, 64<<10))
	}
	octets := j.buffer[:size]
	if n, err := io.ReadFull(body, octets); err != nil {
		return &cutError{int64(n), size, cutOff(err)}
	}
	if err := f.finish(); err != nil {
		return err
	}
	if f.uid == 0 || !j.want[f.uid] {
		return nil
	}
	p = j.held[f.uid]
	if p != nil {
		f.merge(&p.part)
	}
	if size == 0 {
		j.empty[f.uid] = fmt.Sprintf("the server sends 0 octets of %s", sizeText(f.size))
		return nil
	}
	if f.whole() && (p == nil || p.body == nil) {
		delete(j.held, f.uid)
		return j.message(&f.part, size, bytes.NewReader(octets))
	}
	kept, err := j.spool.put(bytes.NewReader(octets), size)
	if err != nil {
		return err
	}
	return j.keep(f, &kept)
}

func sizeText(n int64) string {
	if n < 0 {
		return "an unknown number"
	}
	return fmt.Sprint(n)
}

// keep finishes a response whose body is in the spool. The message is yielded
// if all is known now, and else when the command ends.
func (j *job) keep(f *fetchReader, body *spooled) error {
	if err := f.finish(); err != nil {
		return err
	}
	p := j.held[f.uid]
	if f.uid == 0 || !j.want[f.uid] || p != nil && p.body != nil {
		j.spool.free()
		return nil
	}
	if p == nil {
		p = &piece{part: f.part}
		j.held[f.uid] = p
	} else {
		p.merge(&f.part)
	}
	p.body = body
	if p.whole() {
		return j.release(f.uid, p)
	}
	return nil
}

// without takes a FETCH response that has no body.
func (j *job) without(f *fetchReader) error {
	if f.uid == 0 || !j.want[f.uid] {
		return nil
	}
	if f.empty {
		j.empty[f.uid] = "the server sends NIL in place of the message"
	}
	p := j.held[f.uid]
	if p == nil {
		j.held[f.uid] = &piece{part: f.part}
		return nil
	}
	p.merge(&f.part)
	if p.body != nil && p.whole() {
		return j.release(f.uid, p)
	}
	return nil
}

// release yields a message whose body is in the spool.
func (j *job) release(uid uint32, p *piece) error {
	delete(j.held, uid)
	p.uid = uid
	defer j.spool.free()
	return j.message(&p.part, p.body.size, j.spool.read(*p.body))
}

// message yields a message that came whole.
func (j *job) message(p *part, size int64, body io.Reader) error {
	delete(j.want, p.uid)
	j.yielded++
	j.refused, j.c.idle = 0, 0
	j.note(p, size)
	if p.date.IsZero() {
		b := bufio.NewReaderSize(body, maxHead)
		head, _ := b.Peek(maxHead) // an error comes again when the body is read
		p.date, body = arrival(head), b
	}
	body, w := j.watch(p.uid, body)
	err := j.give(&fetch.Message{Meta: j.meta(&j.box, j.origin(p.uid), p), Size: size, Body: body}, nil)
	j.judge(p.uid, w)
	return err
}

// maxHead is how much of a message is looked at for a date, in octets.
const maxHead = 64 << 10

// arrival gives the time at which a message came, as its header section has it:
// that of the topmost Received field, else the Date, else zero.
func arrival(head []byte) time.Time {
	h, _, _ := header.Parse(head, 0)
	if r := h.Value("Received"); r != "" {
		if t, ok := header.ParseDate(r[strings.LastIndexByte(r, ';')+1:]); ok {
			return t
		}
	}
	t, _ := h.Date()
	return t
}

// note tells the log of a size that is not as announced. The octets that came
// count; a size is a hint (H41).
func (j *job) note(p *part, size int64) {
	if j.opt.Log != nil && p.size >= 0 && p.size != size {
		j.opt.Log.Debug("RFC822.SIZE is wrong", "source", j.name, "uid", p.uid, "said", p.size, "octets", size)
	}
}
