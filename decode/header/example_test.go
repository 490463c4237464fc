package header_test

import (
	"fmt"

	"lostpost/decode/header"
)

// A header as a broken relay left it: a line that is no field, and raw octets
// in ISO 8859-1.
func ExampleParse() {
	h, n, faults := header.Parse([]byte("From: \"Weber, Anna\" <anna@post.example>, ben@post.example\n"+
		"checked by the scanner\n"+
		"Subject: =?utf-8?B?R3LDvMOf?= aus K\xf6ln\n\nText\n"), 0)
	fmt.Println(h.Len(), "fields in", n, "octets")
	subject, _ := h.Text("Subject", "iso-8859-1")
	fmt.Println(subject)
	list, _ := h.Addresses("From", "")
	for _, a := range list {
		fmt.Printf("%q %s\n", a.Name, a.Addr)
	}
	for _, f := range faults {
		fmt.Println(f.Code)
	}
	// Output:
	// 2 fields in 121 octets
	// Grüß aus Köln
	// "Weber, Anna" anna@post.example
	// "" ben@post.example
	// header-line-without-colon
}
