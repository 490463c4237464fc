package pop3

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lostpost/archive"
	"lostpost/fetch"
)

// An outcome is what one run must come to.
type outcome struct {
	stored, known, duplicate, aside, pending, vanished int64
	err                                                string // part of the error that ends the run; "" for none
}

// A trial is one row of the list of bad servers.
type trial struct {
	name   string
	server *server
	runs   []outcome
	want   []string // octets of all messages after the last run; nil: those of the server
	check  func(*testing.T, *server)
	change func(*server, int) // before each run, counted from 1
}

var pipelining = []string{"TOP", "UIDL", "USER", "PIPELINING"}

func all(n int64) []outcome { return []outcome{{stored: n}, {known: n}} }

func TestHostile(t *testing.T) {
	for _, tr := range trials() {
		for _, caps := range [][]string{nil, pipelining} {
			name := tr.name
			if caps != nil {
				name += ", pipelining"
			}
			t.Run(name, func(t *testing.T) {
				again := tr.fresh()
				if again.server.caps == nil {
					again.server.caps = caps
				}
				again.run(t)
			})
		}
	}
}

// fresh gives the same trial with a server of its own.
func (tr trial) fresh() trial {
	for _, other := range trials() {
		if other.name == tr.name {
			return other
		}
	}
	panic(tr.name)
}

func (tr trial) run(t *testing.T) {
	t.Parallel()
	s := tr.server.start(t)
	w := openArchive(t, t.TempDir())
	for i, want := range tr.runs {
		if tr.change != nil {
			s.mu.Lock()
			tr.change(s, i+1)
			s.mu.Unlock()
		}
		start := time.Now()
		var rep fetch.Report
		src, err := newSource(t.Context(), s.account(), fetch.Options{}, small)
		if err == nil {
			rep, err = fetch.Run(t.Context(), src, w, fetch.Options{})
		}
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("run %d took %v", i+1, d)
		}
		got := outcome{rep.Stored, rep.Known, rep.Duplicate, rep.Quarantined, rep.Pending, rep.Vanished, want.err}
		if err != nil || want.err != "" {
			if err == nil || want.err == "" || !strings.Contains(err.Error(), want.err) {
				t.Errorf("run %d: error %v, want one with %q", i+1, err, want.err)
			}
		}
		if got != want {
			t.Errorf("run %d: got %+v, want %+v; %v %v", i+1, got, want, rep.Failures, s.commands(""))
		}
	}
	octets := tr.want
	if octets == nil {
		for _, m := range s.mails {
			octets = append(octets, m.octets)
		}
	}
	stored(t, w, octets)
	if tr.check != nil {
		tr.check(t, s)
	}
}

// stored checks that the archive has exactly these messages, each once.
func stored(t *testing.T, w *archive.Writer, octets []string) {
	t.Helper()
	want := map[archive.ID]string{}
	for _, o := range octets {
		want[sha256.Sum256([]byte(o))] = o
	}
	for e, err := range w.List(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := want[e.ID]; !ok {
			t.Errorf("a message of %d octets is stored that the server does not have, from %s", e.Size, e.Places[0].Origin)
		}
		delete(want, e.ID)
	}
	for _, o := range want {
		t.Errorf("not stored: %.200q", o)
	}
}

// trials are the rows. Each call makes servers of their own.
func trials() []trial {
	return slices.Concat(bodyTrials(), listTrials(), brokenTrials(), stepTrials(), doorTrials())
}

// bodyTrials are about the octets of messages.
func bodyTrials() []trial {
	forged := "Subject: cut\r\n\r\nhello\n.\n+OK 120 octets\r\nSubject: forged\r\n\r\nnot from the server\r\n"
	dots := "Subject: dots\r\n\r\n.\r\n..\r\n.a\r\n\r\n...\r\nx.\r\n.\r\n\r\n\r\n"
	bytes := "\xEF\xBB\xBFSubject: a\x00b\r\n\r\nbare\rCR\r\r\nand \xff\xfe\r\r\n\n\r\n"
	long := "X-Long: " + strings.Repeat("h", 300<<10) + "\r\n\r\n" + strings.Repeat(".", 3<<20) + "\r\n"
	lf := "Subject: of LF\n\nline\n.dot\n..\nlast\n"
	return []trial{
		{name: "H1 LF dot LF in a body", server: &server{mails: append(five()[:2], mail{octets: forged, uidl: "f"}, mail{octets: letter("after"), uidl: "a"})}, runs: all(4)},
		{name: "H2 dots", server: &server{mails: []mail{{octets: dots, uidl: "1"}, {octets: ".first\r\n" + dots, uidl: "2"}, {octets: ".\r\n", uidl: "3"}}}, runs: all(3)},
		{name: "H3 odd octets", server: &server{mails: []mail{{octets: bytes, uidl: "1"}, {octets: letter("x"), uidl: "2"}}}, runs: all(2)},
		{name: "H16 long lines", server: &server{mails: []mail{{octets: long, uidl: "1"}, {octets: letter("x"), uidl: "2"}}}, runs: all(2)},
		{name: "H21 LF only", server: &server{eol: "\n", mails: []mail{{octets: lf, uidl: "1"}, {octets: "Subject: y\n\n.\n", uidl: "2"}}}, runs: all(2)},
		{name: "H23 one octet per packet", server: &server{mails: five()[:2], handle: func(c *call) bool {
			if c.w.Available() == c.w.Size() {
				c.w = bufio.NewWriterSize(dribble{c.conn}, 16)
			}
			return false
		}}, runs: all(2)},
		{name: "H24 nearly nothing", server: &server{mails: []mail{{uidl: "0"}, {octets: "\r\n", uidl: "1"}, {octets: letter("x"), uidl: "2"}}}, runs: all(3)},
		{name: "H24 nothing in place of a message", server: &server{mails: []mail{{octets: letter("x"), uidl: "0"}, {uidl: "1", size: 900}}},
			runs: []outcome{{stored: 1, aside: 1}, {known: 1, aside: 1}}, want: []string{letter("x")}},
		{name: "H15 wrong sizes", server: &server{mails: wrongSizes(), handle: func(c *call) bool {
			if c.is("RETR") {
				c.say("+OK 7 octets")
				c.w.WriteString(c.mails[c.n-1].octets)
				c.say(".")
				return true
			}
			if c.is("STAT") {
				c.say("+OK 5 1")
				return true
			}
			return false
		}}, runs: all(5)},
		{name: "a cut message where sizes are right", server: &server{mails: append(five(), mail{octets: "Subject: cut\r\n\r\nhal\r\n", uidl: "cut", size: 40960})},
			runs: []outcome{{stored: 5, aside: 1}, {known: 5, aside: 1}}, want: octets(five())},
		{name: "a message that begins like an answer", server: &server{mails: append(five(), mail{octets: "+OK 12 octets\r\nSubject: odd\r\n\r\nx\r\n", uidl: "odd"})}, runs: all(6)},
	}
}

func octets(ms []mail) (os []string) {
	for _, m := range ms {
		os = append(os, m.octets)
	}
	return os
}

func wrongSizes() []mail {
	ms := five()
	for i := range ms {
		ms[i].size = 10_000 + i
	}
	return ms
}

// listTrials are about LIST and UIDL.
func listTrials() []trial {
	list := func(which string, lines ...string) func(*call) bool {
		return func(c *call) bool {
			if c.command != which {
				return false
			}
			c.say("+OK")
			for _, l := range lines {
				c.say("%s", l)
			}
			c.say(".")
			return true
		}
	}
	same := five()
	for i := range same {
		same[i].uidl = "one-for-all"
		same[i].octets = strings.ReplaceAll(same[i].octets, "letter", "L")
		same[i].octets += strings.Repeat("x", 200-len(same[i].octets)-2) + "\r\n"
	}
	none := five()
	for i := range none {
		none[i].uidl = ""
	}
	refuse := func(words ...string) func(*call) bool {
		return func(c *call) bool {
			for _, w := range words {
				if c.is(w) {
					c.say("-ERR unknown command")
					return true
				}
			}
			return false
		}
	}
	endless := func(which string) func(*call) bool {
		return func(c *call) bool {
			if c.command != which {
				return false
			}
			c.say("+OK")
			for i := 1; ; i++ {
				if _, err := fmt.Fprintf(c.w, "%d %d\r\n", i, i); err != nil {
					c.hangUp()
				}
			}
		}
	}
	return []trial{
		{name: "H4 odd lines in LIST", server: &server{mails: five(), handle: list("LIST", "1   120", "", "x y", "3", "2\t77", "4 many", "5 9 9 9")}, runs: all(5)},
		{name: "H4 odd lines in UIDL", server: &server{mails: five(), handle: list("UIDL", "1  a", "", "2 b c", "garbage", "4", "5 e")}, runs: all(5)},
		{name: "LIST is cut short", server: &server{mails: five(), handle: list("LIST", "1 100")}, runs: all(5)},
		{name: "LIST and UIDL are cut short", server: &server{mails: five(), handle: func(c *call) bool {
			return list("LIST", "1 100")(c) || list("UIDL", "1 a")(c)
		}}, runs: []outcome{{stored: 5}, {known: 5}}},
		{name: "H5 empty UIDL", server: &server{mails: none}, runs: all(5)},
		{name: "H6 one UIDL for all", server: &server{mails: same}, runs: all(5)},
		{name: "H7 UIDLs change", server: &server{mails: five()}, change: func(s *server, run int) {
			for i := range s.mails {
				s.mails[i].uidl = fmt.Sprint("run", min(run, 2), "-", i)
			}
		}, runs: []outcome{{stored: 5}, {duplicate: 5}, {known: 5}}},
		{name: "H8 a UIDL comes back", server: &server{mails: five()[:2]}, change: func(s *server, run int) {
			if run == 2 {
				s.mails = []mail{{octets: letter("another, longer"), uidl: "uid-one"}, s.mails[1]}
			}
		}, runs: []outcome{{stored: 2}, {stored: 1, known: 1}}, want: []string{letter("one"), letter("two"), letter("another, longer")}},
		{name: "H9 no UIDL, TOP, CAPA", server: &server{mails: five(), handle: refuse("UIDL", "TOP")}, runs: []outcome{{stored: 5}, {duplicate: 5}}},
		{name: "no LIST either", server: &server{mails: five(), handle: refuse("UIDL", "TOP", "LIST")}, runs: []outcome{{stored: 5}, {duplicate: 5}}},
		{name: "STAT refused", server: &server{mails: five(), handle: refuse("STAT")}, runs: all(5)},
		{name: "no UIDL, but TOP", server: &server{mails: five(), handle: refuse("UIDL")}, runs: all(5)},
		{name: "H25 LIST without end", server: &server{mails: five(), handle: endless("LIST")}, runs: []outcome{{err: "a list of over 1010 lines"}}, want: []string{}},
		{name: "H25 UIDL without end", server: &server{mails: five(), handle: endless("UIDL")}, runs: []outcome{{err: "a list of over 1010 lines"}}, want: []string{}},
		{name: "empty mailbox", server: &server{}, runs: all(0), check: func(t *testing.T, s *server) {
			if got := s.commands("QUIT"); len(got) != 2 {
				t.Errorf("QUIT was sent %d times in 2 runs", len(got))
			}
		}},
	}
}
