package imap

import (
	"slices"
	"strings"
	"testing"
)

// newLarge starts a server with a message of some 5 MB between two small ones.
// The connection that brings it ends after cut octets of it.
func newLarge(t *testing.T, cut int) *fake {
	t.Helper()
	f := newFake(t, 3)
	var b strings.Builder
	b.WriteString("Subject: large\r\n\r\n")
	for b.Len() < 5_000_000 {
		b.WriteString(strings.Repeat("0123456789abcdef", b.Len()%7+1))
		b.WriteString("\r\n")
	}
	f.boxes[0].mails[1].text = b.String()
	f.fetch = func(c *fakeConn, _ string, m *fakeMail) bool {
		if m.uid != 2 || cut < 0 {
			return false
		}
		c.say("* 2 FETCH (UID 2 FLAGS () INTERNALDATE %s BODY[] {%d}\r\n%s", m.date, len(m.text), m.text[:cut])
		cut = -1
		c.hangUp()
		return true
	}
	return f
}

func TestLargeMessageGoesOn(t *testing.T) {
	for _, cut := range []int{0, 1, 1 << 20, 4_999_999} {
		f := newLarge(t, cut)
		var asked []int
		f.part = func(c *fakeConn, _ string, m *fakeMail, from int) bool {
			asked = append(asked, from)
			if len(asked) == 2 { // the second part is cut as well
				c.say("* 2 FETCH (UID 2 BODY[]<%d> {%d}\r\n%s", from, partSize, m.text[from:from+1000])
				c.hangUp()
			}
			return false
		}
		dir := scratch(t)
		rep, err := drive(t, f, dir)
		if err != nil || rep.Listed != 3 || rep.Stored != 3 || rep.Failed != 0 {
			t.Errorf("cut after %d: %+v, %v", cut, rep, err)
		}
		f.holds(t, dir)
		if n := f.sent[2]; n != 1 {
			t.Errorf("cut after %d: the message was asked for %d times", cut, n)
		}
		size := len(f.boxes[0].mails[1].text)
		var want []int
		for from := cut; from < size; from += partSize {
			want = append(want, from)
		}
		if len(want) > 1 {
			want = slices.Insert(want, 2, want[1])
		}
		if !slices.Equal(asked, want) {
			t.Errorf("cut after %d: parts from %d were asked for, want %d", cut, asked, want)
		}
	}
}

// TestLargeMessageThatDoesNotGoOn has servers that do not give the rest: the
// message is not had, the others are, and the next run has all.
func TestLargeMessageThatDoesNotGoOn(t *testing.T) {
	for name, part := range map[string]func(c *fakeConn, tag string, m *fakeMail, from int) bool{
		"refused": func(c *fakeConn, tag string, _ *fakeMail, _ int) bool {
			c.say("%s BAD what is a part\r\n", tag)
			return true
		},
		"too short": func(c *fakeConn, tag string, _ *fakeMail, from int) bool {
			c.say("* 2 FETCH (UID 2 BODY[]<%d> {3}\r\nabc)\r\n%s OK\r\n", from, tag)
			return true
		},
		"whole again": func(c *fakeConn, tag string, m *fakeMail, _ int) bool {
			c.send(m)
			c.say("%s OK\r\n", tag)
			return true
		},
		"hangs up": func(c *fakeConn, _ string, _ *fakeMail, _ int) bool {
			c.hangUp()
			return true
		},
		"another mailbox now": func(c *fakeConn, _ string, _ *fakeMail, _ int) bool {
			c.f.mu.Lock()
			c.box.validity++
			c.f.mu.Unlock()
			c.hangUp()
			return true
		},
	} {
		f := newLarge(t, 2_000_000)
		f.part = part
		dir := scratch(t)
		rep, err := drive(t, f, dir)
		if name == "another mailbox now" { // its messages are listed a second time
			if err != nil || rep.Stored != 3 || rep.Duplicate != 1 || rep.Pending != 1 || rep.Listed != 5 {
				t.Errorf("%s: %+v, %v", name, rep, err)
			}
		} else if err != nil || rep.Stored != 2 || rep.Pending != 1 || rep.Listed != 3 {
			t.Errorf("%s: %+v, %v", name, rep, err)
		}
		if rep, err = drive(t, f, dir); err != nil || rep.Failed != 0 {
			t.Errorf("%s, next run: %+v, %v", name, rep, err)
		}
		f.holds(t, dir)
	}
}
