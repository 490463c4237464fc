package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"lostpost/index/query"
)

// helpTopics are the pages of `lostpost help TOPIC` that are no commands.
func (a *app) helpTopics() []*cobra.Command {
	var out []*cobra.Command
	for _, t := range []struct{ name, short, text string }{
		{"exit-codes", "What the exit codes mean", exitCodesHelp},
		{"formats", "What can be imported", formatsHelp},
		{"json", "The lines of --json", jsonHelp},
		{"query", "The query language of search", queryHelp()},
	} {
		out = append(out, &cobra.Command{Use: t.name, Short: t.short, Long: strings.TrimSpace(t.text)})
	}
	return out
}

const exitCodesHelp = `
0   done; for a question: found, yes, all well
1   done, and the answer is "none": nothing found
2   not done: wrong usage, bad query, unreadable input, disk full, any failure not named below
3   done, but some items are reported: each is named on stderr or in the report
4   sign-in needed or refused
5   try again later: network, server busy, archive in use by another run
6   the archive is missing, damaged, or of a newer FORMAT
130, 143   stopped by Ctrl-C, by TERM, after tidying up; the same command goes on

If several apply: 6 before 2 before 4 before 5 before 3 before 1.
`

const formatsHelp = `
Import, text, show, extract and drafts see what a file is from its content, never from its name alone.

mbox            every dialect: mboxo, mboxrd, mboxcl, mboxcl2, Takeout, Thunderbird, Eudora
.eml            one message a file, whatever the file is called
Maildir         also Maildir++ and nested folders, with flags
Thunderbird     a profile or any part of it; .msf index files are passed over
Takeout         Gmail's export, as it comes (zip or tgz) or unpacked, with labels
zip, tar, gz, bz2, zst   around all of these, also in each other

Not mail, and no failure: index files, address books, pictures and documents that lie beside.
`

const jsonHelp = `
--json prints JSON Lines: UTF-8, one object a line, "type" first. Fields are only added, never renamed. Times are RFC 3339. What is not known is left out.

message   id mid path index offset date from to cc bcc subject mailboxes labels flags size attachments snippet problems text parts
  from, to, cc, bcc   a list of {name, addr}
  attachments         a list of {part, name, type, size}
  snippet             a list of {text, mark}
  parts               a list of {part, type, charset, charset_used, encoding, name, size, text, sha1, sha256, problems}
  problems in parts   a list of {code, offset, lost, detail}
item      origin id result reason kept; result is archived, duplicate, quarantined or not_mail
finding   code path id detail severe
version   version go os arch commit format index
summary   schema listed known seen stored duplicate failed not_mail bytes indexed total exact next written took_s; always the last line of a list
error     code error todo; on stderr

seen = stored + duplicate + failed.
`

// queryHelp is made of the one table that the parser itself uses.
func queryHelp() string {
	var b strings.Builder
	for _, f := range query.Forms() {
		fmt.Fprintf(&b, "%-32s %s\n", f.Example, f.Help)
	}
	b.WriteByte('\n')
	for _, f := range query.Operators() {
		name := string(f.Name) + ":"
		if len(f.Aliases) > 0 {
			name += " (" + strings.Join(f.Aliases, " ") + ")"
		}
		fmt.Fprintf(&b, "%-44s %s\n", name, f.Help)
	}
	return b.String()
}
