package archive

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	"lostpost/archive/ledger"
	"lostpost/internal/durable"
)

// A view is what an Archive knows of the ledger: where the lines of each
// message are. It covers the ledger up to end; cache/ids gives the older part,
// the rest is read. The Archive's mutex guards it.
type view struct {
	disk   durable.FS
	dir    string
	format format
	file   durable.File // nil while there is no ledger
	cache  *idCache
	ready  bool   // cache was looked for
	tail   []pair // lines in [cache.covered, end), sorted
	seen   int64  // length of the ledger at the last look
	end    int64  // after the last whole line
	asked  int    // lookups so far
	stat   Stat
}

// refresh reads what the ledger has more than at the last look.
func (v *view) refresh() error {
	if v.file == nil {
		f, err := v.disk.Open(filepath.Join(v.dir, "ledger"))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		v.file = f
	}
	size, err := v.file.Size()
	if err != nil || size == v.seen {
		return err
	}
	if !v.ready {
		v.ready = true
		if v.cache = openIDs(v.disk, v.dir, v.format.identity, size); v.cache != nil {
			v.end, v.stat = v.cache.covered, v.cache.stat
		}
	}
	fresh, stored, end, err := v.readFrom(v.end, size)
	if err != nil {
		return err
	}
	if err := v.count(fresh, stored); err != nil {
		return err
	}
	v.tail = mergePairs(v.tail, fresh)
	v.seen, v.end = size, end
	return nil
}

// readFrom reads the lines in [from, size) that are about messages: their pairs,
// sorted, how many A lines there are with their octets, and where lines end.
func (v *view) readFrom(from, size int64) (fresh []pair, stored Stat, end int64, err error) {
	r := ledger.NewReader(io.NewSectionReader(v.file, 0, size), from)
	var rw row
	for {
		l, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, stored, 0, err
		}
		if !rw.parse(&l) || !rw.aboutMessage() {
			continue
		}
		id, ok := rw.id()
		if !ok {
			continue
		}
		fresh = append(fresh, pair{prefixOf(id), l.Offset})
		stored.Seq = l.Offset
		if rw.kind == kindStored {
			stored.Messages++
			stored.Bytes += rw.count(3)
		}
	}
	slices.SortFunc(fresh, comparePairs)
	return fresh, stored, r.Offset(), nil
}

// loadAbove is from how many lookups on the cache is worth reading whole.
const loadAbove = 256

// count adds fresh lines to the totals. Most messages have one line in all, and
// then the A lines are the messages; the others are worked out.
func (v *view) count(fresh []pair, stored Stat) error {
	if len(fresh) > loadAbove {
		if err := v.cache.load(); err != nil {
			return err
		}
	}
	for rest := fresh; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].prefix == rest[0].prefix {
			n++
		}
		old, err := v.lines(rest[0].prefix)
		if err != nil {
			return err
		}
		if n > 1 || len(old) > 0 {
			if err := v.correct(&stored, old, offsets(rest[:n])); err != nil {
				return err
			}
		}
		rest = rest[n:]
	}
	v.stat.Messages += stored.Messages
	v.stat.Bytes += stored.Bytes
	v.stat.Seq = max(v.stat.Seq, stored.Seq)
	return nil
}

// correct takes the A lines of one prefix out of the count and puts in by how
// much the fresh lines change the messages that are here.
func (v *view) correct(st *Stat, old, fresh []int64) error {
	before, err := v.entries(old)
	if err != nil {
		return err
	}
	after, err := v.entries(append(slices.Clone(old), fresh...))
	if err != nil {
		return err
	}
	add := func(es []*Entry, sign int64) {
		for _, e := range es {
			if !e.Gone {
				st.Messages += sign
				st.Bytes += sign * e.Size
			}
		}
	}
	add(before, -1)
	add(after, 1)
	var r row
	for _, off := range fresh {
		if err := v.line(off, &r); err != nil {
			return err
		}
		if r.kind == kindStored {
			st.Messages--
			st.Bytes -= r.count(3)
		}
	}
	return nil
}

func offsets(pairs []pair) []int64 {
	out := make([]int64, len(pairs))
	for i, p := range pairs {
		out[i] = p.off
	}
	return out
}

// lines gives the offsets of all lines with the prefix, in ledger order.
func (v *view) lines(prefix uint64) ([]int64, error) {
	v.asked++
	if v.asked == loadAbove {
		if err := v.cache.load(); err != nil {
			return nil, err
		}
	}
	var out []int64
	err := v.cache.from(prefix, func(p pair) bool {
		if p.prefix == prefix {
			out = append(out, p.off)
		}
		return p.prefix == prefix
	})
	if err != nil {
		return nil, err
	}
	for _, p := range find(v.tail, prefix) {
		if p.prefix != prefix {
			break
		}
		out = append(out, p.off)
	}
	return out, nil
}

// line reads the line at off. Errors: errNoLine if there is no good one.
func (v *view) line(off int64, r *row) error { return readLine(v.file, off, r) }

// errNoLine says that cache/ids points to no line: it is not to be trusted.
var errNoLine = errors.New("no ledger line where one should be")

// readLine reads the line of f at off into r, which keeps its memory.
func readLine(f io.ReaderAt, off int64, r *row) error {
	for size := 512; ; size *= 8 {
		buf := make([]byte, min(size, ledger.MaxLine))
		n, err := f.ReadAt(buf, off)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if i := slices.Index(buf[:n], '\n'); i >= 0 {
			l := ledger.Parse(buf[:i])
			l.Offset = off
			if !r.parse(&l) {
				return errNoLine
			}
			return nil
		}
		if n < len(buf) || size >= ledger.MaxLine {
			return errNoLine
		}
	}
}

// entries puts together the messages that the lines are about; nearly always
// one, as two IDs rarely share a prefix.
func (v *view) entries(offs []int64) ([]*Entry, error) {
	var out []*Entry
	var r row
	for _, off := range offs {
		if err := v.line(off, &r); err != nil {
			return nil, err
		}
		id, ok := r.id()
		if !ok {
			return nil, errNoLine
		}
		i := slices.IndexFunc(out, func(e *Entry) bool { return e.ID == id })
		if i < 0 {
			i = len(out)
			out = append(out, &Entry{ID: id})
		}
		r.apply(out[i], id)
	}
	return slices.DeleteFunc(out, func(e *Entry) bool { return len(e.Places) == 0 }), nil
}

// entry gives one message. Errors: ErrNotFound.
func (v *view) entry(id ID) (*Entry, error) {
	offs, err := v.lines(prefixOf(id))
	if err != nil {
		return nil, err
	}
	es, err := v.entries(offs)
	if err != nil {
		return nil, err
	}
	for _, e := range es {
		if e.ID == id {
			return e, nil
		}
	}
	return nil, ErrNotFound
}

// distrust forgets cache/ids, so that the ledger itself is read.
func (v *view) distrust() {
	v.cache.close()
	v.cache, v.tail, v.seen, v.end, v.stat = nil, nil, 0, 0, Stat{}
}

func (v *view) close() error {
	err := v.cache.close()
	if v.file != nil {
		err = errors.Join(err, v.file.Close())
	}
	return err
}

// next gives the least prefix that is at least lo.
func (v *view) next(lo uint64) (uint64, bool, error) {
	best, ok := uint64(0), false
	err := v.cache.from(lo, func(p pair) bool {
		best, ok = p.prefix, true
		return false
	})
	if rest := find(v.tail, lo); len(rest) > 0 && (!ok || rest[0].prefix < best) {
		best, ok = rest[0].prefix, true
	}
	return best, ok, err
}
