package html

import (
	"unicode"
	"unicode/utf8"
)

const (
	cellGap    = "  "     // between two cells of a row
	maxColumns = 100      // width up to which tables are aligned
	maxTable   = 16 << 10 // octets up to which tables are aligned
	maxSpan    = 1000     // HTML standard 4.9.11: more is read as this
)

// A grid is the innermost open table as far as it may still be aligned. It
// remembers where the text of each cell lies in the page.
type grid struct {
	open     bool
	table    int // place of the table in walk.open
	row, col int // where the walk is
	cells    []gridCell
	spoiled  bool  // it has a cell of several lines, or is too large
	start    []int // column of text at which each column begins
	scratch  []byte
}

// A gridCell is the text of one cell: octets [from, to) of the page.
type gridCell struct {
	row, col, from, to int
	spans              bool // it spans columns and does not make its own wider
}

// openTable begins a grid. A table in a table ends the grid of the outer one.
func (k *walk) openTable() {
	if len(k.page.buf) > flushAt/2 {
		k.page.flush() // so that a small table never straddles a flush
	}
	g := &k.grid
	*g = grid{open: true, table: len(k.open) - 1, cells: g.cells[:0], start: g.start, scratch: g.scratch}
}

// openRow and openCell count rows and columns.
func (g *grid) openRow() { g.row, g.col = g.row+1, 0 }

func (g *grid) openCell(a *attrs) {
	g.col++
	if n, ok := number(a.rowspan); ok && n > 1 {
		g.spoiled = true
	}
}

// endCell takes the text of a cell. It began where the page had from octets
// and was the first of its line if the page says so.
func (g *grid) endCell(p *page, from, span int, text, single bool) {
	if !g.open || g.spoiled {
		return
	}
	if text {
		start := from + len(cellGap)
		if p.line > from || from == 0 {
			start = p.line
		}
		g.cells = append(g.cells, gridCell{row: g.row, col: g.col, from: start, to: p.end(), spans: span > 1})
	}
	g.col += min(max(span, 1), maxSpan) - 1
	g.spoiled = !single || g.col > maxSpan || len(g.cells) > 0 && p.end()-g.cells[0].from > maxTable
}

// closeTable aligns the table at place at, if it can be aligned.
func (k *walk) closeTable(at int) {
	g, p := &k.grid, &k.page
	if !g.open || g.table != at {
		return
	}
	g.open = false
	if g.spoiled || len(g.cells) == 0 || g.cells[0].from < p.sent || !g.layout(p) {
		return
	}
	g.rewrite(p)
}

// layout computes where columns begin. It reports false if the table has less
// than two rows of two cells, is too wide, or has text between its cells.
func (g *grid) layout(p *page) bool {
	g.start = g.start[:0]
	grow := func(n int) {
		for len(g.start) <= n {
			g.start = append(g.start, 0)
		}
	}
	full, last := 0, 0 // rows with two cells, the last of them
	for i, c := range g.cells {
		if c.from > c.to || i > 0 && c.from < g.cells[i-1].to {
			return false
		}
		if i > 0 {
			prev := g.cells[i-1]
			between := p.buf[prev.to-p.sent : c.from-p.sent]
			same := c.row == prev.row
			if same && string(between) != cellGap || !same && (len(between) == 0 || between[0] != '\n') {
				return false
			}
			if same && last != c.row {
				full, last = full+1, c.row
			}
		}
		grow(c.col)
		if !c.spans {
			g.start[c.col] = max(g.start[c.col], columns(p.buf[c.from-p.sent:c.to-p.sent]))
		}
	}
	at := 0
	for i, width := range g.start { // from widths to beginnings
		g.start[i] = at
		if width > 0 {
			at += width + len(cellGap)
		}
	}
	return full >= 2 && at-len(cellGap) <= maxColumns
}

// rewrite aligns the table at the end of the page.
func (g *grid) rewrite(p *page) {
	out := g.scratch[:0]
	at := 0 // column behind what is written of the row
	for i, c := range g.cells {
		if i > 0 && c.row != g.cells[i-1].row {
			out = append(out, p.buf[g.cells[i-1].to-p.sent:c.from-p.sent]...)
			at = 0
		}
		pad := g.start[c.col] - at
		if at > 0 {
			pad = max(pad, len(cellGap))
		}
		for range pad {
			out = append(out, ' ')
		}
		text := p.buf[c.from-p.sent : c.to-p.sent]
		out = append(out, text...)
		at += max(pad, 0) + columns(text)
	}
	out = append(out, p.buf[g.cells[len(g.cells)-1].to-p.sent:]...)
	p.buf = append(p.buf[:g.cells[0].from-p.sent], out...)
	g.scratch = out
}

// columns is the width of text on a terminal.
func columns(text []byte) int {
	n := 0
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		text = text[size:]
		switch {
		case r < 0x300:
			n++
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case isWide(r):
			n += 2
		default:
			n++
		}
	}
	return n
}

// isWide reports whether terminals give a character two columns: Unicode
// Standard Annex #11, the blocks that mail has.
func isWide(r rune) bool {
	return r >= 0x1100 && r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf && r != 0x303f || r >= 0xac00 && r <= 0xd7a3 ||
		r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 || r >= 0xffe0 && r <= 0xffe6 ||
		r >= 0x1f300 && r <= 0x1f64f || r >= 0x1f900 && r <= 0x1f9ff || r >= 0x20000 && r <= 0x3fffd
}
