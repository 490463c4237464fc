package dbx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lostpost/fetch"
	"lostpost/fetch/fetchtest"
)

// mail is a message of n lines of text; a line has 50 octets.
func mail(i, n int) string {
	return fmt.Sprintf("From: anna@post.example\r\nTo: ivo@post.example\r\nSubject: letter %d\r\nDate: Fri, 5 Mar 2004 10:%02d:00 +0000\r\n\r\n", i, i) +
		strings.Repeat(fmt.Sprintf("%-48d\r\n", i), n)
}

// memory is a file in memory.
type memory struct {
	io.ReaderAt
	size int64
	name string
}

func (m memory) Size() int64                { return m.size }
func (m memory) Name() string               { return m.name }
func (m memory) Stat() (os.FileInfo, error) { return nil, os.ErrNotExist }

func open(t testing.TB, octets []byte) fetch.Source {
	t.Helper()
	src, err := Open(memory{strings.NewReader(string(octets)), int64(len(octets)), "x.dbx"}, fetch.Options{Origin: "file:/x.dbx", Mailbox: "x"})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// tell gives one line for each message: place, flags, traits, text or error.
func tell(t testing.TB, octets []byte) []string {
	t.Helper()
	var lines []string
	for m, err := range open(t, octets).Messages(t.Context(), fetch.NoState) {
		if m == nil {
			t.Fatal(err)
		}
		text := ""
		if m.Body != nil {
			b, err := io.ReadAll(m.Body)
			if err != nil || int64(len(b)) != m.Size {
				t.Fatalf("%s: %d octets of %d, %v", m.Origin, len(b), m.Size, err)
			}
			text = string(b)
		}
		line := fmt.Sprintf("%s %s %v ", strings.TrimPrefix(m.Origin, "file:/x.dbx"), m.Flags, m.Traits)
		if err != nil {
			line += "! " + err.Error() + " "
		}
		lines = append(lines, line+text)
	}
	return lines
}

func check(t *testing.T, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		g, w := "nothing", "nothing"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Errorf("%d: got %q, want %q", i, g, w)
		}
	}
}

func TestMessagesInTheOrderOfTheIndex(t *testing.T) {
	unsent := "X-Unsent: 1\r\n" + mail(2, 1)
	b := build([]letter{
		{text: mail(0, 30), flags: 0x81}, {text: mail(1, 1), flags: 0x08}, {text: unsent, flags: 0x1800A1}, {text: mail(3, 40)},
	})
	at := func(i int) string { return fmt.Sprintf("@%d ", b.segments[i][0]) }
	check(t, tell(t, b.octets), []string{
		at(0) + "S [] " + mail(0, 30), at(1) + "D [] " + mail(1, 1), at(2) + "FPRS [unsent] " + unsent, at(3) + " [] " + mail(3, 40),
	})
	for m, err := range open(t, b.octets).Messages(t.Context(), fetch.NoState) {
		if err != nil || !m.Received.Equal(received) || m.Mailbox != "x" {
			t.Errorf("%s: received %v in %q, %v", m.Origin, m.Received, m.Mailbox, err)
		}
	}
}

func TestDeletedMessagesComeLast(t *testing.T) {
	b := build([]letter{{text: mail(0, 30), unlisted: true}, {text: mail(1, 30)}, {text: mail(2, 30), free: true}})
	lost := []byte(mail(2, 30))
	for i := 0; i < len(lost); i += segmentText {
		copy(lost[i:], "????")
	}
	check(t, tell(t, b.octets), []string{
		fmt.Sprintf("@%d  [] %s", b.segments[1][0], mail(1, 30)),
		fmt.Sprintf("@%d  [deleted] %s", b.segments[0][0], mail(0, 30)),
		fmt.Sprintf("@%d  [deleted damaged] %s", b.segments[2][0], lost),
	})
}

func TestDamage(t *testing.T) {
	long := mail(0, 30) // 4 segments
	two := []letter{{text: long}, {text: mail(1, 1)}}
	first := func(b *built) string { return fmt.Sprintf("@%d ", b.segments[0][0]) }
	second := func(b *built) string { return fmt.Sprintf("@%d ", b.segments[1][0]) }
	for _, test := range []struct {
		name   string
		damage func(b *built)
		want   func(b *built) []string
	}{
		{"header is lost", func(b *built) { clear(b.octets[:headerSize]) }, func(b *built) []string {
			return []string{first(b) + " [] " + long, second(b) + " [] " + mail(1, 1)}
		}},
		{"index is lost", func(b *built) { b.octets = b.octets[:b.infos[0]] }, func(b *built) []string {
			return []string{first(b) + " [carved] " + long, second(b) + " [carved] " + mail(1, 1)}
		}},
		{"tree goes in a ring", func(b *built) {
			b.set(0xE4, len(b.octets)-nodeSize)
			b.set(len(b.octets)-nodeSize+8, len(b.octets)-nodeSize)
		}, func(b *built) []string {
			return []string{first(b) + " [] " + long, second(b) + " [] " + mail(1, 1)}
		}},
		{"chain goes in a ring", func(b *built) { b.set(b.segments[0][3]+12, b.segments[0][1]) }, func(b *built) []string {
			return []string{first(b) + " [damaged] " + long, second(b) + " [] " + mail(1, 1)}
		}},
		{"chain leads into another message", func(b *built) { b.set(b.segments[1][0]+12, b.segments[0][3]) }, func(b *built) []string {
			return []string{first(b) + " [] " + long, second(b) + " [damaged] " + mail(1, 1)}
		}},
		{"a segment is lost", func(b *built) { clear(b.octets[b.segments[0][1]:][:segmentSize]) }, func(b *built) []string {
			return []string{
				first(b) + " [damaged] " + long[:segmentText], second(b) + " [] " + mail(1, 1),
				fmt.Sprintf("@%d  [] ! part of a message whose beginning is lost %s", b.segments[0][2], long[2*segmentText:]),
			}
		}},
		{"a sector in the text is lost", func(b *built) { clear(b.octets[b.segments[0][1]+100:][:50]) }, func(b *built) []string {
			at := segmentText + 100 - segmentHead
			return []string{first(b) + " [damaged] " + long[:at] + strings.Repeat("\x00", 50) + long[at+50:], second(b) + " [] " + mail(1, 1)}
		}},
		{"first segment is lost", func(b *built) { clear(b.octets[b.segments[1][0]:][:segmentSize]) }, func(b *built) []string {
			return []string{first(b) + " [] " + long, fmt.Sprintf("@%d  [] ! the index lists a message here, but its octets are lost ", b.infos[1])}
		}},
		{"two entries for one message", func(b *built) { b.set(b.infos[1]+infoHead+8, 0x84|b.segments[0][0]<<8) }, func(b *built) []string {
			return []string{
				first(b) + " [] " + long, fmt.Sprintf("@%d  [] ! the index lists a message here, but its octets are lost ", b.infos[1]),
				second(b) + " [carved] " + mail(1, 1),
			}
		}},
		{"cut off within a segment", func(b *built) { b.octets = b.octets[:b.segments[1][0]+segmentHead+60] }, func(b *built) []string {
			return []string{first(b) + " [carved damaged] " + long[:segmentText], second(b) + " [carved damaged] " + mail(1, 1)[:60]}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := build(two)
			test.damage(b)
			check(t, tell(t, b.octets), test.want(b))
		})
	}
}

func TestHeadWithoutBodyIsAFailure(t *testing.T) {
	b := build([]letter{{text: mail(0, 1)}, {header: true}})
	got := tell(t, b.octets)
	if len(got) != 2 || !strings.Contains(got[1], "never downloaded") {
		t.Errorf("got %q", got)
	}
}

func TestSniff(t *testing.T) {
	for _, test := range []struct {
		head, name string
		want       fetch.Confidence
		other      bool
	}{
		{string(build(nil).octets[:100]), "Inbox", fetch.Yes, false},
		{"\xcf\xad\x12\xfe\xc6\xfd\x74\x6f\x66\xe3\xd1\x11", "Folders.dbx", fetch.No, true},
		{strings.Repeat("\x00", 100), "Inbox.DBX", fetch.Maybe, false},
		{strings.Repeat("\x00", 100), "Inbox", fetch.No, false},
		{"SQLite format 3\x00", "filecache.dbx", fetch.No, false},
	} {
		if got := Sniff([]byte(test.head), test.name); got != test.want || Other([]byte(test.head)) != test.other {
			t.Errorf("%s: got %v, other %v", test.name, got, !test.other)
		}
	}
}

func TestContract(t *testing.T) {
	b := build([]letter{{text: mail(0, 30)}, {text: mail(1, 1), unlisted: true}, {text: mail(2, 30), free: true}, {header: true}})
	name := filepath.Join(t.TempDir(), "Inbox.dbx")
	if err := os.WriteFile(name, b.octets, 0o400); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fetchtest.Run(t, func(t *testing.T) fetch.Source {
		src, err := Open(onDisk{f}, fetch.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return src
	})
}

// onDisk is a file that knows its size.
type onDisk struct{ *os.File }

func (f onDisk) Size() int64 {
	info, err := f.Stat()
	if err != nil {
		return 0
	}
	return info.Size()
}

// accounted reads a file and checks that every octet of every segment is
// yielded once and no more.
func accounted(t testing.TB, octets []byte) {
	t.Helper()
	s, err := scan(context.Background(), strings.NewReader(string(octets)), int64(len(octets)))
	if errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	want, got := int64(0), int64(0)
	for _, seg := range s.segments {
		want += int64(seg.used)
	}
	for f := range s.all() {
		n, err := io.Copy(io.Discard, f.text.reader(s.r))
		if err != nil || n != f.text.size {
			t.Errorf("chain at %d: %d octets of %d, %v", f.at, n, f.text.size, err)
		}
		got += n
	}
	if got != want {
		t.Errorf("%d octets of text yielded, %d are in segments", got, want)
	}
	for m := range open(t, octets).Messages(context.Background(), fetch.NoState) {
		if m == nil {
			t.Fatal("the source fails")
		}
	}
}

// TestMutations changes files in all kinds of ways; LOSTPOST_LONG=1 makes 10,000.
func TestMutations(t *testing.T) {
	whole := build([]letter{{text: mail(0, 30)}, {text: mail(1, 1), unlisted: true}, {text: mail(2, 30), free: true}, {text: mail(3, 12)}}).octets
	const seed = 7
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, seed))
	started := time.Now()
	n := 300
	if os.Getenv("LOSTPOST_LONG") != "" {
		n = 10_000
	}
	for range n {
		b := slices.Clone(whole)
		for range 1 + r.IntN(8) {
			switch at := r.IntN(len(b)); r.IntN(3) {
			case 0:
				b[at] = byte(r.Uint32())
			case 1:
				clear(b[at:min(at+512, len(b))])
			case 2:
				// An offset that leads to another object.
				copy(b[at&^3:], whole[r.IntN(len(whole))&^3:][:min(4, len(b)-at&^3)])
			}
		}
		accounted(t, b[:len(b)-r.IntN(len(b)/2)*r.IntN(2)])
	}
	if d := time.Since(started) / time.Duration(n); d > 500*time.Millisecond {
		t.Errorf("%v for a file of %d octets", d, len(whole))
	}
}

func FuzzDBX(f *testing.F) {
	f.Add(build([]letter{{text: mail(0, 30)}, {text: mail(1, 1), unlisted: true}, {text: mail(2, 3), free: true}}).octets)
	f.Add(build(nil).octets)
	f.Add([]byte(mailMagic))
	f.Fuzz(func(t *testing.T, octets []byte) { accounted(t, octets) })
}

func BenchmarkScan(b *testing.B) {
	var letters []letter
	for i := range 60 {
		letters = append(letters, letter{text: mail(i, 2000)})
	}
	octets := build(letters).octets
	b.SetBytes(int64(len(octets)))
	for b.Loop() {
		if _, err := scan(b.Context(), strings.NewReader(string(octets)), int64(len(octets))); err != nil {
			b.Fatal(err)
		}
	}
}
