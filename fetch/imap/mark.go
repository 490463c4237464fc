package imap

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// markHead begins every mark. Raise the number when more is read of a mailbox
// than before: all are then looked at again.
const markHead = "imap 2 "

// maxMark bounds a mark in octets, well below what a line of the ledger takes.
// The mailboxes of an account with over 5,000 that find no place are opened
// each time.
const maxMark = 400 << 10

// A mark holds the numbers of each mailbox that was taken in whole, by its
// path in origins.
type mark map[string]numbers

// parseMark reads a mark. What is none gives an empty one.
func parseMark(s string) mark {
	m := mark{}
	var raw map[string][5]uint64
	s, ok := strings.CutPrefix(s, markHead)
	if !ok || json.Unmarshal([]byte(s), &raw) != nil {
		return m
	}
	for path, n := range raw {
		m[path] = numbers{uint32(n[0]), uint32(n[1]), uint32(n[2]), n[3], n[4]}
	}
	return m
}

// String writes the mark; equal marks give equal texts.
func (m mark) String() string {
	raw := map[string][5]uint64{}
	size := len(markHead)
	for _, path := range slices.Sorted(maps.Keys(m)) {
		n := m[path]
		if size += len(path) + 60; size > maxMark {
			break
		}
		raw[path] = [5]uint64{uint64(n.validity), uint64(n.next), uint64(n.messages), n.modseq, n.flags}
	}
	text, err := json.Marshal(raw)
	if err != nil {
		return "" // cannot be: a map of numbers
	}
	return markHead + string(text)
}

// same reports whether a mailbox is as the mark has it. Servers that tell
// HIGHESTMODSEQ in STATUS and not in EXAMINE are taken by the other numbers: a
// new message changes UIDNEXT (RFC 9051 section 2.3.1.1). Of flags these say
// nothing, so such a mailbox is opened once a day.
func (m mark) same(path string, now numbers, day uint64) bool {
	before, ok := m[path]
	if !ok || now.validity == 0 || now.next == 0 {
		return false
	}
	if before.modseq == 0 || now.modseq == 0 {
		if before.messages > 0 && before.flags != day {
			return false
		}
		before.modseq, now.modseq = 0, 0
	}
	now.flags = before.flags
	return before == now
}

// flagsOnly reports whether a mailbox has the same messages as the mark has it,
// and nothing is known of their flags.
func (m mark) flagsOnly(path string, now numbers) bool {
	before, ok := m[path]
	return ok && now.validity != 0 && now.next != 0 && now.messages > 0 &&
		now.validity == before.validity && now.next == before.next && now.messages == before.messages
}
