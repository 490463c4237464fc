package fetch

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// readers is the generation of all file readers of this module. Raise it when
// one of them learns to find more than before: unchanged files are then read
// once more.
const readers = 2

// A Fingerprint tells whether a place made of files is unchanged since it was
// last taken in whole. A source of files asks it, and only it, whether it may
// skip; what it skips is everything.
//
//	for each file at the place, before any is read:  p.Add(name, info)
//	if n, ok := p.Same(st.Mark()); ok { yield nothing; Listed is n }
//	FinalMark is p.Mark(n) if it read all n messages and the files did not change meanwhile
//
// It compares names, sizes, times of last change of content and (where the
// system has them) of the inode, and inode numbers, to the nanosecond. It does
// not read the files. A file that is written twice within one tick of the file
// system's clock, with the same size, looks unchanged; hence take the
// fingerprint before reading and again after it, and record it only if equal.
//
// The zero Fingerprint is ready for use.
type Fingerprint struct {
	items  [][sha256.Size]byte
	unsure bool // a file could not be looked at
}

// Add takes one file into the fingerprint. The order of calls is of no
// account. A nil info stands for a file that could not be looked at: since it
// may have changed, the place is never the same then.
func (p *Fingerprint) Add(name string, info fs.FileInfo) {
	if info == nil {
		p.unsure = true
		return
	}
	b := appendText(nil, "file")
	b = appendText(b, name)
	b = binary.BigEndian.AppendUint64(b, uint64(info.Size()))
	b = binary.BigEndian.AppendUint64(b, uint64(info.ModTime().UnixNano()))
	change, inode := inodeState(info)
	b = binary.BigEndian.AppendUint64(b, uint64(change))
	b = binary.BigEndian.AppendUint64(b, inode)
	p.items = append(p.items, sha256.Sum256(b))
}

// AddText takes a setting into the fingerprint under which the place is read,
// such as the mailbox that its messages go to.
func (p *Fingerprint) AddText(key, value string) {
	p.items = append(p.items, sha256.Sum256(appendText(appendText(nil, key), value)))
}

// appendText adds s with its length, so that no two lists look alike.
func appendText(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint64(b, uint64(len(s))), s...)
}

// Mark is the state to record for a place of n messages, "" if there is none
// that could be trusted.
func (p *Fingerprint) Mark(n int64) string {
	if p.unsure {
		return ""
	}
	return fmt.Sprintf("files %d %s %d", readers, p.sum(), n)
}

// Same reports whether mark was made by Mark of an equal fingerprint, and with
// how many messages.
func (p *Fingerprint) Same(mark string) (n int64, ok bool) {
	if p.unsure {
		return 0, false
	}
	rest, ok := strings.CutPrefix(mark, fmt.Sprintf("files %d %s ", readers, p.sum()))
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(rest, 10, 64)
	return n, err == nil && n >= 0
}

// sum hashes the items in the order of their hashes.
func (p *Fingerprint) sum() string {
	slices.SortFunc(p.items, func(a, b [sha256.Size]byte) int { return slices.Compare(a[:], b[:]) })
	h := sha256.New()
	for i := range p.items {
		h.Write(p.items[i][:])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
