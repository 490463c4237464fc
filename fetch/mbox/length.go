package mbox

import (
	"bytes"
	"strconv"
)

// contentLength looks into the header section at start. It gives the offset of
// the body and the value of the last Content-Length field.
func (s *splitter) contentLength(start int64) (body, length int64, ok bool, err error) {
	var head []byte
	end := -1
	for n := ahead; end < 0; n *= 4 {
		if head, err = s.main.view(start, min(n, maxHead)); err != nil {
			return 0, 0, false, err
		}
		if end = headEnd(head); end < 0 && (len(head) < n || n >= maxHead) {
			return 0, 0, false, nil
		}
	}
	for line := range bytes.Lines(head[:end]) {
		const name = "content-length:"
		if line[0]|0x20 != 'c' || len(line) < len(name) || !bytes.EqualFold(line[:len(name)], []byte(name)) {
			continue
		}
		v, err := strconv.ParseInt(string(bytes.TrimSpace(line[len(name):])), 10, 64)
		length, ok = v, err == nil && v >= 0
	}
	return start + int64(end), length, ok, nil
}

// headEnd gives the length of the header section at the start of b with its
// ending empty line, or -1 if that is not in b. A section may also end without
// one, where the next message begins.
func headEnd(b []byte) int {
	for i := 0; ; {
		switch {
		case i > 0 && bytes.HasPrefix(b[i:], []byte("From ")):
			return -1
		case bytes.HasPrefix(b[i:], []byte("\n")):
			return i + 1
		case bytes.HasPrefix(b[i:], []byte("\r\n")):
			return i + 2
		}
		k := bytes.IndexByte(b[i:], '\n')
		if k < 0 {
			return -1
		}
		i += k + 1
	}
}

// believe reports whether a body of the given length ends where the next
// message begins or the file ends; then end is its end and next the offset of
// the separator c, or the size of the file. Nothing less is believed: the
// field comes from the outside, and programs that change a message forget it.
func (s *splitter) believe(body, length int64) (end, next int64, c candidate, ok bool, err error) {
	if length <= s.size-body {
		end = body + length
		if next, c, ok, err = s.exact(end); ok || err != nil {
			return end, next, c, ok, err
		}
	}
	// QUIRK: mboxcl counts the octets of the file. A file that went through
	// a text-mode copy has other line ends than when they were counted.
	// Lengths are tried with one octet more and one less for each line.
	// Test: TestMessages/content-length counted with other line ends.
	return s.otherLineEnds(body, length)
}

// exact reports whether a body may end at end: there, or after at most two
// line ends, stands a separator or the end of the file.
func (s *splitter) exact(end int64) (next int64, c candidate, ok bool, err error) {
	from := max(0, end-1)
	// Not through a window: this place is far away and looked at once.
	if s.spot == nil {
		s.spot = make([]byte, ahead)
	}
	b := s.spot[:min(ahead, s.size-from)]
	if _, err := readAt(s.main.r, b, from); err != nil {
		return 0, c, false, err
	}
	b, lineStart := b[end-from:], end > from && b[0] == '\n'
	next = end
	for range 2 {
		n := 0
		switch {
		case bytes.HasPrefix(b, []byte("\n")):
			n = 1
		case bytes.HasPrefix(b, []byte("\r\n")):
			n = 2
		}
		if n > 0 {
			b, lineStart = b[n:], true
			next += int64(n)
		}
	}
	if next == s.size {
		return next, c, true, nil
	}
	if !lineStart {
		return 0, c, false, nil
	}
	c = parseCandidate(b, next+int64(len(b)) == s.size)
	c.exact, c.blankBefore = true, next > end
	return next, c, c.line != nil && c.separates(s.shape), nil
}

// otherLineEnds looks for the end of a body whose length was counted when its
// line ends were LF instead of CRLF or the reverse. It reads no more than the
// credit allows, so that lies cost little.
func (s *splitter) otherLineEnds(body, length int64) (end, next int64, c candidate, ok bool, err error) {
	asLF, asCRLF := int64(0), int64(0) // octets up to end if counted so
	end = body
	for end < s.size && asLF < length && s.credit > 0 {
		b, err := s.side.view(end, 64<<10)
		if err != nil {
			return 0, 0, c, false, err
		}
		for line := range bytes.Lines(b) {
			text, lf := bytes.CutSuffix(line, []byte("\n"))
			if !lf && end+int64(len(line)) < s.size && len(line) < len(b) {
				break // the rest of this line is in the next view
			}
			n := int64(len(line))
			end, s.credit, asLF, asCRLF = end+n, s.credit-n, asLF+n, asCRLF+n
			if lf && bytes.HasSuffix(text, []byte("\r")) {
				asLF--
			} else if lf {
				asCRLF++
			}
			if asLF == length || asCRLF == length {
				if next, c, ok, err := s.exact(end); ok || err != nil {
					return end, next, c, ok, err
				}
			}
			if asLF >= length {
				break
			}
		}
	}
	return 0, 0, c, false, nil
}
