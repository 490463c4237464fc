package charset

import (
	"strings"
	"sync"

	gomessage "github.com/emersion/go-message/charset"
)

// aliases: a line begins with the canonical name, which is the IANA preferred
// name in lower case where there is one. The other words, and the canonical
// name itself, are the spellings that mail uses, squashed: only letters and
// digits are left. The prefixes "x" and "cs" are found without being listed.
const aliases = `
us-ascii ascii ansix341968 ansix341986 iso646us iso646irv 646 cp367 ibm367 us ascii7 asci usascii7 iso646
utf-8 utf8 utf8mb3 utf8mb4 unicode11utf8 unicode20utf8 cp65001 65001 windows65001 utf8j utf8bom utf utf8n utf8ascii
iso-8859-1 88591 latin1 l1 cp819 ibm819 isoir100 iso885911987 isolatin1 isoascii
iso-8859-2 88592 latin2 l2 isoir101 isolatin2
iso-8859-3 88593 latin3 l3 isoir109 isolatin3
iso-8859-4 88594 latin4 l4 isoir110 isolatin4
iso-8859-5 88595 isoir144 isolatincyrillic cyrillic
iso-8859-6 88596 iso88596i iso88596e ecma114 asmo708 isoir127 isolatinarabic arabic
iso-8859-7 88597 ecma118 elot928 isoir126 isolatingreek greek greek8 suneugreek
iso-8859-8 88598 iso88598i iso88598e isoir138 isolatinhebrew hebrew logical visual 88598i
iso-8859-9 88599 latin5 l5 isoir148 isolatin5
iso-8859-10 885910 latin6 l6 isoir157 isolatin6
iso-8859-11 885911 tis620 tis6200 tis6202529 tis6202533 iso885911thai
iso-8859-13 885913 latin7 l7
iso-8859-14 885914 latin8 l8 isoir199 isoceltic
iso-8859-15 885915 latin9 l9 latin0 isolatin9
iso-8859-16 885916 latin10 l10 isoir226
windows-874 win874 cp874 ms874 874 dos874 ibm874 windows874thai
windows-1250 win1250 cp1250 ms1250 1250 ansi1250 mseee
windows-1251 win1251 cp1251 ms1251 1251 ansi1251 mscyrl cp1251cyrillic
windows-1252 win1252 cp1252 ms1252 1252 ansi1252 msansi westerneuropean
windows-1253 win1253 cp1253 ms1253 1253 ansi1253 msgreek
windows-1254 win1254 cp1254 ms1254 1254 ansi1254 msturk
windows-1255 win1255 cp1255 ms1255 1255 ansi1255 mshebr
windows-1256 win1256 cp1256 ms1256 1256 ansi1256 msarab
windows-1257 win1257 cp1257 ms1257 1257 ansi1257 winbaltrim
windows-1258 win1258 cp1258 ms1258 1258 ansi1258 msvietnamese
koi8-r koi koi8 koi8r cskoi8r cp20866 20866 koir
koi8-u koi8ru koi8u cp21866 21866
ibm437 cp437 437 dos437 pc8codepage437
ibm850 cp850 850 dos850 pc850multilingual
ibm852 cp852 852 dos852 pcp852
ibm855 cp855 855 dos855
ibm858 cp858 858 dos858 ibm00858 cp00858 pcmultilingual850euro
ibm860 cp860 860 dos860
ibm862 cp862 862 dos862 pc862latinhebrew
ibm863 cp863 863 dos863
ibm865 cp865 865 dos865
ibm866 cp866 866 dos866 alt cp866u
ibm737 cp737 737 dos737
ibm775 cp775 775 dos775 pc775baltic
ibm857 cp857 857 dos857
ibm861 cp861 861 dos861 cpis
ibm864 cp864 864 dos864
ibm869 cp869 869 dos869 cpgr
macintosh mac macroman cp10000 10000 macwestern
x-mac-cyrillic maccyrillic macukrainian macukraine cp10007 10007
x-mac-ce macce maclatin2 maccentraleurope maccenteuro maccentraleurroman cp10029 10029
x-mac-greek macgreek cp10006 10006
x-mac-turkish macturkish cp10081 10081
x-mac-romanian macromanian cp10010 10010
x-mac-croatian maccroatian cp10082 10082
x-mac-icelandic macicelandic maciceland cp10079 10079
viscii viscii111 visciivn
tcvn tcvn5712 tcvn57121 tcvn57122 tcvn571211993 xvnabc vnabc tcvn3
ptcp154 pt154 cp154 cyrillicasian
kz-1048 kz1048 strk10482002 rk1048
armscii-8 armscii8
georgian-ps georgianps
hp-roman8 hproman8 roman8 r8
shift_jis shiftjis sjis mskanji windows31j win31j ms932 cp932 932 windows932 win932 ibm943 cp943 cp943c sjiswin sjisopen macjapanese shiftjiscp932 shiftjisx0213 shiftjis2004
euc-jp eucjp ujis eucjpms eucjpwin cp51932 51932 cp20932 extendedunixcodepackedformatforjapanese eucj
iso-2022-jp iso2022jp jis jis7 junet iso2022jpms cp50220 cp50221 cp50222 50220 50221 50222 iso2022jpesc iso2022jp1 iso2022jp3 iso2022jp2004
iso-2022-jp-2 iso2022jp2
iso-2022-kr iso2022kr cp50225 50225
iso-2022-cn iso2022cn iso2022cnext
hz-gb-2312 hz hzgb hzgb2312
gb18030 gb180302000 gb180302005 cp54936 54936
gbk gb2312 gb231280 cp936 936 ms936 windows936 win936 euccn gb chinese isoir58 gb2312gbk iso58gb231280 gb23121980 cngb
big5 big5hkscs cp950 950 ms950 windows950 win950 bigfive big5eten cnbig5 big5tw big5e
euc-kr euckr ksc5601 ksc56011987 ksc56011989 ksc56011992 kscode ks ksx1001 cp949 949 ms949 windows949 win949 uhc korean isoir149 eucks
utf-7 utf7 unicode11utf7 unicode20utf7 cp65000 65000
utf-16 utf16 ucs2 iso10646ucs2 unicode utf16bom unicodeansi
utf-16le utf16le unicodelittle ucs2le unicodefffe1 cp1200 1200
utf-16be utf16be unicodebig ucs2be unicodefffe cp1201 1201
utf-32 utf32 ucs4 iso10646ucs4
utf-32le utf32le ucs4le cp12000 12000
utf-32be utf32be ucs4be cp12001 12001
`

// ignored are labels that say nothing about the octets. They are known words,
// so no fault is made of a spelling, but the text is read as unlabelled.
var ignored = []string{
	"", "unknown", "unknown8bit", "xunknown", "xunknown8bit", "default", "defaultcharset", "defaultcharacterset", "8bit", "7bit",
	"binary", "none", "ansi", "xuserdefined", "userdefined", "auto", "autodetect", "undefined", "null", "nil", "charset", "text",
}

// names maps a squashed spelling to its canonical name; "" for ignored labels.
var names = sync.OnceValue(func() map[string]string {
	m := make(map[string]string, 512)
	for line := range strings.Lines(aliases) {
		words := strings.Fields(line)
		for i, w := range words {
			if i == 0 {
				w = string(squash(nil, w))
			}
			m[w] = words[0]
		}
	}
	for _, w := range ignored {
		m[w] = ""
	}
	return m
})

// maxLabel bounds the octets of a label that are looked at: the longest
// registered name has 45.
const maxLabel = 80

// squash appends the letters and digits of label to dst, in lower case. What
// follows "*" is a language (RFC 2231 section 5), what follows ":" a year.
func squash(dst []byte, label string) []byte {
	if len(label) > maxLabel {
		label = label[:maxLabel]
	}
	for i := 0; i < len(label); i++ {
		c := label[i]
		switch {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
			dst = append(dst, c)
		case 'A' <= c && c <= 'Z':
			dst = append(dst, c|0x20)
		case c == '*' || c == ':' && len(dst) > 0:
			return dst
		}
	}
	return dst
}

// resolve finds a label. name is "" for labels that say nothing; ok is false
// for a label that nobody knows.
func resolve(label string) (name string, ok bool) {
	var buf [maxLabel]byte
	key := squash(buf[:0], label)
	m := names()
	if name, ok = m[string(key)]; ok {
		return name, true
	}
	for _, prefix := range [...]string{"3d", "charset", "x", "cs", "x"} {
		if len(key) > len(prefix) && string(key[:len(prefix)]) == prefix {
			key = key[len(prefix):]
			if name, ok = m[string(key)]; ok {
				return name, true
			}
		}
	}
	// QUIRK: RFC 2978 section 2.3 knows no blanks, commas or semicolons in a
	// name. Mailers that join parameters wrote "iso-8859-1, utf-8" or
	// "utf-8;format=flowed". We take the first word that is a name.
	// Test: testdata/quirks/charset-label-joined.eml
	if i := strings.IndexAny(label, " \t,;\"'"); i > 0 {
		if name, ok = m[string(squash(buf[:0], label[:i]))]; ok {
			return name, true
		}
	}
	return foreign(label)
}

// foreign asks the table of go-message, which holds every name of IANA that
// x/text has an encoding for, for a label that is not in ours.
func foreign(label string) (name string, ok bool) {
	name = strings.ToLower(strings.Trim(label, " \t\"'"))
	if name == "" || len(name) > maxLabel {
		return "", false
	}
	if _, err := gomessage.Reader(name, strings.NewReader("")); err != nil {
		return "", false
	}
	return name, true
}

// Canonical gives the IANA preferred name (lower case) of a label after alias
// and spelling repair, or "" if nothing is known by that name or the label
// says nothing ("unknown-8bit", "default", "binary").
func Canonical(label string) string {
	switch label { // what nearly all mail says, without a look at the table
	case "":
		return ""
	case "utf-8", "UTF-8":
		return "utf-8"
	case "us-ascii", "US-ASCII":
		return "us-ascii"
	}
	name, _ := resolve(label)
	return name
}
