package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"lostpost/archive"
	"lostpost/decode"
	"lostpost/index/query"
	"lostpost/internal/term"
)

type dumpFlags struct {
	out         string
	attachments string
	newText     bool
	oneFile     bool
	format      string
	dryRun      bool
}

func (a *app) dumpCommand() *cobra.Command {
	var f dumpFlags
	cmd := &cobra.Command{
		Use:         "dump [QUERY...] -o DIR|-",
		GroupID:     "read",
		Short:       "One text file a message",
		Long:        "Dump writes every message, or those that a query finds, as text files in folders like the mailboxes. The same archive gives the same names, and what is there is not written again. Attachments lie beside, in a folder of the same name.",
		Example:     "  lostpost dump -o text/\n  lostpost dump from:anna -o - | less\n  lostpost dump date:2024 -o 2024/ --attachments",
		Annotations: map[string]string{"takes": "query"},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.dump(cmd.Context(), strings.Join(args, " "), &f)
		},
	}
	fl := cmd.Flags()
	fl.StringVarP(&f.out, "output", "o", "", "the folder `DIR`, or - for stdout")
	fl.StringVar(&f.attachments, "attachments", "", "write attachments too, beside the text or (`flat`) all into one folder")
	fl.Lookup("attachments").NoOptDefVal = "beside"
	fl.BoolVar(&f.newText, "new-text", false, "leave out quoted replies and signatures")
	fl.BoolVar(&f.oneFile, "one-file", false, "-o names one file for all messages, divided by form feeds")
	fl.StringVar(&f.format, "format", "text", "`FORM`: text, json or markdown")
	fl.BoolVarP(&f.dryRun, "dry-run", "n", false, "say what would be written, write nothing")
	return cmd
}

// A dumper writes messages as files.
type dumper struct {
	app   *app
	flags *dumpFlags
	arc   *archive.Archive

	messages, written, kept, lost atomic.Int64
}

func (a *app) dump(ctx context.Context, text string, f *dumpFlags) error {
	if f.out == "" {
		return fail(exitFailed, "Say where: lostpost dump -o DIR", "nowhere to write.")
	}
	switch f.format {
	case "text", "json", "markdown":
	default:
		return fail(exitFailed, "It is text, json or markdown.", "--format cannot be %q.", f.format)
	}
	switch f.attachments {
	case "", "beside", "flat":
	default:
		return fail(exitFailed, "It is --attachments or --attachments=flat.", "--attachments cannot be %q.", f.attachments)
	}
	arc, err := a.open()
	if err != nil {
		return err
	}
	defer arc.Close()
	d := &dumper{app: a, flags: f, arc: arc}
	if f.oneFile || f.out == "-" {
		return d.stream(ctx, text)
	}
	if err := a.onAllCores(ctx, arc, text, d.file); err != nil {
		return err
	}
	return d.summary()
}

// onAllCores calls fn for the same messages as selected, from one goroutine for
// each processor. The first error ends it.
func (a *app) onAllCores(ctx context.Context, arc *archive.Archive, text string, fn func(context.Context, archive.ID) error) error {
	g, gctx := errgroup.WithContext(ctx)
	ids := make(chan archive.ID)
	g.Go(func() error {
		defer close(ids)
		return a.selected(gctx, arc, text, func(id archive.ID) error {
			select {
			case ids <- id:
				return nil
			case <-gctx.Done():
				return gctx.Err()
			}
		})
	})
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			for id := range ids {
				if err := fn(gctx, id); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// selected calls fn for every message of the archive, or those of a query.
func (a *app) selected(ctx context.Context, arc *archive.Archive, text string, fn func(archive.ID) error) error {
	if strings.TrimSpace(text) == "" {
		ids, err := storedIDs(ctx, arc)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := fn(id); err != nil {
				return err
			}
		}
		return nil
	}
	q, err := query.Parse(text, a.now())
	if err != nil {
		return err
	}
	ids, err := a.hits(ctx, q)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := fn(id); err != nil {
			return err
		}
	}
	return nil
}

func (d *dumper) summary() error {
	n := d.messages.Load()
	if d.app.json {
		if err := writeJSON(d.app.buf, summary{Type: "summary", Schema: 1, Total: &n, Written: ptr(d.written.Load())}); err != nil {
			return err
		}
	} else if !d.app.quiet {
		verb := "written"
		if d.flags.dryRun {
			verb = "would be written"
		}
		d.app.printf("%s: %s files %s, %s there before, in %s\n", count(n, "message"), term.Number(d.written.Load()), verb, term.Number(d.kept.Load()), oneLine(d.flags.out))
	}
	switch {
	case n == 0:
		return status(exitNone)
	case d.lost.Load() > 0:
		d.app.note("%s could not be read whole; the text says where.", count(d.lost.Load(), "message"))
		return status(exitSome)
	}
	return nil
}

// stream writes all messages to stdout or one file.
func (d *dumper) stream(ctx context.Context, text string) (err error) {
	var w io.Writer = d.app.buf
	if d.flags.out != "-" {
		f, err := os.OpenFile(d.flags.out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		w = f
	}
	err = d.app.selected(ctx, d.arc, text, func(id archive.ID) error {
		return withArchived(ctx, d.arc, id, func(it *item) error {
			m, err := it.decode(ctx, decode.Options{})
			if err != nil {
				return err
			}
			if d.messages.Add(1) > 1 && d.flags.format != "json" {
				if _, err := io.WriteString(w, "\f\n"); err != nil {
					return err
				}
			}
			return d.render(ctx, w, it, m)
		})
	})
	if err == nil && d.messages.Load() == 0 {
		return status(exitNone)
	}
	return err
}

// render writes one message in the format that was asked for.
func (d *dumper) render(ctx context.Context, w io.Writer, it *item, m *decode.Message) error {
	switch d.flags.format {
	case "json":
		var j message
		j.keep(*it.entry)
		return writeMessage(ctx, w, j, m, false)
	case "markdown":
		return markdown(w, m, d.flags.newText)
	}
	return reading{headers: "short", newText: d.flags.newText}.write(w, m)
}

// markdown writes the subject as a title and the rest as paragraphs.
func markdown(w io.Writer, m *decode.Message, onlyNew bool) error {
	var b strings.Builder
	if err := (reading{headers: "none", newText: onlyNew}).write(&b, m); err != nil {
		return err
	}
	title := m.Subject
	if title == "" {
		title = "(no subject)"
	}
	var head strings.Builder
	head.WriteString("# " + oneLine(title) + "\n\n")
	for _, name := range []string{"From", "To", "Cc", "Date"} {
		if v := fieldText(m.Header, name); v != "" {
			head.WriteString("- " + name + ": " + oneLine(v) + "\n")
		}
	}
	_, err := io.WriteString(w, head.String()+"\n"+b.String())
	return err
}

// file writes the file of one message, and its attachments, unless they are
// there.
func (d *dumper) file(ctx context.Context, id archive.ID) error {
	return withArchived(ctx, d.arc, id, func(it *item) error {
		m, err := it.decode(ctx, decode.Options{})
		if err != nil {
			return err
		}
		d.messages.Add(1)
		if lossy(m) {
			d.lost.Add(1)
		}
		dir := filepath.Join(d.flags.out, folder(it.entry.Places[0].Mailbox))
		name := d.name(ctx, it, m)
		if err := d.write(dir, name+extensions[d.flags.format], func(w io.Writer) error { return d.render(ctx, w, it, m) }); err != nil {
			return err
		}
		if d.flags.attachments == "" {
			return nil
		}
		return d.attachments(filepath.Join(dir, name), it, m)
	})
}

var extensions = map[string]string{"text": ".txt", "json": ".json", "markdown": ".md"}

// attachments writes those of one message into a folder of their own, or all
// into one, where the id keeps names apart.
func (d *dumper) attachments(dir string, it *item, m *decode.Message) error {
	seen := map[string]int{}
	for _, p := range m.Parts {
		if !p.Attachment {
			continue
		}
		name := safeName(p)
		seen[name]++
		if n := seen[name]; n > 1 {
			ext := filepath.Ext(name)
			name = strings.TrimSuffix(name, ext) + " part " + strings.ReplaceAll(p.Path(), "/", "-") + ext
		}
		to := dir
		if d.flags.attachments == "flat" {
			to = filepath.Join(d.flags.out, "attachments")
			name = it.id.String()[:8] + " " + name
		}
		err := d.write(to, name, func(w io.Writer) error {
			_, err := io.Copy(w, p.Open())
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// write makes a file unless it is there. It is written beside and renamed, so
// that a run that was stopped leaves no half file under a name that counts.
func (d *dumper) write(dir, name string, fill func(io.Writer) error) error {
	full := filepath.Join(dir, name)
	if _, err := os.Lstat(full); err == nil {
		d.kept.Add(1)
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	d.written.Add(1)
	if d.flags.dryRun {
		return nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".lostpost-*")
	if err != nil {
		return err
	}
	if err := errors.Join(fill(f), f.Chmod(0o644), f.Close()); err != nil {
		os.Remove(f.Name())
		return err
	}
	return os.Rename(f.Name(), full)
}

// name is the file name of a message, the same on every run: date, time, words
// of the subject, the beginning of the id.
func (d *dumper) name(ctx context.Context, it *item, m *decode.Message) string {
	date := "0000-00-00 0000"
	if !m.Date.IsZero() {
		date = m.Date.UTC().Format("2006-01-02 1504")
	}
	words := slug(m.Subject)
	if words != "" {
		words = " " + words
	}
	return date + words + " " + d.app.shortID(ctx, d.arc, it.id)
}

// folder is the mailbox as a path of safe names.
func folder(mailbox string) string {
	if mailbox == "" {
		return "INBOX"
	}
	var out []string
	for level := range strings.SplitSeq(mailbox, "/") {
		s := safeFile(level)
		if s == "" {
			s = "_"
		}
		out = append(out, s)
	}
	return filepath.Join(out...)
}
