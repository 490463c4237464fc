// Package attach gets the words out of the files that people attach: PDF,
// Word, Excel and PowerPoint since 2007 (ECMA-376), OpenDocument (ISO/IEC
// 26300), RTF, HTML, plain text, and all of these inside zip, gzip and tar files. It is for
// searching: order of reading and words are kept, looks are not.
//
// Promises. Text is valid UTF-8. No input makes it panic; time, memory and
// text are bounded by Options, and what a limit cut is a Fault. A damaged file
// gives what can still be read of it. A file is known by its first octets
// (Look), its name and media type only decide where those say nothing: what is
// named a PDF and is none costs a microsecond.
//
// PDF is read in another process. Its reader is a library that panics on one
// damaged file in ten and may hang, and a goroutine cannot be ended. Serve is
// what that process runs, a Pool keeps a few of them and kills one that takes
// too long. A program that gives no Options.PDF reads everything else.
//
// It does not read pictures, Office files of before 2007, encrypted files, or
// messages inside messages (package decode walks those). Of a PDF whose table
// of objects is broken it finds no objects that are packed in others, and it
// does not read what is packed with LZW.
package attach

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"lostpost/decode/charset"
	"lostpost/decode/html"
)

// Options bounds the work and says who reads PDF. The zero value is useful.
type Options struct {
	// PDF gives the text of a PDF file; Pool.PDF does. It may give text and an
	// error: then the text is not all. nil: PDF is not read.
	//
	// Errors: ErrEncrypted; ErrLimit or ctx's if it was too much; any other
	// means that the file is damaged.
	PDF func(ctx context.Context, file []byte) (string, error)

	Charset   string        // of text that says nothing of its own, "" if not known
	Unpacked  int64         // octets that all packed files in it may take together, 0: 64 MiB
	TextBytes int           // octets of text, 0: 8 MiB
	Time      time.Duration // 0: 10 s
}

const (
	defaultUnpacked  = 64 << 20
	defaultTextBytes = 8 << 20
	defaultTime      = 10 * time.Second

	maxNesting = 8 // packed files in each other
)

// A Fault says why text of an attachment is missing or may be.
type Fault struct {
	Code   string // one of the constants below
	Lost   bool   // text could not be had
	Detail string // for people, one line, no text of the file
}

// The codes of faults, all stable.
const (
	NotRead   = "attachment-not-read"  // not what it is named as, or of a kind that is not read
	Encrypted = "attachment-encrypted" // a password is needed
	Damaged   = "attachment-damaged"   // what can be read was read
	Limit     = "limit-attachment"     // text, unpacked octets or time are cut
)

var (
	// ErrEncrypted is what Options.PDF returns for a file that needs a password.
	ErrEncrypted = errors.New("encrypted")
	// ErrLimit is what it returns if time or room for text did not suffice.
	ErrLimit = errors.New("too much")
)

// Text gives the text of a file, with "\n" line ends, and what is missing of
// it. mediaType is lower case; it and fileName may be wrong or empty. The text
// of a file inside a zip or tar file follows a line with its name.
//
// When ctx ends, Text returns what it has.
func Text(ctx context.Context, file []byte, mediaType, fileName string, opt Options) (string, []Fault) {
	if opt.Unpacked <= 0 {
		opt.Unpacked = defaultUnpacked
	}
	if opt.TextBytes <= 0 {
		opt.TextBytes = defaultTextBytes
	}
	if opt.Time <= 0 {
		opt.Time = defaultTime
	}
	ctx, cancel := context.WithTimeout(ctx, opt.Time)
	defer cancel()
	j := &job{ctx: ctx, opt: opt, room: opt.Unpacked}
	j.read(file, mediaType, fileName)
	return j.text.String(), j.faults
}

// A job is one attachment that is being read.
type job struct {
	ctx     context.Context
	opt     Options
	room    int64 // octets that may still be unpacked
	nesting int   // packed files around what is being read
	text    strings.Builder
	faults  []Fault
	late    bool
}

// fault notes what is wrong, each code once: a zip file of 1,000 encrypted
// files has one fault.
func (j *job) fault(code string, lost bool, detail string) {
	for i := range j.faults {
		if f := &j.faults[i]; f.Code == code {
			f.Lost = f.Lost || lost
			return
		}
	}
	j.faults = append(j.faults, Fault{code, lost, detail})
}

// over reports whether reading must stop.
func (j *job) over() bool {
	if !j.late && j.ctx.Err() != nil {
		j.late = true
		j.fault(Limit, true, "reading was stopped")
	}
	return j.late || j.text.Len() >= j.opt.TextBytes
}

// write adds text as far as there is room. It reports whether to go on.
func (j *job) write(s string) bool {
	s = strings.ToValidUTF8(s, "\ufffd")
	room := j.opt.TextBytes - j.text.Len()
	if len(s) <= room {
		j.text.WriteString(s)
		return true
	}
	for room > 0 && !utf8.RuneStart(s[room]) {
		room--
	}
	j.text.WriteString(s[:max(room, 0)])
	j.fault(Limit, true, fmt.Sprintf("text after %d octets", j.opt.TextBytes))
	return false
}

// line ends the line that is being written.
func (j *job) line() {
	if s := j.text.String(); s != "" && !strings.HasSuffix(s, "\n") {
		j.write("\n")
	}
}

// read reads a file of any kind.
func (j *job) read(b []byte, mediaType, fileName string) {
	kind, fault := Look(b[:min(len(b), LookAt)], mediaType, fileName)
	if fault != nil {
		j.fault(fault.Code, fault.Lost, fault.Detail)
	}
	switch kind {
	case PDF:
		j.pdf(b)
	case Zip:
		j.zip(b)
	case Gzip:
		j.gzip(b, fileName)
	case Tar:
		j.tar(b)
	case RTF:
		j.rtf(b)
	case HTML:
		j.html(b)
	case Plain:
		j.plain(b)
	}
}

// pdf has a PDF file read.
func (j *job) pdf(b []byte) {
	if j.opt.PDF == nil {
		j.fault(NotRead, true, "PDF needs a reader of its own")
		return
	}
	if j.over() {
		return
	}
	text, err := j.opt.PDF(j.ctx, b)
	switch {
	case err == nil:
	case errors.Is(err, ErrEncrypted):
		j.fault(Encrypted, true, "PDF with a password")
	case errors.Is(err, ErrLimit), j.ctx.Err() != nil:
		j.fault(Limit, true, "PDF that is too long or takes too long")
	default:
		j.fault(Damaged, true, "PDF: "+oneLine(err.Error()))
	}
	if !legible(text) {
		j.fault(NotRead, true, "PDF whose letters have no meaning")
		return
	}
	j.write(text)
}

// legible reports whether at most a fifth of a text is controls and U+FFFD. A
// PDF may have fonts that say how letters look and not what they are.
func legible(text string) bool {
	bad, n := 0, 0
	for _, r := range text {
		n++
		if r == utf8.RuneError || r < ' ' && r != '\n' && r != '\t' && r != '\f' || 0x7f <= r && r < 0xa0 {
			bad++
		}
	}
	return bad*5 <= n
}

func (j *job) html(b []byte) {
	label := html.Charset(b)
	text := charset.Decode(b, label, j.opt.Charset).Text
	var out strings.Builder
	cut, _ := html.Text(&out, text, html.Options{Max: j.opt.TextBytes}) // a Builder gives no error
	if j.write(out.String()) && cut {
		j.fault(Limit, true, "HTML cut")
	}
}

func (j *job) plain(b []byte) {
	// Charsets of up to four octets a character; what is beyond is cut anyway.
	b = b[:min(len(b), 4*j.opt.TextBytes+4)]
	j.write(unixLines(strings.TrimPrefix(charset.Decode(b, "", j.opt.Charset).Text, "\ufeff")))
}

func unixLines(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// oneLine makes a short single line of the message of another library.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	if len(s) > 80 {
		s = strings.ToValidUTF8(s[:80], "")
	}
	return s
}
