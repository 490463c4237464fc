package transfer

import (
	"bytes"
	"strings"
)

// uuDecoder reads one uuencoded file: what stands before its begin line and
// after its end is left out.
//
// QUIRK: POSIX uuencode closes with a line "`" and a line "end". Mailers cut
// them off, and relays strip blanks, which are zeros, from line ends. Lines
// are filled up with blanks. Tests: testdata/quirks/uu-no-end.eml,
// testdata/quirks/uu-stripped-blanks.eml
type uuDecoder struct {
	state lineState
}

// A lineState is where a decoder of a file in lines is.
type lineState uint8

const (
	stateStart    lineState = iota // nothing was looked at
	stateBefore                    // before the begin line
	stateData                      // inside
	stateAfter                     // behind the end
	stateIdentity                  // there is no file; all is given as it is
)

func (d *uuDecoder) decode(dst, src []byte, base int64, eof bool, f *faults) ([]byte, int) {
	if d.state == stateStart {
		d.state = stateBefore
		if !hasLine(src, func(line []byte) bool { _, ok := uuBegin(line); return ok }) {
			d.state = stateIdentity
			f.add("uu-no-begin", base, false, "")
		}
	}
	if d.state == stateIdentity {
		return append(dst, src...), len(src)
	}
	at := 0
	for at < len(src) && d.state != stateAfter {
		text, whole, ok := lineEnd(src[at:])
		if !ok && !eof && at > 0 {
			return dst, at
		}
		dst = d.line(dst, src[at:at+text], base+int64(at), f)
		at += whole
	}
	if d.state == stateAfter {
		return dst, len(src)
	}
	if eof && d.state == stateData {
		f.add("uu-no-end", base+int64(at), false, "")
	}
	return dst, at
}

func (d *uuDecoder) line(dst, line []byte, base int64, f *faults) []byte {
	if d.state == stateBefore {
		if _, ok := uuBegin(line); ok {
			d.state = stateData
		}
		return dst
	}
	switch {
	case isEnd(line):
		d.state = stateAfter
	case uuTerminator(line):
	case uuLine(line):
		dst = appendUU(dst, line)
	default:
		f.add("uu-bad-line", base, false, "")
	}
	return dst
}

// hasLine reports whether a line of b is wanted.
func hasLine(b []byte, wanted func([]byte) bool) bool {
	for len(b) > 0 {
		text, whole, _ := lineEnd(b)
		if wanted(b[:text]) {
			return true
		}
		b = b[whole:]
	}
	return false
}

// uuBegin reads "begin 644 name".
func uuBegin(line []byte) (name string, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte("begin "))
	if !ok {
		return "", false
	}
	rest = bytes.TrimLeft(rest, " ")
	n := 0
	for n < len(rest) && '0' <= rest[n] && rest[n] <= '7' {
		n++
	}
	if n < 3 || n > 6 || n == len(rest) || rest[n] != ' ' {
		return "", false
	}
	name = strings.TrimSpace(string(cut(rest[n:], 1024)))
	return strings.Trim(name, `"`), name != ""
}

func isEnd(line []byte) bool { return string(bytes.TrimRight(line, " \t")) == "end" }

// uuTerminator reports whether a line says that no octets follow.
func uuTerminator(line []byte) bool {
	line = bytes.TrimRight(line, " \t")
	return len(line) == 0 || len(line) == 1 && line[0] == '`'
}

// uuLine reports whether a line can hold data: a length, and not more
// characters of the alphabet than it needs.
func uuLine(line []byte) bool {
	line = bytes.TrimRight(line, " ")
	if len(line) == 0 || line[0] <= ' ' || line[0] > '`' {
		return false
	}
	n := int(line[0]-' ') & 63
	if need := (n + 2) / 3 * 4; n == 0 || len(line)-1 > need+2 { // some encoders add a checksum
		return false
	}
	for _, c := range line[1:] {
		if c < ' ' || c > '`' {
			return false
		}
	}
	return true
}

// appendUU decodes one line.
func appendUU(dst, line []byte) []byte {
	n := int(line[0]-' ') & 63
	at := func(i int) byte {
		if i < len(line) {
			return (line[i] - ' ') & 63
		}
		return 0
	}
	for i := 1; n > 0; i += 4 {
		a, b, c, d := at(i), at(i+1), at(i+2), at(i+3)
		three := [3]byte{a<<2 | b>>4, b<<4 | c>>2, c<<6 | d}
		dst = append(dst, three[:min(n, 3)]...)
		n -= 3
	}
	return dst
}
