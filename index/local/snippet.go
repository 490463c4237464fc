package local

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"lostpost/decode"
	"lostpost/index"
	"lostpost/index/analyze"
	"lostpost/index/query"
)

const (
	// snippetBytes is the length of a snippet, snippetBefore how much of it
	// stands before the first match.
	snippetBytes, snippetBefore = 200, 60

	// snippetText bounds the text that is searched for matches.
	snippetText = 256 << 10

	// attachedTime bounds the reading of attachments for the snippets of a page.
	attachedTime = 2 * time.Second
)

// snippets reads the messages of hits again and marks the words of the query
// in them. A message that cannot be read has no snippet.
func (e *engine) snippets(ctx context.Context, q query.Expr, hits []index.Hit) error {
	marks := marksOf(q, fieldBody)
	attached := marksOf(q, fieldAttached)
	timed, cancel := context.WithTimeout(ctx, attachedTime)
	defer cancel()
	for i := range hits {
		if err := ctx.Err(); err != nil {
			return err
		}
		m, err := e.opt.Message(ctx, hits[i].ID)
		if err != nil {
			e.opt.Log.Debug("no snippet", "id", hits[i].ID, "err", err)
			continue
		}
		hits[i].Snippet = snippet(m.Text, marks)
		if len(attached) > 0 && !anyMark(hits[i].Snippet) && hasAttachment(m) {
			e.attachedSnippet(timed, &hits[i], attached)
		}
	}
	return nil
}

// attachedSnippet takes the snippet from the first attachment that has a word
// of the query, if there is one.
func (e *engine) attachedSnippet(ctx context.Context, h *index.Hit, marks []slot) {
	if e.opt.Attached == nil || ctx.Err() != nil {
		return
	}
	m, err := e.opt.Attached(ctx, h.ID)
	if err != nil {
		e.opt.Log.Debug("no snippet of attachments", "id", h.ID, "err", err)
		return
	}
	for _, a := range m.Attached {
		if s := snippet(a.Text, marks); anyMark(s) {
			h.Part, h.Snippet = a.Part.Path(), s
			return
		}
	}
}

func hasAttachment(m *decode.Message) bool {
	return slices.ContainsFunc(m.Parts, func(p *decode.Part) bool { return p.Attachment || p.FileName != "" })
}

func anyMark(spans []index.Span) bool {
	return slices.ContainsFunc(spans, func(s index.Span) bool { return s.Mark })
}

// marksOf gathers what may be marked in the text of a field: the slots of the
// words that are looked for in it.
func marksOf(q query.Expr, field string) []slot {
	var marks []slot
	for _, x := range wanted(q, nil) {
		l, err := leafOf(x)
		if err != nil {
			continue // Search gave the error
		}
		for _, f := range l.fields {
			if f.field != field {
				continue
			}
			marks = append(append(marks, f.slots...), f.whole)
		}
	}
	return marks
}

// marked reports whether a term is one of those looked for.
func marked(term string, marks []slot) bool {
	for _, m := range marks {
		if slices.Contains(m.terms, term) || slices.ContainsFunc(m.forms, func(f *analyze.Forms) bool { return f.Match(term) }) {
			return true
		}
		for _, p := range m.patterns {
			if !p.all && p.matches(term) {
				return true
			}
		}
	}
	return false
}

// A stretch is a run of octets.
type stretch struct{ start, end int }

// snippet cuts the piece of text that has the most matches and marks them.
func snippet(text string, marks []slot) []index.Span {
	text = cutRunes(text, 0, snippetText)
	var found []stretch
	if len(marks) > 0 {
		for _, t := range analyze.Text(nil, text) {
			if t.Start >= t.End || t.End > len(text) || !marked(t.Term, marks) {
				continue
			}
			if n := len(found); n > 0 && t.Start <= found[n-1].end {
				found[n-1].end = max(found[n-1].end, t.End)
				continue
			}
			found = append(found, stretch{t.Start, t.End})
		}
	}
	start := best(found)
	if start > 0 {
		start = wordStart(text, max(start-snippetBefore, 0))
	}
	piece := cutRunes(text, start, snippetBytes)
	end := start + len(piece)
	var spans []index.Span
	add := func(s string, mark bool) {
		if s = oneLine(s); s != "" {
			spans = append(spans, index.Span{Text: s, Mark: mark})
		}
	}
	at := start
	for _, f := range found {
		if f.start < at || f.end > end {
			continue
		}
		add(text[at:f.start], false)
		add(text[f.start:f.end], true)
		at = f.end
	}
	add(text[at:end], false)
	return spans
}

// best is where the window of a snippet with the most matches begins.
func best(found []stretch) int {
	most, at := 0, 0
	j := 0
	for i, f := range found {
		j = max(j, i)
		for j < len(found) && found[j].end <= f.start+snippetBytes-snippetBefore {
			j++
		}
		if j-i > most {
			most, at = j-i, f.start
		}
	}
	return at
}

// wordStart moves forward to the next beginning of a word, at most 20 octets.
func wordStart(text string, at int) int {
	if at == 0 {
		return 0
	}
	if i := strings.IndexAny(text[at:min(at+20, len(text))], " \n\t"); i >= 0 {
		return at + i + 1
	}
	for at < len(text) && !utf8.RuneStart(text[at]) {
		at++
	}
	return at
}

// cutRunes is at most n octets of text from at on, no character cut.
func cutRunes(text string, at, n int) string {
	if len(text)-at <= n {
		return text[at:]
	}
	end := at + n
	for end > at && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[at:end]
}

// oneLine makes every run of white space a single space.
func oneLine(s string) string {
	var b strings.Builder
	space := false
	for _, r := range s {
		if r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == '\u00a0' {
			space = true
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	if space {
		b.WriteByte(' ')
	}
	return b.String()
}
