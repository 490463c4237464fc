package unpack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/ulikunitz/xz/lzma"
)

// A sevenMaker makes a 7z of one folder.
type sevenMaker struct {
	names, contents []string
	lzma            bool // else stored
	packed          bool // the header too
}

// sevenNumber writes an integer in the longest form.
func sevenNumber(n int) []byte {
	return append([]byte{0xFF}, binary.LittleEndian.AppendUint64(nil, uint64(n))...)
}

// pack gives packed octets and the coder for them.
func (m *sevenMaker) pack(t testing.TB, b []byte) (packed, coder []byte) {
	t.Helper()
	if !m.lzma {
		return b, []byte{1, 1, 0}
	}
	var buf bytes.Buffer
	w, err := lzma.WriterConfig{SizeInHeader: true, Size: int64(len(b)), DictCap: 1 << 16}.NewWriter(&buf)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()[13:], append([]byte{1, 0x23, 3, 1, 1, 5}, buf.Bytes()[:5]...)
}

// streams describes one folder at pos.
func streams(pos, packed int, coder []byte, unpacked int) []byte {
	return slices.Concat([]byte{sevenPack}, sevenNumber(pos), sevenNumber(1), []byte{sevenSize}, sevenNumber(packed), []byte{sevenEnd},
		[]byte{sevenUnpack, sevenFolder}, sevenNumber(1), []byte{0}, coder, []byte{sevenUnpackSize}, sevenNumber(unpacked), []byte{sevenEnd})
}

func (m *sevenMaker) make(t testing.TB) []byte {
	t.Helper()
	all := []byte(strings.Join(m.contents, ""))
	body, coder := m.pack(t, all)
	h := slices.Concat([]byte{sevenHeader, sevenMainStreams}, streams(0, len(body), coder, len(all)), []byte{sevenSubStreams, sevenNumUnpack}, sevenNumber(len(m.contents)), []byte{sevenSize})
	for _, c := range m.contents[:len(m.contents)-1] {
		h = append(h, sevenNumber(len(c))...)
	}
	h = append(h, sevenCRC, 1)
	for _, c := range m.contents {
		h = binary.LittleEndian.AppendUint32(h, crc32.ChecksumIEEE([]byte(c)))
	}
	names := []byte{0}
	for _, u := range utf16.Encode([]rune(strings.Join(m.names, "\x00") + "\x00")) {
		names = binary.LittleEndian.AppendUint16(names, u)
	}
	h = slices.Concat(h, []byte{sevenEnd, sevenEnd, sevenFiles}, sevenNumber(len(m.names)), []byte{sevenNames}, sevenNumber(len(names)), names, []byte{sevenEnd, sevenEnd})
	if m.packed {
		packed, coder := m.pack(t, h)
		h = slices.Concat([]byte{sevenEncodedHeader}, streams(len(body), len(packed), coder, len(h)), []byte{sevenEnd})
		body = slices.Concat(body, packed)
	}
	return sevenFile(body, h)
}

// sevenFile puts a file together, with all checksums right.
func sevenFile(body, header []byte) []byte {
	start := binary.LittleEndian.AppendUint64(nil, uint64(len(body)))
	start = binary.LittleEndian.AppendUint64(start, uint64(len(header)))
	start = binary.LittleEndian.AppendUint32(start, crc32.ChecksumIEEE(header))
	sig := binary.LittleEndian.AppendUint32([]byte(sevenMagic+"\x00\x04"), crc32.ChecksumIEEE(start))
	return slices.Concat(sig, start, body, header)
}

// sevenTold is what Files gives: "name: content" or "name! error".
func sevenTold(b []byte) []string {
	seq, _ := Files(bytes.NewReader(b), int64(len(b)), "a.7z", Limits{})
	var out []string
	for f, err := range seq {
		name := ""
		if f != nil {
			name = f.Name()
		}
		if err != nil {
			out = append(out, name+"! "+err.Error())
			continue
		}
		content, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
		if err != nil {
			out = append(out, name+"! "+err.Error())
		} else if err := f.Damage(); err != nil {
			out = append(out, fmt.Sprintf("%s: %s! %v", name, content, err))
		} else {
			out = append(out, name+": "+string(content))
		}
	}
	return out
}

var sevenPlain = &sevenMaker{names: []string{"mail/Inbox", "b.eml", "c.eml"}, contents: []string{strings.Repeat("one ", 100), "two", "three"}}

func TestSeven(t *testing.T) {
	want := []string{"mail/Inbox: " + strings.Repeat("one ", 100), "b.eml: two", "c.eml: three"}
	for _, m := range []sevenMaker{{}, {lzma: true}, {packed: true}, {lzma: true, packed: true}} {
		m.names, m.contents = sevenPlain.names, sevenPlain.contents
		b := m.make(t)
		if got := sevenTold(b); !slices.Equal(got, want) {
			t.Errorf("%+v: got %q", m, got)
		}
		// A caller need not read an entry.
		seq, _ := Files(bytes.NewReader(b), int64(len(b)), "a.7z", Limits{})
		last := ""
		for f := range seq {
			last = f.Name()
			if last == "c.eml" {
				got, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
				if string(got) != "three" || err != nil {
					t.Errorf("got %q, %v", got, err)
				}
			}
		}
		if last != "c.eml" {
			t.Errorf("the last is %q", last)
		}
	}
}

func TestSevenDamage(t *testing.T) {
	b := sevenPlain.make(t)
	flipped := slices.Clone(b)
	flipped[lenSeven+401] ^= 1 // "two"
	inTheMiddle := slices.Clone(b)
	inTheMiddle[len(b)-20] ^= 1
	for _, test := range []struct {
		name string
		in   []byte
		want string
		err  error
	}{
		{"an octet of an entry", flipped, "b.eml: tvo! octets are not those", nil},
		{"cut off", b[:len(b)-10], "! 7z header is damaged: it would lie outside of the file, which is cut off", nil},
		{"header", inTheMiddle, "! 7z header is damaged: its checksum is wrong", nil},
		{"only the magic", b[:6], "! 7z header is damaged: unexpected EOF", nil},
	} {
		if got := sevenTold(test.in); !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, test.want) }) {
			t.Errorf("%s: got %q", test.name, got)
		}
	}
}

// TestSevenClaims: a header that claims much costs nothing.
func TestSevenClaims(t *testing.T) {
	folder := func(coder ...byte) []byte {
		return slices.Concat([]byte{sevenHeader, sevenMainStreams}, streams(0, 10, coder, 10), []byte{sevenEnd, sevenFiles, 1, sevenNames, 5, 0, 'h', 0, 0, 0, sevenEnd, sevenEnd})
	}
	many := slices.Concat([]byte{sevenHeader, sevenFiles}, sevenNumber(1<<32-1), []byte{sevenEnd, sevenEnd})
	for _, test := range []struct {
		name   string
		header []byte
		want   error
	}{
		{"four billion files", many, errSevenLimit},
		{"files without names", slices.Concat([]byte{sevenHeader, sevenFiles}, sevenNumber(200_000), []byte{sevenNames, 1, 0, sevenEnd, sevenEnd}), errSeven},
		{"four billion packed streams", slices.Concat([]byte{sevenHeader, sevenMainStreams, sevenPack, 0}, sevenNumber(1<<32-1), []byte{sevenCRC, 1}), errSevenLimit},
		{"a dictionary of 4 GB", folder(1, 0x23, 3, 1, 1, 5, 0x5D, 0xFF, 0xFF, 0xFF, 0xFF), errSevenLimit},
		{"a dictionary of 4 GB in LZMA2", folder(1, 0x21, 0x21, 1, 40), errSevenLimit},
		{"PPMd with 2 GB", folder(1, 0x23, 3, 4, 1, 5, 6, 0, 0, 0, 0x80), errSevenLimit},
		{"encrypted", folder(1, 0x04, 6, 0xF1, 7, 1), ErrEncrypted},
		{"unknown method", folder(1, 1, 0x77), errSeven},
		{"a packed header of itself", slices.Concat([]byte{sevenEncodedHeader}, streams(0, 10, []byte{1, 1, 0}, 10), []byte{sevenEnd}), errSeven},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := sevenFile(make([]byte, 10), test.header)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			seq, ok := Files(bytes.NewReader(b), int64(len(b)), "a.7z", Limits{})
			if !ok {
				t.Fatal("not recognised")
			}
			var got error
			for _, err := range seq {
				got = err
			}
			if !errors.Is(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
			runtime.ReadMemStats(&after)
			if n := after.TotalAlloc - before.TotalAlloc; n > 8<<20 {
				t.Errorf("%d octets allocated", n)
			}
		})
	}
}

// TestSevenBomb: what the entries before a wanted one unpack to is measured even
// if nobody reads it.
func TestSevenBomb(t *testing.T) {
	m := sevenMaker{names: []string{"zeros", "b"}, contents: []string{strings.Repeat("\x00", 4<<20), "two"}, lzma: true}
	b := m.make(t)
	seq, _ := Files(bytes.NewReader(b), int64(len(b)), "a.7z", Limits{Grace: 1 << 20, Ratio: 10})
	var last error
	for _, err := range seq {
		last = err
	}
	if !errors.Is(last, ErrRatio) {
		t.Errorf("got %v, want %v", last, ErrRatio)
	}
}

// TestSevenMutations changes files whose checksums are then made right again;
// LOSTPOST_LONG=1 makes 10,000.
func TestSevenMutations(t *testing.T) {
	const seed = 5
	t.Logf("seed %d", seed)
	n := 150
	if os.Getenv("LOSTPOST_LONG") != "" {
		n = 5_000
	}
	r := rand.New(rand.NewPCG(seed, seed))
	for _, m := range []sevenMaker{{lzma: true}, {lzma: true, packed: true}} {
		m.names, m.contents = sevenPlain.names, sevenPlain.contents
		whole := m.make(t)
		header := whole[lenSeven+binary.LittleEndian.Uint64(whole[12:]):]
		body := whole[lenSeven : len(whole)-len(header)]
		for range n {
			b, h := slices.Clone(body), slices.Clone(header)
			for range 1 + r.IntN(3) {
				if r.IntN(2) == 0 {
					h[r.IntN(len(h))] = byte(r.Uint32())
				} else {
					b[r.IntN(len(b))] ^= byte(1 << r.IntN(8))
				}
			}
			started := time.Now()
			sevenTold(sevenFile(b, h))
			if d := time.Since(started); d > 10*time.Second {
				t.Errorf("%v for %x %x", d, b, h)
			}
		}
	}
}

func FuzzSeven(f *testing.F) {
	f.Add(sevenPlain.make(f)[lenSeven:], 0)
	f.Add((&sevenMaker{names: sevenPlain.names, contents: sevenPlain.contents, lzma: true}).make(f)[lenSeven:], 100)
	f.Fuzz(func(t *testing.T, in []byte, body int) {
		body = min(max(body, 0), len(in))
		sevenTold(sevenFile(in[:body], in[body:]))
		sevenTold(append([]byte(sevenMagic), in...))
	})
}
