package decode

import (
	"context"
	"strings"
	"unicode/utf8"

	"lostpost/decode/html"
	"lostpost/decode/mapi"
)

// isRTF reports whether the body can be RTF.
func (p *Part) isRTF() bool {
	switch p.MediaType {
	case "text/rtf", "application/rtf", "text/x-rtf", "application/x-rtf":
		return true
	}
	return false
}

// rtfText gives what a reader sees of RTF. src is its source as text: RTF is
// ASCII, and says in itself in which code page its escapes are; only of a
// document that has raw octets all the same are these read once more.
func (p *Part) rtfText(ctx context.Context, src string) string {
	rtf := []byte(src)
	if !p.foreign && !isASCII(src) {
		if raw, err := p.octets(ctx); err == nil {
			rtf = raw
		}
	}
	doc := mapi.ReadRTF(rtf, int(p.st.lim.TextBytes))
	if doc.Cut {
		p.mark(LimitText, true)
	}
	if doc.HTML {
		return p.htmlText(doc.Text)
	}
	return orSource(doc.Text, src)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// htmlText gives what a reader sees of a page.
func (p *Part) htmlText(src string) string {
	var b strings.Builder
	b.Grow(len(src) / 4)
	cut, _ := html.Text(&b, src, html.Options{Links: p.st.links, Max: int(p.st.lim.TextBytes)})
	if cut {
		p.mark(LimitText, true)
	}
	return b.String()
}

// enrichedText gives what a reader sees of text/enriched (RFC 1896), or of its
// forerunner text/richtext (RFC 1341 section 7.1.3). Colours, sizes and the
// like are left out; excerpts are marked as quotes.
func enrichedText(src string, richtext bool) string {
	e := enriched{richtext: richtext, src: src, lineStart: true}
	e.out.Grow(len(src))
	for len(e.src) > 0 {
		i := strings.IndexAny(e.src, "<\n")
		if i < 0 {
			i = len(e.src)
		}
		e.write(e.src[:i])
		e.src = e.src[i:]
		switch {
		case e.src == "":
		case e.src[0] == '\n':
			e.lineEnds()
		default:
			e.command()
		}
	}
	return e.out.String()
}

// maxExcerpt bounds the depth of quotes that is shown.
const maxExcerpt = 9

// An enriched reader writes what it reads of src to out.
type enriched struct {
	richtext  bool
	src       string // what is left
	out       strings.Builder
	nofill    int  // open <nofill>
	excerpt   int  // open <excerpt>
	lineStart bool // the next character begins a line
	blank     bool // a line end stands before it that is a blank
	open      bool // a hidden command was not closed: no other is looked for
}

func (e *enriched) write(s string) {
	if s == "" {
		return
	}
	if e.lineStart {
		if n := min(e.excerpt, maxExcerpt); n > 0 {
			e.out.WriteString(strings.Repeat(">", n) + " ")
		}
		e.lineStart = false
	} else if e.blank {
		e.out.WriteByte(' ')
	}
	e.blank = false
	e.out.WriteString(s)
}

func (e *enriched) breakLine() {
	e.out.WriteByte('\n')
	e.lineStart, e.blank = true, false
}

// fresh begins a new line unless one has just begun.
func (e *enriched) fresh() {
	if !e.lineStart {
		e.breakLine()
	}
}

// lineEnds reads a run of line ends: one of them alone is a blank, of more one
// is left out.
func (e *enriched) lineEnds() {
	n := len(e.src) - len(strings.TrimLeft(e.src, "\n"))
	e.src = e.src[n:]
	switch {
	case e.nofill > 0:
	case e.richtext, n == 1:
		e.blank = true
		return
	default:
		n--
	}
	for range n {
		e.breakLine()
	}
}

// command reads what "<" begins. Of a command that is not known its text is
// shown; what cannot be a command is text.
func (e *enriched) command() {
	if !e.richtext && strings.HasPrefix(e.src, "<<") {
		e.write("<")
		e.src = e.src[2:]
		return
	}
	// Names have at most 60 characters.
	end := strings.IndexByte(e.src[:min(len(e.src), 63)], '>')
	name, closing := "", false
	if end > 0 {
		name, closing = strings.CutPrefix(strings.ToLower(e.src[1:end]), "/")
	}
	if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		e.write("<")
		e.src = e.src[1:]
		return
	}
	e.src = e.src[end+1:]
	step := 1
	if closing {
		step = -1
	}
	switch name {
	case "param", "comment":
		if !closing {
			e.hide(name)
		}
	case "nofill":
		e.nofill = max(e.nofill+step, 0)
	case "excerpt":
		e.fresh()
		e.excerpt = max(e.excerpt+step, 0)
	case "paragraph", "np":
		e.fresh()
	case "nl":
		if e.richtext {
			e.breakLine()
		}
	case "lt":
		if e.richtext {
			e.write("<")
		}
	}
}

// hide passes over the text up to the end of a command. If it has no end, the
// text is shown.
func (e *enriched) hide(name string) {
	for at := 0; !e.open; {
		i := strings.Index(e.src[at:], "</")
		if i < 0 {
			e.open = true
			return
		}
		at += i + 2
		if len(e.src)-at > len(name) && strings.EqualFold(e.src[at:at+len(name)], name) && e.src[at+len(name)] == '>' {
			e.src = e.src[at+len(name)+1:]
			return
		}
	}
}
