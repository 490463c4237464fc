package decode

import (
	"strings"

	"lostpost/decode/header"
)

// maxShownField is how long a field may be to have its words decoded: of a
// longer one decode/header gives the beginning only.
const maxShownField = 64 << 10

// headerText makes of a header section that stands as a text (RFC 6522 section
// 4, text/rfc822-headers) what a reader sees: its encoded-words as words. Lines
// without them stay as they are.
func headerText(src, hint string) string {
	if !strings.Contains(src, "=?") {
		return src
	}
	var b strings.Builder
	b.Grow(len(src))
	for len(src) > 0 {
		field := src[:fieldEnd(src)]
		src = src[len(field):]
		if !strings.Contains(field, "=?") || len(field) > maxShownField {
			b.WriteString(field)
			continue
		}
		text, _ := header.DecodeText([]byte(field), hint) // faults of a returned message are not of this one
		b.WriteString(text + "\n")
	}
	return b.String()
}

// fieldEnd is where the first line of src ends, with the lines that go on with
// it.
func fieldEnd(src string) int {
	for at := 0; ; {
		i := strings.IndexByte(src[at:], '\n')
		if i < 0 {
			return len(src)
		}
		at += i + 1
		if at == len(src) || src[at] != ' ' && src[at] != '\t' {
			return at
		}
	}
}
