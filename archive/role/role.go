// Package role tells what a mailbox or label is for from its name: the drafts
// folder of a Hungarian is called "Piszkozatok".
//
// Promises. A role is given only when the whole name is a known one, so
// "Drafts of the novel" has none. No name stands for both drafts and sent. Of
// costs no memory that lasts, but for the table, which is read when it is first
// asked.
//
// The table (names.tsv) was written for this project: what webmail, Outlook,
// Apple Mail, Thunderbird and Gmail show in some 70 languages, and the names
// that programs for the terminal use. A source that knows the role for certain
// (SPECIAL-USE of RFC 6154, a setting of the mail program) writes the trait
// "role:drafts" and does not ask here.
//
// Not here: the language of a name, and flags such as "unread".
package role

import (
	_ "embed"
	"encoding/base64"
	"net/url"
	"strings"
	"sync"
	"unicode/utf16"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// A Role is what a mailbox is for. Its text is stable: it stands behind "role:"
// in the traits of a message.
type Role string

// The roles. Out is the mailbox of Eudora and Pegasus that holds sent and
// unsent mail together.
const (
	None      Role = ""
	Inbox     Role = "inbox"
	Drafts    Role = "drafts"
	Sent      Role = "sent"
	Trash     Role = "trash"
	Junk      Role = "junk"
	Outbox    Role = "outbox"
	Out       Role = "out"
	Templates Role = "templates"
	Archive   Role = "archive"
)

//go:embed names.tsv
var namesTSV string

// maxName bounds a name, in octets. No known name has 100.
const maxName = 400

// names maps each known name in the form of normal to its role. Where a name
// has two (Portuguese "lixo" is trash, Galician junk) the first row holds.
var names = sync.OnceValue(func() map[string]Role {
	m := make(map[string]Role, 1024)
	for line := range strings.Lines(namesTSV) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 3)
		for name := range strings.SplitSeq(fields[2], " | ") {
			if key := normal(name); m[key] == None {
				m[key] = Role(fields[0])
			}
		}
	}
	return m
})

// Of gives the role of a mailbox or label with this name, None if it is not
// known. name is one level, not a path. It may be as programs store it: in
// modified UTF-7 (RFC 3501 section 5.1.3) or percent-encoded, decomposed, with
// "[Gmail]/", "[Google Mail]/" or "INBOX." before it, with the account in
// brackets behind it ("Drafts (jadwiga)").
func Of(name string) Role {
	if len(name) > maxName {
		return None
	}
	table := names()
	key := normal(name)
	if r := table[key]; r != None {
		return r
	}
	key = withoutAccount(withoutPrefix(key))
	if r := table[key]; r != None {
		return r
	}
	if s, ok := decode(name); ok {
		return table[withoutAccount(withoutPrefix(normal(s)))]
	}
	return None
}

// prefixes are in the form of normal.
var prefixes = []string{"[gmail]/", "[google mail]/", "inbox.", "inbox/"}

func withoutPrefix(key string) string {
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(key, p); ok {
			return rest
		}
	}
	return key
}

// withoutAccount takes off one " (account)" at the end.
func withoutAccount(key string) string {
	if i := strings.LastIndex(key, " ("); i > 0 && strings.HasSuffix(key, ")") {
		return key[:i]
	}
	return key
}

// normal is the form in which names are compared: NFKC, case folded, one space
// between words, none at the ends, no marks that only steer the layout.
func normal(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case 0x200b <= r && r <= 0x200f, r == 0xad, r == 0xfeff:
			return -1
		case r == '\u2019', r == '\u02bc':
			return '\'' // the apostrophe of "Boîte d’envoi"
		}
		return r
	}, s)
	s = norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s)))
	// Folding, which knows no language, keeps the dot of the Turkish capital
	// as a mark of its own, and the dotless letter as it is.
	s = strings.ReplaceAll(strings.ReplaceAll(s, "i\u0307", "i"), "ı", "i")
	return strings.Join(strings.Fields(s), " ")
}

// decode undoes percent-encoding and modified UTF-7. ok is false if the name
// has neither, or is not well-formed.
func decode(name string) (s string, ok bool) {
	if strings.ContainsRune(name, '%') {
		if s, err := url.PathUnescape(name); err == nil {
			if t, ok := decodeUTF7(s); ok {
				return t, true
			}
			return s, true
		}
	}
	return decodeUTF7(name)
}

// utf7 is the base64 of RFC 3501 section 5.1.3: "," in place of "/", unpadded.
var utf7 = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").WithPadding(base64.NoPadding)

func decodeUTF7(s string) (string, bool) {
	if !strings.ContainsRune(s, '&') {
		return "", false
	}
	var b strings.Builder
	for {
		plain, rest, found := strings.Cut(s, "&")
		b.WriteString(plain)
		if !found {
			return b.String(), true
		}
		code, rest, closed := strings.Cut(rest, "-")
		octets, err := utf7.DecodeString(code)
		if !closed || err != nil || len(octets)%2 != 0 {
			return "", false
		}
		if code == "" {
			b.WriteByte('&')
		}
		units := make([]uint16, len(octets)/2)
		for i := range units {
			units[i] = uint16(octets[2*i])<<8 | uint16(octets[2*i+1])
		}
		b.WriteString(string(utf16.Decode(units)))
		s = rest
	}
}
