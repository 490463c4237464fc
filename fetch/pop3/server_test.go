package pop3

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"lostpost/fetch/wire"
)

// A mail is one message of a scripted server.
type mail struct {
	octets string // as they are, before a dot is put before a line
	uidl   string
	size   int // that LIST gives, if not 0
}

// A server is a POP3 server that does what a test wants. Its zero value behaves.
type server struct {
	greeting string
	caps     []string // nil: CAPA is refused
	mails    []mail
	eol      string                       // "" is CRLF
	greet    func(c *call)                // in place of the greeting
	wrap     func(int, net.Conn) net.Conn // around a connection, counted from 1
	handle   func(c *call) (did bool)     // before the server's own ways
	t        *testing.T
	port     int

	mu       sync.Mutex
	sessions int
	asked    []string // all commands, "session command"
}

// A call is one command of a session.
type call struct {
	*server
	conn    net.Conn
	r       *bufio.Reader
	w       *bufio.Writer
	session int // 1 is the first
	command string
	n       int // the first argument, if it is a number
	retrs   int // RETR in this session, this one included
}

// hangUp ends a session from within handle.
type hangUp struct{}

func (c *call) hangUp() { panic(hangUp{}) }

// wait says nothing until the other side is gone.
func (c *call) wait() {
	c.w.Flush()
	io.Copy(io.Discard, c.r)
	c.hangUp()
}

func (c *call) say(format string, args ...any) {
	fmt.Fprintf(c.w, format, args...)
	c.w.WriteString(c.lineEnd())
}

func (s *server) lineEnd() string {
	if s.eol == "" {
		return "\r\n"
	}
	return s.eol
}

// start listens until the test ends.
func (s *server) start(t *testing.T) *server {
	t.Helper()
	s.t = t
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	var all sync.WaitGroup
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open[conn] = true
			mu.Unlock()
			all.Go(func() {
				s.serve(conn)
				mu.Lock()
				delete(open, conn)
				mu.Unlock()
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for c := range open {
			c.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	return s
}

func (s *server) serve(conn net.Conn) {
	defer conn.Close()
	s.mu.Lock()
	s.sessions++
	if s.wrap != nil {
		conn = s.wrap(s.sessions, conn)
	}
	c := &call{server: s, conn: conn, r: bufio.NewReader(conn), w: bufio.NewWriter(conn), session: s.sessions}
	s.mu.Unlock()
	defer func() {
		c.w.Flush()
		if p := recover(); p != nil && p != (hangUp{}) {
			panic(p)
		}
	}()
	switch {
	case s.greet != nil:
		s.greet(c)
	case s.greeting != "":
		c.say("%s", s.greeting)
	default:
		c.say("+OK ready")
	}
	for {
		if c.r.Buffered() == 0 {
			c.w.Flush()
		}
		line, err := c.r.ReadString('\n')
		if err != nil {
			return
		}
		c.command, c.n = strings.TrimRight(line, "\r\n"), 0
		fmt.Sscanf(c.command, "%s %d", new(string), &c.n)
		if c.is("RETR") {
			c.retrs++
		}
		s.mu.Lock()
		s.asked = append(s.asked, fmt.Sprint(c.session, " ", c.command))
		s.mu.Unlock()
		if s.handle != nil && s.handle(c) {
			continue
		}
		c.answer()
		if c.is("QUIT") {
			return
		}
	}
}

func (c *call) is(word string) bool {
	first, _, _ := strings.Cut(c.command, " ")
	return strings.EqualFold(first, word)
}

// answer is what a good server says.
func (c *call) answer() {
	one := c.n >= 1 && c.n <= len(c.mails)
	switch {
	case c.is("CAPA") && c.caps != nil:
		c.say("+OK")
		for _, l := range c.caps {
			c.say("%s", l)
		}
		c.say(".")
	case c.is("USER"), c.is("PASS"), c.is("QUIT"), c.is("NOOP"):
		c.say("+OK")
	case c.is("STAT"):
		c.say("+OK %d 12345", len(c.mails))
	case c.is("LIST") && one:
		c.say("+OK %d %d", c.n, c.mails[c.n-1].listed())
	case c.is("UIDL") && one:
		c.say("+OK %d %s", c.n, c.mails[c.n-1].uidl)
	case c.is("LIST"), c.is("UIDL"):
		c.say("+OK")
		for i, m := range c.mails {
			if c.is("LIST") {
				c.say("%d %d", i+1, m.listed())
			} else {
				c.say("%d %s", i+1, m.uidl)
			}
		}
		c.say(".")
	case c.is("RETR") && one:
		c.send(c.mails[c.n-1].octets)
	case c.is("TOP") && one:
		head, _, _ := strings.Cut(c.mails[c.n-1].octets, "\r\n\r\n")
		c.send(head + "\r\n\r\n")
	default:
		c.say("-ERR what")
	}
}

func (m mail) listed() int {
	if m.size != 0 {
		return m.size
	}
	return len(m.octets)
}

// send sends a message.
func (c *call) send(octets string) {
	c.say("+OK message follows")
	c.w.WriteString(c.stuff(octets))
	c.say(".")
}

// stuff puts a dot before each line that begins with one, and ends the last
// line.
func (c *call) stuff(octets string) string {
	end := c.lineEnd()
	if strings.HasPrefix(octets, ".") {
		octets = "." + octets
	}
	octets = strings.ReplaceAll(octets, end+".", end+"..")
	if octets != "" && !strings.HasSuffix(octets, end) {
		octets += end
	}
	return octets
}

// commands gives what was asked, without the session, of those that begin so.
func (s *server) commands(prefix string) (found []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.asked {
		if _, c, _ = strings.Cut(c, " "); strings.HasPrefix(c, prefix) {
			found = append(found, c)
		}
	}
	return found
}

// account is how to reach the server, with short waits.
func (s *server) account() Account {
	return Account{
		Host: "127.0.0.1", Port: s.port, User: "anna",
		Wire:   wire.Options{Security: wire.Plain, Idle: time.Second, Reply: 5 * time.Second},
		Secret: password("opensesame"),
	}
}

// small is for servers of five messages.
var small = tuning{window: 4, hold: 64 << 10, pause: time.Millisecond}

// letter makes a small message.
func letter(name string) string {
	return "Message-ID: <" + name + "@made.example>\r\nFrom: anna@made.example\r\nSubject: " + name + "\r\n\r\nThis is letter " + name + ".\r\n"
}

// five gives five letters with UIDLs.
func five() []mail {
	var ms []mail
	for _, n := range []string{"one", "two", "three", "four", "five"} {
		ms = append(ms, mail{octets: letter(n), uidl: "uid-" + n})
	}
	return ms
}

// dribble writes one octet per packet.
type dribble struct{ w io.Writer }

func (d dribble) Write(p []byte) (int, error) {
	for i := range p {
		if _, err := d.w.Write(p[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(p), nil
}
