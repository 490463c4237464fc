package transfer

import "bytes"

// qpDecoder reads quoted-printable. Line ends stay as they are.
//
// QUIRK: RFC 2045 section 6.7 has lines of at most 76 octets, upper-case
// escapes, no octets above 0x7e and nothing after a soft break. Lines here may
// have any length; both cases of digits, raw octets, blanks after a soft break
// and an equals sign or half an escape at the end are taken; an equals sign
// that begins no escape is text. So is a line of nothing but equals signs:
// senders that encode some lines only rule off their text with it.
// Tests: testdata/quirks/qp-bad-escape.eml, testdata/quirks/qp-cut.eml,
// testdata/quirks/qp-blank-after-soft-break.eml, testdata/quirks/qp-rule.eml
type qpDecoder struct{}

func (d *qpDecoder) decode(dst, src []byte, base int64, eof bool, f *faults) ([]byte, int) {
	at := 0
	for at < len(src) {
		text, whole, ok := lineEnd(src[at:])
		line := src[at : at+text]
		if !ok && !eof {
			if at > 0 {
				return dst, at
			}
			// A line longer than the window: all but its last blanks, and what may
			// be half an escape.
			n := len(bytes.TrimRight(line, " \t\r"))
			if n == 0 {
				n = len(line)
			} else if i := bytes.LastIndexByte(line[:n], '='); i >= n-2 {
				n = i
			}
			if n == 0 {
				n = len(line)
			}
			return d.text(dst, line[:n], base, false, f), n
		}
		trimmed := bytes.TrimRight(line, " \t\r")
		last := at+whole == len(src) && eof
		if rule(trimmed) {
			f.add("qp-bad-escape", base+int64(at), false, "")
			dst = append(append(dst, trimmed...), src[at+text:at+whole]...)
		} else if n := len(trimmed); n > 0 && trimmed[n-1] == '=' { // soft break
			dst = d.text(dst, trimmed[:n-1], base+int64(at), false, f)
			if last && !ok {
				f.add("qp-cut", base+int64(at+n-1), false, "")
			}
		} else {
			dst = d.text(dst, trimmed, base+int64(at), last && !ok, f)
			dst = append(dst, src[at+text:at+whole]...)
		}
		at += whole
	}
	return dst, at
}

// rule reports whether a line is a rule of equals signs. Three: "==" can be the
// end of an address and a soft break.
func rule(line []byte) bool {
	return len(line) >= 3 && bytes.Count(line, []byte{'='}) == len(line)
}

// text decodes the octets of a line.
func (d *qpDecoder) text(dst, line []byte, base int64, last bool, f *faults) []byte {
	for at := 0; at < len(line); {
		c := line[at]
		if c != '=' {
			n := bytes.IndexByte(line[at:], '=')
			if n < 0 {
				return append(dst, line[at:]...)
			}
			dst = append(dst, line[at:at+n]...)
			at += n
			continue
		}
		if at+2 < len(line) {
			if hi, lo := hexTable[line[at+1]], hexTable[line[at+2]]; hi|lo < 16 {
				dst = append(dst, hi<<4|lo)
				at += 3
				continue
			}
		}
		if last && at+1 >= len(line)-1 && (at+1 == len(line) || hexTable[line[at+1]] < 16) {
			f.add("qp-cut", base+int64(at), true, "half an escape at the end")
			return dst
		}
		f.add("qp-bad-escape", base+int64(at), false, "")
		dst = append(dst, '=')
		at++
	}
	return dst
}
