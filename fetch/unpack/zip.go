package unpack

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Signatures of APPNOTE 4.3.
const (
	sigLocal      = "PK\x03\x04"
	sigCentral    = "PK\x01\x02"
	sigEnd        = "PK\x05\x06"
	sigEnd64      = "PK\x06\x06"
	sigLocator64  = "PK\x06\x07"
	sigDescriptor = "PK\x07\x08"
)

// Lengths of the fixed parts of the records.
const (
	lenLocal     = 30
	lenCentral   = 46
	lenEnd       = 22
	lenEnd64     = 56
	lenLocator64 = 20
)

const (
	flagEncrypted  = 1 << 0
	flagDescriptor = 1 << 3 // sizes stand behind the data
	flagUTF8       = 1 << 11
)

// errZip says that a zip's directory cannot be used.
var errZip = errors.New("zip directory is missing or damaged")

// A zipEntry is what a central or local header says.
type zipEntry struct {
	name          string
	flags, method uint16
	crc           uint32
	packed, size  int64
	offset        int64 // of the local header
	mod           time.Time
	link          bool // a symbolic link
}

func (e *zipEntry) isFile() bool { return !strings.HasSuffix(e.name, "/") && !e.link }

// zip goes through a zip by its central directory, or, if that is not wholly
// there, by the local headers.
//
// The standard library's reader is not used for two reasons: it holds the whole
// directory in memory, and it gives nothing if one header is damaged.
func (in *inner) zip() bool {
	z := &zipWalk{inner: in, r: in.parent.content, size: in.parent.content.size()}
	dir, err := z.findDirectory()
	if err != nil {
		return z.scan(err)
	}
	for e := range z.central(dir) {
		if e.isFile() && !z.listed(&e) {
			return false
		}
	}
	return true
}

// A zipWalk goes through one zip.
type zipWalk struct {
	*inner
	r    io.ReaderAt
	size int64
}

// A directory is the place of a central directory. base is where the zip
// begins: a program that unpacks itself has other octets before it.
type directory struct{ start, end, base int64 }

// findDirectory finds the central directory and reads it once, so that either
// all of it is used or none.
func (z *zipWalk) findDirectory() (directory, error) {
	tail := make([]byte, min(z.size, lenEnd+0xffff))
	tailAt := z.size - int64(len(tail))
	if err := readFull(z.r, tail, tailAt); err != nil {
		return directory{}, err
	}
	err := fmt.Errorf("%w: no end record", errZip)
	for i := len(tail) - lenEnd; i >= 0; i-- {
		if string(tail[i:i+4]) != sigEnd {
			continue
		}
		var dir directory
		if dir, err = z.checkEnd(tail[i:], tailAt+int64(i)); err == nil {
			return dir, nil
		}
		if int(binary.LittleEndian.Uint16(tail[i+20:])) == len(tail)-i-lenEnd {
			break // it was the end record, its comment ends the file
		}
	}
	return directory{}, err
}

// checkEnd follows an end record at pos to its directory.
func (z *zipWalk) checkEnd(rec []byte, pos int64) (directory, error) {
	count := uint64(binary.LittleEndian.Uint16(rec[10:]))
	size := uint64(binary.LittleEndian.Uint32(rec[12:]))
	offset := uint64(binary.LittleEndian.Uint32(rec[16:]))
	wide := false
	if count == 0xffff || size == 0xffffffff || offset == 0xffffffff {
		if end64, at, ok := z.end64(pos); ok {
			count = binary.LittleEndian.Uint64(end64[32:])
			size = binary.LittleEndian.Uint64(end64[40:])
			offset = binary.LittleEndian.Uint64(end64[48:])
			pos, wide = at, true
		}
	}
	if size > uint64(pos) || offset > uint64(pos) {
		return directory{}, fmt.Errorf("%w: it would lie outside of the file", errZip)
	}
	dir := directory{start: pos - int64(size), end: pos}
	if dir.base = dir.start - int64(offset); dir.base < 0 {
		return directory{}, fmt.Errorf("%w: it would begin before the file", errZip)
	}
	// Each of many false end records may point to a large directory.
	if err := z.budget.spend(int64(size)); err != nil {
		return directory{}, fmt.Errorf("%w: %w", errZip, err)
	}
	have, end := uint64(0), dir.start
	for _, next := range z.central(dir) {
		have, end = have+1, next
	}
	if !wide && have > 0xffff {
		// QUIRK: APPNOTE 4.4.1.4 wants zip64 for more than 65,535 entries.
		// Writers that do not know it (Java before 7, old Info-ZIP) let
		// the number overflow. We count ourselves.
		// Test: TestMoreEntriesThanTheFieldHolds.
		count |= have &^ 0xffff
	}
	if have != count || end != dir.end {
		return directory{}, fmt.Errorf("%w: it names %d entries, of which %d can be read", errZip, count, have)
	}
	return dir, nil
}

func (z *zipWalk) end64(end int64) (rec []byte, at int64, ok bool) {
	loc := make([]byte, lenLocator64)
	if readFull(z.r, loc, end-lenLocator64) != nil || string(loc[:4]) != sigLocator64 {
		return nil, 0, false
	}
	rec = make([]byte, lenEnd64)
	// The record stands just before its locator, unless it has an
	// extension; where the locator points to needs the unknown base.
	for _, at := range []int64{end - lenLocator64 - lenEnd64, int64(binary.LittleEndian.Uint64(loc[8:]) & (1<<62 - 1))} {
		if readFull(z.r, rec, at) == nil && string(rec[:4]) == sigEnd64 {
			return rec, at, true
		}
	}
	return nil, 0, false
}
