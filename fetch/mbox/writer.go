package mbox

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"time"
)

// NewWriter writes mboxrd. The caller closes w.
func NewWriter(w io.Writer) *Writer { return &Writer{out: bufio.NewWriterSize(w, 64<<10)} }

// A Writer appends messages to an mbox file of the dialect mboxrd: a line of a
// message that begins with "From ", or with that after some ">", gets one more
// ">", so that taking one away gives the message back.
type Writer struct{ out *bufio.Writer }

// Append writes one message and, after it, the blank line that separates it
// from the next. sender is the address for the From_ line, "MAILER-DAEMON" if
// empty; received is written in UTC. Line ends stay as they are; a message
// that does not end with one gets one, because the format has no way to say
// that it is missing.
//
// The octets are in the file after Flush. Errors: those of body and of the
// file.
func (w *Writer) Append(sender string, received time.Time, body io.Reader) error {
	sender = strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f {
			return -1
		}
		return r
	}, sender)
	if sender == "" {
		sender = "MAILER-DAEMON"
	}
	w.out.WriteString("From " + sender + " " + received.UTC().Format(time.ANSIC) + "\n")
	if err := w.quote(bufio.NewReaderSize(body, 64<<10)); err != nil {
		return err
	}
	return w.out.WriteByte('\n') // a bufio.Writer keeps the first error for later
}

// quote copies lines.
func (w *Writer) quote(in *bufio.Reader) error {
	lineStart := true
	for {
		if lineStart {
			marks, err := w.quoteStart(in)
			if err != nil {
				return err
			}
			lineStart = !marks // a body may end right after them
		}
		line, err := in.ReadSlice('\n')
		if len(line) > 0 {
			w.out.Write(line)
			lineStart = line[len(line)-1] == '\n'
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			if !lineStart {
				return w.out.WriteByte('\n')
			}
			return nil
		case err != nil:
			return err
		}
	}
}

// quoteStart copies the run of ">" at the start of a line, and makes it longer
// by one if "From " follows. marks says that there was one.
func (w *Writer) quoteStart(in *bufio.Reader) (marks bool, err error) {
	for {
		next, err := in.Peek(5)
		if err != nil && !errors.Is(err, io.EOF) {
			return marks, err
		}
		if len(next) == 0 || next[0] != '>' {
			if string(next) == "From " {
				w.out.WriteByte('>')
			}
			return marks, nil
		}
		in.Discard(1)
		w.out.WriteByte('>')
		marks = true
	}
}

// Flush writes what is buffered to the file.
func (w *Writer) Flush() error { return w.out.Flush() }
