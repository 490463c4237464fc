package drafts

import (
	"slices"
	"strings"
	"unicode"

	"lostpost/decode"
)

// An Edit is a run of words kept (0), added (+1) or removed (-1), with the
// white space behind them. Kept runs are as the newer text has them.
type Edit struct {
	Op   int8
	Text string
}

const (
	// maxDiffWords and maxEdits bound the work of Diff: beyond them what
	// differs is one run removed and one added. The table of a comparison
	// takes at most maxEdits² × 4 octets, 16 MB.
	maxDiffWords = 200_000
	maxEdits     = 2_000
)

// Diff gives the words that differ between the texts of a and b. Words are what
// stands between white space; a changed space or line end is no difference. The
// edits that are not removals make up b's text.
func Diff(a, b *decode.Message) []Edit {
	x, y := splitWords(a.Text), splitWords(b.Text)
	var edits editList
	pre := 0
	for pre < len(x) && pre < len(y) && x[pre].word() == y[pre].word() {
		pre++
	}
	post := 0
	for post < len(x)-pre && post < len(y)-pre && x[len(x)-1-post].word() == y[len(y)-1-post].word() {
		post++
	}
	edits.add(0, y[:pre])
	edits.middle(x[pre:len(x)-post], y[pre:len(y)-post])
	edits.add(0, y[len(y)-post:])
	return edits
}

// A token is a word and the white space behind it; the first one of a text may
// be white space alone.
type token string

func (t token) word() string { return strings.TrimRightFunc(string(t), unicode.IsSpace) }

func splitWords(s string) []token {
	var out []token
	start, space := 0, false
	for i, r := range s {
		if sp := unicode.IsSpace(r); space && !sp {
			out = append(out, token(s[start:i]))
			start, space = i, false
		} else {
			space = sp
		}
	}
	if start < len(s) {
		out = append(out, token(s[start:]))
	}
	return out
}

type editList []Edit

// add appends tokens with op, to the last run if that has the same.
func (l *editList) add(op int8, tokens []token) {
	if len(tokens) == 0 {
		return
	}
	var b strings.Builder
	for _, t := range tokens {
		b.WriteString(string(t))
	}
	if n := len(*l); n > 0 && (*l)[n-1].Op == op {
		(*l)[n-1].Text += b.String()
		return
	}
	*l = append(*l, Edit{op, b.String()})
}

// middle compares what is left between the common beginning and end.
func (l *editList) middle(x, y []token) {
	steps, ok := shortest(numbers(x, y))
	if !ok {
		l.add(-1, x)
		l.add(+1, y)
		return
	}
	i, j := 0, 0
	for _, s := range steps {
		if n := s.x - i; n > 0 { // kept words before the step
			l.add(0, y[j:j+n])
			i, j = i+n, j+n
		}
		if s.added {
			l.add(+1, y[j:j+1])
			j++
		} else {
			l.add(-1, x[i:i+1])
			i++
		}
	}
	l.add(0, y[j:])
}

// numbers gives equal words the same number.
func numbers(x, y []token) (a, b []int32) {
	known := make(map[string]int32)
	number := func(list []token) []int32 {
		out := make([]int32, len(list))
		for i, t := range list {
			w := t.word()
			n, ok := known[w]
			if !ok {
				n = int32(len(known))
				known[w] = n
			}
			out[i] = n
		}
		return out
	}
	return number(x), number(y)
}

// A step adds the next word of y, or removes the word x of x.
type step struct {
	x     int
	added bool
}

// shortest finds a shortest list of steps from a to b, after E. W. Myers, "An
// O(ND) difference algorithm and its variations", 1986. ok is false if there
// are too many words or steps.
func shortest(a, b []int32) (steps []step, ok bool) {
	if len(a)+len(b) > maxDiffWords {
		return nil, false
	}
	limit := min(len(a)+len(b), maxEdits)
	// v[k+limit+1] is how far diagonal k = i-j was followed in a; trace has
	// for each number of steps the part of v that was in use before it.
	v := make([]int32, 2*limit+3)
	at := func(k int) *int32 { return &v[k+limit+1] }
	var trace [][]int32
	for d := 0; d <= limit; d++ {
		trace = append(trace, slices.Clone(v[limit+1-d:limit+2+d]))
		for k := -d; k <= d; k += 2 {
			var i int
			if k == -d || k != d && *at(k - 1) < *at(k + 1) {
				i = int(*at(k + 1)) // from above: a word of b was added
			} else {
				i = int(*at(k - 1)) + 1
			}
			j := i - k
			for i < len(a) && j < len(b) && j >= 0 && a[i] == b[j] {
				i, j = i+1, j+1
			}
			*at(k) = int32(i)
			if i >= len(a) && j >= len(b) {
				return walkBack(trace, len(a), len(b)), true
			}
		}
	}
	return nil, false
}

// walkBack reads the steps from the trace, the last one first.
func walkBack(trace [][]int32, i, j int) []step {
	var steps []step
	for d := len(trace) - 1; d > 0; d-- {
		v, k := trace[d], i-j // v[k+d] is what *at(k) was before step d
		added := k == -d || k != d && v[k-1+d] < v[k+1+d]
		if added {
			k++
		} else {
			k--
		}
		i = int(v[k+d])
		j = i - k
		steps = append(steps, step{i, added})
	}
	slices.Reverse(steps)
	return steps
}
