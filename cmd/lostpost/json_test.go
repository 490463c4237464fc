package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"lostpost/decode"
)

// TestWriteMessageIsOneLineOfJSON: the pieces make a line that any reader takes,
// with the text as it was, whatever is in it.
func TestWriteMessageIsOneLineOfJSON(t *testing.T) {
	text := strings.Repeat("ü\x00\x1b\"\\\u202e\u2028\u007f日本\n", 40_000) // longer than one step, cut inside characters
	raw := "From: Ann <ann@ex.example>\nSubject: all of it\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" +
		"--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + text + "\n--b\nContent-Type: image/png\n" +
		"Content-Disposition: attachment; filename=a.png\nContent-Transfer-Encoding: base64\n\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd\n--b--\n"
	d, err := decode.Decode(context.Background(), strings.NewReader(raw), int64(len(raw)), decode.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, parts := range []bool{false, true} {
		var b bytes.Buffer
		if err := writeMessage(context.Background(), &b, message{ID: "x"}, d, parts); err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(b.Bytes(), []byte("\n")); n != 1 || strings.ContainsAny(b.String(), "\x00\x1b\u007f\u202e") {
			t.Errorf("%d lines, or controls in them", n)
		}
		var got struct {
			Type, Text  string
			Attachments []struct{ Size int64 }
			Parts       []struct {
				Part, Text string
				Size       int64
				SHA256     string
			}
		}
		if err := json.Unmarshal(b.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if got.Type != "message" || got.Text != d.Text || len(got.Attachments) != 1 || got.Attachments[0].Size != 30 {
			t.Errorf("parts %v: type %q, %d octets of text, want %d, attachments %v", parts, got.Type, len(got.Text), len(d.Text), got.Attachments)
		}
		if !parts {
			if got.Parts != nil {
				t.Error("parts were not asked for")
			}
			continue
		}
		if len(got.Parts) != 2 || strings.TrimSuffix(got.Parts[0].Text, "\n") != strings.TrimSuffix(text, "\n") || got.Parts[1].Size != 30 ||
			got.Parts[1].SHA256 != "f2192584b67da35dfc26f743e5f53bb0376046f899dc6dabd5e7b541ae86c32f" {
			t.Errorf("%d parts; the text has %d octets, want %d", len(got.Parts), len(got.Parts[0].Text), len(text))
		}
	}
}
