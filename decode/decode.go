// Package decode turns a message into what a person would read. It never fails
// on malformed input, never panics, and takes time linear in its input.
//
// Walk gives the structure: every part with its octet range. Decode gives the
// text of the whole message. Both read from an io.ReaderAt and hold at most one
// header section, one text leaf and the decoded containers in memory.
//
// Promises. Bad mail is no error but a list of Problems, each with a stable
// Code. Text is valid UTF-8, always. Ranges lie inside the message and inside
// each other. What Limits cut is reported. Nothing is loaded from elsewhere,
// no signature is verified, nothing is decrypted.
//
// RFC 5322, 1896, 2045-2049, 2231, 3676, 5545, 6350, 6532, 8551, 9580,
// MS-OXTNEF. The sub-packages read header fields (header), charsets (charset),
// transfer encodings (transfer), HTML (html), winmail.dat and RTF (tnef, mapi)
// and attached files (attach).
package decode

import (
	"context"
	"io"
	"time"

	"lostpost/decode/header"
)

// A Message is the outcome of Decode.
type Message struct {
	Header   header.Header
	Subject  string
	Date     time.Time  // zero if there is none that can be read
	Text     string     // what a reader sees, all parts that are meant to be read
	Parts    []*Part    // in order, containers first; files inside a text follow it
	Attached []PartText // of attachments, if Options.Attachments asks for them
	Unshown  []PartText // of alternatives that are not in Text, if Options.Alternatives asks for them
	Problems []Problem  // of all parts
}

// Decode reads the whole message. The result is never nil. Of several
// alternatives Text has the best, of attached messages a short header and
// their text. Other attachments are not read, nor attached texts, unless opt
// asks for them; then Attached has what is in them, and Text is the same.
//
// Errors: r's own or ctx's; then the result holds what was read so far.
func Decode(ctx context.Context, r io.ReaderAt, size int64, opt Options) (*Message, error) {
	st := newSession(ctx, opt.Limits, size)
	st.links = opt.Links
	st.deadline = time.Now().Add(st.lim.Time)
	defer st.release()
	src := newSource(r, size)
	d := &reading{st: st, opt: opt, m: &Message{}}
	st.walk(src, d.part, func() {})
	d.finish()
	if d.lossy && src.err == nil && !st.over() {
		d.second(ctx, r, size)
	}
	if opt.Attachments {
		d.attachments()
	}
	for _, p := range d.m.Parts {
		d.problems.add(p.Problems...)
	}
	if st.late {
		d.problems.add(Problem{Code: LimitTime, Lost: true, Detail: "stopped after " + st.lim.Time.String()})
	}
	d.m.Problems = d.problems.problems()
	if err := ctx.Err(); err != nil {
		return d.m, err
	}
	return d.m, src.err
}

// A reading is a message that is being decoded.
type reading struct {
	st       *session
	opt      Options
	m        *Message
	texts    []string // of the parts, by their order
	problems tally
	lossy    bool // a text came out empty, though its body is not
}

// part takes one part and reads its text.
func (d *reading) part(p *Part) bool {
	d.add(p, d.text(p))
	for _, f := range p.blocks {
		d.add(f, "")
	}
	return !d.st.over()
}

func (d *reading) add(p *Part, text string) {
	p.order = len(d.m.Parts)
	p.option = p.parent != nil && (p.parent.option || p.parent.MediaType == "multipart/alternative")
	d.m.Parts = append(d.m.Parts, p)
	d.texts = append(d.texts, text)
}

// text reads a text that is to be shown. A message that is nothing but an
// attached text is shown.
func (d *reading) text(p *Part) string {
	if !p.isText() {
		if p.multipart() && p.kids == 0 && p.end > p.body {
			d.lossy = d.lossy || words(string(p.src.plain(p.body, min(p.end, p.body+1<<12))), 1) > 0
		}
		return ""
	}
	if p.Attachment && p.parent != nil {
		return ""
	}
	src, _ := p.Source(d.st.ctx) // the error is src.err or ctx's, which Decode returns
	p.Languages = p.languages(src)
	text := p.render(d.st.ctx, src)
	if words(text, 1) == 0 && len(p.blocks) == 0 && p.MediaType == "text/plain" && isEncoding(p.Encoding) {
		d.lossy = d.lossy || words(string(p.src.plain(p.body, min(p.end, p.body+1<<12))), 3) >= 3
	}
	return text
}

// finish makes the message of its parts.
func (d *reading) finish() {
	if len(d.m.Parts) == 0 {
		return
	}
	root := d.m.Parts[0]
	d.m.Header = root.Header
	subject, faults := root.Header.Text("Subject", d.hint())
	d.m.Subject = subject
	for _, f := range faults {
		root.problem(Problem{Code: Code(f.Code), Offset: root.Offset, Lost: f.Lost, Detail: f.Detail})
	}
	d.m.Date, _ = root.Header.Date()
	d.assemble()
}

// hint is the charset in which raw octets of the header are likely to be: that
// of the first text that is not plain ASCII.
func (d *reading) hint() string {
	for i, p := range d.m.Parts {
		if d.texts[i] != "" && p.Charset != "" && p.Charset != "us-ascii" {
			return p.Charset
		}
	}
	return d.st.hint
}
