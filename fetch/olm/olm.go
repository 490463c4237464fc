// Package olm reads .olm, the archive that Outlook for Mac exports: a zip with
// a file of XML for each message and the attachments as files beside them.
//
// Microsoft has not published the format. A message is an element "email" with
// the properties OPFMessageCopySubject, OPFMessageCopyBody and so on; it lies
// at "Accounts/ADDRESS/com.microsoft.__Messages/FOLDER/message_00000.xml" or
// below "Local". Each is written as mail, always as the same octets. Where the
// source of a message is kept (OPFMessageCopySource), its header is the one
// that came.
//
// Where a draft shows: by the name of its folder, and by the trait "unsent" for
// a message that is outgoing (OPFMessageIsOutgoing) and has no time at which it
// was sent (OPFMessageCopySentTime). Categories are traits "label:NAME".
//
// Promises. Nothing panics, whatever is in the file. Attachments are not held
// in memory, messages up to 32 MiB of XML are; of the names of attachments a
// million. A message that cannot be read costs itself only; one whose
// attachment is not in the archive has the trait "partial". Damaged archives
// are read as fetch/unpack reads them.
//
// Not supported: contacts, events, tasks and notes, which are no mail.
package olm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"regexp"
	"strings"

	"lostpost/fetch"
	"lostpost/fetch/unpack"
)

// Format is .olm for the list of fetch/files.
var Format = fetch.Format{Name: "olm", Sniff: Sniff, Open: Open}

// Sniff says Yes if head begins a zip that is named .olm, or whose first entry
// has a name that only such archives have.
func Sniff(head []byte, name string) fetch.Confidence {
	if unpack.Kind(head) != "zip" {
		return fetch.No
	}
	if strings.EqualFold(path.Ext(name), ".olm") || bytes.Contains(head[:min(len(head), 1024)], []byte(messageFolder)) {
		return fetch.Yes
	}
	return fetch.No
}

// Folders that Outlook puts between those of the user.
const (
	messageFolder    = "com.microsoft.__Messages"
	attachmentFolder = "com.microsoft.__Attachments"
	ownFolder        = "com.microsoft.__"
)

// maxXML is the longest message that is read, in octets.
const maxXML = 32 << 20

// maxIndexed bounds how many attachments are known by name.
const maxIndexed = 1_000_000

// Open gives the messages of f. Their origins are opt.Origin, "!" and the path
// in the archive. The Source is a fetch.Counter, a fetch.Marker and a
// fetch.Sizer. It does not close f.
//
// Errors: none; what is wrong with f shows when it is read.
func Open(f fetch.File, opt fetch.Options) (fetch.Source, error) {
	return &source{OneFile: fetch.NewOneFile(f, opt, -1)}, nil
}

type source struct {
	*fetch.OneFile
	files map[string]func() (*unpack.File, error) // attachments by their path
}

// entries yields the files of the archive. Archives that were attached to a
// message stay as they are.
func (s *source) entries() iter.Seq2[*unpack.File, error] {
	whole := func([]byte, string) bool { return true }
	seq, ok := unpack.Files(s.File, s.File.Size(), s.File.Name(), unpack.Limits{Whole: whole})
	if !ok {
		return func(func(*unpack.File, error) bool) {}
	}
	return seq
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
		if err := s.index(ctx); err != nil {
			yield(nil, err)
			return
		}
		for f, err := range s.entries() {
			if ctx.Err() != nil {
				yield(nil, ctx.Err())
				return
			}
			if !s.entry(f, err, yield) {
				return
			}
		}
		s.End()
	}
}

// index learns where the attachments are: a message may stand before or behind
// what it refers to.
func (s *source) index(ctx context.Context) error {
	s.files = make(map[string]func() (*unpack.File, error))
	for f, err := range s.entries() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if f == nil || err != nil || isMessage(f) {
			continue
		}
		if again := f.Again(); again != nil && len(s.files) < maxIndexed {
			s.files[f.Path()[0]] = again
		}
	}
	return nil
}

// placed reports whether a file of the archive lies where messages do.
func placed(f *unpack.File) bool {
	name := f.Path()[0]
	return strings.EqualFold(path.Ext(name), ".xml") && strings.Contains(name, messageFolder+"/") && !strings.Contains(name, attachmentFolder+"/")
}

// element begins the XML of messages.
var element = regexp.MustCompile(`<(\w+:)?emails?[\s>]`)

// isMessage reports whether a file of the archive is a message.
func isMessage(f *unpack.File) bool { return placed(f) && element.Match(f.Head()) }

// entry yields the messages of one file of the archive.
func (s *source) entry(f *unpack.File, err error, yield func(*fetch.Message, error) bool) bool {
	switch {
	case f == nil:
		origin := s.Name()
		if d := (*unpack.DamageError)(nil); errors.As(err, &d) { // there may be several
			origin = fmt.Sprintf("%s@%d", s.Name(), d.Offset)
		}
		return s.fail(origin, err, yield)
	case !placed(f):
		return true // if it is an attachment, its message tells
	}
	origin := s.Name() + "!" + f.Name()
	if err == nil && !isMessage(f) {
		if err = f.Damage(); err == nil {
			return true
		}
	}
	if err != nil {
		return s.fail(origin, err, yield)
	}
	b, err := content(f)
	n := 0
	for e, parseErr := range emails(b) {
		if parseErr != nil && err == nil {
			err = fmt.Errorf("the XML is damaged: %w", parseErr)
		}
		if e == nil {
			break
		}
		m, body := s.message(e, origin, f)
		if n++; n > 1 {
			m.Origin = fmt.Sprintf("%s@%d", origin, e.offset)
		}
		s.Count()
		more := yield(m, err)
		body.Close()
		if !more {
			return false
		}
	}
	if n == 0 && err != nil {
		return s.fail(origin, err, yield)
	}
	return true
}

// fail reports what cannot be had.
func (s *source) fail(origin string, err error, yield func(*fetch.Message, error) bool) bool {
	m := &fetch.Message{Size: -1}
	m.Origin, m.Mailbox = origin, s.Options.Mailbox
	s.Count()
	return yield(m, err)
}

// content reads a whole file of the archive.
func content(f *unpack.File) ([]byte, error) {
	size := f.Size()
	b := make([]byte, min(size, maxXML))
	if n, err := f.ReadAt(b, 0); n < len(b) {
		return b[:n], err
	}
	if size > maxXML {
		return b, fmt.Errorf("a message of %d octets of XML is longer than %d", size, int64(maxXML))
	}
	return b, f.Damage()
}

// message makes the mail of e, which stands in file f.
func (s *source) message(e *email, origin string, f *unpack.File) (*fetch.Message, io.Closer) {
	mail, partial := s.compose(e)
	body := mail.Open()
	m := &fetch.Message{Size: -1, Body: body}
	m.Origin, m.Mailbox = origin, mailbox(s.Options.Mailbox, f.Path()[0])
	m.Traits = append(m.Traits, s.Options.Traits...)
	m.Received = e.received
	if m.Received.IsZero() || e.unsent() {
		m.Received = e.date()
	}
	if m.Received.IsZero() {
		if info, err := f.Stat(); err == nil {
			m.Received = info.ModTime()
		}
	}
	if e.flagged {
		m.Flags += "F"
	}
	if e.read {
		m.Flags += "S"
	}
	if e.unsent() {
		m.Traits = append(m.Traits, "unsent")
	}
	for _, c := range e.categories {
		m.Traits = append(m.Traits, "label:"+c)
	}
	if partial {
		m.Traits = append(m.Traits, "partial")
	}
	return m, body
}

// mailbox makes a name of the path of a message: the account and the folders.
func mailbox(above, name string) string {
	var levels []string
	if above != "" {
		levels = append(levels, above)
	}
	for i, level := range strings.Split(path.Dir(name), "/") {
		if i == 0 && level == "Accounts" || level == "" || level == "." || strings.HasPrefix(level, ownFolder) {
			continue
		}
		levels = append(levels, level)
	}
	return strings.ToValidUTF8(strings.Join(levels, "/"), "\ufffd")
}
