package files

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"lostpost/fetch/dbx"
)

// A NotMail says how many files of one kind were seen that are no mail and are
// not meant to be.
type NotMail struct {
	Kind  string   // in words, plural: "Thunderbird index files"
	Count int64    // of files
	Names []string // of the first maxNames, relative to the place, "!" before what is inside a container
}

// maxNames bounds NotMail.Names.
const maxNames = 20

// Kinds of files that are no mail.
const (
	kindIndex      = "Thunderbird index files"
	kindAddress    = "address books"
	kindCalendar   = "calendars"
	kindSettings   = "settings of mail programs"
	kindEmpty      = "empty files"
	kindAttachment = "attachments that Apple Mail keeps beside their messages"
	kindPacked     = "packed files of a kind that is not opened"
	kindLink       = "links to folders, not followed"
	kindDangling   = "links that lead nowhere"
	kindSpecial    = "devices, pipes and sockets"
	kindOther      = "others"
)

// kindOrder is the order in which NotMail lists them.
var kindOrder = []string{kindIndex, kindAddress, kindCalendar, kindSettings, kindAttachment, kindEmpty, kindPacked, kindLink, kindDangling, kindSpecial, kindOther}

// notMailKind says what a file is that no format wants.
func notMailKind(head []byte, name string) string {
	name = path.Base(name)
	ext := strings.ToLower(path.Ext(name))
	switch {
	case len(head) == 0:
		return kindEmpty
	case bytes.HasPrefix(head, []byte("// <!-- <mdb:mork:z")): // Mozilla's Mork: indexes and address books
		if ext == ".mab" {
			return kindAddress
		}
		return kindIndex
	case hasPrefixFold(head, "BEGIN:VCARD"), ext == ".ldif", ext == ".wab", name == "abook.sqlite", name == "history.sqlite":
		return kindAddress
	case hasPrefixFold(head, "BEGIN:VCALENDAR"):
		return kindCalendar
	case slices.Contains(settingsNames, name), slices.Contains(settingsExts, ext), strings.HasPrefix(name, "dovecot"), dbx.Other(head):
		return kindSettings
	case slices.ContainsFunc(packedMagics, func(m string) bool { return bytes.HasPrefix(head, []byte(m)) }):
		return kindPacked
	}
	return kindOther
}

func hasPrefixFold(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && bytes.EqualFold(b[:len(prefix)], []byte(prefix))
}

// settingsNames are the files that mail programs keep beside mail.
var settingsNames = []string{
	"prefs.js", "popstate.dat", "msgFilterRules.dat", "filterlog.html", "virtualFolders.dat", "folderTree.json", "session.json", // Thunderbird
	"global-messages-db.sqlite", "panacea.dat",
	".mh_sequences", ".claws_cache", ".claws_mark", ".sylpheed_mark", ".uidvalidity", ".mbsyncstate", "maildirfolder", "subscriptions", "courierimapuiddb",
	"Info.plist", "table_of_contents", // Apple
}

// settingsExts are their extensions: Evolution, Eudora, KMail.
var settingsExts = []string{".cmeta", ".ibex", ".ev-summary", ".toc", ".index", ".ids"}

// packedMagics begin rar, xz, lz4, lzip and compress(1) files.
var packedMagics = []string{"Rar!\x1a\x07", "\xfd7zXZ\x00", "\x04\x22\x4d\x18", "LZIP", "\x1f\x9d"}

// foreignMail says in which format a file holds mail that this version cannot
// read, or "". Such a file is a failure and not "not mail": its mail is missing
// from the archive, and somebody must know.
func foreignMail(head []byte, name string) string {
	ext := strings.ToLower(path.Ext(name))
	switch {
	case bytes.HasPrefix(head, []byte("!BDN")):
		return "an Outlook data file (.pst, .ost)"
	case strings.Contains(name, "com.microsoft.__Messages/") && ext == ".xml":
		return "a message of Outlook for Mac out of an .olm that was unpacked"
	}
	return ""
}
