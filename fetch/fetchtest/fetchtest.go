// Package fetchtest holds a fetch.Source to its contract. It is an ordinary
// package, so that a source of another module can be held to it as well.
package fetchtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lostpost/archive"
	"lostpost/fetch"
)

// Run holds a Source to the contract of fetch.Source. open gives a fresh one
// over the same place each time; Run closes it. The place should hold at least
// two messages, and may hold some that cannot be had.
func Run(t *testing.T, open func(t *testing.T) fetch.Source) {
	t.Helper()
	before := state(t, open)
	first := read(t, open, whole)
	if len(first) == 0 {
		t.Fatal("the source yields nothing")
	}
	t.Run("origins", func(t *testing.T) { origins(t, open, first) })
	t.Run("same messages again", func(t *testing.T) { same(t, first, read(t, open, whole)) })
	t.Run("bodies left unread", func(t *testing.T) { same(t, heads(first), heads(read(t, open, nothing))) })
	t.Run("bodies read in part", func(t *testing.T) { same(t, heads(first), heads(read(t, open, oneOctet))) })
	t.Run("early break", func(t *testing.T) { earlyBreak(t, open, first) })
	t.Run("context ends", func(t *testing.T) { contextEnds(t, open) })
	t.Run("context ended before", func(t *testing.T) { contextEnded(t, open) })
	t.Run("count", func(t *testing.T) { count(t, open, first) })
	t.Run("mark", func(t *testing.T) { mark(t, open, first) })
	t.Run("nothing written", func(t *testing.T) {
		if after := state(t, open); after != before {
			t.Errorf("the place has changed:\n%s\nbefore:\n%s", after, before)
		}
	})
}

// An item is one yield, told in full.
type item struct {
	meta   string
	origin string
	failed string // the error
	body   [sha256.Size]byte
}

// A reading is how much of each body is read, in octets.
type reading int64

const (
	nothing  reading = 0
	oneOctet reading = 1
	whole    reading = 1 << 40
)

// read takes all a source yields, checking each message by itself.
func read(t *testing.T, open func(t *testing.T) fetch.Source, how reading) []item {
	t.Helper()
	src := open(t)
	defer shut(t, src)
	var items []item
	for m, err := range src.Messages(t.Context(), fetch.NoState) {
		if m == nil {
			t.Fatalf("message %d: the source ends: %v", len(items), err)
		}
		it := item{meta: fmt.Sprintf("%+v size %d", m.Meta, m.Size), origin: m.Origin}
		if err != nil {
			it.failed = err.Error()
		} else if m.Body == nil {
			t.Fatalf("%s: neither body nor error", m.Origin)
		}
		if m.Body != nil {
			b, err := io.ReadAll(io.LimitReader(m.Body, int64(how)))
			if err != nil {
				t.Errorf("%s: body: %v", m.Origin, err)
			}
			if n := int64(len(b)); m.Size >= 0 && (n > m.Size || n < m.Size && how == whole) {
				t.Errorf("%s: body has %d octets, announced are %d", m.Origin, n, m.Size)
			}
			it.body = sha256.Sum256(b)
		}
		items = append(items, it)
	}
	return items
}

func shut(t *testing.T, src fetch.Source) {
	t.Helper()
	if err := src.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// heads leaves the bodies out.
func heads(items []item) []item {
	h := make([]item, len(items))
	for i, it := range items {
		it.body = [sha256.Size]byte{}
		h[i] = it
	}
	return h
}

func same(t *testing.T, want, got []item) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d messages, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("message %d: got %+v, want %+v", i, got[i], want[i])
		}
	}
}

// origins are unique and begin with the name of the source.
func origins(t *testing.T, open func(t *testing.T) fetch.Source, items []item) {
	src := open(t)
	defer shut(t, src)
	seen := map[string]bool{}
	for _, it := range items {
		if !strings.HasPrefix(it.origin, src.Name()) {
			t.Errorf("origin %q does not begin with the name %q", it.origin, src.Name())
		}
		if seen[it.origin] {
			t.Errorf("origin %q comes twice", it.origin)
		}
		seen[it.origin] = true
	}
}

// earlyBreak leaves the loop at each of the first messages.
func earlyBreak(t *testing.T, open func(t *testing.T) fetch.Source, want []item) {
	for stop := range min(len(want), 5) {
		src := open(t)
		n := 0
		for m := range src.Messages(t.Context(), fetch.NoState) {
			if m == nil || m.Origin != want[n].origin {
				t.Errorf("message %d is another one", n)
			}
			if n == stop {
				break
			}
			n++
		}
		if m, ok := src.(fetch.Marker); ok && stop < len(want)-1 && m.FinalMark() != "" {
			t.Errorf("left after message %d, the source has the final mark %q", n, m.FinalMark())
		}
		shut(t, src)
	}
}

// contextEnds ends the context after the first message. A source that has
// yielded all it has may end without saying so.
func contextEnds(t *testing.T, open func(t *testing.T) fetch.Source) {
	src := open(t)
	defer shut(t, src)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var ended time.Time
	var last error
	n, after := 0, 0
	for m, err := range src.Messages(ctx, fetch.NoState) {
		if n++; n == 1 {
			cancel()
			ended = time.Now()
			continue
		}
		if m != nil {
			after++
		}
		last = err
	}
	if d := time.Since(ended); d > time.Second {
		t.Errorf("the source went on for %v", d)
	}
	if after > 0 && !errors.Is(last, context.Canceled) {
		t.Errorf("%d messages after the context ended, and then %v", after, last)
	}
	if n > 1 && last == nil {
		t.Error("the source does not yield ctx.Err()")
	}
}

// contextEnded begins with a context that has ended.
func contextEnded(t *testing.T, open func(t *testing.T) fetch.Source) {
	src := open(t)
	defer shut(t, src)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	for m, err := range src.Messages(ctx, fetch.NoState) {
		if m != nil {
			t.Errorf("%s comes although the context has ended", m.Origin)
		}
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("the source ends with %v, want context.Canceled", last)
	}
}

// count holds a Counter to what it yields.
func count(t *testing.T, open func(t *testing.T) fetch.Source, items []item) {
	src := open(t)
	defer shut(t, src)
	c, ok := src.(fetch.Counter)
	if !ok {
		t.Skip("not a Counter")
	}
	for range src.Messages(t.Context(), fetch.NoState) {
	}
	if c.Listed() != int64(len(items)) {
		t.Errorf("Listed is %d, %d messages were yielded", c.Listed(), len(items))
	}
}

// marked is a State with a mark only.
type marked string

func (marked) Known(string) (archive.ID, bool) { return archive.ID{}, false }
func (m marked) Mark() string                  { return string(m) }

// mark holds a Marker to its mark: a place that is as it was yields nothing,
// and with any other mark it yields everything.
func mark(t *testing.T, open func(t *testing.T) fetch.Source, items []item) {
	src := open(t)
	defer shut(t, src)
	mk, ok := src.(fetch.Marker)
	if !ok {
		t.Skip("not a Marker")
	}
	for range src.Messages(t.Context(), fetch.NoState) {
	}
	final := mk.FinalMark()
	if final == "" {
		t.Fatal("no final mark although the source was read to its end")
	}
	for _, st := range []struct {
		mark string
		want int
	}{{final, 0}, {"x" + final, len(items)}, {"of another program", len(items)}} {
		again := open(t)
		n := 0
		for range again.Messages(t.Context(), marked(st.mark)) {
			n++
		}
		if n != st.want {
			t.Errorf("with mark %q: %d messages, want %d", st.mark, n, st.want)
		}
		if c, ok := again.(fetch.Counter); ok && st.mark == final && c.Listed() != int64(len(items)) {
			t.Errorf("Listed is %d for an unchanged place of %d messages", c.Listed(), len(items))
		}
		if m := again.(fetch.Marker).FinalMark(); m != final {
			t.Errorf("with mark %q the final mark is %q, want %q", st.mark, m, final)
		}
		shut(t, again)
	}
}

// state tells names, sizes, times and content of a place on disk; "" for any
// other place.
func state(t *testing.T, open func(t *testing.T) fetch.Source) string {
	t.Helper()
	src := open(t)
	defer shut(t, src)
	name, ok := strings.CutPrefix(src.Name(), "file:")
	if !ok {
		return ""
	}
	name, _, _ = strings.Cut(name, "!")
	var b bytes.Buffer
	err := filepath.WalkDir(filepath.FromSlash(name), func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s %v %v", p, info.Mode(), info.ModTime())
		if d.Type().IsRegular() {
			content, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, " %d %x", len(content), sha256.Sum256(content))
		}
		b.WriteByte('\n')
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("look at the place: %v", err)
	}
	return b.String()
}
