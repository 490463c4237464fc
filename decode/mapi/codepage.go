package mapi

import (
	"bytes"
	"strconv"

	"lostpost/decode/charset"
)

// Charset is the label of a Windows code page, "" for one that is not known or
// says nothing (0, 1 and 3: that of the machine).
func Charset(codePage int) string {
	switch codePage {
	case 932:
		return "shift_jis"
	case 936:
		return "gbk"
	case 949:
		return "euc-kr"
	case 950:
		return "big5"
	case 1200:
		return "utf-16le"
	case 1201:
		return "utf-16be"
	case 10000:
		return "macintosh"
	case 10007:
		return "x-mac-cyrillic"
	case 20127:
		return "us-ascii"
	case 20866:
		return "koi8-r"
	case 20932, 51932:
		return "euc-jp"
	case 21866:
		return "koi8-u"
	case 50220, 50221, 50222:
		return "iso-2022-jp"
	case 50225:
		return "iso-2022-kr"
	case 51936, 20936:
		return "gb2312"
	case 51949:
		return "euc-kr"
	case 52936:
		return "hz-gb-2312"
	case 54936:
		return "gb18030"
	case 65000:
		return "utf-7"
	case 65001:
		return "utf-8"
	}
	switch {
	case codePage > 28590 && codePage <= 28606: // 28591 is ISO 8859-1
		return "iso-8859-" + strconv.Itoa(codePage-28590)
	case codePage >= 1250 && codePage <= 1258, codePage == 874:
		return "windows-" + strconv.Itoa(codePage)
	case codePage >= 437 && codePage < 870:
		return "ibm" + strconv.Itoa(codePage)
	}
	return ""
}

// languages are the code pages of Windows by language, the lower 10 bits of a
// locale (MS-LCID 2.2), where they are not 1252.
var languages = map[int]int{
	0x01: 1256, 0x20: 1256, 0x29: 1256, // Arabic, Urdu, Persian
	0x02: 1251, 0x19: 1251, 0x22: 1251, 0x23: 1251, 0x2f: 1251, 0x3f: 1251, 0x40: 1251, 0x44: 1251, 0x50: 1251, // Bulgarian, Russian and their neighbours
	0x05: 1250, 0x0e: 1250, 0x15: 1250, 0x18: 1250, 0x1a: 1250, 0x1b: 1250, 0x1c: 1250, 0x24: 1250, // Czech to Slovenian
	0x08: 1253, 0x0d: 1255, 0x1f: 1254, 0x2c: 1254, // Greek, Hebrew, Turkish, Azerbaijani
	0x25: 1257, 0x26: 1257, 0x27: 1257, // Estonian, Latvian, Lithuanian
	0x1e: 874, 0x2a: 1258, // Thai, Vietnamese
	0x04: 950, 0x11: 932, 0x12: 949, // Chinese, Japanese, Korean
}

// LocaleCodePage is the code page that Windows uses for a locale, 0 for none.
func LocaleCodePage(locale int) int {
	switch locale &= 0xffff; locale {
	case 0, 0x007f, 0x0400, 0x0800: // none, and those of the machine
		return 0
	case 0x0804, 0x1004: // Chinese of the mainland and of Singapore
		return 936
	case 0x0c1a, 0x1c1a: // Serbian in Cyrillic letters
		return 1251
	}
	if page := languages[locale&0x3ff]; page != 0 {
		return page
	}
	return 1252
}

// Text reads octets in a code page, up to the first NUL. Without a code page
// that is known it is guessed, as decode/charset does.
func Text(b []byte, codePage int) string {
	if i := bytes.IndexByte(b, 0); i >= 0 && codePage != 1200 && codePage != 1201 {
		b = b[:i]
	}
	return charset.Decode(b, Charset(codePage), "").Text
}

// fontCodePage is the code page of a font by its \fcharset number (RTF 1.9.1,
// font table), 0 if it is that of the document.
func fontCodePage(set int) int {
	switch set {
	case 0:
		return 1252
	case 77:
		return 10000
	case 128:
		return 932
	case 129:
		return 949
	case 134:
		return 936
	case 136:
		return 950
	case 161:
		return 1253
	case 162:
		return 1254
	case 163:
		return 1258
	case 177:
		return 1255
	case 178:
		return 1256
	case 186:
		return 1257
	case 204:
		return 1251
	case 222:
		return 874
	case 238:
		return 1250
	case 254, 255:
		return 437
	}
	return 0
}

// severalOctets reports whether a character can be of more than one octet.
func severalOctets(codePage int) bool {
	switch Charset(codePage) {
	case "shift_jis", "gbk", "gb2312", "gb18030", "euc-kr", "euc-jp", "big5", "utf-8", "utf-7", "utf-16le", "utf-16be",
		"iso-2022-jp", "iso-2022-kr", "hz-gb-2312":
		return true
	}
	return false
}

// octetTable gives what each octet from 0x80 on means in a code page.
func octetTable(codePage int) *[128]string {
	var t [128]string
	for i := range t {
		t[i] = charset.Decode([]byte{byte(128 + i)}, Charset(codePage), "").Text
	}
	return &t
}
