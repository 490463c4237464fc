package profile

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// Mailbox makes the mailbox name of a file out of its place: rel is the path
// below the place that was opened (one element for a lone file), inner the
// names inside containers, outermost first, as unpack gives them.
//
// It is UTF-8 with "/" between levels, "" for the root. The rules, each with rows
// in TestMailboxNames:
//   - the folders become levels, in their order; of a file that holds many
//     messages its own name is the last level, without ".mbox", ".mbx", ".dbx" or
//     the extension of a container
//   - what one packed file holds (.gz) stands where the packed file stands; a
//     zip or tar is a level only for files that lie in it without a folder
//   - Google Takeout: "Takeout/Mail/X.mbox" is "Takeout/X"
//   - Thunderbird: "INBOX.sbd/Work" is "INBOX/Work"; of a profile only what is
//     below "ImapMail" or "Mail" counts, so the server's name is the first level
//   - Apple Mail: "V10/UUID/Drafts.mbox/UUID/Data/1/Messages/7.emlx" is "Drafts"
//   - Apple's export "Drafts.mbox/mbox" is "Drafts"; KMail's ".inbox.directory/Work"
//     is "inbox/Work"; Maildir++'s ".Lists.golang/cur/1" is "Lists/golang"
//   - IMAP servers' names on disk ("Entw&APw-rfe") are read as RFC 3501 5.1.3
func Mailbox(rel string, inner []string, holdsMany bool) string {
	levels := levelsOf(rel)
	for _, name := range inner {
		packed := levels[len(levels)-1]
		levels = levels[:len(levels)-1]
		in := levelsOf(name)
		if len(in) == 1 && !isStream(packed, in[0]) {
			levels = append(levels, stem(packed))
		}
		levels = append(levels, in...)
	}
	leaf := levels[len(levels)-1]
	levels = levels[:len(levels)-1]
	switch {
	case holdsMany && !isAppleLeaf(levels, leaf):
		levels = append(levels, withoutExt(leaf, ".mbox", ".mbx", ".dbx"))
	case !holdsMany && len(levels) > 0 && isMaildirPart(levels[len(levels)-1]):
		levels = levels[:len(levels)-1]
	}
	return tidy(levels)
}

// levelsOf gives at least one level.
func levelsOf(p string) []string {
	if levels := split(p); len(levels) > 0 {
		return levels
	}
	return []string{"unnamed"}
}

func split(p string) []string {
	return slices.DeleteFunc(strings.Split(p, "/"), func(s string) bool { return s == "" || s == "." })
}

// isStream reports whether the file name is what was packed into packed, which
// is then no folder of it: "Inbox.mbox" in "Inbox.mbox.gz", "a.tar" in "a.tgz".
func isStream(packed, name string) bool {
	ext := strings.ToLower(path.Ext(packed))
	return name == strings.TrimSuffix(packed, path.Ext(packed)) || path.Ext(name) == ".tar" && slices.Contains(tarExts, ext)
}

var tarExts = []string{".tgz", ".tbz", ".tbz2", ".tb2", ".tzst"}

// stem is the name of a container without its extensions.
func stem(name string) string {
	return withoutExt(withoutExt(name, ".gz", ".bz2", ".zst"), append([]string{".zip", ".tar", ".7z"}, tarExts...)...)
}

func withoutExt(name string, exts ...string) string {
	for _, ext := range exts {
		if n := len(name) - len(ext); n > 0 && strings.EqualFold(name[n:], ext) {
			return name[:n]
		}
	}
	return name
}

func isMaildirPart(s string) bool { return s == "cur" || s == "new" || s == "tmp" }

// isAppleLeaf: Apple Mail exports "Drafts.mbox/mbox" beside a table of contents.
func isAppleLeaf(levels []string, leaf string) bool {
	return leaf == "mbox" && len(levels) > 0 && strings.HasSuffix(strings.ToLower(levels[len(levels)-1]), ".mbox")
}

// Folder makes the mailbox name of a folder that is one mailbox itself, such as
// the top of a Maildir, by the same rules.
func Folder(rel string) string { return tidy(split(rel)) }

// tidy turns folder names on disk into levels of a mailbox name.
func tidy(levels []string) string {
	levels, imap := belowProfile(apple(levels))
	var out []string
	for i, level := range levels {
		switch {
		case level == "Mail" && i > 0 && levels[i-1] == "Takeout":
			continue
		case strings.HasPrefix(level, ".") && strings.HasSuffix(level, ".directory"):
			out = append(out, strings.TrimSuffix(level[1:], ".directory"))
		case strings.HasPrefix(level, ".") && len(level) > 1:
			for part := range strings.SplitSeq(level[1:], ".") {
				out = append(out, utf7(part))
			}
		default:
			level = withoutExt(level, ".sbd", ".mbox")
			if imap {
				level = utf7(level)
			}
			out = append(out, level)
		}
	}
	out = slices.DeleteFunc(out, func(s string) bool { return s == "" })
	return strings.ToValidUTF8(strings.Join(out, "/"), "\ufffd")
}

var (
	uuid         = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
	appleVersion = regexp.MustCompile(`^V[0-9]{1,2}$`)
)

// apple leaves out what Apple Mail puts between a mailbox and its messages, and
// the names it gives to accounts, which tell nobody anything.
func apple(levels []string) []string {
	if !slices.Contains(levels, "Messages") {
		return levels
	}
	for i := len(levels) - 1; i >= 0; i-- {
		if strings.HasSuffix(levels[i], ".mbox") {
			return slices.DeleteFunc(slices.Clone(levels[:i+1]), func(s string) bool {
				return uuid.MatchString(s) || appleVersion.MatchString(s)
			})
		}
	}
	return levels
}

// profileName is how Thunderbird names the folder of a profile: 8 random
// characters and a word.
var profileName = regexp.MustCompile(`^[0-9a-z]{8}\.`)

// belowProfile cuts the path at Thunderbird's folder of mailboxes. imap says
// that the names below it are those of an IMAP server.
func belowProfile(levels []string) (below []string, imap bool) {
	for i, level := range levels {
		last := i == len(levels)-1
		switch {
		case level == "ImapMail":
			return levels[i+1:], true
		case level != "Mail" || last:
		case i > 0 && profileName.MatchString(levels[i-1]),
			levels[i+1] == "Local Folders", levels[i+1] == "smart mailboxes",
			strings.Contains(levels[i+1], ".") && i+2 < len(levels) && !strings.HasSuffix(levels[i+1], ".mbox"):
			return levels[i+1:], false
		}
	}
	return levels, false
}
