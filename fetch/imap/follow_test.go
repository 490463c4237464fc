package imap

import (
	"slices"
	"strings"
	"testing"

	"lostpost/archive"
)

// seen gives flags and keywords of every message of an archive by UID, as
// "FS $Label1".
func seen(t *testing.T, dir string) map[string]string {
	t.Helper()
	a, err := archive.Open(dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	out := map[string]string{}
	for e, err := range a.List(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		p := e.Places[0]
		_, uid, _ := strings.Cut(p.Origin, ";uid=")
		out[uid] = strings.TrimSpace(string(p.Flags) + " " + strings.Join(p.Traits, " "))
	}
	return out
}

// asked gives how many commands that hold text the server got since the last
// call.
func (f *fake) asked(text string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, l := range f.lines {
		if strings.Contains(l, text) {
			n++
		}
	}
	f.lines = nil
	return n
}

func TestFlagsChangeOnTheServer(t *testing.T) {
	for _, modseq := range []uint64{0, 10} {
		f := newFake(t, 6)
		box := f.boxes[0]
		box.modseq = modseq
		if modseq != 0 {
			f.caps += " CONDSTORE"
		}
		dir := scratch(t)
		for range 2 { // the second compares what the first has taken, if nothing else tells
			if _, err := drive(t, f, dir); err != nil {
				t.Fatal(err)
			}
		}
		f.asked("")
		rep, err := drive(t, f, dir)
		if n := f.asked("EXAMINE"); err != nil || n != 0 || rep.Changed != 0 {
			t.Errorf("modseq %d, nothing changed: %+v, %v, %d mailboxes opened", modseq, rep, err, n)
		}

		box.mails[1].flags, box.mails[1].modseq = `\Flagged $Label1`, 12
		box.mails[4].flags, box.mails[4].modseq = "", 13
		if modseq == 0 { // only another day makes a server be asked that cannot tell
			f.days++
		} else {
			box.modseq = 13
		}
		rep, err = drive(t, f, dir)
		if err != nil || rep.Changed != 2 || rep.Gone != 0 || rep.Listed != 6 || rep.Known != 6 || rep.Seen != 0 {
			t.Errorf("modseq %d: %+v, %v", modseq, rep, err)
		}
		got := seen(t, dir)
		for uid, want := range map[string]string{"1": "S", "2": "F keyword:$Label1", "5": "", "6": "S"} {
			if got[uid] != want {
				t.Errorf("modseq %d: UID %s has %q, want %q", modseq, uid, got[uid], want)
			}
		}
		if n := f.asked("CHANGEDSINCE 10"); n != int(modseq/10) {
			t.Errorf("modseq %d: CHANGEDSINCE was sent %d times", modseq, n)
		}
		rep, err = drive(t, f, dir)
		if n := f.asked("EXAMINE"); err != nil || n != 0 || rep.Changed != 0 {
			t.Errorf("modseq %d, again: %+v, %v, %d mailboxes opened", modseq, rep, err, n)
		}
	}
}

func TestGoneOnTheServer(t *testing.T) {
	f := newFake(t, 8)
	box := f.boxes[0]
	dir := scratch(t)
	if _, err := drive(t, f, dir); err != nil {
		t.Fatal(err)
	}
	// Three go, one comes: the count alone would not tell how many.
	box.mails = append(slices.Concat(box.mails[1:3], box.mails[5:]), &fakeMail{uid: 9, date: fakeDate, text: "Subject: new\r\n\r\n"})
	rep, err := drive(t, f, dir)
	if err != nil || rep.Gone != 3 || rep.Listed != 6 || rep.Known != 5 || rep.Stored != 1 || rep.Failed != 0 {
		t.Errorf("%+v, %v", rep, err)
	}
	if got := seen(t, dir); len(got) != 9 {
		t.Errorf("%d messages here, want 9: what is gone there stays", len(got))
	}
	rep, err = drive(t, f, dir)
	if err != nil || rep.Gone != 0 || rep.Known != 6 {
		t.Errorf("again: %+v, %v", rep, err)
	}
	f.holds(t, dir)

	// A mailbox that is empty now.
	box.mails = nil
	rep, err = drive(t, f, dir)
	if err != nil || rep.Gone != 6 || rep.Listed != 0 || rep.Known != 0 {
		t.Errorf("emptied: %+v, %v", rep, err)
	}
}

// TestFlagsAreRefused has a server that does not tell flags: the mail is taken
// all the same, and the next run asks again.
func TestFlagsAreRefused(t *testing.T) {
	f := newFake(t, 3)
	f.caps += " CONDSTORE"
	box := f.boxes[0]
	box.modseq = 5
	dir := scratch(t)
	if _, err := drive(t, f, dir); err != nil {
		t.Fatal(err)
	}
	box.mails[0].flags, box.mails[0].modseq, box.modseq = `\Answered`, 6, 6
	box.mails = append(box.mails, &fakeMail{uid: 7, date: fakeDate, text: "Subject: new\r\n\r\n"})
	f.noFlags = true
	rep, err := drive(t, f, dir)
	if err != nil || rep.Stored != 1 || rep.Changed != 0 {
		t.Errorf("%+v, %v", rep, err)
	}
	f.noFlags = false
	rep, err = drive(t, f, dir)
	if err != nil || rep.Changed != 1 || rep.Known != 4 {
		t.Errorf("asked again: %+v, %v", rep, err)
	}
}

func TestGaps(t *testing.T) {
	for _, test := range []struct {
		listed, want string
		next         uint32
	}{
		{"", "1:9", 10},
		{"1:9", "", 10},
		{"3,5:6,12", "1:2,4,7:9", 10},
		{"2:20", "1", 10},
		{"1:4294967295", "", 4294967295},
		{"", "", 1},
	} {
		var set, want uidSet
		if test.listed != "" {
			if err := set.parse(test.listed); err != nil {
				t.Fatal(err)
			}
		}
		if test.want != "" {
			if err := want.parse(test.want); err != nil {
				t.Fatal(err)
			}
		}
		if got := set.sorted().without(test.next); !slices.Equal(got, want) {
			t.Errorf("without %q below %d: %v, want %v", test.listed, test.next, got, want)
		}
	}
}

// TestChangesOnDovecot has flags set and messages removed by a real server.
func TestChangesOnDovecot(t *testing.T) {
	d := newDovecot(t)
	d.fill(t, "", 20, 9)
	dir := scratch(t)
	if rep, err := run(t, d.acc, dir); err != nil || rep.Stored != 20 {
		t.Fatalf("%+v, %v", rep, err)
	}
	c, err := d.acc.connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, cmd := range []string{"SELECT INBOX", `UID STORE 3,7 +FLAGS.SILENT (\Flagged)`, `UID STORE 11:12 +FLAGS.SILENT (\Deleted)`, "EXPUNGE"} {
		if _, err := c.run(cmd); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if rep, err := run(t, d.acc, dir); err != nil || rep.Changed != 2 || rep.Gone != 2 || rep.Listed != 18 || rep.Known != 18 {
		t.Errorf("%+v, %v", rep, err)
	}
	if got := seen(t, dir); got["3"] != "FS" || got["7"] != "FS" || got["4"] != "S" {
		t.Errorf("%v", got)
	}
	if rep, err := run(t, d.acc, dir); err != nil || rep.Changed+rep.Gone+rep.Seen != 0 {
		t.Errorf("again: %+v, %v", rep, err)
	}
}
