package auth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

// DefaultCommandTime is how long a password command may take. A person may
// have to type a passphrase in it.
const DefaultCommandTime = 2 * time.Minute

// maxSecret bounds what is read of a command or file, in octets.
const maxSecret = 64 << 10

// A Lookup says where the secret of one account may be. Places left empty are
// passed over. A Command or File that is given must yield a secret: no other
// place is tried after it.
type Lookup struct {
	Host, User string // for .netrc, and for the question

	Command     string        // run by the shell; the first line of its output
	CommandTime time.Duration // 0: DefaultCommandTime
	Stderr      io.Writer     // takes the messages of Command; nil: nobody

	File string // the first line of it; only its owner may read it

	CredentialDir string // $CREDENTIALS_DIRECTORY of systemd
	Credential    string // name of a file in it

	Netrc string // path of a .netrc file; need not exist

	// Prompt asks a person and returns what was typed, without echo. It is
	// nil where there is no terminal.
	Prompt func(ctx context.Context, question string) (string, error)
}

// Secret finds the secret. from says where it was, in words for a person:
// "the password command", "the terminal" and so on.
//
// Errors: ErrNoSecret, ErrBadSecret, ErrExposed, the error of ctx; an error of
// a command holds its exit status and nothing that it printed.
func (l Lookup) Secret(ctx context.Context) (s Secret, from string, err error) {
	for _, p := range []struct {
		from string
		find func(context.Context) (string, error)
	}{
		{"the password command", l.command},
		{"the password file", l.file},
		{"a systemd credential", l.credential},
		{".netrc", l.netrc},
		{"the terminal", l.prompt},
	} {
		octets, err := p.find(ctx)
		if errors.Is(err, errElsewhere) {
			continue
		}
		if err == nil {
			s, err = NewSecret(octets)
		}
		if err != nil {
			return Secret{}, "", fmt.Errorf("password for %s at %s from %s: %w", l.User, l.Host, p.from, err)
		}
		return s, p.from, nil
	}
	return Secret{}, "", fmt.Errorf("%s at %s: %w", l.User, l.Host, ErrNoSecret)
}

// errElsewhere says that a place is not configured or holds nothing.
var errElsewhere = errors.New("not here")

func (l Lookup) command(ctx context.Context) (string, error) {
	if l.Command == "" {
		return "", errElsewhere
	}
	limit := l.CommandTime
	if limit <= 0 {
		limit = DefaultCommandTime
	}
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	shell, flag := "/bin/sh", "-c"
	if runtime.GOOS == "windows" {
		shell, flag = "cmd", "/C"
	}
	cmd := exec.CommandContext(within, shell, flag, l.Command)
	out := &head{}
	cmd.Stdout = out
	cmd.Stderr = l.Stderr
	// A child that the shell left behind may hold the pipe open; it is not
	// waited for.
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case within.Err() != nil:
		return "", fmt.Errorf("not done after %s", limit)
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return "", err // "exit status 1": never what it printed
	}
	return firstLine(out.b), nil
}

// A head keeps the beginning of what is written.
type head struct{ b []byte }

func (h *head) Write(p []byte) (int, error) {
	h.b = append(h.b, p[:min(len(p), maxSecret-len(h.b))]...)
	return len(p), nil
}

func firstLine(b []byte) string {
	line, _, _ := bytes.Cut(b, []byte("\n"))
	return string(bytes.TrimSuffix(line, []byte("\r")))
}

func (l Lookup) file(context.Context) (string, error) {
	if l.File == "" {
		return "", errElsewhere
	}
	b, err := readOwn(l.File)
	return firstLine(b), err
}

// readOwn reads a file that only its owner may read.
func readOwn(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	// Windows has no such bits: there a file is as its folder is.
	if info.Mode().IsRegular() && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s has mode %04o: %w; chmod 600 helps", name, info.Mode().Perm(), ErrExposed)
	}
	return io.ReadAll(io.LimitReader(f, maxSecret))
}

func (l Lookup) credential(context.Context) (string, error) {
	if l.CredentialDir == "" || l.Credential == "" || !filepath.IsLocal(l.Credential) {
		return "", errElsewhere
	}
	// systemd itself sees to the mode of this file.
	f, err := os.Open(filepath.Join(l.CredentialDir, l.Credential))
	if errors.Is(err, fs.ErrNotExist) {
		return "", errElsewhere
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSecret))
	return firstLine(b), err
}

func (l Lookup) netrc(context.Context) (string, error) {
	if l.Netrc == "" {
		return "", errElsewhere
	}
	b, err := readOwn(l.Netrc)
	if errors.Is(err, fs.ErrNotExist) {
		return "", errElsewhere
	}
	if err != nil {
		return "", err
	}
	if p := netrcPassword(string(b), l.Host, l.User); p != "" {
		return p, nil
	}
	return "", errElsewhere
}

func (l Lookup) prompt(ctx context.Context) (string, error) {
	if l.Prompt == nil {
		return "", errElsewhere
	}
	return l.Prompt(ctx, fmt.Sprintf("Password for %s at %s: ", l.User, l.Host))
}
