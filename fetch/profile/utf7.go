package profile

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
)

// utf7 undoes the modified UTF-7 of mailbox names (RFC 3501 section 5.1.3). A
// name that is not in it, such as "R&D", stays as it is.
func utf7(name string) string {
	var b strings.Builder
	for rest := name; rest != ""; {
		plain, coded, found := strings.Cut(rest, "&")
		b.WriteString(plain)
		if !found {
			break
		}
		var ok bool
		if coded, rest, ok = strings.Cut(coded, "-"); !ok {
			return name
		}
		if coded == "" {
			b.WriteByte('&')
			continue
		}
		text, ok := utf7Run(coded)
		if !ok {
			return name
		}
		b.WriteString(text)
	}
	return b.String()
}

var utf7Encoding = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").WithPadding(base64.NoPadding)

// utf7Run decodes what stands between "&" and "-": UTF-16 in base64.
func utf7Run(coded string) (string, bool) {
	raw, err := utf7Encoding.DecodeString(coded)
	if err != nil || len(raw) == 0 || len(raw)%2 != 0 {
		return "", false
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
	}
	for _, r := range utf16.Decode(units) {
		if r < 0x20 || r == '/' || r == 0xfffd {
			return "", false
		}
	}
	return string(utf16.Decode(units)), true
}
