package pop3

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// maxListed bounds a listing: no mailbox with a million messages is known to
// be read by POP3, and a list without end has to end.
const maxListed = 1_000_000

// maxEntry bounds one line of a list, in octets. A UIDL has up to 70.
const maxEntry = 4 << 10

// An entry is one message that the server lists. There may be a million.
type entry struct {
	num  int
	size int64  // as LIST has it, -1 if unknown
	uidl string // "" if there is none
	key  string // the part of the origin behind the name of the source; "" if it is made of uidl and size
	sure bool   // it is known by its origin in other sessions too

	again bool  // it came in a form that was not believed
	tries uint8 // connections that ended when it was asked for first
}

// id is the part of the origin behind the name of the source.
func (e *entry) id() string {
	if e.key != "" {
		return e.key
	}
	return ";uidl=" + escape(e.uidl) + sizeKey(e.size)
}

// lines yields the lines of a multi-line answer, up to limit of them.
func (g *guard) lines(limit int) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		r := bufio.NewReaderSize(g.body(), maxEntry)
		for n := 0; ; n++ {
			line, err := r.ReadSlice('\n')
			switch {
			case err == io.EOF && len(line) == 0:
				return
			case err == io.EOF:
				err = nil
			case errors.Is(err, bufio.ErrBufferFull):
				err = fmt.Errorf("a line of over %d octets in a list", maxEntry)
			case n >= limit:
				err = fmt.Errorf("a list of over %d lines", limit)
			}
			if err != nil {
				yield("", g.fail(err))
				return
			}
			if !yield(strings.TrimSpace(string(line)), nil) {
				return
			}
		}
	}
}

// list reads the listing: all numbers that STAT, LIST or UIDL speak of, in
// order, with what is known of each. A line that cannot be read says nothing,
// but the message is there all the same, by its number.
func (se *session) list() ([]entry, error) {
	count, limit := -1, maxListed
	err := se.try("STAT", func() error {
		return se.dialogue(func() (err error) {
			count, _, err = se.pop.Stat()
			return err
		})
	})
	if se.err != nil {
		return nil, err
	}
	if err != nil || count < 0 || count > maxListed {
		count = -1
	} else {
		limit = min(2*count, maxListed) + 1000
	}
	all := make([]entry, 0, max(count, 0))
	err = se.listing("LIST", limit, func(e entry) { all = append(all, e) })
	if err != nil {
		return nil, err
	}
	all = sorted(all)
	var more []entry
	err = se.listing("UIDL", limit, func(e entry) {
		if !name(all, e) {
			more = append(more, e)
		}
	})
	if err != nil {
		return nil, err
	}
	all = sorted(append(all, more...))
	missing := gaps(all, count)
	if len(missing) > maxMissing {
		return nil, se.fail(fmt.Errorf("the server counts %d messages and lists %d", count, len(all)))
	}
	return sorted(append(all, missing...)), nil
}

// name gives the UIDL of e to the entry of its number in all, which is sorted.
func name(all []entry, e entry) (ok bool) {
	i, ok := slices.BinarySearchFunc(all, e.num, func(a entry, num int) int { return a.num - num })
	if ok && all[i].uidl == "" {
		all[i].uidl = e.uidl
	}
	return ok
}

// maxMissing is how many messages that are counted but not listed are asked
// for by number. More of them means that a list is not what it should be.
const maxMissing = 1000

// gaps gives the numbers from 1 to count that all, which is sorted, lacks.
func gaps(all []entry, count int) (missing []entry) {
	i := 0
	for n := 1; n <= count && len(missing) <= maxMissing; n++ {
		for i < len(all) && all[i].num < n {
			i++
		}
		if i == len(all) || all[i].num != n {
			missing = append(missing, entry{num: n, size: -1})
		}
	}
	return missing
}

// listing reads LIST or UIDL. A server that refuses the command gives nothing.
func (se *session) listing(command string, limit int, take func(entry)) error {
	err := se.try(command, func() error { return se.readList(command, limit, take) })
	var no *refusal
	if errors.As(err, &no) {
		return nil
	}
	return err
}

func (se *session) readList(command string, limit int, take func(entry)) error {
	if _, err := se.ask(command); err != nil {
		return err
	}
	for line, err := range se.lines(limit) {
		if err != nil {
			return fmt.Errorf("%s: %w", command, err)
		}
		if e, ok := parseEntry(line, command == "UIDL"); ok {
			take(e)
		}
	}
	return nil
}

// sorted puts entries in order. Of several with one number the first counts.
func sorted(es []entry) []entry {
	slices.SortStableFunc(es, func(a, b entry) int { return a.num - b.num })
	return slices.CompactFunc(es, func(a, b entry) bool { return a.num == b.num })
}

// parseEntry reads one line of LIST or UIDL: a number, and behind it a size or
// a UIDL. ok is false if it has no number.
//
// QUIRK: RFC 1939 section 5 has one space between the two, and section 7 has
// UIDLs of 1 to 70 octets from ! to ~. Servers send more spaces, empty UIDLs
// and UIDLs with spaces. An empty one is none, a space belongs to it. Test:
// TestParseEntry.
func parseEntry(line string, uidl bool) (e entry, ok bool) {
	e.size = -1
	num, rest, _ := strings.Cut(line, " ")
	if i := strings.IndexByte(num, '\t'); i >= 0 {
		num, rest = line[:i], line[i:]
	}
	n, err := strconv.Atoi(num)
	if err != nil || n < 1 || n > 1<<31-1 {
		return e, false
	}
	e.num = n
	rest = strings.TrimSpace(rest)
	if uidl {
		e.uidl = rest
		return e, true
	}
	size, _, _ := strings.Cut(rest, " ")
	if v, err := strconv.ParseInt(size, 10, 64); err == nil && v >= 0 {
		e.size = v
	}
	return e, true
}

// identify gives each entry what it is known by. First comes the UIDL with the
// size, if only one entry has both; then the size with a hash of the header
// section; then the number, which means nothing beyond this session.
func (se *session) identify(all []entry) error {
	rest := unnamed(all)
	if len(rest) == 0 {
		return nil
	}
	tops, err := se.tops(all, rest)
	if err != nil {
		return err
	}
	times := map[string]int{}
	for i, k := range rest {
		if tops[i] != "" {
			all[k].key = ";top=" + tops[i] + sizeKey(all[k].size)
			times[all[k].key]++
		}
	}
	for i, k := range rest {
		e := &all[k]
		if tops[i] != "" && times[e.key] == 1 {
			e.sure = true
			continue
		}
		e.key = fmt.Sprintf(";number=%d%s", e.num, sizeKey(e.size))
	}
	return nil
}

// unnamed names the entries whose UIDL will do, and gives the indexes of the
// others.
func unnamed(all []entry) (rest []int) {
	order := make([]int32, len(all))
	for i := range order {
		order[i] = int32(i)
	}
	compare := func(a, b int32) int {
		if c := strings.Compare(all[a].uidl, all[b].uidl); c != 0 {
			return c
		}
		return int(min(1, max(-1, all[a].size-all[b].size)))
	}
	slices.SortFunc(order, compare)
	for i, k := range order {
		e := &all[k]
		same := i > 0 && compare(order[i-1], k) == 0 || i+1 < len(order) && compare(order[i+1], k) == 0
		if e.uidl == "" || same {
			rest = append(rest, int(k))
			continue
		}
		e.sure = true
	}
	slices.Sort(rest)
	return rest
}

func sizeKey(size int64) string {
	if size < 0 {
		return ""
	}
	return ";size=" + strconv.FormatInt(size, 10)
}

// maxUIDL is the longest UIDL that stands in an origin; RFC 1939 has 70.
const maxUIDL = 200

// escape writes a UIDL so that it can stand in an origin.
func escape(uidl string) string {
	if len(uidl) > maxUIDL {
		sum := sha256.Sum256([]byte(uidl))
		return "sha256:" + hex.EncodeToString(sum[:])
	}
	var b strings.Builder
	for _, c := range []byte(uidl) {
		if c <= ' ' || c >= 0x7f || c == '%' || c == ';' || c == '=' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// tops gives a hash of the header section of each of the entries whose indexes
// are in which, "" where there is none to be had.
func (se *session) tops(all []entry, which []int) ([]string, error) {
	sums := make([]string, len(which))
	if se.caps.known() && !se.caps.has("TOP") || se.shuns.has("TOP") {
		return sums, nil
	}
	se.optional = "TOP"
	defer func() { se.optional = "" }()
	h := sha256.New()
	refused := 0
	ask := func(from, to int) error {
		return se.pipeline(to-from, topWindow,
			func(i int) string { return fmt.Sprintf("TOP %d 0\r\n", all[which[from+i]].num) },
			func(i int) (err error) {
				sums[from+i], err = se.top(h)
				var no *refusal
				if errors.As(err, &no) {
					refused++
					return nil
				}
				return err
			})
	}
	// A server that refuses the first few knows no TOP.
	first := min(3, len(which))
	if err := ask(0, first); err != nil || refused == first {
		return sums, err
	}
	return sums, ask(first, len(which))
}

// topWindow is how many TOP are in flight.
const topWindow = 64

// top reads the answer to TOP.
func (se *session) top(h hash.Hash) (string, error) {
	if _, err := se.status(); err != nil {
		return "", err
	}
	h.Reset()
	if _, err := io.Copy(h, se.body()); err != nil {
		return "", se.fail(err)
	}
	se.conn.Progress()
	// 16 octets: two different sections will not meet by chance, and a
	// sender who makes two meet hides his own mail.
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}
