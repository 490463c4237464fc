package charset

import (
	"bytes"
	"io"
	"sync"
	"unicode/utf8"

	gomessage "github.com/emersion/go-message/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/unicode/norm"
)

// A kind says how much the octets of a charset can be trusted to be told from
// other charsets.
type kind uint8

const (
	ascii    kind = iota
	utf8Kind      // strict, so that a text that is valid is nearly surely UTF-8
	latin         // one octet a character, Latin letters in the upper half
	single        // one octet a character, other letters in the upper half
	multi         // ASCII, and two to four octets for the others
	stateful      // 7-bit, with escape sequences
	wide          // two or four octets for each character
	opaque        // ASCII octets do not mean ASCII (EBCDIC), or not known to us
)

// A codec reads one charset. read gives UTF-8, with U+FFFD for what it cannot
// read; it owns nothing of b and never fails.
type codec struct {
	name string
	kind kind
	read func(b []byte) []byte
}

// codecs are built at first use: a command that decodes nothing pays nothing.
var codecs = sync.OnceValue(func() map[string]*codec {
	m := make(map[string]*codec, 128)
	add := func(name string, k kind, read func([]byte) []byte) { m[name] = &codec{name, k, read} }

	add("us-ascii", ascii, readUTF8)
	add("utf-8", utf8Kind, readUTF8)
	for _, p := range pages() {
		add(p.name, p.kind, readTable(p.table))
	}
	add("windows-1258", latin, composed(m["windows-1258"].read))
	add("viscii", latin, lowered(m["viscii"].read, visciiLow))
	add("tcvn", latin, composed(lowered(m["tcvn"].read, tcvnLow)))

	add("shift_jis", multi, readWith(japanese.ShiftJIS))
	add("euc-jp", multi, readWith(japanese.EUCJP))
	// GB 18030 holds GBK, and GBK holds GB 2312: one reader for all names,
	// because senders say gb2312 and use the rest.
	add("gbk", multi, readWith(simplifiedchinese.GB18030))
	add("gb18030", multi, readWith(simplifiedchinese.GB18030))
	add("big5", multi, readWith(traditionalchinese.Big5))
	add("euc-kr", multi, readWith(korean.EUCKR))

	add("iso-2022-jp", stateful, readISO2022)
	add("iso-2022-jp-2", stateful, readISO2022)
	add("iso-2022-kr", stateful, readISO2022)
	add("iso-2022-cn", stateful, readISO2022)
	add("hz-gb-2312", stateful, readHZ)
	add("utf-7", stateful, readUTF7)

	add("utf-16", wide, readUTF16)
	add("utf-16le", wide, func(b []byte) []byte { return appendUTF16(b, false) })
	add("utf-16be", wide, func(b []byte) []byte { return appendUTF16(b, true) })
	add("utf-32", wide, readUTF32)
	add("utf-32le", wide, func(b []byte) []byte { return appendUTF32(b, false) })
	add("utf-32be", wide, func(b []byte) []byte { return appendUTF32(b, true) })
	return m
})

// byName gives the codec of a canonical name, or nil.
func byName(name string) *codec {
	if name == "" {
		return nil
	}
	if c := codecs()[name]; c != nil {
		return c
	}
	return &codec{name, opaque, func(b []byte) []byte { return readForeign(name, b) }}
}

// readForeign reads a charset that only go-message knows by name. What that
// cannot read, or a panic in it, is U+FFFD for each octet beyond ASCII.
func readForeign(name string, b []byte) (text []byte) {
	defer func() {
		if recover() != nil {
			text = readUTF8(b)
		}
	}()
	r, err := gomessage.Reader(name, bytes.NewReader(b))
	if err != nil {
		return readUTF8(b)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		return readUTF8(b)
	}
	return bytes.ToValidUTF8(out, []byte(replacement))
}

// A page is a charset of one octet a character, in a table of x/text or of ours.
type page struct {
	name string
	kind kind
	cm   *charmap.Charmap
	own  string
}

// pages is a function so that no table is made before it is wanted. The kind
// latin is for letters of which rarely more than a third are above 0x7f.
func pages() []page {
	return []page{
		{"iso-8859-1", latin, charmap.Windows1252, ""}, // there are no C1 controls in mail
		{"iso-8859-2", latin, charmap.ISO8859_2, ""},
		{"iso-8859-3", latin, charmap.ISO8859_3, ""},
		{"iso-8859-4", latin, charmap.ISO8859_4, ""},
		{"iso-8859-5", single, charmap.ISO8859_5, ""},
		{"iso-8859-6", single, charmap.ISO8859_6, ""},
		{"iso-8859-7", single, charmap.ISO8859_7, ""},
		{"iso-8859-8", single, charmap.ISO8859_8, ""},
		{"iso-8859-9", latin, charmap.Windows1254, ""},
		{"iso-8859-10", latin, charmap.ISO8859_10, ""},
		{"iso-8859-11", single, charmap.Windows874, ""},
		{"iso-8859-13", latin, charmap.ISO8859_13, ""},
		{"iso-8859-14", latin, charmap.ISO8859_14, ""},
		{"iso-8859-15", latin, charmap.ISO8859_15, ""},
		{"iso-8859-16", latin, charmap.ISO8859_16, ""},
		{"windows-874", single, charmap.Windows874, ""},
		{"windows-1250", latin, charmap.Windows1250, ""},
		{"windows-1251", single, charmap.Windows1251, ""},
		{"windows-1252", latin, charmap.Windows1252, ""},
		{"windows-1253", single, charmap.Windows1253, ""},
		{"windows-1254", latin, charmap.Windows1254, ""},
		{"windows-1255", single, charmap.Windows1255, ""},
		{"windows-1256", single, charmap.Windows1256, ""},
		{"windows-1257", latin, charmap.Windows1257, ""},
		{"windows-1258", latin, charmap.Windows1258, ""},
		{"koi8-r", single, charmap.KOI8R, ""},
		{"koi8-u", single, charmap.KOI8U, ""},
		{"ibm437", latin, charmap.CodePage437, ""},
		{"ibm850", latin, charmap.CodePage850, ""},
		{"ibm852", latin, charmap.CodePage852, ""},
		{"ibm855", single, charmap.CodePage855, ""},
		{"ibm858", latin, charmap.CodePage858, ""},
		{"ibm860", latin, charmap.CodePage860, ""},
		{"ibm862", single, charmap.CodePage862, ""},
		{"ibm863", latin, charmap.CodePage863, ""},
		{"ibm865", latin, charmap.CodePage865, ""},
		{"ibm866", single, charmap.CodePage866, ""},
		{"macintosh", latin, charmap.Macintosh, ""},
		{"x-mac-cyrillic", single, charmap.MacintoshCyrillic, ""},
		{"x-mac-ce", latin, nil, macCE},
		{"x-mac-greek", single, nil, macGreek},
		{"x-mac-turkish", latin, nil, macTurkish},
		{"x-mac-romanian", latin, nil, macRomanian},
		{"x-mac-croatian", latin, nil, macCroatian},
		{"x-mac-icelandic", latin, nil, macIcelandic},
		{"viscii", latin, nil, viscii},
		{"tcvn", latin, nil, tcvn},
		{"ptcp154", single, nil, ptcp154},
		{"kz-1048", single, nil, kz1048},
		{"armscii-8", single, nil, armscii8},
		{"georgian-ps", single, nil, georgianPS},
		{"hp-roman8", latin, nil, hpRoman8},
		{"ibm737", single, nil, cp737},
		{"ibm775", latin, nil, cp775},
		{"ibm857", latin, nil, cp857},
		{"ibm861", latin, nil, cp861},
		{"ibm864", single, nil, cp864},
		{"ibm869", single, nil, cp869},
	}
}

// table gives the characters of the octets from 0x80.
func (p page) table() *[128]rune {
	if p.cm == nil {
		return (*[128]rune)([]rune(p.own))
	}
	t := new([128]rune)
	for i := range t {
		t[i] = p.cm.DecodeByte(byte(i + 128))
	}
	return t
}

// Letters that two Vietnamese charsets keep among the controls: pairs of the
// octet and the letter.
const (
	visciiLow = "\x02Ẳ\x05Ẵ\x06Ẫ\x14Ỷ\x19Ỹ\x1eỴ"
	tcvnLow   = "\x01Ú\x02Ụ\x04Ừ\x05Ử\x06Ữ\x11Ứ\x12Ự\x13Ỳ\x14Ỷ\x15Ỹ\x16Ý\x17Ỵ"
)

const replacement = "\uFFFD"

// readTable makes a reader of a one-octet charset; the table is built when the
// first text is read.
func readTable(table func() *[128]rune) func([]byte) []byte {
	get := sync.OnceValue(table)
	return func(b []byte) []byte {
		t := get()
		out := make([]byte, 0, len(b)+len(b)/4+utf8.UTFMax)
		for len(b) > 0 {
			n := asciiLen(b)
			out = append(out, b[:n]...)
			b = b[n:]
			for len(b) > 0 && b[0] >= utf8.RuneSelf {
				out = utf8.AppendRune(out, t[b[0]-128])
				b = b[1:]
			}
		}
		return out
	}
}

// lowered puts the letters that a charset keeps among the control characters
// in their place.
func lowered(read func([]byte) []byte, pairs string) func([]byte) []byte {
	low := map[byte]rune{}
	for p := []rune(pairs); len(p) > 0; p = p[2:] {
		low[byte(p[0])] = p[1]
	}
	return func(b []byte) []byte {
		text := read(b)
		out := make([]byte, 0, len(text))
		for _, c := range text {
			if c < ' ' {
				if r, ok := low[c]; ok {
					out = utf8.AppendRune(out, r)
					continue
				}
			}
			out = append(out, c)
		}
		return out
	}
}

// composed puts letters and the tone marks that follow them together, so that
// the word is found as it is typed.
func composed(read func([]byte) []byte) func([]byte) []byte {
	return func(b []byte) []byte { return norm.NFC.Bytes(read(b)) }
}

func readWith(e encoding.Encoding) func([]byte) []byte {
	return func(b []byte) []byte {
		out, err := e.NewDecoder().Bytes(b)
		if err != nil { // the decoders of x/text write U+FFFD instead; this is for the day when one does not
			return readUTF8(b)
		}
		return out
	}
}

// asciiLen is the length of the ASCII octets that b begins with.
func asciiLen(b []byte) int {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		w := b[i : i+8 : i+8]
		if (w[0]|w[1]|w[2]|w[3]|w[4]|w[5]|w[6]|w[7])&0x80 != 0 {
			break
		}
	}
	for i < len(b) && b[i] < utf8.RuneSelf {
		i++
	}
	return i
}
