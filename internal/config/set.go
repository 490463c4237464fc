package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Example is the text of a new file.
const Example = `# Configuration of lostpost. See: man lostpost-config

# Where mail is kept. Without this line it is ~/.local/share/lostpost.
# archive = "~/Mail/lostpost"

# An account. "lostpost fetch home" fetches it, "lostpost fetch" all of them.
# No password stands here, only the command that prints it.
# [accounts.home]
# address = "anna@example.org"
# server = "imaps://imap.example.org"       # or pop3s://, imap+starttls://, pop3+stls://
# user = "anna"                             # without this line it is the address
# password_command = "pass show mail/anna"  # or: password_file = "~/.secret"
# mailboxes = ["*", "!Spam"]                # without this line it is all of them
`

// Init writes Example to a new file, which only its owner may read.
//
// Errors: fs.ErrExist if there is a file.
func Init(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	_, err = f.WriteString(Example)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	return nil
}

// Set changes the value of one key, "archive" or "accounts.NAME.KEY", in the
// file at path, which is made if it is not there. value is as a person types
// it: a list is divided by commas. What else stands in the file stays as it is.
// The file is replaced in one step.
//
// Errors: *Error if the key or value cannot be, or the file would be wrong
// afterwards; then nothing was changed.
func Set(path, key, value, home string) error {
	keys := strings.Split(key, ".")
	if len(keys) > 3 { // an account may have a dot in its name
		keys = []string{keys[0], strings.Join(keys[1:len(keys)-1], "."), keys[len(keys)-1]}
	}
	v, p := typed(keys, value)
	if p.Text != "" {
		return &Error{Path: path, Problems: []Problem{p}}
	}
	// A link keeps pointing to the file that is changed.
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("configuration: %w", err)
	}
	edited, err := edit(old, keys, v)
	if err != nil {
		return &Error{Path: path, Problems: explain(err)}
	}
	// A new account is made key by key, so the others may still be missing.
	if _, err := parse(path, edited, home); err != nil && !incomplete(err) {
		return err
	}
	return replace(path, edited)
}

// incomplete reports whether all that is wrong is what an account lacks.
func incomplete(err error) bool {
	var e *Error
	return errors.As(err, &e) && !slices.ContainsFunc(e.Problems, func(p Problem) bool { return !p.missing })
}

// typed reads a value that a person typed for a key.
func typed(keys []string, value string) (v any, bad Problem) {
	switch kindOf(keys) {
	case aText:
		return value, bad
	case aList:
		all := []any{}
		for _, s := range strings.Split(value, ",") {
			if s = strings.TrimSpace(s); s != "" {
				all = append(all, s)
			}
		}
		return all, bad
	case aBool:
		b, err := strconv.ParseBool(value)
		if err != nil {
			bad.Text = fmt.Sprintf("%s takes true or false, not %q", last(keys), value)
		}
		return b, bad
	}
	if kindOf(keys) != "" || keys[0] == "accounts" && len(keys) < 3 {
		return nil, Problem{Text: fmt.Sprintf("%q is no single value", strings.Join(keys, ".")), Todo: "Name one, such as accounts.home.server"}
	}
	return nil, unknownKey(keys)
}

var errNoPlace = errors.New("the file is written in a way that cannot be changed by itself; change it by hand")

// edit sets a key in the text of a file. Whatever line it tries, it believes
// only a result that means what the old text means but for the one value.
func edit(old []byte, keys []string, v any) ([]byte, error) {
	want := map[string]any{}
	if err := toml.Unmarshal(old, &want); err != nil {
		return nil, err
	}
	if !put(want, keys, v) {
		return nil, errNoPlace
	}
	good := func(text []byte) bool {
		got := map[string]any{}
		return toml.Unmarshal(text, &got) == nil && reflect.DeepEqual(got, want)
	}
	lines := bytes.SplitAfter(old, []byte("\n"))
	table := keyLines(old)
	line := last(keys) + " = " + literal(v)
	for _, l := range table {
		if !l.head && slices.Equal(l.key, keys) {
			return exchange(lines, l.line-1, line, good)
		}
	}
	at, head := place(lines, table, keys)
	for ; at <= len(lines); at++ { // the value before it may go on over several lines
		if text := insert(lines, at, head+line+"\n"); good(text) {
			return text, nil
		}
	}
	return nil, errNoPlace
}

// put sets a value in nested maps.
func put(m map[string]any, keys []string, v any) bool {
	for _, k := range keys[:len(keys)-1] {
		next, ok := m[k].(map[string]any)
		if !ok {
			if m[k] != nil {
				return false
			}
			next = map[string]any{}
			m[k] = next
		}
		m = next
	}
	m[keys[len(keys)-1]] = v
	return true
}

// exchange replaces the key and value that begin at line at, which may go on
// over several lines, and keeps a comment behind them.
func exchange(lines [][]byte, at int, line string, good func([]byte) bool) ([]byte, error) {
	for end := at + 1; end <= len(lines); end++ {
		final := string(lines[end-1])
		for i := 0; i < len(final); i++ {
			if final[i] != '#' {
				continue
			}
			if text := splice(lines, at, end, line+"  "+final[i:]); good(text) && isComment(lines[at:end], i) {
				return text, nil
			}
		}
		if text := splice(lines, at, end, line+"\n"); good(text) {
			return text, nil
		}
	}
	return nil, errNoPlace
}

// isComment reports whether the # at i in the last of lines begins a comment:
// then what stands before it is whole.
func isComment(lines [][]byte, i int) bool {
	before := slices.Concat(lines[:len(lines)-1]...)
	before = append(slices.Clone(before), lines[len(lines)-1][:i]...)
	return toml.Unmarshal(before, &map[string]any{}) == nil
}

// place says before which line a new key goes, at the earliest, and what must
// stand above it: behind the other keys of its table, or in a new table at the
// end.
func place(lines [][]byte, table lineTable, keys []string) (at int, head string) {
	parent := keys[:len(keys)-1]
	for _, l := range table {
		switch {
		case l.head && slices.Equal(l.key, parent), !l.head && slices.Equal(l.key[:len(l.key)-1], parent):
			at = l.line
		}
	}
	switch {
	case at > 0:
		return at, ""
	case len(parent) > 0:
		name := parent[1]
		if !bare(name) {
			name = quote(name)
		}
		return len(lines), "\n[accounts." + name + "]\n"
	case len(table) == 0:
		return len(lines), ""
	}
	// Above the first table and what is said about it.
	for at = table[0].line - 1; at > 0 && bytes.HasPrefix(lines[at-1], []byte("#")); at-- {
	}
	return at, ""
}

func bare(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
	})
}

// literal writes a value in TOML.
func literal(v any) string {
	switch v := v.(type) {
	case bool:
		return strconv.FormatBool(v)
	case []any:
		parts := make([]string, len(v))
		for i, s := range v {
			parts[i] = literal(s)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return quote(fmt.Sprint(v))
}

// quote writes a basic string (TOML 1.0).
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// splice replaces the lines from at to before end.
func splice(lines [][]byte, at, end int, text string) []byte {
	return slices.Concat(bytes.Join(lines[:at], nil), []byte(text), bytes.Join(lines[end:], nil))
}

// insert puts text before the line at.
func insert(lines [][]byte, at int, text string) []byte {
	at = min(at, len(lines))
	before := bytes.Join(lines[:at], nil)
	if len(before) > 0 && before[len(before)-1] != '\n' {
		before = append(before, '\n')
	}
	if len(before) == 0 {
		text = strings.TrimPrefix(text, "\n")
	}
	return slices.Concat(before, []byte(text), bytes.Join(lines[at:], nil))
}

// replace puts a new file in the place of an old one.
func replace(path string, text []byte) error {
	mode := fs.FileMode(0o600)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	dir := filepath.Dir(path)
	err := os.MkdirAll(dir, 0o700)
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	f, err := os.CreateTemp(dir, ".config-*")
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("configuration: %w", err)
	}
	return nil
}
