package analyze_test

import (
	"fmt"

	"lostpost/index/analyze"
)

func ExampleText() {
	for _, t := range analyze.Text(nil, "Die Grüße vom 71450/36214, 新年快") {
		fmt.Println(t.Pos, t.Term)
	}
	// Output:
	// 0 die
	// 1 grusse
	// 1 gruesse
	// 2 vom
	// 3 71450
	// 3 7145036214
	// 4 36214
	// 5 新年
	// 6 年快
	// 7 快
}
