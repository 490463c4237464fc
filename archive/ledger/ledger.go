// Package ledger reads and writes the lines of an archive's ledger.
//
// A ledger is append-only text. A line is a list of fields separated by TAB;
// the first is its kind, the last is the CRC-32C (RFC 3720 appendix B.4) of all
// octets before its TAB, in eight lower-case hex digits; LF ends it:
//
//	V TAB 2026-11-24T17:00:00Z TAB imap://... TAB 0a1b2c3d LF
//
// A field is UTF-8. Control characters (TAB among them), DEL, "%" and octets
// that are not UTF-8 are written %XX.
//
// Promises. A line that [Reader.Next] calls good was written by [Append] as a
// whole: a torn line, a hole of NULs or a changed octet makes it bad, and one
// bad line never hides the next. Reading takes memory for one line, at most
// [MaxLine]. Readers skip kinds they do not know.
//
// The package knows no kind and never opens a file.
package ledger

import (
	"bytes"
	"hash/crc32"
	"unicode/utf8"
)

// MaxLine is the longest line in octets, LF included. Append may make longer
// ones; a Reader calls those bad.
const MaxLine = 1 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const hexDigits = "0123456789abcdef"

// Append adds one line to dst: the kind, the fields, the sum. Kind is one or
// more letters. Fields may hold any octets.
func Append(dst []byte, kind string, fields ...string) []byte {
	start := len(dst)
	dst = append(dst, kind...)
	for _, f := range fields {
		dst = append(dst, '\t')
		dst = escape(dst, f, 0)
	}
	return seal(dst, start)
}

// A List is a field that holds several texts, separated by commas. A comma or
// "%" inside a text is written %XX.
type List []string

// AppendWithList is Append for a line whose field number at, counted from 0
// after the kind, is a list and not a text; fields[at] is not looked at.
func AppendWithList(dst []byte, kind string, at int, list List, fields ...string) []byte {
	start := len(dst)
	dst = append(dst, kind...)
	for i, f := range fields {
		dst = append(dst, '\t')
		if i != at {
			dst = escape(dst, f, 0)
			continue
		}
		for j, s := range list {
			if j > 0 {
				dst = append(dst, ',')
			}
			dst = escape(dst, s, ',')
		}
	}
	return seal(dst, start)
}

// seal ends the line that begins at start with its sum and LF.
func seal(dst []byte, start int) []byte {
	sum := crc32.Checksum(dst[start:], castagnoli)
	dst = append(dst, '\t')
	for shift := 28; shift >= 0; shift -= 4 {
		dst = append(dst, hexDigits[sum>>shift&15])
	}
	return append(dst, '\n')
}

// escape adds s with %XX for what must not stand in a field, and for also if
// that is not 0.
func escape(dst []byte, s string, also byte) []byte {
	plain := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '%' && c != 0x7f && (also == 0 || c != also) {
				i++
				continue
			}
		} else if r, n := utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || n > 1 {
			i += n
			continue
		}
		dst = append(dst, s[plain:i]...)
		dst = append(dst, '%', hexDigits[c>>4], hexDigits[c&15])
		i++
		plain = i
	}
	return append(dst, s[plain:]...)
}

// unescape is the inverse of escape. A "%" that two hex digits do not follow
// stands for itself; escape writes none.
func unescape(b []byte) string {
	first := bytes.IndexByte(b, '%')
	if first < 0 {
		return string(b)
	}
	out := make([]byte, first, len(b))
	copy(out, b)
	for i := first; i < len(b); i++ {
		if b[i] == '%' && i+2 < len(b) {
			hi, lo := unhex(b[i+1]), unhex(b[i+2])
			if hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		out = append(out, b[i])
	}
	return string(out)
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
