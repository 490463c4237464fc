package unpack

import (
	"fmt"
	"hash/maphash"
	"strings"
	"unicode/utf8"
)

// SafeName makes a relative path with "/" between its elements out of whatever
// a container calls an entry. Drive letters, leading slashes and the elements
// "", "." and ".." are left out; control characters become "_", and octets that
// are no UTF-8 are read as code page 437, which is what zip says they are. The
// result is never empty. It is for showing and for naming mailboxes; nothing
// in this module opens a file by it.
func SafeName(name string) string {
	// QUIRK: APPNOTE D.1 says that a name without the UTF-8 flag is in code
	// page 437. Unix programs write UTF-8 without the flag. What is valid
	// UTF-8 is taken for it.
	// Test: TestSafeName.
	if !utf8.ValidString(name) {
		name = fromCP437(name)
	}
	// QUIRK: APPNOTE 4.4.17.1 wants "/" between levels. .NET before 4.6.1
	// and others wrote backslashes. Both divide.
	// Test: TestSafeName.
	name = strings.ReplaceAll(name, `\`, "/")
	if len(name) >= 2 && name[1] == ':' && isLetter(name[0]) {
		name = name[2:]
	}
	// 4096: PATH_MAX of Linux; a zip can hold 65,535 octets of name.
	for len(name) > 4096 {
		_, n := utf8.DecodeLastRuneInString(name[:4097])
		name = name[:4097-n]
	}
	var elems []string
	for elem := range strings.SplitSeq(name, "/") {
		if elem == "" || elem == "." || elem == ".." {
			continue
		}
		elems = append(elems, strings.Map(func(r rune) rune {
			if r < 0x20 || r >= 0x7f && r < 0xa0 {
				return '_'
			}
			return r
		}, elem))
	}
	if len(elems) == 0 {
		return "unnamed"
	}
	return strings.Join(elems, "/")
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// cp437 is the upper half of code page 437.
var cp437 = []rune("ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0")

func fromCP437(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < 0x80 {
			b.WriteByte(c)
		} else {
			b.WriteRune(cp437[c-0x80])
		}
	}
	return b.String()
}

// nameSeed makes the hashes of names in this process. Names are only compared
// with each other, so it need not be the same in the next one.
var nameSeed = maphash.MakeSeed()

// maxNames bounds the memory that a container of very many entries costs: 1
// million hashes are about 20 MB.
const maxNames = 1_000_000

// unique tells entries of one name apart, since an origin must name one copy:
// the second "a" is "a#2". Beyond maxNames entries every name gets its place.
func (in *inner) unique(name string) string {
	in.count++
	if in.count > maxNames {
		return fmt.Sprintf("%s#%d", name, in.count)
	}
	h := maphash.String(nameSeed, name)
	in.names[h]++
	if n := in.names[h]; n > 1 {
		return fmt.Sprintf("%s#%d", name, n)
	}
	return name
}
