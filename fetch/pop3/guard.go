package pop3

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"lostpost/fetch/wire"
)

// maxStatus bounds a status line, in octets. RFC 2449 section 4 has 512.
const maxStatus = 8 << 10

// errOutOfStep says that what came is no answer to what was asked. Nothing
// that follows on the connection can be trusted.
var errOutOfStep = errors.New("the server's answers do not fit the questions")

// errSilentEnd says that the server closed the connection.
var errSilentEnd = errors.New("the server ended the connection")

// A refusal is an answer -ERR, in the server's words.
type refusal struct{ said string }

func (e *refusal) Error() string { return "the server says: " + e.said }

// code gives the response code in brackets (RFC 2449 section 8), in capitals,
// or "".
func (e *refusal) code() string {
	if !strings.HasPrefix(e.said, "[") {
		return ""
	}
	code, _, ok := strings.Cut(e.said[1:], "]")
	if !ok {
		return ""
	}
	return strings.ToUpper(code)
}

// A guard stands between go-pop3 and the server. It is the net.Conn that
// go-pop3 is given to do the simple dialogue on: what is written goes to the
// server, and what is read is one clean status line for each command. Lists
// and messages never pass through go-pop3, which takes LF "." LF for the end
// of a message and one bad line for the end of a list.
//
// A guard that has failed once stays so: err says why.
type guard struct {
	conn *wire.Conn
	r    *bufio.Reader
	err  error // why nothing more can be done on this connection

	// QUIRK: RFC 1939 section 3 ends every line with CRLF. Some home-made
	// servers end all with LF, and would never end a message for a strict
	// reader. A server is taken for one if its greeting and every status
	// line so far ended so; for it LF "." LF ends a message, and its
	// messages have the trait "framed:lf". Test: TestHostile/H21.
	lf bool

	optional string // the command whose answer is awaited, if all mail can be had without it
	shuns    shuns  // of the server, kept from one connection to the next

	asked  int    // commands of go-pop3 whose answers it has not read
	replay []byte // of the present answer, for go-pop3
}

func newGuard(conn *wire.Conn) *guard {
	return &guard{conn: conn, r: bufio.NewReaderSize(conn, 64<<10), lf: true, shuns: shuns{}}
}

// How long a server may be silent where that means more than that it is slow:
// before its greeting and in optional commands, and in the middle of a message
// (H10, H19). Elsewhere wire.Options.Idle holds.
const (
	patienceToBegin = 20 * time.Second
	patienceInBody  = 15 * time.Second
)

// shuns counts by command how often a server ended the connection or fell
// silent over one. All mail can be had without these commands, so after once
// too often they are not sent to it again in the same run.
type shuns map[string]int

// has reports whether a command is not to be sent. Without the names that LIST,
// UIDL and TOP give, all mail is downloaded again, so one connection that ends
// over them may be bad luck.
func (s shuns) has(what string) bool {
	switch what {
	case "LIST", "UIDL", "TOP":
		return s[what] > 1
	}
	return s[what] > 0
}

// count is how often there was something to learn.
func (s shuns) count() (n int) {
	for _, k := range s {
		n += k
	}
	return n
}

// shunEcho stands for UIDL and LIST with a number, see echo.
const shunEcho = "UIDL n"

// try asks for something that can be done without, unless the server shuns it.
func (g *guard) try(what string, do func() error) error {
	if g.shuns.has(what) {
		return &refusal{"the server does not bear " + what}
	}
	g.optional = what
	err := do()
	g.optional = ""
	return err
}

// Dial gives go-pop3 the guard itself: it was dialled before, and the greeting
// read. go-pop3 gets a greeting of ours.
func (g *guard) Dial(string, string) (net.Conn, error) {
	g.replay = []byte("+OK\r\n")
	return g, nil
}

// Write sends the command lines of go-pop3.
func (g *guard) Write(p []byte) (int, error) {
	g.asked += bytes.Count(p, []byte("\n"))
	if err := g.send(string(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Read gives go-pop3 one status line for each of its commands.
func (g *guard) Read(p []byte) (int, error) {
	if len(g.replay) == 0 {
		if g.asked == 0 {
			return 0, io.EOF // it asked nothing
		}
		g.asked--
		said, err := g.status()
		var no *refusal
		switch {
		case err == nil:
			g.replay = []byte("+OK " + said + "\r\n")
		case errors.As(err, &no):
			g.replay = []byte("-ERR " + no.said + "\r\n")
		default:
			return 0, err
		}
	}
	n := copy(p, g.replay)
	g.replay = g.replay[n:]
	return n, nil
}

// The rest of net.Conn. wire.Conn sets the deadlines itself.

func (g *guard) Close() error                     { return g.conn.Close() }
func (g *guard) LocalAddr() net.Addr              { return g.conn.LocalAddr() }
func (g *guard) RemoteAddr() net.Addr             { return g.conn.RemoteAddr() }
func (g *guard) SetDeadline(time.Time) error      { return nil }
func (g *guard) SetReadDeadline(time.Time) error  { return nil }
func (g *guard) SetWriteDeadline(time.Time) error { return nil }

// fail makes err the end of the connection.
func (g *guard) fail(err error) error {
	if g.err != nil {
		return g.err
	}
	var silent *wire.TimeoutError
	ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	switch {
	case g.optional == "":
	case errors.As(err, &silent):
		g.shuns[g.optional] += 2 // that is no bad luck
	case ended, errors.Is(err, syscall.ECONNRESET):
		g.shuns[g.optional]++
	}
	if ended {
		err = errSilentEnd
	}
	g.err = err
	return g.err
}

// send sends whole command lines.
func (g *guard) send(lines string) error {
	if g.err != nil {
		return g.err
	}
	for line := range strings.Lines(lines) {
		if len(line) > 5 && strings.EqualFold(line[:5], "PASS ") {
			line = "PASS (secret)"
		}
		g.conn.LogSent(line)
	}
	if _, err := io.WriteString(g.conn, lines); err != nil {
		return g.fail(err)
	}
	return nil
}

// line reads one line and takes its end away.
func (g *guard) line() (string, error) {
	if g.err != nil {
		return "", g.err
	}
	g.conn.Patience(0)
	if g.optional != "" {
		g.conn.Patience(patienceToBegin)
	}
	var b []byte
	for {
		part, err := g.r.ReadSlice('\n')
		b = append(b, part...)
		if len(b) > maxStatus {
			return "", g.fail(fmt.Errorf("%w: a status line of over %d octets", errOutOfStep, maxStatus))
		}
		if err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return "", g.fail(err)
		}
	}
	b = b[:len(b)-1]
	if n := len(b); n > 0 && b[n-1] == '\r' {
		g.lf = false
		b = b[:n-1]
	}
	g.conn.Progress()
	g.conn.LogReceived(string(b))
	return string(b), nil
}

// status reads a status line: nil or a *refusal, and what the server said. Any
// other error ends the connection.
func (g *guard) status() (said string, err error) {
	line, err := g.line()
	if err != nil {
		return "", err
	}
	return g.judge(line)
}

// judge reads a line as a status line.
func (g *guard) judge(line string) (said string, err error) {
	// QUIRK: RFC 1939 section 3 has +OK and -ERR in capitals, then a space.
	// Small servers write them in lower case, or without the space. Test:
	// TestHostile/sloppy status lines.
	switch {
	case len(line) >= 3 && strings.EqualFold(line[:3], "+OK"):
		return strings.TrimSpace(line[3:]), nil
	case len(line) >= 4 && strings.EqualFold(line[:4], "-ERR"):
		said = g.conn.Scrub(strings.TrimSpace(line[4:]))
		if said == "" {
			said = "no, without a reason"
		}
		return "", &refusal{said}
	}
	return "", g.fail(fmt.Errorf("%w: %q is no answer", errOutOfStep, g.conn.Scrub(line)))
}

// ask sends one command and reads its status line.
func (g *guard) ask(command string) (said string, err error) {
	if err := g.send(command + "\r\n"); err != nil {
		return "", err
	}
	return g.status()
}

// body reads the multi-line part of an answer, behind the status line.
func (g *guard) body() *frame {
	g.conn.Patience(patienceInBody)
	return newFrame(g.r, g.lf)
}

// idle reports an answer that nobody asked for, if one was received by now.
func (g *guard) idle() error {
	if g.err == nil && g.r.Buffered() > 0 {
		return g.fail(fmt.Errorf("%w: one came that nobody asked for", errOutOfStep))
	}
	return g.err
}
