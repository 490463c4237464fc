package main

import (
	"context"
	"io"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"lostpost/decode"
)

func (a *app) showCommand() *cobra.Command {
	var f textFlags
	var raw, html bool
	cmd := &cobra.Command{
		Use:     "show ID|FILE...",
		GroupID: "read",
		Short:   "One message as read, or its parts, or its octets",
		Long:    "Show prints messages of the archive (a row of the last list, an id, a Message-ID) or loose files. --parts is the receipt: what each part is, what was repaired, what is lost.",
		Example: "  lostpost show 1\n  lostpost show 9f2c01ab --parts\n  lostpost show '<a1@ex.org>' --raw > message.eml",
		Args:    needMessage,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			return a.paged(func() error { return a.show(cmd.Context(), args, &f, raw, html) })
		},
	}
	fl := cmd.Flags()
	fl.BoolVar(&f.parts, "parts", false, "every part: what it is, what was repaired, what is lost")
	fl.StringVar(&f.part, "part", "", "only the part numbered `P`")
	fl.StringVar(&f.headers, "headers", "short", "`WHICH`: short, all or none")
	fl.BoolVar(&f.links, "links", false, "tracking links whole")
	fl.BoolVar(&raw, "raw", false, "the octets of the message, to a file or pipe")
	fl.BoolVar(&html, "html", false, "the source of the HTML part")
	f.decoder = "lostpost"
	return cmd
}

func (a *app) show(ctx context.Context, args []string, f *textFlags, raw, html bool) error {
	code, n := exitOK, 0
	err := a.each(ctx, args, func(it *item) error {
		if raw {
			return a.raw(io.NewSectionReader(it.r, 0, it.size))
		}
		d, err := f.read(ctx, it)
		if err != nil {
			return err
		}
		if html {
			return a.showHTML(ctx, it, d)
		}
		if lossy(d) {
			code = exitSome
		}
		n++
		if a.json {
			return a.showJSON(ctx, it, d, f)
		}
		return a.printText(ctx, it, d, f, n)
	})
	if err == nil && code != exitOK {
		return status(code)
	}
	return err
}

func (a *app) showJSON(ctx context.Context, it *item, d *decode.Message, f *textFlags) error {
	m := message{Path: it.path, ID: it.id.String(), Size: it.size}
	if it.entry != nil {
		m.keep(*it.entry)
	}
	return writeMessage(ctx, a.buf, m, d, f.parts)
}

func (a *app) showHTML(ctx context.Context, it *item, d *decode.Message) error {
	for _, p := range d.Parts {
		if p.MediaType == "text/html" {
			s, err := p.Source(ctx)
			if err != nil {
				return err
			}
			return a.raw(strings.NewReader(s))
		}
	}
	return fail(exitNone, "See its parts: lostpost show --parts", "%s has no HTML part.", it.name())
}

// raw writes octets to a file or pipe. A terminal does not get them: mail is
// hostile.
func (a *app) raw(r io.Reader) error {
	if a.outTerminal() {
		return fail(exitFailed, "Send it to a file: … > FILE", "raw octets are not written to a terminal.")
	}
	_, err := io.Copy(a.buf, r)
	return err
}

// paged runs fn with stdout going through the pager, on a terminal.
func (a *app) paged(fn func() error) error {
	name := a.pager()
	if name == "" {
		return fn()
	}
	cmd := exec.Command("sh", "-c", name)
	cmd.Stdout, cmd.Stderr = a.out, a.err
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fn() // no pager here: print as it is
	}
	a.buf.Reset(in)
	err = fn()
	// A pager that was left early closes its end: that is no error.
	_ = a.buf.Flush()
	in.Close()
	waitErr := cmd.Wait()
	a.buf.Reset(a.out)
	if err == nil && waitErr != nil {
		a.note("the pager %q: %v", name, waitErr)
	}
	return err
}

// pager is the pager's command line, or "" where none is wanted.
func (a *app) pager() string {
	if a.noPager || a.json || !a.outTerminal() {
		return ""
	}
	for _, v := range []string{"LOSTPOST_PAGER", "PAGER"} {
		if s := a.env(v); s != "" {
			return s
		}
	}
	if _, err := exec.LookPath("less"); err != nil {
		return ""
	}
	return "less -FRX"
}
