package durable

import (
	"maps"
	"slices"
)

// A Fate is what a power cut does to octets that were not synced.
type Fate uint8

const (
	Kept  Fate = iota // all of them are there
	Lost              // none
	Torn              // the first of them
	Holed             // all, but some are zero
)

// Luck decides what a power cut leaves.
type Luck struct {
	// Name says whether the i-th of n names that came or went, and are not
	// durable, did so on the disk.
	Name func(i, n int) bool
	// Data says what becomes of the octets of the i-th file that has some
	// which are not durable.
	Data func(i int) Fate
	// Cut chooses a number from 0 to n, both included: where octets end, or
	// a hole begins or ends.
	Cut func(n int) int
}

// Pending is how many names are not durable.
func (s *Sim) Pending() int { s.mu.Lock(); defer s.mu.Unlock(); return len(s.pending) }

// Crash gives the disk as it is after a power cut with this luck. It may be
// called several times; s itself does not change.
func (s *Sim) Crash(l Luck) *Sim {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &crasher{luck: l, names: map[*simNode]map[string]*simNode{}, copies: map[*simNode]*simNode{}}
	for i, op := range s.pending {
		op.kept = l.Name(i, len(s.pending)) && (op.needs == nil || op.needs.kept)
		if !op.kept {
			continue
		}
		m := c.names[op.dir]
		if m == nil {
			m = maps.Clone(op.dir.safe)
			c.names[op.dir] = m
		}
		if op.node == nil {
			delete(m, op.name)
		} else {
			m[op.name] = op.node
		}
	}
	out := &Sim{}
	if s.root != nil {
		out.root = c.copy(s.root)
	}
	return out
}

// A crasher is one run of Crash.
type crasher struct {
	luck   Luck
	names  map[*simNode]map[string]*simNode // of folders in which something was kept
	copies map[*simNode]*simNode
	files  int
}

// copy copies what is left of a node; all of the copy is durable.
func (c *crasher) copy(n *simNode) *simNode {
	if have := c.copies[n]; have != nil {
		return have
	}
	out := &simNode{mtime: n.mtime}
	c.copies[n] = out
	if n.live == nil {
		out.data = c.octets(n)
		out.synced = len(out.data)
		return out
	}
	names, ok := c.names[n]
	if !ok {
		names = n.safe
	}
	out.live = make(map[string]*simNode, len(names))
	for _, name := range slices.Sorted(maps.Keys(names)) { // in order, so that luck can be repeated
		out.live[name] = c.copy(names[name])
	}
	out.safe = maps.Clone(out.live)
	return out
}

// octets decides what is left of a file. Files only grow, so its octets are
// shared up to their end.
func (c *crasher) octets(n *simNode) []byte {
	more := len(n.data) - n.synced
	if more == 0 {
		return n.data[:n.synced:n.synced]
	}
	c.files++
	switch c.luck.Data(c.files - 1) {
	case Lost:
		return n.data[:n.synced:n.synced]
	case Torn:
		end := n.synced + c.luck.Cut(more)
		return n.data[:end:end]
	case Holed:
		a, b := c.luck.Cut(more), c.luck.Cut(more)
		out := append([]byte(nil), n.data...)
		clear(out[n.synced+min(a, b) : n.synced+max(a, b)])
		return out
	}
	return n.data[:len(n.data):len(n.data)]
}
