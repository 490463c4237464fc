package pop3

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"

	"lostpost/fetch"
)

// fetch takes all that is to be fetched, and what gave trouble behind it.
func (r *run) fetch(se *session) error {
	for {
		if len(r.todo) == 0 {
			r.todo, r.late = r.late, nil
			if err := r.learn(se); err != nil {
				return err
			}
		}
		if len(r.todo) == 0 {
			return nil
		}
		if se.echo == echoNone && !se.single {
			if err := se.tryEcho(r.todo[0]); err != nil {
				return err
			}
			// Without it nobody can tell whose octets come when
			// several messages are on the way.
			se.single = se.single || se.echo == echoNone
		}
		err := se.pipeline(len(r.todo), r.tune.window, r.question(se), func(i int) error {
			r.asked = true
			err := r.receive(se, r.todo[i])
			if err == nil {
				r.done()
			}
			return err
		})
		if err != nil {
			return err
		}
		r.todo, r.next = nil, 0
	}
}

// done says that todo[next] was dealt with.
func (r *run) done() {
	if r.asked {
		r.next, r.asked = r.next+1, false
	}
}

// question asks for a message, and in a pipeline for the proof that it came.
func (r *run) question(se *session) func(i int) string {
	return func(i int) string {
		it := r.todo[i]
		q := fmt.Sprintf("RETR %d\r\n", it.num)
		if !se.single {
			q += se.echo.question(it)
		}
		return q
	}
}

// receive reads the answer to one RETR and yields the message. An error is
// trouble with the connection, and then the message was not yielded, or the
// end of the run.
func (r *run) receive(se *session, it *entry) error {
	said, err := se.status()
	var no *refusal
	if errors.As(err, &no) {
		return r.refuse(se, it, no)
	}
	if err != nil {
		return err
	}
	f := se.body()
	n, _ := io.ReadFull(f, r.buf)
	switch {
	case f.err != nil:
		return se.fail(f.err)
	case !f.done:
		return r.stream(se, it, f)
	}
	se.conn.Progress()
	// One at a time, the proof costs a round trip, so it is asked for only
	// if something is strange.
	strange := it.size != int64(n) && r.sizes.usuallyRight()
	if err := se.prove(it, strange); err != nil {
		return se.fail(err)
	}
	r.gained, r.fails, r.refused = true, 0, 0
	octets := r.buf[:n]
	if doubt := r.doubt(it, said, octets); doubt != nil {
		return r.doubted(se, it, doubt, octets)
	}
	m := r.message(it)
	m.Body, m.Size = bytes.NewReader(octets), int64(n)
	return r.give(se, m)
}

// give yields a message.
func (r *run) give(se *session, m *fetch.Message) error {
	if se.lf {
		m.Traits = append(m.Traits, "framed:lf")
	}
	if !r.yield(m, nil) {
		return errLeft
	}
	return r.ctx.Err()
}

// refuse is for a message that the server will not send.
func (r *run) refuse(se *session, it *entry, no *refusal) error {
	// A stray -ERR must not pass for the answer about this message: the
	// true one would be taken for that of the next. If the echo is refused
	// as well, it is the message that the server does not know.
	err := se.prove(it, true)
	if err != nil && se.err != nil {
		return err
	}
	r.gained = true // the connection is well
	if r.refused++; r.refused > maxRefused {
		return fmt.Errorf("%d messages in a row are refused: %w", r.refused, no)
	}
	reason := error(no)
	if code := no.code(); code == "IN-USE" || code == "SYS/TEMP" || code == "" && busy(no.said) {
		reason = fmt.Errorf("%w: %w", fetch.ErrPending, no)
	}
	return r.failed(it, reason, nil)
}

// sizes counts how well the sizes in LIST foretell what comes.
type sizes struct{ exact, short int }

// usuallyRight reports whether a size that does not fit means something.
func (s sizes) usuallyRight() bool { return s.exact > 0 && s.exact >= 4*s.short }

// A doubt says why a message that came whole, as far as the protocol goes, is
// not believed.
type doubt struct {
	error
	outOfStep bool // the connection is not believed either
}

// octetsSaid finds a size behind +OK, as most servers write it.
var octetsSaid = regexp.MustCompile(`(?i)^\(?([0-9]{1,18}) (?:octets|bytes)`)

// doubt looks for signs that these are not the octets of the message.
//
// Sizes are hints: many servers count line ends as one octet, or do not count
// at all. But where they are right for all other messages, a message that is
// shorter has been cut.
func (r *run) doubt(it *entry, said string, octets []byte) *doubt {
	n := int64(len(octets))
	if it.size == n {
		if !it.again {
			r.sizes.exact++
		}
		return nil
	}
	if isStatus(octets) {
		return &doubt{errLikeAnswer, true}
	}
	if it.size < n || saysSize(said, n) {
		return nil
	}
	if !it.again {
		r.sizes.short++
	}
	reason := fmt.Errorf("the server lists %d octets and sends %d", it.size, n)
	if n == 0 || r.sizes.usuallyRight() || !it.again && r.sizes.short <= 2 {
		return &doubt{reason, false}
	}
	return nil
}

// learn fetches a few messages that are here already, to find out whether the
// server's sizes are right, if that matters and is not known.
func (r *run) learn(se *session) error {
	doubted := slices.ContainsFunc(r.todo, func(it *entry) bool { return it.again })
	for doubted && r.sizes.exact < maxSample && len(r.sample) > 0 {
		e := r.sample[0]
		r.sample = r.sample[1:]
		_, err := se.ask(fmt.Sprintf("RETR %d", e.num))
		if se.err != nil {
			return se.err
		}
		if err != nil {
			continue // refused
		}
		n, err := io.Copy(io.Discard, se.body())
		switch {
		case err != nil:
			return se.fail(err)
		case n == e.size:
			r.sizes.exact++
		case n < e.size:
			r.sizes.short++
		}
	}
	return nil
}

func saysSize(said string, n int64) bool {
	m := octetsSaid.FindStringSubmatch(said)
	return m != nil && m[1] == strconv.FormatInt(n, 10)
}

// errLikeAnswer is about octets that isStatus.
var errLikeAnswer = fmt.Errorf("%w: the message begins like one of them", errOutOfStep)

// isStatus reports whether a message begins with what is a status line of the
// server, and no header field.
func isStatus(octets []byte) bool {
	line, _, _ := bytes.Cut(octets[:min(len(octets), 100)], []byte("\n"))
	word, _, _ := bytes.Cut(bytes.TrimRight(line, "\r"), []byte(" "))
	return bytes.EqualFold(word, []byte("+OK")) || bytes.EqualFold(word, []byte("-ERR"))
}

// doubted asks once more, behind all others, and puts aside what is no better
// then, with its octets.
func (r *run) doubted(se *session, it *entry, d *doubt, octets []byte) error {
	if d.outOfStep {
		if !it.again {
			it.again = true
			return se.fail(d)
		}
		if err := r.failed(it, d, octets); err != nil {
			return err
		}
		r.done()
		return se.fail(d)
	}
	if it.again {
		return r.failed(it, d, octets)
	}
	it.again = true
	r.late = append(r.late, it)
	return nil
}

// stream hands on a message that is larger than the buffer while it comes.
func (r *run) stream(se *session, it *entry, f *frame) error {
	b := &stream{r: r, se: se, it: it, f: f, head: r.buf, n: int64(len(r.buf)), odd: isStatus(r.buf)}
	m := r.message(it)
	m.Body = b
	if b.odd && !it.again {
		it.again = true
		return se.fail(errLikeAnswer)
	}
	busy := se.busy
	se.busy = true
	err := r.give(se, m)
	r.done() // whatever becomes of it: it was yielded
	if err != nil {
		return err
	}
	b.head = nil
	io.Copy(io.Discard, b) // what was not read, and the proof
	if se.err != nil {
		return se.err
	}
	se.busy = busy
	r.gained, r.fails, r.refused = true, 0, 0
	return nil
}

// A stream is the body of a large message. It ends with io.EOF only if the
// octets are proved to be those of the message.
type stream struct {
	r    *run
	se   *session
	it   *entry
	f    *frame
	head []byte // was received before
	n    int64  // octets received
	odd  bool   // it begins like an answer of the server
	end  error
}

func (s *stream) Read(p []byte) (int, error) {
	if len(s.head) > 0 {
		n := copy(p, s.head)
		s.head = s.head[n:]
		return n, nil
	}
	if s.end != nil {
		return 0, s.end
	}
	n, err := s.f.Read(p)
	s.n += int64(n)
	if err != nil {
		s.end = s.finish(err)
		err = s.end
	}
	return n, err
}

// finish says how the message ends.
func (s *stream) finish(err error) error {
	if err == io.EOF {
		s.se.conn.Progress()
		err = s.se.prove(s.it, s.n != s.it.size && s.r.sizes.usuallyRight())
	}
	switch {
	case err != nil:
		return s.r.trouble(s.r.ctx, s.se.fail(err))
	case s.odd && s.n != s.it.size:
		return errLikeAnswer
	case s.n < s.it.size && s.r.sizes.usuallyRight():
		return fmt.Errorf("the server lists %d octets and sends %d", s.it.size, s.n)
	case s.n == s.it.size:
		s.r.sizes.exact++
	}
	return io.EOF
}
