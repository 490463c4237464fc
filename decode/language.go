package decode

import (
	"strings"

	"lostpost/decode/html"
)

const (
	maxLanguages   = 16 // of one part
	maxLanguageTag = 35 // octets; RFC 5646 section 4.4.1
	languageLevels = 16 // containers around a text that are asked, so that time stays linear at any depth
)

// languages gives the language tags that are declared for a text with this
// source: those of its Content-Language field (RFC 3282), else those of the
// containers around it up to the message that it belongs to, else that of the
// HTML document. The words themselves are not looked at: what language they
// are in would be a guess.
func (p *Part) languages(src string) []string {
	for q, n := p, 0; q != nil && !q.nested() && n <= languageLevels; q, n = q.parent, n+1 {
		if tags := languageTags(q.Header.Value("Content-Language")); tags != nil {
			return tags
		}
	}
	if p.MediaType == "text/html" {
		return languageTags(html.Lang(src))
	}
	return nil
}

// languageTags splits a list of tags and leaves out what is none.
func languageTags(list string) []string {
	var tags []string
	for tag := range strings.SplitSeq(list, ",") {
		tag = strings.ToLower(strings.TrimSpace(tag))
		if isLanguageTag(tag) && len(tags) < maxLanguages {
			tags = append(tags, tag)
		}
	}
	return tags
}

// isLanguageTag reports whether s is formed as a tag: a word of two to eight
// letters, then words of letters and digits, divided by hyphens (RFC 5646
// section 2.1).
func isLanguageTag(s string) bool {
	if len(s) > maxLanguageTag {
		return false
	}
	for i, word := range strings.Split(s, "-") {
		allowed := "abcdefghijklmnopqrstuvwxyz"
		if i > 0 {
			allowed += "0123456789"
		}
		if len(word) < 1 || len(word) > 8 || i == 0 && len(word) < 2 || strings.Trim(word, allowed) != "" {
			return false
		}
	}
	return true
}
