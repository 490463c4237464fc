package decode

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"strings"
	"testing"

	"github.com/emersion/go-message"
)

// TestWalkAgreesWithGoMessage compares the octets of every part of well-formed
// messages, made at random by the standard library, with what go-message
// reads.
func TestWalkAgreesWithGoMessage(t *testing.T) {
	const seed = 4711
	rnd := rand.New(rand.NewPCG(seed, seed))
	for i := range 200 {
		msg := randomMessage(rnd)
		want := goMessageParts(t, msg)
		got := ownParts(t, msg)
		if got != want {
			t.Fatalf("message %d of seed %d: got\n%s\nwant\n%s\nmessage\n%s", i, seed, got, want, msg)
		}
	}
}

func ownParts(t *testing.T, msg []byte) string {
	var b strings.Builder
	for p, err := range Walk(bytes.NewReader(msg), int64(len(msg)), Limits{}) {
		if err != nil {
			t.Fatal(err)
		}
		if p.Leaf() {
			body, err := io.ReadAll(p.Open())
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "%s %d %x\n", p.MediaType, len(body), sha256.Sum256(body))
		}
	}
	return b.String()
}

func goMessageParts(t *testing.T, msg []byte) string {
	e, err := message.Read(bytes.NewReader(msg))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	err = e.Walk(func(_ []int, e *message.Entity, err error) error {
		if err != nil || e.MultipartReader() != nil {
			return err
		}
		kind, _, err := e.Header.ContentType()
		if err != nil {
			return err
		}
		body, err := io.ReadAll(e.Body)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s %d %x\n", kind, len(body), sha256.Sum256(body))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// randomMessage writes a well-formed multipart message.
func randomMessage(rnd *rand.Rand) []byte {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	fmt.Fprintf(&b, "From: ada@differ.example\r\nSubject: random\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=%q\r\n\r\n", w.Boundary())
	randomParts(rnd, w, 3)
	return b.Bytes()
}

func randomParts(rnd *rand.Rand, w *multipart.Writer, depth int) {
	defer w.Close()
	for range 1 + rnd.IntN(4) {
		h := textproto.MIMEHeader{}
		if depth > 0 && rnd.IntN(4) == 0 {
			var b bytes.Buffer
			inner := multipart.NewWriter(&b)
			h.Set("Content-Type", fmt.Sprintf("multipart/alternative; boundary=%q", inner.Boundary()))
			randomParts(rnd, inner, depth-1)
			p, _ := w.CreatePart(h)
			p.Write(b.Bytes())
			continue
		}
		data := make([]byte, rnd.IntN(3000))
		for i := range data {
			data[i] = byte(rnd.IntN(256))
		}
		switch rnd.IntN(3) {
		case 0:
			h.Set("Content-Type", "application/octet-stream")
			h.Set("Content-Transfer-Encoding", "base64")
			p, _ := w.CreatePart(h)
			e := base64.NewEncoder(base64.StdEncoding, &lineWriter{w: p})
			e.Write(data)
			e.Close()
		case 1:
			h.Set("Content-Type", "text/plain; charset=utf-8")
			h.Set("Content-Transfer-Encoding", "quoted-printable")
			p, _ := w.CreatePart(h)
			q := quotedprintable.NewWriter(p)
			io.WriteString(q, strings.ToValidUTF8(strings.ReplaceAll(string(data), "\r", ""), "é"))
			q.Close()
		default:
			h.Set("Content-Type", "text/plain; charset=us-ascii")
			p, _ := w.CreatePart(h)
			for i := range data {
				data[i] = "abc -\n>=x"[data[i]%9]
			}
			p.Write(bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n")))
		}
	}
}

// A lineWriter breaks what it writes into lines of 76 octets.
type lineWriter struct {
	w   io.Writer
	col int
}

func (l *lineWriter) Write(b []byte) (int, error) {
	for i := range b {
		if l.col == 76 {
			io.WriteString(l.w, "\r\n")
			l.col = 0
		}
		l.w.Write(b[i : i+1])
		l.col++
	}
	return len(b), nil
}
