package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"lostpost/index/query"
	"lostpost/internal/config"
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

// helpCommand is `lostpost help`: the same pages as --help.
func (a *app) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND|TOPIC]",
		Short:   "The page of a command or of a topic",
		GroupID: "program",
		Example: "  lostpost help\n  lostpost help search\n  lostpost help query",
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			if len(args) == 0 {
				return root.Help()
			}
			c, rest, err := root.Find(args)
			if err != nil || c == root || len(rest) > 0 {
				return unknownPage(root, strings.Join(args, " "))
			}
			return c.Help()
		},
	}
}

// unknownPage names the nearest page.
func unknownPage(root *cobra.Command, name string) error {
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	todo := "See them all: lostpost help"
	if s := config.Nearest(name, names); s != "" {
		todo = "Did you mean " + s + "?"
	}
	return fail(exitFailed, todo, "there is no help page %q.", name)
}

// printHelp prints the page of a command, of a topic, or the list of all.
func (a *app) printHelp(cmd *cobra.Command) {
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	switch {
	case !cmd.HasParent():
		a.printf("%s\n", commandList(cmd))
		return
	case cmd.IsAdditionalHelpTopicCommand():
		a.printf("%s\n", text)
		return
	}
	a.printf("%s\n%s\n", wrap(text, helpWidth), cmd.UseLine())
	if cmd.Example != "" {
		a.printf("\nExamples:\n%s\n", cmd.Example)
	}
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			a.printf("\n%s\n    %s\n", sub.UseLine(), sub.Short)
		}
	}
	a.printf("\nFlags:\n%s", flagList(cmd.LocalFlags()))
	a.printf("\nFlags of every command:\n%s", flagList(cmd.InheritedFlags()))
	a.printf("\nExit codes: 0 done, 1 done and the answer is none, 2 not done, 3 some items are\nreported, 6 the archive is missing or damaged. All: lostpost help exit-codes\n")
}

// helpWidth is how wide help pages are.
const helpWidth = 79

// commandList is what `lostpost help` prints: commands by group, then topics.
func commandList(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("lostpost COMMAND [FLAGS] [ARGS]        flags may stand anywhere; \"--\" ends them\n")
	for _, g := range root.Groups() {
		title := "\n" + g.Title + "\n"
		for _, c := range root.Commands() {
			if c.GroupID == g.ID && c.IsAvailableCommand() {
				fmt.Fprintf(&b, "%s  %-11s %s\n", title, c.Name(), c.Short)
				title = ""
			}
		}
	}
	title := "\nTopics\n"
	for _, c := range root.Commands() {
		if c.IsAdditionalHelpTopicCommand() {
			fmt.Fprintf(&b, "%s  %-11s %s\n", title, c.Name(), c.Short)
			title = ""
		}
	}
	b.WriteString("\nA page with examples for each of them: lostpost help NAME")
	return b.String()
}

// flagList prints flags one a line: "-o, --output DIR   what it does". A flag
// whose help begins with its value and a colon, "ORDER: date or size", says so
// with the value in front alone.
func flagList(fl *pflag.FlagSet) string {
	type line struct{ left, right string }
	var lines []line
	width := 0
	fl.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, help := pflag.UnquoteUsage(f)
		left := "      --" + f.Name
		if f.Shorthand != "" {
			left = "  -" + f.Shorthand + ", --" + f.Name
		}
		switch {
		case value == "" || f.Value.Type() == "count":
		case f.NoOptDefVal != "":
			left += "[=" + value + "]"
		default:
			left += " " + value
		}
		help = strings.TrimPrefix(help, value+": ")
		if f.DefValue != "" && f.DefValue != "0" && f.DefValue != "false" && f.DefValue != "[]" {
			help += " (else " + f.DefValue + ")"
		}
		width = max(width, len(left))
		lines = append(lines, line{left, help})
	})
	var b strings.Builder
	for _, l := range lines {
		rest := strings.Split(strings.TrimSuffix(wrap(l.right, max(helpWidth-width-3, 24)), "\n"), "\n")
		for i, r := range rest {
			if i > 0 {
				l.left = ""
			}
			fmt.Fprintf(&b, "%-*s   %s\n", width, l.left, r)
		}
	}
	return b.String()
}

// needMessage refuses a command line that names no message.
func needMessage(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return fail(exitFailed, "Give a row of the last list, an id, or a file: lostpost "+cmd.Name()+" 1", "no message is named.")
	}
	return nil
}

// noWords refuses words behind a command that takes only flags.
func noWords(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fail(exitFailed, "See: lostpost help "+cmd.Name(), "%s takes no %q.", cmd.Name(), args[0])
	}
	return nil
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
Thunderbird     a profile or any part of it, with the folders that prefs.js names; .msf index files are passed over
Apple Mail      V2 to V10, exports (X.mbox), .emlx; .partial.emlx with its attachments
.dbx            Outlook Express 5 and 6, with the deleted messages that are still in the file
.msg, .oft      one message of Outlook a file, with messages inside it; written as mail, always the same
.olm            the archive that Outlook for Mac exports, with attachments and folders
MH, Claws       folders of numbered files, with .mh_sequences; also KMail's and Evolution's
Takeout         Gmail's export, as it comes (zip or tgz) or unpacked, with labels
zip, tar, 7z, gz, bz2, zst   around all of these, also in each other

Not mail, and no failure: index files, address books, pictures and documents that lie beside.
`

const jsonHelp = `
--json prints JSON Lines: UTF-8, one object a line, "type" first. Fields are only added, never renamed. Times are RFC 3339. What is not known is left out.

message   id mid path index offset date from to cc bcc subject mailboxes labels flags size attachments snippet alike problems text parts
  from, to, cc, bcc   a list of {name, addr}
  attachments         a list of {part, name, type, size}
  snippet             a list of {text, mark}
  alike               ids of near duplicates that search folded into this row
  parts               a list of {part, type, charset, charset_used, encoding, name, size, sha1, sha256, problems, text}
  problems in parts   a list of {code, offset, lost, detail}
draft     n id state score evidence latest longest words to subject date versions; a row of drafts
  evidence            a list of {weight, reason, where}
  versions            a list of {id, path, index, offset, mailbox, state, words, text_sha1, date}, oldest first
  state               draft, probable, queued, superseded, deleted, sent or template
explanation   path id kind verdict trace auth bounce log; one of explain, no summary follows; with --line: line alone
  kind                none, bounce, delay, delivered, feedback, auto-reply or receipt
  verdict             {kind, sure, short, evidence, against, advice, missing}; evidence and against are lists of {text, field, offset, value}
  trace               {hops, slowest, total_s, origin, own, problems}; hops, newest first, are a list of {from, name, ip, by, protocol, user, signed_in, queue, for, time, delay_s, tls, tls_version, cipher, skew, unsure, trust, offset}; tls is yes, no, unknown or local; trust is own, unverified or forged; slowest is {by, delay_s}, origin {ip, by, sure}
  auth                {from, aligned, stated_by, spf, dmarc, arc, dkim}; dkim is a list of {domain, selector, result, bodyhash, verified, key, problem}
  bounce              {by, form, language, recipients, original}; recipients is a list of {recipient, original, status, status_from, reply, action, reason, retry, who, host, text, means, advice}; original is {mid, id, subject, date}
diff      from to edits; edits is a list of {op, text}, op is 0 (kept), 1 (added) or -1 (removed)
item      origin id result reason kept; result is archived, duplicate, vanished, quarantined, pending or not_mail
facet     field value n; with search --facets, or --output people, labels, mailboxes
clause    id query holds reason; with search --why-not
thread    id date from subject matched messages; with search --output threads
query     query total parts; parts is a list of {query, hits, terms, forms}; with search --explain
finding   code path id detail severe
account   source name listed known seen stored duplicate failed bytes changed gone; one of fetch
mailbox   source mailbox listed new bytes; one of an account
config    path archive accounts; accounts is a list of {name, address, server, user, mailboxes, password}
count     by value messages bytes; a row of stats
recovered path offset octets state reason file; a stretch of recover, state is whole, damaged, duplicate, zeros, index or not_mail
delivery  host queue_id message_id from to original relay status dsn reply reason delay delays size first last removed; a row of trace
exam      state name detail todo; a line of doctor, state is ok, look or bad
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
