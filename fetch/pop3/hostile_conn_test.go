package pop3

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

// brokenTrials are about connections that end or stand still.
func brokenTrials() []trial {
	// broken does something to RETR 3, in the first session or in all.
	broken := func(always bool, do func(c *call)) func(*call) bool {
		return func(c *call) bool {
			if !c.is("RETR") || c.n != 3 || c.session > 1 && !always {
				return false
			}
			do(c)
			return true
		}
	}
	half := func(c *call) {
		c.say("+OK")
		c.w.WriteString("Subject: three\r\n\r\nThis")
		c.w.Flush()
	}
	closeAfterLine := func(c *call) {
		c.say("+OK")
		c.w.WriteString("Subject: three\r\n\r\nThis\r\n")
		c.hangUp()
	}
	others := []string{letter("one"), letter("two"), letter("four"), letter("five")}
	return []trial{
		{name: "H10 stalls in a message once", server: &server{mails: five(), handle: broken(false, func(c *call) { half(c); c.wait() })}, runs: all(5)},
		{name: "H11 ends in a message", server: &server{mails: five(), handle: broken(false, closeAfterLine)}, runs: all(5)},
		{name: "H12 the last dot never comes", server: &server{mails: five(), handle: broken(false, func(c *call) {
			c.say("+OK")
			c.w.WriteString(letter("three"))
			c.hangUp()
		})}, runs: all(5)},
		{name: "H14 one message always ends the connection", server: &server{mails: five(), handle: broken(true, func(c *call) { c.hangUp() })},
			runs: []outcome{{stored: 4, aside: 1}, {known: 4, aside: 1}}, want: others},
		{name: "one message is always cut", server: &server{mails: five(), handle: broken(true, closeAfterLine)},
			runs: []outcome{{stored: 4, aside: 1}, {known: 4, aside: 1}}, want: others},
		{name: "a large message is cut", server: &server{mails: append(five(), mail{octets: large(), uidl: "large"}), handle: func(c *call) bool {
			if !c.is("RETR") || c.n != 6 || c.session > 1 {
				return false
			}
			c.say("+OK")
			c.w.WriteString(c.mails[5].octets[:200_000])
			c.hangUp()
			return true
		}}, runs: []outcome{{stored: 5, pending: 1}, {stored: 1, known: 5}}},
		{name: "several commands at once end the connection", server: &server{mails: five(), handle: func(c *call) bool {
			if c.is("RETR") && c.r.Buffered() > 0 {
				c.hangUp()
			}
			return false
		}}, runs: all(5)},
		{name: "a large message is shorter than it should be", server: &server{mails: append(five(), mail{octets: large(), uidl: "large", size: 1_000_000})},
			runs: []outcome{{stored: 5, aside: 1}}, want: octets(five())},
		{name: "one message a connection", server: &server{mails: five(), handle: func(c *call) bool {
			if c.is("RETR") && c.retrs > 1 {
				c.hangUp()
			}
			return false
		}}, runs: all(5)},
		{name: "every RETR ends the connection", server: &server{mails: five(), handle: func(c *call) bool {
			if c.is("RETR") {
				c.hangUp()
			}
			return false
		}}, runs: []outcome{{err: "the server ended the connection", aside: 2}}, want: []string{}},
		{name: "H20 numbers shift after a break", server: &server{mails: five(), handle: func(c *call) bool {
			if c.is("RETR") && c.n == 3 && c.session == 1 {
				c.mu.Lock()
				c.mails = append([]mail{}, c.mails[1], c.mails[2], c.mails[4])
				c.server.mails = c.mails
				c.mu.Unlock()
				c.hangUp()
			}
			return false
		}}, runs: []outcome{{stored: 4, vanished: 1}}, want: []string{letter("one"), letter("two"), letter("three"), letter("five")}},
		{name: "the list changes its names after a break", server: &server{mails: five(), handle: func(c *call) bool {
			if c.is("RETR") && c.n == 3 && c.session == 1 {
				c.hangUp()
			}
			if c.is("UIDL") && c.session == 2 {
				c.say("-ERR not now")
				return true
			}
			return false
		}}, runs: []outcome{{stored: 2, pending: 3}, {stored: 3, known: 2}}},
		{name: "H67 ends after PASS", server: &server{mails: five(), handle: func(c *call) bool {
			if c.is("PASS") && c.session == 1 {
				c.hangUp()
			}
			return false
		}}, runs: []outcome{{err: "the server ended the connection"}, {stored: 5}}},
		{name: "H69 reset in place of the answer to QUIT", server: &server{mails: five(), handle: func(c *call) bool {
			if c.is("QUIT") {
				c.conn.(*net.TCPConn).SetLinger(0)
				c.conn.Close()
				c.hangUp()
			}
			return false
		}}, runs: all(5)},
	}
}

// stepTrials are about refusals and answers that nobody asked for.
func stepTrials() []trial {
	others := []string{letter("one"), letter("two"), letter("four"), letter("five")}
	before := func(stray string) func(*call) bool {
		return func(c *call) bool {
			if c.is("RETR") && c.n == 3 && c.session == 1 {
				c.say("%s", stray)
			}
			return false
		}
	}
	after := func(stray string) func(*call) bool {
		return func(c *call) bool {
			if c.is("RETR") && c.n == 3 && c.session == 1 {
				c.answer()
				c.say("%s", stray)
				return true
			}
			return false
		}
	}
	refuse := func(words string) func(*call) bool {
		return func(c *call) bool {
			if c.is("RETR") && c.n == 3 {
				c.say("-ERR %s", words)
				return true
			}
			return false
		}
	}
	return []trial{
		{name: "H13 one RETR is refused", server: &server{mails: five(), handle: refuse("message is broken")},
			runs: []outcome{{stored: 4, aside: 1}, {known: 4, aside: 1}}, want: others},
		{name: "one RETR is refused for now", server: &server{mails: five(), handle: refuse("[SYS/TEMP] later")},
			runs: []outcome{{stored: 4, pending: 1}, {known: 4, pending: 1}}, want: others},
		{name: "H22 stray +OK before a message", server: &server{mails: five(), handle: before("+OK stray")}, runs: all(5)},
		{name: "H22 stray -ERR before a message", server: &server{mails: five(), handle: before("-ERR stray")}, runs: all(5)},
		{name: "H22 stray +OK before a large message, always", server: &server{mails: append(five(), mail{octets: large(), uidl: "large"}), handle: func(c *call) bool {
			if c.is("RETR") && c.n == 6 {
				c.say("+OK stray")
			}
			return false
		}}, runs: []outcome{{stored: 5, aside: 1}}, want: octets(five())},
		{name: "H22 stray +OK after a message", server: &server{mails: five(), handle: after("+OK stray")}, runs: all(5)},
		{name: "H22 stray -ERR after a message", server: &server{mails: five(), handle: after("-ERR stray")}, runs: all(5)},
		{name: "a message is sent twice", server: &server{mails: ofManySizes(), handle: func(c *call) bool {
			if c.is("RETR") && c.n == 3 && c.session == 1 {
				c.answer()
			}
			return false
		}}, runs: all(5)},
		{name: "another message is sent before", server: &server{mails: ofManySizes(), handle: func(c *call) bool {
			if c.is("RETR") && c.n == 4 && c.session == 1 {
				c.send(c.mails[4].octets)
			}
			return false
		}}, runs: all(5)},
		{name: "a message is sent twice, and the next has its size", server: &server{mails: five(), handle: func(c *call) bool {
			if c.is("RETR") && c.n == 1 && c.session == 1 {
				c.answer()
			}
			return false
		}}, runs: all(5)},
		{name: "garbage in place of an answer", server: &server{mails: five(), handle: before("\x00\x01what")}, runs: all(5)},
		{name: "an answer is left out", server: &server{mails: five(), handle: func(c *call) bool {
			return c.is("RETR") && c.n == 3 && c.session == 1
		}}, runs: all(5)},
		{name: "a message is listed that is not there", server: &server{mails: five(), handle: func(c *call) bool {
			if c.n == 3 && (c.is("RETR") || c.is("UIDL") || c.is("TOP")) {
				c.say("-ERR no such message")
				return true
			}
			return false
		}}, runs: []outcome{{stored: 4, aside: 1}, {known: 4, aside: 1}}, want: others, check: func(t *testing.T, s *server) {
			if s.sessions != 2 {
				t.Errorf("%d connections in 2 runs", s.sessions)
			}
		}},
		{name: "all are refused", server: &server{mails: many(40), handle: func(c *call) bool {
			if c.is("RETR") {
				c.say("-ERR quota used up")
				return true
			}
			return false
		}}, runs: []outcome{{aside: 20, err: "21 messages in a row are refused: the server says: quota used up"}}, want: []string{}},
		{name: "sloppy status lines", server: &server{mails: five(), handle: func(c *call) bool {
			switch {
			case c.is("USER"), c.is("PASS"):
				c.say("+ok")
			case c.is("RETR"):
				c.say("+OK%d octets", len(c.mails[c.n-1].octets))
				c.w.WriteString(c.stuff(c.mails[c.n-1].octets))
				c.say(".")
			case c.is("CAPA"):
				c.say("-err")
			default:
				return false
			}
			return true
		}}, runs: all(5)},
	}
}

// ofManySizes gives five letters, each of another size.
func ofManySizes() []mail {
	ms := five()
	for i := range ms {
		ms[i].octets += strings.Repeat("more\r\n", i)
	}
	return ms
}

// large gives a message that is larger than the buffer of small.
func large() string { return letter("large") + strings.Repeat("line\r\n", 100_000) }

func many(n int) (ms []mail) {
	for i := range n {
		ms = append(ms, mail{octets: letter(fmt.Sprint("number", i)), uidl: fmt.Sprint("uid", i)})
	}
	return ms
}

// doorTrials are about signing in.
func doorTrials() []trial {
	door := func(answer string) *server {
		return &server{mails: five(), handle: func(c *call) bool {
			if c.is("PASS") {
				c.say("%s", answer)
				return true
			}
			return false
		}}
	}
	once := func(t *testing.T, s *server) {
		if got := s.commands("PASS"); len(got) != 1 {
			t.Errorf("the password was sent %d times", len(got))
		}
		if got := s.commands("QUIT"); len(got) != 1 {
			t.Errorf("QUIT was sent %d times", len(got))
		}
	}
	return []trial{
		{name: "H17 in use", server: door("-ERR [IN-USE] another session"), runs: []outcome{{err: "the server says: [IN-USE] another session"}}, want: []string{}, check: once},
		{name: "H17 in use, without a code", server: door("-ERR maildrop already locked"), runs: []outcome{{err: "the server says: maildrop already locked"}}, want: []string{}},
		{name: "H18 password refused", server: door("-ERR [AUTH] no"), runs: []outcome{{err: "sign-in refused: [AUTH] no"}}, want: []string{}, check: once},
		{name: "the server repeats the password", server: door("-ERR opensesame is wrong"), runs: []outcome{{err: "sign-in refused: (secret) is wrong"}}, want: []string{}},
		{name: "H19 no greeting", server: &server{greet: func(c *call) { c.wait() }}, runs: []outcome{{err: "sent nothing for 1s"}}, want: []string{}},
		{name: "refused at the door", server: &server{greeting: "-ERR [SYS/TEMP] overloaded"}, runs: []outcome{{err: "the server says: [SYS/TEMP] overloaded"}}, want: []string{}},
		{name: "a status line without end", server: &server{greet: func(c *call) {
			for {
				if _, err := c.w.WriteString(strings.Repeat("x", 1000)); err != nil {
					c.hangUp()
				}
			}
		}}, runs: []outcome{{err: "a status line of over 8192 octets"}}, want: []string{}},
	}
}
