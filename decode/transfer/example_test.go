package transfer_test

import (
	"fmt"
	"io"
	"strings"

	"lostpost/decode/transfer"
)

// Base64 without its padding, and with the footer of a mailing list behind it.
func ExampleReader() {
	r := transfer.NewReader("base64", strings.NewReader("U2VlIHlvdSBhdCB0ZW4u\n\n____\nThe list: list.example\n"))
	text, err := io.ReadAll(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s\n%s", text, r.Rest())
	for _, f := range r.Faults() {
		fmt.Println(f.Code, "at", f.Offset)
	}
	// Output:
	// See you at ten.
	// ____
	// The list: list.example
	// base64-footer at 22
}

// A file that stands inside a text, as mail had it before MIME.
func ExampleBlocks() {
	text := "Here it is:\nbegin 644 cat.txt\n#0V%T\n`\nend\nRegards\n"
	for _, b := range transfer.Blocks([]byte(text), 10) {
		fmt.Printf("%s %s %q\n", b.Encoding, b.Name, b.Data)
		fmt.Print(text[:b.Start] + text[b.End:])
	}
	// Output:
	// uuencode cat.txt "Cat"
	// Here it is:
	// Regards
}
