package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lostpost/decode"
	"lostpost/drafts"
	"lostpost/internal/term"
)

const draftName = `N is a row of the last list that was printed on a terminal, N.K version K of that row, or the beginning of an id (6 digits or more). With PATH the list is made anew for it, so that scripts need no terminal.`

func (a *app) draftsShowCommand() *cobra.Command {
	var f textFlags
	f.headers, f.decoder = "short", "lostpost"
	cmd := &cobra.Command{
		Use:     "show N [PATH...]",
		Short:   "Read a draft: its longest version",
		Long:    "Show prints the longest version of a draft, and which others there are. " + draftName,
		Example: "  lostpost drafts show 1\n  lostpost drafts show 1.2\n  lostpost drafts show c07e55d2 takeout.zip",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := a.pick(cmd.Context(), args[0], args[1:])
			if err != nil {
				return err
			}
			return a.paged(func() error { return a.showDraft(cmd.Context(), p, &f) })
		},
	}
	return cmd
}

func (a *app) draftsWhyCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "why N [PATH...]",
		Short:   "All reasons for and against",
		Long:    "Why prints what speaks for a draft (+) and against it (-), and all versions. " + draftName,
		Example: "  lostpost drafts why 2\n  lostpost drafts why 2 ~/.thunderbird\n  lostpost drafts why c07e55d2 takeout.zip",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := a.pick(cmd.Context(), args[0], args[1:])
			if err != nil {
				return err
			}
			return a.whyDraft(p.row)
		},
	}
}

func (a *app) draftsDiffCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "diff N M [PATH...]",
		Short:   "The words that differ between two drafts or versions",
		Long:    "Diff prints M's text with the words that N does not have as {+added+}, and those that only N has as [-removed-]. " + draftName,
		Example: "  lostpost drafts diff 1.1 1.3\n  lostpost drafts diff 1 2\n  lostpost drafts diff 1.1 1.2 takeout.zip",
		Args:    cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			from, err := a.pick(cmd.Context(), args[0], args[2:])
			if err != nil {
				return err
			}
			to, err := a.pick(cmd.Context(), args[1], args[2:])
			if err != nil {
				return err
			}
			return a.paged(func() error { return a.diffDrafts(cmd.Context(), from, to) })
		},
	}
}

func (a *app) draftsSaveCommand() *cobra.Command {
	var out string
	var dryRun bool
	cmd := &cobra.Command{
		Use:     "save N [PATH...] -o FILE.eml",
		Short:   "Write a draft to a file that mail programs open for editing",
		Long:    "Save writes the longest version of a draft as .eml with X-Unsent: 1, attachments as they are. Outlook, Apple Mail and Thunderbird open it for writing. Nothing is overwritten; -o - is stdout. " + draftName,
		Example: "  lostpost drafts save 1 -o letter.eml\n  lostpost drafts save 1.2 -o older.eml\n  lostpost drafts save c07e55d2 takeout.zip -o letter.eml",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				return fail(exitFailed, "Say where to: lostpost drafts save "+args[0]+" -o letter.eml", "-o FILE is missing.")
			}
			p, err := a.pick(cmd.Context(), args[0], args[1:])
			if err != nil {
				return err
			}
			return a.saveDraft(cmd.Context(), p, out, dryRun)
		},
	}
	fl := cmd.Flags()
	fl.StringVarP(&out, "output", "o", "", "write to `FILE`; - is stdout")
	fl.BoolVarP(&dryRun, "dry-run", "n", false, "say what would be written, write nothing")
	return cmd
}

func (a *app) showDraft(ctx context.Context, p *pick, f *textFlags) error {
	if !a.json && len(p.row.Versions) > 1 {
		k := slices.IndexFunc(p.row.Versions, func(v draftVersion) bool { return v.ID == p.version.ID }) + 1
		a.note("%s, version %d of %d. All: lostpost drafts why %d", said[p.version.State], k, len(p.row.Versions), p.row.N)
	}
	return a.with(ctx, p.version, func(it *item) error {
		d, err := f.read(ctx, it)
		if err != nil {
			return err
		}
		d.Text = drafts.Text(it.meta, d)
		if width := term.Width(a.out); width > 0 && !a.json {
			d.Text = wrap(d.Text, width)
		}
		if a.json {
			return a.showJSON(ctx, it, d, f)
		}
		return a.printText(ctx, it, d, f, 1)
	})
}

// whyDraft prints the reasons and the versions of a row.
func (a *app) whyDraft(r *draft) error {
	if a.json {
		return writeJSON(a.buf, r)
	}
	a.printf("%s: %s\n", said[r.State], oneLine(r.Subject))
	for _, e := range r.Evidence {
		sign := " "
		if e.Weight > 0 {
			sign = "+"
		} else if e.Weight < 0 {
			sign = "-"
		}
		where := ""
		if e.Where != "" {
			where = " (" + e.Where + ")"
		}
		a.printf("  %s %s%s\n", sign, oneLine(e.Reason), oneLine(where))
	}
	together := !slices.ContainsFunc(r.Versions, func(v draftVersion) bool { return v.place() != r.Versions[0].place() })
	name := len(fmt.Sprintf("%d.%d", r.N, len(r.Versions)))
	for i, v := range r.Versions {
		day, _ := time.Parse(time.RFC3339, v.Date)
		line := fmt.Sprintf("%-*s  %s  %s  %-16s %7s words", name, fmt.Sprintf("%d.%d", r.N, i+1), v.ID[:8], a.clock(day), said[v.State], term.Number(int64(v.Words)))
		if mark := r.mark(&v); mark != "" {
			line += "  " + mark
		}
		if !together {
			line += "  " + oneLine(v.place())
		}
		a.printf("%s\n", line)
	}
	if together {
		a.printf("in %s\n", oneLine(r.Versions[0].place()))
	}
	return nil
}

// mark says of one version among several what it is.
func (r *draft) mark(v *draftVersion) string {
	switch {
	case len(r.Versions) == 1 || v.State == drafts.Sent:
		return ""
	case v.ID == r.Latest && v.ID == r.Longest:
		return "latest, longest"
	case v.ID == r.Latest:
		return "latest"
	case v.ID == r.Longest:
		return "longest"
	}
	return ""
}

// diffDrafts prints the text of the second with what differs from the first.
func (a *app) diffDrafts(ctx context.Context, from, to *pick) error {
	var texts [2]*decode.Message
	for i, p := range []*pick{from, to} {
		err := a.with(ctx, p.version, func(it *item) error {
			d, err := it.decode(ctx, decode.Options{})
			if err != nil {
				return err
			}
			texts[i] = &decode.Message{Text: drafts.Text(it.meta, d)}
			return nil
		})
		if err != nil {
			return err
		}
	}
	edits := drafts.Diff(texts[0], texts[1])
	if a.json {
		type edit struct {
			Op   int8   `json:"op"`
			Text string `json:"text"`
		}
		out := struct {
			Type  string `json:"type"`
			From  string `json:"from"`
			To    string `json:"to"`
			Edits []edit `json:"edits"`
		}{"diff", from.version.ID, to.version.ID, []edit{}}
		for _, e := range edits {
			out.Edits = append(out.Edits, edit(e))
		}
		return writeJSON(a.buf, out)
	}
	text := a.difference(edits)
	if width := term.Width(a.out); width > 0 {
		text = wrap(text, width)
	}
	a.printf("%s", text)
	return nil
}

// difference puts marks around what was added and removed, and colours on a
// terminal.
func (a *app) difference(edits []drafts.Edit) string {
	marks := map[int8][3]string{0: {"", "", ""}, +1: {"{+", "+}", green}, -1: {"[-", "-]", red}}
	var b strings.Builder
	apart := true // white space stands before the next run
	for _, e := range edits {
		m := marks[e.Op]
		if !apart {
			b.WriteByte(' ')
		}
		text := strings.TrimRight(e.Text, " \n")
		apart = len(text) < len(e.Text)
		run := term.Sanitize(text)
		if e.Op != 0 {
			run = a.paint(m[2], m[0]+run+m[1])
		}
		b.WriteString(run)
		b.WriteString(e.Text[len(text):])
	}
	return b.String() + "\n"
}

const red = "31"

func (a *app) saveDraft(ctx context.Context, p *pick, out string, dryRun bool) error {
	return a.with(ctx, p.version, func(it *item) error {
		d, err := it.decode(ctx, decode.Options{})
		if err != nil {
			return err
		}
		what := count(int64(p.version.Words), "word")
		switch {
		case len(p.row.Versions) == 1:
		case p.version.ID == p.row.Longest:
			what = "the longest version, " + what
		default:
			what = "version of " + a.clock(d.Date) + ", " + what
		}
		files := int64(0)
		for _, part := range d.Parts {
			if part.Attachment {
				files++
			}
		}
		if files > 0 {
			what += ", " + count(files, "attachment")
		}
		if dryRun {
			a.note("%s: would be written: %s.", out, what)
			return nil
		}
		if out == "-" {
			return drafts.Save(a.buf, it.r, it.size, drafts.Quoted(it.meta))
		}
		if err := writeDraftFile(out, func(w io.Writer) error { return drafts.Save(w, it.r, it.size, drafts.Quoted(it.meta)) }); err != nil {
			return err
		}
		a.note("%s: %s. Your mail program opens it for writing.", out, what)
		return nil
	})
}

// writeDraftFile makes a file that was not there, or none.
func writeDraftFile(name string, fn func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fail(exitFailed, "Give another name, or remove it.", "%s is there already; nothing is overwritten.", name)
	}
	if err != nil {
		return err
	}
	err = fn(f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}
