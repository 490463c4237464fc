package decode

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-message"
	"github.com/jhillyerd/enmime/v2"
)

// benchMessages gives benchMail, or the messages of the Maildir or folder that
// LOSTPOST_BENCH_MAIL names, for mail that is made elsewhere (make_perf.py).
func benchMessages(b *testing.B) [][]byte {
	b.Helper()
	dir := os.Getenv("LOSTPOST_BENCH_MAIL")
	if dir == "" {
		return benchMail()
	}
	var out [][]byte
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		m, err := os.ReadFile(path)
		out = append(out, m)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return out
}

// benchMail is mail as people get it: a plain and an HTML text of about 8 kB
// each, and in every third message an attachment of 60 kB.
func benchMail() [][]byte {
	var out [][]byte
	words := strings.Fields("the parcel is here and the green folder is on the shelf für die Großmutter über Köln we meet on Friday at ten")
	for n := range 30 {
		var text strings.Builder
		for i := range 1500 {
			text.WriteString(words[(i*7+n*3)%len(words)])
			if i%12 == 11 {
				text.WriteString("\r\n")
			} else {
				text.WriteByte(' ')
			}
		}
		var b bytes.Buffer
		fmt.Fprintf(&b, "Return-Path: <a%d@bench.example>\r\n", n)
		for i := range 6 {
			fmt.Fprintf(&b, "Received: from h%d.bench.example (h%d.bench.example [192.0.2.%d])\r\n\tby mx.bench.example with ESMTPS id %x;\r\n\tTue, 04 Mar 2025 10:11:12 +0100\r\n", i, i, i, n*i)
		}
		fmt.Fprintf(&b, "From: =?utf-8?Q?Anna_Gro=C3=9F?= <anna@bench.example>\r\nTo: ben@bench.example\r\nSubject: =?utf-8?B?UmVjaG51bmcgTcOkcno=?= %d\r\n"+
			"Date: Tue, 04 Mar 2025 10:11:12 +0100\r\nMessage-ID: <%d@bench.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_outer\"\r\n\r\n"+
			"--=_outer\r\nContent-Type: multipart/alternative; boundary=\"=_inner\"\r\n\r\n", n, n)
		fmt.Fprintf(&b, "--=_inner\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%s\r\n", text.String())
		fmt.Fprintf(&b, "--=_inner\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n<html><body><p>%s</p></body></html>\r\n--=_inner--\r\n",
			strings.ReplaceAll(text.String(), "\r\n", "<br>\r\n<b>and</b> "))
		if n%3 == 0 {
			b.WriteString("--=_outer\r\nContent-Type: application/pdf; name=r.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n")
			data := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("%PDF-1.4 "), 6700))
			for len(data) > 76 {
				b.WriteString(data[:76] + "\r\n")
				data = data[76:]
			}
			b.WriteString(data + "\r\n")
		}
		b.WriteString("--=_outer--\r\n")
		out = append(out, b.Bytes())
	}
	return out
}

// benchAll runs f over the messages and reports octets a second, on the clock
// and of processor time: other programs change the one, not the other.
func benchAll(b *testing.B, msgs [][]byte, f func([]byte)) {
	size := 0
	for _, m := range msgs {
		size += len(m)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	start := processorTime()
	for b.Loop() {
		for _, m := range msgs {
			f(m)
		}
	}
	b.ReportMetric(float64(size)*float64(b.N)/1e6/(processorTime()-start).Seconds(), "MB/cpu-s")
}

func walkAll(m []byte) {
	for range Walk(bytes.NewReader(m), int64(len(m)), Limits{}) {
	}
}

// BenchmarkWalk is structure only. Beside it the standard library reads the
// same parts, undecoded; the other libraries cannot read structure alone.
func BenchmarkWalk(b *testing.B) {
	msgs := benchMessages(b)
	b.Run("mail", func(b *testing.B) { benchAll(b, msgs, walkAll) })
	b.Run("net-mail", func(b *testing.B) { benchAll(b, msgs, func(m []byte) { readStandard(m, false) }) })
	b.Run("large", func(b *testing.B) {
		filler := strings.Repeat("All work and no play makes Jack a dull boy.\r\n", 200_000)
		benchAll(b, [][]byte{[]byte(nest(10, false) + filler)}, walkAll)
	})
	b.Run("deep", func(b *testing.B) { benchAll(b, [][]byte{[]byte(nest(10_000, true))}, walkAll) })
	b.Run("parts", func(b *testing.B) {
		m := "Content-Type: multipart/mixed; boundary=p\r\n\r\n" + strings.Repeat("--p\r\n\r\n", 1_000_000)
		benchAll(b, [][]byte{[]byte(m)}, walkAll)
	})
}

// BenchmarkDecode is text of the whole message, HTML included. The libraries
// beside it read every part; enmime makes text of HTML only where there is no
// other, go-message and the standard library never, and the last knows no
// charsets.
func BenchmarkDecode(b *testing.B) {
	msgs := benchMessages(b)
	b.Run("lostpost", func(b *testing.B) {
		benchAll(b, msgs, func(m []byte) {
			Decode(context.Background(), bytes.NewReader(m), int64(len(m)), Options{})
		})
	})
	b.Run("enmime", func(b *testing.B) {
		benchAll(b, msgs, func(m []byte) { enmime.ReadEnvelope(bytes.NewReader(m)) })
	})
	b.Run("go-message", func(b *testing.B) {
		benchAll(b, msgs, func(m []byte) {
			e, err := message.Read(bytes.NewReader(m))
			if e == nil || err != nil && !message.IsUnknownCharset(err) {
				return
			}
			e.Walk(func(_ []int, e *message.Entity, _ error) error {
				if e.MultipartReader() == nil {
					io.Copy(io.Discard, e.Body)
				}
				return nil
			})
		})
	})
	b.Run("net-mail", func(b *testing.B) { benchAll(b, msgs, func(m []byte) { readStandard(m, true) }) })
}

// readStandard reads a message with net/mail and mime/multipart, and undoes
// transfer encodings if decode is true. What these refuse is passed over.
func readStandard(m []byte, decode bool) {
	msg, err := mail.ReadMessage(bytes.NewReader(m))
	if err != nil {
		return
	}
	readStandardPart(msg.Header.Get("Content-Type"), msg.Header.Get("Content-Transfer-Encoding"), msg.Body, decode)
}

func readStandardPart(mediaType, encoding string, body io.Reader, decode bool) {
	kind, params, _ := mime.ParseMediaType(mediaType)
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			p, err := parts.NextRawPart()
			if err != nil {
				return
			}
			readStandardPart(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p, decode)
		}
	}
	switch encoding = strings.ToLower(encoding); {
	case decode && encoding == "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case decode && encoding == "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	_, _ = io.Copy(io.Discard, body)
}
