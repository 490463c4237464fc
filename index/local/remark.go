package local

import (
	"strings"

	"lostpost/decode"
	"lostpost/index/analyze"
)

// remarkFields are header fields that people write, beside those with a field
// of their own: a plain word finds them. All others are found with header:.
var remarkFields = []string{
	"Keywords", "Comments", "Summary", "Organization", "Organisation", "List-Id", "Thread-Topic", "Newsgroups",
	"X-Keywords", "X-Label", "Resent-From", "Resent-To", "Resent-Cc", "Content-Description", "Original-Subject",
}

// maxRemarkParts bounds the parts of which the description is read.
const maxRemarkParts = 100

// remarks adds the words of remarkFields, and of the Content-Description of
// the parts.
func (b *builder) remarks(m *decode.Message) {
	b.begin()
	base := 0
	add := func(text string) {
		if text != "" {
			base = b.words(base, strings.ToValidUTF8(text[:min(len(text), headerBytes)], "")) + analyze.Gap
		}
	}
	for _, name := range remarkFields {
		if m.Header.Has(name) {
			text, _ := m.Header.Text(name, "")
			add(text)
		}
	}
	for _, p := range m.Parts[min(1, len(m.Parts)):min(len(m.Parts), maxRemarkParts)] {
		if p.Header.Has("Content-Description") {
			text, _ := p.Header.Text("Content-Description", "")
			add(text)
		}
	}
	b.packed(fieldRemark)
}
