package unpack

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// stream goes through a gzip, bzip2 or zstd file, which holds one file. Its
// name is that of the container without the last extension: a name inside the
// gzip is not used, for it is often the name of a temporary file.
func (in *inner) stream() bool {
	packed := &counter{src: in.parent.content.stream(), budget: in.budget}
	r, closer, err := decompress(in.kind, packed)
	if err != nil {
		return in.damaged(fmt.Errorf("%s header: %w", in.kind, unexpected(err)))
	}
	defer closer()
	unpacked := &meter{src: r, in: packed, lim: in.lim, budget: in.budget}
	return in.entry(plainName(in.parent.base, in.kind), time.Time{}, newSpool(unpacked, in.lim.TempDir))
}

func plainName(name, kind string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	ext := path.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	switch strings.ToLower(ext) {
	case ".tgz", ".tbz", ".tbz2", ".tb2", ".tzst":
		return stem + ".tar"
	case ".gz", ".z", ".bz2", ".bz", ".zst", ".zstd":
		return stem
	}
	return name + " unpacked"
}

// maxWindow is how far back a zstd frame may refer: what "zstd --long=27"
// writes. Larger windows (zstd --ultra --long=31) would need as much memory.
const maxWindow = 128 << 20

// decompress undoes one of the compressions that zip and plain files share.
func decompress(kind string, r io.Reader) (io.Reader, func(), error) {
	switch kind {
	case "gz":
		zr, err := gzip.NewReader(bufio.NewReaderSize(r, readSize))
		return zr, func() {}, err
	case "bz2":
		return bzip2.NewReader(bufio.NewReaderSize(r, readSize)), func() {}, nil
	case "zst":
		zr, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(maxWindow))
		if err != nil {
			return nil, nil, err
		}
		return zr, zr.Close, nil
	}
	return nil, nil, fmt.Errorf("packing %q is not known", kind)
}

// readSize is for reading packed octets: large enough that system calls do not
// count, small enough that a stop is noticed at once even in a bomb.
const readSize = 32 << 10

// A counter counts packed octets on their way into a decompressor.
type counter struct {
	src    io.Reader
	n      int64
	budget *budget
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.src.Read(p)
	c.n += int64(n)
	if berr := c.budget.spend(int64(n)); berr != nil {
		return n, berr
	}
	return n, err
}

// A meter ends an entry that unpacks to more than the limits allow, and words
// the errors of decompressors.
type meter struct {
	src    io.Reader
	in     *counter
	out    int64
	lim    Limits
	budget *budget
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.src.Read(p)
	m.out += int64(n)
	if m.out > m.lim.Grace && m.out/int64(m.lim.Ratio) > m.in.n {
		return n, ErrRatio
	}
	if berr := m.budget.spend(int64(n)); berr != nil {
		return n, berr
	}
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, m.explain(err)
}

func (m *meter) explain(err error) error {
	switch {
	case errors.Is(err, ErrChecksum), errors.Is(err, ErrEncrypted): // of a 7z
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("cut off after %d octets: %w", m.out, err)
	case errors.Is(err, gzip.ErrHeader) && m.out > 0:
		return fmt.Errorf("something that is not packed follows after %d octets: %w", m.out, err)
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, zstd.ErrCRCMismatch):
		return fmt.Errorf("%w: %w", ErrChecksum, err)
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return fmt.Errorf("was packed with a window over %d MiB: %w", maxWindow>>20, err)
	}
	return fmt.Errorf("damaged after %d octets: %w", m.out, err)
}

// unexpected reads an end of file as one that came too early.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
