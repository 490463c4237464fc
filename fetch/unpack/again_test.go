package unpack

import (
	"archive/zip"
	"bytes"
	"io"
	"testing"
)

// TestAgainOpensWhatWasPassed: entries are read after the sequence has ended,
// with a directory, without one, and where sizes stand behind the data.
func TestAgainOpensWhatWasPassed(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, method := range []uint16{zip.Deflate, zip.Store} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: string('a' + rune(method)), Method: method})
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, "some text that is packed")
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	whole := b.Bytes()
	for name, octets := range map[string][]byte{
		"whole":             whole,
		"without directory": whole[:bytes.Index(whole, []byte(sigCentral))],
	} {
		t.Run(name, func(t *testing.T) {
			seq, ok := Files(bytes.NewReader(octets), int64(len(octets)), "x.zip", Limits{})
			if !ok {
				t.Fatal("not a zip")
			}
			var later []func() (*File, error)
			for f, err := range seq {
				if f != nil && err == nil {
					later = append(later, f.Again())
				}
			}
			if len(later) != 2 {
				t.Fatalf("%d entries, want 2", len(later))
			}
			for range 2 {
				for i, open := range later {
					f, err := open()
					if err != nil {
						t.Fatal(err)
					}
					got, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
					if string(got) != "some text that is packed" || err != nil {
						t.Errorf("entry %d: got %q, %v", i, got, err)
					}
					if err := f.Close(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
}

// TestWholeLeavesContainersClosed: a zip inside a zip is a file if asked for.
func TestWholeLeavesContainersClosed(t *testing.T) {
	pack := func(name string, content []byte) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(content)
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	outer := pack("inner.olm", pack("a.txt", []byte("x")))
	for _, test := range []struct {
		whole bool
		want  string
	}{{true, "inner.olm"}, {false, "inner.olm!a.txt"}} {
		lim := Limits{Whole: func(head []byte, name string) bool { return test.whole && Kind(head) == "zip" && name == "inner.olm" }}
		seq, _ := Files(bytes.NewReader(outer), int64(len(outer)), "x.zip", lim)
		for f, err := range seq {
			if err != nil || f.Name() != test.want {
				t.Errorf("got %s, %v, want %s", f.Name(), err, test.want)
			}
		}
	}
}
