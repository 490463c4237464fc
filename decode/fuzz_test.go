package decode

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// seeds adds the messages of testdata.
func seeds(f *testing.F) {
	f.Helper()
	for _, dir := range []string{"quirks", "messages"} {
		names, _ := filepath.Glob("../testdata/" + dir + "/*.eml")
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Add([]byte(nest(30, false)))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=\"\"\n\n--\nContent-Type: message/rfc822\n\n----\n"))
}

// FuzzWalk: ranges nest and lie inside the file, and every body can be read.
func FuzzWalk(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		var parts []*Part
		for p, err := range Walk(bytes.NewReader(b), int64(len(b)), Limits{}) {
			if err != nil {
				t.Fatal(err)
			}
			parts = append(parts, p)
			if _, err := io.Copy(io.Discard, p.Open()); err != nil {
				t.Fatal(err)
			}
		}
		if len(parts) == 0 {
			t.Fatal("no part")
		}
		checkRanges(t, int64(len(b)), parts)
	})
}

// FuzzDecode: text is valid UTF-8, whatever the octets are, and no input takes
// the time that a message may take.
func FuzzDecode(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		start := time.Now()
		m, err := Decode(context.Background(), bytes.NewReader(b), int64(len(b)), Options{Attachments: true})
		if err != nil {
			t.Fatal(err)
		}
		checkMessage(t, int64(len(b)), m)
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("%d octets took %v", len(b), d)
		}
	})
}
