// Package outlook reads mail from files of Outlook: .msg, a file that holds one
// item, and .oft, a template of one.
//
// Such a file has no octets of mail: it holds properties. Each item is written
// as mail, always as the same octets: the transport header as it came, what it
// lacks from the properties, the text as plain text and HTML, the attachments
// as files and messages. A signed message is given out as it was sent. Where a
// message that was sent has no Message-ID, it gets one that is made of its
// content; a draft has none, as it had none. Reports of mail systems become
// multipart/report, objects of OLE files of the program that made them.
//
// Where a draft shows: MSGFLAG_UNSENT of mail gives the trait "unsent", with
// MSGFLAG_SUBMIT also "queued", and the field X-Unsent, which Outlook itself
// writes into .eml. Categories are traits "label:NAME"; items that are not mail
// have a trait "kind:", such as "kind:contact"; S/MIME has "kind:smime".
//
// Promises. Nothing panics and nothing is read for ever, whatever the file is:
// chains of sectors end, no octet is read for more than a few streams, messages
// inside messages end at a depth of 16. Attachments are not held in memory,
// texts up to 32 MiB each. A file of which a part cannot be read is a failure
// with its reason, beside which what could be read is given out.
//
// Not supported: .pst and .ost. The formatting of a text that Outlook keeps in
// RTF alone, and the fields of items that are not mail, are left out.
//
// MS-CFB (compound files), MS-OXMSG (properties in them), MS-OXCMSG (messages
// and attachments), MS-OXPROPS, MS-OXRTFEX.
package outlook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"

	"lostpost/fetch"
)

// Format is .msg for the list of fetch/files.
var Format = fetch.Format{Name: "msg", Sniff: Sniff, Open: Open}

// Sniff says Yes if head begins a compound file that is named as Outlook names
// its items, and Maybe for any other compound file: old documents of office
// programs are such files too, and a Source of one yields nothing.
func Sniff(head []byte, name string) fetch.Confidence {
	switch {
	case !strings.HasPrefix(string(head[:min(len(head), 8)]), compoundMagic):
		return fetch.No
	case named(name):
		return fetch.Yes
	}
	return fetch.Maybe
}

func named(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	return ext == ".msg" || ext == ".oft"
}

// Open gives the one message of f; none if f is a compound file of another
// program. Its origin is opt.Origin. The Source is a fetch.Counter, a
// fetch.Marker and a fetch.Sizer. It does not close f.
//
// Errors: none; what is wrong with f shows when it is read.
func Open(f fetch.File, opt fetch.Options) (fetch.Source, error) {
	return &source{OneFile: fetch.NewOneFile(f, opt, 1)}, nil
}

type source struct {
	*fetch.OneFile
}

func (s *source) Messages(ctx context.Context, st fetch.State) iter.Seq2[*fetch.Message, error] {
	return func(yield func(*fetch.Message, error) bool) {
		if ctx.Err() != nil {
			yield(nil, ctx.Err())
			return
		}
		if s.Skip(st) {
			return
		}
		if !s.message(yield) {
			return
		}
		s.End()
	}
}

// errOther says that a compound file holds no item of Outlook.
var errOther = errors.New("no item of Outlook")

// message yields the item, if there is one.
func (s *source) message(yield func(*fetch.Message, error) bool) bool {
	m := &fetch.Message{Size: -1}
	m.Origin, m.Mailbox = s.Name(), s.Options.Mailbox
	m.Traits = append(m.Traits, s.Options.Traits...)
	top, err := openItem(s.File, s.File.Size())
	switch {
	case err != nil && (errors.Is(err, errOther) || !named(s.File.Name())):
		return true
	case err != nil:
		s.Count()
		return yield(m, fmt.Errorf("message of Outlook: %w", err))
	}
	s.Count()
	body := top.message(0).Open()
	defer body.Close()
	top.meta(&m.Meta)
	if m.Received.IsZero() {
		if info, err := s.File.Stat(); err == nil {
			m.Received = info.ModTime()
		}
	}
	m.Body = body
	if err := top.file.damage; err != nil {
		return yield(m, fmt.Errorf("damaged message of Outlook: %w", err))
	}
	return yield(m, nil)
}

// openItem reads the frame of a file and the properties of the item in it.
//
// Errors: errOther if it is a compound file of another program.
func openItem(r io.ReaderAt, size int64) (*item, error) {
	c, err := openCompound(r, size)
	if err != nil {
		return nil, err
	}
	f := &file{compound: c, damage: c.dirErr}
	top := f.item(&c.entries[0], headTop, 0)
	if !top.isItem() {
		return nil, cmp.Or(c.dirErr, errOther)
	}
	top.setPage()
	f.readNames(top)
	return top, nil
}
