package imap

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// maxRanges bounds a list of UIDs from a server. Ranges stay ranges, so that
// 1:4294967295 costs as much as one number.
const maxRanges = 4 << 20

// A span is the UIDs from first to last, both included.
type span struct{ first, last uint32 }

// A uidSet is a set of UIDs: spans in order that do not touch each other, once
// sorted was called.
type uidSet []span

// add appends UIDs in any order.
func (s *uidSet) add(first, last uint32) error {
	if first > last {
		first, last = last, first
	}
	if n := len(*s); n > 0 {
		if p := &(*s)[n-1]; first > p.first && uint64(first) <= uint64(p.last)+1 {
			p.last = max(p.last, last)
			return nil
		}
	}
	if len(*s) >= maxRanges {
		return &syntaxError{"a list of more than 4 million ranges of UIDs"}
	}
	*s = append(*s, span{first, last})
	return nil
}

// parse adds a sequence-set, such as "1:3,7". "*" is no UID that exists.
func (s *uidSet) parse(text string) error {
	for part := range strings.SplitSeq(text, ",") {
		a, b, ranged := strings.Cut(part, ":")
		first, err := number(a, math.MaxUint32)
		if err != nil {
			return err
		}
		last := first
		if ranged {
			if last, err = number(b, math.MaxUint32); err != nil {
				return err
			}
		}
		if err := s.add(uint32(first), uint32(last)); err != nil {
			return err
		}
	}
	return nil
}

// sorted brings the set into order.
func (s uidSet) sorted() uidSet {
	slices.SortFunc(s, func(a, b span) int { return int(int64(a.first) - int64(b.first)) })
	out := s[:0]
	for _, sp := range s {
		if n := len(out); n > 0 && uint64(sp.first) <= uint64(out[n-1].last)+1 {
			out[n-1].last = max(out[n-1].last, sp.last)
			continue
		}
		out = append(out, sp)
	}
	if len(out) > 0 && out[0].first == 0 { // 0 is no UID (RFC 9051 section 2.3.1.1)
		if out[0].first = 1; out[0].last == 0 {
			out = out[1:]
		}
	}
	return out
}

// count is how many UIDs there are in a sorted set.
func (s uidSet) count() int64 {
	var n int64
	for _, sp := range s {
		n += int64(sp.last) - int64(sp.first) + 1
	}
	return n
}

// has reports whether a sorted set holds uid.
func (s uidSet) has(uid uint32) bool {
	i, found := slices.BinarySearchFunc(s, uid, func(sp span, uid uint32) int {
		switch {
		case sp.last < uid:
			return -1
		case sp.first > uid:
			return 1
		}
		return 0
	})
	return found && i < len(s)
}

// setText writes UIDs in ascending order as a sequence-set.
func setText(uids []uint32) string {
	var b []byte
	for i := 0; i < len(uids); {
		j := i
		for j+1 < len(uids) && uids[j+1] == uids[j]+1 {
			j++
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(uids[i]), 10)
		if j > i {
			b = append(b, ':')
			b = strconv.AppendUint(b, uint64(uids[j]), 10)
		}
		i = j + 1
	}
	return string(b)
}
