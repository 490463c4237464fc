package outlook

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"lostpost/decode/mapi"
	"lostpost/fetch"
)

// mutations says how many damaged files TestMutated reads; the full number is
// LOSTPOST_MUTATIONS=10000.
func mutations() int {
	if n, err := strconv.Atoi(os.Getenv("LOSTPOST_MUTATIONS")); err == nil {
		return n
	}
	return 500
}

// rich is a message with one of everything.
func rich() []byte {
	s := letter()
	s.text(mapi.TransportHeaders, "Received: by mx.example\r\nSubject: x\r\n\r\n")
	s.octets(mapi.Binary, mapi.RTFCompressed, stored(`{\rtf1\ansi\fromhtml1{\*\htmltag64 <b>}one}`))
	s.categories("a", "b")
	s.attach("a.bin", bytes.Repeat([]byte("x"), 9000))
	a := s.part("attach")
	a.int(mapi.AttachMethod, byStorage)
	a.inner = []*storage{{name: "__substg1.0_3701000D", plain: true, streams: []namedStream{{"1Table", bytes.Repeat([]byte("y"), 5000)}},
		inner: []*storage{{name: "Folder", plain: true, streams: []namedStream{{"a", []byte("b")}}}}}}
	inner := letter()
	inner.embed("deeper", draft())
	s.embed("inner", inner)
	return s.build()
}

// readAll reads whatever comes.
func readAll(t *testing.T, b []byte) {
	src, err := Open(memory{bytes.NewReader(b), "a.msg"}, fetch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for m := range src.Messages(t.Context(), fetch.NoState) {
		if n++; n > 1 || m == nil {
			t.Fatalf("yield %d is %v", n, m)
		}
		if m.Body != nil {
			io.Copy(io.Discard, m.Body)
		}
	}
}

// TestMutated reads files that were damaged at random, of ours and, where they
// are at hand, real ones: no panic, none takes 2 s or 256 MB.
func TestMutated(t *testing.T) {
	bases := [][]byte{rich()}
	if _, err := os.Stat("../../../shared/corpora/recover/recover.tar.zst"); err == nil {
		files, list := corpus(t)
		for _, f := range list {
			bases = append(bases, files[f.File])
		}
	}
	rng := rand.New(rand.NewPCG(13, 1))
	var before, after runtime.MemStats
	for i := range mutations() {
		b := bytes.Clone(bases[i%len(bases)])
		for range 1 + rng.IntN(20) {
			switch at := rng.IntN(len(b)); rng.IntN(5) {
			case 0:
				b[at] = byte(rng.Uint32())
			case 1:
				if at+4 < len(b) {
					binary.LittleEndian.PutUint32(b[at&^3:], rng.Uint32N(200)) // most often a number of a sector
				}
			case 2: // another sector in the place of one
				if other := rng.IntN(len(b)) &^ 511; at+512 < len(b) && other+512 < len(b) {
					copy(b[at&^511:][:512], b[other:])
				}
			case 3:
				if rng.IntN(20) == 0 {
					b = b[:max(at, 1)]
				}
			default:
				b[at] = 0xff
			}
		}
		runtime.ReadMemStats(&before)
		start := time.Now()
		readAll(t, b)
		d := time.Since(start)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; d > 10*time.Second || used > 256<<20 {
			t.Errorf("file %d: %v, %d MB", i, d, used>>20)
		}
	}
}

// TestCirclesEnd has storages and chains that lead back to themselves.
func TestCirclesEnd(t *testing.T) {
	for name, change := range map[string]func(b []byte, entry func(name string) []byte){
		"attachment in itself": func(_ []byte, entry func(string) []byte) {
			inner := entry("__substg1.0_3701000D")
			root := binary.LittleEndian.Uint32(entry("Root Entry")[76:])
			binary.LittleEndian.PutUint32(inner[76:], root)
		},
		"sibling of itself": func(_ []byte, entry func(string) []byte) {
			e := entry("__properties_version1.0")
			binary.LittleEndian.PutUint32(e[72:], 1)
			binary.LittleEndian.PutUint32(e[68:], 1)
		},
		"chain of the directory": func(b []byte, _ func(string) []byte) {
			start := binary.LittleEndian.Uint32(b[48:])
			binary.LittleEndian.PutUint32(b[len(b)-sectorSize:][4*start:], start)
		},
		"chain of tables": func(b []byte, _ func(string) []byte) {
			binary.LittleEndian.PutUint32(b[68:], 0)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := rich()
			entry := func(name string) []byte {
				i := bytes.Index(b, append(wide(name), 0, 0))
				if i < 0 {
					t.Fatalf("no entry %s", name)
				}
				return b[i:][:128]
			}
			change(b, entry)
			start := time.Now()
			readAll(t, b)
			if d := time.Since(start); d > 10*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}

// TestManyAttachmentsInOneStream: a file in which every attachment has the same
// octets must not become many times as long.
func TestManyAttachmentsInOneStream(t *testing.T) {
	s := letter()
	for range 2000 {
		s.attach("a.bin", nil)
	}
	big := s.attach("b.bin", bytes.Repeat([]byte("x"), 200_000))
	_ = big
	b := s.build()
	name := append(wide("__substg1.0_37010102"), 0, 0)
	last := bytes.LastIndex(b, name)
	place := bytes.Clone(b[last+116 : last+128])
	for i := bytes.Index(b, name); i < last; {
		copy(b[i+116:], place)
		i += 128 + bytes.Index(b[i+128:], name)
	}
	src, err := Open(memory{bytes.NewReader(b), "a.msg"}, fetch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for m, err := range src.Messages(t.Context(), fetch.NoState) {
		if err == nil || !strings.Contains(err.Error(), errOverlap.Error()) {
			t.Errorf("got %v, want %v", err, errOverlap)
		}
		if n, _ := io.Copy(io.Discard, m.Body); n > 10*int64(len(b)) {
			t.Errorf("%d octets of mail out of a file of %d", n, len(b))
		}
	}
}

func FuzzMSG(f *testing.F) {
	f.Add(rich())
	f.Add(letter().build())
	f.Add(draft().build())
	f.Fuzz(func(t *testing.T, b []byte) { readAll(t, b) })
}
