package html

// An element is a known element name; names that change nothing share one.
type element uint8

const (
	otherElement element = iota // any name that is not listed, as font
	aElement
	addressElement
	blockElement // div and all that only break the line
	blockquoteElement
	bodyElement
	brElement
	buttonElement
	captionElement
	cellElement // td, th
	ddElement
	dialogElement
	dlElement
	dtElement
	formatElement // b, i, font ...: may cross other elements
	headingElement
	hiddenElement // head data and what needs a program to show
	hrElement
	iframeElement
	imgElement
	liElement
	noembedElement
	noframesElement
	olElement
	optionElement
	pElement
	plaintextElement
	preElement
	qElement
	rowElement
	rowGroupElement // tbody, thead, tfoot
	scriptElement
	selectElement
	styleElement
	tableElement
	textareaElement
	titleElement
	ulElement
	voidElement // input, meta ...: no content, nothing to see
	xmpElement
	elementCount
)

// Traits of an element.
const (
	isVoid    uint8 = 1 << iota // has no content and no end tag
	isSpecial                   // the end tag of an inline element does not reach over it
	isScope                     // no end tag but that of a table part reaches over it
	isHidden                    // its content is never seen
	isHard                      // in a table cell it breaks the line of the row
	closesP                     // begins after the end of an open paragraph
	isFormat                    // its end tag takes it out from below others
)

// An elementInfo is what the walk needs to know of an element.
type elementInfo struct {
	traits uint8
	gap    uint8  // line ends around it: 0 inline, 1 new line, 2 empty line between
	raw    string // its name, if tags in it are only characters
}

var elements = [elementCount]elementInfo{
	aElement:          {traits: isFormat},
	addressElement:    {isSpecial | closesP, 1, ""},
	blockElement:      {isSpecial | closesP, 1, ""},
	blockquoteElement: {isSpecial | closesP | isHard, 2, ""},
	bodyElement:       {isSpecial, 0, ""},
	brElement:         {traits: isVoid},
	buttonElement:     {traits: isSpecial},
	captionElement:    {isSpecial | isScope, 1, ""},
	cellElement:       {traits: isSpecial | isScope},
	ddElement:         {isSpecial | closesP | isHard, 1, ""},
	dialogElement:     {isSpecial | closesP, 1, ""},
	dlElement:         {isSpecial | closesP | isHard, 2, ""},
	dtElement:         {isSpecial | closesP | isHard, 1, ""},
	formatElement:     {traits: isFormat},
	headingElement:    {isSpecial | closesP | isHard, 2, ""},
	hiddenElement:     {traits: isHidden},
	hrElement:         {isVoid | closesP | isHard, 2, ""},
	iframeElement:     {isHidden, 0, "iframe"},
	imgElement:        {traits: isVoid},
	liElement:         {isSpecial | closesP, 1, ""},
	noembedElement:    {isHidden, 0, "noembed"},
	noframesElement:   {isHidden, 0, "noframes"},
	olElement:         {isSpecial | closesP | isHard, 2, ""},
	optionElement:     {gap: 1},
	pElement:          {isSpecial | closesP, 2, ""},
	plaintextElement:  {isSpecial | closesP | isHard, 2, "plaintext"},
	preElement:        {isSpecial | closesP | isHard, 2, ""},
	rowElement:        {isSpecial, 1, ""},
	rowGroupElement:   {isSpecial, 1, ""},
	scriptElement:     {isHidden, 0, "script"},
	selectElement:     {isSpecial, 1, ""},
	styleElement:      {isHidden, 0, "style"},
	tableElement:      {isSpecial | isScope | closesP | isHard, 1, ""},
	textareaElement:   {isSpecial, 1, "textarea"},
	titleElement:      {isHidden, 0, "title"},
	ulElement:         {isSpecial | closesP | isHard, 2, ""},
	voidElement:       {traits: isVoid},
	xmpElement:        {isSpecial | closesP | isHard, 2, "xmp"},
}

// lookup gives the element of a name in any case of letters.
func lookup(name string) element {
	const longest = len("blockquote")
	if len(name) > longest {
		return otherElement
	}
	var buf [longest]byte
	for i := range len(name) {
		buf[i] = lower(name[i])
	}
	switch string(buf[:len(name)]) {
	case "a":
		return aElement
	case "b", "i", "u", "s", "em", "tt", "big", "code", "font", "nobr", "small", "strike", "strong":
		return formatElement
	case "p":
		return pElement
	case "br":
		return brElement
	case "td", "th":
		return cellElement
	case "tr":
		return rowElement
	case "li":
		return liElement
	case "ul", "menu", "dir":
		return ulElement
	case "ol":
		return olElement
	case "div", "article", "aside", "center", "details", "fieldset", "figcaption", "figure", "footer", "form", "header",
		"hgroup", "legend", "main", "nav", "search", "section", "summary", "optgroup":
		return blockElement
	case "img":
		return imgElement
	case "table":
		return tableElement
	case "tbody", "thead", "tfoot":
		return rowGroupElement
	case "body", "html":
		return bodyElement
	case "h1", "h2", "h3", "h4", "h5", "h6":
		return headingElement
	case "hr":
		return hrElement
	case "blockquote":
		return blockquoteElement
	case "pre", "listing":
		return preElement
	case "style":
		return styleElement
	case "script":
		return scriptElement
	case "title":
		return titleElement
	case "q":
		return qElement
	case "dl":
		return dlElement
	case "dt":
		return dtElement
	case "dd":
		return ddElement
	case "address":
		return addressElement
	case "button":
		return buttonElement
	case "caption":
		return captionElement
	case "dialog":
		return dialogElement
	case "select":
		return selectElement
	case "option":
		return optionElement
	case "textarea":
		return textareaElement
	case "iframe":
		return iframeElement
	case "noembed":
		return noembedElement
	case "noframes":
		return noframesElement
	case "plaintext":
		return plaintextElement
	case "xmp":
		return xmpElement
	case "svg", "template", "datalist", "xml", "canvas", "audio", "video":
		return hiddenElement
	case "area", "base", "basefont", "bgsound", "col", "embed", "frame", "input", "keygen", "link", "meta", "param",
		"source", "track", "wbr":
		return voidElement
	}
	return otherElement
}
