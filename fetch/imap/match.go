package imap

import (
	"context"
	"io"
	"slices"
	"sort"
	"strconv"
	"strings"

	"lostpost/archive"
	"lostpost/fetch"
)

// A server that gives a mailbox another UIDVALIDITY has forgotten the UIDs, not
// the messages (RFC 9051 section 2.3.1.1). They are matched with those of the
// archive by size and time of arrival, which together must be unique on both
// sides, and by their order. Of the pairs so found one in sampleEach, and
// sampleLeast at the least, is fetched and compared octet by octet. If each
// fits, the others are not fetched; if one does not, all are.
const (
	sampleEach  = 400
	sampleLeast = 20
	maxMatched  = 500_000 // messages; a larger mailbox is fetched again
)

// A pair is a message of the server and what the archive has of it.
type pair struct {
	part
	id  archive.ID
	key archive.ID
	old uint32 // UID of before
}

// A trait of a message that survives a change of UIDs.
type likeness struct{ size, second int64 }

// A matching is the pairs of one mailbox until the sample tells whether they
// are right.
type matching struct {
	pairs  []pair
	sample map[uint32]archive.ID // keys of those that are fetched, by UID
	wrong  bool                  // one of them is another message
}

// match finds pairs among fresh, if UIDVALIDITY has changed, and gives the UIDs
// that are to be fetched.
func (j *job) match(ctx context.Context, fresh []uint32) ([]uint32, error) {
	before := j.before[j.box.path].validity
	memory, ok := j.st.(fetch.Memory)
	if !ok || before == 0 || before == j.numbers.validity || len(fresh) > maxMatched || len(fresh) < 2*sampleLeast {
		return fresh, nil
	}
	old, err := j.copies(ctx, memory, before)
	if err != nil || len(old) == 0 {
		return fresh, err
	}
	now, err := j.describe()
	if err != nil {
		return nil, err
	}
	wanted := map[uint32]bool{}
	for _, uid := range fresh {
		wanted[uid] = true
	}
	pairs := slices.DeleteFunc(inOrder(unique(now, old)), func(p pair) bool { return !wanted[p.uid] })
	if len(pairs) < 2*sampleLeast {
		return fresh, nil
	}
	m := &matching{sample: map[uint32]archive.ID{}}
	every := min(sampleEach, len(pairs)/sampleLeast)
	spared := map[uint32]bool{}
	for i, p := range pairs {
		if i%every == 0 {
			m.sample[p.uid] = p.key
			continue
		}
		m.pairs = append(m.pairs, p)
		spared[p.uid] = true
	}
	j.matching = m
	return slices.DeleteFunc(slices.Clone(fresh), func(uid uint32) bool { return spared[uid] }), nil
}

// copies gives what the archive has of the mailbox as it was, by likeness; two
// that are alike are nil.
func (j *job) copies(ctx context.Context, memory fetch.Memory, validity uint32) (map[likeness]*pair, error) {
	prefix := j.name + j.box.path + ";uidvalidity=" + strconv.FormatUint(uint64(validity), 10) + "/;uid="
	out := map[likeness]*pair{}
	for c, err := range memory.Copies(ctx, prefix) {
		if err != nil {
			return nil, &localError{err}
		}
		uid, err := strconv.ParseUint(strings.TrimPrefix(c.Origin, prefix), 10, 32)
		if err != nil || c.Received.IsZero() {
			continue
		}
		l := likeness{c.Size, c.Received.Unix()}
		if _, twice := out[l]; twice {
			out[l] = nil
			continue
		}
		out[l] = &pair{id: c.ID, key: c.Key, old: uint32(uid)}
	}
	return out, nil
}

// describe asks for what the server tells of all messages of the mailbox.
func (j *job) describe() ([]part, error) {
	var parts []part
	j.c.onFetch = func(f *fetchReader) error {
		if err := f.finish(); err != nil || f.uid == 0 {
			return err
		}
		j.c.idle = 0
		if len(parts) > maxMatched {
			return &syntaxError{"more messages than the mailbox has"}
		}
		parts = append(parts, f.part)
		return nil
	}
	defer func() { j.c.onFetch = nil }()
	err := j.c.optional(shunFlags, "UID FETCH", "1:*", "("+j.c.flagItems()+" INTERNALDATE RFC822.SIZE)")
	if isRefusal(err) {
		return nil, nil
	}
	return parts, err
}

// unique pairs the messages whose likeness is unique on both sides, by UID.
func unique(now []part, old map[likeness]*pair) []pair {
	count := map[likeness]int{}
	of := func(p *part) likeness { return likeness{p.size, p.date.Unix()} }
	for i := range now {
		count[of(&now[i])]++
	}
	var out []pair
	for _, p := range now {
		if o := old[of(&p)]; o != nil && count[of(&p)] == 1 && p.whole() && !p.date.IsZero() {
			out = append(out, pair{part: p, id: o.id, key: o.key, old: o.old})
		}
	}
	slices.SortFunc(out, func(a, b pair) int { return int(int64(a.uid) - int64(b.uid)) })
	return out
}

// inOrder leaves out the fewest pairs so that the UIDs of before ascend with
// those of now: UIDs are given in the order of arrival, and a message out of
// order is likely another one that happens to be alike.
func inOrder(pairs []pair) []pair {
	var tails []int                 // tails[n] ends the best run of n+1 pairs
	prev := make([]int, len(pairs)) // the pair before each in its run
	for i, p := range pairs {
		n := sort.Search(len(tails), func(k int) bool { return pairs[tails[k]].old >= p.old })
		prev[i] = -1
		if n > 0 {
			prev[i] = tails[n-1]
		}
		if n == len(tails) {
			tails = append(tails, i)
		} else {
			tails[n] = i
		}
	}
	out := make([]pair, len(tails))
	if len(tails) == 0 {
		return out
	}
	at := tails[len(tails)-1]
	for n := len(tails) - 1; n >= 0; n-- {
		out[n] = pairs[at]
		at = prev[at]
	}
	return out
}

// A witness computes the Key of a message of the sample while it is read.
type witness struct {
	io.Reader
	sum  *archive.Digester
	want []archive.ID // any of them
}

// watch gives body, watched if uid is in the sample.
func (j *job) watch(uid uint32, body io.Reader) (io.Reader, *witness) {
	var want []archive.ID
	if j.matching != nil && j.matching.sample[uid] != (archive.ID{}) {
		want = []archive.ID{j.matching.sample[uid]}
	} else if j.reuse != nil {
		want = j.reuse.sample[uid]
	}
	if want == nil {
		return body, nil
	}
	w := &witness{sum: archive.NewDigester(), want: want}
	w.Reader = io.TeeReader(body, w.sum)
	return w, w
}

// judge says whether a message of the sample is what it was taken for.
func (j *job) judge(uid uint32, w *witness) {
	if w == nil {
		return
	}
	_, key := w.sum.Sums()
	right := slices.Contains(w.want, key)
	if j.matching != nil {
		delete(j.matching.sample, uid)
		j.matching.wrong = j.matching.wrong || !right
	} else {
		j.reuse.real = j.reuse.real || !right
	}
}

// settle ends the matching when all else was fetched: it yields the pairs, or
// puts them into the queue.
func (j *job) settle() error {
	j.settleReuse()
	m := j.matching
	j.matching = nil
	if m == nil {
		return nil
	}
	if m.wrong || len(m.sample) > 0 {
		var uids []uint32
		for _, p := range m.pairs {
			uids = append(uids, p.uid)
		}
		j.enqueue(uids)
		return nil
	}
	for i := range m.pairs {
		p := &m.pairs[i]
		if !j.yield(&fetch.Message{Meta: j.meta(&j.box, j.origin(p.uid), &p.part), Size: -1}, &fetch.SameError{ID: p.id}) {
			return errLeft
		}
	}
	return nil
}
