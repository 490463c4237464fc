package decode

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-message"
	"github.com/jhillyerd/enmime/v2"

	"lostpost/decode/charset"
	"lostpost/decode/header"
)

// The other decoders, by the names that Other takes.
const (
	Enmime    = "enmime"
	GoMessage = "go-message"
)

// What a message may be that is given to another decoder. Their time is
// exponential or quadratic in the depth (enmime takes 40 s for 24 multiparts that
// are not closed), and a goroutine cannot be stopped.
const (
	otherDepth = 12
	otherParts = 1000
	otherSize  = 32 << 20
	otherTime  = 5 * time.Second

	// secondSize is for a second reading that nobody asked for: for 2 MB of
	// characters that are no base64 enmime takes 0.2 s and 100 MB, for 9 MB
	// 1.5 s and 270 MB.
	secondSize = 1 << 20
)

var (
	// ErrDecoder is returned by Other for a name that it does not know.
	ErrDecoder = errors.New("no such decoder")
	// ErrTooHard is returned by Other for a message that the other decoder
	// cannot be trusted with: 12 multiparts or messages in each other, 1,000
	// parts, 32 MiB.
	ErrTooHard = errors.New("message is too deep, has too many parts, or is too large for this decoder")
)

// Other reads the message with another library: Enmime or GoMessage. It is
// there to compare, not to be relied on: what that library refuses is an error
// here. Parts have no offsets; of a text part Source gives the text. Other
// returns when ctx ends or after 5 s, though the library may go on for a while.
//
// Errors: ErrDecoder, ErrTooHard, context.DeadlineExceeded, ctx's, r's, the
// library's own.
func Other(ctx context.Context, name string, r io.ReaderAt, size int64) (*Message, error) {
	if name != Enmime && name != GoMessage {
		return nil, fmt.Errorf("decode: %q: %w", name, ErrDecoder)
	}
	if size > otherSize || !tractable(r, size) {
		return nil, fmt.Errorf("decode: %s: %w", name, ErrTooHard)
	}
	raw, err := readAll(io.NewSectionReader(r, 0, size), size)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, otherTime)
	defer cancel()
	read := readEnmime
	if name == GoMessage {
		read = readGoMessage
	}
	m, err := guard(ctx, func() (*Message, error) {
		return read(&ctxReader{ctx, newSession(ctx, Limits{}, size), bytes.NewReader(raw)})
	})
	if err != nil {
		return nil, fmt.Errorf("decode: %s: %w", name, err)
	}
	h, _, _ := header.Parse(raw, maxFields)
	m.Header = h
	m.Date, _ = h.Date()
	return m, nil
}

// guard calls f in a goroutine of its own, and turns a panic or the end of ctx
// into an error.
func guard(ctx context.Context, f func() (*Message, error)) (*Message, error) {
	type result struct {
		m   *Message
		err error
	}
	done := make(chan result, 1)
	go func() {
		defer func() {
			if x := recover(); x != nil {
				done <- result{nil, fmt.Errorf("panic: %v", x)}
			}
		}()
		m, err := f()
		done <- result{m, err}
	}()
	select {
	case r := <-done:
		return r.m, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// tractable reports by the own structure reader whether a message is flat and
// small enough.
func tractable(r io.ReaderAt, size int64) bool {
	n := 0
	for p, err := range Walk(r, size, Limits{Parts: otherParts + 1}) {
		if err != nil {
			return false
		}
		depth := 0
		for q := p; q != nil && depth <= otherDepth; q = q.parent {
			depth++
		}
		if n++; n >= otherParts || depth > otherDepth {
			return false
		}
	}
	return true
}

// readEnmime reads with enmime. The tree of parts is taken, not its envelope,
// which would build a tree of the HTML.
func readEnmime(r io.Reader) (*Message, error) {
	root, err := enmime.NewParser(enmime.MaxStoredPartErrors(maxSame)).ReadParts(r)
	if err != nil {
		return nil, err
	}
	m := &Message{Subject: fieldText(root.Header.Get("Subject"))}
	for p := root; p != nil; p = after(p) {
		if p.FirstChild == nil {
			q := m.foreign(strings.ToLower(p.ContentType), p.FileName, p.Content)
			q.Declared, q.Attachment = p.Charset, p.Disposition == "attachment"
		}
	}
	m.joinTexts()
	return m, nil
}

// after is the next part in order.
func after(p *enmime.Part) *enmime.Part {
	if p.FirstChild != nil {
		return p.FirstChild
	}
	for p != nil && p.NextSibling == nil {
		p = p.Parent
	}
	if p == nil {
		return nil
	}
	return p.NextSibling
}

// readGoMessage reads with go-message; charsets that it does not know are read
// by our own reader, for it has no table of its own unless one is set for the
// whole program.
func readGoMessage(r io.Reader) (*Message, error) {
	e, err := message.ReadWithOptions(r, &message.ReadOptions{MaxHeaderBytes: otherSize})
	if e == nil || err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
		return nil, err
	}
	m := &Message{Subject: fieldText(e.Header.Get("Subject"))}
	rootErr := err
	err = e.Walk(func(path []int, e *message.Entity, err error) error {
		if e == nil {
			return err
		}
		raw := message.IsUnknownCharset(err) || len(path) == 0 && message.IsUnknownCharset(rootErr)
		if e.MultipartReader() != nil {
			return nil
		}
		kind, params, _ := e.Header.ContentType()
		disposition, named, _ := e.Header.ContentDisposition()
		name := named["filename"]
		if name == "" {
			name = params["name"]
		}
		b, err := readAll(e.Body, 0)
		if err != nil && len(b) == 0 {
			return err
		}
		label := params["charset"]
		if raw && strings.HasPrefix(kind, "text/") {
			b = []byte(charset.Decode(b, label, "").Text)
		}
		q := m.foreign(kind, name, b)
		q.Declared, q.Attachment = label, disposition == "attachment"
		return nil
	})
	if err != nil && len(m.Parts) == 0 {
		return nil, err
	}
	m.joinTexts()
	return m, nil
}

// fieldText reads a raw field value.
func fieldText(raw string) string {
	text, _ := header.DecodeText([]byte(raw), "")
	return text
}

// foreign adds a leaf that another decoder read.
func (m *Message) foreign(kind, name string, b []byte) *Part {
	p := &Part{
		MediaType: kind, Name: displayName(name), FileName: baseName(name), Encoding: "8bit",
		st: newSession(context.Background(), Limits{}, int64(len(b))), src: memSource(nil, 0),
		number: len(m.Parts) + 1, file: b, foreign: true,
	}
	if p.file == nil {
		p.file = []byte{}
	}
	if strings.HasPrefix(kind, "text/") || kind == "" {
		p.source = unixLines(strings.ToValidUTF8(string(b), "\ufffd"))
	}
	m.Parts = append(m.Parts, p)
	return p
}

// joinTexts makes the text of the message of those of its parts.
func (m *Message) joinTexts() {
	var b strings.Builder
	for _, p := range m.Parts {
		if !p.Attachment && p.isText() {
			paragraph(&b, p.render(p.st.ctx, p.source))
		}
	}
	m.Text = b.String()
}

// second asks enmime for text that the own reader did not find, and adds it
// with the Problem second-reading.
func (d *reading) second(ctx context.Context, r io.ReaderAt, size int64) {
	if size > secondSize {
		return
	}
	other, err := Other(ctx, Enmime, r, size)
	if err != nil {
		return // it knows no better
	}
	known := map[string]bool{}
	for _, t := range d.texts {
		known[squeeze(t)] = true
	}
	for _, p := range other.Parts {
		if p.Attachment || !p.isText() {
			continue
		}
		text := p.render(p.st.ctx, p.source)
		if words(text, 3) < 3 || known[squeeze(text)] || strings.Contains(squeeze(d.m.Text), squeeze(text)) {
			continue
		}
		p.inText, p.st = true, d.st
		p.problem(Problem{Code: SecondReading})
		d.add(p, text)
		var b strings.Builder
		b.WriteString(d.m.Text)
		paragraph(&b, text)
		d.m.Text = b.String()
	}
}

// squeeze takes all white space out.
func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }
