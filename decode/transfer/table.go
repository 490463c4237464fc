package transfer

import "strings"

// Canonical maps what stands in Content-Transfer-Encoding to one of
// "7bit", "8bit", "binary", "base64", "quoted-printable", "uuencode", "yenc",
// "binhex"; ok is false for a label that nobody knows (then "8bit"). No label
// is "7bit". RFC 2045 section 6.1.
//
// QUIRK: the label is one token. It is written with comments, quotation marks,
// a semicolon, blanks and hyphens in odd places. Letters and digits count, up
// to a semicolon, a comma or a comment. Test: testdata/quirks/encoding-label.eml
func Canonical(label string) (encoding string, ok bool) {
	switch label {
	case "7bit", "8bit", "base64", "quoted-printable":
		return label, true
	}
	if i := strings.IndexAny(label, ";,("); i > 0 {
		label = label[:i]
	}
	var buf [32]byte
	key := buf[:0]
	for i := 0; i < len(label) && len(key) < len(buf); i++ {
		switch c := label[i]; {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
			key = append(key, c)
		case 'A' <= c && c <= 'Z':
			key = append(key, c|0x20)
		}
	}
	switch string(key) {
	case "", "7bit", "7bits", "7bitmime", "ascii", "usascii", "none", "no", "identity":
		return "7bit", true
	case "8bit", "8bits", "8bitmime":
		return "8bit", true
	case "binary", "bin":
		return "binary", true
	case "base64", "b64", "xbase64", "mimebase64", "base64encoded":
		return "base64", true
	case "quotedprintable", "qp", "quotedprintible", "xquotedprintable", "quoteprintable", "quotedprintables", "printable":
		return "quoted-printable", true
	case "uuencode", "xuuencode", "uue", "xuue", "uu", "xuu", "uuencoded", "xuuencoded":
		return "uuencode", true
	case "yenc", "xyenc", "yencode", "xyencode":
		return "yenc", true
	case "binhex", "binhex40", "xbinhex", "xbinhex40", "macbinhex", "macbinhex40", "xmacbinhex40", "binhex4":
		return "binhex", true
	}
	return "8bit", false
}
