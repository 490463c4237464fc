package profile

import "testing"

func TestMailboxNames(t *testing.T) {
	const many, single = true, false
	tests := []struct {
		rel   string
		inner []string
		many  bool
		want  string
	}{
		// Lone files.
		{"Drafts.mbox", nil, many, "Drafts"},
		{"Inbox", nil, many, "Inbox"},
		{"Out.mbx", nil, many, "Out"},
		{"letter.eml", nil, single, ""},
		// Folders.
		{"2019/work/Sent", nil, many, "2019/work/Sent"},
		{"2019/letter.eml", nil, single, "2019"},
		{"inbox/1", nil, single, "inbox"},
		// Packed files.
		{"Inbox.mbox.gz", []string{"Inbox.mbox"}, many, "Inbox"},
		{"old/Inbox.mbox.bz2", []string{"Inbox.mbox"}, many, "old/Inbox"},
		{"letter.eml.gz", []string{"letter.eml"}, single, ""},
		{"mail.zip", []string{"Inbox"}, many, "mail/Inbox"},
		{"mail.zip", []string{"letter.eml"}, single, "mail"},
		{"mail.7z", []string{"Inbox"}, many, "mail/Inbox"},
		{"Inbox.dbx", nil, many, "Inbox"},
		{"mail.zip", []string{"old/Inbox"}, many, "old/Inbox"},
		{"backup/mail.zip", []string{"old/letter.eml"}, single, "backup/old"},
		{"mail.tgz", []string{"mail.tar", "Inbox"}, many, "mail/Inbox"},
		{"mail.tar.gz", []string{"mail.tar", "old/Inbox"}, many, "old/Inbox"},
		{"all.zip", []string{"part.zip", "Inbox.mbox"}, many, "all/part/Inbox"},
		{"all.zip", []string{"x/Inbox.mbox.gz", "Inbox.mbox"}, many, "x/Inbox"},
		// Google Takeout.
		{"takeout-20240501T080000Z-001.zip", []string{"Takeout/Mail/All mail Including Spam and Trash.mbox"}, many, "Takeout/All mail Including Spam and Trash"},
		{"takeout.tgz", []string{"takeout.tar", "Takeout/Mail/Drafts.mbox"}, many, "Takeout/Drafts"},
		{"Takeout/Mail/Drafts.mbox", nil, many, "Takeout/Drafts"},
		// Thunderbird.
		{"INBOX.sbd/Work", nil, many, "INBOX/Work"},
		{"INBOX.sbd/Work.sbd/Deep", nil, many, "INBOX/Work/Deep"},
		{"ImapMail/imap.example.org/INBOX", nil, many, "imap.example.org/INBOX"},
		{"Profiles/k3v8q1zt.default-release/ImapMail/imap.example.org/Entw&APw-rfe", nil, many, "imap.example.org/Entwürfe"},
		{"ImapMail/imap.example.org/R&D", nil, many, "imap.example.org/R&D"},
		{"Mail/Local Folders/Inbox", nil, many, "Local Folders/Inbox"},
		{"k3v8q1zt.default/Mail/pop.example.org/Inbox", nil, many, "pop.example.org/Inbox"},
		{"Mail/pop.example.org/Archive.sbd/2019", nil, many, "pop.example.org/Archive/2019"},
		{"profile.zip", []string{"k3v8q1zt.default/Mail/Local Folders/Trash"}, many, "Local Folders/Trash"},
		// A folder called Mail that is no profile's.
		{"Mail/drafts/1", nil, single, "Mail/drafts"},
		{"Mail/Drafts.mbox", nil, many, "Mail/Drafts"},
		// Apple's export, KMail, Maildir in a container.
		{"V10/8A0E51B2-0000-4000-8000-00000000A001/Entwürfe.mbox/5C1D0000-0000-4000-8000-0000000000B2/Data/0/4/Messages/40105.partial.emlx", nil, single, "Entwürfe"},
		{"Mail/V10/8A0E51B2-0000-4000-8000-00000000A001/Archive.mbox/Work.mbox/5C1D0000-0000-4000-8000-0000000000B2/Data/Messages/1.emlx", nil, single, "Mail/Archive/Work"},
		{"Messages/1.emlx", nil, single, "Messages"},
		{"Drafts.mbox/mbox", nil, many, "Drafts"},
		{"mbox", nil, many, "mbox"},
		{".inbox.directory/Work", nil, many, "inbox/Work"},
		{"m.tar", []string{"Maildir/cur/17.M1.host:2,S"}, single, "Maildir"},
		{"m.tar", []string{"Maildir/.Lists.golang/new/17.M1.host"}, single, "Maildir/Lists/golang"},
		{"m.tar", []string{".Entw&APw-rfe/cur/17.M1.host:2,D"}, single, "Entwürfe"},
		// Names of a stranger.
		{"..", []string{"x"}, single, ""},
		{".", nil, single, ""},
		{"a\xffb/Inbox", nil, many, "a\ufffdb/Inbox"},
	}
	for _, tt := range tests {
		if got := Mailbox(tt.rel, tt.inner, tt.many); got != tt.want {
			t.Errorf("%q %q: got %q, want %q", tt.rel, tt.inner, got, tt.want)
		}
	}
}

func TestModifiedUTF7(t *testing.T) {
	tests := []struct{ in, want string }{
		{"Entw&APw-rfe", "Entwürfe"},
		{"&Jjo-!", "☺!"},
		{"&U,BTFw-&ZeVnLIqe-", "台北日本語"}, // RFC 3501 section 5.1.3
		{"a&-b", "a&b"},
		{"R&D", "R&D"},
		{"R&D-Team", "R&D-Team"},
		{"&2D0-", "&2D0-"},       // half a character
		{"&AC8-etc", "&AC8-etc"}, // a slash
		{"&AAA-", "&AAA-"},       // a NUL
		{"&", "&"},
	}
	for _, tt := range tests {
		if got := utf7(tt.in); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
	}
}

func FuzzMailbox(f *testing.F) {
	f.Add("Mail/x.sbd/y", "Takeout/Mail/z.mbox", true)
	f.Add(".a.directory/.b.c", "cur/1", false)
	f.Fuzz(func(t *testing.T, rel, inner string, many bool) {
		Mailbox(rel, nil, many)
		Mailbox(rel, []string{inner, inner}, many)
	})
}
