package profile

import (
	"strings"
	"testing"

	"lostpost/archive"
	"lostpost/archive/role"
)

const prefsJS = `// Mozilla User Preferences
user_pref("mail.identity.id1.draft_folder", "imap://mara%40post.example@imap.post.example/Entw&APw-rfe");
user_pref("mail.identity.id1.fcc_folder", "imap://mara%40post.example@imap.post.example/INBOX/Sent%20Items");
user_pref("mail.identity.id1.stationery_folder", "mailbox://nobody@Local%20Folders/Vor\"lagen");
user_pref("mail.identity.id2.draft_folder", "mailbox://nobody@Local%20Folders/Ablage/Halbfertig");
user_pref("mail.identity.id3.draft_folder", "imap://ivo@imap.post.example/Later");
user_pref("mail.identity.id4.draft_folder", "imap://");
user_pref("mail.identity.id5.draft_folder", "Drafts");
user_pref("mail.identity.id6.draft_folder", 7);
user_pref("mail.server.server1.type", "imap");
user_pref("mail.server.server1.hostname", "imap.post.example");
user_pref("mail.server.server1.userName", "ivo");
user_pref("mail.server.server1.directory-rel", "[ProfD]ImapMail/imap.post-1.example");
user_pref("mail.server.server1.trash_folder_name", "Weg");
user_pref("mail.server.server2.type", "imap");
user_pref("mail.server.server2.hostname", "imap.post.example");
user_pref("mail.server.server2.userName", "mara@post.example");
user_pref("mail.server.server2.directory-rel", "[ProfD]ImapMail/imap.post.example");
user_pref("
not a preference
`

func TestRolesOfPrefs(t *testing.T) {
	p := ReadPrefs(strings.NewReader(prefsJS))
	for _, tt := range []struct {
		below string
		want  role.Role
	}{
		{"ImapMail/imap.post.example/Entw&APw-rfe", role.Drafts},
		{"ImapMail/imap.post.example/Inbox.sbd/Sent Items", role.Sent},
		{"ImapMail/imap.post.example/INBOX.sbd/Sent Items", role.Sent},
		{`Mail/Local Folders/Vor"lagen`, role.Templates},
		{"Mail/Local Folders/Ablage.sbd/Halbfertig", role.Drafts},
		{"Mail/Local Folders/Ablage", role.None},
		{"Mail/Local Folders/Halbfertig", role.None},
		{"ImapMail/imap.post-1.example/Later", role.Drafts},
		{"ImapMail/imap.post.example/Later", role.None},
		{"ImapMail/imap.post-1.example/Weg", role.Trash},
		{"Mail/Local Folders/Drafts", role.None},
	} {
		if got := p.Role(tt.below); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.below, got, tt.want)
		}
	}
	if got := (*Prefs)(nil).Role("Mail/x/Drafts"); got != role.None {
		t.Errorf("without prefs.js: %q", got)
	}
}

// TestRolesWithoutServers: a prefs.js that was cut short still tells enough.
func TestRolesWithoutServers(t *testing.T) {
	p := ReadPrefs(strings.NewReader("user_pref(\"mail.identity.id1.draft_folder\", \"imap://m@imap.post.example/Half\");\n"))
	if got := p.Role("ImapMail/imap.post.example/Half"); got != role.Drafts {
		t.Errorf("got %q", got)
	}
}

func TestRoot(t *testing.T) {
	for _, tt := range []struct{ name, dir, below string }{
		{"/home/mara/.thunderbird/x1.default/ImapMail/imap.post.example/INBOX", "/home/mara/.thunderbird/x1.default", "ImapMail/imap.post.example/INBOX"},
		{"/home/mara/Mail/x1.default/Mail/Local Folders/a.sbd/b", "/home/mara/Mail/x1.default", "Mail/Local Folders/a.sbd/b"},
		{"/home/mara/Inbox", "", ""},
		{"/Mail", "", ""},
		{"", "", ""},
	} {
		dir, below, ok := Root(tt.name)
		if dir != tt.dir || below != tt.below || ok != (tt.dir != "") {
			t.Errorf("%s: got %q, %q, %v", tt.name, dir, below, ok)
		}
	}
}

func TestSequences(t *testing.T) {
	s := ReadSequences(strings.NewReader("cur: 4\nunseen: 2-3 9\nflagged: 1\nreplied: 1 x 3-\nnonsense\n"))
	for name, want := range map[string]archive.Flags{"1": "FRS", "2": "", "3": "", "9": "", "4": "S", ",4": "S", "x": "", "-1": "", "0": ""} {
		if got := s.Flags(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if got := ReadSequences(strings.NewReader("cur: 1\n")).Flags("1"); got != "" {
		t.Errorf("without unseen: got %q", got)
	}
}

func TestMarks(t *testing.T) {
	little := "\x02\x00\x00\x00" + "\x01\x00\x00\x00\x00\x00\x00\x00" + "\x02\x00\x00\x00\x03\x00\x00\x00" + "\x07\x00\x00\x00\x3c\x00\x00\x00" + "cut"
	big := "\x00\x00\x00\x02" + "\x00\x00\x00\x01\x00\x00\x00\x00" + "\x00\x00\x00\x02\x00\x00\x00\x03" + "\x00\x00\x00\x07\x00\x00\x00\x3c"
	for _, in := range []string{little, big} {
		m := ReadMarks(strings.NewReader(in))
		for name, want := range map[string]archive.Flags{"1": "S", "2": "", "7": "FPRST", "3": "", "x": "", "-1": ""} {
			if got, deleted := m.Flags(name); got != want || deleted != (name == "7") {
				t.Errorf("%s: got %q, deleted %v, want %q", name, got, deleted, want)
			}
		}
	}
	for _, in := range []string{"", "\x00\x00", "\x03\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00"} {
		if m := ReadMarks(strings.NewReader(in)); len(m) > 0 {
			t.Errorf("%q: got %v", in, m)
		}
	}
}

func FuzzPrefs(f *testing.F) {
	f.Add(prefsJS, "Mail/x/y")
	f.Add("unseen: 1-2", "1")
	f.Fuzz(func(t *testing.T, text, below string) {
		ReadPrefs(strings.NewReader(text)).Role(below)
		ReadSequences(strings.NewReader(text)).Flags(below)
		ReadMarks(strings.NewReader(text)).Flags(below)
		Root(below)
	})
}
