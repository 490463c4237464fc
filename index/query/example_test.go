package query_test

import (
	"fmt"
	"time"

	"lostpost/index/query"
)

func Example() {
	now := time.Date(2024, time.March, 13, 12, 0, 0, 0, time.UTC)
	e, err := query.Parse(`from:anna (rechnung or "open invoice") -is:read date:"last month"`, now)
	fmt.Println(e, err)
	_, err = query.Parse("fron:anna", now)
	fmt.Println(err)
	_, err = query.Parse("date:3/4/2017", now)
	fmt.Println(err)
	// Output:
	// from:anna (rechnung or "open invoice") -is:read date:2024-02-01T00:00:00Z..2024-02-29T23:59:59Z <nil>
	// unknown operator "fron:" (quotes make it text); did you mean "from:"?
	// 3/4/2017 is 3 April 2017 (2017-04-03) or 4 March 2017 (2017-03-04)
}
