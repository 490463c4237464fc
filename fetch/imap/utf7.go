package imap

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// utf7 is the base64 of RFC 3501 section 5.1.3: "," for "/", no padding.
var utf7 = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").WithPadding(base64.NoPadding)

// decodeName undoes the modified UTF-7 of a mailbox name. What is none stands
// for itself.
//
// QUIRK: RFC 3501 section 5.1.3 allows ASCII only. Servers send raw UTF-8, a
// lone "&", or base64 that is none. Such octets are kept as they are.
// Test: TestMailboxNames.
func decodeName(raw string) string {
	var b strings.Builder
	for i := 0; i < len(raw); {
		if raw[i] != '&' {
			b.WriteByte(raw[i])
			i++
			continue
		}
		end := strings.IndexByte(raw[i:], '-')
		if end == 1 {
			b.WriteByte('&')
			i += 2
			continue
		}
		text, ok := "", false
		if end > 1 {
			text, ok = decodeRun(raw[i+1 : i+end])
		}
		if !ok {
			b.WriteByte('&')
			i++
			continue
		}
		b.WriteString(text)
		i += end + 1
	}
	return b.String()
}

// decodeRun decodes what stands between "&" and "-": UTF-16 in base64.
func decodeRun(s string) (string, bool) {
	wide, err := utf7.DecodeString(s)
	if err != nil || len(wide)%2 != 0 {
		return "", false
	}
	units := make([]uint16, len(wide)/2)
	for i := range units {
		units[i] = uint16(wide[2*i])<<8 | uint16(wide[2*i+1])
	}
	text := string(utf16.Decode(units))
	return text, !strings.ContainsRune(text, utf8.RuneError)
}

// encodeName writes a mailbox name in modified UTF-7.
func encodeName(name string) string {
	var b strings.Builder
	var run []rune
	flush := func() {
		if len(run) == 0 {
			return
		}
		var wide []byte
		for _, u := range utf16.Encode(run) {
			wide = append(wide, byte(u>>8), byte(u))
		}
		b.WriteString("&" + utf7.EncodeToString(wide) + "-")
		run = run[:0]
	}
	for _, r := range name {
		if r < ' ' || r > '~' {
			run = append(run, r)
			continue
		}
		flush()
		if r == '&' {
			b.WriteString("&-")
		} else {
			b.WriteRune(r)
		}
	}
	flush()
	return b.String()
}
