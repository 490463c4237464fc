package transfer

import (
	"bytes"
	"io"
)

// A Block is an attachment that stands inside a text: uuencode, yEnc, BinHex.
type Block struct {
	Start, End int    // range of the text that it takes up, whole lines
	Encoding   string // "uuencode", "yenc", "binhex"
	Name       string // as it stands there, in the charset of the text
	Data       []byte
	Faults     []Fault
}

// Blocks finds the encoded files in a text, at most max. text is the body with
// its transfer encoding undone, before the charset is: yEnc uses all octets.
// Blocks are in order and do not overlap.
func Blocks(text []byte, max int) []Block {
	var all []Block
	for at := 0; at < len(text) && len(all) < max; {
		// Only three first letters begin a block; all other lines are passed over.
		switch text[at] {
		case 'b', '=', '(':
			if b, ok := blockAt(text, at); ok {
				all = append(all, b)
				at = b.End
				continue
			}
		}
		i := bytes.IndexByte(text[at:], '\n')
		if i < 0 {
			break
		}
		at += i + 1
	}
	return all
}

// blockAt reads the block that begins at the line at text[at].
func blockAt(text []byte, at int) (Block, bool) {
	n, _, _ := lineEnd(text[at:])
	line := text[at : at+n]
	b := Block{Start: at}
	if name, ok := uuBegin(line); ok {
		b.Encoding, b.Name = "uuencode", name
		if b.End, ok = uuExtent(text, at); !ok {
			return Block{}, false
		}
	} else if isYencBegin(line) {
		b.Encoding, b.Name = "yenc", yencName(line)
		if b.End, ok = yencExtent(text, at); !ok {
			return Block{}, false
		}
	} else if bytes.HasPrefix(line, []byte(binhexMark)) {
		b.Encoding = "binhex"
		if b.End, ok = binhexExtent(text, at); !ok {
			return Block{}, false
		}
	} else {
		return Block{}, false
	}
	r := NewReader(b.Encoding, bytes.NewReader(text[b.Start:b.End]))
	b.Data, _ = io.ReadAll(r) // reading from memory does not fail
	b.Faults = r.Faults()
	if d, ok := r.d.(*binhexDecoder); ok {
		b.Name = d.name
		if len(d.header) < 23 || d.left < 0 {
			return Block{}, false
		}
	}
	return b, true
}

// uuExtent finds the end of a uuencoded file.
func uuExtent(text []byte, at int) (end int, ok bool) {
	_, whole, _ := lineEnd(text[at:])
	at += whole
	data := 0
	for at < len(text) {
		n, whole, _ := lineEnd(text[at:])
		line := text[at : at+n]
		switch {
		case isEnd(line):
			return at + whole, true
		case uuTerminator(line):
			next := at + whole
			m, more, _ := lineEnd(text[next:])
			if isEnd(text[next : next+m]) {
				return next + more, true
			}
			if len(bytes.TrimSpace(line)) > 0 {
				at = next
			}
			return at, data > 0
		case uuLine(line):
			data++
		default:
			return at, data > 0
		}
		at += whole
	}
	return at, data > 0
}

// yencExtent finds the end of a yEnc file: its end line, or, without one, the
// line in which the announced size is reached, or the next file.
func yencExtent(text []byte, at int) (end int, ok bool) {
	n, whole, _ := lineEnd(text[at:])
	size := yencSize(text[at : at+n])
	at += whole
	got, full := int64(0), -1
	for at < len(text) {
		n, whole, _ := lineEnd(text[at:])
		line := text[at : at+n]
		switch {
		case bytes.HasPrefix(line, []byte("=yend")):
			return at + whole, got > 0 || size == 0
		case bytes.HasPrefix(line, []byte("=ybegin ")):
			return at, got > 0
		case bytes.HasPrefix(line, []byte("=ypart ")):
			size = -1
		default:
			got += int64(len(line) - bytes.Count(line, []byte("=")))
		}
		at += whole
		if full < 0 && size >= 0 && got >= size {
			full = at
		}
	}
	if full >= 0 {
		return full, got > 0
	}
	return at, got > 0
}

// binhexExtent finds the colon that ends a BinHex file.
func binhexExtent(text []byte, at int) (end int, ok bool) {
	_, whole, _ := lineEnd(text[at:]) // the mark
	at += whole
	begun := false
	for at < len(text) {
		n, whole, _ := lineEnd(text[at:])
		line := bytes.TrimSpace(text[at : at+n])
		switch {
		case !begun && len(line) > 1 && line[0] == ':':
			begun = true
			if line = line[1:]; line[len(line)-1] == ':' {
				return at + whole, true
			}
		case !begun && len(line) > 0:
			return 0, false // prose that quotes the mark, or the mark once more
		case begun && len(line) > 0 && line[len(line)-1] == ':':
			return at + whole, true
		case begun && len(line) > 0 && binhexTable[line[0]] == 255:
			return at, true
		}
		at += whole
	}
	return at, begun
}
