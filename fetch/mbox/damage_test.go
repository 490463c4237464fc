package mbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// blockSize is that of a file system: what is lost in one piece.
const blockSize = 4096

// A made file of messages, and where each lies in it.
type made struct {
	octets []byte
	places []Range
	sums   [][sha256.Size]byte
}

// makeMailbox makes an mbox of about size octets: messages of 300 octets to 40
// kB, some of which quote the head of another.
func makeMailbox(r *rand.Rand, size int) *made {
	m := &made{}
	for i := 0; len(m.octets) < size; i++ {
		var b bytes.Buffer
		fmt.Fprintf(&b, "Return-Path: <anna@post.example>\nReceived: from a.example by b.example; Tue, 5 Mar 2024 10:00:00 +0000\n"+
			"Message-ID: <%d@post.example>\nDate: Tue, 5 Mar 2024 10:00:00 +0000\nFrom: anna@post.example\nTo: ivo@post.example\nSubject: letter %d\n", i, i)
		for range r.IntN(4) {
			fmt.Fprintf(&b, "X-Filler: %0*d\n", 1+r.IntN(400), i)
		}
		b.WriteString("\n")
		if r.IntN(10) == 0 {
			b.WriteString("----- forwarded\n> From: mia@post.example\n> Date: today\n> Subject: x\n\n")
		}
		for n := r.IntN(600) + 1; n > 0; n-- {
			fmt.Fprintf(&b, "%d: %s\n", i, strings.Repeat("word ", r.IntN(14)))
		}
		p := Range{From: int64(len(m.octets))}
		m.octets = append(m.octets, "From anna@post.example Tue Mar  5 10:00:00 2024\n"...)
		p.Start = int64(len(m.octets))
		m.octets = append(m.octets, b.Bytes()...)
		p.End = int64(len(m.octets))
		m.octets = append(m.octets, '\n')
		m.places, m.sums = append(m.places, p), append(m.sums, sha256.Sum256(b.Bytes()))
	}
	return m
}

// loss is what damage does to a block.
type loss bool

const (
	zeroed loss = true
	cutOut loss = false
)

// damaged gives the file with blocks lost, which of its messages are whole, and
// which have a whole separator and header section.
func (m *made) damaged(r *rand.Rand, blocks int, how loss) (octets []byte, whole, headed []bool) {
	lost := r.Perm(len(m.octets) / blockSize)[:blocks]
	slices.Sort(lost)
	hit := make([]bool, len(m.octets)/blockSize+1)
	for _, b := range lost {
		hit[b] = true
	}
	touched := func(from, to int64) bool {
		for b := from / blockSize; b <= (to-1)/blockSize; b++ {
			if hit[b] {
				return true
			}
		}
		return false
	}
	for i, p := range m.places {
		// The blank line before the separator is part of it. Where blocks are
		// cut out, a separator that lost its end is a line of text.
		from, to := max(0, p.From-1), p.End+1
		if how == cutOut && i+1 < len(m.places) {
			to = m.places[i+1].Start
		}
		whole = append(whole, !touched(from, to))
		head := bytes.Index(m.octets[p.Start:p.End], []byte("\n\n")) + 2
		headed = append(headed, !touched(from, p.Start+int64(head)))
	}
	for b := 0; b*blockSize < len(m.octets); b++ {
		block := m.octets[b*blockSize : min((b+1)*blockSize, len(m.octets))]
		switch {
		case !hit[b]:
			octets = append(octets, block...)
		case how == zeroed:
			octets = append(octets, make([]byte, len(block))...)
		}
	}
	return octets, whole, headed
}

// TestLostBlocks loses blocks of a mailbox. LOSTPOST_LONG=1 takes 165 MB and
// 1,000 blocks.
func TestLostBlocks(t *testing.T) {
	size, blocks := 4<<20, 25
	if os.Getenv("LOSTPOST_LONG") != "" {
		size, blocks = 165_000_000, 1000
	}
	const seed = 11
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, seed))
	m := makeMailbox(r, size)
	for name, how := range map[string]loss{"zeroed": zeroed, "cut out": cutOut} {
		t.Run(name, func(t *testing.T) {
			octets, whole, headed := m.damaged(r, blocks, how)
			started := time.Now()
			found, listed := map[[sha256.Size]byte]bool{}, map[int]bool{}
			sum := int64(0)
			for f, err := range Recover(context.Background(), bytes.NewReader(octets), int64(len(octets))) {
				if err != nil {
					t.Fatal(err)
				}
				sum += f.Octets
				if f.Kind == Whole || f.Kind == Damaged {
					found[f.Sum] = true
					listed[letterNumber(octets[f.Start:f.End])] = true
				}
			}
			if sum != int64(len(octets)) {
				t.Errorf("%d octets accounted for, the file has %d", sum, len(octets))
			}
			lost, heads, heard := 0, 0, 0
			for i := range m.places {
				if whole[i] && !found[m.sums[i]] {
					lost++
				}
				if headed[i] {
					heads++
					if listed[i] {
						heard++
					}
				}
			}
			if lost > 0 {
				t.Errorf("%d messages that no lost block touched are not as they were", lost)
			}
			if heard*100 < heads*95 {
				t.Errorf("%d of %d messages whose head is whole are listed", heard, heads)
			}
			t.Logf("%d messages, %d heads whole, %d of them listed, %.0f MB/s", len(m.places), heads, heard, float64(len(octets))/1e6/time.Since(started).Seconds())
		})
	}
}

// letterNumber reads the number in the Message-ID of a message, -1 if it has none.
func letterNumber(m []byte) int {
	_, rest, _ := bytes.Cut(m, []byte("\nMessage-ID: <"))
	id, _, _ := bytes.Cut(rest, []byte("@"))
	n, err := strconv.Atoi(string(id))
	if err != nil {
		return -1
	}
	return n
}

// TestRecoverAccounts tells each kind of stretch apart.
func TestRecoverAccounts(t *testing.T) {
	const head = "From: anna@post.example\nDate: today\nSubject: "
	open := head + "c\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n"
	in := "left over\n\n" + sepA + head + "a\n\ntext\n\n" + sepA + head + "a\n\ntext\n\n" + sepA + open + "\n" + sepA + open + "--b--\n\n" +
		sepA + head + "d\n\ncut" + strings.Repeat("\x00", 5000) + "r  5 10:00:00 2024\n" + head + "e\n\ntext\n"
	var got []string
	sum := int64(0)
	for f, err := range Recover(t.Context(), strings.NewReader(in), int64(len(in))) {
		if err != nil {
			t.Fatal(err)
		}
		_, subject, _ := strings.Cut(in[f.Start:f.End], "Subject: ")
		subject, _, _ = strings.Cut(subject, "\n")
		if f.Junk {
			subject = ""
		}
		got = append(got, fmt.Sprintf("%d %s %d %s", f.Kind, subject, f.Octets, f.Note))
		sum += f.Octets
	}
	n := len(sepA + head)
	want := []string{
		fmt.Sprintf("%d  11 11 bytes before the first message", NotMail),
		fmt.Sprintf("%d a %d ", Whole, n+9), fmt.Sprintf("%d a %d ", Duplicate, n+9),
		fmt.Sprintf("%d c %d the last boundary of a multipart is missing", Damaged, len(sepA+open)+1),
		fmt.Sprintf("%d c %d ", Whole, len(sepA+open)+7),
		fmt.Sprintf("%d d %d 5 kB of zero bytes from octet %d on", Damaged, n+6, strings.IndexByte(in, 0)),
		fmt.Sprintf("%d  5000 5 kB of zero bytes where a message should be", Zeros),
		fmt.Sprintf("%d  19 19 bytes that belong to no message", NotMail),
		fmt.Sprintf("%d e %d the separator before octet %d is missing", Damaged, len(head)+8, strings.LastIndex(in, head)),
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if sum != int64(len(in)) {
		t.Errorf("%d octets of %d", sum, len(in))
	}
}

// TestTornSeparator: what is left of a separator before a hole is no part of the
// message before it.
func TestTornSeparator(t *testing.T) {
	m := "From: anna@post.example\nDate: today\nSubject: a\n\ntext\n"
	for _, torn := range []string{"", "F", "From", "From ", "From ivo@post.example Tue M"} {
		in := sepA + m + "\n" + torn + strings.Repeat("\x00", 5000)
		for f, err := range Recover(t.Context(), strings.NewReader(in), int64(len(in))) {
			if err != nil {
				t.Fatal(err)
			}
			if f.From == 0 && (f.Kind != Whole || in[f.Start:f.End] != m) {
				t.Errorf("%q: got %q, %s", torn, in[f.Start:f.End], f.Note)
			}
		}
	}
	in := sepA + m + "\nFront" + strings.Repeat("\x00", 5000)
	for f := range Recover(t.Context(), strings.NewReader(in), int64(len(in))) {
		if f.From == 0 && (f.Kind != Damaged || !strings.HasSuffix(in[f.Start:f.End], "\nFront")) {
			t.Errorf("got %q, %s", in[f.Start:f.End], f.Note)
		}
	}
}
