package unpack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"

	"github.com/bodgit/sevenzip"
)

const (
	sevenMagic = "7z\xbc\xaf\x27\x1c"
	lenSeven   = 32 // of the signature header
)

// errSeven says that a 7z cannot be opened.
var errSeven = errors.New("7z header is damaged")

// seven goes through a 7z. The reader of it, bodgit/sevenzip, panics on some
// damaged input and believes the numbers in a header. So it is called behind a
// guard, and only with a header that was checked (sevencheck.go).
func (in *inner) seven() bool {
	r, err := in.openSeven()
	if err != nil {
		return in.damaged(err)
	}
	for _, f := range r.File {
		info := f.FileInfo()
		if info.IsDir() || info.Mode()&fs.ModeSymlink != 0 {
			continue
		}
		src := &meter{src: &sevenReader{file: f, sum: crc32.NewIEEE()}, in: &counter{n: in.parent.content.size(), budget: in.budget}, lim: in.lim, budget: in.budget}
		if !in.entry(f.Name, f.Modified, newSpool(src, in.lim.TempDir)) {
			return false
		}
		// The next entry may lie behind this one in the same stream. What
		// was not read is unpacked here, where it is measured.
		if _, err := io.Copy(io.Discard, src); errors.Is(err, ErrRatio) {
			return in.damaged(err)
		}
	}
	return true
}

// guarded turns a panic of fn into an error.
func guarded(fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the reader of 7z gave up: %v", p)
		}
	}()
	return fn()
}

// openSeven reads the header, unpacking it if it is packed itself, and gives
// the library a 7z whose header is that one in plain form.
func (in *inner) openSeven() (r *sevenzip.Reader, err error) {
	c := in.parent.content
	var sig [lenSeven]byte
	if err := readFull(c, sig[:], 0); err != nil {
		return nil, fmt.Errorf("%w: %w", errSeven, unexpected(err))
	}
	at, n := binary.LittleEndian.Uint64(sig[12:]), binary.LittleEndian.Uint64(sig[20:])
	size := uint64(c.size())
	if at > size-lenSeven || n > size-lenSeven-at {
		return nil, fmt.Errorf("%w: it would lie outside of the file, which is cut off: %w", errSeven, io.ErrUnexpectedEOF)
	}
	if n > maxSevenHeader {
		return nil, fmt.Errorf("%w: it has %d octets", errSeven, n)
	}
	header := make([]byte, n)
	if err := readFull(c, header, lenSeven+int64(at)); err != nil {
		return nil, fmt.Errorf("%w: %w", errSeven, unexpected(err))
	}
	if n > 0 && crc32.ChecksumIEEE(header) != binary.LittleEndian.Uint32(sig[28:]) {
		return nil, fmt.Errorf("%w: its checksum is wrong", errSeven)
	}
	for range in.lim.Depth {
		if len(header) == 0 {
			return new(sevenzip.Reader), nil
		}
		if header[0] != sevenEncodedHeader {
			return readSeven(c, int64(at), header)
		}
		if header, err = in.unpackHeader(c, int64(at), header); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: it is packed too often", errSeven)
}

// unpackHeader unpacks a packed header. For the library it is the one file of
// a 7z.
func (in *inner) unpackHeader(r io.ReaderAt, at int64, packed []byte) ([]byte, error) {
	header := append([]byte{sevenHeader, sevenMainStreams}, packed[1:]...)
	header = append(header, sevenFiles, 1, sevenNames, 5, 0, 'h', 0, 0, 0, sevenEnd, sevenEnd)
	z, err := readSeven(r, at, header)
	if err != nil {
		return nil, err
	}
	if len(z.File) != 1 {
		return nil, fmt.Errorf("%w: nothing is packed in it", errSeven)
	}
	src := &meter{src: &sevenReader{file: z.File[0], sum: crc32.NewIEEE()}, in: &counter{n: in.parent.content.size()}, lim: in.lim, budget: in.budget}
	out, err := io.ReadAll(io.LimitReader(src, maxSevenHeader+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errSeven, err)
	case len(out) > maxSevenHeader:
		return nil, fmt.Errorf("%w: it has more than %d octets", errSeven, maxSevenHeader)
	}
	return out, nil
}

// readSeven opens a 7z whose header, which was at lenSeven+at, is replaced.
func readSeven(r io.ReaderAt, at int64, header []byte) (z *sevenzip.Reader, err error) {
	if err := checkSeven(header); err != nil {
		return nil, err
	}
	start := binary.LittleEndian.AppendUint64(nil, uint64(at))
	start = binary.LittleEndian.AppendUint64(start, uint64(len(header)))
	start = binary.LittleEndian.AppendUint32(start, crc32.ChecksumIEEE(header))
	sig := binary.LittleEndian.AppendUint32([]byte(sevenMagic+"\x00\x04"), crc32.ChecksumIEEE(start))
	s := &spliced{r: r, head: append(sig, start...), tail: header, tailAt: lenSeven + at}
	err = guarded(func() error {
		z, err = sevenzip.NewReader(s, s.tailAt+int64(len(header)))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSeven, err)
	}
	return z, nil
}

// spliced is a file with another beginning and another end.
type spliced struct {
	r          io.ReaderAt
	head, tail []byte
	tailAt     int64
}

func (s *spliced) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) && err == nil {
		at := off + int64(n)
		var m int
		switch {
		case at < int64(len(s.head)):
			m = copy(p[n:], s.head[at:])
		case at < s.tailAt:
			m, err = s.r.ReadAt(p[n:n+int(min(int64(len(p)-n), s.tailAt-at))], at)
			if m > 0 {
				err = nil
			}
		default:
			m, err = bytes.NewReader(s.tail).ReadAt(p[n:], at-s.tailAt)
		}
		n += m
	}
	return n, err
}

// A sevenReader unpacks one entry. It is opened when it is first read, for
// entries of one stream are unpacked in their order.
type sevenReader struct {
	file *sevenzip.File
	rc   io.ReadCloser
	sum  hash.Hash32
	n    uint64
	err  error
}

func (s *sevenReader) Read(p []byte) (n int, err error) {
	if s.err != nil {
		return 0, s.err
	}
	s.err = guarded(func() error {
		if s.rc == nil {
			if s.rc, err = s.file.Open(); err != nil {
				return err
			}
		}
		n, err = s.rc.Read(p)
		return err
	})
	s.sum.Write(p[:n])
	s.n += uint64(n)
	var re *sevenzip.ReadError
	switch {
	case errors.As(s.err, &re) && re.Encrypted:
		s.err = ErrEncrypted
	case s.err == io.EOF:
		s.err = s.end()
	}
	return n, s.err
}

// end looks at what came when all has come.
func (s *sevenReader) end() error {
	if err := guarded(s.rc.Close); err != nil {
		return err
	}
	switch {
	case s.n < s.file.UncompressedSize:
		return io.ErrUnexpectedEOF
	case s.file.CRC32 != 0 && s.sum.Sum32() != s.file.CRC32:
		return ErrChecksum
	}
	return io.EOF
}
