package main

import (
	"context"

	"github.com/spf13/cobra"

	"lostpost/decode"
	"lostpost/explain"
)

type explainFlags struct {
	query    string
	only     []string
	me       []string
	trust    []string
	contacts string
	keys     string
	online   bool
	show     bool
	line     string
	logs     []string
}

const explainLong = `Explain says in plain words which way a mail took, who vouches for its sender, and why mail came back. The answer is the first line, then what to do, then the evidence with the header lines that it rests on.

Nothing about the mail leaves this computer. Only lines that your own servers wrote are believed: --trust names them, else they are those of the organisation that wrote the topmost Received line. --keys reads saved DKIM records, one "name TAB record" a line; --online asks the DNS for them. Names and domains that imitate somebody are looked for among --contacts, one address a line, else among those you wrote to.

Exit code 1: of no mail it could be told who sent it. 2: the only file is no mail. 3: some of several are not.`

func (a *app) explainCommand() *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use:     "explain ID|FILE|DIR|-... [-q QUERY]",
		GroupID: "rescue",
		Short:   "The way a mail took, who really sent it, why it came back",
		Long:    explainLong,
		Example: "  lostpost explain suspicious.eml\n  lostpost explain 2 --show\n  lostpost explain bounces/\n  lostpost explain -q is:unread --only who",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.explains(cmd.Context(), args, &f)
		},
	}
	fl := cmd.Flags()
	fl.StringVarP(&f.query, "query", "q", "", "every message that `QUERY` finds")
	fl.StringSliceVar(&f.only, "only", nil, "`PARTS` of the answer: way, who, forged, bounce")
	fl.StringArrayVar(&f.me, "me", nil, "an `ADDRESS` of yours (else those of the configuration); may be repeated")
	fl.StringArrayVar(&f.trust, "trust", nil, "a `SERVER` or domain whose lines are to be believed; may be repeated")
	fl.StringVar(&f.contacts, "contacts", "", "your address book, a `FILE` with one address a line")
	fl.StringVar(&f.keys, "keys", "", "a `FILE` of saved DKIM keys")
	fl.BoolVar(&f.online, "online", false, "ask the DNS for DKIM keys")
	fl.StringVar(&f.line, "line", "", "explain one reply of a server, `TEXT`: '550 5.7.501 Banned Sender'")
	fl.StringArrayVar(&f.logs, "log", nil, "a mail log, `FILE`, of your own server; may be repeated")
	fl.BoolVar(&f.show, "show", false, "the header lines with the sentences that rest on them")
	return cmd
}

// An explainer explains messages and counts the answers.
type explainer struct {
	app   *app
	flags *explainFlags
	opt   explain.Options
	sum   explainSum
	logs  map[string][]explain.Delivery // by Message-ID; nil without --log
}

func (a *app) explains(ctx context.Context, args []string, f *explainFlags) error {
	if f.line != "" && len(args) == 0 && f.query == "" {
		return a.explainLine(f.line)
	}
	if err := f.check(args); err != nil {
		return err
	}
	x := &explainer{app: a, flags: f}
	if err := x.options(ctx, args); err != nil {
		return err
	}
	err := a.paged(func() error {
		one := func(it *item) error { return x.message(ctx, it) }
		if f.query != "" {
			if err := a.eachHit(ctx, f.query, one); err != nil {
				return err
			}
		}
		if err := a.each(ctx, args, one); err != nil {
			return err
		}
		if x.sum.messages > 1 && !a.json {
			x.sum.print(a)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return statusOf(x.sum.code())
}

func (f *explainFlags) check(args []string) error {
	if len(args) == 0 && f.query == "" {
		return fail(exitFailed, "Give a message, a file, a folder, or - for stdin: lostpost explain FILE", "nothing to explain.")
	}
	for _, o := range f.only {
		switch o {
		case "way", "who", "forged", "bounce":
		default:
			return fail(exitFailed, "It is way, who, forged or bounce.", "--only cannot be %q.", o)
		}
	}
	return nil
}

// wants reports whether a part of the answer is to be printed.
func (f *explainFlags) wants(part string) bool {
	for _, o := range f.only {
		if o == part {
			return true
		}
	}
	return len(f.only) == 0
}

// message explains one.
func (x *explainer) message(ctx context.Context, it *item) error {
	m, err := it.decode(ctx, decode.Options{})
	if err != nil {
		return err
	}
	rep, err := explain.Message(ctx, it.r, it.size, m, x.opt)
	if err != nil {
		return err
	}
	if m.Header.Len() == 0 && rep.Kind == explain.KindNone { // the header of a notice may stand below other lines
		x.sum.noMail(x.app, it)
		return nil
	}
	x.sum.add(rep, m)
	if x.app.json {
		j := newExplanation(it, rep)
		for _, d := range x.logged(m.Header.MessageIDs("Message-ID"), rep) {
			j.Log = append(j.Log, newDelivery(&d))
		}
		return writeJSON(x.app.buf, j)
	}
	if x.sum.messages > 1 {
		x.app.printf("\n")
	}
	if err := x.print(it, m, rep); err != nil {
		return err
	}
	x.printLogged(x.logged(m.Header.MessageIDs("Message-ID"), rep))
	return nil
}
