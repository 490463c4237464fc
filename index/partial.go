package index

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"lostpost/archive"
	"lostpost/decode"
	"lostpost/index/query"
)

const (
	// maxJoined bounds the octets of a message that is put together of pieces,
	// maxOpen the pieces, since all are open at once.
	maxJoined = 64 << 20
	maxOpen   = 256

	// maxPieces bounds the pieces that one Update remembers.
	maxPieces = 100_000
)

// A Whole is a message that was sent in pieces (message/partial, RFC 2046
// section 5.2.2), put together again.
type Whole struct {
	First   archive.ID // the piece with number 1, zero if it is not there
	Pieces  []archive.ID
	Octets  []byte // nil if a piece is missing
	Missing []int  // numbers of pieces that are not there
}

// Join puts the pieces together that have this id: those that ix knows and
// more. They may lie anywhere in the archive, in any order, also twice.
//
// Errors: those of ix and arc; decode.ErrPieces and the like if the pieces do
// not fit, or are more than 256 or 64 MiB.
func Join(ctx context.Context, ix Index, arc *archive.Archive, id string, more ...archive.ID) (Whole, error) {
	res, err := ix.Search(ctx, Request{Query: query.Term{Field: "partial", Text: id}, Limit: maxOpen + 1})
	if err != nil {
		return Whole{}, err
	}
	w := Whole{Pieces: slices.Clone(more)}
	for _, h := range res.Hits {
		w.Pieces = append(w.Pieces, h.ID)
	}
	// A fixed order: which of two copies of a piece is taken does not change.
	slices.SortFunc(w.Pieces, func(a, b archive.ID) int { return bytes.Compare(a[:], b[:]) })
	w.Pieces = slices.Compact(w.Pieces)
	if len(w.Pieces) > maxOpen {
		return Whole{}, fmt.Errorf("index: %d pieces: %w", len(w.Pieces), decode.ErrPieces)
	}
	return w, w.join(ctx, arc)
}

func (w *Whole) join(ctx context.Context, arc *archive.Archive) error {
	var pieces []decode.Piece
	var size int64
	for _, id := range w.Pieces {
		f, err := arc.Get(ctx, id)
		if refused(err) {
			continue // it is missing, and named so
		}
		if err != nil {
			return err
		}
		defer f.Close()
		if size += f.Size; size > maxJoined {
			return fmt.Errorf("index: %d octets in pieces: %w", size, decode.ErrPieces)
		}
		pieces = append(pieces, decode.Piece{ReaderAt: f, Size: f.Size})
		if w.First == (archive.ID{}) && isFirst(f) {
			w.First = id
		}
	}
	var whole bytes.Buffer
	missing, err := decode.Join(&whole, pieces)
	w.Missing = missing
	if err == nil && missing == nil {
		w.Octets = whole.Bytes()
	}
	return err
}

// isFirst reports whether f is the piece with number 1.
func isFirst(f *archive.File) bool {
	for p, err := range decode.Walk(f, f.Size, decode.Limits{}) {
		return err == nil && strings.TrimSpace(p.Params["number"]) == "1"
	}
	return false
}

// A split is a message in pieces of which some are in the group at hand.
type split struct {
	id      string
	entries []archive.Entry
}

// hold keeps a piece back until the group has ended: then it is put once, the
// first one with the text of the whole message if all are there.
func (p *pipeline) hold(id string, e archive.Entry) {
	i := slices.IndexFunc(p.splits, func(s split) bool { return s.id == id })
	if i < 0 {
		i = len(p.splits)
		p.splits = append(p.splits, split{id: id})
	}
	p.splits[i].entries = append(p.splits[i].entries, e)
	if p.remembered < maxPieces {
		p.pieces[id] = append(p.pieces[id], e.ID)
		p.remembered++
	}
}

// join yields the pieces that were held back. A piece that came in an earlier
// group or run is put again if it is the first one and the last has arrived.
func (p *pipeline) join(ctx context.Context, yield func(Document) bool) {
	for _, s := range p.splits {
		w, err := Join(ctx, p.ix, p.arc, s.id, p.pieces[s.id]...)
		if err != nil {
			p.opt.Log.Warn("pieces not put together", "id", s.id, "err", err)
			w.Octets = nil
		}
		entries := s.entries
		if w.Octets != nil && !slices.ContainsFunc(entries, func(e archive.Entry) bool { return e.ID == w.First }) {
			first, err := p.arc.Lookup(ctx, w.First)
			if err != nil {
				p.fail(err)
				return
			}
			entries = append(entries, first)
		}
		for _, e := range entries {
			if !p.putPiece(ctx, e, s.id, &w, yield) {
				return
			}
		}
	}
}

// putPiece yields one piece. It reports whether to go on.
func (p *pipeline) putPiece(ctx context.Context, e archive.Entry, id string, w *Whole, yield func(Document) bool) bool {
	doc, err := p.read(ctx, e)
	if err == nil && w.Octets != nil && e.ID == w.First {
		doc.Message, err = decode.Decode(ctx, bytes.NewReader(w.Octets), int64(len(w.Octets)), p.opt.Decode)
		doc.Facts = append(doc.Facts, "partial", "partial:"+strings.ToLower(id))
	}
	switch {
	case err == nil:
		p.added++
		return yield(doc)
	case refused(err):
		p.problems++
		return true
	}
	p.fail(err)
	return false
}
