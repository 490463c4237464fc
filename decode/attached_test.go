package decode

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"lostpost/decode/attach"
)

// letter is a small Word file.
func letter(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("word/document.xml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("<w:p><w:t>" + text + "</w:t></w:p>")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// attachment is a part with a file in base64.
func attachment(mediaType, name, content string) string {
	return lines("--x", "Content-Type: "+mediaType, "Content-Disposition: attachment; filename=\""+name+"\"",
		"Content-Transfer-Encoding: base64", "", base64.StdEncoding.EncodeToString([]byte(content)))
}

// attachedTo decodes a message with the text "hello" and these parts.
func attachedTo(t *testing.T, opt Options, parts ...string) *Message {
	t.Helper()
	msg := lines("Content-Type: multipart/mixed; boundary=x", "", "--x", "", "hello") + strings.Join(parts, "") + lines("--x--")
	opt.Attachments = true
	m, err := Decode(context.Background(), strings.NewReader(msg), int64(len(msg)), opt)
	if err != nil {
		t.Fatal(err)
	}
	if m.Text != "hello\n" {
		t.Errorf("the message itself: got %q", m.Text)
	}
	return m
}

// told is the attached texts with their paths, and the codes of the problems.
func told(m *Message) string {
	var b strings.Builder
	for _, a := range m.Attached {
		b.WriteString(a.Part.Path() + " " + a.Text + "|")
	}
	for _, p := range m.Problems {
		b.WriteString(string(p.Code) + " ")
	}
	return b.String()
}

func TestAttachedTexts(t *testing.T) {
	pdf := func(_ context.Context, file []byte) (string, error) {
		switch {
		case bytes.Contains(file, []byte("secret")):
			return "", attach.ErrEncrypted
		case bytes.Contains(file, []byte("bad")):
			return "some of it", errors.New("broken")
		}
		return "words of a PDF\n", nil
	}
	for _, c := range []struct{ name, part, want string }{
		{"Word", attachment("application/octet-stream", "a.docx", letter(t, "größer")), "2 größer|"},
		{"HTML, by its label", lines("--x", "Content-Type: text/html; charset=iso-8859-5", "Content-Disposition: attachment", "", "<p>\xbc\xd8\xe0 <b>\xbc\xd8\xe0"), "2 Мир Мир|"},
		{"RTF", attachment("text/rtf", "a.rtf", `{\rtf1 rich}`), "2 rich|"},
		{"PDF", attachment("application/pdf", "a.pdf", "%PDF-1.4"), "2 words of a PDF|"},
		{"PDF with a password", attachment("application/pdf", "a.pdf", "%PDF-1.4 secret"), "attachment-encrypted "},
		{"PDF that is damaged", attachment("application/pdf", "a.pdf", "%PDF-1.4 bad"), "2 some of it|attachment-damaged "},
		{"no PDF", attachment("application/pdf", "a.pdf", "\x00\x01 noise"), "attachment-not-read "},
		{"picture", attachment("image/png", "a.png", "\x89PNG\r\n"), ""},
		{"of an attached message", lines("--x", "Content-Type: message/rfc822", "", "Content-Type: multipart/mixed; boundary=y", "", "--y",
			"Content-Type: application/rtf", "Content-Disposition: attachment", "", `{\rtf1 inner}`, "--y--"), "2.1 inner|"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := told(attachedTo(t, Options{PDF: pdf}, c.part)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAttachedTextOfAFileInsideAText(t *testing.T) {
	msg := "Subject: x\n\nhello\nbegin 644 a.rtf\n->UQR=&8Q(&)L;V-K?0``\n`\nend\n"
	m, err := Decode(context.Background(), strings.NewReader(msg), int64(len(msg)), Options{Attachments: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := told(m), "1/1 block|text-inline-file "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPDFIsNotReadWithoutAReader(t *testing.T) {
	m := attachedTo(t, Options{}, attachment("application/pdf", "a.pdf", "%PDF-1.4"))
	if got, want := told(m), "attachment-not-read "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestAHostileAttachmentCostsItself: its reader gives up, and what comes before
// and behind it is there.
func TestAHostileAttachmentCostsItself(t *testing.T) {
	stuck := func(ctx context.Context, _ []byte) (string, error) {
		if end, ok := ctx.Deadline(); !ok || time.Until(end) > 10*time.Second {
			t.Errorf("a PDF may take until %v", end)
		}
		return "", attach.ErrLimit
	}
	m := attachedTo(t, Options{PDF: stuck}, attachment("text/plain", "a.txt", "before"), attachment("application/pdf", "a.pdf", "%PDF-1.4"), attachment("text/plain", "b.txt", "behind"))
	if got, want := told(m), "2 before|4 behind|limit-attachment "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAttachedTextIsBounded(t *testing.T) {
	big := strings.Repeat("word ", 7<<18) // 8.75 MiB
	m := attachedTo(t, Options{}, attachment("text/plain", "a.txt", big), attachment("application/octet-stream", "b.txt", big), attachment("text/plain", "c.txt", "more"))
	total := 0
	for _, a := range m.Attached {
		if len(a.Text) > attachedText {
			t.Errorf("%s has %d octets", a.Part.Path(), len(a.Text))
		}
		total += len(a.Text)
	}
	if total > maxAttached || len(m.Attached) < 2 {
		t.Errorf("%d octets of %d attachments", total, len(m.Attached))
	}
	if !strings.Contains(told(m), attach.Limit) {
		t.Error("that text was cut is not said")
	}
}
