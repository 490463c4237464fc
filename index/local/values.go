package local

import (
	"encoding/binary"
	"errors"
	"math"
	"time"
)

// values are the numbers kept for every document.
type values struct {
	date  int64 // Unix seconds; noDate if there is none
	size  int64 // octets on disk
	words int64 // words of the text, for the score
}

const (
	secondsPerDay = 24 * 60 * 60

	// noDate stands for a message without a date: older than all others.
	noDate = minDate - 1

	// Dates are kept between the years 1 and 9999; what lies outside is a
	// mistake of its sender, and stays findable at the nearest end.
	minDate = -62135596800
	maxDate = 253402300799
)

// Octets of each number in a column, and of all.
const (
	dateWidth, sizeWidth, wordsWidth = 6, 6, 4
	valuesWidth                      = dateWidth + sizeWidth + wordsWidth
)

var errValues = errors.New("values have another length")

// unixDate is the date as it is kept.
func unixDate(t time.Time) int64 {
	if t.IsZero() {
		return noDate
	}
	return min(max(t.Unix(), minDate), maxDate)
}

// timeOf is the date as a Hit shows it.
func timeOf(date int64) time.Time {
	if date == noDate {
		return time.Time{}
	}
	return time.Unix(date, 0)
}

func (v values) append(b []byte) []byte {
	b = appendNumber(b, v.date-noDate, dateWidth)
	b = appendNumber(b, v.size, sizeWidth)
	return appendNumber(b, v.words, wordsWidth)
}

func parseValues(b []byte) (values, error) {
	if len(b) != valuesWidth {
		return values{}, errValues
	}
	return values{
		date:  parseNumber(b[:dateWidth]) + noDate,
		size:  parseNumber(b[dateWidth : dateWidth+sizeWidth]),
		words: parseNumber(b[dateWidth+sizeWidth:]),
	}, nil
}

// appendNumber writes n in so many octets, the highest first; a number that is
// too large becomes the largest.
func appendNumber(b []byte, n int64, width int) []byte {
	n = min(max(n, 0), 1<<(8*width)-1)
	for i := width - 1; i >= 0; i-- {
		b = append(b, byte(n>>(8*i)))
	}
	return b
}

func parseNumber(b []byte) (n int64) {
	for _, c := range b {
		n = n<<8 | int64(c)
	}
	return n
}

// dayTerm is the term of the day (UTC) of a date: byte order is newest first.
func dayTerm(date int64) []byte {
	day := date / secondsPerDay
	if date%secondsPerDay < 0 {
		day--
	}
	return binary.BigEndian.AppendUint32(nil, math.MaxUint32-uint32(day+1<<31))
}

// dayStart is the first second of the day of a term.
func dayStart(term []byte) int64 {
	if len(term) != 4 {
		return noDate
	}
	return (int64(math.MaxUint32-binary.BigEndian.Uint32(term)) - 1<<31) * secondsPerDay
}
