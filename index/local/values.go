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

// Widths in the doc value. Numbers are written in groups of seven bits because
// zap ends a doc value at the octet 0xff.
const (
	dateWidth, sizeWidth, wordsWidth = 6, 6, 4
	valuesWidth                      = dateWidth + sizeWidth + wordsWidth
)

var errValues = errors.New("doc value has another length")

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
	b = append7(b, v.date-noDate, dateWidth)
	b = append7(b, v.size, sizeWidth)
	return append7(b, v.words, wordsWidth)
}

func parseValues(b []byte) (values, error) {
	if len(b) != valuesWidth {
		return values{}, errValues
	}
	return values{
		date:  parse7(b[:dateWidth]) + noDate,
		size:  parse7(b[dateWidth : dateWidth+sizeWidth]),
		words: parse7(b[dateWidth+sizeWidth:]),
	}, nil
}

// append7 writes n in width groups of seven bits, the highest first; a number
// that is too large becomes the largest.
func append7(b []byte, n int64, width int) []byte {
	n = min(max(n, 0), 1<<(7*width)-1)
	for i := width - 1; i >= 0; i-- {
		b = append(b, byte(n>>(7*i))&0x7f)
	}
	return b
}

func parse7(b []byte) (n int64) {
	for _, c := range b {
		n = n<<7 | int64(c&0x7f)
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
