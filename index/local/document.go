package local

import (
	"path"
	"strings"

	bleve "github.com/blevesearch/bleve_index_api"

	"lostpost/archive"
	"lostpost/decode"
	"lostpost/index"
	"lostpost/index/analyze"
)

const (
	// Of one header field this much is searchable, of all of them that many
	// words: header sections are written by machines, and most of their words
	// occur once.
	headerBytes = 512
	headerWords = 1000
)

// A document is a message as bleve takes it: terms with packed positions.
type document struct {
	key    string // key of the message, see keyOf
	places string // its set in the column, see placesOf
	values values // in the column too
	fields []*field
	cost   int64 // octets of text analysed
}

// build makes the document of d. archiveNumber is the place of its archive in
// CURRENT. scratch may be used again when build returns.
func build(d index.Document, archiveNumber byte, scratch *scratch) *document {
	scratch.cut = false
	b := builder{scratch: scratch, doc: &document{key: keyOf(d.Entry.ID, archiveNumber), places: placesOf(d.Entry)}}
	m := d.Message
	if m == nil {
		m = &decode.Message{}
	}
	words := b.body(m)
	b.text(fieldSubject, m.Subject)
	b.addresses(fieldFrom, m, "From", "Sender", "Reply-To")
	b.addresses(fieldTo, m, "To")
	b.addresses(fieldCc, m, "Cc")
	b.addresses(fieldBcc, m, "Bcc", "Delivered-To", "X-Original-To")
	b.files(m)
	b.attached(m)
	list, _ := m.Header.Text("List-Id", "")
	b.text(fieldList, list)
	b.remarks(m)
	b.header(m)
	b.exact(fieldID, 1, messageIDs(m))
	b.exact(fieldAlike, 1, b.kin.terms())
	b.row(m)
	ks := kinds(d, m)
	if b.cut {
		ks = append(ks, "is:partial", "problem:index-limit")
	}
	b.exact(fieldKind, 0, ks)
	b.exact(fieldIn, 0, factRoles(d.Facts))
	date := dateOf(d.Entry, m)
	b.exact(fieldDay, 0, []string{string(dayTerm(date))})
	b.doc.values = values{date: date, size: d.Entry.Size, words: int64(words)}
	return b.doc
}

// dateOf is what the message says, else when the first copy arrived.
func dateOf(e archive.Entry, m *decode.Message) int64 {
	if !m.Date.IsZero() {
		return unixDate(m.Date)
	}
	for _, p := range e.Places {
		if !p.Received.IsZero() {
			return unixDate(p.Received)
		}
	}
	return noDate
}

// A builder fills one document.
type builder struct {
	*scratch
	doc *document
	kin *kin
}

// pieceBytes bounds the text that is analysed in one step: tokens take eight
// times as much memory as their text.
const pieceBytes = 256 << 10

// text adds a field of words.
func (b *builder) text(name, text string) {
	b.begin()
	b.words(0, text)
	b.packed(name)
}

// attachmentGap is how many positions lie between two attachments: no phrase
// and no NEAR of the usual distance spans both.
const attachmentGap = 100

// attached adds the words inside attachments.
func (b *builder) attached(m *decode.Message) {
	b.begin()
	base := 0
	for _, a := range m.Attached {
		base = b.words(base, a.Text) + attachmentGap
	}
	b.packed(fieldAttached)
}

// words takes the words of a text into the field at hand, the first one at the
// position base, and gives the position after the last one.
func (b *builder) words(base int, text string) int {
	b.doc.cost += int64(len(text))
	for text != "" {
		piece := text[:pieceEnd(text)]
		text = text[len(piece):]
		b.tokens = analyze.Text(b.tokens[:0], piece)
		b.gather(base)
		if n := len(b.tokens); n > 0 {
			base += b.tokens[n-1].Pos + 1
		}
	}
	return base
}

// pieceEnd is where the first piece of text ends: at a line end or blank if
// there is one near, else between two characters.
func pieceEnd(text string) int {
	if len(text) <= pieceBytes {
		return len(text)
	}
	const near = 4 << 10
	if i := strings.LastIndexAny(text[pieceBytes-near:pieceBytes], "\n "); i >= 0 {
		return pieceBytes - near + i + 1
	}
	return len(cutRunes(text, 0, pieceBytes))
}

func (b *builder) addresses(field string, m *decode.Message, names ...string) {
	b.begin()
	for _, name := range names {
		if !m.Header.Has(name) {
			continue
		}
		list, _ := m.Header.Addresses(name, "")
		for _, a := range list {
			b.tokens = analyze.Address(b.tokens, a.Name, a.Addr)
			if addr, ok := withLetters(a.Addr); ok {
				b.tokens = analyze.Address(b.tokens, "", addr)
			}
			b.doc.cost += int64(len(a.Name) + len(a.Addr))
		}
		if group := groupName(m, name); group != "" {
			b.tokens = analyze.Address(b.tokens, group, "")
		}
	}
	b.gather(0)
	b.packed(field)
}

// groupName is the name of a group of addresses, "Gardeners: a@x.example;"
// (RFC 5322 section 3.4), if the field is one.
func groupName(m *decode.Message, field string) string {
	value := strings.TrimSpace(m.Header.Value(field))
	if !strings.HasSuffix(value, ";") {
		return ""
	}
	text, _ := m.Header.Text(field, "")
	name, _, ok := strings.Cut(text, ":")
	if !ok || strings.ContainsAny(name, "@<") {
		return ""
	}
	return cutRunes(name, 0, headerBytes)
}

func (b *builder) files(m *decode.Message) {
	b.begin()
	for _, p := range m.Parts {
		if p.FileName != "" {
			b.tokens = analyze.FileName(b.tokens, p.FileName)
			b.doc.cost += int64(len(p.FileName))
		}
	}
	b.gather(0)
	b.packed(fieldName)
}

// noWords are fields of which only the presence is searchable: their values
// are keys, hashes and stamps that nobody types, or stand in a field of their
// own.
var noWords = map[string]bool{
	"received": true, "dkim-signature": true, "domainkey-signature": true,
	"arc-seal": true, "arc-message-signature": true, "arc-authentication-results": true,
	"x-google-dkim-signature": true, "x-gm-message-state": true, "x-received": true,
	"x-google-smtp-source": true, "x-ms-exchange-antispam-messagedata": true,
	"x-microsoft-antispam-message-info": true, "face": true, "x-face": true,
	"from": true, "to": true, "cc": true, "bcc": true, "subject": true, "date": true,
	"message-id": true,
}

// header adds the other header fields: "x-ticket" and "x-ticket=qx".
func (b *builder) header(m *decode.Message) {
	seen := map[string]bool{}
	var terms []string
	for f := range m.Header.All() {
		name := strings.ToLower(f.Name)
		if seen[name] || len(terms) > headerWords {
			continue
		}
		seen[name] = true
		terms = append(terms, name)
		if noWords[name] {
			continue
		}
		value, _ := m.Header.Text(f.Name, "")
		value = strings.ToValidUTF8(value[:min(len(value), headerBytes)], "")
		b.tokens = analyze.Text(b.tokens[:0], value)
		for _, t := range b.tokens {
			terms = append(terms, name+"="+t.Term)
		}
	}
	b.exact(fieldHeader, 0, terms)
}

// exact adds a field of whole values without positions. A frequency of 1 lets
// zap keep a value of a single document in the dictionary alone.
func (b *builder) exact(name string, frequency int, terms []string) {
	if len(terms) == 0 {
		return
	}
	freqs := make(bleve.TokenFrequencies, len(terms))
	for _, t := range terms {
		if _, ok := freqs[t]; !ok && t != "" {
			freqs[t] = frequencyOf(t, frequency)
		}
	}
	b.doc.fields = append(b.doc.fields, &field{name: name, options: bleve.IndexField, freqs: freqs, length: 1})
}

func messageIDs(m *decode.Message) []string {
	var ids []string
	for _, id := range m.Header.MessageIDs("Message-ID") {
		ids = append(ids, foldID(id))
	}
	return ids
}

// foldID is a Message-ID as it is kept and looked for.
func foldID(s string) string {
	return strings.ToLower(strings.Trim(strings.TrimSpace(s), "<>"))
}

// kinds gives what is: has: and type: find.
func kinds(d index.Document, m *decode.Message) []string {
	var ks []string
	attached := false
	for _, p := range m.Parts {
		if p.Attachment || p.FileName != "" {
			attached = true
		}
		if strings.HasPrefix(p.MediaType, "multipart/") {
			continue
		}
		ks = append(ks, "type:"+p.MediaType)
		if class := mediaClass(p.MediaType, p.FileName); class != "" {
			ks = append(ks, "type:"+class)
		}
		for _, tag := range p.Languages {
			ks = append(ks, "lang:"+tag)
			if primary, _, more := strings.Cut(tag, "-"); more {
				ks = append(ks, "lang:"+primary)
			}
		}
		for _, charset := range []string{p.Charset, p.Declared} {
			if charset != "" {
				ks = append(ks, "charset:"+strings.ToLower(cutRunes(charset, 0, maxKind)))
			}
		}
	}
	if attached {
		ks = append(ks, "has:attachment")
	}
	if len(m.Problems) > 0 {
		ks = append(ks, "has:problem")
	}
	ks = append(ks, problemKinds(m)...)
	if len(d.Entry.Places) > 0 { // that of the first copy never changes; the others are in the column
		ks = append(ks, sourceKinds(d.Entry.Places[0].Origin)...)
	}
	for _, f := range d.Facts {
		if strings.Contains(f, ":") {
			ks = append(ks, f)
		} else {
			ks = append(ks, "is:"+f)
		}
	}
	return ks
}

// flagKinds gives the flags over all places of a message: it was read if it
// was read in one of them, and is deleted only if it is in all.
func flagKinds(e archive.Entry) []string {
	var any [256]bool
	trashed := len(e.Places) > 0
	var ks []string
	for _, p := range e.Places {
		for i := range len(p.Flags) {
			any[p.Flags[i]] = true
		}
		trashed = trashed && strings.Contains(string(p.Flags), "T")
		for _, t := range p.Traits {
			if t == "unsent" || t == "carved" || t == "deleted" {
				ks = append(ks, "is:"+t, "state:"+t)
			}
		}
	}
	if any['S'] {
		ks = append(ks, "is:read")
	} else {
		ks = append(ks, "is:unread")
	}
	for _, f := range []struct {
		letter byte
		kind   string
	}{{'D', "is:draft"}, {'F', "is:flagged"}, {'P', "is:forwarded"}, {'R', "is:replied"}} {
		if any[f.letter] {
			ks = append(ks, f.kind)
		}
	}
	if trashed {
		ks = append(ks, "is:deleted")
	}
	if len(e.Places) > 1 {
		ks = append(ks, "is:duplicate")
	}
	return ks
}

// problemKinds gives the codes of what reading a message met.
func problemKinds(m *decode.Message) []string {
	var ks []string
	if id := m.PartialID(); id != "" {
		ks = append(ks, "partial:"+strings.ToLower(id))
	}
	for _, p := range m.Problems {
		ks = append(ks, "problem:"+string(p.Code))
		if p.Code == decode.MessagePartial || strings.HasPrefix(string(p.Code), "limit-") {
			ks = append(ks, "is:partial")
		}
	}
	return ks
}

// maxKind bounds values that senders and file names choose, in octets.
const maxKind = 128

// sourceKinds gives what source: finds of an origin (docs/FORMAT.md): its kind,
// the name of every file that it lies in, or the server and the account.
func sourceKinds(origin string) []string {
	kind, rest, ok := strings.Cut(origin, ":")
	if !ok {
		return nil
	}
	ks := []string{"source:" + strings.TrimSuffix(strings.ToLower(kind), "s")}
	add := func(name string) {
		if name = strings.ToLower(cutRunes(name, 0, maxKind)); name != "" && name != "." && name != "/" {
			ks = append(ks, "source:"+name)
		}
	}
	if rest, ok := strings.CutPrefix(rest, "//"); ok {
		host, _, _ := strings.Cut(rest, "/")
		add(host)
		if at := strings.LastIndexByte(host, '@'); at >= 0 {
			add(host[at+1:])
		}
		return ks
	}
	for _, file := range strings.Split(rest, "!") {
		if at := strings.LastIndexByte(file, '@'); at >= 0 && strings.Trim(file[at+1:], "0123456789") == "" {
			file = file[:at]
		}
		add(path.Base(strings.ReplaceAll(file, "\\", "/")))
	}
	return ks
}

// facets gives mailboxes and labels as they are written, for counting.
func facets(e archive.Entry) []string {
	var ks []string
	for _, p := range e.Places {
		name := p.Mailbox
		if name == "" {
			name = "INBOX"
		}
		ks = append(ks, "mailbox:"+name)
		for _, t := range p.Traits {
			if strings.HasPrefix(t, "label:") {
				ks = append(ks, t)
			}
		}
	}
	return ks
}

// mailboxes gives what in: finds: the whole name, each mailbox above, the last
// level alone, labels likewise, and roles.
func mailboxes(e archive.Entry) []string {
	var ms []string
	add := func(name string) {
		name = foldMailbox(name)
		ms = append(ms, path.Base(name))
		for name != "" {
			ms = append(ms, name)
			cut := strings.LastIndexByte(name, '/')
			name = name[:max(cut, 0)]
		}
	}
	for _, p := range e.Places {
		if p.Mailbox == "" {
			add("inbox")
		} else {
			add(p.Mailbox)
		}
		for _, t := range p.Traits {
			if label, ok := strings.CutPrefix(t, "label:"); ok {
				add(label)
			} else if role, ok := strings.CutPrefix(t, "role:"); ok {
				add(role)
			}
		}
	}
	return ms
}

// factRoles gives the roles that were found out about a message, as in: finds
// them.
func factRoles(facts []string) []string {
	var ms []string
	for _, f := range facts {
		if role, ok := strings.CutPrefix(f, "role:"); ok {
			ms = append(ms, foldMailbox(role))
		}
	}
	return ms
}

// foldMailbox is the name of a mailbox as it is kept and looked for: the words
// of each level, folded, with single spaces.
func foldMailbox(name string) string {
	levels := strings.Split(name, "/")
	for i, l := range levels {
		levels[i] = strings.Join(strings.Fields(strings.ToLower(l)), " ")
	}
	return strings.Trim(strings.Join(levels, "/"), "/")
}

// mediaClass is the everyday word for a kind of file, "" if there is none. The
// extension counts where the media type says nothing.
func mediaClass(mediaType, fileName string) string {
	major, minor, _ := strings.Cut(mediaType, "/")
	switch major {
	case "image", "audio", "video":
		return major
	}
	ext := strings.ToLower(strings.TrimPrefix(path.Ext(fileName), "."))
	for class, marks := range classes {
		for _, mark := range marks {
			if ext == mark || minor == mark || len(mark) > 4 && strings.Contains(minor, mark) {
				return class
			}
		}
	}
	return ""
}

// classes has extensions and pieces of media types; no two classes share one.
var classes = map[string][]string{
	"pdf":          {"pdf", "x-pdf"},
	"document":     {"doc", "docx", "odt", "rtf", "pages", "msword", "wordprocessingml", "opendocument.text"},
	"spreadsheet":  {"xls", "xlsx", "ods", "csv", "numbers", "ms-excel", "spreadsheetml", "opendocument.spreadsheet"},
	"presentation": {"ppt", "pptx", "odp", "ms-powerpoint", "presentationml", "opendocument.presentation"},
	"image":        {"jpg", "jpeg", "png", "gif", "tif", "tiff", "heic", "webp", "bmp", "svg"},
	"audio":        {"mp3", "m4a", "wav", "ogg", "flac", "opus"},
	"video":        {"mp4", "mov", "avi", "mkv", "webm"},
}
