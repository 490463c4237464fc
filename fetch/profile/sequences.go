package profile

import (
	"bufio"
	"io"
	"strconv"
	"strings"

	"lostpost/archive"
)

// Sequences are the sets of messages that .mh_sequences names in a folder of MH
// (mh-sequence(5) of nmh): "unseen: 3-5 9". The zero value has none.
type Sequences map[string][]span

// A span is a run of message numbers, both ends included.
type span struct{ from, to int }

// maxSequences bounds the file, in octets.
const maxSequences = 4 << 20

// ReadSequences reads a .mh_sequences file. What is not understood is passed
// over.
func ReadSequences(r io.Reader) Sequences {
	seqs := make(Sequences)
	lines := bufio.NewScanner(io.LimitReader(r, maxSequences))
	lines.Buffer(nil, maxSequences)
	for lines.Scan() {
		name, list, ok := strings.Cut(lines.Text(), ":")
		if !ok {
			continue
		}
		for word := range strings.FieldsSeq(list) {
			from, to, isRange := strings.Cut(word, "-")
			a, err := strconv.Atoi(from)
			b := a
			if err == nil && isRange {
				b, err = strconv.Atoi(to)
			}
			if err == nil {
				seqs[name] = append(seqs[name], span{a, b})
			}
		}
	}
	return seqs
}

func (s Sequences) has(name string, n int) bool {
	for _, r := range s[name] {
		if r.from <= n && n <= r.to {
			return true
		}
	}
	return false
}

// Flags gives the flags of the message in the file of this base name. Where a
// folder has no sequence "unseen", nobody knows what was seen.
func (s Sequences) Flags(name string) archive.Flags {
	n, err := strconv.Atoi(strings.TrimPrefix(name, ","))
	if err != nil || n <= 0 {
		return ""
	}
	var f archive.Flags
	if s.has("flagged", n) {
		f += "F"
	}
	if s.has("replied", n) || s.has("answered", n) {
		f += "R"
	}
	if len(s["unseen"]) > 0 && !s.has("unseen", n) {
		f += "S"
	}
	return f
}
