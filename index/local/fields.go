package local

import (
	"strings"

	"lostpost/index/query"
)

// Names of the fields in a segment. One letter each, because zap writes the
// name's number with every position and the name with every document.
const (
	fieldBody     = "b" // words of the text, with positions
	fieldSubject  = "s" // words, with positions
	fieldFrom     = "f" // addresses, whole and in parts, with positions
	fieldTo       = "t"
	fieldCc       = "c"
	fieldBcc      = "x"
	fieldName     = "n" // file names, whole and in parts, with positions
	fieldAttached = "a" // words inside attachments, with positions
	fieldList     = "l" // words of List-Id, with positions
	fieldRemark   = "o" // words that people write elsewhere, with positions, see remarks
	fieldHeader   = "h" // "name" and "name=word" of every header field
	fieldID       = "m" // Message-ID, lower case
	fieldKind     = "k" // "is:unread", "has:attachment", "type:pdf", "mailbox:Work/Old", ...; see column
	fieldIn       = "i" // mailboxes, their levels, labels and roles, folded; see column
	fieldTies     = "g" // what holds threads together, see tie
	fieldAlike    = "y" // what near duplicates have in common, see kin
	fieldRow      = "r" // stored: what a list shows, and ties
	fieldDay      = "d" // the day, newest first in byte order
	fieldKey      = "_id"
)

// allText is where a word without a field is looked for.
var allText = []string{fieldBody, fieldSubject, fieldFrom, fieldTo, fieldCc, fieldBcc, fieldName, fieldAttached, fieldRemark}

// textFields gives the fields with positions that a field of the query
// language means; nil if it means none.
func textFields(f query.Field) []string {
	switch f {
	case "":
		return allText
	case "body":
		return []string{fieldBody}
	case "subject":
		return []string{fieldSubject}
	case "from":
		return []string{fieldFrom}
	case "to":
		return []string{fieldTo}
	case "cc":
		return []string{fieldCc}
	case "bcc":
		return []string{fieldBcc}
	case "recip":
		return []string{fieldTo, fieldCc, fieldBcc}
	case "contact":
		return []string{fieldFrom, fieldTo, fieldCc, fieldBcc}
	case "filename":
		return []string{fieldName}
	case "attached":
		return []string{fieldAttached}
	case "list":
		return []string{fieldList}
	}
	return nil
}

// exactField gives the field in which a value stands as a whole, and what
// stands before it there. ok is false if f is made of words.
func exactField(f query.Field, value string) (field, prefix string, ok bool) {
	switch f {
	case "in":
		return fieldIn, "", true
	case "id":
		return fieldID, "", true
	case "is", "type", "charset", "lang", "partial", "problem", "source", "state", "draft", "reason", "status":
		return fieldKind, string(f) + ":", true
	case "has":
		if value == "attachment" || value == "problem" {
			return fieldKind, "has:", true
		}
		return fieldKind, "type:", true // has:pdf is type:pdf
	}
	return "", "", false
}

// headerField gives the name in "header:name".
func headerField(f query.Field) (name string, ok bool) {
	return strings.CutPrefix(string(f), "header:")
}

// anyHeader stands for all fields of a header that have no field of their own.
const anyHeader query.Field = "header:*"

// inAnyHeader lets terms and beginnings stand behind the name of any field.
func inAnyHeader(f leafField) leafField {
	for i, s := range f.slots {
		var out slot
		for _, t := range s.terms {
			out.patterns = append(out.patterns, pattern{match: func(term string) bool { return strings.HasSuffix(term, "="+t) }})
		}
		for _, p := range s.patterns {
			out.patterns = append(out.patterns, pattern{match: func(term string) bool { return strings.Contains(term, "="+p.prefix) }})
		}
		f.slots[i] = out
	}
	f.whole = slot{}
	return f
}
