package main

import (
	"bufio"
	"cmp"
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"lostpost/archive"
	"lostpost/decode"
	"lostpost/internal/term"
)

func (a *app) statsCommand() *cobra.Command {
	var by string
	var limit int
	cmd := &cobra.Command{
		Use:         "stats [QUERY...]",
		GroupID:     "keep",
		Short:       "Counts and sizes by year, mailbox, sender and more",
		Long:        "Stats counts the messages of the archive, or those that a query finds, and their octets. --by status counts the codes of delivery notices (5.1.1: no such address), --by reason what they mean. A message that belongs to several rows, such as one in two mailboxes, is counted in each; the last line counts every message once.",
		Example:     "  lostpost stats\n  lostpost stats --by sender date:2024\n  lostpost stats --by type --json",
		Annotations: map[string]string{"takes": "query"},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.stats(cmd.Context(), strings.Join(args, " "), by, limit)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&by, "by", "year", "`WHAT`: year, mailbox, sender, size, type, charset, problem, status or reason")
	fl.IntVar(&limit, "limit", 0, "at most `N` rows, the largest first (0: all)")
	a.fixed(cmd, "by", slices.Sorted(maps.Keys(statRows))...)
	return cmd
}

// A statRow gives the rows that one message is counted in. Nothing but what a
// row needs is read: entries come from the ledger, structures from Walk, and
// only problems need the whole decoder.
type statRow struct {
	entry func(archive.Entry) []string
	parts func([]*decode.Part) []string
	whole func(*decode.Message) []string
	first bool // the root part is enough
	names bool // rows are ordered by name, not by count
}

var statRows = map[string]statRow{
	"mailbox": {entry: mailboxRows},
	"size":    {entry: sizeRow, names: true},
	"year":    {parts: yearRow, first: true, names: true},
	"sender":  {parts: senderRow, first: true},
	"type":    {parts: typeRows},
	"charset": {parts: charsetRows},
	"status":  {parts: statusRows},
	"problem": {whole: problemRows},
	"reason":  {whole: reasonRows},
}

// A tally counts messages and octets of one row.
type tally struct{ messages, bytes int64 }

// A counter sums up rows from several goroutines.
type counter struct {
	mu   sync.Mutex
	rows map[string]tally
	all  tally
}

func (c *counter) add(rows []string, size int64) {
	slices.Sort(rows)
	rows = slices.Compact(rows)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all.messages++
	c.all.bytes += size
	for _, r := range rows {
		t := c.rows[r]
		t.messages++
		t.bytes += size
		c.rows[r] = t
	}
}

func (a *app) stats(ctx context.Context, text, by string, limit int) error {
	kind, ok := statRows[by]
	if !ok {
		return fail(exitFailed, "It is year, mailbox, sender, size, type, charset, problem, status or reason.", "--by cannot be %q.", by)
	}
	arc, err := a.open()
	if err != nil {
		return err
	}
	defer arc.Close()
	if strings.TrimSpace(text) == "*" {
		text = "" // all of the archive needs no index
	}
	c := &counter{rows: map[string]tally{}}
	err = a.onAllCores(ctx, arc, text, func(ctx context.Context, id archive.ID) error {
		return c.message(ctx, arc, id, kind)
	})
	if err != nil {
		return err
	}
	return a.printStats(c, by, kind.names, limit)
}

// message counts one message.
func (c *counter) message(ctx context.Context, arc *archive.Archive, id archive.ID, kind statRow) error {
	if kind.entry != nil {
		e, err := arc.Lookup(ctx, id)
		if err == nil {
			c.add(kind.entry(e), e.Size)
		}
		return err
	}
	return withArchived(ctx, arc, id, func(it *item) error {
		rows, err := kind.read(ctx, it)
		if err == nil {
			c.add(rows, it.size)
		}
		return err
	})
}

func (k statRow) read(ctx context.Context, it *item) ([]string, error) {
	if k.whole != nil {
		d, err := it.decode(ctx, decode.Options{})
		if err != nil {
			return nil, err
		}
		return k.whole(d), nil
	}
	var parts []*decode.Part
	for p, err := range decode.Walk(it.r, it.size, decode.Limits{}) {
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
		if k.first {
			break
		}
	}
	if len(parts) == 0 {
		return nil, nil
	}
	return k.parts(parts), nil
}

func mailboxRows(e archive.Entry) []string {
	var out []string
	for _, p := range e.Places {
		out = append(out, mailboxName(p.Mailbox))
	}
	return out
}

// sizeRow puts a size between powers of ten. The rows sort by their names.
func sizeRow(e archive.Entry) []string {
	switch {
	case e.Size < 1e4:
		return []string{"0 to 10 kB"}
	case e.Size < 1e5:
		return []string{"10 to 100 kB"}
	case e.Size < 1e6:
		return []string{"100 kB to 1 MB"}
	case e.Size < 1e7:
		return []string{"1 to 10 MB"}
	case e.Size < 1e8:
		return []string{"10 to 100 MB"}
	}
	return []string{"over 100 MB"}
}

// sizeOrder is the order of the rows of sizeRow.
var sizeOrder = []string{"0 to 10 kB", "10 to 100 kB", "100 kB to 1 MB", "1 to 10 MB", "10 to 100 MB", "over 100 MB"}

func yearRow(parts []*decode.Part) []string {
	t, ok := parts[0].Header.Date()
	if !ok {
		return []string{"no date"}
	}
	return []string{t.UTC().Format("2006")}
}

func senderRow(parts []*decode.Part) []string {
	list, _ := parts[0].Header.Addresses("From", "")
	for _, x := range list {
		if x.Addr != "" {
			return []string{strings.ToLower(x.Addr)}
		}
	}
	return []string{"no sender"}
}

func typeRows(parts []*decode.Part) []string {
	var out []string
	for _, p := range parts {
		if p.Leaf() {
			out = append(out, p.MediaType)
		}
	}
	return out
}

func charsetRows(parts []*decode.Part) []string {
	var out []string
	for _, p := range parts {
		if p.Leaf() && strings.HasPrefix(p.MediaType, "text/") {
			out = append(out, cmp.Or(strings.ToLower(p.Declared), "none given"))
		}
	}
	return out
}

func problemRows(d *decode.Message) []string {
	var out []string
	for _, p := range d.Problems {
		out = append(out, string(p.Code))
	}
	if len(out) == 0 {
		return []string{"none"}
	}
	return out
}

// statusRows are the status codes of a delivery notice (RFC 3464 section
// 2.3.4): one for each recipient. Other messages are in no row.
func statusRows(parts []*decode.Part) []string {
	var out []string
	for _, p := range parts {
		if p.MediaType != "message/delivery-status" && p.MediaType != "message/global-delivery-status" {
			continue
		}
		// A notice of 64 KiB names some 300 recipients, each with the same few codes.
		lines := bufio.NewScanner(io.LimitReader(p.Open(), 64<<10))
		for lines.Scan() {
			name, value, ok := strings.Cut(lines.Text(), ":")
			if fields := strings.Fields(value); ok && strings.EqualFold(strings.TrimSpace(name), "Status") && len(fields) > 0 {
				out = append(out, fields[0])
			}
		}
	}
	return out
}

// A countLine is the JSON of one row.
type countLine struct {
	Type     string `json:"type"`
	By       string `json:"by"`
	Value    string `json:"value"`
	Messages int64  `json:"messages"`
	Bytes    int64  `json:"bytes"`
}

func (a *app) printStats(c *counter, by string, byName bool, limit int) error {
	names := slices.Collect(maps.Keys(c.rows))
	slices.SortFunc(names, func(x, y string) int {
		if by == "size" {
			return cmp.Compare(slices.Index(sizeOrder, x), slices.Index(sizeOrder, y))
		}
		if byName {
			return strings.Compare(x, y)
		}
		return cmp.Or(cmp.Compare(c.rows[y].messages, c.rows[x].messages), strings.Compare(x, y))
	})
	more := 0
	if limit > 0 && len(names) > limit {
		more = len(names) - limit
		names = names[:limit]
	}
	for _, n := range names {
		t := c.rows[n]
		switch {
		case a.json:
			if err := writeJSON(a.buf, countLine{"count", by, n, t.messages, t.bytes}); err != nil {
				return err
			}
		case a.outTerminal():
			a.printf("%10s %10s  %s\n", term.Number(t.messages), term.Size(t.bytes), oneLine(n))
		default:
			a.printf("%d\t%d\t%s\n", t.messages, t.bytes, oneLine(n))
		}
	}
	if a.json {
		if err := writeJSON(a.buf, summary{Type: "summary", Schema: 1, Total: &c.all.messages, Bytes: &c.all.bytes}); err != nil {
			return err
		}
		return noneIfZero(c.all.messages)
	}
	say := a.note // on a pipe stdout holds rows alone
	if a.outTerminal() {
		say = func(format string, args ...any) { a.printf(format+"\n", args...) }
	}
	if more > 0 {
		say("%s more.", count(int64(more), "row"))
	}
	say("%s, %s.", count(c.all.messages, "message"), term.Size(c.all.bytes))
	return noneIfZero(c.all.messages)
}
