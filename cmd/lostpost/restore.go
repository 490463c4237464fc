package main

import (
	"context"
	"errors"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"lostpost/archive"
	"lostpost/archive/role"
	"lostpost/decode/header"
	"lostpost/drafts"
	"lostpost/fetch"
	"lostpost/fetch/imap"
	"lostpost/internal/term"
)

type restoreFlags struct {
	serverFlags
	to      string
	mailbox string
	dryRun  bool
}

func (a *app) restoreCommand() *cobra.Command {
	var f restoreFlags
	cmd := &cobra.Command{
		Use:         "restore QUERY...|ID --to NAME|URL",
		GroupID:     "give",
		Short:       "Put messages onto an IMAP server, with flags and dates",
		Long:        "Restore appends the messages that a query finds ('*' is all of them) to the mailboxes of a server that are called as in the archive, or to one. A message that is there already is left alone, so the same command can be repeated and goes on where it was stopped. Nothing on the server is removed. A draft that goes into a mailbox for drafts is marked as one, so that mail programs open it for writing; --mailbox Drafts is the server's own, whatever it is called there. Moving mail from one account to another is fetch from the one and restore to the other.",
		Example:     "  lostpost restore '*' --to imaps://anna@imap.example.org\n  lostpost restore in:Sent date:2023 --to work --mailbox Old/Sent\n  lostpost restore c07e55d2 --to work --mailbox Drafts",
		Annotations: map[string]string{"takes": "query"},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.restore(cmd.Context(), strings.Join(args, " "), &f)
		},
	}
	f.register(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.to, "to", "", "the account of the configuration, or the server, as `URL`")
	if err := cmd.RegisterFlagCompletionFunc("to", a.completeAccounts); err != nil {
		panic(err) // the flag is registered in the line above
	}
	fl.StringVar(&f.mailbox, "mailbox", "", "put everything into the mailbox `NAME`")
	fl.BoolVarP(&f.dryRun, "dry-run", "n", false, "say what would be appended, connect to nothing")
	return cmd
}

// A restorer appends messages and counts.
type restorer struct {
	app     *app
	arc     *archive.Archive
	session *imap.Session
	named   bool // one mailbox was named for all

	messages, copies, appended, there, failed, bytes int64
}

func (a *app) restore(ctx context.Context, text string, f *restoreFlags) error {
	switch {
	case strings.TrimSpace(text) == "":
		return fail(exitFailed, "Say which: lostpost restore QUERY --to URL. All of them: lostpost restore '*' --to URL", "nothing to restore.")
	case f.to == "":
		return fail(exitFailed, "Say where: --to imaps://anna@imap.example.org", "no server to restore to.")
	}
	accounts, err := a.accounts([]string{f.to})
	if err != nil {
		return err
	}
	acc := accounts[0]
	if acc.protocol != "imap" {
		return fail(exitFailed, "Take imaps://", "POP3 cannot put mail onto a server.")
	}
	if f.mailbox == "" {
		f.mailbox = acc.mailbox
	}
	arc, err := a.open()
	if err != nil {
		return err
	}
	defer arc.Close()
	r := &restorer{app: a, arc: arc, named: f.mailbox != ""}
	if f.dryRun {
		err := r.each(ctx, text, f.mailbox, func(string, *archive.File) error { return nil })
		return errors.Join(err, r.summary(acc, "would be appended where they are not there already"))
	}
	return r.run(ctx, text, acc, f)
}

// run appends over one connection.
func (r *restorer) run(ctx context.Context, text string, acc account, f *restoreFlags) (err error) {
	a := r.app
	c := &connection{account: acc, credential: credential{lookup: f.lookup(a, acc)}}
	defer func() { err = c.failure(err) }()
	server, err := c.imap(a, &f.serverFlags)
	if err != nil {
		return err
	}
	if r.session, err = imap.NewSession(ctx, server); err != nil {
		return err
	}
	progress := term.NewProgress(a.err, a.progressMode())
	job := progress.Start("restoring to "+acc.label(), -1)
	err = r.each(ctx, text, f.mailbox, func(mailbox string, file *archive.File) error {
		defer job.Set(r.bytes)
		return r.append(ctx, mailbox, file)
	})
	job.Done()
	progress.Close()
	if err != nil {
		// The sum is told all the same: what was appended is there.
		return errors.Join(err, r.summary(acc, "appended"), r.session.Close())
	}
	if err := errors.Join(r.summary(acc, "appended"), r.session.Close()); err != nil {
		return err
	}
	switch {
	case r.messages == 0:
		return status(exitNone)
	case r.failed > 0:
		return status(exitSome)
	}
	return nil
}

// idShown is an id as lists show it, or more of it.
var idShown = regexp.MustCompile(`^[0-9a-f]{8,64}$`)

// each calls fn for every message that the query finds, or that the id names,
// in each of its mailboxes, or in the one that is given.
func (r *restorer) each(ctx context.Context, text, mailbox string, fn func(string, *archive.File) error) error {
	list := func(fn func(archive.ID) error) error {
		if strings.TrimSpace(text) == "*" {
			text = "" // all of the archive needs no index
		}
		return r.app.selected(ctx, r.arc, text, fn)
	}
	if idShown.MatchString(text) {
		switch id, err := r.arc.Resolve(ctx, text); {
		case err == nil:
			list = func(fn func(archive.ID) error) error { return fn(id) }
		case !errors.Is(err, archive.ErrNotFound):
			return err
		}
	}
	return list(func(id archive.ID) error {
		f, err := r.arc.Get(ctx, id)
		if err != nil {
			return err
		}
		defer f.Close()
		r.messages++
		boxes := []string{mailbox}
		if mailbox == "" {
			boxes = boxes[:0]
			for _, p := range f.Places {
				boxes = append(boxes, p.Mailbox)
			}
		}
		for _, b := range boxes {
			r.copies++
			if err := fn(b, f); err != nil {
				return err
			}
		}
		return nil
	})
}

// append puts one message into one mailbox. What the server refuses is named,
// and the next one is tried; what ends the connection ends the run.
func (r *restorer) append(ctx context.Context, mailbox string, f *archive.File) error {
	if err := r.markDraft(mailbox, f); err != nil {
		return err
	}
	done, err := r.session.Append(ctx, mailbox, f)
	var network *fetch.NetError
	var refused *fetch.AuthError
	switch {
	case err == nil && done:
		r.appended++
		r.bytes += f.Size
	case err == nil:
		r.there++
	case ctx.Err() != nil, errors.As(err, &network), errors.As(err, &refused):
		return err
	default:
		r.failed++
		r.app.tell(&failure{exitSome, "not restored: " + f.ID.String()[:12] + ": " + err.Error() + ".", ""})
	}
	return nil
}

// markDraft gives what goes into a mailbox of drafts the flag by which mail
// programs open it for editing, whichever form it was saved in. Received mail
// that somebody dragged there is not marked. Who names the mailbox wants the
// draft back, so there it is not deleted any more.
func (r *restorer) markDraft(mailbox string, f *archive.File) error {
	if role.Of(path.Base(mailbox)) != role.Drafts {
		return nil
	}
	i := slices.IndexFunc(f.Places, func(m archive.Meta) bool { return m.Mailbox == mailbox })
	if i < 0 {
		m := archive.Meta{}
		if len(f.Places) > 0 {
			m = f.Places[0]
		}
		m.Mailbox = mailbox
		f.Places = append(f.Places, m)
		i = len(f.Places) - 1
	}
	head := make([]byte, min(headBytes, f.Size))
	if n, err := f.ReadAt(head, 0); err != nil && n < len(head) {
		return err
	}
	fields, _, _ := header.Parse(head, 0)
	m := &f.Places[i]
	if !drafts.Possible(*m, fields) {
		return nil
	}
	if !strings.Contains(string(m.Flags), "D") {
		m.Flags = "D" + m.Flags // letters are in order, and D is the first
	}
	if r.named {
		m.Flags = archive.Flags(strings.ReplaceAll(string(m.Flags), "T", ""))
	}
	return nil
}

func (r *restorer) summary(acc account, verb string) error {
	a := r.app
	if a.json {
		return writeJSON(a.buf, summary{Type: "summary", Schema: 1, Total: &r.copies, Written: &r.appended, Duplicate: &r.there, Failed: &r.failed, Bytes: &r.bytes})
	}
	if a.quiet {
		return nil
	}
	if r.session == nil {
		a.printf("%s in %s %s, to %s. Nothing was changed.\n", count(r.messages, "message"), copyCount(r.copies), verb, oneLine(acc.label()))
		return nil
	}
	a.printf("%s in %s = %s %s (%s) + %s there before + %s refused\n", count(r.messages, "message"), copyCount(r.copies),
		term.Number(r.appended), verb, term.Size(r.bytes), term.Number(r.there), term.Number(r.failed))
	return nil
}

// copyCount counts copies: a message in two mailboxes is two.
func copyCount(n int64) string {
	if n == 1 {
		return "1 copy"
	}
	return term.Number(n) + " copies"
}
