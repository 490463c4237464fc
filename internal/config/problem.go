package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// An Error lists what is wrong with what is written in the file.
type Error struct {
	Path     string
	Problems []Problem // at least one
}

func (e *Error) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(e.Path)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d", p.Line)
		}
		b.WriteString(": " + p.Text)
	}
	return b.String()
}

// A Problem is one thing that is wrong.
type Problem struct {
	Line int    // 0 if it is about no line
	Text string // what is wrong, without a full stop
	Todo string // what to do, a sentence, or ""

	key     string // of the account, for Line
	missing bool   // an account is not whole yet
}

// explain words what go-toml found.
func explain(err error) []Problem {
	var unknown *toml.StrictMissingError
	var wrong *toml.DecodeError
	switch {
	case errors.As(err, &unknown):
		var ps []Problem
		for i := range unknown.Errors {
			e := &unknown.Errors[i]
			line, _ := e.Position()
			p := unknownKey(e.Key())
			p.Line = line
			ps = append(ps, p)
		}
		return ps
	case errors.As(err, &wrong):
		line, _ := wrong.Position()
		if kind := kindOf(wrong.Key()); kind != "" && strings.Contains(wrong.Error(), "decode") {
			return []Problem{{Line: line, Text: fmt.Sprintf("%s takes %s", last(wrong.Key()), kind)}}
		}
		return []Problem{{Line: line, Text: strings.TrimPrefix(wrong.Error(), "toml: ")}}
	}
	return []Problem{{Text: strings.TrimPrefix(err.Error(), "toml: ")}}
}

func last(key []string) string {
	if len(key) == 0 {
		return "it"
	}
	return key[len(key)-1]
}

// kindOf says what a key takes, "" if it is not known.
func kindOf(key []string) string {
	switch {
	case len(key) == 1:
		return topKeys[key[0]]
	case len(key) == 3 && key[0] == "accounts":
		return accountKeys[key[2]]
	}
	return ""
}

// secrets are keys that people would write a secret under.
var secrets = []string{"password", "passwd", "pass", "secret", "token", "app_password", "refresh_token", "access_token", "client_secret"}

// unknownKey words the error about a key that means nothing.
func unknownKey(key []string) Problem {
	word := last(key)
	if slices.Contains(secrets, strings.ToLower(word)) {
		return Problem{
			Text: word + ": no secret stands in this file",
			Todo: `Name a command that prints it: password_command = "pass show mail/anna"`,
		}
	}
	known := slices.Sorted(maps.Keys(accountKeys))
	if len(key) > 0 && key[0] != "accounts" {
		word, known = key[0], slices.Sorted(maps.Keys(topKeys))
		if len(key) == 1 && accountKeys[word] != "" {
			return Problem{Text: word + " stands outside of an account", Todo: "Put it below a line such as [accounts.home]"}
		}
	}
	p := Problem{Text: fmt.Sprintf("unknown key %q", word)}
	if near := Nearest(word, known); near != "" {
		p.Todo = fmt.Sprintf("Did you mean %s?", near)
	} else {
		p.Todo = "Known are " + strings.Join(known, ", ") + "."
	}
	return p
}

// Nearest gives the name that a person may have meant by s: the one that is the
// fewest edits away, at most a third of the length of s or two; "" if none is.
func Nearest(s string, names []string) string {
	best, at := "", max(2, len(s)/3)+1
	for _, n := range names {
		if d := distance(strings.ToLower(s), n); d < at {
			best, at = n, d
		}
	}
	return best
}

// distance counts the octets to be changed, added or taken away.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal, row[j+1] = row[j+1], min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// A line of a key in the file, counted from 1.
type keyLine struct {
	key  []string
	line int
	head bool // it is a table's line
}

type lineTable []keyLine

// keyLines finds the lines of keys and tables. It stops where the text is no
// TOML.
func keyLines(text []byte) (lines lineTable) {
	var p unstable.Parser
	p.Reset(text)
	var head []string
	for p.NextExpression() {
		e := p.Expression()
		var key []string
		line := 0
		for it := e.Key(); it.Next(); {
			if line == 0 {
				line = p.Shape(it.Node().Raw).Start.Line
			}
			key = append(key, string(it.Node().Data))
		}
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			head = key
			lines = append(lines, keyLine{key, line, true})
		case unstable.KeyValue:
			lines = append(lines, keyLine{slices.Concat(head, key), line, false})
		}
	}
	return lines
}

// of gives the line of a key, or of the nearest thing above it, or 0.
func (t lineTable) of(key ...string) int {
	for ; len(key) > 0; key = key[:len(key)-1] {
		for _, l := range t {
			if slices.Equal(l.key, key) {
				return l.line
			}
		}
	}
	return 0
}
