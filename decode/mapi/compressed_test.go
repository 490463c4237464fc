package mapi

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The two examples of MS-OXRTFCP section 4.
const (
	helloWorld = "2d000000 2b000000 4c5a4675 f1c5c7a7 03000a00726370673132354232 0af32068656c0900 20627705b06c647d 0a800fa0"
	crossing   = "1a000000 1c000000 4c5a4675 e2d44b51 4100042057 58595a0d6e7d010eb0"
)

func TestDictionaryHasTheLengthOfTheSpecification(t *testing.T) {
	if len(dictionary) != 207 {
		t.Errorf("got %d octets, want 207", len(dictionary))
	}
}

func TestUncompressRTF(t *testing.T) {
	stored := "\x1f\x00\x00\x00\x13\x00\x00\x00MELA\x00\x00\x00\x00{\\rtf1 plain text}\r"
	for _, c := range []struct {
		name  string
		in    []byte
		limit int
		want  string
		err   error
	}{
		{"simple", unhex(t, helloWorld), 100, "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n", nil},
		{"reference over the place that is written", unhex(t, crossing), 100, "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}", nil},
		{"limit", unhex(t, crossing), 10, "{\\rtf1 WXY", ErrCut},
		{"cut", unhex(t, crossing)[:21], 100, "{\\rtf1 W", ErrCut},
		{"stored", []byte(stored), 100, "{\\rtf1 plain text}\r", nil},
		{"stored and cut", []byte(stored)[:24], 100, "{\\rtf1 p", ErrCut},
		{"header only", unhex(t, crossing)[:16], 100, "", ErrCut},
		{"too short", []byte("LZFu"), 100, "", ErrNotRTF},
		{"another kind", []byte(strings.Repeat("x", 40)), 100, "", ErrNotRTF},
		{"a size of 4 GB", append([]byte{0xff, 0xff, 0xff, 0xff}, unhex(t, crossing)[4:]...), 100, "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := UncompressRTF(c.in, c.limit)
			if string(got) != c.want || !errors.Is(err, c.err) {
				t.Errorf("got %q, %v, want %q, %v", got, err, c.want, c.err)
			}
		})
	}
}

// FuzzUncompressRTF: no more comes out than the limit and than the format can
// hold.
func FuzzUncompressRTF(f *testing.F) {
	f.Add(unhex(f, helloWorld), 100)
	f.Add(unhex(f, crossing), 20)
	f.Fuzz(func(t *testing.T, b []byte, limit int) {
		limit = min(max(limit, 0), 1<<20)
		out, _ := UncompressRTF(b, limit)
		if len(out) > limit || len(out) > 9*len(b) {
			t.Errorf("%d octets of %d, limit %d", len(out), len(b), limit)
		}
		ReadRTF(out, limit)
	})
}

// pack makes a compressed body of octets, none of them a reference.
func pack(rtf string) []byte {
	var b []byte
	for len(rtf) > 0 {
		n := min(8, len(rtf))
		b = append(append(b, 0), rtf[:n]...)
		rtf = rtf[n:]
	}
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(b)+12))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(rtf)))
	out = binary.LittleEndian.AppendUint32(out, compressed)
	return append(binary.LittleEndian.AppendUint32(out, 0), b...)
}

func TestReferenceToTheEndOfTheWindow(t *testing.T) {
	long := strings.Repeat("a", 5000)
	if got, _ := UncompressRTF(pack(long), 1<<20); string(got) != long {
		t.Errorf("got %d octets, want %d", len(got), len(long))
	}
}
