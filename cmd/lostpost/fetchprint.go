package main

import (
	"fmt"
	"net/url"
	"strings"

	"lostpost/fetch"
	"lostpost/fetch/imap"
	"lostpost/internal/term"
)

// An accountLine is the JSON of one account of a fetch.
type accountLine struct {
	Type      string `json:"type"` // "account"
	Source    string `json:"source"`
	Name      string `json:"name,omitempty"`
	Listed    *int64 `json:"listed,omitempty"` // none if the run did not come to its end
	Known     int64  `json:"known"`
	Seen      int64  `json:"seen"`
	Stored    int64  `json:"stored"`
	Duplicate int64  `json:"duplicate"`
	Failed    int64  `json:"failed"`
	Bytes     int64  `json:"bytes"`
	Changed   int64  `json:"changed,omitempty"` // known messages that have other flags or labels now
	Gone      int64  `json:"gone,omitempty"`    // known messages that are gone on the server, and stay here
}

// A mailboxLine is the JSON of one mailbox of an account.
type mailboxLine struct {
	Type    string `json:"type"` // "mailbox"
	Source  string `json:"source"`
	Mailbox string `json:"mailbox"`
	Listed  int64  `json:"listed"`
	New     int64  `json:"new"`
	Bytes   int64  `json:"bytes"`
}

// printAccount prints what became of one account. cut says that the run did
// not come to its end.
func (a *app) printAccount(c *connection, rep fetch.Report, failed failures, cut bool) error {
	var boxes []imap.MailboxCount
	if m, ok := c.src.(interface{ Mailboxes() []imap.MailboxCount }); ok {
		boxes = m.Mailboxes()
	}
	if a.json {
		return a.accountJSON(c, rep, failed, boxes)
	}
	if !a.quiet {
		a.printf("%s\n", oneLine(c.how()))
		a.printMailboxes(boxes)
		a.printf("%s\n", books(rep, cut))
		a.printf("%s", news(rep))
	}
	a.printFailures(failed)
	return nil
}

func (a *app) accountJSON(c *connection, rep fetch.Report, failed failures, boxes []imap.MailboxCount) error {
	for _, b := range boxes {
		if err := writeJSON(a.buf, mailboxLine{"mailbox", rep.Source, b.Name, b.Listed, b.New, b.Octets}); err != nil {
			return err
		}
	}
	for _, f := range failed {
		if err := writeJSON(a.buf, struct {
			Type   string `json:"type"`
			Origin string `json:"origin"`
			Result string `json:"result"`
			Reason string `json:"reason"`
		}{"item", f.Origin, string(f.Result), f.Reason}); err != nil {
			return err
		}
	}
	line := accountLine{"account", rep.Source, c.name, nil, rep.Known, rep.Seen, rep.Stored, rep.Duplicate, rep.Failed, rep.Bytes, rep.Changed, rep.Gone}
	if rep.Listed >= 0 {
		line.Listed = &rep.Listed
	}
	return writeJSON(a.buf, line)
}

// printMailboxes prints a row for each mailbox that has something new, and one
// for all others together.
func (a *app) printMailboxes(boxes []imap.MailboxCount) {
	width, others, listed := len("INBOX"), 0, int64(0)
	for _, b := range boxes {
		if b.New > 0 || b.Name == "INBOX" {
			width = max(width, term.Columns(oneLine(b.Name)))
		}
	}
	rest := fmt.Sprintf("%d others", len(boxes))
	width = min(max(width, len(rest)), 40)
	for _, b := range boxes {
		if b.New == 0 && b.Name != "INBOX" {
			others++
			listed += b.Listed
			continue
		}
		a.printf("%s %9s on the server %8s new %10s\n", term.Pad(oneLine(b.Name), width), term.Number(b.Listed), "+"+term.Number(b.New), term.Size(b.Octets))
	}
	if others > 0 {
		a.printf("%s %9s\n", term.Pad(fmt.Sprintf("%d others", others), width), term.Number(listed))
	}
}

// books is the sum of an account. It adds up, always.
func books(r fetch.Report, cut bool) string {
	var b strings.Builder
	if cut || r.Listed < 0 {
		fmt.Fprintf(&b, "%s seen before the end =", term.Number(r.Seen))
	} else {
		fmt.Fprintf(&b, "%s on the server = %s here before +", term.Number(r.Listed), term.Number(r.Known))
	}
	fmt.Fprintf(&b, " %s stored", term.Number(r.Stored))
	for _, x := range []struct {
		n    int64
		what string
	}{
		{r.Duplicate, "already there in another place"}, {r.Vanished, "gone meanwhile"},
		{r.Quarantined, "put aside"}, {r.Pending, "not had yet"},
	} {
		if x.n > 0 {
			fmt.Fprintf(&b, " + %s %s", term.Number(x.n), x.what)
		}
	}
	return b.String()
}

// news says what became of messages that were here before, in a line of its
// own, or nothing.
func news(r fetch.Report) string {
	var parts []string
	if r.Changed > 0 {
		parts = append(parts, term.Number(r.Changed)+" have other flags or labels now")
	}
	if r.Gone > 0 {
		parts = append(parts, term.Number(r.Gone)+" are gone on the server and stay here")
	}
	if len(parts) == 0 {
		return ""
	}
	return "of those here before, " + strings.Join(parts, ", ") + "\n"
}

// maxShown is how many messages of one account are named on the screen.
const maxShown = 20

// printFailures names what could not be had. On stderr, because a run that is
// quiet must tell it too.
func (a *app) printFailures(failed failures) {
	shown := 0
	for _, f := range failed {
		what := "put aside"
		switch f.Result {
		case fetch.Vanished:
			continue // told by its number: nothing is wrong with it
		case fetch.Pending:
			what = "not had yet"
		}
		if shown++; shown > maxShown {
			fmt.Fprintln(a.err, "and more: lostpost check --report all")
			return
		}
		fmt.Fprintf(a.err, "%s: %s: %s. It is tried again next time.\n", what, oneLine(placeForPeople(f.Origin)), oneLine(strings.TrimSuffix(f.Reason, ".")))
	}
}

// placeForPeople says where on a server a message lies: "Sent uid 8812".
func placeForPeople(origin string) string {
	_, rest, ok := strings.Cut(origin, "://")
	if !ok {
		return origin
	}
	_, rest, _ = strings.Cut(rest, "/")
	path, uid, ok := strings.Cut(rest, "/;uid=")
	if !ok {
		return strings.Trim(strings.ReplaceAll(rest, ";", " "), " ")
	}
	box, _, _ := strings.Cut(path, ";uidvalidity=")
	if plain, err := url.PathUnescape(box); err == nil {
		box = plain
	}
	return box + " uid " + uid
}
