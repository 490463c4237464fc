package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// notOurs are the structs with JSON tags that are no lines of --json: the file
// of the last list, and the form that notmuch's front ends read.
var notOurs = map[string]bool{"lastList": true, "notmuchThread": true}

// TestHelpJSONNamesEveryField finds every struct of this package that is
// written as JSON, also those inside functions, and looks for its fields in
// `lostpost help json`.
func TestHelpJSONNamesEveryField(t *testing.T) {
	words := map[string]bool{}
	for _, w := range regexp.MustCompile(`[a-z0-9_]+`).FindAllString(jsonHelp, -1) {
		words[w] = true
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && notOurs[spec.Name.Name] {
				return false
			}
			s, ok := n.(*ast.StructType)
			if !ok {
				return true
			}
			for _, field := range s.Fields.List {
				if field.Tag == nil {
					continue
				}
				tag, err := strconv.Unquote(field.Tag.Value)
				if err != nil {
					t.Fatal(err)
				}
				name, _, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
				if name == "" {
					continue
				}
				found++
				if !words[name] {
					t.Errorf("%s: the JSON field %q is not in `lostpost help json`", file, name)
				}
			}
			return true
		})
	}
	if found < 40 {
		t.Errorf("only %d JSON fields found in the source", found)
	}
}

// TestEveryCommandAndFlagIsExplained walks the command tree.
func TestEveryCommandAndFlagIsExplained(t *testing.T) {
	a := &app{env: func(string) string { return "" }}
	root := a.root()
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		path := c.CommandPath()
		if c.Short == "" {
			t.Errorf("%s: no sentence", path)
		}
		if strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: a full stop after %q", path, c.Short)
		}
		if c.Runnable() && c != root && (c.Long == "" || c.Example == "") && !c.Hidden && c.Name() != "help" {
			// version says all in its sentence; everything else has a text.
			if c.Name() != "version" {
				t.Errorf("%s: no text or no example", path)
			}
		}
		if c.Parent() == root && c.IsAvailableCommand() && c.GroupID == "" && c.Name() != "help" {
			t.Errorf("%s: in no group", path)
		}
		check := func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s --%s: no help", path, f.Name)
			}
		}
		c.Flags().VisitAll(check)
		c.PersistentFlags().VisitAll(check)
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
}

// TestEveryCommandHasAManPage holds the pages against the tree.
func TestEveryCommandHasAManPage(t *testing.T) {
	a := &app{env: func(string) string { return "" }}
	root := a.root()
	pages, topics := map[string]string{}, map[string]string{}
	for _, p := range manPages(root) {
		if p.section == 1 {
			pages[p.name] = p.text
		} else {
			topics[p.name] = p.text
		}
	}
	plain := strings.NewReplacer(`\-`, "-", `\fB`, "", `\fR`, "", `\fI`, "")
	for _, c := range root.Commands() {
		if !c.IsAvailableCommand() || c.Name() == "help" {
			continue
		}
		text, ok := pages["lostpost-"+c.Name()]
		if !ok {
			t.Errorf("no page for %s", c.Name())
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && !strings.Contains(plain.Replace(text), "--"+f.Name) {
				t.Errorf("lostpost-%s(1) has no --%s", c.Name(), f.Name)
			}
		})
		if !strings.Contains(plain.Replace(pages["lostpost"]), "lostpost-"+c.Name()+" (1)") {
			t.Errorf("lostpost(1) does not name %s", c.Name())
		}
	}
	for name := range manSections {
		if topics["lostpost-"+name] == "" {
			t.Errorf("no page for the topic %s", name)
		}
	}
}

// TestRoffTextLeavesNoMacro: what comes from help cannot become a request.
func TestRoffTextLeavesNoMacro(t *testing.T) {
	for in, want := range map[string]string{
		".sh x":          `\&.sh x`,
		"a\n.b":          "a\n\\&.b",
		`a\b`:            `a\eb`,
		"--x":            `\-\-x`,
		"'tis `it` ~ ^":  `\(aqtis \(gait\(ga \(ti \(ha`,
		"plain and more": "plain and more",
		"café…":          `caf\[u00E9]\[u2026]`,
	} {
		if got := roffText(in); got != want {
			t.Errorf("roffText(%q): got %q, want %q", in, got, want)
		}
	}
}
