package mbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"lostpost/decode/header"
	"lostpost/fetch"
)

// Format is mbox for the list of fetch/files.
var Format = fetch.Format{Name: "mbox", Sniff: Sniff, Open: Open}

// maxStates is how much of a header section is looked at for what mail
// programs wrote into it, in octets. They write at its start or at its end.
const maxStates = 256 << 10

// Sniff says Yes if a separator stands at the start of the file or after a
// BOM, Maybe if there is one further down.
func Sniff(head []byte, name string) fetch.Confidence {
	s := &splitter{main: window{r: bytes.NewReader(head), size: int64(len(head))}, size: int64(len(head))}
	text, _ := bytes.CutPrefix(head, []byte("\xEF\xBB\xBF"))
	c := parseCandidate(text, true)
	c.first = true
	if c.separates(unknown) {
		return fetch.Yes
	}
	for pos := int64(0); pos < s.size; pos++ {
		at, zeros, err := s.main.find(pos)
		if err != nil || at == s.size {
			break
		}
		if c, err := s.candidate(at); err == nil && c.blankBefore && c.date && c.known >= 2 {
			return fetch.Maybe
		}
		pos = at + zeros
	}
	return fetch.No
}

// Open gives the messages of an mbox file. Its origins are opt.Origin, "@" and
// the offset of the message's From_ line. The Source is a fetch.Counter, a
// fetch.Marker and a fetch.Sizer. It does not close f.
//
// Errors: none; what is wrong with f shows when it is read.
func Open(f fetch.File, opt fetch.Options) (fetch.Source, error) {
	return &source{OneFile: fetch.NewOneFile(f, opt, -1)}, nil
}

type source struct {
	*fetch.OneFile

	head []byte // of the message at hand, its From_ line included
	msg  fetch.Message
}

func (s *source) Messages(ctx context.Context, st fetch.State) iter.Seq2[*fetch.Message, error] {
	return func(yield func(*fetch.Message, error) bool) {
		if s.Skip(st) {
			return
		}
		for r, err := range Messages(&reader{ctx, s.File}, s.File.Size()) {
			switch {
			case ctx.Err() != nil:
				yield(nil, ctx.Err())
				return
			case err != nil:
				yield(nil, fmt.Errorf("read %s: %w", s.Name(), err))
				return
			case r.Junk && r.Damage == "":
				continue
			}
			s.Count()
			if !yield(s.message(r)) {
				return
			}
		}
		if ctx.Err() != nil {
			yield(nil, ctx.Err())
			return
		}
		s.End()
	}
}

// message is what a range of the file comes to.
func (s *source) message(r Range) (*fetch.Message, error) {
	s.msg = fetch.Message{Size: r.End - r.Start}
	m := &s.msg
	m.Origin = fmt.Sprintf("%s@%d", s.Name(), r.From)
	m.Mailbox = s.Options.Mailbox
	if !r.Zeros {
		m.Body = fetch.Section(s.File, r.Start, r.End)
	}
	switch {
	case r.Junk:
		return m, errors.New(r.Damage)
	case r.Start == r.End:
		m.Body = nil
		return m, errors.New("nothing stands after the separator")
	}
	n := min(r.End-r.From, 8<<10)
	for {
		if err := s.readHead(r.From, n); err != nil {
			return m, err
		}
		if n == r.End-r.From || n >= maxStates || headEnd(s.head[r.Start-r.From:]) >= 0 {
			break
		}
		n = min(r.End-r.From, n*4, maxStates)
	}
	s.describe(m, s.head[:r.Start-r.From], s.head[r.Start-r.From:])
	if r.Damage != "" {
		m.Traits = append(m.Traits, "damaged")
	}
	return m, nil
}

func (s *source) readHead(from, n int64) error {
	if int64(cap(s.head)) < n {
		s.head = make([]byte, n)
	}
	s.head = s.head[:n]
	_, err := readAt(s.File, s.head, from)
	return err
}

// describe fills in what From_ line and header section say.
func (s *source) describe(m *fetch.Message, fromLine, head []byte) {
	h, _, _ := header.Parse(head, 0)
	st := states(h)
	m.Flags = st.flags
	m.Traits = append(append(m.Traits, s.Options.Traits...), st.traits...)
	if t, tail := fromDate(bytes.TrimRight(fromLine, "\r\n")); tail >= 0 {
		m.Received = t
	} else if t, ok := h.Date(); ok {
		m.Received = t
	}
}

// A reader fails once its context has ended, so that a long search ends too.
type reader struct {
	ctx context.Context
	r   io.ReaderAt
}

func (r *reader) ReadAt(p []byte, off int64) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.ReadAt(p, off)
}

// labels splits the value of X-Gmail-Labels: a list with commas, in which a
// name with a comma stands in quotes.
func labels(v string) []string {
	var list []string
	var b strings.Builder
	quoted := false
	flush := func() {
		if name := strings.TrimSpace(b.String()); name != "" {
			list = append(list, name)
		}
		b.Reset()
	}
	for _, c := range v {
		switch {
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			flush()
		default:
			b.WriteRune(c)
		}
	}
	flush()
	return list
}
