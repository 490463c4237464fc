package local

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"lostpost/archive"
	"lostpost/index"
	"lostpost/index/query"
)

const (
	// maxThreadWalk bounds the messages of all threads of one query.
	maxThreadWalk = 200_000

	// maxThread bounds the messages of one thread that a Hit lists.
	maxThread = 10_000
)

// A weave is what hangs together, followed through an index: documents of each
// segment, and the ties of all of them.
type weave struct {
	ctx      context.Context
	segments []*segment
	docs     []*roaring.Bitmap // of each segment
	known    map[tie]struct{}
	open     []tie // not followed yet
	n        int   // documents so far
}

func newWeave(ctx context.Context, segments []*segment) *weave {
	w := &weave{ctx: ctx, segments: segments, known: map[tie]struct{}{}}
	for range segments {
		w.docs = append(w.docs, roaring.New())
	}
	return w
}

// take adds a document of segment i.
func (w *weave) take(i int, doc uint32) error {
	if !w.docs[i].CheckedAdd(doc) {
		return nil
	}
	if w.n++; w.n > maxThreadWalk {
		return errQuery(0, "the threads have more than %d messages; add a word or a date", maxThreadWalk)
	}
	if w.n%checkEvery == 0 && w.ctx.Err() != nil {
		return w.ctx.Err()
	}
	r, err := w.segments[i].row(doc)
	if err != nil {
		return err
	}
	w.follow(r.ties)
	return nil
}

func (w *weave) follow(ties []tie) {
	for _, t := range ties {
		if _, ok := w.known[t]; !ok {
			w.known[t] = struct{}{}
			w.open = append(w.open, t)
		}
	}
}

// run follows every tie to its end. Its time is linear in what it finds.
func (w *weave) run() error {
	for len(w.open) > 0 {
		t := w.open[len(w.open)-1]
		w.open = w.open[:len(w.open)-1]
		for i, seg := range w.segments {
			bm, err := seg.postings(fieldTies, t[:])
			if err != nil {
				return err
			}
			if seg.deleted != nil {
				bm.AndNot(seg.deleted)
			}
			for it := bm.Iterator(); it.HasNext(); {
				if err := w.take(i, it.Next()); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// threadsOf gives the documents of the threads of all documents for which x
// holds.
func (s *search) threadsOf(x query.Expr) ([]*roaring.Bitmap, error) {
	w := newWeave(s.ctx, s.segments)
	for i := range s.segments {
		bm, err := s.evaluator(i).eval(x, nil)
		if err != nil {
			return nil, err
		}
		if deleted := s.segments[i].deleted; deleted != nil {
			bm.AndNot(deleted)
		}
		for it := bm.Iterator(); it.HasNext(); {
			if err := w.take(i, it.Next()); err != nil {
				return nil, err
			}
		}
	}
	return w.docs, w.run()
}

// threadHas reports whether x holds for a message that hangs together with the
// ties.
func (s *search) threadHas(ties []tie, x query.Expr) (bool, error) {
	w := newWeave(s.ctx, s.segments)
	w.follow(ties)
	if err := guard(w.run); err != nil {
		return false, err
	}
	for i, docs := range w.docs {
		bm, err := s.evaluator(i).evaluate(x, docs)
		if err != nil {
			return false, err
		}
		if !bm.IsEmpty() {
			return true, nil
		}
	}
	return false, nil
}

// evaluator evaluates exactly in segment i, threads too.
func (s *search) evaluator(i int) *evaluator {
	ev := &evaluator{ctx: s.ctx, seg: s.segments[i], leaves: s.leaves}
	ev.thread = func(x query.Expr) (*roaring.Bitmap, error) { return s.thread(x, i) }
	ev.alike = func(value string) (*roaring.Bitmap, error) {
		docs, err := s.duplicates(value)
		if err != nil {
			return nil, err
		}
		return docs[i].Clone(), nil
	}
	return ev
}

// thread gives the documents of segment i for which thread:{x} holds.
func (s *search) thread(x query.Expr, i int) (*roaring.Bitmap, error) {
	key := x.String()
	docs, ok := s.threads[key]
	if !ok {
		var err error
		if docs, err = s.threadsOf(x); err != nil {
			return nil, err
		}
		s.threads[key] = docs
	}
	return docs[i].Clone(), nil
}

// threadID reads the value of thread: as the beginning of an archive id, with
// or without the t before it. ok is false if it can only be a Message-ID.
func threadID(value string) (prefix string, ok bool) {
	const least = 8 // hex digits, as in lists
	prefix = strings.TrimPrefix(strings.ToLower(value), "t")
	if len(prefix) < least || len(prefix) > 2*len(archive.ID{}) || strings.Trim(prefix, "0123456789abcdef") != "" {
		return "", false
	}
	return prefix, true
}

// threadMember is the field of a message that thread:ID names.
const threadMember query.Field = "thread-member"

// member gives the documents that thread:ID names.
func (ev *evaluator) member(value string) (*roaring.Bitmap, error) {
	out := roaring.New()
	if prefix, ok := threadID(value); ok {
		whole := prefix[:len(prefix)/2*2]
		lo, err := hex.DecodeString(whole)
		if err != nil {
			return nil, err
		}
		p := pattern{prefix: string(lo), match: func(key string) bool {
			return strings.HasPrefix(hex.EncodeToString([]byte(key)), prefix)
		}}
		err = ev.walk(fieldKey, p, func(key string) error { return ev.seg.postingsInto(out, fieldKey, []byte(key)) })
		if err != nil {
			return nil, err
		}
	}
	return out, ev.seg.postingsInto(out, fieldID, []byte(foldID(value)))
}

var errThreadOrder = errors.New("index: threads are listed by date or size, not by relevance")

// foldThreads makes the page of threads: every hit that no better hit of its
// own thread stands before. Hits must be known exactly in all segments.
func (s *search) foldThreads() (index.Result, error) {
	var out index.Result
	shown := make([]*roaring.Bitmap, len(s.segments))
	for i := range shown {
		shown[i] = roaring.New()
	}
	for {
		rows := s.page.sorted()
		more := len(rows) > s.limit
		rows = rows[:min(len(rows), s.limit)]
		for n := range rows {
			c := &rows[n]
			if shown[c.at].Contains(c.doc) {
				continue
			}
			h, err := s.threadHit(c, shown)
			if err != nil {
				return out, err
			}
			if h == nil {
				continue
			}
			out.Hits = append(out.Hits, *h)
			if len(out.Hits) == s.limit && (more || n < len(rows)-1) {
				out.Next = c.token(s.request.Sort)
			}
			if len(out.Hits) == s.limit {
				return out, nil
			}
		}
		if !more {
			return out, nil
		}
		last := rows[len(rows)-1]
		s.after = &last
		s.page.rows = nil
		for i := range s.segments {
			if err := s.choose(i, s.hits[i], nil); err != nil {
				return out, err
			}
		}
	}
}

// threadHit makes a hit of c with its thread, and marks the thread as shown. It
// is nil if another hit of the thread stood before c.
func (s *search) threadHit(c *candidate, shown []*roaring.Bitmap) (*index.Hit, error) {
	h, err := s.hit(c, new(kin))
	if err != nil {
		return nil, err
	}
	w := newWeave(s.ctx, s.segments)
	if err := guard(func() error { return errors.Join(w.take(c.at, c.doc), w.run()) }); err != nil {
		return nil, err
	}
	type member struct {
		date int64
		id   archive.ID
	}
	var members []member
	h.Thread = &index.Thread{}
	first := true
	for i, docs := range w.docs {
		shown[i].Or(docs)
		if docs.IsEmpty() {
			continue
		}
		err := guard(func() error {
			values, err := s.segments[i].values()
			if err != nil {
				return err
			}
			for it := docs.Iterator(); it.HasNext(); {
				doc := it.Next()
				v, err := values.at(doc)
				if err != nil {
					return err
				}
				key, err := s.segments[i].DocID(uint64(doc))
				if err != nil {
					return err
				}
				id, _, ok := parseKey(key)
				if !ok {
					return errRow
				}
				members = append(members, member{v.date, id})
				if !s.hits[i].Contains(doc) {
					continue
				}
				h.Thread.Matched++
				other := candidate{key: s.keyOf(v), date: v.date, id: key}
				first = first && c.compare(&other) <= 0
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if !first {
		return nil, nil
	}
	slices.SortFunc(members, func(a, b member) int {
		return cmp.Or(cmp.Compare(a.date, b.date), bytes.Compare(a.id[:], b.id[:]))
	})
	h.Thread.ID = members[0].id
	for _, m := range members[:min(len(members), maxThread)] {
		h.Thread.Messages = append(h.Thread.Messages, m.id)
	}
	return h, nil
}
