package local

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Verify reads every octet of the published index and compares the checksums.
// bleve does not do that when it opens segments. A damaged index is not
// repaired; deleting the folder, or Options.Rebuild, makes a new one.
//
// Errors: fs.ErrNotExist if nothing is published or something is damaged (the
// text says which); ctx.Err().
func Verify(ctx context.Context, dir string) error {
	cur, err := readCurrent(dir)
	if err != nil {
		return err
	}
	folder := filepath.Join(dir, folderOf(cur.generation))
	files, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return &damagedError{err.Error()}
	}
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !strings.HasSuffix(f.Name(), segmentSuffix) {
			continue
		}
		if err := verifySegment(filepath.Join(folder, f.Name())); err != nil {
			return err
		}
	}
	s, err := openSnapshot(dir, cur) // does it hold what CURRENT says?
	if err != nil {
		return err
	}
	defer s.close()
	for _, seg := range s.segments {
		if _, err := seg.column(); err != nil {
			return err
		}
	}
	return nil
}

// verifySegment compares the last four octets of a segment, a CRC-32 (IEEE),
// with the rest.
func verifySegment(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	const sumLen = 4
	if fi.Size() < sumLen {
		return &damagedError{"segment " + path + " is cut off"}
	}
	h := crc32.NewIEEE()
	_, err = io.Copy(h, io.NewSectionReader(f, 0, fi.Size()-sumLen))
	var want [sumLen]byte
	_, err2 := f.ReadAt(want[:], fi.Size()-sumLen)
	if err := errors.Join(err, err2); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	if h.Sum32() != binary.BigEndian.Uint32(want[:]) {
		return &damagedError{"segment " + path + " is damaged"}
	}
	return nil
}
