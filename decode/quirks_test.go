package decode

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const quirks = "../testdata/quirks"

// TestQuirkMessages reads each message of testdata/quirks and compares it with
// what its own header says: X-Lostpost-Expect-Subject, -Parts (media types of
// the leaves), -Text (of the first text leaf, "\n" escaped) and -Problems (the
// codes, without order). A field that is not there is not compared.
func TestQuirkMessages(t *testing.T) {
	names, err := filepath.Glob(quirks + "/*.eml")
	if err != nil || len(names) == 0 {
		t.Fatalf("no messages in %s: %v", quirks, err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) { checkQuirk(t, name) })
	}
}

func checkQuirk(t *testing.T, name string) {
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	m := decodeBytes(t, b)
	want := func(field string) (string, bool) {
		text, _ := m.Header.Text("X-Lostpost-Expect-"+field, "")
		return strings.TrimSpace(text), m.Header.Has("X-Lostpost-Expect-" + field)
	}
	if !m.Header.Has("X-Lostpost-Expect-Text") && !m.Header.Has("X-Lostpost-Expect-Subject") {
		t.Fatal("the message expects nothing")
	}
	if subject, ok := want("Subject"); ok && m.Subject != subject {
		t.Errorf("got subject %q, want %q", m.Subject, subject)
	}
	var types []string
	text, seen := "", false
	for _, p := range m.Parts {
		if !p.Leaf() {
			continue
		}
		types = append(types, p.MediaType)
		if src := partText(t, p); !seen && p.isText() {
			text, seen = strings.TrimSpace(src), true
		}
	}
	if parts, ok := want("Parts"); ok && strings.Join(types, " ") != parts {
		t.Errorf("got parts %q, want %q", strings.Join(types, " "), parts)
	}
	if exp, ok := want("Text"); ok {
		if exp = strings.ReplaceAll(exp, `\n`, "\n"); text != exp {
			t.Errorf("got text %q, want %q", text, exp)
		}
	}
	if exp, ok := want("Problems"); ok {
		if got := codes(m.Problems); !slices.Equal(got, slices.Sorted(slices.Values(strings.Fields(exp)))) {
			t.Errorf("got problems %v, want %q", got, exp)
		}
	}
}

// codes gives the codes of problems, sorted, each once.
func codes(ps []Problem) []string {
	var out []string
	for _, p := range ps {
		out = append(out, string(p.Code))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func partText(t *testing.T, p *Part) string {
	t.Helper()
	var b strings.Builder
	if err := p.Text(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func decodeBytes(t testing.TB, b []byte) *Message {
	t.Helper()
	m, err := Decode(context.Background(), strings.NewReader(string(b)), int64(len(b)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestEveryQuirkHasAMessage holds comments and messages together: a QUIRK
// names messages that exist, and every message is named by a QUIRK.
func TestEveryQuirkHasAMessage(t *testing.T) {
	named := map[string]bool{}
	file := regexp.MustCompile(`testdata/quirks/([\w-]+\.eml)`)
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, comment := range quirkComments(string(b)) {
			found := file.FindAllStringSubmatch(comment, -1)
			if len(found) == 0 {
				t.Errorf("%s: no test message: %.80s", path, comment)
			}
			for _, f := range found {
				named[f[1]] = true
				if _, err := os.Stat(filepath.Join(quirks, f[1])); err != nil {
					t.Errorf("%s: %v", path, err)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	names, _ := filepath.Glob(quirks + "/*.eml")
	for _, name := range names {
		if !named[filepath.Base(name)] {
			t.Errorf("%s: no QUIRK names it", name)
		}
	}
}

// quirkComments gives the comment blocks that hold a QUIRK, each as one line.
func quirkComments(src string) []string {
	var out []string
	block := ""
	for line := range strings.Lines(src) {
		text, ok := strings.CutPrefix(strings.TrimSpace(line), "//")
		if ok {
			block += strings.TrimSpace(text) + " "
			continue
		}
		if i := strings.Index(block, "QUIRK:"); i >= 0 {
			out = append(out, block[i:])
		}
		block = ""
	}
	return out
}
