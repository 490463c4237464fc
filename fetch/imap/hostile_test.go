package imap

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lostpost/archive"
	"lostpost/fetch"
	"lostpost/fetch/fetchtest"
)

func TestFetchesAllAndNothingTwice(t *testing.T) {
	f := newFake(t, 120)
	dir := scratch(t)
	rep, err := drive(t, f, dir)
	if err != nil || rep.Listed != 120 || rep.Stored != 120 {
		t.Fatalf("first run: %+v, %v", rep, err)
	}
	f.holds(t, dir)
	bodies := f.bodies()
	f.boxes[0].mails = append(f.boxes[0].mails, &fakeMail{uid: 900, date: fakeDate, text: "Subject: new\r\n\r\nx\r\n"})
	rep, err = drive(t, f, dir)
	if err != nil || rep.Listed != 121 || rep.Known != 120 || rep.Stored != 1 {
		t.Errorf("second run: %+v, %v", rep, err)
	}
	if n := f.bodies() - bodies; n != 1 {
		t.Errorf("%d bodies were asked for again", n-1)
	}
	examined := strings.Count(strings.Join(f.lines, "\n"), "EXAMINE")
	rep, err = drive(t, f, dir)
	if err != nil || rep.Listed != 121 || rep.Known != 121 {
		t.Errorf("third run: %+v, %v", rep, err)
	}
	if n := strings.Count(strings.Join(f.lines, "\n"), "EXAMINE"); n != examined {
		t.Error("an unchanged mailbox was opened")
	}
}

// TestFetchForms has the forms in which servers send what was asked for. All
// must be archived, byte for byte, in one run.
func TestFetchForms(t *testing.T) {
	say := func(format string, args ...any) func(*fakeConn, string, *fakeMail) bool {
		return func(c *fakeConn, _ string, m *fakeMail) bool {
			r := strings.NewReplacer("SEQ", fmt.Sprint(c.seq(m)), "UIDN", fmt.Sprint(m.uid), "SIZE", fmt.Sprint(len(m.text)),
				"TEXT", fmt.Sprintf("{%d}\r\n%s", len(m.text), m.text), "DATE", m.date,
				"QUOTED", `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(m.text)+`"`)
			c.say("%s", r.Replace(fmt.Sprintf(format, args...)))
			return true
		}
	}
	tests := []struct {
		name  string
		fetch func(*fakeConn, string, *fakeMail) bool
	}{
		{"uid after the body", say("* SEQ FETCH (FLAGS (\\Seen) INTERNALDATE DATE RFC822.SIZE SIZE BODY[] TEXT UID UIDN)\r\n")},
		{"all after the body", say("* SEQ FETCH (BODY[] TEXT RFC822.SIZE SIZE INTERNALDATE DATE FLAGS (\\Seen) UID UIDN)\r\n")},
		{"lower case, spaces", say("*  SEQ  fetch ( uid UIDN  flags ( \\Seen ) internaldate DATE rfc822.size SIZE body[] TEXT )\r\n")},
		{"line feed alone", say("* SEQ FETCH (UID UIDN FLAGS (\\Seen) INTERNALDATE DATE RFC822.SIZE SIZE BODY[] TEXT)\n")},
		{"flags and body apart", say("* SEQ FETCH (UID UIDN FLAGS (\\Seen))\r\n* SEQ FETCH (UID UIDN INTERNALDATE DATE)\r\n* SEQ FETCH (UID UIDN BODY[] TEXT)\r\n")},
		{"body before flags, apart", say("* SEQ FETCH (UID UIDN BODY[] TEXT)\r\n* SEQ FETCH (UID UIDN FLAGS (\\Seen) INTERNALDATE DATE)\r\n")},
		{"each twice", say("* SEQ FETCH (UID UIDN FLAGS (\\Seen) INTERNALDATE DATE BODY[] TEXT)\r\n* SEQ FETCH (UID UIDN FLAGS () INTERNALDATE DATE BODY[] TEXT)\r\n")},
		{"unknown items", say("* SEQ FETCH (X-STRANGE (a (b \"c)\" {3}\r\n)))) NIL) UID UIDN X-N 5 MODSEQ (12) FLAGS (\\Seen) INTERNALDATE DATE BODY[] TEXT X-LAST {2}\r\n)))\r\n")},
		{"unknown responses", say("* XFUTURE {5}\r\n)\r\n* (a \"b\r\n* OK\r\n* OK [ALERT] look {5}\r\n* SEQ FETCH (UID UIDN FLAGS (\\Seen) INTERNALDATE DATE BODY[] TEXT)\r\n* 9 EXISTS\r\n\r\n")},
		{"flags outside the grammar", say("* SEQ FETCH (UID UIDN FLAGS (a]b \\Seen \"q q\") INTERNALDATE DATE BODY[] TEXT)\r\n")},
		{"no date", say("* SEQ FETCH (UID UIDN FLAGS (\\Seen) INTERNALDATE NIL BODY[] TEXT)\r\n")},
		{"no flags", say("* SEQ FETCH (UID UIDN FLAGS NIL INTERNALDATE \"\" BODY[] TEXT)\r\n")},
		{"wrong size", say("* SEQ FETCH (UID UIDN FLAGS (\\Seen) INTERNALDATE DATE RFC822.SIZE 99999999999 BODY[] TEXT)\r\n")},
		{"quoted body", say("* SEQ FETCH (UID UIDN FLAGS (\\Seen) INTERNALDATE DATE BODY[] QUOTED)\r\n")},
		{"literal8", func(c *fakeConn, _ string, m *fakeMail) bool {
			c.say("* %d FETCH (UID %d FLAGS () INTERNALDATE %s BODY[] ~{%d}\r\n%s)\r\n", c.seq(m), m.uid, m.date, len(m.text), m.text)
			return true
		}},
		{"deep lists", say("* SEQ FETCH (UID UIDN X %s%s FLAGS (\\Seen) INTERNALDATE DATE BODY[] TEXT)\r\n", strings.Repeat("(", 300_000), strings.Repeat(")", 300_000))},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFake(t, 8)
			odd := f.boxes[0].mails
			odd[1].text = "Subject: odd \\ \"octets\"\r\n\r\n\x00 bare\nlf bare\rcr \xff no last line end"
			odd[2].text = "no header at all"
			odd[3].text = "\r\n"
			f.fetch = test.fetch
			dir := scratch(t)
			rep, err := drive(t, f, dir)
			if err != nil || rep.Listed != 8 || rep.Stored != 8 {
				t.Fatalf("%+v, %v", rep, err)
			}
			f.holds(t, dir)
		})
	}
}

// only makes a fault one for some UIDs and the first times it is asked for.
func only(times int, fault func(c *fakeConn, tag string, m *fakeMail) bool, uids ...uint32) func(*fakeConn, string, *fakeMail) bool {
	return func(c *fakeConn, tag string, m *fakeMail) bool {
		c.f.mu.Lock()
		n := c.f.sent[m.uid]
		c.f.mu.Unlock()
		return slices.Contains(uids, m.uid) && n <= times && fault(c, tag, m)
	}
}

const always = 1 << 30

// TestMessagesThatDoNotCome has servers that do not send some messages: all
// others come in the same run, and those are told with a reason and asked for
// again by the next run, which finds the fault gone.
func TestMessagesThatDoNotCome(t *testing.T) {
	nothing := func(*fakeConn, string, *fakeMail) bool { return true }
	tests := []struct {
		name   string
		times  int // how often the fault shows
		fault  func(c *fakeConn, tag string, m *fakeMail) bool
		reason string // "" if the same run gets it
	}{
		{"no answer, once", 1, nothing, ""},
		{"no answer", always, nothing, "the server says OK and does not send it"},
		{"NIL", always, func(c *fakeConn, _ string, m *fakeMail) bool {
			c.say("* %d FETCH (UID %d FLAGS () INTERNALDATE %s BODY[] NIL)\r\n", c.seq(m), m.uid, m.date)
			return true
		}, "the server sends NIL in place of the message"},
		{"empty", always, func(c *fakeConn, _ string, m *fakeMail) bool {
			c.say("* %d FETCH (UID %d FLAGS () INTERNALDATE %s RFC822.SIZE 77 BODY[] {0}\r\n)\r\n", c.seq(m), m.uid, m.date)
			return true
		}, "the server sends 0 octets of 77"},
		{"empty, once", 1, func(c *fakeConn, _ string, m *fakeMail) bool {
			c.say("* %d FETCH (UID %d BODY[] \"\")\r\n", c.seq(m), m.uid)
			return true
		}, ""},
		{"cut, once", 1, func(c *fakeConn, _ string, m *fakeMail) bool {
			c.say("* %d FETCH (UID %d FLAGS () INTERNALDATE %s BODY[] {%d}\r\n%s", c.seq(m), m.uid, m.date, len(m.text), m.text[:20])
			c.hangUp()
			return true
		}, ""},
		{"cut", always, func(c *fakeConn, _ string, m *fakeMail) bool {
			c.say("* %d FETCH (UID %d FLAGS () INTERNALDATE %s BODY[] {90}\r\n%s", c.seq(m), m.uid, m.date, m.text[:20])
			c.hangUp()
			return true
		}, "the server sends 20 of 90 octets, 3 times"},
		{"hang-up before the message", always, func(c *fakeConn, _ string, m *fakeMail) bool {
			c.hangUp()
			return true
		}, "it ended the connection 3 times"},
		{"4 GB announced", always, func(c *fakeConn, _ string, m *fakeMail) bool {
			c.say("* %d FETCH (UID %d FLAGS () BODY[] {4294967296}\r\n%s", c.seq(m), m.uid, m.text)
			c.hangUp()
			return true
		}, "it ended the connection 3 times"},
		{"literal too short", always, func(c *fakeConn, _ string, m *fakeMail) bool {
			c.say("* %d FETCH (UID %d FLAGS () INTERNALDATE %s BODY[] {%d}\r\n%s)\r\n", c.seq(m), m.uid, m.date, len(m.text)-8, m.text)
			return true
		}, "it ended the connection 3 times: the server's answer is out of step"},
		{"number beyond 64 bits", always, func(c *fakeConn, _ string, m *fakeMail) bool {
			c.say("* %d FETCH (UID %d BODY[] {99999999999999999999}\r\n", c.seq(m), m.uid)
			return true
		}, "it ended the connection 3 times"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFake(t, 70)
			f.fetch = only(test.times, test.fault, 13, 60)
			dir := scratch(t)
			rep, err := drive(t, f, dir)
			if err != nil {
				t.Fatal(err)
			}
			if rep.Listed != 70 || rep.Known != 0 {
				t.Errorf("%+v", rep)
			}
			if test.reason == "" {
				if rep.Stored != 70 {
					t.Errorf("%+v", rep)
				}
				f.holds(t, dir)
				return
			}
			if rep.Stored != 68 || rep.Quarantined != 2 {
				t.Errorf("%+v", rep)
			}
			for _, fail := range rep.Failures {
				if !strings.HasPrefix(fail.Reason, test.reason) {
					t.Errorf("reason %q", fail.Reason)
				}
			}
			f.holds(t, dir, 13, 60)
			f.fetch = nil
			rep, err = drive(t, f, dir)
			if err != nil || rep.Listed != 70 || rep.Known != 68 || rep.Stored != 2 {
				t.Errorf("next run: %+v, %v", rep, err)
			}
			f.holds(t, dir)
		})
	}
}

// TestOnlyMessageIsRefusedOnce has a mailbox of one message, which is refused
// the first time.
func TestOnlyMessageIsRefusedOnce(t *testing.T) {
	f := newFake(t, 1)
	f.fetch = only(1, func(*fakeConn, string, *fakeMail) bool { return true }, 1)
	f.after = func(c *fakeConn, tag string, _ []uint32) bool {
		if f.bodies() > 1 {
			return false
		}
		c.say("%s NO internal error\r\n", tag)
		return true
	}
	rep, err := drive(t, f, scratch(t))
	if err != nil || rep.Stored != 1 {
		t.Errorf("%+v, %v", rep, err)
	}
}

// TestShortLiteral has literals that are announced too short, in messages whose
// last octets look like what may follow a literal.
func TestShortLiteral(t *testing.T) {
	for _, tail := range []string{"tail 5", ")", ")x", " UID 4", ") "} {
		f := newFake(t, 4)
		m := f.boxes[0].mails[2]
		m.text = "Subject: x\r\n\r\ntext" + tail
		f.fetch = only(always, func(c *fakeConn, _ string, m *fakeMail) bool {
			n := len(m.text) - len(tail)
			c.say("* 3 FETCH (UID 3 FLAGS () INTERNALDATE %s BODY[] {%d}\r\n%s)\r\n", m.date, n, m.text)
			return true
		}, 3)
		dir := scratch(t)
		rep, err := drive(t, f, dir)
		if err != nil || rep.Listed != 4 || rep.Stored != 3 || rep.Quarantined != 1 {
			t.Errorf("%q: %+v, %v", tail, rep, err)
		}
		f.holds(t, dir, 3)
	}
}

func TestVanishedInMidRun(t *testing.T) {
	f := newFake(t, 30)
	f.fetch = only(always, func(c *fakeConn, _ string, m *fakeMail) bool {
		c.box.mails = slices.DeleteFunc(slices.Clone(c.box.mails), func(o *fakeMail) bool { return o == m })
		c.say("* %d EXPUNGE\r\n", m.uid)
		return true
	}, 9)
	rep, err := drive(t, f, scratch(t))
	if err != nil || rep.Listed != 30 || rep.Stored != 29 || rep.Vanished != 1 {
		t.Errorf("%+v, %v", rep, err)
	}
}

// TestRefusedSets has a server that refuses every set with a certain message
// in it (H31).
func TestRefusedSets(t *testing.T) {
	for _, words := range []string{"NO [UNAVAILABLE] UID FETCH Server error, try again later", "BAD cannot do that"} {
		f := newFake(t, 140)
		bad := func(uids []uint32) bool { return slices.Contains(uids, 77) }
		f.fetch = func(c *fakeConn, _ string, m *fakeMail) bool {
			// A refused set gives nothing at all.
			return bad(lastSet(c))
		}
		f.after = func(c *fakeConn, tag string, uids []uint32) bool {
			if bad(uids) {
				c.say("%s %s\r\n", tag, words)
			}
			return bad(uids)
		}
		dir := scratch(t)
		rep, err := drive(t, f, dir)
		if err != nil || rep.Listed != 140 || rep.Stored != 139 || rep.Quarantined != 1 {
			t.Fatalf("%+v, %v", rep, err)
		}
		if want := "the server does not send it: UID FETCH: " + words; rep.Failures[0].Reason != want {
			t.Errorf("reason %q, want %q", rep.Failures[0].Reason, want)
		}
		f.holds(t, dir, 77)
	}
}

// lastSet gives the UIDs of the command that is being answered.
func lastSet(c *fakeConn) []uint32 {
	c.f.mu.Lock()
	defer c.f.mu.Unlock()
	line := c.f.lines[len(c.f.lines)-1]
	var set uidSet
	if err := set.parse(strings.Fields(line)[3]); err != nil {
		panic(err)
	}
	var out []uint32
	for _, sp := range set {
		for u := sp.first; u <= sp.last; u++ {
			out = append(out, u)
		}
	}
	return out
}

// TestServerAsksForPause has a server that wants to be left alone: nothing is
// lost, nothing is called vanished, and the next run gets all.
func TestServerAsksForPause(t *testing.T) {
	for _, words := range []string{"NO [OVERQUOTA] Account exceeded command or bandwidth limits.", "BAD Request is throttled. Suggested Backoff Time: 92415 milliseconds",
		"NO [LIMIT] slow down", "NO Please try again later"} {
		t.Run(words, func(t *testing.T) {
			f := newFake(t, 90)
			f.fetch = func(_ *fakeConn, _ string, m *fakeMail) bool { return m.uid > 40 }
			f.after = func(c *fakeConn, tag string, uids []uint32) bool {
				c.say("%s %s\r\n", tag, words)
				return true
			}
			dir := scratch(t)
			rep, err := drive(t, f, dir)
			var network *fetch.NetError
			if !errors.As(err, &network) || !strings.Contains(err.Error(), words) {
				t.Errorf("error %v", err)
			}
			if rep.Stored != 40 || rep.Failed != 0 {
				t.Errorf("%+v", rep)
			}
			f.fetch, f.after = nil, nil
			rep, err = drive(t, f, dir)
			if err != nil || rep.Listed != 90 || rep.Known != 40 || rep.Stored != 50 {
				t.Errorf("next run: %+v, %v", rep, err)
			}
			f.holds(t, dir)
		})
	}
}

func TestByeInMidRun(t *testing.T) {
	f := newFake(t, 90)
	f.fetch = func(c *fakeConn, _ string, m *fakeMail) bool {
		if c.n == 1 && m.uid == 30 {
			c.say("* BYE shutting down\r\n")
			c.hangUp()
		}
		return false
	}
	dir := scratch(t)
	rep, err := drive(t, f, dir)
	if err != nil || rep.Stored != 90 || f.conns != 2 {
		t.Errorf("%+v, %v, %d connections", rep, err, f.conns)
	}
	f.holds(t, dir)
}

// TestServerIsGone ends the server for good in mid-run: what came is kept.
func TestServerIsGone(t *testing.T) {
	f := newFake(t, 90)
	f.fetch = func(c *fakeConn, _ string, m *fakeMail) bool {
		if m.uid == 30 {
			c.say("* BYE no more\r\n")
			c.hangUp()
		}
		return false
	}
	f.login = func(c *fakeConn, tag, _ string) bool {
		if c.n > 1 {
			c.hangUp()
		}
		return false
	}
	dir := scratch(t)
	rep, err := drive(t, f, dir)
	var network *fetch.NetError
	if !errors.As(err, &network) || rep.Stored != 29 {
		t.Errorf("%+v, %v", rep, err)
	}
	f.login, f.fetch = nil, nil
	rep, err = drive(t, f, dir)
	if err != nil || rep.Known != 29 || rep.Stored != 61 {
		t.Errorf("next run: %+v, %v", rep, err)
	}
	f.holds(t, dir)
}

// TestSilentServer has a server that sends all and then nothing more, not even
// the answer (H29), or stops in the middle of a literal (H28).
func TestSilentServer(t *testing.T) {
	f := newFake(t, 20)
	f.acc.Wire.Idle = 100e6
	f.after = func(*fakeConn, string, []uint32) bool { return true }
	dir := scratch(t)
	rep, err := drive(t, f, dir)
	if err != nil || rep.Stored != 20 {
		t.Errorf("no tagged answer: %+v, %v", rep, err)
	}
	f.holds(t, dir)

	f = newFake(t, 20)
	f.acc.Wire.Idle = 100e6
	f.fetch = only(always, func(c *fakeConn, _ string, m *fakeMail) bool {
		c.say("* 7 FETCH (UID 7 BODY[] {90}\r\n%s", m.text[:10])
		c.r.ReadByte() // until the client gives up
		c.hangUp()
		return true
	}, 7)
	dir = scratch(t)
	rep, err = drive(t, f, dir)
	if err != nil || rep.Stored != 19 || rep.Quarantined != 1 {
		t.Errorf("silent in a literal: %+v, %v", rep, err)
	}
	f.holds(t, dir, 7)
}

// TestLargeMessages has messages that do not fit into the buffer, in every
// form. TestLargeMessageGoesOn has one that is cut.
func TestLargeMessages(t *testing.T) {
	forms := map[string]string{
		"usual order":      "* %[1]d FETCH (UID %[2]d FLAGS () INTERNALDATE %[3]s RFC822.SIZE 1 BODY[] {%[4]d}\r\n%[5]s)\r\n",
		"uid at the end":   "* %[1]d FETCH (FLAGS () INTERNALDATE %[3]s BODY[] {%[4]d}\r\n%[5]s UID %[2]d)\r\n",
		"flags at the end": "* %[1]d FETCH (UID %[2]d BODY[] {%[4]d}\r\n%[5]s FLAGS () INTERNALDATE %[3]s)\r\n",
		"flags apart":      "* %[1]d FETCH (UID %[2]d BODY[] {%[4]d}\r\n%[5]s)\r\n* %[1]d FETCH (UID %[2]d FLAGS () INTERNALDATE %[3]s)\r\n",
		"no flags at all":  "* %[1]d FETCH (UID %[2]d BODY[] {%[4]d}\r\n%[5]s)\r\n",
		"twice":            "* %[1]d FETCH (UID %[2]d FLAGS () INTERNALDATE %[3]s BODY[] {%[4]d}\r\n%[5]s)\r\n* %[1]d FETCH (BODY[] {%[4]d}\r\n%[5]s UID %[2]d)\r\n",
		"twice at once":    "* %[1]d FETCH (UID %[2]d FLAGS () INTERNALDATE %[3]s BODY[] {%[4]d}\r\n%[5]s)\r\n* %[1]d FETCH (UID %[2]d FLAGS () INTERNALDATE %[3]s BODY[] {%[4]d}\r\n%[5]s)\r\n",
	}
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, 5)
			for i, m := range f.boxes[0].mails[:3] {
				m.text = fmt.Sprintf("Subject: large %d\r\n\r\n%s", i, strings.Repeat("0123456789abcde\n", (1<<20)/16+i))
			}
			f.fetch = func(c *fakeConn, _ string, m *fakeMail) bool {
				c.say(form, c.seq(m), m.uid, m.date, len(m.text), m.text)
				return true
			}
			dir := scratch(t)
			rep, err := drive(t, f, dir)
			if err != nil || rep.Stored != 5 {
				t.Errorf("%+v, %v", rep, err)
			}
			f.holds(t, dir)
		})
	}
}

// rough is a connection on which something goes wrong after some octets.
type rough struct {
	net.Conn
	after int    // octets
	junk  []byte // what is put in there; nil: the connection ends
}

func (r *rough) Write(p []byte) (int, error) {
	if r.after < 0 || len(p) <= r.after {
		r.after -= min(len(p), max(r.after, 0))
		return r.Conn.Write(p)
	}
	k := r.after
	r.after = -1
	if r.junk == nil {
		r.Conn.Write(p[:k])
		r.Conn.Close()
		return k, net.ErrClosed
	}
	_, err := r.Conn.Write(slices.Concat(p[:k], r.junk, p[k:]))
	return len(p), err
}

// memory is a State in memory, and takes what a source yields.
type memory map[string]string

func (m memory) Known(origin string) (archive.ID, bool) {
	_, ok := m[origin]
	return archive.ID{}, ok
}

func (m memory) Mark() string { return "" }

// take takes all that is new on a server.
func (m memory) take(t *testing.T, f *fake) error {
	t.Helper()
	src, err := New(t.Context(), f.account(), fetch.Options{})
	if err != nil {
		return err
	}
	defer src.Close()
	src.(*source).pause = time.Millisecond
	for msg, err := range src.Messages(t.Context(), m) {
		if msg == nil {
			return err
		}
		if errors.Is(err, fetch.ErrFlags) {
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", msg.Origin, err)
			continue
		}
		b, err := io.ReadAll(msg.Body)
		if err != nil {
			t.Errorf("%s: %v", msg.Origin, err)
		}
		m[msg.Origin] = string(b)
	}
	return nil
}

// spoiled fetches from a server whose first connection is a rough one, then
// from the sound server. What came is to be right, and in the end all of it.
func spoiled(t *testing.T, n, after int, junk []byte) {
	t.Helper()
	f := newFake(t, n)
	f.acc.Wire.Idle = 300 * time.Millisecond
	f.wrap = func(n int, c net.Conn) net.Conn {
		if n == 1 {
			return &rough{Conn: c, after: after, junk: junk}
		}
		return c
	}
	m := memory{}
	err := m.take(t, f)
	var network *fetch.NetError
	var refused *fetch.AuthError
	if err != nil && !errors.As(err, &network) && !errors.As(err, &refused) {
		t.Errorf("%q after %d octets: %v", junk, after, err)
	}
	if err := m.take(t, f); err != nil {
		t.Errorf("%q after %d octets, next run: %v", junk, after, err)
	}
	for _, mail := range f.boxes[0].mails {
		origin := fmt.Sprintf("%sINBOX;uidvalidity=7/;uid=%d", f.acc.place(), mail.uid)
		if m[origin] != mail.text {
			t.Errorf("%q after %d octets: %s is %q", junk, after, origin, m[origin])
		}
		delete(m, origin)
	}
	// Junk in UIDVALIDITY makes origins of their own; their octets are right.
	for origin, text := range m {
		if !slices.ContainsFunc(f.boxes[0].mails, func(mail *fakeMail) bool { return mail.text == text }) {
			t.Errorf("%q after %d octets: %s is %q", junk, after, origin, text)
		}
	}
}

// TestCutAnywhere cuts the first connection of a short dialogue after every so
// many octets of what the server says, after each if LOSTPOST_CUTS is set, and
// that of a long one at random points, LOSTPOST_CUTS of them.
func TestCutAnywhere(t *testing.T) {
	step, random := 31, 20
	if n, err := strconv.Atoi(os.Getenv("LOSTPOST_CUTS")); err == nil {
		step, random = 1, n
	}
	for after := 1; after < 2600; after += step {
		spoiled(t, 6, after, nil)
	}
	for range random {
		spoiled(t, 120, rand.IntN(70_000), nil)
	}
}

// TestJunkAnywhere puts junk into what the server says. A length that is not
// as announced shows, so no message has the junk in it.
func TestJunkAnywhere(t *testing.T) {
	for after := 200; after < 2600; after += 47 {
		for _, junk := range []string{"x", "xyz\r\n", "\x00\xff{3}\r\n", "(("} {
			spoiled(t, 6, after, []byte(junk))
		}
	}
}

// TestReverseOrder has a server that sends the last message first (H39), and
// unsolicited data for others between them (H36).
func TestReverseOrder(t *testing.T) {
	f := newFake(t, 70)
	f.fetch = func(*fakeConn, string, *fakeMail) bool { return true }
	f.after = func(c *fakeConn, _ string, uids []uint32) bool {
		for _, uid := range slices.Backward(uids) {
			c.say("* %d FETCH (UID %d FLAGS (\\Seen))\r\n* 3 FETCH (FLAGS ())\r\n", 71-uid, 71-uid)
			c.send(c.box.mails[uid-1])
		}
		return false
	}
	dir := scratch(t)
	rep, err := drive(t, f, dir)
	if err != nil || rep.Stored != 70 {
		t.Errorf("%+v, %v", rep, err)
	}
	f.holds(t, dir)
}

// TestMailboxDoesNotOpenAgain loses the connection, and then the mailbox: the
// messages that are left wait for another run, and the books close.
func TestMailboxDoesNotOpenAgain(t *testing.T) {
	f := newFake(t, 70)
	f.fetch = func(c *fakeConn, _ string, m *fakeMail) bool {
		if m.uid == 60 {
			c.hangUp()
		}
		return false
	}
	f.exam = func(c *fakeConn, tag string, _ *fakeBox) bool {
		if c.n > 1 {
			c.say("%s NO no such mailbox\r\n", tag)
		}
		return c.n > 1
	}
	dir := scratch(t)
	rep, err := drive(t, f, dir)
	if err != nil || rep.Listed != 70 || rep.Known != 0 || rep.Stored != 59 || rep.Pending != 11 {
		t.Errorf("%+v, %v", rep, err)
	}
}

// TestConnectionIsLostWhileListing cuts the connection before the UIDs are
// known: the mailbox is listed anew.
func TestConnectionIsLostWhileListing(t *testing.T) {
	f := newFake(t, 12)
	f.find = func(c *fakeConn, tag string, _ *fakeBox, _ string) bool {
		c.say("* SEARCH 1 2 3\r\n%s OK\r\n", tag)
		return true
	}
	f.fetch = func(c *fakeConn, _ string, m *fakeMail) bool { return false }
	f.wrap = func(n int, c net.Conn) net.Conn {
		if n > 1 {
			return c
		}
		return &rough{Conn: c, after: 420} // in the answer to UID FETCH 1:* (UID)
	}
	dir := scratch(t)
	rep, err := drive(t, f, dir)
	if err != nil || rep.Listed != 12 || rep.Stored != 12 || f.conns != 2 {
		t.Errorf("%+v, %v, %d connections", rep, err, f.conns)
	}
	f.holds(t, dir)
}

func TestFakeSourceContract(t *testing.T) {
	f := newFake(t, 5)
	f.caps += " CONDSTORE"
	f.boxes[0].modseq = 1
	f.boxes = append(f.boxes, &fakeBox{name: "Sent", attrs: `\Sent`, validity: 3, mails: mails(9)[5:], modseq: 1})
	fetchtest.Run(t, func(t *testing.T) fetch.Source {
		src, err := New(t.Context(), f.account(), fetch.Options{Mailbox: "Old", Traits: []string{"unsent"}})
		if err != nil {
			t.Fatal(err)
		}
		return src
	})
}
