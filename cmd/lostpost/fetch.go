package main

import (
	"context"
	"errors"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lostpost/archive"
	"lostpost/fetch"
	"lostpost/fetch/imap"
	"lostpost/fetch/wire"
	"lostpost/internal/term"
)

type fetchFlags struct {
	serverFlags
	noIndex bool
	dryRun  bool
	watch   bool
	terse   bool // nothing is printed of an account with nothing new
}

func (a *app) fetchCommand() *cobra.Command {
	var f fetchFlags
	cmd := &cobra.Command{
		Use:     "fetch [NAME|ADDRESS|URL]...",
		GroupID: "in",
		Short:   "Take mail from a server into the archive; nothing there is changed",
		Long:    "Fetch takes all mail of an account, with its mailboxes, flags and dates, from a POP3 or IMAP server. NAME is an account of the configuration, ADDRESS its address, URL a server: imaps://user@host. Without any it takes every account of the configuration. What is here is not downloaded again, and a run that was stopped goes on where it was. Nothing on the server is changed or marked. Exit code 3: some messages could not be had, each is named and tried again next time. 4: sign-in was refused. 5: the network or the server ended the run.",
		Example: "  lostpost fetch imaps://anna@imap.example.org\n  lostpost fetch work --mailbox INBOX --mailbox 'Archive/*'\n  lostpost fetch pop3s://anna@pop.example.org --password-command 'pass show mail'",
		RunE: func(cmd *cobra.Command, args []string) error {
			accounts, err := a.accounts(args)
			switch {
			case err != nil:
				return err
			case f.watch && f.dryRun:
				return fail(exitFailed, "Leave one of them out.", "--watch stores mail, and --dry-run does not.")
			case f.watch:
				return a.watch(cmd.Context(), accounts, &f)
			}
			return a.fetch(cmd.Context(), accounts, &f)
		},
	}
	f.register(cmd)
	fl := cmd.Flags()
	fl.StringArrayVar(&f.mailboxes, "mailbox", nil, "only mailboxes that fit `PATTERN`: a name, * for any text, % for one level, ! before it leaves out")
	fl.BoolVar(&f.noIndex, "no-index", false, "do not index now; the next fetch does, or lostpost index")
	cmd.ValidArgsFunction = a.completeAccounts
	fl.BoolVar(&f.watch, "watch", false, "go on until Ctrl-C: fetch when a server tells of new mail, and every 15 minutes")
	fl.BoolVarP(&f.dryRun, "dry-run", "n", false, "say what would be stored, store nothing; what is new is downloaded all the same")
	return cmd
}

func (a *app) fetch(ctx context.Context, accounts []account, f *fetchFlags) error {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(indexMemory))
	r := &fetchRun{app: a, flags: f, started: a.now()}
	defer r.unlock()
	code := exitOK
	for i, acc := range accounts {
		one, err := r.account(ctx, acc)
		code = worse(code, one)
		if err == nil {
			continue
		}
		if ctx.Err() != nil || i == len(accounts)-1 && code == exitOK {
			return errors.Join(err, r.close(ctx))
		}
		// The others are independent of this one.
		x := a.explain(ctx, err)
		a.tell(x)
		code = worse(code, x.code)
	}
	if err := r.close(ctx); err != nil {
		return err
	}
	if a.json {
		if err := writeJSON(a.buf, r.summary()); err != nil {
			return err
		}
	}
	return statusOf(code)
}

// A fetchRun goes over accounts. The archive is opened when the first server
// has let us in, so that a wrong password leaves no empty archive behind.
type fetchRun struct {
	app     *app
	flags   *fetchFlags
	started time.Time
	w       *archive.Writer
	follow  *indexFollower

	sum     fetch.Report
	indexed int64
}

// writer opens the archive once.
func (r *fetchRun) writer(ctx context.Context) (*archive.Writer, error) {
	if r.w != nil {
		return r.w, nil
	}
	w, err := archive.OpenWriter(ctx, r.app.dir(), archive.Options{Log: r.app.log()})
	if err != nil {
		return nil, err
	}
	r.w = w
	r.follow = r.app.followIndex(ctx, w.Archive, r.flags.noIndex)
	return w, nil
}

// close ends the index and the archive.
func (r *fetchRun) close(ctx context.Context) error {
	if r.w == nil {
		return nil
	}
	w := r.w
	r.w = nil
	indexed, err := r.follow.finish(ctx)
	r.indexed = indexed
	return errors.Join(err, w.Close())
}

// unlock is close for runs that ended with an error of their own.
func (r *fetchRun) unlock() {
	if err := r.close(context.Background()); err != nil {
		r.app.note("%v", err)
	}
}

// account takes the mail of one account. The code is that of messages that
// could not be had; the error says why the account ended early.
func (r *fetchRun) account(ctx context.Context, acc account) (code int, err error) {
	a := r.app
	c, err := a.connect(ctx, acc, &r.flags.serverFlags)
	defer func() { err = c.failure(err) }()
	if err != nil {
		return exitOK, err
	}
	defer func() { err = errors.Join(err, c.src.Close()) }()
	if r.flags.dryRun {
		return exitOK, a.fetchDry(ctx, c)
	}
	w, err := r.writer(ctx)
	if err != nil {
		return exitOK, err
	}
	before, err := w.Stat(ctx)
	if err != nil {
		return exitOK, err
	}
	progress := term.NewProgress(a.err, a.progressMode())
	job := progress.Start("fetching "+acc.label(), -1)
	var failed failures
	rep, err := fetch.Run(ctx, c.src, w, fetch.Options{Log: a.log(), Item: failed.take, Progress: func(p fetch.Progress) { job.Set(p.Bytes) }})
	job.Done()
	progress.Close()
	if err != nil {
		keepTo(&rep, w.Archive, before.Messages)
	}
	r.add(rep)
	if news := rep.Seen+rep.Changed+rep.Gone > 0; news || err == nil && !r.flags.terse {
		if perr := a.printAccount(c, rep, failed, err != nil); perr != nil {
			return exitOK, perr
		}
	}
	if rep.Quarantined+rep.Pending > 0 {
		code = exitSome
	}
	return code, err
}

// keepTo corrects the account of a run that ended early: what the archive does
// not have now was not had, whatever the run took.
func keepTo(rep *fetch.Report, arc *archive.Archive, before int64) {
	st, err := arc.Stat(context.Background()) // the run's own context may have ended
	if err != nil {
		return // the archive is gone; the error of the run says so
	}
	if lost := rep.Stored - (st.Messages - before); lost > 0 {
		rep.Stored -= lost
		rep.Failed += lost
		rep.Pending += lost
	}
}

// failures are the messages of one account that could not be had.
type failures []fetch.Item

// maxFailures bounds what is kept to be named; the counts are exact.
const maxFailures = 1000

// take keeps a failure.
func (f *failures) take(it fetch.Item) {
	switch it.Result {
	case fetch.Quarantined, fetch.Pending, fetch.Vanished:
		if len(*f) < maxFailures {
			*f = append(*f, it)
		}
	}
}

func (r *fetchRun) add(rep fetch.Report) {
	s := &r.sum
	s.Listed += max(rep.Listed, 0)
	s.Known += rep.Known
	s.Seen += rep.Seen
	s.Stored += rep.Stored
	s.Duplicate += rep.Duplicate
	s.Failed += rep.Failed
	s.Bytes += rep.Bytes
}

func (r *fetchRun) summary() summary {
	s := &r.sum
	return summary{Type: "summary", Schema: 1, Listed: &s.Listed, Known: &s.Known, Seen: &s.Seen, Stored: &s.Stored, Duplicate: &s.Duplicate,
		Failed: &s.Failed, Bytes: &s.Bytes, Indexed: &r.indexed, Took: r.app.now().Sub(r.started).Seconds()}
}

// failure gives the sentence for what ended the connection.
func (c *connection) failure(err error) error {
	var cert *wire.CertError
	var mailbox *imap.NoMailboxError
	var refused *fetch.AuthError
	var done *failure
	switch {
	case err == nil, errors.As(err, &done), errors.Is(err, context.Canceled):
		return err
	case c.err != nil:
		return fail(exitSignIn, "See: lostpost help sign-in", "%v.", c.err)
	case errors.As(err, &cert):
		return fail(exitFailed, cert.Todo, "%s.", cert.Error())
	case errors.Is(err, wire.ErrPlain):
		return fail(exitFailed, "Take imaps:// or pop3s://. If the server has no TLS at all: --allow-plaintext", "%s would be asked without TLS, and the password could be read on the way.", c.host)
	case errors.As(err, &mailbox):
		todo := "The names are those of the server, with / between levels."
		if len(mailbox.Near) > 0 {
			todo = "Did you mean " + strings.Join(mailbox.Near, ", ") + "?"
		}
		return fail(exitFailed, todo, "%s has no mailbox %q.", c.label(), mailbox.Pattern)
	case errors.As(err, &refused):
		return fail(exitSignIn, "It may want an app password. See: lostpost help sign-in", "%s refused the password for %s: %s", c.host, c.user, strings.TrimSuffix(refused.Said, ".")+".")
	}
	return err
}
