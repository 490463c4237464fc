package drafts

import (
	"context"
	"strings"
	"testing"

	"lostpost/archive"
	"lostpost/decode"
)

// read decodes a message that the test wrote.
func read(t testing.TB, raw string) *decode.Message {
	t.Helper()
	m, err := decode.Decode(context.Background(), strings.NewReader(raw), int64(len(raw)), decode.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// owner knows mara@fjord.example.
func owner(t testing.TB) *Owners {
	t.Helper()
	var o Owners
	o.Learn(archive.Meta{Mailbox: "Sent"}, read(t, whole).Header)
	if !o.Has("Mara@Fjord.Example") {
		t.Fatal("the owner was not learned")
	}
	return &o
}

// whole is a message of the owner that lacks nothing and says nothing.
const whole = "Message-ID: <1@fjord.example>\nDate: Fri, 8 Mar 2024 17:01:00 +0100\nFrom: Mara <mara@fjord.example>\nTo: Ivo <ivo@vik.example>\nSubject: shed\n\nThe roof leaks.\n"

// received is a message of somebody else that came by mail.
const received = "Return-Path: <ivo@vik.example>\nReceived: from mx.vik.example by mail.fjord.example; Fri, 8 Mar 2024 17:01:00 +0100\n" +
	"Message-ID: <2@vik.example>\nDate: Fri, 8 Mar 2024 17:01:00 +0100\nFrom: Ivo <ivo@vik.example>\nTo: mara@fjord.example\nSubject: Re: shed\n\nMine too.\n"

func TestJudge(t *testing.T) {
	in := func(mailbox string) archive.Meta { return archive.Meta{Mailbox: mailbox} }
	label := func(names ...string) archive.Meta {
		m := archive.Meta{Mailbox: "Takeout/All mail", Flags: "D"}
		for _, n := range names {
			m.Traits = append(m.Traits, "label:"+n)
		}
		return m
	}
	flag := func(mailbox string, f archive.Flags, traits ...string) archive.Meta {
		return archive.Meta{Mailbox: mailbox, Flags: f, Traits: traits}
	}
	for _, tt := range []struct {
		name string
		meta archive.Meta
		raw  string
		want State
	}{
		// the mailbox or label
		{"in Drafts", in("imap.vik.example/Drafts"), whole, Draft},
		{"in Drafts, in Hungarian", in("Piszkozatok"), whole, Draft},
		{"label Drafts", label("Drafts", "Opened"), whole, Draft},
		{"label Drafts, in German", label("Entwürfe"), whole, Draft},
		{"label that only begins so", label("Entwürfe/2019", "Inbox"), received, None},
		{"dragged into Drafts", in("Drafts"), received, None},
		{"file postponed of mutt", in("postponed"), whole, Draft},
		{"source says drafts", flag("Ablage/Halbfertig", "", "role:drafts"), whole, Draft},
		{"in Outbox", in("Outbox"), whole, Queued},
		{"Unsent Messages", in("Local Folders/Unsent Messages"), whole, Queued},
		{"in Sent", in("Sent"), whole, Sent},
		{"below Sent", in("Sent/2019"), whole, Sent},
		{"Drafts below Sent", in("sent/Drafts"), whole, Draft},
		{"below Drafts", in("Drafts/2019"), whole, Sent},
		{"in Templates", in("Templates"), "X-Mozilla-Draft-Info: internal/draft\n" + whole, Template},
		{"trait of Thunderbird's templates", flag("Ideas", "", "role:templates"), whole, Template},
		{"received in Templates", in("Templates"), received, None},

		// flags
		{"flag D in the inbox", flag("", "DS"), whole, Draft},
		{"flag D on received mail", flag("", "DS"), received, None},
		{"flag D in Sent", flag("Sent", "DS"), "X-Unsent: 1\n" + whole, Sent},
		{"waiting, Thunderbird's 0x0800", flag("Odd name", "S", "queued"), whole, Queued},
		{"deleted in Drafts", flag("Drafts", "S", "deleted"), whole, Deleted},
		{"flag T in Drafts", flag("Drafts", "DST"), whole, Deleted},
		{"thrown away with rmm of nmh", archive.Meta{Mailbox: "drafts", Origin: "file:/h/Mail/drafts/,2"}, whole, Deleted},
		{"number alone is no rmm", archive.Meta{Mailbox: "drafts", Origin: "file:/h/Mail/drafts/2"}, whole, Draft},
		{"deleted in Sent", flag("Sent", "S", "deleted"), whole, None},
		{"flag made of the label is not counted twice", label("Drafts"), "Received: by 10.0.0.1\n" + whole, None},

		// fields of the editor
		{"X-Unsent", in(""), "X-Unsent: 1\n" + whole, Draft},
		{"X-Unsent: 0", in(""), "X-Unsent: 0\n" + whole, Sent},
		{"X-Unsent on received mail", in(""), "X-Unsent: 1\n" + received, None},
		{"X-Mozilla-Draft-Info in a folder", in("Ablage/Halbfertig"), "X-Mozilla-Draft-Info: internal/draft\n" + whole, Draft},
		{"left in the sent copy", in("Sent"), "X-Mozilla-Draft-Info: internal/draft\nX-Identity-Key: id1\n" + whole, Sent},
		{"Apple", in(""), "X-Uniform-Type-Identifier: com.apple.mail-draft\nX-Apple-Auto-Saved: 1\n" + whole, Draft},
		{"Roundcube", in(""), "X-Draft-Info: type=reply; uid=77\n" + whole, Draft},
		{"mutt", in(""), "X-Mutt-Fcc: =sent\n" + whole, Draft},
		{"Claws", in(""), "S:mara@fjord.example\nX-Claws-End-Special-Headers: 1\n" + whole, Draft},
		{"alpine", in(""), "X-Cursor-Pos: 12\n" + whole, Draft},
		{"its store says so", flag("", "", "unsent"), whole, Draft},
		{"Fcc alone", in("Work"), "Fcc: =sent\n" + whole, Sent},

		// what is missing
		{"no Message-ID", in("Work"), strings.Replace(whole, "Message-ID", "X-Old", 1), None},
		{"no Message-ID, no Date", in("Work"), strings.NewReplacer("Message-ID", "X-Old", "Date", "X-Date").Replace(whole), Probable},
		{"nothing but a subject", in("Work"), "Subject: half\n\nI wanted to say\n", Probable},
		{"no author, no subject: a part of something", in("Work"), "Content-Type: text/plain\n\nPart of a letter.\n", None},
		{"no author, no subject, in Drafts", in("Drafts"), "Content-Type: text/plain\n\nNot even a subject.\n", Draft},
		{"somebody else's, without Date", in("Work"), strings.NewReplacer("Message-ID", "X-Old", "Date", "X-Date", "mara@", "eve@").Replace(whole), None},
		{"in the inbox", in("INBOX"), "Subject: half\n\nI wanted to say\n", None},
		{"in Junk", in("Junk"), "Subject: half\n\nBuy now\n", None},
		{"Eudora, not sent", in("Out"), strings.NewReplacer("Message-ID", "X-Old", "Date", "X-Date").Replace(whole), Draft},
		{"Eudora, sent", in("Out"), whole, Sent},

		// Trash
		{"draft in Trash", label("Trash", "Drafts"), whole, Deleted},
		{"draft field in Trash", in("Trash"), "X-Mozilla-Draft-Info: internal/draft\n" + whole, Deleted},
		{"below Trash", in("Trash/Old"), "X-Unsent: 1\n" + whole, Deleted},
		{"sent mail in Trash", in("Trash"), whole, None},
		{"received mail in Trash", in("Trash"), received, None},

		// what nobody writes to send it
		{"note of Apple", in("Drafts"), "X-Uniform-Type-Identifier: com.apple.mail-note\n" + whole, None},
		{"contact", in("Drafts"), "Content-Type: text/vcard\n" + whole, None},
		{"appointment", in("Drafts"), "Content-Type: text/calendar; method=REQUEST\n" + whole, None},
		{"data of c-client", in("postponed-msgs"), "X-IMAP: 1709500000 0000000002\nSubject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nFrom: Mail System Internal Data <MAILER-DAEMON@host>\n\n", None},

		// who sent it, where no server left a line
		{"post of a list, dragged into Drafts", in("Drafts"), "List-Id: <boats.vik.example>\n" + whole, None},
		{"list about draft beer", in("INBOX/Draft beer"), "List-Unsubscribe: <mailto:leave@vik.example>\n" + strings.Replace(whole, "shed", "draft beer", 1), None},
		{"folder named after beer", in("Draft beer"), received, None},
		{"automatic answer", in("Drafts"), "Auto-Submitted: auto-replied\n" + whole, None},
		{"not automatic", in("Drafts"), "Auto-Submitted: no\n" + whole, Draft},
		{"bounce", in("Drafts"), strings.Replace(whole, "Mara <mara@", "Mail Delivery System <MAILER-DAEMON@", 1), None},
		{"bounce by its form", in("Drafts"), "Content-Type: multipart/report; report-type=delivery-status\n" + whole, None},
		{"checked for spam", in("Drafts"), "X-Spam-Status: No\n" + whole, None},

		// who wrote it
		{"alias in the inbox", flag("", "DS"), strings.ReplaceAll(whole, "mara@", "eve@"), None},
		{"another address in Drafts", in("Drafts"), strings.ReplaceAll(whole, "mara@", "eve@"), Probable},
		{"another address in Drafts, thrown away", flag("Drafts", "T"), strings.ReplaceAll(whole, "mara@", "eve@"), None},
		{"plain copy", in("Work"), whole, Sent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := Judge(tt.meta, read(t, tt.raw), owner(t))
			if v.State != tt.want {
				t.Errorf("got %s, want %s; evidence %+v", v.State, tt.want, v.Evidence)
			}
			if v.Score < 0 || v.Score > 1 {
				t.Errorf("score %v", v.Score)
			}
			if v.State != None && !Possible(tt.meta, read(t, tt.raw).Header) {
				t.Error("Possible says that it cannot be anything")
			}
		})
	}
}

// TestJudgeWithoutOwner: a file alone tells nothing of whose mail it is.
func TestJudgeWithoutOwner(t *testing.T) {
	for _, tt := range []struct {
		raw  string
		want State
	}{
		{"X-Unsent: 1\n" + whole, Draft},
		{whole, None},
		{strings.Replace(whole, "Date", "X-Date", 1), None},
		{"Subject: half\n\nI wanted to say\n", Probable},
		{"X-Unsent: 1\n" + strings.ReplaceAll(whole, "mara@", "postmaster@"), None},
	} {
		for _, own := range []*Owners{nil, {}} {
			if v := Judge(archive.Meta{}, read(t, tt.raw), own); v.State != tt.want {
				t.Errorf("%q: got %s, want %s", tt.raw, v.State, tt.want)
			}
		}
	}
}

// TestPostmasterHasDrafts: the person who runs a domain writes as postmaster.
func TestPostmasterHasDrafts(t *testing.T) {
	text := strings.ReplaceAll(whole, "mara@", "postmaster@")
	var o Owners
	o.Learn(archive.Meta{Mailbox: "Sent"}, read(t, text).Header)
	for own, want := range map[*Owners]State{&o: Draft, nil: None} {
		if v := Judge(archive.Meta{Mailbox: "Drafts"}, read(t, text), own); v.State != want {
			t.Errorf("got %s, want %s; evidence %+v", v.State, want, v.Evidence)
		}
	}
}

func TestEvidenceNamesItsPlace(t *testing.T) {
	v := Judge(archive.Meta{Mailbox: "imap/Entwürfe", Flags: "D"}, read(t, "X-Unsent: 1\n"+whole), nil)
	want := map[string]float64{"mailbox": 4, "flag": 3, "X-Unsent": 3, "": 0}
	if len(v.Evidence) != len(want) {
		t.Errorf("got %+v", v.Evidence)
	}
	for _, e := range v.Evidence {
		if w, ok := want[e.Where]; !ok || w != e.Weight || e.Reason == "" {
			t.Errorf("got %+v", e)
		}
	}
}

func TestOwnersLearn(t *testing.T) {
	by := func(name string) string { return strings.ReplaceAll(whole, "mara", name) }
	for _, tt := range []struct {
		name  string
		learn map[string]string // mailbox to message
		want  string            // who is known
	}{
		{"what was carried", map[string]string{"Drafts": received}, ""},
		{"anybody's inbox", map[string]string{"INBOX": by("eve")}, ""},
		{"a contact", map[string]string{"Drafts": "Content-Type: text/vcard\n" + by("card")}, ""},
		{"Drafts alone", map[string]string{"Drafts": whole}, "mara"},
		{"Sent", map[string]string{"Sent": whole, "INBOX": by("eve")}, "mara"},
		{"dragged into Drafts without a line of a server", map[string]string{"Sent": whole, "Drafts": by("eve")}, "mara"},
		{"an alias that has not sent yet", map[string]string{"Sent": whole, "Drafts": "X-Mozilla-Draft-Info: x\n" + by("alias")}, "mara alias"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var o Owners
			for mailbox, raw := range tt.learn {
				o.Learn(archive.Meta{Mailbox: mailbox}, read(t, raw).Header)
			}
			for _, name := range []string{"mara", "eve", "card", "alias"} {
				want := strings.Contains(" "+tt.want+" ", " "+name+" ")
				if got := o.Has(name + "@fjord.example"); got != want {
					t.Errorf("%s is known: %v, want %v", name, got, want)
				}
			}
			if known := o.of("").known(); known != (tt.want != "") {
				t.Errorf("known is %v", known)
			}
		})
	}
}

// TestOwnersOfTwoExports: the drafts of one person are not foreign because the
// sent mail of another lies beside them.
func TestOwnersOfTwoExports(t *testing.T) {
	eve := read(t, strings.ReplaceAll(whole, "mara@", "eve@"))
	in := func(origin string) archive.Meta { return archive.Meta{Origin: origin, Mailbox: "Drafts"} }
	sent := in("file:/d/mara.zip!Mail/Sent@0")
	sent.Mailbox = "Sent"
	var o Owners
	o.Learn(sent, read(t, whole).Header)
	for origin, want := range map[string]State{
		"file:/d/mara.zip!Mail/Drafts@7":          Probable,
		"file:/d/eve.zip!Mail/Drafts@7":           Draft,
		"file:/d/Drafts@7":                        Draft,
		"imaps://eve@vik.example/Drafts;uid=1":    Draft,
		"file:/d/mara.zip!in.tgz!Mail/Drafts.eml": Probable,
	} {
		if v := Judge(in(origin), eve, &o); v.State != want {
			t.Errorf("%s: got %s, want %s", origin, v.State, want)
		}
	}
}

func FuzzJudge(f *testing.F) {
	f.Add(whole, "Drafts", "DS", "label:Drafts")
	f.Add(received, "Trash/x", "T", "queued")
	f.Add("", "", "", "")
	f.Fuzz(func(t *testing.T, raw, mailbox, flags, trait string) {
		m := read(t, raw)
		meta := archive.Meta{Mailbox: mailbox, Flags: archive.Flags(flags), Traits: []string{trait}, Origin: "file:/m@1"}
		v := Judge(meta, m, owner(t))
		if said := map[State]bool{None: true, Draft: true, Probable: true, Queued: true, Deleted: true, Sent: true, Template: true}; !said[v.State] {
			t.Errorf("state %q", v.State)
		}
		if v.State != None && !Possible(meta, m.Header) {
			t.Errorf("%s, but not possible", v.State)
		}
		c := NewCandidate(archive.ID{1}, meta, m)
		if families := Group(func(yield func(*Candidate) bool) { yield(c) }, nil); len(families) > 1 {
			t.Errorf("%d families of one message", len(families))
		}
	})
}
