package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"lostpost/archive"
	"lostpost/internal/term"
)

// app is one run of the program: its streams, its environment, its flags.
type app struct {
	in       io.Reader
	out, err *os.File
	env      func(string) string
	now      func() time.Time

	archiveDir string
	json       bool
	quiet      bool
	verbose    int
	color      string
	progress   string
	noProgress bool
	noPager    bool
	utc        bool

	buf *bufio.Writer // stdout
}

// run executes one command line and gives its exit code.
func (a *app) run(ctx context.Context, args []string) int {
	a.buf = bufio.NewWriterSize(a.out, 64<<10)
	root := a.root()
	root.SetArgs(queryArgs(root, args))
	root.SetIn(a.in)
	root.SetOut(a.buf)
	root.SetErr(a.err)
	err := root.ExecuteContext(ctx)
	if ferr := a.buf.Flush(); err == nil {
		err = ferr
	}
	return a.finish(ctx, err)
}

// finish prints what became of a command and gives the exit code.
func (a *app) finish(ctx context.Context, err error) int {
	var code status
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &code):
		return int(code)
	case errors.Is(err, syscall.EPIPE):
		return exitOK
	}
	f := a.explain(ctx, err)
	if a.json {
		writeJSON(a.err, struct {
			Type  string `json:"type"`
			Code  int    `json:"code"`
			Error string `json:"error"`
			Todo  string `json:"todo,omitempty"`
		}{"error", f.code, f.msg, f.todo})
		return f.code
	}
	fmt.Fprintf(a.err, "lostpost: %s\n", term.Sanitize(f.msg))
	if f.todo != "" {
		fmt.Fprintln(a.err, term.Sanitize(f.todo))
	}
	return f.code
}

const opening = `lostpost keeps your mail, byte for byte, and finds anything in it.

Begin with:
  lostpost import PATH       put mail files, folders, zips into the archive
  lostpost search WORD       find messages
  lostpost show 1            read the first of them
  lostpost text FILE         any message file as plain text, no archive needed

Everything else: lostpost help
`

// root builds the command tree.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "lostpost",
		Short:         "Keep mail, read it, find anything in it",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			a.printf("%s", opening)
			return nil
		},
	}
	p := root.PersistentFlags()
	p.StringVarP(&a.archiveDir, "archive", "a", "", "the archive `DIR` (default $LOSTPOST_ARCHIVE, else ~/.local/share/lostpost)")
	p.BoolVar(&a.json, "json", false, "JSON Lines on stdout")
	p.CountVarP(&a.verbose, "verbose", "v", "say more; -vv for bug reports")
	p.StringVar(&a.color, "color", "auto", "`WHEN`: auto, always or never")
	p.BoolVar(&a.noProgress, "no-progress", false, "no progress on stderr")
	p.StringVar(&a.progress, "progress", "auto", "`FORM`: auto or json")
	p.BoolVar(&a.noPager, "no-pager", false, "never start a pager")
	p.BoolVar(&a.utc, "utc", false, "show times in UTC")
	root.SetFlagErrorFunc(flagError)
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddGroup(
		&cobra.Group{ID: "in", Title: "Get mail in"},
		&cobra.Group{ID: "read", Title: "Read"},
		&cobra.Group{ID: "keep", Title: "Keep"},
		&cobra.Group{ID: "program", Title: "Program"},
	)
	root.AddCommand(
		a.importCommand(),
		a.searchCommand(), a.showCommand(), a.textCommand(), a.dumpCommand(), a.extractCommand(),
		a.checkCommand(), a.indexCommand(),
		a.versionCommand(),
	)
	for _, c := range root.Commands() {
		// -q is --quiet but where a command has a -q QUERY.
		short := "q"
		if c.Flags().ShorthandLookup(short) != nil {
			short = ""
		}
		c.Flags().BoolVarP(&a.quiet, "quiet", short, false, "errors only")
	}
	root.SetHelpCommandGroupID("program")
	root.AddCommand(a.helpTopics()...)
	return root
}

// unknownCommand names the nearest command.
func unknownCommand(root *cobra.Command, name string) error {
	var names []string
	for _, c := range root.Commands() {
		if !c.IsAdditionalHelpTopicCommand() {
			names = append(names, c.Name())
		}
	}
	todo := "See them all: lostpost help"
	if s := nearest(name, names); s != "" {
		todo = "Did you mean " + s + "?"
	}
	return fail(exitFailed, todo, "there is no command %q.", name)
}

// flagError names the nearest flag.
func flagError(cmd *cobra.Command, err error) error {
	todo := "See: lostpost help " + cmd.Name()
	if name, ok := strings.CutPrefix(err.Error(), "unknown flag: "); ok {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		if s := nearest(name, names); s != "" {
			todo = "Did you mean " + s + "?"
		}
		return fail(exitFailed, todo, "unknown flag %s.", name)
	}
	return fail(exitFailed, todo, "%v.", err)
}

// nearest gives the name that is at most two edits away from s, or "".
func nearest(s string, names []string) string {
	best, at := "", 3
	for _, n := range names {
		if d := distance(s, n); d < at {
			best, at = n, d
		}
	}
	return best
}

// distance is the Levenshtein distance in octets.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := last
			if a[i] != b[j] {
				cost++
			}
			last, row[j+1] = row[j+1], min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// queryArgs lets `search foo -bar` mean what it says: in commands that take a
// query, a word that begins with one "-" and is no flag of theirs stays a word.
func queryArgs(root *cobra.Command, args []string) []string {
	cmd, _, err := root.Find(args)
	if err != nil || cmd.Annotations["takes"] != "query" {
		return args
	}
	cmd.InheritedFlags() // merges the global flags into cmd.Flags
	var flags, words []string
	seen := false // the command's own name
	for i := 0; i < len(args); i++ {
		arg := args[i]
		f := lookupFlag(cmd, arg)
		switch {
		case arg == "--":
			words = append(words, args[i+1:]...)
			i = len(args)
		case f != nil || strings.HasPrefix(arg, "--") && len(arg) > 2:
			flags = append(flags, arg)
			if f != nil && f.NoOptDefVal == "" && !strings.Contains(arg, "=") && i+1 < len(args) {
				i++
				flags = append(flags, args[i])
			}
		case !seen && slices.Contains(append(cmd.Aliases, cmd.Name()), arg):
			seen = true
		default:
			words = append(words, arg)
		}
	}
	return slices.Concat([]string{cmd.Name()}, flags, []string{"--"}, words)
}

// lookupFlag gives the flag that arg stands for: --name, --name=value, -x.
func lookupFlag(cmd *cobra.Command, arg string) *pflag.Flag {
	if name, ok := strings.CutPrefix(arg, "--"); ok {
		name, _, _ = strings.Cut(name, "=")
		return cmd.Flags().Lookup(name)
	}
	if strings.Trim(arg, "v") == "-" && len(arg) > 1 {
		return cmd.Flags().ShorthandLookup("v")
	}
	if len(arg) == 2 && arg[0] == '-' {
		return cmd.Flags().ShorthandLookup(arg[1:])
	}
	return nil
}

// dir is the archive's folder.
func (a *app) dir() string {
	switch {
	case a.archiveDir != "":
		return a.archiveDir
	case a.env("LOSTPOST_ARCHIVE") != "":
		return a.env("LOSTPOST_ARCHIVE")
	case a.env("XDG_DATA_HOME") != "":
		return filepath.Join(a.env("XDG_DATA_HOME"), "lostpost")
	case runtime.GOOS == "windows":
		return filepath.Join(a.env("LocalAppData"), "lostpost")
	}
	return filepath.Join(a.env("HOME"), ".local", "share", "lostpost")
}

// stateDir is where the last list is kept.
func (a *app) stateDir() string {
	switch {
	case a.env("XDG_STATE_HOME") != "":
		return filepath.Join(a.env("XDG_STATE_HOME"), "lostpost")
	case runtime.GOOS == "windows":
		return filepath.Join(a.env("LocalAppData"), "lostpost", "state")
	}
	return filepath.Join(a.env("HOME"), ".local", "state", "lostpost")
}

// tilde shortens a path below the home folder for people.
func (a *app) tilde(p string) string {
	home := a.env("HOME")
	if rest, ok := strings.CutPrefix(p, home+string(filepath.Separator)); ok && len(home) > 1 {
		return "~/" + filepath.ToSlash(rest)
	}
	return p
}

// open opens the archive for reading.
func (a *app) open() (*archive.Archive, error) {
	arc, err := archive.Open(a.dir(), archive.Options{Log: a.log()})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fail(exitBroken, "Make one by putting mail in it:   lostpost import PATH", "no archive at %s.", a.tilde(a.dir()))
	}
	return arc, err
}

// log is where the rooms write: nowhere without -v.
func (a *app) log() *slog.Logger {
	level := slog.LevelDebug
	switch a.verbose {
	case 0:
		return nil
	case 1:
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: level}))
}

// printf writes to stdout. Its error comes back from the Flush at the end.
func (a *app) printf(format string, args ...any) { fmt.Fprintf(a.buf, format, args...) }

// note tells something on stderr that is not the answer.
func (a *app) note(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.err, "%s\n", term.Sanitize(fmt.Sprintf(format, args...)))
	}
}

// outTerminal reports whether stdout is a terminal.
func (a *app) outTerminal() bool { return term.IsTerminal(a.out) }
