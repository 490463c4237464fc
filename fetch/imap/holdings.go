package imap

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
	"strings"

	"lostpost/archive"
	"lostpost/decode/header"
)

// holdings are what one mailbox of the server holds, as far as must be known to
// tell which of its messages may be a certain one. They are asked for once in a
// session, since a search for each message reads the mailbox each time. 32
// octets are kept of a message.
type holdings struct {
	asked   bool                // the server was asked
	entries []holding           // by key, two of each message
	put     map[archive.ID]bool // what this session has put there
}

// A holding is a message under the hash of its Message-ID, or of its size.
type holding struct {
	key uint64
	uid uint32
}

var holdingSeed = maphash.MakeSeed()

func idKey(id string) uint64        { return maphash.String(holdingSeed, "id "+id) }
func sizeKey(size int64) uint64     { return maphash.String(holdingSeed, fmt.Sprint("size ", size)) }
func byKey(a, b holding) int        { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.uid, b.uid)) }
func keyIs(h holding, k uint64) int { return cmp.Compare(h.key, k) }

// holdings gives those of a mailbox as far as they are known.
func (s *Session) holdings(raw string) *holdings {
	h := s.held[raw]
	if h == nil {
		h = &holdings{put: make(map[archive.ID]bool)}
		s.held[raw] = h
	}
	return h
}

// ask fills the holdings of the mailbox that is open.
func (s *Session) ask(h *holdings) error {
	if s.c.box.messages > 0 {
		s.c.onFetch = func(f *fetchReader) error {
			s.c.idle = 0
			s.c.conn.Progress()
			return h.read(f)
		}
		defer func() { s.c.onFetch = nil }()
		if _, err := s.c.run("UID FETCH", "1:*", "(UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"); err != nil {
			h.entries = nil
			return err
		}
		slices.SortFunc(h.entries, byKey)
	}
	h.asked = true
	return nil
}

// maxIDField bounds what is read of the field Message-ID, in octets.
const maxIDField = 64 << 10

// read takes the answer about one message.
func (h *holdings) read(f *fetchReader) error {
	f.fields = true
	id := ""
	body, err := f.next()
	if err != nil {
		return err
	}
	if body != nil {
		b, err := io.ReadAll(io.LimitReader(body, maxIDField))
		if err != nil {
			return err
		}
		fields, _, _ := header.Parse(b, 0)
		id = messageID(fields)
	}
	if err := f.finish(); err != nil || f.uid == 0 {
		return err
	}
	if len(h.entries) > 2*maxMessages {
		return &syntaxError{"a mailbox without end"}
	}
	if id != "" {
		h.entries = append(h.entries, holding{idKey(id), f.uid})
	}
	if f.size >= 0 {
		h.entries = append(h.entries, holding{sizeKey(f.size), f.uid})
	}
	return nil
}

// messageID gives the Message-ID if it is one by which messages can be told
// apart, "" otherwise.
func messageID(h header.Header) string {
	id := strings.TrimSpace(h.Value("Message-ID"))
	if len(id) > 250 || strings.IndexFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) >= 0 {
		return ""
	}
	return id
}

// maxCandidates bounds the messages on the server that are compared with one
// of the archive.
const maxCandidates = 100

// candidates gives the UIDs of messages that may be the one.
func (h *holdings) candidates(look inspection) []uint32 {
	key := sizeKey(look.size)
	if look.messageID != "" {
		key = idKey(look.messageID)
	}
	i, _ := slices.BinarySearchFunc(h.entries, key, keyIs)
	var uids []uint32
	for ; i < len(h.entries) && h.entries[i].key == key && len(uids) < maxCandidates; i++ {
		if uid := h.entries[i].uid; len(uids) == 0 || uid != uids[len(uids)-1] {
			uids = append(uids, uid)
		}
	}
	return uids
}

// present reports whether the open mailbox has the message.
func (s *Session) present(look inspection) (bool, error) {
	h := s.holdings(s.opened)
	if !h.asked {
		if err := s.ask(h); err != nil {
			return false, err
		}
	}
	if h.put[look.key] {
		return true, nil
	}
	uids := h.candidates(look)
	if len(uids) == 0 {
		return false, nil
	}
	there := false
	s.c.onFetch = func(f *fetchReader) error {
		body, err := f.next()
		if err != nil || body == nil {
			return err
		}
		k := archive.NewDigester()
		if _, err := io.Copy(k, body); err != nil {
			return err
		}
		if err := f.finish(); err != nil {
			return err
		}
		_, key := k.Sums()
		there = there || key == look.key
		return nil
	}
	defer func() { s.c.onFetch = nil }()
	_, err := s.c.run("UID FETCH", setText(uids), "(UID BODY.PEEK[])")
	return there, err
}
