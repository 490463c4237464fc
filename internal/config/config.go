// Package config reads and changes the configuration file: where the archive
// is, and which accounts there are. The file is TOML 1.0.
//
// Promises. A key that means nothing is an error with its line and the nearest
// name that does; nothing is passed over in silence. No secret ever stands in
// the file: a key such as "password" is refused with the way to do it. Set
// changes one value and keeps everything else as it was written, comments
// included, or changes nothing.
//
// The package opens no connection and knows no protocol: whether a server can
// be reached, or a pattern fits a mailbox, is not its business.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// A Config is what the file says.
type Config struct {
	Path     string    // of the file, also if it is not there
	Archive  string    // absolute path; "" if the file names none
	Accounts []Account // by Name
}

// An Account is one [accounts.NAME] table.
type Account struct {
	Name            string   // of the table
	Address         string   // "" if there is none
	User            string   // as whom to sign in; Address if the file does not say
	Server          string   // URL, such as imaps://imap.example.org, without a user; or ""
	PasswordCommand string   // "" if there is none
	PasswordFile    string   // absolute path, or ""
	Mailboxes       []string // patterns; empty: all
	CAFile          string   // absolute path, or ""
	Pins            []string // SHA-256 of the server's key, as they were written
	AllowPlaintext  bool     // a server URL without TLS may be used over a network
}

// URL is the server with the user in it, such as
// imaps://anna%40example.org@imap.example.org; "" if the file names no server.
func (a Account) URL() string {
	scheme, rest, ok := strings.Cut(a.Server, "://")
	if !ok {
		return ""
	}
	return scheme + "://" + strings.ReplaceAll(url.QueryEscape(a.User), "+", "%20") + "@" + rest
}

// Account finds an account by its name or, in any case, by its address. ok is
// false if there is none, or if several have the address.
func (c *Config) Account(name string) (a Account, ok bool) {
	n := 0
	for _, x := range c.Accounts {
		if x.Name == name {
			return x, true
		}
		if x.Address != "" && strings.EqualFold(x.Address, name) {
			a, n = x, n+1
		}
	}
	return a, n == 1
}

// The file as TOML has it.
type file struct {
	Archive  string           `toml:"archive"`
	Accounts map[string]table `toml:"accounts"`
}

type table struct {
	Address         string   `toml:"address"`
	User            string   `toml:"user"`
	Server          string   `toml:"server"`
	PasswordCommand string   `toml:"password_command"`
	PasswordFile    string   `toml:"password_file"`
	Mailboxes       []string `toml:"mailboxes"`
	CAFile          string   `toml:"cafile"`
	Pins            []string `toml:"pin_sha256"`
	AllowPlaintext  bool     `toml:"allow_plaintext"`
	DeleteAfter     string   `toml:"delete_after"`
}

// The keys, and what they take, for messages and for Set.
const (
	aText = "a text in quotes"
	aList = "a list of texts in quotes"
	aBool = "true or false"
)

var topKeys = map[string]string{"archive": aText, "accounts": "tables, such as [accounts.home]"}

var accountKeys = map[string]string{
	"address": aText, "user": aText, "server": aText, "password_command": aText, "password_file": aText,
	"mailboxes": aList, "cafile": aText, "pin_sha256": aList, "allow_plaintext": aBool, "delete_after": aText,
}

// maxFile bounds the file, in octets.
const maxFile = 1 << 20

// Load reads the file at path. A file that is not there is an empty one. home
// is the folder that "~" stands for.
//
// Errors: *Error, which lists all that is wrong with what is written; else what
// the system says.
func Load(path, home string) (*Config, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &Config{Path: path}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	// Commands stand in it that are run.
	if runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&0o002 != 0 {
		return nil, &Error{Path: path, Problems: []Problem{{
			Text: fmt.Sprintf("everybody may write it (mode %04o), and commands stand in it", info.Mode().Perm()),
			Todo: "chmod 600 " + path,
		}}}
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("configuration: %s has over 1 MiB", path)
	}
	b := make([]byte, 0, info.Size()+bytes.MinRead)
	buf := bytes.NewBuffer(b)
	if _, err := buf.ReadFrom(f); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	return parse(path, buf.Bytes(), home)
}

// parse reads the text of the file.
func parse(path string, text []byte, home string) (*Config, error) {
	var in file
	d := toml.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return nil, &Error{Path: path, Problems: explain(err)}
	}
	c := &Config{Path: path, Archive: absolute(in.Archive, path, home)}
	lines := keyLines(text)
	var bad []Problem
	for _, name := range slices.Sorted(maps.Keys(in.Accounts)) {
		t := in.Accounts[name]
		a, ps := t.account(name, path, home)
		for i := range ps {
			ps[i].Line = lines.of("accounts", name, ps[i].key)
		}
		c.Accounts = append(c.Accounts, a)
		bad = append(bad, ps...)
	}
	if len(bad) > 0 {
		return nil, &Error{Path: path, Problems: bad}
	}
	return c, nil
}

// account checks a table by itself.
func (t table) account(name, path, home string) (a Account, bad []Problem) {
	a = Account{
		Name: name, Address: t.Address, User: t.User, Server: t.Server, PasswordCommand: t.PasswordCommand,
		PasswordFile: absolute(t.PasswordFile, path, home), Mailboxes: t.Mailboxes,
		CAFile: absolute(t.CAFile, path, home), Pins: t.Pins, AllowPlaintext: t.AllowPlaintext,
	}
	say := func(key, text, todo string) { bad = append(bad, Problem{key: key, Text: text, Todo: todo}) }
	if a.User == "" {
		a.User = a.Address
	}
	if a.User == "" {
		say("", "the account "+name+" has neither address nor user", `Write: address = "anna@example.org"`)
		bad[len(bad)-1].missing = true
	}
	var why string
	if a.Server, why = server(t.Server); why != "" {
		say("server", why, `Write: server = "imaps://imap.example.org"`)
	}
	if t.PasswordCommand != "" && t.PasswordFile != "" {
		say("password_file", "the account "+name+" has both password_command and password_file", "Keep one of them.")
	}
	if t.DeleteAfter != "" {
		say("delete_after", "this version deletes nothing on servers", `Write: delete_after = ""`)
	}
	return a, bad
}

// schemes are the kinds of servers.
var schemes = []string{"imaps", "imap+starttls", "imap", "pop3s", "pop3+stls", "pop3"}

// server checks a server's URL. A name alone means imaps. Whether one is needed
// is for the command to say that connects.
func server(s string) (address, why string) {
	if s == "" {
		return "", ""
	}
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		scheme, rest = "imaps", s
	}
	scheme, rest = strings.ToLower(scheme), strings.TrimSuffix(rest, "/")
	switch {
	case !slices.Contains(schemes, scheme):
		return "", fmt.Sprintf("%q is no kind of server; there are %s", scheme, strings.Join(schemes, ", "))
	case strings.Contains(rest, "@"):
		return "", "the user stands in user, not in server"
	case rest == "" || strings.ContainsAny(rest, "/ \t"):
		return "", fmt.Sprintf("%q names no server", s)
	}
	return scheme + "://" + rest, ""
}
