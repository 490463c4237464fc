package files

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lostpost/archive"
	"lostpost/fetch"
	"lostpost/fetch/fetchtest"
)

// letter is a message; n makes it different from the others.
func letter(n int) string {
	return fmt.Sprintf("From: Anna <anna@a.example>\nTo: ben@b.example\nSubject: letter %d\nDate: Sat, 2 Mar 2024 14:05:00 +0100\nMessage-ID: <l%d@a.example>\n\nText of letter %d.\n", n, n, n)
}

// mboxOf is an mbox of letters, 193 octets each: the separator has 45, the
// header section 129, the text 18 and the blank line 1.
func mboxOf(numbers ...int) string {
	var b strings.Builder
	for _, n := range numbers {
		b.WriteString("From anna@a.example Sat Mar  2 14:05:00 2024\n" + letter(n) + "\n")
	}
	return b.String()
}

// tree makes files below a new folder; a name that ends in "/" is a folder.
func tree(t testing.TB, content map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, data := range content {
		path := filepath.Join(root, filepath.FromSlash(name))
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// packed is a list of names and contents.
type packed [][2]string

func (p packed) zip(t testing.TB) string {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, e := range p {
		f, err := w.Create(e[0])
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(f, e[1])
	}
	w.Close()
	return buf.String()
}

func (p packed) tgz(t testing.TB) string {
	t.Helper()
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	w := tar.NewWriter(z)
	for _, e := range p {
		if err := w.WriteHeader(&tar.Header{Name: e[0], Size: int64(len(e[1])), Mode: 0o600}); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, e[1])
	}
	w.Close()
	z.Close()
	return buf.String()
}

// places are one of each kind, with what is to come out: "origin mailbox
// flags: subject" for a message, "origin! reason" for a failure.
var places = []struct {
	name    string
	content func(t testing.TB) map[string]string
	open    string // below the folder that content makes
	want    []string
	notMail []string
	words   string
}{
	{
		"lone mbox", func(testing.TB) map[string]string { return map[string]string{"Drafts.mbox": mboxOf(1, 2)} }, "Drafts.mbox",
		[]string{"@0 Drafts: letter 1", "@193 Drafts: letter 2"}, nil, "mbox",
	},
	{
		"loose messages", func(testing.TB) map[string]string {
			return map[string]string{"a.eml": letter(1), "2019/b.txt": letter(2), "2019/notes.txt": "Milk, eggs.\n", "2019/empty.eml": ""}
		}, "",
		[]string{"/2019/b.txt 2019: letter 2", "/a.eml : letter 1"}, []string{"empty files 1", "others 1"}, "2 loose messages",
	},
	{
		"Takeout", func(t testing.TB) map[string]string {
			return map[string]string{"takeout-001.zip": packed{{"Takeout/archive_browser.html", "<html>"},
				{"Takeout/Mail/All mail Including Spam and Trash.mbox", mboxOf(1, 2)}, {"Takeout/Mail/User Settings/Filters.json", "{}"}}.zip(t)}
		}, "takeout-001.zip",
		[]string{"!Takeout/Mail/All mail Including Spam and Trash.mbox@0 Takeout/All mail Including Spam and Trash: letter 1",
			"!Takeout/Mail/All mail Including Spam and Trash.mbox@193 Takeout/All mail Including Spam and Trash: letter 2"},
		[]string{"others 2"}, "Gmail Takeout, mbox inside zip",
	},
	{
		"Thunderbird", func(testing.TB) map[string]string {
			return map[string]string{
				"abcd1234.default/prefs.js":                                   "// Mozilla User Preferences\nuser_pref(\"a\", 1);\n",
				"abcd1234.default/abook.mab":                                  "// <!-- <mdb:mork:z v=\"1.4\"/> -->\n",
				"abcd1234.default/ImapMail/imap.a.example/INBOX":              mboxOf(1),
				"abcd1234.default/ImapMail/imap.a.example/INBOX.msf":          "// <!-- <mdb:mork:z v=\"1.4\"/> -->\n",
				"abcd1234.default/ImapMail/imap.a.example/INBOX.sbd/Work":     mboxOf(2),
				"abcd1234.default/Mail/Local Folders/Trash":                   mboxOf(3),
				"abcd1234.default/Mail/Local Folders/Trash.msf":               "// <!-- <mdb:mork:z v=\"1.4\"/> -->\n",
				"abcd1234.default/Mail/Local Folders/popstate.dat":            "# POP3 State File\n",
				"abcd1234.default/Mail/Local Folders/Empty":                   "",
				"abcd1234.default/Mail/Local Folders/msgFilterRules.dat":      "version=\"9\"\n",
				"abcd1234.default/calendar-data/backup.ics":                   "BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n",
				"abcd1234.default/contacts.vcf":                               "BEGIN:VCARD\nVERSION:4.0\nFN:Anna\nEND:VCARD\n",
				"abcd1234.default/ImapMail/imap.a.example/msgFilterRules.dat": "version=\"9\"\n",
			}
		}, "",
		[]string{"/abcd1234.default/ImapMail/imap.a.example/INBOX@0 imap.a.example/INBOX: letter 1",
			"/abcd1234.default/ImapMail/imap.a.example/INBOX.sbd/Work@0 imap.a.example/INBOX/Work: letter 2",
			"/abcd1234.default/Mail/Local Folders/Trash@0 Local Folders/Trash: letter 3"},
		[]string{"Thunderbird index files 2", "address books 2", "calendars 1", "settings of mail programs 4", "empty files 1"},
		"Thunderbird profile, 3 mailboxes",
	},
	{
		"Maildir in a tree", func(testing.TB) map[string]string {
			return map[string]string{
				"Maildir/cur/1700000001.M1.host:2,S": letter(1), "Maildir/new/1700000002.M2.host": letter(2), "Maildir/tmp/": "",
				"Maildir/.Sent/cur/1700000003.M3.host:2,DS": letter(3), "Maildir/dovecot-uidlist": "3 V1\n", "beside.mbox": mboxOf(4),
				"copy/cur/1700000004.M4.host:2,": letter(5), // new and tmp are lost
			}
		}, "",
		[]string{"/Maildir/new/1700000002.M2.host Maildir: letter 2", "/Maildir/cur/1700000001.M1.host Maildir S: letter 1",
			"/Maildir/.Sent/cur/1700000003.M3.host Maildir/Sent DS: letter 3", "/beside.mbox@0 beside: letter 4",
			"/copy/cur/1700000004.M4.host copy: letter 5"},
		[]string{"settings of mail programs 1"}, "mbox and others, 4 mailboxes",
	},
	{
		"Maildir", func(testing.TB) map[string]string {
			return map[string]string{"cur/1700000001.M1.host:2,S": letter(1), "new/": "", "tmp/1700000002.M2.host": letter(2), ".Sent/cur/1700000003.M3.host:2,S": letter(3)}
		}, "",
		[]string{"/cur/1700000001.M1.host  S: letter 1", "/.Sent/cur/1700000003.M3.host Sent S: letter 3",
			"/tmp/1700000002.M2.host! lies in tmp of a Maildir, so its delivery was never finished"},
		nil, "Maildir, 2 mailboxes",
	},
	{
		"Maildir in tar.gz", func(t testing.TB) map[string]string {
			return map[string]string{"backup.tgz": packed{{"Maildir/cur/1700000001.M1.host:2,FS", letter(1)}, {"Maildir/.Sent/cur/1700000002.M2.host:2,S", letter(2)},
				{"Maildir/tmp/1700000003.M3.host", letter(3)}}.tgz(t)}
		}, "backup.tgz",
		[]string{"!backup.tar!Maildir/cur/1700000001.M1.host:2,FS Maildir FS: letter 1", "!backup.tar!Maildir/.Sent/cur/1700000002.M2.host:2,S Maildir/Sent S: letter 2",
			"!backup.tar!Maildir/tmp/1700000003.M3.host! lies in tmp of a Maildir, so its delivery was never finished"},
		nil, "Maildir, 2 mailboxes inside tar.gz",
	},
	{
		"Apple Mail", func(testing.TB) map[string]string {
			frame := func(n int, flags int) string {
				return fmt.Sprintf("%-10d\n%s<?xml version=\"1.0\"?>\n<plist><dict>\n\t<key>flags</key>\n\t<integer>%d</integer>\n</dict></plist>\n", len(letter(n)), letter(n), flags)
			}
			box := "V10/8A0E51B2-0000-4000-8000-00000000A001/Drafts.mbox/"
			return map[string]string{
				box + "Info.plist": "<?xml?>", box + "5C1D0000-0000-4000-8000-0000000000B2/Data/Messages/1.emlx": frame(1, 65),
				box + "5C1D0000-0000-4000-8000-0000000000B2/Data/Messages/2.emlx": frame(2, 67)[:150],
				box + "5C1D0000-0000-4000-8000-0000000000B2/Data/Messages/3.emlx": "no number\n",
			}
		}, "V10",
		[]string{"/8A0E51B2-0000-4000-8000-00000000A001/Drafts.mbox/5C1D0000-0000-4000-8000-0000000000B2/Data/Messages/1.emlx Drafts DS: letter 1",
			"/8A0E51B2-0000-4000-8000-00000000A001/Drafts.mbox/5C1D0000-0000-4000-8000-0000000000B2/Data/Messages/2.emlx! cut off after 139 of 147 octets: unexpected EOF"},
		[]string{"settings of mail programs 1", "others 1"}, "Apple Mail, 1 mailbox",
	},
	{
		"Thunderbird with folders of its own", func(testing.TB) map[string]string {
			return map[string]string{
				"x/prefs.js": `user_pref("mail.identity.id1.draft_folder", "imap://anna@imap.a.example/INBOX/Later");` + "\n" +
					`user_pref("mail.identity.id2.fcc_folder", "mailbox://nobody@Local%20Folders/Weg");` + "\n",
				"x/ImapMail/imap.a.example/INBOX.sbd/Later": mboxOf(1), "x/Mail/Local Folders/Weg/cur/1700000001.M1.host:2,S": letter(2),
				"x/Mail/Local Folders/Later": mboxOf(3),
			}
		}, "x/ImapMail/imap.a.example",
		[]string{"/INBOX.sbd/Later@0 INBOX/Later [role:drafts]: letter 1"}, nil, "mbox",
	},
	{
		"Thunderbird with Maildirs", func(testing.TB) map[string]string {
			return map[string]string{
				"x/prefs.js": `user_pref("mail.identity.id2.fcc_folder", "mailbox://nobody@Local%20Folders/Weg");` + "\n",
				"x/Mail/Local Folders/Weg/cur/1700000001.M1.host:2,S": letter(2), "x/Mail/Local Folders/Later": mboxOf(3),
			}
		}, "x",
		[]string{"/Mail/Local Folders/Later@0 Local Folders/Later: letter 3",
			"/Mail/Local Folders/Weg/cur/1700000001.M1.host Local Folders/Weg S [role:sent]: letter 2"},
		[]string{"settings of mail programs 1"}, "mbox and others, 2 mailboxes",
	},
	{
		"Apple Mail with an attachment beside", func(testing.TB) map[string]string {
			m := "Subject: photo\nFrom: a@a.example\nDate: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\nX-Apple-Content-Length: 3\n\n--b--\n"
			frame := fmt.Sprintf("%d\n%s<plist/>", len(m), m)
			return map[string]string{
				"Drafts.mbox/Data/4/Messages/7.partial.emlx": frame, "Drafts.mbox/Data/4/Attachments/7/1/letter.eml": letter(1),
				"Drafts.mbox/Data/4/Messages/8.partial.emlx": frame, "Drafts.mbox/Data/4/Attachments/9/1/letter.eml": letter(2),
			}
		}, "",
		[]string{"/Drafts.mbox/Data/4/Attachments/9/1/letter.eml Drafts/Data/4/Attachments/9/1: letter 2", "/Drafts.mbox/Data/4/Messages/7.partial.emlx Drafts: photo",
			"/Drafts.mbox/Data/4/Messages/8.partial.emlx Drafts [partial]: photo"},
		[]string{"attachments that Apple Mail keeps beside their messages 1"}, "Apple Mail, 1 mailbox and 1 loose message",
	},
	{
		"MH", func(testing.TB) map[string]string {
			return map[string]string{"Mail/inbox/1": letter(1), "Mail/inbox/2": letter(2), "Mail/inbox/.mh_sequences": "unseen: 2\nflagged: 1-2\n", "Mail/drafts/1": letter(3),
				"Mail/claws/4": letter(4), "Mail/claws/.claws_mark": "\x02\x00\x00\x00\x04\x00\x00\x00\x0a\x00\x00\x00"}
		}, "Mail",
		[]string{"/claws/4 claws T [deleted]: letter 4", "/drafts/1 drafts: letter 3", "/inbox/1 inbox FS: letter 1", "/inbox/2 inbox F: letter 2"},
		[]string{"settings of mail programs 2"}, "4 loose messages",
	},
	{
		"Outlook Express", func(testing.TB) map[string]string {
			const header, room = 0x24BC, 0x200
			segment := func(text string) string {
				b := binary.LittleEndian.AppendUint32(nil, header)
				for _, n := range []int{room, len(text), 0} {
					b = binary.LittleEndian.AppendUint32(b, uint32(n))
				}
				return string(b) + text + strings.Repeat("\x00", room-len(text))
			}
			magic := "\xcf\xad\x12\xfe\xc5\xfd\x74\x6f\x66\xe3\xd1\x11"
			return map[string]string{
				"Drafts.dbx": magic + strings.Repeat("\x00", header-len(magic)) + segment(letter(1)), "Inbox.dbx": strings.Repeat("\x00", header) + segment(letter(2)),
				"Folders.dbx": "\xcf\xad\x12\xfe\xc6\xfd\x74\x6f\x66\xe3\xd1\x11",
			}
		}, "",
		[]string{"/Drafts.dbx@9404 Drafts [deleted]: letter 1", "/Inbox.dbx@9404 Inbox [carved]: letter 2"},
		[]string{"settings of mail programs 1"}, "Outlook Express, 2 mailboxes",
	},
	{
		"Outlook for Mac", func(t testing.TB) map[string]string {
			mail := func(n int) string {
				return fmt.Sprintf("<emails><email><OPFMessageCopySubject>letter %d</OPFMessageCopySubject><OPFMessageIsOutgoing>1E0</OPFMessageIsOutgoing></email></emails>", n)
			}
			const folder = "Accounts/a@a.example/com.microsoft.__Messages/"
			olm := packed{{"Categories.xml", "<categories/>"}, {folder + "Drafts/message_00000.xml", mail(1)}, {folder + "Drafts/message_00001.xml", mail(2)}}.zip(t)
			return map[string]string{"b/x.olm": olm, "a.zip": packed{{"old/y.olm", olm}, {"z.eml", letter(3)}}.zip(t)}
		}, "",
		[]string{
			"/a.zip!old/y.olm!Accounts/a@a.example/com.microsoft.__Messages/Drafts/message_00000.xml old/a@a.example/Drafts [unsent]: letter 1\r",
			"/a.zip!old/y.olm!Accounts/a@a.example/com.microsoft.__Messages/Drafts/message_00001.xml old/a@a.example/Drafts [unsent]: letter 2\r",
			"/a.zip!z.eml a: letter 3",
			"/b/x.olm!Accounts/a@a.example/com.microsoft.__Messages/Drafts/message_00000.xml b/a@a.example/Drafts [unsent]: letter 1\r",
			"/b/x.olm!Accounts/a@a.example/com.microsoft.__Messages/Drafts/message_00001.xml b/a@a.example/Drafts [unsent]: letter 2\r",
		},
		nil, "Outlook for Mac, 2 mailboxes and 1 loose message, also inside zip",
	},
	{
		"what is not read", func(t testing.TB) map[string]string {
			return map[string]string{"a.eml": letter(1), "b.pst": "!BDN....", "c.msg": "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", "d.doc": "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....",
				"e.rar": "Rar!\x1a\x07....", "f.zip": packed{{"Folders.dbx", "\xcf\xad\x12\xfe\xc6\xfd\x74\x6f"}, {"h.eml", letter(2)}}.zip(t), "Inbox": "not mail at all\n"}
		}, "",
		[]string{"/a.eml : letter 1", "/b.pst! this is an Outlook data file (.pst, .ost), which this version does not read",
			"/c.msg! message of Outlook: header is cut off: unexpected EOF",
			"/f.zip!h.eml f: letter 2"},
		[]string{"settings of mail programs 1", "packed files of a kind that is not opened 1", "others 2"}, "3 loose messages, also inside zip",
	},
	{
		"damage in a zip", func(t testing.TB) map[string]string {
			z := packed{{"a/Inbox", mboxOf(1, 2)}, {"a/b.eml", letter(3)}}.zip(t)
			return map[string]string{"cut.zip": z[:len(z)-190]}
		}, "cut.zip",
		[]string{"!a/Inbox@0 a/Inbox: letter 1", "!a/Inbox@193 a/Inbox: letter 2",
			"!a/b.eml! cut off after …",
			"! zip directory is missing or damaged: no end record; 2 entries were found without it, others may be missing"},
		nil, "mbox and 1 loose message inside zip",
	},
	{
		"an mbox cut off in a zip", func(t testing.TB) map[string]string {
			z := packed{{"a/Inbox", mboxOf(1, 2, 3)}}.zip(t)
			return map[string]string{"cut.zip": z[:bytes.Index([]byte(z), []byte("PK\x07\x08"))-6]}
		}, "cut.zip",
		[]string{"!a/Inbox@0 a/Inbox: letter 1", "!a/Inbox@193 a/Inbox: letter 2",
			"!a/Inbox@386! cut off after …",
			"! zip directory is missing or damaged: no end record; 1 entries were found without it, others may be missing"},
		nil, "mbox inside zip",
	},
	{
		"an mbox that begins with junk", func(testing.TB) map[string]string {
			return map[string]string{"x/Old.mbox": strings.Repeat("\x00", 6000) + mboxOf(1), "Inbox": strings.Repeat("end of a lost letter\n", 300) + "\n" + mboxOf(2),
				"notes": strings.Repeat("milk and eggs\n", 1000)}
		}, "",
		[]string{"/Inbox@0! …", "/Inbox@6301 Inbox: letter 2", "/x/Old.mbox@0! …", "/x/Old.mbox@6000 x/Old: letter 1"}, []string{"others 1"}, "mbox, 2 files",
	},
}

// told is what a source yields, in the words of places.
func told(t *testing.T, src fetch.Source) []string {
	t.Helper()
	var out []string
	for m, err := range src.Messages(t.Context(), fetch.NoState) {
		if m == nil {
			return append(out, "end: "+err.Error())
		}
		line := strings.TrimPrefix(m.Origin, src.Name())
		if err != nil {
			out = append(out, line+"! "+err.Error())
			continue
		}
		body, err := io.ReadAll(m.Body)
		if err != nil {
			t.Errorf("%s: %v", m.Origin, err)
		}
		line += " " + m.Mailbox
		if m.Flags != "" {
			line += " " + string(m.Flags)
		}
		if len(m.Traits) > 0 {
			line += fmt.Sprint(" ", m.Traits)
		}
		_, subject, _ := strings.Cut(string(body), "Subject: ")
		subject, _, _ = strings.Cut(subject, "\n")
		out = append(out, line+": "+subject)
	}
	return out
}

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.EqualFunc(got, want, func(g, w string) bool {
		prefix, open := strings.CutSuffix(w, "…")
		return g == w || open && strings.HasPrefix(g, prefix)
	}) {
		t.Errorf("%s: got\n  %s\nwant\n  %s", what, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func open(t *testing.T, path string) *Source {
	t.Helper()
	src, err := Open(path, fetch.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func TestPlaces(t *testing.T) {
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			path := filepath.Join(tree(t, p.content(t)), p.open)
			src := open(t, path)
			equal(t, "messages", told(t, src), p.want)
			var notMail []string
			for _, n := range src.NotMail() {
				notMail = append(notMail, fmt.Sprint(n.Kind, " ", n.Count))
				if int64(len(n.Names)) != n.Count {
					t.Errorf("%s: %d names of %d", n.Kind, len(n.Names), n.Count)
				}
			}
			equal(t, "not mail", notMail, p.notMail)
			if got := src.Describe(); got != p.words {
				t.Errorf("described as %q, want %q", got, p.words)
			}
			if _, total := src.Totals(); src.Consumed() > total || total == 0 {
				t.Errorf("consumed %d of %d octets", src.Consumed(), total)
			}
			if got := src.Listed(); got != int64(len(p.want)) {
				t.Errorf("Listed is %d, want %d", got, len(p.want))
			}
			fetchtest.Run(t, func(t *testing.T) fetch.Source { return open(t, path) })
		})
	}
}

// marked is the state after a run.
type marked string

func (marked) Known(string) (archive.ID, bool) { return archive.ID{}, false }
func (m marked) Mark() string                  { return string(m) }

func TestUnchangedPlaceIsSkipped(t *testing.T) {
	root := tree(t, map[string]string{"Inbox": mboxOf(1, 2), "x/a.eml": letter(3), "m/cur/1700000001.M1.host:2,S": letter(4), "m/new/": ""})
	count := func(mark string) (n int, src *Source) {
		src = open(t, root)
		for m, err := range src.Messages(t.Context(), marked(mark)) {
			if err != nil || m == nil {
				t.Fatal(err)
			}
			n++
		}
		return n, src
	}
	n, src := count("")
	mark := src.FinalMark()
	if n != 4 || mark == "" {
		t.Fatalf("first run: %d messages, mark %q", n, mark)
	}
	if n, src = count(mark); n != 0 || src.Listed() != 4 || src.Describe() != "unchanged since the last import" {
		t.Errorf("unchanged: %d messages, listed %d, %q", n, src.Listed(), src.Describe())
	}
	for _, change := range []struct {
		what string
		make func() error
		n    int
	}{
		{"a longer mbox", func() error { return os.WriteFile(filepath.Join(root, "Inbox"), []byte(mboxOf(1, 2, 5)), 0o644) }, 5},
		{"another file", func() error { return os.WriteFile(filepath.Join(root, "x", "b.eml"), []byte(letter(6)), 0o644) }, 6},
		{"a file in a Maildir", func() error {
			return os.WriteFile(filepath.Join(root, "m", "new", "1700000002.M2.host"), []byte(letter(7)), 0o644)
		}, 7},
		{"other flags in a Maildir", func() error {
			return os.Rename(filepath.Join(root, "m/cur/1700000001.M1.host:2,S"), filepath.Join(root, "m/cur/1700000001.M1.host:2,RS"))
		}, 7},
		{"a file less", func() error { return os.Remove(filepath.Join(root, "x", "a.eml")) }, 6},
		{"the same length and time", func() error {
			path := filepath.Join(root, "Inbox")
			info, err := os.Stat(path)
			if err != nil {
				return err
			}
			if err := os.WriteFile(path, []byte(mboxOf(1, 2, 8)), 0o644); err != nil {
				return err
			}
			return os.Chtimes(path, info.ModTime(), info.ModTime())
		}, 6},
	} {
		if err := change.make(); err != nil {
			t.Fatal(err)
		}
		if n, src = count(mark); n != change.n {
			t.Errorf("%s: %d messages, want all %d", change.what, n, change.n)
		}
		mark = src.FinalMark()
	}
	if src, err := Open(root, fetch.Options{Mailbox: "Other"}); err != nil {
		t.Error(err)
	} else {
		for m := range src.Messages(t.Context(), marked(mark)) {
			if m == nil || !strings.HasPrefix(m.Mailbox, "Other") {
				t.Errorf("mailbox %q does not begin with the one asked for", m.Mailbox)
			}
			mark = ""
		}
		if mark != "" {
			t.Error("with another mailbox, nothing was yielded")
		}
	}
}

func TestNothingIsMail(t *testing.T) {
	root := tree(t, map[string]string{"empty": "", "text": "To do\n\nmilk\n", "folder/a.png": "\x89PNG\r\n\x1a\n", "void/": ""})
	for _, name := range []string{"empty", "text", "folder", "void", "."} {
		var notMail *fetch.NotMailError
		if _, err := Open(filepath.Join(root, name), fetch.Options{}); !errors.As(err, &notMail) || notMail.Path != filepath.Join(root, name) {
			t.Errorf("%s: got %v, want a NotMailError", name, err)
		}
	}
	if _, err := Open(filepath.Join(root, "missing"), fetch.Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: got %v", err)
	}
	path := filepath.Join(tree(t, map[string]string{"a.zip": packed{{"x.png", "\x89PNG"}}.zip(t)}), "a.zip")
	equal(t, "a zip of pictures", told(t, open(t, path)), []string{"end: " + path + ": not mail"})
}

func TestConsumedGrowsEvenly(t *testing.T) {
	var entries packed
	var mbox strings.Builder
	random := rand.NewChaCha8([32]byte{1})
	for i := range 3000 { // a directory larger than what is read at once
		pad := make([]byte, 1500)
		random.Read(pad)
		text := letter(i) + base64.StdEncoding.EncodeToString(pad) + "\n"
		entries = append(entries, [2]string{fmt.Sprintf("letters/%d.eml", i), text})
		mbox.WriteString("From anna@a.example Sat Mar  2 14:05:00 2024\n" + text + "\n")
	}
	for name, data := range map[string]string{"a.zip": entries.zip(t), "a.tgz": entries.tgz(t), "a.mbox": mbox.String()} {
		src := open(t, filepath.Join(tree(t, map[string]string{name: data}), name))
		_, total := src.Totals()
		n, last := 0, int64(0)
		for m, err := range src.Messages(t.Context(), fetch.NoState) {
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, m.Body)
			if at := src.Consumed(); at < last || at > total {
				t.Fatalf("%s: consumed %d after %d, of %d", name, at, last, total)
			} else {
				last = at
			}
			// A fifth of the messages is less than half of the octets.
			if n++; n == 600 && last > total/2 {
				t.Errorf("%s: consumed %d of %d octets after 600 of 3,000 messages", name, last, total)
			}
		}
		if n != 3000 || src.Consumed() != total {
			t.Errorf("%s: %d messages, consumed %d of %d octets", name, n, src.Consumed(), total)
		}
	}
}

func TestContextEndsUnpacking(t *testing.T) {
	// 200 MB that pack to 200 kB: unpacking takes about a second.
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	w := tar.NewWriter(z)
	w.WriteHeader(&tar.Header{Name: "a.eml", Size: int64(len(letter(1)))})
	io.WriteString(w, letter(1))
	w.WriteHeader(&tar.Header{Name: "zeros.mbox", Size: 200 << 20})
	zeros := make([]byte, 1<<20)
	for range 200 {
		w.Write(zeros)
	}
	w.Close()
	z.Close()
	path := filepath.Join(tree(t, map[string]string{"a.tgz": buf.String()}), "a.tgz")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var ended time.Time
	var last error
	for m, err := range open(t, path).Messages(ctx, fetch.NoState) {
		if m != nil && err == nil {
			cancel()
			ended = time.Now()
		}
		last = err
	}
	if d := time.Since(ended); d > time.Second || !errors.Is(last, context.Canceled) {
		t.Errorf("ended after %v with %v", d, last)
	}
}
