package pop3

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestFrame(t *testing.T) {
	for _, tt := range []struct {
		name string
		lf   bool
		in   string
		want string
		rest string // what is left for the next answer
		err  error
	}{
		{"nothing", false, ".\r\n+OK", "", "+OK", nil},
		{"a line", false, "a\r\n.\r\n+OK", "a\r\n", "+OK", nil},
		{"stuffed dots", false, "..\r\n...\r\n..a\r\n.\r\n", ".\r\n..\r\n.a\r\n", "", nil},
		{"a dot that was not stuffed", false, ".a\r\n.\r\n", "a\r\n", "", nil},
		{"dots inside of lines", false, "a.\r\nb..c\r\n.\r\n", "a.\r\nb..c\r\n", "", nil},
		{"LF dot LF", false, "a\n.\nb\r\n.\r\n", "a\n.\nb\r\n", "", nil},
		{"LF dot CRLF", false, "a\n.\r\nb\r\n.\r\n", "a\n.\r\nb\r\n", "", nil},
		{"CRLF dot LF", false, "a\r\n.\nb\r\n.\r\n", "a\r\n\nb\r\n", "", nil},
		{"CR dot CRLF", false, "a\r.\r\nb\r\n.\r\n", "a\r.\r\nb\r\n", "", nil},
		{"CRLF dot CR", false, "a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n", "", nil},
		{"CR CR LF", false, "a\r\r\n.\r\n", "a\r\r\n", "", nil},
		{"CR LF dot dot CR CR LF", false, "\r\n..\r\r\n.\r\n", "\r\n.\r\r\n", "", nil},
		{"NUL", false, "\x00\r\n\x00.\r\n.\r\n", "\x00\r\n\x00.\r\n", "", nil},
		{"blank lines at the end", false, "a\r\n\r\n\r\n.\r\n", "a\r\n\r\n\r\n", "", nil},
		{"cut in a line", false, "a\r\nb", "a\r\nb", "", io.ErrUnexpectedEOF},
		{"cut after a line", false, "a\r\n", "a\r\n", "", io.ErrUnexpectedEOF},
		{"cut after the dot", false, "a\r\n.", "a\r\n", "", io.ErrUnexpectedEOF},
		{"cut in the last line end", false, "a\r\n.\r", "a\r\n", "", io.ErrUnexpectedEOF},
		{"LF: a line", true, "a\n.\n+OK", "a\n", "+OK", nil},
		{"LF: stuffed", true, "..\na\n..b\n.\n", ".\na\n.b\n", "", nil},
		{"LF: CRLF at the end", true, "a\r\n.\r\n+OK", "a\r\n", "+OK", nil},
		{"LF: cut", true, "a\n.", "a\n", "", io.ErrUnexpectedEOF},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, size := range []int{16, 17, 4096} { // of the buffer, so that every place can be its end
				for _, whole := range []bool{true, false} {
					var in io.Reader = strings.NewReader(tt.in)
					if !whole {
						in = iotest.OneByteReader(in)
					}
					r := bufio.NewReaderSize(in, size)
					f := newFrame(r, tt.lf)
					var fr io.Reader = f
					if !whole {
						fr = iotest.OneByteReader(f)
					}
					got, err := io.ReadAll(fr)
					rest, _ := io.ReadAll(r)
					if string(got) != tt.want || !errors.Is(err, tt.err) || tt.err == nil && string(rest) != tt.rest {
						t.Errorf("buffer %d, whole %v: got %q, %v, rest %q; want %q, %v, %q", size, whole, got, err, rest, tt.want, tt.err, tt.rest)
					}
				}
			}
		})
	}
}

// plainFrame is the rule of RFC 1939 section 3 as it reads: slow, and the
// oracle for frame.
func plainFrame(in []byte) (octets, rest []byte, ok bool) {
	for {
		line, after, found := bytes.Cut(in, []byte("\r\n"))
		if !found {
			return octets, nil, false
		}
		in = after
		if string(line) == "." {
			return octets, in, true
		}
		octets = append(octets, bytes.TrimPrefix(line, []byte("."))...)
		octets = append(octets, "\r\n"...)
	}
}

func FuzzFrame(f *testing.F) {
	f.Add([]byte("a\r\n..b\r\n.\r\n+OK"), 3, 16)
	f.Add([]byte("a\n.\n\r\r\n.\r\r\n.\r\n"), 1, 20)
	f.Fuzz(func(t *testing.T, in []byte, piece, size int) {
		r := bufio.NewReaderSize(bytes.NewReader(in), 16+size&0xff)
		fr := newFrame(r, false)
		var got []byte
		buf := make([]byte, 1+piece&0x3f)
		var err error
		for err == nil {
			var n int
			n, err = fr.Read(buf)
			got = append(got, buf[:n]...)
		}
		want, rest, ok := plainFrame(in)
		if ok != (err == io.EOF) {
			t.Fatalf("%q ends with %v, want an end: %v", in, err, ok)
		}
		left, _ := io.ReadAll(r)
		if ok && (!bytes.Equal(got, want) || !bytes.Equal(left, rest)) {
			t.Fatalf("%q: got %q and %q left, want %q and %q", in, got, left, want, rest)
		}
		if !ok && !bytes.HasPrefix(got, want) {
			t.Fatalf("%q: got %q, want %q first", in, got, want)
		}
	})
}

func BenchmarkFrame(b *testing.B) {
	in := []byte(strings.Repeat("a line of sixty octets or so, as they are in most of mail..\r\n", 1000) + ".\r\n")
	b.SetBytes(int64(len(in)))
	r := bufio.NewReaderSize(nil, 64<<10)
	src := bytes.NewReader(nil)
	buf := make([]byte, 1<<20)
	for b.Loop() {
		src.Reset(in)
		r.Reset(src)
		io.ReadFull(newFrame(r, false), buf)
	}
}
