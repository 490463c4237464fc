package html

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// render is Text with the default options.
func render(t testing.TB, src string) string {
	t.Helper()
	var b strings.Builder
	if _, err := Text(&b, src, Options{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// sharedCases is the path of the cases that all of the project share, "" where
// only the module is checked out.
func sharedCases() string {
	dir := os.Getenv("LOSTPOST_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	name := filepath.Join(dir, "corpora", "faults", "html_cases.jsonl")
	if _, err := os.Stat(name); err != nil {
		return ""
	}
	return name
}

// TestTextMeetsTheSharedCases holds Text to html_cases.jsonl, trailing blanks
// of lines aside.
func TestTextMeetsTheSharedCases(t *testing.T) {
	name := sharedCases()
	if name == "" {
		t.Skip("shared/corpora is not beside the module; set LOSTPOST_SHARED")
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var c struct {
			Name, HTML string
			Any        []string
		}
		if err := json.Unmarshal(in.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		t.Run(c.Name, func(t *testing.T) {
			if got := render(t, c.HTML); !slices.Contains(c.Any, got) {
				t.Errorf("got %q, want one of %q", got, c.Any)
			}
		})
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
}
