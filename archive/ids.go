package archive

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"sort"

	"lostpost/internal/durable"
)

// A pair says that the ledger line at off is about a message whose ID begins
// with prefix.
type pair struct {
	prefix uint64
	off    int64
}

func prefixOf(id ID) uint64 { return binary.BigEndian.Uint64(id[:]) }

func comparePairs(a, b pair) int {
	if c := cmp.Compare(a.prefix, b.prefix); c != 0 {
		return c
	}
	return cmp.Compare(a.off, b.off)
}

// mergePairs merges two sorted slices.
func mergePairs(a, b []pair) []pair {
	if len(a) == 0 {
		return b
	}
	out := make([]pair, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if comparePairs(a[0], b[0]) <= 0 {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// The file cache/ids: a head, then the pairs, sorted, 16 octets each, all
// numbers big-endian. It is made by a closing writer and may be deleted at any
// time. Head: magic, covered, pairs, messages, octets, seq (8 octets each after
// the magic), the archive's identity (32), CRC-32C of all before it (4).
const (
	idsMagic = "lostids1"
	idsHead  = 8 + 5*8 + 32 + 4
	pairSize = 16
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// An idCache is an open cache/ids; nil has no pairs.
type idCache struct {
	file    durable.File
	n       int64
	covered int64 // the ledger is known up to here
	stat    Stat
	loaded  []pair // all pairs, after load
}

// openIDs opens cache/ids, or gives nil where it is absent or not to be used.
func openIDs(disk durable.FS, dir, identity string, ledgerSize int64) *idCache {
	f, err := disk.Open(filepath.Join(dir, "cache", "ids"))
	if err != nil {
		return nil
	}
	head := make([]byte, idsHead)
	c := &idCache{file: f}
	size, serr := f.Size()
	if _, err := f.ReadAt(head, 0); err != nil || serr != nil || !c.parse(head, identity) ||
		size != idsHead+c.n*pairSize || c.covered > ledgerSize {
		f.Close()
		return nil
	}
	return c
}

func (c *idCache) parse(head []byte, identity string) bool {
	sum := binary.BigEndian.Uint32(head[idsHead-4:])
	if string(head[:8]) != idsMagic || crc32.Checksum(head[:idsHead-4], castagnoli) != sum {
		return false
	}
	if string(head[48:80]) != padded(identity) {
		return false
	}
	num := func(i int) int64 { return int64(binary.BigEndian.Uint64(head[8+8*i:])) }
	c.covered, c.n = num(0), num(1)
	c.stat = Stat{Messages: num(2), Bytes: num(3), Seq: num(4)}
	return c.n >= 0 && c.covered >= 0 && c.n <= c.covered
}

func padded(identity string) string {
	b := make([]byte, 32)
	copy(b, identity)
	return string(b)
}

// at reads pair i.
func (c *idCache) at(i int64) (pair, error) {
	if c.loaded != nil {
		return c.loaded[i], nil
	}
	var b [pairSize]byte
	if _, err := c.file.ReadAt(b[:], idsHead+i*pairSize); err != nil {
		return pair{}, err
	}
	return decodePair(b[:]), nil
}

func decodePair(b []byte) pair {
	return pair{binary.BigEndian.Uint64(b), int64(binary.BigEndian.Uint64(b[8:]))}
}

// load reads all pairs into memory, for who asks for many.
func (c *idCache) load() error {
	if c == nil || c.loaded != nil || c.n == 0 {
		return nil
	}
	all := make([]pair, 0, c.n)
	r := bufio.NewReaderSize(io.NewSectionReader(c.file, idsHead, c.n*pairSize), 1<<18)
	var b [pairSize]byte
	for range c.n {
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return err
		}
		all = append(all, decodePair(b[:]))
	}
	c.loaded = all
	return nil
}

// from gives the pairs with a prefix of at least lo, in order, until f is false.
func (c *idCache) from(lo uint64, f func(pair) bool) error {
	if c == nil {
		return nil
	}
	var bad error
	i := int64(sort.Search(int(c.n), func(i int) bool {
		p, err := c.at(int64(i))
		bad = errors.Join(bad, err)
		return p.prefix >= lo
	}))
	for ; i < c.n && bad == nil; i++ {
		p, err := c.at(i)
		if err != nil {
			return err
		}
		if !f(p) {
			return nil
		}
	}
	return bad
}

func (c *idCache) close() error {
	if c == nil {
		return nil
	}
	return c.file.Close()
}

// writeIDs replaces cache/ids.
func writeIDs(disk durable.FS, dir, identity string, covered int64, st Stat, pairs []pair) error {
	head := []byte(idsMagic)
	for _, v := range []int64{covered, int64(len(pairs)), st.Messages, st.Bytes, st.Seq} {
		head = binary.BigEndian.AppendUint64(head, uint64(v))
	}
	head = append(head, padded(identity)...)
	head = binary.BigEndian.AppendUint32(head, crc32.Checksum(head, castagnoli))
	return writeCache(disk, dir, "ids", func(w *bufio.Writer) error {
		_, err := w.Write(head)
		for _, p := range pairs {
			if err != nil {
				break
			}
			head = binary.BigEndian.AppendUint64(head[:0], p.prefix)
			head = binary.BigEndian.AppendUint64(head, uint64(p.off))
			_, err = w.Write(head)
		}
		return err
	})
}

// writeCache replaces a file in cache/. It is synced before it gets its name, so
// that after a power cut the old one is there, or the new one, or none.
func writeCache(disk durable.FS, dir, base string, write func(*bufio.Writer) error) error {
	name := filepath.Join(dir, "cache", base)
	if err := disk.MkdirAll(filepath.Dir(name)); err != nil {
		return err
	}
	fresh := name + ".new"
	if err := disk.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := disk.Create(fresh)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<18)
	err = write(w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = disk.Barrier([]durable.File{f}, nil)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := disk.Rename(fresh, name); err != nil {
		return err
	}
	durable.CrashPoint("cache-written")
	return nil
}

// find gives the pairs of a sorted slice with a prefix of at least lo.
func find(pairs []pair, lo uint64) []pair {
	i, _ := slices.BinarySearchFunc(pairs, lo, func(p pair, lo uint64) int { return cmp.Compare(p.prefix, lo) })
	return pairs[i:]
}
