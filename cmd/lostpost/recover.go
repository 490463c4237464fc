package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"lostpost/fetch"
	"lostpost/fetch/dbx"
	"lostpost/fetch/mbox"
	"lostpost/fetch/unpack"
	"lostpost/internal/term"
)

const recoverLong = `Recover reads a damaged mailbox: an mbox of any program, or a .dbx of Outlook Express. Blocks may be zeroed or missing, the beginning may be lost. Every message whose head is still there is had, and every octet of the file is accounted for.

Without -o the messages go into the archive, below Recovered; their octets are those of the file, and damaged ones are put there as they are. With -o DIR each becomes a file of its own, and a damaged one begins with the line X-Lostpost-Damage, which says what is missing; what belongs to no message becomes a file NUMBER.rest.

The file itself is never changed. Exit code 1: there is no message in it.`

type recoverFlags struct {
	out  string
	list bool
}

func (a *app) recoverCommand() *cobra.Command {
	var f recoverFlags
	cmd := &cobra.Command{
		Use:     "recover FILE...",
		GroupID: "rescue",
		Short:   "Take the messages out of a damaged mailbox and account for each octet",
		Long:    recoverLong,
		Example: "  lostpost recover broken.mbox -o out/\n  lostpost recover --list broken.mbox\n  lostpost recover Inbox.dbx",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fail(exitFailed, "Give a damaged mailbox: lostpost recover broken.mbox", "nothing to recover.")
			}
			return a.recover(cmd.Context(), args, &f)
		},
	}
	fl := cmd.Flags()
	fl.StringVarP(&f.out, "out", "o", "", "write each message as a file into the folder `DIR`, not into the archive")
	fl.BoolVar(&f.list, "list", false, "only list what is damaged, and where")
	cmd.MarkFlagsMutuallyExclusive("out", "list")
	return cmd
}

// A stretch is a part of a file: a message with what surrounds it, or none.
type stretch struct {
	at, octets int64
	state      string // one of stretchStates
	note       string
	body       io.Reader // of a message or the rest of one, else nil
}

// stretchStates are what a stretch comes to, in the order of the account, with
// the words for it. Those with a number are messages.
var stretchStates = []struct{ state, words string }{
	{"whole", "in %s whole"}, {"damaged", "in %s damaged"}, {"duplicate", "in %s here twice"},
	{"zeros", "zero"}, {"index", "the file's own index and free space"}, {"not_mail", "not mail"},
}

// A rescue is the work on one file.
type rescue struct {
	*app
	flags   *recoverFlags
	path    string
	file    *mailboxFile
	isDBX   bool
	count   map[string]int64 // by state
	octets  map[string]int64
	written *int64 // files, over all mailboxes
}

// A mailboxFile is a fetch.File.
type mailboxFile struct {
	*os.File
	size int64
}

func (f *mailboxFile) Size() int64 { return f.size }

func (a *app) recover(ctx context.Context, paths []string, f *recoverFlags) error {
	if f.out != "" {
		if err := os.MkdirAll(f.out, 0o777); err != nil {
			return err
		}
	}
	code, written := exitOK, int64(0)
	for _, p := range paths {
		r, err := a.openRescue(p, f)
		if err != nil {
			return err
		}
		r.written = &written
		err = errors.Join(r.run(ctx), r.file.Close())
		if err != nil {
			return err
		}
		if r.count["whole"]+r.count["damaged"] == 0 {
			code = worse(code, exitNone)
		}
	}
	if code != exitOK {
		return status(code)
	}
	return nil
}

// openRescue opens a file for reading and looks what it is.
func (a *app) openRescue(path string, f *recoverFlags) (*rescue, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fail(exitFailed, "Give the damaged file itself; of a folder: lostpost import "+shellQuote(path), "%s is no file.", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	head := make([]byte, 4096)
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.Join(err, file.Close())
	}
	if unpack.Kind(head[:n]) != "" {
		file.Close()
		return nil, fail(exitFailed, "It is read as far as it can be by: lostpost import "+shellQuote(path), "%s is a packed file.", path)
	}
	return &rescue{
		app: a, flags: f, path: path, file: &mailboxFile{file, info.Size()}, isDBX: dbx.Sniff(head[:n], path) > fetch.No,
		count: make(map[string]int64), octets: make(map[string]int64),
	}, nil
}

// run goes over the file, prints the account and puts the messages where they
// are wanted.
func (r *rescue) run(ctx context.Context) error {
	progress := term.NewProgress(r.err, r.progressMode())
	defer progress.Close()
	job := progress.Start("reading "+tail(oneLine(r.path), 16), r.file.size)
	defer job.Done()
	stretches := r.mboxStretches
	if r.isDBX {
		stretches = r.dbxStretches
	}
	if err := stretches(ctx, func(s stretch) error {
		r.count[s.state]++
		r.octets[s.state] += s.octets
		job.Set(min(s.at+s.octets, r.file.size))
		return r.take(s)
	}); err != nil {
		return err
	}
	if err := r.printAccount(); err != nil {
		return err
	}
	if r.flags.out != "" || r.flags.list || r.count["whole"]+r.count["damaged"] == 0 {
		return nil
	}
	return r.archive(ctx)
}

// kindStates are the states of what fetch/mbox finds.
var kindStates = map[mbox.Kind]string{
	mbox.Whole: "whole", mbox.Damaged: "damaged", mbox.Duplicate: "duplicate", mbox.Zeros: "zeros", mbox.NotMail: "not_mail",
}

func (r *rescue) mboxStretches(ctx context.Context, use func(stretch) error) error {
	for f, err := range mbox.Recover(ctx, r.file, r.file.size) {
		if err != nil {
			return err
		}
		s := stretch{at: f.From, octets: f.Octets, state: kindStates[f.Kind], note: f.Note}
		if !f.Zeros && f.Start < f.End {
			s.body = fetch.Section(r.file, f.Start, f.End)
		}
		if err := use(s); err != nil {
			return err
		}
	}
	return nil
}

// dbxStretches gives the messages of a .dbx. Their octets are those of their
// text; what is left of the file is its index.
func (r *rescue) dbxStretches(ctx context.Context, use func(stretch) error) error {
	src, err := dbx.Open(r.file, fetch.Options{})
	if err != nil {
		return err
	}
	defer src.Close()
	rest := r.file.size
	for m, err := range src.Messages(ctx, fetch.NoState) {
		if m == nil {
			return err
		}
		_, at := splitOrigin(m.Origin, src.Name(), "")
		s := stretch{at: at, octets: m.Size, state: "whole", body: m.Body}
		traits := strings.Join(m.Traits, " ")
		switch {
		case err != nil:
			s.state, s.note = "not_mail", err.Error()
		case strings.Contains(traits, "damaged"):
			s.state, s.note = "damaged", "segments of it are lost or were deleted"
		}
		rest -= s.octets
		if err := use(s); err != nil {
			return err
		}
	}
	return use(stretch{octets: rest, state: "index"})
}
