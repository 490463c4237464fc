package fetchtest

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"lostpost/fetch"
)

// A source yields three messages from memory. Its fault breaks one rule of the
// contract.
type source struct {
	fetch.Tally
	fault string
	place string // a folder, for the fault of writing
	runs  *int   // how many sources there were, this one included
}

func newSource(fault, place string, runs *int) *source {
	s := &source{fault: fault, place: place, runs: runs}
	*runs++
	s.Look = func() *fetch.Fingerprint {
		p := &fetch.Fingerprint{}
		p.AddText("place", "x")
		if fault == "no final mark" {
			p.Add("x", nil)
		}
		return p
	}
	return s
}

func (s *source) Name() string { return "file:" + s.place }

func (s *source) Close() error {
	if s.fault == "close" {
		return io.ErrClosedPipe
	}
	return nil
}

func (s *source) Listed() int64 {
	if s.fault == "listed" {
		return 2
	}
	return s.Tally.Listed()
}

func (s *source) Messages(ctx context.Context, st fetch.State) iter.Seq2[*fetch.Message, error] {
	return func(yield func(*fetch.Message, error) bool) {
		if s.Skip(st) && s.fault != "mark ignored" {
			return
		}
		for i := range 3 {
			if ctx.Err() != nil && s.fault != "context ignored" {
				yield(nil, ctx.Err())
				return
			}
			s.Count()
			if !yield(s.message(i), nil) {
				return
			}
		}
		s.End()
	}
}

func (s *source) message(i int) *fetch.Message {
	m := &fetch.Message{Size: 9}
	m.Origin = fmt.Sprintf("%s@%d", s.Name(), i)
	body := fmt.Sprintf("message %d", i)
	switch s.fault {
	case "prefix":
		m.Origin = "@" + m.Origin
	case "same origin":
		m.Origin = s.Name()
	case "other body":
		body = fmt.Sprintf("message %d", (i+*s.runs)%10)
	case "order":
		m.Origin = fmt.Sprintf("%s@%d", s.Name(), i**s.runs%5)
	case "size":
		m.Size = 10
	case "no body":
		return m
	case "writes":
		os.WriteFile(filepath.Join(s.place, "seen"), []byte(body), 0o600)
	}
	m.Body = strings.NewReader(body)
	return m
}

const env = "LOSTPOST_FETCHTEST_FAULT"

// TestSource holds a source to the contract: a good one here, a broken one in
// the processes of TestFaultsAreFound.
func TestSource(t *testing.T) {
	place, runs := t.TempDir(), 0
	Run(t, func(t *testing.T) fetch.Source { return newSource(os.Getenv(env), place, &runs) })
}

// TestFaultsAreFound runs this test binary once for each fault, and wants it to
// fail and to say why.
func TestFaultsAreFound(t *testing.T) {
	if os.Getenv(env) != "" {
		t.Skip("one of the processes")
	}
	for fault, says := range map[string]string{
		"prefix":          "does not begin with the name",
		"same origin":     "comes twice",
		"other body":      "message 0: got",
		"order":           "got {",
		"size":            "announced are 10",
		"no body":         "neither body nor error",
		"context ignored": "context",
		"listed":          "Listed is 2",
		"mark ignored":    "3 messages, want 0",
		"no final mark":   "no final mark",
		"writes":          "the place has changed",
		"close":           "close:",
	} {
		t.Run(fault, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestSource$")
			cmd.Env = append(os.Environ(), env+"="+fault)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), says) {
				t.Errorf("ended with %v, want a failure that says %q:\n%s", err, says, out)
			}
		})
	}
}
