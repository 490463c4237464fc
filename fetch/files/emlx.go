package files

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"lostpost/archive"
	"lostpost/fetch"
	"lostpost/fetch/eml"
)

// An .emlx file of Apple Mail is a line with a number of octets, a message of
// that size, and a property list with its flags. Apple has not published the
// format; the bits are those that J. Zawinski found. A .partial.emlx lacks
// attachments, which lie in files beside it; it gets the trait "partial".
var emlx = fetch.Format{Name: "emlx", Sniff: sniffEMLX, Open: openEMLX}

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
	c := eml.Sniff(head[start:], name)
	if strings.EqualFold(path.Ext(name), ".emlx") {
		return max(c, fetch.Maybe)
	}
	return min(c, fetch.Maybe)
}

func openEMLX(f fetch.File, opt fetch.Options) (fetch.Source, error) {
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
	if strings.HasSuffix(f.Name(), ".partial.emlx") {
		s.traits = append(s.traits, "partial")
	}
	var err error
	s.Source, err = eml.Open(emlxBody{f, start, size}, opt)
	return s, err
}

// emlxBody is the message inside of the frame.
type emlxBody struct {
	fetch.File
	start, size int64
}

func (b emlxBody) Size() int64 { return b.size }
func (b emlxBody) ReadAt(p []byte, off int64) (int, error) {
	return io.NewSectionReader(b.File, b.start, b.size).ReadAt(p, off)
}

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
