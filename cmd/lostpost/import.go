package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lostpost/archive"
	"lostpost/fetch"
	"lostpost/fetch/files"
	"lostpost/index"
	"lostpost/index/local"
	"lostpost/internal/term"
)

type importFlags struct {
	mailbox string
	report  string
	noIndex bool
	dryRun  bool
	list    pathList
}

func (a *app) importCommand() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:     "import PATH...",
		GroupID: "in",
		Short:   "Put mail files, folders and packed files into the archive",
		Long:    "Import takes mbox, .eml, Maildir, Takeout, the folders of Thunderbird, Apple Mail, Outlook Express (.dbx), Outlook (.msg, .olm), Evolution, KMail, MH and Claws, and zip, tar, 7z, gz around them, in any mix. What they are is seen from their content. Twice the same adds nothing. The paths themselves are never changed.",
		Example: "  lostpost import takeout.zip\n  lostpost import ~/.thunderbird old-mail/\n  lostpost import -n takeout.zip",
		RunE: func(cmd *cobra.Command, args []string) error {
			paths, err := f.list.paths(a, args)
			if err != nil {
				return err
			}
			if len(paths) == 0 {
				return fail(exitFailed, "Give files or folders: lostpost import PATH", "nothing to import.")
			}
			return a.imports(cmd.Context(), paths, &f)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.mailbox, "mailbox", "", "put everything below the mailbox `NAME`")
	fl.StringVar(&f.report, "report", "", "one JSON line for every message to `FILE`")
	fl.BoolVar(&f.noIndex, "no-index", false, "do not index now; the next import does, or lostpost index")
	fl.BoolVarP(&f.dryRun, "dry-run", "n", false, "say what would be stored, store nothing")
	f.list.register(fl)
	return cmd
}

// importTotal is the account over all paths.
type importTotal struct {
	seen, stored, duplicate, failed, bytes int64
	// unkept are messages that were read but are not in the archive, because
	// it failed before they were durable; stored does not count them.
	unkept       int64
	failures     []fetch.Failure
	notMail      map[string]int64
	notMailCount int64
	code         int
}

// add counts one place in. Its failures are named by the path as it was given.
func (t *importTotal) add(p place, r fetch.Report) {
	t.seen += r.Seen + r.Known
	t.stored += r.Stored
	t.duplicate += r.Duplicate + r.Known
	t.failed += r.Failed
	t.bytes += r.Bytes
	for _, f := range r.Failures {
		if inner, ok := strings.CutPrefix(f.Origin, p.src.Name()); ok {
			f.Origin = "file:" + strings.TrimSuffix(p.path, "/") + inner
		}
		t.failures = append(t.failures, f)
	}
	if r.Failed > 0 {
		t.code = worse(t.code, exitSome)
	}
}

// keepTo corrects the account of a run that ended early: what the archive does
// not have now is not stored, whatever the run took.
func (t *importTotal) keepTo(arc *archive.Archive, before int64) {
	st, err := arc.Stat(context.Background()) // the run's own context may have ended
	if err != nil {
		return // the archive is gone; the error of the run says so
	}
	if kept := st.Messages - before; kept < t.stored {
		t.unkept, t.stored = t.stored-kept, kept
		t.code = worse(t.code, exitSome)
	}
}

func (a *app) imports(ctx context.Context, paths []string, f *importFlags) (err error) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(indexMemory))
	started := a.now()
	if f.dryRun {
		return a.importDry(ctx, paths, f)
	}
	places, failed, err := a.openPlaces(ctx, paths, f)
	if err != nil {
		return err
	}
	rep, err := openReport(f.report)
	if err != nil {
		return err
	}
	w, err := archive.OpenWriter(ctx, a.dir(), archive.Options{Log: a.log()})
	if err != nil {
		return err
	}
	defer func() {
		if cerr := w.Close(); err == nil {
			err = cerr
		}
	}()
	follow := a.followIndex(ctx, w.Archive, f.noIndex)
	t := &importTotal{notMail: map[string]int64{}, code: failed}
	before, err := w.Stat(ctx)
	if err != nil {
		return err
	}
	runErr := a.importAll(ctx, places, w, rep, t)
	if runErr != nil {
		t.keepTo(w.Archive, before.Messages)
	}
	indexed, indexErr := follow.finish(ctx)
	if err := rep.close(t); err != nil && runErr == nil {
		runErr = err
	}
	a.printImport(ctx, w.Archive, t, started, indexed)
	switch {
	case runErr != nil:
		return runErr
	case indexErr != nil:
		return indexErr
	case t.code != exitOK:
		return status(t.code)
	}
	return nil
}

// A place is one path and the mail in it.
type place struct {
	path string
	src  *files.Source
}

// openPlaces looks at every path before the archive is touched. A path that
// cannot be opened is told and the rest goes on; if none can, nothing is made.
func (a *app) openPlaces(ctx context.Context, paths []string, f *importFlags) (places []place, code int, err error) {
	for _, p := range paths {
		src, err := files.Open(p, fetch.Options{Log: a.log(), Mailbox: f.mailbox})
		if err == nil {
			places = append(places, place{p, src})
			continue
		}
		notMail(err, p)
		if len(paths) == 1 {
			return nil, 0, err
		}
		x := a.explain(ctx, err)
		fmt.Fprintf(a.err, "lostpost: %s\n", term.Sanitize(x.msg+" "+x.todo))
		code = exitFailed
	}
	if len(places) == 0 {
		return nil, 0, status(code)
	}
	return places, code, nil
}

// notMail reports whether err says that nothing there is mail, and puts the
// path into it as the user gave it.
func notMail(err error, path string) bool {
	var e *fetch.NotMailError
	if !errors.As(err, &e) {
		return false
	}
	e.Path = path
	return true
}

// importAll runs over every place. Only trouble of the archive ends it.
func (a *app) importAll(ctx context.Context, places []place, w *archive.Writer, rep *itemReport, t *importTotal) error {
	width := 0
	for _, p := range places {
		width = max(width, term.Columns(oneLine(p.path)))
	}
	progress := term.NewProgress(a.err, a.progressMode())
	defer progress.Close()
	for _, p := range places {
		report, err := a.importOne(ctx, p.src, w, p.path, progress, rep)
		t.add(p, report)
		if notMail(err, p.path) {
			x := a.explain(ctx, err)
			progress.Print("lostpost: " + term.Sanitize(x.msg+" "+x.todo))
			t.code, err = worse(t.code, exitFailed), nil
		}
		what := "not finished"
		if err == nil {
			what = oneLine(p.src.Describe())
			for _, n := range p.src.NotMail() {
				t.notMail[n.Kind] += n.Count
				t.notMailCount += n.Count
			}
		}
		if !a.json && !a.quiet {
			a.printPlace(oneLine(p.path), width, what, count(report.Seen+report.Known, "message"))
		}
		if err := errors.Join(err, p.src.Close()); err != nil {
			return err
		}
	}
	return nil
}

// printPlace prints what was at one path. On a terminal it fits in a line.
func (a *app) printPlace(path string, width int, what, messages string) {
	const whatWidth, messagesWidth = 38, len("12,418 messages")
	rest := whatWidth
	if a.outTerminal() {
		rest = a.width() - messagesWidth - 4
		width = min(width, rest*2/5)
		path, rest = tail(path, width), min(whatWidth, rest-width)
		what = term.Truncate(what, rest)
	}
	a.printf("%s  %s  %*s\n", fill(path, width), fill(what, rest), messagesWidth, messages)
}

// importOne runs over one path and shows how far it is.
func (a *app) importOne(ctx context.Context, src *files.Source, w *archive.Writer, path string, progress term.Progress, rep *itemReport) (fetch.Report, error) {
	_, total := src.Totals()
	job := progress.Start("reading "+tail(oneLine(path), 16), total) // the name of a job has 24 columns
	defer job.Done()
	return fetch.Run(ctx, src, w, fetch.Options{Log: a.log(), Item: rep.item, Progress: func(fetch.Progress) {
		job.Set(src.Consumed()) // octets of the files that are done with: what total counts
	}})
}

func (a *app) progressMode() term.Mode {
	switch {
	case a.noProgress || a.quiet:
		return term.None
	case a.progress == "json":
		return term.JSON
	}
	return term.Auto
}

// printImport prints the account. Its numbers always add up.
func (a *app) printImport(ctx context.Context, arc *archive.Archive, t *importTotal, started time.Time, indexed int64) {
	if a.json {
		s := t.summary()
		s.Indexed, s.Took = &indexed, a.now().Sub(started).Seconds()
		writeJSON(a.buf, s)
		return
	}
	if a.quiet {
		return
	}
	a.printf("%s seen = %s stored + %s already there + %s not readable", term.Number(t.seen), term.Number(t.stored), term.Number(t.duplicate), term.Number(t.failed))
	if t.unkept > 0 {
		a.printf(" + %s not stored yet", term.Number(t.unkept))
	}
	a.printf("\n")
	if t.failed > 0 {
		a.printf("not readable (named in full by: lostpost check --report %s):\n", started.Local().Format(runForm))
		for i, f := range t.failures {
			if i == 3 {
				break
			}
			a.printf("  %s     %s\n", a.fitOrigin(f), oneLine(f.Reason))
		}
		if more := t.failed - 3; more > 0 {
			a.printf("  %s more\n", term.Number(more))
		}
	}
	if t.notMailCount > 0 {
		a.printf("not mail: %s (%s)\n", count(t.notMailCount, "file"), kinds(t.notMail))
	}
	st, err := arc.Stat(context.WithoutCancel(ctx))
	if err != nil {
		return
	}
	a.printf("Archive: %s (%s in %s). Search it: lostpost search WORD\n", a.tilde(arc.Dir()), term.Size(st.Bytes), count(st.Messages, "message"))
}

// summary is the account as JSON. What was not kept counts as failed, so that
// the sum holds.
func (t *importTotal) summary() summary {
	return summary{Type: "summary", Schema: 1, Seen: &t.seen, Stored: &t.stored, Duplicate: &t.duplicate,
		Failed: ptr(t.failed + t.unkept), NotMail: &t.notMailCount, Bytes: &t.bytes}
}

// runForm names a run by its local starting time.
const runForm = "2006-01-02T15.04"

// fitOrigin says where a failure lies; on a terminal the line fits.
func (a *app) fitOrigin(f fetch.Failure) string {
	s := oneLine(a.originForPeople(f.Origin))
	if a.outTerminal() {
		s = tail(s, max(a.width()-2-5-term.Columns(oneLine(f.Reason)), 20))
	}
	return s
}

// originForPeople says where a message lies without the scheme.
func (a *app) originForPeople(origin string) string {
	s := strings.TrimPrefix(origin, "file:")
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		if n, err := strconv.ParseInt(s[i+1:], 10, 64); err == nil {
			return a.tilde(s[:i]) + " at " + term.Number(n)
		}
	}
	return a.tilde(s)
}

// An itemReport writes one JSON line for every message of an import and a
// summary. If the archive fails, the summary tells how many of those that were
// taken it does not have.
type itemReport struct {
	f   *os.File
	err error
}

func openReport(name string) (*itemReport, error) {
	if name == "" {
		return &itemReport{}, nil
	}
	f, err := os.Create(name)
	return &itemReport{f: f}, err
}

func (r *itemReport) item(it fetch.Item) {
	if r.f == nil || r.err != nil {
		return
	}
	r.err = writeJSON(r.f, struct {
		Type   string `json:"type"`
		Origin string `json:"origin"`
		ID     string `json:"id,omitempty"`
		Result string `json:"result"`
		Reason string `json:"reason,omitempty"`
	}{"item", it.Origin, idOrNone(it.ID), string(it.Result), it.Reason})
}

func (r *itemReport) close(t *importTotal) error {
	if r.f == nil {
		return nil
	}
	if r.err == nil {
		r.err = writeJSON(r.f, t.summary())
	}
	return errors.Join(r.err, r.f.Close())
}

// An indexFollower indexes what the import commits while it goes on, so that a
// search in another window finds a message about a second after it is stored.
type indexFollower struct {
	ix     index.Index
	until  chan struct{} // closed when the import has ended
	done   chan error
	absent bool
}

func (a *app) followIndex(ctx context.Context, arc *archive.Archive, no bool) *indexFollower {
	f := &indexFollower{done: make(chan error, 1)}
	if no {
		f.absent = true
		return f
	}
	ix, err := local.Open(a.indexDir(), local.Options{Log: a.log(), Archive: arc.Identity()})
	if err != nil {
		// Another process indexes this archive: it will see our mail too.
		f.absent = true
		a.note("not indexed now: %s", a.explain(ctx, err).msg)
		return f
	}
	f.ix = ix
	f.until = make(chan struct{})
	opt := index.Options{Log: a.log(), Decode: a.withAttachments(), Facts: indexFacts, Follow: true, Until: f.until}
	go func() {
		_, err := index.Update(ctx, ix, arc, opt)
		f.done <- err
	}()
	return f
}

// finish brings the index up to the end of the ledger and closes it. It gives
// the number of messages that are indexed.
func (f *indexFollower) finish(ctx context.Context) (indexed int64, err error) {
	if f.absent {
		return 0, nil
	}
	close(f.until)
	err = <-f.done
	if err == nil {
		indexed, err = f.ix.Count(ctx)
	}
	if errors.Is(err, context.Canceled) {
		err = nil // the run's own error says it
	}
	return indexed, errors.Join(err, f.ix.Close())
}
