package maildir

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxFolder is the longest folder name in octets; file systems take 255, and
// Dovecot adds a few for its own files.
const maxFolder = 240

// Clean gives the canonical form of a mailbox name: valid UTF-8, "/" between
// levels, no empty level, and "" for INBOX in any case (RFC 3501 section 5.1).
// Octets that are not UTF-8 become U+FFFD.
func Clean(mailbox string) string {
	s := strings.ToValidUTF8(mailbox, "\uFFFD")
	if strings.HasPrefix(s, "/") || strings.HasSuffix(s, "/") || strings.Contains(s, "//") {
		s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '/' }), "/")
	}
	if strings.EqualFold(s, "INBOX") {
		return ""
	}
	return s
}

// Folder is the name of the folder for a mailbox below the root of the tree,
// "" for INBOX. Levels are separated by ".", as in ".Lists.golang", in modified
// UTF-7, so "Entwürfe" is ".Entw&APw-rfe".
//
// Maildir++ has no way to write "." inside a level, and Dovecot cannot open
// "&AC4-", because RFC 3501 forbids to encode what needs no encoding. So "." is
// written "%2E", likewise control characters and what Windows forbids
// (`"*:<>?\|`, a space at the end), and "%" itself where two hex digits follow.
//
// A name that would be longer than 240 octets is cut and ends in "~" and 16 hex
// digits of its SHA-256. Mailbox cannot undo that; the ledger knows the name.
func Folder(mailbox string) string {
	mailbox = Clean(mailbox)
	if mailbox == "" {
		return ""
	}
	var b strings.Builder
	b.Grow(len(mailbox) + 8)
	for level := range strings.SplitSeq(mailbox, "/") {
		b.WriteByte('.')
		encodeLevel(&b, level)
	}
	name := b.String()
	if s, ok := strings.CutSuffix(name, " "); ok {
		name = s + "%20"
	}
	if len(name) <= maxFolder {
		return name
	}
	sum := sha256.Sum256([]byte(mailbox))
	cut := name[:maxFolder-17]
	if i := strings.LastIndexByte(cut, '&'); i > strings.LastIndexByte(cut, '-') {
		cut = cut[:i] // not inside a run of UTF-7
	}
	if i := strings.LastIndexByte(cut, '%'); i >= len(cut)-2 && i >= 0 {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, ".") + "~" + hex.EncodeToString(sum[:8])
}

// escaped reports whether a character of ASCII cannot stand for itself.
func escaped(c byte) bool {
	return c < ' ' || c == 0x7f || strings.IndexByte(`."*:<>?\|`, c) >= 0
}

func encodeLevel(b *strings.Builder, s string) {
	const digits = "0123456789ABCDEF"
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c >= utf8.RuneSelf:
			n := strings.IndexFunc(s[i:], func(r rune) bool { return r < utf8.RuneSelf })
			if n < 0 {
				n = len(s) - i
			}
			encodeRun(b, s[i:i+n])
			i += n
			continue
		case c == '&':
			b.WriteString("&-")
		case escaped(c) || c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			b.WriteByte('%')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		default:
			b.WriteByte(c)
		}
		i++
	}
}

// utf7 is the base64 of RFC 3501: "," for "/", no padding.
var utf7 = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").WithPadding(base64.NoPadding)

func encodeRun(b *strings.Builder, s string) {
	var wide []byte
	for _, u := range utf16.Encode([]rune(s)) {
		wide = append(wide, byte(u>>8), byte(u))
	}
	b.WriteByte('&')
	b.WriteString(utf7.EncodeToString(wide))
	b.WriteByte('-')
}

// Mailbox is the mailbox of a folder below the root of the tree; "" is INBOX.
// It takes any name: what is no modified UTF-7 stands for itself, as in the
// folders of programs that write UTF-8. Ok is false if folder is not "" and
// does not begin with ".".
func Mailbox(folder string) (mailbox string, ok bool) {
	if folder == "" {
		return "", true
	}
	if folder[0] != '.' {
		return "", false
	}
	var levels []string
	for level := range strings.SplitSeq(folder[1:], ".") {
		levels = append(levels, strings.ReplaceAll(decodeLevel(level), "/", "%2F"))
	}
	return Clean(strings.Join(levels, "/")), true
}

func decodeLevel(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		switch {
		case s[i] == '&':
			end := strings.IndexByte(s[i:], '-')
			text, ok := "", false
			if end > 0 {
				text, ok = decodeRun(s[i+1 : i+end])
			}
			if !ok {
				b.WriteByte('&')
				i++
				continue
			}
			b.WriteString(text)
			i += end + 1
		case s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			raw, err := hex.DecodeString(s[i+1 : i+3])
			if err != nil {
				raw = []byte(s[i : i+3])
			}
			b.Write(raw)
			i += 3
		default:
			b.WriteByte(s[i])
			i++
		}
	}
	return b.String()
}

func decodeRun(s string) (string, bool) {
	if s == "" {
		return "&", true
	}
	wide, err := utf7.DecodeString(s)
	if err != nil || len(wide)%2 != 0 {
		return "", false
	}
	units := make([]uint16, len(wide)/2)
	for i := range units {
		units[i] = uint16(wide[2*i])<<8 | uint16(wide[2*i+1])
	}
	return string(utf16.Decode(units)), true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
