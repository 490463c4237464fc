package decode

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the expected results of testdata/messages")

// A goldenPart is a part in testdata/messages/*.json.
type goldenPart struct {
	Part       string   `json:"part"`
	Type       string   `json:"type"`
	Charset    string   `json:"charset,omitempty"`
	Name       string   `json:"name,omitempty"`
	Attachment bool     `json:"attachment,omitempty"`
	Problems   []string `json:"problems,omitempty"`
}

// TestGoldenMessages compares whole messages with what a careful person wrote
// beside them: NAME.txt is the subject, an empty line and the text, NAME.json
// the parts.
func TestGoldenMessages(t *testing.T) {
	names, err := filepath.Glob("../testdata/messages/*.eml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no messages: %v", err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) { checkGolden(t, strings.TrimSuffix(name, ".eml")) })
	}
}

func checkGolden(t *testing.T, base string) {
	b, err := os.ReadFile(base + ".eml")
	if err != nil {
		t.Fatal(err)
	}
	m := decodeBytes(t, b)
	var parts []goldenPart
	for _, p := range m.Parts {
		parts = append(parts, goldenPart{p.Path(), p.MediaType, p.Charset, p.FileName, p.Attachment, codes(p.Problems)})
	}
	text := "Subject: " + m.Subject + "\n\n" + m.Text
	if *update {
		writeGolden(t, base, text, parts)
		return
	}
	want, err := os.ReadFile(base + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("got text\n%s\nwant\n%s", text, want)
	}
	j, err := os.ReadFile(base + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var wantParts []goldenPart
	if err := json.Unmarshal(j, &wantParts); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(parts, wantParts) {
		t.Errorf("got parts\n%+v\nwant\n%+v", parts, wantParts)
	}
}

func writeGolden(t *testing.T, base, text string, parts []goldenPart) {
	t.Helper()
	var b strings.Builder
	b.WriteString("[\n")
	for i, p := range parts {
		line, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(line)
		if i < len(parts)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteString("]\n")
	for name, content := range map[string]string{".txt": text, ".json": b.String()} {
		if err := os.WriteFile(base+name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
