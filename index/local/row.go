package local

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"

	bleve "github.com/blevesearch/bleve_index_api"

	"lostpost/decode"
	"lostpost/index"
)

// A row is what is stored of a document beside its key: what a list shows, so
// that a page of hits opens no message, and the ties that make threads. Of
// 20,000 messages (19 KB on average) reading 20 of them cost 15 to 28 ms a
// search and storing rows costs 0.5% of the mail.
type row struct {
	attached, lossy bool
	from, subject   string
	kin             kin
	ties            []tie
}

const (
	maxRowFrom    = 120 // octets
	maxRowSubject = 200

	// Of the references of one message so many make threads: the first, which
	// is the root, and the last ones.
	maxTies = 32

	rowAttached = 1
	rowLossy    = 2
)

// A tie names what a message refers to, or is: the first octets of the
// SHA-256 of a Message-ID, or of a conversation in Thread-Index. Messages with
// a tie in common are in one thread, so replies to a message that is missing
// still find each other.
type tie [8]byte

func tieOf(kind, name string) tie {
	sum := sha256.Sum256([]byte(kind + "\x00" + name))
	return tie(sum[:len(tie{})])
}

// tiesOf gives the ties of a message.
func tiesOf(m *decode.Message) []tie {
	var ties []tie
	add := func(l tie) {
		for _, have := range ties {
			if have == l {
				return
			}
		}
		ties = append(ties, l)
	}
	for _, id := range m.Header.MessageIDs("Message-ID") {
		add(tieOf("id", foldID(id)))
	}
	refs := append(m.Header.MessageIDs("References"), m.Header.MessageIDs("In-Reply-To")...)
	for i, id := range refs {
		if i == 0 || i > len(refs)-maxTies {
			add(tieOf("id", foldID(id)))
		}
	}
	if root, ok := conversation(m.Header.Value("Thread-Index")); ok {
		add(tieOf("conversation", root))
	}
	return ties
}

// conversation is what the Thread-Index of all messages of one conversation
// has in common: the 22 octets of its header, of which the last 16 are a GUID
// (MS-OXOMSG section 2.2.1.3).
func conversation(value string) (string, bool) {
	const header = 22
	b, err := base64.StdEncoding.DecodeString(value)
	if err != nil || len(b) < header {
		return "", false
	}
	guid := b[header-16 : header]
	if bytes.Equal(guid, make([]byte, len(guid))) {
		return "", false
	}
	return string(guid), true
}

// row adds the stored row and the terms of its ties.
func (b *builder) row(m *decode.Message) {
	r := row{subject: cutRunes(m.Subject, 0, maxRowSubject), kin: *b.kin, ties: tiesOf(m)}
	for _, p := range m.Parts {
		r.attached = r.attached || p.Attachment
	}
	for _, p := range m.Problems {
		r.lossy = r.lossy || p.Lost
	}
	r.from = m.Header.Value("From")
	if list, _ := m.Header.Addresses("From", ""); len(list) > 0 {
		r.from = list[0].Name
		if r.from == "" {
			r.from = list[0].Addr
		}
	}
	r.from = cutRunes(r.from, 0, maxRowFrom)
	var terms []string
	for _, l := range r.ties {
		terms = append(terms, string(l[:]))
	}
	b.exact(fieldTies, 1, terms)
	b.doc.fields = append(b.doc.fields, &field{name: fieldRow, options: bleve.StoreField, value: r.bytes()})
}

// bytes is the row as it is stored: flags, the two texts behind their lengths,
// the kin, the ties.
func (r *row) bytes() []byte {
	var flags byte
	if r.attached {
		flags |= rowAttached
	}
	if r.lossy {
		flags |= rowLossy
	}
	b := []byte{flags}
	for _, s := range []string{r.from, r.subject} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	b = r.kin.append(b)
	for _, l := range r.ties {
		b = append(b, l[:]...)
	}
	return b
}

var errRow = &damagedError{"a stored row is damaged"}

func parseRow(b []byte) (row, error) {
	if len(b) == 0 {
		return row{}, errRow
	}
	r := row{attached: b[0]&rowAttached != 0, lossy: b[0]&rowLossy != 0}
	b = b[1:]
	for _, s := range []*string{&r.from, &r.subject} {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			return row{}, errRow
		}
		b = b[size:]
		*s, b = string(b[:n]), b[n:]
	}
	if len(b) < kinLen || (len(b)-kinLen)%len(tie{}) != 0 {
		return row{}, errRow
	}
	r.kin, b = parseKin(b), b[kinLen:]
	for ; len(b) > 0; b = b[len(tie{}):] {
		r.ties = append(r.ties, tie(b))
	}
	return r, nil
}

// row reads what is stored of a document.
func (s *segment) row(doc uint32) (r row, err error) {
	var inner error = errRow
	err = s.VisitStoredFields(uint64(doc), func(field string, _ byte, value []byte, _ []uint64) bool {
		if field == fieldRow {
			r, inner = parseRow(value)
		}
		return field != fieldRow
	})
	return r, errors.Join(err, inner)
}

// show fills in what a list shows of a hit.
func (r *row) show(h *index.Hit) {
	h.From, h.Subject, h.Attached, h.Lossy = r.from, r.subject, r.attached, r.lossy
}
