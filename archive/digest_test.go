package archive

import (
	"crypto/sha256"
	"io"
	"strings"
	"testing"
)

func TestDigesterFoldsLineEnds(t *testing.T) {
	for _, test := range []struct {
		parts []string
		key   string // what the key is the SHA-256 of
	}{
		{[]string{"a\nb\n"}, "a\nb\n"},
		{[]string{"a\r\nb\rc\r\n\r\r\n"}, "a\nb\rc\n\r\n"},
		{[]string{"a\r", "\nb", "\r", "c\r", "\n\r\r\n"}, "a\nb\rc\n\r\n"},
		{[]string{"a\r", ""}, "a\r"},
		{[]string{"\r\r", "\n"}, "\r\n"},
	} {
		d := NewDigester()
		for _, p := range test.parts {
			io.WriteString(d, p)
		}
		id, key := d.Sums()
		if id != sha256.Sum256([]byte(strings.Join(test.parts, ""))) {
			t.Errorf("%q: wrong id", test.parts)
		}
		if key != sha256.Sum256([]byte(test.key)) {
			t.Errorf("%q: the key is not that of %q", test.parts, test.key)
		}
	}
}
