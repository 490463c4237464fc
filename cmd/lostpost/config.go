package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"lostpost/internal/config"
)

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "config",
		GroupID: "program",
		Short:   "Show, check and change the configuration file",
		Long:    "Config deals with the one file that lostpost reads, TOML. Nothing needs it: it saves typing the archive's place and the accounts. Passwords never stand in it, only the commands that print them. Without a word after it, it shows what holds now.",
		Example: "  lostpost config init\n  lostpost config set accounts.work.address anna@example.org\n  lostpost config check",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error { return a.configShow() },
	}
	cmd.AddCommand(
		&cobra.Command{Use: "path", Short: "Print where the file is, or would be", Long: "Path prints the file's name, whether it is there or not.", Args: cobra.NoArgs,
			Example: "  $EDITOR \"$(lostpost config path)\"",
			RunE: func(*cobra.Command, []string) error {
				a.printf("%s\n", a.configPath())
				return nil
			}},
		&cobra.Command{Use: "show", Short: "Show what holds, flags and environment included", Long: "Show prints the archive's place and the accounts, and where each comes from. It never runs a password command.", Args: cobra.NoArgs,
			Example: "  lostpost config show\n  lostpost config show --json",
			RunE:    func(*cobra.Command, []string) error { return a.configShow() }},
		&cobra.Command{Use: "init", Short: "Make a file with every key, all of them as comments", Long: "Init writes a new file in which every key is explained and none is set. A file that is there is left alone.", Args: cobra.NoArgs,
			Example: "  lostpost config init",
			RunE:    func(*cobra.Command, []string) error { return a.configInit() }},
		&cobra.Command{Use: "set KEY VALUE", Short: "Change one value and keep the rest as it is written", Long: "Set changes one key: archive, or accounts.NAME.KEY. A list is divided by commas. Comments and everything else in the file stay.", Args: cobra.ExactArgs(2),
			Example: "  lostpost config set archive ~/Mail/lostpost\n  lostpost config set accounts.work.mailboxes 'INBOX, Archive/*'",
			RunE:    func(_ *cobra.Command, args []string) error { return a.configSet(args[0], args[1]) }},
		&cobra.Command{Use: "check", Short: "Say what is wrong with the file", Long: "Check reads the file and names every key that means nothing, with its line and the nearest name. It connects to nothing.", Args: cobra.NoArgs,
			Example: "  lostpost config check",
			RunE:    func(*cobra.Command, []string) error { return a.configCheck() }},
	)
	return cmd
}

// configPath is the configuration file, whether it is there or not.
func (a *app) configPath() string { return config.Path(a.configFile, a.env) }

// config reads the configuration, once.
func (a *app) config() (*config.Config, error) {
	if a.conf == nil && a.confErr == nil {
		c, err := config.Load(a.configPath(), config.Home(a.env))
		a.conf, a.confErr = c, a.configFailure(err)
	}
	return a.conf, a.confErr
}

// withoutConfig are the commands that work where the configuration is wrong.
var withoutConfig = map[string]bool{"config": true, "doctor": true, "help": true, "completion": true, "man": true, "version": true, "text": true}

// needConfig ends a command whose configuration is wrong before it goes on
// with the wrong archive.
func (a *app) needConfig(cmd *cobra.Command) error {
	for c := cmd; c != nil; c = c.Parent() {
		if withoutConfig[c.Name()] || c.Hidden {
			return nil
		}
	}
	_, err := a.config()
	return err
}

// configFailure words what is wrong with the file.
func (a *app) configFailure(err error) error {
	var wrong *config.Error
	if !errors.As(err, &wrong) {
		return err
	}
	todo := "See: lostpost config check"
	if t := wrong.Problems[0].Todo; t != "" && len(wrong.Problems) == 1 {
		todo = t
	}
	return fail(exitFailed, todo, "%s.", a.problemLine(wrong.Path, wrong.Problems[0]))
}

// problemLine says where and what, as compilers do.
func (a *app) problemLine(path string, p config.Problem) string {
	where := a.tilde(path)
	if p.Line > 0 {
		where += fmt.Sprintf(":%d", p.Line)
	}
	return where + ": " + p.Text
}

// A configLine is the JSON of config show.
type configLine struct {
	Type     string        `json:"type"` // "config"
	Path     string        `json:"path"`
	Archive  string        `json:"archive"`
	Accounts []accountConf `json:"accounts,omitempty"`
}

type accountConf struct {
	Name      string   `json:"name"`
	Address   string   `json:"address,omitempty"`
	Server    string   `json:"server"`
	User      string   `json:"user"`
	Mailboxes []string `json:"mailboxes,omitempty"`
	Password  string   `json:"password"` // where it is, never what it is
}

func (a *app) configShow() error {
	c, err := a.config()
	if err != nil {
		return err
	}
	line := configLine{Type: "config", Path: c.Path, Archive: a.dir()}
	for _, x := range c.Accounts {
		password := "credential, .netrc or asked for"
		switch {
		case x.PasswordCommand != "":
			password = "from a command"
		case x.PasswordFile != "":
			password = "from " + a.tilde(x.PasswordFile)
		}
		line.Accounts = append(line.Accounts, accountConf{x.Name, x.Address, x.Server, x.User, x.Mailboxes, password})
	}
	if a.json {
		return writeJSON(a.buf, line)
	}
	there := ""
	if !exists(c.Path) {
		there = " (not there)"
	}
	a.printf("file      %s%s\narchive   %s (%s)\n", oneLine(a.tilde(c.Path)), there, oneLine(a.tilde(line.Archive)), a.archiveFrom(c))
	for _, x := range line.Accounts {
		a.printf("account   %s: %s at %s, password %s\n", oneLine(x.Name), oneLine(x.User), oneLine(x.Server), oneLine(x.Password))
		if len(x.Mailboxes) > 0 {
			a.printf("          mailboxes %s\n", oneLine(strings.Join(x.Mailboxes, ", ")))
		}
	}
	return nil
}

// archiveFrom says what decided where the archive is.
func (a *app) archiveFrom(c *config.Config) string {
	switch {
	case a.archiveDir != "":
		return "--archive"
	case a.env("LOSTPOST_ARCHIVE") != "":
		return "$LOSTPOST_ARCHIVE"
	case c.Archive != "":
		return "the file"
	}
	return "default"
}

func (a *app) configInit() error {
	path := a.configPath()
	err := config.Init(path)
	if errors.Is(err, fs.ErrExist) {
		return fail(exitFailed, "Change it: lostpost config set KEY VALUE", "%s is there already.", a.tilde(path))
	}
	if err == nil {
		a.printf("%s. Every key in it is explained and none is set.\n", oneLine(a.tilde(path)))
	}
	return err
}

func (a *app) configSet(key, value string) error {
	path := a.configPath()
	if err := config.Set(path, key, value, config.Home(a.env)); err != nil {
		return a.configFailure(err)
	}
	a.printf("%s: %s is set.\n", oneLine(a.tilde(path)), oneLine(key))
	return nil
}

func (a *app) configCheck() error {
	path := a.configPath()
	c, err := config.Load(path, config.Home(a.env))
	var wrong *config.Error
	if errors.As(err, &wrong) {
		for _, p := range wrong.Problems {
			a.printf("%s. %s\n", oneLine(a.problemLine(path, p)), oneLine(p.Todo))
		}
		return status(exitFailed)
	}
	if err != nil {
		return err
	}
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		a.printf("%s is not there, and nothing needs it. Make one: lostpost config init\n", oneLine(a.tilde(path)))
		return nil
	}
	a.printf("%s is well-formed, with %s.\n", oneLine(a.tilde(path)), count(int64(len(c.Accounts)), "account"))
	return nil
}

// configHelp is the text of lostpost-config(5): the file that init makes is
// its own manual.
func configHelp() string {
	return "One file, TOML 1.0: $LOSTPOST_CONFIG, else ~/.config/lostpost/config.toml.\nA key that is not named here is an error. Flags and environment come before the file.\nlostpost config init writes this, and lostpost config check reads it:\n\n" + config.Example
}
