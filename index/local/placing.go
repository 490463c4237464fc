package local

import (
	"bytes"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"

	"lostpost/internal/durable"
)

// columns writes the columns of segments that have none yet, and anew those of
// segments that have documents with other places.
func (w *writer) columns() error {
	root, err := snapshotOf(w.scorch)
	if err != nil {
		return err
	}
	defer root.Close()
	segments := segmentsOf(root, w.dir)
	for _, seg := range segments {
		file := fileOf(seg.Segment)
		if file == "" {
			return errNotOnDisk
		}
		old, err := w.had(file)
		switch {
		case err != nil:
		case old:
			err = w.replace(seg)
		case w.before != nil:
			err = joined(seg, gone(segmentsOf(w.before, w.dir), segments))
		default:
			err = w.fill(seg)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// had reports whether the generation before has a segment too.
func (w *writer) had(segment string) (bool, error) {
	if w.state == nil {
		return false, nil
	}
	_, err := durable.OS.Stat(filepath.Join(w.folder(w.state), segment))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// replace writes the column of a segment anew if documents in it were placed.
func (w *writer) replace(seg *segment) error {
	var cw *columnWriter
	for _, key := range w.placed {
		doc, ok, err := seg.document([]byte(key))
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if cw == nil {
			c, err := seg.column()
			if err != nil {
				return err
			}
			cw = newColumnWriter(seg.Count())
			cw.take(c)
		}
		cw.set(doc, cw.add(w.sets[key]))
	}
	if cw == nil {
		return nil
	}
	w.linked = slices.DeleteFunc(w.linked, func(n string) bool { return n == filepath.Base(seg.columnName) })
	return cw.write(seg.columnName)
}

// fill makes the column of a segment of documents that were just put.
func (w *writer) fill(seg *segment) error {
	cw := newColumnWriter(seg.Count())
	for doc := range uint32(seg.Count()) {
		key, err := seg.DocID(uint64(doc))
		if err != nil {
			return err
		}
		if set, ok := w.sets[string(key)]; ok {
			cw.set(doc, cw.add(set))
			cw.setValues(doc, w.values[string(key)].append(nil))
		} else if seg.deleted == nil || !seg.deleted.Contains(doc) {
			return errPlaces
		}
	}
	return cw.write(seg.columnName)
}

// gone gives the segments of before that are not in after.
func gone(before, after []*segment) []*segment {
	return slices.DeleteFunc(before, func(b *segment) bool {
		return slices.ContainsFunc(after, func(a *segment) bool { return fileOf(a.Segment) == fileOf(b.Segment) })
	})
}

// joined makes the column of a segment that was merged from others: bleve gave
// the documents other numbers, so they are joined by their keys.
func joined(seg *segment, from []*segment) error {
	streams := make([]*keyStream, len(from))
	columns := make([]*column, len(from))
	for i, f := range from {
		var err error
		if columns[i], err = f.column(); err != nil {
			return err
		}
		if streams[i], err = f.keys(i); err != nil {
			return err
		}
	}
	cw := newColumnWriter(seg.Count())
	st, err := seg.keys(0)
	for ; err == nil && st.key != nil; err = st.next() {
		found := false
		for _, f := range streams {
			for f.key != nil && bytes.Compare(f.key, st.key) < 0 {
				if err := f.next(); err != nil {
					return err
				}
			}
			if f.key != nil && bytes.Equal(f.key, st.key) {
				c := columns[f.at]
				cw.set(st.doc, cw.add(c.set(f.doc).text))
				cw.setValues(st.doc, c.values[f.doc*valuesWidth:(f.doc+1)*valuesWidth])
				found = true
			}
		}
		if !found {
			return errPlaces
		}
	}
	if err != nil {
		return err
	}
	return cw.write(seg.columnName)
}
