package eml

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"io/fs"
	"mime/quotedprintable"
	"path"
	"strconv"
	"strings"

	"lostpost/decode/header"
)

// Bounds on what is put together.
const (
	maxAssembled = 64 << 20 // octets of a message; servers take 50 MB at most
	maxLevels    = 100      // of multiparts in each other
)

// Why a message is not put together.
var (
	errTooLarge = errors.New("message is too large to be put together")
	errMany     = errors.New("more than one file")
)

// assemble puts a partial message together. It gives nil if there is nothing to
// put into it; whole says that no part is missing any more.
func assemble(body emlxBody, attachments fs.FS) (text []byte, whole bool) {
	if attachments == nil || body.Size() > maxAssembled {
		return nil, false
	}
	raw := make([]byte, body.Size())
	if _, err := body.ReadAt(raw, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, false
	}
	a := &assembler{in: raw, files: attachments, whole: true}
	a.entity("")
	if a.filled == 0 {
		return nil, false
	}
	return a.out.Bytes(), a.whole
}

// An assembler copies a message, line by line, and fills the parts that are
// empty.
type assembler struct {
	in     []byte
	out    bytes.Buffer
	files  fs.FS
	open   []multipart // the innermost last
	filled int
	whole  bool
}

// A multipart is one whose boundary was seen.
type multipart struct {
	boundary string
	number   string // of itself, "" for the message
	parts    int
}

// entity copies a header section and all that follows it up to the end of the
// message: parts are entered as their boundaries come.
func (a *assembler) entity(number string) {
	a.part(number)
	for len(a.in) > 0 {
		line := a.in[:lineLen(a.in)]
		a.in = a.in[len(line):]
		a.out.Write(line)
		i, closing := a.boundary(line)
		if i < 0 {
			continue
		}
		m := &a.open[i]
		a.open = a.open[:i+1]
		if closing {
			a.open = a.open[:i]
			continue
		}
		m.parts++
		a.part(strings.TrimPrefix(m.number+"."+strconv.Itoa(m.parts), "."))
	}
}

// boundary tells which of the open multiparts a line divides, -1 if none.
func (a *assembler) boundary(line []byte) (i int, closing bool) {
	text, ok := strings.CutPrefix(strings.TrimRight(string(line[:min(len(line), 300)]), " \t\r\n"), "--")
	if !ok {
		return -1, false
	}
	for i := len(a.open) - 1; i >= 0; i-- {
		if text == a.open[i].boundary {
			return i, false
		}
		if text == a.open[i].boundary+"--" {
			return i, true
		}
	}
	return -1, false
}

// part copies the header section of a part. If Apple Mail took its content out,
// that is put back.
func (a *assembler) part(number string) {
	n := headerLen(a.in)
	raw := a.in[:n]
	a.in = a.in[n:]
	h, _, _ := header.Parse(raw, 0)
	media := h.Media("Content-Type", "")
	if b := media.Params["boundary"]; strings.HasPrefix(media.Type, "multipart/") && b != "" && len(b) < 200 && len(a.open) < maxLevels {
		a.open = append(a.open, multipart{boundary: b, number: number})
	}
	if !h.Has("X-Apple-Content-Length") || !a.empty() {
		a.out.Write(raw)
		return
	}
	content, err := a.content(number)
	if err == nil && a.out.Len()+2*len(content) > maxAssembled {
		err = errTooLarge
	}
	if err != nil {
		a.whole = false
		a.out.Write(raw)
		return
	}
	a.filled++
	eol := "\n"
	if bytes.Contains(raw, []byte("\r\n")) {
		eol = "\r\n"
	}
	a.out.Write(withoutField(raw, "X-Apple-Content-Length"))
	text, ended := encode(content, strings.ToLower(strings.TrimSpace(h.Value("Content-Transfer-Encoding"))), eol)
	a.out.Write(text)
	// The line end before a boundary is part of the boundary (RFC 2046
	// section 5.1.1). Apple Mail leaves it there or not.
	if !ended && !bytes.HasPrefix(a.in, []byte(eol)) {
		a.out.WriteString(eol)
	}
}

// headerLen is the length of the header section at the start of b, with the
// empty line that ends it.
func headerLen(b []byte) int {
	for n := 0; n < len(b); {
		line := lineLen(b[n:])
		n += line
		if len(bytes.TrimRight(b[n-line:n], "\r\n")) == 0 {
			return n
		}
	}
	return len(b)
}

// empty reports whether nothing but line ends stands before the next boundary.
func (a *assembler) empty() bool {
	rest := bytes.TrimLeft(a.in, "\r\n")
	if len(rest) == 0 {
		return true
	}
	i, _ := a.boundary(rest[:lineLen(rest)])
	return i >= 0
}

// content reads the one file of a part.
func (a *assembler) content(number string) ([]byte, error) {
	if number == "" {
		number = "1"
	}
	names, err := fs.ReadDir(a.files, number)
	if err != nil {
		return nil, err
	}
	var file fs.DirEntry
	for _, e := range names {
		if e.Name()[0] == '.' {
			continue // .DS_Store
		}
		if file != nil {
			return nil, errMany
		}
		file = e
	}
	if file == nil || !file.Type().IsRegular() {
		return nil, fs.ErrNotExist
	}
	f, err := a.files.Open(path.Join(number, file.Name()))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxAssembled+1))
	if err == nil && len(b) > maxAssembled {
		err = errTooLarge
	}
	return b, err
}

// withoutField leaves a field with its continuation lines out.
func withoutField(raw []byte, name string) []byte {
	var out []byte
	skip := false
	for len(raw) > 0 {
		line := raw[:lineLen(raw)]
		raw = raw[len(line):]
		if line[0] != ' ' && line[0] != '\t' {
			skip = len(line) > len(name) && strings.EqualFold(string(line[:len(name)+1]), name+":")
		}
		if !skip {
			out = append(out, line...)
		}
	}
	return out
}

// encode writes content as the part's Content-Transfer-Encoding says. ended says
// that a line end stands behind it that is no part of content.
func encode(content []byte, encoding, eol string) (text []byte, ended bool) {
	var out bytes.Buffer
	switch encoding {
	case "base64":
		const perLine = 57 // 76 characters, RFC 2045 section 6.8
		line := make([]byte, base64.StdEncoding.EncodedLen(perLine))
		for len(content) > 0 {
			n := min(perLine, len(content))
			base64.StdEncoding.Encode(line, content[:n])
			out.Write(line[:base64.StdEncoding.EncodedLen(n)])
			out.WriteString(eol)
			content = content[n:]
		}
		return out.Bytes(), out.Len() > 0
	case "quoted-printable":
		w := quotedprintable.NewWriter(&out)
		w.Write(content) // a bytes.Buffer takes everything
		w.Close()
		return bytes.ReplaceAll(out.Bytes(), []byte("\r\n"), []byte(eol)), false
	}
	return content, false
}
