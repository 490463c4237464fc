package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// readmeColumns is the width at which the transcript of README.md was made.
const readmeColumns = 100

// runName is what differs between two runs of one transcript.
var runName = regexp.MustCompile(`--report \d{4}-\d\d-\d\dT\d\d\.\d\d`)

// TestReadmeTranscripts replays every transcript of README.md on a terminal, in
// a copy of the sample exports, and compares what is shown.
func TestReadmeTranscripts(t *testing.T) {
	h := newHouse(t)
	if err := os.CopyFS(h.path("testdata/exports"), os.DirFS("../../testdata/exports")); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, block := range fenced(readme(t)) {
		if !strings.HasPrefix(block, "$ lostpost ") {
			continue
		}
		for _, step := range strings.Split("\n"+block, "\n$ ")[1:] {
			line, want, _ := strings.Cut(step, "\n")
			cmd := h.command()
			cmd.Path, cmd.Args = "/bin/sh", []string{"sh", "-c", line}
			cmd.Env = append(cmd.Env, "LOSTPOST_ARCHIVE=", "NO_COLOR=1", "PAGER=cat")
			got, _ := h.show(readmeColumns, cmd, false)
			got = strings.TrimRight(runName.ReplaceAllString(got, "--report RUN"), "\n")
			want = strings.TrimRight(runName.ReplaceAllString(want, "--report RUN"), "\n")
			if got != want {
				t.Errorf("$ %s\ngot\n%s\nwant\n%s", line, got, want)
			}
			n++
		}
	}
	if n < 3 {
		t.Errorf("%d commands in transcripts, want at least 3", n)
	}
}

// TestReadmeNamesWhatIsThere: every command that README.md names has a help
// page, and every file that it links to is in the repository.
func TestReadmeNamesWhatIsThere(t *testing.T) {
	h := newHouse(t)
	text := readme(t)
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile("[`|$] ?\\./?lostpost ([a-z]+)|[`|$] ?lostpost ([a-z]+)").FindAllStringSubmatch(text, -1) {
		seen[m[1]+m[2]] = true
	}
	if len(seen) < 6 {
		t.Errorf("README.md names only %v", seen)
	}
	for name := range seen {
		if e := h.run("help", name); e.code != 0 || !strings.Contains(e.out, "lostpost "+name) {
			t.Errorf("README.md names %q: exit code %d\n%s", name, e.code, e.err)
		}
	}
	for _, m := range regexp.MustCompile(`\]\(([^)#]+)\)`).FindAllStringSubmatch(text, -1) {
		if strings.Contains(m[1], "://") {
			continue
		}
		if _, err := os.Stat(filepath.Join("../..", m[1])); err != nil {
			t.Errorf("README.md links to %s: %v", m[1], err)
		}
	}
}

func readme(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// fenced gives the blocks between lines of three backquotes.
func fenced(text string) []string {
	var out []string
	for i, s := range strings.Split("\n"+text, "\n```") {
		if i%2 == 1 {
			_, body, _ := strings.Cut(s, "\n")
			out = append(out, body)
		}
	}
	return out
}
