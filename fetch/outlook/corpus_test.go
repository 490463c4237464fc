package outlook

import (
	"archive/tar"
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset"
	"github.com/klauspost/compress/zstd"

	"lostpost/decode/mapi"
	"lostpost/fetch"
)

// A truth is what corpora/recover says of one file.
type truth struct {
	File, Class, Subject, Draft string
	TextSHA1                    string `json:"text_sha1"`
	TextAgreed                  bool   `json:"text_agreed"`
	Attachments                 []struct {
		Name, SHA1 string
		Embedded   bool `json:"embedded_message"`
		Agreed     bool
	}
}

// corpus gives the shared .msg files by name and what is known of them. They
// are no part of the repository; without them the test is skipped.
func corpus(t testing.TB) (map[string][]byte, []truth) {
	t.Helper()
	shared := os.Getenv("LOSTPOST_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	dir := filepath.Join(shared, "corpora", "recover")
	b, err := os.ReadFile(filepath.Join(dir, "truth-msg.json"))
	if err != nil {
		t.Skip("needs corpora/recover: set LOSTPOST_SHARED to the folder of the shared files")
	}
	var list struct{ Files []truth }
	if err := json.Unmarshal(b, &list); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "recover.tar.zst"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f, zstd.WithDecoderMaxWindow(1<<27))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	files := map[string][]byte{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files, list.Files
		}
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(h.Name, ".msg") {
			b, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			files[strings.TrimPrefix(h.Name, "recover/")] = b
		}
	}
}

// TestCorpus reads the real .msg files and wants the text, the attachments and
// the drafts that two other readers found.
func TestCorpus(t *testing.T) {
	files, list := corpus(t)
	if len(files) != 48 || len(list) != 48 {
		t.Fatalf("%d files, %d lines of truth, want 48 of both", len(files), len(list))
	}
	for _, want := range list {
		t.Run(filepath.Base(want.File), func(t *testing.T) {
			m, body := readOne(t, files[want.File], want.File)
			got := parts(t, body)
			if strings.HasPrefix(want.Class, "IPM.Note.SMIME") {
				// The truth is Outlook's copy of the text; what was signed
				// has other line ends.
				it, err := openItem(bytes.NewReader(files[want.File]), int64(len(files[want.File])))
				if err != nil {
					t.Fatal(err)
				}
				got.texts = append(got.texts, digest([]byte(normal(it.text(mapi.Body)))))
			}
			if want.TextAgreed && !slices.Contains(got.texts, want.TextSHA1) {
				t.Errorf("the text differs; the mail:\n%.3000s", body)
			}
			for _, a := range want.Attachments {
				if a.SHA1 != "" && a.Agreed && !slices.Contains(got.files, a.SHA1) {
					t.Errorf("attachment %q is not there", a.Name)
				}
				if a.Embedded && got.messages == 0 {
					t.Errorf("message %q is not there", a.Name)
				}
			}
			// Of this one the transport header has another subject than the
			// item: a converter of mail wrote it, in its trial version.
			if trial := "(outlookEMLandMSGconverter Trial Version Import) "; normal(strings.TrimPrefix(want.Subject, trial)) != normal(got.subject) {
				t.Errorf("subject %q, want %q", got.subject, want.Subject)
			}
			if got := slices.Contains(m.Traits, "unsent"); got != (want.Draft == "yes") {
				t.Errorf("unsent: %v, want %s", got, want.Draft)
			}
		})
	}
}

// readOne reads a file that holds one message.
func readOne(t testing.TB, b []byte, name string) (fetch.Message, []byte) {
	t.Helper()
	src, err := Open(memory{bytes.NewReader(b), name}, fetch.Options{Origin: "file:/x"})
	if err != nil {
		t.Fatal(err)
	}
	var out fetch.Message
	var body []byte
	n := 0
	for m, err := range src.Messages(t.Context(), fetch.NoState) {
		n++
		if err != nil {
			t.Errorf("not readable: %v", err)
		}
		if m.Body != nil {
			if body, err = io.ReadAll(m.Body); err != nil {
				t.Errorf("body: %v", err)
			}
		}
		out = *m
	}
	if n != 1 {
		t.Fatalf("%d messages, want 1", n)
	}
	return out, body
}

// contents are what go-message finds in a mail.
type contents struct {
	subject      string
	texts, files []string // SHA-1 of each leaf, of texts in normal form
	messages     int
}

func parts(t testing.TB, mail []byte) (c contents) {
	t.Helper()
	e, err := message.Read(bytes.NewReader(mail))
	if err != nil {
		t.Fatalf("%v in\n%.2000s", err, mail)
	}
	c.subject, _ = e.Header.Text("Subject")
	err = e.Walk(func(_ []int, e *message.Entity, err error) error {
		if err != nil {
			return err
		}
		kind, _, _ := e.Header.ContentType()
		if strings.HasPrefix(kind, "multipart/") {
			return nil
		}
		b, err := io.ReadAll(e.Body)
		if err != nil {
			return err
		}
		if kind == "message/rfc822" {
			c.messages++
		}
		if kind == "text/plain" {
			c.texts = append(c.texts, digest([]byte(normal(string(b)))))
		}
		c.files = append(c.files, digest(b))
		return nil
	})
	if err != nil {
		t.Errorf("the mail does not read: %v", err)
	}
	return c
}

func digest(b []byte) string {
	sum := sha1.Sum(b)
	return hex.EncodeToString(sum[:])
}

// normal is the normal form of a text in corpora/recover.
func normal(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRightFunc(l, unicode.IsSpace)
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}
