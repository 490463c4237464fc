package decode

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const quirkDoc = "../docs/QUIRKS.md"

// TestQuirkDoc holds docs/QUIRKS.md equal to the QUIRK comments of the code;
// -update writes it.
func TestQuirkDoc(t *testing.T) {
	want := quirkPage(t)
	if *update {
		if err := os.WriteFile(quirkDoc, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(quirkDoc)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the comments say; run go test ./decode -update", quirkDoc)
	}
}

// quirkPage lists the comments by package and file.
func quirkPage(t *testing.T) string {
	t.Helper()
	byDir := map[string][]string{}
	total := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, comment := range quirkComments(string(b)) {
			text, messages := splitQuirk(comment)
			dir := filepath.ToSlash(filepath.Join("decode", filepath.Dir(path)))
			byDir[dir] = append(byDir[dir], fmt.Sprintf("- %s (`%s`; %s)\n", text, filepath.Base(path), messages))
			total++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Quirks: what mail does that it should not, and how it is read\n\n"+
		"Made of the %d QUIRK comments below `decode` by `go test ./decode -update`; the test of the same name fails when they differ.\n"+
		"Each says which rule is broken, who breaks it and what is done; the names in brackets are the file of the code and the messages of `testdata/quirks` that show it.\n", total)
	var dirs []string
	for dir := range byDir {
		dirs = append(dirs, dir)
	}
	slices.Sort(dirs)
	for _, dir := range dirs {
		fmt.Fprintf(&b, "\n## %s\n\n", dir)
		for _, line := range byDir[dir] {
			b.WriteString(line)
		}
	}
	return b.String()
}

// splitQuirk divides a comment into what it says and the messages it names.
func splitQuirk(comment string) (text, messages string) {
	text = strings.TrimSpace(strings.TrimPrefix(comment, "QUIRK:"))
	i := strings.LastIndex(text, "Test")
	if i < 0 {
		return text, ""
	}
	var names []string
	for _, f := range strings.FieldsFunc(text[i:], func(r rune) bool { return r == ' ' || r == ',' }) {
		if name, ok := strings.CutPrefix(f, "testdata/quirks/"); ok {
			names = append(names, "`"+strings.TrimRight(name, ".")+"`")
		}
	}
	return strings.TrimSpace(text[:i]), strings.Join(names, ", ")
}
