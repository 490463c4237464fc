package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"lostpost/internal/durable"
)

func TestKeyReadsCRLFAsLF(t *testing.T) {
	sum := func(s string, chunk int) (ID, ID) {
		d := NewDigester()
		for len(s) > 0 {
			n := min(chunk, len(s))
			io.WriteString(d, s[:n])
			s = s[n:]
		}
		return d.Sums()
	}
	for _, c := range []struct{ text, key string }{
		{"a\nb\n", "a\nb\n"},
		{"a\r\nb\r\n", "a\nb\n"},
		{"a\rb\r\r\n\r", "a\rb\r\n\r"},
		{strings.Repeat("x\r\n", 9000) + "\r", strings.Repeat("x\n", 9000) + "\r"},
	} {
		wantID, _ := sum(c.text, 1<<20)
		wantKey, _ := sum(c.key, 1<<20)
		for _, chunk := range []int{1, 3, 4096, 1 << 20} {
			id, key := sum(c.text, chunk)
			if id != wantID || key != wantKey {
				t.Errorf("%.12q in pieces of %d: id right %v, key right %v", c.text, chunk, id == wantID, key == wantKey)
			}
		}
	}
}

// setFlags sets those of a message in INBOX; changed says whether that should
// be news.
func setFlags(t *testing.T, w *Writer, id ID, f Flags, traits []string, changed bool) {
	t.Helper()
	got, err := w.SetFlags(ctx, id, "inbox", f, traits)
	must(t, err)
	if got != changed {
		t.Errorf("flags %s, traits %q: changed %v, want %v", f, traits, got, changed)
	}
}

func TestWhatASourceSaysLater(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	w := openW(t, dir)
	id := add(t, w, Meta{Origin: "imap://x/1", Flags: "F", Traits: []string{"label:old"}}, "one\n").ID
	setFlags(t, w, id, "F", []string{"label:old"}, false)
	setFlags(t, w, id, "S", []string{"label:new", "role:sent"}, true)
	setFlags(t, w, id, "F", []string{"label:old"}, true) // back, before anything is durable
	setFlags(t, w, id, "F", nil, false)
	setFlags(t, w, id, "", []string{}, true)
	setFlags(t, w, id, "RS", nil, true)
	must(t, w.Close())
	w = openW(t, dir)
	e, err := w.Lookup(ctx, id)
	if err != nil || e.Places[0].Flags != "RS" || len(e.Places[0].Traits) != 0 {
		t.Errorf("got %+v, %v, want flags RS and no trait", e, err)
	}

	src := w.Source("imap://x/")
	if _, known := src.Known("imap://x/1"); !known {
		t.Error("the copy is not known")
	}
	must(t, w.Vanish(ctx, "imap://x/1"))
	must(t, w.Commit(ctx))
	if _, known := src.Known("imap://x/1"); known {
		t.Error("the copy is known after it was gone")
	}
	must(t, w.Close())
	w = openW(t, dir)
	if _, known := w.Source("imap://x/").Known("imap://x/1"); known {
		t.Error("the copy is known again")
	}
	if r := add(t, w, Meta{Origin: "imap://x/1"}, "one\n"); r.Result != Duplicate {
		t.Errorf("got %v, want Duplicate: the message is here", r.Result)
	}
	must(t, w.Commit(ctx))
	if _, known := w.Source("imap://x/").Known("imap://x/1"); !known {
		t.Error("the copy that came back is not known")
	}
	must(t, w.Close())
}

func TestCopiesAndSame(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	w := openW(t, dir)
	one := add(t, w, Meta{Origin: "imap://x/a;1", Received: day}, "one\r\n").ID
	add(t, w, Meta{Origin: "imap://x/a;2"}, "one\r\n") // a copy: no line of its own that tells its size
	add(t, w, Meta{Origin: "imap://x/b;1"}, "two\n")   // elsewhere
	add(t, w, Meta{Origin: "imap://y/a;1"}, "three\n") // another source
	gone := add(t, w, Meta{Origin: "imap://x/a;3"}, "four\n").ID
	must(t, w.Remove(ctx, gone, "test"))
	src := w.Source("imap://x/")
	var got []Copy
	for c, err := range src.Copies(ctx, "imap://x/a;") {
		must(t, err)
		got = append(got, c)
	}
	if len(got) != 1 || got[0].Origin != "imap://x/a;1" || got[0].ID != one || got[0].Key != modelKey("one\n") || got[0].Size != 5 || !got[0].Received.Equal(day) {
		t.Errorf("got %+v", got)
	}
	for range src.Copies(ctx, "imap://y/a;") {
		t.Error("a copy of another source")
	}

	rc, err := w.Same(ctx, Meta{Origin: "imap://x/c;9"}, one)
	if err != nil || rc.Result != Duplicate || rc.Size != 5 {
		t.Errorf("got %+v, %v, want Duplicate", rc, err)
	}
	if rc, err = w.Same(ctx, Meta{Origin: "imap://x/c;8", Mailbox: "Work"}, one); err != nil || rc.Result != Placed {
		t.Errorf("got %+v, %v, want Placed", rc, err)
	}
	if _, err = w.Same(ctx, Meta{Origin: "imap://x/c;7"}, gone); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	must(t, w.Close())
	w = openW(t, dir)
	for _, origin := range []string{"imap://x/c;9", "imap://x/c;8"} {
		if id, known := w.Source("imap://x/").Known(origin); !known || id != one {
			t.Errorf("%s: %v, %v", origin, id, known)
		}
	}
	must(t, w.Close())
	if got := codes(t, dir, CheckOptions{}); len(got) != 0 {
		t.Errorf("check: got %q", got)
	}
}

// modelKey is the Key of a text with LF line ends.
func modelKey(text string) ID { return ID(sha256.Sum256([]byte(text))) }

func TestFlagsRemoveAndFollow(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	w := openW(t, dir)
	id := add(t, w, Meta{Origin: "o1", Mailbox: "INBOX", Flags: "F"}, "one\n").ID
	setFlags(t, w, id, "SF", nil, true)
	if _, err := w.SetFlags(ctx, id, "Other", "S", nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("no such place: got %v, want ErrNotFound", err)
	}
	must(t, w.Commit(ctx))
	es := entries(t, w.Archive, 0)
	if len(es) != 1 || es[0].Places[0].Flags != "FS" {
		t.Fatalf("got %+v", es)
	}
	cursor := es[0].Seq

	// Another program changes flags: the name is the truth.
	must(t, os.Rename(filepath.Join(dir, "mail/cur", id.String()+":2,FS"), filepath.Join(dir, "mail/cur", id.String()+":2,RT")))
	e, err := w.Lookup(ctx, id)
	if err != nil || e.Places[0].Flags != "RT" {
		t.Errorf("got %+v, %v, want flags RT", e, err)
	}
	if name, err := w.Path(ctx, id); err != nil || filepath.Base(name) != id.String()+":2,RT" {
		t.Errorf("got %s, %v", name, err)
	}

	must(t, w.Remove(ctx, id, "asked for"))
	if _, err := w.Get(ctx, id); !errors.Is(err, ErrNotFound) {
		t.Errorf("after Remove: got %v, want ErrNotFound", err)
	}
	if err := w.Remove(ctx, id, ""); !errors.Is(err, ErrNotFound) {
		t.Errorf("Remove again: got %v, want ErrNotFound", err)
	}
	if es = entries(t, w.Archive, cursor); len(es) != 1 || !es[0].Gone || es[0].Seq <= cursor {
		t.Errorf("got %+v, want the message as Gone", es)
	}
	if st, err := w.Stat(ctx); err != nil || st.Messages != 0 || st.Bytes != 0 || st.Seq != es[0].Seq {
		t.Errorf("got %+v, %v", st, err)
	}
	if rc := add(t, w, Meta{Origin: "o2", Mailbox: "New"}, "one\n"); rc.Result != Stored {
		t.Errorf("removed and added again: got %+v, want Stored", rc)
	}
	must(t, w.Close())
	if got := codes(t, dir, CheckOptions{}); len(got) != 0 {
		t.Errorf("check: got %q", got)
	}
	if got := text(t, openR(t, dir), id); got != "one\n" {
		t.Errorf("got %q", got)
	}
}

func TestSourceKnowsOriginsAndMarks(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	w := openW(t, dir)
	id := add(t, w, Meta{Origin: "imap://a/1"}, "one\n").ID
	add(t, w, Meta{Origin: "imap://a/2"}, "one\n")               // S
	add(t, w, Meta{Origin: "imap://a/3", Mailbox: "x"}, "one\n") // P
	add(t, w, Meta{Origin: "file:y@0"}, "one\n")                 // nothing
	w.Mark("imap://a", "state 1")
	if got := w.Source("imap://a").Mark(); got != "" {
		t.Errorf("before Commit: got mark %q", got)
	}
	check := func(w *Writer) {
		t.Helper()
		s := w.Source("imap://a")
		for origin, want := range map[string]bool{"imap://a/1": true, "imap://a/2": true, "imap://a/3": true, "imap://a/4": false, "file:y@0": false} {
			if got, ok := s.Known(origin); ok != want || ok && got != id {
				t.Errorf("Known(%s): got %v, want %v", origin, ok, want)
			}
		}
	}
	check(w)
	must(t, w.Commit(ctx))
	check(w)
	must(t, w.Close())
	w = openW(t, dir)
	check(w)
	if got := w.Source("imap://a").Mark(); got != "state 1" {
		t.Errorf("got mark %q, want %q", got, "state 1")
	}
	if _, ok := w.Source("imap://b").Known("imap://a/1"); ok {
		t.Error("another source knows the origin")
	}
	must(t, w.Close())
}

func TestAsidesAndAccounts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	w := openW(t, dir)
	must(t, w.PutAside(ctx, "imap://a/1", "no answer"))
	body := iotest.TimeoutReader(io.MultiReader(strings.NewReader("half of "), strings.NewReader("it")))
	must(t, w.Quarantine(ctx, "imap://a/2", "cut off", body))
	must(t, w.Quarantine(ctx, "imap://a/3", "cut off", strings.NewReader("half of ")))
	add(t, w, Meta{Origin: "imap://a/9"}, "half of ")
	must(t, w.Vanish(ctx, "imap://a/4"))
	want := Account{Time: day, Source: "imap://a", Listed: -1, Known: 1, Stored: 2, Duplicate: 3, PutAside: 4, Vanished: 5, Pending: 6}
	must(t, w.Account(ctx, want))
	must(t, w.Close())
	a := openR(t, dir)
	var got []string
	for s, err := range a.Asides(ctx) {
		must(t, err)
		got = append(got, s.Origin+" "+s.Reason)
		if s.Name != "" {
			if b, err := os.ReadFile(filepath.Join(dir, "quarantine", s.Name)); err != nil || string(b) != "half of " {
				t.Errorf("%s: got %q, %v", s.Origin, b, err)
			}
		}
	}
	if !slices.Equal(got, []string{"imap://a/1 no answer", "imap://a/2 cut off", "imap://a/3 cut off"}) {
		t.Errorf("got %q", got)
	}
	for acc, err := range a.Accounts(ctx) {
		must(t, err)
		if acc != want {
			t.Errorf("got %+v, want %+v", acc, want)
		}
	}
	if got := codes(t, dir, CheckOptions{}); len(got) != 0 {
		t.Errorf("check: got %q", got)
	}
}

func TestBigMessagesAndBadBodies(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	w := openW(t, dir)
	big := strings.Repeat("0123456789abcdef\r\n", 200_000)
	rc := add(t, w, Meta{Origin: "o1", Received: day}, big)
	if rc.Result != Stored || rc.Size != int64(len(big)) {
		t.Fatalf("got %+v", rc)
	}
	if got := add(t, w, Meta{Origin: "file:o2"}, strings.ReplaceAll(big, "\r\n", "\n")); got.Result != Duplicate {
		t.Errorf("with LF: got %+v, want Duplicate", got)
	}
	for _, n := range []int{10, 2 << 20} {
		body := io.MultiReader(strings.NewReader(big[:n]), iotest.ErrReader(io.ErrUnexpectedEOF))
		_, err := w.Add(ctx, Meta{Origin: "o3"}, body)
		var item *ItemError
		if !errors.As(err, &item) || item.Origin != "o3" || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("body fails after %d octets: got %v, want *ItemError", n, err)
		}
	}
	must(t, w.Close())
	if got := text(t, openR(t, dir), rc.ID); got != big {
		t.Errorf("%d octets came back, want %d", len(got), len(big))
	}
	if left, err := os.ReadDir(filepath.Join(dir, "mail/tmp")); err != nil || len(left) != 0 {
		t.Errorf("tmp holds %v, %v", left, err)
	}
	if got := codes(t, dir, CheckOptions{}); len(got) != 0 {
		t.Errorf("check: got %q", got)
	}
}

func TestAddFromManyGoroutines(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	w := openW(t, dir)
	w.tune.messages, w.tune.inFlight = 20, 4<<10
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 150 {
				m := Meta{Origin: fmt.Sprintf("imap://%d/%d", g, i), Mailbox: fmt.Sprint("box", g%2)}
				if _, err := w.Add(ctx, m, strings.NewReader(fmt.Sprintf("Subject: %d\n\n", i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	must(t, w.Close())
	a := openR(t, dir)
	es := entries(t, a, 0)
	if len(es) != 150 {
		t.Errorf("got %d messages, want 150", len(es))
	}
	for _, e := range es {
		if len(e.Places) != 2 {
			t.Errorf("%s is in %d mailboxes, want 2", e.ID, len(e.Places))
		}
	}
	if got := codes(t, dir, CheckOptions{}); len(got) != 0 {
		t.Errorf("check: got %q", got)
	}
}

func TestCacheServesReaders(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	w := openW(t, dir)
	for i := range 300 {
		add(t, w, Meta{Origin: fmt.Sprint("file:", i)}, fmt.Sprintf("message %d\n", i))
	}
	must(t, w.Close())
	want := entries(t, openR(t, dir), 0)
	name := filepath.Join(dir, "cache/ids")
	whole, err := os.ReadFile(name)
	must(t, err)
	for kind, octets := range map[string][]byte{
		"as written": whole, "absent": nil, "cut": whole[:len(whole)-8], "empty": {},
		"points nowhere": append(bytes.Clone(whole[:idsHead]), bytes.Repeat([]byte{0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9}, 300)...),
	} {
		must(t, os.RemoveAll(name))
		if octets != nil {
			write(t, name, string(octets))
		}
		a := openR(t, dir)
		got := entries(t, a, 0)
		if len(got) != 300 || got[7].ID != want[7].ID {
			t.Errorf("%s: got %d entries", kind, len(got))
		}
		if id, err := openR(t, dir).Resolve(ctx, want[7].ID.String()[:12]); err == nil && id != want[7].ID {
			t.Errorf("%s: got %s", kind, id)
		}
		if st, err := a.Stat(ctx); err != nil || st.Messages != 300 || st.Seq != want[299].Seq {
			t.Errorf("%s: got %+v, %v", kind, st, err)
		}
		if got := entries(t, a, want[298].Seq); len(got) != 1 || got[0].ID != want[299].ID {
			t.Errorf("%s: behind the last but one: got %d entries", kind, len(got))
		}
		if got := entries(t, a, want[298].Seq+1); len(got) != 300 {
			t.Errorf("%s: a cursor that is no line: got %d entries, want all", kind, len(got))
		}
	}
}

func TestLockedNewerAndReadOnlyArchives(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	w := openW(t, dir)
	_, err := OpenWriter(ctx, dir, Options{LockWait: 30 * time.Millisecond})
	var locked *LockedError
	if !errors.As(err, &locked) || locked.PID != os.Getpid() || locked.Command == "" || time.Since(locked.Since) > time.Hour {
		t.Errorf("got %v (%+v), want *LockedError with the holder", err, locked)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := OpenWriter(ended, dir, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	must(t, w.Close())
	must(t, w.Close())
	if _, err := w.Add(ctx, Meta{}, strings.NewReader("x")); !errors.Is(err, ErrClosed) {
		t.Errorf("Add after Close: got %v, want ErrClosed", err)
	}

	write(t, filepath.Join(dir, "FORMAT"), "lostpost archive 2\nidentity x\n")
	var newer *FormatError
	if _, err := Open(dir, Options{}); !errors.As(err, &newer) || newer.Have != "lostpost archive 2" {
		t.Errorf("Open: got %v, want *FormatError", err)
	}
	if _, err := OpenWriter(ctx, dir, Options{}); !errors.As(err, &newer) {
		t.Errorf("OpenWriter: got %v, want *FormatError", err)
	}

	other := t.TempDir()
	write(t, filepath.Join(other, "letter.doc"), "not an archive")
	if _, err := OpenWriter(ctx, other, Options{}); !errors.Is(err, ErrForeign) {
		t.Errorf("a folder that holds other files: got %v, want ErrForeign", err)
	}
	if names, err := os.ReadDir(other); err != nil || len(names) != 1 {
		t.Errorf("the folder was changed: %v, %v", names, err)
	}
}

func TestReadOnlyArchive(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write everywhere, so what a read-only archive does is not tested")
	}
	dir, ids := sound(t)
	must(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		mode := fs.FileMode(0o400)
		if d.IsDir() {
			mode = 0o500
			t.Cleanup(func() { os.Chmod(p, 0o700) })
		}
		return errors.Join(err, os.Chmod(p, mode))
	}))
	if got := text(t, openR(t, dir), ids[0]); got != "Subject: one\n\n1\n" {
		t.Errorf("got %q", got)
	}
	if _, err := OpenWriter(ctx, dir, Options{}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v, want fs.ErrPermission", err)
	}
}

// TestDiskFullFailsTheBatch fails each kind of operation once, in the way of a
// full disk.
func TestDiskFullFailsTheBatch(t *testing.T) {
	for _, c := range []struct{ op, part string }{
		{"create", "/mail/tmp/"}, {"write", "/mail/tmp/"}, {"sync", "/mail/tmp/"}, {"rename", "/mail/cur/"}, {"link", "/.Sent/"},
		{"mkdir", "/.Sent"}, {"syncdir", "/mail/cur"}, {"write", "/ledger"}, {"sync", "/ledger"},
	} {
		t.Run(c.op+" "+c.part, func(t *testing.T) {
			disk := &durable.Sim{}
			w, err := openWriterOn(ctx, disk, modelDir, Options{}, modelTune)
			must(t, err)
			add(t, w, Meta{Origin: "file:0"}, "first\n")
			must(t, w.Commit(ctx))
			full := false
			disk.Hook = func(op, name string) error {
				if full && op == c.op && strings.Contains(filepath.ToSlash(name), c.part) {
					return &fs.PathError{Op: op, Path: name, Err: syscall.ENOSPC}
				}
				return nil
			}
			add(t, w, Meta{Origin: "file:1"}, "second\n")
			add(t, w, Meta{Origin: "file:2", Mailbox: "Sent"}, "second\n")
			full = true
			err = w.Commit(ctx)
			if c.op == "link" {
				must(t, err) // a disk without links: a copy does
				must(t, w.Close())
				return
			}
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("got %v, want ENOSPC", err)
			}
			if _, err := w.Add(ctx, Meta{}, strings.NewReader("x")); !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("next Add: got %v, want ENOSPC", err)
			}
			if err := w.Close(); !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("Close: got %v, want ENOSPC", err)
			}
			if left, err := disk.List(filepath.Join(modelDir, "mail/tmp")); err != nil || len(left) != 0 {
				t.Errorf("tmp holds %v, %v", left, err)
			}
			must(t, modelSound(disk, 0))
			full = false
			w, err = openWriterOn(ctx, disk, modelDir, Options{}, modelTune)
			must(t, err)
			add(t, w, Meta{Origin: "file:1"}, "second\n")
			add(t, w, Meta{Origin: "file:2", Mailbox: "Sent"}, "second\n")
			must(t, w.Close())
			a, err := openOn(disk, modelDir, Options{})
			must(t, err)
			if es := entries(t, a, 0); len(es) != 2 || len(es[1].Places) != 2 {
				t.Errorf("after the disk had room: got %+v", es)
			}
		})
	}
}

func TestCommitComesByItself(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	w := openW(t, dir)
	defer w.Close()
	w.tune.delay = time.Millisecond
	add(t, w, Meta{Origin: "file:0"}, "first\n")
	w.mu.Lock()
	for w.done == 0 && w.err == nil {
		w.changed.Wait()
	}
	w.mu.Unlock()
	if es := entries(t, openR(t, dir), 0); len(es) != 1 {
		t.Errorf("got %d entries, want 1", len(es))
	}
}
