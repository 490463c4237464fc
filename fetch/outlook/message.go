package outlook

import (
	"bytes"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"lostpost/decode/header"
	"lostpost/decode/mapi"
	"lostpost/fetch/compose"
)

// maxDepth bounds messages inside messages.
const maxDepth = 16

// How an attachment is kept: AttachMethod (MS-OXCMSG 2.2.2.9).
const (
	byValue   = 1
	byMessage = 5
)

// flagRendered of AttachFlags says that the file is shown inside the HTML.
const flagRendered = 4

// message puts the message together.
func (it *item) message(depth int) *compose.Message {
	people := it.people()
	m := &compose.Message{Header: it.header(people)}
	it.bodies(m)
	for _, e := range it.parts(attachPrefix) {
		if f, ok := it.attachment(e, depth); ok {
			m.Files = append(m.Files, f)
		}
	}
	switch class := it.class(); {
	case strings.HasPrefix(class, "REPORT."):
		it.report(m, class, people)
	case strings.HasPrefix(class, "IPM.NOTE.SMIME"):
		it.secure(m)
	}
	if !hasMessageID(m.Header) && !it.unsent() {
		m.Header = append(m.Header, compose.Field{Name: "Message-ID", Value: "<" + m.Hash() + "@outlook.invalid>"})
	}
	return m
}

func hasMessageID(fields []compose.Field) bool {
	return slices.ContainsFunc(fields, func(f compose.Field) bool { return strings.EqualFold(f.Name, "Message-ID") })
}

// class is the message class in upper case, "IPM.NOTE" for mail.
func (it *item) class() string {
	if c := strings.ToUpper(strings.TrimSpace(it.text(mapi.MessageClass))); c != "" {
		return c
	}
	return "IPM.NOTE"
}

// bodies reads the text in the forms that are there. Outlook keeps HTML in RTF
// too, and RTF alone where somebody wrote so.
func (it *item) bodies(m *compose.Message) {
	m.Text = it.text(mapi.Body)
	m.HTML = it.html()
	if m.HTML != "" {
		return
	}
	b := it.property(mapi.RTFCompressed).Octets()
	if b == nil {
		return
	}
	rtf, err := mapi.UncompressRTF(b, maxText)
	if errors.Is(err, mapi.ErrNotRTF) {
		return
	}
	doc := mapi.ReadRTF(rtf, maxText)
	switch {
	case doc.HTML:
		m.HTML = doc.Text
	case strings.TrimSpace(m.Text) == "":
		m.Text = doc.Text
	}
}

// html reads the body in HTML: octets in the Internet code page, or text.
func (it *item) html() string {
	p := it.property(mapi.HTML)
	if p.Type != mapi.Binary {
		return p.Text(it.page)
	}
	b := bytes.TrimRight(p.Octets(), "\x00")
	switch page := int(it.int(mapi.InternetCodePage)); {
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}):
		return mapi.UTF16(b[2:])
	case mapi.Charset(page) != "":
		return mapi.Text(b, page)
	}
	return mapi.Text(b, it.page)
}

// attachment reads one attachment; ok is false if nothing is in it.
func (it *item) attachment(e *entry, depth int) (compose.File, bool) {
	a := it.file.item(e, headPart, it.page)
	f := compose.File{
		Name:      strings.TrimRight(a.firstText(mapi.AttachLongFilename, mapi.AttachFilename, mapi.DisplayName), "\x00"),
		MediaType: a.text(mapi.AttachMimeTag),
		ContentID: a.text(mapi.AttachContentID),
	}
	f.Inline = f.ContentID != "" && (a.int(mapi.AttachFlags)&flagRendered != 0 || a.int(mapi.AttachmentHidden) != 0)
	object := a.streams[streamName(mapi.AttachData, mapi.Object)]
	data := a.streams[streamName(mapi.AttachData, mapi.Binary)]
	ok := true
	switch method := a.int(mapi.AttachMethod); {
	case object != nil && object.kind == kindStorage && (method == byMessage || a.embeds(object)):
		ok = a.embedded(&f, object, depth)
	case object != nil && object.kind == kindStorage:
		ok = a.object(&f, object)
	case data != nil:
		a.stream(&f, data)
	case method == byValue: // a file without octets
		f.Open, ok = text(""), f.Name != ""
	default:
		ok = a.reference(&f)
	}
	return f, ok
}

// stream makes the octets of e the content of f.
func (it *item) stream(f *compose.File, e *entry) {
	s, err := it.file.open(e)
	if err != nil {
		it.file.hurt(err)
	}
	f.Size = s.size
	f.Open = func() io.ReadCloser { return io.NopCloser(io.NewSectionReader(&s, 0, s.size)) }
}

// embeds reports whether a storage is a message.
func (it *item) embeds(object *entry) bool {
	return it.file.children(object)[strings.ToUpper(propertyStream)] != nil
}

// embedded makes f a message inside the message.
func (it *item) embedded(f *compose.File, object *entry, depth int) bool {
	if depth >= maxDepth {
		it.file.hurt(errors.New("messages lie too deep in each other"))
		return false
	}
	inner := it.file.item(object, headEmbedded, it.page)
	inner.setPage()
	f.Message = inner.message(depth + 1)
	if path.Ext(f.Name) == "" && f.Name != "" {
		f.Name += ".eml"
	}
	return true
}

// reference makes f the place where a file lies that was not attached itself.
func (it *item) reference(f *compose.File) bool {
	place := it.firstText(mapi.AttachLongPathname, mapi.AttachPathname)
	if place == "" {
		return false
	}
	if f.Name == "" {
		f.Name = path.Base(strings.ReplaceAll(place, `\`, "/"))
	}
	f.MediaType, f.Name, f.Size = "text/uri-list", f.Name+".url", int64(len(place)+2)
	f.Open = text(place + "\r\n")
	return true
}

// text is a file of octets that are at hand.
func text(s string) func() io.ReadCloser {
	return func() io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }
}

// maxEntityHead bounds the header of a signed entity, in octets.
const maxEntityHead = 64 << 10

// secure makes the content of an S/MIME message what was sent, to the octet,
// so that its signature still holds. Outlook keeps it as the only attachment:
// a multipart/signed with its header, or the octets of a PKCS #7.
func (it *item) secure(m *compose.Message) {
	if len(m.Files) != 1 || m.Files[0].Message != nil {
		return
	}
	f := m.Files[0]
	kind, _, _ := strings.Cut(strings.ToLower(f.MediaType), ";")
	r := f.Open()
	defer r.Close()
	head, err := io.ReadAll(io.LimitReader(r, maxEntityHead))
	if err != nil {
		return
	}
	switch h, n, _ := header.Parse(head, maxFields); {
	case strings.HasPrefix(h.Media("Content-Type", "").Type, "multipart/"):
		e := &compose.Entity{Size: f.Size - int64(n)}
		for field := range h.All() {
			if !strings.EqualFold(field.Name, "MIME-Version") {
				e.Fields = append(e.Fields, compose.Stored(field.Name, field.Raw))
			}
		}
		e.Open = func() io.ReadCloser {
			body := f.Open()
			io.CopyN(io.Discard, body, int64(n)) // an error comes again when it is read on
			return body
		}
		m.Entity = e
	case strings.HasSuffix(kind, "/pkcs7-mime"), strings.HasSuffix(kind, "/x-pkcs7-mime"), strings.HasSuffix(strings.ToLower(f.Name), ".p7m"):
		m.Entity = &compose.Entity{Fields: []compose.Field{
			{Name: "Content-Type", Value: `application/pkcs7-mime; name="smime.p7m"` + it.smimeType()},
			{Name: "Content-Disposition", Value: `attachment; filename="smime.p7m"`},
		}, Size: f.Size, Open: f.Open, Base64: true}
	}
}

// smimeType is the parameter of the Content-Type that the message was sent
// with, where it is one that RFC 8551 knows.
func (it *item) smimeType() string {
	_, h := it.transport()
	switch t := strings.ToLower(h.Media("Content-Type", "").Params["smime-type"]); t {
	case "enveloped-data", "signed-data", "compressed-data", "authenveloped-data":
		return "; smime-type=" + t
	}
	return ""
}
