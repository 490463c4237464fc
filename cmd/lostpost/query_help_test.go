package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lostpost/index/query"
)

// TestQueryPagesSayWhatTheParserKnows: the help, lostpost-query(7) and
// docs/QUERY.md have every name and form of the one table.
func TestQueryPagesSayWhatTheParserKnows(t *testing.T) {
	h := newHouse(t)
	man := h.run("man", "lostpost-query").out
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "QUERY.md"))
	if err != nil {
		t.Fatal(err)
	}
	// roff writes a backslash before hyphens and dots that begin a line.
	plain := strings.NewReplacer(`\-`, "-", `\&`, "", `\(aq`, "'", `\(ti`, "~", `\(ha`, "^", `\e`, `\`).Replace(man)
	pages := map[string]string{"lostpost help query": queryHelp(), "lostpost-query(7)": plain, "docs/QUERY.md": string(doc)}
	for page, text := range pages {
		text = strings.Join(strings.Fields(text), " ")
		for _, op := range query.Operators() {
			for _, want := range []string{string(op.Name) + ":", strings.Join(strings.Fields(op.Help), " ")} {
				if !strings.Contains(text, want) {
					t.Errorf("%s: no %q", page, want)
				}
			}
		}
		for _, f := range query.Forms() {
			if !strings.Contains(text, f.Help) {
				t.Errorf("%s: no %q", page, f.Help)
			}
		}
	}
}
