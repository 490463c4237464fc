package unpack

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// Property ids of a 7z header (7zFormat.txt of the LZMA SDK).
const (
	sevenEnd           = 0x00
	sevenHeader        = 0x01
	sevenMainStreams   = 0x04
	sevenFiles         = 0x05
	sevenPack          = 0x06
	sevenUnpack        = 0x07
	sevenSubStreams    = 0x08
	sevenSize          = 0x09
	sevenCRC           = 0x0A
	sevenFolder        = 0x0B
	sevenUnpackSize    = 0x0C
	sevenNumUnpack     = 0x0D
	sevenNames         = 0x11
	sevenEncodedHeader = 0x17
)

// Bounds on a 7z. The library makes room for what a header claims before it
// reads it.
const (
	maxSevenHeader = 32 << 20  // octets, unpacked; 250,000 names have about 25 MB
	maxSevenFiles  = 250_000   // files, streams and folders
	maxSevenCoders = 32        // in a folder, and streams of one; that of 7-Zip
	maxSevenWork   = 100 << 20 // files times folders: the library looks for each file's folder from the first one on
	maxSevenMemory = 128 << 20 // octets of a dictionary; 7-Zip takes 64 MiB with -mx=9
	maxSevenProps  = 64
)

var errSevenLimit = errors.New("7z header claims more than is allowed")

// A sevenCheck walks through a header. The first thing that does not fit ends
// the walk: err is set, and all numbers are 0 from there on.
type sevenCheck struct {
	rest    []byte
	err     error
	folders []sevenFolderInfo
	streams int // unpacked
}

type sevenFolderInfo struct {
	outs   int // unpacked streams of its coders
	hasCRC bool
	files  int
}

// checkSeven reports why a plain header cannot be given to the library.
func checkSeven(header []byte) error {
	c := &sevenCheck{rest: header}
	if c.octet() != sevenHeader {
		return fmt.Errorf("%w: it begins with another property", errSeven)
	}
	id := c.octet()
	if id == sevenMainStreams {
		c.streamsInfo()
		id = c.octet()
	}
	if id == sevenFiles {
		c.filesInfo()
		id = c.octet()
	}
	if c.err == nil && id != sevenEnd {
		c.err = fmt.Errorf("%w: property %d is not known", errSeven, id)
	}
	return c.err
}

func (c *sevenCheck) fail(err error) {
	if c.err == nil {
		c.err = err
	}
	c.rest = nil
}

// take gives the next n octets.
func (c *sevenCheck) take(n uint64) []byte {
	if n > uint64(len(c.rest)) {
		c.fail(fmt.Errorf("%w: it ends too early", errSeven))
		return nil
	}
	b := c.rest[:n]
	c.rest = c.rest[n:]
	return b
}

func (c *sevenCheck) octet() byte {
	if b := c.take(1); len(b) == 1 {
		return b[0]
	}
	return sevenEnd
}

// number reads an integer: the leading ones of the first octet tell how many
// octets follow.
func (c *sevenCheck) number() uint64 {
	first := c.octet()
	n := bits.LeadingZeros8(^first)
	var b [8]byte
	copy(b[:], c.take(uint64(n)))
	v := binary.LittleEndian.Uint64(b[:])
	if n < 7 {
		v |= uint64(first&(1<<(7-n)-1)) << (8 * n)
	}
	return v
}

// count reads a number of things of which there may be at most most.
func (c *sevenCheck) count(most uint64) int {
	n := c.number()
	if n > most {
		c.fail(errSevenLimit)
		return 0
	}
	return int(n)
}

func (c *sevenCheck) numbers(n int) {
	for range n {
		if c.number(); c.err != nil {
			return
		}
	}
}

// bits passes over a vector and gives the number of ones in it.
func (c *sevenCheck) bits(n int) (ones int) {
	for i, b := range c.take(uint64(n+7) / 8) {
		if last := n - 8*i; last < 8 {
			b &= 0xFF << (8 - last)
		}
		ones += bits.OnesCount8(b)
	}
	return ones
}

// defined passes over the vector that tells which of n things are there.
func (c *sevenCheck) defined(n int) int {
	if c.octet() != 0 {
		return n
	}
	return c.bits(n)
}

func (c *sevenCheck) digests(n int) { c.take(4 * uint64(c.defined(n))) }

func (c *sevenCheck) streamsInfo() {
	id := c.octet()
	if id == sevenPack {
		c.packInfo()
		id = c.octet()
	}
	if id == sevenUnpack {
		c.unpackInfo()
		id = c.octet()
	}
	for i := range c.folders {
		c.folders[i].files = 1
	}
	c.streams = len(c.folders)
	if id == sevenSubStreams {
		c.subStreams()
		id = c.octet()
	}
	c.want(id, sevenEnd)
}

func (c *sevenCheck) want(id, want byte) {
	if id != want {
		c.fail(fmt.Errorf("%w: property %d where %d is wanted", errSeven, id, want))
	}
}

func (c *sevenCheck) packInfo() {
	c.number() // where the packed streams begin
	n := c.count(maxSevenFiles)
	id := c.octet()
	if id == sevenSize {
		c.numbers(n)
		id = c.octet()
	}
	if id == sevenCRC {
		c.digests(n)
		id = c.octet()
	}
	c.want(id, sevenEnd)
}

func (c *sevenCheck) unpackInfo() {
	c.want(c.octet(), sevenFolder)
	n := c.count(maxSevenFiles)
	if c.octet() != 0 {
		c.fail(fmt.Errorf("%w: parts of it lie elsewhere", errSeven))
	}
	for range n {
		if c.folder(); c.err != nil {
			return
		}
	}
	c.want(c.octet(), sevenUnpackSize)
	for _, f := range c.folders {
		c.numbers(f.outs)
	}
	id := c.octet()
	if id == sevenCRC {
		c.folderDigests()
		id = c.octet()
	}
	c.want(id, sevenEnd)
}

func (c *sevenCheck) folderDigests() {
	n := len(c.folders)
	if c.octet() != 0 {
		for i := range c.folders {
			c.folders[i].hasCRC = true
		}
		c.take(4 * uint64(n))
		return
	}
	vector := bytes.Clone(c.take(uint64(n+7) / 8))
	ones := uint64(0)
	for i := range c.folders {
		if len(vector) > 0 && vector[i/8]&(0x80>>(i%8)) != 0 {
			c.folders[i].hasCRC = true
			ones++
		}
	}
	c.take(4 * ones)
}

// folder passes over the coders of one packed stream.
func (c *sevenCheck) folder() {
	ins, outs := 0, 0
	for range c.count(maxSevenCoders) {
		flags := c.octet()
		method := string(c.take(uint64(flags & 0x0F)))
		in, out := 1, 1
		if flags&0x10 != 0 {
			in, out = c.count(maxSevenCoders), c.count(maxSevenCoders)
		}
		ins, outs = ins+in, outs+out
		var props []byte
		if flags&0x20 != 0 {
			props = c.take(uint64(c.count(maxSevenProps)))
		}
		if err := checkMethod(method, props); err != nil {
			c.fail(err)
		}
	}
	if c.err == nil && (outs == 0 || ins < outs-1) {
		c.fail(fmt.Errorf("%w: streams without a coder", errSeven))
	}
	if c.err != nil {
		return
	}
	c.numbers(2 * (outs - 1))
	if packed := ins - (outs - 1); packed > 1 {
		c.numbers(packed)
	}
	c.folders = append(c.folders, sevenFolderInfo{outs: outs})
}

// checkMethod knows the methods of 7-Zip itself, and how much memory each needs.
func checkMethod(method string, props []byte) error {
	memory := uint64(0)
	switch method {
	case "\x00", "\x03", "\x03\x03\x01\x03", "\x03\x03\x01\x1b", "\x03\x03\x02\x05", "\x03\x03\x05\x01", "\x03\x03\x08\x05", "\x0a", // filters
		"\x04\x01\x08", "\x04\x02\x02": // deflate, bzip2
	case "\x03\x01\x01", "\x03\x04\x01": // LZMA, PPMd
		if len(props) >= 5 {
			memory = uint64(binary.LittleEndian.Uint32(props[1:]))
		}
	case "\x21": // LZMA2
		if len(props) == 1 && props[0] <= 40 {
			memory = uint64(2|props[0]&1) << (props[0]/2 + 11)
		}
	case "\x06\xf1\x07\x01": // AES
		return ErrEncrypted
	default:
		return fmt.Errorf("%w: packed by method %x, which is not known", errSeven, method)
	}
	if memory > maxSevenMemory {
		return fmt.Errorf("%w: %d MiB of memory", errSevenLimit, memory>>20)
	}
	return nil
}

func (c *sevenCheck) subStreams() {
	id := c.octet()
	if id == sevenNumUnpack {
		c.streams = 0
		for i := range c.folders {
			n := c.count(maxSevenFiles)
			c.folders[i].files = n
			if c.streams += n; c.streams > maxSevenFiles {
				c.fail(errSevenLimit)
				return
			}
		}
		id = c.octet()
	}
	if id == sevenSize {
		for _, f := range c.folders {
			c.numbers(max(0, f.files-1))
		}
		id = c.octet()
	}
	if id == sevenCRC {
		n := 0
		for _, f := range c.folders {
			if f.files != 1 || !f.hasCRC {
				n += f.files
			}
		}
		c.digests(n)
		id = c.octet()
	}
	c.want(id, sevenEnd)
}

func (c *sevenCheck) filesInfo() {
	n := c.count(maxSevenFiles)
	if n*max(1, len(c.folders)) > maxSevenWork {
		c.fail(errSevenLimit)
	}
	for {
		id := c.octet()
		if id == sevenEnd {
			return
		}
		content := c.take(c.number())
		if id == sevenNames && bytes.Count(content, []byte{0}) < n {
			c.fail(fmt.Errorf("%w: fewer names than files", errSeven))
		}
	}
}
