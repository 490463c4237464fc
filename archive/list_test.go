package archive

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lostpost/archive/ledger"
)

// forged makes an archive with a ledger of these lines and no files.
func forged(t *testing.T, text []byte) *Archive {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a")
	must(t, openW(t, dir).Close())
	f, err := os.OpenFile(filepath.Join(dir, "ledger"), os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = f.Write(text)
	must(t, err)
	must(t, f.Close())
	return openR(t, dir)
}

// TestIDsThatShareAPrefix: two messages can be made whose IDs begin with the
// same 8 octets, which is all that cache/ids holds. None may hide the other.
func TestIDsThatShareAPrefix(t *testing.T) {
	a, b := ID{0: 0xab, 1: 0xcd, 9: 1}, ID{0: 0xab, 1: 0xcd, 9: 2}
	text := storedLine(nil, day, a, a, 10, Meta{Origin: "file:a"})
	text = storedLine(text, day, b, b, 20, Meta{Origin: "file:b"})
	text = placedLine(text, day, a, Meta{Origin: "file:c", Mailbox: "x"})
	arc := forged(t, text)
	es := entries(t, arc, 0)
	if len(es) != 2 || es[0].ID != b || es[1].ID != a || len(es[1].Places) != 2 {
		t.Errorf("got %+v, want b and then a in two places", es)
	}
	if st, err := arc.Stat(ctx); err != nil || st.Messages != 2 || st.Bytes != 30 {
		t.Errorf("got %+v, %v", st, err)
	}
	if _, err := arc.Resolve(ctx, a.String()[:16]); !errors.Is(err, ErrAmbiguous) {
		t.Errorf("got %v, want ErrAmbiguous", err)
	}
	if id, err := arc.Resolve(ctx, strings.ToUpper(b.String()[:20])); err != nil || id != b {
		t.Errorf("got %s, %v, want %s", id, err, b)
	}
	if got, err := arc.Matches(ctx, "abcd", 10); err != nil || len(got) != 2 {
		t.Errorf("got %v, %v", got, err)
	}
	if e, err := arc.Lookup(ctx, b); err != nil || e.Size != 20 {
		t.Errorf("got %+v, %v", e, err)
	}
}

// TestStrangeLines: lines of later programs and lines that make no sense are
// passed over, and none of them brings the program down.
func TestStrangeLines(t *testing.T) {
	id := ID{5}
	text := ledger.Append(nil, "W", "from a later program")
	text = ledger.Append(text, kindStored)                                             // no fields
	text = ledger.Append(text, kindStored, "", "nonsense", "", "", "", "", "", "", "") // no id
	text = placedLine(text, day, id, Meta{Origin: "file:p", Mailbox: "x"})             // its A line is lost
	text = ledger.Append(text, kindRemove, "t", id.String(), "why")
	text = ledger.Append(text, kindFlags, "t", id.String(), "x", "S")
	text = storedLine(text, day, id, id, -5, Meta{Origin: "file:a"})
	text = append(text, "A\ttorn"...)
	a := forged(t, text)
	if es := entries(t, a, 0); len(es) != 1 || es[0].ID != id {
		t.Errorf("got %+v, want one entry", es)
	}
	var corrupt *CorruptError
	if _, err := a.Get(ctx, id); !errors.As(err, &corrupt) {
		t.Errorf("Get of a missing file: got %v, want *CorruptError", err)
	}
	w := openW(t, a.Dir())
	must(t, w.Close())
}

func TestParseID(t *testing.T) {
	id := ID{1, 0xab}
	if got, err := ParseID(id.String()); err != nil || got != id {
		t.Errorf("got %s, %v", got, err)
	}
	for _, s := range []string{"", "abcd", strings.Repeat("g", 64), strings.Repeat("a", 66)} {
		if _, err := ParseID(s); err == nil {
			t.Errorf("ParseID(%q): no error", s)
		}
	}
}

func TestErrorsSayWhatAndWhere(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&LockedError{Dir: "/a", Command: "lostpost fetch", Host: "h", PID: 7, Since: day}, "archive /a is in use by process 7 on h (lostpost fetch) since 2024-03-02T14:05:00Z"},
		{&LockedError{Dir: "/a"}, "archive /a is in use by another process"},
		{&FormatError{Dir: "/a", Have: "x", Want: "y"}, `archive /a has format "x", this program knows "y"`},
		{&ItemError{Origin: "file:x", Err: fs.ErrInvalid}, "file:x: invalid argument"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
