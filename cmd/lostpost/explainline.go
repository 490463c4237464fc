package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"

	"lostpost/explain"
)

// lineExplanation is the JSON of explain --line.
type lineExplanation struct {
	Type string        `json:"type"`
	Line recipientJSON `json:"line"`
}

// explainLine explains one reply of a server.
func (a *app) explainLine(text string) error {
	r := explain.Line(text)
	if a.json {
		return writeJSON(a.buf, lineExplanation{"explanation", newRecipient(r)})
	}
	if r.Means == "" {
		a.printf("In short: nothing is known of this code or these words.\n")
		return status(exitNone)
	}
	code := strings.TrimSpace(r.Reply + " " + r.Status)
	if code != "" {
		code += ": "
	}
	a.printf("In short: %s%s.\n", oneLine(code), oneLine(r.Means))
	switch {
	case !r.Final:
		a.printf("  The server goes on trying by itself.\n")
	case r.Retry:
		a.printf("  Nobody tries again. Sending once more can help.\n")
	default:
		a.printf("  Nobody tries again, and sending once more will not help.\n")
	}
	if move := moves[r.Who]; move != "" {
		a.printf("  Whose move it is: %s.\n", move)
	}
	for _, s := range r.Advice {
		a.printf("Do: %s\n", oneLine(s))
	}
	return nil
}

// moves says whose move it is.
var moves = map[string]string{
	explain.WhoYou:      "yours",
	explain.WhoProvider: "that of who runs the mail server that sent it",
	explain.WhoTheirs:   "the other side's",
	explain.WhoNobody:   "nobody's, it goes away",
}

// maxLogged is how many deliveries of a mail log are kept to look messages up:
// some 100 MB. What the log has beyond them is not looked at.
const maxLogged = 200_000

// readLogs reads mail logs (explain --log) by Message-ID.
func (a *app) readLogs(paths []string) (map[string][]explain.Delivery, error) {
	sortLogs(paths)
	var files []io.Reader
	for _, p := range paths {
		file, err := os.Open(p)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		files = append(files, file)
	}
	byID, n := map[string][]explain.Delivery{}, 0
	for d, err := range explain.Log(a.now(), files...) {
		if err != nil {
			return nil, err
		}
		if n++; n > maxLogged {
			a.note("The log has more than %d deliveries; the later ones are not looked at. Give its newest piece alone.", maxLogged)
			break
		}
		if d.MessageID != "" {
			byID[d.MessageID] = append(byID[d.MessageID], d)
		}
	}
	return byID, nil
}

// logged gives what the logs say of the message, or of the one that came back.
func (x *explainer) logged(ids []string, rep *explain.Report) []explain.Delivery {
	if x.logs == nil {
		return nil
	}
	if b := rep.Bounce; b != nil {
		ids = nil
		if b.Original != nil {
			ids = []string{b.Original.MessageID}
		}
	}
	var list []explain.Delivery
	for _, id := range ids {
		list = append(list, x.logs[id]...)
	}
	return list
}

// printLogged says what the own server's log has.
func (x *explainer) printLogged(list []explain.Delivery) {
	if x.logs != nil && len(list) == 0 {
		x.app.printf("Log of your server: nothing of this message.\n")
	}
	for _, d := range list {
		s := fmt.Sprintf("Log of your server, %s: for %s, %s by %s: %s", x.app.clock(d.Last), d.To, cmp.Or(d.Status, "no outcome"), cmp.Or(d.Relay, "no server"), d.Reply)
		x.app.printf("%s\n", oneLine(s))
	}
}
