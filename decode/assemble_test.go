package decode

import "testing"

func TestWords(t *testing.T) {
	for _, c := range []struct {
		in   string
		most int
		want int
	}{
		{"", 10, 0}, {" -- \n", 10, 0}, {"one two, three", 10, 3}, {"one two three", 2, 2},
		{"Größe über", 10, 2}, {"αβγ 12", 10, 2}, {"会議の資料", 10, 5}, {"a会b", 10, 3}, {"a–b", 10, 2},
	} {
		if got := words(c.in, c.most); got != c.want {
			t.Errorf("%q, %d: got %d, want %d", c.in, c.most, got, c.want)
		}
	}
}
