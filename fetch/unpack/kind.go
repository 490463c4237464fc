package unpack

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// HeadSize is how many octets Kind wants to see: a tar header is 512, a zip's
// first local header with its name rarely more.
const HeadSize = 1024

// Kind tells from the first octets of a file which container it is: "zip",
// "tar", "7z", "gz", "bz2", "zst", or "" if it is none that this package opens.
//
// A zip that is a document of an office program, an e-book or a Java archive
// is no container here: nobody keeps mail in one.
func Kind(head []byte) string {
	switch {
	case isZip(head):
		if isDocument(head) {
			return ""
		}
		return "zip"
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b, 8}):
		return "gz"
	case isBzip2(head):
		return "bz2"
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return "zst"
	case bytes.HasPrefix(head, []byte(sevenMagic)):
		return "7z"
	case isTarHeader(head):
		return "tar"
	}
	return ""
}

func isZip(head []byte) bool {
	// QUIRK: APPNOTE 8.5.4 has the marker "PK00" only for a spanned zip that
	// fitted into one file; programs have left it in others. We read on
	// behind it.
	// Test: TestFilesGivesEachKind, "zip behind a marker".
	return bytes.HasPrefix(head, []byte(sigLocal)) || bytes.HasPrefix(head, []byte(sigEnd)) ||
		bytes.HasPrefix(head, []byte("PK00"+sigLocal))
}

// isDocument looks at the name of the first entry: OPC packages (docx, xlsx),
// ODF and EPUB, Java archives.
func isDocument(head []byte) bool {
	if len(head) < 30 {
		return false
	}
	n := int(binary.LittleEndian.Uint16(head[26:]))
	if len(head) < 30+n {
		return false
	}
	name := string(head[30 : 30+n])
	switch name {
	case "[Content_Types].xml", "_rels/.rels", "mimetype", "META-INF/", "META-INF/MANIFEST.MF", "AndroidManifest.xml":
		return true
	}
	return strings.HasPrefix(name, "docProps/") || strings.HasPrefix(name, "word/") || strings.HasPrefix(name, "xl/")
}

// isBzip2 wants the block or the end magic after the header, for "BZh" and a
// digit alone could begin a text.
func isBzip2(head []byte) bool {
	return len(head) >= 10 && string(head[:3]) == "BZh" && head[3] >= '1' && head[3] <= '9' &&
		(string(head[4:10]) == "1AY&SY" || string(head[4:10]) == "\x17\x72\x45\x38\x50\x90")
}

// isTarHeader checks the header's checksum: the sum of its octets with the
// checksum field read as spaces.
func isTarHeader(b []byte) bool {
	if len(b) < 512 || b[0] == 0 && b[345] == 0 {
		return false
	}
	want, ok := octal(b[148:156])
	if !ok {
		return false
	}
	var unsigned, signed int64
	for i, c := range b[:512] {
		if i >= 148 && i < 156 {
			c = ' '
		}
		unsigned += int64(c)
		signed += int64(int8(c))
	}
	// QUIRK: POSIX.1-1988 sums unsigned octets. Old tars of Sun and others
	// summed signed ones, which differs for names beyond ASCII.
	// Test: TestTarHeaderWithSignedSum.
	return want == unsigned || want == signed
}

func octal(field []byte) (n int64, ok bool) {
	field = bytes.Trim(field, " \x00")
	for _, c := range field {
		if c < '0' || c > '7' {
			return 0, false
		}
		n = n<<3 | int64(c-'0')
	}
	return n, len(field) > 0
}
