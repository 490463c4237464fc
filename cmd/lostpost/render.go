package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"lostpost/decode"
	"lostpost/decode/header"
	"lostpost/internal/term"
)

// reading is how a message is shown as text.
type reading struct {
	headers string // "short", "all", "none"
	newText bool   // leave out quoted replies and the signature
	width   int    // wrap at this many columns, 0: not at all
	links   bool   // tracking links whole
}

// shortFields are the fields that a reader wants to see.
var shortFields = []string{"From", "To", "Cc", "Bcc", "Date", "Subject"}

// write puts the message as a person reads it on w.
func (r reading) write(w io.Writer, d *decode.Message) error {
	b := bufio.NewWriter(w)
	headed := false
	switch r.headers {
	case "short":
		for _, name := range shortFields {
			if v := fieldText(d.Header, name); v != "" {
				fmt.Fprintf(b, "%s: %s\n", name, oneLine(v))
				headed = true
			}
		}
	case "all":
		for f := range d.Header.All() {
			v, _ := header.DecodeText([]byte(unfold(string(f.Raw))), "")
			fmt.Fprintf(b, "%s: %s\n", oneLine(f.Name), oneLine(strings.TrimSpace(v)))
			headed = true
		}
	}
	if headed {
		b.WriteByte('\n')
	}
	text := d.Text
	if r.newText {
		text = newText(text)
	}
	if r.width > 0 {
		text = wrap(text, r.width)
	}
	ended := text == "" || strings.HasSuffix(text, "\n")
	for len(text) > 0 { // in steps: of controls the picture is three times as large
		piece := clip(text, 32<<10)
		text = text[len(piece):]
		b.WriteString(term.Sanitize(piece))
	}
	if !ended {
		b.WriteByte('\n')
	}
	for _, p := range d.Parts {
		if p.Attachment {
			fmt.Fprintf(b, "[attachment %s: %s, %s]\n", p.Path(), oneLine(attachmentName(p)), term.Size(decodedSize(p)))
		}
	}
	for _, p := range d.Problems {
		if p.Lost {
			fmt.Fprintf(b, "[not readable: %s: %s]\n", p.Code, oneLine(p.Detail))
		}
	}
	return b.Flush()
}

// fieldText is one field of the short header for people.
func fieldText(h header.Header, name string) string {
	switch name {
	case "From", "To", "Cc", "Bcc":
		return people(h, name)
	case "Subject":
		s, _ := h.Text(name, "")
		return s
	}
	return h.Value(name)
}

func unfold(s string) string {
	return strings.NewReplacer("\r", "", "\n", "").Replace(s)
}

func attachmentName(p *decode.Part) string {
	if p.FileName != "" {
		return p.FileName
	}
	return p.MediaType
}

// decodedSize is the number of octets of a part with its encoding undone.
func decodedSize(p *decode.Part) int64 {
	n, err := io.Copy(io.Discard, p.Open())
	if err != nil {
		return n // what could be read; check says what is wrong with the file
	}
	return n
}

// printReceipt is `show --parts`: what each part is, what was repaired, what
// is lost.
func (a *app) printReceipt(d *decode.Message) {
	lost := 0
	for _, p := range d.Parts {
		if p.Leaf() {
			line := []string{p.Encoding}
			if p.Declared != "" && p.Charset != "" && !strings.EqualFold(p.Declared, p.Charset) {
				line[0] += ", " + p.Declared + " read as " + p.Charset
			} else if p.Charset != "" {
				line[0] += ", " + p.Charset
			}
			if p.FileName != "" {
				line = append(line, fmt.Sprintf("%q", p.FileName))
			}
			h := sha256.New()
			n, err := io.Copy(h, p.Open())
			if err == nil && !strings.HasPrefix(p.MediaType, "text/") {
				line = append(line, "sha256 "+hex.EncodeToString(h.Sum(nil))[:8]+"…")
			}
			a.printf("%-7s %-24s %9s  %s\n", p.Path(), oneLine(p.MediaType), term.Size(n), oneLine(strings.Join(line, "; ")))
		} else {
			a.printf("%-7s %s\n", p.Path(), oneLine(p.MediaType))
		}
		for _, x := range p.Problems {
			word := "repaired"
			if x.Lost {
				word = "lost"
				lost++
			}
			a.printf("%-7s %s: %s: %s\n", "", word, x.Code, oneLine(x.Detail))
		}
	}
	if lost == 0 {
		a.printf("lost: nothing\n")
	} else {
		a.printf("lost: %d pieces, named above\n", lost)
	}
}

// lossy reports whether something of the message could not be shown.
func lossy(d *decode.Message) bool {
	for _, p := range d.Problems {
		if p.Lost {
			return true
		}
	}
	return false
}

// newText leaves out quoted lines, the line that introduces them, and the
// signature (RFC 3676 section 4.3: "-- ").
func newText(s string) string {
	var out []string
	for line := range strings.Lines(s) {
		l := strings.TrimRight(line, "\n")
		if l == "-- " {
			break
		}
		if strings.HasPrefix(l, ">") {
			// The line above the quote ("On Monday Anna wrote:") goes with it.
			for i := len(out) - 1; i >= 0 && i >= len(out)-3; i-- {
				if t := strings.TrimSpace(out[i]); t == "" {
					continue
				} else if strings.HasSuffix(t, ":") {
					out = out[:i]
				}
				break
			}
			continue
		}
		out = append(out, l)
	}
	return strings.Trim(strings.Join(out, "\n"), "\n") + "\n"
}

// wrap breaks lines at blanks so that they fit width columns; a word that is
// longer stands alone. Quoted lines keep their marks.
func wrap(s string, width int) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		line = strings.TrimRight(line, "\n")
		mark := line[:len(line)-len(strings.TrimLeft(line, "> "))]
		col := 0
		for _, word := range strings.Fields(line[len(mark):]) {
			n := term.Columns(word)
			switch {
			case col == 0:
				b.WriteString(mark)
				col = len(mark)
			case col+1+n > width:
				b.WriteString("\n" + mark)
				col = len(mark)
			default:
				b.WriteByte(' ')
				col++
			}
			b.WriteString(word)
			col += n
		}
		b.WriteByte('\n')
	}
	return b.String()
}
