package decode

import (
	"slices"
	"testing"
)

// TestContainers: what is entered, and what of it a reader sees.
func TestContainers(t *testing.T) {
	for _, c := range []struct {
		name, msg, text string
		attached        []string // paths
	}{
		{"message/global", lines("Content-Type: message/global", "", "Subject: Grüße", "", "inner"), "Subject: Grüße\n\ninner\n", nil},
		{"message/news", lines("Content-Type: message/news", "", "Subject: news", "", "inner"), "Subject: news\n\ninner\n", nil},
		{"appledouble: the data fork is the file", lines("Content-Type: multipart/mixed; boundary=x", "", "--x", "", "one",
			"--x", "Content-Type: multipart/appledouble; boundary=y", "",
			"--y", "Content-Type: application/applefile; name=a.pdf", "Content-Transfer-Encoding: base64", "", "AAUWBwACAAA=",
			"--y", "Content-Type: application/pdf; name=a.pdf", "", "%PDF-1.4", "--y--", "--x--"), "one\n", []string{"2.2"}},
		{"a receipt is text", lines("Content-Type: multipart/report; report-type=disposition-notification; boundary=x", "", "--x", "", "It was read.",
			"--x", "Content-Type: message/disposition-notification", "", "Disposition: manual-action/MDN-sent-manually; displayed", "--x--"),
			"It was read.\n\nDisposition: manual-action/MDN-sent-manually; displayed\n", nil},
		{"digest", lines("Content-Type: multipart/digest; boundary=x", "", "--x", "", "Subject: one", "", "first", "--x", "", "Subject: two", "", "second", "--x--"),
			"Subject: one\n\nfirst\n\nSubject: two\n\nsecond\n", nil},
		{"a body elsewhere", lines("Content-Type: message/external-body; access-type=URL; url=\"http://files.example/a\"; size=77", "", "Content-Type: text/plain", "", "phantom"),
			"[not in this message, access-type: URL, url: http://files.example/a, size: 77]\n", nil},
	} {
		m := decodeBytes(t, []byte(c.msg))
		if m.Text != c.text {
			t.Errorf("%s: got text %q, want %q", c.name, m.Text, c.text)
		}
		var attached []string
		for _, p := range m.Parts {
			if p.Attachment {
				attached = append(attached, p.Path())
			}
		}
		if !slices.Equal(attached, c.attached) {
			t.Errorf("%s: got attachments %q, want %q", c.name, attached, c.attached)
		}
	}
}
