package decode

import "bytes"

// A delimiter is a boundary line: which open frame it belongs to, and where
// its line begins and ends.
type delimiter struct {
	level   int // -1: the source has ended
	closing bool
	start   int64
	after   int64
}

// next looks for the next delimiter of any open multipart from pos on. A line
// costs its length, whatever the number of open multiparts.
func (k *walker) next(pos int64) delimiter {
	s := k.w.s
	if len(k.open) == 0 || !k.delimited() {
		return delimiter{level: -1, start: s.size, after: s.size}
	}
	eol := s.eol.end()
	for lines := 0; pos < s.size; lines++ {
		b := k.w.from(pos, 1)
		n := lineRun(b, eol)
		pos += int64(n)
		if n == len(b) {
			continue
		}
		if b[n] != '-' && b[n] != ' ' { // an unfinished line at the end of the window
			pos = k.w.skip(pos)
			continue
		}
		text, after := k.w.line(pos)
		if level, closing, ok := k.match(text); ok {
			return delimiter{level, closing, pos, after}
		}
		if level, ok := k.candidate(text, pos, after); ok {
			return delimiter{level, false, pos, after}
		}
		pos = after
		if lines&(1<<14-1) == 1<<14-1 && k.st.over() {
			break
		}
	}
	return delimiter{level: -1, start: s.size, after: s.size}
}

// delimited reports whether any open frame can have a delimiter.
func (k *walker) delimited() bool {
	for i := len(k.open) - 1; i >= 0; i-- {
		if k.open[i].part.multipart() {
			return true
		}
	}
	return false
}

// lineRun is how many octets of b, which begins with a line, can be passed
// over: whole lines that begin with neither a dash nor a blank.
func lineRun(b []byte, eol byte) int {
	n := 0
	for n < len(b) && b[n] != '-' && b[n] != ' ' {
		i := bytes.IndexByte(b[n:], eol)
		if i < 0 {
			return n
		}
		n += i + 1
	}
	return n
}

// delimiterText is what follows the two dashes of a line, or nil.
//
// QUIRK: RFC 2046 section 5.1.1: the dashes begin the line. Forwarding
// programs indent it; up to 3 blanks are passed over.
// Test: testdata/quirks/indented-delimiter.eml
func delimiterText(text []byte) []byte {
	for i := 0; i < 3 && len(text) > 0 && text[0] == ' '; i++ {
		text = text[1:]
	}
	if len(text) < 2 || text[0] != '-' || text[1] != '-' {
		return nil
	}
	return bytes.TrimRight(text[2:], " \t\r")
}

// match finds the open multipart that a line delimits.
func (k *walker) match(text []byte) (level int, closing, ok bool) {
	name := delimiterText(text)
	if name == nil || len(name) > k.w.keep {
		return 0, false, false
	}
	if level, ok = k.byName[string(name)]; ok {
		return level, false, true
	}
	if name, ok = bytes.CutSuffix(name, []byte("--")); ok {
		level, ok = k.byName[string(name)]
		return level, true, ok
	}
	return 0, false, false
}

// candidate remembers the first line that looks like a delimiter of the
// innermost multipart, before any real one was seen: "--X", followed by a
// Content field. If the multipart names no boundary, this is it.
func (k *walker) candidate(text []byte, pos, after int64) (level int, ok bool) {
	level = len(k.open) - 1
	f := &k.open[level]
	if k.leaf != nil || f.delims > 0 || f.guessAt >= 0 || !f.part.multipart() {
		return 0, false
	}
	name := delimiterText(text)
	if name == nil || len(name) == 0 && !f.part.bareDelimiter || len(name) > 1000 {
		return 0, false
	}
	guess := string(name) // the next line may move the window
	if !k.contentFollows(after) {
		return 0, false
	}
	if f.named {
		f.guess, f.guessAt = guess, pos
		return 0, false
	}
	k.guessed(level, guess, pos)
	return level, true
}

// sniff goes back to the line that looks like a delimiter, when the declared
// boundary did not occur until d.
func (k *walker) sniff(d delimiter) (int64, bool) {
	level := len(k.open) - 1
	if level < 0 || level <= d.level {
		return 0, false
	}
	f := &k.open[level]
	if f.delims > 0 || f.guessAt < 0 || k.leaf != nil {
		return 0, false
	}
	// Multiparts in each other could make every octet be read once for each.
	if k.st.rescan -= d.start - f.guessAt; k.st.rescan < 0 {
		return 0, false
	}
	at := f.guessAt
	f.guessAt = -1
	if f.outer >= 0 {
		k.byName[f.boundary] = f.outer
	} else {
		delete(k.byName, f.boundary)
	}
	f.outer = -1
	k.guessed(level, f.guess, at)
	return at, true
}

// guessed gives a multipart the boundary that its body shows.
//
// QUIRK: RFC 2046 section 5.1.1: the boundary parameter is required and says
// what the delimiters are. Rewriting gateways and broken generators lose,
// empty, quote or change it. The first line "--X" before a Content field tells
// it, with boundary-undeclared.
// Test: testdata/quirks/boundary-wrong.eml, testdata/quirks/boundary-none.eml,
// testdata/quirks/boundary-empty.eml
func (k *walker) guessed(level int, name string, at int64) {
	k.name(level, name)
	k.open[level].part.problem(Problem{Code: BoundaryUndeclared, Offset: at})
}
