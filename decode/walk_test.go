package decode

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// outline gives a line for each part: path, type, and the octets of a leaf.
func outline(t testing.TB, msg string) string {
	t.Helper()
	var b strings.Builder
	for p, err := range Walk(strings.NewReader(msg), int64(len(msg)), Limits{}) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %s", p.Path(), p.MediaType)
		if p.Leaf() {
			body, err := io.ReadAll(p.Open())
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, " %q", body)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func lines(l ...string) string { return strings.Join(l, "\n") + "\n" }

func TestWalk(t *testing.T) {
	for _, c := range []struct{ name, msg, want string }{
		{"empty input", "", "1 text/plain \"\"\n"},
		{"header only", "Subject: a", "1 text/plain \"\"\n"},
		{"text", lines("Subject: a", "", "b", "", "c"), "1 text/plain \"b\\n\\nc\\n\"\n"},
		{"RFC 2046 5.1.1, the line end before a delimiter is not content",
			lines("Content-Type: multipart/mixed; boundary=x", "", "--x", "", "one", "", "--x", "Content-Type: image/png", "", "two", "--x--"),
			lines(" multipart/mixed", `1 text/plain "one\n"`, `2 image/png "two"`)},
		{"CRLF", strings.ReplaceAll(lines("Content-Type: multipart/mixed; boundary=x", "", "--x", "", "one", "--x--"), "\n", "\r\n"),
			lines(" multipart/mixed", `1 text/plain "one"`)},
		{"a boundary is a prefix of the other",
			lines("Content-Type: multipart/mixed; boundary=ab", "", "--ab", "Content-Type: multipart/mixed; boundary=abc", "", "--abc", "", "one", "--abc--", "--ab", "", "two", "--ab--"),
			lines(" multipart/mixed", "1 multipart/mixed", `1.1 text/plain "one"`, `2 text/plain "two"`)},
		{"lines that are nearly delimiters",
			lines("Content-Type: multipart/mixed; boundary=x", "", "--x", "", "--", "--xy", "--x y", "-x", "-- x", "--x--"),
			lines(" multipart/mixed", `1 text/plain "--\n--xy\n--x y\n-x\n-- x"`)},
		{"white space after a delimiter",
			lines("Content-Type: multipart/mixed; boundary=\"x \"", "", "--x \t", "", "one", "--x--  "),
			lines(" multipart/mixed", `1 text/plain "one"`)},
		{"attached message",
			lines("Content-Type: multipart/mixed; boundary=x", "", "--x", "Content-Type: message/rfc822", "", "Subject: in", "", "one", "--x", "", "two", "--x--"),
			lines(" multipart/mixed", "1 message/rfc822", `1.1 text/plain "one"`, `2 text/plain "two"`)},
		{"attached multipart message is numbered as in IMAP",
			lines("Content-Type: multipart/mixed; boundary=x", "", "--x", "Content-Type: message/rfc822", "", "Content-Type: multipart/mixed; boundary=y", "", "--y", "", "one", "--y", "", "two", "--y--", "--x--"),
			lines(" multipart/mixed", "1 message/rfc822", "1 multipart/mixed", `1.1 text/plain "one"`, `1.2 text/plain "two"`)},
		{"message in base64",
			lines("Content-Type: multipart/mixed; boundary=x", "", "--x", "Content-Type: message/rfc822", "Content-Transfer-Encoding: base64", "", "U3ViamVjdDogYQoKb25l", "--x--"),
			lines(" multipart/mixed", "1 message/rfc822", `1/1 text/plain "one"`)},
		{"multipart in base64",
			lines("Content-Type: multipart/mixed; boundary=x", "Content-Transfer-Encoding: base64", "", "LS14CgpvbmUKLS14LS0K"),
			lines(" multipart/mixed", `/1 text/plain "one"`)},
		{"digest",
			lines("Content-Type: multipart/digest; boundary=x", "", "--x", "", "Subject: in", "", "one", "--x--"),
			lines(" multipart/digest", "1 message/rfc822", `1.1 text/plain "one"`)},
		{"first piece of a message",
			lines("Content-Type: message/partial; id=a; number=1; total=2", "", "Subject: in", "", "one"),
			lines("1 message/partial", `1.1 text/plain "one\n"`)},
		{"a delimiter ends a header",
			lines("Content-Type: multipart/mixed; boundary=x", "", "--x", "Content-Type: text/html", "--x", "", "two", "--x--"),
			lines(" multipart/mixed", `1 text/html ""`, `2 text/plain "two"`)},
		{"an outer delimiter ends all inner parts",
			lines("Content-Type: multipart/mixed; boundary=x", "", "--x", "Content-Type: message/rfc822", "", "Content-Type: multipart/mixed; boundary=y", "", "--y", "", "one", "--x", "", "two"),
			lines(" multipart/mixed", "1 message/rfc822", "1 multipart/mixed", `1.1 text/plain "one"`, `2 text/plain "two\n"`)},
		{"only the closing delimiter",
			lines("Content-Type: multipart/mixed; boundary=x", "", "one", "--x--", "two"),
			lines(" multipart/mixed", `1 text/plain "one"`)},
		{"no delimiter and no text", lines("Content-Type: multipart/mixed; boundary=x", "", ""), " multipart/mixed \"\\n\"\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := outline(t, c.msg); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		})
	}
}

// nest writes a message of n multiparts in each other.
func nest(n int, closed bool) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	b.WriteString("\nneedle\n")
	for i := n - 1; closed && i >= 0; i-- {
		fmt.Fprintf(&b, "--b%d--\n", i)
	}
	return b.String()
}

// A countReader counts the octets that are read.
type countReader struct {
	b []byte
	n int64
}

func (c *countReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := bytes.NewReader(c.b).ReadAt(p, off)
	c.n += int64(n)
	return n, err
}

// TestWalkReadsEachOctetAFewTimes holds the walk to linear work: whatever the
// shape, no octet of a large message is read more than a few times.
func TestWalkReadsEachOctetAFewTimes(t *testing.T) {
	filler := strings.Repeat("All work and no play makes Jack a dull boy.\n", 60_000)
	var wrong strings.Builder // every boundary is declared wrongly
	for i := range 2000 {
		fmt.Fprintf(&wrong, "Content-Type: multipart/mixed; boundary=no%d\n\n--b%d\n", i, i)
	}
	for name, msg := range map[string]string{
		"deep":           nest(300, false) + filler,
		"text":           "Subject: a\n\n" + filler,
		"parts":          "Content-Type: multipart/mixed; boundary=x\n\n" + strings.Repeat("--x\n\n"+filler[:44*500], 100),
		"wrong":          wrong.String() + filler,
		"junk header":    "Subject: a\n" + strings.Repeat("junk\n", 300_000),
		"long line":      "Content-Type: multipart/mixed; boundary=x\n\n--x\n\n" + strings.Repeat("x", 3<<20) + "\n--x--\n",
		"one long field": "X: " + strings.Repeat("x", 3<<20) + "\nSubject: a\n\nb\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := &countReader{b: []byte(msg)}
			parts := 0
			for _, err := range Walk(c, int64(len(msg)), Limits{}) {
				if err != nil {
					t.Fatal(err)
				}
				parts++
			}
			if parts == 0 {
				t.Error("no parts")
			}
			if c.n > 8*int64(len(msg)) {
				t.Errorf("%d octets read of a message of %d", c.n, len(msg))
			}
		})
	}
}

func TestWalkGoesAnyDepth(t *testing.T) {
	for _, closed := range []bool{false, true} {
		msg := nest(10_000, closed)
		n := 0
		var last *Part
		for p := range Walk(strings.NewReader(msg), int64(len(msg)), Limits{}) {
			n++
			last = p
		}
		if n != 10_001 {
			t.Fatalf("got %d parts, want 10001", n)
		}
		if body, _ := io.ReadAll(last.Open()); strings.TrimSpace(string(body)) != "needle" {
			t.Errorf("got %q, want needle", body)
		}
		if got := strings.Count(last.Path(), "."); got != 9_999 {
			t.Errorf("path has %d dots, want 9999", got)
		}
	}
}

func TestWalkCountsPartsBeyondTheLimit(t *testing.T) {
	msg := "Content-Type: multipart/mixed; boundary=x\n\n" + strings.Repeat("--x\n\n", 1000)
	var root *Part
	n := 0
	for p := range Walk(strings.NewReader(msg), int64(len(msg)), Limits{Parts: 10}) {
		if n++; n == 1 {
			root = p
		}
	}
	if n != 10 {
		t.Errorf("got %d parts, want 10", n)
	}
	if got := codes(root.Problems); len(got) == 0 || root.Problems[len(root.Problems)-1].Detail != "991 more parts" && root.Problems[0].Detail != "991 more parts" {
		t.Errorf("got problems %v, want limit-parts with 991 more parts", root.Problems)
	}
}

func TestWalkGivesTheReadersError(t *testing.T) {
	msg := "Content-Type: multipart/mixed; boundary=x\n\n--x\n\none\n" + strings.Repeat("two\n", 1<<19)
	var got error
	parts := 0
	for p, err := range Walk(brokenReader{strings.NewReader(msg)}, int64(len(msg)), Limits{}) {
		if err != nil {
			got = err
			continue
		}
		if p.End > int64(len(msg)) {
			t.Errorf("part ends at %d", p.End)
		}
		parts++
	}
	if got != errBroken || parts != 2 {
		t.Errorf("got %d parts and error %v, want 2 and %v", parts, got, errBroken)
	}
}

var errBroken = fmt.Errorf("disk gone")

// A brokenReader fails after its first mebibyte.
type brokenReader struct{ r io.ReaderAt }

func (b brokenReader) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > 1<<20 {
		n := 0
		if off < 1<<20 {
			n, _ = b.r.ReadAt(p[:1<<20-off], off)
		}
		return n, errBroken
	}
	return b.r.ReadAt(p, off)
}

// TestWideMessageHasOffsetsOfTheFile checks the ranges of a UTF-16 message.
func TestWideMessageHasOffsetsOfTheFile(t *testing.T) {
	text := "Subject: Grüße 𝄞\r\nContent-Type: text/plain\r\n\r\n" + strings.Repeat("Grüße 𝄞\r\n", 3000)
	var file []byte
	file = append(file, 0xff, 0xfe)
	body := 0
	for i, r := range text {
		if i == strings.Index(text, "\r\n\r\n")+4 {
			body = len(file)
		}
		if r > 0xffff {
			file = append(file, 0x34, 0xd8, 0x1e, 0xdd)
		} else {
			file = append(file, byte(r), byte(r>>8))
		}
	}
	for p, err := range Walk(bytes.NewReader(file), int64(len(file)), Limits{}) {
		if err != nil {
			t.Fatal(err)
		}
		if p.Offset != 2 || p.Body != int64(body) || p.End != int64(len(file)) {
			t.Errorf("got %d %d %d, want 2 %d %d", p.Offset, p.Body, p.End, body, len(file))
		}
	}
}

// A hugeReader is a message of 200 MB that is nowhere: a header, a text, and
// one attachment.
type hugeReader struct{ head, tail string }

const hugeSize = 200 << 20

func (h hugeReader) ReadAt(p []byte, off int64) (int, error) {
	const line = "QWxsIHdvcmsgYW5kIG5vIHBsYXkgbWFrZXMgSmFjayBhIGR1bGwgYm95LgBBbGwgd29yayBhbmQK\n"
	for i := range p {
		at := off + int64(i)
		switch {
		case at < int64(len(h.head)):
			p[i] = h.head[at]
		case at < hugeSize-int64(len(h.tail)):
			p[i] = line[(at-int64(len(h.head)))%int64(len(line))]
		case at < hugeSize:
			p[i] = h.tail[at-hugeSize+int64(len(h.tail))]
		default:
			return i, io.EOF
		}
	}
	return len(p), nil
}

func TestLargeMessageNeedsLittleMemory(t *testing.T) {
	h := hugeReader{
		head: lines("Subject: a", "Content-Type: multipart/mixed; boundary=x", "", "--x", "", "needle", "--x",
			"Content-Type: video/mp4", "Content-Transfer-Encoding: base64", ""),
		tail: "\n--x\n\nlast\n--x--\n",
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m, err := Decode(context.Background(), h, hugeSize, Options{})
	runtime.ReadMemStats(&after)
	if err != nil || m.Text != "needle\n\nlast\n" || len(m.Parts) != 4 {
		t.Fatalf("got text %q, %d parts, error %v", m.Text, len(m.Parts), err)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 4<<20 {
		t.Errorf("%d octets allocated", n)
	}
}

// TestWindowsChangeNothing reads messages through a window of a few octets and
// compares the ranges with those of the message in memory.
func TestWindowsChangeNothing(t *testing.T) {
	msgs := []string{nest(50, true), nest(50, false)}
	for _, dir := range []string{"quirks", "messages"} {
		names, err := filepath.Glob("../testdata/" + dir + "/*.eml")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			msgs = append(msgs, string(b))
		}
	}
	ranges := func(parts []*Part) string {
		var b strings.Builder
		for _, p := range parts {
			fmt.Fprintf(&b, "%s %s %d %d %d\n", p.Path(), p.MediaType, p.Offset, p.Body, p.End)
		}
		return b.String()
	}
	for _, msg := range msgs {
		st := newSession(context.Background(), Limits{}, int64(len(msg)))
		whole := newSource(strings.NewReader(msg), int64(len(msg)))
		if whole.wide != nil {
			continue // always in memory
		}
		want := ranges(st.structure(whole))
		for _, size := range []int{1, 16, 100, 1000} {
			k := newSession(context.Background(), Limits{}, int64(len(msg))).newWalker(
				&source{r: strings.NewReader(msg), size: int64(len(msg)), eol: whole.eol})
			k.w.size = size
			k.run(k.begin(0, nil, true))
			if got := ranges(k.finish()); got != want {
				t.Errorf("window of %d octets: got\n%swant\n%smessage\n%s", size, got, want, msg)
			}
		}
	}
}
