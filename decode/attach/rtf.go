package attach

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"lostpost/decode/charset"
)

// maxGroups is how many groups in each other keep their own state; deeper ones
// share that of the last.
const maxGroups = 1000

// rtf writes the text of a Rich Text Format file (specification 1.9.1). Text
// in fields is their result, pictures and tables of fonts are left out.
func (j *job) rtf(b []byte) {
	r := &rtf{job: j, s: b, codepage: "windows-1252", fonts: map[int]string{}}
	r.groups = append(r.groups, rtfGroup{skipAfter: 1, font: -1})
	for n := 1; len(r.s) > 0; n++ {
		if n%checkEvery == 0 && j.over() {
			break
		}
		r.step()
	}
	r.flush()
}

// An rtf is a file that is being read.
type rtf struct {
	*job
	s        []byte
	groups   []rtfGroup
	deeper   int    // open groups beyond maxGroups
	codepage string // of the file
	fonts    map[int]string
	defining int    // font whose entry in the table is being read
	skip     int    // characters that stand for the last \u
	octets   []byte // text in the code page at hand, not yet read
	units    []uint16
	fresh    bool // a group has just begun: a destination may follow
	star     bool // \* came: the destination may be left out
}

// An rtfGroup is what ends with a group.
type rtfGroup struct {
	silent    bool // nothing in it is text
	fontTable bool
	skipAfter int // characters behind \u that old readers show (\uc)
	font      int // -1: none chosen
}

func (r *rtf) top() *rtfGroup { return &r.groups[len(r.groups)-1] }

// step reads one token.
func (r *rtf) step() {
	c := r.s[0]
	switch c {
	case '{':
		r.s = r.s[1:]
		r.flush()
		if len(r.groups) < maxGroups {
			r.groups = append(r.groups, *r.top())
		} else {
			r.deeper++
		}
		r.fresh, r.skip = true, 0
		return
	case '}':
		r.s = r.s[1:]
		r.flush()
		switch {
		case r.deeper > 0:
			r.deeper--
		case len(r.groups) > 1:
			r.groups = r.groups[:len(r.groups)-1]
		}
		r.skip = 0
	case '\\':
		r.control()
		return
	case '\r', '\n', 0:
		r.s = r.s[1:]
		return
	default:
		i := bytes.IndexAny(r.s, "{}\\\r\n\x00")
		if i < 0 {
			i = len(r.s)
		}
		r.show(r.s[:i])
		r.s = r.s[i:]
	}
	r.fresh, r.star = false, false
}

// show takes octets of text.
func (r *rtf) show(b []byte) {
	if n := min(r.skip, len(b)); n > 0 {
		b = b[n:]
		r.skip -= n
	}
	if len(b) == 0 || r.top().silent {
		return
	}
	r.flushUnits()
	r.octets = append(r.octets, b...)
	if len(r.octets) > 1<<16 {
		r.flush()
	}
}

// control reads what begins with a backslash.
func (r *rtf) control() {
	s := r.s[1:]
	i := 0
	for i < len(s) && i < 32 && ('a' <= s[i]|0x20 && s[i]|0x20 <= 'z') {
		i++
	}
	if i == 0 {
		r.symbol(s)
		return
	}
	word := string(s[:i])
	s = s[i:]
	i = 0
	if len(s) > 1 && s[0] == '-' && '0' <= s[1] && s[1] <= '9' {
		i++
	}
	for i < len(s) && i < 11 && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	number, err := strconv.Atoi(string(s[:i]))
	s = s[i:]
	if len(s) > 0 && s[0] == ' ' {
		s = s[1:]
	}
	r.s = s
	r.word(word, number, err == nil)
	r.fresh, r.star = false, false
}

// symbol reads a backslash and one character that is no letter.
func (r *rtf) symbol(s []byte) {
	if len(s) == 0 {
		r.s = nil
		return
	}
	c := s[0]
	r.s = s[1:]
	switch c {
	case '\'':
		if len(s) < 3 {
			r.s = nil
			return
		}
		n, err := strconv.ParseUint(string(s[1:3]), 16, 8)
		if err != nil {
			return
		}
		r.s = s[3:]
		r.show([]byte{byte(n)})
	case '*':
		r.star = r.fresh
		return // a destination still follows
	case '~':
		r.put("\u00a0")
	case '_':
		r.put("\u2011")
	case '\r', '\n':
		r.put("\n")
	case '-': // a place where a word may be divided
	case '{', '}', '\\':
		r.show(s[:1])
	}
	r.fresh, r.star = false, false
}

// word obeys a control word.
func (r *rtf) word(word string, n int, has bool) {
	g := r.top()
	switch word {
	case "u":
		if !g.silent && has {
			r.flushOctets()
			r.units = append(r.units, uint16(n))
		}
		r.skip = g.skipAfter
		return
	case "bin":
		r.s = r.s[min(max(n, 0), len(r.s)):]
		return
	}
	r.skip = 0
	if text, ok := rtfText[word]; ok {
		r.put(text)
		return
	}
	if r.fresh && (r.star && !rtfShown[word] || rtfSilent[word]) {
		g.silent = true
	}
	switch word {
	case "fonttbl":
		g.silent, g.fontTable = true, true
	case "f", "af":
		if g.fontTable {
			r.defining = n
		} else if word == "f" {
			r.flush()
			g.font = n
		}
	case "fcharset":
		if cs := rtfCharsets[n]; cs != "" && g.fontTable && len(r.fonts) < 1<<16 {
			r.fonts[r.defining] = cs
		}
	case "plain":
		r.flush()
		g.font = -1
	case "uc":
		g.skipAfter = min(max(n, 0), 16)
	case "ansicpg":
		r.flush()
		r.codepage = codepage(n)
	case "mac":
		r.codepage = "macintosh"
	case "pc":
		r.codepage = "ibm437"
	case "pca":
		r.codepage = "ibm850"
	}
}

// put adds text that a control word stands for.
func (r *rtf) put(s string) {
	if r.top().silent {
		return
	}
	r.flush()
	r.write(s)
}

// flush writes what was gathered. At most one of octets and units is not empty.
func (r *rtf) flush() {
	r.flushOctets()
	r.flushUnits()
}

func (r *rtf) flushOctets() {
	if len(r.octets) == 0 {
		return
	}
	label := r.fonts[r.top().font]
	if label == "" {
		label = r.codepage
	}
	if ascii(r.octets) {
		r.write(string(r.octets))
	} else {
		r.write(charset.Decode(r.octets, label, "").Text)
	}
	r.octets = r.octets[:0]
}

func (r *rtf) flushUnits() {
	if len(r.units) == 0 {
		return
	}
	r.write(string(utf16.Decode(r.units)))
	r.units = r.units[:0]
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// codepage is the charset of a Windows code page.
func codepage(n int) string {
	switch n {
	case 932:
		return "shift_jis"
	case 936:
		return "gbk"
	case 949, 1361:
		return "euc-kr"
	case 950:
		return "big5"
	case 10000:
		return "macintosh"
	case 65001:
		return "utf-8"
	case 437, 850, 852, 855, 866:
		return "ibm" + strconv.Itoa(n)
	}
	return "windows-" + strconv.Itoa(n)
}

// rtfText has the control words that stand for text.
var rtfText = map[string]string{
	"par": "\n", "line": "\n", "sect": "\n", "page": "\n", "column": "\n", "row": "\n", "nestrow": "\n", "softline": "\n",
	"tab": "\t", "cell": "\t", "nestcell": "\t",
	"emdash": "\u2014", "endash": "\u2013", "bullet": "\u2022", "emspace": " ", "enspace": " ", "qmspace": " ",
	"lquote": "\u2018", "rquote": "\u2019", "ldblquote": "\u201c", "rdblquote": "\u201d",
}

// rtfSilent has the destinations without text. What begins with \* and is not
// in rtfShown has none either.
var rtfSilent = map[string]bool{
	"colortbl": true, "stylesheet": true, "info": true, "pict": true, "object": true, "objdata": true, "fldinst": true,
	"filetbl": true, "revtbl": true, "listtable": true, "listoverridetable": true, "xe": true, "tc": true, "rxe": true,
	"nonshppict": true, "fontemb": true, "fontfile": true, "private": true, "template": true, "bkmkstart": true, "bkmkend": true,
}

// rtfShown has destinations that old readers may leave out and that are text.
var rtfShown = map[string]bool{"shptxt": true, "annotation": true, "shpinst": true, "footnote": true}

// rtfCharsets has the charset for the numbers of \fcharset.
var rtfCharsets = map[int]string{
	77: "macintosh", 128: "shift_jis", 129: "euc-kr", 130: "euc-kr", 134: "gbk", 136: "big5",
	161: "windows-1253", 162: "windows-1254", 163: "windows-1258", 177: "windows-1255", 178: "windows-1256",
	186: "windows-1257", 204: "windows-1251", 222: "windows-874", 238: "windows-1250", 254: "ibm437", 255: "ibm850",
}
