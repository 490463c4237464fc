package query

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/QUERY.md")

const docIntro = `# The query language

This file is made from the table of package index/query by ` + "`go test ./index/query -update`" + `.

A query is words, each anywhere in the message, joined by blanks: all must be there. What people type into Gmail,
notmuch and mu works unchanged. Nothing is guessed: a name that nobody knows, such as ` + "`fron:`" + `, and a date that can be
read in two ways, such as ` + "`3/4/2017`" + `, are errors that say what to type (exit code 2). Quotes make anything literal.

- Upper and lower case are the same, and so are letters with and without accents (grün, gruen, grun; straße, strasse).
- A plain word also finds its other forms (invoice: invoices; Haus: Häuser) in 18 languages; nobody has to say which.
  A word in quotes, or with + before it, is that word alone.
- If nothing has a plain word of four letters or more, words that contain it are taken (genehmigung:
  Grundstücksverkehrsgenehmigung), its parts side by side (donauwelle: Donau-Welle; 4711081500: 4711 0815 00), and the
  other fields of the header; the last line of the search says so. Words in quotes are never widened.
- A plain word is looked for in text, subject, addresses, names of files, words inside attachments (packed ones too), and
  in Keywords, Comments, Organization, List-Id and descriptions of parts. Of two forms of one text, plain and HTML, the
  one that is not shown adds the words that the other lacks.
- A message in pieces (message/partial) is found and shown as a whole where its first piece is, once all are there.
- Near duplicates (the same message with the footer of a list, or written anew by a server) are one row of a search,
  marked +1; ` + "`--unfold`" + ` shows each, ` + "`dup:near`" + ` finds them. They are told by Message-ID, or author and date, and by the
  text; without the first two, long texts that share three quarters of their runs of five words.
- The language of a text is what it declares: Content-Language, else the lang of its HTML. Nothing is guessed from words.
- Chinese, Japanese, Korean, Thai, Lao, Khmer and Burmese need no blanks: any part of a run is found.
- Addresses, file names and numbers are found whole and by their parts: ` + "`from:kvist`" + `, ` + "`filename:vertrag`" + `, ` + "`71450/36214`" + `, ` + "`36214`" + `.
- What binds tightest: not, then NEAR, then a blank (and), then xor, then or. Operators are ` + "`or`" + ` or ` + "`OR`" + `; ` + "`Or`" + ` is a word.
- ` + "`lostpost search --explain`" + ` shows how a query was read, ` + "`--why-not ID`" + ` which part of it fails on a message.
`

// doc makes docs/QUERY.md.
func doc() string {
	var b strings.Builder
	b.WriteString(docIntro)
	b.WriteString("\n## Without a name\n\n| query | finds |\n|---|---|\n")
	for _, f := range Forms() {
		fmt.Fprintf(&b, "| %s | %s |\n", cell(f.Example), f.Help)
	}
	b.WriteString("\n## With a name\n\n| name | also written | finds | example |\n|---|---|---|---|\n")
	for _, op := range Operators() {
		var aliases []string
		for _, a := range op.Aliases {
			aliases = append(aliases, cell(a+":"))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", cell(string(op.Name)+":"), strings.Join(aliases, " "), op.Help, cell(op.Example))
	}
	for _, op := range Operators() {
		if len(op.Values) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n### %s:\n\n%s.\n\n| value | also written | means |\n|---|---|---|\n", op.Name, op.Help)
		for _, v := range op.Values {
			var aliases []string
			for _, a := range v.Aliases {
				aliases = append(aliases, cell(a))
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", cell(v.Name), strings.Join(aliases, " "), v.Help)
		}
	}
	return b.String()
}

// cell is query text in a table: a bar would end the column.
func cell(s string) string { return "`" + strings.ReplaceAll(s, "|", `\|`) + "`" }

func TestQueryDocIsUpToDate(t *testing.T) {
	name := filepath.Join("..", "..", "docs", "QUERY.md")
	want := doc()
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/QUERY.md is not what the table of operators says; run go test ./index/query -update")
	}
}
