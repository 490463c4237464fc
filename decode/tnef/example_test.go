package tnef_test

import (
	"encoding/hex"
	"fmt"

	"lostpost/decode/tnef"
)

// The attachments of a winmail.dat, by their long names.
func ExampleRead() {
	stream, err := hex.DecodeString("789f3e220100" + // signature, key
		"0202900600" + "00000000" + "0000" + // an attachment begins
		"0210800100" + "06000000" + "612e74787400" + "ef01" + // its title: a.txt
		"020f800600" + "02000000" + "6869" + "d100") // its octets: hi
	if err != nil {
		fmt.Println(err)
		return
	}
	m, ok := tnef.Read(stream)
	fmt.Println(ok, len(m.Faults))
	for _, a := range m.Attachments {
		fmt.Printf("%s: %s\n", a.Name, a.Data)
	}
	// Output:
	// true 0
	// a.txt: hi
}
