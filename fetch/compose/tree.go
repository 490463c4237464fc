package compose

import (
	"io"
	"mime"
	"regexp"
	"slices"
	"strings"

	"github.com/emersion/go-message"
)

// A node is a MIME entity: fields that describe the content, and either parts
// or octets.
type node struct {
	fields  []Field
	parts   []*node
	content func(io.Writer) error
}

// write writes the content behind the header that made w.
func (n *node) write(w *message.Writer) error {
	if n.content != nil {
		return n.content(w)
	}
	for _, p := range n.parts {
		pw, err := w.CreatePart(header(p.fields))
		if err != nil {
			return err
		}
		if err := p.write(pw); err != nil {
			return err
		}
		if err := pw.Close(); err != nil {
			return err
		}
	}
	return nil
}

// tree arranges what is in the message: the forms of its text as alternatives,
// pictures related to them, all else beside them.
func (m *Message) tree() *node {
	if e := m.Entity; e != nil {
		return e.node()
	}
	hash := m.Hash()
	n := m.texts(hash)
	var inline, files []*node
	shown := references(m.HTML)
	for _, f := range m.Files {
		f.Inline = f.Inline || shown[trimID(f.ContentID)]
		if f.Inline && f.Message == nil && m.HTML != "" {
			inline = append(inline, f.node())
		} else {
			files = append(files, f.node())
		}
	}
	if len(inline) > 0 {
		n = multipart("related", hash, append([]*node{n}, inline...), "type", rootType(n))
	}
	switch {
	case m.Report != nil:
		parts := append([]*node{n, m.Report.node()}, files...)
		return multipart("report", hash, parts, "report-type", m.Report.Kind)
	case len(files) > 0:
		return multipart("mixed", hash, append([]*node{n}, files...))
	}
	return n
}

// reference is a URL of a part of the same mail (RFC 2392), as programs write
// it.
var reference = regexp.MustCompile(`cid:([^"'\s<>)]+)`)

// references gives the identifiers of the parts that HTML refers to.
func references(html string) map[string]bool {
	ids := map[string]bool{}
	for _, m := range reference.FindAllStringSubmatch(html, maxReferences) {
		ids[m[1]] = true
	}
	return ids
}

// maxReferences bounds how many references of a text are looked at.
const maxReferences = 10_000

// trimID takes the angle brackets off a Content-ID.
func trimID(id string) string { return strings.Trim(oneLine(id), "<> ") }

// multipart makes a node of parts; params are names and values. The boundary
// has "=_", which neither quoted-printable nor base64 can hold.
func multipart(subtype, hash string, parts []*node, params ...string) *node {
	p := map[string]string{"boundary": "=_" + hash + "_" + subtype}
	for i := 0; i+1 < len(params); i += 2 {
		p[params[i]] = params[i+1]
	}
	return &node{parts: parts, fields: []Field{{Name: "Content-Type", Value: mime.FormatMediaType("multipart/"+subtype, p)}}}
}

// rootType is the media type of a node for the type parameter of RFC 2387.
func rootType(n *node) string {
	kind, _, _ := strings.Cut(n.fields[0].Value, ";")
	return kind
}

func (m *Message) texts(hash string) *node {
	switch {
	case m.HTML == "":
		return text("text/plain", m.Text)
	case m.Text == "":
		return text("text/html", m.HTML)
	}
	return multipart("alternative", hash, []*node{text("text/plain", m.Text), text("text/html", m.HTML)})
}

func text(kind, s string) *node {
	return &node{
		fields: []Field{
			{Name: "Content-Type", Value: kind + "; charset=utf-8"},
			{Name: "Content-Transfer-Encoding", Value: "quoted-printable"},
		},
		content: func(w io.Writer) error {
			_, err := io.WriteString(w, s)
			return err
		},
	}
}

// isMediaType reports whether s is a type and subtype of RFC 6838 section 4.2,
// without parameters.
func isMediaType(s string) bool {
	kind, sub, ok := strings.Cut(s, "/")
	return ok && isName(kind) && isName(sub)
}

// isName reports whether s is a restricted-name.
func isName(s string) bool {
	return s != "" && len(s) <= 127 && strings.IndexFunc(s, func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !letter && !strings.ContainsRune("!#$&^_.+-", r)
	}) < 0
}

// node makes a part of a file.
func (f *File) node() *node {
	kind, _, _ := strings.Cut(strings.TrimSpace(f.MediaType), ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	encoding := "base64"
	switch {
	case f.Message != nil:
		kind, encoding = "message/rfc822", "binary" // long lines of its header stay
	case kind == "message/rfc822", kind == "message/delivery-status", kind == "message/disposition-notification":
		encoding = "binary" // in base64 they would not be read
	case !isMediaType(kind), strings.HasPrefix(kind, "multipart/"), strings.HasPrefix(kind, "message/"):
		kind = "application/octet-stream"
	}
	disposition := "attachment"
	if f.Inline {
		disposition = "inline"
	}
	n := &node{}
	params := map[string]string{}
	if name := oneLine(f.Name); name != "" {
		params["filename"] = name
	}
	if f.Message != nil {
		n.content = f.Message.write
	} else {
		n.content = copyOf(f.Open)
	}
	n.fields = []Field{
		{Name: "Content-Type", Value: kind},
		{Name: "Content-Transfer-Encoding", Value: encoding},
		{Name: "Content-Disposition", Value: mime.FormatMediaType(disposition, params)},
	}
	if id := trimID(f.ContentID); id != "" {
		n.fields = append(n.fields, Field{Name: "Content-ID", Value: "<" + id + ">"})
	}
	return n
}

// node makes the part that programs read.
func (r *Report) node() *node {
	return &node{
		fields: []Field{{Name: "Content-Type", Value: "message/" + r.Kind}},
		content: func(w io.Writer) error {
			_, err := io.WriteString(w, strings.ReplaceAll(r.Fields, "\n", "\r\n"))
			return err
		},
	}
}

// node passes the entity on.
func (e *Entity) node() *node {
	fields := e.Fields
	if e.Base64 {
		fields = slices.Concat(fields, []Field{{Name: "Content-Transfer-Encoding", Value: "base64"}})
	}
	return &node{fields: fields, content: copyOf(e.Open)}
}

// copyOf writes what open gives, and closes it.
func copyOf(open func() io.ReadCloser) func(io.Writer) error {
	return func(w io.Writer) error {
		r := open()
		defer r.Close()
		_, err := io.Copy(w, r)
		return err
	}
}
