package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func (a *app) manCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:     "man [PAGE] [-o DIR]",
		GroupID: "program",
		Short:   "The man pages",
		Long:    "Man writes the man pages into a folder, or one of them on stdout. They are made from what `lostpost help` shows, so both say the same: lostpost(1), one for each command, lostpost-query(7), lostpost-formats(7), lostpost-archive(5), lostpost-config(5).",
		Example: "  lostpost man -o ~/.local/share/man\n  lostpost man search | man -l -\n  lostpost man config.5 | man -l -",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.man(cmd.Root(), out, args)
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "write all pages below `DIR`, in man1, man5 and man7")
	return cmd
}

// A manPage is one page: its name, its section of the manual, its roff text.
type manPage struct {
	name    string // "lostpost-search"
	section int
	text    string
}

func (a *app) man(root *cobra.Command, out string, args []string) error {
	pages := manPages(root)
	if out == "" {
		want := "lostpost"
		if len(args) == 1 && args[0] != want {
			want = "lostpost-" + strings.TrimPrefix(args[0], "lostpost-")
		}
		for _, p := range pages {
			if p.name == want || fmt.Sprintf("%s.%d", p.name, p.section) == want {
				a.printf("%s", p.text)
				return nil
			}
		}
		return fail(exitFailed, "See them all: lostpost man -o DIR", "there is no page %s.", want)
	}
	for _, p := range pages {
		dir := filepath.Join(out, fmt.Sprintf("man%d", p.section))
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
		file := filepath.Join(dir, fmt.Sprintf("%s.%d", p.name, p.section))
		if err := os.WriteFile(file, []byte(p.text), 0o666); err != nil {
			return err
		}
	}
	if !a.quiet {
		a.printf("%s in %s. Read one: man -M %s lostpost\n", count(int64(len(pages)), "page"), oneLine(out), oneLine(out))
	}
	return nil
}

// manSections are the topics that are pages of their own, and where: formats
// of files are section 5, languages and lists of things section 7. The other
// topics are chapters of lostpost(1).
var manSections = map[string]int{"query": 7, "formats": 7, "archive": 5, "config": 5}

// manPages makes every page from the command tree.
func manPages(root *cobra.Command) []manPage {
	root.InitDefaultHelpFlag()
	pages := []manPage{{"lostpost", 1, mainPage(root)}}
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() && c.Name() != "help" {
			pages = append(pages, manPage{"lostpost-" + c.Name(), 1, commandPage(c)})
		}
	}
	for _, t := range topics(root) {
		if n := manSections[t.name]; n > 0 {
			pages = append(pages, manPage{"lostpost-" + t.name, n, topicPage(t, n)})
		}
	}
	return pages
}

// A topic is a help page that is no command.
type topic struct{ name, short, text string }

// topics gives the help topics, and the two texts that only man shows.
func topics(root *cobra.Command) []topic {
	var out []topic
	for _, c := range root.Commands() {
		if c.IsAdditionalHelpTopicCommand() {
			out = append(out, topic{c.Name(), c.Short, c.Long})
		}
	}
	return append(out,
		topic{"archive", "How an archive lies on disk", archiveHelp},
		topic{"config", "The configuration file", configHelp()})
}

// A roff collects one page. Text is escaped; only macros come from us.
type roff struct{ strings.Builder }

func newRoff(name string, section int, short string) *roff {
	r := &roff{}
	fmt.Fprintf(r, ".TH %q %d \"\" \"lostpost %s\"\n", strings.ToUpper(name), section, version)
	r.head("name")
	fmt.Fprintf(r, "%s \\- %s\n", roffText(name), roffText(lowerFirst(short)))
	return r
}

func (r *roff) head(s string) { fmt.Fprintf(r, ".SH %q\n", strings.ToUpper(s)) }

// text writes a paragraph.
func (r *roff) text(s string) {
	fmt.Fprintf(r, ".PP\n%s\n", roffText(strings.TrimSpace(s)))
}

// verbatim writes lines as they are.
func (r *roff) verbatim(s string) {
	fmt.Fprintf(r, ".PP\n.nf\n%s\n.fi\n", roffText(strings.Trim(s, "\n")))
}

// flags lists flags that are not hidden.
func (r *roff) flags(fl *pflag.FlagSet) {
	fl.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		line := `\fB` + roffText("--"+f.Name) + `\fR`
		if f.Shorthand != "" {
			line = `\fB` + roffText("-"+f.Shorthand) + `\fR, ` + line
		}
		switch {
		case value != "" && f.NoOptDefVal != "" && f.Value.Type() != "bool" && f.Value.Type() != "count":
			line += `[=\fI` + roffText(value) + `\fR]`
		case value != "" && f.Value.Type() != "count":
			line += ` \fI` + roffText(value) + `\fR`
		}
		if d := f.DefValue; d != "" && d != "false" && d != "0" && d != "[]" && !strings.Contains(usage, "(default") {
			usage += " (default " + d + ")"
		}
		fmt.Fprintf(r, ".TP\n%s\n%s\n", line, roffText(usage))
	})
}

func mainPage(root *cobra.Command) string {
	r := newRoff("lostpost", 1, root.Short)
	r.head("synopsis")
	io.WriteString(r, ".B lostpost\n\\fICOMMAND\\fR [\\fIFLAGS\\fR] [\\fIARGS\\fR]\n")
	r.head("description")
	first, _, _ := strings.Cut(opening, "\n")
	r.text(first)
	r.text("Flags may stand anywhere after the command; \"--\" ends them. \"-\" is stdin or stdout.")
	r.head("commands")
	for _, g := range root.Groups() {
		fmt.Fprintf(r, ".SS %q\n", g.Title)
		for _, c := range root.Commands() {
			if c.GroupID == g.ID && c.IsAvailableCommand() && c.Name() != "help" {
				fmt.Fprintf(r, ".TP\n.BR lostpost\\-%s (1)\n%s\n", roffText(c.Name()), roffText(c.Short))
			}
		}
	}
	r.head("flags of all commands")
	r.flags(root.PersistentFlags())
	var more []string
	for _, t := range topics(root) {
		if n := manSections[t.name]; n > 0 {
			more = append(more, fmt.Sprintf(".BR lostpost\\-%s (%d)", roffText(t.name), n))
			continue
		}
		title := t.name
		if t.name == "exit-codes" {
			title = "exit status"
		}
		r.head(title)
		r.verbatim(t.text)
	}
	r.head("environment")
	r.verbatim(environmentHelp)
	r.head("see also")
	fmt.Fprintln(r, strings.Join(more, ",\n"))
	return r.String()
}

func commandPage(c *cobra.Command) string {
	r := newRoff("lostpost-"+c.Name(), 1, c.Short)
	r.head("synopsis")
	_, args, _ := strings.Cut(c.Use, " ")
	fmt.Fprintf(r, ".B lostpost %s\n%s [\\fIFLAGS\\fR]\n", roffText(c.Name()), roffText(args))
	r.head("description")
	r.text(c.Long)
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			fmt.Fprintf(r, ".SS %q\n%s\n", "lostpost "+c.Name()+" "+sub.Use, roffText(sub.Long))
			r.flags(sub.LocalFlags())
		}
	}
	if c.HasAvailableLocalFlags() {
		r.head("flags")
		r.flags(c.LocalFlags())
	}
	r.head("examples")
	r.verbatim(c.Example)
	r.head("exit status")
	r.text("0 done, 1 the answer is none, 2 not done, 3 some items are reported, and more: all codes stand in lostpost(1).")
	r.head("see also")
	io.WriteString(r, ".BR lostpost (1)")
	if c.Annotations["takes"] == "query" {
		io.WriteString(r, ",\n.BR lostpost\\-query (7)")
	}
	io.WriteString(r, "\n")
	return r.String()
}

func topicPage(t topic, section int) string {
	r := newRoff("lostpost-"+t.name, section, t.short)
	r.head("description")
	r.verbatim(t.text)
	r.head("see also")
	io.WriteString(r, ".BR lostpost (1)\n")
	return r.String()
}

// roffText escapes text for roff (groff_char(7)): a backslash is \e, a
// hyphen-minus that is to be typed is \-, what is not ASCII is \[uXXXX], and a
// line must not begin with a control character.
func roffText(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "`", `\(ga`, "'", `\(aq`, "^", `\(ha`, "~", `\(ti`).Replace(s)
	var b strings.Builder
	for line := range strings.Lines(s) {
		if strings.HasPrefix(line, ".") {
			b.WriteString(`\&`)
		}
		for _, r := range line {
			if r < 0x80 {
				b.WriteRune(r)
			} else {
				fmt.Fprintf(&b, `\[u%04X]`, r)
			}
		}
	}
	return b.String()
}

func lowerFirst(s string) string {
	if s == "" || len(s) > 1 && s[1] >= 'A' && s[1] <= 'Z' {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

const environmentHelp = `
LOSTPOST_ARCHIVE    the archive, where --archive is not given
LOSTPOST_CONFIG     the configuration file, where --config is not given
LOSTPOST_PAGER      the pager of show; else PAGER, else less -FRX
NO_COLOR, TERM      no colour if NO_COLOR is set or TERM is dumb
XDG_DATA_HOME, XDG_CONFIG_HOME, XDG_STATE_HOME
                    where archive, configuration and the last list are by default
TZ                  the time zone in which dates are shown and asked for
SSL_CERT_FILE       authorities for TLS in place of the system's
`

// archiveHelp is docs/FORMAT.md for a reader of the manual.
const archiveHelp = `
ARCHIVE/
  FORMAT          text: "lostpost archive 1", identity, created, separator
  lock            held with flock(2) by the program that writes
  ledger          what came from where: one line per event, fields divided by TAB
  mail/           the messages, a Maildir++ tree
  quarantine/     octets that could not be trusted; a file's name is its SHA-256
  cache/, index/  made anew when missing

Each file in cur and new of mail/ and of the folders mail/.NAME is one message, octet by octet as it arrived. Its
name is the SHA-256 of its octets in 64 hex digits, ":2," and the Maildir flags. The file's time is when the message was received.
So the archive proves itself; this prints the name of every file that is not what its name says:

  cd ARCHIVE/mail && find . -type f -path '*/[cn][ue][rw]/*' -exec sha256sum {} + |
    while read -r sum name; do base=${name##*/}; [ "${base%%[:;]*}" = "$sum" ] || echo "$name"; done

A message in several mailboxes is one file with several names (hard links), or copies with the same octets.

The ledger is only ever appended to. The last field of a line is the CRC-32C of what stands before it. Kinds of lines:
A stored, P placed in a further mailbox, S copy on a server, F put aside, Q put aside with its octets, G flags changed,
V gone at the source, X removed on order, M how far a source was read, E account of a run, B and Z begin and end of a run.

Only mail/ is precious: a lost ledger is rebuilt from it (lostpost check --repair), the index from both.
docs/FORMAT.md of the source has every field.
`
