package main

import (
	"strings"

	"lostpost/internal/term"
)

// noDraft says that there is none, how sure that is, and where else to look.
func (a *app) noDraft(h *hunt, paths []string) {
	place := "the archive"
	if len(paths) > 0 {
		place = strings.Join(paths, ", ")
	}
	what := "No draft"
	if len(h.words) > 0 {
		what += " with " + strings.Join(h.words, ", ")
	}
	a.folded("", what+" in "+place+" ("+count(h.seen, "message")+")."+h.certainty())
	if h.failed > 0 {
		a.folded("", count(h.failed, "item")+" could not be read (named above), so there may still be one.")
	}
	if h.others > 0 {
		a.note("Without the words there is more: %s.\n  lostpost drafts %s", count(h.others, "draft"), quoted(paths))
	}
	if here := a.mailPrograms(h.searched); len(here) > 0 {
		a.note("Look next on this computer:")
		for _, p := range here {
			if p.unread {
				a.folded("  ", p.program+": "+a.tilde(p.path)+" is there. This version cannot read it; look in the program itself.")
			} else {
				a.note("  %s: lostpost drafts %s", p.program, shellQuote(a.tilde(p.path)))
			}
		}
	}
	a.note("It may still be:")
	for _, s := range elsewhere {
		a.folded("  ", s)
	}
}

// elsewhere are the places to look that no program can name for sure.
var elsewhere = []string{
	"on the server, in Drafts, Trash and Deleted Items: sign in with a browser, or lostpost fetch ADDRESS",
	"in the phone's mail program. Take it off the network first: it may still have what the server has not",
	"in Thunderbird on another computer: do not compact its folders, the older saves of a draft stay in the file Drafts until then",
	"in Outlook: Deleted Items, then \"Recover deleted items\" (14 to 30 days); an unsaved letter may be a .msg or ~*.tmp in the folder for temporary files",
	"in Apple Mail: the mailbox Recovered Messages, a Time Machine copy of Drafts.mbox",
	"nowhere: what was never saved, or discarded in Gmail, is in no export",
}

// certainty says why a source of this kind cannot hold what is not found in it.
func (h *hunt) certainty() string {
	if h.seen == 0 {
		return " It holds no mail that can be read."
	}
	for _, c := range []struct{ kind, why string }{
		{"Gmail", "Gmail keeps no copy of a discarded draft, so an export cannot hold it."},
		{"Thunderbird", "Thunderbird keeps older saves until a folder is compacted. After that they are in no file of the profile."},
		{"Apple Mail", "Apple Mail removes older saves by itself; what it still showed would be here."},
		{"Outlook for Mac", "An .olm holds what Outlook showed on that day, nothing that was deleted for good before."},
		{"Maildir", "A Maildir holds what the server or program still has. What was removed there is gone from it."},
		{"mbox", "An mbox holds what lay in the mailbox when it was written."},
		{"loose", "Single messages hold no mailbox: a draft that nobody saved as a file of its own is not among them."},
	} {
		for _, k := range h.kinds {
			if strings.Contains(k, c.kind) {
				return " " + c.why
			}
		}
	}
	return ""
}

// folded is note, folded to the width of the terminal; further lines are set in.
func (a *app) folded(indent, text string) {
	if width := term.Width(a.err); width > 0 {
		text = strings.TrimSuffix(wrap(text, max(width-len(indent)-2, 20)), "\n")
		text = strings.ReplaceAll(text, "\n", "\n"+indent+"  ")
	}
	a.note("%s%s", indent, text)
}

// quoted gives paths as they are typed.
func quoted(paths []string) string {
	var out []string
	for _, p := range paths {
		out = append(out, shellQuote(p))
	}
	return strings.Join(out, " ")
}

// shellQuote puts a path into quotes if a shell would split it.
func shellQuote(s string) string {
	if strings.ContainsAny(s, " '\"$&()`;<>|*?#!\\\n\t") {
		if rest, ok := strings.CutPrefix(s, "~/"); ok { // a shell takes no ~ in quotes
			return "~/" + shellQuote(rest)
		}
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}
