package html_test

import (
	"log"
	"os"

	"lostpost/decode/html"
)

func ExampleText() {
	const src = `<div style="display:none">Only today</div>
<h1>Harvest</h1><p>See <a href="https://garden.example/">the garden</a>:</p>
<table><tr><td>Pears</td><td>3&nbsp;kg</td></tr><tr><td>Plums</td><td>12 kg</td></tr></table>
<blockquote>Keep some for us!</blockquote>`
	if _, err := html.Text(os.Stdout, src, html.Options{}); err != nil {
		log.Fatal(err)
	}
	// Output:
	// Harvest
	//
	// See the garden <https://garden.example/>:
	//
	// Pears  3 kg
	// Plums  12 kg
	//
	// > Keep some for us!
}
