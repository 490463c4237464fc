package drafts

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"lostpost/decode"
)

func save(t testing.TB, raw string, quoted bool) string {
	t.Helper()
	var b bytes.Buffer
	if err := Save(&b, strings.NewReader(raw), int64(len(raw)), quoted); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestSave(t *testing.T) {
	for _, tt := range []struct {
		name, raw string
		quoted    bool
		want      string
	}{
		{"fields of servers and editors go, others stay",
			"X-Mozilla-Status: 0009\nReceived: from a\n by b\nFrom: mara@fjord.example\nFCC: =sent\nSubject: the\n  roof\nX-Gmail-Labels: Drafts\nBcc: ivo@vik.example\nX-Mailer: x\n\nText.\n", false,
			"X-Unsent: 1\nFrom: mara@fjord.example\nSubject: the\n  roof\nBcc: ivo@vik.example\nX-Mailer: x\n\nText.\n"},
		{"CRLF stays",
			"From: mara@fjord.example\r\nX-Unsent: 1\r\nSubject: x\r\n\r\nText.\r\n", false,
			"X-Unsent: 1\r\nFrom: mara@fjord.example\r\nSubject: x\r\n\r\nText.\r\n"},
		{"block of Claws",
			"S:mara@fjord.example\nSCF:#mh/Mailbox/sent\nX-Claws-End-Special-Headers: 1\nFrom: mara@fjord.example\nSubject: x\n\nText.\n", false,
			"X-Unsent: 1\nFrom: mara@fjord.example\nSubject: x\n\nText.\n"},
		{"dashes of nmh",
			"From: mara@fjord.example\ncc:\nFcc: +outbox\nSubject: x\n--------\nText.\n--------\n", false,
			"X-Unsent: 1\nFrom: mara@fjord.example\ncc:\nSubject: x\n\nText.\n--------\n"},
		{"quoted in an mbox",
			"From: mara@fjord.example\nSubject: x\n\n>From here\n>>From there\n> From\na >From b\n", true,
			"X-Unsent: 1\nFrom: mara@fjord.example\nSubject: x\n\nFrom here\n>From there\n> From\na >From b\n"},
		{"not quoted",
			"From: mara@fjord.example\nSubject: x\n\n>From here", false,
			"X-Unsent: 1\nFrom: mara@fjord.example\nSubject: x\n\n>From here"},
		{"no body", "From: mara@fjord.example\nSubject: x\n", false, "X-Unsent: 1\nFrom: mara@fjord.example\nSubject: x\n\n"},
		{"nothing", "", false, "X-Unsent: 1\n\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := save(t, tt.raw, tt.quoted); got != tt.want {
				t.Errorf("got\n%q, want\n%q", got, tt.want)
			}
		})
	}
}

// TestSaveKeepsAttachments: an attachment with every octet, as binary.
func TestSaveKeepsAttachments(t *testing.T) {
	var data []byte
	for i := range 300_000 {
		data = append(data, byte(i*7))
	}
	raw := "Received: by x\nFrom: mara@fjord.example\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nText.\n--b\n" +
		"Content-Type: application/octet-stream; name=a.bin\nContent-Disposition: attachment; filename=a.bin\nContent-Transfer-Encoding: binary\n\n" + string(data) + "\n--b--\n"
	got := save(t, raw, false)
	m, err := decode.Decode(context.Background(), strings.NewReader(got), int64(len(got)), decode.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range m.Parts {
		if p.FileName == "a.bin" {
			var b bytes.Buffer
			if _, err := b.ReadFrom(p.Open()); err != nil || !bytes.Equal(b.Bytes(), data) {
				t.Errorf("%d octets, error %v; want %d", b.Len(), err, len(data))
			}
			return
		}
	}
	t.Error("the attachment is gone")
}

func TestSaveRefusesEndlessHeader(t *testing.T) {
	raw := "Subject: x\n" + strings.Repeat(" folded\n", 5<<20)
	if err := Save(&bytes.Buffer{}, strings.NewReader(raw), int64(len(raw)), false); !errors.Is(err, ErrHeader) {
		t.Errorf("got %v, want %v", err, ErrHeader)
	}
}

func TestSaveGivesTheWritersError(t *testing.T) {
	err := Save(full{}, strings.NewReader(whole), int64(len(whole)), true)
	if !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
}

var errFull = errors.New("full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func FuzzSave(f *testing.F) {
	f.Add(whole, true)
	f.Add("--------\n", false)
	f.Add(">From x\n\n>From y", true)
	f.Fuzz(func(t *testing.T, raw string, quoted bool) {
		got := save(t, raw, quoted)
		m := read(t, got)
		if m.Header.Value("X-Unsent") != "1" {
			t.Errorf("no X-Unsent in %q", got)
		}
		if m.Header.Has("Received") || m.Header.Has("Fcc") {
			t.Errorf("fields that should be gone in %q", got)
		}
	})
}
