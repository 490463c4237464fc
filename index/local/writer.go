package local

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/blevesearch/bleve/v2/index/scorch"
	"github.com/blevesearch/bleve/v2/index/scorch/mergeplan"
	bleve "github.com/blevesearch/bleve_index_api"

	"lostpost/index"
	"lostpost/index/analyze"
)

const (
	// batchBytes bounds the analysed text of one segment, batchDocuments the
	// number of its documents. Of 5,000 messages (101 MB), 4 MiB took 4.4 CPU s
	// and 222 MB at the peak, 6 MiB 4.6 s and 340 MB, 8 MiB with the next batch
	// gathered meanwhile 4.6 s and 840 MB: one size, one batch at a time.
	batchBytes     = 4 << 20
	batchDocuments = 2000

	// documentBytes is charged for every document: its header terms.
	documentBytes = 2 << 10

	// maxArchives is what one octet can number.
	maxArchives = 256
)

var (
	errReader = errors.New("index: opened for reading")
	errBroken = errors.New("index: damaged; it is built again when it is opened the next time")

	errNotOnDisk = errors.New("a segment is not on disk")
)

// Apply writes one generation. See index.Index.
func (e *engine) Apply(ctx context.Context, b index.Batch) error {
	if e.lock == nil {
		return errReader
	}
	if e.done {
		return errClosed
	}
	if e.broken {
		return errBroken
	}
	if err := e.apply(ctx, b); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	return nil
}

func (e *engine) apply(ctx context.Context, b index.Batch) error {
	next, number, err := e.next(b)
	if err != nil {
		return err
	}
	w := &writer{engine: e, number: number, sets: map[string]string{}, values: map[string]values{}}
	if err := w.write(ctx, b); err != nil {
		return errors.Join(err, w.discard(), e.diagnose(err))
	}
	if w.scorch == nil && e.state != nil {
		return e.publish(next) // nothing but the cursor moved
	}
	if err := w.finish(next); err != nil {
		return errors.Join(err, w.discard(), e.diagnose(err))
	}
	if err := e.publish(next); err != nil {
		return err
	}
	if w.crowded != nil {
		return e.compact(ctx, w.crowded)
	}
	return nil
}

// next is the state after b, still without its generation, and the number of
// b's archive in it.
func (e *engine) next(b index.Batch) (*current, byte, error) {
	next := &current{schema: schema, analysis: analyze.Fingerprint}
	if e.state != nil {
		*next = *e.state
		next.archives = slices.Clone(e.state.archives)
	}
	at := slices.IndexFunc(next.archives, func(f followed) bool { return f.identity == b.Archive })
	if at < 0 {
		at = len(next.archives)
		if at == maxArchives {
			return nil, 0, errors.New("one index cannot follow more than 256 archives")
		}
		next.archives = append(next.archives, followed{identity: b.Archive})
	}
	next.archives[at].cursor = b.Cursor
	return next, byte(at), nil
}

// publish makes next the state of the writer, and of everybody unless a rebuild
// is under way that covers less than what is published.
func (e *engine) publish(next *current) error {
	hidden := e.published != nil && e.published.generation != stateGeneration(e.state) && !next.covers(e.published)
	if !hidden {
		if err := next.publish(e.dir); err != nil {
			return err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.state = next
	if !hidden {
		if e.published != nil && e.published.generation != next.generation {
			e.previous = e.published.generation
		}
		e.published = next
	}
	keep := []int64{next.generation, e.previous}
	if e.published != nil {
		keep = append(keep, e.published.generation)
	}
	if err := sweep(e.dir, keep...); err != nil {
		e.opt.Log.Warn("old generation stays for now", "err", err)
	}
	return nil
}

func stateGeneration(c *current) int64 {
	if c == nil {
		return 0
	}
	return c.generation
}

// covers reports whether nobody loses anything when c takes the place of old:
// it is as far in every archive that it follows, or holds as much (a ledger
// that was made anew has smaller offsets).
func (c *current) covers(old *current) bool {
	if c.documents >= old.documents {
		return true
	}
	for _, f := range c.archives {
		if f.cursor < old.cursor(f.identity) {
			return false
		}
	}
	return true
}

// diagnose looks for the cause of a failed write. If what is published turns
// out to be damaged, it is given up: without CURRENT the next Open begins a new
// index. This writer takes nothing more then, since its caller believes in a
// cursor that is lost.
func (e *engine) diagnose(err error) error {
	if e.published == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	var damaged *damagedError
	if !errors.As(Verify(context.Background(), e.dir), &damaged) {
		return nil // the disk is full, or the like
	}
	e.opt.Log.Warn("index is built again", "why", damaged.what)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.state, e.published, e.broken = nil, nil, true
	return withdraw(e.dir)
}

// compact merges segments in a generation of its own, after what was asked for
// is published. Failing only costs a slower search, and is an error only if the
// index turns out to be damaged.
func (e *engine) compact(ctx context.Context, how *mergeplan.MergePlanOptions) error {
	next := *e.state
	w := &writer{engine: e}
	err := w.begin()
	if err == nil {
		err = w.merge(ctx, how)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = w.finish(&next)
	}
	if err == nil {
		err = e.publish(&next)
	} else {
		err = errors.Join(err, w.discard(), e.diagnose(err))
	}
	if e.broken {
		return err
	}
	if err != nil {
		e.opt.Log.Warn("segments not merged", "err", err)
	}
	return nil
}

// A writer makes one generation. It is opened when the first document or
// removal comes.
type writer struct {
	*engine
	number byte // of the archive in keys

	generation int64
	dir        string
	scorch     *scorch.Scorch
	queue      *bleve.AnalysisQueue

	linked []string              // names of the files of the generation before
	sets   map[string]string     // see placesOf; of what is put or placed, by key
	values map[string]values     // of what is put, by key
	placed []string              // keys of documents that got other places
	before *scorch.IndexSnapshot // segments before they were merged, nil if they were not

	crowded *mergeplan.MergePlanOptions // how segments should be merged, nil: not at all; set by finish
}

// begin makes the folder of the new generation and opens it for writing.
func (w *writer) begin() (err error) {
	after := max(stateGeneration(w.state), stateGeneration(w.published))
	if w.generation, err = nextGeneration(w.engine.dir, after); err != nil {
		return err
	}
	w.dir = filepath.Join(w.engine.dir, folderOf(w.generation))
	if w.linked, err = link(w.folder(w.state), w.dir); err != nil {
		return err
	}
	w.queue = bleve.NewAnalysisQueue(1) // documents come analysed
	w.scorch, err = openScorch(w.dir, false, w.queue)
	return err
}

// write takes the documents and removals of b.
func (w *writer) write(ctx context.Context, b index.Batch) error {
	if b.Put != nil {
		if err := w.putAll(ctx, b.Put); err != nil {
			return err
		}
	}
	if len(b.Placed) > 0 && w.scorch == nil {
		if err := w.begin(); err != nil {
			return err
		}
	}
	for _, e := range b.Placed {
		key := keyOf(e.ID, w.number)
		w.sets[key] = placesOf(e)
		w.placed = append(w.placed, key)
	}
	for ids := range slices.Chunk(b.Remove, batchDocuments) {
		batch := bleve.NewBatch()
		for _, id := range ids {
			batch.Delete(keyOf(id, w.number))
		}
		if err := w.commit(batch); err != nil {
			return err
		}
	}
	if w.state == nil && w.scorch == nil {
		return w.begin() // an empty index is one too
	}
	return ctx.Err()
}

// putAll turns messages into documents on several goroutines and writes them in
// batches.
func (w *writer) putAll(ctx context.Context, put iter.Seq[index.Document]) error {
	var (
		scratches = make(chan *scratch, w.opt.Workers)
		building  sync.WaitGroup
		gathered  []*pending
		size      int64
	)
	defer building.Wait()
	for range w.opt.Workers {
		scratches <- newScratch()
	}
	flush := func() error {
		building.Wait()
		batch := bleve.NewBatch()
		for _, p := range gathered {
			batch.Update(p.doc) // the last of two with one key stays
			w.sets[p.doc.key], w.values[p.doc.key] = p.doc.places, p.doc.values
		}
		gathered, size = nil, 0
		return w.commit(batch)
	}
	for d := range put {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := &pending{}
		gathered = append(gathered, p)
		scratch := <-scratches
		building.Go(func() {
			p.doc = build(d, w.number, scratch)
			scratches <- scratch
		})
		if size += documentBytes; d.Message != nil {
			size += int64(len(d.Message.Text))
			for _, a := range d.Message.Attached {
				size += int64(len(a.Text))
			}
		}
		if size >= batchBytes || len(gathered) >= batchDocuments {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := ctx.Err(); err != nil || len(gathered) == 0 {
		return err
	}
	return flush()
}

// A pending document keeps its place while it is built.
type pending struct{ doc *document }

// commit writes one batch as a segment. It is on disk when commit returns.
// bleve looks the keys up in the older segments; damaged ones may panic.
func (w *writer) commit(batch *bleve.Batch) error {
	if w.scorch == nil {
		if err := w.begin(); err != nil {
			return err
		}
	}
	err := guard(func() error { return w.scorch.Batch(batch) })
	if err != nil {
		return err
	}
	return release(w.scorch)
}

// merge brings the number of segments and the share of deleted documents down.
func (w *writer) merge(ctx context.Context, how *mergeplan.MergePlanOptions) (err error) {
	if w.before, err = snapshotOf(w.scorch); err != nil {
		return err
	}
	return merge(ctx, w.scorch, how)
}

// A shape is what the segments of a generation are like.
type shape struct {
	live  int64                       // documents that are not deleted
	files []string                    // names of the segments
	merge *mergeplan.MergePlanOptions // how they should be merged; nil: not at all
}

// look gives the shape of what is being written.
func (w *writer) look() (shape, error) {
	root, err := snapshotOf(w.scorch)
	if err != nil {
		return shape{}, err
	}
	defer root.Close()
	var s shape
	var all int64
	var segments []mergeplan.Segment
	for _, seg := range root.Segments() {
		name := fileOf(seg.Segment())
		if name == "" {
			return s, errNotOnDisk
		}
		s.files = append(s.files, name)
		s.live += seg.LiveSize()
		all += seg.FullSize()
		segments = append(segments, seg)
	}
	if all-s.live > max(s.live/4, floorSegment) {
		s.merge = &mergeplan.SingleSegmentMergePlanOptions
	} else if s.merge, err = mergeOf(segments, int64(len(w.values))); err != nil {
		return s, err
	}
	return s, nil
}

// finish closes the generation, makes it durable and names it in next.
func (w *writer) finish(next *current) error {
	if err := persisted(w.scorch); err != nil {
		return err
	}
	if err := guard(w.columns); err != nil {
		return err
	}
	s, err := w.look()
	if err != nil {
		return err
	}
	if err := w.close(); err != nil {
		return err
	}
	if err := prune(w.dir, s.files); err != nil {
		return err
	}
	if err := syncFolder(w.dir, w.linked); err != nil {
		return err
	}
	next.generation, next.documents = w.generation, s.live
	w.crowded = s.merge
	return nil
}

func (w *writer) close() error {
	var err error
	if w.before != nil {
		err = w.before.Close()
		w.before = nil
	}
	if w.scorch != nil {
		err = errors.Join(err, w.scorch.Close())
	}
	if w.queue != nil {
		w.queue.Close()
	}
	w.scorch, w.queue = nil, nil
	return err
}

// discard gives the generation up.
func (w *writer) discard() error {
	err := w.close()
	if w.dir == "" {
		return err
	}
	return errors.Join(err, os.RemoveAll(w.dir))
}
