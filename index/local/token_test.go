package local

import (
	"math"
	"strings"
	"testing"

	"lostpost/archive"
	"lostpost/index"
)

func TestTokenIsShortAndReadsBack(t *testing.T) {
	id := archive.ID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	for _, order := range []index.Sort{index.Newest, index.Oldest, index.Relevance, index.Largest} {
		for _, date := range []int64{noDate, minDate, -1, 0, 1_700_000_000, maxDate} {
			c := candidate{key: date, date: date, id: []byte(keyOf(id, 3))}
			switch order {
			case index.Oldest:
				c.key = -date
			case index.Relevance:
				c.key = int64(math.Float64bits(12.5))
			case index.Largest:
				c.key = 48_211
			}
			s := c.token(order)
			if most := map[bool]int{true: 20, false: 31}[order == index.Newest || order == index.Oldest]; len(s) > most {
				t.Errorf("%q has %d characters, want %d", s, len(s), most)
			}
			got, err := parseToken(s, order)
			if err != nil || got.key != c.key || got.date != date {
				t.Errorf("%d: got %+v, %v", date, got, err)
			}
			if c.compare(&got) >= 0 {
				t.Error("the row itself is on the next page")
			}
			if _, err := parseToken(s, (order+1)%4); err == nil {
				t.Error("a token of another order is taken")
			}
		}
	}
	for _, s := range []string{"", "elsewhere", "AAAAAAAAAAAAAAAAAAAA", strings.Repeat("A", 1000)} {
		if _, err := parseToken(s, index.Newest); err == nil {
			t.Errorf("%q is taken", s)
		}
	}
}
