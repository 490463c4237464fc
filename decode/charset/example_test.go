package charset_test

import (
	"fmt"

	"lostpost/decode/charset"
)

// A text under a label that is not its own: the octets 0x93 and 0x94 are
// quotation marks in windows-1252, and controls in ISO 8859-1.
func ExampleDecode() {
	r := charset.Decode([]byte("\x93Gr\xfc\xdfe\x94"), "iso-8859-1", "")
	fmt.Println(r.Text, r.Used)

	r = charset.Decode([]byte("\xef\xd4\xde\xa3\xd4 \xda\xc1 \xcb\xd7\xc1\xd2\xd4\xc1\xcc"), "", "")
	fmt.Println(r.Text, r.Used, r.Faults[0].Code)
	// Output:
	// “Grüße” windows-1252
	// Отчёт за квартал koi8-u charset-missing
}
