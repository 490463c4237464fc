package decode

import (
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"

	"lostpost/decode/header"
	"lostpost/decode/transfer"
)

// A Part is a node of the MIME tree. Offsets are octets from the start of the
// outermost message, or of the decoded container if Path contains "/".
// A part without children is a leaf.
//
// A Part may be used as long as the reader that it came from. It is not safe
// for concurrent use.
type Part struct {
	Header     header.Header
	Offset     int64  // of the first header octet
	Body       int64  // of the first body octet
	End        int64  // one past the last body octet
	MediaType  string // lower case, "text/plain" if none is given
	Params     map[string]string
	Encoding   string   // as read after repair: "base64", "quoted-printable", ...
	Charset    string   // used, IANA preferred name; "" if not text. Before the text was read: what the label means
	Declared   string   // charset as the sender wrote it
	Languages  []string // of a text that Decode read, as declared, in lower case: "de-at"; never guessed
	Name       string   // decoded, on one line, as the sender gave it: to be shown, never to be opened
	FileName   string   // the last element of Name, to write a file
	Attachment bool
	Problems   []Problem

	st     *session
	src    *source
	parent *Part
	number int // among its siblings, from 1
	kids   int

	start, body, end int64 // as Offset, Body, End, in octets of src

	encoded       bool     // a container whose body must be decoded before it can be read
	bareDelimiter bool     // the boundary is declared, and empty
	preamble      [2]int64 // octets before the first delimiter
	epilogue      int64    // first octet after the last delimiter, 0 if there is none
	file          []byte   // octets of a file that stood inside a text
	inText        bool     // it is such a file, or text outside the parts
	bodyRead      bool     // the faults of its transfer encoding are noted
	textRead      bool     // those of its text too
	rest          []byte   // text behind the end of its base64
	blocks        []*Part  // files that stand in this text
	order         int      // its place in Message.Parts
	option        bool     // it is, or is in, one of several alternatives

	unpacked bool // it lay in a TNEF stream
	itemBody bool // it is the body of one

	foreign bool   // it was read by another decoder
	source  string // and this is its text
}

// Path is the IMAP part number "1.2.1" (RFC 3501 section 6.4.5); "/" steps
// into a decoded container or to a file that stands inside a text. The
// outermost multipart has the path "", a multipart right inside an attached
// message the path of the message. It is built when asked for: at 10,000
// levels it is 20 kB long.
func (p *Part) Path() string {
	var steps []string // last first: number, separator, number, ...
	for q := p; q != nil; q = q.parent {
		if q.multipart() && (q.parent == nil || q.parent.nested()) {
			// Not numbered: its parts are numbered in its place. If it is
			// the content of a decoded message, its parts are behind a "/".
			if q.parent != nil && q.src != q.parent.src && len(steps) > 0 {
				steps[len(steps)-1] = "/"
			}
			continue
		}
		sep := "."
		if q.inText || q.parent != nil && q.src != q.parent.src {
			sep = "/"
		}
		steps = append(steps, strconv.Itoa(q.number), sep)
	}
	if len(steps) == 0 {
		return ""
	}
	if steps[len(steps)-1] == "." {
		steps = steps[:len(steps)-1]
	}
	slices.Reverse(steps)
	return strings.Join(steps, "")
}

// Leaf reports whether the octets of the part are content. A file that was
// opened for what is in it, such as winmail.dat, is a leaf, though parts with a
// path below its own follow it.
func (p *Part) Leaf() bool { return p.kids == 0 }

// Parent is the part that this one lies in, or nil.
func (p *Part) Parent() *Part { return p.parent }

// Open gives the part's octets with the transfer encoding undone. Its Read
// fails only as the reader below does. What had to be repaired stands in
// Problems once the octets were read to their end.
func (p *Part) Open() io.Reader {
	r, t := p.open()
	if t == nil {
		return r
	}
	return &notingReader{p, t}
}

// A notingReader notes at its end what the transfer encoding lacked.
type notingReader struct {
	p *Part
	t *transfer.Reader
}

func (n *notingReader) Read(b []byte) (int, error) {
	k, err := n.t.Read(b)
	if err != nil {
		n.p.noteTransfer(n.t)
	}
	return k, err
}

// noteTransfer adds the faults of a body that was read, once.
func (p *Part) noteTransfer(t *transfer.Reader) {
	if p.bodyRead {
		return
	}
	p.bodyRead = true
	for _, f := range t.Faults() {
		p.problem(Problem{Code: Code(f.Code), Offset: p.Body + f.Offset, Lost: f.Lost, Detail: f.Detail})
	}
}

// open is Open; t is nil if nothing has to be undone.
func (p *Part) open() (r io.Reader, t *transfer.Reader) {
	if p.file != nil {
		return bytes.NewReader(p.file), nil
	}
	r = p.src.section(p.body, p.end)
	if !isEncoding(p.Encoding) || p.kids > 0 && !p.encoded {
		return r, nil
	}
	t = transfer.NewReader(p.Encoding, r)
	t.Expect(p.MediaType)
	return t, t
}

// Size is the number of octets of the body as it stands, before decoding.
func (p *Part) Size() int64 {
	if p.file != nil {
		return int64(len(p.file))
	}
	return p.End - p.Body
}

// multipart reports whether the part is made of parts; p may be nil.
func (p *Part) multipart() bool {
	return p != nil && (strings.HasPrefix(p.MediaType, "multipart/") || p.MediaType == "multipart")
}

// nested reports whether the body is a message.
func (p *Part) nested() bool {
	switch p.MediaType {
	case "message/rfc822", "message/global", "message/news":
		return true
	case "message/partial":
		return p.Params["number"] == "1"
	}
	return false
}

// signed reports whether the body can be an opaque signed message. Gateways
// forget the media type; then the name says it (RFC 8551 section 3.2.1).
func (p *Part) signed() bool {
	switch p.MediaType {
	case "application/pkcs7-mime", "application/x-pkcs7-mime":
		return true
	case "application/octet-stream":
		return strings.HasSuffix(strings.ToLower(p.FileName), ".p7m")
	}
	return false
}

// isText reports whether the part has text to show.
func (p *Part) isText() bool {
	if p.kids > 0 || p.file != nil && !p.foreign {
		return false
	}
	return strings.HasPrefix(p.MediaType, "text/") ||
		strings.HasPrefix(p.MediaType, "message/") && !p.nested() ||
		p.isRTF() && !p.Attachment
}

func (p *Part) problem(q Problem) {
	q.Part = p
	p.Problems = append(p.Problems, q)
}

// isEncoding reports whether an encoding changes the octets.
func isEncoding(name string) bool {
	switch name {
	case "", "7bit", "8bit", "binary":
		return false
	}
	return true
}
