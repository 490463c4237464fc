package fetch

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lostpost/archive"
)

// TestFingerprint changes a folder in one way at a time.
func TestFingerprint(t *testing.T) {
	look := func(dir, mailbox string) *Fingerprint {
		p := &Fingerprint{}
		p.AddText("mailbox", mailbox)
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			info, err := e.Info()
			if err != nil {
				t.Fatal(err)
			}
			p.Add(e.Name(), info)
		}
		return p
	}
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	old := time.Unix(1_000_000_000, 5)
	for name, change := range map[string]func(dir string){
		"size":     func(dir string) { write(filepath.Join(dir, "a"), "longer") },
		"new file": func(dir string) { write(filepath.Join(dir, "c"), "") },
		"gone":     func(dir string) { os.Remove(filepath.Join(dir, "a")) },
		"renamed":  func(dir string) { os.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "c")) },
		"time":     func(dir string) { os.Chtimes(filepath.Join(dir, "a"), old, old.Add(1)) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, n := range []string{"a", "b"} {
				write(filepath.Join(dir, n), "text "+n)
				if err := os.Chtimes(filepath.Join(dir, n), old, old); err != nil {
					t.Fatal(err)
				}
			}
			mark := look(dir, "x").Mark(7)
			if n, ok := look(dir, "x").Same(mark); !ok || n != 7 {
				t.Fatalf("an unchanged folder: got %d, %v, want 7, true", n, ok)
			}
			if _, ok := look(dir, "y").Same(mark); ok {
				t.Error("another mailbox looks the same")
			}
			change(dir)
			if _, ok := look(dir, "x").Same(mark); ok {
				t.Error("the change is not seen")
			}
		})
	}
}

// TestFingerprintOfContentPutBack rewrites a file with the same size and sets
// its time back, as cp -p does: the inode tells.
func TestFingerprintOfContentPutBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	look := func() *Fingerprint {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if c, _ := inodeState(info); c == 0 {
			t.Skip("this system tells nothing of inodes")
		}
		p := &Fingerprint{}
		p.Add("a", info)
		return p
	}
	old := time.Unix(1_000_000_000, 0)
	for _, content := range []string{"one", "two"} {
		before := ""
		if content == "two" {
			before = look().Mark(1)
		}
		if err := os.WriteFile(path+content, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path+content, old, old); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+content, path); err != nil {
			t.Fatal(err)
		}
		if _, same := look().Same(before); same {
			t.Error("other content with the same size and time looks the same")
		}
	}
}

func TestFingerprintRefusesOtherMarks(t *testing.T) {
	p := &Fingerprint{}
	p.AddText("a", "b")
	mark := p.Mark(3)
	for _, m := range []string{"", "x", mark + "x", strings.TrimSuffix(mark, "3"), strings.TrimSuffix(mark, "3") + "-3"} {
		if n, ok := p.Same(m); ok {
			t.Errorf("%q: got %d, want no", m, n)
		}
	}
}

// TestFingerprintOrder: the order of calls is of no account, what they say is.
func TestFingerprintOrder(t *testing.T) {
	a, b, c := &Fingerprint{}, &Fingerprint{}, &Fingerprint{}
	a.AddText("k", "1")
	a.AddText("l", "2")
	b.AddText("l", "2")
	b.AddText("k", "1")
	c.AddText("k1", "")
	c.AddText("l", "2")
	if _, ok := a.Same(b.Mark(0)); !ok {
		t.Error("the order counts")
	}
	if _, ok := a.Same(c.Mark(0)); ok {
		t.Error("key and value run together")
	}
}

// TestFingerprintOfTheUnknown: a file that cannot be looked at may have
// changed.
func TestFingerprintOfTheUnknown(t *testing.T) {
	p, q := &Fingerprint{}, &Fingerprint{}
	q.AddText("k", "1")
	p.AddText("k", "1")
	p.Add("f", nil)
	if mark := p.Mark(1); mark != "" {
		t.Errorf("got mark %q, want none", mark)
	}
	for _, mark := range []string{"", p.Mark(1), q.Mark(1)} {
		if _, same := p.Same(mark); same {
			t.Errorf("the same as %q", mark)
		}
	}
}

func TestTally(t *testing.T) {
	state := "1"
	look := func() *Fingerprint {
		p := &Fingerprint{}
		p.AddText("state", state)
		return p
	}
	first := &Tally{Look: look}
	if first.Skip(NoState) || first.FinalMark() != "" {
		t.Error("a new place is skipped, or has a mark before it was read")
	}
	first.Count()
	first.Count()
	if first.FinalMark() != "" {
		t.Error("a mark before the end")
	}
	first.End()
	mark := first.FinalMark()
	if mark == "" || first.Listed() != 2 {
		t.Errorf("mark %q, listed %d", mark, first.Listed())
	}
	second := &Tally{Look: look}
	if !second.Skip(markState(mark)) || second.Listed() != 2 || second.FinalMark() != mark {
		t.Error("an unchanged place is not skipped")
	}
	state = "2"
	if first.FinalMark() != "" {
		t.Error("a place that changed while it was read has a mark")
	}
	if third := (&Tally{Look: look}); third.Skip(markState(mark)) {
		t.Error("a changed place is skipped")
	}
}

type markState string

func (m markState) Mark() string { return string(m) }
func (markState) Known(string) (id archive.ID, ok bool) {
	return id, false
}

func TestSection(t *testing.T) {
	b, err := io.ReadAll(Section(strings.NewReader("0123456789"), 3, 7))
	if err != nil || string(b) != "3456" {
		t.Errorf("got %q, %v", b, err)
	}
	b, err = io.ReadAll(Section(strings.NewReader("0123456789"), 8, 12))
	if !errors.Is(err, io.ErrUnexpectedEOF) || string(b) != "89" {
		t.Errorf("got %q, %v, want io.ErrUnexpectedEOF", b, err)
	}
}

func TestFileOrigin(t *testing.T) {
	t.Chdir(t.TempDir())
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := FileOrigin("a/../b.mbox"), "file:"+filepath.ToSlash(filepath.Join(dir, "b.mbox")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
