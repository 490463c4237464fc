// Package files reads mail from what lies on a disk: a file, a folder, a packed
// file, or a tree of all these. It recognises each by content, not by name.
//
// Promises. Every file at the place ends in one of four ways: its messages are
// yielded, it is a failure with a reason, it is counted as "not mail" (NotMail),
// or the place as a whole is unchanged since it was last taken without failure
// and nothing is read at all. The order is that of the sorted names. Nothing is
// written, no device or pipe is opened, no link to a folder is followed, and
// memory does not grow with the size of files; of a folder its names are held.
//
// It knows the formats in the list below and nothing of their inside. Data files
// of Outlook (.pst, .ost) are recognised and reported as failures, for their
// mail is not had.
package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"lostpost/fetch"
	"lostpost/fetch/dbx"
	"lostpost/fetch/eml"
	"lostpost/fetch/mbox"
	"lostpost/fetch/olm"
	"lostpost/fetch/outlook"
)

// formats are the kinds of files that hold mail. The surest wins; of equals the
// first.
var formats = []fetch.Format{mbox.Format, eml.Format, eml.EMLX, dbx.Format, olm.Format, outlook.Format}

// The formats that have a meaning here beside their content.
var formatMbox, formatEML, formatEMLX, formatDBX, formatOLM = &formats[0], &formats[1], &formats[2], &formats[3], &formats[4]

// headSize is how much of a file is looked at to recognise it.
const headSize = 4096

// A Source yields the mail at one place. It is a fetch.Counter, a fetch.Marker
// and a fetch.Sizer. All but Consumed are for the goroutine that reads it.
type Source struct {
	fetch.Tally
	path     string
	opt      fetch.Options
	first    *fetch.Fingerprint // taken by Open, for the first look
	octets   int64              // of all files at the place
	consumed atomic.Int64
	notMail  map[string]*NotMail
	sum      summary
}

// Open recognises path by content: a file, a folder, a container, a tree of
// all these. Its Source yields everything in it, in a stable order.
// Open lists the place and reads only as far as to find the first mail.
//
// opt.Origin takes the place of "file:" and the absolute path; opt.Mailbox is
// the mailbox above all that are found.
//
// Errors: fs.ErrNotExist, fs.ErrPermission; *fetch.NotMailError if nothing in it
// is mail. If packed files would have to be unpacked to know that, Messages
// yields it in the end.
func Open(path string, opt fetch.Options) (*Source, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if opt.Origin == "" {
		opt.Origin = fetch.FileOrigin(abs)
	}
	s := &Source{path: abs, opt: opt, notMail: make(map[string]*NotMail)}
	s.Look = s.look
	if err := s.survey(); err != nil {
		return nil, err
	}
	return s, nil
}

// Name is "file:" and the absolute path.
func (s *Source) Name() string { return s.opt.Origin }

// Close does nothing: files are closed as soon as they are read.
func (s *Source) Close() error { return nil }

// Totals gives the octets of all files at the place; how many messages are in
// them nobody knows. Compare it with Consumed, not with the octets of messages:
// packed files hold more than their size.
func (s *Source) Totals() (messages, octets int64) { return -1, s.octets }

// Consumed is how many of the Totals octets are done with. It may be called at
// any time by any goroutine.
func (s *Source) Consumed() int64 { return s.consumed.Load() }

// NotMail tells, once Messages has ended, which files were seen that are no
// mail, by kind. It is empty if the place was skipped as unchanged.
func (s *Source) NotMail() []NotMail {
	var out []NotMail
	for _, kind := range kindOrder {
		if n := s.notMail[kind]; n != nil {
			out = append(out, *n)
		}
	}
	return out
}

// note counts a file that is no mail.
func (s *Source) note(kind, name string) {
	n := s.notMail[kind]
	if n == nil {
		n = &NotMail{Kind: kind}
		s.notMail[kind] = n
	}
	n.Count++
	if kind == kindIndex {
		s.sum.indexes++
	}
	s.sum.profile = s.sum.profile || path.Base(name) == "prefs.js"
	if len(n.Names) < maxNames {
		n.Names = append(n.Names, name)
	}
}

// look takes the fingerprint of the place.
func (s *Source) look() *fetch.Fingerprint {
	if p := s.first; p != nil {
		s.first = nil
		return p
	}
	p := s.fingerprint()
	for it := range walk(s.path) {
		if !it.maildir {
			p.Add(it.rel, it.info)
		}
	}
	return p
}

func (s *Source) fingerprint() *fetch.Fingerprint {
	p := new(fetch.Fingerprint)
	p.AddText("mailbox", s.opt.Mailbox)
	p.AddText("traits", strings.Join(s.opt.Traits, "\n"))
	return p
}

// survey lists the place and looks whether there can be mail in it.
func (s *Source) survey() error {
	s.first = s.fingerprint()
	hope := false
	for it := range walk(s.path) {
		if it.maildir {
			continue
		}
		s.first.Add(it.rel, it.info)
		if it.path == s.path {
			if err := readable(it); err != nil {
				return err
			}
		}
		if it.info != nil && it.kind == "" {
			s.octets += it.info.Size()
		}
		hope = hope || it.err != nil || it.part == covered || it.kind == "" && mayHoldMail(it)
	}
	if !hope {
		return &fetch.NotMailError{Path: s.path}
	}
	return nil
}

// readable says why the place itself cannot be read.
func readable(it item) error {
	if it.err != nil || it.kind != "" {
		return it.err
	}
	f, err := os.Open(it.path)
	if err != nil {
		return err
	}
	return f.Close()
}

// mayHoldMail reports whether a file would be yielded, opened as a container,
// or be a failure.
func mayHoldMail(it item) bool {
	f, err := os.Open(it.path)
	if err != nil {
		return true
	}
	defer f.Close()
	head := make([]byte, headSize)
	n, err := f.ReadAt(head, 0)
	if n == 0 && err != nil {
		return it.info.Size() > 0
	}
	what := lookDeeper(f, it.rel, recognise(head[:n], it.rel))
	return what.container || what.format != nil || what.foreign != ""
}

// Messages yields all mail at the place, or nothing if the place is as it was
// when it was last taken without failure. It does not ask st which origins are
// known: what lies at an offset today may be another message than yesterday,
// and the archive knows each message by its octets.
func (s *Source) Messages(ctx context.Context, st fetch.State) iter.Seq2[*fetch.Message, error] {
	return func(yield func(*fetch.Message, error) bool) {
		if s.Skip(st) {
			s.sum.skipped = true
			s.consumed.Store(s.octets)
			return
		}
		p := &pass{Source: s, ctx: ctx, yield: yield}
		for it := range walk(s.path) {
			if !p.item(it) {
				return
			}
		}
		if s.Listed() == 0 {
			yield(nil, &fetch.NotMailError{Path: s.path})
			return
		}
		s.consumed.Store(s.octets)
		s.End()
	}
}

// originOf names a file at the place, or inside a container there.
func (s *Source) originOf(it item) string {
	if it.path == s.path {
		return s.opt.Origin
	}
	return s.opt.Origin + "/" + printable(it.rel)
}

// printable writes octets that are no UTF-8 as %XX, for an origin is text.
func printable(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	var b strings.Builder
	for len(name) > 0 {
		r, n := utf8.DecodeRuneInString(name)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, "%%%02X", name[0])
		} else {
			b.WriteString(name[:n])
		}
		name = name[n:]
	}
	return b.String()
}

// reason words an error of the file system without the path, which the origin
// says already.
func reason(err error) error {
	var pe *fs.PathError
	if !errors.As(err, &pe) {
		return err
	}
	switch {
	case errors.Is(pe.Err, fs.ErrPermission):
		return fmt.Errorf("no right to read it: %w", pe.Err)
	case errors.Is(pe.Err, fs.ErrNotExist):
		return fmt.Errorf("%w: %w", fetch.ErrVanished, pe.Err)
	}
	return fmt.Errorf("%s: %w", pe.Op, pe.Err)
}
