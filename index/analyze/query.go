package analyze

import (
	"strings"
	"unicode/utf8"
)

// Kind says which function made the terms of a field.
type Kind uint8

const (
	Words     Kind = iota // Text
	Addresses             // Address
	FileNames             // FileName
)

// A Pattern is what a typed word or phrase asks of a field. It holds where,
// from some position on, each following position has one of the terms of its
// slot, or where one of the terms of Whole stands anywhere.
type Pattern struct {
	Slots  [][]string // alternatives at adjacent positions; nil if the text has no word in it
	Whole  []string   // a number without its gaps, a whole address or file name; often nil
	Prefix bool       // the terms of the last slot and of Whole are beginnings of terms
}

// Query analyses what was typed, one word or the words of a phrase, for a field
// of this kind. With prefix, the last word may go on (word*).
//
// A single character of a script without blanks is the beginning of a pair, so
// Prefix may be set without having been asked for. A beginning longer than 24
// octets is cut there, as wild words are in the index, and finds more than it
// should rather than less.
func Query(kind Kind, text string, prefix bool) Pattern {
	tokens := scan(nil, text, 0, kind == FileNames)
	if len(tokens) == 0 {
		return Pattern{}
	}
	p := Pattern{Slots: make([][]string, 0, len(tokens))}
	last := tokens[len(tokens)-1]
	for i, t := range tokens {
		if t.Pos == len(p.Slots) {
			p.Slots = append(p.Slots, []string{t.Term})
			continue
		}
		if t.End == tokens[i-1].End { // a variant of the token before
			p.Slots[t.Pos] = append(p.Slots[t.Pos], t.Term)
		} else if tokens[0].Start == t.Start && last.End == t.End { // a joined number
			p.Whole = append(p.Whole, t.Term)
		}
	}
	p.Prefix = prefix && last.End == len(text)
	if r, n := utf8.DecodeRuneInString(last.Term); n == len(last.Term) && isUnspaced(r) {
		p.Prefix = true
		if n := len(tokens) - 2; n >= 0 && len(tokens[n].Term) > len(last.Term) && strings.HasSuffix(tokens[n].Term, last.Term) {
			// The last character alone: the pair before says as much, and in
			// a longer run no such token exists.
			p.Slots, p.Prefix = p.Slots[:last.Pos], false
		}
	}
	p.addWhole(kind, text)
	if p.Prefix {
		p.cutPrefix()
	}
	return p
}

// addWhole adds the text in one piece, where the index has such terms.
func (p *Pattern) addWhole(kind Kind, text string) {
	if kind == Addresses {
		text = strings.Trim(text, "<>")
		if at := strings.LastIndexByte(text, '@'); at < 1 || at == len(text)-1 {
			return
		}
	} else if kind != FileNames || len(p.Slots) < 2 {
		return
	}
	base, alt := Fold(text)
	p.Whole = append(p.Whole, cut(base, maxWhole))
	if alt != "" {
		p.Whole = append(p.Whole, cut(alt, maxWhole))
	}
}

// cutPrefix bounds the beginnings in the last slot.
func (p *Pattern) cutPrefix() {
	slot := p.Slots[len(p.Slots)-1]
	for i := range slot {
		slot[i] = cut(slot[i], cutTerm)
	}
}
