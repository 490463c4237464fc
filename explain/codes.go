package explain

import (
	_ "embed" // codes.tsv
	"strings"
	"sync"
)

//go:embed codes.tsv
var codesTable string

// A meaning is a row of codes.tsv.
type meaning struct {
	provider string // "-": the registry
	code     string // "5.1.1", "x.1.1", or a provider's own word in lower case
	reason   string // "" if the code alone does not say
	who      string // whose move it is
	text     string
	source   string
	date     string
}

// A codeTable is codes.tsv by code.
type codeTable struct {
	rows    []meaning
	byCode  map[string][]*meaning
	special []*meaning // codes that are no enhanced codes
}

// codes reads the table when it is first asked for.
var codes = sync.OnceValue(func() *codeTable {
	t := &codeTable{byCode: map[string][]*meaning{}}
	lines := strings.Split(strings.TrimSpace(codesTable), "\n")
	t.rows = make([]meaning, 0, len(lines))
	for _, l := range lines {
		c := strings.Split(l, "\t")
		if len(c) != 7 || c[0] == "provider" {
			continue
		}
		t.rows = append(t.rows, meaning{c[0], c[1], c[2], c[3], c[4], c[5], c[6]})
	}
	for i := range t.rows {
		m := &t.rows[i]
		t.byCode[m.code] = append(t.byCode[m.code], m)
		if !strings.HasPrefix(m.code, "x.") && !isCode(m.code) {
			t.special = append(t.special, m)
		}
	}
	return t
})

// lookup finds what a code means at a provider. own says that the row is the
// provider's: it holds for a known provider, or for a code that the registry
// does not have.
func (t *codeTable) lookup(provider, code string) (m *meaning, own bool) {
	if len(code) < 5 {
		return nil, false
	}
	rows := t.byCode[code]
	for _, r := range rows {
		if r.provider == provider {
			return r, true
		}
	}
	if reg := t.byCode["x"+code[1:]]; len(reg) > 0 {
		return reg[0], false
	}
	if len(rows) > 0 {
		return rows[0], true
	}
	return nil, false
}

// word finds a provider's own code, such as TSS04, in the words of a server, in
// lower case. Orange writes OFR_416, OFR004_416, ...: what stands before the
// line is the server.
func (t *codeTable) word(words string) *meaning {
	if i := strings.Index(words, "ofr"); i >= 0 {
		rest := strings.TrimLeft(words[i+3:], "0123456789")
		if len(rest) >= 4 && rest[0] == '_' {
			if rows := t.byCode["ofr"+rest[:4]]; len(rows) > 0 {
				return rows[0]
			}
		}
	}
	g := gramsOf(words)
	for _, m := range t.special {
		if !g.may(m.code) {
			continue
		}
		if i := strings.Index(words, m.code); i >= 0 && (i == 0 || !letter(words[i-1]) && !digit(words[i-1])) {
			if end := i + len(m.code); end == len(words) || !digit(words[end]) {
				return m
			}
		}
	}
	return nil
}

// provider tells whose server speaks, from its name and its words in lower
// case; "" if it is none that has codes of its own.
func provider(words string) string {
	for _, p := range [...]struct{ mark, name string }{
		{"outlook.com", "microsoft"}, {"hotmail", "microsoft"}, {"exchangelabs", "microsoft"}, {"microsoft", "microsoft"}, {"office365", "microsoft"}, {"resolver.", "microsoft"}, {"storedrv", "microsoft"},
		{"gsmtp", "google"}, {"google", "google"}, {"gmail", "google"},
		{"yahoo", "yahoo"}, {"aol.com", "yahoo"}, {"orange.fr", "orange"}, {"wanadoo", "orange"}, {"laposte.net", "laposte"},
	} {
		if strings.Contains(words, p.mark) {
			return p.name
		}
	}
	return ""
}
