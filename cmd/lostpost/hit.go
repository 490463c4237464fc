package main

import (
	"context"
	"strings"

	"lostpost/archive"
	"lostpost/decode"
	"lostpost/index"
)

// A pageReader makes the rows of one page of hits. What a list shows stands in
// the hits themselves; only snippets and JSON need the messages, and then each
// is read once.
type pageReader struct {
	app  *app
	arc  *archive.Archive
	read map[archive.ID]readMessage
}

// A readMessage is what is kept of a message that was read.
type readMessage struct {
	json  *message          // nil without --json: it has sizes that must be counted
	names map[string]string // of attachments, by part
}

// A pageRow is one hit as a list shows it.
type pageRow struct {
	row  row
	json *message
}

func newPageReader(a *app, arc *archive.Archive) *pageReader {
	return &pageReader{a, arc, map[archive.ID]readMessage{}}
}

// message reads one message for the index and keeps what the row needs.
func (p *pageReader) message(ctx context.Context, id archive.ID) (*decode.Message, error) {
	var d *decode.Message
	err := withArchived(ctx, p.arc, id, func(it *item) (err error) {
		if d, err = it.decode(ctx, decode.Options{}); err != nil {
			return err
		}
		r := readMessage{names: map[string]string{}}
		for _, x := range d.Parts {
			if x.Attachment {
				r.names[x.Path()] = attachmentName(x)
			}
		}
		if p.app.json {
			r.json = &message{}
			r.json.keep(*it.entry)
			r.json.describe(d, nil)
		}
		p.read[id] = r
		return nil
	})
	return d, err
}

// attached reads one message with what is attached to it.
func (p *pageReader) attached(ctx context.Context, id archive.ID) (*decode.Message, error) {
	var d *decode.Message
	err := withArchived(ctx, p.arc, id, func(it *item) (err error) {
		d, err = it.decode(ctx, p.app.withAttachments())
		return err
	})
	return d, err
}

// hit makes the row of one hit.
func (p *pageReader) hit(ctx context.Context, h index.Hit) (pageRow, error) {
	e, err := p.arc.Lookup(ctx, h.ID)
	if err != nil {
		return pageRow{}, err
	}
	if _, ok := p.read[h.ID]; !ok && p.app.json {
		if _, err := p.message(ctx, h.ID); err != nil {
			return pageRow{}, err
		}
	}
	known := p.read[h.ID]
	delete(p.read, h.ID)
	r := pageRow{json: known.json, row: row{
		id: p.app.shortID(ctx, p.arc, h.ID), date: p.app.clock(h.Date), from: h.From, subject: h.Subject, marks: marks(e, h),
	}}
	for _, s := range h.Snippet {
		r.row.snippet = append(r.row.snippet, span(s))
	}
	if name := known.names[h.Part]; h.Part != "" && name != "" {
		r.row.where = "(attachment " + oneLine(name) + ")"
	}
	if r.json != nil {
		r.json.Snippet = r.row.snippet
		for _, id := range h.Alike {
			r.json.Alike = append(r.json.Alike, id.String())
		}
	}
	return r, nil
}

// marks are the letters behind a row: @ attachment, D draft, ! problem.
func marks(e archive.Entry, h index.Hit) string {
	var b strings.Builder
	if h.Attached {
		b.WriteByte('@')
	}
	for _, p := range e.Places {
		if strings.Contains(string(p.Flags), "D") {
			b.WriteByte('D')
			break
		}
	}
	if h.Lossy {
		b.WriteByte('!')
	}
	return b.String()
}
