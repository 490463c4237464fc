package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"lostpost/archive"
	"lostpost/index"
	"lostpost/internal/term"
)

type checkFlags struct {
	fast, index, repair, adopt bool
	report                     string
}

func (a *app) checkCommand() *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:     "check",
		GroupID: "keep",
		Short:   "Prove that every message is there, unchanged and findable",
		Long:    "Check reads every message, compares its SHA-256 with its name, the ledger with the folders, and the index with the ledger. It changes nothing unless --repair is given. Exit code 3: something was found that loses nothing. 6: a message is missing or changed, each named.",
		Example: "  lostpost check\n  lostpost check --fast\n  lostpost check --index\n  lostpost check --report 2024-03-02T14.05",
		Args:    noWords,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("report") {
				return a.checkReport(cmd.Context(), f.report)
			}
			return a.check(cmd.Context(), &f)
		},
	}
	fl := cmd.Flags()
	fl.BoolVar(&f.fast, "fast", false, "names and sizes only, do not read the messages")
	fl.BoolVar(&f.index, "index", false, "only prove that every stored message is in the index")
	fl.BoolVar(&f.repair, "repair", false, "mend what loses nothing: leftovers, a lost ledger")
	fl.BoolVar(&f.adopt, "adopt", false, "with --repair: take in mail that others put into mail/")
	fl.StringVar(&f.report, "report", "", "name every message that `RUN` could not read (all: every run)")
	return cmd
}

// checkReport lists what was put aside by the run that began in that minute.
func (a *app) checkReport(ctx context.Context, run string) error {
	arc, err := a.open()
	if err != nil {
		return err
	}
	defer arc.Close()
	var from, to time.Time
	if run != "all" && run != "" {
		from, err = time.ParseInLocation(runForm, run, time.Local)
		if err != nil {
			return fail(exitFailed, "It looks like "+runForm+", as import prints it.", "%q names no run.", run)
		}
		to, err = a.endOfRun(ctx, arc, from)
		if err != nil {
			return err
		}
	}
	n := 0
	for x, err := range arc.Asides(ctx) {
		if err != nil {
			return err
		}
		if !from.IsZero() && (x.Time.Before(from) || x.Time.After(to)) {
			continue
		}
		n++
		if a.json {
			if err := writeJSON(a.buf, struct {
				Type   string `json:"type"`
				Origin string `json:"origin"`
				Result string `json:"result"`
				Reason string `json:"reason"`
				Kept   string `json:"kept,omitempty"`
			}{"item", x.Origin, "quarantined", x.Reason, x.Name}); err != nil {
				return err
			}
			continue
		}
		kept := ""
		if x.Name != "" {
			kept = "   (octets kept in quarantine/" + x.Name + ")"
		}
		a.printf("%s  %s     %s%s\n", a.clock(x.Time), oneLine(a.originForPeople(x.Origin)), oneLine(x.Reason), oneLine(kept))
	}
	return noneIfZero(int64(n))
}

// endOfRun is when the runs that were begun in the minute of from ended: the
// last account before the next minute that has one after it, else now.
func (a *app) endOfRun(ctx context.Context, arc *archive.Archive, from time.Time) (time.Time, error) {
	for x, err := range arc.Accounts(ctx) {
		if err != nil {
			return from, err
		}
		if !x.Time.Before(from.Add(time.Minute)) {
			return x.Time, nil
		}
	}
	return a.now(), nil
}

// checked is what check found.
type checked struct {
	findings []archive.Finding
	severe   int
	stored   int64
	indexed  int64
	missing  int64 // stored and readable, not in the index
	stale    int64 // in the index with flags, labels or mailboxes of before
	surplus  int64 // in the index, not stored
	refused  []index.Refusal
	damage   string // what is wrong with the files of the index
	noIndex  bool
}

func (a *app) check(ctx context.Context, f *checkFlags) error {
	started := a.now()
	if f.repair {
		if err := a.repair(ctx, f.adopt); err != nil {
			return err
		}
	}
	arc, err := a.open()
	if err != nil {
		return err
	}
	defer arc.Close()
	var c checked
	if !f.index {
		if err := c.files(ctx, arc, f.fast); err != nil {
			return err
		}
	}
	st, err := arc.Stat(ctx)
	if err != nil {
		return err
	}
	c.stored = st.Messages
	if err := a.checkIndex(ctx, arc, &c, f); err != nil {
		return err
	}
	return a.printCheck(ctx, arc, &c, f, started)
}

// files looks at every message.
func (c *checked) files(ctx context.Context, arc *archive.Archive, fast bool) error {
	for x, err := range arc.Check(ctx, archive.CheckOptions{Quick: fast}) {
		if err != nil {
			return err
		}
		c.findings = append(c.findings, x)
		if x.Severe {
			c.severe++
		}
	}
	return nil
}

// repair mends the archive under the writer's lock and says what it did.
func (a *app) repair(ctx context.Context, adopt bool) (err error) {
	w, err := archive.OpenWriter(ctx, a.dir(), archive.Options{Log: a.log()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	for x, err := range w.Repair(ctx, adopt) {
		if err != nil {
			return err
		}
		a.note("mended %s  %s  %s", x.Code, x.Path, x.Detail)
	}
	return nil
}

func (a *app) printCheck(ctx context.Context, arc *archive.Archive, c *checked, f *checkFlags, started time.Time) error {
	var sum archive.Account
	for x, err := range arc.Accounts(ctx) {
		if err != nil {
			return err
		}
		sum.Known += x.Known
		sum.Stored += x.Stored
		sum.Duplicate += x.Duplicate
		sum.PutAside += x.PutAside + x.Vanished + x.Pending
	}
	code := exitOK
	switch {
	case c.severe > 0:
		code = exitBroken
	case len(c.findings) > 0 || !c.indexWhole():
		code = exitSome
	}
	took := a.now().Sub(started).Seconds()
	if a.json {
		for _, x := range c.findings {
			if err := writeJSON(a.buf, struct {
				Type   string `json:"type"`
				Code   string `json:"code"`
				Path   string `json:"path,omitempty"`
				ID     string `json:"id,omitempty"`
				Detail string `json:"detail,omitempty"`
				Severe bool   `json:"severe"`
			}{"finding", x.Code, x.Path, idOrNone(x.ID), x.Detail, x.Severe}); err != nil {
				return err
			}
		}
		if err := writeJSON(a.buf, summary{Type: "summary", Schema: 1, Stored: &c.stored, Indexed: &c.indexed, Failed: ptr(int64(len(c.findings))), Took: took}); err != nil {
			return err
		}
		return statusOf(code)
	}
	a.printRefused(c.refused, c.damage)
	for _, x := range c.findings {
		a.printf("%s  %s  %s\n", x.Code, oneLine(x.Path), oneLine(x.Detail))
	}
	how := "bytes equal to their names"
	if f.fast {
		how = "sizes as in the ledger"
	}
	present := fmt.Sprintf("%s of %s present, %s", term.Number(c.stored-int64(c.severe)), term.Number(c.stored), how)
	if f.index {
		present = "not looked at"
	}
	// A run that was killed has left messages and no account of them.
	stopped := max(c.stored-sum.Stored, 0)
	seen := fmt.Sprintf("%s seen = %s + %s + %s", term.Number(sum.Known+sum.Stored+stopped+sum.Duplicate+sum.PutAside),
		term.Number(sum.Stored+stopped), term.Number(sum.Known+sum.Duplicate), term.Number(sum.PutAside))
	width := max(len(present), len(seen))
	a.printf("files      %-*s      index  %s\n", width, present, c.indexWord())
	a.printf("ledger     %-*s      left over %d\n", width, seen, len(c.findings)-c.severe)
	if stopped > 0 {
		a.printf("           %s of the stored came with runs that were stopped, or from a repair\n", term.Number(stopped))
	}
	switch code {
	case exitOK:
		a.printf("All well. (%.1f s)\n", took)
	case exitSome:
		a.printf("Nothing is lost. %s (%.1f s)\n", c.todo(), took)
	default:
		a.printf("%s missing or changed, named above. Restore them from a backup, or import their source again. (%.1f s)\n", count(int64(c.severe), "message"), took)
	}
	return statusOf(code)
}

func (c *checked) indexWord() string {
	switch {
	case c.damage != "":
		return "damaged"
	case c.noIndex:
		return "none"
	}
	s := fmt.Sprintf("%s of %s", term.Number(c.indexed), term.Number(c.stored))
	if n := len(c.refused); n > 0 {
		s += fmt.Sprintf(", %s cannot be read", term.Number(int64(n)))
	}
	if c.stale > 0 {
		s += fmt.Sprintf(", %s with old flags or mailboxes", term.Number(c.stale))
	}
	if c.surplus > 0 {
		s += fmt.Sprintf(", %s too many", term.Number(c.surplus))
	}
	return s
}

// todo names the command that mends what was found.
func (c *checked) todo() string {
	if len(c.findings) > 0 {
		return "Mend it: lostpost check --repair (mail from other programs: --adopt)."
	}
	if c.damage != "" {
		return "Make the index anew: lostpost index --rebuild."
	}
	if c.missing > 0 || c.stale > 0 || c.surplus > 0 {
		return "Bring the index up to date: lostpost index; if that changes nothing: lostpost check --repair."
	}
	return "Bring the index up to date: lostpost index."
}

func statusOf(code int) error {
	if code == exitOK {
		return nil
	}
	return status(code)
}

func idOrNone(id archive.ID) string {
	if id == (archive.ID{}) {
		return ""
	}
	return id.String()
}
