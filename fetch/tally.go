package fetch

// A Tally makes a source of files a Counter and a Marker: embed it, give it
// Look, and call Skip first, Count for each yield that names a message, and
// End when the place was read to its end.
type Tally struct {
	// Look takes the fingerprint of the place as it is now.
	Look func() *Fingerprint

	before  *Fingerprint
	n       int64
	ended   bool
	skipped string // the mark that allowed skipping
}

// Skip reports whether the place is as it was when st's Mark was recorded.
// Then there is nothing to yield.
func (t *Tally) Skip(st State) bool {
	t.before = t.Look()
	n, ok := t.before.Same(st.Mark())
	if ok {
		t.n, t.ended, t.skipped = n, true, st.Mark()
	}
	return ok
}

// Count counts one message, had or not.
func (t *Tally) Count() { t.n++ }

// End says that nothing of the place is left to yield.
func (t *Tally) End() { t.ended = true }

// Listed is how many messages the place holds: those that were yielded, or,
// when all was skipped, those of last time.
func (t *Tally) Listed() int64 { return t.n }

// FinalMark is the state of the place if it was read to its end and did not
// change meanwhile, else "".
func (t *Tally) FinalMark() string {
	switch {
	case !t.ended:
		return ""
	case t.skipped != "":
		return t.skipped
	}
	mark := t.before.Mark(t.n)
	if _, same := t.Look().Same(mark); !same {
		return ""
	}
	return mark
}
