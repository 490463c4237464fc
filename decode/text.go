package decode

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"lostpost/decode/charset"
	"lostpost/decode/html"
	"lostpost/decode/transfer"
)

// Text writes the part as UTF-8 text with "\n" line ends, at most
// Limits.TextBytes octets: HTML, RTF, text/enriched, calendars and visiting
// cards as a reader sees them, flowed lines joined (RFC 3676), of PGP armour
// what it is, files that stand inside the text left out, what stands behind the
// end of base64 as a paragraph of its own. Parts that are no text write
// nothing. Reading notes what it repaired in Problems, once.
//
// Errors: w's own, that of the message's reader, ctx's.
func (p *Part) Text(ctx context.Context, w io.Writer) error {
	src, err := p.Source(ctx)
	if text := p.render(ctx, src); text != "" {
		if _, werr := io.WriteString(w, text); werr != nil {
			return werr
		}
	}
	return err
}

// Source gives the Unicode text of a text leaf as its sender wrote it, with
// "\n" line ends: HTML and RTF as source, flowed lines not joined (but for
// breaks with delsp inside a text of Chinese or Japanese, which are no white
// space), files that stand inside the text and what stands behind the end of
// base64 left out. It is "" for parts that are no text.
//
// Errors: that of the message's reader, ctx's; the text is then what was read
// so far.
func (p *Part) Source(ctx context.Context) (string, error) {
	if !p.isText() {
		return "", nil
	}
	if p.foreign {
		return p.source, nil
	}
	if p.MediaType == "message/external-body" {
		return "", nil // what stands there is "not really the body" (RFC 2046 section 5.2.3)
	}
	b, err := p.octets(ctx)
	b = p.cutBlocks(b)
	label, hint := p.Declared, p.st.hint
	if p.src.wide != nil && !isEncoding(p.Encoding) {
		label = "utf-8"
	}
	if p.MediaType == "text/html" {
		if m := html.Charset(b); m != "" {
			switch {
			case label != "":
				hint = m
			case !utf8.Valid(b) || !oneOctet(m): // UTF-8 is never so by chance: the page was converted
				label = m
			}
		}
	}
	r := charset.Decode(b, label, hint)
	if !p.textRead {
		p.textRead = true
		p.Charset = r.Used
		for _, f := range r.Faults {
			p.problem(Problem{Code: Code(f.Code), Offset: p.Body, Lost: f.Lost, Detail: f.Detail})
		}
	}
	text := unixLines(strings.TrimPrefix(r.Text, "\ufeff"))
	if flowed, delsp := p.flowed(); flowed && delsp {
		text = joinUnspaced(text)
	}
	return text, err
}

// octets reads the body, decoded, at most Limits.TextBytes.
func (p *Part) octets(ctx context.Context) ([]byte, error) {
	if p.start == p.end || p.body == p.end {
		return nil, nil
	}
	most := p.st.lim.TextBytes
	if p.src.mem != nil && p.src.eol == lf && !isEncoding(p.Encoding) {
		b := p.src.bytes(p.body, p.end)
		if int64(len(b)) > most {
			b = b[:most]
			p.once(Problem{Code: LimitText, Offset: p.Body + most, Lost: true})
		}
		return b, nil
	}
	r, t := p.open()
	b, err := readAll(io.LimitReader(&ctxReader{ctx, p.st, r}, most+1), min(most, p.end-p.body))
	if int64(len(b)) > most {
		b = b[:most]
		p.once(Problem{Code: LimitText, Offset: p.End, Lost: true})
	}
	if t != nil {
		p.rest = t.Rest()
		p.noteTransfer(t)
	}
	if p.src.err != nil && err == nil {
		err = p.src.err
	}
	return b, err
}

// once notes a Problem of reading the body, the first time it is read.
func (p *Part) once(q Problem) {
	if !p.textRead {
		p.problem(q)
	}
}

// A ctxReader ends when the context or the session's time does.
type ctxReader struct {
	ctx context.Context
	st  *session
	r   io.Reader
}

func (c *ctxReader) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	if c.st.over() {
		return 0, io.EOF // the session reports limit-time
	}
	return c.r.Read(b)
}

// cutBlocks takes the files out of a text and makes parts of them.
//
// QUIRK: uuencode (POSIX), yEnc and BinHex (RFC 1741) know no MIME: the file
// stands inside the text. Mail before MIME and Usenet gateways have them. They
// become attachments, with text-inline-file. Test: testdata/quirks/uuencode.eml
func (p *Part) cutBlocks(b []byte) []byte {
	if p.MediaType != "text/plain" || !mayHoldBlocks(b) {
		return b
	}
	blocks := transfer.Blocks(b, maxBlocks)
	if len(blocks) == 0 {
		return b
	}
	var out []byte
	at := 0
	for i, f := range blocks {
		out = append(out, b[at:f.Start]...)
		at = f.End
		if p.textRead {
			continue
		}
		c := &Part{
			Offset: p.Offset, Body: p.Body, End: p.End,
			MediaType: "application/octet-stream", Encoding: f.Encoding,
			Name: displayName(f.Name), FileName: baseName(f.Name), Attachment: true,
			st: p.st, src: p.src, parent: p, number: i + 1,
			file: f.Data, inText: true,
		}
		c.problem(Problem{Code: TextInBlock, Offset: p.Body})
		for _, t := range f.Faults {
			c.problem(Problem{Code: Code(t.Code), Offset: p.Body, Lost: t.Lost, Detail: t.Detail})
		}
		p.blocks = append(p.blocks, c)
	}
	return append(out, b[at:]...)
}

// mayHoldBlocks is a quick look for the first lines of the three encodings.
func mayHoldBlocks(b []byte) bool {
	return bytes.HasPrefix(b, []byte("begin ")) || bytes.Contains(b, []byte("\nbegin ")) ||
		bytes.Contains(b, []byte("=ybegin ")) || bytes.Contains(b, []byte("BinHex"))
}

// external is the line that stands for a body that is elsewhere (RFC 2046
// section 5.2.3).
func (p *Part) external() string {
	var b strings.Builder
	b.WriteString("[not in this message")
	for _, name := range [...]string{"access-type", "url", "site", "directory", "name", "server", "size"} {
		if v := p.Params[name]; v != "" {
			fmt.Fprintf(&b, ", %s: %s", name, strings.Join(strings.Fields(v), " "))
		}
	}
	b.WriteString("]\n")
	return b.String()
}

// render makes of a source what a reader sees.
//
// QUIRK: RFC 5322 section 2.2 and RFC 2045 section 2.7 allow no NUL. Broken
// disks and programs in C leave them in texts. A reader sees nothing there, and
// words are whole without them: they stay in Source alone.
// Test: testdata/quirks/nul-in-text.eml
func (p *Part) render(ctx context.Context, src string) string {
	text := p.rendered(ctx, src)
	if strings.IndexByte(text, 0) >= 0 {
		text = strings.ReplaceAll(text, "\x00", "")
	}
	if words(string(p.rest), 1) == 0 {
		return text
	}
	// A mailing list wrote it, and not in the charset of the text.
	rest := unixLines(charset.Decode(p.rest, "", p.st.hint).Text)
	return strings.TrimRight(text, "\n") + "\n\n" + rest
}

func (p *Part) rendered(ctx context.Context, src string) string {
	switch {
	case p.MediaType == "message/external-body":
		return p.external()
	case src == "":
		return ""
	case p.MediaType == "text/html":
		return p.htmlText(src)
	case p.isRTF():
		return p.rtfText(ctx, src)
	case p.MediaType == "text/enriched" || p.MediaType == "text/richtext":
		return enrichedText(src, p.MediaType == "text/richtext")
	case p.MediaType == "text/rfc822-headers":
		return headerText(src, p.st.hint)
	case p.MediaType == "text/calendar" || p.MediaType == "text/x-vcalendar":
		return orSource(calendarText(src), src)
	case p.MediaType == "text/vcard" || p.MediaType == "text/x-vcard" || p.MediaType == "text/directory":
		return orSource(vcardText(src), src)
	}
	src = p.unarmoured(src)
	if flowed, delsp := p.flowed(); flowed {
		return joinFlowed(src, delsp)
	}
	return src
}

// oneOctet reports whether a charset has one octet a character.
func oneOctet(label string) bool {
	name := charset.Canonical(label)
	return strings.HasPrefix(name, "iso-8859-") || strings.HasPrefix(name, "windows-125") || strings.HasPrefix(name, "koi8-")
}

// orSource is a text, or what it was made of if nothing came out.
func orSource(text, src string) string {
	if text == "" {
		return src
	}
	return text
}

// unarmoured takes PGP armour out of a text and notes that there was one.
func (p *Part) unarmoured(src string) string {
	if !strings.Contains(src, armourBegin) {
		return src
	}
	if strings.HasPrefix(src, clearSigned) || strings.Contains(src, "\n"+clearSigned) {
		p.mark(PGPSigned, false)
		src = unsigned(src)
	}
	text, found := withoutArmour(src)
	if found {
		p.mark(PGPArmour, false)
	}
	return text
}

// flowed reports whether the lines are to be joined, and how (RFC 3676).
func (p *Part) flowed() (flowed, delsp bool) {
	return strings.EqualFold(p.Params["format"], "flowed"), strings.EqualFold(p.Params["delsp"], "yes")
}

// mark notes what a text is, or that it was cut, once.
func (p *Part) mark(c Code, lost bool) {
	for _, q := range p.Problems {
		if q.Code == c {
			return
		}
	}
	p.problem(Problem{Code: c, Offset: p.Body, Lost: lost})
}

// unixLines makes LF of every line end.
func unixLines(s string) string {
	i := strings.IndexByte(s, '\r')
	if i < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i >= 0 {
		b = append(b, s[:i]...)
		s = s[i+1:]
		if !strings.HasPrefix(s, "\n") {
			b = append(b, '\n')
		}
		i = strings.IndexByte(s, '\r')
	}
	return string(append(b, s...))
}
