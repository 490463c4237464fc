package main

import (
	"path/filepath"
	"strings"
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
	a.note("%s in %s (%s).%s", what, place, count(h.seen, "message"), h.certainty())
	if h.failed > 0 {
		a.note("%s could not be read (named above), so there may still be one.", count(h.failed, "item"))
	}
	a.note("It may still be:")
	for _, s := range a.elsewhere() {
		a.note("  %s", s)
	}
}

// certainty is what the kind of export says about drafts that are gone.
func (h *hunt) certainty() string {
	for _, c := range h.found {
		for _, t := range c.Meta.Traits {
			if strings.HasPrefix(t, "label:") {
				return " Gmail keeps no copy of a discarded draft, so an export cannot hold it."
			}
		}
	}
	return ""
}

// elsewhere are the places to look next: first mail programs of this computer.
func (a *app) elsewhere() []string {
	var out []string
	home := a.env("HOME")
	for _, p := range []struct{ program, pattern string }{
		{"Thunderbird", filepath.Join(home, ".thunderbird", "*.*")},
		{"Thunderbird", filepath.Join(home, "snap", "thunderbird", "common", ".thunderbird", "*.*")},
		{"Thunderbird", filepath.Join(home, "Library", "Thunderbird", "Profiles", "*.*")},
		{"Thunderbird", filepath.Join(a.env("APPDATA"), "Thunderbird", "Profiles", "*.*")},
		{"Apple Mail", filepath.Join(home, "Library", "Mail", "V*")},
		{"Evolution", filepath.Join(home, ".local", "share", "evolution", "mail", "local")},
		{"KMail", filepath.Join(home, ".local", "share", "local-mail")},
	} {
		if !filepath.IsAbs(p.pattern) {
			continue
		}
		found, err := filepath.Glob(p.pattern)
		if err != nil {
			continue
		}
		for _, dir := range found {
			if exists(filepath.Join(dir, "prefs.js")) || p.program != "Thunderbird" {
				out = append(out, "in "+p.program+" on this computer: lostpost drafts "+shellQuote(a.tilde(dir)))
			}
		}
	}
	return append(out,
		"in Thunderbird on another computer: do not compact its folders, the older saves of a draft stay in the file Drafts until then",
		"in Outlook: Deleted Items, then \"Recover deleted items\" (14 to 30 days); an unsaved letter may be a .msg or ~*.tmp in the folder for temporary files",
		"in Apple Mail: a Time Machine copy of Drafts.mbox, the mailbox Recovered Messages",
		"in the phone's mail program, before it meets the server again; on the server, in Drafts and Trash",
	)
}

// shellQuote puts a path into quotes if a shell would split it.
func shellQuote(s string) string {
	if strings.ContainsAny(s, " '\"$&()") {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}
