//go:build unix

package archive

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"lostpost/internal/durable"
)

func formatDoc(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "docs", "FORMAT.md"))
	must(t, err)
	return string(b)
}

// TestFormatIsWrittenDown holds docs/FORMAT.md to the code: each kind of line
// and each code of a finding has its row.
func TestFormatIsWrittenDown(t *testing.T) {
	text := formatDoc(t)
	for kind := range minFields {
		if !strings.Contains(text, "\n| `"+kind+"` |") {
			t.Errorf("kind %s has no row", kind)
		}
	}
	for code, severe := range map[string]string{
		CodeMissingFile: "yes", CodeSizeMismatch: "yes", CodeHashMismatch: "yes", CodeMissingQuarantine: "yes",
		CodeMissingPlace: "no", CodeUnlistedFile: "no", CodeUnlistedPlace: "no", CodeDoubleFile: "no", CodeForeignFile: "no",
		CodeLeftoverTmp: "no", CodeGoneFile: "no", CodeTornLine: "no", CodeLedgerLost: "no",
	} {
		if !strings.Contains(text, "\n| `"+code+"` | "+severe+" |") {
			t.Errorf("code %s has no row that says severe: %s", code, severe)
		}
	}
}

// TestFormatOneLiner runs the shell line of docs/FORMAT.md, which is to prove
// an archive without this program.
func TestFormatOneLiner(t *testing.T) {
	program(t, "sha256sum", "coreutils")
	_, rest, _ := strings.Cut(formatDoc(t), "```sh\n")
	line, _, _ := strings.Cut(rest, "```")
	dir, ids := sound(t)
	run := func() string {
		t.Helper()
		out, err := exec.Command("sh", "-c", strings.Replace(line, "ARCHIVE", dir, 1)).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return string(out)
	}
	if got := run(); got != "" {
		t.Errorf("a sound archive: got %q, want nothing", got)
	}
	name := ".Entw&APw-rfe/cur/" + ids[2].String() + ":2,"
	write(t, filepath.Join(dir, "mail", name), "altered")
	if got := run(); got != "./"+name+"\n" {
		t.Errorf("an altered file: got %q, want its name", got)
	}
}

// TestLostFormatComesBack: an archive without FORMAT is none
// for readers, and the next writer finishes it.
func TestLostFormatComesBack(t *testing.T) {
	dir, ids := sound(t)
	must(t, os.Remove(filepath.Join(dir, "FORMAT")))
	if _, err := Open(dir, Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open: got %v, want fs.ErrNotExist", err)
	}
	must(t, openW(t, dir).Close())
	if got := len(entries(t, openR(t, dir), 0)); got != len(ids) {
		t.Errorf("got %d messages, want %d", got, len(ids))
	}
}

func TestStoppedInitIsFinished(t *testing.T) {
	whole := &durable.Sim{}
	w, err := openWriterOn(ctx, whole, modelDir, Options{}, modelTune)
	must(t, err)
	must(t, w.Close())
	for op := 1; op <= whole.Ops(); op++ {
		disk := &durable.Sim{}
		disk.StopAt(op)
		if w, err := openWriterOn(ctx, disk, modelDir, Options{}, modelTune); err == nil {
			w.Close()
		}
		disk.Stop()
		for fate := range durable.Fate(4) {
			after := disk.Crash(durable.Luck{Name: func(i, n int) bool { return fate != durable.Lost && i < n-1 },
				Data: func(int) durable.Fate { return fate }, Cut: func(n int) int { return n / 2 }})
			w, err := openWriterOn(ctx, after, modelDir, Options{}, modelTune)
			if err != nil {
				t.Fatalf("stopped before operation %d: %v", op, err)
			}
			add(t, w, Meta{Origin: "file:0"}, "first\n")
			must(t, w.Close())
			a, err := openOn(after, modelDir, Options{})
			must(t, err)
			if got := len(entries(t, a, 0)); got != 1 {
				t.Errorf("stopped before operation %d: %d messages, want 1", op, got)
			}
		}
	}
}
