package mapi_test

import (
	"fmt"

	"lostpost/decode/mapi"
)

// The HTML that an RTF body of Outlook was made of.
func ExampleReadRTF() {
	rtf := `{\rtf1\ansi\ansicpg1252\fromhtml1{\*\htmltag64 <p>}\htmlrtf{\b \htmlrtf0 Gr\'fc\'dfe{\*\htmltag72 </p>}}}`
	doc := mapi.ReadRTF([]byte(rtf), 1<<20)
	fmt.Println(doc.HTML, doc.Text)
	// Output: true <p>Grüße</p>
}
