package attach

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"runtime/debug"
	"time"
)

const (
	// childMemory bounds a process that reads PDF, in octets. Its own code and
	// a file of the largest size are in it.
	childMemory = 256 << 20

	// pdfTime is for one file. The process stops reading at softTime and gives
	// what it has; the Pool kills it at pdfTime; if even the Pool is gone, it
	// ends itself at hardTime.
	softTime, pdfTime, hardTime = 8 * time.Second, 10 * time.Second, 15 * time.Second

	maxPDF = defaultUnpacked // octets of a file
)

// A request is the size of a file in 8 octets, then the file. A reply is one of
// these, the length of what follows in 4 octets, and that: the text, or in
// place of it the reason.
const (
	replyText      = 'T'
	replyPart      = 'P' // text, but not all: the reason is in a reply after it
	replyEncrypted = 'E'
	replyLimit     = 'L'
	replyDamaged   = 'D'
)

// Serve reads PDF files from in, one after the other, and writes the text of
// each to out, until in ends. It is the whole work of a process that a Pool
// starts, and bounds that process: 256 MiB of memory, 15 s for a file. It must
// not be called in any other.
//
// Errors: those of in and out.
func Serve(in io.Reader, out io.Writer) error {
	debug.SetMemoryLimit(childMemory * 3 / 4)
	debug.SetMaxStack(16 << 20)
	limitMemory(childMemory)
	for {
		var size uint64
		if err := binary.Read(in, binary.LittleEndian, &size); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if size > maxPDF {
			return fmt.Errorf("file of %d octets", size)
		}
		file := make([]byte, size)
		if _, err := io.ReadFull(in, file); err != nil {
			return err
		}
		watch := time.AfterFunc(hardTime, func() { os.Exit(1) })
		text, err := readPDF(file, defaultTextBytes, time.Now().Add(softTime))
		watch.Stop()
		if err := answer(out, text, err); err != nil {
			return err
		}
	}
}

// answer writes the replies to one request.
func answer(out io.Writer, text string, err error) error {
	switch {
	case err == nil:
		return reply(out, replyText, text)
	case errors.Is(err, ErrEncrypted):
		return reply(out, replyEncrypted, "")
	}
	if text != "" {
		if werr := reply(out, replyPart, text); werr != nil {
			return werr
		}
	}
	if errors.Is(err, ErrLimit) {
		return reply(out, replyLimit, "")
	}
	return reply(out, replyDamaged, err.Error())
}

func reply(out io.Writer, kind byte, s string) error {
	b := make([]byte, 5, 5+len(s))
	b[0] = kind
	binary.LittleEndian.PutUint32(b[1:], uint32(len(s)))
	_, err := out.Write(append(b, s...))
	return err
}

// A Pool keeps processes that read PDF, started when they are needed. Its
// methods may be called from several goroutines.
type Pool struct {
	command func() *exec.Cmd
	limit   time.Duration // for one file
	slots   chan *child   // nil: not started
}

// NewPool makes a Pool of n processes. command names the program that calls
// Serve with its stdin and stdout; it is called for each process anew.
func NewPool(n int, command func() *exec.Cmd) *Pool {
	p := &Pool{command: command, limit: pdfTime, slots: make(chan *child, max(n, 1))}
	for range max(n, 1) {
		p.slots <- nil
	}
	return p
}

// PDF gives the text of a PDF file. Waiting for a process that is free does not
// count for the 10 s that a file has. A process that takes too long or dies is
// replaced: it costs the file that it was reading.
//
// Errors: ErrEncrypted; ErrLimit, also when the 10 s are over; ctx's; any other
// means that the file is damaged. Text may have been found all the same.
func (p *Pool) PDF(ctx context.Context, file []byte) (string, error) {
	var c *child
	select {
	case c = <-p.slots:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer func() { p.slots <- c }()
	if len(file) > maxPDF {
		return "", errors.New("too large")
	}
	if c == nil {
		var err error
		if c, err = start(p.command()); err != nil {
			return "", fmt.Errorf("start the reader of PDF: %w", err)
		}
	}
	timed, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	stop := context.AfterFunc(timed, c.kill)
	text, err, alive := c.ask(file)
	if !stop() || !alive {
		// Killed, or about to be; or it died of the file.
		c.end()
		c = nil
		switch {
		case ctx.Err() != nil:
			err = ctx.Err()
		case timed.Err() != nil:
			err = ErrLimit
		}
	}
	return text, err
}

// Close ends the processes. PDF must not be called any more.
func (p *Pool) Close() {
	for range cap(p.slots) {
		if c := <-p.slots; c != nil {
			c.end()
		}
	}
}

// A child is a process that runs Serve.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out io.Reader
}

func start(cmd *exec.Cmd) (*child, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &child{cmd, in, out}, nil
}

// kill may be called beside ask.
func (c *child) kill() { _ = c.cmd.Process.Kill() } // it has ended already: as good

// end waits for the process, which ends when its input does.
func (c *child) end() {
	_ = c.in.Close()
	timer := time.AfterFunc(time.Second, c.kill)
	defer timer.Stop()
	_ = c.cmd.Wait() // that it was killed is no news
}

// ask sends a file and reads the replies. alive is false if the process must
// not be used again.
func (c *child) ask(file []byte) (text string, err error, alive bool) {
	var size [8]byte
	binary.LittleEndian.PutUint64(size[:], uint64(len(file)))
	if _, err := c.in.Write(size[:]); err != nil {
		return "", errDied, false
	}
	if _, err := c.in.Write(file); err != nil {
		return "", errDied, false
	}
	for {
		kind, s, err := c.reply()
		if err != nil {
			return text, errDied, false
		}
		switch kind {
		case replyText:
			return s, nil, true
		case replyPart:
			text = s
		case replyEncrypted:
			return "", ErrEncrypted, true
		case replyLimit:
			return text, ErrLimit, true
		default:
			return text, errors.New(s), true
		}
	}
}

// errDied is what a file gives that ended the process.
var errDied = errors.New("the reader of PDF did not survive it")

func (c *child) reply() (kind byte, s string, err error) {
	var head [5]byte
	if _, err := io.ReadFull(c.out, head[:]); err != nil {
		return 0, "", err
	}
	n := binary.LittleEndian.Uint32(head[1:])
	// A page may end beyond the limit of text; much more is no honest reply.
	if n > min(4*defaultTextBytes, math.MaxInt32) {
		return 0, "", errDied
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(c.out, b); err != nil {
		return 0, "", err
	}
	return head[0], string(b), nil
}
