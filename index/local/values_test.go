package local

import (
	"bytes"
	"math"
	"testing"
	"time"
)

func TestValuesReadBack(t *testing.T) {
	for _, v := range []values{
		{noDate, 0, 0},
		{minDate, 1, 1},
		{-1, 127, 128},
		{0, 1 << 20, 255},
		{1709287200, 48211, 1912},
		{maxDate, 1<<48 - 1, 1<<32 - 1},
	} {
		b := v.append(nil)
		if got, err := parseValues(b); err != nil || got != v {
			t.Errorf("got %v, %v, want %v", got, err, v)
		}
	}
	if got, err := parseValues((values{size: math.MaxInt64}).append(nil)); err != nil || got.size != 1<<48-1 {
		t.Errorf("size that is too large: got %v, %v", got, err)
	}
	if _, err := parseValues([]byte("short")); err == nil {
		t.Error("no error for a value of another length")
	}
}

func TestDatesOutsideTheCalendarStayFindable(t *testing.T) {
	for _, tt := range []struct {
		t    time.Time
		want int64
	}{
		{time.Time{}, noDate},
		{time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC), maxDate},
		{time.Date(-44, 3, 15, 0, 0, 0, 0, time.UTC), minDate},
		{time.Unix(12, 0), 12},
	} {
		if got := unixDate(tt.t); got != tt.want {
			t.Errorf("%v: got %d, want %d", tt.t, got, tt.want)
		}
	}
}

func TestDayTerms(t *testing.T) {
	newest := []int64{maxDate, 1709287200, secondsPerDay, secondsPerDay - 1, 0, -1, minDate, noDate}
	starts := []int64{maxDate + 1 - secondsPerDay, 1709251200, secondsPerDay, 0, 0, -secondsPerDay, minDate, minDate - secondsPerDay}
	for i, d := range newest {
		if got := dayStart(dayTerm(d)); got != starts[i] {
			t.Errorf("%d: day starts at %d, want %d", d, got, starts[i])
		}
		if i > 0 && bytes.Compare(dayTerm(newest[i-1]), dayTerm(d)) > 0 {
			t.Errorf("%d does not come before %d", newest[i-1], d)
		}
	}
}

func TestSimilar(t *testing.T) {
	for _, tt := range []struct {
		word, term string
		edits      int
		want       bool
	}{
		{"invoice", "invoice", 0, true},
		{"invoise", "invoice", 1, true},
		{"invoie", "invoice", 1, true},
		{"invooice", "invoice", 1, true},
		{"invioce", "invoice", 1, false}, // two changes
		{"invioce", "invoice", 2, true},
		{"договор", "договоры", 1, true},
		{"", "ab", 1, false},
		{"", "ab", 2, true},
	} {
		var row []int
		if got := similar([]rune(tt.word), tt.term, tt.edits, &row); got != tt.want {
			t.Errorf("%s, %s, %d: got %v, want %v", tt.word, tt.term, tt.edits, got, tt.want)
		}
	}
}

func TestTogether(t *testing.T) {
	at := func(leaf int, positions ...uint64) (ps []place) {
		for _, p := range positions {
			ps = append(ps, place{start: p, end: p, leaf: leaf})
		}
		return ps
	}
	for _, tt := range []struct {
		name     string
		places   []place
		leaves   int
		distance uint64
		want     bool
	}{
		{"side by side", append(at(0, 4), at(1, 5)...), 2, 1, true},
		{"the other way round", append(at(0, 5), at(1, 4)...), 2, 1, true},
		{"too far", append(at(0, 1), at(1, 7)...), 2, 5, false},
		{"just near enough", append(at(0, 1), at(1, 6)...), 2, 5, true},
		{"a later one is near", append(at(0, 1, 90), at(1, 50, 92)...), 2, 3, true},
		{"three in a chain", append(append(at(0, 1), at(1, 5)...), at(2, 9)...), 3, 4, true},
		// 1 is near 0 and 2 is near a later 1, but no single 1 is near both.
		{"no bridge over the same word", append(append(at(0, 1), at(1, 4, 7, 10)...), at(2, 13)...), 3, 3, false},
		{"from the end of a phrase", []place{{start: 1, end: 4, leaf: 0}, {start: 6, end: 6, leaf: 1}}, 2, 2, true},
	} {
		if got := together(tt.places, tt.leaves, tt.distance); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}
