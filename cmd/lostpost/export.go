package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"lostpost/archive"
	"lostpost/archive/maildir"
	"lostpost/decode"
	"lostpost/internal/term"
)

type exportFlags struct {
	out    string
	format string
	split  string
	labels bool
	dryRun bool
}

func (a *app) exportCommand() *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use:         "export QUERY... -o PATH",
		GroupID:     "give",
		Short:       "Messages as mbox, Maildir or .eml files for other programs",
		Long:        "Export writes the messages that a query finds ('*' is all of them). An mbox is of the dialect mboxrd with LF line ends, and flags stand in Status and X-Status; a Maildir and .eml files hold the octets as they arrived. Nothing is overwritten: an mbox that is there is refused, a message that is there in a folder is not written again, so a run that was stopped can be repeated.",
		Example:     "  lostpost export '*' -o all.mbox\n  lostpost export in:Work -o work/ --format maildir\n  lostpost export from:anna -o - | less",
		Annotations: map[string]string{"takes": "query"},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.export(cmd.Context(), strings.Join(args, " "), &f)
		},
	}
	fl := cmd.Flags()
	fl.StringVarP(&f.out, "output", "o", "", "the file or folder `PATH`, or - for an mbox on stdout")
	fl.StringVar(&f.format, "format", "mbox", "`FORM`: mbox, maildir or eml")
	fl.StringVar(&f.split, "split", "", "`HOW`: mailbox, year or none (default none for mbox, mailbox for the others)")
	fl.BoolVar(&f.labels, "labels", false, "write labels and keywords into the header, which changes the octets")
	fl.BoolVarP(&f.dryRun, "dry-run", "n", false, "say what would be written, write nothing")
	a.fixed(cmd, "format", "mbox", "maildir", "eml")
	a.fixed(cmd, "split", "mailbox", "year", "none")
	return cmd
}

// check completes and refuses.
func (f *exportFlags) check(text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return fail(exitFailed, "Say which: lostpost export QUERY -o PATH. All of them: lostpost export '*' -o PATH", "nothing to export.")
	case f.out == "":
		return fail(exitFailed, "Say where: lostpost export QUERY -o PATH", "nowhere to write.")
	}
	switch f.format {
	case "mbox", "maildir", "eml":
	default:
		return fail(exitFailed, "It is mbox, maildir or eml.", "--format cannot be %q.", f.format)
	}
	switch f.split {
	case "mailbox", "year", "none":
	case "":
		f.split = "mailbox"
		if f.format == "mbox" {
			f.split = "none"
		}
	default:
		return fail(exitFailed, "It is mailbox, year or none.", "--split cannot be %q.", f.split)
	}
	if f.out == "-" && (f.format != "mbox" || f.split != "none") {
		return fail(exitFailed, "Give a folder: -o DIR", "only one mbox fits on stdout.")
	}
	return nil
}

// An exportCopy is one message on its way out, in one of its mailboxes.
type exportCopy struct {
	id    archive.ID
	size  int64
	place archive.Meta
}

// An exporter writes messages for other programs.
type exporter struct {
	app   *app
	flags *exportFlags
	arc   *archive.Archive

	messages, written, kept, bytes int64
}

func (a *app) export(ctx context.Context, text string, f *exportFlags) error {
	if err := f.check(text); err != nil {
		return err
	}
	arc, err := a.open()
	if err != nil {
		return err
	}
	defer arc.Close()
	x := &exporter{app: a, flags: f, arc: arc}
	groups, err := x.gather(ctx, text)
	if err != nil {
		return err
	}
	if x.messages == 0 {
		return status(exitNone)
	}
	progress := term.NewProgress(a.err, a.progressMode())
	job := progress.Start("writing "+f.out, x.copies(groups))
	err = x.writeAll(ctx, groups, func() { job.Set(x.written + x.kept) })
	job.Done()
	progress.Close()
	if err != nil {
		return err
	}
	return x.summary()
}

// gather gives the copies to write, by mailbox or year ("" if not split), each
// group in the order of arrival.
func (x *exporter) gather(ctx context.Context, text string) (map[string][]exportCopy, error) {
	if strings.TrimSpace(text) == "*" {
		text = "" // all of the archive needs no index
	}
	groups := map[string][]exportCopy{}
	err := x.app.selected(ctx, x.arc, text, func(id archive.ID) error {
		e, err := x.arc.Lookup(ctx, id)
		if err != nil {
			return err
		}
		x.messages++
		places := e.Places
		if x.flags.split != "mailbox" {
			places = places[:1]
		}
		for _, p := range places {
			key := ""
			switch x.flags.split {
			case "mailbox":
				key = p.Mailbox
			case "year":
				if key, err = x.year(ctx, id, p); err != nil {
					return err
				}
			}
			groups[key] = append(groups[key], exportCopy{id, e.Size, p})
		}
		return nil
	})
	for _, g := range groups {
		slices.SortFunc(g, func(a, b exportCopy) int {
			return cmp.Or(a.place.Received.Compare(b.place.Received), bytes.Compare(a.id[:], b.id[:]))
		})
	}
	return groups, err
}

func (x *exporter) copies(groups map[string][]exportCopy) (n int64) {
	for _, g := range groups {
		n += int64(len(g))
	}
	return n
}

// year is the year of the Date field, else of the arrival.
func (x *exporter) year(ctx context.Context, id archive.ID, p archive.Meta) (string, error) {
	when := p.Received
	err := withArchived(ctx, x.arc, id, func(it *item) error {
		root, err := rootPart(it)
		if err != nil || root == nil {
			return err
		}
		if t, ok := root.Header.Date(); ok {
			when = t
		}
		return nil
	})
	if when.IsZero() {
		return "no date", err
	}
	return when.UTC().Format("2006"), err
}

// rootPart reads the header of a message; nil if there is nothing at all.
func rootPart(it *item) (*decode.Part, error) {
	for p, err := range decode.Walk(it.r, it.size, decode.Limits{}) {
		return p, err
	}
	return nil, nil
}

// writeAll writes every group in its place.
func (x *exporter) writeAll(ctx context.Context, groups map[string][]exportCopy, tick func()) error {
	keys := make([]string, 0, len(groups))
	for k := range groups {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	taken := map[string]bool{}
	for _, key := range keys {
		var err error
		switch x.flags.format {
		case "mbox":
			err = x.mbox(ctx, x.mboxPath(key, taken), groups[key], tick)
		case "maildir":
			err = x.maildir(ctx, x.maildirPath(key), groups[key], tick)
		default:
			err = x.eml(ctx, x.emlPath(key), groups[key], tick)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mboxPath is the file of one group. Mailboxes whose names are equal once they
// are made safe get different files.
func (x *exporter) mboxPath(key string, taken map[string]bool) string {
	if x.flags.split == "none" {
		return x.flags.out
	}
	if x.flags.split == "mailbox" {
		key = folder(key)
	}
	for i := 1; ; i++ {
		p := filepath.Join(x.flags.out, key+".mbox")
		if i > 1 {
			p = filepath.Join(x.flags.out, fmt.Sprintf("%s (%d).mbox", key, i))
		}
		// Windows and macOS take names that differ in case for one.
		if low := strings.ToLower(p); !taken[low] {
			taken[low] = true
			return p
		}
	}
}

// maildirPath is the folder of one group: ".2024" or ".Work.Old", as Maildir++
// wants it.
func (x *exporter) maildirPath(key string) string {
	return filepath.Join(x.flags.out, maildir.Folder(key))
}

func (x *exporter) emlPath(key string) string {
	switch x.flags.split {
	case "mailbox":
		return filepath.Join(x.flags.out, folder(key))
	case "year":
		return filepath.Join(x.flags.out, key)
	}
	return x.flags.out
}

func (x *exporter) summary() error {
	a, n := x.app, x.messages
	if a.json {
		if x.flags.out == "-" {
			return nil // stdout is the mbox
		}
		return writeJSON(a.buf, summary{Type: "summary", Schema: 1, Total: &n, Written: &x.written, Bytes: &x.bytes})
	}
	if a.quiet || x.flags.out == "-" {
		return nil
	}
	verb := "written"
	if x.flags.dryRun {
		verb = "would be written"
	}
	there := ""
	if x.kept > 0 {
		there = ", " + term.Number(x.kept) + " there before"
	}
	each := ""
	if all := x.written + x.kept; all > n {
		each = fmt.Sprintf(" in %s copies, one for each mailbox", term.Number(all))
	}
	a.printf("%s%s: %s %s to %s as %s (%s)%s\n", count(n, "message"), each, term.Number(x.written), verb, oneLine(x.flags.out), x.flags.format, term.Size(x.bytes), there)
	return nil
}
