package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"lostpost/decode"
	"lostpost/internal/term"
)

// textFlags are the flags of `text`.
type textFlags struct {
	reading
	body    bool
	parts   bool
	part    string
	decoder string
	list    pathList
}

func (a *app) textCommand() *cobra.Command {
	var f textFlags
	cmd := &cobra.Command{
		Use:     "text FILE|DIR|- ...",
		GroupID: "read",
		Short:   "Any message file as plain text, no archive needed",
		Long:    "Text turns message files, mboxes, folders or stdin into plain UTF-8 text. Several messages are divided by a form feed. It never fails on a message: what cannot be read is said in a line in square brackets, and the exit code is 3.",
		Example: "  lostpost text letter.eml\n  lostpost text --body - < letter.eml\n  lostpost text --json --parts old-mail/",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.text(cmd.Context(), args, &f)
		},
	}
	fl := cmd.Flags()
	fl.BoolVar(&f.body, "body", false, "the text alone, no header")
	fl.BoolVar(&f.newText, "new-text", false, "leave out quoted replies and signatures")
	fl.IntVar(&f.width, "width", 0, "wrap lines at `N` columns")
	fl.StringVar(&f.headers, "headers", "short", "`WHICH`: short, all or none")
	fl.StringVar(&f.part, "part", "", "only the part numbered `P`")
	fl.BoolVar(&f.parts, "parts", false, "every part: what it is, what was repaired, what is lost")
	fl.BoolVar(&f.links, "links", false, "tracking links whole")
	fl.StringVar(&f.decoder, "decoder", "lostpost", "`WHO` reads: lostpost, go-message or enmime")
	f.list.register(fl)
	return cmd
}

// textMemory is the memory in octets that text tries to stay below: 100,000
// parts, the most that are read of a message, are 70 MB in use.
const textMemory = 140 << 20

func (a *app) text(ctx context.Context, args []string, f *textFlags) error {
	paths, err := f.list.paths(a, args)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return fail(exitFailed, "Give a file, a folder, or - for stdin: lostpost text FILE", "nothing to read.")
	}
	if err := f.check(); err != nil {
		return err
	}
	// Of a message with a million parts the collector would let twice as much
	// stand as is in use; the limit makes it work harder instead.
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(textMemory))
	code, n := exitOK, 0
	for _, p := range paths {
		err := a.loose(ctx, p, func(it *item) error {
			d, err := f.read(ctx, it)
			if err != nil {
				return err
			}
			if lossy(d) {
				code = worse(code, exitSome)
			}
			n++
			return a.printText(ctx, it, d, f, n)
		})
		switch {
		case err == nil:
		case len(paths) == 1, ctx.Err() != nil:
			return err
		default:
			x := a.explain(ctx, err)
			fmt.Fprintf(a.err, "lostpost: %s\n", term.Sanitize(x.msg+" "+x.todo))
			code = worse(code, exitSome)
		}
	}
	if code != exitOK {
		return status(code)
	}
	return nil
}

func (f *textFlags) check() error {
	if err := f.reading.check(); err != nil {
		return err
	}
	switch f.decoder {
	case "lostpost", "go-message", "enmime":
	default:
		return fail(exitFailed, "It is lostpost, go-message or enmime.", "--decoder cannot be %q.", f.decoder)
	}
	if f.body {
		f.headers = "none"
	}
	return nil
}

func (r reading) check() error {
	switch r.headers {
	case "short", "all", "none":
		return nil
	}
	return fail(exitFailed, "It is short, all or none.", "--headers cannot be %q.", r.headers)
}

// read decodes with the reader that was asked for.
func (f *textFlags) read(ctx context.Context, it *item) (*decode.Message, error) {
	if f.decoder == "lostpost" {
		return it.decode(ctx, decode.Options{Links: f.links})
	}
	return decode.Other(ctx, f.decoder, it.r, it.size)
}

// printText prints message number n.
func (a *app) printText(ctx context.Context, it *item, d *decode.Message, f *textFlags, n int) error {
	if a.json {
		m := message{Path: it.path, ID: it.id.String(), Size: it.size}
		if it.index > 0 || it.offset > 0 {
			m.Index, m.Offset = &it.index, &it.offset
		}
		return writeMessage(ctx, a.buf, m, d, f.parts)
	}
	if n > 1 {
		a.printf("\f\n")
	}
	switch {
	case f.part != "":
		return a.printPart(ctx, it, d, f.part)
	case f.parts:
		a.printReceipt(d)
		return nil
	}
	return f.reading.write(a.buf, d)
}

// printPart prints one part: text as text, anything else as its octets.
func (a *app) printPart(ctx context.Context, it *item, d *decode.Message, path string) error {
	var have []string
	for _, p := range d.Parts {
		if p.Path() != path {
			have = append(have, p.Path())
			continue
		}
		if !strings.HasPrefix(p.MediaType, "text/") {
			return a.raw(p.Open())
		}
		var b strings.Builder
		if err := p.Text(ctx, &b); err != nil {
			return err
		}
		a.printf("%s\n", strings.TrimSuffix(term.Sanitize(b.String()), "\n"))
		return nil
	}
	return fail(exitNone, "It has: "+strings.Join(have, " "), "%s has no part %s.", it.name(), path)
}
