package imap

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// moved makes a mailbox of n messages, fetches it, and gives it another
// UIDVALIDITY and other UIDs.
func moved(t *testing.T, n int) (*fake, string) {
	t.Helper()
	f := newFake(t, n)
	dir := scratch(t)
	if rep, err := drive(t, f, dir); err != nil || rep.Stored != int64(n) {
		t.Fatalf("%+v, %v", rep, err)
	}
	f.boxes[0].validity = 8
	f.boxes[0].mails = mails(n)
	for _, m := range f.boxes[0].mails {
		m.uid += 1000
	}
	clear(f.sent)
	return f, dir
}

func TestUIDValidityIsMatched(t *testing.T) {
	f, dir := moved(t, 100)
	box := f.boxes[0]
	box.mails[6].flags = `\Flagged`
	box.mails = append(slices.Delete(box.mails, 10, 12), &fakeMail{uid: 2000, date: fakeDate, text: "Subject: new\r\n\r\n"})
	rep, err := drive(t, f, dir)
	if err != nil || rep.Listed != 99 || rep.Stored != 1 || rep.Duplicate != 98 || rep.Failed != 0 {
		t.Errorf("%+v, %v", rep, err)
	}
	// One in four of 98 is looked at: 25, and the new one.
	if n := f.bodies(); n != 26 {
		t.Errorf("%d bodies were fetched, want 26", n)
	}
	f.holds(t, dir)
	if rep, err = drive(t, f, dir); err != nil || rep.Known != 99 || rep.Seen != 0 {
		t.Errorf("next run: %+v, %v", rep, err)
	}
}

// TestUIDValidityWithOtherMail has messages that are as long as those of before
// and came at the same time, and say something else.
func TestUIDValidityWithOtherMail(t *testing.T) {
	f, dir := moved(t, 100)
	for _, m := range f.boxes[0].mails {
		m.text = strings.Replace(m.text, "letter", "litter", 1)
	}
	rep, err := drive(t, f, dir)
	if err != nil || rep.Listed != 100 || rep.Stored != 100 || f.bodies() != 100 {
		t.Errorf("%+v, %v, %d bodies", rep, err, f.bodies())
	}
	f.holds(t, dir)
}

// TestUIDValidityAndALostConnection has the connection end among the sample.
func TestUIDValidityAndALostConnection(t *testing.T) {
	f, dir := moved(t, 100)
	cut := false
	f.fetch = func(c *fakeConn, _ string, m *fakeMail) bool {
		if m.uid == 1041 && !cut {
			cut = true
			c.hangUp()
		}
		return false
	}
	rep, err := drive(t, f, dir)
	if err != nil || !cut || rep.Listed != 100 || rep.Duplicate != 100 {
		t.Errorf("%+v, %v, cut %v", rep, err, cut)
	}
	f.holds(t, dir)
}

func TestInOrder(t *testing.T) {
	for _, test := range []struct{ old, want string }{
		{"", "[]"},
		{"1 2 3", "[1 2 3]"},
		{"5 1 2 3 9", "[1 2 3 9]"},
		{"1 9 2 3 4 8", "[1 2 3 4 8]"},
		{"3 2 1", "[1]"},
	} {
		var pairs []pair
		for i, w := range strings.Fields(test.old) {
			var old uint32
			fmt.Sscan(w, &old)
			pairs = append(pairs, pair{part: part{uid: uint32(i + 1)}, old: old})
		}
		var got []uint32
		for _, p := range inOrder(pairs) {
			got = append(got, p.old)
		}
		if fmt.Sprint(got) != test.want {
			t.Errorf("%s: got %v, want %s", test.old, got, test.want)
		}
	}
}

// TestUIDValidityOnDovecot has a real server forget its UIDs.
func TestUIDValidityOnDovecot(t *testing.T) {
	d := newDovecot(t)
	d.fill(t, "", 900, 31)
	dir := scratch(t)
	first, err := run(t, d.acc, dir)
	if err != nil || first.Stored != 900 {
		t.Fatalf("%+v, %v", first, err)
	}
	names, err := filepath.Glob(filepath.Join(d.dir, "dovecot*"))
	if err != nil || len(names) == 0 {
		t.Fatalf("%v, %v", names, err)
	}
	for _, n := range names {
		if err := os.Remove(n); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(1100 * time.Millisecond) // a new UIDVALIDITY is the time in seconds
	rep, err := run(t, d.acc, dir)
	if err != nil || rep.Listed != 900 || rep.Stored != 0 || rep.Duplicate != 900 {
		t.Errorf("%+v, %v", rep, err)
	}
	if rep.Bytes*10 > first.Bytes {
		t.Errorf("%d of %d octets were fetched again", rep.Bytes, first.Bytes)
	}
	if rep, err = run(t, d.acc, dir); err != nil || rep.Known != 900 || rep.Seen != 0 {
		t.Errorf("next run: %+v, %v", rep, err)
	}
}
