package html

import "strings"

// maxRules limits what is remembered of style sheets.
const maxRules = 10_000

// A styling is what the attributes of one element say about seeing it.
type styling struct {
	marks uint8 // those of the open element
	bare  bool  // a list without bullets
	dot   bool  // an image of one pixel
}

// style reads the attributes of a start tag. marks are those of the element
// around it.
func (k *walk) style(t *token, marks uint8) styling {
	st := styling{marks: marks &^ (drained | flat)}
	if marks&hidden != 0 {
		return st
	}
	a := &t.attrs
	switch t.el {
	case preElement, textareaElement, plaintextElement, xmpElement:
		st.marks |= keep
	case dialogElement:
		if a.has&hasOpen == 0 {
			st.marks |= hidden
		}
	case tableElement:
		st.marks &^= keep // white space between rows is never seen
	case bodyElement:
		return st // to hide all is to lose all
	}
	if elements[t.el].traits&isHidden != 0 || a.has&hasHidden != 0 {
		st.marks |= hidden
		k.rules.skip = t.el == styleElement && !forAll(a.media)
		return st
	}
	if t.el == pElement && flatClass(a.class) {
		st.marks |= flat
	}
	rule := k.rules.classes != nil && k.rules.hide(a)
	if a.style == "" {
		if rule {
			st.marks |= hidden
		}
		return st
	}
	d := declarations(unescape(a.style))
	if d.none || rule && !d.shown || d.outlook && t.el != aElement {
		st.marks |= hidden
	}
	st.marks = st.marks&^d.clear | d.set
	st.bare, st.dot = d.bare, d.dot
	return st
}

// flatClass finds the paragraph classes of Word and Outlook, whose style
// sheets set no space around them.
func flatClass(class string) bool {
	switch class {
	case "MsoNormal", "MsoPlainText", "MsoNoSpacing":
		return true
	}
	return false
}

// forAll reports whether a media attribute is true on a screen of any size.
func forAll(media string) bool {
	m := strings.ToLower(strings.TrimSpace(media))
	return m == "" || m == "all" || m == "screen"
}

// declared is what the declarations of a style attribute say.
type declared struct {
	none, shown bool  // display
	outlook     bool  // mso-hide:all
	set, clear  uint8 // marks
	bare, dot   bool
}

// declarations reads "key:value; key:value".
func declarations(s string) (d declared) {
	for s != "" {
		var one string
		if one, s, _ = strings.Cut(s, ";"); one != "" {
			key, val, ok := strings.Cut(one, ":")
			if key = strings.TrimSpace(key); ok && len(key) >= 4 {
				d.read(key, val)
			}
		}
	}
	return d
}

// read takes one declaration in.
func (d *declared) read(key, val string) {
	var buf [21]byte
	if len(key) > len(buf) {
		return
	}
	for i := range len(key) {
		buf[i] = lower(key[i])
	}
	mark := func(bit uint8, on bool) {
		d.set, d.clear = d.set&^bit, d.clear|bit
		if on {
			d.set |= bit
		}
	}
	switch string(buf[:len(key)]) {
	case "display":
		d.none = valueIs(val, "none")
		d.shown = !d.none
	case "visibility":
		mark(unseen, valueIs(val, "hidden") || valueIs(val, "collapse"))
	case "mso-hide":
		d.outlook = valueIs(val, "all")
	case "font-size":
		if zero(val) {
			mark(tiny, true)
		} else if absolute(val) {
			mark(tiny, false)
		}
	case "font":
		mark(tiny, zero(val) || strings.HasPrefix(strings.TrimSpace(val), "0/"))
	case "max-height":
		if zero(val) {
			d.set |= hidden
		}
	case "width", "height":
		d.dot = d.dot || dot(val)
	case "margin":
		f := strings.Fields(val)
		mark(flat, len(f) > 0 && zero(f[0]) && (len(f) < 3 || zero(f[2])))
	case "margin-top", "margin-bottom":
		if !zero(val) {
			mark(flat, false)
		} else if d.clear&flat == 0 {
			mark(flat, true)
		}
	case "white-space", "white-space-collapse":
		mark(keep, valueIs(val, "pre") || valueIs(val, "pre-wrap") || valueIs(val, "pre-line") || valueIs(val, "break-spaces") || valueIs(val, "preserve"))
	case "list-style", "list-style-type":
		d.bare = valueIs(val, "none")
	}
}

// valueIs reports whether a value is w, "!important" or not.
func valueIs(val, w string) bool {
	val = strings.TrimSpace(val)
	if len(val) < len(w) || !strings.EqualFold(val[:len(w)], w) {
		return false
	}
	rest := strings.TrimSpace(val[len(w):])
	return rest == "" && len(val) == len(w) || rest != "" && rest[0] == '!'
}

// zero reports whether a length is nothing: "0", "0px", "0.0em", "0!important".
// Word writes ".0001pt" for the same.
func zero(val string) bool {
	val = strings.TrimSpace(val)
	digits := false
	i := 0
	for i < len(val) && (val[i] == '0' || val[i] == '.') {
		digits = digits || val[i] == '0'
		i++
	}
	return digits && (i == len(val) || val[i] < '1' || val[i] > '9')
}

// absolute reports whether a font size does not depend on the one around it.
func absolute(val string) bool {
	val = strings.TrimSpace(val)
	if val == "" || strings.HasSuffix(val, "%") || strings.HasSuffix(val, "em") && !strings.HasSuffix(val, "rem") {
		return false
	}
	switch strings.ToLower(val) {
	case "inherit", "smaller", "larger", "unset":
		return false
	}
	return true
}

// rules are the style sheets of a document, as far as they hide something.
type rules struct {
	classes, ids map[string]bool // true: display:none
	skip         bool            // the style element that is open does not count
}

// hide reports whether a rule hides the element with these attributes.
func (r *rules) hide(a *attrs) bool {
	if a.id != "" && r.ids[a.id] {
		return true
	}
	for c := range strings.FieldsSeq(a.class) {
		if r.classes[c] {
			return true
		}
	}
	return false
}

// read takes a style sheet in: rules outside @media with a selector that is
// one class or id.
func (r *rules) read(css string) {
	if r.skip {
		return
	}
	css = withoutComments(css)
	for css != "" {
		n := strings.IndexAny(css, "{}")
		if n < 0 {
			return
		}
		if css[n] == '}' {
			css = css[n+1:]
			continue
		}
		head := css[:n]
		head = head[strings.LastIndexByte(head, ';')+1:] // behind @import
		if strings.Contains(head, "@") {
			css = behindBlock(css[n+1:])
			continue
		}
		body, rest, _ := strings.Cut(css[n+1:], "}")
		css = rest
		r.rule(head, body)
	}
}

// behindBlock gives what follows the "}" that ends a block with rules in it.
func behindBlock(css string) string {
	for depth := 1; depth > 0; {
		n := strings.IndexAny(css, "{}")
		if n < 0 {
			return ""
		}
		if css[n] == '{' {
			depth++
		} else {
			depth--
		}
		css = css[n+1:]
	}
	return css
}

// withoutComments takes the comments and the marks of old HTML comments out.
func withoutComments(css string) string {
	css = strings.NewReplacer("<!--", "", "-->", "").Replace(css)
	if !strings.Contains(css, "/*") {
		return css
	}
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(css, "/*")
		b.WriteString(before)
		if _, css, _ = strings.Cut(rest, "*/"); !ok {
			return b.String()
		}
	}
}

// rule takes one rule in: selectors and declarations.
func (r *rules) rule(head, body string) {
	d := declarations(body)
	if !d.none && !d.shown {
		return
	}
	if r.classes == nil {
		r.classes, r.ids = map[string]bool{}, map[string]bool{}
	}
	for s := range strings.SplitSeq(head, ",") {
		s = strings.TrimSpace(s)
		if len(s) < 2 || strings.ContainsAny(s[1:], ".#:[ >+~*\t\r\n\f") || len(r.classes)+len(r.ids) >= maxRules {
			continue
		}
		switch s[0] {
		case '.':
			r.classes[s[1:]] = d.none
		case '#':
			r.ids[s[1:]] = d.none
		}
	}
}
