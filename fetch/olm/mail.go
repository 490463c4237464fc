package olm

import (
	"io"
	"strings"
	"time"

	"lostpost/decode/header"
	"lostpost/fetch/compose"
	"lostpost/fetch/unpack"
)

// compose makes the mail of e; partial says that an attachment is missing.
func (s *source) compose(e *email) (mail *compose.Message, partial bool) {
	mail = &compose.Message{Header: e.header(), Text: e.text, HTML: e.html}
	if isHTML(e.text) {
		// Outlook writes the HTML a second time where it has no plain text.
		mail.Text = ""
		if mail.HTML == "" {
			mail.HTML = e.text
		}
	}
	for _, a := range e.attachments {
		again := s.files[unpack.SafeName(a.url)]
		if again == nil {
			partial = true
			continue
		}
		mail.Files = append(mail.Files, compose.File{
			Name: a.name, MediaType: a.mediaType, ContentID: a.contentID, Size: -1,
			Open: func() io.ReadCloser { return &file{open: again} },
		})
	}
	if !hasField(mail.Header, "Message-ID") && !e.unsent() {
		mail.Header = append(mail.Header, compose.Field{Name: "Message-ID", Value: "<" + mail.Hash() + "@outlook.invalid>"})
	}
	return mail, partial
}

func hasField(fields []compose.Field, name string) bool {
	for _, f := range fields {
		if strings.EqualFold(f.Name, name) {
			return true
		}
	}
	return false
}

// isHTML reports whether a text is HTML.
func isHTML(s string) bool {
	s = strings.ToLower(strings.TrimSpace(s[:min(len(s), 200)]))
	return strings.HasPrefix(s, "<html") || strings.HasPrefix(s, "<!doctype html")
}

// maxFields bounds the header of the source of a message.
const maxFields = 10_000

// header makes the header: the fields of the source as they stand, and what is
// missing in them from the elements.
func (e *email) header() []compose.Field {
	fields, have := e.sourceFields()
	add := func(f compose.Field) {
		if f.Value != "" && !have.Has(f.Name) {
			fields = append(fields, f)
		}
	}
	from := e.from
	if len(from) == 0 {
		from = e.sender
	}
	add(compose.Addresses("From", from))
	if len(e.from) > 0 && len(e.sender) == 1 && e.sender[0].Addr != e.from[0].Addr {
		add(compose.Addresses("Sender", e.sender))
	}
	add(compose.Addresses("Reply-To", e.replyTo))
	add(compose.Addresses("To", e.to))
	add(compose.Addresses("Cc", e.cc))
	add(compose.Addresses("Bcc", e.bcc))
	if len(e.to)+len(e.cc)+len(e.bcc) == 0 {
		add(compose.Text("To", e.displayTo))
	}
	add(compose.Text("Subject", e.subject))
	if t := e.date(); !t.IsZero() {
		add(compose.Field{Name: "Date", Value: t.Format(time.RFC1123Z)})
	}
	add(compose.Text("Message-ID", bracketed(e.messageID)))
	add(compose.Text("In-Reply-To", bracketed(e.inReplyTo)))
	add(compose.Text("References", bracketed(e.references)))
	add(compose.Text("Thread-Topic", e.threadTopic))
	add(compose.Text("Thread-Index", e.threadIndex))
	if e.unsent() {
		add(compose.Field{Name: "X-Unsent", Value: "1"})
	}
	return fields
}

// bracketed puts identifiers between angle brackets, which the archive leaves
// out.
func bracketed(ids string) string {
	list := strings.FieldsFunc(ids, func(r rune) bool { return r <= ' ' || r == '<' || r == '>' || r == ',' })
	if len(list) == 0 {
		return ""
	}
	return "<" + strings.Join(list, "> <") + ">"
}

// sourceFields are the fields of the source but for those of its content, which
// is put together anew.
func (e *email) sourceFields() ([]compose.Field, header.Header) {
	h, _, _ := header.Parse([]byte(e.source), maxFields)
	var fields []compose.Field
	for f := range h.All() {
		if name := strings.ToLower(f.Name); name != "mime-version" && !strings.HasPrefix(name, "content-") {
			fields = append(fields, compose.Stored(f.Name, f.Raw))
		}
	}
	return fields, h
}

// A file reads an attachment, which it opens at the first read.
type file struct {
	open func() (*unpack.File, error)
	f    *unpack.File
	at   int64
}

func (r *file) Read(p []byte) (int, error) {
	if r.f == nil {
		f, err := r.open()
		if err != nil {
			return 0, err
		}
		r.f = f
	}
	n, err := r.f.ReadAt(p, r.at)
	r.at += int64(n)
	if err == io.EOF {
		if damage := r.f.Damage(); damage != nil {
			err = damage
		}
	}
	return n, err
}

func (r *file) Close() error {
	if r.f == nil {
		return nil
	}
	return r.f.Close()
}
