package decode_test

import (
	"context"
	"fmt"
	"strings"

	"lostpost/decode"
)

// The text of a message, and what had to be repaired to read it.
func ExampleDecode() {
	msg := "From: Anna <anna@post.example>\r\n" +
		"Subject: =?iso-8859-1?Q?Gr=FC=DFe?=\r\n" +
		"Content-Type: text/plain; charset=utf-8\r\n" +
		"Content-Transfer-Encoding: base-64\r\n" +
		"\r\n" +
		"R3LDvMOfZSBhdXMgS8O2bG4u\r\n"
	m, err := decode.Decode(context.Background(), strings.NewReader(msg), int64(len(msg)), decode.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Subject)
	fmt.Print(m.Text)
	for _, p := range m.Problems {
		fmt.Println(p.Code, p.Lost)
	}
	// Output:
	// Grüße
	// Grüße aus Köln.
}

// The parts of a message and where they are in the file.
func ExampleWalk() {
	msg := "Content-Type: multipart/mixed; boundary=x\n\n" +
		"--x\n\nSee the list.\n" +
		"--x\nContent-Type: text/csv\nContent-Disposition: attachment; filename=list.csv\n\n1;2\n" +
		"--x--\n"
	for p, err := range decode.Walk(strings.NewReader(msg), int64(len(msg)), decode.Limits{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if p.Leaf() {
			fmt.Printf("%s %s %q at %d-%d\n", p.Path(), p.MediaType, p.FileName, p.Body, p.End)
		}
	}
	// Output:
	// 1 text/plain "" at 48-61
	// 2 text/csv "list.csv" at 141-144
}

// A message that was sent in two pieces, which came out of order.
func ExampleJoin() {
	piece := func(number int, text string) decode.Piece {
		msg := fmt.Sprintf("Subject: scan\nContent-Type: message/partial; id=\"7@scanner.example\"; number=%d; total=2\n\n%s", number, text)
		return decode.Piece{ReaderAt: strings.NewReader(msg), Size: int64(len(msg))}
	}
	second := piece(2, "page two\n")
	var whole strings.Builder
	missing, err := decode.Join(&whole, []decode.Piece{second})
	fmt.Println("missing:", missing, err)

	missing, err = decode.Join(&whole, []decode.Piece{second, piece(1, "Subject: The scan\nMIME-Version: 1.0\n\npage one\n")})
	fmt.Println("missing:", missing, err)
	fmt.Print(whole.String())
	// Output:
	// missing: [1] <nil>
	// missing: [] <nil>
	// Subject: The scan
	// MIME-Version: 1.0
	//
	// page one
	// page two
}
