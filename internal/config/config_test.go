package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

const home = "/home/anna"

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoad(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the paths are those of Unix")
	}
	path := write(t, `
archive = "~/Mail/lostpost"
[accounts.work]
user = "ap"
server = "POP3S://pop.made.example:1995/"
password_file = "secrets/work"
pin_sha256 = ["00aa"]
allow_plaintext = true
cafile = "/etc/ca.pem"
[accounts.anna]
address = "anna@made.example"
server = "imap.made.example"
password_command = "pass show mail/anna"
mailboxes = ["*", "!Spam"]
delete_after = ""
[accounts.bare]
address = "ben@made.example"
`)
	c, err := Load(path, home)
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{Path: path, Archive: "/home/anna/Mail/lostpost", Accounts: []Account{
		{Name: "anna", Address: "anna@made.example", User: "anna@made.example", Server: "imaps://imap.made.example",
			PasswordCommand: "pass show mail/anna", Mailboxes: []string{"*", "!Spam"}},
		{Name: "bare", Address: "ben@made.example", User: "ben@made.example"},
		{Name: "work", User: "ap", Server: "pop3s://pop.made.example:1995", PasswordFile: filepath.Join(filepath.Dir(path), "secrets/work"),
			Pins: []string{"00aa"}, CAFile: "/etc/ca.pem", AllowPlaintext: true},
	}}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
	for name, url := range map[string]string{"anna": "imaps://anna%40made.example@imap.made.example", "ANNA@made.example": "imaps://anna%40made.example@imap.made.example", "work": "pop3s://ap@pop.made.example:1995", "bare": ""} {
		if a, ok := c.Account(name); !ok || a.URL() != url {
			t.Errorf("%s: %v, %q", name, ok, a.URL())
		}
	}
	if _, ok := c.Account("nobody"); ok {
		t.Error("an account that is not there is found")
	}
}

func TestLoadWithoutAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.toml")
	if c, err := Load(path, home); err != nil || c.Path != path || len(c.Accounts) != 0 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestLoadErrors(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []Problem
	}{
		{"unknown key", "archiv = \"x\"\n", []Problem{{Line: 1, Text: `unknown key "archiv"`, Todo: "Did you mean archive?"}}},
		{"unknown key of an account", "[accounts.a]\naddress = \"a@made.example\"\npasword_command = \"x\"\n", []Problem{{Line: 3, Text: `unknown key "pasword_command"`, Todo: "Did you mean password_command?"}}},
		{"two of them", "[accounts.a]\naddres = \"a\"\nmailbox = []\n", []Problem{
			{Line: 2, Text: `unknown key "addres"`, Todo: "Did you mean address?"}, {Line: 3, Text: `unknown key "mailbox"`, Todo: "Did you mean mailboxes?"}}},
		{"unknown table", "[acounts.a]\naddress = \"x\"\n", []Problem{{Line: 1, Text: `unknown key "acounts"`, Todo: "Did you mean accounts?"}}},
		{"nothing near", "xyzzy = 1\n", []Problem{{Line: 1, Text: `unknown key "xyzzy"`, Todo: "Known are accounts, archive."}}},
		{"outside of an account", "\naddress = \"x\"\n", []Problem{{Line: 2, Text: "address stands outside of an account", Todo: "Put it below a line such as [accounts.home]"}}},
		{"a password", "[accounts.a]\naddress = \"a@made.example\"\npassword = \"sesame\"\n", []Problem{{Line: 3, Text: "password: no secret stands in this file", Todo: `Name a command that prints it: password_command = "pass show mail/anna"`}}},
		{"a token", "Token = \"sesame\"\n", []Problem{{Line: 1, Text: "Token: no secret stands in this file", Todo: `Name a command that prints it: password_command = "pass show mail/anna"`}}},
		{"a text for a list", "[accounts.a]\naddress = \"a\"\nmailboxes = \"INBOX\"\n", []Problem{{Line: 3, Text: "mailboxes takes a list of texts in quotes"}}},
		{"a number for a text", "archive = 1\n", []Problem{{Line: 1, Text: "archive takes a text in quotes"}}},
		{"a text for true", "[accounts.a]\naddress = \"a\"\nallow_plaintext = \"yes\"\n", []Problem{{Line: 3, Text: "allow_plaintext takes true or false"}}},
		{"nobody", "\n[accounts.a]\nserver = \"x.example\"\n", []Problem{{Line: 2, Text: "the account a has neither address nor user", Todo: `Write: address = "anna@example.org"`}}},
		{"a kind of server", "[accounts.a]\naddress = \"a\"\n\nserver = \"smtp://x.example\"\n", []Problem{{Line: 4, Text: `"smtp" is no kind of server; there are imaps, imap+starttls, imap, pop3s, pop3+stls, pop3`, Todo: `Write: server = "imaps://imap.example.org"`}}},
		{"a user in the server", "[accounts.a]\naddress = \"a\"\nserver = \"imaps://a@x.example\"\n", []Problem{{Line: 3, Text: "the user stands in user, not in server", Todo: `Write: server = "imaps://imap.example.org"`}}},
		{"two places for a password", "[accounts.a]\naddress = \"a\"\npassword_file = \"x\"\npassword_command = \"x\"\n", []Problem{{Line: 3, Text: "the account a has both password_command and password_file", Todo: "Keep one of them."}}},
		{"deleting", "[accounts.a]\naddress = \"a\"\ndelete_after = \"30d\"\n", []Problem{{Line: 3, Text: "this version deletes nothing on servers", Todo: `Write: delete_after = ""`}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, tt.text)
			_, err := Load(path, home)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v", err)
			}
			got := e.Problems
			for i := range got {
				got[i].key, got[i].missing = "", false
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
			if strings.Contains(err.Error(), "sesame") || !strings.HasPrefix(err.Error(), path+":") {
				t.Errorf("it reads %q", err)
			}
		})
	}
}

func TestLoadSyntaxError(t *testing.T) {
	_, err := Load(write(t, "archive = \"x\"\nwhat is this\n"), home)
	var e *Error
	if !errors.As(err, &e) || e.Problems[0].Line != 2 || strings.HasPrefix(e.Problems[0].Text, "toml") {
		t.Errorf("got %v", err)
	}
}

func TestLoadRefusesAFileThatAllMayWrite(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no modes")
	}
	path := write(t, "")
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path, home); err == nil || !strings.Contains(err.Error(), "everybody may write it (mode 0666)") {
		t.Errorf("got %v", err)
	}
}

func TestPaths(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the paths are those of Unix")
	}
	for _, tt := range []struct {
		name          string
		flag          string
		env           map[string]string
		c             *Config
		path, archive string
	}{
		{"defaults", "", nil, nil, "/home/anna/.config/lostpost/config.toml", "/home/anna/.local/share/lostpost"},
		{"XDG", "", map[string]string{"XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "/d"}, nil, "/c/lostpost/config.toml", "/d/lostpost"},
		{"XDG, not absolute", "", map[string]string{"XDG_CONFIG_HOME": "c", "XDG_DATA_HOME": "d"}, nil, "/home/anna/.config/lostpost/config.toml", "/home/anna/.local/share/lostpost"},
		{"file before XDG", "", map[string]string{"XDG_DATA_HOME": "/d"}, &Config{Archive: "/f"}, "/home/anna/.config/lostpost/config.toml", "/f"},
		{"environment before file", "", map[string]string{"LOSTPOST_CONFIG": "e.toml", "LOSTPOST_ARCHIVE": "e"}, &Config{Archive: "/f"}, "e.toml", "e"},
		{"flag before all", "flag", map[string]string{"LOSTPOST_CONFIG": "e.toml", "LOSTPOST_ARCHIVE": "e"}, &Config{Archive: "/f"}, "flag", "flag"},
	} {
		env := func(k string) string {
			if k == "HOME" {
				return home
			}
			return tt.env[k]
		}
		if got := Path(tt.flag, env); got != tt.path {
			t.Errorf("%s: file %s, want %s", tt.name, got, tt.path)
		}
		if got := tt.c.ArchiveDir(tt.flag, env); got != tt.archive {
			t.Errorf("%s: archive %s, want %s", tt.name, got, tt.archive)
		}
	}
}

func TestInit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "config.toml")
	if err := Init(path); err != nil {
		t.Fatal(err)
	}
	if c, err := Load(path, home); err != nil || c.Archive != "" || len(c.Accounts) != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if info, _ := os.Stat(path); runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if err := Init(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second time: %v", err)
	}
}

// TestExampleIsTrue reads the example with its comment signs taken away.
func TestExampleIsTrue(t *testing.T) {
	var b strings.Builder
	for line := range strings.Lines(Example) {
		if s, ok := strings.CutPrefix(line, "# "); ok && (strings.Contains(s, " = ") || strings.HasPrefix(s, "[")) {
			line = s
		}
		b.WriteString(line)
	}
	c, err := parse("config.toml", []byte(b.String()), home)
	if err != nil || len(c.Accounts) != 1 || c.Archive == "" {
		t.Fatalf("%+v, %v", c, err)
	}
	a := c.Accounts[0]
	if a.URL() != "imaps://anna@imap.example.org" || a.PasswordCommand == "" || len(a.Mailboxes) != 2 {
		t.Errorf("%+v", a)
	}
}

func TestSet(t *testing.T) {
	const old = `# my file
archive = "~/Mail" # where it is

[accounts.a]   # the first
address = "a@made.example"
mailboxes = [
  "INBOX", # mostly
  "Sent",
]
user = """
x"""

# the second
[accounts.b]
address = "b # made@made.example" # odd
`
	for _, tt := range []struct {
		name, text, key, value string
		from, to               string // what changes in text
	}{
		{"a value with a comment", old, "archive", "/new", `"~/Mail" # where`, `"/new"  # where`},
		{"a value with # in it", old, "accounts.b.address", `b"c\d`, `"b # made@made.example" # odd`, `"b\"c\\d"  # odd`},
		{"a list over lines", old, "accounts.a.mailboxes", "*, !Spam", "mailboxes = [\n  \"INBOX\", # mostly\n  \"Sent\",\n]", `mailboxes = ["*", "!Spam"]`},
		{"a text over lines", old, "accounts.a.user", "anna", "\"\"\"\nx\"\"\"", `"anna"`},
		{"a new key", old, "accounts.b.allow_plaintext", "true", "# odd\n", "# odd\nallow_plaintext = true\n"},
		{"a new key in a table that is not the last", old, "accounts.a.server", "imap.made.example", "x\"\"\"\n", "x\"\"\"\nserver = \"imap.made.example\"\n"},
		{"a new key below a comment", "# x\n\n# the account\n[accounts.a]\nuser = \"a\"\n", "archive", "x", "# the account", "archive = \"x\"\n# the account"},
		{"a new account", old, "accounts.c d.address", "c@made.example", "# odd\n", "# odd\n\n[accounts.\"c d\"]\naddress = \"c@made.example\"\n"},
		{"an account with a dot", old, "accounts.made.example.user", "c", "# odd\n", "# odd\n\n[accounts.\"made.example\"]\nuser = \"c\"\n"},
		{"a new key above all tables", "[accounts.a]\nuser = \"a\"\n", "archive", "x", "[accounts.a]", "archive = \"x\"\n[accounts.a]"},
		{"no file", "", "archive", "/x", "", "archive = \"/x\"\n"},
		{"no line end at the end", "# x", "archive", "/x", "# x", "# x\narchive = \"/x\"\n"},
		{"an account before its address", "", "accounts.a.server", "imap.made.example", "", "[accounts.a]\nserver = \"imap.made.example\"\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "config.toml")
			if tt.text != "" {
				path = write(t, tt.text)
			}
			if err := Set(path, tt.key, tt.value, home); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Replace(tt.text, tt.from, tt.to, 1)
			if string(got) != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestSetRefuses(t *testing.T) {
	for _, tt := range []struct{ name, text, key, value, want string }{
		{"unknown key", "", "archiv", "x", `unknown key "archiv"`},
		{"a password", "", "accounts.a.password", "sesame", "no secret stands in this file"},
		{"a whole account", "", "accounts.a", "x", "is no single value"},
		{"all accounts", "", "accounts", "x", "is no single value"},
		{"no truth", "", "accounts.a.allow_plaintext", "perhaps", "takes true or false"},
		{"no server", "", "accounts.a.server", "http://x.example", `"http" is no kind of server`},
		{"a file that is wrong", "what\n", "archive", "x", ":1: "},
		{"an account in one line", "accounts = { a = { user = \"x\" } }\n", "accounts.a.server", "x.example", "change it by hand"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, tt.text)
			err := Set(path, tt.key, tt.value, home)
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "sesame") {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if got, _ := os.ReadFile(path); string(got) != tt.text {
				t.Errorf("the file was changed to %q", got)
			}
		})
	}
}

func TestSetKeepsModeAndLink(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege on Windows")
	}
	path := write(t, "archive = \"a\"\n")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link.toml")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := Set(link, "archive", "b", home); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
	b, _ := os.ReadFile(path)
	info, _ := os.Stat(path)
	if string(b) != "archive = \"b\"\n" || info.Mode().Perm() != 0o644 {
		t.Errorf("%q, %v", b, info.Mode())
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".config-*"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("archive = \"x\"\n[accounts.a]\nuser = \"u\" # c\nmailboxes = [\n\"a\"]\n", "v")
	f.Add("accounts.a.user = 'x'\n[[accounts]]\n", "\x00\"")
	f.Fuzz(func(t *testing.T, text, value string) {
		_, err := parse("f", []byte(text), home)
		var e *Error
		if err != nil && (!errors.As(err, &e) || len(e.Problems) == 0) {
			t.Fatalf("%T %v", err, err)
		}
		for _, key := range [][]string{{"archive"}, {"accounts", "a", "user"}} {
			edited, err := edit([]byte(text), key, value)
			if err != nil {
				continue
			}
			m := map[string]any{}
			if err := toml.Unmarshal(edited, &m); err != nil {
				t.Fatalf("%q became %q: %v", text, edited, err)
			}
			if len(key) == 1 && m["archive"] != value {
				t.Fatalf("%q became %q", text, edited)
			}
		}
	})
}
