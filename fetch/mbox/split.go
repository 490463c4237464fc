package mbox

import (
	"bytes"
	"fmt"
	"strings"
)

// maxHead is how far a Content-Length is looked for.
const maxHead = 256 << 10

// A splitter walks once over a file. At each moment one region is open: a
// message, or text of which it is not known what it is.
type splitter struct {
	main, side window // side looks elsewhere without moving main
	spot       []byte // of the place where a Content-Length ends
	size       int64
	yield      func(Range, error) bool
	stopped    bool // yield wants no more

	open   Range // End is not known yet
	seps   int   // separators found
	blank  bool  // the last one stood after a blank line
	shape  shape // of the first one
	credit int64 // octets that may be read twice for Content-Length
}

func (s *splitter) split() error {
	pos := int64(0)
	if b, err := s.main.view(0, 3); err != nil {
		return err
	} else if bytes.Equal(b, []byte("\xEF\xBB\xBF")) {
		// QUIRK: an mbox has no place for a byte order mark. Editors and
		// mail filters on Windows put one before the first separator. It
		// is junk of 3 octets and no loss.
		// Test: TestMessages/bom.
		s.emit(Range{End: 3, Junk: true})
		pos = 3
	}
	pos, err := s.begin(pos)
	for err == nil && !s.stopped {
		var at, zeros int64
		at, zeros, err = s.main.find(pos)
		switch {
		case err != nil:
		case at == s.size:
			var blank bool
			if blank, err = s.blankBefore(s.size); err == nil {
				// Where no blank line stands before separators, one at
				// the end of the file belongs to the message.
				err = s.close(s.size, blank && (s.seps <= 1 || s.blank), "")
			}
			return err
		case zeros > 0:
			pos, err = s.hole(at, zeros)
		default:
			var c candidate
			if c, err = s.candidate(at); err != nil {
				break
			}
			if pos = at + 1; c.separates(s.shape) {
				if err = s.close(at, c.blankBefore, ""); err == nil {
					pos, err = s.message(at, c)
				}
			}
		}
	}
	return err
}

// begin opens the region at pos, where no line before tells anything: at the
// start of the file or after lost octets.
func (s *splitter) begin(pos int64) (int64, error) {
	s.open = Range{From: pos, Start: pos, Junk: true}
	c, err := s.candidate(pos)
	if err != nil {
		return pos, err
	}
	c.first = true
	if c.line != nil && c.separates(s.shape) {
		return s.message(pos, c)
	}
	return pos, nil
}

// hole takes a run of zeros: it ends what is open, and what follows it has to
// prove anew that it is a message.
func (s *splitter) hole(at, n int64) (int64, error) {
	blank, err := s.blankBefore(at)
	if err != nil {
		return at, err
	}
	if torn, err := s.tornSeparator(at); err != nil {
		return at, err
	} else if torn < at {
		if err := s.close(torn, true, ""); err != nil {
			return at, err
		}
		s.open = Range{From: torn, Start: torn, Junk: true}
	}
	damage := ""
	if !blank {
		damage = fmt.Sprintf("%s of zero bytes from octet %d on", amount(n), at)
	}
	if err := s.close(at, blank, damage); err != nil {
		return at, err
	}
	s.emit(Range{
		From: at, Start: at, End: at + n, Junk: true, Zeros: true,
		Damage: amount(n) + " of zero bytes where a message should be",
	})
	return s.begin(at + n)
}

// tornSeparator gives the offset of the line that ends at pos, where octets are
// lost, if it is the beginning of a From_ line after an empty line, else pos. If
// it was none, the message is damaged anyway.
func (s *splitter) tornSeparator(pos int64) (int64, error) {
	from := max(0, pos-back/2)
	b, err := s.main.view(from, int(pos-from))
	if err != nil {
		return pos, err
	}
	i := bytes.LastIndexByte(b, '\n') + 1
	const begin = "From "
	line := string(b[i:])
	if i == 0 || line == "" || !strings.HasPrefix(line, begin) && !strings.HasPrefix(begin, line) || !endsBlank(b[:i], from == 0) {
		return pos, nil
	}
	return from + int64(i), nil
}

// message opens a message at a separator, and takes it whole if it has a
// Content-Length that can be believed. It returns where to go on.
func (s *splitter) message(at int64, c candidate) (int64, error) {
	for !s.stopped {
		if s.seps++; s.seps == 1 {
			s.shape = c.shape
		}
		s.blank = c.blankBefore || c.first // before the first nobody can tell
		start := at + int64(c.length)
		s.open = Range{From: at, Start: start, Dialect: c.dialect()}
		body, length, ok, err := s.contentLength(start)
		if err != nil || !ok {
			return start, err
		}
		end, next, c2, ok, err := s.believe(body, length)
		if err != nil || !ok {
			return start, err
		}
		s.open.Dialect = "mboxcl2"
		if err := s.close(end, false, ""); err != nil {
			return end, err
		}
		if next == s.size {
			s.open = Range{From: next, Start: next, Junk: true}
			return next, nil
		}
		at, c = next, c2
	}
	return at, nil
}

// close ends the open region at end, without the blank line before end if that
// is part of a separator.
func (s *splitter) close(end int64, blank bool, damage string) error {
	o := s.open
	if o.Junk {
		return s.closeJunk(end, blank, damage)
	}
	if blank {
		n, err := s.lineEnd(end)
		if err != nil {
			return err
		}
		end = max(o.Start, end-n)
	}
	o.End, o.Damage = end, damage
	s.credit += 4 * (end - o.From)
	s.emit(o)
	return nil
}

// closeJunk ends a region that began without a separator. A header section in
// it begins a message; what is only line ends is not worth a word.
func (s *splitter) closeJunk(end int64, blank bool, damage string) error {
	from := s.open.From
	head, text, err := s.headerBlock(from, end)
	if err != nil {
		return err
	}
	if text && head > from {
		what := "%s that belong to no message"
		if s.seps == 0 {
			what = "%s before the first message"
		}
		s.emit(Range{From: from, Start: from, End: head, Junk: true, Damage: fmt.Sprintf(what, amount(head-from))})
	}
	if head == end {
		return nil
	}
	s.open = Range{From: head, Start: head, Dialect: s.shape.dialect()}
	if damage == "" {
		damage = fmt.Sprintf("the separator before octet %d is missing", head)
	}
	return s.close(end, blank, damage)
}

func (s *splitter) emit(r Range) {
	if !s.stopped && !s.yield(r, nil) {
		s.stopped = true
	}
}

// amount is a size as people read it, rounded down.
func amount(n int64) string {
	switch {
	case n == 1:
		return "1 byte"
	case n < 1000:
		return fmt.Sprintf("%d bytes", n)
	case n < 1e6:
		return fmt.Sprintf("%d kB", n/1000)
	}
	return fmt.Sprintf("%d MB", n/1e6)
}

// lineEnd gives the length of the line end before pos: 0, 1 or 2.
func (s *splitter) lineEnd(pos int64) (int64, error) {
	from := max(0, pos-2)
	b, err := s.main.view(from, int(pos-from))
	switch {
	case err != nil:
		return 0, err
	case bytes.HasSuffix(b, []byte("\r\n")):
		return 2, nil
	case bytes.HasSuffix(b, []byte("\n")):
		return 1, nil
	}
	return 0, nil
}

// blankBefore reports whether an empty line stands before pos.
func (s *splitter) blankBefore(pos int64) (bool, error) {
	from := max(0, pos-4)
	b, err := s.main.view(from, int(pos-from))
	if err != nil {
		return false, err
	}
	return endsBlank(b, from == 0), nil
}

// endsBlank reports whether b ends with an empty line; whole says that b
// begins where the file does.
func endsBlank(b []byte, whole bool) bool {
	b, ok := bytes.CutSuffix(b, []byte("\n"))
	if !ok {
		return false
	}
	b = bytes.TrimSuffix(b, []byte("\r"))
	return bytes.HasSuffix(b, []byte("\n")) || whole && len(b) == 0
}

// headerBlock looks in [from, end) for the start of a header section: at from,
// after the first line, which may be what is left of a separator, or after a
// blank line. It gives end if there is none. text reports whether anything but
// line ends stands before it.
func (s *splitter) headerBlock(from, end int64) (at int64, text bool, err error) {
	w := &s.side
	lineStart := true // the region's start, its first line or an empty line is before pos
	first := true
	for pos := from; pos < end; {
		b, err := w.view(pos, int(min(windowSize/2, end-pos)))
		if err != nil {
			return end, text, err
		}
		i := 0
		for i < len(b) {
			if lineStart && b[i] != '\n' && b[i] != '\r' {
				if end-pos-int64(i) > int64(len(b)-i) && len(b)-i < ahead && i > 0 {
					break // too near the end of the view to judge
				}
				if startsHeader(b[i:]) {
					return pos + int64(i), text, nil
				}
			}
			line := len(b) - i
			if k := bytes.IndexByte(b[i:], '\n'); k >= 0 {
				line = k + 1
			}
			empty := len(bytes.TrimRight(b[i:i+line], "\r\n")) == 0
			lineStart, first = empty || first, false
			text = text || !empty
			i += line
		}
		pos += int64(i)
	}
	return end, text, nil
}
