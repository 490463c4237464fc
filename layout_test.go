package lostpost

import (
	"bufio"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A rule is one row of the import table in docs/ARCHITECTURE.md section 3.
type rule struct{ rooms, modules []string }

// testRooms may be imported by test files only.
func testRoom(p string) bool {
	return p == "internal/testkit" || p == "internal/hostile" || strings.HasSuffix(p, "test")
}

// TestImportsFollowTheTable holds the house to the import table: an import
// that the table does not allow, or a package without a row, is an error.
func TestImportsFollowTheTable(t *testing.T) {
	rules := readTable(t, "docs/ARCHITECTURE.md")
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || (strings.HasPrefix(d.Name(), ".") && p != ".")) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(p, ".go") {
			return nil
		}
		room := path.Dir(filepath.ToSlash(p))
		if room == "." {
			return nil // module root: this test and the example of the README
		}
		r, ok := rules[room]
		if !ok {
			t.Errorf("%s: package %s has no row in the import table", p, room)
			return nil
		}
		seen[room] = true
		checkFile(t, p, room, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) == 0 {
		t.Fatal("no package was looked at")
	}
}

func checkFile(t *testing.T, file, room string, r rule) {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Error(err)
		return
	}
	test := strings.HasSuffix(file, "_test.go")
	for _, im := range f.Imports {
		p, err := strconv.Unquote(im.Path.Value)
		if err != nil {
			t.Error(err)
			continue
		}
		own, ours := strings.CutPrefix(p, "lostpost/")
		switch {
		case !strings.Contains(p, ".") && !ours: // standard library
		case ours && (allowed(r.rooms, own, room) && !testRoom(own) || test && (testRoom(own) || own == room || allowed(r.rooms, own, room))):
		case !ours && (test || allowed(r.modules, p, room)):
		default:
			t.Errorf("%s: imports %s, which its row in the import table does not allow", file, p)
		}
	}
}

// allowed reports whether p matches one of the patterns: a name, "x/*" for
// every direct child (for a module: all below), "*" for all.
func allowed(patterns []string, p, room string) bool {
	for _, pat := range patterns {
		base, star := strings.CutSuffix(pat, "/*")
		switch {
		case pat == "*", pat == p:
			return true
		case star && strings.HasPrefix(p, base+"/"):
			return true
		case strings.Contains(pat, ".") && strings.HasPrefix(p, pat+"/"):
			return true
		}
	}
	return false
}

func readTable(t *testing.T, file string) map[string]rule {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rules := map[string]rule{}
	in := false
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		line := sc.Text()
		if strings.HasPrefix(line, "```") {
			in = line == "```imports"
			continue
		}
		if !in {
			continue
		}
		name, rest, ok := strings.Cut(line, ":")
		if !ok {
			t.Fatalf("%s: row without a colon: %q", file, line)
		}
		rooms, modules, _ := strings.Cut(rest, "|")
		rules[strings.TrimSpace(name)] = rule{strings.Fields(rooms), strings.Fields(modules)}
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	if len(rules) < 10 {
		t.Fatalf("%s: only %d rows in the import table", file, len(rules))
	}
	return rules
}
