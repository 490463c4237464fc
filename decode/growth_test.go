package decode

import (
	"context"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// shapes are kinds of hostile messages, each made with n pieces.
var shapes = []struct {
	name string
	n    int
	make func(n int) string
}{
	{"multiparts in each other", 20_000, func(n int) string { return nest(n, false) }},
	{"one boundary for all", 20_000, func(n int) string {
		return strings.Repeat("Content-Type: multipart/mixed; boundary=b\n\n--b\n", n) + "\nneedle\n" + strings.Repeat("--b--\n", n)
	}},
	{"alternatives in each other", 20_000, func(n int) string {
		return strings.ReplaceAll(nest(n, true), "mixed", "alternative")
	}},
	{"messages in each other", 20_000, func(n int) string {
		return strings.Repeat("Subject: a\nContent-Type: message/rfc822\n\n", n) + "needle\n"
	}},
	{"parts", 50_000, func(n int) string {
		return "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\na\n", n) + "--b--\n"
	}},
	{"parts after the closing delimiter", 50_000, func(n int) string {
		return "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\na\n--b--\n", n)
	}},
	{"multiparts with wrong boundaries", 10_000, func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=no%d\n\n--b%d\n", i, i)
		}
		return b.String() + "\nneedle\n"
	}},
	{"dashes in a header", 200_000, func(n int) string { return "Subject: a\n" + strings.Repeat("--b\n", n) + "\nneedle\n" }},
	{"header fields", 100_000, func(n int) string { return strings.Repeat("X: y\n", n) + "\nneedle\n" }},
	{"clauses of Received without indentation", 400_000, func(n int) string {
		return "Received: from a\n" + strings.Repeat("by a\n", n) + "Subject: a\n\nneedle\n"
	}},
	{"Content-Type fields", 50_000, func(n int) string {
		return strings.Repeat("Content-Type: multipart/mixed; boundary=b\n", n) + "\nneedle\n"
	}},
	{"parts with other types", 20_000, func(n int) string {
		return "Content-Type: multipart/mixed; boundary=b\n\n" +
			strings.Repeat("--b\nContent-Type: text/plain\n"+strings.Repeat("Content-Type: multipart/mixed; boundary=c\n", 4)+"\na\n", n)
	}},
	{"transfer encodings", 50_000, func(n int) string {
		return strings.Repeat("Content-Transfer-Encoding: base64\n", n) + "\nneedle\n"
	}},
	{"quote signs in a flowed line", 500_000, func(n int) string {
		return "Content-Type: text/plain; format=flowed\n\n" + strings.Repeat(">", n) + " needle\n"
	}},
	{"quote depths in turn", 100_000, func(n int) string {
		return "Content-Type: text/plain; format=flowed\n\n" + strings.Repeat("> a \n>> b \n", n)
	}},
	{"clear-signed texts", 20_000, func(n int) string { return "Subject: a\n\n" + strings.Repeat(clearSigned+"\nneedle\n", n) }},
	{"beginnings of files", 100_000, func(n int) string { return "Subject: a\n\n" + strings.Repeat("begin 644 a\n", n) }},
	{"marks of BinHex", 100_000, func(n int) string {
		return "Subject: a\n\n" + strings.Repeat("(This file must be converted with BinHex 4.0)\n", n)
	}},
	{"parameters of enriched text without an end", 200_000, func(n int) string {
		return "Content-Type: text/enriched\n\n" + strings.Repeat("<param>a", n) + "</param>" + strings.Repeat("<param>a</", n)
	}},
	{"excerpts in each other", 200_000, func(n int) string {
		return "Content-Type: text/enriched\n\n" + strings.Repeat("<excerpt>a\n\n", n)
	}},
	{"groups of RTF", 200_000, func(n int) string {
		return "Content-Type: text/rtf\n\n{\\rtf1 " + strings.Repeat("{a", n) + strings.Repeat("}", n) + "}"
	}},
	{"footers after base64", 100_000, func(n int) string {
		return "Content-Transfer-Encoding: base64\n\nbmVlZGxlIGlzIGhlcmU=\n\n" + strings.Repeat("a list\n", n)
	}},
	{"epilogues", 20_000, func(n int) string {
		var b strings.Builder
		b.WriteString("Content-Type: multipart/mixed; boundary=b\n\n")
		for i := range n {
			fmt.Fprintf(&b, "--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\na\n--c--\nnews number%d here\n", i)
		}
		return b.String()
	}},
}

// TestNoShapeIsSlow: each of these takes some ten milliseconds, and minutes if
// anything in it is quadratic.
func TestNoShapeIsSlow(t *testing.T) {
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			msg := s.make(s.n)
			start := processorTime()
			m, err := Decode(context.Background(), strings.NewReader(msg), int64(len(msg)), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if d := processorTime() - start; d > 20*time.Second {
				t.Errorf("%d octets took %v", len(msg), d)
			}
			checkMessage(t, int64(len(msg)), m)
		})
	}
}

// TestMemoryGrowsWithTheInput: twice the pieces need about twice the memory.
func TestMemoryGrowsWithTheInput(t *testing.T) {
	allocated := func(msg string) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		Decode(context.Background(), strings.NewReader(msg), int64(len(msg)), Options{})
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	for _, s := range shapes {
		one, two := allocated(s.make(s.n/4)), allocated(s.make(s.n/2))
		if two > 3*one+1<<20 {
			t.Errorf("%s: %d octets for %d pieces, %d for twice as many", s.name, one, s.n/4, two)
		}
	}
}

// TestTowerOfEncodedMessagesIsBounded: what is decoded in all is bounded, not
// only each container.
func TestTowerOfEncodedMessagesIsBounded(t *testing.T) {
	msg := tower(20)
	m := decodeBytes(t, []byte(msg))
	if !strings.Contains(m.Text, "needle") {
		t.Errorf("got %q and problems %v", m.Text, m.Problems)
	}
	checkMessage(t, int64(len(msg)), m)
}

// growing are messages of a size that can be chosen, one for each way in which
// a message can be large.
var growing = []struct {
	name string
	n    int
	make func(n int) string
}{
	{"depth", 1500, func(n int) string { return nest(n, true) }},
	{"parts", 8_000, func(n int) string {
		return "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\na\n", n) + "--b--\n"
	}},
	{"header lines", 30_000, func(n int) string { return strings.Repeat("X: y\n", n) + "\nneedle\n" }},
	{"header lines without colon", 100_000, func(n int) string { return strings.Repeat("junk\n", n) + "From: a\n\nneedle\n" }},
	{"parameters", 20_000, func(n int) string {
		return "Content-Type: text/plain" + strings.Repeat("; a=b", n) + "\n\nneedle\n"
	}},
	{"encoded words", 700, func(n int) string { // twice is the 64 KiB of a field that are read
		return "Subject:" + strings.Repeat(" =?utf-8?B?w7zDn8O8w5/DvMOf?=\n", n) + "\nneedle\n"
	}},
	{"junk in base64", 100_000, func(n int) string {
		return "Content-Transfer-Encoding: base64\n\n" + strings.Repeat("bmVlZGxl****", n) + "\n"
	}},
	{"properties of winmail.dat", 10_000, func(n int) string {
		return string(winmailMessage("a", tnefStart+attribute(1, 0x69003, word(uint32(n))+strings.Repeat(binaryProp(1, "abcd"), n))))
	}},
}

// TestDoublingIsNotQuadratic tells linear from quadratic: twice the depth,
// parts, header lines, parameters, encoded words or junk must not cost four
// times the time. The least of several runs counts, and a shape may be measured
// several times: other programs use the machine too. BenchmarkDoubling gives
// the factor itself.
func TestDoublingIsNotQuadratic(t *testing.T) {
	for _, s := range growing {
		t.Run(s.name, func(t *testing.T) {
			one, two := s.make(s.n), s.make(2*s.n)
			factor := 0.0
			for range 8 {
				factor = float64(leastTime(two)) / float64(leastTime(one))
				if factor <= 3.2 {
					return
				}
			}
			t.Errorf("twice as many cost %.1f times the time", factor)
		})
	}
}

// BenchmarkDoubling reports what twice as many cost: at most 2.3 on a quiet
// machine.
func BenchmarkDoubling(b *testing.B) {
	for _, s := range growing {
		b.Run(s.name, func(b *testing.B) {
			one, two := s.make(s.n), s.make(2*s.n)
			least, twice := time.Hour, time.Hour
			for b.Loop() {
				least, twice = min(least, leastTime(one)), min(twice, leastTime(two))
			}
			b.ReportMetric(float64(twice)/float64(least), "times")
		})
	}
}

// leastTime is the processor time that decoding takes when little else runs.
func leastTime(msg string) time.Duration {
	least := time.Hour
	for range 4 {
		start := processorTime()
		Decode(context.Background(), strings.NewReader(msg), int64(len(msg)), Options{})
		least = min(least, processorTime()-start)
	}
	return least
}

// tower is a message in base64 in a message, n times. Each level is a third
// larger than the one in it.
func tower(n int) string {
	msg := "Subject: core\n\nneedle\n"
	for range n {
		msg = "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte(msg)) + "\n"
	}
	return msg
}
