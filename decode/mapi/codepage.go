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
