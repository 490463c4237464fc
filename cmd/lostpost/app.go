package main

import (
	"bufio"
	"cmp"
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
	"lostpost/decode/attach"
	"lostpost/internal/config"
	"lostpost/internal/term"
)

// app is one run of the program: its streams, its environment, its flags.
type app struct {
	in       io.Reader
	out, err *os.File
	env      func(string) string
	now      func() time.Time

	archiveDir string
	configFile string
	json       bool
	quiet      bool
	verbose    int
	color      string
	progress   string
	noProgress bool
	noPager    bool
	utc        bool

	buf    *bufio.Writer // stdout
	passed int           // items that were named as not readable
	pdf    *attach.Pool  // nil: not needed yet

	conf    *config.Config // nil until it was read
	confErr error
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
	a.closePDF()
	if ferr := a.buf.Flush(); err == nil {
		err = ferr
	}
	return a.finish(ctx, err)
}

// finish prints what became of a command and gives the exit code.
func (a *app) finish(ctx context.Context, err error) int {
	var code status
	if err == nil && a.passed > 0 {
		err = status(exitSome)
	}
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &code) && a.passed > 0:
		return worse(int(code), exitSome)
	case errors.As(err, &code):
		return int(code)
	case errors.Is(err, syscall.EPIPE):
		return exitOK
	}
	f := a.explain(ctx, err)
	a.tell(f)
	return f.code
}

// tell prints a failure on stderr.
func (a *app) tell(f *failure) {
	if a.json {
		writeJSON(a.err, struct {
			Type  string `json:"type"`
			Code  int    `json:"code"`
			Error string `json:"error"`
			Todo  string `json:"todo,omitempty"`
		}{"error", f.code, f.msg, f.todo})
		return
	}
	fmt.Fprintf(a.err, "lostpost: %s\n", term.Sanitize(f.msg))
	if f.todo != "" {
		fmt.Fprintln(a.err, term.Sanitize(f.todo))
	}
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
	p.StringVarP(&a.archiveDir, "archive", "a", "", "the archive `DIR` (default $LOSTPOST_ARCHIVE, else as configured, else ~/.local/share/lostpost)")
	p.StringVar(&a.configFile, "config", "", "the configuration `FILE` (default $LOSTPOST_CONFIG, else ~/.config/lostpost/config.toml)")
	p.BoolVar(&a.json, "json", false, "JSON Lines on stdout")
	p.CountVarP(&a.verbose, "verbose", "v", "say more; -vv for bug reports")
	p.StringVar(&a.color, "color", "auto", "`WHEN`: auto, always or never")
	p.BoolVar(&a.noProgress, "no-progress", false, "no progress on stderr")
	p.StringVar(&a.progress, "progress", "auto", "`FORM`: auto or json")
	p.BoolVar(&a.noPager, "no-pager", false, "never start a pager")
	p.BoolVar(&a.utc, "utc", false, "show times in UTC")
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { a.printHelp(cmd) })
	root.SetHelpCommand(a.helpCommand())
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		return cmp.Or(a.checkFlags(), a.needConfig(cmd))
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddGroup(
		&cobra.Group{ID: "in", Title: "Get mail in"},
		&cobra.Group{ID: "read", Title: "Read"},
		&cobra.Group{ID: "rescue", Title: "Rescue"},
		&cobra.Group{ID: "give", Title: "Give back"},
		&cobra.Group{ID: "keep", Title: "Keep"},
		&cobra.Group{ID: "program", Title: "Program"},
	)
	root.AddCommand(
		a.importCommand(), a.fetchCommand(), a.scheduleCommand(),
		a.searchCommand(), a.showCommand(), a.textCommand(), a.dumpCommand(), a.extractCommand(),
		a.draftsCommand(), a.recoverCommand(), a.explainCommand(), a.traceCommand(),
		a.exportCommand(), a.restoreCommand(),
		a.checkCommand(), a.indexCommand(), a.statsCommand(), a.doctorCommand(),
		a.configCommand(), a.completionCommand(), a.manCommand(), a.versionCommand(),
	)
	for _, c := range root.Commands() {
		// -q is --quiet but where a command has a -q QUERY.
		short := "q"
		if c.Flags().ShorthandLookup(short) != nil {
			short = ""
		}
		c.Flags().BoolVarP(&a.quiet, "quiet", short, false, "errors only")
	}
	root.AddCommand(a.helpTopics()...)
	root.AddCommand(fetchTopics()...)
	return root
}

// checkFlags refuses values that the global flags do not know.
func (a *app) checkFlags() error {
	switch a.color {
	case "auto", "always", "never":
	default:
		return fail(exitFailed, "It is auto, always or never.", "--color cannot be %q.", a.color)
	}
	switch a.progress {
	case "auto", "json":
	default:
		return fail(exitFailed, "It is auto or json.", "--progress cannot be %q.", a.progress)
	}
	return nil
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
	if s := config.Nearest(name, names); s != "" {
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
		if s := config.Nearest(name, names); s != "" {
			todo = "Did you mean " + s + "?"
		}
		return fail(exitFailed, todo, "unknown flag %s.", name)
	}
	return fail(exitFailed, todo, "%v.", err)
}

// queryArgs lets `search foo -bar` mean what it says: in commands that take a
// query, a word that begins with one "-" and is no flag of theirs stays a word.
func queryArgs(root *cobra.Command, args []string) []string {
	cmd, _, err := root.Find(args)
	if err != nil || cmd.Annotations["takes"] != "query" {
		return args
	}
	cmd.InitDefaultHelpFlag() // -h is one of them
	cmd.InheritedFlags()      // merges the global flags into cmd.Flags
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

// dir is the archive's folder: what the flag, the environment or the
// configuration says, else the usual place.
func (a *app) dir() string {
	c, err := a.config()
	if err != nil {
		c = nil // only commands that work without a configuration come here
	}
	return c.ArchiveDir(a.archiveDir, a.env)
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

// note tells something on stderr that is not the answer, after the answer so
// far. If nobody reads that any more, nobody wants the note.
func (a *app) note(format string, args ...any) {
	if err := a.buf.Flush(); err == nil && !a.quiet {
		fmt.Fprintf(a.err, "%s\n", term.Sanitize(fmt.Sprintf(format, args...)))
	}
}

// outTerminal reports whether stdout is a terminal.
func (a *app) outTerminal() bool { return term.IsTerminal(a.out) }
