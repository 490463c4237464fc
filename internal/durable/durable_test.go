package durable

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// put makes a file that is not synced.
func put(t *testing.T, disk FS, name, text string) File {
	t.Helper()
	f, err := disk.Create(name)
	must(t, err)
	_, err = io.WriteString(f, text)
	must(t, err)
	return f
}

func get(t *testing.T, disk FS, name string) string {
	t.Helper()
	f, err := disk.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "absent"
	}
	must(t, err)
	defer f.Close()
	n, err := f.Size()
	must(t, err)
	b, err := io.ReadAll(io.NewSectionReader(f, 0, n))
	must(t, err)
	return string(b)
}

// TestBothDisksMeanTheSame holds Sim to what the real disk does.
func TestBothDisksMeanTheSame(t *testing.T) {
	for name, disk := range map[string]FS{"OS": OS, "Sim": &Sim{}} {
		t.Run(name, func(t *testing.T) {
			dir := "d"
			if name == "OS" {
				dir = filepath.Join(t.TempDir(), "d")
			}
			in := func(s string) string { return filepath.Join(dir, s) }
			if _, err := disk.List(dir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("List of nothing: got %v", err)
			}
			must(t, disk.MkdirAll(in("a/b")))
			must(t, disk.MkdirAll(in("a/b")))
			if err := disk.Mkdir(in("a")); !errors.Is(err, fs.ErrExist) {
				t.Errorf("Mkdir again: got %v", err)
			}
			f := put(t, disk, in("a/one"), "1")
			must(t, disk.Barrier([]File{f}, []string{in("a"), in("a")}))
			must(t, f.Close())
			if err := disk.MkdirAll(in("a/one")); err == nil {
				t.Error("MkdirAll over a file: no error")
			}
			if _, err := disk.Create(in("a/one")); !errors.Is(err, fs.ErrExist) {
				t.Errorf("Create again: got %v", err)
			}
			must(t, disk.Link(in("a/one"), in("a/two")))
			if err := disk.Link(in("a/one"), in("a/two")); !errors.Is(err, fs.ErrExist) {
				t.Errorf("Link again: got %v", err)
			}
			if err := disk.Link(in("a/none"), in("a/x")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("Link of nothing: got %v", err)
			}
			must(t, disk.Rename(in("a/one"), in("a/two"))) // two names of one file: POSIX does nothing
			g, err := disk.Append(in("a/two"))
			must(t, err)
			_, err = io.WriteString(g, "2")
			must(t, err)
			must(t, g.Close())
			if got := get(t, disk, in("a/one")); got != "12" {
				t.Errorf("got %q through the other name, want 12", got)
			}
			day := time.Date(2024, 3, 2, 14, 5, 0, 0, time.UTC)
			must(t, disk.SetTime(in("a/two"), day))
			st, err := disk.Stat(in("a/one"))
			if err != nil || st.Size() != 2 || !st.ModTime().Equal(day) || st.IsDir() || !st.Mode().IsRegular() {
				t.Errorf("got %v, %v", st, err)
			}
			must(t, disk.Rename(in("a/one"), in("a/b/three")))
			must(t, disk.Remove(in("a/two")))
			if err := disk.Remove(in("a/two")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("Remove again: got %v", err)
			}
			got, err := disk.List(in("a"))
			if err != nil || !slices.Equal(got, []string{"b"}) {
				t.Errorf("got %q, %v", got, err)
			}
			if err := disk.Barrier(nil, []string{in("none")}); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("Barrier of nothing: got %v", err)
			}
		})
	}
}

func TestSimForgetsWhatWasNotSynced(t *testing.T) {
	never := Luck{Name: func(int, int) bool { return false }, Data: func(int) Fate { return Lost }, Cut: func(int) int { return 0 }}
	always := func(f Fate) Luck {
		return Luck{Name: func(int, int) bool { return true }, Data: func(int) Fate { return f }, Cut: func(n int) int { return n / 2 }}
	}
	base := func() *Sim {
		s := &Sim{}
		must(t, s.MkdirAll("d"))
		must(t, s.Barrier([]File{put(t, s, "d/old", "safe")}, []string{"d"}))
		return s
	}
	for _, c := range []struct {
		name string
		do   func(s *Sim)
		luck Luck
		want map[string]string
	}{
		{"nothing more", func(*Sim) {}, never, map[string]string{"d/old": "safe"}},
		{"name lost", func(s *Sim) { must(t, put(t, s, "d/new", "x").Sync()) }, never, map[string]string{"d/new": "absent"}},
		{"octets lost", func(s *Sim) { put(t, s, "d/new", "xyz") }, always(Lost), map[string]string{"d/new": ""}},
		{"octets torn", func(s *Sim) { put(t, s, "d/new", "wxyz") }, always(Torn), map[string]string{"d/new": "wx"}},
		{"only the end is torn", func(s *Sim) { appendSim(t, s, "d/old", "wxyz") }, always(Torn), map[string]string{"d/old": "safewx"}},
		{"all kept", func(s *Sim) { put(t, s, "d/new", "xyz") }, always(Kept), map[string]string{"d/new": "xyz"}},
		{"rename lost", func(s *Sim) { must(t, s.Rename("d/old", "d/new")) }, never, map[string]string{"d/new": "absent", "d/old": "safe"}},
		{"rename half done", func(s *Sim) { must(t, s.Rename("d/old", "d/new")) },
			Luck{Name: func(i, _ int) bool { return i == 0 }, Data: never.Data, Cut: never.Cut}, map[string]string{"d/new": "safe", "d/old": "safe"}},
		{"the old name alone cannot go", func(s *Sim) { must(t, s.Rename("d/old", "d/new")) },
			Luck{Name: func(i, _ int) bool { return i == 1 }, Data: never.Data, Cut: never.Cut}, map[string]string{"d/new": "absent", "d/old": "safe"}},
		{"remove lost", func(s *Sim) { must(t, s.Remove("d/old")) }, never, map[string]string{"d/old": "safe"}},
		{"folder lost with all in it", func(s *Sim) {
			must(t, s.Mkdir("d/sub"))
			must(t, s.Barrier([]File{put(t, s, "d/sub/x", "x")}, []string{"d/sub"}))
		}, never, map[string]string{"d/sub/x": "absent"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := base()
			c.do(s)
			s.Stop()
			if _, err := s.Open("d/old"); !errors.Is(err, ErrPowerCut) {
				t.Errorf("after Stop: got %v", err)
			}
			after := s.Crash(c.luck)
			for name, want := range c.want {
				if got := get(t, after, name); got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
		})
	}
	s := base()
	put(t, s, "d/new", "wxyz")
	holed := always(Holed)
	n := 0
	holed.Cut = func(int) int { n += 2; return n - 1 }
	if got := get(t, s.Crash(holed), "d/new"); got != "w\x00\x00z" {
		t.Errorf("a hole: got %q", got)
	}
	s.StopAt(s.Ops() + 1)
	if err := s.Remove("d/old"); !errors.Is(err, ErrPowerCut) {
		t.Errorf("StopAt: got %v", err)
	}
}

func appendSim(t *testing.T, s *Sim, name, text string) {
	t.Helper()
	f, err := s.Append(name)
	must(t, err)
	_, err = io.WriteString(f, text)
	must(t, err)
}

func TestEachRunsAllAndStopsAtAnError(t *testing.T) {
	var n atomic.Int64
	must(t, each(1000, func(int) error { n.Add(1); return nil }))
	if n.Load() != 1000 {
		t.Errorf("got %d calls, want 1000", n.Load())
	}
	n.Store(0)
	broken := errors.New("broken")
	if err := each(1000, func(i int) error { n.Add(1); return broken }); err != broken || n.Load() > atOnce {
		t.Errorf("got %v after %d calls", err, n.Load())
	}
}

func TestLockIsHeldOnce(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	if Held(name) {
		t.Error("a lock that is not there is held")
	}
	l, err := Lock(context.Background(), name)
	must(t, err)
	if !Held(name) {
		t.Error("the lock is not held")
	}
	short, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err = Lock(short, name)
	var held *HeldError
	if !errors.As(err, &held) || held.PID != os.Getpid() || held.Host == "" || held.Command == "" || held.Since.IsZero() {
		t.Errorf("got %v (%+v), want who holds it", err, held)
	}
	got := make(chan error)
	go func() {
		l, err := Lock(context.Background(), name)
		if err == nil {
			err = l.Close()
		}
		got <- err
	}()
	must(t, l.Close())
	must(t, <-got)
	if st, err := os.Stat(name); err != nil || st.Size() != 0 {
		t.Errorf("a lock given back: %v, %v, want an empty file", st, err)
	}
}
