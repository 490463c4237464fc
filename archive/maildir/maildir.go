// Package maildir makes and reads the names of a Maildir++ tree: file names
// with flags, and folder names for mailboxes. It has no policy and opens
// nothing.
//
// Formats: Maildir (D. J. Bernstein, cr.yp.to/proto/maildir.html), Maildir++
// (Courier), modified UTF-7 (RFC 3501 section 5.1.3).
//
// Promises. [Mailbox] is the inverse of [Folder] for every canonical mailbox
// name of less than about 80 characters (see Folder for longer ones). Dovecot,
// notmuch and mblaze show the names as they are meant. No result leaves the
// tree: none holds "/", NUL or "..", whatever the mailbox is called.
package maildir

import (
	"slices"
	"strings"
)

// Sep stands before "2," and the flags in a file name on this system.
//
// Maildir has ":"; Windows cannot have it in a name, so there it is ";" as
// mblaze writes it. Both are read everywhere.
const Sep = sep

// Name is the file name for a base name with flags; sep is ":" or ";".
func Name(base, sep, flags string) string { return base + sep + "2," + flags }

// Split cuts a file name into its base name and its flags. The flags come as
// they are. A name without "2," has none; ok says whether it had "2,".
func Split(name string) (base, flags string, ok bool) {
	i := strings.LastIndexAny(name, ":;")
	if i < 0 {
		return name, "", false
	}
	flags, ok = strings.CutPrefix(name[i+1:], "2,")
	if !ok && name[i] == ';' {
		return name, "", false // a semicolon is an ordinary character elsewhere
	}
	return name[:i], flags, ok
}

// CleanFlags sorts flags, drops repeated ones and all that are no ASCII letters.
func CleanFlags(flags string) string {
	clean := true
	for i := range len(flags) {
		if !letter(flags[i]) || i > 0 && flags[i-1] >= flags[i] {
			clean = false
			break
		}
	}
	if clean {
		return flags
	}
	b := slices.DeleteFunc([]byte(flags), func(c byte) bool { return !letter(c) })
	slices.Sort(b)
	return string(slices.Compact(b))
}

func letter(c byte) bool { return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' }

// Foreign reports whether name is a file that Dovecot, Courier, mutt or MH
// keep beside the folders of a Maildir, such as dovecot-uidlist: no mail.
func Foreign(name string) bool {
	for _, p := range []string{"dovecot", "courier", "maildir", "subscriptions", ".mh_", ".mlock", ".uid"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}
