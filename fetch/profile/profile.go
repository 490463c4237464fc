// Package profile knows how mail programs lay out their folders: which mailbox
// a file belongs to, what the mailbox is for, and which flags stand in files
// beside the mail.
//
// Layouts: Thunderbird and SeaMonkey (ImapMail, Mail, .sbd, prefs.js), Apple
// Mail V2 to V10 and its exports (X.mbox), Maildir++, Evolution, KMail
// (.X.directory), MH with nmh and Claws (.mh_sequences, .claws_mark), Google Takeout, the
// names of IMAP servers on disk (RFC 3501 section 5.1.3).
//
// Promises. The package opens no file and no message: it is given paths and the
// content of settings. It never fails: a setting that is not understood says
// nothing. Time is linear in what it is given.
//
// Not here: roles that follow from a name alone (archive/role), and flags that
// stand in the message or in its file name (the readers of each format).
package profile

import (
	"bufio"
	"io"
	"net/url"
	"path"
	"strconv"
	"strings"

	"lostpost/archive/role"
)

// Root finds the folder of the Thunderbird or SeaMonkey profile that a file
// belongs to. name is its path with "/"; below is the part of it below dir. If ok
// is false, name is in no profile. Whether dir holds a prefs.js is for the
// caller to see.
func Root(name string) (dir, below string, ok bool) {
	elems := strings.Split(path.Clean(name), "/")
	for i := len(elems) - 2; i > 0; i-- {
		if elems[i] == "ImapMail" || elems[i] == "Mail" {
			return strings.Join(elems[:i], "/"), strings.Join(elems[i:], "/"), true
		}
	}
	return "", "", false
}

// Prefs are what prefs.js says of folders. The zero value says nothing.
type Prefs struct {
	roles map[string]role.Role // by key
}

// maxPrefs bounds a prefs.js, in octets. Large ones have 1 MB.
const maxPrefs = 16 << 20

// folderRoles are the preferences of an identity that name a folder.
var folderRoles = map[string]role.Role{
	"draft_folder": role.Drafts, "fcc_folder": role.Sent, "stationery_folder": role.Templates, "archive_folder": role.Archive,
}

// A server is an account as prefs.js describes it.
type server struct{ kind, host, user, dir, trash string }

// ReadPrefs reads a prefs.js. Lines that are no preference are passed over, as
// is what stands behind the first 16 MB.
func ReadPrefs(r io.Reader) *Prefs {
	servers := make(map[string]*server)
	folders := make(map[string]role.Role) // by URI
	lines := bufio.NewScanner(io.LimitReader(r, maxPrefs))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		key, value, ok := preference(lines.Text())
		if !ok {
			continue
		}
		key, found := strings.CutPrefix(key, "mail.")
		group, key, _ := strings.Cut(key, ".")
		id, key, _ := strings.Cut(key, ".")
		switch {
		case !found:
		case group == "identity" && folderRoles[key] != role.None:
			folders[value] = folderRoles[key]
		case group == "server":
			if servers[id] == nil {
				servers[id] = &server{}
			}
			servers[id].set(key, value)
		}
	}
	p := &Prefs{roles: make(map[string]role.Role)}
	for _, s := range servers {
		if s.trash != "" {
			p.roles[keyOf(s.folder()+"/"+s.trash)] = role.Trash
		}
	}
	for uri, r := range folders {
		if place, ok := placeOf(uri, servers); ok {
			p.roles[keyOf(place)] = r
		}
	}
	return p
}

// preference reads a line user_pref("key", "value"). Values of another type
// are of no interest here.
func preference(line string) (key, value string, ok bool) {
	line, ok = strings.CutPrefix(strings.TrimSpace(line), "user_pref(")
	if !ok {
		return "", "", false
	}
	key, value, ok = strings.Cut(strings.TrimSuffix(line, ");"), ",")
	if !ok {
		return "", "", false
	}
	key, err := strconv.Unquote(strings.TrimSpace(key))
	if err != nil {
		return "", "", false
	}
	value, err = strconv.Unquote(strings.TrimSpace(value))
	return key, value, err == nil
}

func (s *server) set(key, value string) {
	switch key {
	case "type":
		s.kind = value
	case "hostname":
		s.host = value
	case "userName":
		s.user = value
	case "directory-rel":
		// A folder outside of the profile has no "[ProfD]".
		if dir, ok := strings.CutPrefix(value, "[ProfD]"); ok {
			s.dir = dir
		}
	case "trash_folder_name":
		s.trash = value
	}
}

// folder is where the server's mailboxes lie, below the profile.
func (s *server) folder() string {
	switch {
	case s.dir != "":
		return s.dir
	case s.kind == "imap":
		return "ImapMail/" + s.host
	}
	return "Mail/" + s.host
}

// placeOf turns the URI of a folder into a path below the profile:
// "imap://mara@post.example/Drafts", "mailbox://nobody@Local%20Folders/Drafts".
func placeOf(uri string, servers map[string]*server) (place string, ok bool) {
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok {
		return "", false
	}
	who, folder, ok := strings.Cut(rest, "/")
	if !ok || folder == "" {
		return "", false
	}
	user, host := "", who
	if i := strings.LastIndexByte(who, '@'); i >= 0 {
		user, host = unescape(who[:i]), unescape(who[i+1:])
	}
	best := &server{kind: scheme, host: host}
	for _, s := range servers {
		if s.host == host && (s.kind == "imap") == (scheme == "imap") && (s.user == user || best.dir == "") {
			best = s
			if s.user == user {
				break
			}
		}
	}
	return best.folder() + "/" + unescape(folder), true
}

func unescape(s string) string {
	if t, err := url.PathUnescape(s); err == nil {
		return t
	}
	return s
}

// keyOf is the form in which paths are compared: no ".sbd", names of IMAP
// servers decoded, no case in "INBOX".
func keyOf(p string) string {
	elems := strings.Split(p, "/")
	for i, e := range elems {
		e = strings.TrimSuffix(e, ".sbd")
		if i == 2 && strings.EqualFold(e, "inbox") {
			e = "INBOX"
		}
		elems[i] = utf7(e)
	}
	return strings.Join(elems, "/")
}

// Role is what the settings say that the file at below is for; see Root for
// below. It is role.None if they do not say it.
func (p *Prefs) Role(below string) role.Role {
	if p == nil {
		return role.None
	}
	return p.roles[keyOf(below)]
}
