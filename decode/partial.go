package decode

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A Piece is one message of type message/partial.
type Piece struct {
	io.ReaderAt
	Size int64
}

var (
	// ErrNotPartial is returned by Join if a piece is no message/partial with
	// an id and a number.
	ErrNotPartial = errors.New("not a message/partial")
	// ErrForeign is returned by Join if the pieces do not have the same id.
	ErrForeign = errors.New("pieces of different messages")
	// ErrPieces is returned by Join if the pieces say that there are none, or
	// more than 10,000.
	ErrPieces = errors.New("number of pieces is unknown or too large")
)

// Join puts the pieces of a message/partial together (RFC 2046 section 5.2.2),
// given in any order, also twice, and writes the whole message. Missing names
// the piece numbers that are not there; then nothing is written. The caller
// gathers the pieces (index: partial:ID; the archive knows nothing of it).
//
// Errors: ErrNotPartial, ErrForeign, ErrPieces, those of the readers and of w.
func Join(w io.Writer, pieces []Piece) (missing []int, err error) {
	found := map[int]*Part{}
	total, id := 0, ""
	for _, piece := range pieces {
		p, n, t, err := openPiece(piece)
		if err != nil {
			return nil, err
		}
		if id != "" && p.Params["id"] != id {
			return nil, fmt.Errorf("decode: join: %w", ErrForeign)
		}
		id = p.Params["id"]
		total = max(total, t)
		if found[n] == nil {
			found[n] = p
		}
	}
	if total == 0 || total > maxPieces {
		return nil, fmt.Errorf("decode: join: %d: %w", total, ErrPieces)
	}
	for n := 1; n <= total; n++ {
		if found[n] == nil {
			missing = append(missing, n)
		}
	}
	if missing != nil {
		return missing, nil
	}
	if err := writeFirst(w, found[1]); err != nil {
		return nil, err
	}
	for n := 2; n <= total; n++ {
		if _, err := io.Copy(w, found[n].Open()); err != nil {
			return nil, fmt.Errorf("decode: join: piece %d: %w", n, err)
		}
	}
	return nil, nil
}

// openPiece reads the header of a piece: its number, and the total if it says.
func openPiece(piece Piece) (p *Part, number, total int, err error) {
	for q, err := range Walk(piece.ReaderAt, piece.Size, Limits{}) {
		if err != nil {
			return nil, 0, 0, err
		}
		p = q
		break
	}
	if p == nil || p.MediaType != "message/partial" || p.Params["id"] == "" {
		return nil, 0, 0, fmt.Errorf("decode: join: %w", ErrNotPartial)
	}
	number, err = strconv.Atoi(strings.TrimSpace(p.Params["number"]))
	if err != nil || number < 1 || number > maxPieces {
		return nil, 0, 0, fmt.Errorf("decode: join: number %q: %w", p.Params["number"], ErrNotPartial)
	}
	total, _ = strconv.Atoi(strings.TrimSpace(p.Params["total"])) // only the last piece must say it
	return p, number, total, nil
}

// writeFirst writes the header of the whole message and the body of the first
// piece. Content-, Subject, Message-ID, Encrypted and MIME-Version fields are
// those inside the piece, all others those around it (RFC 2046 section 5.2.2.1).
func writeFirst(w io.Writer, p *Part) error {
	body, err := readAll(p.Open(), p.end-p.body)
	if err != nil {
		return fmt.Errorf("decode: join: piece 1: %w", err)
	}
	st := newSession(p.st.ctx, Limits{}, int64(len(body)))
	k := st.newWalker(memSource(body, 0))
	k.begin(0, nil, true)
	inner := k.parts[0]
	eol := "\n"
	if i := bytes.IndexByte(body, '\n'); i > 0 && body[i-1] == '\r' {
		eol = "\r\n"
	}
	var b bytes.Buffer
	for f := range p.Header.All() {
		if !insideField(f.Name) {
			b.WriteString(f.Name + ":")
			b.Write(f.Raw)
			b.WriteString(eol)
		}
	}
	for f := range inner.Header.All() {
		if insideField(f.Name) {
			b.WriteString(f.Name + ":")
			b.Write(f.Raw)
			b.WriteString(eol)
		}
	}
	b.WriteString(eol)
	b.Write(body[inner.body:])
	_, err = w.Write(b.Bytes())
	return err
}

// insideField reports whether a field is taken from inside the first piece.
func insideField(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "subject", "message-id", "encrypted", "mime-version":
		return true
	}
	return strings.HasPrefix(name, "content-")
}

// PartialID is the id that the pieces of a message share, if this is one
// of them (RFC 2046 section 5.2.2); else "". An id of more than 255 octets,
// which no program makes, counts as none.
func (m *Message) PartialID() string {
	if len(m.Parts) == 0 || m.Parts[0].MediaType != "message/partial" {
		return ""
	}
	id := m.Parts[0].Params["id"]
	if len(id) > 255 {
		return ""
	}
	return id
}
