package imap

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestLabelTraits(t *testing.T) {
	got := labelTraits([]string{`\Inbox`, `\Starred`, "Entw&APw-rfe/2019", `\Draft`, "Work", "Work"})
	want := []string{"label:Drafts", "label:Entwürfe/2019", "label:Inbox", "label:Work", "role:drafts"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestGmail has a server whose mailboxes are labels: each message is asked for
// once, with its labels, and a label that changes is seen.
func TestGmail(t *testing.T) {
	f := newFake(t, 2)
	f.caps += " X-GM-EXT-1 CONDSTORE"
	all := &fakeBox{name: `"[Gmail]/All Mail"`, attrs: `\All`, validity: 8, mails: mails(3), modseq: 5}
	trash := &fakeBox{name: `"[Gmail]/Bin"`, attrs: `\Trash`, validity: 9, mails: mails(4)[3:], modseq: 5}
	f.boxes = append(f.boxes, &fakeBox{name: "Work", validity: 3, mails: mails(1)}, all, trash)
	labels := map[uint32]string{1: `"\\Inbox" Work`, 2: `"\\Inbox"`, 3: `"\\Draft" {4}` + "\r\nlist", 4: ""}
	f.fetch = func(c *fakeConn, _ string, m *fakeMail) bool {
		c.say("* %d FETCH (X-GM-LABELS (%s) UID %d FLAGS (%s) INTERNALDATE %s BODY[] {%d}\r\n%s)\r\n",
			c.seq(m), labels[m.uid], m.uid, m.flags, m.date, len(m.text), m.text)
		return true
	}
	f.labels = labels
	dir := scratch(t)
	rep, err := drive(t, f, dir)
	if err != nil || rep.Listed != 4 || rep.Stored != 4 || f.bodies() != 4 {
		t.Errorf("%+v, %v, %d bodies", rep, err, f.bodies())
	}
	want := map[string]string{
		"1": "S label:Inbox label:Work", "2": "S label:Inbox", "3": "S label:Drafts label:list role:drafts", "4": "S role:trash",
	}
	if got := seen(t, dir); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	labels[2] = "Archived"
	all.mails[1].modseq, all.modseq = 6, 6
	if rep, err = drive(t, f, dir); err != nil || rep.Changed != 1 || rep.Known != 4 {
		t.Errorf("a label changes: %+v, %v", rep, err)
	}
	if got := seen(t, dir)["2"]; got != "S label:Archived" {
		t.Errorf("a label changes: %s", got)
	}

	// One mailbox by name is that mailbox.
	f.acc.Mailboxes = []string{"Work"}
	if rep, err = drive(t, f, scratch(t)); err != nil || rep.Listed != 1 || rep.Stored != 1 {
		t.Errorf("by name: %+v, %v", rep, err)
	}
	f.lines = slices.DeleteFunc(f.lines, func(l string) bool { return !strings.Contains(l, "EXAMINE") })
	if n := len(f.lines); n != 4 {
		t.Errorf("mailboxes were opened %d times: %q", n, f.lines)
	}
}
