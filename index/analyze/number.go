package analyze

import "strings"

// A number is groups of digits that people write as one: 0171/123 45-67. Its
// joined form is a second term at the first group's position.
type number struct {
	groups int  // read so far, 0 if the last word was no digits
	first  int  // token of the first group
	length int  // digits in all
	dialed bool // begins like a telephone number: blanks are inside too
	end    int  // octet behind the last group
}

// A joined number has so many digits: fewer are dates without a year and sums
// of money; more than a telephone number has (ITU-T E.164: 15) is a table.
const minJoined, maxJoined = 7, 15

// digits sees a group of so many digits that emit is about to append.
func (s *scanner) digits(length, start, end int) {
	n := &s.number
	if n.groups > 0 && n.end < start && joins(s.text[n.end:start], n.dialed) {
		n.groups++
		n.length += length
		n.end = end
		return
	}
	s.endNumber()
	*n = number{groups: 1, first: len(s.dst), length: length, end: end}
	n.dialed = s.text[start] == '0' || start > 0 && (s.text[start-1] == '+' || s.text[start-1] == '(')
}

// joins reports whether sep may stand between two groups of one number.
func joins(sep string, dialed bool) bool {
	switch sep {
	case "-", ".", "/", ",", "–", "‑":
		return true
	}
	return dialed && sep != "" && len(sep) <= 4 && strings.Trim(sep, " \u00a0-./()–") == ""
}

// endNumber puts the joined form of the groups read behind the first of them.
func (s *scanner) endNumber() {
	n := s.number
	s.number.groups = 0
	if n.groups < 2 || n.length < minJoined || n.length > maxJoined {
		return
	}
	from := s.room(4 * maxJoined)
	for _, t := range s.dst[n.first:] {
		s.slab.WriteString(t.Term)
	}
	first := s.dst[n.first]
	s.dst = insert(s.dst, n.first+1, Token{s.slab.String()[from:], first.Pos, first.Start, n.end})
}
