package imap

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"lostpost/archive"
	"lostpost/fetch"
)

func TestMailboxNames(t *testing.T) {
	for _, test := range []struct{ raw, name string }{
		{"Entw&APw-rfe", "Entwürfe"},
		{"R&-D", "R&D"},
		{"&2D3eBA-", "😄"},
		{"INBOX.Sent", "INBOX.Sent"},
		{"&abc", "&abc"},         // no end
		{"a&!!-b", "a&!!-b"},     // no base64
		{"Entwürfe", "Entwürfe"}, // raw UTF-8
		{"&2D0-", "&2D0-"},       // half a character
		{"&", "&"},
		{"", ""},
	} {
		if got := decodeName(test.raw); got != test.name {
			t.Errorf("decodeName(%q) = %q, want %q", test.raw, got, test.name)
		}
	}
	for _, name := range []string{"Entwürfe", "R&D", "😄/日本語", "plain", "a\tb", ""} {
		if got := decodeName(encodeName(name)); got != name {
			t.Errorf("%q comes back as %q", name, got)
		}
	}
	if got := encodeName("Entwürfe & Co"); got != "Entw&APw-rfe &- Co" {
		t.Errorf("got %q", got)
	}
}

func TestMailboxesOfAServer(t *testing.T) {
	boxes := mailboxes([]listed{
		{nil, ".", "b.A/B"},
		{[]string{`\Sent`}, ".", "b"},
		{[]string{`\NOSELECT`}, ".", "none"},
		{[]string{`\HasChildren`, `\drafts`}, ".", "Entw&APw-rfe"},
		{nil, ".", "Entwürfe"},
		{nil, ".", "inbox"},
		{nil, ".", "INBOX"},
		{nil, "", "a.b"},
		{nil, ".", `"; drop`},
	})
	var got []string
	for _, b := range boxes {
		got = append(got, b.raw+"|"+b.name+"|"+b.path+"|"+string(b.role))
	}
	want := []string{
		"INBOX|INBOX|INBOX|",
		`"; drop|"; drop|%22%3B%20drop|`,
		"Entw&APw-rfe|Entwürfe|Entw%C3%BCrfe|drafts",
		"Entwürfe|Entwürfe|&Entw%C3%BCrfe|",
		"a.b|a.b|a.b|",
		"b|b|b|sent",
		"b.A/B|b/A%2FB|b.A/B|",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestChoose(t *testing.T) {
	var boxes []mailbox
	for _, n := range []string{"INBOX", "Archive", "Archive/2023", "Archive/2023/Q1", "Sent", "Spam"} {
		boxes = append(boxes, mailbox{name: n})
	}
	for _, test := range []struct {
		patterns string
		want     string
	}{
		{"", "INBOX Archive Archive/2023 Archive/2023/Q1 Sent Spam"},
		{"!spam", "INBOX Archive Archive/2023 Archive/2023/Q1 Sent"},
		{"* !Spam !Archive*", "INBOX Sent"},
		{"inbox", "INBOX"},
		{"Archive/%", "Archive/2023"},
		{"Archive/*", "Archive/2023 Archive/2023/Q1"},
		{"S% INBOX", "INBOX Sent Spam"},
		{"%/%/%", "Archive/2023/Q1"},
		{"x*", ""},
	} {
		got, err := choose(boxes, strings.Fields(test.patterns))
		if err != nil {
			t.Error(err)
		}
		var names []string
		for _, b := range got {
			names = append(names, b.name)
		}
		if s := strings.Join(names, " "); s != test.want {
			t.Errorf("%q gives %q, want %q", test.patterns, s, test.want)
		}
	}
	_, err := choose(boxes, []string{"Archives"})
	var missing *NoMailboxError
	if !errors.As(err, &missing) || !slices.Equal(missing.Near, []string{"Archive"}) {
		t.Errorf("error %v", err)
	}
	_, err = choose(boxes, []string{"2032"})
	if !errors.As(err, &missing) || !slices.Equal(missing.Near, []string{"Archive/2023"}) {
		t.Errorf("error %v", err)
	}
	_, err = choose(boxes, []string{"Completely different"})
	if !errors.As(err, &missing) || missing.Near != nil {
		t.Errorf("error %v", err)
	}
}

func TestMark(t *testing.T) {
	m := mark{"INBOX": {1, 2, 3, 4, 5}, "Entw%C3%BCrfe": {1<<32 - 1, 1<<32 - 1, 1<<32 - 1, 1<<64 - 1, 0}, "Old": {1, 2, 3, 0, 5}}
	text := m.String()
	want := `imap 2 {"Entw%C3%BCrfe":[4294967295,4294967295,4294967295,18446744073709551615,0],"INBOX":[1,2,3,4,5],"Old":[1,2,3,0,5]}`
	if text != want {
		t.Errorf("got %s, want %s", text, want)
	}
	back := parseMark(text)
	for path, n := range m {
		if !back.same(path, n, 5) {
			t.Errorf("%s: %v", path, back[path])
		}
	}
	if back.same("INBOX", numbers{1, 2, 4, 4, 5}, 5) || back.same("Sent", numbers{}, 5) {
		t.Error("another state is taken for the same")
	}
	if back.same("Old", numbers{1, 2, 3, 0, 0}, 6) || !back.same("INBOX", numbers{1, 2, 3, 4, 0}, 6) {
		t.Error("on another day a mailbox is opened if its server cannot tell whether flags have changed")
	}
	for _, bad := range []string{"", "imap 2 ", "imap 2 [", `imap 1 {"INBOX":[1,2,3,4]}`, "files 1 x", `imap 2 {"INBOX":[-1,2,3,4,5]}`} {
		if n := len(parseMark(bad)); n != 0 {
			t.Errorf("%q gives %d mailboxes", bad, n)
		}
	}
	big := mark{}
	for i := range 20_000 {
		big[fmt.Sprintf("mailbox %d", i)] = numbers{1, 2, 3, 4, 5}
	}
	if n := len(big.String()); n > maxMark+100 {
		t.Errorf("a mark has %d octets", n)
	}
}

func TestFlags(t *testing.T) {
	letters, traits := flagsOf([]string{`\SEEN`, `\Answered`, `\Flagged`, `\Draft`, `\Deleted`, `\Recent`, "$Forwarded", "NonJunk", "a]b", "NonJunk", `\Odd`})
	if letters != "SRFDTP" {
		t.Errorf("letters %q", letters)
	}
	want := []string{"deleted", "keyword:$Forwarded", "keyword:NonJunk", `keyword:\Odd`, "keyword:a]b"}
	if !slices.Equal(traits, want) {
		t.Errorf("traits %q, want %q", traits, want)
	}
}

func TestInternalDate(t *testing.T) {
	for _, test := range []struct {
		text string
		want string // "" is none
	}{
		{" 4-Mar-2025 10:11:12 +0100", "2025-03-04T09:11:12Z"},
		{"04-Mar-2025 10:11:12 +0100", "2025-03-04T09:11:12Z"},
		{"4-mar-2025 10:11:12 +0000", "2025-03-04T10:11:12Z"},
		{"04-Mar-25 10:11:12 +0100", "2025-03-04T09:11:12Z"},
		{"04-Mar-2025 10:11:12", "2025-03-04T10:11:12Z"},
		{"31-Feb-2025 10:11:12 +0000", ""},
		{"", ""},
		{"yesterday", ""},
	} {
		got := internalDate(test.text)
		if test.want == "" && !got.IsZero() || test.want != "" && got.UTC().Format(time.RFC3339) != test.want {
			t.Errorf("%q is %v, want %s", test.text, got, test.want)
		}
	}
}

// TestTimeOfArrival has a server that tells no date (H65): the message does.
func TestTimeOfArrival(t *testing.T) {
	const date = "Date: Mon, 3 Mar 2025 08:00:00 +0000\r\n"
	for text, want := range map[string]string{
		"Received: from a by b; Tue, 4 Mar 2025\r\n 10:11:12 +0100\r\nReceived: from c by a; Tue, 4 Mar 2025 09:00:00 +0100\r\n" + date + "\r\nx\r\n": "2025-03-04T09:11:12Z",
		"Received: from a by b\r\n" + date + "\r\nx\r\n": "2025-03-03T08:00:00Z",
		date + "\r\nx\r\n": "2025-03-03T08:00:00Z",
		date + "\r\n" + strings.Repeat("large", 300_000): "2025-03-03T08:00:00Z",
		"Subject: none\r\n\r\n" + date:                   "0001-01-01T00:00:00Z",
	} {
		for _, form := range []string{"INTERNALDATE NIL", ""} {
			f := newFake(t, 1)
			f.boxes[0].mails[0].text = text
			f.fetch = func(c *fakeConn, _ string, m *fakeMail) bool {
				c.say("* 1 FETCH (UID 1 FLAGS () %s BODY[] {%d}\r\n%s)\r\n", form, len(m.text), m.text)
				return true
			}
			src, err := New(t.Context(), f.account(), fetch.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for m, err := range src.Messages(t.Context(), fetch.NoState) {
				if err != nil {
					t.Fatal(err)
				}
				if got := m.Received.UTC().Format(time.RFC3339); got != want {
					t.Errorf("%.60q: received %s, want %s", text, got, want)
				}
				if b, err := io.ReadAll(m.Body); err != nil || string(b) != text {
					t.Errorf("%.60q: %d octets, %v", text, len(b), err)
				}
			}
			src.Close()
		}
	}
}

func TestWhatIsStoredBesideTheOctets(t *testing.T) {
	f := newFake(t, 1)
	f.boxes = append(f.boxes, &fakeBox{name: `"INBOX/Entw&APw-rfe"`, attrs: `\Drafts`, validity: 9, mails: mails(3)[2:]})
	f.boxes[1].mails[0].flags = `\Draft \Flagged $Label1`
	dir := scratch(t)
	if _, err := drive(t, f, dir); err != nil {
		t.Fatal(err)
	}
	f.holds(t, dir)
	a, err := archive.Open(dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for e, err := range a.List(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		p := e.Places[0]
		if !strings.HasSuffix(p.Origin, ";uid=3") {
			continue
		}
		want := f.acc.place() + "INBOX/Entw%C3%BCrfe;uidvalidity=9/;uid=3"
		if p.Origin != want || p.Mailbox != "INBOX/Entwürfe" || p.Flags != "DF" ||
			!slices.Equal(p.Traits, []string{"role:drafts", "keyword:$Label1"}) || !p.Received.Equal(time.Date(2025, 3, 4, 9, 11, 12, 0, time.UTC)) {
			t.Errorf("%+v", p)
		}
	}
}

// TestCopiesAreRemembered has one message in two mailboxes and twice in one:
// one message is stored, and no copy is downloaded again.
func TestCopiesAreRemembered(t *testing.T) {
	f := newFake(t, 4)
	f.boxes = append(f.boxes, &fakeBox{name: "All", validity: 9, mails: mails(4)})
	f.boxes[0].mails[3].text = f.boxes[0].mails[2].text
	f.boxes[1].mails[3].text = f.boxes[1].mails[2].text
	dir := scratch(t)
	rep, err := drive(t, f, dir)
	if err != nil || rep.Listed != 8 || rep.Stored != 3 || rep.Duplicate != 5 {
		t.Errorf("%+v, %v", rep, err)
	}
	f.holds(t, dir)
	for _, b := range f.boxes { // so that the mailboxes are opened
		b.mails = append(b.mails, &fakeMail{uid: 50, date: fakeDate, text: "Subject: new\r\n\r\n"})
	}
	before := f.bodies()
	rep, err = drive(t, f, dir)
	if err != nil || rep.Listed != 10 || rep.Known != 8 || rep.Stored != 1 || f.bodies() != before+2 {
		t.Errorf("%+v, %v, %d bodies", rep, err, f.bodies()-before)
	}
}

func TestUIDValidityChanges(t *testing.T) {
	f := newFake(t, 60)
	dir := scratch(t)
	if _, err := drive(t, f, dir); err != nil {
		t.Fatal(err)
	}
	f.boxes[0].validity = 8
	rep, err := drive(t, f, dir)
	if err != nil || rep.Listed != 60 || rep.Stored != 0 || rep.Duplicate != 60 {
		t.Errorf("%+v, %v", rep, err)
	}
	f.holds(t, dir)
	rep, err = drive(t, f, dir)
	if err != nil || rep.Known != 60 {
		t.Errorf("next run: %+v, %v", rep, err)
	}
	// Between two connections of one run.
	f.boxes[0].mails = mails(90)
	f.fetch = func(c *fakeConn, _ string, m *fakeMail) bool {
		if m.uid == 80 {
			c.f.mu.Lock()
			c.box.validity++
			c.f.mu.Unlock()
			c.hangUp()
		}
		return false
	}
	rep, err = drive(t, f, dir)
	var network *fetch.NetError
	if !errors.As(err, &network) || !strings.Contains(err.Error(), "UIDVALIDITY") {
		t.Errorf("%+v, %v", rep, err)
	}
	f.fetch = nil
	rep, err = drive(t, f, dir)
	if err != nil || rep.Listed != 90 || rep.Stored+rep.Duplicate != 90 {
		t.Errorf("after it: %+v, %v", rep, err)
	}
	f.holds(t, dir)
}

func TestLargestNumbers(t *testing.T) {
	f := newFake(t, 2)
	f.boxes[0].validity = 1<<32 - 1
	f.boxes[0].mails[0].uid = 1<<32 - 2
	f.boxes[0].mails[1].uid = 1<<32 - 1
	dir := scratch(t)
	rep, err := drive(t, f, dir)
	if err != nil || rep.Stored != 2 {
		t.Errorf("%+v, %v", rep, err)
	}
	f.holds(t, dir)
}

// TestMailboxesThatDoNotOpen has names that LIST tells and EXAMINE refuses, and
// some that cannot be opened at all (H52): the others come.
func TestMailboxesThatDoNotOpen(t *testing.T) {
	f := newFake(t, 3)
	f.boxes = append(f.boxes, &fakeBox{name: "Ghost"}, &fakeBox{name: "Nowhere", attrs: `\NonExistent`}, &fakeBox{name: "Z", validity: 3, mails: mails(5)[3:]})
	f.exam = func(c *fakeConn, tag string, b *fakeBox) bool {
		if b.name == "Ghost" {
			c.say("%s NO [NONEXISTENT] no such mailbox\r\n", tag)
		}
		return b.name == "Ghost"
	}
	f.boxes[1].mails, f.boxes[2].mails = nil, nil
	dir := scratch(t)
	rep, err := drive(t, f, dir)
	if err != nil || rep.Listed != 6 || rep.Stored != 5 || rep.Quarantined != 1 {
		t.Fatalf("%+v, %v", rep, err)
	}
	if r := rep.Failures[0]; r.Origin != f.acc.place()+"Ghost" || !strings.Contains(r.Reason, "[NONEXISTENT]") {
		t.Errorf("%+v", r)
	}
	f.holds(t, dir)
}

// TestHiddenMessages has servers that count more messages than SEARCH finds.
func TestHiddenMessages(t *testing.T) {
	f := newFake(t, 10)
	f.find = func(c *fakeConn, tag string, b *fakeBox, args string) bool {
		c.say("* SEARCH 1 2 3\r\n%s OK\r\n", tag)
		return true
	}
	dir := scratch(t)
	rep, err := drive(t, f, dir)
	if err != nil || rep.Listed != 10 || rep.Stored != 10 {
		t.Errorf("found by FETCH: %+v, %v", rep, err)
	}
	f = newFake(t, 10)
	f.exam = func(c *fakeConn, tag string, b *fakeBox) bool {
		c.box = b
		c.say("* 83640 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n* OK [UIDNEXT 11]\r\n%s OK\r\n", tag)
		return true
	}
	rep, err = drive(t, f, scratch(t))
	if err != nil || rep.Stored != 10 || rep.Failed != 1 || !strings.Contains(rep.Failures[0].Reason, "counts 83640 messages and lists 10") {
		t.Errorf("hidden for good: %+v, %v", rep, err)
	}
}

func TestStrayAnswers(t *testing.T) {
	f := newFake(t, 5)
	f.fetch = func(c *fakeConn, _ string, m *fakeMail) bool {
		c.say("X99 OK nobody asked\r\n+ go on\r\nL1 OK once more\r\n* 3 RECENT\r\n")
		return false
	}
	dir := scratch(t)
	rep, err := drive(t, f, dir)
	if err != nil || rep.Stored != 5 {
		t.Errorf("%+v, %v", rep, err)
	}
}

func TestEmptyMailboxIsNotAskedForMessages(t *testing.T) {
	f := newFake(t, 0)
	f.find = func(c *fakeConn, tag string, _ *fakeBox, _ string) bool {
		c.say("%s BAD no messages\r\n", tag)
		return true
	}
	rep, err := drive(t, f, scratch(t))
	if err != nil || rep.Listed != 0 || f.bodies() != 0 {
		t.Errorf("%+v, %v", rep, err)
	}
}

func TestNoSuchMailbox(t *testing.T) {
	f := newFake(t, 1)
	f.acc.Mailboxes = []string{"INBOXX"}
	_, err := drive(t, f, scratch(t))
	var missing *NoMailboxError
	var network *fetch.NetError
	if !errors.As(err, &missing) || errors.As(err, &network) || err.Error() != `there is no mailbox "INBOXX"; near it is "INBOX"` {
		t.Errorf("error %v", err)
	}
}

// TestMailboxNotChosen checks that a mailbox that is left out keeps its place
// in the mark.
func TestMailboxNotChosen(t *testing.T) {
	f := newFake(t, 2)
	f.boxes = append(f.boxes, &fakeBox{name: "Spam", validity: 2, mails: mails(5)[2:]})
	dir := scratch(t)
	rep, err := drive(t, f, dir)
	if err != nil || rep.Stored != 5 {
		t.Fatalf("%+v, %v", rep, err)
	}
	if _, err := drive(t, f, dir); err != nil { // compares what the first has taken
		t.Fatal(err)
	}
	f.acc.Mailboxes = []string{"!Spam"}
	rep, err = drive(t, f, dir)
	if err != nil || rep.Listed != 2 || rep.Known != 2 {
		t.Errorf("%+v, %v", rep, err)
	}
	n := strings.Count(strings.Join(f.lines, "\n"), "EXAMINE")
	f.acc.Mailboxes = nil
	rep, err = drive(t, f, dir)
	if err != nil || rep.Listed != 5 || strings.Count(strings.Join(f.lines, "\n"), "EXAMINE") != n {
		t.Errorf("%+v, %v", rep, err)
	}
}
