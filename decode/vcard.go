package decode

import (
	"slices"
	"strings"
)

// vcardText makes lines that a person reads of visiting cards (vCard 2.1, 3.0
// and 4.0, RFC 6350): name, organization, telephone, mail, address, page,
// note. Pictures, sounds and keys are left out.
func vcardText(src string) string {
	var b strings.Builder
	var name string       // of N, for cards without FN
	var lines []cardField // of this card
	flush := func() {
		if len(lines) == 0 && name == "" {
			return
		}
		if !slices.ContainsFunc(lines, func(f cardField) bool { return f.rank == 0 }) && name != "" {
			lines = append(lines, cardField{0, "", name})
		}
		slices.SortStableFunc(lines, func(a, b cardField) int { return a.rank - b.rank })
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		for _, f := range lines {
			b.WriteString(f.label + f.value + "\n")
		}
		name, lines = "", nil
	}
	contentLines(src, func(l contentLine) bool {
		switch l.name {
		case "BEGIN", "END":
			flush()
		case "N":
			if f := l.fields(); len(f) > 0 {
				slices.Reverse(f[:min(2, len(f))]) // family name; given name
				name = strings.Join(f, " ")
			}
		default:
			if f, ok := cardLine(l); ok {
				lines = append(lines, f)
			}
		}
		return true
	})
	flush()
	return b.String()
}

// A cardField is a line of a card and its place among the others.
type cardField struct {
	rank         int
	label, value string
}

// cardLine reads a property that is shown.
func cardLine(l contentLine) (cardField, bool) {
	f := cardField{value: strings.Join(strings.Fields(l.text()), " ")}
	switch l.name {
	case "FN":
		f.rank = 0
	case "TITLE":
		f.rank = 1
	case "ORG":
		f.rank, f.value = 2, strings.Join(l.fields(), ", ")
	case "EMAIL":
		f.rank, f.label = 3, "Mail: "
	case "TEL":
		f.rank, f.label, f.value = 4, "Telephone: ", strings.TrimPrefix(f.value, "tel:")
	case "ADR":
		f.rank, f.label, f.value = 5, "Address: ", strings.Join(strings.Fields(strings.Join(l.fields(), ", ")), " ")
	case "URL":
		f.rank, f.label = 6, "Page: "
	case "BDAY":
		f.rank, f.label = 7, "Birthday: "
	case "NOTE":
		f.rank, f.label = 8, "Note: "
	default:
		return f, false
	}
	return f, f.value != ""
}
