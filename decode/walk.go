package decode

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"strings"

	"lostpost/decode/header"
)

// Walk yields the parts of a message in order, containers first, each with its
// octet range. It reads no body it need not read: only encoded containers are
// decoded, when their turn comes. The structure is found in one pass over the
// lines, in time that does not depend on the depth. The error is r's own, once,
// after the parts that could be read; there is no such thing as a syntax error.
//
// Files that stand inside a text (uuencode, yEnc, BinHex) are not looked for:
// Decode finds them.
//
// RFC 2045, 2046, 5322; every leniency is a QUIRK in this package with a
// message in testdata/quirks.
func Walk(r io.ReaderAt, size int64, lim Limits) iter.Seq2[*Part, error] {
	return func(yield func(*Part, error) bool) {
		st := newSession(context.Background(), lim, size)
		src := newSource(r, size)
		st.walk(src, func(p *Part) bool { return yield(p, nil) }, func() {
			if src.err != nil {
				yield(nil, src.err)
			}
		})
	}
}

// walk reads the structure of src and hands out its parts; done is called
// after the last one, unless the receiver stopped.
func (st *session) walk(src *source, yield func(*Part) bool, done func()) {
	parts := st.structure(src)
	if st.emit(parts, yield) {
		done()
	}
}

// emit hands out parts and, after each encoded container, what is in it.
func (st *session) emit(parts []*Part, yield func(*Part) bool) bool {
	for _, p := range parts {
		var inner []*Part
		if p.encoded {
			inner = st.expandPart(p)
		}
		if !yield(p) || !st.emit(inner, yield) {
			return false
		}
	}
	return true
}

// noteLimits reports at p what the structure below it lost to limits.
func (st *session) noteLimits(p *Part) {
	if st.extra > 0 && !st.late {
		p.problem(Problem{Code: LimitParts, Lost: true, Detail: fmt.Sprintf("%d more parts", st.extra)})
	}
	st.extra = 0
}

// A walker reads the structure of one source.
type walker struct {
	st     *session
	w      window
	parts  []*Part
	open   []frame
	byName map[string]int // boundary to the innermost open frame that has it
	leaf   *Part          // the body that is being read, if it is one
}

// A frame is an open container: a multipart, or a message around its content.
type frame struct {
	part     *Part
	boundary string
	named    bool   // the boundary is in byName
	outer    int    // the frame that the name meant before, -1 if none
	delims   int    // delimiter lines seen
	closed   bool   // the closing delimiter was seen
	guess    string // boundary by its looks, found before any real one
	guessAt  int64  // where its line begins, -1 if there is none
}

// structure finds the parts of src, a whole message.
func (st *session) structure(src *source) []*Part {
	k := st.newWalker(src)
	k.run(k.begin(0, nil, true))
	return k.finish()
}

func (st *session) newWalker(src *source) *walker {
	return &walker{st: st, w: window{s: src, size: windowSize, keep: 128}, byName: map[string]int{}}
}

// run reads delimiters until the source ends.
func (k *walker) run(pos int64) {
	for {
		d := k.next(pos)
		if at, ok := k.sniff(d); ok {
			pos = at
			continue
		}
		k.closeTo(d.level, d.start)
		if d.level < 0 {
			return
		}
		f := &k.open[d.level]
		if d.closing && !k.contentFollows(d.after) {
			pos = k.closing(d)
			continue
		}
		if d.closing || f.closed {
			// QUIRK: RFC 2046 section 5.1.1: nothing but the epilogue follows
			// the closing delimiter. Gateways that append a part leave it in
			// between, or write it in place of an ordinary one. We go on, with
			// boundary-after-close.
			// Test: testdata/quirks/early-close.eml, testdata/quirks/close-as-delimiter.eml
			f.closed, f.part.epilogue = false, 0
			f.part.problem(Problem{Code: BoundaryAfterClose, Offset: d.start})
		}
		if f.delims == 0 {
			f.part.preamble = [2]int64{f.part.body, d.start}
		}
		f.delims++
		pos = k.begin(d.after, f.part, false)
	}
}

// contentFollows reports whether the line at pos is a Content field.
func (k *walker) contentFollows(pos int64) bool {
	text, _ := k.w.line(pos)
	return len(text) >= 8 && bytes.EqualFold(text[:8], []byte("content-"))
}

// closing handles a closing delimiter.
func (k *walker) closing(d delimiter) int64 {
	f := &k.open[d.level]
	if f.delims == 0 {
		f.part.end = k.beforeLineEnd(d.start)
		k.wholeBody(f.part) // the opening delimiter is missing
	}
	f.closed = true
	f.delims++
	f.part.epilogue = d.after
	if f.outer >= 0 {
		// QUIRK: RFC 2046 section 5.1.2 wants boundaries in each other to
		// differ. Scripts that build mail use one constant. The inner
		// multipart has the line until it is closed, then the outer one.
		// Test: testdata/quirks/nested-same-boundary.eml
		f.part.problem(Problem{Code: BoundaryRepeated, Offset: d.start})
		k.closeTo(d.level-1, d.after)
	}
	return d.after
}

// begin reads the header of a part at pos and opens what it holds; it gives
// the octet from which delimiters are to be looked for. A message in a message
// in a message is one loop, not a recursion.
func (k *walker) begin(pos int64, parent *Part, message bool) int64 {
	k.leaf = nil
	for {
		if k.st.parts >= k.st.lim.Parts || k.st.over() {
			k.st.extra++
			return pos
		}
		k.st.parts++
		p := k.newPart(parent)
		k.readHeader(p, pos, message)
		k.describe(p)
		switch {
		case p.multipart():
			k.push(p, p.Params["boundary"])
			return p.body
		case p.nested():
			if k.encodedMessage(p) {
				p.encoded = true
				k.leaf = p
				return p.body
			}
			k.open = append(k.open, frame{part: p, outer: -1, guessAt: -1})
			parent, pos, message = p, p.body, true
		case p.signed(), p.winmail():
			p.encoded = true
			k.leaf = p
			return p.body
		default:
			k.leaf = p
			return p.body
		}
	}
}

func (k *walker) newPart(parent *Part) *Part {
	p := &Part{parent: parent, src: k.w.s, st: k.st, number: 1}
	if parent != nil {
		parent.kids++
		p.number = parent.kids
	}
	k.parts = append(k.parts, p)
	return p
}

// lead finds where the header of a message begins: after a byte order mark,
// From_ lines and empty lines before a field. header.Parse, which reads them
// again, says what they are.
func (k *walker) lead(pos int64) int64 {
	if bytes.HasPrefix(k.w.from(pos, 3), []byte("\xef\xbb\xbf")) {
		pos += 3
	}
	start := pos
	for pos < k.w.s.size {
		text, next := k.w.line(pos)
		empty, from, field := len(text) == 0, fromLine(text), fieldLike(text) // text is valid until the next line is read
		switch {
		case empty:
			pos = next
		case from && k.fieldFollows(next):
			pos, start = next, next
		case pos > start && !field:
			return start // the empty line is the whole header
		default:
			return pos
		}
	}
	return start
}

// fromLine reports whether a line can be the From_ line of an mbox.
func fromLine(text []byte) bool {
	return bytes.HasPrefix(bytes.TrimPrefix(text, []byte(">")), []byte("From "))
}

// fieldFollows reports whether the line at pos can begin a header.
func (k *walker) fieldFollows(pos int64) bool {
	text, _ := k.w.line(pos)
	return fieldLike(text) || fromLine(text)
}

// fieldLike reports whether a line looks like a header field.
func fieldLike(text []byte) bool {
	i := bytes.IndexByte(text, ':')
	if i <= 0 {
		return false
	}
	for _, c := range bytes.TrimRight(text[:i], " \t") {
		if c <= ' ' || c == 127 {
			return false
		}
	}
	return true
}

// readHeader finds the header section at pos and parses it.
func (k *walker) readHeader(p *Part, pos int64, message bool) {
	first, parse := pos, header.ParsePart
	if text, _ := k.w.line(pos); message && (p.parent == nil || len(text) > 0) {
		// An empty line before the fields is a slip of who cut the message
		// file. An enclosed message that begins with one has no fields, and
		// what follows is its text (RFC 2046 section 5.2.1).
		first, parse = k.lead(pos), header.Parse
	}
	b := k.w.s.bytes(pos, k.section(first))
	if k.w.s.eol == cr {
		b = cr.rewrite(bytes.Clone(b)) // same length: offsets hold
	}
	h, n, faults := parse(b, maxFields)
	p.Header = h
	for _, f := range faults {
		p.problem(Problem{Code: Code(f.Code), Offset: pos + f.Offset, Lost: f.Lost, Detail: f.Detail})
	}
	if n == 0 && len(b) > 0 && p.parent.multipart() {
		// QUIRK: RFC 2046 section 5.1: an empty line divides the header
		// of a part, even an empty one, from its body. Hand-written mail
		// lacks it. The part has no header, with part-header-missing.
		// Test: testdata/quirks/part-without-header.eml
		p.problem(Problem{Code: PartHeaderMissing, Offset: pos})
	}
	p.body = pos + int64(n)
	p.start = min(first, p.body)
	p.end = p.body
}

// section finds where the header at pos ends at the latest: after the first
// empty line, or at a delimiter.
func (k *walker) section(pos int64) int64 {
	dashes := 0
	for at := pos; at < k.w.s.size; {
		text, next := k.w.line(at)
		if len(text) == 0 {
			return next
		}
		if text[0] == '-' || text[0] == ' ' {
			if _, _, ok := k.match(text); ok {
				return at
			}
			// QUIRK: RFC 5322 section 2.1: an empty line ends the header.
			// Generators forget it before the first delimiter, which is then
			// known by standing in the header itself.
			// 16: each look costs the length of the header.
			// Test: testdata/quirks/delimiter-in-header.eml
			if name := delimiterText(text); len(name) > 0 && dashes < 16 {
				dashes++
				if bytes.Contains(k.w.s.bytes(pos, at), name) {
					return at
				}
			}
		}
		at = next
	}
	return k.w.s.size
}

// push opens a multipart.
func (k *walker) push(p *Part, boundary string) {
	_, declared := p.Params["boundary"]
	k.open = append(k.open, frame{part: p, outer: -1, guessAt: -1})
	if boundary = strings.TrimRight(boundary, " \t"); boundary != "" {
		k.name(len(k.open)-1, boundary)
	} else {
		p.bareDelimiter = declared
	}
}

// name gives the frame at level i its boundary.
func (k *walker) name(i int, boundary string) {
	f := &k.open[i]
	f.boundary, f.named = boundary, true
	if j, ok := k.byName[boundary]; ok {
		f.outer = j
	}
	k.byName[boundary] = i
	k.w.keep = max(k.w.keep, len(boundary)+16)
}

// closeTo ends what is open above level; at is the start of the line that ends
// it, or the end of the source.
func (k *walker) closeTo(level int, at int64) {
	end := k.beforeLineEnd(at)
	if k.leaf != nil {
		// A header may end at the delimiter itself: no line end is left over.
		end = max(k.leaf.body, end)
		k.leaf.end = end
		k.leaf = nil
	}
	for i := len(k.open) - 1; i > level; i-- {
		f := k.open[i]
		end = max(f.part.body, end)
		f.part.end = end
		if f.named {
			if f.outer >= 0 {
				k.byName[f.boundary] = f.outer
			} else {
				delete(k.byName, f.boundary)
			}
		}
		k.open = k.open[:i]
		if f.part.multipart() {
			k.ended(f)
		}
	}
}

// ended looks at a multipart that was read to its end.
func (k *walker) ended(f frame) {
	p := f.part
	switch {
	case f.delims == 0 && isEncoding(p.Encoding):
		p.encoded = true // perhaps its body is encoded as a whole
	case f.delims == 0:
		k.wholeBody(p)
	case !f.closed:
		// QUIRK: RFC 2046 section 5.1.1 wants a closing delimiter. Cut
		// messages and some gateways lack it; any outer delimiter ends it.
		// Test: testdata/quirks/no-close.eml
		p.problem(Problem{Code: BoundaryNotClosed, Offset: p.end})
		p.epilogue = p.end
	}
}

// wholeBody makes the body of a multipart without delimiters its only part.
//
// QUIRK: RFC 2046 section 5.1.1: a multipart has at least one part. Servers
// that take attachments away leave a bare text. It is read as text/plain, with
// boundary-missing. Test: testdata/quirks/no-delimiters.eml
func (k *walker) wholeBody(p *Part) {
	if len(bytes.TrimSpace(k.w.s.bytes(p.body, min(p.end, p.body+1<<16)))) == 0 {
		return
	}
	p.problem(Problem{Code: BoundaryMissing, Offset: p.body})
	if k.st.parts >= k.st.lim.Parts {
		k.st.extra++
		return
	}
	k.st.parts++
	c := k.newPart(p)
	c.start, c.body, c.end = p.body, p.body, p.end
	k.describe(c)
}

// beforeLineEnd is where the line end before at begins: it belongs to the
// delimiter (RFC 2046 section 5.1.1).
func (k *walker) beforeLineEnd(at int64) int64 {
	if at >= k.w.s.size {
		return k.w.s.size
	}
	b := k.w.before(at)
	n := len(b)
	if n > 0 && b[n-1] == k.w.s.eol.end() {
		n--
		if n > 0 && b[n-1] == '\r' && k.w.s.eol != cr {
			n--
		}
	}
	return at - int64(len(b)-n)
}

// finish gives the parts, with their ranges in octets of the message as it came.
func (k *walker) finish() []*Part {
	s := k.w.s
	if len(k.parts) > 0 {
		root := k.parts[0]
		k.st.noteLimits(root)
		switch { // these concern the source as a whole
		case s.wide != nil:
			root.problem(Problem{Code: MessageUTF16})
		case s.eol == cr:
			root.problem(Problem{Code: LineEndsCR})
		case s.eol == crcrlf:
			root.problem(Problem{Code: LineEndsCRCRLF})
		}
	}
	for _, p := range k.parts {
		p.end = min(p.end, s.size)
		p.Offset, p.Body, p.End = s.origin(p.start), s.origin(p.body), s.origin(p.end)
	}
	return k.parts
}
