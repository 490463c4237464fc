package archive

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var ctx = context.Background()

// day is when test mail was received.
var day = time.Date(2024, 3, 2, 14, 5, 0, 0, time.UTC)

func openW(t testing.TB, dir string) *Writer {
	t.Helper()
	w, err := OpenWriter(ctx, dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func openR(t testing.TB, dir string) *Archive {
	t.Helper()
	a, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func add(t testing.TB, w *Writer, m Meta, text string) Receipt {
	t.Helper()
	rc, err := w.Add(ctx, m, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return rc
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func entries(t testing.TB, a *Archive, after int64) []Entry {
	t.Helper()
	var out []Entry
	for e, err := range a.List(ctx, after) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

func text(t testing.TB, a *Archive, id ID) string {
	t.Helper()
	f, err := a.Get(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAddCommitGetList(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	w := openW(t, dir)
	one := "Subject: one\n\nHello.\n"
	rc := add(t, w, Meta{Origin: "file:x@0", Mailbox: "Entwürfe", Flags: "SDS", Received: day, Traits: []string{"unsent", "label:a,b%"}}, one)
	if rc.Result != Stored || rc.Size != int64(len(one)) {
		t.Fatalf("got %+v, want Stored", rc)
	}
	if got := add(t, w, Meta{Origin: "file:x@1", Mailbox: "Entwürfe"}, strings.ReplaceAll(one, "\n", "\r\n")); got.Result != Duplicate || got.ID != rc.ID {
		t.Errorf("same mail with CRLF: got %+v, want Duplicate of %s", got, rc.ID)
	}
	must(t, w.Commit(ctx))
	if got := add(t, w, Meta{Origin: "file:x@2", Mailbox: "Sent"}, one); got.Result != Placed {
		t.Errorf("second mailbox: got %+v, want Placed", got)
	}
	must(t, w.Close())

	a := openR(t, dir)
	es := entries(t, a, 0)
	if len(es) != 1 || len(es[0].Places) != 2 {
		t.Fatalf("got %+v, want one entry in two places", es)
	}
	p := es[0].Places[0]
	if p.Mailbox != "Entwürfe" || p.Flags != "DS" || !p.Received.Equal(day) || p.Origin != "file:x@0" ||
		len(p.Traits) != 2 || p.Traits[1] != "label:a,b%" {
		t.Errorf("got place %+v", p)
	}
	if got := text(t, a, rc.ID); got != one {
		t.Errorf("got %q, want %q", got, one)
	}
	if got := entries(t, a, es[0].Seq); len(got) != 0 {
		t.Errorf("after the last Seq: got %d entries, want none", len(got))
	}
	st, err := os.Stat(filepath.Join(dir, "mail", ".Entw&APw-rfe", "cur", rc.ID.String()+":2,DS"))
	if err != nil || !st.ModTime().Equal(day) {
		t.Errorf("file: %v, %v", st, err)
	}
	if _, err := a.Resolve(ctx, rc.ID.String()[:6]); err != nil {
		t.Error(err)
	}
	if _, err := a.Resolve(ctx, "ffff"); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	if _, err := Open(t.TempDir(), Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no archive: got %v, want fs.ErrNotExist", err)
	}
}
