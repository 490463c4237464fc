package attach

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Kind is a way of reading a file.
type Kind uint8

const (
	None  Kind = iota // nothing in it is text
	Plain             // text, also of programs: CSV, JSON, XML, calendars
	HTML
	RTF
	PDF
	Zip // also what is packed as one: docx, xlsx, pptx, odt, ods, odp
	Gzip
	Tar
	old // Office of before 2007, and encrypted files of the later ones
)

// LookAt is how many of the first octets of a file Look wants to see.
const LookAt = 1024

// table has a line for every kind of file: by what it is known, in the order
// in which they are tried. A kind with signatures has one of them or is none.
var table = []struct {
	kind       Kind
	what       string   // for people
	types      []string // media types; "/" at the end: all that begin so
	extensions []string
	signatures []string
	within     int // a signature may stand in the first so many octets; 0: at the start
}{
	{
		// ISO 32000-1 annex H, note 13: readers look at the first 1,024 octets.
		kind: PDF, what: "PDF", within: LookAt,
		types:      []string{"application/pdf", "application/x-pdf"},
		extensions: []string{"pdf"},
		signatures: []string{"%PDF-"},
	},
	{
		kind: Zip, what: "zip or Office",
		types: []string{
			"application/zip", "application/x-zip-compressed", "application/x-zip", "application/epub+zip",
			"application/vnd.openxmlformats-officedocument", "application/vnd.oasis.opendocument",
		},
		extensions: []string{
			"zip", "docx", "docm", "dotx", "xlsx", "xlsm", "xltx", "pptx", "pptm", "ppsx", "potx",
			"odt", "ott", "ods", "ots", "odp", "otp", "odg", "epub",
		},
		signatures: []string{"PK\x03\x04", "PK\x05\x06"},
	},
	{
		kind: Gzip, what: "gzip",
		types:      []string{"application/gzip", "application/x-gzip"},
		extensions: []string{"gz", "tgz"},
		signatures: []string{"\x1f\x8b\x08"},
	},
	{
		kind: Tar, what: "tar", within: 512, // POSIX.1-1988: magic at 257
		types:      []string{"application/x-tar"},
		extensions: []string{"tar"},
		signatures: []string{"ustar\x00", "ustar "},
	},
	{
		kind: RTF, what: "RTF",
		types:      []string{"application/rtf", "text/rtf", "application/x-rtf"},
		extensions: []string{"rtf"},
		signatures: []string{`{\rtf`},
	},
	{
		kind: old, what: "Office of before 2007",
		types:      []string{"application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"},
		extensions: []string{"doc", "xls", "ppt"},
		signatures: []string{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"},
	},
	{
		kind: HTML, what: "HTML",
		types:      []string{"text/html", "application/xhtml+xml"},
		extensions: []string{"html", "htm", "xhtml", "shtml"},
	},
	{
		kind: Plain, what: "text",
		types: []string{"text/", "application/json", "application/xml", "application/ics", "application/csv", "application/x-sh", "message/"},
		extensions: []string{
			"txt", "text", "csv", "tsv", "md", "rst", "org", "tex", "log", "ini", "conf", "cfg", "yaml", "yml", "toml",
			"json", "xml", "ics", "vcf", "ldif", "sql", "diff", "patch", "srt", "eml", "mbox",
			"go", "c", "h", "cc", "cpp", "java", "py", "rb", "pl", "sh", "bat", "ps1", "js", "ts", "css", "php", "rs",
		},
	},
}

// Look says how a file is to be read, from its first octets (LookAt of them,
// or all if there are fewer), its media type in lower case and its name. It
// needs no more than that, so a caller need not decode the rest of what is
// None. The Fault, if not nil, says that the file is named as something that
// it is not, or of a kind that is not read.
func Look(head []byte, mediaType, fileName string) (Kind, *Fault) {
	ext := strings.ToLower(strings.TrimPrefix(path.Ext(fileName), "."))
	named := -1 // line of the table that the name or the type points to
	for i, t := range table {
		for _, s := range t.signatures {
			if bytes.HasPrefix(head, []byte(s)) || t.within > 0 && bytes.Contains(head[:min(t.within, len(head))], []byte(s)) {
				return known(t.kind, ext)
			}
		}
		if slices.Contains(t.extensions, ext) || named < 0 && hasType(t.types, mediaType) {
			named = i
		}
	}
	if len(bytes.TrimSpace(head)) == 0 {
		return None, nil
	}
	start := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	start = bytes.ToLower(start[:min(len(start), len("<!doctype html"))])
	isHTML := bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html"))
	switch {
	case isHTML && looksText(head):
		return HTML, nil
	case named < 0:
		if (mediaType == "" || mediaType == "application/octet-stream") && ext == "" && looksText(head) && utf8.Valid(trimRune(head)) {
			return Plain, nil
		}
		return None, nil
	case len(table[named].signatures) > 0:
		return None, &Fault{NotRead, true, "named as " + table[named].what + ", but is none"}
	case !looksText(head):
		return None, &Fault{NotRead, true, "named as " + table[named].what + ", but is none"}
	}
	return table[named].kind, nil
}

// known is what Look says of a file that has a signature.
func known(kind Kind, ext string) (Kind, *Fault) {
	if kind != old {
		return kind, nil
	}
	for _, t := range table {
		if t.kind == Zip && slices.Contains(t.extensions, ext) {
			// MS-OFFCRYPTO 1.3.3: the encrypted zip file lies in one of the old kind.
			return None, &Fault{Encrypted, true, "Office file with a password"}
		}
	}
	return None, &Fault{NotRead, true, "Office file of before 2007"}
}

// hasType reports whether a media type is one of types or of their families.
func hasType(types []string, mediaType string) bool {
	for _, t := range types {
		if mediaType == t || (strings.HasSuffix(t, "/") || strings.Contains(t, ".")) && strings.HasPrefix(mediaType, t) {
			return true
		}
	}
	return false
}

// looksText reports whether octets can be text in some charset: at most one
// control in a hundred octets and, unless it is UTF-16, no NUL.
func looksText(head []byte) bool {
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return true
	}
	controls := 0
	for _, c := range head {
		switch {
		case c == 0:
			return false
		case c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != 0x1b: // ESC: ISO 2022
			controls++
		}
	}
	return controls*100 <= len(head)
}

// trimRune takes away a character that the end of b cuts.
func trimRune(b []byte) []byte {
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-i:]) {
				return b[:len(b)-i]
			}
			break
		}
	}
	return b
}
