package main

import (
	"cmp"
	"context"
	"encoding/hex"
	"math"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"lostpost/archive"
	"lostpost/drafts"
	"lostpost/index/query"
)

type draftsFlags struct {
	all   bool
	since string
	words []string
	list  pathList
}

const draftsLong = `Drafts lists texts that were written and never sent: in a file, a folder, an export (zip, tgz) as it is, or in the archive. Versions of one text are one row. Every row has reasons: lostpost drafts why 1.

A draft goes back into a mail program as a file (drafts save), or onto the server: import PATH, then restore ID --to URL --mailbox Drafts.

Exit code 1: there is none. Then it says where else to look.

What the programs do with a draft:
  Gmail: label Drafts, in Takeout too; a discarded one is nowhere
  Thunderbird: the mailbox Drafts; older saves stay in its file until it is compacted
  Apple Mail: Drafts.mbox, Recovered Messages, Deleted Messages
  Outlook: Drafts, Deleted Items, Recoverable Items
  Maildir, IMAP: .Drafts, the flag D, what is marked as deleted and not yet removed
  mutt, alpine: the files postponed and postponed-msgs
  Live Mail, .eml: the line X-Unsent: 1`

func (a *app) draftsCommand() *cobra.Command {
	var f draftsFlags
	cmd := &cobra.Command{
		Use:     "drafts [PATH...]",
		GroupID: "rescue",
		Short:   "Find texts that were never sent, in any file or in the archive",
		Long:    draftsLong,
		Example: "  lostpost drafts takeout.zip\n  lostpost drafts ~/.thunderbird --word lake\n  lostpost drafts save 1 -o letter.eml",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			paths, err := f.list.paths(a, args)
			if err != nil {
				return err
			}
			if f.list.from != "" && len(paths) == 0 {
				return fail(exitNone, "It names one path a line.", "%s names no path.", f.list.from)
			}
			return a.drafts(cmd.Context(), paths, &f)
		},
	}
	fl := cmd.Flags()
	fl.BoolVar(&f.all, "all", false, "sent copies and templates too")
	fl.StringVar(&f.since, "since", "", "saved on `DATE` or later: 2024, 2024-03, 2024-03-05, 3m")
	fl.StringArrayVar(&f.words, "word", nil, "with this `WORD` in text, subject or recipients; may be repeated")
	f.list.register(fl)
	for _, sub := range []*cobra.Command{a.draftsShowCommand(), a.draftsWhyCommand(), a.draftsDiffCommand(), a.draftsSaveCommand()} {
		sub.Flags().BoolVarP(&a.quiet, "quiet", "q", false, "errors only")
		cmd.AddCommand(sub)
	}
	return cmd
}

// draft is the JSON form of a row (`lostpost help json`).
type draft struct {
	Type     string          `json:"type"`
	N        int             `json:"n"`
	ID       string          `json:"id"`
	State    drafts.State    `json:"state"`
	Score    float64         `json:"score"`
	Evidence []draftEvidence `json:"evidence"`
	Latest   string          `json:"latest"`
	Longest  string          `json:"longest"`
	Words    int             `json:"words"`
	To       []address       `json:"to,omitempty"`
	Subject  string          `json:"subject,omitempty"`
	Date     string          `json:"date,omitempty"`
	Versions []draftVersion  `json:"versions"`

	when   time.Time
	begins string // the first words of the text
	listed bool   // without --all
}

type draftEvidence struct {
	Weight float64 `json:"weight"`
	Reason string  `json:"reason"`
	Where  string  `json:"where,omitempty"`
}

type draftVersion struct {
	ID       string       `json:"id"`
	Path     string       `json:"path,omitempty"`
	Index    *int         `json:"index,omitempty"`
	Offset   *int64       `json:"offset,omitempty"`
	Mailbox  string       `json:"mailbox,omitempty"`
	State    drafts.State `json:"state"`
	Words    int          `json:"words"`
	TextSHA1 string       `json:"text_sha1"`
	Date     string       `json:"date,omitempty"`

	at spot
}

func (a *app) drafts(ctx context.Context, paths []string, f *draftsFlags) error {
	since, err := sinceDate(f.since, a.now())
	if err != nil {
		return err
	}
	h := a.newHunt(f.words)
	if !a.json && !a.quiet {
		h.early = &early{since: a.now()}
	}
	if err := h.search(ctx, paths); err != nil {
		return err
	}
	rows := h.rows(f.all, since)
	if a.json {
		for _, r := range rows {
			if err := writeJSON(a.buf, r); err != nil {
				return err
			}
		}
		err = writeJSON(a.buf, summary{Type: "summary", Schema: 1, Seen: ptr(h.seen + h.failed), Failed: &h.failed, Total: ptr(int64(len(rows)))})
	} else {
		a.listDrafts(rows, h, paths)
	}
	code := exitOK
	if len(rows) == 0 {
		code = exitNone
	}
	if h.failed > 0 {
		code = worse(code, exitSome)
	}
	if err == nil && code != exitOK {
		return status(code)
	}
	return err
}

// sinceDate reads DATE or an age as a query does.
func sinceDate(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, op := range []string{"newer:", "after:"} {
		e, err := query.Parse(op+s, now)
		if r, ok := e.(query.Range); err == nil && ok {
			return time.Unix(r.From, 0), nil
		}
	}
	return time.Time{}, fail(exitFailed, "It is a date or an age: 2024, 2024-03, 2024-03-05, 3m.", "--since cannot be %q.", s)
}

// rows makes the list, newest first.
func (h *hunt) rows(all bool, since time.Time) []*draft {
	var rows []*draft
	for _, f := range h.families() {
		if !slices.ContainsFunc(f.Versions, func(c *drafts.Candidate) bool { return !h.wordless[c] }) {
			if f.State.Lost() {
				h.others++
			}
			continue
		}
		r := h.row(&f)
		if (all || r.listed) && (since.IsZero() || !r.when.Before(since)) {
			rows = append(rows, r)
		}
	}
	slices.SortStableFunc(rows, func(x, y *draft) int {
		return cmp.Or(y.when.Compare(x.when), cmp.Compare(x.ID, y.ID))
	})
	for i, r := range rows {
		r.N = i + 1
	}
	return rows
}

func (h *hunt) row(f *drafts.Family) *draft {
	latest, longest := f.IDs()
	last := f.Versions[f.Latest]
	r := &draft{Type: "draft", ID: latest.String(), State: f.State, Score: round2(f.Verdict().Score), Latest: latest.String(), Longest: longest.String(),
		Words: f.Best().Words, Subject: last.Subject, Date: dateJSON(last.Date), when: last.Date, begins: f.Best().Begins, listed: f.State.Lost(), Evidence: []draftEvidence{}}
	for _, x := range last.To {
		r.To = append(r.To, address(x))
	}
	for _, e := range f.Verdict().Evidence {
		r.Evidence = append(r.Evidence, draftEvidence(e))
	}
	for _, c := range f.Versions {
		at := h.where[c]
		v := draftVersion{ID: c.ID.String(), Path: at.Path, Mailbox: c.Meta.Mailbox, State: c.Verdict.State, Words: c.Words,
			TextSHA1: hex.EncodeToString(c.TextSHA1[:]), Date: dateJSON(c.Date), at: at}
		if at.Source != "" {
			v.Index = &at.Index
			if at.Offset >= 0 {
				v.Offset = &at.Offset
			}
		} else {
			v.Mailbox = mailboxName(v.Mailbox)
		}
		r.Versions = append(r.Versions, v)
	}
	return r
}

// round2 keeps two decimals: more would say more than is known.
func round2(x float64) float64 { return math.Round(x*100) / 100 }

func dateJSON(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// version gives the first version with this id.
func (r *draft) version(id string) *draftVersion {
	i := slices.IndexFunc(r.Versions, func(v draftVersion) bool { return v.ID == id })
	return &r.Versions[max(i, 0)]
}

// archived reports whether a version lies in the archive.
func (v *draftVersion) archived() bool { return v.at.Source == "" }

// place is where a version lies, for people.
func (v *draftVersion) place() string {
	if v.archived() {
		return v.Mailbox
	}
	return v.Path
}

func (v *draftVersion) id() (archive.ID, error) { return archive.ParseID(v.ID) }
