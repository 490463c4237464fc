package eml

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"lostpost/archive"
	"lostpost/fetch"
)

// EMLX is the frame that Apple Mail puts around a message, for the list of
// fetch/files: a line with a number of octets, a message of that size, and a
// property list with its flags. Apple has not published the format; the bits
// are those that J. Zawinski found. A .partial.emlx lacks attachments, which
// lie in files beside it; without them it gets the trait "partial".
var EMLX = fetch.Format{Name: "emlx", Sniff: sniffEMLX, Open: func(f fetch.File, opt fetch.Options) (fetch.Source, error) {
	return OpenEMLX(f, nil, opt)
}}

// maxPlist is how much of the property list is read, in octets; whole ones
// have less than 4 kB.
const maxPlist = 64 << 10

// emlxFrame reads the first line.
func emlxFrame(head []byte) (start, size int64, ok bool) {
	line, _, found := bytes.Cut(head[:min(len(head), 32)], []byte("\n"))
	if !found {
		return 0, 0, false
	}
	size, err := strconv.ParseInt(string(bytes.TrimRight(line, " \t\r")), 10, 64)
	return int64(len(line)) + 1, size, err == nil && size > 0
}

func sniffEMLX(head []byte, name string) fetch.Confidence {
	start, _, ok := emlxFrame(head)
	if !ok {
		return fetch.No
	}
	c := Sniff(head[start:], name)
	if strings.EqualFold(path.Ext(name), ".emlx") {
		return max(c, fetch.Maybe)
	}
	return min(c, fetch.Maybe)
}

// OpenEMLX gives the one message of f, an .emlx file. attachments holds the files
// that a .partial.emlx lacks, as "2.1/letter.doc": the folder Attachments/N that
// stands beside the folder of N.partial.emlx; nil if there is none. The message
// is put together with them. That is not the octets that once came: line ends of
// encoded parts may differ, and Apple's own X-Apple-Content-Length is left out.
// What is not found there stays out, with the trait "partial".
//
// Errors: *fetch.NotMailError if f has no frame; one of f.
func OpenEMLX(f fetch.File, attachments fs.FS, opt fetch.Options) (fetch.Source, error) {
	head := make([]byte, min(32, f.Size()))
	if _, err := f.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, err
	}
	start, size, ok := emlxFrame(head)
	if !ok {
		return nil, &fetch.NotMailError{Path: f.Name()}
	}
	s := &emlxSource{}
	if rest := f.Size() - start; size > rest {
		s.cut = fmt.Errorf("cut off after %d of %d octets: %w", rest, size, io.ErrUnexpectedEOF)
		size = rest
	}
	s.readPlist(f, start+size)
	body := emlxBody{f, io.NewSectionReader(f, start, size)}
	if strings.HasSuffix(f.Name(), ".partial.emlx") {
		text, whole := assemble(body, attachments)
		if !whole {
			s.traits = append(s.traits, "partial")
		}
		if text != nil {
			body.text = bytes.NewReader(text)
		}
	}
	var err error
	s.Source, err = Open(body, opt)
	return s, err
}

// emlxBody is the message inside of the frame.
type emlxBody struct {
	fetch.File
	text interface {
		io.ReaderAt
		Size() int64
	}
}

func (b emlxBody) Size() int64                             { return b.text.Size() }
func (b emlxBody) ReadAt(p []byte, off int64) (int, error) { return b.text.ReadAt(p, off) }

// An emlxSource adds to the message what the property list says.
type emlxSource struct {
	fetch.Source
	flags    archive.Flags
	traits   []string
	received time.Time
	cut      error
}

func (s *emlxSource) Messages(ctx context.Context, st fetch.State) iter.Seq2[*fetch.Message, error] {
	return func(yield func(*fetch.Message, error) bool) {
		for m, err := range s.Source.Messages(ctx, st) {
			if m != nil {
				m.Flags = s.flags
				m.Traits = append(m.Traits, s.traits...)
				if !s.received.IsZero() {
					m.Received = s.received
				}
				if err == nil {
					err = s.cut
				}
			}
			if !yield(m, err) {
				return
			}
		}
	}
}

var plistNumber = regexp.MustCompile(`<key>(flags|date-received)</key>\s*<integer>([0-9]{1,19})</integer>`)

// readPlist reads what is worth keeping. A list that is missing says nothing.
func (s *emlxSource) readPlist(f io.ReaderAt, off int64) {
	buf := make([]byte, maxPlist)
	n, _ := f.ReadAt(buf, off)
	for _, m := range plistNumber.FindAllSubmatch(buf[:n], -1) {
		v, err := strconv.ParseInt(string(m[2]), 10, 64)
		if err != nil {
			continue
		}
		if string(m[1]) == "flags" {
			s.setFlags(v)
		} else if v > 0 && v < 1<<40 {
			s.received = time.Unix(v, 0).UTC()
		}
	}
}

func (s *emlxSource) setFlags(v int64) {
	s.flags = ""
	for _, f := range []struct {
		bits   int64
		letter archive.Flags
	}{{1 << 6, "D"}, {1 << 4, "F"}, {1<<8 | 1<<9, "P"}, {1 << 2, "R"}, {1 << 0, "S"}, {1 << 1, "T"}} {
		if v&f.bits != 0 {
			s.flags += f.letter
		}
	}
	if v&(1<<1) != 0 {
		s.traits = append(s.traits, "deleted")
	}
}
