// Package dbx reads a mailbox of Outlook Express 5 and 6 (.dbx): the messages
// that its index lists, and those that were deleted and still lie in the file.
//
// Format. Microsoft never published it; what is known was found by A. Schloh
// ("OE dbx file format") and by U. Krebs and A. Rozen (DbxConv, UnDBX). All
// numbers are little-endian. Every object behind the header of 0x24BC octets
// begins with its own offset in the file. A message is a chain of segments of
// 0x210 octets: offset, room (0x200), octets of text, offset of the next
// segment (0: none), text. A tree of nodes of 0x27C octets, whose root stands
// at 0xE4 and whose number of entries at 0xC4, leads to one "message info" for
// each message: flags, times, offset of the first segment. A deleted segment
// begins with its offset, 0x1FC, 0x210; the offset of the next segment is still
// there, while a free list has overwritten the first four octets of the text.
//
// How a draft shows: the field X-Unsent: 1, the flag 0x08 ("in work"), and the
// name of the file. How a deleted message shows: its segments are in no chain
// of the index, or on the free list; it gets the trait "deleted". If the index
// is damaged, or a chain of it, nobody can tell whether such a message was
// deleted; it gets the trait "carved". What is not whole gets the trait "damaged".
//
// Promises. One pass finds what the index lists and what it does not, whatever
// is damaged. Octets are those of the file; the four that a free list has taken
// from each deleted segment are given as "?". Time is linear in the size of the
// file; memory is 12 octets for each segment, 50 MB for the largest file that
// Outlook Express could make (2 GB).
//
// Not supported: Outlook Express 4 (.mbx, .idx), Folders.dbx and the other
// databases with this extension, which hold no mail.
package dbx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"

	"lostpost/archive"
	"lostpost/decode/header"
	"lostpost/fetch"
)

// Format is dbx for the list of fetch/files.
var Format = fetch.Format{Name: "dbx", Sniff: Sniff, Open: Open}

// magic begins every database of Outlook Express, mailMagic one with mail.
const (
	magic     = "\xcf\xad\x12\xfe"
	mailMagic = magic + "\xc5\xfd\x74\x6f\x66\xe3\xd1\x11"
)

// maxHead is how much of a header section is looked at, in octets.
const maxHead = 256 << 10

// Sniff says Yes for the signature of a mailbox, and Maybe for a file that is
// named as one if its beginning is lost.
func Sniff(head []byte, name string) fetch.Confidence {
	switch {
	case bytes.HasPrefix(head, []byte(mailMagic)):
		return fetch.Yes
	case strings.EqualFold(path.Ext(name), ".dbx") && len(bytes.TrimLeft(head, "\x00")) == 0:
		return fetch.Maybe
	}
	return fetch.No
}

// Other reports whether head begins a database of Outlook Express that holds no
// mail: the list of folders, of mail seen on a server, of pending changes.
func Other(head []byte) bool {
	return bytes.HasPrefix(head, []byte(magic)) && !bytes.HasPrefix(head, []byte(mailMagic))
}

// Open gives the messages of a .dbx file: those of the index in its order, then
// the others by their place in the file. An origin is opt.Origin, "@" and the
// offset of the first segment. The Source is a fetch.Counter, a fetch.Marker
// and a fetch.Sizer. It does not close f.
//
// Errors: none; what is wrong with f shows when it is read.
func Open(f fetch.File, opt fetch.Options) (fetch.Source, error) {
	return &source{OneFile: fetch.NewOneFile(f, opt, -1)}, nil
}

type source struct {
	*fetch.OneFile
}

func (s *source) Messages(ctx context.Context, st fetch.State) iter.Seq2[*fetch.Message, error] {
	return func(yield func(*fetch.Message, error) bool) {
		if s.Skip(st) {
			return
		}
		db, err := scan(ctx, s.File, s.File.Size())
		if err != nil {
			if ctx.Err() == nil {
				err = fmt.Errorf("read %s: %w", s.Name(), err)
			}
			yield(nil, err)
			return
		}
		for found := range db.all() {
			if ctx.Err() != nil {
				yield(nil, ctx.Err())
				return
			}
			s.Count()
			if !yield(s.message(db, found)) {
				return
			}
		}
		s.End()
	}
}

// message is what one chain of segments comes to.
func (s *source) message(db *store, c found) (*fetch.Message, error) {
	m := &fetch.Message{Meta: archive.Meta{Mailbox: s.Options.Mailbox}, Size: c.text.size}
	m.Origin = fmt.Sprintf("%s@%d", s.Name(), c.at)
	m.Traits = append(m.Traits, s.Options.Traits...)
	if c.text.size == 0 {
		return m, c.missing()
	}
	m.Body = c.text.reader(db.r)
	head, err := readHead(c.text.reader(db.r))
	if err != nil {
		return m, err
	}
	h, _, _ := header.Parse(head, 0)
	if !c.listed && !(isMail(h) && (c.text.free || beginsField(head))) {
		return m, errors.New("part of a message whose beginning is lost")
	}
	m.Flags, m.Received = c.info.flags, c.info.received
	if t, ok := h.Date(); ok && m.Received.IsZero() {
		m.Received = t
	}
	if strings.TrimSpace(h.Value("X-Unsent")) == "1" {
		m.Traits = append(m.Traits, "unsent")
	}
	m.Traits = append(m.Traits, c.traits(db.indexWhole && !db.torn)...)
	return m, nil
}

// readHead reads up to the end of the header section.
func readHead(r io.Reader) ([]byte, error) {
	head := make([]byte, 0, 4<<10)
	for {
		n, err := r.Read(head[len(head):cap(head)])
		from := max(0, len(head)-3)
		head = head[:len(head)+n]
		switch {
		case errors.Is(err, io.EOF):
			return head, nil
		case err != nil:
			return nil, err
		case bytes.Contains(head[from:], []byte("\n\r\n")) || bytes.Contains(head[from:], []byte("\n\n")):
			return head, nil
		case len(head) >= maxHead:
			return head, nil
		case len(head) == cap(head):
			head = append(make([]byte, 0, 4*cap(head)), head...)
		}
	}
}

// beginsField reports whether b begins as the first field of a header section
// does. Where a segment is lost, the next one may begin within a field: "-Loop:
// list@post.example" is what is left of "X-Loop".
func beginsField(b []byte) bool {
	name, _, ok := bytes.Cut(b, []byte(":"))
	return ok && len(name) > 1 && 'A' <= name[0] && name[0] <= 'Z' && !bytes.ContainsAny(name, " \t\r\n")
}

// isMail reports whether a chain that no index lists begins with a header
// section. In a deleted one the first name has lost four letters.
func isMail(h header.Header) bool {
	known := 0
	for _, name := range []string{
		"From", "To", "Cc", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Received", "Return-Path", "Delivered-To", "X-Unsent", "Newsgroups",
	} {
		if h.Has(name) {
			known++
		}
	}
	return known >= 2 || known == 1 && h.Len() >= 2
}
