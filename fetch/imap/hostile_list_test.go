package imap

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"lostpost/archive"
)

// A trial is a server that behaves badly, and what runs of the same command
// must come to. Behind the last one the archive must have every message of the
// server, byte for byte.
type trial struct {
	name   string
	server func(t *testing.T) *fake
	before func(f *fake, run int) // each run, from 1
	runs   []outcome
}

// An outcome is the account of one run.
type outcome struct {
	listed, stored, duplicate, failed int64
	err                               string // part of the error; "": none
}

// TestHostile has those servers of the list of hostile ones (FETCHING, section
// 5) that no other test of this package has.
func TestHostile(t *testing.T) {
	for _, tr := range slices.Concat(stateTrials(), lineTrials(), endTrials()) {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			f := tr.server(t)
			f.acc.Wire.Idle = 300 * time.Millisecond
			dir := scratch(t)
			for i, want := range tr.runs {
				if tr.before != nil {
					tr.before(f, i+1)
				}
				rep, err := drive(t, f, dir)
				got := outcome{rep.Listed, rep.Stored, rep.Duplicate, rep.Failed, ""}
				if err != nil {
					got.err = err.Error()
				}
				if want.err != "" && strings.Contains(got.err, want.err) {
					got.err, got.listed = want.err, want.listed
				}
				if got != want {
					t.Errorf("run %d: got %+v, want %+v; %v", i+1, got, want, rep.Failures)
				}
			}
			f.stores(t, dir)
		})
	}
}

// stores checks that the archive has every message of the server.
func (f *fake) stores(t *testing.T, dir string) {
	t.Helper()
	a, err := archive.Open(dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	have := map[archive.ID]bool{}
	for e, err := range a.List(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		have[e.ID] = true
	}
	for _, b := range f.boxes {
		for _, m := range b.mails {
			if !have[sha256.Sum256([]byte(m.text))] {
				t.Errorf("UID %d of %s is not stored as it is", m.uid, b.name)
			}
		}
	}
}

func good(n int) func(*testing.T) *fake {
	return func(t *testing.T) *fake { return newFake(t, n) }
}

// stateTrials are about what a server forgets or mixes up between runs.
func stateTrials() []trial {
	with := func(n int, change func(f *fake)) func(*testing.T) *fake {
		return func(t *testing.T) *fake {
			f := newFake(t, n)
			change(f)
			return f
		}
	}
	replace := func(f *fake, i int, text string) { f.boxes[0].mails[i].text = text }
	return []trial{
		{name: "H43 UIDVALIDITY changes in mid-run", server: with(5, func(f *fake) {
			f.fetch = func(c *fakeConn, _ string, m *fakeMail) bool {
				if m.uid == 3 && c.n == 1 {
					c.box.validity++
					c.hangUp()
				}
				return false
			}
		}), runs: []outcome{{7, 5, 2, 0, ""}, {listed: 5}}},
		{name: "H44 a UID has another message", server: good(5), before: func(f *fake, run int) {
			if run == 2 {
				replace(f, 2, "Subject: another\r\n\r\nx\r\n")
			}
		}, runs: []outcome{{5, 5, 0, 0, ""}, {5, 1, 0, 0, ""}, {listed: 5}}},
		{name: "H44 all UIDs have other messages", server: good(30), before: func(f *fake, run int) {
			for i := range f.boxes[0].mails {
				if run == 2 {
					replace(f, i, fmt.Sprintf("Subject: another %d\r\n\r\nlonger than %s\r\n", i, strings.Repeat("before ", 50)))
				}
			}
		}, runs: []outcome{{30, 30, 0, 0, ""}, {30, 30, 0, 0, ""}, {listed: 30}}},
		{name: "H44 UIDs begin anew", server: good(9), before: func(f *fake, run int) {
			if run == 3 { // the flags were read on this day
				f.boxes[0].mails = mails(2)
				replace(f, 0, "Subject: new 1\r\n\r\n")
				replace(f, 1, "Subject: new 2\r\n\r\n")
			}
		}, runs: []outcome{{9, 9, 0, 0, ""}, {listed: 9}, {2, 2, 0, 0, ""}, {listed: 2}}},
		{name: "H41 sizes are estimates, no message is another", server: with(30, func(f *fake) { f.wrongSizes = true }),
			runs: []outcome{{30, 30, 0, 0, ""}, {30, 0, 5, 0, ""}, {listed: 30}}},
		{name: "H55 a message arrives in mid-run", server: with(5, func(f *fake) {
			f.fetch = func(c *fakeConn, _ string, m *fakeMail) bool {
				if m.uid == 3 && len(c.box.mails) == 5 {
					c.box.mails = append(slices.Clone(c.box.mails), mails(6)[5])
					c.say("* 6 EXISTS\r\n")
				}
				return false
			}
		}), runs: []outcome{{5, 5, 0, 0, ""}, {6, 1, 0, 0, ""}}},
		{name: "H68 one message in two mailboxes", server: with(4, func(f *fake) {
			f.boxes = append(f.boxes, &fakeBox{name: "All", attrs: `\All`, validity: 9, mails: mails(4)})
		}), runs: []outcome{{8, 4, 4, 0, ""}, {listed: 8}}},
		{name: "H76 HIGHESTMODSEQ goes back", server: with(4, func(f *fake) {
			f.caps += " CONDSTORE"
			f.boxes[0].modseq = 90
		}), before: func(f *fake, run int) {
			if run == 2 {
				f.boxes[0].modseq = 5
				f.boxes[0].mails = mails(6)
			}
		}, runs: []outcome{{4, 4, 0, 0, ""}, {6, 2, 0, 0, ""}}},
		{name: "H78 a mailbox is renamed in mid-run", server: with(1, func(f *fake) {
			f.boxes = append(f.boxes, &fakeBox{name: "Work", validity: 4, mails: mails(6)[1:]})
			f.fetch = func(c *fakeConn, _ string, m *fakeMail) bool {
				if m.uid == 4 && c.n == 1 {
					c.box.name = "Job"
					c.hangUp()
				}
				return false
			}
		}), runs: []outcome{{6, 3, 0, 3, ""}, {6, 3, 2, 0, ""}, {listed: 6}}},
		{name: "H79 two names for INBOX", server: with(3, func(f *fake) {
			f.list = func(c *fakeConn, tag string) bool {
				c.say("* LIST () \"/\" INBOX\r\n* LIST () \"/\" Inbox\r\n%s OK\r\n", tag)
				return true
			}
		}), runs: []outcome{{3, 3, 0, 0, ""}, {listed: 3}}},
		{name: "H83 the octets of a UID differ between two fetches", server: with(3, func(f *fake) {
			f.fetch = func(c *fakeConn, _ string, m *fakeMail) bool {
				if c.n > 1 {
					panic("a message that is here was asked for again")
				}
				return false
			}
		}), before: func(f *fake, run int) { f.boxes[0].modseq = 1 }, runs: []outcome{{3, 3, 0, 0, ""}, {listed: 3}}},
	}
}

// lineTrials are about what goes over the line.
func lineTrials() []trial {
	long := func(limit int, refuse func(c *fakeConn, tag string)) func(*testing.T) *fake {
		return func(t *testing.T) *fake {
			f := newFake(t, 700)
			for i, m := range f.boxes[0].mails {
				m.uid = uint32(7 * (i + 1))
			}
			f.line = func(c *fakeConn, line string) bool {
				if len(line) <= limit {
					return false
				}
				tag, _, _ := strings.Cut(line, " ")
				refuse(c, tag)
				return true
			}
			return f
		}
	}
	whole := []outcome{{700, 700, 0, 0, ""}, {listed: 700}}
	say := func(n int, text string) func(*testing.T) *fake {
		return func(t *testing.T) *fake {
			f := newFake(t, n)
			f.fetch = func(c *fakeConn, _ string, m *fakeMail) bool {
				if m.uid == 3 && c.n == 1 {
					c.say("%s", text)
				}
				return false
			}
			return f
		}
	}
	return []trial{
		{name: "H48 a line without end", server: say(5, "* X "+strings.Repeat("x", 2<<20)), runs: []outcome{{5, 5, 0, 0, ""}, {listed: 5}}},
		{name: "H47 a number beyond 64 bits", server: say(5, "* 99999999999999999999 EXISTS\r\n"), runs: []outcome{{5, 5, 0, 0, ""}, {listed: 5}}},
		{name: "H75 all that ever was has vanished", server: say(5, "* VANISHED (EARLIER) 1:4294967295\r\n"), runs: []outcome{{5, 5, 0, 0, ""}, {listed: 5}}},
		{name: "H58 a long line is BAD", server: long(400, func(c *fakeConn, tag string) { c.say("%s BAD command line too long\r\n", tag) }), runs: whole},
		{name: "H58 a long line is BAD, without a tag", server: long(450, func(c *fakeConn, _ string) { c.say("* BAD line too long\r\n") }), runs: whole},
		{name: "H58 a long line ends the connection", server: long(450, func(c *fakeConn, _ string) { c.hangUp() }), runs: whole},
		{name: "H59 ten messages of each set", server: func(t *testing.T) *fake {
			f := newFake(t, 90)
			n := 0
			f.fetch = func(*fakeConn, string, *fakeMail) bool { n++; return n > 10 }
			f.after = func(*fakeConn, string, []uint32) bool { n = 0; return false }
			return f
		}, runs: []outcome{{90, 90, 0, 0, ""}, {listed: 90}}},
		{name: "H53 odd names of mailboxes", server: func(t *testing.T) *fake {
			f := newFake(t, 1)
			for i, name := range []string{"..", "../../etc", "/abs", "cur", "tmp", "&abc", "Case", "case", "NIL", "a b", "%", "*"} {
				f.boxes = append(f.boxes, &fakeBox{name: `"` + name + `"`, validity: 3, mails: mails(i + 2)[i+1:]})
			}
			return f
		}, runs: []outcome{{13, 13, 0, 0, ""}, {listed: 13}}},
	}
}

// endTrials are about connections that end, over commands that can be done
// without and over others.
func endTrials() []trial {
	trials := []trial{
		{name: "H67 ends after LOGIN", server: func(t *testing.T) *fake {
			f := newFake(t, 5)
			f.login = func(c *fakeConn, tag, _ string) bool {
				if c.n <= 6 {
					c.hangUp()
				}
				return false
			}
			return f
		}, before: func(f *fake, run int) {
			if run == 2 {
				f.login = nil
			}
		}, runs: []outcome{{err: "unexpected EOF"}, {5, 5, 0, 0, ""}}},
		{name: "H30 no greeting", server: func(t *testing.T) *fake {
			f := newFake(t, 5)
			f.greet = func(c *fakeConn) { c.r.ReadByte(); c.hangUp() }
			return f
		}, before: func(f *fake, run int) {
			if run == 2 {
				f.greet = nil
			}
		}, runs: []outcome{{err: "sent nothing for 300ms"}, {5, 5, 0, 0, ""}}},
		{name: "H69 reset in place of the answer to LOGOUT", server: func(t *testing.T) *fake {
			f := newFake(t, 5)
			f.line = func(c *fakeConn, line string) bool {
				if strings.HasSuffix(line, " LOGOUT") {
					c.Conn.(*net.TCPConn).SetLinger(0)
					c.hangUp()
				}
				return false
			}
			return f
		}, runs: []outcome{{5, 5, 0, 0, ""}, {listed: 5}}},
		{name: "H82 the sign-in ends in mid-run", server: func(t *testing.T) *fake {
			f := newFake(t, 60)
			f.fetch = func(c *fakeConn, _ string, m *fakeMail) bool {
				if m.uid == 55 && c.n == 1 {
					c.say("* BYE [AUTHENTICATIONFAILED] token has expired\r\n")
					c.hangUp()
				}
				return false
			}
			return f
		}, runs: []outcome{{60, 60, 0, 0, ""}, {listed: 60}}},
	}
	// Each command that can be done without ends the connection, is answered
	// with BAD, or not at all. Run 2 has a new message, so that the mailbox is
	// opened.
	answers := map[string]func(c *fakeConn, tag string){
		"ends the connection": func(c *fakeConn, _ string) { c.hangUp() },
		"is BAD":              func(c *fakeConn, tag string) { c.say("%s BAD what\r\n", tag) },
		"is not answered":     func(*fakeConn, string) {},
	}
	for _, part := range []string{"CAPABILITY", "ID (", "STATUS", "LIST \"\" \"*\" RETURN", "UID SEARCH", "UID SEARCH RETURN", "UID FETCH 1:* (UID FLAGS"} {
		for how, answer := range answers {
			trials = append(trials, trial{name: part + " " + how, server: func(t *testing.T) *fake {
				f := newFake(t, 5)
				if part != "UID SEARCH" {
					f.caps += " ID LIST-STATUS ESEARCH CONDSTORE"
				}
				f.line = func(c *fakeConn, line string) bool {
					tag, rest, _ := strings.Cut(line, " ")
					if strings.HasPrefix(rest, part) {
						answer(c, tag)
						return true
					}
					return false
				}
				if part == "CAPABILITY" {
					f.greet = func(c *fakeConn) { c.say("* OK\r\n") }
				}
				return f
			}, before: func(f *fake, run int) {
				if run == 2 {
					f.boxes[0].mails = mails(6)
				}
			}, runs: []outcome{{5, 5, 0, 0, ""}, {6, 1, 0, 0, ""}}})
		}
	}
	return trials
}

// TestCompressedLineWithoutEnd has 64 MiB in one line that is small on the wire
// (H74): the limit is on what is read of it.
func TestCompressedLineWithoutEnd(t *testing.T) {
	var small bytes.Buffer
	w, err := flate.NewWriter(&small, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(w, "* X ")
	for range 64 {
		w.Write(bytes.Repeat([]byte("x"), 1<<20))
	}
	w.Close()
	s := newScanner(flate.NewReader(&small))
	if _, err := s.next(); err != nil {
		t.Fatal(err)
	}
	if err := s.skipRest(); !errors.Is(err, errLong) {
		t.Errorf("error %v, want %v", err, errLong)
	}
}
