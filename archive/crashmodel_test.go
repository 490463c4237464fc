package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"lostpost/archive/ledger"
	"lostpost/internal/durable"
)

// modelTune has no commits but those that the test orders.
var modelTune = tuning{messages: 1 << 20, octets: 1 << 40, delay: time.Hour, inFlight: 1 << 40,
	now: func() time.Time { return day }}

const modelDir = "arc"

var modelText = map[string]string{
	"one":     "Subject: one\n\nfirst\n",
	"two":     "Subject: two\n\nsecond\n",
	"three":   "Subject: three\r\n\r\nwith CRLF\r\n",
	"four":    "Subject: four\n\nin a deep folder\n",
	"five":    "Subject: five\n\nto be removed\n",
	"six":     "Subject: six\n\nleft by a run that was stopped\n",
	"lone":    "Subject: lone\n\nadded in the last group\n",
	"partial": "Subject: cut o",
}

// modelWant says in which mailboxes each message is in the end.
var modelWant = map[string][]string{
	"one": {"", "Sent"}, "two": {"", "Entwürfe"}, "three": {""}, "four": {"Lists/golang"},
	"six": {""}, "lone": {"Sent"},
}

func modelID(name string) ID {
	d := NewDigester()
	io.WriteString(d, modelText[name])
	id, _ := d.Sums()
	return id
}

// modelRun is an import: seven messages, two of them in two mailboxes, a
// duplicate, one cut off, flags, a removal; three groups, each with its mark.
// Like fetch.Run it passes over origins that are known. It tells how many of
// the groups were reported as durable.
func modelRun(disk durable.FS) (groups int, err error) {
	w, err := openWriterOn(ctx, disk, modelDir, Options{}, modelTune)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	src := w.Source("imap://x")
	add := func(name, mailbox string, n int) {
		origin := fmt.Sprintf("imap://x/%d", n)
		if _, known := src.Known(origin); known || err != nil {
			return
		}
		_, err = w.Add(ctx, Meta{Origin: origin, Mailbox: mailbox, Received: day}, strings.NewReader(modelText[name]))
	}
	commit := func(mark string) {
		w.Mark("imap://x", mark)
		if err == nil {
			err = w.Commit(ctx)
		}
		if err == nil {
			groups++
		}
	}
	add("one", "", 1)
	add("two", "Entwürfe", 2)
	add("one", "Sent", 3)
	commit("1")
	add("three", "", 4)
	add("one", "", 5) // a duplicate
	add("two", "", 6)
	if err == nil {
		err = w.Quarantine(ctx, "imap://x/7", "cut off", strings.NewReader(modelText["partial"]))
	}
	if err == nil {
		_, err = w.SetFlags(ctx, modelID("one"), "", "S", nil)
	}
	commit("2")
	add("four", "Lists/golang", 8)
	add("five", "", 9)
	add("lone", "Sent", 10)
	commit("3")
	if err == nil {
		if rerr := w.Remove(ctx, modelID("five"), "asked for"); !errors.Is(rerr, ErrNotFound) {
			err = rerr
		}
	}
	return groups, err
}

// modelGroups says how many messages of modelOrder are here after each group.
var (
	modelGroups = []int{0, 2, 3, 6}
	modelOrder  = []string{"one", "two", "three", "four", "five", "lone"}
)

// modelBefore is the disk on which the import begins: an archive whose last run
// was stopped after it had named a message and before it wrote the line.
func modelBefore() (*durable.Sim, error) {
	disk := &durable.Sim{}
	w, err := openWriterOn(ctx, disk, modelDir, Options{}, modelTune)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(w.begin(), w.Close()); err != nil {
		return nil, err
	}
	mail := filepath.Join(modelDir, "mail")
	if err := writeFile(disk, filepath.Join(mail, "cur", modelID("six").String()+":2,"), []byte(modelText["six"])); err != nil {
		return nil, err
	}
	if err := writeFile(disk, filepath.Join(mail, "tmp", strings.Repeat("a", 64)), []byte("left over")); err != nil {
		return nil, err
	}
	// The Z of that run is taken back by a line behind it.
	f, err := disk.Append(filepath.Join(modelDir, "ledger"))
	if err != nil {
		return nil, err
	}
	_, err = f.Write(ledger.Append(nil, kindBegin, stamp(day)))
	return disk, errors.Join(err, f.Sync(), disk.Barrier(nil, []string{filepath.Join(mail, "cur"), filepath.Join(mail, "tmp"), modelDir}))
}

// modelSound says whether a disk after a crash keeps what was promised: each
// line names files that are there as a whole, what was reported as durable is in
// the ledger, and a mark is never ahead of the messages before it.
func modelSound(disk durable.FS, groups int) error {
	a, err := openOn(disk, modelDir, Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	here := map[ID]bool{}
	for e, err := range a.List(ctx, 0) {
		if err != nil {
			return err
		}
		here[e.ID] = true
		if e.Gone {
			continue
		}
		for _, p := range e.Places {
			if err := modelOctets(a, e.ID, p); err != nil {
				return err
			}
		}
	}
	for _, n := range modelOrder[:modelGroups[groups]] {
		if !here[modelID(n)] {
			return fmt.Errorf("message %s was reported as durable and is not in the ledger", n)
		}
	}
	return a.all(ctx, func(r *row) (bool, error) {
		if r.kind != kindMark {
			return true, nil
		}
		for _, n := range modelOrder[:modelGroups[r.fields[2].Text()[0]-'0']] {
			// A hole may have taken its line and left the mark, which is in the
			// same write: then the message is there for the sweep to adopt.
			first := Meta{Mailbox: map[string]string{"two": "Entwürfe", "four": "Lists/golang", "lone": "Sent"}[n]}
			if !here[modelID(n)] && modelOctets(a, modelID(n), first) != nil {
				return false, fmt.Errorf("mark %s is ahead of message %s", r.fields[2].Text(), n)
			}
		}
		return true, nil
	})
}

func modelOctets(a *Archive, id ID, p Meta) error {
	name, _, err := a.names.locate(id, p.Mailbox, p.Flags)
	if err != nil {
		return fmt.Errorf("a ledger line names a missing file: %w", err)
	}
	f, err := a.disk.Open(name)
	if err != nil {
		return err
	}
	if have, _, _, err := digestFile(f); err != nil || have != id {
		return fmt.Errorf("%s: octets are not whole (%v)", name, err)
	}
	return nil
}

// modelComplete says whether the import is complete: nothing lost, nothing
// twice, nothing that Check finds.
func modelComplete(disk durable.FS) error {
	a, err := openOn(disk, modelDir, Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	got := map[ID][]string{}
	for e, err := range a.List(ctx, 0) {
		if err != nil {
			return err
		}
		if _, twice := got[e.ID]; twice {
			return fmt.Errorf("message %s is listed twice", e.ID)
		}
		if e.Gone {
			continue
		}
		for _, p := range e.Places {
			got[e.ID] = append(got[e.ID], p.Mailbox)
		}
	}
	files := 0
	for name, boxes := range modelWant {
		have := slices.Sorted(slices.Values(got[modelID(name)]))
		if !slices.Equal(have, boxes) {
			return fmt.Errorf("message %s is in %q, want %q", name, have, boxes)
		}
		files += len(boxes)
	}
	if len(got) != len(modelWant) {
		return fmt.Errorf("%d messages, want %d", len(got), len(modelWant))
	}
	folders, err := a.folderNames()
	if err != nil {
		return err
	}
	for _, f := range folders {
		names, err := disk.List(filepath.Join(modelDir, "mail", f, "cur"))
		if err != nil {
			return err
		}
		files -= len(names)
	}
	if files != 0 {
		return fmt.Errorf("%d files too few in mail/", files)
	}
	for f, err := range a.Check(ctx, CheckOptions{}) {
		if err != nil {
			return err
		}
		return fmt.Errorf("check: %s %s %s", f.Code, f.Path, f.Detail)
	}
	return nil
}

// modelLuck is luck number n of total: all kept, all lost, torn, holed, each
// name alone kept or lost, then random subsets.
func modelLuck(n, pending int, r *rand.Rand) durable.Luck {
	cut := func(max int) int { return r.IntN(max + 1) }
	all := func(keep bool, f durable.Fate) durable.Luck {
		return durable.Luck{Name: func(int, int) bool { return keep }, Data: func(int) durable.Fate { return f }, Cut: cut}
	}
	switch {
	case n < 4:
		return all(true, durable.Fate(n))
	case n == 4:
		return all(false, durable.Lost)
	case n-5 < pending:
		return durable.Luck{Name: func(i, _ int) bool { return i != n-5 }, Data: func(int) durable.Fate { return durable.Torn }, Cut: cut}
	case n-5-pending < pending:
		return durable.Luck{Name: func(i, _ int) bool { return i == n-5-pending }, Data: func(int) durable.Fate { return durable.Holed }, Cut: cut}
	}
	return durable.Luck{
		Name: func(int, int) bool { return r.IntN(2) == 0 },
		Data: func(int) durable.Fate { return durable.Fate(r.IntN(4)) },
		Cut:  cut,
	}
}

// tryCrashes runs the model: for every operation of the import and so many
// kinds of luck the power fails; what is left is looked at; the power fails
// again while the next run recovers; then a run goes through. Wrap makes the
// program under test err on purpose.
func tryCrashes(before *durable.Sim, lucks int, wrap func(*durable.Sim) durable.FS) (states int64, err error) {
	same := durable.Luck{Name: func(int, int) bool { return true }, Data: func(int) durable.Fate { return durable.Kept }, Cut: func(n int) int { return n }}
	whole := before.Crash(same)
	if _, err := modelRun(wrap(whole)); err != nil {
		return 0, fmt.Errorf("without a crash: %w", err)
	}
	if err := modelComplete(whole); err != nil {
		return 0, fmt.Errorf("without a crash: %w", err)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(1000)) // the heap is small and short-lived
	var count atomic.Int64
	g, gctx := errgroup.WithContext(context.Background())
	g.SetLimit(runtime.GOMAXPROCS(0))
	for op := 1; op <= whole.Ops()+1; op++ {
		g.Go(func() error {
			disk := before.Crash(same)
			disk.StopAt(op)
			groups, err := modelRun(wrap(disk))
			if err != nil && !errors.Is(err, durable.ErrPowerCut) {
				return fmt.Errorf("operation %d: %w", op, err)
			}
			disk.Stop()
			for n := range lucks {
				if gctx.Err() != nil {
					return gctx.Err()
				}
				r := rand.New(rand.NewPCG(uint64(op), uint64(n)))
				if err := tryCrash(disk, groups, n, r, wrap); err != nil {
					return fmt.Errorf("crash before operation %d, luck %d: %w", op, n, err)
				}
				count.Add(1)
			}
			return nil
		})
	}
	err = g.Wait()
	return count.Load(), err
}

func tryCrash(dead *durable.Sim, groups, n int, r *rand.Rand, wrap func(*durable.Sim) durable.FS) error {
	disk := dead.Crash(modelLuck(n, dead.Pending(), r))
	if err := modelSound(disk, groups); err != nil {
		return err
	}
	disk.StopAt(1 + r.IntN(60))
	again, err := modelRun(wrap(disk))
	if err != nil && !errors.Is(err, durable.ErrPowerCut) {
		return fmt.Errorf("recovery: %w", err)
	}
	disk.Stop()
	disk = disk.Crash(modelLuck(1000, 0, r))
	if err := modelSound(disk, max(groups, again)); err != nil {
		return fmt.Errorf("second crash: %w", err)
	}
	if _, err := modelRun(wrap(disk)); err != nil {
		return fmt.Errorf("last run: %w", err)
	}
	return modelComplete(disk)
}

func plain(s *durable.Sim) durable.FS { return s }

// TestCrashModelLosesNothing is the promise of this package: at whatever
// operation the power fails, and whatever of the unsynced data is left, no
// message is lost or doubled, and no ledger line names a file that is not there.
func TestCrashModelLosesNothing(t *testing.T) {
	lucks := 195
	if testing.Short() {
		lucks = 12
	}
	before, err := modelBefore()
	must(t, err)
	start := time.Now()
	states, err := tryCrashes(before, lucks, plain)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d states in %.1f s", states, time.Since(start).Seconds())
}

// forget makes the operations of a kind on matching names do nothing.
func forget(op, part string) func(*durable.Sim) durable.FS {
	return func(s *durable.Sim) durable.FS {
		s.Hook = func(o, name string) error {
			if o == op && strings.Contains(filepath.ToSlash(name), part) {
				return durable.ErrSkip
			}
			return nil
		}
		return s
	}
}

// TestCrashModelHasTeeth runs the model on programs that err in one point each
// and expects it to notice.
func TestCrashModelHasTeeth(t *testing.T) {
	for name, wrap := range map[string]func(*durable.Sim) durable.FS{
		"files not synced":       forget("sync", "/mail/"),
		"inbox not synced":       forget("syncdir", "/mail/cur"),
		"new folders not synced": forget("syncdir", "/mail"),
		"ledger not synced":      forget("sync", "/ledger"),
		"ledger before names":    func(s *durable.Sim) durable.FS { return &lateNames{Sim: s} },
	} {
		t.Run(name, func(t *testing.T) {
			before, err := modelBefore()
			must(t, err)
			if _, err := tryCrashes(before, 10, wrap); err == nil {
				t.Error("the model found nothing wrong")
			} else {
				t.Log(err)
			}
		})
	}
}

// LateNames is a program that writes the ledger first: it renames to cur only
// after the next sync of the ledger.
type lateNames struct {
	*durable.Sim
	mu   sync.Mutex
	late [][2]string
}

func (l *lateNames) Rename(from, to string) error {
	if filepath.Base(filepath.Dir(to)) != "cur" {
		return l.Sim.Rename(from, to)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.late = append(l.late, [2]string{from, to})
	return nil
}

func (l *lateNames) Link(from, to string) error { return errors.Join(l.flush(), l.Sim.Link(from, to)) }

func (l *lateNames) flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range l.late {
		if err := l.Sim.Rename(n[0], n[1]); err != nil {
			return err
		}
		if err := l.Sim.Barrier(nil, []string{filepath.Dir(n[1])}); err != nil {
			return err
		}
	}
	l.late = nil
	return nil
}

func (l *lateNames) Append(name string) (durable.File, error) {
	f, err := l.Sim.Append(name)
	return &lateFile{f, l}, err
}

type lateFile struct {
	durable.File
	l *lateNames
}

func (f *lateFile) Sync() error { return errors.Join(f.File.Sync(), f.l.flush()) }
