package html

import (
	"strconv"
	"strings"
)

// maxOpen is the number of open elements that are remembered (4 MB). Deeper
// ones keep their text and lose their meaning. Mail has less than 200.
const maxOpen = 1 << 18

// Marks of an open element, handed down to what is in it.
const (
	hidden  uint8 = 1 << iota // display:none and its like: nothing inside is seen
	unseen                    // visibility:hidden, until a style inside says otherwise
	tiny                      // font-size:0, until a style inside says otherwise
	keep                      // white space counts
	drained                   // its end tag came while others inside are open
	flat                      // no empty line around it; not handed down
)

// An open element. The numbers are places in walk.open, -1 for none.
type open struct {
	el      element
	marks   uint8
	prev    int32 // the next outer open element of the same kind
	special int32 // the next outer one with isSpecial
	scope   int32 // the next outer one with isScope
}

// A cell is an open cell of a table.
type cell struct {
	words, lines int  // counts of the page where it began
	at           int  // octets of the page where it began
	span         int  // columns
	gap          int  // line ends that were due where it began
	hard         bool // it breaks the line of its row
}

// A walk goes over the tags of a document. The stack of open elements is that
// of the HTML standard, without the tree. Every question about it is answered
// by one look (the innermost of each kind is known), so no nesting makes an
// end tag expensive.
type walk struct {
	scan  scanner
	page  page
	links bool
	rules rules

	open    []open
	top     [elementCount]int32 // innermost open element of each kind
	special int32               // innermost open one with isSpecial
	scope   int32               // innermost open one with isScope
	over    int                 // open elements beyond maxOpen

	cells []cell
	grid  grid
	link  link
	fresh bool // a pre has just begun: its first line end does not count
}

func (k *walk) run() {
	for i := range k.top {
		k.top[i] = -1
	}
	k.special, k.scope = -1, -1
	var t token
	for k.page.err == nil {
		k.scan.next(&t)
		switch t.kind {
		case endToken:
			k.popTo(0)
			k.page.flush()
			return
		case textToken:
			k.text(&t)
		case openToken:
			k.start(&t)
		case closeToken:
			k.end(t.el)
		}
	}
}

// marks gives the marks of the innermost open element.
func (k *walk) marks() uint8 {
	if n := len(k.open); n > 0 {
		return k.open[n-1].marks
	}
	return 0
}

func (k *walk) text(t *token) {
	marks := k.marks()
	if marks&(hidden|unseen|tiny) != 0 {
		if marks&hidden != 0 && k.top[styleElement] == int32(len(k.open)-1) && len(k.open) > 0 {
			k.rules.read(t.data)
		}
		return
	}
	if marks&keep == 0 {
		k.page.text(t.data, t.plain)
		return
	}
	s := t.data
	if k.fresh {
		k.fresh = false
		s = strings.TrimPrefix(strings.TrimPrefix(s, "\r"), "\n")
	}
	k.page.pre(s, t.plain)
}

// start handles a start tag.
func (k *walk) start(t *token) {
	info := &elements[t.el]
	k.imply(t.el, info)
	marks := k.marks()
	st := k.style(t, marks)
	if info.traits&isVoid != 0 {
		if st.marks&(hidden|unseen) == 0 {
			k.void(t, st)
		}
		return
	}
	if len(k.open) >= maxOpen {
		k.over++
		if info.raw != "" && info.traits&isHidden != 0 {
			k.scan.skipRaw()
		}
		return
	}
	at := int32(len(k.open))
	k.open = append(k.open, open{t.el, st.marks, k.top[t.el], k.special, k.scope})
	k.top[t.el] = at
	if info.traits&isSpecial != 0 {
		k.special = at
	}
	if info.traits&isScope != 0 {
		k.scope = at
	}
	if st.marks&hidden == 0 {
		k.begin(t, st)
	}
}

// imply ends the elements whose end tag may be left out before el.
func (k *walk) imply(el element, info *elementInfo) {
	if info.traits&closesP != 0 && k.top[pElement] > k.scope {
		k.popTo(k.top[pElement])
	}
	switch el {
	case liElement:
		k.popInside(k.top[liElement], max(k.scope, k.top[ulElement], k.top[olElement]))
	case dtElement, ddElement:
		k.popInside(max(k.top[dtElement], k.top[ddElement]), max(k.scope, k.top[dlElement]))
	case optionElement:
		k.popInside(k.top[optionElement], max(k.scope, k.top[selectElement]))
	case cellElement:
		k.popPart(cellElement, captionElement)
	case rowElement:
		k.popPart(rowElement, cellElement, captionElement)
	case rowGroupElement, captionElement:
		k.popPart(rowGroupElement, rowElement, cellElement, captionElement)
	case headingElement:
		k.popInside(k.top[headingElement], k.special-1)
	case aElement:
		k.end(aElement)
	}
}

// popInside ends the open element at if it is inside the one at limit.
func (k *walk) popInside(at, limit int32) {
	if at >= 0 && at > limit {
		k.popTo(at)
	}
}

// popPart ends the parts of the innermost table that are one of parts, and all
// inside them.
func (k *walk) popPart(parts ...element) {
	table := k.top[tableElement]
	outermost := int32(len(k.open))
	for _, el := range parts {
		if at := k.top[el]; at > table {
			outermost = min(outermost, at)
		}
	}
	k.popTo(outermost)
}

// end handles an end tag.
func (k *walk) end(el element) {
	if k.over > 0 {
		k.over--
		return
	}
	at := k.top[el]
	info := &elements[el]
	switch {
	case el == brElement: // "</br>" is a "<br>" in every browser
		if k.marks()&hidden == 0 {
			k.page.newline(maxGap)
		}
	case el == pElement && at <= k.scope: // so is "</p>" an empty paragraph
		if k.marks()&hidden == 0 {
			k.brk(2, false)
		}
	case at < 0 || el == bodyElement:
	case el == tableElement:
		k.popTo(at)
	case el == cellElement || el == rowElement || el == rowGroupElement || el == captionElement:
		k.popInside(at, k.top[tableElement])
	case info.traits&isSpecial != 0:
		k.popInside(at, k.scope)
	case at > k.special:
		k.popTo(at)
	case info.traits&isFormat != 0 && at > k.scope:
		k.takeOut(at)
	}
}

// takeOut ends a formatting element that has others open inside it.
func (k *walk) takeOut(at int32) {
	o := &k.open[at]
	k.top[o.el] = o.prev
	k.finish(o)
	o.marks |= drained
}

// popTo ends the open element at and all inside it.
func (k *walk) popTo(at int32) {
	for n := int32(len(k.open)) - 1; n >= at; n-- {
		o := k.open[n]
		k.open = k.open[:n]
		k.special, k.scope = o.special, o.scope
		if o.marks&drained == 0 {
			k.top[o.el] = o.prev
			k.finish(&o)
		}
	}
}

// begin does what the start of an element that is seen does to the page.
func (k *walk) begin(t *token, st styling) {
	p := &k.page
	gap := gapOf(t.el, st.marks)
	switch t.el {
	case aElement:
		if t.attrs.has&hasHref != 0 {
			k.link = newLink(unescape(t.attrs.href), p)
		}
		return
	case qElement:
		p.text(`"`, true)
		return
	case ulElement, olElement:
		if len(p.frames) > 0 && !p.frames[len(p.frames)-1].quote {
			gap = 1 // a list in a list
		}
	case preElement, plaintextElement, xmpElement:
		k.fresh = true
	}
	if gap > 0 {
		k.brk(gap, elements[t.el].traits&isHard != 0)
	}
	switch t.el {
	case blockquoteElement:
		p.push(frame{quote: true})
	case ulElement:
		p.push(frame{plain: st.bare})
	case olElement:
		n := 0
		if v, ok := number(t.attrs.start); ok {
			n = v - 1
		}
		p.push(frame{ordered: true, plain: st.bare, n: n})
	case ddElement:
		p.push(frame{plain: true})
	case liElement:
		k.item(t)
	case tableElement:
		k.openTable()
	case rowElement:
		k.grid.openRow()
	case cellElement, captionElement:
		if p.gap == 0 {
			p.space, p.cell = false, true // behind text that is in no cell
		}
		c := cell{words: p.words, lines: p.lines, gap: p.gap, at: p.end(), span: 1}
		if t.el == cellElement {
			k.grid.openCell(&t.attrs)
			c.span, _ = number(t.attrs.colspan)
		}
		k.cells = append(k.cells, c)
	}
}

// item begins an item of the innermost list.
func (k *walk) item(t *token) {
	p := &k.page
	if max(k.top[ulElement], k.top[olElement]) <= k.scope || len(p.frames) == 0 {
		return // an item without a list is a line
	}
	f := &p.frames[len(p.frames)-1]
	f.due = true
	f.n++
	if v, ok := number(t.attrs.value); ok {
		f.n = v
	}
}

// finish does what the end of an element that was seen does to the page.
func (k *walk) finish(o *open) {
	if o.marks&hidden != 0 {
		return
	}
	p := &k.page
	switch o.el {
	case aElement:
		k.endLink()
		return
	case qElement:
		p.text(`"`, true)
		return
	case cellElement, captionElement:
		k.endCell(o.el)
		return
	case tableElement:
		k.closeTable(len(k.open))
	case blockquoteElement, ddElement:
		p.pop()
	case ulElement, olElement:
		p.pop()
		if len(p.frames) > 0 && !p.frames[len(p.frames)-1].quote {
			k.brk(1, true)
			return
		}
	}
	if gap := gapOf(o.el, o.marks); gap > 0 {
		k.brk(gap, false)
	}
}

// gapOf gives the line ends around an element.
func gapOf(el element, marks uint8) int {
	gap := int(elements[el].gap)
	if marks&flat != 0 {
		gap = min(gap, 1)
	}
	return gap
}

// brk asks for line ends around a block. At the start of a cell or item they
// are not wanted, except that a hard block begins a line of its own.
func (k *walk) brk(n int, hard bool) {
	p := &k.page
	if p.hollow {
		n = max(n, 2)
		p.hollow = false
	}
	if m := len(p.frames); m > 0 && p.frames[m-1].due && !hard {
		return
	}
	if m := len(k.cells); m > 0 {
		c := &k.cells[m-1]
		c.hard = c.hard || hard
		if p.words == c.words && !c.hard {
			return
		}
	}
	p.brk(n)
}

// endCell ends a cell: one that is a single line lets the row go on.
func (k *walk) endCell(el element) {
	p := &k.page
	p.hollow = false
	if len(k.cells) == 0 {
		return
	}
	c := k.cells[len(k.cells)-1]
	k.cells = k.cells[:len(k.cells)-1]
	begun := p.lines - c.lines
	if c.gap > 0 || c.lines == 0 {
		begun--
	}
	if el == cellElement {
		k.grid.endCell(p, c.at, c.span, p.words > c.words, !c.hard && begun <= 0)
	}
	switch {
	case el == captionElement:
		p.brk(1)
	case p.words == c.words && !c.hard:
	case c.hard || begun > 0:
		p.brk(1)
	default:
		p.gap, p.space, p.cell = 0, false, true
	}
}

// void handles an element without content.
func (k *walk) void(t *token, st styling) {
	p := &k.page
	switch t.el {
	case brElement:
		p.newline(maxGap)
	case hrElement:
		k.brk(2, true)
	case imgElement:
		alt := strings.TrimSpace(unescape(t.attrs.alt))
		if alt == "" || dot(t.attrs.width) || dot(t.attrs.height) || st.dot {
			return
		}
		p.text("["+alt+"]", true)
	}
}

// dot reports whether a width or height is that of an image for counting.
func dot(s string) bool {
	s = strings.TrimSuffix(strings.TrimSpace(s), "px")
	return s == "0" || s == "1"
}

func number(s string) (int, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 32)
	return int(n), err == nil
}
