package main

import (
	"path/filepath"
	"slices"
	"strings"
)

// A mailProgram is a place on this computer where a mail program keeps mail.
type mailProgram struct {
	program string
	path    string
	unread  bool // in a form that is not read
}

// mailPlaces are where programs keep mail on Linux, macOS and Windows, as
// patterns below the folder that a variable of the environment names (APPDATA,
// LOCALAPPDATA and USERPROFILE are those of Windows). has is what must lie in
// the place, so that a folder of the same shape is not taken for one ("":
// nothing).
var mailPlaces = []struct {
	program string
	env     string
	pattern string
	has     string
	unread  bool
}{
	{"Thunderbird", "HOME", ".thunderbird/*", "prefs.js", false},
	{"Thunderbird (snap)", "HOME", "snap/thunderbird/common/.thunderbird/*", "prefs.js", false},
	{"Thunderbird (Flatpak)", "HOME", ".var/app/org.mozilla.[Tt]hunderbird/.thunderbird/*", "prefs.js", false},
	{"Thunderbird", "HOME", "Library/Thunderbird/Profiles/*", "prefs.js", false},
	{"Thunderbird", "APPDATA", "Thunderbird/Profiles/*", "prefs.js", false},
	{"SeaMonkey", "HOME", ".mozilla/seamonkey/*", "prefs.js", false},
	{"SeaMonkey", "HOME", "Library/Application Support/SeaMonkey/Profiles/*", "prefs.js", false},
	{"SeaMonkey", "APPDATA", "Mozilla/SeaMonkey/Profiles/*", "prefs.js", false},
	{"Apple Mail", "HOME", "Library/Mail/V[0-9]*", "", false},
	{"Evolution", "HOME", ".local/share/evolution/mail", "", false},
	{"Evolution (copy of the server)", "HOME", ".cache/evolution/mail", "", false},
	{"Evolution (Flatpak)", "HOME", ".var/app/org.gnome.Evolution/data/evolution/mail", "", false},
	{"KMail", "HOME", ".local/share/local-mail", "", false},
	{"KMail", "HOME", ".local/share/.local-mail.directory", "", false},
	{"KMail", "HOME", ".kde/share/apps/kmail/mail", "", false},
	{"Claws Mail", "HOME", ".claws-mail/imapcache", "", false},
	{"Claws Mail, MH", "HOME", "Mail", "draft", false},
	{"Claws Mail, MH", "HOME", "Mail", "drafts", false},
	{"mutt", "HOME", "postponed", "", false},
	{"alpine", "HOME", "mail/postponed-msgs", "", false},
	{"Maildir", "HOME", "Maildir", "cur", false},
	{"Windows Live Mail", "LOCALAPPDATA", "Microsoft/Windows Live Mail", "", false},
	{"Outlook Express", "LOCALAPPDATA", "Identities/*/Microsoft/Outlook Express", "", false},
	{"Outlook", "LOCALAPPDATA", "Microsoft/Outlook/*.[op]st", "", true},
	{"Outlook", "USERPROFILE", "Documents/Outlook Files/*.pst", "", true},
	{"Outlook for Mac", "HOME", "Library/Group Containers/UBF8T346G9.Office/Outlook/Outlook 15 Profiles/*", "", true},
}

// maxPrograms bounds the list: a person reads so many.
const maxPrograms = 12

// mailPrograms gives what is there, without the places that were searched.
// Folders are listed to see what exists; no file is opened.
func (a *app) mailPrograms(searched []string) []mailProgram {
	var out []mailProgram
	for _, p := range mailPlaces {
		dir := a.env(p.env)
		if !filepath.IsAbs(dir) {
			continue
		}
		found, err := filepath.Glob(filepath.Join(literalPath(dir), filepath.FromSlash(p.pattern)))
		if err != nil {
			continue // the pattern is that of a folder with a name that cannot be one
		}
		for _, path := range found {
			known := func(q mailProgram) bool { return q.path == path }
			if p.has != "" && !exists(filepath.Join(path, p.has)) || slices.ContainsFunc(searched, within(path)) || slices.ContainsFunc(out, known) {
				continue
			}
			if len(out) < maxPrograms {
				out = append(out, mailProgram{p.program, path, p.unread})
			}
		}
	}
	return out
}

// within reports of a folder whether path is it or lies below it.
func within(path string) func(dir string) bool {
	return func(dir string) bool {
		rel, err := filepath.Rel(dir, path)
		return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
	}
}

// literalPath keeps what is special in a pattern out of it. On Windows the
// backslash is no escape, and names have no "*" and "?".
func literalPath(dir string) string {
	if filepath.Separator == '\\' {
		return strings.ReplaceAll(dir, "[", "[[]")
	}
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(dir)
}
