package mbox

import (
	"slices"
	"strconv"
	"strings"

	"lostpost/archive"
	"lostpost/decode/header"
)

// status is what mail programs noted in the header about the message.
type status struct {
	flags  archive.Flags
	traits []string
}

// states reads the fields in which mail programs keep flags and labels.
func states(h header.Header) status {
	var letters, traits []string
	set := func(flag string, on bool) {
		if on {
			letters = append(letters, flag)
		}
	}
	// Status: R read, O old; X-Status: A answered, F flagged, D deleted, T
	// draft (c-client; also Dovecot, mutt, alpine).
	st := strings.Join(h.Values("Status"), "")
	xst := strings.Join(h.Values("X-Status"), "")
	set("S", strings.Contains(st, "R"))
	set("R", strings.Contains(xst, "A"))
	set("F", strings.Contains(xst, "F"))
	set("D", strings.Contains(xst, "T"))
	deleted := strings.Contains(xst, "D") || strings.Contains(st, "D")

	// Thunderbird, nsMsgMessageFlags.
	moz := hexField(h, "X-Mozilla-Status")
	set("S", moz&0x0001 != 0)
	set("R", moz&0x0002 != 0)
	set("F", moz&0x0004 != 0)
	set("P", moz&0x1000 != 0)
	deleted = deleted || moz&0x0008 != 0
	moz2 := hexField(h, "X-Mozilla-Status2")
	deleted = deleted || moz2&0x00200000 != 0
	if moz&0x0800 != 0 {
		traits = append(traits, "queued")
	}
	if moz2&0x01000000 != 0 {
		traits = append(traits, "role:templates")
	}
	for _, v := range h.Values("X-Mozilla-Keys") {
		for _, k := range strings.Fields(v) {
			traits = append(traits, "keyword:"+k)
		}
	}

	// Evolution's old mbox: "uid-flags", both hexadecimal.
	if _, v, ok := strings.Cut(h.Value("X-Evolution"), "-"); ok {
		v, _, _ = strings.Cut(v, "-")
		evo, _ := strconv.ParseUint(strings.TrimSpace(v), 16, 32)
		set("R", evo&0x01 != 0)
		set("D", evo&0x04 != 0)
		set("F", evo&0x08 != 0)
		set("S", evo&0x10 != 0)
		deleted = deleted || evo&0x02 != 0
	}

	if h.Has("X-Gmail-Labels") {
		v, _ := h.Text("X-Gmail-Labels", "utf-8")
		unread := false
		for _, name := range labels(v) {
			traits = append(traits, "label:"+name)
			role := gmail[strings.ToLower(name)]
			unread = unread || role == "unread"
			set("F", role == "starred")
			if role == "drafts" {
				set("D", true)
				traits = append(traits, "role:drafts")
			}
		}
		set("S", !unread)
	}
	if deleted {
		traits = append(traits, "deleted")
	}
	slices.Sort(letters)
	return status{archive.Flags(strings.Join(slices.Compact(letters), "")), traits}
}

// hexField is the value of a field of hexadecimal digits, 0 if there is none.
func hexField(h header.Header, name string) uint64 {
	v, err := strconv.ParseUint(strings.TrimSpace(h.Value(name)), 16, 32)
	if err != nil {
		return 0
	}
	return v
}

// gmail are the labels of Google Takeout that stand for flags. Takeout writes
// them in the language of the account. A label in another language stays a
// label; archive/role knows more names for folders.
var gmail = map[string]string{
	"unread": "unread", "ungelesen": "unread", "non lus": "unread", "no leídos": "unread", "da leggere": "unread",
	"não lidas": "unread", "ongelezen": "unread", "nieprzeczytane": "unread",
	"starred": "starred", "markiert": "starred", "suivis": "starred", "destacados": "starred", "speciali": "starred",
	"com estrela": "starred", "met ster": "starred", "oznaczone gwiazdką": "starred",
	"drafts": "drafts", "entwürfe": "drafts", "brouillons": "drafts", "borradores": "drafts", "bozze": "drafts",
	"rascunhos": "drafts", "concepten": "drafts", "wersje robocze": "drafts",
}
