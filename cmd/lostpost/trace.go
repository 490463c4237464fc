package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lostpost/explain"
	"lostpost/index/query"
	"lostpost/internal/term"
)

const traceLong = `Trace reads the mail log of a Postfix server and prints one row a recipient: when the last attempt was, from and to whom, what came of it, the words of the other server, how long it took, the queue id. Rotated pieces of a log (mail.log.2.gz, mail.log.1, mail.log) are put into order; - is stdin.

Filters choose rows: from:ADDRESS, to:ADDRESS and id:MESSAGE-ID match any part; status: is sent, deferred, bounced or expired; date: is a day, a month or a range, as in search.

Exit code 1: no row was found.`

func (a *app) traceCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "trace LOG... [from:A] [to:B] [id:M] [status:S] [date:RANGE]",
		GroupID: "rescue",
		Short:   "What a Postfix mail log says of each recipient",
		Long:    traceLong,
		Example: "  lostpost trace /var/log/mail.log to:john@example.net\n  lostpost trace mail.log* status:bounced date:2024-07\n  journalctl -o short-iso -u 'postfix*' | lostpost trace - id:20240711.1@example.com",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.trace(cmd.Context(), args)
		},
	}
}

// A traceFilter chooses deliveries.
type traceFilter struct {
	from, to, id, status string
	after, before        int64 // Unix seconds, after <= x < before
}

// delivery is the JSON form of a row (`lostpost help json`).
type delivery struct {
	Type      string  `json:"type"`
	Host      string  `json:"host,omitempty"`
	QueueID   string  `json:"queue_id"`
	MessageID string  `json:"message_id,omitempty"`
	From      string  `json:"from"` // "" is a notice of a server
	To        string  `json:"to"`
	Original  string  `json:"original,omitempty"`
	Relay     string  `json:"relay,omitempty"`
	Status    string  `json:"status,omitempty"`
	DSN       string  `json:"dsn,omitempty"`
	Reply     string  `json:"reply,omitempty"`
	Reason    string  `json:"reason,omitempty"`
	Delay     float64 `json:"delay"`
	Delays    string  `json:"delays,omitempty"`
	Size      int64   `json:"size,omitempty"`
	First     string  `json:"first,omitempty"`
	Last      string  `json:"last,omitempty"`
	Removed   bool    `json:"removed"`
}

func (a *app) trace(ctx context.Context, args []string) error {
	f, paths, err := a.traceArgs(args)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return fail(exitFailed, "Name a mail log, or - for stdin: lostpost trace /var/log/mail.log", "no log is named.")
	}
	sortLogs(paths)
	var files []io.Reader
	read := &octetCounter{}
	for _, p := range paths {
		if p == "-" {
			files = append(files, io.TeeReader(a.in, read))
			continue
		}
		file, err := os.Open(p)
		if err != nil {
			return err
		}
		defer file.Close()
		files = append(files, io.TeeReader(file, read))
	}
	n := int64(0)
	err = a.paged(func() error {
		for d, err := range explain.Log(a.now(), files...) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return err
			}
			if !f.takes(&d) {
				continue
			}
			n++
			if err := a.printDelivery(&d); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if a.json {
		if err := writeJSON(a.buf, summary{Type: "summary", Schema: 1, Total: &n, Bytes: &read.bytes}); err != nil {
			return err
		}
	} else {
		a.note("%s in %s of log.", deliveries(n), term.Size(read.bytes))
	}
	return noneIfZero(n)
}

func deliveries(n int64) string {
	if n == 1 {
		return "1 delivery"
	}
	return term.Number(n) + " deliveries"
}

// A octetCounter counts what is read of the logs.
type octetCounter struct{ bytes int64 }

func (c *octetCounter) Write(b []byte) (int, error) {
	c.bytes += int64(len(b))
	return len(b), nil
}

// traceArgs tells filters and logs apart. A file that is there is a log,
// whatever its name looks like.
func (a *app) traceArgs(args []string) (f traceFilter, paths []string, err error) {
	f.after, f.before = math.MinInt64, math.MaxInt64
	for _, arg := range args {
		name, value, ok := strings.Cut(arg, ":")
		if _, err := os.Stat(arg); err == nil || !ok {
			paths = append(paths, arg)
			continue
		}
		value = strings.ToLower(strings.Trim(value, "<>"))
		switch name {
		case "from":
			f.from = value
		case "to":
			f.to = value
		case "id":
			f.id = value
		case "status":
			f.status = value
		case "date":
			e, err := query.Parse(arg, a.now())
			r, isRange := e.(query.Range)
			if err != nil || !isRange {
				return f, nil, fail(exitFailed, "It is a day, a month or a range: date:2024-07-11, date:2024-07..2024-08.", "%q is no date.", value)
			}
			f.after, f.before = r.From, r.To
		default:
			return f, nil, fail(exitFailed, "Filters are from:, to:, id:, status: and date:.", "%s: there is no such file, and no such filter.", arg)
		}
	}
	return f, paths, nil
}

// takes reports whether a row is wanted.
func (f *traceFilter) takes(d *explain.Delivery) bool {
	at := d.Last.Unix()
	return has(d.From, f.from) && (has(d.To, f.to) || f.to != "" && has(d.Original, f.to)) && has(d.MessageID, f.id) &&
		(f.status == "" || d.Status == f.status) && at >= f.after && at < f.before
}

// has reports whether s holds part, which is in lower case.
func has(s, part string) bool {
	return part == "" || strings.Contains(strings.ToLower(s), part)
}

// sortLogs puts the pieces of a rotated log into order, the oldest first.
func sortLogs(paths []string) {
	slices.SortStableFunc(paths, func(x, y string) int {
		xb, xn := rotation(x)
		yb, yn := rotation(y)
		if xb != yb {
			return 0
		}
		return cmp.Compare(yn, xn)
	})
}

// rotation gives the name of a log without what rotation added, and how old
// the piece is: mail.log.2.gz is older than mail.log.1, mail.log-20240301 older
// than mail.log-20240308.
func rotation(path string) (base string, age int) {
	base = strings.TrimSuffix(path, ".gz")
	i := strings.LastIndexAny(base, ".-")
	if i < len(filepath.Dir(path)) {
		return base, 0
	}
	n, err := strconv.Atoi(base[i+1:])
	switch {
	case err != nil:
		return base, 0
	case n > 19000101: // a date: later is younger
		return base[:i], math.MaxInt32 - n
	}
	return base[:i], n
}

func newDelivery(d *explain.Delivery) delivery {
	reason := ""
	if d.Status != "sent" {
		reason = d.Outcome().Reason
	}
	return delivery{
		"delivery", d.Host, d.QueueID, d.MessageID, d.From, d.To, d.Original, d.Relay, d.Status, d.DSN, d.Reply, reason,
		float64(d.Delay.Milliseconds()) / 1000, d.Delays, d.Size, logTime(d.First), logTime(d.Last), d.Removed,
	}
}

func (a *app) printDelivery(d *explain.Delivery) error {
	if a.json {
		return writeJSON(a.buf, newDelivery(d))
	}
	sep := "\t"
	if a.outTerminal() {
		sep = "  "
	}
	row := []string{a.clock(d.Last) + d.Last.Format(":05"), cmp.Or(d.From, "<>"), d.To, d.Status, d.Reply, fmt.Sprintf("%.2f s", d.Delay.Seconds()), d.QueueID}
	if d.Last.IsZero() {
		row[0] = a.clock(d.Last)
	}
	for i, s := range row {
		row[i] = oneLine(s)
	}
	a.printf("%s\n", strings.Join(row, sep))
	return nil
}

// logTime is a time of the log for JSON, "" if it has none.
func logTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}
