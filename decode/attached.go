package decode

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"lostpost/decode/attach"
)

const (
	maxAttachment = 64 << 20 // octets of one that is read
	maxAttached   = 16 << 20 // octets of text of all attachments of a message
	attachedText  = 8 << 20  // of one

	// attachedTime is for all attachments of a message; one has a third of it.
	// It begins when the message itself has been read, which a hostile
	// attachment so cannot cost anything.
	attachedTime = 30 * time.Second
)

// A PartText is the text of an attachment, or of an alternative.
type PartText struct {
	Part *Part
	Text string // valid UTF-8, "\n" line ends, never empty
}

// attachments reads the text of what is not text of the message itself.
func (d *reading) attachments() {
	st := d.st
	late := st.late
	st.deadline, st.late = time.Now().Add(attachedTime), false
	defer func() { st.late = late }()
	room := maxAttached
	for _, p := range d.m.Parts {
		if p.kids > 0 || p.multipart() || p.nested() || p.isText() && (!p.Attachment || p.parent == nil) {
			continue
		}
		if st.over() || room == 0 {
			d.problems.add(Problem{Code: attach.Limit, Lost: true, Detail: "attachments from " + p.Path() + " on are not read"})
			return
		}
		text := strings.Trim(d.attached(p, min(room, attachedText)), "\n")
		if text == "" {
			continue
		}
		room -= min(room, len(text))
		d.m.Attached = append(d.m.Attached, PartText{p, text})
	}
}

// attached reads one attachment. Of one that holds no text only the first
// octets are decoded.
func (d *reading) attached(p *Part, most int) string {
	r := &ctxReader{d.st.ctx, d.st, p.Open()}
	head := make([]byte, attach.LookAt)
	n, _ := io.ReadFull(r, head) // an error is src.err or ctx's, which Decode returns
	head = head[:n]
	kind, fault := attach.Look(head, p.MediaType, p.FileName)
	switch {
	case fault != nil:
		p.lacks(*fault)
		return ""
	case kind == attach.None:
		return ""
	case p.isText() && (kind == attach.Plain || kind == attach.HTML):
		src, _ := p.Source(d.st.ctx)
		text := p.render(d.st.ctx, src)
		if len(text) > most {
			text = strings.ToValidUTF8(text[:most], "")
			p.lacks(attach.Fault{Code: attach.Limit, Lost: true, Detail: fmt.Sprintf("text after %d octets", most)})
		}
		return text
	}
	b, _ := readAll(io.LimitReader(io.MultiReader(bytes.NewReader(head), r), maxAttachment+1), min(maxAttachment, p.Size()))
	if len(b) > maxAttachment {
		b = b[:maxAttachment]
		p.lacks(attach.Fault{Code: attach.Limit, Lost: true, Detail: fmt.Sprintf("octets after %d", maxAttachment)})
	}
	text, faults := attach.Text(d.st.ctx, b, p.MediaType, p.FileName, attach.Options{
		PDF: d.opt.PDF, Charset: d.st.hint, TextBytes: most, Time: attachedTime / 3,
	})
	for _, f := range faults {
		p.lacks(f)
	}
	return text
}

// lacks notes a fault of an attachment.
func (p *Part) lacks(f attach.Fault) {
	p.problem(Problem{Code: Code(f.Code), Offset: p.Body, Lost: f.Lost, Detail: f.Detail})
}
